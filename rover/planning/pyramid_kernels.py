"""The search of `rover.planning.pyramid_front`: exact over coded costs, in whole numbers, less what a bound rules out.

Cells are nodes of a raster with a lethal border, `width` in a row, their costs as 16-bit codes (see
`rover.planning.pyramid_codes_kernels`). What is kept of a node is its room: a limit less the least cost known from the
source, so that 0 is "not reached" and memory that was never touched stands for it. Every move costs at least as much
as a bucket is wide, so that a bucket's nodes are final whatever their order (Dial 1969, doi:10.1145/363269.363610),
and the rooms that come out depend on nothing but the costs. Nodes of a bucket stand in a chain of chunks.
"""

from __future__ import annotations

import numpy as np

from rover.core.jit import kernel
from rover.planning.pyramid_codes_kernels import (
    ACROSS,
    ALONG,
    BLOCK,
    BLOCK_BITS,
    LETHAL,
    MANTISSA_BITS,
    SHIFT,
    UNIT,
)

BUCKET_BITS = 10
"""A bucket is 2 ** this wide, less than the least move costs, `(2 * UNIT * ALONG) >> SHIFT`."""
CHUNK_BITS = 5
CHUNK = 1 << CHUNK_BITS

OUT_OF_STEPS, DRY, POOL_FULL, OVERFLOWED, ARRIVED = 0, 1, 2, 3, 4
"""Why `advance` came back: steps are spent; nothing is left; more chunks are wanted; a cost is about to pass the limit;
the target, or every cost below `until`, is final."""

KEY, QUEUED, FREE, FREE_COUNT, EXPANDED, GENERATED, STATE_SIZE = 0, 1, 2, 3, 4, 5, 6
"""Places in the state: the bucket that is next, entries on the open list, the first free chunk and how many there are,
nodes expanded, entries made."""


@kernel
def begin(room, state, top, link, items, source, limit):  # type: ignore[no-untyped-def]
    """Set up a search from node `source`: every chunk but one free, the source alone in the first bucket."""
    top[:] = -1
    for c in range(len(link)):
        link[c] = c + 1
    link[0] = -1
    items[0] = source
    top[0] = 0
    state[:] = 0
    state[FREE] = 1
    state[FREE_COUNT] = len(link) - 1
    state[QUEUED] = 1
    room[source] = limit


@kernel
def advance(  # type: ignore[no-untyped-def]
    codes,
    room,
    state,
    top,
    link,
    items,
    width,
    limit,
    margin,
    target,
    beyond,
    bound,
    touched,
    steps,
    until,
    corner_cutting,
):
    """Go on with a search until steps are spent, nothing is left, or every cost below `until` is final.

    Args:
        codes: (nodes,) uint16.
        room: (nodes,) uint32 or int64: `limit` less the least cost known, 0 where none is; written.
        state, top, link, items: The open list, from `begin`.
        width: Nodes in a row.
        limit: Greatest cost that a room can tell.
        margin: Greatest cost of a move.
        target: Node to stop at, or -1.
        beyond: (blocks,) int64, a lower bound of the cost from any cell of a block to the target.
        bound: A node is dropped where its cost and what lies beyond it come to this or more.
        touched: (blocks,) uint8, 1 where a node of the block was expanded; written.
        steps: Nodes to expand at most.
        until: Cost to come to.
        corner_cutting: Whether a diagonal may pass a lethal orthogonal cell.

    Returns:
        Why it came back. The costs of all buckets before `state[KEY]` are final.
    """
    mask = len(top) - 1
    blocks = width >> BLOCK_BITS
    per_row = 1.0 / width
    key, queued, left = state[KEY], state[QUEUED], steps
    free, free_count = state[FREE], state[FREE_COUNT]
    offsets = np.array([width, 1, -width, -1, width + 1, 1 - width, -width - 1, width - 1])
    generated = 0
    why = DRY
    while queued > 0:
        if (key << BUCKET_BITS) >= until:
            why = ARRIVED
            break
        slot = key & mask
        at = top[slot]
        if at < 0:
            key += 1
            continue
        if free_count < 8 or left <= 0:
            why = POOL_FULL if left > 0 else OUT_OF_STEPS
            break
        u = np.int64(items[at])
        queued -= 1
        if at & (CHUNK - 1) == 0:
            chunk = at >> CHUNK_BITS
            before = link[chunk]
            link[chunk] = free
            free = chunk
            free_count += 1
            top[slot] = -1 if before < 0 else (before << CHUNK_BITS) + CHUNK - 1
        else:
            top[slot] = at - 1
        here = np.int64(room[u])
        cost = limit - here
        if (cost >> BUCKET_BITS) != key:
            continue  # reached more cheaply since
        if u == target:
            why = ARRIVED
            break
        row = np.int64((u + 0.5) * per_row)
        block = (row >> BLOCK_BITS) * blocks + ((u - row * width) >> BLOCK_BITS)
        if cost + beyond[block] >= bound:
            continue
        if here <= margin:
            why = OVERFLOWED
            break
        touched[block] = 1
        left -= 1
        code = np.int64(codes[u])
        own = (UNIT + (code & (UNIT - 1))) << (code >> MANTISSA_BITS)
        blocked = 0
        for k in range(8):
            v = u + offsets[k]
            code = np.int64(codes[v])
            if code == np.int64(LETHAL):
                if k < 4:
                    blocked |= 1 << k
                continue
            both = own + ((UNIT + (code & (UNIT - 1))) << (code >> MANTISSA_BITS))
            if k < 4:
                there = here - ((both * ALONG) >> SHIFT)
            else:
                if not corner_cutting and blocked & ((1 << (k - 4)) | (1 << ((k - 3) & 3))):
                    continue
                there = here - ((both * ACROSS) >> SHIFT)
            was = np.int64(room[v])
            if there <= was:
                continue
            room[v] = there
            to = (limit - there) >> BUCKET_BITS
            if was != 0 and ((limit - was) >> BUCKET_BITS) == to:
                continue
            to &= mask
            at = top[to]
            if at < 0 or (at & (CHUNK - 1)) == CHUNK - 1:
                chunk = free
                free = link[chunk]
                free_count -= 1
                link[chunk] = at >> CHUNK_BITS
                at = chunk << CHUNK_BITS
            else:
                at += 1
            items[at] = v
            top[to] = at
            queued += 1
            generated += 1
    state[KEY], state[QUEUED] = key, queued
    state[FREE], state[FREE_COUNT] = free, free_count
    state[EXPANDED] += steps - left
    state[GENERATED] += generated
    return why


@kernel
def meet(room, other, limit, blocks, width):  # type: ignore[no-untyped-def]
    """Return the least sum of costs over the nodes of `blocks` that both searches reached, and the first such node.

    -1 stands for the node where there is none.
    """
    least = np.int64(2) ** 62
    where = np.int64(-1)
    per_row = width >> BLOCK_BITS
    for b in blocks:
        row = (b // per_row) << BLOCK_BITS
        first = row * width + ((b % per_row) << BLOCK_BITS)
        for r in range(BLOCK):
            for u in range(first + r * width, first + r * width + BLOCK):
                one = np.int64(room[u])
                two = np.int64(other[u])
                if one != 0 and two != 0:
                    total = (limit - one) + (limit - two)
                    if total < least or (total == least and u < where):
                        least = total
                        where = np.int64(u)
    return least, where


@kernel
def walk(codes, room, width, node, limit, corner_cutting):  # type: ignore[no-untyped-def]
    """Return the nodes of a least way from `node` back to the source of a search that reached it, both included."""
    offsets = np.array([width, 1, -width, -1, width + 1, 1 - width, -width - 1, width - 1])
    nodes = np.empty(1024, np.int64)
    nodes[0] = node
    count = 1
    while np.int64(room[node]) != limit:
        own = _weight(codes[node])
        blocked = 0
        came = np.int64(-1)
        for k in range(8):
            v = node + offsets[k]
            if codes[v] == LETHAL:
                if k < 4:
                    blocked |= 1 << k
                continue
            if k >= 4 and not corner_cutting and blocked & ((1 << (k - 4)) | (1 << ((k - 3) & 3))):
                continue
            move = ((own + _weight(codes[v])) * (ALONG if k < 4 else ACROSS)) >> SHIFT
            if room[v] != 0 and np.int64(room[v]) - move == np.int64(room[node]):
                came = v
                break
        if came < 0:
            return nodes[:0]
        if count == len(nodes):
            longer = np.empty(2 * count, np.int64)
            longer[:count] = nodes
            nodes = longer
        nodes[count] = came
        count += 1
        node = came
    return nodes[:count]


@kernel
def _weight(code):  # type: ignore[no-untyped-def]
    return (UNIT + (np.int64(code) & (UNIT - 1))) << (np.int64(code) >> MANTISSA_BITS)
