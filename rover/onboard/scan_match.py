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
_LEAST_CELLS = 400

_ALIKE_CELLS = 4.0 * math.pi * _SMOOTHED_CELLS**2
"""Cells that smoothing makes err alike: as much as one that errs by itself."""

_LEAST_VARIANCE_M2 = 1e-10
"""Of what is left: no two maps agree to a hundredth of a millimetre."""


def moved_between(
    first: Dem, second: Dem, *, expected_m: tuple[float, float], sigma_m: float
) -> tuple[float, float]:
    """Return how far ahead and left the lander moved from one scan to another.

    Heights of both are held against each other, and the shift is found at which their squared difference is least, by
    the method of Gauss and Newton (Lucas and Kanade 1981, IJCAI); what is expected weighs by its own error, so that
    ground that tells little leaves it as it is.

    Args:
        first, second: Maps of `rover.onboard.landing.scan_map`, each about where the lander was.
        expected_m: Move ahead and left as it was sensed.
        sigma_m: Standard deviation of that, along each axis; above zero.
    """
    one, two = _smoothed(first), _smoothed(second)
    cell_m = first.geometry.resolution_m
    rise_left, rise_ahead = (np.gradient(one, cell_m, axis=axis) for axis in (0, 1))
    cells = np.indices(two.shape).astype(np.float64)
    row, col = cells[0], cells[1]
    # Cells of the second in those of the first, were nothing moved.
    row += (second.geometry.north_m - first.geometry.north_m) / cell_m
    col += (second.geometry.east_m - first.geometry.east_m) / cell_m
    moved: Floats = np.array(expected_m)
    for _ in range(_ROUNDS):
        place = [row + moved[1] / cell_m, col + moved[0] / cell_m]
        there, ahead, left = (_at(layer, place) for layer in (one, rise_ahead, rise_left))
        known = np.isfinite(there + ahead + left + two)
        count = np.count_nonzero(known)
        if count < _LEAST_CELLS:
            return expected_m
        # Height and tilt of either map are not known better than to what their difference is laid through.
        plane = np.column_stack([np.ones(count), col[known], row[known]])
        values = np.column_stack([ahead[known], left[known], (two - there)[known]])
        values -= plane @ np.linalg.lstsq(plane, values, rcond=None)[0]
        rises, apart = values[:, :2], values[:, 2]
        variance = max(float(np.var(apart)), _LEAST_VARIANCE_M2)
        normal = rises.T @ rises
        # Noise has rises of its own (of one of the two maps), which tell nothing.
        noise = count * variance / 2.0 / (2.0 * (_SMOOTHED_CELLS * cell_m) ** 2)
        weight = max(0.0, 1.0 - noise / float(np.linalg.eigvalsh(normal)[0])) / (_ALIKE_CELLS * variance)
        asked = weight * rises.T @ apart + (np.array(expected_m) - moved) / sigma_m**2
        moved = moved + np.linalg.solve(weight * normal + np.eye(2) / sigma_m**2, asked)
    return float(moved[0]), float(moved[1])


def _at(layer: Floats, place: list[Floats]) -> Floats:
    """Return a layer between its cells, unknown beyond them."""
    return np.asarray(map_coordinates(layer, place, order=1, cval=math.nan), np.float64)


def _smoothed(dem: Dem) -> Floats:
    """Return heights smoothed over what is known; unknown within three standard deviations of what is not."""
    height = dem.elevation_m.astype(np.float64)
    known = np.isfinite(height)
    weight = gaussian_filter(known.astype(np.float64), _SMOOTHED_CELLS, truncate=3.0)
    smooth = gaussian_filter(np.where(known, height, 0.0), _SMOOTHED_CELLS, truncate=3.0)
    return np.where(weight > 1.0 - 1e-9, smooth, math.nan)
