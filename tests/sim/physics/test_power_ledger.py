"""The world's energy: the ledger closes, the dark charges nothing, and the deck faces where it lies."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rover.core.bodies import AU_M
from rover.core.errors import UsageError
from rover.core.heat import PowerParams
from rover.core.vehicle import VehicleParams
from rover.io.vehicle import read_vehicle
from sim.physics.battery import Battery, battery_at, flow
from sim.physics.energy_faults import EnergyFaults
from sim.physics.exposure import Exposure, sun_flux_w_m2
from sim.physics.power import PowerState, array_w, body_axes, cell_share, deck_normal, kept_at

FIGURES = {
    "array_area_m2": 0.5,
    "array_efficiency": 0.2,
    "battery_wh": 130.0,
    "charge_efficiency": 0.95,
    "discharge_efficiency": 0.97,
}
YUTU_2 = read_vehicle("yutu-2", FIGURES).params
"""Yutu-2 with the figures that are reckoned with by hand below, whatever its file comes to say."""
IDEAL = PowerParams(
    cell_efficiency=0.2,
    packing=1.0,
    cell_reference_k=301.15,
    cell_per_k=0.0,
    angular_loss=0.0,
    dust=0.0,
    battery_reference_k=293.15,
    battery_activation_j_mol=0.0,
    self_discharge_per_day=0.0,
)
"""Array and battery of the figures alone."""
REAL = read_vehicle("yutu-2").part("power", PowerParams)
angles = st.floats(-math.pi, math.pi)


def cells(vehicle: VehicleParams = YUTU_2, leak_per_s: float = 0.0) -> Battery:
    return Battery(
        capacity_j=vehicle.battery_j,
        charge_efficiency=vehicle.charge_efficiency,
        discharge_efficiency=vehicle.discharge_efficiency,
        leak_per_s=leak_per_s,
    )


def battery(soc: float) -> PowerState:
    return PowerState(stored_j=soc * YUTU_2.battery_j, first_j=soc * YUTU_2.battery_j)


flows = st.lists(
    st.tuples(st.floats(0, 200), st.floats(0, 200), st.floats(0, 2e5)), min_size=1, max_size=60
)  # array, load, duration


@settings(deadline=None, max_examples=200)
@given(
    st.floats(0, 1),
    flows,
    st.floats(0.05, 1.0, exclude_min=True),
    st.floats(0.05, 1.0, exclude_min=True),
    st.sampled_from([0.0, 1e-12, 1e-8, 1e-5]),
)
def test_the_ledger_closes(
    soc: float, spans: list[tuple[float, float, float]], charging: float, discharging: float, leak: float
) -> None:
    vehicle = VehicleParams.model_validate(
        YUTU_2.model_dump() | {"charge_efficiency": charging, "discharge_efficiency": discharging}
    )
    state = battery(soc)
    for array_out_w, load_w, duration_s in spans:
        before = state
        battery_now = cells(vehicle, leak)
        state = flow(
            state, array_out_w=array_out_w, load_w=load_w, duration_s=duration_s, battery=battery_now
        )
        assert 0.0 <= state.stored_j <= vehicle.battery_j * (1 + 1e-12)
        for name in ("harvest_j", "load_j", "loss_j", "leak_j", "spill_j", "unserved_j"):
            assert getattr(state, name) >= getattr(before, name) - 1e-9 * max(state.moved_j, 1.0), name
    assert abs(state.imbalance_j) <= 1e-9 * max(state.moved_j, 1.0)
    assert state.harvest_j == pytest.approx(sum(a * t for a, _, t in spans), rel=1e-12)
    assert state.load_j == pytest.approx(sum(w * t for _, w, t in spans), rel=1e-12)


def test_a_ledger_that_is_out_shows() -> None:
    assert PowerState(stored_j=10.0, first_j=0.0, harvest_j=9.0).imbalance_j == 1.0


@given(st.floats(0, 1), st.floats(0, 200), st.floats(0, 1e6))
def test_without_sun_nothing_is_charged(soc: float, load_w: float, duration_s: float) -> None:
    after = flow(battery(soc), array_out_w=0.0, load_w=load_w, duration_s=duration_s, battery=cells())
    assert after.stored_j <= soc * YUTU_2.battery_j
    assert after.harvest_j == 0.0


def test_a_surplus_by_hand() -> None:
    after = flow(battery(0.5), array_out_w=100.0, load_w=40.0, duration_s=600.0, battery=cells())
    assert after.stored_j == pytest.approx(0.5 * YUTU_2.battery_j + 60 * 600 * 0.95)
    assert after.loss_j == pytest.approx(60 * 600 * 0.05)
    assert (after.spill_j, after.unserved_j) == (pytest.approx(0.0, abs=1e-9), 0.0)


def test_a_deficit_by_hand() -> None:
    after = flow(battery(0.5), array_out_w=40.0, load_w=100.0, duration_s=600.0, battery=cells())
    assert after.stored_j == pytest.approx(0.5 * YUTU_2.battery_j - 60 * 600 / 0.97)
    assert after.loss_j == pytest.approx(60 * 600 * (1 / 0.97 - 1))
    assert (after.spill_j, after.unserved_j) == (0.0, 0.0)


def test_a_full_battery_spills_all_of_a_surplus() -> None:
    after = flow(battery(1.0), array_out_w=100.0, load_w=20.0, duration_s=1000.0, battery=cells())
    assert after.stored_j == YUTU_2.battery_j
    assert after.spill_j == pytest.approx(80_000.0)
    assert after.loss_j == 0.0


def test_a_battery_that_fills_on_the_way_spills_the_rest() -> None:
    after = flow(battery(0.99), array_out_w=100.0, load_w=0.0, duration_s=3600.0, battery=cells())
    taken = 0.01 * YUTU_2.battery_j / 0.95
    assert after.stored_j == pytest.approx(YUTU_2.battery_j)
    assert after.spill_j == pytest.approx(360_000 - taken)


def test_an_empty_battery_leaves_the_deficit_unserved() -> None:
    after = flow(battery(0.0), array_out_w=10.0, load_w=30.0, duration_s=100.0, battery=cells())
    assert (after.stored_j, after.unserved_j) == (0.0, 2000.0)
    part = flow(battery(0.001), array_out_w=0.0, load_w=30.0, duration_s=1000.0, battery=cells())
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
    exposure = Exposure(sun_direction=sun, flux_w_m2=sun_flux_w_m2(distance_m) * lit)
    return array_w(exposure, 300.0, YUTU_2, IDEAL, axes=body_axes(**pose))


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


@settings(deadline=None)
@given(angles, st.floats(-1.5, 1.5), st.floats(-1.5, 1.5))
def test_the_bodys_axes_by_rotation_matrices(yaw: float, pitch: float, roll: float) -> None:
    body = about(2, yaw) @ about(1, -pitch) @ about(0, roll)
    np.testing.assert_allclose(body_axes(yaw, pitch, roll), body.T, atol=1e-12)


def test_a_leaning_array_faces_the_left() -> None:
    leaning = YUTU_2.model_copy(update={"array_lean_deg": 30.0})
    axes = body_axes(0.0, 0.0, 0.0)  # heading east, north to the left
    for azimuth, over in ((0.0, 70.0), (180.0, 10.0), (90.0, None)):
        exposure = Exposure(sun_direction=sun_at(azimuth, 40.0), flux_w_m2=1361.0)
        facing = (
            math.sin(math.radians(over)) if over else math.sin(math.radians(40)) * math.cos(math.radians(30))
        )
        assert array_w(exposure, 300.0, leaning, IDEAL, axes=axes) == pytest.approx(PEAK_W * facing)


def test_the_ground_lights_an_array_by_its_view_factor() -> None:
    """An upright array sees half a sphere of ground to (1 - cos 90) / 2 of its view; a level one none of it."""
    exposure = Exposure(sun_direction=sun_at(0.0, 45.0), flux_w_m2=0.0, reflected_w_m2=100.0)
    for roll, share in ((0.0, 0.0), (math.pi / 2, 0.5), (math.radians(60), 0.25)):
        seen = array_w(exposure, 300.0, YUTU_2, IDEAL, axes=body_axes(0.0, 0.0, roll))
        assert seen == pytest.approx(100.0 * 0.5 * 0.2 * share, abs=1e-12)


@settings(deadline=None)
@given(st.floats(0, 1), st.floats(0.01, 0.3))
def test_a_cover_never_passes_more_than_straight_and_less_the_flatter(facing: float, loss: float) -> None:
    kept = kept_at(facing, loss)
    assert 0.0 <= kept <= 1.0
    assert kept_at(min(1.0, facing + 0.05), loss) >= kept
    assert kept_at(facing, loss + 0.05) <= kept + 1e-12


def test_reflection_by_the_formula() -> None:
    """Martin and Ruiz 2001, equation 3: at 80 deg, a_r = 0.17, (1 - exp(-0.1736 / 0.17)) / (1 - exp(-1 / 0.17))."""
    cosine = math.cos(math.radians(80))
    by_hand = (1 - math.exp(-cosine / 0.17)) / (1 - math.exp(-1 / 0.17))
    assert kept_at(cosine, 0.17) == pytest.approx(by_hand)
    assert kept_at(1.0, 0.17) == 1.0
    assert kept_at(0.2, 0.0) == 1.0


def test_cells_lose_as_they_warm_and_give_the_figure_of_the_file_facing_the_sun() -> None:
    """At some 340 K, where an array that faces the Sun settles, it gives what the rover reckons with."""
    assert cell_share(301.15, REAL) == REAL.cell_efficiency * REAL.packing
    assert cell_share(311.15, REAL) == pytest.approx(cell_share(301.15, REAL) * (1 - 0.022))
    assert cell_share(1e4, REAL) == 0.0
    assert cell_share(340.0, REAL) == pytest.approx(YUTU_2.array_efficiency, rel=0.05)


def test_dust_keeps_light_away() -> None:
    exposure = Exposure(sun_direction=sun_at(0.0, 45.0), flux_w_m2=1361.0)
    axes = body_axes(0.0, 0.0, 0.0)
    clean = array_w(exposure, 320.0, YUTU_2, REAL, axes=axes)
    dusty = array_w(exposure, 320.0, YUTU_2, REAL, axes=axes, faults=EnergyFaults(dust=0.25))
    assert dusty == pytest.approx(0.75 * clean)


def test_a_cold_battery_loses_more_and_leaks_less() -> None:
    warm, cold = (battery_at(kelvin, YUTU_2, REAL) for kelvin in (293.15, 253.15))
    assert (warm.charge_efficiency, warm.discharge_efficiency) == (pytest.approx(0.95), pytest.approx(0.97))
    assert cold.charge_efficiency < warm.charge_efficiency
    assert cold.discharge_efficiency < warm.discharge_efficiency
    assert 0 < cold.leak_per_s < warm.leak_per_s
    grown = math.exp(REAL.battery_activation_j_mol / 8.314462618 * (1 / 253.15 - 1 / 293.15))
    assert 1 / cold.charge_efficiency - 1 == pytest.approx((1 / 0.95 - 1) * grown)


def test_a_battery_left_alone_leaks_by_the_day() -> None:
    after = flow(
        battery(0.8),
        array_out_w=0.0,
        load_w=0.0,
        duration_s=10 * 86_400.0,
        battery=battery_at(293.15, YUTU_2, REAL),
    )
    assert after.stored_j == pytest.approx(0.8 * YUTU_2.battery_j * 0.999**10)
    assert after.leak_j == pytest.approx(0.8 * YUTU_2.battery_j - after.stored_j)


def test_a_full_battery_is_kept_full_and_spills_the_rest() -> None:
    leaky = cells(leak_per_s=1e-6)
    after = flow(battery(1.0), array_out_w=100.0, load_w=0.0, duration_s=1000.0, battery=leaky)
    assert after.stored_j == YUTU_2.battery_j
    assert after.leak_j == pytest.approx(YUTU_2.battery_j * 1e-3)
    assert after.spill_j == pytest.approx(1e5 - YUTU_2.battery_j * 1e-3 / 0.95)


@settings(deadline=None, max_examples=100)
@given(
    st.floats(0, 1),
    st.floats(0, 200),
    st.floats(0, 200),
    st.floats(1, 1e6),
    st.sampled_from([0.0, 1e-8, 1e-5]),
)
def test_a_span_in_two_halves_comes_to_the_same(
    soc: float, array_out_w: float, load_w: float, duration_s: float, leak: float
) -> None:
    """The flow is exact: how a span is cut does not matter."""
    leaky, rates = cells(leak_per_s=leak), {"array_out_w": array_out_w, "load_w": load_w}
    whole = flow(battery(soc), **rates, duration_s=duration_s, battery=leaky)  # type: ignore[arg-type]
    half = flow(battery(soc), **rates, duration_s=duration_s / 2, battery=leaky)  # type: ignore[arg-type]
    both = flow(half, **rates, duration_s=duration_s / 2, battery=leaky)  # type: ignore[arg-type]
    for name in ("stored_j", "loss_j", "leak_j", "spill_j", "unserved_j"):
        assert getattr(both, name) == pytest.approx(
            getattr(whole, name), abs=1e-7 * max(whole.moved_j, YUTU_2.battery_j)
        ), name


def test_cells_that_fail_take_their_charge_with_them() -> None:
    broken = battery_at(293.15, YUTU_2, IDEAL, EnergyFaults(cells_lost=0.25))
    assert broken.capacity_j == 0.75 * YUTU_2.battery_j
    after = flow(battery(1.0), array_out_w=0.0, load_w=0.0, duration_s=60.0, battery=broken)
    assert after.stored_j == 0.75 * YUTU_2.battery_j
    assert after.loss_j == 0.25 * YUTU_2.battery_j
    assert after.imbalance_j == 0.0


@pytest.mark.parametrize("name", ["dust", "cells_lost", "rhu_lost"])
@pytest.mark.parametrize("value", [-0.01, 1.01, math.nan])
def test_a_fault_that_is_no_share_is_refused(name: str, value: float) -> None:
    with pytest.raises(UsageError, match=f"faults.{name} = .*: no share; give 0 to 1"):
        EnergyFaults(**{name: value})
