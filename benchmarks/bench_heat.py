"""Time a parked lunar day of the world: light, charge and temperatures, and the ground's.

    python benchmarks/bench_heat.py [--repeats 5] [--step 600]

A rover stands on level ground at Chang'e 4's landing site for a lunar day from a midnight on, awake while its array
gives enough. `wall s` is the least and the median of the repeats by the clock, `cpu s` the least by the processor,
which other work on the machine changes less; neither counts the first pass, which compiles. `ground` is the column of
regolith alone over as long, with the lunar days that bring it into balance. `drive` is a drive of 100 m over the same
ground. The last column is simulated over elapsed time.
"""

from __future__ import annotations

import argparse
import math
import statistics
import time
from collections.abc import Callable

from rover.core.boundary import Command, Mode
from rover.core.grid import Site
from rover.core.heat import HeatParams, PowerParams
from rover.core.time import SECONDS_PER_DAY, SYNODIC_MONTH_S, parse_utc
from rover.io.vehicle import read_vehicle
from rover.sky.almanac import build_almanac
from sim.physics.energy import EnergyParams
from sim.physics.ground_heat import GroundHeat
from sim.run.parked import level_world, stay
from sim.run.regolith_heat import read_regolith_heat
from sim.run.setting import drivetrain_on
from sim.run.world import World, WorldState

MIDNIGHT, NOON = "2019-01-20T12:00:00Z", "2019-02-04T00:00:00Z"
DRIVE_M = 100.0
SITE = Site(
    latitude_rad=math.radians(-45.4446), longitude_rad=math.radians(177.5991), body="moon", crs_wkt=""
)


def world(utc: str, days: float) -> World:
    """Return level ground with Yutu-2 on it."""
    read = read_vehicle("yutu-2")
    energy = EnergyParams(
        power=read.part("power", PowerParams),
        heat=read.part("heat", HeatParams),
        regolith=read_regolith_heat("mare"),
    )
    return level_world(
        SITE,
        parse_utc(utc),
        days=days,
        vehicle=read.params,
        drivetrain=drivetrain_on("von-karman", read),
        energy=energy,
    )


def mode(state: WorldState) -> Mode:
    return Mode.CHARGE if state.array_w > 16.3 else Mode.DORMANT


def parked_day(step_s: float) -> Callable[[], float]:
    made = world(MIDNIGHT, 31)
    begin = made.init(east_m=0.0, north_m=0.0, yaw_rad=0.0, soc=0.9)

    def run() -> float:
        stay(made, begin, until_s=SYNODIC_MONTH_S, mode=mode, step_s=step_s)
        return SYNODIC_MONTH_S

    return run


def ground_alone() -> float:
    sky = build_almanac(SITE, parse_utc(MIDNIGHT), duration_s=31 * SECONDS_PER_DAY)
    GroundHeat(read_regolith_heat("mare"), sky.suns, from_s=0.0).surface_k(SYNODIC_MONTH_S)
    return SYNODIC_MONTH_S


def drive() -> Callable[[], float]:
    made = world(NOON, 3)
    begin = made.init(east_m=0.0, north_m=0.0, yaw_rad=0.0, soc=0.9)

    def run() -> float:
        state = begin
        for _ in range(round(DRIVE_M)):
            state = made.step(state, Command(mode=Mode.DRIVE, drive_m=1.0))
        return state.time_s

    return run


def timed(name: str, run: Callable[[], float], repeats: int) -> None:
    run()
    walls, cpus, simulated_s = [], [], 0.0
    for _ in range(repeats):
        wall, cpu = time.perf_counter(), time.process_time()
        simulated_s = run()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    faster = simulated_s / min(walls)
    print(f"{name:>8}  {min(walls):9.3f}  {statistics.median(walls):9.3f}  {min(cpus):9.3f}  {faster:12,.0f}")


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("--repeats", type=int, default=5)
    asked.add_argument("--step", type=float, default=600.0)
    given = asked.parse_args()
    print("    what     wall s     median      cpu s  times faster")
    timed("parked", parked_day(given.step), given.repeats)
    timed("ground", ground_alone, given.repeats)
    timed("drive", drive(), given.repeats)


if __name__ == "__main__":
    main()
