"""The error-state Kalman filter's algebra: a nominal pose with biases, the covariance of its error, and one update.

Sola 2017, Quaternion kinematics for the error-state Kalman filter (arXiv:1711.02508), sections 5 to 7, with the error
of attitude in the site frame: true rotation = exp(error) times the nominal one. The pose at the last look is carried
along as a clone, so that what is measured against it is weighed with its own error (Roumeliotis and Burdick 2002,
doi:10.1109/ROBOT.2002.1014801). Updates take Joseph's form, which keeps the covariance symmetric and positive; a
measurement whose innovation is further out than chi-square allows is refused (Bar-Shalom, Li and Kirubarajan 2001,
Estimation with Applications to Tracking and Navigation, section 5.4).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.special import chdtri

from rover.core.arrays import locked
from rover.onboard.rotations import cross_matrix, orthonormal, rotation_of

Floats = npt.NDArray[np.float64]

PLACE, TURN = slice(0, 3), slice(3, 6)
GYRO, LEVEL = slice(6, 9), slice(9, 12)
SLIP, GRADE, SLIDE, SIDE, SCALE, PULL = 12, 13, 14, 15, 16, 17
CLONE_PLACE, CLONE_TURN = slice(18, 21), slice(21, 24)
SIZE = 24
"""Errors of: place, attitude, biases of gyroscopes and accelerometers, slip, slip of grade, slide, side slip, scale of
looks and their pull towards the Sun; place and attitude of the clone."""

GATE = 0.9999
"""Chance with which a good measurement passes."""

GATES = (0.0, *(float(chdtri(dof, 1.0 - GATE)) for dof in range(1, 7)))
"""Greatest squared innovation by its number of dimensions."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Estimate:
    """A nominal state and the covariance of its error.

    Attributes:
        place_m: (3,) east, north and up above the datum, of the middle of the wheels' contacts.
        rotation: (3, 3) body to site, as `rover.onboard.rotations` has it.
        gyro_rad_s: (3,) bias of the gyroscopes.
        level_m_s2: (3,) bias of the accelerometers.
        slip: Share of the wheels' way that the rover falls short of on the level, their radius' error included.
        grade_slip: How much more it falls short of it, per sine of the way's rise; as much less going down.
        slide_m_per_rad: How far it slides down in a turn in place, per radian and per sine of the tilt.
        side_slip: How far it slides down across its way, per metre and per sine of the roll.
        look_scale: Share by which the motion that looks tell is longer than the way come.
        look_pull: How far they tell it too far towards the Sun, in their own standard deviations along the way.
        clone_place_m, clone_rotation: (3,), (3, 3) the pose at the last look.
        covariance: (24, 24) in the order of the slices above.
    """

    place_m: Floats
    rotation: Floats
    gyro_rad_s: Floats
    level_m_s2: Floats
    slip: float
    grade_slip: float
    slide_m_per_rad: float
    side_slip: float
    look_scale: float
    look_pull: float
    clone_place_m: Floats
    clone_rotation: Floats
    covariance: Floats

    def __post_init__(self) -> None:
        shapes = {
            "place_m": (3,), "rotation": (3, 3), "gyro_rad_s": (3,), "level_m_s2": (3,),
            "clone_place_m": (3,), "clone_rotation": (3, 3), "covariance": (SIZE, SIZE),
        }  # fmt: skip
        for name, shape in shapes.items():
            object.__setattr__(self, name, locked(getattr(self, name), np.float64, shape, name))

    def cloned(self) -> Estimate:
        """Return the same with the present pose as the clone."""
        into = np.eye(SIZE)
        into[CLONE_PLACE], into[CLONE_TURN] = 0.0, 0.0
        into[CLONE_PLACE, PLACE], into[CLONE_TURN, TURN] = np.eye(3), np.eye(3)
        return replace(
            self,
            clone_place_m=self.place_m,
            clone_rotation=self.rotation,
            covariance=into @ self.covariance @ into.T,
        )


def widened(estimate: Estimate, along: Floats) -> Estimate:
    """Return the same, less sure: by an error of one standard deviation along each of some directions.

    Args:
        estimate: Before.
        along: (k, 24) errors, each of which may have been made, independently of the others.
    """
    return replace(estimate, covariance=estimate.covariance + along.T @ along)


def update(
    estimate: Estimate, residual: Floats, slope: Floats, noise: Floats, *, gated: bool = True
) -> tuple[Estimate, bool]:
    """Return the estimate after a measurement, and whether it was taken; as it was, where the gate refuses it.

    Args:
        estimate: Before it.
        residual: (m,) measured less expected, m up to 6.
        slope: (m, 24) what the measurement grows by with each error.
        noise: (m, m) covariance of the measurement.
        gated: Whether it may be refused.
    """
    before = estimate.covariance
    spread = slope @ before @ slope.T + noise
    if gated and float(residual @ np.linalg.solve(spread, residual)) > GATES[len(residual)]:
        return estimate, False
    gain = np.linalg.solve(spread, slope @ before).T
    left = np.eye(SIZE) - gain @ slope
    after = left @ before @ left.T + gain @ noise @ gain.T
    return _injected(estimate, gain @ residual, after), True


def relative_slope(estimate: Estimate) -> Floats:
    """Return the (6, 24) matrix that takes errors to those of the pose as the clone sees it: (3,) shift, (3,) turn.

    A point at `a` from the rover is seen out by `shift + turn x a`, with axes east, north and up.
    """
    into = np.zeros((6, SIZE))
    into[:3, PLACE], into[:3, CLONE_PLACE] = np.eye(3), -np.eye(3)
    into[:3, CLONE_TURN] = cross_matrix(estimate.place_m - estimate.clone_place_m)
    into[3:, TURN], into[3:, CLONE_TURN] = np.eye(3), -np.eye(3)
    return into


def _injected(estimate: Estimate, error: Floats, covariance: Floats) -> Estimate:
    """Put an error found into the nominal state, and turn the covariance with it (Sola 2017, section 7.2)."""
    reset = np.eye(SIZE)
    for part in (TURN, CLONE_TURN):
        reset[part, part] += 0.5 * cross_matrix(error[part])
    turned = reset @ covariance @ reset.T
    return Estimate(
        place_m=estimate.place_m + error[PLACE],
        rotation=orthonormal(rotation_of(error[TURN]) @ estimate.rotation),
        gyro_rad_s=estimate.gyro_rad_s + error[GYRO],
        level_m_s2=estimate.level_m_s2 + error[LEVEL],
        slip=estimate.slip + float(error[SLIP]),
        grade_slip=estimate.grade_slip + float(error[GRADE]),
        slide_m_per_rad=estimate.slide_m_per_rad + float(error[SLIDE]),
        side_slip=estimate.side_slip + float(error[SIDE]),
        look_scale=estimate.look_scale + float(error[SCALE]),
        look_pull=estimate.look_pull + float(error[PULL]),
        clone_place_m=estimate.clone_place_m + error[CLONE_PLACE],
        clone_rotation=orthonormal(rotation_of(error[CLONE_TURN]) @ estimate.clone_rotation),
        covariance=0.5 * (turned + turned.T),
    )
