"""Drive traverses as planned, and say what the charge driven differs by from the charge planned, cause by cause.

    python benchmarks/planned_charge.py [--case autonomous night] [--site von-karman mare-plain] [--seeds 4 5 6]

`autonomous` drives 222 m within two hours under a Sun of 23 deg; `night` 120 m by commands of three hours every seven
metres, from an afternoon through a night to the next morning, the Sun mostly between 8 and 35 deg. Ground and rocks
are the site's own. For each run:

- `passed`, waypoints of the plan that the rover came by; `off %`, greatest difference of charge there, of the battery;
  `mean %`, its mean; `late min`, at the last of them;
- `replans`, new ways round what the map does not show;
- `load`, mean power to the loads in each mode that takes more than dormancy, by what the plan counts on;
- `array`, harvest driven by what the rover's figures make of the attitude that it really had; `map`, by the attitude of
  the map's cells where it was; `tilt deg`, how far the one is from the other, root mean square of time.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.bodies import AU_M, SOLAR_CONSTANT_W_M2
from rover.core.boundary import Mode
from rover.core.vehicle import VehicleParams
from rover.hazard.directional import directional_cost
from rover.limits.power import full_array_w, gained
from rover.planning.problem import Plan
from rover.planning.timetable import Step, Timetable
from rover.planning.traverse import TraversePlanner
from sim.run.closed_loop import run_scenario
from sim.run.runlog import RunLog
from sim.run.scenario import load_scenario
from sim.run.setting import Setting, prepare

Floats = npt.NDArray[np.float64]

CASES = {
    "autonomous": (
        "start_utc=2019-01-11T02:00:00Z", "goal_m=[-180.0, 130.0]", "terrain.size_m=460.0",
        "operations.mode=autonomous", "operations.max_lunar_days=1.0", "power.initial_soc=0.6",
    ),
    "night": (
        "start_utc=2019-01-11T20:00:00Z", "goal_m=[-80.0, 90.0]", "terrain.size_m=360.0",
        "operations.max_lunar_days=3.0",
    ),
}  # fmt: skip
NEAR_M = 0.3
_LOADED = (Mode.DRIVE, Mode.COMMAND, Mode.CHARGE, Mode.NAP)


@dataclass(frozen=True, kw_only=True, eq=False)
class Driven:
    """A plan and what became of it."""

    setting: Setting
    plan: Plan
    log: RunLog

    @property
    def steps(self) -> tuple[Step, ...]:
        assert isinstance(self.plan.schedule, Timetable)
        return self.plan.schedule.steps


def drive(case: str, site: str, seed: int) -> Driven | str:
    """Plan and drive; the refusal where there is no plan."""
    settings = ("planner=traverse", "zones=[]", f"site.name={site}", *CASES[case])
    scenario = load_scenario("first-drive", settings=settings, seed=seed)
    setting = prepare(scenario)
    plan = setting.control.plan(TraversePlanner())
    if not isinstance(plan, Plan):
        return str(plan)
    return Driven(setting=setting, plan=plan, log=run_scenario(scenario))


def passed(driven: Driven, near_m: float = NEAR_M) -> Floats:
    """Return (n, 3) charge driven and planned, and seconds late, at the waypoints that the rover came by, in order."""
    telemetry = driven.log.telemetry
    place = np.column_stack([telemetry["east_m"], telemetry["north_m"]])
    way, rows, since = iter(driven.plan.waypoints_m[1:]), [], 0
    for step in driven.steps:
        if step.mode is not Mode.DRIVE:
            continue
        near = np.flatnonzero(np.hypot(*(place[since:] - next(way)).T) < near_m)
        if len(near) > 0:
            since += int(near[0])
            late_s = telemetry["time_s"][since] - step.end_s
            rows.append((telemetry["soc"][since], step.soc_after, late_s))
    return np.array(rows, np.float64).reshape(-1, 3)


def loads(driven: Driven) -> dict[Mode, float]:
    """Return the mean load driven in each mode by the one planned, where both have the mode."""
    told, modes = driven.log.telemetry, driven.log.modes
    mode, spent_s, spent_j = told["mode"][1:], np.diff(told["time_s"]), np.diff(told["load_j"])
    found = {}
    for kind in _LOADED:
        there = mode == modes.index(kind.value)
        planned = [step for step in driven.steps if step.mode is kind]
        if not there.any() or not planned or spent_s[there].sum() <= 0:
            continue
        planned_w = sum(step.load_j for step in planned) / sum(step.end_s - step.start_s for step in planned)
        found[kind] = float(spent_j[there].sum() / spent_s[there].sum() / planned_w)
    return found


@dataclass(frozen=True, kw_only=True)
class Harvest:
    """Harvest driven, by what the rover's figures make of two attitudes, and how far these are apart."""

    by_attitude: float
    by_map: float
    tilt_rms_rad: float


def harvest(driven: Driven) -> Harvest:
    """Hold the array's output while awake against the rover's figures, at the attitude it had and at the map's."""
    told, setting = driven.log.telemetry, driven.setting
    spent_s = np.diff(told["time_s"])
    awake = (told["mode"][1:] != driven.log.modes.index(Mode.DORMANT.value)) & (spent_s > 0.5)
    elevation = ((told["sun_elevation_rad"][1:] + told["sun_elevation_rad"][:-1]) / 2)[awake]
    azimuth, spent_s = told["sun_azimuth_rad"][1:][awake], spent_s[awake]
    flux_w_m2 = SOLAR_CONSTANT_W_M2 * np.array(
        [(AU_M / setting.almanac.sun_at(t).distance_m) ** 2 for t in told["time_s"][1:][awake].tolist()]
    )
    level = np.cos(elevation)
    sun = np.column_stack([level * np.sin(azimuth), level * np.cos(azimuth), np.sin(elevation)])
    real, shown = _real_grades(driven)[awake], _map_grades(driven)[awake]
    lit = ((told["lit"][1:] + told["lit"][:-1]) / 2)[awake]
    outputs = [
        array_w(grades, sun, flux_w_m2, elevation, setting.vehicle) * lit * spent_s
        for grades in (real, shown)
    ]
    had_j = np.diff(told["harvest_j"])[awake].sum()
    apart = np.hypot(*(real - shown).T)
    return Harvest(
        by_attitude=float(had_j / outputs[0].sum()),
        by_map=float(had_j / outputs[1].sum()),
        tilt_rms_rad=float(np.sqrt((apart**2 * spent_s).sum() / spent_s.sum())),
    )


def array_w(
    grades: Floats, sun: Floats, flux_w_m2: Floats, elevation: Floats, vehicle: VehicleParams
) -> Floats:
    """Return what a flat array gives on planes of (n, 2) grades east and north."""
    normal = np.column_stack([-grades, np.ones(len(grades))])
    normal /= np.linalg.norm(normal, axis=1)[:, None]
    facing = np.maximum(0.0, (normal * sun).sum(axis=1))
    return np.asarray(full_array_w(flux_w_m2, elevation, vehicle) * gained(facing, vehicle))


def _real_grades(driven: Driven) -> Floats:
    told = driven.log.telemetry
    yaw, along, across = told["yaw_rad"], np.tan(told["pitch_rad"]), np.tan(told["roll_rad"])
    east = along * np.cos(yaw) - across * np.sin(yaw)
    north = along * np.sin(yaw) + across * np.cos(yaw)
    return np.column_stack([east, north])[1:]


def _map_grades(driven: Driven) -> Floats:
    terrain, told = driven.setting.control.timed_maps.terrain, driven.log.telemetry
    headings = directional_cost(terrain, driven.setting.vehicle)
    places = zip(told["east_m"][1:].tolist(), told["north_m"][1:].tolist(), strict=True)
    cells = [terrain.geometry.cell_at(*place) for place in places]
    rows, cols = np.array(cells, np.int64).T
    return np.column_stack([headings.grade_east[rows, cols], headings.grade_north[rows, cols]]).astype(
        np.float64
    )


def row(case: str, site: str, seed: int) -> str:
    """Return a line of the table."""
    driven = drive(case, site, seed)
    if isinstance(driven, str):
        return f"{case:10s} {site:10s} {seed:4d} {driven}"
    at, found = passed(driven), harvest(driven)
    off = at[:, 0] - at[:, 1]
    load = " ".join(f"{mode.value} {share:.3f}" for mode, share in loads(driven).items())
    return (
        f"{case:10s} {site:10s} {seed:4d} {len(at):4d}/{len(driven.plan.waypoints_m) - 1:<4d} "
        f"{100 * np.abs(off).max():6.1f} {100 * off.mean():+7.1f} {at[-1, 2] / 60:9.1f} "
        f"{len(driven.log.replanned_m):8d} {found.by_attitude:6.3f} {found.by_map:6.3f} "
        f"{np.degrees(found.tilt_rms_rad):9.2f}  {load}"
    )


def main() -> None:
    """Read the command line and run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--case", nargs="*", default=list(CASES), choices=list(CASES))
    parser.add_argument("--site", nargs="*", default=["von-karman", "mare-plain"])
    parser.add_argument("--seeds", type=int, nargs="*", default=[4, 5, 6])
    asked = parser.parse_args()
    print(
        f"{'case':10s} {'site':10s} seed passed     off %  mean %  late min  replans  array    map  tilt deg  load"
    )
    for case in asked.case:
        for site in asked.site:
            for seed in asked.seeds:
                print(row(case, site, seed), flush=True)


if __name__ == "__main__":
    main()
