"""Search by jump points on ground of one cost, straight lines a word of 64 cells at a time.

D. Harabor and A. Grastien, Online graph pruning for pathfinding on grid maps, AAAI 2011; Improving jump point search,
ICAPS 2014. No corner is cut: a diagonal step has no forced neighbours, and a straight jump stops one cell after an
obstacle's end beside its line. Where the lines off a diagonal find something, that is a successor and not the cell
of the diagonal. Rows and columns are those of the frame (`bitmap_kernels`).
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from rover.core.jit import kernel
from rover.planning.bitmap_kernels import LAST, ONE, bits_above, count_bits, lowest_bit
from rover.planning.heap_kernels import drop_first, push

EAST, SOUTH, WEST, NORTH = 0, 1, 2, 3
DOWN = np.array([0, 1, 0, -1], np.int64)
ACROSS = np.array([1, 0, -1, 0], np.int64)
SQRT2 = math.sqrt(2.0)

SIZE, STRAIGHTS, DIAGONALS, PARENT, EXPANDED, GENERATED = range(6)
"""Of `Search.state`: entries of the heap; moves and parent of the best way to the goal; nodes popped and found."""

DONE, MORE, ROOM = range(3)
"""What `run` ends with: the search is through; it has done its share; the heap may need more room."""

_ROW, _DIAGONALS, _STRAIGHTS = 32, 8, 36
"""Shifts: of a row beside its column; of numbers of moves beside a label's directions."""
LOW = (1 << 28) - 1
MOST_CELLS = 1 << 27
"""Of a map, for a way's numbers of moves to fit."""


class Ground(NamedTuple):
    """Bitmaps of a map.

    Attributes:
        bits: Words of the planes, one after another: free, east, west and corner by rows; free, south, north by columns.
        words, plane: Words of a line and of a plane by rows.
        words_down, plane_down: The same by columns.
        before: Number of corners before each word of the plane of corners.
    """

    bits: npt.NDArray[np.uint64]
    words: int
    plane: int
    words_down: int
    plane_down: int
    before: npt.NDArray[np.int32]


class Search(NamedTuple):
    """What a search knows.

    Attributes:
        nodes: (corners, 2) the label, 0 where there is none yet: numbers of straight and diagonal moves, 4 bits for
            directions that the corner was reached in at this cost, 4 for those that are done; and the parent's cell.
        keys, items: The heap: least numbers of moves in all, and cells with their direction.
        state: See `SIZE` and so on.
        goal_row, goal_col: The goal, at which every jump stops.
    """

    nodes: npt.NDArray[np.int64]
    keys: npt.NDArray[np.float64]
    items: npt.NDArray[np.int64]
    state: npt.NDArray[np.int64]
    goal_row: int
    goal_col: int


@kernel
def is_free(ground: Any, row: Any, col: Any) -> Any:
    word = ground.bits[row * ground.words + (col >> 6)]
    return (word >> np.uint64(col & 63)) & ONE != 0


@kernel
def _first_stop_up(bits, line, at):  # type: ignore[no-untyped-def]
    at += 1
    w = line + (at >> 6)
    word = bits[w] >> np.uint64(at & 63)
    if word != 0:
        return at + lowest_bit(word)
    while True:
        w += 1
        if bits[w] != 0:
            return ((w - line) << 6) + lowest_bit(bits[w])


@kernel
def _first_stop_down(bits, line, at):  # type: ignore[no-untyped-def]
    at -= 1
    w = line + (at >> 6)
    word = bits[w] << (LAST - np.uint64(at & 63))
    if word != 0:
        return at - bits_above(word)
    while True:
        w -= 1
        if bits[w] != 0:
            return ((w - line) << 6) + 63 - bits_above(bits[w])


@kernel
def jump(ground, row, col, way):  # type: ignore[no-untyped-def]
    """Cells to the first corner or goal in a direction, 0 where a lethal cell comes first."""
    bits = ground.bits
    if way == EAST or way == WEST:
        free = row * ground.words
        if way == EAST:
            to = _first_stop_up(bits, free + ground.plane, col)
            length = to - col
        else:
            to = _first_stop_down(bits, free + 2 * ground.plane, col)
            length = col - to
    else:
        free = 4 * ground.plane + col * ground.words_down
        if way == SOUTH:
            to = _first_stop_up(bits, free + ground.plane_down, row)
            length = to - row
        else:
            to = _first_stop_down(bits, free + 2 * ground.plane_down, row)
            length = row - to
    return length if (bits[free + (to >> 6)] >> np.uint64(to & 63)) & ONE != 0 else 0


@kernel
def _node(ground, row, col):  # type: ignore[no-untyped-def]
    """Number of a corner."""
    w = row * ground.words + (col >> 6)
    below = (ONE << np.uint64(col & 63)) - ONE
    return ground.before[w] + count_bits(ground.bits[3 * ground.plane + w] & below)


@kernel
def least_moves(search, row, col, straights, diagonals):  # type: ignore[no-untyped-def]
    """Length of a way by this cell, were the rest free: of whole numbers, so that equals are equal to the last bit."""
    down, across = abs(search.goal_row - row), abs(search.goal_col - col)
    diagonal = min(down, across)
    return (straights + max(down, across) - diagonal) + (diagonals + diagonal) * SQRT2


@kernel
def _forced(ground, row, col, way, side):  # type: ignore[no-untyped-def]
    """Whether a way that comes in direction `way` may have to turn off to `side`."""
    row += DOWN[side]
    col += ACROSS[side]
    return is_free(ground, row, col) and not is_free(ground, row - DOWN[way], col - ACROSS[way])


@kernel
def _labelled(search, node, way, straights, diagonals, parent):  # type: ignore[no-untyped-def]
    """Write a label if it is news: a shorter way, or one as short in another direction."""
    label = search.nodes[node, 0]
    bit = 16 << way
    if label != 0:
        had_straights, had_diagonals = label >> _STRAIGHTS, (label >> _DIAGONALS) & LOW
        if had_straights == straights and had_diagonals == diagonals:
            search.nodes[node, 0] = label | bit
            return label & bit == 0
        if had_straights + had_diagonals * SQRT2 <= straights + diagonals * SQRT2:
            return False
    search.nodes[node, 0] = (straights << _STRAIGHTS) | (diagonals << _DIAGONALS) | bit
    search.nodes[node, 1] = parent
    return True


@kernel
def _arrive(ground, search, row, col, way, straights, diagonals, parent):  # type: ignore[no-untyped-def]
    """Note a corner or the goal; where a corner leads on in one direction only, go on to the next."""
    state = search.state
    best = state[STRAIGHTS] + state[DIAGONALS] * SQRT2 if state[PARENT] >= 0 else np.inf
    while True:
        key = least_moves(search, row, col, straights, diagonals)
        if key >= best:
            return
        if row == search.goal_row and col == search.goal_col:
            state[STRAIGHTS], state[DIAGONALS], state[PARENT] = straights, diagonals, parent
            return
        node = _node(ground, row, col)
        if not _labelled(search, node, way, straights, diagonals, parent):
            return
        state[GENERATED] += 1
        left, right = (way + 3) & 3, (way + 1) & 3
        turns_left, turns_right = _forced(ground, row, col, way, left), _forced(ground, row, col, way, right)
        if turns_left == turns_right or is_free(ground, row + DOWN[way], col + ACROSS[way]):
            item = (((row << _ROW) | col) << 2) | way
            state[SIZE] = push(search.keys, search.items, state[SIZE], key, item)
            return
        search.nodes[node, 0] |= 1 << way
        parent = (row << _ROW) | col
        way = left if turns_left else right
        length = jump(ground, row, col, way)
        if length == 0:
            return
        row += DOWN[way] * length
        col += ACROSS[way] * length
        straights += length


@kernel
def _go_straight(ground, search, row, col, way, straights, diagonals, parent):  # type: ignore[no-untyped-def]
    length = jump(ground, row, col, way)
    if length > 0:
        to_row, to_col = row + DOWN[way] * length, col + ACROSS[way] * length
        _arrive(ground, search, to_row, to_col, way, straights + length, diagonals, parent)


@kernel
def _go_diagonally(ground, search, row, col, down, across, straights, diagonals):  # type: ignore[no-untyped-def]
    """Follow a diagonal to its end, and from each of its cells the two lines on."""
    parent = (row << _ROW) | col
    step_down, step_across = DOWN[down], ACROSS[across]
    while (
        is_free(ground, row, col + step_across)
        and is_free(ground, row + step_down, col)
        and is_free(ground, row + step_down, col + step_across)
    ):
        row += step_down
        col += step_across
        diagonals += 1
        if row == search.goal_row and col == search.goal_col:
            _arrive(ground, search, row, col, down, straights, diagonals, parent)
            return
        _go_straight(ground, search, row, col, across, straights, diagonals, parent)
        _go_straight(ground, search, row, col, down, straights, diagonals, parent)


@kernel
def begin(ground, search, row, col):  # type: ignore[no-untyped-def]
    """Look from the start in every direction."""
    parent = (row << _ROW) | col
    search.state[EXPANDED] += 1
    for way in range(4):
        _go_straight(ground, search, row, col, way, 0, 0, parent)
    for down in (SOUTH, NORTH):
        for across in (EAST, WEST):
            _go_diagonally(ground, search, row, col, down, across, 0, 0)


@kernel
def _expand(ground, search, row, col, way, straights, diagonals):  # type: ignore[no-untyped-def]
    """Look from a corner that was reached in a direction: ahead, and round it."""
    parent = (row << _ROW) | col
    _go_straight(ground, search, row, col, way, straights, diagonals, parent)
    for turn in (1, 3):
        side = (way + turn) & 3
        if _forced(ground, row, col, way, side):
            _go_straight(ground, search, row, col, side, straights, diagonals, parent)
            down, across = (side, way) if way == EAST or way == WEST else (way, side)
            _go_diagonally(ground, search, row, col, down, across, straights, diagonals)


@kernel
def run(ground, search, most, room):  # type: ignore[no-untyped-def]
    """Expand at most so many nodes; return `DONE`, `MORE` or `ROOM` and a length that no way is shorter than.

    Args:
        ground, search: See there.
        most: Nodes to expand.
        room: Entries that one expansion may add to the heap.
    """
    state, keys, items = search.state, search.keys, search.items
    for _ in range(most):
        best = state[STRAIGHTS] + state[DIAGONALS] * SQRT2 if state[PARENT] >= 0 else np.inf
        if state[SIZE] == 0 or keys[0] >= best:
            return DONE, best
        if state[SIZE] + room > len(keys):
            return ROOM, keys[0]
        item = items[0]
        state[SIZE] = drop_first(keys, items, state[SIZE])
        way = item & 3
        row, col = item >> (_ROW + 2), (item >> 2) & ((1 << _ROW) - 1)
        node = _node(ground, row, col)
        label = search.nodes[node, 0]
        if (label >> 4) & ~label & (1 << way) == 0:
            continue
        search.nodes[node, 0] = label | (1 << way)
        state[EXPANDED] += 1
        _expand(ground, search, row, col, way, label >> _STRAIGHTS, (label >> _DIAGONALS) & LOW)
    return MORE, keys[0]


@kernel
def trace(ground, search, start_row, start_col):  # type: ignore[no-untyped-def]
    """Cells of the way, from the goal's label: between a node and its parent, the parent's diagonal moves come first."""
    state = search.state
    cells = np.empty((state[STRAIGHTS] + state[DIAGONALS] + 1, 2), np.int64)
    at = len(cells) - 1
    row, col, parent = search.goal_row, search.goal_col, state[PARENT]
    cells[at] = row - 1, col - 1
    while True:
        to_row, to_col = parent >> _ROW, parent & ((1 << _ROW) - 1)
        while row != to_row or col != to_col:
            down, across = to_row - row, to_col - col
            if abs(down) >= abs(across):
                row += np.sign(down)
            if abs(across) >= abs(down):
                col += np.sign(across)
            at -= 1
            cells[at] = row - 1, col - 1
        if row == start_row and col == start_col:
            return cells
        parent = search.nodes[_node(ground, row, col), 1]
