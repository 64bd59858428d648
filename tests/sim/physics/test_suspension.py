"""How six wheels settle: planes in closed form, mirrored ground, ledges by hand, and a slow peer that settles too."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter
from scipy.optimize import fsolve

from rover.core.vehicle import VehicleParams
from sim.moon.ground import Ground
from sim.physics.power import body_axes, deck_normal
from sim.physics.stance_kernels import STANCE_FIGURES
from sim.physics.stance_kernels import stand as stand_still
from sim.physics.suspension import Stance, rig_of, settle, wheel_places
from tests.sim.physics.settling_peer import Peer, mass_height
from tests.sim.shaped import CHASSIS, YUTU_2, ground, leaning, plane

RIG = rig_of(YUTU_2, CHASSIS)
EXACT = 1e-6
"""Heights are float32: a slope over a wheelbase of a metre is out by a few 1e-7."""


def stand(
    on: Ground,
    *,
    yaw: float = 0.0,
    east: float = 0.0,
    north: float = 0.0,
    back: bool = False,
    sunk: float = 0.0,
) -> Stance:
    return settle(on, RIG, east_m=east, north_m=north, yaw_rad=yaw, backwards=back, sinkage_m=sunk)


def rough(seed: int, *, rms_m: float, blur: float = 2.5, side: int = 400) -> npt.NDArray[np.float64]:
    """Smoothed noise on cells of 0.05 m, (side, side)."""
    noise = gaussian_filter(np.random.default_rng(seed).standard_normal((side, side)), blur, mode="wrap")
    return np.asarray(noise * rms_m / noise.std())


def ground_of(cells: npt.NDArray[np.float64]) -> Ground:
    """Ground of an array whose middle lies at the origin."""
    half = cells.shape[0] // 2

    def shape(east: npt.NDArray[np.float64], north: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        row = np.clip(np.floor(north / 0.05 + 1e-6).astype(int) + half, 0, len(cells) - 1)
        col = np.clip(np.floor(east / 0.05 + 1e-6).astype(int) + half, 0, len(cells) - 1)
        return np.asarray(cells[row, col])

    return ground(shape)


@pytest.mark.parametrize("yaw_deg", range(-180, 180, 15))
def test_across_a_slope_of_20_deg_the_roll_is_20_deg_and_the_pitch_nothing(yaw_deg: int) -> None:
    yaw = math.radians(yaw_deg)
    stance = stand(leaning(0, 20, yaw), yaw=yaw, east=3.3, north=-1.7)
    assert math.degrees(stance.roll_rad) == pytest.approx(20.0, abs=1e-4)
    assert math.degrees(stance.pitch_rad) == pytest.approx(0.0, abs=1e-4)
    assert stance.rocker_rad == pytest.approx(0.0, abs=EXACT)
    assert stance.bogie_rad == pytest.approx((0.0, 0.0), abs=2 * EXACT)


@pytest.mark.parametrize("yaw_deg", range(-180, 180, 15))
def test_up_a_slope_the_nose_is_up(yaw_deg: int) -> None:
    yaw = math.radians(yaw_deg)
    uphill = leaning(20, 0, yaw)
    stance = stand(uphill, yaw=yaw)
    assert math.degrees(stance.pitch_rad) == pytest.approx(20.0, abs=1e-4)
    assert math.degrees(stance.roll_rad) == pytest.approx(0.0, abs=1e-4)
    assert math.degrees(stand(uphill, yaw=yaw + math.pi).pitch_rad) == pytest.approx(-20.0, abs=1e-4)


grades = st.floats(-1.0, 1.0)


@settings(deadline=None, max_examples=100)
@given(grades, grades, st.floats(-math.pi, math.pi), st.floats(-3, 3), st.floats(-3, 3))
def test_on_any_plane_the_deck_lies_along_it(
    per_east: float, per_north: float, yaw: float, east: float, north: float
) -> None:
    stance = stand(plane(per_east, per_north), yaw=yaw, east=east, north=north)
    normal = np.array([-per_east, -per_north, 1.0]) / math.sqrt(1 + per_east**2 + per_north**2)
    np.testing.assert_allclose(deck_normal(yaw, stance.pitch_rad, stance.roll_rad), normal, atol=3 * EXACT)
    assert stance.up_m == pytest.approx(per_east * east + per_north * north, abs=3 * EXACT)
    assert stance.belly_gap_m == pytest.approx(YUTU_2.belly_clearance_m, abs=3 * EXACT)
    assert stance.step_m == pytest.approx(0.0, abs=5 * EXACT)
    climb = per_east * math.cos(yaw) + per_north * math.sin(yaw)
    assert stance.pitch_rad == pytest.approx(math.atan(climb), abs=3 * EXACT)
    assert sum(stance.load_n) == pytest.approx(RIG.weight_n, rel=1e-9)
    on_the_plane = sum(stance.load_n) * normal[2]
    assert on_the_plane == pytest.approx(RIG.weight_n * math.cos(math.acos(normal[2])), rel=1e-9)


def test_on_level_ground_every_wheel_bears_a_sixth() -> None:
    stance = stand(plane(0.0, 0.0))
    assert stance.load_n == pytest.approx((RIG.weight_n / 6,) * 6, rel=1e-9)
    # Over the side, half the track over the height of the centre of mass; over front or rear, half the wheelbase.
    assert stance.tip_margin_rad == pytest.approx(math.atan(min(0.45, 0.55) / 0.4), rel=1e-9)


def test_on_a_cross_slope_the_lower_side_bears_more_by_the_height_of_the_mass() -> None:
    """Moments about the line through the lower wheels' contacts, by hand."""
    stance = stand(leaning(0, 20))
    left, right = sum(stance.load_n[::2]), sum(stance.load_n[1::2])
    tilt = math.radians(20)
    lever = 0.45 * math.cos(tilt) - 0.4 * math.sin(tilt)
    assert left == pytest.approx(RIG.weight_n * lever / (0.9 * math.cos(tilt)), rel=1e-5)
    assert right == pytest.approx(RIG.weight_n - left, rel=1e-9)
    assert stance.tip_margin_rad == pytest.approx(math.atan(0.45 / 0.4) - tilt, abs=1e-5)


def test_it_tips_where_the_weight_passes_the_lower_wheels() -> None:
    critical = math.degrees(math.atan(0.45 / 0.4))
    held, fallen = stand(leaning(0, critical - 0.1)), stand(leaning(0, critical + 0.1))
    assert not held.tips and sum(held.load_n[::2]) > 0
    assert fallen.tips and sum(fallen.load_n[::2]) < 0


@pytest.mark.parametrize("seed", range(3))
def test_mirrored_ground_mirrors_the_stance(seed: int) -> None:
    cells = rough(seed, rms_m=0.06)
    # Cells lie at half a side from the axis, so that the mirror image has the same cells.
    here, there = ground_of(cells), ground_of(cells[::-1])
    for east, north, yaw in np.random.default_rng(seed).uniform(-2, 2, (20, 3)):
        one = stand(here, east=east, north=north, yaw=yaw)
        other = stand(there, east=east, north=-north, yaw=-yaw)
        assert other.up_m == pytest.approx(one.up_m, abs=1e-8)
        assert other.pitch_rad == pytest.approx(one.pitch_rad, abs=1e-8)
        assert other.roll_rad == pytest.approx(-one.roll_rad, abs=1e-8)
        assert other.rocker_rad == pytest.approx(-one.rocker_rad, abs=1e-8)
        assert other.bogie_rad == pytest.approx(one.bogie_rad[::-1], abs=1e-8)
        mirrored = [one.load_n[k] for k in (1, 0, 3, 2, 5, 4)]
        assert other.load_n == pytest.approx(mirrored, abs=1e-5)
        assert other.belly_gap_m == pytest.approx(one.belly_gap_m, abs=1e-7)


@pytest.mark.parametrize("seed", range(8))
def test_it_settles_as_a_slow_finer_peer_does(seed: int) -> None:
    on = ground_of(rough(10 + seed, rms_m=0.05, blur=4.0))
    east, north, yaw = np.random.default_rng(seed).uniform(-2, 2, 3).tolist()
    stance = stand(on, east=east, north=north, yaw=yaw)
    found = np.array([stance.up_m, stance.pitch_rad, stance.roll_rad, stance.rocker_rad, *stance.bogie_rad])
    peer = Peer(on, east, north, yaw)
    assert np.abs(peer.gaps(found)).max() < 1e-3, "the rim is felt every 7.5 deg only"
    settled = fsolve(peer.gaps, found, xtol=1e-12)
    assert np.abs(peer.gaps(settled)).max() < 1e-6
    assert settled == pytest.approx(found, abs=2e-3)


def test_loads_do_no_work_whatever_the_mechanism_does() -> None:
    """By finite differences of the peer's mechanism: forces on the contacts balance the weight in all six freedoms."""
    on = ground_of(rough(4, rms_m=0.05, blur=4.0))
    stance = stand(on, east=0.4, north=0.2, yaw=0.7)
    q = np.array([stance.up_m, stance.pitch_rad, stance.roll_rad, stance.rocker_rad, *stance.bogie_rad])
    peer = Peer(on, 0.4, 0.2, 0.7)
    loads = np.array(stance.load_n)
    assert loads.sum() == pytest.approx(RIG.weight_n)
    for k in (1, 2):  # a turn of the body about its centre moves wheels and mass by the same rotation
        step = np.zeros(6)
        step[k] = 1e-6
        rise = (peer.axles(q + step)[:, 2] - peer.axles(q - step)[:, 2]) / 2e-6
        mass = [mass_height(q + sign * step, 0.7) for sign in (1, -1)]
        # Contacts lie under the axles, by the rim's angle there: what is left over is small.
        assert loads @ rise == pytest.approx(RIG.weight_n * (mass[0] - mass[1]) / 2e-6, abs=3.0)


@pytest.mark.parametrize("seed", range(6))
def test_loads_hold_every_pivot_in_balance(seed: int) -> None:
    """Vertical forces where the rims touch: their sum and moments hold the body, and no link turns about its pivot."""
    on = ground_of(rough(20 + seed, rms_m=0.05, blur=4.0))
    east, north, yaw = np.random.default_rng(seed).uniform(-2, 2, 3).tolist()
    ahead = rig_of(YUTU_2, CHASSIS.model_copy(update={"mass_centre_forward_m": 0.1}))
    patch = on.near(east, north, ahead.reach_m)
    side = patch.resolution_m
    place = np.array([(north - patch.north_m) / side, (east - patch.east_m) / side, side])
    stance, wheels, levers = np.empty(STANCE_FIGURES), np.empty((6, 6)), np.empty((6, 6))
    given = patch.elevation_m, place, yaw, 0.3, ahead.figures, ahead.rim, ahead.across, ahead.belly
    assert stand_still(*given, stance, wheels, levers, np.empty((12, 7)), np.empty(ahead.rim.shape))
    up, pitch, roll, rocker = stance[:4].tolist()
    load, axes = stance[-6:], body_axes(yaw, pitch, roll)
    contact = wheels[:, :3] - [0.0, 0.0, up]
    mass = 0.1 * axes[0] + 0.4 * axes[2]
    assert load.sum() == pytest.approx(ahead.weight_n, rel=1e-12)
    np.testing.assert_allclose(load @ contact[:, :2], ahead.weight_n * mass[:2], atol=1e-8)
    noses = []
    for sign, front, middle, rear in ((1.0, 0, 2, 4), (-1.0, 1, 3, 5)):
        y, turn = sign * YUTU_2.track_m / 2, sign * rocker
        x, z = 0.55 - YUTU_2.rocker_pivot_back_m, YUTU_2.rocker_pivot_up_m
        pivot = x * axes[0] + y * axes[1] + z * axes[2]
        dx, dz = YUTU_2.rocker_pivot_back_m - YUTU_2.bogie_pivot_back_m, YUTU_2.bogie_pivot_up_m - z
        turned = dx * math.cos(turn) - dz * math.sin(turn), dx * math.sin(turn) + dz * math.cos(turn)
        hinge = pivot + turned[0] * axes[0] + turned[1] * axes[2]
        about = [_moment(load[k], contact[k] - hinge, axes[1]) for k in (middle, rear)]
        assert sum(about) == pytest.approx(0.0, abs=1e-8)
        assert abs(about[0]) > 1.0
        noses.append(sum(_moment(load[k], contact[k] - pivot, axes[1]) for k in (front, middle, rear)))
    assert noses[0] == pytest.approx(noses[1], abs=1e-8), "the differential passes on no more than it gets"
    assert abs(noses[0]) > 1.0


def _moment(force_n: float, arm: npt.NDArray[np.float64], axis: npt.NDArray[np.float64]) -> float:
    """Return the moment of a force upwards about an axis."""
    return float(np.cross(arm, [0.0, 0.0, force_n]) @ axis)


def test_the_body_pitches_by_the_mean_of_both_rockers() -> None:
    """One side on a ledge, the other not: the differential halves what the side's own rocker turns by."""
    ledge = ground(lambda east, north: np.where(north > 0.2, 0.1 * (east > 0.3), 0.0))
    both = ground(lambda east, north: 0.1 * (east > 0.3) + 0 * north)
    one, two = stand(ledge), stand(both)
    assert one.pitch_rad > 0.02
    assert two.rocker_rad == pytest.approx(0.0, abs=1e-9)
    assert one.pitch_rad == pytest.approx(one.rocker_rad, abs=1e-3), "the right rocker stays level"
    assert two.pitch_rad == pytest.approx(2 * one.pitch_rad, rel=0.02)


def test_a_wheel_spans_what_a_point_would_fall_into() -> None:
    crack = ground(lambda east, north: np.where(np.abs(east - 0.575) < 0.01, -1.0, 0.0) + 0 * north)
    sag = 0.15 - math.sqrt(0.15**2 - 0.05**2)
    assert stand(crack).pitch_rad > -2 * sag / 1.1, "an edge to either side bears it"
    ridge = ground(lambda east, north: np.where(np.abs(east - 0.55 - 0.1) < 0.03, 0.08, 0.0) + 0 * north)
    assert stand(ridge).pitch_rad > 0.01, "ground before the axle lifts the wheel"


def rock(at_east: float, at_north: float, height_m: float, radius_m: float = 0.08) -> Ground:
    return ground(
        lambda east, north: np.where(np.hypot(east - at_east, north - at_north) <= radius_m, height_m, 0.0)
    )


@pytest.mark.parametrize("height_m", [0.1, 0.24, 0.26, 0.5])
def test_a_rock_between_the_wheels_takes_from_the_bellys_gap(height_m: float) -> None:
    stance = stand(rock(0.25, 0.0, height_m))
    assert (stance.pitch_rad, stance.roll_rad, stance.step_m) == pytest.approx((0.0, 0.0, 0.0), abs=1e-9)
    assert stance.belly_gap_m == pytest.approx(YUTU_2.belly_clearance_m - height_m)
    assert stance.high_centred == (height_m > YUTU_2.belly_clearance_m)
    assert stand(rock(0.25, 0.0, height_m), north=0.8).belly_gap_m == YUTU_2.belly_clearance_m


def test_the_belly_comes_lower_by_what_the_wheels_sink() -> None:
    assert stand(plane(0, 0), sunk=0.03).belly_gap_m == pytest.approx(0.22)


@pytest.mark.parametrize("height_m", [0.05, 0.3])
def test_a_rock_before_a_wheel_is_a_step_of_its_height(height_m: float) -> None:
    wheel = wheel_places(YUTU_2)[0]
    ahead = rock(wheel[0] + 0.29, wheel[1], height_m)
    assert stand(ahead).step_m == pytest.approx(height_m)
    assert stand(ahead, back=True).step_m == pytest.approx(0.0)
    turned = stand(rock(-wheel[0] - 0.29, -wheel[1], height_m), yaw=math.pi)
    assert turned.step_m == pytest.approx(height_m)
    behind = rock(-wheel[0] - 0.29, wheel[1], height_m)
    assert stand(behind, back=True).step_m == pytest.approx(height_m)
    assert stand(behind).step_m == pytest.approx(0.0)


def test_a_step_is_counted_from_the_slope_that_the_rover_stands_on() -> None:
    slope = math.tan(math.radians(15))
    wheel = wheel_places(YUTU_2)[0]

    def stone(east: npt.NDArray[np.float64], north: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        near = np.hypot(east - wheel[0] - 0.28, north - wheel[1]) <= 0.13
        return np.asarray(slope * east + np.where(near, 0.2, 0.0))

    # What is measured along the body's up is shorter than along the plumb line.
    assert stand(ground(stone)).step_m == pytest.approx(0.2 * math.cos(math.radians(15)), rel=0.01)


def test_a_drop_is_no_step_up() -> None:
    edge = ground(lambda east, north: np.where(east > 0.75, -1.0, 0.0) + 0 * north)
    assert stand(edge).step_m == pytest.approx(0.0)
    assert stand(edge, east=1.5, back=True).step_m == pytest.approx(1.0)  # backing up against it


def test_unknown_ground_gives_no_stance_to_rely_on() -> None:
    hole = ground(lambda east, north: np.where(east > 0.5, np.nan, 0.0) + 0 * north)
    stance = stand(hole)
    assert not stance.belly_gap_m >= 0
    assert not stance.step_m <= YUTU_2.step_limit_m
    assert not stance.tip_margin_rad > 0
    before = stand(ground(lambda east, north: np.where(east > 0.85, np.nan, 0.0) + 0 * north))
    assert before.pitch_rad == 0.0
    assert not before.step_m <= YUTU_2.step_limit_m, "what lies before a wheel is not known either"


def test_beyond_its_stops_the_suspension_says_so() -> None:
    assert stand(plane(0, 0)).stops_slack_rad == pytest.approx(YUTU_2.rocker_limit_rad)
    high = ground(lambda east, north: np.where(north > 0.2, 0.5 * (east > 0.3), 0.0))
    assert stand(high).stops_slack_rad < 0


def test_another_vehicle_stands_otherwise() -> None:
    wide = VehicleParams.model_validate(YUTU_2.model_dump() | {"belly_clearance_m": 0.4})
    stance = settle(
        plane(0.1, 0.0), rig_of(wide, CHASSIS), east_m=0.0, north_m=0.0, yaw_rad=0.0, backwards=False
    )
    assert stance.belly_gap_m == pytest.approx(0.4)


def test_wheels_stand_symmetrically_inside_the_body() -> None:
    wheels = wheel_places(YUTU_2)
    assert wheels.shape == (6, 2)
    np.testing.assert_allclose(wheels.sum(axis=0), 0.0, atol=1e-12)
    assert np.ptp(wheels[:, 0]) == pytest.approx(YUTU_2.wheelbase_m)
    assert np.ptp(wheels[:, 1]) == pytest.approx(YUTU_2.track_m)
    assert (wheels[:2, 0] > 0).all()  # front first, left before right
    assert wheels[0, 1] > 0 > wheels[1, 1]


def test_a_stance_hangs_on_the_pose_alone() -> None:
    """Whichever patch was kept from before."""
    on, poses = ground_of(rough(7, rms_m=0.05)), np.random.default_rng(0).uniform(-4, 4, (30, 3)).tolist()
    forth = [stand(on, east=e, north=n, yaw=y) for e, n, y in poses]
    back = [stand(on, east=e, north=n, yaw=y) for e, n, y in reversed(poses)]
    assert forth == back[::-1]


def test_every_pose_on_rough_ground_settles() -> None:
    on = ground_of(rough(8, rms_m=0.08, blur=2.0))
    poses = np.random.default_rng(1).uniform(-4, 4, (500, 3)).tolist()
    stances = [stand(on, east=e, north=n, yaw=y) for e, n, y in poses]
    assert all(math.isfinite(stance.up_m) for stance in stances)
