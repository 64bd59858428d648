"""Time the world: driving with full suspension, and a lunar day on one spot.

    python benchmarks/bench_world.py [--metres 60] [--repeats 5]

Every row is a process of its own. `wall s` is the least of the repeats, `cpu s` the least processor time of this
process' thread, which other work on the machine changes less, and `times real` simulated seconds over the latter.
`drive 0.05 m` goes over ground of cells of 0.05 m that has been made, and turns aside where it is stopped; `fresh
0.05 m` makes its ground tile by tile on the way, on all cores; `drive 0.25 m` has the cells of the bundled scenarios.
`settle` and `balance` are one call each of the suspension and of the balance of forces on the 0.05 m ground, in
microseconds in place of seconds. `lunar day` stays 29.53 days, by steps of 600 s.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

COLUMNS = "          what   wall s    cpu s  times real"
WHAT = ("drive 0.05 m", "fresh 0.05 m", "drive 0.25 m", "settle", "balance", "lunar day")


def world_of(cell_m: float) -> tuple[Any, Any]:
    """Return a world at the landing site of Chang'e 4 as a run has it, and a state in it."""
    from rover.core.time import parse_utc
    from rover.sky.almanac import build_almanac
    from sim.physics.light import far_ground
    from sim.run.scenario import load_scenario
    from sim.run.scenario_ground import orbital_dem, region_dem, world_ground, world_soil
    from sim.run.setting import energy_params, world_drivetrain
    from sim.run.world import World

    settings = [f"terrain.world_resolution_m={cell_m}", "terrain.size_m=400", "goal_m=[30, 0]"]
    scenario = load_scenario("short-hop", settings=settings)
    dem = orbital_dem(scenario)
    region = region_dem(scenario)
    epoch = parse_utc(scenario.start_utc)
    world = World(
        ground=world_ground(scenario, dem),
        soil=world_soil(scenario, dem),
        shadows=dem,
        far=None if region is None else far_ground(region),
        sky=build_almanac(dem.geometry.site, epoch, duration_s=31 * 86_400.0),
        vehicle=scenario.read_vehicle().params,
        drivetrain=world_drivetrain(scenario),
        energy=energy_params(scenario),
        watch=lambda state: None,
    )
    return world, world.init(east_m=0.0, north_m=0.0, yaw_rad=2.4, soc=0.9)


def work_of(what: str, metres: float) -> Callable[[], float]:
    """Return what is timed; it gives back the simulated seconds."""
    from rover.core.boundary import Command, Mode

    world, start = world_of(0.25 if what.endswith("0.25 m") else 0.05)
    if what in ("settle", "balance"):
        return call_of(what, world, start)
    if what == "lunar day":

        def stay() -> float:
            state = start
            for _ in range(round(29.530589 * 144)):
                state = world.step(state, Command(mode=Mode.CHARGE, duration_s=600.0))
            return float(state.time_s)

        return stay
    places = {"next": 0.0}

    def drive() -> float:
        begin = start
        if what.startswith("fresh"):
            places["next"] += 16.0
            begin = world.init(east_m=places["next"], north_m=-100.0, yaw_rad=1.57, soc=0.9)
        state = begin
        for _ in range(round(metres)):
            aside = 2.0 if state.stalled else 0.0
            state = world.step(state, Command(mode=Mode.DRIVE, turn_rad=aside, drive_m=1.0))
        return float(state.time_s)

    return drive


def call_of(what: str, world: Any, state: Any) -> Callable[[], float]:
    """Return 1000 calls of one part, as if each had taken a millisecond."""
    import numpy as np

    from sim.physics.mobility import move
    from sim.physics.steering import arc_commands
    from sim.physics.suspension import settle

    train = world._body.drivetrain
    commands, firmness = arc_commands(train, curvature_per_m=0.1), np.full(6, 0.3)

    def settled() -> float:
        for k in range(1000):
            settle(
                world.ground,
                train.rig,
                east_m=state.east_m + 0.001 * k,
                north_m=state.north_m,
                yaw_rad=0.002 * k,
                backwards=False,
            )
        return 0.0

    def balanced() -> float:
        for _ in range(1000):
            move(train, commands, state.stance, firmness)
        return 0.0

    return settled if what == "settle" else balanced


def measure(what: str, metres: float, repeats: int) -> str:
    """Return one row of the table."""
    work = work_of(what, metres)
    work()  # compiles, and makes the ground that is not to be timed
    walls, cpus, simulated_s = [], [], 0.0
    for _ in range(repeats):
        wall, cpu = time.perf_counter(), time.thread_time()
        simulated_s = work()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.thread_time() - cpu)
    if what in ("settle", "balance"):
        return f"{what:>14s}  {min(walls) * 1000:7.1f}  {min(cpus) * 1000:7.1f}  microseconds a call"
    return f"{what:>14s}  {min(walls):7.3f}  {min(cpus):7.3f}  {simulated_s / min(cpus):10,.0f}"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--metres", type=float, default=60.0, help="length of a drive")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--what", choices=WHAT, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.what is not None:
        print(measure(asked.what, asked.metres, asked.repeats), flush=True)
        return
    print(COLUMNS, flush=True)
    for what in WHAT:
        words = ["--metres", str(asked.metres), "--repeats", str(asked.repeats), "--what", what]
        subprocess.run([sys.executable, __file__, *words], check=True)


if __name__ == "__main__":
    main()
