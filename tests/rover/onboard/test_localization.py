"""The filter: right in the mean, no surer than it is, and deaf to what cannot be."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import chi2

from rover.core.boundary import Command, Inertial, Mode, Odometry
from rover.core.eyes import EyesParams
from rover.io.vehicle import read_vehicle
from rover.onboard.dead_reckoning import (
    GRADE_SLIP,
    GRADE_SLIP_SIGMA,
    SLIDE_LENGTH_M,
    SLIDE_M_PER_RAD,
    SLIDE_SIGMA,
    SLIP_SIGMA,
    TURNING_M_PER_RAD,
    carried_on,
)
from rover.onboard.error_state import CLONE_PLACE, GATES, PLACE, PULL, SIZE, SLIDE, Estimate, update
from rover.onboard.localization import LocalizationState, init_localization, localize
from rover.onboard.rotations import angles_of, rotation_from_angles, rotation_of
from tests.builders.blind_drives import GRAVITY_M_S2, SUN, Moment, blind_drive, turn_error

EYES = read_vehicle("yutu-2").part("eyes", EyesParams)
SIGMA = {"place_sigma_m": 0.1, "up_sigma_m": 0.2, "yaw_sigma_rad": 0.02}


def started(moment: Moment, seed: int | None = None) -> LocalizationState:
    """Return the start as told: out by as much as is said, or not at all."""
    yaw, _, _ = angles_of(moment.rotation)
    draws = np.zeros(4) if seed is None else np.random.default_rng(seed).standard_normal(4)
    east, north, up = (moment.place_m + draws[:3] * [0.1, 0.1, 0.2]).tolist()
    return init_localization(EYES, place_m=(east, north, up), yaw_rad=yaw + 0.02 * float(draws[3]), **SIGMA)


def followed(moments: list[Moment], state: LocalizationState, **other) -> list[LocalizationState]:  # type: ignore[no-untyped-def]
    states = []
    for moment in moments:
        given = {"command": moment.command, "sun": SUN, "eyes": EYES, "gravity_m_s2": GRAVITY_M_S2} | other
        state = localize(state, moment.seen, **given)
        states.append(state)
    return states


def errors(moment: Moment, state: LocalizationState) -> np.ndarray:
    """Return (6,) true less believed: place, and turn about east, north and up."""
    return np.concatenate(
        [moment.place_m - state.estimate.place_m, turn_error(moment.rotation, state.estimate.rotation)]
    )


def nees(moment: Moment, state: LocalizationState) -> float:
    error = errors(moment, state)
    return float(error @ np.linalg.solve(state.covariance, error))


@pytest.mark.parametrize("seeds", [8, pytest.param(150, marks=pytest.mark.slow)])
def test_over_many_seeds_the_error_is_as_the_covariance_says(seeds: int) -> None:
    """The normalized squared error is chi-square of six at the end of each drive, its mean within its own spread.

    The filter's way noise is wider than this drive's on purpose, so that ground rougher than this one is covered: the
    mean may be lower than six, and not higher.
    """
    ends = []
    for seed in range(seeds):
        moments = blind_drive(EYES, seed, count=25)
        ends.append(nees(moments[-1], followed(moments, started(moments[0], seed))[-1]))
    spread = math.sqrt(2 * 6 / len(ends))
    assert 3.0 - spread < np.mean(ends) < 6.0 + 2.6 * spread
    assert np.mean(np.array(ends) < chi2.ppf(0.99, 6)) >= 0.95


@pytest.mark.parametrize("seeds", [25, pytest.param(300, marks=pytest.mark.slow)])
def test_attitude_alone_is_as_sure_as_it_says(seeds: int) -> None:
    """Nothing is wider than it need be here: standing still, the mean is that of chi-square of three."""
    ends = []
    for seed in range(seeds):
        moments = blind_drive(EYES, seed, count=6, stay_s=600.0)
        state = followed(moments, started(moments[0], seed))[-1]
        error = errors(moments[-1], state)[3:]
        ends.append(float(error @ np.linalg.solve(state.covariance[3:, 3:], error)))
    assert np.mean(ends) == pytest.approx(3.0, abs=3.0 * math.sqrt(2 * 3 / len(ends)))


def test_without_a_measurement_the_place_grows_uncertain_with_the_way_and_not_with_time() -> None:
    still = blind_drive(EYES, 1, count=10, stay_s=600.0)
    driven = blind_drive(EYES, 1, count=40)
    sigma = [state.sigma_m for state in followed(driven, started(driven[0]))]
    assert all(later > earlier for earlier, later in zip(sigma[:-1], sigma[1:], strict=True))
    assert followed(still, started(still[0]))[-1].sigma_m == pytest.approx(0.1, abs=1e-6)


def test_the_sun_holds_the_heading_and_without_it_the_gyroscopes_lose_it() -> None:
    seen = blind_drive(EYES, 2, count=120)
    unseen = blind_drive(EYES, 2, count=120, sees_sun=False)
    held, lost = (followed(m, started(m[0]))[-1] for m in (seen, unseen))
    yaw_sigma = [math.degrees(math.sqrt(state.covariance[5, 5])) for state in (held, lost)]
    assert yaw_sigma[0] < 0.12 and yaw_sigma[1] > 1.0
    error = [abs(math.degrees(errors(m[-1], s)[5])) for m, s in ((seen, held), (unseen, lost))]
    assert error[0] < 3 * yaw_sigma[0] and error[1] < 3 * yaw_sigma[1]
    assert held.estimate.covariance[8, 8] < 0.1 * lost.estimate.covariance[8, 8]  # and so its bias is known


def test_a_sun_that_is_not_where_it_was_told_is_refused_and_counted() -> None:
    moments = blind_drive(EYES, 3, count=12)
    good = followed(moments[:7], started(moments[0]))[-1]
    stale = replace(SUN, azimuth_rad=SUN.azimuth_rad + math.radians(8.0))
    states = followed(moments[7:11], good, sun=stale)
    assert good.sun_refused == 0
    assert [state.sun_refused for state in states] == list(range(1, len(states) + 1))
    assert all(nees(m, s) < chi2.ppf(0.999, 6) for m, s in zip(moments[7:11], states, strict=True))
    healed = followed(moments[11:], states[-1])[-1]
    assert healed.sun_refused == 0


def test_gravity_tells_the_tilt_that_nobody_told() -> None:
    moments = blind_drive(EYES, 4, count=5)
    states = followed(moments, started(moments[0]))
    for moment, state in zip(moments, states, strict=True):
        true, told = angles_of(moment.rotation), state.angles_rad
        assert told[1:] == pytest.approx(true[1:], abs=math.radians(0.5))


def test_wheels_or_inertial_unit_may_fail_and_the_rest_goes_on() -> None:
    for lacking in ({"odometry": None}, {"inertial": None}):
        moments = [replace_seen(moment, **lacking) for moment in blind_drive(EYES, 5, count=12)]
        state = followed(moments, started(moments[0]))[-1]
        error = errors(moments[-1], state)[:2]
        assert float(error @ np.linalg.solve(state.covariance[:2, :2], error)) < chi2.ppf(0.999, 2)
        whole = blind_drive(EYES, 5, count=12)
        assert state.sigma_m > followed(whole, started(whole[0]))[-1].sigma_m


def replace_seen(moment: Moment, **other) -> Moment:  # type: ignore[no-untyped-def]
    return Moment(moment.command, replace(moment.seen, **other), moment.place_m, moment.rotation)


def test_it_is_pure() -> None:
    moments = blind_drive(EYES, 6, count=8)
    first = followed(moments, started(moments[0]))
    again = followed(moments, started(moments[0]))
    assert all(
        one.estimate.covariance.tobytes() == other.estimate.covariance.tobytes()
        and one.place_m == other.place_m
        for one, other in zip(first, again, strict=True)
    )


def test_an_update_is_that_of_bayes_and_keeps_the_covariance_symmetric_and_positive() -> None:
    moments = blind_drive(EYES, 7, count=5)
    e = followed(moments, started(moments[0]))[-1].estimate
    rng = np.random.default_rng(8)
    slope, noise = np.zeros((2, SIZE)), np.diag([0.04, 0.09])
    slope[0, 0], slope[1, 1] = 1.0, 1.0
    residual = rng.normal(0.0, 0.1, 2)
    after, taken = update(e, residual, slope, noise)
    assert taken
    joint = e.covariance[:2, :2]
    expected = joint @ np.linalg.solve(joint + noise, residual)
    np.testing.assert_allclose((after.place_m - e.place_m)[:2], expected, rtol=1e-9)
    np.testing.assert_allclose(
        after.covariance[:2, :2], np.linalg.inv(np.linalg.inv(joint) + np.linalg.inv(noise)), rtol=1e-6
    )
    np.testing.assert_array_equal(after.covariance, after.covariance.T)
    assert np.linalg.eigvalsh(after.covariance).min() > -1e-12
    far = residual + 1e3
    same, taken = update(e, far, slope, noise)
    assert not taken and same is e


def test_gates_pass_what_chi_square_has_pass() -> None:
    for dof in range(1, 7):
        assert chi2.cdf(GATES[dof], dof) == pytest.approx(0.9999, abs=1e-9)


def test_rotations_are_those_of_their_angles() -> None:
    rng = np.random.default_rng(9)
    for yaw, pitch, roll in rng.uniform(-1.3, 1.3, (20, 3)):
        rotation = rotation_from_angles(yaw, pitch, roll)
        np.testing.assert_allclose(rotation.T @ rotation, np.eye(3), atol=1e-12)
        assert angles_of(rotation) == pytest.approx((yaw, pitch, roll))
    np.testing.assert_allclose(
        rotation_of(np.array([0.0, 0.0, 0.4])), rotation_from_angles(0.4, 0.0, 0.0), atol=1e-12
    )


def test_at_rest_the_gyroscopes_tell_their_bias_and_the_heading_is_kept() -> None:
    """Neither Sun nor motion is needed for it: nothing turns."""
    moments = blind_drive(EYES, 2, count=8, stay_s=600.0, sees_sun=False)
    states = followed(moments, started(moments[0]))
    bias = math.radians(EYES.imu.gyro_bias_deg_h) / 3600.0
    assert math.sqrt(states[-1].estimate.covariance[8, 8]) < 0.35 * bias
    assert states[-1].covariance[5, 5] == pytest.approx(states[0].covariance[5, 5], rel=1e-3)
    error = errors(moments[-1], states[-1])
    assert abs(error[5]) < 3.0 * math.sqrt(states[-1].covariance[5, 5])


@pytest.mark.parametrize("stay_s", [0.0, 300.0])
def test_a_bias_that_jumps_is_found_again_and_told_of(stay_s: float) -> None:
    """A step of 80 deg/h, eighty times what is expected: refused, doubted from the third time on, and learnt."""
    fault = math.radians(80.0) / 3600.0
    moments = blind_drive(EYES, 4, count=40, stay_s=stay_s)
    jumped = [
        moment
        if k < 10 or moment.seen.inertial is None
        else replace_seen(
            moment,
            inertial=replace(
                moment.seen.inertial,
                turned_rad=(
                    *moment.seen.inertial.turned_rad[:2],
                    moment.seen.inertial.turned_rad[2] + fault * moment.seen.inertial.elapsed_s,
                ),
            ),
        )
        for k, moment in enumerate(moments)
    ]
    states = followed(jumped, started(jumped[0]))
    assert not any(state.uncertain for state in states[:10])
    assert any(state.uncertain for state in states[10:25])
    assert not states[-1].uncertain
    bias = states[-1].estimate
    assert bias.gyro_rad_s[2] == pytest.approx(fault, rel=0.25)
    error = errors(jumped[-1], states[-1])[3:]
    assert float(error @ np.linalg.solve(states[-1].covariance[3:, 3:], error)) < chi2.ppf(0.999, 3)


def test_in_a_turn_on_a_slope_it_expects_to_slide_down_and_learns_how_far() -> None:
    """A slope of 10 deg falling to the south, a turn of two rad: down by the mean, in doubt by its spread."""
    slope = math.radians(10.0)
    state = init_localization(
        EYES, place_m=(0.0, 0.0, 0.0), yaw_rad=math.pi / 2, pitch_rad=slope, place_sigma_m=1e-6, up_sigma_m=1e-6,
        yaw_sigma_rad=1e-6, tilt_sigma_rad=1e-6,
    )  # fmt: skip
    seen = replace(blind_drive(EYES, 1, count=1)[0].seen, odometry=Odometry(forward_m=0.0, turn_rad=2.0))
    seen = replace(
        seen, inertial=Inertial(turned_rad=(0.0, 0.0, 2.0), felt_m_s2=(0.0, 0.0, 0.0), elapsed_s=0.0)
    )
    turn = Command(mode=Mode.DRIVE, turn_rad=2.0)
    e, _ = carried_on(state.estimate, seen, turn, EYES)
    way = 2.0 * math.sin(slope)
    assert e.place_m[1] == pytest.approx(-SLIDE_M_PER_RAD * way * math.cos(slope), rel=1e-3)
    assert abs(e.place_m[0]) < 1e-6
    sigma = np.sqrt(np.diag(e.covariance)[:2])
    assert sigma[1] == pytest.approx(
        math.hypot(SLIDE_SIGMA * way * math.cos(slope), 2.0 * TURNING_M_PER_RAD), rel=0.02
    )
    slid = np.zeros((1, SIZE))
    slid[0, 1] = 1.0  # the place is told: it slid twice as far
    after, taken = update(e, np.array([-SLIDE_M_PER_RAD * way]), slid, np.array([[1e-8]]))
    assert taken and after.slide_m_per_rad > 1.2 * SLIDE_M_PER_RAD


def on_slope(pitch_rad: float) -> Estimate:
    """Return the pose of a rover that looks up or down a slope, told exactly, its soil not known."""
    state = init_localization(
        EYES, place_m=(0.0, 0.0, 0.0), yaw_rad=0.0, pitch_rad=pitch_rad, place_sigma_m=1e-6, up_sigma_m=1e-6,
        yaw_sigma_rad=1e-6, tilt_sigma_rad=1e-6,
    )  # fmt: skip
    return state.estimate


def rolled(e: Estimate, way_m: float) -> Estimate:
    """Return the estimate carried on straight ahead, or back, without a turn."""
    seen = blind_drive(EYES, 1, count=1)[0].seen
    still = Inertial(turned_rad=(0.0, 0.0, 0.0), felt_m_s2=(0.0, 0.0, 0.0), elapsed_s=0.0)
    seen = replace(seen, odometry=Odometry(forward_m=way_m, turn_rad=0.0), inertial=still)
    return carried_on(e, seen, Command(mode=Mode.DRIVE, drive_m=way_m), EYES)[0]


@pytest.mark.parametrize("pitch_deg", [10.0, -10.0])
@pytest.mark.parametrize("way_m", [1.0, -1.0])
def test_wheels_slip_uphill_and_skid_downhill_whichever_way_they_roll(pitch_deg: float, way_m: float) -> None:
    pitch = math.radians(pitch_deg)
    e = rolled(on_slope(pitch), way_m)
    rise = math.sin(pitch) * math.copysign(1.0, way_m)
    came = float(np.linalg.norm(e.place_m))
    assert came == pytest.approx(1.0 - GRADE_SLIP * rise, abs=0.005)
    assert (came < 1.0) == (e.place_m[2] > 0.0)
    sigma = math.sqrt(e.covariance[0, 0]) / math.cos(pitch)
    assert sigma > math.hypot(SLIP_SIGMA, GRADE_SLIP_SIGMA * abs(rise))


def test_what_slips_uphill_is_expected_to_skid_on_the_way_down() -> None:
    """Looks see the way up; the way down is by wheels alone. Before, what had slipped went on slipping: 0.3 m out."""
    grade, pitch = 0.5, math.radians(10.0)
    e = on_slope(pitch)
    for _ in range(8):
        e = rolled(e.cloned(), 1.0)
        seen = np.zeros((3, SIZE))
        seen[:, PLACE], seen[:, CLONE_PLACE] = np.eye(3), -np.eye(3)
        came = (1.0 - grade * math.sin(pitch)) * e.rotation[:, 0]
        e, taken = update(e, came - (e.place_m - e.clone_place_m), seen, 1e-6 * np.eye(3))
        assert taken
    top = e.place_m
    for _ in range(4):
        e = rolled(e, -1.0)
    assert float(np.linalg.norm(e.place_m - top)) == pytest.approx(
        4.0 * (1.0 + grade * math.sin(pitch)), abs=0.12
    )


def test_a_slope_that_falls_towards_the_sun_does_not_pass_for_the_pull_of_looks() -> None:
    """Up and down a slope with the Sun below it: skid and slip alike take the rover further that way than it rolled.

    A metre's look is out by what it says, 8 mm, times a pull of 0.3; the filter is to keep believing that.
    """
    pitch, pull, sigma = math.radians(10.0), 0.3, 0.008
    e = on_slope(pitch)
    for step in range(60):
        way = 1.0 if step % 2 else -1.0
        e = rolled(e.cloned(), way)
        slope = np.zeros((3, SIZE))
        slope[:, PLACE], slope[:, CLONE_PLACE] = np.eye(3), -np.eye(3)
        slope[0, PULL] = -sigma  # towards the Sun, down in the west
        came = way * (1.0 - 0.4 * way * math.sin(pitch)) * e.rotation[:, 0] + [-pull * sigma, 0.0, 0.0]
        told = e.place_m - e.clone_place_m + slope[:, PULL] * e.look_pull
        e, taken = update(e, came - told, slope, sigma**2 * np.eye(3))
        assert taken
    assert e.look_pull == pytest.approx(pull, abs=0.1)


def test_soil_is_another_further_on() -> None:
    """How far it slides in turns, learnt in one place, is known there and forgotten over the length of a soil."""
    e = on_slope(math.radians(10.0))
    told = np.zeros((1, SIZE))
    told[0, SLIDE] = 1.0
    learnt, _ = update(e, np.array([0.5 * SLIDE_SIGMA]), told, np.array([[1e-8]]))
    near, far = rolled(learnt, 0.01 * SLIDE_LENGTH_M), rolled(learnt, 10.0 * SLIDE_LENGTH_M)
    assert near.slide_m_per_rad == pytest.approx(learnt.slide_m_per_rad, rel=0.01)
    assert math.sqrt(near.covariance[SLIDE, SLIDE]) < 0.2 * SLIDE_SIGMA
    assert far.slide_m_per_rad == pytest.approx(SLIDE_M_PER_RAD, rel=1e-3)
    assert math.sqrt(far.covariance[SLIDE, SLIDE]) == pytest.approx(SLIDE_SIGMA, rel=1e-3)


@pytest.mark.parametrize("seeds", [30, pytest.param(300, marks=pytest.mark.slow)])
def test_a_drive_by_the_filters_own_laws_is_neither_surer_nor_less_sure_than_it_says(seeds: int) -> None:
    """Way noise as the filter has it: then the normalized squared error is chi-square of six, from both sides."""
    ends = []
    for seed in range(seeds):
        moments = blind_drive(EYES, seed, count=8, own_laws=True)
        ends.append(nees(moments[-1], followed(moments, started(moments[0], seed))[-1]))
    assert np.mean(ends) == pytest.approx(6.0, abs=3.0 * math.sqrt(2 * 6 / seeds))
