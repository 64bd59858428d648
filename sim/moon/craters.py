"""Craters: how many, where, how deep and how worn; each a function of (seed, bin, lattice cell) alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache
from math import fsum
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.moon.crater_kernels import gather_craters
from sim.moon.crater_shape_kernels import REACH, crater_reaches, dig_craters, fill_volumes, profile
from sim.moon.powers import interpolate_log, power
from sim.moon.scatter import HALF_MM, SizeBin, SizeBins, Stream, size_bin, stacked, stream_key
from sim.moon.site_tables import CraterParams, FeatureParams

_SMALLEST_M = 0.128
_STRETCH = 0.12
_WORN_ROUNDING, _FRESH_ROUNDING = 0.50, 0.10
_STEPS = 16
_SLICES = 240
_TABLE_SIDE = 49
_SMALL, _TINY = 8.0, 1.1
"""Diameters, in cells, below which a crater is averaged by its volume: a round one, and one that is not."""
_ROUND_M = 512.0
"""Smaller craters are round, so that an orbital map's cells (474 m) average them by their volume."""
_BOX = 1.1
_MEAN_RATIO = 0.061
_SIGHT_CELLS_M = (2.0, 16.0)
_UNSEEN, _SEEN = (0.027, 0.008), (0.064, 0.022)
"""Cubes of the diameters, in cells, between which craters of the mean ratio come into sight: 0.3 and 0.4 in cells of
2 m and less, 0.2 and 0.28 in cells of 16 m and more, whose neighbourhood has less relief for its size."""
_DEEPEST = 1.6
"""Mean ratios as which even the freshest crater counts, so that none is in sight under a diameter."""


@cache
def _unit_shapes() -> npt.NDArray[np.float64]:
    """Return (steps, 5) heights of `profile` for freshness from 0 to 1, and the radius of the rim's crest.

    Rim to floor is 1 and the volume is 0: what is dug out lies around, a crater moves ground and makes none.
    The ejecta of a fresh crater fall off steeply (with the sixth power of the taper), those of a worn one have
    crept outwards (third power).
    """
    shapes = np.array([_unit_shape(step / _STEPS) for step in range(_STEPS + 1)])
    shapes.flags.writeable = False
    return shapes


def _unit_shape(fresh: float) -> list[float]:
    rounding = _WORN_ROUNDING + (_FRESH_ROUNDING - _WORN_ROUNDING) * fresh
    low, high = 0.1, 0.4
    for _ in range(6):  # secant; the volume is all but linear in the rim
        at_low, at_high = (_volume(rim, fresh, rounding) for rim in (low, high))
        if at_low == at_high:
            break
        low, high = high, high - at_high * (high - low) / (at_high - at_low)
    rim = high
    heights = [profile(k * k * 1e-4, 1.0, rim * fresh, rim * (1.0 - fresh), rounding) for k in range(201)]
    scale = 1.0 / (max(heights) - heights[0])
    crest = heights.index(max(heights)) * 0.01
    return [scale, scale * rim * fresh, scale * rim * (1.0 - fresh), scale * rounding, crest]


def _volume(rim: float, fresh: float, rounding: float) -> float:
    """Return the volume over that of a cylinder as wide as the bowl and 1 high, by the midpoint rule."""
    width = REACH * REACH / _SLICES
    return width * fsum(
        profile((k + 0.5) * width, 1.0, rim * fresh, rim * (1.0 - fresh), rounding) for k in range(_SLICES)
    )


@cache
def _volumes() -> npt.NDArray[np.float64]:
    volumes = np.empty((_STEPS + 1, _TABLE_SIDE, _TABLE_SIDE))
    fill_volumes(_unit_shapes(), volumes)
    volumes.flags.writeable = False
    return volumes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Craters:
    """A list of craters.

    Attributes:
        place: (n, 2) int64 centres east and north of the site's origin, half-millimetres.
        diameter_m: (n,) rim to rim.
        depth_m: (n,) rim to floor.
        freshness: (n,) 0 ghost to 1 fresh.
        stretch: (n, 2) how far the rim is from round.
    """

    place: npt.NDArray[np.int64]
    diameter_m: npt.NDArray[np.float64]
    depth_m: npt.NDArray[np.float64]
    freshness: npt.NDArray[np.float64]
    stretch: npt.NDArray[np.float64]

    def reach(self) -> npt.NDArray[np.int64]:
        """Return (n,) half sides of the squares that hold the craters and their ejecta, half-millimetres."""
        found: npt.NDArray[np.int64] = crater_reaches(self.diameter_m, self.freshness, _unit_shapes(), _BOX)
        return found

    def touching(self, window: tuple[int, int, int, int]) -> Craters:
        """Return those that reach into a window (west, south, east, north; half-millimetres)."""
        west, south, east, north = window
        x, y, half = self.place[:, 0], self.place[:, 1], self.reach()
        return self.where((x + half >= west) & (x - half <= east) & (y + half >= south) & (y - half <= north))

    def where(self, kept: npt.NDArray[np.bool_]) -> Craters:
        """Return those of a boolean mask, in the same order."""
        dropped = np.flatnonzero(~kept)
        if not len(dropped):
            return self
        # Mostly a few of the largest go, which come first: what follows the last of them is copied as it is.
        end = int(dropped[-1]) + 1

        def held(column: npt.NDArray[Any]) -> npt.NDArray[Any]:
            return np.concatenate([column[:end][kept[:end]], column[end:]])

        return Craters(
            place=held(self.place),
            diameter_m=held(self.diameter_m),
            depth_m=held(self.depth_m),
            freshness=held(self.freshness),
            stretch=held(self.stretch),
        )


def joined(lists: list[Craters]) -> Craters:
    """Return several lists as one, in order."""
    return Craters(
        place=np.concatenate([c.place for c in lists]),
        diameter_m=np.concatenate([c.diameter_m for c in lists]),
        depth_m=np.concatenate([c.depth_m for c in lists]),
        freshness=np.concatenate([c.freshness for c in lists]),
        stretch=np.concatenate([c.stretch for c in lists]),
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CraterField:
    """The crater population of a site under a seed.

    Attributes:
        bins: The largest craters first.
        stacked: The same as arrays.
        ratios: (bins, 2) depth over diameter of a ghost and of a fresh crater.
    """

    bins: tuple[SizeBin, ...]
    stacked: SizeBins
    ratios: npt.NDArray[np.float64]

    def craters_in(
        self, window: tuple[int, int, int, int], *, from_m: float = 0.0, cell_m: float = 0.0
    ) -> Craters:
        """Return the craters that reach into a window, the largest sizes first.

        Args:
            window: West, south, east and north, half-millimetres.
            from_m: Smaller ones are left out.
            cell_m: Those that a raster of such cells does not show are left out too.
        """
        unseen = _sight(cell_m)[0] * cell_m * cell_m * cell_m
        from_m = max(from_m, power(unseen / _DEEPEST, 1.0 / 3.0) if unseen > 0.0 else 0.0)
        count = sum(2.0 * size.low_m > from_m for size in self.bins)
        reach = 0.5 * REACH * _BOX
        most = self.stacked.most_in(window, reach, slice(0, count))
        place, figures = np.empty((most, 2), dtype=np.int64), np.empty((5, most))
        with np.errstate(over="ignore"):
            found = gather_craters(
                *self.stacked.arrays(count),
                self.ratios[:count],
                reach,
                _STRETCH,
                _ROUND_M,
                from_m,
                unseen * _MEAN_RATIO,
                *window,
                place,
                figures,
            )
        return Craters(
            place=place[:found],
            diameter_m=figures[0, :found],
            depth_m=figures[1, :found],
            freshness=figures[2, :found],
            stretch=figures[3:, :found].T,
        )


def crater_field(params: CraterParams, seed: int) -> CraterField:
    """Return the craters of a site under a seed."""
    bins = []
    low_m, index = _SMALLEST_M, 0
    while low_m < params.largest_m:
        found = size_bin(stream_key(seed, Stream.CRATERS, index), low_m, crater_density(params))
        if found is not None:
            bins.append(found)
        low_m, index = low_m * 2, index + 1
    largest_first = tuple(reversed(bins))
    ratios = [_ratios(params, 1.4 * size.low_m) for size in largest_first]
    return CraterField(
        bins=largest_first, stacked=stacked(largest_first), ratios=np.array(ratios).reshape(-1, 2)
    )


def crater_ratio(params: CraterParams, diameter_m: float, freshness: float) -> float:
    """Return depth over diameter of a crater so wide and so fresh (0 ghost to 1)."""
    ghost, fresh = _ratios(params, diameter_m)
    return ghost + (fresh - ghost) * freshness


def _ratios(params: CraterParams, diameter_m: float) -> tuple[float, float]:
    """Return depth over diameter of a ghost and of a fresh crater."""
    held_m = _within(diameter_m, params.ratio_diameter_m)
    ghost, fresh = (
        interpolate_log(held_m, params.ratio_diameter_m, ratio)
        for ratio in (params.ghost_ratio, params.fresh_ratio)
    )
    return ghost, fresh


def _within(diameter_m: float, ends_m: tuple[float, ...]) -> float:
    """Return the diameter in a table that is nearest: beyond its ends a table holds."""
    return min(max(diameter_m, ends_m[0]), ends_m[-1])


def crater_law(params: CraterParams, diameter_m: float) -> float:
    """Return the craters of a diameter or more per square kilometre: the lesser of equilibrium and production."""
    return _lesser_law(params, diameter_m)[0]


def _lesser_law(params: CraterParams, diameter_m: float) -> tuple[float, float]:
    """Return what `crater_law` does, and the exponent of its slope there."""
    km = diameter_m * 1e-3
    laws = (
        (params.equilibrium_per_km2, params.equilibrium_exponent),
        (params.production_per_km2, params.production_exponent),
    )
    return min((per_km2 * power(km, -exponent), exponent) for per_km2, exponent in laws)


def crater_density(params: CraterParams) -> Callable[[float], float]:
    """Return craters per square metre and metre of diameter: minus the slope of `crater_law`."""

    def density_m3(diameter_m: float) -> float:
        if diameter_m > params.largest_m:
            return 0.0
        count, exponent = _lesser_law(params, diameter_m)
        return count * exponent / diameter_m * 1e-6

    return density_m3


def clear_of_known(craters: Craters, params: CraterParams) -> Craters:
    """Drop the seeded craters that would stand among the known ones of their size."""
    suspects = np.flatnonzero(craters.diameter_m >= params.known_diameter_m)
    if not len(suspects):
        return craters
    x, y = craters.place[suspects, 0] / HALF_MM, craters.place[suspects, 1] / HALF_MM
    kept = np.ones(len(craters.diameter_m), dtype=np.bool_)
    kept[suspects] = x * x + y * y > params.known_radius_m * params.known_radius_m
    return craters.where(kept)


def feature_craters(kept: list[tuple[FeatureParams, tuple[int, int]]]) -> Craters:
    """Return the craters of a site's features, each given with its place in half-millimetres."""
    return Craters(
        place=np.array([place for _, place in kept], dtype=np.int64).reshape(-1, 2),
        diameter_m=np.array([feature.diameter_m for feature, _ in kept], dtype=np.float64),
        depth_m=np.array([feature.height_m for feature, _ in kept], dtype=np.float64),
        freshness=np.array([feature.freshness for feature, _ in kept], dtype=np.float64),
        stretch=np.zeros((len(kept), 2)),
    )


@lru_cache(maxsize=64)
def _sight(cell_m: float) -> tuple[float, float]:
    """Return what a crater of the mean ratio moves, in cubes of a cell, where it is not yet and all in sight."""
    held_m = _within(cell_m, _SIGHT_CELLS_M)
    unseen, seen = (interpolate_log(held_m, _SIGHT_CELLS_M, ends) for ends in (_UNSEEN, _SEEN))
    return unseen, seen


def share_seen(craters: Craters, cell_m: float) -> npt.NDArray[np.float64]:
    """Return how much of each crater a raster keeps.

    What counts is the ground it moves, depth times diameter squared, against the cube of a cell: ghosts go
    first, fresh craters last.
    """
    unseen, seen = _sight(cell_m)
    size = craters.diameter_m * (1.0 / cell_m)
    deep = np.minimum(craters.depth_m * (1.0 / (_MEAN_RATIO * cell_m)), _DEEPEST * size)
    return smooth_step((size * size * deep - unseen) * (1.0 / (seen - unseen)))


def share_below(diameter_m: npt.NDArray[np.float64], cell_m: float) -> npt.NDArray[np.float64]:
    """Return how much of a crater a raster has not shown: all to one cell wide, nothing over three."""
    return 1.0 - smooth_step(0.5 * (diameter_m / cell_m - 1.0))


def dig(
    height_m: npt.NDArray[np.float64],
    craters: Craters,
    share: npt.NDArray[np.float64],
    east: int,
    north: int,
    step: int,
) -> None:
    """Add the means of craters over cells.

    Args:
        height_m: (rows, cols), added to.
        craters: Any list.
        share: (n,) factor of each crater's height.
        east, north, step: Centre of cell (0, 0) and side of a cell, half-millimetres.
    """
    dig_craters(
        height_m,
        east,
        north,
        step,
        craters.place,
        craters.diameter_m,
        craters.depth_m * share,
        craters.freshness,
        np.ascontiguousarray(craters.stretch),
        _unit_shapes(),
        _volumes(),
        _SMALL,
        _TINY,
        _BOX,
    )


def smooth_step(t: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return 0 up to t = 0, 1 from t = 1 and a smooth cubic between."""
    held: npt.NDArray[np.float64] = np.minimum(np.maximum(t, 0.0), 1.0)
    return held * held * (3.0 - 2.0 * held)
