"""Kernel of the first search of `rover.planning.replan`, outwards from the goal through buckets."""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import kernel
from rover.planning.heap_kernels import doubled, push
from rover.planning.replan_kernels import MOVE, OPEN, offsets_of, plus

DIAGONAL = math.sqrt(2.0)
_FIRST_LIST = 4096


@kernel
def spread(nodes, state, width, start, goal, step, corner_cutting, least, greatest):  # type: ignore[no-untyped-def]
    """Label nodes outwards from `goal`, nothing being labelled yet, until `start` is quiet and none less is open.

    The open nodes lie in buckets as wide as the least move, in a ring that the greatest move does not reach round. What
    is open in the end goes into a heap.

    Returns:
        Keys, items and size of the heap, nodes expanded, nodes generated.
    """
    offsets = offsets_of(width)
    per_bucket = 1.0 / (least * step)
    mask = 1
    while mask < DIAGONAL * greatest / least + 4.0:
        mask *= 2
    heads = np.full(mask, -1, np.int64)
    mask -= 1
    nexts = np.empty(_FIRST_LIST, np.int64)
    items = np.empty(_FIRST_LIST, np.int64)
    spare = -1
    used = 1
    queued = 1
    nexts[0] = -1
    items[0] = goal
    heads[0] = 0
    nodes[goal, 0] = 0.0
    state[goal] = OPEN
    bucket = 0
    expanded = 0
    generated = 1
    while queued > 0:
        slot = heads[bucket & mask]
        if slot < 0:
            if state[start] < OPEN and nodes[start, 0] * per_bucket < bucket:
                break
            bucket += 1
            continue
        heads[bucket & mask] = nexts[slot]
        nexts[slot] = spare
        spare = slot
        queued -= 1
        u = items[slot]
        so_far = nodes[u, 0]
        if state[u] < OPEN or int(so_far * per_bucket) != bucket:
            continue
        expanded += 1
        state[u] &= MOVE
        price = nodes[u, 1]
        free = 0
        for k in range(8):
            v = u + offsets[k]
            other = nodes[v, 1]
            if other == np.inf:
                continue
            half = 0.5 * step
            move = half * (price + other)
            if k < 4:
                free |= 1 << k
            else:
                corner = (1 << (k - 4)) | (1 << ((k - 3) & 3))
                if not corner_cutting and (free & corner) != corner:
                    continue
                move *= DIAGONAL
            if so_far + move < nodes[v, 0]:
                label = plus(so_far, move)
                if label < nodes[v, 0]:
                    nodes[v, 0] = label
                    state[v] = OPEN | k
                    slot = spare
                    if slot >= 0:
                        spare = nexts[slot]
                    else:
                        if used == len(items):
                            items = doubled(items)
                            nexts = doubled(nexts)
                        slot = used
                        used += 1
                    at = int(label * per_bucket) & mask
                    items[slot] = v
                    nexts[slot] = heads[at]
                    heads[at] = slot
                    queued += 1
                    generated += 1
    keys = np.empty(max(_FIRST_LIST, 2 * queued), np.float64)
    left = np.empty(len(keys), np.int64)
    size = 0
    for at in range(mask + 1):
        slot = heads[at]
        while slot >= 0:
            v = items[slot]
            if state[v] >= OPEN:
                size = push(keys, left, size, nodes[v, 0], v)
            slot = nexts[slot]
    return keys, left, size, expanded, generated
