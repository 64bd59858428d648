"""Kernels of the local costs: least costs from places and headings to seeds, and what paths cost and lead to."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from rover.core.jit import bare, kernel
from rover.onboard.heading_kernels import HEADINGS, TURNS_RAD, bearing_off, nearest_heading

MOST_BUCKETS = 65536

_NOWHERE = -(2**62)


class Waiting(NamedTuple):
    """Items that wait in buckets, in lists linked both ways.

    Attributes:
        first: (buckets,) of each; -1 for none.
        after: (items,) the next one in its bucket; -1 for none.
        before: (items,) the one before; of the first one, -1 less the bucket; `_NOWHERE` for one that does not wait.
    """

    first: Any
    after: Any
    before: Any


@kernel
def cost_to_seeds(cost, resolution, base, rate, back, field):  # type: ignore[no-untyped-def]
    """Lower `field` to the least cost from each cell and heading to a seed and on from there.

    A move along a heading costs its length times the mean of the costs of the cells that it crosses; a turn to the next
    heading the time that it takes, times what the ground costs at either more than plain ground. What is to be looked
    at waits in buckets by its cost, none wider than the cheapest move or turn: whatever leaves one is final (Dial
    1969, doi:10.1145/363269.363610). Were they wider it would be looked at again, and come to the same.

    Args:
        cost: (headings, rows, cols) s/m; +inf is lethal.
        resolution: Side of a cell, m.
        base: (rows, cols) s/m of plain ground.
        rate: Of turning, rad/s.
        back: How many times as much a move backwards costs.
        field: (headings, rows, cols) cost on from each seed, +inf elsewhere.
    """
    count, rows, cols = cost.shape
    turns = TURNS_RAD[0] / rate, TURNS_RAD[1] / rate
    low, width, buckets = _widths(cost, resolution, base, turns, back, field)
    if not buckets > 0:
        return
    waiting = Waiting(
        np.full(buckets, -1, np.int64),
        np.empty(count * rows * cols, np.int64),
        np.full(count * rows * cols, _NOWHERE, np.int64),
    )
    ways = np.array(HEADINGS)
    size = 0
    for h in range(count):
        for i in range(rows):
            for j in range(cols):
                if field[h, i, j] < np.inf:
                    bucket = int((field[h, i, j] - low) / width) % buckets
                    size += _join(waiting, bucket, (h * rows + i) * cols + j)
    bucket = 0
    while size > 0:
        item = waiting.first[bucket]
        if item < 0:
            bucket = (bucket + 1) % buckets
            continue
        _leave(waiting, item)
        size -= 1
        h, cell = item // (rows * cols), item % (rows * cols)
        i, j = cell // cols, cell % cols
        key = field[h, i, j]
        for way in (1, -1):
            r, c = i - way * ways[h, 1], j - way * ways[h, 0]
            if 0 <= r < rows and 0 <= c < cols:
                price = _move(cost, h, r, c, i, j) * resolution
                reached = key + (price if way > 0 else back * price)
                if reached < field[h, r, c]:
                    field[h, r, c] = reached
                    size += _join(waiting, int((reached - low) / width) % buckets, (h * rows + r) * cols + c)
        for k in range(2):
            other = (h + 1 - 2 * k) % count
            turn = turns[h % 2] if k == 0 else turns[other % 2]
            share = (cost[h, i, j] + cost[other, i, j]) / (2.0 * base[i, j])
            reached = key + turn * share
            if reached < field[other, i, j]:
                field[other, i, j] = reached
                size += _join(waiting, int((reached - low) / width) % buckets, (other * rows + i) * cols + j)


@bare
def _join(waiting, bucket, item):  # type: ignore[no-untyped-def]
    """Have an item wait in a bucket, and no longer where it did; return how many more wait."""
    first, after, before = waiting
    more = 1
    if before[item] != _NOWHERE:
        _leave(waiting, item)
        more = 0
    head = first[bucket]
    after[item], before[item], first[bucket] = head, -1 - bucket, item
    if head >= 0:
        before[head] = item
    return more


@bare
def _leave(waiting, item):  # type: ignore[no-untyped-def]
    first, after, before = waiting
    earlier, later = before[item], after[item]
    if earlier >= 0:
        after[earlier] = later
    else:
        first[-1 - earlier] = later
    if later >= 0:
        before[later] = earlier
    before[item] = _NOWHERE


@bare
def _widths(cost, resolution, base, turns, back, field):  # type: ignore[no-untyped-def]
    """Return the least seed, how wide buckets may be, and how many there must be at a time; 0 where nothing is."""
    least, most, least_share, most_share = np.inf, 0.0, np.inf, 0.0
    low, high = np.inf, -np.inf
    count, rows, cols = cost.shape
    for h in range(count):
        for i in range(rows):
            for j in range(cols):
                here, seed = cost[h, i, j], field[h, i, j]
                if seed < np.inf:
                    low, high = min(low, seed), max(high, seed)
                if here < np.inf:
                    share = here / base[i, j]
                    least, most = min(least, here), max(most, here)
                    least_share, most_share = min(least_share, share), max(most_share, share)
    if not (low < np.inf and least < np.inf):
        return low, 1.0, 0
    # A little less, for sums are rounded.
    width = 0.999 * min(least * resolution, least_share * min(turns[0], turns[1]))
    span = high - low + max(math.sqrt(5.0) * back * most * resolution, most_share * max(turns[0], turns[1]))
    if not width > span / MOST_BUCKETS:
        width = span / MOST_BUCKETS
    return low, width, int(span / width) + 3


@bare
def _move(cost, h, i, j, r, c):  # type: ignore[no-untyped-def]
    """Cost of a move along a heading between two cells of side 1."""
    up, along = r - i, c - j
    if abs(up) == 2:
        middle = i + up // 2
        return (
            math.sqrt(5.0) * (cost[h, i, j] + cost[h, middle, j] + cost[h, middle, c] + cost[h, r, c]) / 4.0
        )
    if abs(along) == 2:
        middle = j + along // 2
        return (
            math.sqrt(5.0) * (cost[h, i, j] + cost[h, i, middle] + cost[h, r, middle] + cost[h, r, c]) / 4.0
        )
    if up != 0 and along != 0:
        if cost[h, i, c] == np.inf or cost[h, r, j] == np.inf:
            return np.inf
        return math.sqrt(2.0) * (cost[h, i, j] + cost[h, r, c]) / 2.0
    return (cost[h, i, j] + cost[h, r, c]) / 2.0


@kernel
def price_paths(cost, resolution, col, row, cos, sin, paths, spacing, stride, prices):  # type: ignore[no-untyped-def]
    """Fill `prices` with the integral of the costs along each path, s; +inf where it is lethal or leaves the raster.

    Args:
        cost: (headings, rows, cols) s/m.
        resolution: Side of a cell, m.
        col, row, cos, sin: Where the rover stands, in cells as fractions, and its heading.
        paths: (m, n, 4) poses from there: forward, left, cosine and sine of the yaw.
        spacing: Of the poses, m.
        stride: Every so many poses are looked at, and the last.
        prices: (m,).
    """
    count = paths.shape[1]
    for m in range(len(paths)):
        total = 0.0
        k = 0
        while k < count - 1:
            before = k
            k = min(k + stride, count - 1)
            ahead, left = paths[m, k, 0] / resolution, paths[m, k, 1] / resolution
            c = math.floor(col + ahead * cos - left * sin + 0.5)
            r = math.floor(row + ahead * sin + left * cos + 0.5)
            if not (0 <= r < cost.shape[1] and 0 <= c < cost.shape[2]):
                total = np.inf
                break
            yaw_cos, yaw_sin = paths[m, k, 2], paths[m, k, 3]
            h = nearest_heading(yaw_cos * cos - yaw_sin * sin, yaw_cos * sin + yaw_sin * cos)
            total += cost[h, r, c] * (k - before) * spacing
        prices[m] = total


@kernel
def onward_from(field, places, rate, onward):  # type: ignore[no-untyped-def]
    """Fill the least cost on from places and directions, by the headings to either side of each.

    Args:
        field: (headings, rows, cols) cost on from each.
        places: (n, 4) column and row as fractions, cosine and sine of the yaw.
        rate: Of turning, rad/s.
        onward: (n,); +inf where there is no way.
    """
    for n in range(len(places)):
        cos, sin = places[n, 2], places[n, 3]
        nearest = nearest_heading(cos, sin)
        least = np.inf
        for k in range(-1, 2):
            h = (nearest + k) % len(field)
            value = _between(field[h], places[n, 0], places[n, 1])
            least = min(least, value + abs(bearing_off(cos, sin, h)) / rate)
        onward[n] = least


@bare
def raise_where_stood(stood, same, alike, ends, headings, onward):  # type: ignore[no-untyped-def]
    """Raise the cost on from ends where the rover has stood to what it turned out to be from there, in place.

    Args:
        stood: (k, 4) east and north, heading, and the cost on.
        same, alike: An end no further away, and the cosine of whose bearing off the heading is more, is the same pose.
        ends: (n, 2) east and north.
        headings: (n, 2) cosine and sine of theirs.
        onward: (n,).
    """
    for k in range(len(stood)):
        cos, sin, value = math.cos(stood[k, 2]), math.sin(stood[k, 2]), stood[k, 3]
        for n in range(len(ends)):
            east, north = ends[n, 0] - stood[k, 0], ends[n, 1] - stood[k, 1]
            near = east * east + north * north < same * same
            if near and headings[n, 0] * cos + headings[n, 1] * sin > alike:
                onward[n] = max(onward[n], value)


@bare
def _between(values, col, row):  # type: ignore[no-untyped-def]
    """Bilinear value where all four are finite, else that of the cell; +inf off the raster."""
    rows, cols = values.shape
    r, c = math.floor(row), math.floor(col)
    if 0 <= r < rows - 1 and 0 <= c < cols - 1:
        u, v = col - c, row - r
        south = values[r, c] * (1.0 - u) + values[r, c + 1] * u
        north = values[r + 1, c] * (1.0 - u) + values[r + 1, c + 1] * u
        mixed = south * (1.0 - v) + north * v
        if mixed < np.inf:
            return mixed
    r, c = math.floor(row + 0.5), math.floor(col + 0.5)
    if 0 <= r < rows and 0 <= c < cols:
        return values[r, c]
    return np.inf
