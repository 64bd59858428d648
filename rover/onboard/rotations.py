"""Rotations of the body against the site frame: matrices, rotation vectors, and the angles of docs/conventions.md.

A rotation is a (3, 3) matrix whose columns are the body's axes forward, left and up, each east, north and up: it takes
a vector of the body's frame to the site's. Formulas as in Sola 2017, Quaternion kinematics for the error-state Kalman
filter (arXiv:1711.02508), sections 2.3 and 2.4.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

_SMALL_RAD = 1e-9


def cross_matrix(vector: Floats) -> Floats:
    """Return the (3, 3) matrix that takes the cross product of a (3,) vector with what it multiplies."""
    x, y, z = vector.tolist()
    return np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])


def rotation_of(vector_rad: Floats) -> Floats:
    """Return the (3, 3) rotation of a (3,) rotation vector (Rodrigues)."""
    angle = float(np.linalg.norm(vector_rad))
    cross = cross_matrix(vector_rad)
    if angle < _SMALL_RAD:
        return np.eye(3) + cross
    about = math.sin(angle) / angle * cross
    return np.asarray(np.eye(3) + about + (1.0 - math.cos(angle)) / angle**2 * (cross @ cross))


def rotation_from_angles(yaw_rad: float, pitch_rad: float, roll_rad: float) -> Floats:
    """Return the (3, 3) rotation of yaw, then nose up, then left side up."""
    cy, sy = math.cos(yaw_rad), math.sin(yaw_rad)
    cp, sp = math.cos(pitch_rad), math.sin(pitch_rad)
    cr, sr = math.cos(roll_rad), math.sin(roll_rad)
    forward = np.array([cy * cp, sy * cp, sp])
    level_left, level_up = np.array([-sy, cy, 0.0]), np.array([-cy * sp, -sy * sp, cp])
    return np.column_stack([forward, level_left * cr + level_up * sr, level_up * cr - level_left * sr])


def angles_of(rotation: Floats) -> tuple[float, float, float]:
    """Return yaw, pitch and roll of a (3, 3) rotation, in radians."""
    forward, left, up = rotation[:, 0], rotation[:, 1], rotation[:, 2]
    yaw = math.atan2(forward[1], forward[0])
    return yaw, math.asin(max(-1.0, min(1.0, float(forward[2])))), math.atan2(float(left[2]), float(up[2]))


def orthonormal(rotation: Floats) -> Floats:
    """Return the rotation nearest to a (3, 3) matrix that rounding has taken off one."""
    left, _, right = np.linalg.svd(rotation)
    return np.asarray(left @ right)
