"""Crests of a surface off which samples cut too much, found tile by tile."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from rover.hazard.crest_kernels import CUT_M, find_crests

Singles = npt.NDArray[np.float32]

TILE, WIDE_TILE = 64, 128
"""Cells to a side of the tiles in which crests are found: about poses, and about all ground within reach."""


class Crests:
    """Points of the crests of a surface off which samples cut too much, found tile by tile where they are asked for."""

    def __init__(
        self,
        high_m: Singles,
        step: float,
        *,
        about: tuple[float, float] = (0.0, 0.0),
        within: float = math.inf,
        tile: int = TILE,
    ) -> None:
        """Take the surface; nothing is found yet.

        Args:
            high_m: The surface.
            step: So many cells lie between samples of it.
            about, within: Column and row, and how many cells from there at most points count.
            tile: Cells to a side of a tile.
        """
        self._high, self._least, self._tile = high_m, np.float32(CUT_M * 4 / step), tile
        self._about, self._within = about, within
        self._tiles: dict[tuple[int, int], Singles] = {}
        self._joined: dict[tuple[int, ...], Singles] = {}

    def near(self, middle: tuple[float, float], reach: float) -> Singles:
        """Return (n, 3) column, row and height of all points no more than so many cells from a place, and of others."""
        west, east, south, north = (
            min(max(0, math.floor(at + side * reach)), size - 1) // self._tile
            for at, size in zip(middle, self._high.shape[::-1], strict=True)
            for side in (-1.0, 1.0)
        )
        key = west, east, south, north
        if key not in self._joined:
            rows, cols = range(south, north + 1), range(west, east + 1)
            self._joined[key] = np.concatenate([self._on(row, col) for row in rows for col in cols])
        return self._joined[key]

    def _on(self, row: int, col: int) -> Singles:
        found = self._tiles.get((row, col))
        if found is None:
            found = self._tiles[row, col] = self._found(row, col)
        return found

    def _found(self, row: int, col: int) -> Singles:
        """Return the points of a tile's cells, and of those next to them on its far sides."""
        south, west = (max(0, at * self._tile - 1) for at in (row, col))
        north, east = ((at + 1) * self._tile + 2 for at in (row, col))
        near = np.ascontiguousarray(self._high[south:north, west:east])
        # More than there are but on the roughest ground; what is not written to takes no memory.
        found = np.empty((near.size, 3), np.float32)
        count = find_crests(near, self._least, found)
        if count > len(found):
            found = np.empty((count, 3), np.float32)
            find_crests(near, self._least, found)
        found = found[:count]
        found[:, 0] += np.float32(west)
        found[:, 1] += np.float32(south)
        if self._within == math.inf:
            return found
        away = (found[:, 0] - self._about[0]) ** 2 + (found[:, 1] - self._about[1]) ** 2
        return np.ascontiguousarray(found[away <= self._within**2])
