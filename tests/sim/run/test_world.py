"""The world's motion: felt all the way, charged for, and stopped by what cannot be passed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pytest

from rover.core.boundary import Command, Mode
from rover.core.grid import Dem, GridGeometry, Site
from rover.core.heat import HeatParams, PowerParams
from rover.core.time import parse_utc
from rover.io.vehicle import read_vehicle
from rover.sky.almanac import build_almanac
from sim.physics.energy import EnergyParams
from sim.run.regolith_heat import read_regolith_heat
from sim.run.world import World, WorldState

READ = read_vehicle("yutu-2")
YUTU_2 = READ.params
ENERGY = EnergyParams(
    power=READ.part("power", PowerParams),
    heat=READ.part("heat", HeatParams),
    regolith=read_regolith_heat("mare"),
)
SITE = Site(latitude_rad=math.radians(-45.4), longitude_rad=math.radians(177.6), body="moon", crs_wkt="")


@dataclass
class Shaped:
    """Ground given by a function of east and north."""

    shape: object

    def heights(self, east_m: npt.ArrayLike, north_m: npt.ArrayLike) -> npt.NDArray[np.float64]:
        return np.asarray(self.shape(np.asarray(east_m), np.asarray(north_m)), float)  # type: ignore[operator]


def world(shape: object) -> tuple[World, list[WorldState]]:
    flat = np.zeros((20, 20), np.float32)
    geometry = GridGeometry(rows=20, cols=20, resolution_m=5.0, east_m=-50.0, north_m=-50.0, site=SITE)
    shadows = Dem(geometry=geometry, elevation_m=flat, datum_m=0.0, source="flat")
    watched: list[WorldState] = []
    sky = build_almanac(SITE, parse_utc("2019-01-04T00:00:00Z"), duration_s=86_400.0)
    made = World(
        ground=Shaped(shape),  # type: ignore[arg-type]
        shadows=shadows,
        sky=sky,
        vehicle=YUTU_2,
        energy=ENERGY,
        watch=watched.append,
    )
    return made, watched


def begin(made: World) -> WorldState:
    return made.init(east_m=0.0, north_m=0.0, yaw_rad=0.0, soc=0.5)


def wall(height_m: float, at_m: float) -> object:
    return lambda east, north: np.where(east > at_m, height_m, 0.0)


def test_a_drive_covers_its_distance_and_is_watched_on_the_way() -> None:
    made, watched = world(lambda east, north: 0.0 * east)
    after = made.step(begin(made), Command(mode=Mode.DRIVE, turn_rad=math.pi / 2, drive_m=1.0))
    assert (after.east_m, after.north_m) == pytest.approx((0.0, 1.0))
    assert after.distance_m == pytest.approx(1.0)
    assert after.time_s == pytest.approx(90 / 3.5 + 1.0 / YUTU_2.speed_m_s)
    steps = np.diff([state.north_m for state in watched])
    assert steps.max() <= 0.1 + 1e-9
    turns = np.diff([0.0, *(state.yaw_rad for state in watched)])
    assert np.degrees(turns).max() <= 10 + 1e-9


def test_a_wall_stops_it_before_the_wheels_and_costs_time_and_energy() -> None:
    made, watched = world(wall(0.5, 1.5))
    state = begin(made)
    after = made.step(state, Command(mode=Mode.DRIVE, drive_m=3.0))
    assert after.stalled
    assert after.slip == 1.0
    front = after.east_m + YUTU_2.wheelbase_m / 2
    assert front < 1.5 <= front + 0.45
    again = made.step(after, Command(mode=Mode.DRIVE, drive_m=1.0))
    assert again.stalled
    assert again.east_m == after.east_m
    assert again.time_s > after.time_s
    assert again.power.load_j > after.power.load_j
    assert again.distance_m == after.distance_m
    assert max(s.stance.step_m for s in watched) > YUTU_2.step_limit_m
    back = made.step(again, Command(mode=Mode.DRIVE, drive_m=-0.5))
    assert not back.stalled
    assert back.east_m == pytest.approx(again.east_m - 0.5)


def test_a_low_ledge_is_climbed() -> None:
    made, _ = world(wall(0.15, 1.5))
    after = made.step(begin(made), Command(mode=Mode.DRIVE, drive_m=3.0))
    assert not after.stalled
    assert after.stance.up_m == pytest.approx(0.15)


def test_a_rock_under_the_belly_is_felt_and_watched() -> None:
    def rock(east: npt.NDArray[np.float64], north: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.where(np.hypot(east - 2.0, north) < 0.3, 0.4, 0.0)

    made, watched = world(rock)
    after = made.step(begin(made), Command(mode=Mode.DRIVE, drive_m=3.0))
    assert after.stalled
    assert after.stance.belly_gap_m > 0, "it stands clear where it stopped"
    assert min(state.stance.belly_gap_m for state in watched) < 0, "the monitor has seen the contact"
    assert all(b.time_s >= a.time_s for a, b in zip(watched, watched[1:], strict=False)), (
        "no state is taken back"
    )
    assert watched[-1].time_s == after.time_s


def test_turning_over_a_rock_is_seen() -> None:
    def rock(east: npt.NDArray[np.float64], north: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.where(np.hypot(east, north - 0.68) < 0.12, 0.4, 0.0)

    made, _ = world(rock)
    state = begin(made)
    assert state.stance.belly_gap_m > 0
    after = made.step(state, Command(mode=Mode.DRIVE, turn_rad=math.pi, drive_m=1.0))
    assert after.stalled
    assert abs(after.yaw_rad) < math.pi / 2 + 0.2
    assert after.distance_m == 0


def test_the_edge_of_the_known_stops_it() -> None:
    made, _ = world(lambda east, north: np.where(east > 2.0, np.nan, 0.0))
    after = made.step(begin(made), Command(mode=Mode.DRIVE, drive_m=5.0))
    assert after.stalled
    assert math.isfinite(after.time_s)
    assert math.isfinite(after.stance.up_m)
    assert after.east_m < 2.0


def test_staying_charges_by_day() -> None:
    made, _ = world(lambda east, north: 0.0 * east)
    state = begin(made)
    after = made.step(state, Command(mode=Mode.CHARGE, duration_s=600.0))
    assert after.power.stored_j > state.power.stored_j
    asleep = made.step(state, Command(mode=Mode.DORMANT, duration_s=600.0))
    assert asleep.power.harvest_j == 0
    assert asleep.array_w > 0, "folded, it still senses the Sun"
