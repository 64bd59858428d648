"""The grid search over tiles: which tile is worked on when, and what passes between them.

A tile is settled by itself (`sweep_kernels`); then its neighbours take over the labels along its edges that are better
than what they knew. A tile waits with the least bound on a whole route over a label that it took over: that label and
the heuristic from there. The tiles within a band of the least bound are settled, in any order and by any number of
threads since each writes its own labels only; then come the edges. When no bound is below the goal's label, that is the
least cost: every better route would have to pass a label that waits.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rover.core.jit import kernel
from rover.planning.sweep_kernels import DIAGONAL, HALO, KNIGHT, SIDE, SPAN, mark, settle

DONE, WIDE, PAUSE = range(3)
"""Why `run` returned: nothing left, a band of tiles that is worth sharing out, or enough done for now."""

WAITING, ACTIVE, TARGETS = range(3)
"""How many of `Board.waiting`, `active`, `targets` are in use, as places in `Board.counts`."""


class Rules(NamedTuple):
    """What moves there are, what they cost at least, and where to.

    Attributes:
        step: Length of an orthogonal move.
        floor: Least cost of an orthogonal move; 0 for no heuristic.
        moves: 4, 8 or 16.
        cutting: Whether a diagonal may pass a lethal orthogonal neighbour.
        goal_row, goal_col: The goal, or -1 for none.
        far: (rows, cols, n) float32 costs from n landmarks; n may be 0.
        far_goal: (n,) the goal's.
        slack: Greatest rounding of a difference of two of these.
    """

    step: float
    floor: float
    moves: int
    cutting: bool
    goal_row: int
    goal_col: int
    far: npt.NDArray[np.float32]
    far_goal: npt.NDArray[np.float32]
    slack: float


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
        counts: (3,) int64 lengths of these.
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
    relaxed: npt.NDArray[np.int64]


@kernel
def begin(board, rules, row, col):  # type: ignore[no-untyped-def]
    """Put a source on the board."""
    tile = row // SIDE * board.tile_cols + col // SIDE
    _use(board, tile)
    i, j = row % SIDE + HALO, col % SIDE + HALO
    board.labels[tile, i, j] = 0.0
    mark(board.dirty, tile, i)
    board.bound[tile] = heuristic(rules, row, col)
    board.label[tile] = 0.0
    _queue(board, tile)


@kernel
def run(board, rules, slack, band, wide, enough):  # type: ignore[no-untyped-def]
    """Settle tiles in rounds until the goal's label is proven.

    Args:
        board, rules: Written, read.
        slack: How far over the least bound a tile may be to be settled in the same round,
        band: and how far its label over the least of these.
        wide: Tiles of a round at which to return and let threads settle them, with `finish_round` afterwards.
        enough: Tiles settled after which to return.

    Returns:
        DONE, WIDE or PAUSE, and the least bound of any route that is not yet found.
    """
    settled = 0
    while True:
        least = np.inf
        for k in range(board.counts[WAITING]):
            bound = board.bound[board.waiting[k]]
            least = bound if bound < least else least
        goal_label = label_at(board, rules.goal_row, rules.goal_col)
        if not least < goal_label:
            return DONE, least
        if settled >= enough:
            return PAUSE, least
        _take(board, least + slack, band, goal_label)
        settled += board.counts[ACTIVE]
        if board.counts[ACTIVE] >= wide:
            return WIDE, least
        settle_tiles(board, rules, 0, 1)
        list_targets(board)
        take_edges(board, rules, 0, 1)
        finish_round(board)


@kernel
def _take(board, most, band, goal_label):  # type: ignore[no-untyped-def]
    """Make active, of the waiting tiles with bounds up to `most` and below the goal's label, the nearest by label."""
    nearest = np.inf
    for k in range(board.counts[WAITING]):
        tile = board.waiting[k]
        if board.bound[tile] <= most and board.bound[tile] < goal_label:
            nearest = min(nearest, board.label[tile])
    kept = taken = 0
    for k in range(board.counts[WAITING]):
        tile = board.waiting[k]
        bound = board.bound[tile]
        if bound <= most and bound < goal_label and board.label[tile] <= nearest + band:
            board.active[taken] = tile
            board.bound[tile] = np.inf
            board.label[tile] = np.inf
            board.queued[tile] = 0
            board.done[tile] = 1
            taken += 1
        else:
            board.waiting[kept] = tile
            kept += 1
    board.counts[WAITING] = kept
    board.counts[ACTIVE] = taken


@kernel
def settle_tiles(board, rules, first, every):  # type: ignore[no-untyped-def]
    """Settle the active tiles number `first`, and each `every`-th after it."""
    prices = np.empty((SPAN, SPAN), np.float64)
    scratch = np.empty((3, SPAN), np.float64)
    for k in range(first, board.counts[ACTIVE], every):
        tile = board.active[k]
        _load_prices(board.prices, tile // board.tile_cols, tile % board.tile_cols, prices)
        board.relaxed[tile] += settle(
            board.labels[tile],
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
def list_targets(board):  # type: ignore[no-untyped-def]
    """List the active tiles and all that touch one."""
    tile_cols = board.tile_cols
    tile_rows = len(board.used) // tile_cols
    count = 0
    for k in range(board.counts[ACTIVE]):
        row, col = board.active[k] // tile_cols, board.active[k] % tile_cols
        for r in range(max(0, row - 1), min(tile_rows, row + 2)):
            for c in range(max(0, col - 1), min(tile_cols, col + 2)):
                tile = r * tile_cols + c
                if board.noted[tile] == 0:
                    board.noted[tile] = 1
                    board.targets[count] = tile
                    count += 1
    board.counts[TARGETS] = count


@kernel
def take_edges(board, rules, first, every):  # type: ignore[no-untyped-def]
    """Take better labels over into the halos of the targets number `first`, and each `every`-th after it."""
    tile_cols = board.tile_cols
    tile_rows = len(board.used) // tile_cols
    ring = 2 if rules.moves == 16 else 1
    for k in range(first, board.counts[TARGETS], every):
        tile = board.targets[k]
        row, col = tile // tile_cols, tile % tile_cols
        for down in range(-1, 2):
            for across in range(-1, 2):
                if (down == 0 and across == 0) or not (0 <= row + down < tile_rows):
                    continue
                other = tile + down * tile_cols + across
                if not (0 <= col + across < tile_cols and board.done[other] != 0):
                    continue
                if board.used[tile] == 0:
                    _use(board, tile)
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
def finish_round(board):  # type: ignore[no-untyped-def]
    """Put the targets that now have a bound among those that wait."""
    for k in range(board.counts[ACTIVE]):
        board.done[board.active[k]] = 0
    for k in range(board.counts[TARGETS]):
        tile = board.targets[k]
        board.noted[tile] = 0
        if board.bound[tile] < np.inf and board.queued[tile] == 0:
            _queue(board, tile)


@kernel
def _queue(board, tile):  # type: ignore[no-untyped-def]
    board.queued[tile] = 1
    board.waiting[board.counts[WAITING]] = tile
    board.counts[WAITING] += 1


@kernel
def _use(board, tile):  # type: ignore[no-untyped-def]
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
        apart = abs(np.float64(rules.far[row, col, k]) - np.float64(rules.far_goal[k])) - rules.slack
        bound = (
            apart if apart > bound else bound
        )  # a NaN, of two that the landmark does not reach, is passed over
    return bound


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


@kernel
def count_labels(board):  # type: ignore[no-untyped-def]
    """Count the cells that have a label."""
    count = 0
    for tile in range(len(board.used)):
        if board.used[tile] != 0:
            for i in range(HALO, HALO + SIDE):
                for j in range(HALO, HALO + SIDE):
                    count += board.labels[tile, i, j] < np.inf
    return count
