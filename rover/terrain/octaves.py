"""A DEM at half, a quarter, an eighth ... of its resolution, so that large things cost no more than small ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from rover.core.arrays import locked

Heights = npt.NDArray[np.float32]
Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Octave:
    """Elevations at one resolution.

    Attributes:
        cells: Side of its cells, in cells of the DEM: 1, 2, 4 ...
        elevation_m: (rows, cols) means of blocks of `cells` by `cells`; unknown ground is filled from around.
        known: (rows, cols) where it is not filled; None where all is known.
    """

    cells: int
    elevation_m: Heights
    known: Mask | None

    def __post_init__(self) -> None:
        object.__setattr__(
            self, "elevation_m", locked(self.elevation_m, np.float32, (None, None), "elevation_m")
        )
        if self.known is not None:
            held = locked(self.known, np.bool_, self.elevation_m.shape, "known")
            object.__setattr__(self, "known", held)

    def place_in(self, cell: Floats) -> Floats:
        """Return fractional rows or columns of this octave from those of the DEM."""
        return np.asarray((cell + 0.5) / self.cells - 0.5)

    def place_from(self, cell: Floats) -> Floats:
        """Return fractional rows or columns of the DEM from those of this octave."""
        return np.asarray((cell + 0.5) * self.cells - 0.5)

    def clearance(self) -> Clearance:
        """Return how far places are from the edge and from unknown ground."""
        if self.known is None:
            return Clearance(shape=self.elevation_m.shape, distance=None)
        padded = np.pad(self.known, 1)
        distance = ndimage.distance_transform_edt(padded)[1:-1, 1:-1]
        return Clearance(shape=self.known.shape, distance=np.asarray(distance, np.float32))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clearance:
    """Distances to the nearest ground that is unknown or off the map, in cells.

    Attributes:
        shape: Rows and columns.
        distance: (rows, cols) from centre to centre; None where all is known, so that the edge decides.
    """

    shape: tuple[int, int]
    distance: Heights | None

    def at(self, row: Floats, col: Floats) -> Floats:
        """Return (n,) clearances of places, fractional rows and columns."""
        if self.distance is None:
            rows, cols = self.shape
            return np.asarray(np.minimum.reduce([row + 0.5, col + 0.5, rows - 0.5 - row, cols - 0.5 - col]))
        nearest = (np.rint(row).astype(np.int64), np.rint(col).astype(np.int64))
        inside = tuple(np.clip(at, 0, side - 1) for at, side in zip(nearest, self.shape, strict=True))
        return np.asarray(self.distance[inside] - np.float64(0.5))

    def cells_clear(self, wanted: Floats) -> Floats:
        """Return (n,) how many cells have each of the clearances asked for."""
        if self.distance is None:
            rows, cols = (np.maximum(0.0, side - 2 * wanted) for side in self.shape)
            return np.asarray(rows * cols)
        ordered = np.sort(self.distance[self.distance > 0]) - 0.5
        return (ordered.size - np.searchsorted(ordered, wanted)).astype(np.float64)


def octaves_of(elevation_m: Heights, *, least_side: int) -> list[Octave]:
    """Return a DEM's octaves, the finest first, down to a shorter side of `least_side` cells or more.

    A block is known where half of it is. What is left over at the northern and eastern edges, less than a
    block, is dropped.

    Args:
        elevation_m: (rows, cols), NaN unknown.
        least_side: Cells.
    """
    layers = [elevation_m]
    while min(layers[-1].shape) // 2 >= least_side:
        layers.append(_halved(layers[-1]))
    filled = layers[-1:]
    if np.isnan(filled[0]).any():
        known = layers[-1][np.isfinite(layers[-1])]
        filled = [np.where(np.isnan(layers[-1]), known.mean() if known.size else 0.0, layers[-1])]
    for layer in layers[-2::-1]:
        filled.append(_filled(layer, filled[-1]))
    return [
        Octave(cells=2**i, elevation_m=full, known=_known(layer))
        for i, (layer, full) in enumerate(zip(layers, reversed(filled), strict=True))
    ]


def _known(layer: Heights) -> Mask | None:
    known = np.isfinite(layer)
    return None if known.all() else known


def _halved(layer: Heights) -> Heights:
    """Means of two by two; NaN where more than two are."""
    rows, cols = (side // 2 * 2 for side in layer.shape)
    blocks = [layer[i:rows:2, j:cols:2] for i in (0, 1) for j in (0, 1)]
    if np.isfinite(layer).all():
        return np.asarray((blocks[0] + blocks[1] + blocks[2] + blocks[3]) / 4, np.float32)
    known = [np.isfinite(block) for block in blocks]
    count = np.sum(known, axis=0)
    total = np.sum([np.where(k, block, 0.0) for k, block in zip(known, blocks, strict=True)], axis=0)
    return np.where(count >= 2, total / np.maximum(count, 1), np.nan).astype(np.float32)


def _filled(layer: Heights, coarser: Heights) -> Heights:
    """Unknown cells take the elevation of the block they are in."""
    gap = np.isnan(layer)
    if not gap.any():
        return layer
    row, col = np.nonzero(gap)
    filled = layer.copy()
    rows, cols = coarser.shape
    filled[row, col] = coarser[np.minimum(row // 2, rows - 1), np.minimum(col // 2, cols - 1)]
    return filled
