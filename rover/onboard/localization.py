"""Where the rover is: an error-state filter over wheels, inertial unit, Sun, looks and the orbital map.

`init_localization` takes what the ground says of the start, `localize` what was sensed at the end of a command. Wheels
and gyroscopes carry the pose on; at rest the gyroscopes tell their bias; accelerometers hold pitch and roll; the Sun,
whose direction the almanac on board tells, holds the heading; successive stereo looks are laid upon one another
(`rover.onboard.registration`), and the heights seen on the way upon the orbital map (`rover.onboard.site_match`). The
filter is that of `rover.onboard.error_state`. No measurement is needed: without one, the covariance grows. What a sense
tells against the covariance is refused; refused again and again, it is the covariance that is wrong, and it is widened
(`rover.onboard.doubt`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
from scipy.linalg import block_diag

from rover.core.boundary import Command, Inertial, Observation
from rover.core.eyes import EyesParams
from rover.core.grid import Dem
from rover.onboard.dead_reckoning import (
    GRADE_SLIP,
    GRADE_SLIP_SIGMA,
    HOUR_S,
    SIDE_SLIP,
    SIDE_SLIP_SIGMA,
    SLIDE_M_PER_RAD,
    SLIDE_SIGMA,
    SLIP_SIGMA,
    carried_on,
    still,
)
from rover.onboard.doubt import NO_DOUBT, Doubt, biases_doubted, place_doubted
from rover.onboard.error_state import LEVEL, SIZE, TURN, Estimate, relative_slope, update
from rover.onboard.local_map import LocalMap
from rover.onboard.look_update import (
    LOOK_PULL,
    LOOK_PULL_SIGMA,
    LOOK_SCALE,
    LOOK_SCALE_SIGMA,
    laid_upon,
)
from rover.onboard.looks import Look, look_of
from rover.onboard.rotations import angles_of, cross_matrix, rotation_from_angles
from rover.onboard.site_match import match_site
from rover.planning.dem_error import DemError
from rover.sky.almanac import Sun

Floats = npt.NDArray[np.float64]


UNKNOWN_TILT_RAD = math.radians(5.0)
"""A tilt known no better is taken as it is felt."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LocalizationState:
    """What the rover knows of its place.

    Attributes:
        estimate: Pose, biases and their covariance.
        look: The last look, for the next to be laid upon; None before the first.
        since_look_m: Way since then.
        motion: (6, 6) covariance of the motion between the last two looks: shift, and turn about east, north and up.
        registered: Whether the last look was laid upon the one before.
        stalled: Whether it showed that the wheels turned and the rover did not come on.
        doubt: What the gate has refused lately, and since when each sense was not heard.
        owed_m: (3,) how far the place of the last look has moved since it was taken, by what was told later: the
            local map, which hangs on it, has not gone along yet.
    """

    estimate: Estimate
    look: Look | None = None
    since_look_m: float = 0.0
    motion: Floats = field(default_factory=lambda: np.zeros((6, 6)))
    registered: bool = False
    stalled: bool = False
    doubt: Doubt = NO_DOUBT
    owed_m: Floats = field(default_factory=lambda: np.zeros(3))

    @property
    def place_m(self) -> tuple[float, float, float]:
        """East, north and up above the datum."""
        east, north, up = self.estimate.place_m.tolist()
        return east, north, up

    @property
    def angles_rad(self) -> tuple[float, float, float]:
        """Yaw, pitch and roll."""
        return angles_of(self.estimate.rotation)

    @property
    def sun_refused(self) -> int:
        """How many readings of the Sun, one after the other, the gate refused."""
        return self.doubt.sun

    @property
    def look_refused(self) -> int:
        """How many looks, one after the other, the gate refused."""
        return self.doubt.look

    @property
    def uncertain(self) -> bool:
        """Whether the filter has been told against its covariance so often that it does not trust itself."""
        return self.doubt.uncertain

    @property
    def covariance(self) -> Floats:
        """(6, 6) of the errors of east, north, up and of the attitude about these axes."""
        return self.estimate.covariance[:6, :6]

    @property
    def sigma_m(self) -> float:
        """Standard deviation along the horizontal direction in which the place is known least."""
        return math.sqrt(max(0.0, float(np.linalg.eigvalsh(self.estimate.covariance[:2, :2])[-1])))


def init_localization(
    eyes: EyesParams,
    *,
    place_m: tuple[float, float, float],
    yaw_rad: float,
    pitch_rad: float = 0.0,
    roll_rad: float = 0.0,
    place_sigma_m: float,
    up_sigma_m: float,
    yaw_sigma_rad: float,
    tilt_sigma_rad: float = math.radians(20.0),
) -> LocalizationState:
    """Return what the ground tells of the start.

    Args:
        eyes: How good the senses are.
        place_m: East, north and up above the datum of the map.
        yaw_rad, pitch_rad, roll_rad: The attitude; tilt need not be known, gravity tells it.
        place_sigma_m, up_sigma_m, yaw_sigma_rad, tilt_sigma_rad: Standard deviations of these.
    """
    imu = eyes.imu
    pose = np.array([place_sigma_m] * 2 + [up_sigma_m] + [tilt_sigma_rad] * 2 + [yaw_sigma_rad])
    biases = np.repeat(
        [math.radians(imu.gyro_bias_deg_h) / HOUR_S, imu.accelerometer_bias_m_s2],
        3,
    )
    slips = [
        math.hypot(SLIP_SIGMA, eyes.odometry.scale_error),
        GRADE_SLIP_SIGMA,
        SLIDE_SIGMA,
        SIDE_SLIP_SIGMA,
        LOOK_SCALE_SIGMA,
        LOOK_PULL_SIGMA,
    ]
    sigma = np.concatenate([pose, biases, slips])
    rotation = rotation_from_angles(yaw_rad, pitch_rad, roll_rad)
    estimate = Estimate(
        place_m=np.array(place_m),
        rotation=rotation,
        gyro_rad_s=np.zeros(3),
        level_m_s2=np.zeros(3),
        slip=0.0,
        grade_slip=GRADE_SLIP,
        slide_m_per_rad=SLIDE_M_PER_RAD,
        side_slip=SIDE_SLIP,
        look_scale=LOOK_SCALE,
        look_pull=LOOK_PULL,
        clone_place_m=np.array(place_m),
        clone_rotation=rotation,
        covariance=block_diag(np.diag(sigma**2), np.zeros((6, 6))),
    )
    return LocalizationState(estimate=estimate.cloned())


def localize(
    state: LocalizationState,
    observation: Observation,
    *,
    command: Command | None,
    sun: Sun | None,
    eyes: EyesParams,
    gravity_m_s2: float,
) -> LocalizationState:
    """Return what is known of the place after an observation.

    Args:
        state: Before the command that it ends.
        observation: Of which the pose is not read.
        command: What the body was told; None where it was told nothing.
        sun: Where the almanac has the Sun now; None where it does not say.
        eyes: How good the senses are.
        gravity_m_s2: Of the place.
    """
    estimate, way_m = carried_on(state.estimate, observation, command, eyes)
    elapsed_s = 0.0 if observation.inertial is None else observation.inertial.elapsed_s
    state = replace(
        state,
        estimate=estimate,
        since_look_m=state.since_look_m + way_m,
        stalled=False,
        doubt=state.doubt.later(elapsed_s, way_m),
    )
    state = _held_still(state, command, observation, eyes)
    if observation.inertial is not None:
        state = _levelled(state, observation.inertial, eyes, gravity_m_s2)
    if observation.sun_direction is not None and sun is not None:
        state = _by_the_sun(state, np.array(observation.sun_direction), sun, eyes)
    if observation.stereo:
        look = look_of(observation.stereo, state.estimate.rotation, eyes.matching.window_px)
        state = _by_the_look(state, look, sun)
    return state


def _held_still(
    state: LocalizationState, command: Command | None, observation: Observation, eyes: EyesParams
) -> LocalizationState:
    """Hold the biases of gyroscopes by their readings at rest."""
    told = still(state.estimate, command, observation, eyes)
    if told is None:
        return state
    estimate, taken = update(state.estimate, *told)
    doubt = state.doubt.heard("rest", taken)
    return replace(state, estimate=biases_doubted(estimate, state.doubt, doubt, "rest"), doubt=doubt)


def _levelled(
    state: LocalizationState, inertial: Inertial, eyes: EyesParams, gravity_m_s2: float
) -> LocalizationState:
    """Hold pitch and roll by the pull of gravity, felt at rest."""
    e = _upright(state.estimate, inertial)
    up = gravity_m_s2 * e.rotation[2]
    slope = np.zeros((3, SIZE))
    # Felt = C^T g up + bias, and C = exp(error) C^: C^T up = C^^T (up - error x up).
    slope[:, TURN] = gravity_m_s2 * e.rotation.T @ cross_matrix(np.array([0.0, 0.0, 1.0]))
    slope[:, LEVEL] = np.eye(3)
    noise = max(1e-6, eyes.imu.accelerometer_noise_m_s2) ** 2 * np.eye(3)
    residual = np.array(inertial.felt_m_s2) - up - e.level_m_s2
    estimate, taken = update(e, residual, slope, noise)
    doubt = state.doubt.heard("level", taken)
    return replace(state, estimate=biases_doubted(estimate, state.doubt, doubt, "level"), doubt=doubt)


def _upright(e: Estimate, inertial: Inertial) -> Estimate:
    """Return the estimate with the tilt that is felt, where next to nothing is known of it: too far to be linear."""
    tilt = e.covariance[TURN, TURN][:2, :2]
    if float(np.linalg.eigvalsh(tilt)[0]) < UNKNOWN_TILT_RAD**2:
        return e
    forward, left, up = inertial.felt_m_s2
    pitch, roll = math.atan2(forward, math.hypot(left, up)), math.atan2(left, up)
    rotation = rotation_from_angles(angles_of(e.rotation)[0], pitch, roll)
    return replace(e, rotation=rotation, clone_rotation=rotation)


def _by_the_sun(state: LocalizationState, direction: Floats, sun: Sun, eyes: EyesParams) -> LocalizationState:
    """Hold the attitude by the direction of the Sun; a reading far from the almanac's is refused, and counted."""
    e = state.estimate
    level = math.cos(sun.elevation_rad)
    there = np.array(
        [level * math.sin(sun.azimuth_rad), level * math.cos(sun.azimuth_rad), math.sin(sun.elevation_rad)]
    )
    expected = e.rotation.T @ there
    aside = np.linalg.svd(expected[None, :])[2][1:]  # (2, 3) across the line of sight
    slope = np.zeros((2, SIZE))
    slope[:, TURN] = aside @ e.rotation.T @ cross_matrix(there)
    noise = max(1e-5, math.radians(eyes.sun_sensor.noise_deg)) ** 2 * np.eye(2)
    estimate, taken = update(e, aside @ (direction - expected), slope, noise)
    doubt = state.doubt.heard("sun", taken)
    return replace(state, estimate=biases_doubted(estimate, state.doubt, doubt, "sun"), doubt=doubt)


def _by_the_look(state: LocalizationState, look: Look, sun: Sun | None) -> LocalizationState:
    """Lay a look upon the last one, and keep it for the next."""
    e, doubt, laid = state.estimate, state.doubt, None
    if state.look is not None:
        laid = laid_upon(e, state.look, look, way_m=state.since_look_m, sun=sun)
        e = laid.estimate
        if laid.told:
            doubt = doubt.heard("look", laid.taken)
            e = biases_doubted(e, state.doubt, doubt, "look")
    moved = e.clone_place_m - state.estimate.clone_place_m
    into = relative_slope(e)
    return replace(
        state,
        estimate=e.cloned(),
        look=look,
        since_look_m=0.0,
        motion=into @ e.covariance @ into.T,
        registered=laid is not None and laid.taken,
        stalled=laid is not None and laid.stalled,
        doubt=doubt,
        owed_m=state.owed_m + moved,
    )


def match_map(
    state: LocalizationState, local: LocalMap, orbital: Dem, orbital_error: DemError
) -> tuple[LocalizationState, Floats | None]:
    """Return what is known of the place after laying the local map upon the orbital one, and the (3,) shift of it.

    None in place of the shift where the relief told nothing, or what the covariance does not allow.

    Args:
        state: Before it.
        local: Of the ground about the rover.
        orbital: As uplinked.
        orbital_error: How well its elevations are known.
    """
    found = match_site(local, orbital, orbital_error, state.estimate)
    if found is None:
        return state, None
    told, slope = found
    estimate, taken = update(state.estimate, told.moved, slope, np.diag(told.variance))
    doubt = state.doubt.heard("match", taken)
    if not taken:
        return replace(state, estimate=place_doubted(estimate, state.doubt, doubt), doubt=doubt), None
    return replace(state, estimate=estimate, doubt=doubt), estimate.place_m - state.estimate.place_m
