"""Bettering a way of straight legs over cells of constant cost: less drive, fewer and smaller turns.

By turns the legs are cut into short ones, all points are moved sideways at once to the best of nine places each, and
points that do not pay are left out. Each is one pass of dynamic programming over drive and turns together, so the work
grows with the length of the way, and no step makes it dearer by more than a point fewer is worth.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from rover.planning.band_kernels import shifted, thinned
from rover.planning.padded import PaddedCosts, Points, distinct

PASSES = (
    (8.0, 2.0),
    (4.0, 1.0),
    (2.0, 0.5),
    (1.5, 0.25),
    (2.0, 0.25),
    (1.0, 0.125),
    (2.0, 0.125),
    (1.5, 0.0625),
    (3.0, 0.015625),
)
"""Length of the legs and step between places, in cells; from coarse to fine, so that far places are seen first."""
_ROUNDS = 2
_HALF = 4
_WINDOW = 24
_STOP = 1e-7
"""Cells of the cheapest ground that leaving a point out may cost, so that points on a line go."""


def smoothed(
    costs: PaddedCosts, points: Points, turn_s_per_rad: float, *, between: Callable[[], None] = lambda: None
) -> Points:
    """Return (m, 2) points of a way between the same ends with less drive and turning time.

    Args:
        costs: The ground.
        points: (n, 2), legs clear of lethal ground.
        turn_s_per_rad: Time of turning in place; 0 betters the drive alone.
        between: Called between passes; may raise.
    """
    turn_cost = turn_s_per_rad / costs.resolution_m
    stop_cost = _STOP * costs.least
    way = _thin(costs, distinct(points), turn_cost, stop_cost)
    if _cannot_be_better(costs, way):
        return way
    for length, step in PASSES:
        for _ in range(_ROUNDS):
            between()
            moved = shifted(costs.flat, costs.width, cut_up(way, length), step, _HALF, turn_cost)
            way = _thin(costs, distinct(moved), turn_cost, stop_cost)
    return way


def cut_up(points: Points, length: float) -> Points:
    """Return the points with others between them, evenly, so that legs are about `length` or their own length."""
    steps = np.diff(points, axis=0)
    parts = np.maximum(np.rint(np.hypot(steps[:, 0], steps[:, 1]) / length), 1.0).astype(np.int64)
    leg = np.repeat(np.arange(len(parts)), parts)
    ordinal = np.arange(len(leg)) - np.repeat(np.cumsum(parts) - parts, parts)
    share = ordinal / parts[leg]
    return np.vstack([points[leg] + steps[leg] * share[:, None], points[-1:]])


def _cannot_be_better(costs: PaddedCosts, way: Points) -> bool:
    """Whether it is one leg over the cheapest ground there is."""
    if len(way) != 2:
        return False
    least = costs.least * math.dist(*way) * costs.resolution_m
    return costs.drive_s(way) <= least * (1.0 + 1e-12)


def _thin(costs: PaddedCosts, points: Points, turn_cost: float, stop_cost: float) -> Points:
    while len(points) > 2:
        kept = thinned(costs.flat, costs.width, points, _WINDOW, turn_cost, stop_cost)
        if len(kept) == len(points):
            break
        points = points[kept]
    return points
