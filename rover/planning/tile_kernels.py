"""The grid search over tiles: the board that they lie on, and what is done to one of them.

A tile is settled by itself (`sweep_kernels`); then its neighbours take over the labels along its edges that are better
than what they knew. A tile waits with the least bound on a whole route over a label that it took over: that label and
the heuristic from there. Which tile comes when is said in `round_kernels`.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rover.core.jit import kernel
from rover.planning.sweep_kernels import DIAGONAL, HALO, KNIGHT, SIDE, SPAN, mark, settle

UNREACHED = 65535
"""In `Rules.far`, of a cell from which there is no way to the landmark; what is dearer than can be said is one less."""

_CUT_OFF = 1.001
"""Units by which two costs may differ less than their whole units do, rounding included."""

WAITING, ACTIVE, TARGETS, STAGE = range(4)
"""Places in `Board.counts`: how many of `Board.waiting`, `active`, `targets` are in use; how far a round has come."""


class Rules(NamedTuple):
    """What moves there are, what they cost at least, and where to.

    Attributes:
        step: Length of an orthogonal move.
        floor: Least cost of an orthogonal move; 0 for no heuristic.
        moves: 4, 8 or 16.
        cutting: Whether a diagonal may pass a lethal orthogonal neighbour.
        goal_row, goal_col: The goal, or -1 for none.
        far: (rows, cols, n) uint16 costs from n landmarks, in whole units; `UNREACHED` where there is no way; n may
            be 0.
        far_goal: (n,) the goal's.
        unit: Of these costs.
    """

    step: float
    floor: float
    moves: int
    cutting: bool
    goal_row: int
    goal_col: int
    far: npt.NDArray[np.uint16]
    far_goal: npt.NDArray[np.uint16]
    unit: float


class Board(NamedTuple):
    """Tiles of a search, n of them in row order, and the lists that say what is to be done.

    Attributes:
        prices: (rows, cols) cost per metre.
        tile_cols: Tiles in a row of tiles.
        labels: (n, SPAN, SPAN) of the tiles that are in use; others hold anything.
        used, done, noted, queued: (n,) uint8: in use; settled in this round; among the targets; among the waiting.
        dirty: (n, 3) uint64 rows to begin with, as `sweep_kernels` numbers them.
        upwards: (n,) uint8 which way to sweep first.
        bound, label: (n,) least bound and least label of what waits, inf where nothing does.
        waiting, active, targets: (n,) int64 tiles with a bound; settled in this round; with an edge on one of those.
        counts: (4,) int64 lengths of these, and how far the round has come.
        share: (n,) int64 what threads tell each other, see `round_kernels`.
        relaxed: (n,) int64 rows relaxed so far.
    """

    prices: npt.NDArray[Any]
    tile_cols: int
    labels: npt.NDArray[np.float64]
    used: npt.NDArray[np.uint8]
    done: npt.NDArray[np.uint8]
    noted: npt.NDArray[np.uint8]
    queued: npt.NDArray[np.uint8]
    dirty: npt.NDArray[np.uint64]
    upwards: npt.NDArray[np.uint8]
    bound: npt.NDArray[np.float64]
    label: npt.NDArray[np.float64]
    waiting: npt.NDArray[np.int64]
    active: npt.NDArray[np.int64]
    targets: npt.NDArray[np.int64]
    counts: npt.NDArray[np.int64]
    share: npt.NDArray[np.int64]
    relaxed: npt.NDArray[np.int64]


@kernel
def settle_tile(board, rules, tile, prices, scratch):  # type: ignore[no-untyped-def]
    """Settle a tile; `prices` (SPAN, SPAN) and `scratch` (3, SPAN) are the caller's to be written to."""
    _load_prices(board.prices, tile // board.tile_cols, tile % board.tile_cols, prices)
    labels = board.labels[tile]
    board.relaxed[tile] += settle(
        labels,
        prices,
        board.dirty[tile],
        rules.step,
        rules.moves,
        rules.cutting,
        board.upwards[tile] != 0,
        scratch,
    )


@kernel
def _load_prices(cost, tile_row, tile_col, prices):  # type: ignore[no-untyped-def]
    """Copy the prices of a tile and its halo; beyond the map they are infinite.

    The rows are far apart in memory. Copied by whole vectors, several are on their way at once. It takes an index that
    cannot count from the end, being unsigned, and a width that the compiler does not know, for it to use vectors.
    """
    rows, cols = cost.shape
    width = prices.shape[1]
    top, left = tile_row * SIDE - HALO, tile_col * SIDE - HALO
    if top >= 0 and left >= 0 and top + SPAN <= rows and left + SPAN <= cols:
        for i in range(SPAN):
            row = np.uint64(top + i)
            for j in range(width):
                prices[i, j] = cost[row, np.uint64(left + j)]
        return
    for i in range(SPAN):
        row = top + i
        for j in range(SPAN):
            col = left + j
            prices[i, j] = cost[row, col] if 0 <= row < rows and 0 <= col < cols else np.inf


@kernel
def take_edges(board, rules, tile):  # type: ignore[no-untyped-def]
    """Take better labels over into a tile's halo from the neighbours that were settled in this round."""
    tile_cols = board.tile_cols
    tile_rows = len(board.used) // tile_cols
    ring = 2 if rules.moves == 16 else 1
    row, col = tile // tile_cols, tile % tile_cols
    for down in range(-1, 2):
        for across in range(-1, 2):
            if (down == 0 and across == 0) or not (0 <= row + down < tile_rows):
                continue
            other = tile + down * tile_cols + across
            if not (0 <= col + across < tile_cols and board.done[other] != 0):
                continue
            if board.used[tile] == 0:
                use(board, tile)
            if _knows_better(board.labels, other, tile, down, across, ring):
                bound, label = _take_edge(
                    board.labels, board.dirty, rules, tile_cols, tile, other, down, across, ring
                )
                board.label[tile] = min(board.label[tile], label)
                if bound < board.bound[tile]:
                    board.bound[tile] = bound
                    if down != 0:
                        board.upwards[tile] = down < 0


@kernel
def _knows_better(labels, other, tile, down, across, ring):  # type: ignore[no-untyped-def]
    """Whether a neighbour has a better label than the halo of a tile has, looked at without branches."""
    top, bottom = _halo_range(down, ring)
    left, right = _halo_range(across, ring)
    better = 0
    for i in range(top, bottom):
        mine, theirs = np.uint64(i), np.uint64(i - down * SIDE)
        for j in range(left, right):
            better |= labels[other, theirs, np.uint64(j - across * SIDE)] < labels[tile, mine, np.uint64(j)]
    return better != 0


@kernel
def _take_edge(labels, dirty, rules, tile_cols, tile, other, down, across, ring):  # type: ignore[no-untyped-def]
    """Take better labels over into a tile's halo towards (down, across) from the neighbour whose cells these are.

    Args:
        labels, dirty, tile_cols: Of the board, which handed over whole would cost more than the work done here.
        rules: Of the heuristic.
        tile, other, down, across, ring: The two tiles, where the other lies, and the width of halo in use.

    Returns:
        The least bound and the least label of those taken over.
    """
    top, bottom = _halo_range(down, ring)
    left, right = _halo_range(across, ring)
    row, col = tile // tile_cols * SIDE - HALO, tile % tile_cols * SIDE - HALO
    least_bound = least_label = np.inf
    for i in range(top, bottom):
        better = False
        for j in range(left, right):
            label = labels[other, i - down * SIDE, j - across * SIDE]
            if label < labels[tile, i, j]:
                labels[tile, i, j] = label
                better = True
                least_label = min(least_label, label)
                least_bound = min(least_bound, label + heuristic(rules, row + i, col + j))
        if better:
            mark(dirty, tile, i)
    return least_bound, least_label


@kernel
def _halo_range(side, ring):  # type: ignore[no-untyped-def]
    if side < 0:
        return HALO - ring, HALO
    if side > 0:
        return HALO + SIDE, HALO + SIDE + ring
    return HALO, HALO + SIDE


@kernel
def use(board, tile):  # type: ignore[no-untyped-def]
    """Take a tile into use, without labels."""
    board.used[tile] = 1
    board.relaxed[tile] = 0
    board.labels[tile] = np.inf
    board.dirty[tile] = np.uint64(0)


@kernel
def label_at(board, row, col):  # type: ignore[no-untyped-def]
    """Label of a cell, inf where it has none or is no cell."""
    return known_label(board.labels, board.used, board.prices.shape, board.tile_cols, row, col)


@kernel
def known_label(labels, used, shape, tile_cols, row, col):  # type: ignore[no-untyped-def]
    """`label_at` of the board's arrays and numbers."""
    if row < 0 or col < 0 or row >= shape[0] or col >= shape[1]:
        return np.inf
    tile = row // SIDE * tile_cols + col // SIDE
    if used[tile] == 0:
        return np.inf
    return labels[tile, row % SIDE + HALO, col % SIDE + HALO]


@kernel
def heuristic(rules, row, col):  # type: ignore[no-untyped-def]
    """Lower bound of the cost from a cell to the goal, admissible: by the least price, and by the landmarks."""
    if rules.goal_row < 0:
        return 0.0
    down, across = abs(row - rules.goal_row), abs(col - rules.goal_col)
    long, short = max(down, across), min(down, across)
    if rules.moves == 4:
        bound = rules.floor * (long + short)
    elif rules.moves == 8:
        bound = rules.floor * (long + (DIAGONAL - 1.0) * short)
    elif long >= 2 * short:
        bound = rules.floor * (long + (KNIGHT - 2.0) * short)
    else:
        bound = rules.floor * ((long - short) * (KNIGHT - DIAGONAL) + short * DIAGONAL)
    for k in range(len(rules.far_goal)):
        here, there = np.int64(rules.far[row, col, k]), np.int64(rules.far_goal[k])
        apart = (np.float64(abs(here - there)) - _CUT_OFF) * rules.unit
        bound = apart if apart > bound else bound
        if here != there and (here == UNREACHED or there == UNREACHED):
            return np.inf
    return bound


@kernel
def count_labels(labels, used, first, last):  # type: ignore[no-untyped-def]
    """Return how many cells of tiles `first` up to `last` have a label."""
    count = 0
    for tile in range(first, last):
        if used[tile] != 0:
            for i in range(HALO, HALO + SIDE):
                for j in range(HALO, HALO + SIDE):
                    count += labels[tile, np.uint64(i), np.uint64(j)] < np.inf
    return count


@kernel
def gather(board, field, first, last):  # type: ignore[no-untyped-def]
    """Fill rows `first` up to `last` of a (rows, cols) field with the labels."""
    for row in range(first, last):
        tile_row = row // SIDE * board.tile_cols
        i = row % SIDE + HALO
        for c in range(board.tile_cols):
            left = c * SIDE
            right = min(left + SIDE, field.shape[1])
            used = board.used[tile_row + c] != 0
            for col in range(left, right):
                field[row, col] = board.labels[tile_row + c, i, col - left + HALO] if used else np.inf
