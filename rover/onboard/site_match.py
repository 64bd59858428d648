"""Cross-site matching: the heights seen on the way, laid upon the orbital map.

The local map is gathered in blocks and laid upon the orbital elevations by least squares (elevation map matching as
Carle, Furgale and Barfoot 2010, Journal of Field Robotics 27, have it, from the pose believed in rather than from
scratch). Where the orbital map's datum lies against the rover's is not taken to be known: the mean difference says
nothing. What the relief says of east, north and attitude is handed on as information by directions, for the filter to
gate by its own covariance.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rover.core.grid import Dem
from rover.onboard.error_state import SIZE, TURN, Estimate
from rover.onboard.local_map import LocalMap
from rover.onboard.registration import Registration
from rover.onboard.registration_kernels import height_equations
from rover.onboard.rotations import rotation_of

Floats = npt.NDArray[np.float64]

BLOCK_M = 0.5
"""Side of the blocks of the local map."""

FEWEST_BLOCKS = 60

LEAST_SHARE = 0.5
"""Of a block's cells must be known."""

UNRESOLVED_M = 0.05
"""Standard deviation of relief that the orbital map's cells do not hold, between blocks that go together."""

HUBER = 2.0
STEPS = 8
STILL_M = 1e-3
LEAST_INFORMATION = 0.01
"""Directions known worse than to 10 m, or rad, are left out."""

INFLATION = 4.0
"""Of variances: neighbouring blocks share what the orbital map does not show."""


def match_site(local: LocalMap, orbital: Dem, estimate: Estimate) -> tuple[Registration, Floats] | None:
    """Return what the orbital map tells of the pose's error, and its (k, 19) slope; None where too little is seen.

    Args:
        local: Of the ground about the rover.
        orbital: The map uplinked, of square cells.
        estimate: Where the rover believes it is.
    """
    blocks = _blocks(local, estimate.place_m)
    field = _window(orbital, estimate.place_m, local)
    if len(blocks) < FEWEST_BLOCKS or field is None:
        return None
    heights, east, north = field
    cell = orbital.geometry.resolution_m
    none = np.zeros_like(heights)
    into = np.zeros((6, SIZE))
    into[:3, :3], into[3:, TURN] = np.eye(3), np.eye(3)
    prior = into @ estimate.covariance @ into.T
    prior[2, 2] += 1e4
    trust = np.linalg.inv(prior)
    error, matrix, vector = np.zeros(6), np.empty((6, 6)), np.empty(6)
    together = max(1.0, (cell / BLOCK_M) ** 2)
    lay = out = 0
    squares = 0.0
    error[2] = _offset(blocks, heights, east, north, cell)
    for _ in range(STEPS):
        matrix[:], vector[:] = 0.0, 0.0
        lay, out, squares = height_equations(
            blocks, rotation_of(error[3:]), error[:3], east, north, cell, heights, none, UNRESOLVED_M**2, 1.0, HUBER,
            matrix, vector,
        )  # fmt: skip
        if lay - out < FEWEST_BLOCKS:
            return None
        step = np.linalg.solve(matrix + trust, vector - trust @ error)
        error = error + step
        if float(np.abs(step[:2]).max()) < STILL_M:
            break
    worse = INFLATION * together * max(1.0, squares / (lay - out))
    # The mean height is taken off: what is left of the information when it is free (Schur's complement).
    held = matrix - np.outer(matrix[:, 2], matrix[2]) / matrix[2, 2]
    pull = vector - matrix[:, 2] * vector[2] / matrix[2, 2]
    known, directions = np.linalg.eigh(held / worse)
    kept = known > LEAST_INFORMATION
    if not kept.any():
        return None
    along = directions.T[kept]
    found = Registration(
        directions=along,
        moved=along @ error + along @ pull / (worse * known[kept]),
        variance=1.0 / known[kept],
        inliers=lay - out,
    )
    return found, along @ into


def _blocks(local: LocalMap, place_m: Floats) -> Floats:
    """Return (n, 7) the blocks of the local map that are known well enough, as `height_equations` takes cells."""
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
    zero = np.zeros((rows, cols))
    layers = [mean(east), mean(north), up, zero, zero, doubt, zero + 1.0]
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
