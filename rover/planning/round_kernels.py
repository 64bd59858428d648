"""The grid search over tiles: which tile is worked on when, and by whom.

The tiles within a band of the least bound are settled, in any order and by any number of threads since each writes its
own labels only; then come the edges, of which the same holds. When no bound is below the goal's label, that is the
least cost: every better route would have to pass a label that waits.

Threads take items of work by tickets, one number in a word that they share: what kind of work it is, how many items
there are, and the next one. Whoever adds one to it has the item, if there is one left, and says so when it is done; the
thread that leads waits until all are before it gives out other work. It goes on alone where nobody helps. A ticket and
its answer pass between processors in a fraction of a microsecond, and an item takes some ten.
"""

from __future__ import annotations

import numpy as np

from rover.core.borrowed_kernels import borrowed
from rover.core.jit import inlined, kernel
from rover.core.words_kernels import add_word, get_word, put_word, rest
from rover.planning.sweep_kernels import HALO, SIDE, SPAN, mark
from rover.planning.tile_kernels import (
    ACTIVE,
    STAGE,
    TARGETS,
    WAITING,
    heuristic,
    label_at,
    settle_tile,
    take_edges,
    use,
)

DONE, WIDE, PAUSE, YIELD = range(4)
"""Why `run` returned: nothing left; enough tiles wait for help to be worth it; enough done for now; waited for long."""

TICKET, LEAVE, FINISHED, SHARE_WORDS = 0, 1, 16, 32
"""Places in `Board.share`: the ticket, and whether help is wanted no more; on a cache line apart, how many of its items
are done. Then how many words there are."""

_CHOOSE, _SETTLE, _EDGES = range(3)
"""How far a round has come: tiles are to be chosen, settled, or passed on from."""

_TILES_AT_ONCE = 4
"""Targets whose edges are one item."""

_LENGTH, _KIND = 24, 48
"""Shifts of a ticket's number of items and of its kind, beside the number of the next item."""
_MASK = (1 << 24) - 1
_PATIENCE = 4096
"""Looks at a word that does not change before the system is asked to let others run; some 100 us, several items."""


@kernel
def begin(board, rules, row, col):  # type: ignore[no-untyped-def]
    """Put a source on the board."""
    tile = row // SIDE * board.tile_cols + col // SIDE
    use(board, tile)
    i, j = row % SIDE + HALO, col % SIDE + HALO
    board.labels[tile, i, j] = 0.0
    mark(board.dirty, tile, i)
    board.bound[tile] = heuristic(rules, row, col)
    board.label[tile] = 0.0
    _queue(board, tile)


@kernel
def hire(share):  # type: ignore[no-untyped-def]
    """Let those who come to help stay."""
    put_word(share, LEAVE, 0)


@kernel
def dismiss(share):  # type: ignore[no-untyped-def]
    """Tell those who help to leave, once they have done the item that they have."""
    put_word(share, LEAVE, 1)


@kernel
def run(board, rules, slack, band, wide, enough, leads):  # type: ignore[no-untyped-def]
    """Settle tiles in rounds until the goal's label is proven; or help the thread that does.

    Both are one kernel, since each would be compiled with all that it calls.

    Args:
        board, rules: Written, read.
        slack: How far over the least bound a tile may be to be settled in the same round,
        band: and how far its label over the least of these.
        wide: Waiting tiles at which to return for want of help; 0 where there is some, or none is to be had.
        enough: Tiles settled after which to return.
        leads: Whether this is the thread that says what is done.

    Returns:
        DONE, WIDE, PAUSE or YIELD, and the least bound of any route that is not yet found. After all but the first the
        call is to be repeated. One who helps gets DONE or YIELD, and no bound.
    """
    board, rules = borrowed(board), borrowed(rules)
    prices = np.empty((SPAN, SPAN), np.float64)
    scratch = np.empty((3, SPAN), np.float64)
    if not leads:
        return DONE if _work(board, rules, prices, scratch, leads) else YIELD, 0.0
    settled = 0
    least = 0.0
    while True:
        if board.counts[STAGE] == _CHOOSE:
            least = np.inf
            for k in range(board.counts[WAITING]):
                bound = board.bound[board.waiting[k]]
                least = bound if bound < least else least
            goal_label = label_at(board, rules.goal_row, rules.goal_col)
            if not least < goal_label:
                return DONE, least
            if settled >= enough:
                return PAUSE, least
            if 0 < wide <= board.counts[WAITING]:
                return WIDE, least
            _take(board, least + slack, band, goal_label)
            settled += board.counts[ACTIVE]
            _offer(board, _SETTLE, board.counts[ACTIVE])
        if not _work(board, rules, prices, scratch, leads):
            return YIELD, least
        if board.counts[STAGE] == _SETTLE:
            _list_targets(board)
            _offer(board, _EDGES, -(-board.counts[TARGETS] // _TILES_AT_ONCE))
        else:
            _finish_round(board)
            board.counts[STAGE] = _CHOOSE


@kernel
def _offer(board, stage, items):  # type: ignore[no-untyped-def]
    board.counts[STAGE] = stage
    put_word(board.share, FINISHED, 0)
    put_word(board.share, TICKET, (stage << _KIND) | (items << _LENGTH))


@kernel
def _work(board, rules, prices, scratch, leads):  # type: ignore[no-untyped-def]
    """Do work that is given out, until all of it is done, or, by those who help, until help is wanted no more.

    Return False if there was none to do for a while, and for the thread that leads others are not through with theirs.
    """
    share = board.share
    idle = 0
    while idle < _PATIENCE:
        if not leads and get_word(share, LEAVE) != 0:
            return True
        ticket = get_word(share, TICKET)
        # Looked at before it is taken, so that waiting does not count tickets up.
        if ticket & _MASK < (ticket >> _LENGTH) & _MASK:
            ticket = add_word(share, TICKET, 1)
            if ticket & _MASK < (ticket >> _LENGTH) & _MASK:
                _do(board, rules, ticket, prices, scratch)
                add_word(share, FINISHED, 1)
                idle = 0
                continue
        if leads and get_word(share, FINISHED) == (ticket >> _LENGTH) & _MASK:
            return True
        idle += 1
        rest(0)
    return False


@inlined
def _do(board, rules, ticket, prices, scratch):  # type: ignore[no-untyped-def]
    """Do an item of work. Being the one place that tiles are worked on from, it becomes one piece with all it calls."""
    item = ticket & _MASK
    if ticket >> _KIND == _SETTLE:
        settle_tile(board, rules, board.active[item], prices, scratch)
    else:
        first = item * _TILES_AT_ONCE
        for k in range(first, min(first + _TILES_AT_ONCE, board.counts[TARGETS])):
            take_edges(board, rules, board.targets[k])


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
def _list_targets(board):  # type: ignore[no-untyped-def]
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
def _finish_round(board):  # type: ignore[no-untyped-def]
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
