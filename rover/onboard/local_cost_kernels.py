"""Kernels of the local costs: least costs from places and headings to seeds, and what paths cost and lead to."""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import kernel
from rover.onboard.heading_kernels import HEADINGS, TURNS_RAD, bearing_off, nearest_heading
from rover.planning.heap_kernels import drop_first, put


@kernel
def cost_to_seeds(cost, resolution, base, rate, back, field):  # type: ignore[no-untyped-def]
    """Lower `field` to the least cost from each cell and heading to a seed and on from there.

    A move along a heading costs its length times the mean of the costs of the cells that it crosses; a turn to the next
    heading the time that it takes, times what the ground costs at either more than plain ground.

    Args:
        cost: (headings, rows, cols) s/m; +inf is lethal.
        resolution: Side of a cell, m.
        base: (rows, cols) s/m of plain ground.
        rate: Of turning, rad/s.
        back: How many times as much a move backwards costs.
        field: (headings, rows, cols) cost on from each seed, +inf elsewhere.
    """
    count, rows, cols = cost.shape
    keys, items, size = np.empty(4096), np.empty(4096, np.int64), 0
    for h in range(count):
        for i in range(rows):
            for j in range(cols):
                if field[h, i, j] < np.inf:
                    keys, items, size = put(keys, items, size, field[h, i, j], (h * rows + i) * cols + j)
    while size > 0:
        key, item = keys[0], items[0]
        size = drop_first(keys, items, size)
        h, cell = item // (rows * cols), item % (rows * cols)
        i, j = cell // cols, cell % cols
        if key > field[h, i, j]:
            continue
        for way in (1, -1):
            r, c = i - way * HEADINGS[h][1], j - way * HEADINGS[h][0]
            if 0 <= r < rows and 0 <= c < cols:
                price = _move(cost[h], r, c, i, j) * resolution
                reached = key + (price if way > 0 else back * price)
                if reached < field[h, r, c]:
                    field[h, r, c] = reached
                    keys, items, size = put(keys, items, size, reached, (h * rows + r) * cols + c)
        for k in range(2):
            other = (h + 1 - 2 * k) % count
            angle = TURNS_RAD[h % 2] if k == 0 else TURNS_RAD[other % 2]
            share = (cost[h, i, j] + cost[other, i, j]) / (2.0 * base[i, j])
            reached = key + angle / rate * share
            if reached < field[other, i, j]:
                field[other, i, j] = reached
                keys, items, size = put(keys, items, size, reached, (other * rows + i) * cols + j)


@kernel
def _move(cost, i, j, r, c):  # type: ignore[no-untyped-def]
    """Cost of a move between two cells of side 1."""
    up, along = r - i, c - j
    if abs(up) == 2:
        middle = i + up // 2
        return math.sqrt(5.0) * (cost[i, j] + cost[middle, j] + cost[middle, c] + cost[r, c]) / 4.0
    if abs(along) == 2:
        middle = j + along // 2
        return math.sqrt(5.0) * (cost[i, j] + cost[i, middle] + cost[r, middle] + cost[r, c]) / 4.0
    if up != 0 and along != 0:
        if cost[i, c] == np.inf or cost[r, j] == np.inf:
            return np.inf
        return math.sqrt(2.0) * (cost[i, j] + cost[r, c]) / 2.0
    return (cost[i, j] + cost[r, c]) / 2.0


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


@kernel
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
