"""A settling written apart from the kernels': the mechanism by matrices, the rim felt finely all round."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from sim.moon.ground import Ground
from sim.physics.suspension import wheel_places
from tests.sim.shaped import YUTU_2


class Peer:
    """Settling by scipy on a wheel felt all round: contacts from the closed form of the mechanism, written apart."""

    def __init__(self, on: Ground, east: float, north: float, yaw: float) -> None:
        self.on, self.east, self.north, self.yaw = on, east, north, yaw
        self.places = wheel_places(YUTU_2)

    def axles(self, q: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        up, pitch, roll, rocker, *bogies = q
        turn = _about_up(self.yaw) @ _nose_up(pitch) @ _left_up(roll)
        front = YUTU_2.wheelbase_m / 2
        places = []
        for x, y in self.places:
            side = 0 if y > 0 else 1
            angle = rocker if side == 0 else -rocker
            at = np.array([x, YUTU_2.wheel_radius_m])
            if x < front - 1e-9:
                bogie = np.array([front - YUTU_2.bogie_pivot_back_m, YUTU_2.bogie_pivot_up_m])
                at = bogie + _spin(bogies[side]) @ (at - bogie)
            pivot = np.array([front - YUTU_2.rocker_pivot_back_m, YUTU_2.rocker_pivot_up_m])
            at = pivot + _spin(angle) @ (at - pivot)
            places.append(turn @ np.array([at[0], y, at[1]]) + [self.east, self.north, up])
        return np.array(places)

    def gaps(self, q: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        turn = _about_up(self.yaw) @ _nose_up(q[1]) @ _left_up(q[2])
        angles = np.radians(np.linspace(-80, 80, 321))
        half = YUTU_2.wheel_width_m / 2
        rim = np.array(
            [
                [0.15 * math.sin(a), y, -0.15 * math.cos(a)]
                for y in np.linspace(-half, half, 13)
                for a in angles
            ]
        )
        felt = rim @ turn.T
        points = self.axles(q)[:, None, :] + felt
        return np.asarray((points[..., 2] - self.on.heights(points[..., 0], points[..., 1])).min(axis=1))


def _spin(angle: float) -> npt.NDArray[np.float64]:
    cos, sin = math.cos(angle), math.sin(angle)
    return np.array([[cos, -sin], [sin, cos]])


def _about_up(angle: float) -> npt.NDArray[np.float64]:
    cos, sin = math.cos(angle), math.sin(angle)
    return np.array([[cos, -sin, 0], [sin, cos, 0], [0, 0, 1.0]])


def _nose_up(angle: float) -> npt.NDArray[np.float64]:
    cos, sin = math.cos(angle), math.sin(angle)
    return np.array([[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]])


def _left_up(angle: float) -> npt.NDArray[np.float64]:
    cos, sin = math.cos(angle), math.sin(angle)
    return np.array([[1.0, 0, 0], [0, cos, -sin], [0, sin, cos]])


def mass_height(q: npt.NDArray[np.float64], yaw: float) -> float:
    turn = _about_up(yaw) @ _nose_up(q[1]) @ _left_up(q[2])
    return float((turn @ [0.0, 0.0, 0.4])[2] + q[0])
