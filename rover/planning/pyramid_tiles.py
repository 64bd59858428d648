"""Costs on disk in tiles, written from rows as they come and read where a route is priced.

A tile is 256 x 256 cells, little-endian, those beyond the map +inf; tiles follow one another in rows of tiles.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from rover.core.errors import ResultsError
from rover.planning.pyramid_codes import Costs, Survey

TILE = 256


class CostRows(Protocol):
    """Costs that come in rows: of an array, of a file, or made as they are asked for.

    Attributes:
        shape: Rows and columns of the map.
        dtype: float32 or float64.
    """

    @property
    def shape(self) -> tuple[int, int]: ...

    @property
    def dtype(self) -> np.dtype[Any]: ...

    def rows(self, first: int, last: int) -> Costs:
        """Return rows `first` up to but not `last`, whole, seconds per metre, +inf where lethal."""
        ...


@dataclass(frozen=True, slots=True)
class ArrayRows:
    """Costs of an array, which may be memory-mapped."""

    cost_s_per_m: Costs

    @property
    def shape(self) -> tuple[int, int]:
        rows, cols = self.cost_s_per_m.shape
        return rows, cols

    @property
    def dtype(self) -> np.dtype[Any]:
        return self.cost_s_per_m.dtype

    def rows(self, first: int, last: int) -> Costs:
        return np.ascontiguousarray(self.cost_s_per_m[first:last])


class TiledCosts:
    """Costs in a file of tiles, each checked when it is first read.

    Raises:
        ResultsError: A tile's bytes are not those written.
    """

    def __init__(self, path: Path, shape: tuple[int, int], dtype: np.dtype[Any], sums: list[int]) -> None:
        self._path, self._shape, self._sums = path, shape, sums
        self._across = tiles_of(shape[1])
        self._held = np.memmap(path, dtype, "r", shape=(len(sums), TILE, TILE))
        self._checked: set[int] = set()

    def at(self, cells: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Return the costs of (n, 2) rows and columns."""
        row, col = cells[:, 0], cells[:, 1]
        tile = row // TILE * self._across + col // TILE
        values = np.empty(len(cells), np.float64)
        for k in np.unique(tile):
            here = tile == k
            values[here] = self._tile(int(k))[row[here] % TILE, col[here] % TILE]
        return values

    def whole(self) -> Costs:
        """Return (rows, cols) costs, in memory."""
        return np.concatenate([cost for _, cost in self.bands()])

    def bands(self) -> Iterator[tuple[int, Costs]]:
        """Yield the first row and the costs of each row of tiles."""
        rows, cols = self._shape
        native = self._held.dtype.newbyteorder("=")
        for i in range(tiles_of(rows)):
            tiles = np.stack([self._tile(i * self._across + j) for j in range(self._across)])
            band = tiles.transpose(1, 0, 2).reshape(TILE, -1)[: min(TILE, rows - i * TILE), :cols]
            yield i * TILE, np.ascontiguousarray(band, dtype=native)

    def _tile(self, index: int) -> Costs:
        tile: Costs = self._held[index]
        if index not in self._checked:
            if zlib.crc32(tile.data) != self._sums[index]:
                what = f"tile {index} does not hold what was written"
                raise ResultsError(what, file=self._path, remedy="build it again")
            self._checked.add(index)
        return tile


def write_costs(
    source: CostRows, path: Path, dtype: np.dtype[Any], tell: Callable[[float], None]
) -> tuple[Survey, list[int]]:
    """Write the tiles; return the range of the costs and a CRC-32 of each tile."""
    rows, cols = source.shape
    survey, sums = Survey(), []
    with path.open("wb") as file:
        for first in range(0, rows, TILE):
            last = min(rows, first + TILE)
            cost = np.ascontiguousarray(source.rows(first, last))
            if cost.shape != (last - first, cols) or cost.dtype != source.dtype:
                raise ValueError(f"rows {first} to {last} are {cost.shape} of {cost.dtype}")
            survey = survey.with_rows(cost, first)
            band = np.full((TILE, tiles_of(cols) * TILE), np.inf, dtype)
            band[: last - first, :cols] = cost
            tiles = np.ascontiguousarray(band.reshape(TILE, -1, TILE).transpose(1, 0, 2))
            sums += [zlib.crc32(tile) for tile in tiles]
            file.write(tiles.data)
            tell(last / rows)
    return survey, sums


def tiles_of(cells: int) -> int:
    """Return how many tiles such a length takes."""
    return -(-cells // TILE)


def tiles_bytes(shape: tuple[int, int], dtype: np.dtype[Any]) -> int:
    """Return the bytes of a map's tiles."""
    return tiles_of(shape[0]) * tiles_of(shape[1]) * TILE * TILE * dtype.itemsize
