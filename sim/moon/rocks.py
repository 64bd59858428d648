"""Rocks: half-buried spheroids by an exponential size law, and boulders set down on purpose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.moon.powers import exp
from sim.moon.scatter import HALF_MM, SizeBin, size_bin, stream_key, strew
from sim.moon.shape_kernels import raise_rocks
from sim.moon.site import RockParams

ROCK_STREAM = 4

_PI = 3.141592653589793


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rocks:
    """A list of rocks.

    Attributes:
        place: (n, 2) int64 centres east and north of the site's origin, half-millimetres.
        diameter_m: (n,) widest section, seen from above.
        height_m: (n,) top above the ground.
        resting: (n,) 0 for a spheroid buried to its middle, 1 for a whole one lying on the ground.
    """

    place: npt.NDArray[np.int64]
    diameter_m: npt.NDArray[np.float64]
    height_m: npt.NDArray[np.float64]
    resting: npt.NDArray[np.float64]

    def size_m(self) -> npt.NDArray[np.float64]:
        """Return (n, 3) radius, height of the widest section and of the top above it, for `raise_rocks`."""
        lifted = 0.5 * self.resting * self.height_m
        return np.stack([0.5 * self.diameter_m, lifted, self.height_m - lifted], axis=1)

    def where(self, kept: npt.NDArray[np.bool_]) -> Rocks:
        """Return those of a boolean mask, in the same order."""
        return Rocks(
            place=self.place[kept],
            diameter_m=self.diameter_m[kept],
            height_m=self.height_m[kept],
            resting=self.resting[kept],
        )


def rock_bins(params: RockParams, seed: int) -> tuple[SizeBin, ...]:
    """Return the bins of the population, the smallest rocks first."""
    bins = []
    low_m, index = params.smallest_m, 0
    while low_m < params.largest_m:
        found = size_bin(stream_key(seed, ROCK_STREAM, index), low_m, _density(params))
        if found is not None:
            bins.append(found)
        low_m, index = low_m * 2, index + 1
    return tuple(bins)


def _density(params: RockParams) -> Callable[[float], float]:
    """Return rocks per square metre and metre of diameter, from the area that the law gives to each size."""

    def density_m3(diameter_m: float) -> float:
        if diameter_m > params.largest_m:
            return 0.0
        area_per_m = params.covered_fraction * params.decay_per_m * exp(-params.decay_per_m * diameter_m)
        return area_per_m / (0.25 * _PI * diameter_m * diameter_m)

    return density_m3


def rocks_of(size: SizeBin, params: RockParams, window: tuple[int, int, int, int]) -> Rocks:
    """Return one bin's rocks that reach into a window (west, south, east, north; half-millimetres)."""
    reach = int(size.low_m * HALF_MM) + 1
    west, south, east, north = window
    strewn = strew(size, west - reach, south - reach, east + reach, north + reach)
    ratio = params.flat_ratio + (params.tall_ratio - params.flat_ratio) * strewn.marks[:, 0]
    found = Rocks(
        place=strewn.place,
        diameter_m=strewn.diameter_m,
        height_m=strewn.diameter_m * ratio,
        resting=np.zeros(len(ratio)),
    )
    return touching(found, window)


def touching(rocks: Rocks, window: tuple[int, int, int, int]) -> Rocks:
    """Return the rocks that reach into a window, in the same order."""
    half = (rocks.diameter_m * (0.5 * HALF_MM)).astype(np.int64) + 1
    west, south, east, north = window
    x, y = rocks.place[:, 0], rocks.place[:, 1]
    return rocks.where((x + half >= west) & (x - half <= east) & (y + half >= south) & (y - half <= north))


def boulder_rocks(boulders: npt.ArrayLike | None, shift_m: tuple[float, float]) -> Rocks:
    """Return boulders set down on purpose, each resting whole on the ground.

    Args:
        boulders: (n, 4 or more) east, north, diameter and height above the ground, metres; or None.
        shift_m: What is added to east and north to come into the frame of the ground's cells.
    """
    rows = np.zeros((0, 4)) if boulders is None else np.asarray(boulders, dtype=np.float64)
    if rows.ndim != 2 or rows.shape[1] < 4:
        raise ValueError(f"boulders of shape {rows.shape}, expected (n, 4): east, north, diameter, height")
    place = np.floor((rows[:, :2] + np.array(shift_m)) * HALF_MM + 0.5).astype(np.int64)
    return Rocks(
        place=place, diameter_m=rows[:, 2].copy(), height_m=rows[:, 3].copy(), resting=np.ones(len(rows))
    )


def all_of(lists: list[Rocks]) -> Rocks:
    """Return several lists as one, in order."""
    return Rocks(
        place=np.concatenate([r.place for r in lists]),
        diameter_m=np.concatenate([r.diameter_m for r in lists]),
        height_m=np.concatenate([r.height_m for r in lists]),
        resting=np.concatenate([r.resting for r in lists]),
    )


def raised_m(
    rocks: Rocks, east: int, north: int, step: int, shape: tuple[int, int]
) -> npt.NDArray[np.float64]:
    """Return (rows, cols) height of rock above the ground; a rock narrower than a cell does not show.

    Args:
        rocks: Any list.
        east, north, step: Centre of cell (0, 0) and side of a cell, half-millimetres.
        shape: Rows and columns.
    """
    shown = rocks.where(rocks.diameter_m * HALF_MM >= step)
    height = np.zeros(shape)
    raise_rocks(height, east, north, step, shown.place, shown.size_m())
    return height
