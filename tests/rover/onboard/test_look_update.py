"""Taking in a look where the wheels have slipped: it is the wheels that are wrong, and a stall is noticed."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from rover.core.bodies import AU_M
from rover.core.boundary import Command, Mode, Observation, Odometry
from rover.onboard import look_update
from rover.onboard.error_state import PLACE, SIZE, Estimate, widened
from rover.onboard.localization import LocalizationState, init_localization, localize
from rover.onboard.look_update import LOOK_SCALE, laid_upon
from rover.onboard.registration import Registration
from rover.onboard.rotations import angles_of
from rover.sky.almanac import Sun
from tests.rover.onboard.test_registration import EYES, Stop, looked, stops

__all__ = ["stops"]


def begun(stop: Stop) -> LocalizationState:
    east, north, up = stop[1].tolist()
    yaw, pitch, roll = angles_of(stop[2])
    state = init_localization(
        EYES, place_m=(east, north, up), yaw_rad=yaw, pitch_rad=pitch, roll_rad=roll, place_sigma_m=0.05,
        up_sigma_m=0.05, yaw_sigma_rad=0.002, tilt_sigma_rad=0.002,
    )  # fmt: skip
    return localize(state, observed(stop, 0.0), command=None, sun=None, eyes=EYES, gravity_m_s2=1.62)


def observed(stop: Stop, rolled_m: float, turned_rad: float = 0.0) -> Observation:
    """A look, and what the wheels told; without an inertial unit, so that nothing else tells the motion."""
    nowhere = float("nan")
    return Observation(
        time_s=0.0, east_m=nowhere, north_m=nowhere, yaw_rad=nowhere, pitch_rad=nowhere, roll_rad=nowhere, soc=1.0,
        array_w=0.0, stalled=False, heights=None, odometry=Odometry(forward_m=rolled_m, turn_rad=turned_rad),
        stereo=stop[0],
    )  # fmt: skip


def after(old: Stop, new: Stop, rolled_m: float) -> LocalizationState:
    command = Command(mode=Mode.DRIVE, drive_m=rolled_m)
    turned = angles_of(new[2])[0] - angles_of(old[2])[0]
    seen = observed(new, rolled_m, turned)
    return localize(begun(old), seen, command=command, sun=None, eyes=EYES, gravity_m_s2=1.62)


@pytest.mark.parametrize("rolled_m", [1.0, 2.0])
def test_what_the_wheels_slip_the_looks_tell(stops: list[Stop], rolled_m: float) -> None:
    """A metre come with wheels that rolled one, or two: half of it slipped, six times what the filter expects."""
    state = after(stops[0], stops[1], rolled_m)
    assert state.registered and not state.stalled and state.look_refused == 0
    np.testing.assert_allclose(state.place_m[:2], stops[1][1][:2], atol=0.05)
    assert 1.0 - state.estimate.slip == pytest.approx(1.0 / rolled_m, abs=0.2)


def test_wheels_that_turn_on_the_spot_are_a_stall(stops: list[Stop]) -> None:
    state = after(stops[1], stops[1], 1.0)
    assert state.registered and state.stalled
    np.testing.assert_allclose(state.place_m[:2], stops[1][1][:2], atol=0.05)


@pytest.mark.parametrize(("alike", "found"), [((0.05, 0.08, 0.08), False), ((0.05, 0.04, 0.04), True)])
def test_two_starts_that_agree_are_not_believed_where_another_place_leaves_less(
    stops: list[Stop], monkeypatch: pytest.MonkeyPatch, alike: tuple[float, ...], found: bool
) -> None:
    """As among rocks close by: one start comes to the motion as it was, two beside it, and those would be a stall."""
    state = begun(stops[0])
    moved = np.array([[0.0, 0.0, 0.0], [-0.8, 0.0, 0.0], [-0.8, 0.0, 0.0]])
    made = iter(
        Registration(
            directions=np.eye(6),
            moved=np.concatenate([error, np.zeros(3)]),
            variance=np.full(6, 1e-6),
            alike=left,
            inliers=100,
        )
        for error, left in zip(moved, alike, strict=True)
    )
    monkeypatch.setattr(look_update, "TRIED", (0.0, 0.5, 1.0))
    monkeypatch.setattr(look_update, "register", lambda *_given, **_told: next(made))
    ahead = replace(state.estimate, place_m=state.estimate.place_m + np.array([1.0, 0.0, 0.0]))
    _, again = look_update._anywhere(ahead, stops[0][0], stops[1][0], 1.0)
    assert (again is not None) is found


@pytest.mark.parametrize(("alike", "found"), [(0.08, False), (0.06, False), (0.004, True)])
def test_what_looks_from_one_place_leave_is_less(
    stops: list[Stop], monkeypatch: pytest.MonkeyPatch, alike: float, found: bool
) -> None:
    """All starts agree that the rover has hardly moved, as away from the Sun, where a bright patch goes along."""
    state = begun(stops[0])
    stayed = Registration(
        directions=np.eye(6),
        moved=np.array([-0.8, 0, 0, 0, 0, 0]),
        variance=np.full(6, 1e-6),
        alike=alike,
        inliers=9,
    )
    monkeypatch.setattr(look_update, "register", lambda *_given, **_told: stayed)
    ahead = replace(state.estimate, place_m=state.estimate.place_m + np.array([1.0, 0.0, 0.0]))
    _, again = look_update._anywhere(ahead, stops[0][0], stops[1][0], 1.0)
    assert (again is not None) is found


@pytest.mark.parametrize(("uneven", "found"), [(1.3, False), (0.8, True)])
def test_where_heights_do_not_agree_light_is_not_believed_that_the_rover_slipped(
    stops: list[Stop], monkeypatch: pytest.MonkeyPatch, uneven: float, found: bool
) -> None:
    """As away from the Sun: the light of the two looks has much in common 0.4 m short of the way come."""
    state = begun(stops[0])
    short = Registration(
        directions=np.eye(6),
        moved=np.array([-0.4, 0, 0, 0, 0, 0]),
        variance=np.full(6, 1e-6),
        alike=0.08,
        uneven=uneven,
        inliers=9,
    )
    monkeypatch.setattr(look_update, "register", lambda *_given, **_told: short)
    ahead = replace(state.estimate, place_m=state.estimate.place_m + np.array([1.0, 0.0, 0.0]))
    _, again = look_update._anywhere(ahead, stops[0][0], stops[1][0], 1.0)
    assert (again is not None) is found


def test_a_rover_that_does_not_drive_is_not_stalled(stops: list[Stop]) -> None:
    assert not after(stops[1], stops[1], 0.0).stalled


def test_looks_of_other_ground_are_not_believed_whatever_the_slip(stops: list[Stop]) -> None:
    """The look of one place with the points of another, mirrored: no slip explains it."""
    pair = stops[1][0]
    mirrored = tuple(
        replace(
            one,
            picture=None if one.picture is None else replace(one.picture, light=one.picture.light[:, ::-1]),
        )
        for one in pair
    )
    state = after(stops[0], (mirrored, stops[1][1], stops[1][2]), 1.0)
    assert not state.stalled
    error = np.array(state.place_m)[:2] - stops[1][1][:2]
    assert float(error @ np.linalg.solve(state.covariance[:2, :2], error)) < 14.0


SUN_IN_THE_EAST = Sun(azimuth_rad=math.pi / 2, elevation_rad=0.4, distance_m=AU_M, rising=True)


def told_rightly(e: Estimate) -> Registration:
    """What looks tell that agree with what is expected: to 6 mm and 0.2 mrad."""
    return Registration(
        directions=np.eye(6),
        moved=np.zeros(6),
        variance=np.array([0.006**2] * 3 + [2e-4**2] * 3),
        inliers=100,
    )


def driven(e: Estimate, east_m: float, sun: Sun | None) -> Estimate:
    """Go a metre or so on, as wheels tell it, and take in a look that agrees."""
    spread = np.zeros((1, SIZE))
    spread[0, PLACE.start] = 0.05
    ahead = widened(replace(e, place_m=e.place_m + np.array([east_m, 0.0, 0.0])), spread)
    after, taken = look_update._taken(ahead, told_rightly(ahead), sun)
    assert taken
    return after.cloned()


@pytest.mark.parametrize("east_m", [1.0, -1.0])
def test_looks_pull_towards_the_sun_whichever_way_it_is_driven(stops: list[Stop], east_m: float) -> None:
    e = replace(begun(stops[0]).estimate, look_scale=0.0)
    there = [float(driven(e, east_m, sun).place_m[0]) for sun in (None, SUN_IN_THE_EAST)]
    assert there[0] - there[1] == pytest.approx(look_update.LOOK_PULL * 0.006, rel=0.2)


def test_in_a_turn_in_place_looks_do_not_pull(stops: list[Stop]) -> None:
    e = replace(begun(stops[0]).estimate, look_scale=0.0)
    there = [float(driven(e, 0.01, sun).place_m[0]) for sun in (None, SUN_IN_THE_EAST)]
    assert abs(there[0] - there[1]) < 1e-4


def test_out_and_back_again_the_pull_adds_up_while_a_scale_cancels(stops: list[Stop]) -> None:
    """Forty metres: by scale alone the place is known as well as forty looks are, 4 cm."""
    sigma = []
    for sun in (None, SUN_IN_THE_EAST):
        e = begun(stops[0]).estimate
        first = e.covariance[0, 0]
        for east_m in [1.0] * 20 + [-1.0] * 20:
            e = driven(e, east_m, sun)
        sigma.append(math.sqrt(float(e.covariance[0, 0] - first)))
    assert sigma[0] == pytest.approx(0.006 * math.sqrt(40.0), rel=0.1)
    pull = look_update.LOOK_PULL_SIGMA * 0.006 * 40.0
    assert sigma[1] == pytest.approx(math.hypot(sigma[0], pull), rel=0.1)


def test_the_scale_of_looks_is_doubted_and_its_mean_taken_off(stops: list[Stop]) -> None:
    """However often looks agree, the way is known no better than their common scale."""
    state = begun(stops[0])
    e = state.estimate
    laid = laid_upon(e, looked(stops[0]), looked(stops[0]), way_m=0.0)
    assert laid.taken and laid.estimate.look_scale == pytest.approx(LOOK_SCALE, abs=1e-6)
    moved = after(stops[0], stops[1], 1.0)
    along = float(np.sqrt(moved.motion[0, 0]))
    assert along > 0.003
