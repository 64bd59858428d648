"""Digging: means of craters over the cells of a grid of heights."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from rover.core.jit import kernel
from sim.moon.quadrature_kernels import POINTS, WEIGHTS

REACH = 3.0
"""Radii at which a crater's ejecta end."""

RIM_SHARE = 0.5
"""Of a crater's reach, within which bowl and rim lie."""

_METRES = 0.0005
_HALF_MM = 2000.0
_SPAN = 1.0 / (REACH * REACH - 1.0)


def profile(square: float, bowl_m: float, near_m: float, wide_m: float, rounding_m: float) -> float:
    """Return a crater's height at `square` = (distance / radius)^2.

    The lower of a parabolic bowl and of ejecta that end at REACH, rounded where they meet; zero beyond.

    Args:
        square: As above.
        bowl_m: Depth of the bowl below the rim.
        near_m, wide_m: Height at the rim of the ejecta that fall off steeply and of those that reach far.
        rounding_m: How much lower the rounded rim is than the sharp one, doubled.
    """
    taper = (REACH * REACH - square) * _SPAN
    taper = taper if taper > 0.0 else 0.0
    cube = taper * taper * taper
    ejecta = (near_m * cube + wide_m) * cube
    bowl = near_m + wide_m - bowl_m * (1.0 - square)
    bend = rounding_m * taper
    return 0.5 * (bowl + ejecta - math.sqrt((bowl - ejecta) * (bowl - ejecta) + bend * bend))


_profile = kernel(profile)


@kernel
def dig_craters(
    height_m: npt.NDArray[np.float64],
    east: int,
    north: int,
    step: int,
    place: npt.NDArray[np.int64],
    diameter_m: npt.NDArray[np.float64],
    depth_m: npt.NDArray[np.float64],
    freshness: npt.NDArray[np.float64],
    stretch: npt.NDArray[np.float64],
    units: npt.NDArray[np.float64],
    volumes: npt.NDArray[np.float64],
    small: float,
    tiny: float,
    box: float,
) -> None:
    """Add the means of craters over cells to a grid, in the order given.

    Args:
        height_m: (rows, cols), added to.
        east, north, step: Centre of cell (0, 0) and side of a cell, half-millimetres.
        place: (n, 2) centres, half-millimetres.
        diameter_m, depth_m, freshness: (n,); nothing is dug where the depth is zero.
        stretch: (n, 2) how far the rim is from round.
        units: (steps, 5) heights of `profile` by freshness, for a depth of one, and the radius of the rim's
            crest.
        volumes: (steps, side, side) of the same, from `fill_volumes`.
        small, tiny: Diameters, in cells, below which a round crater and any other is averaged by its volume.
        box: How much further than a round crater's an oval one's ejecta can reach.
    """
    below = np.empty(height_m.shape[1] + 1)
    shape = np.empty(7)
    cell_m = step * _METRES
    for k in range(place.shape[0]):
        if depth_m[k] == 0.0:
            continue
        kind = crater_kind(freshness[k], units.shape[0])
        reach = crater_reach(diameter_m[k], units[kind, 4], box)
        half = reach + step // 2
        first_col = max(0, -((east - place[k, 0] + half) // step))
        last_col = min(height_m.shape[1] - 1, (place[k, 0] + half - east) // step)
        first_row = max(0, -((north - place[k, 1] + half) // step))
        last_row = min(height_m.shape[0] - 1, (place[k, 1] + half - north) // step)
        if last_col < first_col or last_row < first_row:
            continue
        span = (first_row, last_row, first_col, last_col)
        west, south = east - place[k, 0], north - place[k, 1]
        along, across = stretch[k, 0], stretch[k, 1]
        radius_m = 0.5 * diameter_m[k] / units[kind, 4]
        if diameter_m[k] < (small if along == 0.0 and across == 0.0 else tiny) * cell_m:
            _add_by_volume(height_m, span, west, south, step, radius_m, depth_m[k], volumes[kind], below)
            continue
        inverse = 1.0 / (radius_m * radius_m)
        shape[0], shape[1], shape[2] = (
            (1.0 + along) * inverse,
            2.0 * across * inverse,
            (1.0 - along) * inverse,
        )
        for n in range(4):
            shape[3 + n] = units[kind, n] * depth_m[k]
        points = _points(diameter_m[k] / cell_m)
        _add_by_points(height_m, span, west, south, step, reach, shape, points, below)


@kernel
def crater_kind(freshness: float, steps: int) -> int:
    """Return the row of the table of unit shapes."""
    return int(freshness * (steps - 1) + 0.5)


@kernel
def crater_reach(diameter_m: float, crest: float, box: float) -> int:
    """Return the half side of the square that holds a crater and its ejecta, half-millimetres."""
    return int(diameter_m * (0.5 * REACH * box) / crest * _HALF_MM) + 1


@kernel
def crater_reaches(
    diameter_m: npt.NDArray[np.float64],
    freshness: npt.NDArray[np.float64],
    units: npt.NDArray[np.float64],
    box: float,
) -> npt.NDArray[np.int64]:
    """Return (n,) what `crater_reach` does for each of n craters; arguments as of `dig_craters`."""
    reach = np.empty(diameter_m.shape[0], np.int64)
    for k in range(reach.shape[0]):
        kind = crater_kind(freshness[k], units.shape[0])
        reach[k] = crater_reach(diameter_m[k], units[kind, 4], box)
    return reach


@kernel
def _points(cells: float) -> tuple[int, int]:
    """Return points per cell and axis that average bowl and rim of a crater so many cells wide, and its ejecta.

    The rim of a fresh crater bends within a fortieth of its diameter; the ejecta thin out smoothly. Few craters are
    under eight cells and not averaged by their volume: the oval ones of coarse rasters, whose rim may lie in one cell.
    """
    if cells >= 128.0:
        return 1, 1
    if cells >= 20.0:
        return 2, 1 if cells >= 40.0 else 2
    if cells >= 8.0:
        return 3, 2
    return (6, 3) if cells >= 4.0 else (8, 4)


@kernel
def _cols_within(radius: float, up: float, west: int, step: int, first: int, last: int) -> tuple[int, int]:
    """Return the first and last column of a row whose middles lie within a circle; the row is `up` from it.

    Found in whole numbers, so that no window changes them.
    """
    if not up * up < radius * radius:
        return last + 1, last
    across = int(math.sqrt(radius * radius - up * up))
    return max(first, -((west + across) // step)), min(last, (across - west) // step)


@kernel
def _add_by_points(
    height_m: npt.NDArray[np.float64],
    span: tuple[int, int, int, int],
    west: int,
    south: int,
    step: int,
    reach: int,
    shape: npt.NDArray[np.float64],
    points: tuple[int, int],
    mean: npt.NDArray[np.float64],
) -> None:
    """Add one crater by Gauss's points.

    Args:
        height_m: (rows, cols), added to.
        span: First and last row and first and last column it reaches.
        west, south: Centre of cell (0, 0) from the crater's, half-millimetres.
        step: Side of a cell.
        reach: Half side of the square that holds the crater.
        shape: (7,): xx, xy, yy of the ellipse's form (1/m2), and the four heights of `profile`.
        points: Per cell and axis, 1 to 8: for bowl and rim, and beyond.
        mean: Room for a row.
    """
    first_row, last_row, first_col, last_col = span
    count, fewer = points
    rim, whole = np.float64(reach) * RIM_SHARE + step, np.float64(reach) + step
    for row in range(first_row, last_row + 1):
        up = np.float64(south + row * step)
        first, last = _cols_within(whole, up, west, step, first_col, last_col)
        if last < first:
            continue
        rim_from, rim_to = _cols_within(rim, up, west, step, first, last)
        if rim_to < rim_from:
            rim_from, rim_to = last + 1, last
        line = height_m[row]
        _add_span(line, mean, first, rim_from, west, up, step, shape, fewer)
        _add_span(line, mean, rim_from, rim_to + 1, west, up, step, shape, count)
        _add_span(line, mean, rim_to + 1, last + 1, west, up, step, shape, fewer)


@kernel
def _add_span(
    line: npt.NDArray[np.float64],
    mean: npt.NDArray[np.float64],
    first: int,
    end: int,
    west: int,
    up: float,
    step: int,
    shape: npt.NDArray[np.float64],
    count: int,
) -> None:
    """Add a crater's means to the cells of a row from `first` up to `end`; `west` is where column 0 is."""
    width = end - first
    if width <= 0:
        return
    side_m, stride = step * _METRES, np.float64(step)
    start = np.float64(west + first * step)  # whole, so that no bit depends on the window
    xx, xy, yy = shape[0], shape[1], shape[2]
    bowl, near, wide, rounding = shape[3], shape[4], shape[5], shape[6]
    mean[:width] = 0.0
    for m in range(count):
        y = up * _METRES + POINTS[count - 1, m] * side_m
        for n in range(count):
            x0 = POINTS[count - 1, n] * side_m
            weight = WEIGHTS[count - 1, m] * WEIGHTS[count - 1, n]
            for col in range(width):
                x = (start + col * stride) * _METRES + x0
                square = (xx * x + xy * y) * x + yy * y * y
                mean[col] += weight * _profile(square, bowl, near, wide, rounding)
    for col in range(width):
        line[first + col] += mean[col]


@kernel
def _add_by_volume(
    height_m: npt.NDArray[np.float64],
    span: tuple[int, int, int, int],
    west: int,
    south: int,
    step: int,
    radius_m: float,
    depth_m: float,
    table: npt.NDArray[np.float64],
    below: npt.NDArray[np.float64],
) -> None:
    """Add one crater about as small as a cell, taken as round, from a table of its volume.

    Args:
        height_m, span, west, south, step: As `_add_by_points` takes them.
        radius_m: Of the bowl.
        depth_m: Of the crater.
        table: From `fill_volumes`.
        below: Room for a row of corners.
    """
    first_row, last_row, first_col, last_col = span
    scale = (table.shape[0] - 1) / REACH * _METRES / radius_m
    cell = step * _METRES / radius_m
    factor = depth_m / (cell * cell)
    for row in range(first_row, last_row + 2):
        y = (south - step // 2 + row * step) * scale
        before, own = 0.0, 0.0
        for col in range(first_col, last_col + 2):
            x = (west - step // 2 + col * step) * scale
            corner = _volume_to(table, x, y)
            if row > first_row and col > first_col:
                own = corner - below[col] - before + below[col - 1]
                height_m[row - 1, col - 1] += factor * own
            if col > first_col:
                below[col - 1] = before
            before = corner
        below[last_col + 1] = before


@kernel
def fill_volumes(units: npt.NDArray[np.float64], volumes: npt.NDArray[np.float64]) -> None:
    """Set tables of the volume of round craters over rectangles from their middles.

    Args:
        units: (n, 4 or more) heights of `profile`, for craters whose bowl has radius one.
        volumes: (n, side, side), set: volume over [0, x] x [0, y], x and y in even steps from 0 to REACH.
    """
    side = volumes.shape[1]
    width = REACH / (side - 1)
    for k in range(units.shape[0]):
        for row in range(side):
            volumes[k, row, 0] = volumes[k, 0, row] = 0.0
        for row in range(1, side):
            along = 0.0
            for col in range(1, side):
                for m in range(3):
                    y = (row - 0.5 + POINTS[2, m]) * width
                    for n in range(3):
                        x = (col - 0.5 + POINTS[2, n]) * width
                        height = _profile(x * x + y * y, units[k, 0], units[k, 1], units[k, 2], units[k, 3])
                        along += WEIGHTS[2, m] * WEIGHTS[2, n] * width * width * height
                volumes[k, row, col] = volumes[k, row - 1, col] + along


@kernel
def _volume_to(table: npt.NDArray[np.float64], x: float, y: float) -> float:
    """Return the volume over [0, x] x [0, y], x and y in the table's steps, by bilinear interpolation."""
    last = table.shape[0] - 1
    u, v = min(abs(x), np.float64(last)), min(abs(y), np.float64(last))
    col, row = min(np.int64(u), last - 1), min(np.int64(v), last - 1)
    u, v = u - col, v - row
    low = table[row, col] + u * (table[row, col + 1] - table[row, col])
    high = table[row + 1, col] + u * (table[row + 1, col + 1] - table[row + 1, col])
    value: float = low + v * (high - low)
    return value if (x < 0.0) == (y < 0.0) else -value
