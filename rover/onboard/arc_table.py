"""The motions that the local planner chooses among: turn in place, then an arc, then a second arc.

They are laid out once per vehicle, as poses from where the rover stands; the table is mirrored left to right.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.vehicle import VehicleParams
from rover.hazard.clearance import arc_poses
from rover.hazard.clearance_figures import clearance_figures

Floats = npt.NDArray[np.float64]

REACH_M = 6.0
"""Longest way of both arcs."""

FIRST_SHARE = 3 / 8
"""Of the way that is the first arc: a little more than is driven until the next look."""

TURN_STEP_RAD = math.radians(15.0)

SWEEP_RAD = math.radians(1.875)
"""Poses of a turn in place are so far apart, each speaking for those half as far to either side."""

SWEEP_DRIFT_M = 0.01
"""How far the rover may stray as it turns in place."""

EDGE_M = 0.6
"""Arcs of sequences are so long."""

SPACING_M = 0.02
"""Of the poses along an arc."""

DRIFT_PER_M, MOST_DRIFT_M = 0.015, 0.015
"""How far the rover is expected to stray from an arc, per metre driven and at most: it looks again every metre."""

BENDS = (-1.0, -0.6, -0.3, 0.0, 0.3, 0.6, 1.0)
"""Curvatures, in shares of the tightest."""

TIGHTEST_WHEELBASES = 1.1
"""Radius of the tightest arc: its outer wheels are steered by some 35 deg."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ArcTable:
    """Trees of motions. Tree `(t * bends + f) * bends + s` turns by `turn_rad[t]`, then bends by `f`, then by `s`.

    Attributes:
        turn_rad: (turns,) counter-clockwise, -pi up to but not pi, and 0 among them.
        curvature_per_m: (bends,) positive to the left.
        first_m, second_m: Lengths of the arcs.
        first: (turns * bends, n, 4) poses along the first arc as forward, left, cosine and sine of the yaw, from where
            the rover stood before it turned; the first of them is where it begins.
        second: (trees, k, 4) the same along the second.
        back: (turns * bends, n, 4) poses along an arc backwards, as long as the first.
        first_spread_m, second_spread_m: (bends, n, 2) and (bends, k, 2) what each pose's clearance must allow for along
            and across: half the way to the next pose, and straying.
    """

    turn_rad: Floats
    curvature_per_m: Floats
    first_m: float
    second_m: float
    first: Floats
    second: Floats
    back: Floats
    first_spread_m: Floats
    second_spread_m: Floats

    def __post_init__(self) -> None:
        turns, bends = len(self.turn_rad), len(self.curvature_per_m)
        n, k = self.first.shape[1], self.second.shape[1]
        shapes = {
            "turn_rad": (turns,),
            "curvature_per_m": (bends,),
            "first": (turns * bends, n, 4),
            "second": (turns * bends * bends, k, 4),
            "back": (turns * bends, n, 4),
            "first_spread_m": (bends, n, 2),
            "second_spread_m": (bends, k, 2),
        }
        for name, shape in shapes.items():
            object.__setattr__(self, name, locked(getattr(self, name), np.float64, shape, name))

    def __len__(self) -> int:
        return len(self.second)

    def parts(self, tree: int) -> tuple[int, int, int]:
        """Return the indices of a tree's turn, first and second bend."""
        bends = len(self.curvature_per_m)
        return tree // (bends * bends), tree // bends % bends, tree % bends


@lru_cache(maxsize=16)
def arc_table(vehicle: VehicleParams) -> ArcTable:
    """Return the table of a vehicle.

    Its arcs end where the rover still has all of itself within the range of its senses: further on nothing is known.
    """
    reach = min(REACH_M, vehicle.sensing_range_m - clearance_figures(vehicle).reach_m)
    reach = max(reach, 2 * vehicle.length_m)
    first_m, second_m = FIRST_SHARE * reach, (1 - FIRST_SHARE) * reach
    tightest = 1 / (TIGHTEST_WHEELBASES * vehicle.wheelbase_m)
    curvature = np.array(BENDS) * tightest
    half = round(math.pi / TURN_STEP_RAD)
    turns = np.arange(-half, half).astype(np.float64) * TURN_STEP_RAD
    n, k = math.ceil(first_m / SPACING_M) + 1, math.ceil(second_m / SPACING_M) + 1
    first, second, back = [], [], []
    for turn in turns.tolist():
        for bend in curvature.tolist():
            one = arc_poses((0.0, 0.0, turn), length_m=first_m, curvature_per_m=bend, count=n)
            first.append(one)
            back.append(arc_poses((0.0, 0.0, turn), length_m=-first_m, curvature_per_m=bend, count=n))
            end = tuple(one[-1].tolist())
            second += [
                arc_poses(end, length_m=second_m, curvature_per_m=after, count=k)
                for after in curvature.tolist()
            ]
    return ArcTable(
        turn_rad=turns,
        curvature_per_m=curvature,
        first_m=first_m,
        second_m=second_m,
        first=_directed(np.array(first)),
        second=_directed(np.array(second)),
        back=_directed(np.array(back)),
        first_spread_m=spreads(vehicle, curvature, first_m, n, from_m=0.0),
        second_spread_m=spreads(vehicle, curvature, second_m, k, from_m=first_m),
    )


def spreads(
    vehicle: VehicleParams, curvature_per_m: Floats, length_m: float, count: int, *, from_m: float
) -> Floats:
    """Return (bends, count, 2) how far any part of the rover may be, along and across, from where each pose puts it.

    Args:
        vehicle: For how far it reaches.
        curvature_per_m: (bends,) of the arcs.
        length_m, count: Of the arcs, and how many poses lie along them.
        from_m: Way before they begin.
    """
    half = length_m / (count - 1) / 2
    lever = np.abs(curvature_per_m) * clearance_figures(vehicle).reach_m
    strayed = np.minimum(DRIFT_PER_M * (from_m + np.linspace(0.0, length_m, count)), MOST_DRIFT_M)
    across = (half * lever)[:, None] + strayed[None, :]
    wide = np.stack([half + across, across], axis=-1)
    # Astray along it the rover is where another pose puts it, but for how far the arc has turned on the way.
    turned = lever[:, None] * (half + strayed)[None, :]
    # But at the ends no other pose does.
    ends = math.ceil(MOST_DRIFT_M / (2 * half) + 1)
    beyond = np.zeros(count)
    beyond[:ends], beyond[-ends:] = strayed[:ends], strayed[-ends:]
    short = np.stack([half + turned + beyond, strayed[None, :] + turned], axis=-1)
    smaller = short.prod(axis=-1) < wide.prod(axis=-1)
    return np.where(smaller[..., None], short, wide)


def sweep_m(vehicle: VehicleParams) -> float:
    """Return how far any part may be from where a pose of a turn in place puts it."""
    return SWEEP_RAD / 2 * clearance_figures(vehicle).reach_m + SWEEP_DRIFT_M


def _directed(poses: Floats) -> Floats:
    """Return (..., 4) with cosine and sine in the place of the yaw."""
    yaw = poses[..., 2]
    return np.stack([poses[..., 0], poses[..., 1], np.cos(yaw), np.sin(yaw)], axis=-1)
