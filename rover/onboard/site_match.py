"""Cross-site matching: the heights seen on the way, laid upon the orbital map.

The local map is gathered in blocks and laid upon the orbital elevations by generalized least squares (elevation map
matching as Carle, Furgale and Barfoot 2010, Journal of Field Robotics 27, have it, from the pose believed in rather
than from scratch). The orbital map has an error of a known size that goes together over many blocks
(`rover.planning.dem_error`), and a relief that its cells do not hold; both stand in the covariance of the residuals, so
that a grade of the map that may be its error tells nothing of the place. Its mean height is left free. Blocks that fit
neither their neighbours nor the map, rocks and what was ranged wrongly, are left out. What the relief says of east,
north and attitude is handed on as information by directions, for the filter to gate by its own covariance.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import map_coordinates

from rover.core.grid import Dem
from rover.onboard.error_state import SIZE, TURN, Estimate
from rover.onboard.local_map import LocalMap
from rover.onboard.registration import Registration
from rover.onboard.rotations import rotation_of
from rover.planning.dem_error import DemError

Floats = npt.NDArray[np.float64]

MATCH_EVERY_M = 10.0
"""The local map is laid upon the orbital one so far from where it was before: the same ground tells nothing new."""

BLOCK_M = 0.5
"""Side of the blocks of the local map."""

FEWEST_BLOCKS = 60

LEAST_SHARE = 0.5
"""Of a block's cells must be known."""

UNRESOLVED_M, UNRESOLVED_CELLS = 0.05, 0.5
"""Standard deviation of relief that the orbital map's cells do not hold, and its correlation length in cells."""

BLOCK_SIGMA_M = 0.04
"""The same of each block by itself: stones, what range is out by, and the creases between the map's cells."""

OUTLIER = 4.0
"""A block further from what all others say of it, in standard deviations, is left out."""

START_SIGMAS, LEAST_START_M = 2.5, 0.2
"""Beside the place believed it is laid from so many standard deviations all round, where that is so far at least:
hills repeat, and the steps end at the nearest that fits."""

AMBIGUOUS, APART_M = 9.0, 0.2
"""Fits whose weighed squares differ by less may each be the right one; so far apart they are not the same."""

SPLIT = 4
"""Finer cells along each of the orbital map's."""

STEPS = 8
STILL_M = 1e-3
LEAST_INFORMATION = 0.01
"""Directions known worse than to 10 m, or rad, are left out."""

FREE_M2 = 1e4
"""Variance of the height of the orbital map's datum against the rover's."""


def match_site(
    local: LocalMap, orbital: Dem, orbital_error: DemError, estimate: Estimate
) -> tuple[Registration, Floats] | None:
    """Return what the orbital map tells of the pose's error, and its (k, 24) slope; None where too little is seen.

    Args:
        local: Of the ground about the rover.
        orbital: The map uplinked, of square cells.
        orbital_error: How well its elevations are known.
        estimate: Where the rover believes it is.
    """
    blocks = _blocks(local, estimate.place_m)
    field = _window(orbital, estimate.place_m, local)
    if len(blocks) < FEWEST_BLOCKS or field is None:
        return None
    heights, east, north = field
    coarse = orbital.geometry.resolution_m
    heights, cell = _smooth(heights, coarse)
    into = np.zeros((6, SIZE))
    into[:3, :3], into[3:, TURN] = np.eye(3), np.eye(3)
    prior = into @ estimate.covariance @ into.T
    prior[2, 2] += FREE_M2
    trust = np.asarray(np.linalg.inv(prior), np.float64)
    start = np.zeros(6)
    start[2] = _offset(blocks, heights, east, north, cell)
    kept = np.isfinite(_residuals(blocks, heights, east, north, cell, start)[0])
    starts = [start + ahead for ahead in _starts(prior)]
    covariance = _covariance(blocks, orbital_error, coarse)
    laid = _laid(blocks, (heights, east, north, cell), covariance, trust, starts, kept)
    if laid is None:
        return None
    # Only once it lies as it should, what does not fit can be told from what lies elsewhere.
    fits = _without_outliers(laid, kept)
    inverse = laid.inverse if (fits == kept).all() else None
    starts = [laid.error]
    laid = _laid(blocks, (heights, east, north, cell), covariance, trust, starts, fits, inverse)
    if laid is None:
        return None
    matrix, vector, whitened, residual = laid.matrix, laid.vector, laid.whitened, laid.residual
    of_mean = float(whitened[:, 6].sum()) ** 2 / float(whitened[:, 2].sum())
    left = (float(residual @ whitened[:, 6]) - of_mean) / max(1, len(residual) - 6)
    # Errors of the map that matches in a row share are told each time: independent matches are further apart.
    worse = max(1.0, left) * max(1.0, math.sqrt(math.pi) * orbital_error.length_m / MATCH_EVERY_M)
    # The mean height is taken off: what is left of the information when it is free (Schur's complement).
    held = matrix - np.outer(matrix[:, 2], matrix[2]) / matrix[2, 2]
    pull = vector - matrix[:, 2] * vector[2] / matrix[2, 2]
    known, directions = np.linalg.eigh(held / worse)
    told = known > LEAST_INFORMATION
    if not told.any():
        return None
    along = directions.T[told]
    found = Registration(
        directions=along,
        moved=along @ laid.error + along @ pull / (worse * known[told]),
        variance=1.0 / known[told],
        inliers=len(residual),
    )
    return found, along @ into


def _smooth(heights: Floats, cell: float) -> tuple[Floats, float]:
    """Return heights on finer cells by cubic splines, and their side: between flat facets every crease is a hill.

    Where any is unknown they stay as they are.
    """
    if not np.isfinite(heights).all():
        return heights, cell
    rows, cols = (np.arange(SPLIT * (count - 1) + 1) / SPLIT for count in heights.shape)
    places = np.meshgrid(rows, cols, indexing="ij")
    return np.asarray(map_coordinates(heights, places, order=3, mode="nearest")), cell / SPLIT


def _residuals(
    blocks: Floats, heights: Floats, east: float, north: float, cell: float, error: Floats
) -> tuple[Floats, Floats]:
    """Return (n,) how much higher the blocks lie than the map if the pose is out by `error`, and their (n, 6) slopes.

    A block out by `shift + turn x place` leaves a residual of n . that, n = (-dh/de, -dh/dn, 1); NaN off the map.
    """
    x, y, up = (blocks[:, :3] @ rotation_of(error[3:]).T).T
    col, row = (x + error[0] - east) / cell, (y + error[1] - north) / cell
    rows, cols = heights.shape
    j = np.clip(np.floor(col).astype(int), 0, cols - 2)
    i = np.clip(np.floor(row).astype(int), 0, rows - 2)
    fx, fy = col - j, row - i
    a, b, c, d = heights[i, j], heights[i, j + 1], heights[i + 1, j], heights[i + 1, j + 1]
    ge = ((b - a) * (1.0 - fy) + (d - c) * fy) / cell
    gn = ((c - a) * (1.0 - fx) + (d - b) * fx) / cell
    on = (a * (1.0 - fx) + b * fx) * (1.0 - fy) + (c * (1.0 - fx) + d * fx) * fy
    residual = up + error[2] - on
    residual[(fx < 0) | (fx > 1) | (fy < 0) | (fy > 1)] = np.nan
    one = np.ones_like(x)
    return residual, np.stack([-ge, -gn, one, y + gn * up, -ge * up - x, y * ge - x * gn], axis=-1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Laid:
    """The map laid, and what is left.

    Attributes:
        error: (6,) of the pose believed.
        residual: (n,) of the blocks kept, at it.
        inverse: (n, n) of their covariance.
        whitened: (n, 7) that times their slopes and residuals.
        matrix, vector: Normal equations.
        cost: Their weighed square and that of the error.
    """

    error: Floats
    residual: Floats
    inverse: Floats
    whitened: Floats
    matrix: Floats
    vector: Floats
    cost: float


def _laid(
    blocks: Floats,
    field: tuple[Floats, float, float, float],
    covariance: Floats,
    trust: Floats,
    starts: Sequence[Floats],
    kept: npt.NDArray[np.bool_],
    inverse: Floats | None = None,
) -> _Laid | None:
    """Return the blocks kept laid upon a field of heights as they fit best from any start.

    None where too few blocks lie on it, or where they fit as well elsewhere: hills repeat.
    """
    blocks = blocks[kept]
    if len(blocks) < FEWEST_BLOCKS:
        return None
    if inverse is None:
        inverse = np.asarray(np.linalg.inv(covariance[np.ix_(kept, kept)]), np.float64)
    found = [_laid_from(blocks, field, inverse, trust, start) for start in starts]
    fits = [laid for laid in found if laid is not None]
    if not fits:
        return None
    best = min(fits, key=lambda laid: laid.cost)
    others = (laid for laid in fits if laid.cost < best.cost + AMBIGUOUS)
    if any(float(np.hypot(*(laid.error - best.error)[:2])) > APART_M for laid in others):
        return None
    return best


def _laid_from(
    blocks: Floats, field: tuple[Floats, float, float, float], inverse: Floats, trust: Floats, error: Floats
) -> _Laid | None:
    """Return where Gauss and Newton's steps lead from a start; None where that is off the field."""
    for count in range(STEPS + 1):
        residual, slope = _residuals(blocks, *field, error)
        if not np.isfinite(residual).all():
            return None
        whitened = inverse @ np.column_stack([slope, residual])
        matrix, vector = slope.T @ whitened[:, :6], -slope.T @ whitened[:, 6]
        step = np.linalg.solve(matrix + trust, vector - trust @ error)
        if count == STEPS or float(np.abs(step[:2]).max()) < STILL_M:
            break
        error = error + step
    return _Laid(
        error=error,
        residual=residual,
        inverse=inverse,
        whitened=whitened,
        matrix=matrix,
        vector=vector,
        cost=float(residual @ whitened[:, 6] + error @ trust @ error),
    )


def _starts(prior: Floats) -> list[Floats]:
    """Return (6,) errors of the place to begin from: none, and all round where the prior reaches."""
    variances, axes = np.linalg.eigh(prior[:2, :2])
    reach = START_SIGMAS * axes * np.sqrt(np.maximum(0.0, variances))
    starts = [np.zeros(6)]
    for k in range(8):
        aside = np.zeros(6)
        aside[:2] = reach @ [math.cos(k * math.pi / 4), math.sin(k * math.pi / 4)]
        if float(np.abs(aside).max()) > LEAST_START_M:
            starts.append(aside)
    return starts


def _covariance(blocks: Floats, orbital_error: DemError, cell: float) -> Floats:
    """Return the (n, n) covariance of the blocks' residuals."""
    apart = np.hypot(*(blocks[:, None, k] - blocks[None, :, k] for k in (0, 1)))
    unresolved = DemError(sigma_m=UNRESOLVED_M, length_m=UNRESOLVED_CELLS * cell)
    together = orbital_error.covariance_m2(apart) + unresolved.covariance_m2(apart)
    return np.asarray(together + np.diag(BLOCK_SIGMA_M**2 + blocks[:, 3] ** 2))


def _without_outliers(laid: _Laid, kept: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Return which of the blocks agree with what all others say of them (their leave-one-out residuals)."""
    told = laid.inverse @ (laid.residual - np.median(laid.residual))
    agree = kept.copy()
    agree[kept] = np.abs(told) <= OUTLIER * np.sqrt(np.diag(laid.inverse))
    return agree


def _blocks(local: LocalMap, place_m: Floats) -> Floats:
    """Return (n, 4) blocks that are known well enough: east, north and up from the rover, and sigma of the height."""
    factor = max(1, round(BLOCK_M / local.cell_m))
    rows, cols = (side // factor for side in local.height_m.shape)
    cut = np.s_[: rows * factor, : cols * factor]
    height = local.height_m[cut].astype(np.float64).reshape(rows, factor, cols, factor)
    known = np.isfinite(height)
    share = known.mean(axis=(1, 3))
    count = np.maximum(known.sum(axis=(1, 3)), 1)
    g = local.geometry
    east = (g.east_m + np.arange(cols * factor) * local.cell_m - place_m[0]).reshape(1, 1, cols, factor)
    north = (g.north_m + np.arange(rows * factor) * local.cell_m - place_m[1]).reshape(rows, factor, 1, 1)

    def mean(values: Floats) -> Floats:
        return np.asarray(np.where(known, values, 0.0).sum(axis=(1, 3)) / count)

    up = mean(height) + local.origin_m[2] - place_m[2]
    doubt = np.sqrt(mean(local.variance_m2[cut].astype(np.float64).reshape(height.shape)))
    layers = [mean(east), mean(north), up, doubt]
    return np.ascontiguousarray(np.stack(layers, axis=-1)[share >= LEAST_SHARE])


def _window(orbital: Dem, place_m: Floats, local: LocalMap) -> tuple[Floats, float, float] | None:
    """Return the orbital heights about the rover, from its own, and where the first is from it."""
    g = orbital.geometry
    reach = local.height_m.shape[0] * local.cell_m / 2 + 10.0 * g.resolution_m
    low = [
        int((place_m[axis] - reach - corner) // g.resolution_m)
        for axis, corner in ((0, g.east_m), (1, g.north_m))
    ]
    count = int(2 * reach // g.resolution_m) + 2
    col, row = max(0, low[0]), max(0, low[1])
    part = orbital.elevation_m[row : max(row, low[1] + count), col : max(col, low[0] + count)]
    if min(part.shape) < 4:
        return None
    east, north = g.centre_of(row, col)
    heights = part.astype(np.float64) + (orbital.datum_m - local.datum_m) - place_m[2]
    return np.ascontiguousarray(heights), east - float(place_m[0]), north - float(place_m[1])


def _offset(blocks: Floats, heights: Floats, east: float, north: float, cell: float) -> float:
    """Return how much lower the blocks lie than the orbital map, by the median."""
    rows = np.clip(np.rint((blocks[:, 1] - north) / cell).astype(int), 0, heights.shape[0] - 1)
    cols = np.clip(np.rint((blocks[:, 0] - east) / cell).astype(int), 0, heights.shape[1] - 1)
    apart = heights[rows, cols] - blocks[:, 2]
    return float(np.nanmedian(apart)) if np.isfinite(apart).any() else 0.0
