"""Blocks of square cells, in half-millimetres from the site's origin."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.strips import threads
from sim.moon.scatter import HALF_MM

BLOCK = 512
"""Rows and columns that are made in one go: small enough for the caches, large enough to hide what each costs."""
_MANY = 4
"""Windows of fewer blocks are made in halves of them, so that all cores have some."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cells:
    """A block of cells: centre of the south-west one and side, half-millimetres."""

    east: int
    north: int
    step: int
    rows: int
    cols: int

    @property
    def window(self) -> tuple[int, int, int, int]:
        """West, south, east and north ends of the cells' edges."""
        half = self.step // 2 + 1
        return (
            self.east - half,
            self.north - half,
            self.east + (self.cols - 1) * self.step + half,
            self.north + (self.rows - 1) * self.step + half,
        )

    @property
    def cell_m(self) -> float:
        """Side of a cell, metres."""
        return self.step / HALF_MM

    def part(self, row: int, col: int, rows: int, cols: int) -> Cells:
        """Return a block inside this one."""
        return Cells(
            east=self.east + col * self.step,
            north=self.north + row * self.step,
            step=self.step,
            rows=rows,
            cols=cols,
        )


def by_blocks(cells: Cells, made: Callable[[Cells], npt.NDArray[np.float64]]) -> npt.NDArray[np.float64]:
    """Return what `made` gives, block by block and on all cores; `made` must release the GIL to gain by it."""
    out = np.empty((cells.rows, cells.cols))
    high = BLOCK if cells.rows * cells.cols >= _MANY * BLOCK * BLOCK else BLOCK // 2

    def fill(corner: tuple[int, int]) -> None:
        row, col = corner
        part = cells.part(row, col, min(high, cells.rows - row), min(BLOCK, cells.cols - col))
        out[row : row + part.rows, col : col + part.cols] = made(part)

    corners = [(row, col) for row in range(0, cells.rows, high) for col in range(0, cells.cols, BLOCK)]
    if len(corners) == 1:
        fill(corners[0])
    else:
        with ThreadPoolExecutor(max_workers=threads()) as pool:
            list(pool.map(fill, corners))
    return out
