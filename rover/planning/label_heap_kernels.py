"""A four-ary heap of labels in the order of two keys, the second deciding between equal firsts."""

from __future__ import annotations

from rover.core.jit import bare


@bare
def _before(first_a, second_a, first_b, second_b):  # type: ignore[no-untyped-def]
    return first_a < first_b or (first_a == first_b and second_a < second_b)


@bare
def put_label(keys, items, size, first, second, item):  # type: ignore[no-untyped-def]
    """Add an entry, for which there must be room; return the new size.

    Args:
        keys: (n, 2) float64.
        items: (n,) int64.
        size: Entries held.
        first, second, item: The entry.
    """
    at = size
    while at > 0:
        above = (at - 1) >> 2
        if not _before(first, second, keys[above, 0], keys[above, 1]):
            break
        keys[at, 0] = keys[above, 0]
        keys[at, 1] = keys[above, 1]
        items[at] = items[above]
        at = above
    keys[at, 0] = first
    keys[at, 1] = second
    items[at] = item
    return size + 1


@bare
def drop_label(keys, items, size):  # type: ignore[no-untyped-def]
    """Remove the least entry; return the new size."""
    size -= 1
    first, second, item = keys[size, 0], keys[size, 1], items[size]
    at = 0
    while True:
        child = 4 * at + 1
        if child >= size:
            break
        best = child
        for other in range(child + 1, min(child + 4, size)):
            if _before(keys[other, 0], keys[other, 1], keys[best, 0], keys[best, 1]):
                best = other
        if not _before(keys[best, 0], keys[best, 1], first, second):
            break
        keys[at, 0] = keys[best, 0]
        keys[at, 1] = keys[best, 1]
        items[at] = items[best]
        at = best
    keys[at, 0] = first
    keys[at, 1] = second
    items[at] = item
    return size
