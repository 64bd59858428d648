"""A four-ary heap of (key, item) in two arrays, the least key first."""

from __future__ import annotations

import numpy as np

from rover.core.jit import bare, kernel


@kernel
def doubled(values):  # type: ignore[no-untyped-def]
    """Return a copy of twice the length, its second half not set."""
    longer = np.empty(2 * len(values), values.dtype)
    for k in range(len(values)):  # assigning to a slice takes seconds to compile
        longer[k] = values[k]
    return longer


@bare
def push(keys, items, size, key, item):  # type: ignore[no-untyped-def]
    """Add an entry, for which there must be room; return the new size."""
    at = size
    while at > 0:
        above = (at - 1) >> 2
        if keys[above] <= key:
            break
        keys[at] = keys[above]
        items[at] = items[above]
        at = above
    keys[at] = key
    items[at] = item
    return size + 1


@kernel
def put(keys, items, size, key, item):  # type: ignore[no-untyped-def]
    """Add an entry, making room; return keys, items and the new size."""
    if size == len(keys):
        keys = doubled(keys)
        items = doubled(items)
    return keys, items, push(keys, items, size, key, item)


@bare
def drop_first(keys, items, size):  # type: ignore[no-untyped-def]
    """Remove the least entry; return the new size."""
    size -= 1
    key = keys[size]
    item = items[size]
    at = 0
    while True:
        first = 4 * at + 1
        if (
            first + 3 < size
        ):  # the least of four without a branch, which would be guessed wrong every other time
            left = first + (keys[first + 1] < keys[first])
            right = first + 2 + (keys[first + 3] < keys[first + 2])
            best = right if keys[right] < keys[left] else left
        elif first < size:
            best = first
            for child in range(first + 1, size):
                if keys[child] < keys[best]:
                    best = child
        else:
            break
        if keys[best] >= key:
            break
        keys[at] = keys[best]
        items[at] = items[best]
        at = best
    keys[at] = key
    items[at] = item
    return size
