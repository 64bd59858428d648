"""Blocks of square cells, and plain shapes over them, in half-millimetres from the site's origin."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.moon.scatter import HALF_MM

_BLOCK = 1024


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


def offsets_m(
    cells: Cells, place: tuple[int, int]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return east (cols,) and north (rows,) of the cells from a place, metres."""
    x = (cells.east - place[0] + cells.step * np.arange(cells.cols, dtype=np.int64)) / HALF_MM
    y = (cells.north - place[1] + cells.step * np.arange(cells.rows, dtype=np.int64)) / HALF_MM
    return x, y


def touches(cells: Cells, place: tuple[int, int], radius_m: float) -> bool:
    """Tell whether the square of half side `radius_m` about a place reaches the cells."""
    west, south, east, north = cells.window
    half = int(radius_m * HALF_MM) + 1
    return (
        west <= place[0] + half
        and place[0] - half <= east
        and south <= place[1] + half
        and place[1] - half <= north
    )


def bump(
    cells: Cells, place: tuple[int, int], radius_m: float, bend_m: npt.NDArray[np.float64] | None = None
) -> npt.NDArray[np.float64]:
    """Return (rows, cols) of a smooth bump, 1 at a place and 0 from `radius_m` on.

    `bend_m` (2, rows, cols) moves each cell east and north before its distance is taken.
    """
    x, y = offsets_m(cells, place)
    u, v = x[None, :] / radius_m, y[:, None] / radius_m
    if bend_m is not None:
        u, v = u + bend_m[0] / radius_m, v + bend_m[1] / radius_m
    inside: npt.NDArray[np.float64] = np.maximum(0.0, 1.0 - u * u - v * v)
    return inside * inside * (3.0 - 2.0 * inside)


def by_blocks(cells: Cells, made: Callable[[Cells], npt.NDArray[np.float64]]) -> npt.NDArray[np.float64]:
    """Return what `made` gives, block by block, so that scratch memory stays small."""
    out = np.empty((cells.rows, cells.cols))
    for row in range(0, cells.rows, _BLOCK):
        for col in range(0, cells.cols, _BLOCK):
            part = cells.part(row, col, min(_BLOCK, cells.rows - row), min(_BLOCK, cells.cols - col))
            out[row : row + part.rows, col : col + part.cols] = made(part)
    return out
