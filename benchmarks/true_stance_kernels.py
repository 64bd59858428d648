"""Kernel of `true_stance.py`: which poses stand within all limits on the true ground."""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import kernel
from sim.physics.stance_kernels import BELLY_GAP, STANCE_FIGURES, STEP, stand
from sim.physics.suspension_kernels import (
    BOGIE_LEFT,
    BOGIE_RIGHT,
    PITCH,
    ROCKER_TURN,
    ROLL,
    UNKNOWNS,
    WHEELS,
    WORK_ROWS,
)


@kernel
def stand_at(z, corner, side, poses, reach, offsets, rig, rim, across, belly, limits, passes, first, last):  # type: ignore[no-untyped-def]
    """Fill `passes` for poses `first` up to `last`: whether the rover stands there, and at every offset from there.

    Args:
        z: (rows, cols) float32 heights.
        corner: (2,) east and north of cell (0, 0).
        side: Of a cell, m.
        poses: (n, 3) east, north and yaw.
        reach: How far ahead of its axle a wheel looks for steps; negative backwards.
        offsets: (k, 2) metres ahead and left.
        rig, rim, across, belly: Of a `sim.physics.suspension.Rig`.
        limits: (6,) most pitch, roll, rocker and bogie angle, rad, most step and least room under the belly, m.
        passes: (n,) bool.
    """
    stance, wheels, levers = np.empty(STANCE_FIGURES), np.empty((WHEELS, 6)), np.empty((WHEELS, UNKNOWNS))
    work, room, place = np.empty((WORK_ROWS, UNKNOWNS + 1)), np.empty(rim.shape), np.empty(3)
    place[2] = side
    for n in range(first, last):
        yaw = poses[n, 2]
        cos, sin = math.cos(yaw), math.sin(yaw)
        good = True
        for k in range(len(offsets)):
            east = poses[n, 0] + offsets[k, 0] * cos - offsets[k, 1] * sin
            north = poses[n, 1] + offsets[k, 0] * sin + offsets[k, 1] * cos
            place[0], place[1] = (north - corner[1]) / side, (east - corner[0]) / side
            good = stand(z, place, yaw, reach, rig, rim, across, belly, stance, wheels, levers, work, room)
            good = good and abs(stance[PITCH]) <= limits[0] and abs(stance[ROLL]) <= limits[1]
            good = good and abs(stance[ROCKER_TURN]) <= limits[2]
            good = good and max(abs(stance[BOGIE_LEFT]), abs(stance[BOGIE_RIGHT])) <= limits[3]
            good = good and stance[STEP] <= limits[4] and stance[BELLY_GAP] >= limits[5]
            if not good:
                break
        passes[n] = good
