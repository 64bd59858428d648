"""Search by jump points on ground of one cost, straight lines a word of 64 cells at a time.

D. Harabor and A. Grastien, Online graph pruning for pathfinding on grid maps, AAAI 2011; Improving jump point search,
ICAPS 2014. No corner is cut: a diagonal step has no forced neighbours, and a straight jump stops one cell after an
obstacle's end beside its line. Where the lines off a diagonal find something, that is a successor and not the cell
of the diagonal. Rows and columns are those of the frame (`bitmap_kernels`).

Inner functions take plain arrays and numbers: each record of arrays that is handed over is counted by atomic
operations, which took most of the time.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rover.core.bits_kernels import highest_bit, lowest_bit
from rover.core.jit import kernel
from rover.planning.bitmap_kernels import LAST, ONE, count_bits
from rover.planning.heap_kernels import drop_first, push
from rover.planning.turn_kernels import ACROSS, DIAGONAL, DOWN, EAST, SIDES, SOUTH, WEST, turns_at

SQRT2 = math.sqrt(2.0)

SIZE, HITS, FROM, STRAIGHTS, DIAGONALS, PARENT, EXPANDED, GENERATED, BASE, BUCKET, LISTED, SPARE, USED = (
    range(13)
)
"""Of `Search.state`: entries of the heap; hits, and the node they are of; moves and parent of the best way to the goal;
nodes expanded, and labels given; the number of the first bucket, and of the one in use less that; entries in buckets;
a place that is spare, less one for none, and how many have been used."""
STATE_WORDS = 13

DONE, MORE, ROOM = range(3)
"""What `run` ends with: the search is through; it has done its share; lists may need more room."""

_ROW, _DIAGONALS, _STRAIGHTS = 32, 8, 36
"""Shifts: of a row beside its column; of numbers of moves beside a label's directions."""
LOW = (1 << 28) - 1
MOST_CELLS = 1 << 27
"""Of a map, for a way's numbers of moves to fit."""


class Ground(NamedTuple):
    """Bitmaps of a map.

    Attributes:
        bits: Words of the planes: free, east, west and corner by rows; then free, south and north by columns.
        words: Of a line by rows and of their planes, of a line by columns and of their planes.
        before: Number of corners before each word of the plane of corners.
    """

    bits: npt.NDArray[np.uint64]
    words: tuple[int, int, int, int]
    before: npt.NDArray[np.int64]


class Search(NamedTuple):
    """What a search knows.

    Attributes:
        nodes: (corners, 2) the label, 0 where there is none yet: numbers of straight and diagonal moves, 4 bits for
            directions that the corner was reached in at this cost, 4 for those that are done; and the parent's cell.
        hits: (most of one expansion, 5) corners found and not yet noted: row, column, direction, moves.
        heads: (buckets,) places of the first entries whose least number of moves in all is so much over the start's,
            whole moves counted; -1 for none.
        nexts, listed: Places of the next entries in the same bucket; cells with their direction.
        keys, items: The heap, for those beyond the buckets: least numbers of moves in all, and cells with direction.
        state: See `SIZE` and so on.
        goal: Its row and column; every jump stops there.
    """

    nodes: npt.NDArray[np.int64]
    hits: npt.NDArray[np.int64]
    heads: npt.NDArray[np.int64]
    nexts: npt.NDArray[np.int64]
    listed: npt.NDArray[np.int64]
    keys: npt.NDArray[np.float64]
    items: npt.NDArray[np.int64]
    state: npt.NDArray[np.int64]
    goal: tuple[int, int]


@kernel
def is_free(bits, words, row, col):  # type: ignore[no-untyped-def]
    return (bits[row * words[0] + (col >> 6)] >> np.uint64(col & 63)) & ONE != 0


@kernel
def _first_stop_up(bits, line, at):  # type: ignore[no-untyped-def]
    at += 1
    w = line + (at >> 6)
    word = bits[w] >> np.uint64(at & 63)
    if word != 0:
        return at + np.int64(lowest_bit(word))
    while True:
        w += 1
        if bits[w] != 0:
            return ((w - line) << 6) + np.int64(lowest_bit(bits[w]))


@kernel
def _first_stop_down(bits, line, at):  # type: ignore[no-untyped-def]
    at -= 1
    w = line + (at >> 6)
    word = bits[w] << (LAST - np.uint64(at & 63))
    if word != 0:
        return at - 63 + np.int64(highest_bit(word))
    while True:
        w -= 1
        if bits[w] != 0:
            return ((w - line) << 6) + np.int64(highest_bit(bits[w]))


@kernel
def jump(bits, words, row, col, way):  # type: ignore[no-untyped-def]
    """Cells to the first corner or goal in a direction, 0 where a lethal cell comes first."""
    if way & 1 == 0:
        free = row * words[0]
        if way == EAST:
            to = _first_stop_up(bits, free + words[1], col)
            length = to - col
        else:
            to = _first_stop_down(bits, free + 2 * words[1], col)
            length = col - to
    else:
        free = 4 * words[1] + col * words[2]
        if way == SOUTH:
            to = _first_stop_up(bits, free + words[3], row)
            length = to - row
        else:
            to = _first_stop_down(bits, free + 2 * words[3], row)
            length = row - to
    return length if (bits[free + (to >> 6)] >> np.uint64(to & 63)) & ONE != 0 else 0


@kernel
def _node(bits, words, before, row, col):  # type: ignore[no-untyped-def]
    """Number of a corner."""
    w = row * words[0] + (col >> 6)
    below = (ONE << np.uint64(col & 63)) - ONE
    return before[w] + count_bits(bits[3 * words[1] + w] & below)


@kernel
def _least_moves(down, across, straights, diagonals):  # type: ignore[no-untyped-def]
    """Length of a way with so far to go, were all free: of whole numbers, so that equals are equal to the last bit."""
    diagonal = min(down, across)
    return (straights + max(down, across) - diagonal) + (diagonals + diagonal) * SQRT2


@kernel
def _labelled(nodes, node, way, straights, diagonals, parent):  # type: ignore[no-untyped-def]
    """Write a label if it is news: a shorter way, or one as short in another direction."""
    label = nodes[node, 0]
    bit = 16 << way
    if label != 0:
        had_straights, had_diagonals = label >> _STRAIGHTS, (label >> _DIAGONALS) & LOW
        if had_straights == straights and had_diagonals == diagonals:
            nodes[node, 0] = label | bit
            return label & bit == 0
        if had_straights + had_diagonals * SQRT2 <= straights + diagonals * SQRT2:
            return False
    nodes[node, 0] = (straights << _STRAIGHTS) | (diagonals << _DIAGONALS) | bit
    nodes[node, 1] = parent
    return True


@kernel
def _only_way(bits, words, row, col, way, turns):  # type: ignore[no-untyped-def]
    """Cells to the only successor, 0 if there is none, -1 if there may be more; and its direction."""
    if turns & DIAGONAL != 0:
        return -1, way
    found, to = jump(bits, words, row, col, way), way
    for turn in range(1, 3):
        if turns & turn > 0:
            side = (way + 2 * turn - 1) & 3
            length = jump(bits, words, row, col, side)
            if length > 0:
                if found > 0:
                    return -1, way
                found, to = length, side
    return found, to


@kernel
def _successors(bits, words, hits, count, goal, row, col, way, sides, straights, diagonals):  # type: ignore[no-untyped-def]
    """Add what is found from a cell ahead, and off to sides and along the diagonals between; return the number of hits.

    Args:
        bits, words: Of `Ground`.
        hits, count: Of `Search`, and how many there are.
        goal: Its row and column.
        row, col, way: The cell, and the direction it is reached in.
        sides: 1 for the right, 2 for the left, 3 for both.
        straights, diagonals: Moves to the cell.
    """
    for turn in range(3):
        side = way if turn == 0 else (way + 2 * turn - 1) & 3
        if turn > 0 and sides & turn == 0:
            continue
        down, across = DOWN[way] + DOWN[side], ACROSS[way] + ACROSS[side]
        at_row, at_col, moved, line = row, col, 0, side
        while True:
            length = jump(bits, words, at_row, at_col, line)
            if length > 0:
                hits[count, 0], hits[count, 1] = at_row + DOWN[line] * length, at_col + ACROSS[line] * length
                hits[count, 2], hits[count, 3], hits[count, 4] = line, straights + length, diagonals + moved
                count += 1
            if turn == 0:
                break
            if line == way:
                line = side
                continue
            if not (
                is_free(bits, words, at_row, at_col + across)
                and is_free(bits, words, at_row + down, at_col)
                and is_free(bits, words, at_row + down, at_col + across)
            ):
                break
            at_row, at_col, moved, line = at_row + down, at_col + across, moved + 1, way
            if at_row == goal[0] and at_col == goal[1]:
                hits[count, 0], hits[count, 1], hits[count, 2] = at_row, at_col, way
                hits[count, 3], hits[count, 4] = straights, diagonals + moved
                count += 1
                break
    return count


@kernel
def begin(ground, search, row, col):  # type: ignore[no-untyped-def]
    """Look from the start in every direction."""
    count = 0
    for way in (EAST, WEST):
        count = _successors(
            ground.bits, ground.words, search.hits, count, search.goal, row, col, way, 3, 0, 0
        )
    search.state[HITS], search.state[FROM] = count, (row << _ROW) | col
    search.state[EXPANDED] += 1
    search.state[BASE] = int(_least_moves(abs(search.goal[0] - row), abs(search.goal[1] - col), 0, 0))


@kernel
def run(ground, search, most):  # type: ignore[no-untyped-def]
    """Expand at most so many nodes; return `DONE`, `MORE` or `ROOM` and a length that no way is shorter than.

    Entries of a bucket differ by less than a move and are taken in any order: a label that is bettered afterwards is
    expanded again, and the search ends when no bucket holds less than the way that is found.

    Args:
        ground, search: See there.
        most: Nodes to expand.
    """
    bits, words, before = ground.bits, ground.words, ground.before
    nodes, hits, keys, items, state = search.nodes, search.hits, search.keys, search.items, search.state
    heads, nexts, listed = search.heads, search.nexts, search.listed
    goal = search.goal
    size, pending, origin = state[SIZE], state[HITS], state[FROM]
    base, bucket, queued = state[BASE], state[BUCKET], state[LISTED]
    spare, used = state[SPARE] - 1, state[USED]
    least = 1.0 * (base + bucket)
    best = state[STRAIGHTS] + state[DIAGONALS] * SQRT2 if state[PARENT] >= 0 else np.inf
    expanded = generated = 0
    ended = MORE
    while True:
        if size + pending > len(keys) or used + pending > len(nexts):
            ended = ROOM
            break
        for k in range(pending):
            row, col, way, straights, diagonals = hits[k, 0], hits[k, 1], hits[k, 2], hits[k, 3], hits[k, 4]
            parent = origin
            while True:
                key = _least_moves(abs(goal[0] - row), abs(goal[1] - col), straights, diagonals)
                if key >= best:
                    break
                if row == goal[0] and col == goal[1]:
                    state[STRAIGHTS], state[DIAGONALS], state[PARENT] = straights, diagonals, parent
                    best = key
                    break
                node = _node(bits, words, before, row, col)
                if not _labelled(nodes, node, way, straights, diagonals, parent):
                    break
                generated += 1
                turns = turns_at(bits, words, row, col, way)
                length, to = _only_way(bits, words, row, col, way, turns)
                if length < 0:
                    item = (((row << _ROW) | col) << 2) | way
                    at = max(int(key) - base, bucket)
                    if at >= len(heads):
                        size = push(keys, items, size, key, item)
                        break
                    slot = spare
                    if slot >= 0:
                        spare = nexts[slot]
                    else:
                        slot = used
                        used += 1
                    listed[slot], nexts[slot] = item, heads[at]
                    heads[at] = slot
                    queued += 1
                    break
                # The way leads on in one direction at most: on to the next corner, without the heap.
                nodes[node, 0] |= 1 << way
                if length == 0:
                    break
                parent, way = (row << _ROW) | col, to
                row += DOWN[way] * length
                col += ACROSS[way] * length
                straights += length
        pending = 0
        if queued > 0:
            while heads[bucket] < 0:
                bucket += 1
            least = 1.0 * (base + bucket)
        else:
            least = keys[0] if size > 0 else best
        if least >= best:
            ended = DONE
            break
        if expanded == most:
            break
        if queued > 0:
            slot = heads[bucket]
            item = listed[slot]
            heads[bucket] = nexts[slot]
            nexts[slot] = spare
            spare = slot
            queued -= 1
        else:
            item = items[0]
            size = drop_first(keys, items, size)
        way = item & 3
        row, col = item >> (_ROW + 2), (item >> 2) & ((1 << _ROW) - 1)
        node = _node(bits, words, before, row, col)
        label = nodes[node, 0]
        if (label >> 4) & ~label & (1 << way) == 0:
            continue
        nodes[node, 0] = label | (1 << way)
        expanded += 1
        straights, diagonals = label >> _STRAIGHTS, (label >> _DIAGONALS) & LOW
        origin = (row << _ROW) | col
        sides = turns_at(bits, words, row, col, way) & SIDES
        pending = _successors(bits, words, hits, 0, goal, row, col, way, sides, straights, diagonals)
    state[SIZE], state[HITS], state[FROM] = size, pending, origin
    state[BUCKET], state[LISTED], state[SPARE], state[USED] = bucket, queued, spare + 1, used
    state[EXPANDED] += expanded
    state[GENERATED] += generated
    return ended, min(least, best)


@kernel
def trace(ground, search, start_row, start_col):  # type: ignore[no-untyped-def]
    """Cells of the way found; between a node and its parent, the parent's diagonal moves come first."""
    state = search.state
    cells = np.empty((state[STRAIGHTS] + state[DIAGONALS] + 1, 2), np.int64)
    at = len(cells) - 1
    row, col, parent = search.goal[0], search.goal[1], state[PARENT]
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
        parent = search.nodes[_node(ground.bits, ground.words, ground.before, row, col), 1]
