"""Ground laid out along headings, each as soon as it is asked for, so that how a rover stands is soon bounded.

What wheels stand on is the same whichever way round they point, so half a circle of headings serves.
"""

from __future__ import annotations

import math
from functools import lru_cache
from sys import getrefcount
from threading import Lock

import numpy as np
import numpy.typing as npt

from rover.core.strips import by_strips
from rover.hazard.aligned_kernels import (
    HEADINGS,
    OFF,
    highest_across,
    highest_of_blocks,
    lay_out,
    rests_along,
)
from rover.hazard.clearance_figures import ClearanceFigures
from rover.hazard.crest_kernels import CUT_M, find_crests, raise_to_crests
from rover.hazard.standing_kernels import Rover

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]

SPACING_M = 0.025
"""Of the samples."""

LAYERS = 6
"""Tops of blocks, lowest and highest ground, highest across a wheel, and where a wheel rests at the least and most."""


class AlignedGround:
    """Two surfaces, with the ground between them, laid out about a place."""

    def __init__(
        self,
        low_m: npt.NDArray[np.float32],
        high_m: npt.NDArray[np.float32],
        side_m: float,
        middle: tuple[float, float],
        reach_m: float,
        figures: ClearanceFigures,
        *,
        spacing_m: float = SPACING_M,
    ) -> None:
        """Take the surfaces; nothing is laid out yet.

        Args:
            low_m, high_m: (rows, cols) bilinear between the cells' centres; NaN is unknown.
            side_m: Of a cell.
            middle: Column and row about which they are laid out, as fractions.
            reach_m: How far from there, along and across.
            figures: Of the vehicle.
            spacing_m: Of the samples.
        """
        self._low, self._high, self._side, self._middle = low_m, high_m, side_m, np.array(middle)
        self._figures, self.spacing_m = figures, spacing_m
        samples = 2 * math.ceil(reach_m / spacing_m) + 1
        self.layers = room_for((LAYERS, HEADINGS, samples, samples))
        self._done: set[int] = set()
        self._crests = crests_near(high_m, spacing_m / side_m, middle, (reach_m + 2 * spacing_m) / side_m)
        self.rover = Rover(
            figures.boxes, figures.arms, figures.limits, figures.links, figures.belly, figures.weights
        )

    def places(self, cells: Floats) -> tuple[npt.NDArray[np.int64], Floats]:
        """Return by which heading each of n poses is laid out, which is done, and where it is on that.

        Args:
            cells: (n, 4) column and row as fractions, cosine and sine of the yaw.

        Returns:
            (n,) headings and (n, 4) metres ahead and left of the middle, cosine and sine of the yaw from the heading.
        """
        cos, sin = cells[:, 2], cells[:, 3]
        bins = np.floor(np.arctan2(sin, cos) / math.pi * HEADINGS + 0.5).astype(np.int64) % HEADINGS
        wanted = sorted(set(bins.tolist()) - self._done)
        if wanted:
            by_strips(len(wanted), lambda first, last: self._lay_out(wanted[first:last]), least=1)
            self._done.update(wanted)
        angle = bins * (math.pi / HEADINGS)
        c, s = np.cos(angle), np.sin(angle)
        east, north = ((cells[:, :2] - self._middle) * self._side).T
        found = np.stack(
            [east * c + north * s, north * c - east * s, cos * c + sin * s, sin * c - cos * s], axis=1
        )
        return bins, np.ascontiguousarray(found)

    def _lay_out(self, headings: list[int]) -> None:
        for heading in headings:
            lay_along(
                self._low, self._high, self._side, self._middle, heading * (math.pi / HEADINGS), self._figures,
                self._crests, self.layers[:, heading], spacing_m=self.spacing_m, off=OFF,
            )  # fmt: skip


_rooms: dict[tuple[int, ...], list[Singles]] = {}
_lock = Lock()


def room_for(shape: tuple[int, ...], *, kept: int = 2) -> Singles:
    """Return an array to be filled: one that was given out before, if nobody holds it any more.

    Memory that is new each time costs as much as what is laid out in it.

    Args:
        shape: Of the array.
        kept: How many of this shape are kept for later.
    """
    with _lock:
        rooms = _rooms.setdefault(shape, [])
        for k in range(len(rooms)):
            if getrefcount(rooms[k]) <= 2:  # the list's, and the argument's
                return rooms[k]
        room = np.empty(shape, np.float32)
        if len(rooms) < kept:
            rooms.append(room)
        return room


def lay_along(
    low_m: npt.NDArray[np.float32],
    high_m: npt.NDArray[np.float32],
    side_m: float,
    middle: Floats,
    heading_rad: float,
    figures: ClearanceFigures,
    crests: npt.NDArray[np.float32],
    layers: npt.NDArray[np.float32],
    *,
    spacing_m: float,
    off: float,
) -> None:
    """Lay two surfaces out along a heading.

    Args:
        low_m, high_m, side_m, middle, figures, spacing_m: As of `AlignedGround`.
        heading_rad: Counter-clockwise from east.
        crests: (n, 3) as of `crests_near`.
        layers: (LAYERS, m, n) filled.
        off: Sine of the most that a wheel points off the heading.
    """
    tops, low, high, wide, rest_low, rest_high = layers
    step = spacing_m
    cos, sin = math.cos(heading_rad), math.sin(heading_rad)
    lay_out(low_m, high_m, low_m is high_m, side_m, middle, cos, sin, step, low, high)
    raise_to_crests(crests, middle, cos, sin, step / side_m, wide, high)
    highest_of_blocks(high, tops)
    radius, half = float(figures.belly[5]), float(figures.belly[6]) / 2
    # A wheel may point so far off the heading: its ends lie aside, its sides ahead.
    aside, ahead = radius * off, half * off
    highest_across(high, (half + aside) / step, True, wide)
    rests_along(wide, *_rim(radius, radius + ahead, -ahead, step), True, rest_high)
    # At its lowest a wheel still stands on what is under it wherever its axle is nearest to this sample.
    narrow = np.empty_like(low)
    highest_across(low, max(0.0, half - aside - step / 2) / step, False, narrow)
    ahead += step / 2
    rests_along(narrow, *_rim(radius, radius - ahead, ahead, step), False, rest_low)


def crests_near(
    high_m: npt.NDArray[np.float32], step: float, middle: tuple[float, float], reach: float
) -> npt.NDArray[np.float32]:
    """Return (n, 3) column, row and height of points of crests off which samples so many cells apart cut too much.

    No part of the rover is further than so many cells from the middle; the crests there are all that count.
    """
    least = np.float32(CUT_M * 4 / step)
    col, row = (max(0, math.floor(at - reach) - 2) for at in middle)
    east, north = (max(0, math.ceil(at + reach) + 3) for at in middle)
    near = np.ascontiguousarray(high_m[row:north, col:east])
    # More than there are but on the roughest ground; what is not written to takes no memory.
    found = np.empty((near.size, 3), np.float32)
    count = find_crests(near, least, found)
    if count > len(found):
        found = np.empty((count, 3), np.float32)
        find_crests(near, least, found)
    found = found[:count]
    found[:, 0] += np.float32(col)
    found[:, 1] += np.float32(row)
    return found[(found[:, 0] - middle[0]) ** 2 + (found[:, 1] - middle[1]) ** 2 <= reach * reach]


@lru_cache(maxsize=64)
def _rim(
    radius_m: float, length_m: float, more_m: float, step_m: float
) -> tuple[npt.NDArray[np.float32], np.float32]:
    """Return how high a wheel's rim is 0, 1, ... samples ahead and at its end, and how far the end is from the last.

    It is told of places `more_m` further ahead, none of which is beyond the rim.
    """
    whole = math.floor(length_m / step_m + 1e-9)
    at = np.clip(np.append(np.arange(whole + 1) * step_m, length_m) + more_m, 0.0, radius_m)
    return (radius_m - np.sqrt(radius_m**2 - at**2)).astype(np.float32), np.float32(length_m / step_m - whole)
