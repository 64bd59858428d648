"""Tune the unpublished figures of Yutu-2's power and heat: `python tests/builders/energy_figures.py` prints them.

No reliable figure of its array, battery or heat is published; what it did is. Three figures of its file follow from
that, each from one thing, over level ground at the landing site:

- `power.packing`: in the mean of the lunar days whose wake is published the array gives `wake_array_w` at the Sun
  elevation at which Yutu-2 woke.
- `heat.body.rhu_w`: at the end of the night the body of the folded rover is `MARGIN_K` over what it survives.
- `heat.radiator.area_m2`: with the load of command cycles all day the body is at `work_max_k` when the rising Sun is at
  `NAP_ENTER_DEG`, where the noon nap of lunar day 2 began.

The other vehicles are no machines that were on the Moon; their radiator and units are tuned alike.
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rover.core.boundary import Mode
from rover.core.grid import Site
from rover.core.heat import HeatParams, PowerParams
from rover.core.logged_day import LoggedDay
from rover.core.time import SECONDS_PER_DAY, Epoch, parse_utc
from rover.core.vehicle import VehicleParams
from rover.io.dormancy_log import read_published_days
from rover.io.vehicle import read_vehicle
from rover.sky.sun import sun_from_moon
from sim.physics.drivetrain import Drivetrain
from sim.physics.energy import EnergyParams
from sim.physics.energy_faults import NO_FAULTS, EnergyFaults
from sim.run.parked import Columns, level_world, stay
from sim.run.regolith_heat import read_regolith_heat
from sim.run.setting import drivetrain_on
from sim.run.world import World, WorldState

LATITUDE_DEG, LONGITUDE_DEG, LANDER_M = -45.4446, 177.5991, -5935.0
MARGIN_K = 5.0
"""Over what the battery survives: an acceptance margin of thermal design."""
NAP_ENTER_DEG = 43.7
"""On 2019-02-04, Beijing time, the Sun stood from 42.5 to 44.9 deg high (CGTN for the date)."""
LAST_DAY = 16
"""The log's first part; what came later is not fitted to."""
EVENING, MORNING, MORNING_4 = "2019-02-11T11:30:00Z", "2019-01-29T13:00:00Z", "2019-03-29T13:00:00Z"
"""When the rover was put to sleep on lunar day 2, an hour after it woke on that day, and on lunar day 4."""

SITE = Site(
    latitude_rad=math.radians(LATITUDE_DEG),
    longitude_rad=math.radians(LONGITUDE_DEG),
    body="moon",
    crs_wkt="",
)


@dataclass(frozen=True)
class Figures:
    """A vehicle as its file has it, or changed."""

    vehicle: VehicleParams
    power: PowerParams
    heat: HeatParams
    drivetrain: Drivetrain


def figures_of(name: str) -> Figures:
    read = read_vehicle(name)
    power, heat = read.part("power", PowerParams), read.part("heat", HeatParams)
    return Figures(read.params, power, heat, drivetrain_on("von-karman", read))


def changed(figures: Figures, **part: Any) -> Figures:
    """Return the figures with some of `packing`, `rhu_w` and `area_m2` replaced."""
    power, heat = figures.power, figures.heat
    if "packing" in part:
        power = power.model_copy(update={"packing": part["packing"]})
    if "rhu_w" in part:
        heat = heat.model_copy(update={"body": heat.body.model_copy(update={"rhu_w": part["rhu_w"]})})
    if "area_m2" in part:
        radiator = heat.radiator.model_copy(update={"area_m2": part["area_m2"]})
        heat = heat.model_copy(update={"radiator": radiator})
    return replace(figures, power=power, heat=heat)


def landing_site(figures: Figures, start: Epoch, days: float, *, regolith: str = "mare") -> World:
    """Return level ground at the landing site under the Sun from an instant on."""
    energy = EnergyParams(power=figures.power, heat=figures.heat, regolith=read_regolith_heat(regolith))
    machine = {"vehicle": figures.vehicle, "drivetrain": figures.drivetrain, "energy": energy}
    return level_world(SITE, start, days=days, datum_m=LANDER_M, **machine)


def asleep(_state: WorldState) -> Mode:
    return Mode.DORMANT


def awake(_state: WorldState) -> Mode:
    return Mode.CHARGE


def park(world: World, *, soc: float = 1.0) -> WorldState:
    return world.init(east_m=0.0, north_m=0.0, yaw_rad=0.0, soc=soc)


def before(epoch: Epoch, seconds: float) -> Epoch:
    jd1, jd2 = epoch.tt_at(-seconds)
    return Epoch(tt_jd1=jd1, tt_jd2=float(jd2))


def dawn(figures: Figures, wake: Epoch) -> Columns:
    """Return the three days round a wake of a rover that sleeps on."""
    world = landing_site(figures, before(wake, 2.5 * SECONDS_PER_DAY), 4)
    return stay(world, park(world), until_s=3.5 * SECONDS_PER_DAY, mode=asleep)[1]


def woken_deg(columns: Columns, wake_w: float) -> float:
    """Return the Sun's elevation at which a sleeper's array first gives enough."""
    k = int(np.argmax(columns["array_w"] >= wake_w))
    assert columns["array_w"][k] >= wake_w > columns["array_w"][k - 1]
    share = (wake_w - columns["array_w"][k - 1]) / (columns["array_w"][k] - columns["array_w"][k - 1])
    low, high = columns["sun_elevation_rad"][k - 1 : k + 1]
    return math.degrees(low + share * (high - low))


def published_wakes() -> list[LoggedDay]:
    return [day for day in read_published_days() if day.wake_counts and day.lunar_day <= LAST_DAY]


def logged_deg(day: LoggedDay) -> float:
    assert day.wake is not None
    sun = sun_from_moon(SITE.latitude_rad, SITE.longitude_rad, day.wake.tt_jd1, np.array([day.wake.tt_jd2]))
    return math.degrees(float(sun.elevation_rad[0]))


def best_packing(figures: Figures) -> float:
    """Return the packing at which the mean of the wakes is that of the log; a sleeper's array is as warm with any."""
    days = published_wakes()
    wanted = float(np.mean([logged_deg(day) for day in days]))
    dawns = [dawn(figures, day.wake) for day in days if day.wake is not None]
    low, high = 0.3, 1.0
    while high - low > 1e-5:
        packing = (low + high) / 2
        threshold = figures.vehicle.wake_array_w * figures.power.packing / packing
        late = float(np.mean([woken_deg(columns, threshold) for columns in dawns])) > wanted
        low, high = (packing, high) if late else (low, packing)
    return (low + high) / 2


def night(
    figures: Figures, faults: EnergyFaults = NO_FAULTS, *, days: float = 18.0
) -> tuple[WorldState, Columns]:
    """Return the night after lunar day 2, up to its end."""
    world = landing_site(figures, parse_utc(EVENING), days + 1)
    return stay(
        world,
        park(world),
        until_s=days * SECONDS_PER_DAY,
        mode=asleep,
        faults=faults,
        stop=lambda state: state.sun.rising and state.sun.elevation_rad > math.radians(4),
    )


def best_rhu_w(figures: Figures) -> float:
    wanted_k = figures.heat.limits.survive_min_k + MARGIN_K
    low, high = 5.0, 400.0
    while high - low > 0.01:
        middle = (low + high) / 2
        coldest = float(night(changed(figures, rhu_w=middle))[1]["body_k"].min())
        low, high = (middle, high) if coldest < wanted_k else (low, middle)
    return (low + high) / 2


def working_day(figures: Figures, load_w: float, morning: str = MORNING) -> Columns:
    """Return a lunar day of a rover that is awake under a load all day."""
    loaded = figures.vehicle.model_copy(update={"charge_w": load_w})
    world = landing_site(replace(figures, vehicle=loaded), parse_utc(morning), 14)
    return stay(world, park(world), until_s=13.0 * SECONDS_PER_DAY, mode=awake)[1]


def too_warm_deg(columns: Columns, limit_k: float) -> tuple[float, float]:
    """Return the Sun's elevation in the morning and in the afternoon between which the body is too warm."""
    warm = np.flatnonzero(columns["body_k"] > limit_k)
    elevation = np.degrees(columns["sun_elevation_rad"])
    if len(warm) == 0:
        return math.nan, math.nan
    return float(elevation[warm[0]]), float(elevation[warm[-1]])


def best_area_m2(figures: Figures) -> float:
    limit_k, low = figures.heat.limits.work_max_k, 0.02
    high = figures.vehicle.length_m * figures.vehicle.width_m
    while high - low > 1e-4:
        middle = (low + high) / 2
        day = working_day(changed(figures, area_m2=middle), figures.vehicle.command_w)
        warm_from = too_warm_deg(day, limit_k)[0]
        roomy = math.isnan(warm_from) or warm_from > NAP_ENTER_DEG
        low, high = (low, middle) if roomy else (middle, high)
    return (low + high) / 2


def main() -> None:
    for name in sys.argv[1:] or ["yutu-2"]:
        figures = figures_of(name)
        print(f"{name}\npower.packing {best_packing(figures):.4f}" if name == "yutu-2" else name)
        rhu_w = best_rhu_w(figures)
        print(f"heat.body.rhu_w {rhu_w:.2f}")
        print(f"heat.radiator.area_m2 {best_area_m2(changed(figures, rhu_w=rhu_w)):.4f}")


if __name__ == "__main__":
    main()
