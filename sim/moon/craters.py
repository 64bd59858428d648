"""Craters: how many, where, how deep and how worn; each a function of (seed, bin, lattice cell) alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.moon.powers import interpolate_log, power
from sim.moon.scatter import HALF_MM, SizeBin, Strewn, size_bin, stream_key, strew
from sim.moon.shape_kernels import REACH, profile
from sim.moon.site import AnchorParams, CraterParams, FeatureParams

CRATER_STREAM = 3

_SMALLEST_M = 0.128
_STRETCH = 0.12
_WORN_RIM, _FRESH_RIM = 0.10, 0.24
_WORN_ROUNDING, _FRESH_ROUNDING = 0.50, 0.10
_BOX = 1.1
_HARMLESS_M = 1.0


def _unit_bowls(steps: int) -> npt.NDArray[np.float64]:
    """Return the bowl depth that makes rim to floor 1, for freshness from 0 to 1 in `steps`."""
    found = []
    for step in range(steps + 1):
        fresh = step / steps
        rim = _WORN_RIM + (_FRESH_RIM - _WORN_RIM) * fresh
        rounding = _WORN_ROUNDING + (_FRESH_ROUNDING - _WORN_ROUNDING) * fresh
        heights = [profile(k * k / 10_000.0, 1.0, rim, rounding) for k in range(301)]
        found.append(1.0 / (max(heights) - heights[0]))
    return np.array(found)


_UNIT_BOWL = _unit_bowls(64)


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
        return (self.diameter_m * (0.5 * REACH * _BOX * HALF_MM)).astype(np.int64) + 1

    def shape(self, share: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Return (n, 6) shapes for `add_craters`, scaled in height by `share`.

        Rims of fresh craters stand about a fifth of their depth (Pike 1977: 0.036 of the diameter), those of
        worn ones less, and their rounding is wider.
        """
        radius = 0.5 * self.diameter_m
        inverse = 1.0 / (radius * radius)
        at = self.freshness * (len(_UNIT_BOWL) - 1)
        bowl = self.depth_m * share * _UNIT_BOWL[(at + 0.5).astype(np.int64)]
        along, across = self.stretch[:, 0], self.stretch[:, 1]
        return np.stack(
            [
                (1.0 + along) * inverse,
                2.0 * across * inverse,
                (1.0 - along) * inverse,
                bowl,
                bowl * (_WORN_RIM + (_FRESH_RIM - _WORN_RIM) * self.freshness),
                bowl * (_WORN_ROUNDING + (_FRESH_ROUNDING - _WORN_ROUNDING) * self.freshness),
            ],
            axis=1,
        )

    def where(self, kept: npt.NDArray[np.bool_]) -> Craters:
        """Return those of a boolean mask, in the same order."""
        return Craters(
            place=self.place[kept],
            diameter_m=self.diameter_m[kept],
            depth_m=self.depth_m[kept],
            freshness=self.freshness[kept],
            stretch=self.stretch[kept],
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


def crater_bins(params: CraterParams, seed: int) -> tuple[SizeBin, ...]:
    """Return the bins of the population, the largest craters first."""
    bins = []
    low_m, index = _SMALLEST_M, 0
    while low_m < params.largest_m:
        found = size_bin(stream_key(seed, CRATER_STREAM, index), low_m, _density(params))
        if found is not None:
            bins.append(found)
        low_m, index = low_m * 2, index + 1
    return tuple(reversed(bins))


def _density(params: CraterParams) -> Callable[[float], float]:
    """Return craters per square metre and metre of diameter: minus the slope of the lesser cumulative law."""

    def density_m3(diameter_m: float) -> float:
        if diameter_m > params.largest_m:
            return 0.0
        km = diameter_m * 1e-3
        laws = (
            (
                params.equilibrium_per_km2 * power(km, -params.equilibrium_exponent),
                params.equilibrium_exponent,
            ),
            (params.production_per_km2 * power(km, -params.production_exponent), params.production_exponent),
        )
        count, exponent = min(laws)
        return count * exponent / diameter_m * 1e-6

    return density_m3


def craters_of(size: SizeBin, params: CraterParams, window: tuple[int, int, int, int]) -> Craters:
    """Return one bin's craters that reach into a window (west, south, east, north; half-millimetres)."""
    reach = int(size.low_m * REACH * _BOX * HALF_MM) + 2
    west, south, east, north = window
    found = _shaped(size, params, strew(size, west - reach, south - reach, east + reach, north + reach))
    half = found.reach()
    x, y = found.place[:, 0], found.place[:, 1]
    touches = (x + half >= west) & (x - half <= east) & (y + half >= south) & (y - half <= north)
    return found.where(touches)


def _shaped(size: SizeBin, params: CraterParams, strewn: Strewn) -> Craters:
    middle = 1.4 * size.low_m
    ghost = interpolate_log(middle, params.ratio_diameter_m, params.ghost_ratio)
    fresh = interpolate_log(middle, params.ratio_diameter_m, params.fresh_ratio)
    freshness = strewn.marks[:, 0] * strewn.marks[:, 0]
    return Craters(
        place=strewn.place,
        diameter_m=strewn.diameter_m,
        depth_m=strewn.diameter_m * (ghost + (fresh - ghost) * freshness),
        freshness=freshness,
        stretch=(strewn.marks[:, 1:3] - 0.5) * (2.0 * _STRETCH),
    )


def clear_of_anchor(craters: Craters, anchor: AnchorParams, place: tuple[int, int]) -> Craters:
    """Drop the seeded craters that the anchor rules out; under a metre all may stay.

    Args:
        craters: Any list.
        anchor: The anchor.
        place: Its east and north, half-millimetres.
    """
    x = (craters.place[:, 0] - place[0]) / HALF_MM
    y = (craters.place[:, 1] - place[1]) / HALF_MM
    margin = np.where(craters.diameter_m > anchor.calm_diameter_m, anchor.calm_radius_m, anchor.quiet_m)
    clear = 0.6 * craters.diameter_m + margin
    return craters.where((x * x + y * y > clear * clear) | (craters.diameter_m < _HARMLESS_M))


def feature_craters(features: list[tuple[FeatureParams, tuple[int, int]]]) -> Craters:
    """Return the craters among a site's features, each given with its place in half-millimetres."""
    kept = [(feature, place) for feature, place in features if feature.kind == "crater"]
    return Craters(
        place=np.array([place for _, place in kept], dtype=np.int64).reshape(-1, 2),
        diameter_m=np.array([feature.diameter_m for feature, _ in kept], dtype=np.float64),
        depth_m=np.array([feature.height_m for feature, _ in kept], dtype=np.float64),
        freshness=np.array([feature.freshness for feature, _ in kept], dtype=np.float64),
        stretch=np.zeros((len(kept), 2)),
    )


def share_seen(diameter_m: npt.NDArray[np.float64], cell_m: float) -> npt.NDArray[np.float64]:
    """Return how much of a crater a raster keeps: all from one cell wide, nothing under half a cell."""
    return smooth_step(diameter_m / cell_m * 2.0 - 1.0)


def share_below(diameter_m: npt.NDArray[np.float64], cell_m: float) -> npt.NDArray[np.float64]:
    """Return how much of a crater a raster has not shown: all to one cell wide, nothing over three."""
    return 1.0 - smooth_step(0.5 * (diameter_m / cell_m - 1.0))


def samples_of(diameter_m: npt.NDArray[np.float64], cell_m: float) -> npt.NDArray[np.int64]:
    """Return points per cell and axis that average a crater: 4 for the smallest, 1 over 32 cells."""
    cells = diameter_m / cell_m
    return 1 + (cells < 32).astype(np.int64) + (cells < 8) + (cells < 3)


def smooth_step(t: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return 0 up to t = 0, 1 from t = 1 and a smooth cubic between."""
    held: npt.NDArray[np.float64] = np.minimum(np.maximum(t, 0.0), 1.0)
    return held * held * (3.0 - 2.0 * held)
