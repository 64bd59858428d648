"""The world's energy: the ledger closes, the dark charges nothing, and the deck faces where it lies."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rover.core.bodies import AU_M
from rover.core.vehicle import VehicleParams
from rover.io.vehicle import read_vehicle
from sim.physics.power import PowerState, array_w, deck_normal, flow

FIGURES = {
    "array_area_m2": 0.5,
    "array_efficiency": 0.2,
    "battery_wh": 130.0,
    "charge_efficiency": 0.95,
    "discharge_efficiency": 0.97,
}
YUTU_2 = read_vehicle("yutu-2", FIGURES).params
"""Yutu-2 with the figures that are reckoned with by hand below, whatever its file comes to say."""
angles = st.floats(-math.pi, math.pi)


def battery(soc: float) -> PowerState:
    return PowerState(stored_j=soc * YUTU_2.battery_j, first_j=soc * YUTU_2.battery_j)


flows = st.lists(
    st.tuples(st.floats(0, 200), st.floats(0, 200), st.floats(0, 2e5)), min_size=1, max_size=60
)  # array, load, duration


@settings(deadline=None, max_examples=200)
@given(st.floats(0, 1), flows, st.floats(0.05, 1.0, exclude_min=True), st.floats(0.05, 1.0, exclude_min=True))
def test_the_ledger_closes(
    soc: float, spans: list[tuple[float, float, float]], charging: float, discharging: float
) -> None:
    vehicle = VehicleParams.model_validate(
        YUTU_2.model_dump() | {"charge_efficiency": charging, "discharge_efficiency": discharging}
    )
    state = battery(soc)
    for array_out_w, load_w, duration_s in spans:
        before = state
        state = flow(state, array_out_w=array_out_w, load_w=load_w, duration_s=duration_s, vehicle=vehicle)
        assert 0.0 <= state.stored_j <= vehicle.battery_j * (1 + 1e-12)
        for name in ("harvest_j", "load_j", "loss_j", "spill_j", "unserved_j"):
            assert getattr(state, name) >= getattr(before, name) - 1e-9 * max(state.moved_j, 1.0), name
    assert abs(state.imbalance_j) <= 1e-9 * max(state.moved_j, 1.0)
    assert state.harvest_j == pytest.approx(sum(a * t for a, _, t in spans), rel=1e-12)
    assert state.load_j == pytest.approx(sum(w * t for _, w, t in spans), rel=1e-12)


def test_a_ledger_that_is_out_shows() -> None:
    assert PowerState(stored_j=10.0, first_j=0.0, harvest_j=9.0).imbalance_j == 1.0


@given(st.floats(0, 1), st.floats(0, 200), st.floats(0, 1e6))
def test_without_sun_nothing_is_charged(soc: float, load_w: float, duration_s: float) -> None:
    after = flow(battery(soc), array_out_w=0.0, load_w=load_w, duration_s=duration_s, vehicle=YUTU_2)
    assert after.stored_j <= soc * YUTU_2.battery_j
    assert after.harvest_j == 0.0


def test_a_surplus_by_hand() -> None:
    after = flow(battery(0.5), array_out_w=100.0, load_w=40.0, duration_s=600.0, vehicle=YUTU_2)
    assert after.stored_j == pytest.approx(0.5 * YUTU_2.battery_j + 60 * 600 * 0.95)
    assert after.loss_j == pytest.approx(60 * 600 * 0.05)
    assert (after.spill_j, after.unserved_j) == (pytest.approx(0.0, abs=1e-9), 0.0)


def test_a_deficit_by_hand() -> None:
    after = flow(battery(0.5), array_out_w=40.0, load_w=100.0, duration_s=600.0, vehicle=YUTU_2)
    assert after.stored_j == pytest.approx(0.5 * YUTU_2.battery_j - 60 * 600 / 0.97)
    assert after.loss_j == pytest.approx(60 * 600 * (1 / 0.97 - 1))
    assert (after.spill_j, after.unserved_j) == (0.0, 0.0)


def test_a_full_battery_spills_all_of_a_surplus() -> None:
    after = flow(battery(1.0), array_out_w=100.0, load_w=20.0, duration_s=1000.0, vehicle=YUTU_2)
    assert after.stored_j == YUTU_2.battery_j
    assert after.spill_j == pytest.approx(80_000.0)
    assert after.loss_j == 0.0


def test_a_battery_that_fills_on_the_way_spills_the_rest() -> None:
    after = flow(battery(0.99), array_out_w=100.0, load_w=0.0, duration_s=3600.0, vehicle=YUTU_2)
    taken = 0.01 * YUTU_2.battery_j / 0.95
    assert after.stored_j == pytest.approx(YUTU_2.battery_j)
    assert after.spill_j == pytest.approx(360_000 - taken)


def test_an_empty_battery_leaves_the_deficit_unserved() -> None:
    after = flow(battery(0.0), array_out_w=10.0, load_w=30.0, duration_s=100.0, vehicle=YUTU_2)
    assert (after.stored_j, after.unserved_j) == (0.0, 2000.0)
    part = flow(battery(0.001), array_out_w=0.0, load_w=30.0, duration_s=1000.0, vehicle=YUTU_2)
    assert part.stored_j == 0.0
    assert part.unserved_j == pytest.approx(30_000 - 0.001 * YUTU_2.battery_j * 0.97)


def about(axis: int, angle: float) -> npt.NDArray[np.float64]:
    """The right-handed rotation about x, y or z."""
    c, s = math.cos(angle), math.sin(angle)
    if axis == 0:
        return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    if axis == 1:
        return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


@settings(deadline=None)
@given(angles, st.floats(-1.5, 1.5), st.floats(-1.5, 1.5))
def test_the_decks_normal_by_rotation_matrices(yaw: float, pitch: float, roll: float) -> None:
    """Yaw about z; nose up is a negative turn about y (left); left side up a positive one about x (forward)."""
    body = about(2, yaw) @ about(1, -pitch) @ about(0, roll)
    np.testing.assert_allclose(deck_normal(yaw, pitch, roll), body @ [0, 0, 1], atol=1e-12)
    assert (body @ [1, 0, 0])[2] == pytest.approx(math.sin(pitch), abs=1e-12)  # the nose is up
    assert (body @ [0, 1, 0])[2] * roll >= -1e-12  # the left side is up


def sun_at(azimuth_deg: float, elevation_deg: float) -> npt.NDArray[np.float64]:
    azimuth, elevation = math.radians(azimuth_deg), math.radians(elevation_deg)
    level = math.cos(elevation)
    return np.array([level * math.sin(azimuth), level * math.cos(azimuth), math.sin(elevation)])


def output(
    sun: npt.NDArray[np.float64], *, lit: float = 1.0, distance_m: float = AU_M, **attitude: float
) -> float:
    pose = {"yaw_rad": 0.0, "pitch_rad": 0.0, "roll_rad": 0.0} | attitude
    return array_w(sun, distance_m, lit, YUTU_2, **pose)


PEAK_W = 1361.0 * 0.5 * 0.2


@given(st.floats(0, 360), st.floats(-90, 90), angles)
def test_a_level_array_gives_the_sine_of_the_elevation_at_any_heading(
    azimuth: float, elevation: float, yaw: float
) -> None:
    expected = PEAK_W * max(0.0, math.sin(math.radians(elevation)))
    assert output(sun_at(azimuth, elevation), yaw_rad=yaw) == pytest.approx(expected, abs=1e-9)


@given(st.floats(0, 360), st.floats(-90, 90), angles, st.floats(-1, 1), st.floats(-1, 1))
def test_no_attitude_gives_more_than_facing_the_sun_or_less_than_nothing(
    azimuth: float, elevation: float, yaw: float, pitch: float, roll: float
) -> None:
    power = output(sun_at(azimuth, elevation), yaw_rad=yaw, pitch_rad=pitch, roll_rad=roll)
    assert 0.0 <= power <= PEAK_W * (1 + 1e-12)


def test_leaning_towards_the_sun_gives_more() -> None:
    east = sun_at(90.0, 30.0)
    level = output(east)
    tilt = math.radians(10)
    assert output(east, pitch_rad=-tilt) == pytest.approx(
        PEAK_W * math.sin(math.radians(40))
    )  # nose, east, down
    assert output(east, pitch_rad=tilt) == pytest.approx(PEAK_W * math.sin(math.radians(20)))
    north = sun_at(0.0, 30.0)  # to the left of a rover that heads east
    assert output(north, roll_rad=-tilt) > level > output(north, roll_rad=tilt)
    assert output(north, pitch_rad=-math.pi / 2 + 0.01) < level  # edge on


def test_light_and_distance_scale_it() -> None:
    sun = sun_at(120.0, 25.0)
    assert output(sun, lit=0.0) == 0.0
    assert output(sun, lit=0.25) == pytest.approx(output(sun) / 4)
    assert output(sun, distance_m=2 * AU_M) == pytest.approx(output(sun) / 4)
