"""A four-ary heap of labels in the order of three keys, the later ones deciding between equals."""

from __future__ import annotations

from rover.core.jit import bare


@bare
def _before(a1, a2, a3, b1, b2, b3):  # type: ignore[no-untyped-def]
    return a1 < b1 or (a1 == b1 and (a2 < b2 or (a2 == b2 and a3 < b3)))


@bare
def put_label(keys, items, size, first, second, third, item):  # type: ignore[no-untyped-def]
    """Add an entry, for which there must be room; return the new size.

    Args:
        keys: (n, 3) float64.
        items: (n,) int64.
        size: Entries held.
        first, second, third, item: The entry.
    """
    at = size
    while at > 0:
        above = (at - 1) >> 2
        if not _before(first, second, third, keys[above, 0], keys[above, 1], keys[above, 2]):
            break
        for k in range(3):
            keys[at, k] = keys[above, k]
        items[at] = items[above]
        at = above
    keys[at, 0] = first
    keys[at, 1] = second
    keys[at, 2] = third
    items[at] = item
    return size + 1


@bare
def drop_label(keys, items, size):  # type: ignore[no-untyped-def]
    """Remove the least entry; return the new size."""
    size -= 1
    first, second, third, item = keys[size, 0], keys[size, 1], keys[size, 2], items[size]
    at = 0
    while True:
        child = 4 * at + 1
        if child >= size:
            break
        best = child
        for other in range(child + 1, min(child + 4, size)):
            if _before(
                keys[other, 0], keys[other, 1], keys[other, 2], keys[best, 0], keys[best, 1], keys[best, 2]
            ):
                best = other
        if not _before(keys[best, 0], keys[best, 1], keys[best, 2], first, second, third):
            break
        for k in range(3):
            keys[at, k] = keys[best, k]
        items[at] = items[best]
        at = best
    keys[at, 0] = first
    keys[at, 1] = second
    keys[at, 2] = third
    items[at] = item
    return size
