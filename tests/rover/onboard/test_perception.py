"""From what was sensed to what is believed: no truth goes in, the map goes along, the wheels end a drive."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from rover.core.boundary import Command, Mode, Observation
from rover.core.grid import Dem, GridGeometry
from rover.core.time import parse_utc
from rover.onboard.perception import (
    PerceptionParams,
    PerceptionState,
    believed,
    by_wheels,
    init_perception,
    perceive,
    restarted,
)
from rover.onboard.rotations import rotation_from_angles
from rover.planning.dem_error import DemError
from rover.sky.almanac import build_almanac
from tests.rover.onboard.test_look_update import observed
from tests.rover.onboard.test_registration import EYES, SITE, Stop, stops

__all__ = ["stops"]

DRIVE = Command(mode=Mode.DRIVE, drive_m=1.0)


@pytest.fixture(scope="module")
def params() -> PerceptionParams:
    geometry = GridGeometry(rows=60, cols=60, resolution_m=2.0, east_m=0.0, north_m=0.0, site=SITE)
    flat = Dem(geometry=geometry, elevation_m=np.zeros((60, 60)), datum_m=-5900.0, source="a test")
    return PerceptionParams(
        eyes=EYES,
        almanac=build_almanac(SITE, parse_utc("2019-01-11T02:00:00Z"), duration_s=86_400.0),
        orbital=flat,
        orbital_error=DemError(sigma_m=0.5, length_m=20.0),
        sensing_range_m=5.0,
    )


def begun(stop: Stop, params: PerceptionParams) -> PerceptionState:
    east, north, _ = stop[1].tolist()
    return init_perception(params, start_m=(east, north), yaw_rad=0.0)


def test_what_is_believed_comes_from_the_senses_and_not_from_the_pose(
    stops: list[Stop], params: PerceptionParams
) -> None:
    """The fields of an observation that hold the truth with perfect senses are not read."""
    told = observed(stops[0], 0.0)
    lying = replace(
        told, east_m=7.0, north_m=8.0, yaw_rad=1.0, pitch_rad=0.5, roll_rad=0.5, heights=params.orbital
    )
    (first, one), (second, other) = (
        perceive(begun(stops[0], params), seen, None, params) for seen in (told, lying)
    )
    assert one.heights is not None and other.heights is not None
    assert (one.east_m, one.north_m, one.yaw_rad) == (other.east_m, other.north_m, other.yaw_rad)
    assert one.heights.elevation_m.tobytes() == other.heights.elevation_m.tobytes()
    assert first.located.estimate.covariance.tobytes() == second.located.estimate.covariance.tobytes()
    assert (one.east_m, one.north_m) == pytest.approx(tuple(stops[0][1][:2].tolist()), abs=0.01)
    assert one.place_sigma_m == first.located.sigma_m > 0.0 and not one.uncertain


def test_what_was_seen_lies_where_the_place_has_it_and_no_further(
    stops: list[Stop], params: PerceptionParams
) -> None:
    state, first = perceive(begun(stops[0], params), observed(stops[0], 0.0), None, params)
    state, second = perceive(state, observed(stops[1], 1.0, 0.08), DRIVE, params)
    for seen in (first, second):
        assert seen.heights is not None
        rows, cols = np.nonzero(np.isfinite(seen.heights.elevation_m))
        places = np.array([seen.heights.geometry.centre_of(r, c) for r, c in zip(rows, cols, strict=True)])
        assert len(places) > 200
        away = np.hypot(places[:, 0] - seen.east_m, places[:, 1] - seen.north_m)
        assert away.max() <= params.sensing_range_m
    assert second.east_m == pytest.approx(51.0, abs=0.06)


def test_where_it_is_parked_it_has_no_heights(stops: list[Stop], params: PerceptionParams) -> None:
    state, _ = perceive(begun(stops[0], params), observed(stops[0], 0.0), None, params)
    parked = replace(observed(stops[0], 0.0), stereo=())
    after, told = perceive(state, parked, Command(mode=Mode.CHARGE, duration_s=60.0), params)
    assert told.heights is None and after.local is state.local


def test_a_correction_moves_the_map_and_is_told(stops: list[Stop], params: PerceptionParams) -> None:
    """What the place of the last look has moved by is owed to the map until it is half a cell."""
    state, _ = perceive(begun(stops[0], params), observed(stops[0], 0.0), None, params)
    for owed, goes_along in ((0.03, False), (0.2, True)):
        owing = replace(state, located=replace(state.located, owed_m=np.array([owed, -owed, 0.0])))
        after, told = perceive(owing, observed(stops[0], 0.0), Command(mode=Mode.DRIVE), params)
        moved = np.array(after.local.origin_m) - np.array(state.local.origin_m)
        np.testing.assert_allclose(moved[:2], [owed, -owed] if goes_along else [0.0, 0.0], atol=0.02)
        assert told.corrected_m == pytest.approx(tuple(moved[:2].tolist()))
        assert (np.hypot(*after.located.owed_m[:2]) < 0.03) == goes_along


@pytest.mark.parametrize("owed", [0.03, 0.2])
def test_what_was_owed_to_a_map_that_a_reset_has_lost_does_not_move_the_next(
    stops: list[Stop], params: PerceptionParams, owed: float
) -> None:
    state, _ = perceive(begun(stops[0], params), observed(stops[0], 0.0), None, params)
    owing = replace(state, located=replace(state.located, owed_m=np.array([owed, -owed, 0.02])))
    (after, told), (sound, _) = (
        perceive(restarted(before, params), observed(stops[0], 0.0), Command(mode=Mode.DRIVE), params)
        for before in (owing, state)
    )
    assert told.corrected_m == (0.0, 0.0) and not after.located.owed_m.any()
    assert after.local.origin_m == sound.local.origin_m
    assert after.local.height_m.tobytes() == sound.local.height_m.tobytes()
    assert after.located.place_m == sound.located.place_m


def test_a_stall_that_the_looks_show_is_told(stops: list[Stop], params: PerceptionParams) -> None:
    state = begun(stops[0], params)
    seen: Observation = observed(stops[0], 0.0)
    assert not believed(state, seen, params).stalled
    assert believed(replace(state, located=replace(state.located, stalled=True)), seen, params).stalled


def test_a_drive_is_told_in_what_the_wheels_must_roll(stops: list[Stop], params: PerceptionParams) -> None:
    state = begun(stops[0], params)
    slipping = replace(state.located, estimate=replace(state.located.estimate, slip=0.2))
    assert by_wheels(state, DRIVE).rolls_per_m == pytest.approx(1.0)
    assert by_wheels(replace(state, located=slipping), DRIVE).rolls_per_m == pytest.approx(1.25)
    turn = Command(mode=Mode.DRIVE, turn_rad=math.pi / 2)
    assert by_wheels(state, turn) == turn


@pytest.mark.parametrize(("way_m", "rise"), [(1.0, 0.1), (-1.0, -0.1)])
def test_wheels_roll_further_uphill_and_less_downhill(
    stops: list[Stop], params: PerceptionParams, way_m: float, rise: float
) -> None:
    state = begun(stops[0], params)
    nose_up = rotation_from_angles(0.0, math.asin(0.1), 0.0)
    estimate = replace(state.located.estimate, rotation=nose_up, slip=0.0, grade_slip=0.5)
    climbing = replace(state, located=replace(state.located, estimate=estimate))
    drive = Command(mode=Mode.DRIVE, drive_m=way_m)
    level = math.sqrt(1.0 - 0.1**2)
    assert by_wheels(climbing, drive).rolls_per_m == pytest.approx(1.0 / level / (1.0 - 0.5 * rise))
