"""Lower bounds of the cost between any two places, from exact costs to a few landmarks.

By the triangle inequality two places are at least as far apart as their distances from a landmark differ
(Goldberg and Harrelson 2005, Computing the shortest path: A* search meets graph theory, SODA). Fields of distances are
exact at every cell; of each, a block of 16 x 16 cells keeps the least and the greatest, so that the bound loses no more
than a block is wide.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.memory import available_bytes
from rover.core.strips import by_strips, threads
from rover.planning.grid_checks import Cell
from rover.planning.pyramid_codes import CodedCosts
from rover.planning.pyramid_codes_kernels import (
    ACROSS,
    ALONG,
    BLOCK,
    LETHAL,
    SHIFT,
    UNIT,
    field_rows,
    mark_reached,
)
from rover.planning.pyramid_front import CostOverflow, Front

Field = npt.NDArray[np.int64]

_STEPS = 1 << 22
"""Nodes expanded before an interruption is heeded."""
_SEEDS = 16
"""Places to begin from in looking for the largest ground that hangs together."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Landmarks:
    """Costs from cells far out in one ground that hangs together, block by block.

    Attributes:
        corner_cutting: The rule of moves that they hold for.
        reached: (nodes / 8,) uint8, a bit for each node of that ground, the lowest first.
        cells: (n, 2) int64, the landmarks.
        low, high: (n, block rows, block columns) int64 units: least and greatest cost to a cell of that ground; `high`
            is -1 where a block holds none of it.
    """

    corner_cutting: bool
    reached: npt.NDArray[np.uint8]
    cells: npt.NDArray[np.int64]
    low: Field
    high: Field

    def __post_init__(self) -> None:
        object.__setattr__(self, "reached", locked(self.reached, np.uint8, (None,), "reached"))
        object.__setattr__(self, "cells", locked(self.cells, np.int64, (None, 2), "cells"))
        for name in ("low", "high"):
            held = locked(getattr(self, name), np.int64, (len(self.cells), None, None), name)
            object.__setattr__(self, name, held)

    def reach(self, node: int) -> bool:
        return bool(self.reached[node >> 3] >> (node & 7) & 1)

    def beyond(self, block: tuple[int, int]) -> Field:
        """Return (block rows, block columns) lower bounds of the cost to any cell, in their ground, of a block."""
        bound = np.zeros(self.low.shape[1:], np.int64)
        for low, high in zip(self.low, self.high, strict=True):
            np.maximum(bound, low - high[block], out=bound)
            np.maximum(bound, low[block] - high, out=bound)
        return bound


def octile_beyond(coded: CodedCosts, cell: Cell) -> Field:
    """Return (block rows, block columns) lower bounds to a cell, in units: the octile distance at the least cost."""
    down, across = (
        np.maximum(0, np.maximum(first - (place + 1), (place + 1) - (first + BLOCK - 1)))
        for place, first in zip(cell, (np.arange(n) * BLOCK for n in coded.blocks), strict=True)
    )
    short = np.minimum(down[:, None], across[None, :])
    long = np.maximum(down[:, None], across[None, :])
    along, diagonal = (2 * UNIT * ALONG) >> SHIFT, (2 * UNIT * ACROSS) >> SHIFT
    bound: Field = (long - short) * along + short * diagonal
    return bound


def place_landmarks(
    coded: CodedCosts,
    free: npt.NDArray[np.int64],
    count: int,
    *,
    corner_cutting: bool,
    told: Callable[[float], None],
) -> Landmarks | None:
    """Return landmarks in the largest ground that a search finds, None where no cell is free.

    One lies in each of `count` sectors round the map's middle, in the block farthest from it.

    Args:
        coded: The costs.
        free: (block rows, block columns) free cells.
        count: At least 1.
        corner_cutting: The rule of moves.
        told: Called with the share that is done.
    """
    ground = _largest_ground(coded, free, corner_cutting)
    if ground is None:
        return None
    reached, high = ground
    told(1 / (count + 1))
    nodes = _outermost(coded, reached, high, count)
    low = np.empty((len(nodes), *coded.blocks), np.int64)
    highs = np.empty_like(low)
    done, stopped = [1], threading.Event()

    def fill(k: int) -> None:
        front = _field(coded, nodes[k], corner_cutting, stopped)
        _by_blocks(front, low[k], highs[k])
        done[0] += 1
        told(done[0] / (len(nodes) + 1))

    with ThreadPoolExecutor(max_workers=_workers(coded, len(nodes))) as pool:
        try:
            list(pool.map(fill, range(len(nodes))))
        except BaseException:  # an interruption too: the threads are waited for, and should not take long
            stopped.set()
            raise
    cells = coded.cells(np.array(nodes, np.int64))
    return Landmarks(corner_cutting=corner_cutting, reached=reached, cells=cells, low=low, high=highs)


def field_bytes(coded: CodedCosts) -> int:
    """Return the memory that one field takes while it is made."""
    return 4 * len(coded.codes)


def _workers(coded: CodedCosts, fields: int) -> int:
    there = available_bytes()
    fit = fields if there is None else there // (2 * field_bytes(coded))
    return max(1, min(threads(), fields, fit))


def _field(
    coded: CodedCosts, source: int, corner_cutting: bool, stopped: threading.Event | None = None
) -> Front:
    """Return a search of all that can be reached from a node, unfinished where it is told to stop."""
    nothing = np.zeros(math.prod(coded.blocks), np.int64)
    for wide in (False, True):
        front = Front(coded, source, corner_cutting=corner_cutting, wide=wide)
        try:
            while not (front.dry or (stopped is not None and stopped.is_set())):
                front.run(nothing, steps=_STEPS)
            return front
        except CostOverflow:
            del front
    raise AssertionError("64 bits hold every cost")


def _by_blocks(front: Front, low: Field, high: Field) -> None:
    by_strips(
        len(low),
        lambda first, last: field_rows(front.room, front.limit, front.coded.width, low, high, first, last),
    )


def _largest_ground(
    coded: CodedCosts, free: npt.NDArray[np.int64], corner_cutting: bool
) -> tuple[npt.NDArray[np.uint8], Field] | None:
    """Return the mask of the largest ground found, and the greatest cost by block from where it was begun.

    Grounds are begun from the blocks with most free cells not yet reached, until what is left is smaller than the
    largest, or enough were tried.
    """
    left = free.copy()
    seen = np.zeros(len(coded.codes) // 8, np.uint8)
    best: tuple[npt.NDArray[np.uint8], Field] | None = None
    most = 0
    for _ in range(_SEEDS):
        if int(left.sum()) <= most:
            break
        block = divmod(int(left.argmax()), left.shape[1])
        source = _free_node(coded, block, seen, of_mask=False)
        front = _field(coded, source, corner_cutting)
        reached = np.empty_like(seen)
        by_strips(len(reached), lambda first, last: mark_reached(front.room, reached, first, last))  # noqa: B023
        by_block = _count_by_block(reached, coded)
        left -= by_block
        seen |= reached
        if int(by_block.sum()) > most:
            most = int(by_block.sum())
            low, high = np.empty(coded.blocks, np.int64), np.empty(coded.blocks, np.int64)
            _by_blocks(front, low, high)
            best = reached, high
    return best


def _count_by_block(mask: npt.NDArray[np.uint8], coded: CodedCosts) -> npt.NDArray[np.int64]:
    """Return how many nodes of a mask each block holds: two bytes in each of its rows."""
    bytes_of = np.bitwise_count(mask).reshape(coded.blocks[0], BLOCK, coded.blocks[1], BLOCK // 8)
    counts: npt.NDArray[np.int64] = bytes_of.sum(axis=(1, 3), dtype=np.int64)
    return counts


def _free_node(
    coded: CodedCosts, block: tuple[int, int], mask: npt.NDArray[np.uint8], *, of_mask: bool
) -> int:
    """Return the middle one of a block's free nodes that are, or are not, of a mask."""
    row, col = np.mgrid[:BLOCK, :BLOCK]
    nodes = ((block[0] * BLOCK + row) * coded.width + block[1] * BLOCK + col).ravel()
    marked = (mask[nodes >> 3] >> (nodes & 7) & 1).astype(bool)
    free = nodes[(coded.codes[nodes] != LETHAL) & (marked == of_mask)]
    return int(free[len(free) // 2])


def _outermost(coded: CodedCosts, reached: npt.NDArray[np.uint8], high: Field, count: int) -> list[int]:
    """Return a node in each sector round the middle, in the farthest block that the ground comes into."""
    rows, cols = coded.blocks
    down = (np.arange(rows) - (rows - 1) / 2)[:, None]
    across = (np.arange(cols) - (cols - 1) / 2)[None, :]
    squared = np.where(high >= 0, down * down + across * across, -1.0)
    # The corners of a square lie in the middles of sectors.
    turn = (np.arctan2(down, across) - math.pi / 4) / (2 * math.pi)
    sector = np.floor(turn * count + 0.5).astype(np.int64) % count
    nodes = []
    for k in range(count):
        among = np.where(sector == k, squared, -1.0)
        at = int(among.argmax())
        if among.flat[at] >= 0:
            nodes.append(_free_node(coded, divmod(at, cols), reached, of_mask=True))
    return nodes
