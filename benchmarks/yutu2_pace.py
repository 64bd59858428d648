"""Yutu-2's own pace: metres and driving days of each lunar day as planned, beside those that are published.

    python benchmarks/yutu2_pace.py [--autonomous DAY [DAY ...]]

`yutu-2-pace`, the bundled scenario, is planned by the traverse planner in one search from the landing point, with a
stop every 8 m whose commands take the ground a shift; what it assumes stands beside its figures. Published metres are
the differences of the odometer's readings at the end of lunar days (CNSA, by Xinhua and others): of lunar days 7 and 8
only the sum is.

Each DAY of `--autonomous` is driven without commands on the same ground with the same battery, between landing point
and goal to and fro from dawn to dusk: what Sun and battery would have allowed.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

SCENARIO = "yutu-2-pace"
HOUR_S, DAY_S = 3600.0, 86_400.0

ODOMETER_M = {
    1: 44.185, 2: 120.0, 3: 163.0, 4: 178.9, 5: 190.66, 6: 212.99, 8: 271.0, 9: 284.661, 10: 289.769, 11: 318.62,
    12: 345.059,
}  # fmt: skip
"""At the end of lunar days: People's Daily 2019-02-13 (2), China News Service 2019-03-14 (3), CGTN and Xinhua (4),
Xinhua 2019-06-10 (6), TASS (8), IT Home (9), Xinhua by VG (11) and 2019-12-04 (12); 1, 5 and 10 are less certain."""


def published_m(day: int) -> str:
    """Return the metres of a lunar day as published."""
    before = max((other for other in ODOMETER_M if other < day), default=None)
    if day not in ODOMETER_M:
        return f"see {day + 1}"
    metres = ODOMETER_M[day] - (0.0 if before is None else ODOMETER_M[before])
    return f"{metres:.1f}" if before is None or before == day - 1 else f"{metres:.1f} in two"


def print_teleoperated() -> None:
    """Plan the scenario and print its table."""
    from rover.planning.pace import pace_of
    from rover.planning.problem import Plan
    from rover.planning.timetable import Timetable
    from rover.planning.traverse import best_traverse

    setting, ready = made_ready()
    begun = time.perf_counter()
    plan = best_traverse(ready)
    if not isinstance(plan, Plan) or not isinstance(plan.schedule, Timetable):
        raise SystemExit(str(plan))
    took = time.perf_counter() - begun
    print(f"{setting.scenario.name}: searched in {took:.0f} s, a command cycle of "
          f"{setting.control.forecaster.operations.command_cycle_s / HOUR_S:.2f} h")  # fmt: skip
    print("lunar day  driving days  stops       m  published m")
    for day, pace in enumerate(pace_of(plan.schedule.steps, ready.around.timeline, 2.0), start=1):
        print(
            f"{day:9d} {pace.open_s / DAY_S:13.2f} {pace.drives:6d} {pace.length_m:7.1f}  {published_m(day):>11}"
        )


def print_autonomous(day: int) -> None:
    """Drive to and fro through a lunar day and print what comes of it."""
    from rover.planning.pace import pace_of, to_and_fro

    settings = f"start_utc={dusk_before(day)}", "operations.mode=autonomous", "operations.max_lunar_days=1.2"
    _, ready = made_ready(*settings)
    timeline = ready.around.timeline
    dusk_s = float(timeline.dusk_after(timeline.edge_s[1] + HOUR_S))
    begun = time.perf_counter()
    steps = to_and_fro(ready, until_s=dusk_s)
    pace = pace_of(steps, timeline, 2.0)[-1]
    print(f"lunar day {day} without commands: {pace.length_m:.0f} m in {pace.open_s / DAY_S:.2f} driving days, "
          f"least charge {100 * pace.least_soc:.0f} %, searched in {time.perf_counter() - begun:.0f} s")  # fmt: skip


def dusk_before(day: int) -> str:
    """Return when the lunar day before one ended, an hour after its dusk."""
    setting, ready = made_ready()
    from rover.planning.delay import dusks_of

    return setting.epoch.utc_at(float(dusks_of(ready.around.timeline)[day - 2]) + 12 * HOUR_S)


def made_ready(*settings: str):  # type: ignore[no-untyped-def]
    """Return the scenario made ready, and its question."""
    from rover.planning.traverse import TraversePlanner
    from rover.planning.traverse_setup import outlook
    from sim.run.scenario import load_scenario
    from sim.run.setting import prepare

    setting = prepare(load_scenario(SCENARIO, settings=settings))
    problem = replace(setting.control.problem(TraversePlanner()), time_limit_s=1800.0)
    return setting, outlook(problem, step_s=setting.control.light_step_s)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--autonomous", type=int, nargs="+", metavar="DAY", help="lunar days from 2")
    asked = parser.parse_args()
    if asked.autonomous is None:
        print_teleoperated()
    for day in asked.autonomous or ():
        print_autonomous(day)


if __name__ == "__main__":
    main()
