"""How far the lander has moved between two scans of the same ground, and so by what its velocimeter is off."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter, map_coordinates

from rover.core.grid import Dem

Floats = npt.NDArray[np.float64]

_SMOOTHED_CELLS = 3.0
"""Standard deviation of the smoothing: noise of single cells would make slopes look steeper than they are."""

_ROUNDS = 6
_MOST_STEP_CELLS = 8.0
_LEAST_CELLS = 400


def moved_between(first: Dem, second: Dem) -> tuple[float, float] | None:
    """Return how far ahead and left the lander moved from one scan to another, None where the ground does not tell.

    Heights of both are held against each other, and the shift is found at which their squared difference is least, by
    the method of Gauss and Newton (Lucas and Kanade 1981, IJCAI).

    Args:
        first, second: Maps of `rover.onboard.landing.scan_map`, each about where the lander was.
    """
    one, two = _smoothed(first), _smoothed(second)
    cell_m = first.geometry.resolution_m
    rise_left, rise_ahead = np.gradient(one)
    row, col = np.indices(two.shape, np.float64)
    # Cells of the second in those of the first, were nothing moved.
    row += (second.geometry.north_m - first.geometry.north_m) / cell_m
    col += (second.geometry.east_m - first.geometry.east_m) / cell_m
    moved = np.zeros(2)
    for _ in range(_ROUNDS):
        place = [row + moved[1], col + moved[0]]
        there, ahead, left = (
            map_coordinates(layer, place, order=1, cval=math.nan) for layer in (one, rise_ahead, rise_left)
        )
        known = np.isfinite(there + ahead + left + two)
        if np.count_nonzero(known) < _LEAST_CELLS:
            return None
        design = np.column_stack([ahead[known], left[known], np.ones(np.count_nonzero(known))])
        found, _, rank, _ = np.linalg.lstsq(design, (two - there)[known], rcond=1e-6)
        if rank < 3:
            return None
        moved += found[:2]
        if np.abs(moved).max() > _MOST_STEP_CELLS:
            return None
    return float(moved[0]) * cell_m, float(moved[1]) * cell_m


def _smoothed(dem: Dem) -> Floats:
    """Return heights smoothed over what is known; unknown within three standard deviations of what is not."""
    height = dem.elevation_m.astype(np.float64)
    known = np.isfinite(height)
    weight = gaussian_filter(known.astype(np.float64), _SMOOTHED_CELLS, truncate=3.0)
    smooth = gaussian_filter(np.where(known, height, 0.0), _SMOOTHED_CELLS, truncate=3.0)
    return np.where(weight > 1.0 - 1e-9, smooth, math.nan)
