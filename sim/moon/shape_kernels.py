"""Raising and digging: means of craters and rocks over the cells of a grid of heights."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from rover.core.jit import kernel

REACH = 3.0
"""Radii at which a crater's ejecta end."""

RIM_SHARE = 0.5
"""Of a crater's reach, within which bowl and rim lie."""

_METRES = 0.0005
_SPAN = 1.0 / (REACH * REACH - 1.0)

# Gauss and Legendre's points and weights on a cell of side one, for 1 to 4 points an axis.
POINTS = np.array(
    [
        [0.0, 0.0, 0.0, 0.0],
        [-0.28867513459481287, 0.28867513459481287, 0.0, 0.0],
        [-0.3872983346207417, 0.0, 0.3872983346207417, 0.0],
        [-0.43056815579702629, -0.16999052179242813, 0.16999052179242813, 0.43056815579702629],
    ]
)
WEIGHTS = np.array(
    [
        [1.0, 0.0, 0.0, 0.0],
        [0.5, 0.5, 0.0, 0.0],
        [0.2777777777777778, 0.4444444444444444, 0.2777777777777778, 0.0],
        [0.17392742256872692, 0.32607257743127308, 0.32607257743127308, 0.17392742256872692],
    ]
)


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
def add_craters(
    height_m: npt.NDArray[np.float64],
    east: int,
    north: int,
    step: int,
    place: npt.NDArray[np.int64],
    reach: npt.NDArray[np.int64],
    shape: npt.NDArray[np.float64],
    samples: npt.NDArray[np.int64],
) -> None:
    """Add the means of craters over cells to a grid, in the order given, by Gauss's points.

    Bowl and rim take `samples` squared points a cell; beyond them, where the ejecta thin out smoothly, fewer do.

    Args:
        height_m: (rows, cols), added to.
        east, north, step: Centre of cell (0, 0) and side of a cell, half-millimetres.
        place: (n, 2) centres, half-millimetres.
        reach: (n,) half side of the square that holds the crater, half-millimetres.
        shape: (n, 7): xx, xy, yy of the ellipse's form (1/m2), and the four heights of `profile`.
        samples: (n,) points per cell and axis, 1 to 4.
    """
    rows, cols = height_m.shape
    mean = np.empty(cols)
    for k in range(place.shape[0]):
        half = reach[k] + step // 2
        first_col = max(0, -((east - place[k, 0] + half) // step))
        last_col = min(cols - 1, (place[k, 0] + half - east) // step)
        first_row = max(0, -((north - place[k, 1] + half) // step))
        last_row = min(rows - 1, (place[k, 1] + half - north) // step)
        if last_col < first_col or last_row < first_row:
            continue
        count = samples[k]
        fewer = min(count, 1 + (count + 1) // 3)
        rim = np.float64(reach[k]) * RIM_SHARE + step
        for row in range(first_row, last_row + 1):
            up = np.float64(north + row * step - place[k, 1])
            across = np.int64(math.sqrt(max(0.0, rim * rim - up * up)))
            # columns whose middles lie within the rim, as whole numbers that no window changes
            rim_from = max(first_col, -((east - place[k, 0] + across) // step))
            rim_to = min(last_col, (place[k, 0] + across - east) // step)
            if across == 0 or rim_to < rim_from:
                rim_from, rim_to = last_col + 1, last_col
            line, west = height_m[row], east - place[k, 0]
            _add_span(line, mean, first_col, rim_from, west, up, step, shape[k], fewer)
            _add_span(line, mean, rim_from, rim_to + 1, west, up, step, shape[k], count)
            _add_span(line, mean, rim_to + 1, last_col + 1, west, up, step, shape[k], fewer)


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
def add_small_craters(
    height_m: npt.NDArray[np.float64],
    east: int,
    north: int,
    step: int,
    place: npt.NDArray[np.int64],
    reach: npt.NDArray[np.int64],
    form: npt.NDArray[np.float64],
    kind: npt.NDArray[np.int64],
    volumes: npt.NDArray[np.float64],
) -> None:
    """Add the means over cells of craters about as small as a cell, taken as round, from tables of volume.

    Args:
        height_m: (rows, cols), added to.
        east, north, step: Centre of cell (0, 0) and side of a cell, half-millimetres.
        place: (n, 2) centres, half-millimetres.
        reach: (n,) half side of the square that holds the crater, half-millimetres.
        form: (n, 2) radius of the bowl and height that the table's is multiplied by, metres.
        kind: (n,) which table.
        volumes: From `fill_volumes`.
    """
    rows, cols = height_m.shape
    below = np.empty(cols + 1)
    for k in range(place.shape[0]):
        half = reach[k] + step // 2
        first_col = max(0, -((east - place[k, 0] + half) // step))
        last_col = min(cols - 1, (place[k, 0] + half - east) // step)
        first_row = max(0, -((north - place[k, 1] + half) // step))
        last_row = min(rows - 1, (place[k, 1] + half - north) // step)
        if last_col < first_col or last_row < first_row:
            continue
        table, per_side = volumes[kind[k]], (volumes.shape[1] - 1) / REACH
        scale = per_side * _METRES / form[k, 0]
        cell = step * _METRES / form[k, 0]
        factor = form[k, 1] / (cell * cell)
        for row in range(first_row, last_row + 2):
            y = (north - step // 2 + row * step - place[k, 1]) * scale
            before, own = 0.0, 0.0
            for col in range(first_col, last_col + 2):
                x = (east - step // 2 + col * step - place[k, 0]) * scale
                corner = _volume_to(table, x, y)
                if row > first_row and col > first_col:
                    own = corner - below[col] - before + below[col - 1]
                    height_m[row - 1, col - 1] += factor * own
                if col > first_col:
                    below[col - 1] = before
                before = corner
            below[last_col + 1] = before


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


@kernel
def raise_boulders(
    height_m: npt.NDArray[np.float64],
    east: int,
    north: int,
    step: int,
    place: npt.NDArray[np.int64],
    size_m: npt.NDArray[np.float64],
) -> None:
    """Set each cell to the highest boulder over its centre.

    Args:
        height_m: (rows, cols) height of boulder above the ground, zero where none; raised.
        east, north, step: Centre of cell (0, 0) and side of a cell, half-millimetres.
        place: (n, 2) centres, half-millimetres.
        size_m: (n, 2) diameter and height of a spheroid that rests whole on the ground.
    """
    rows, cols = height_m.shape
    for k in range(place.shape[0]):
        radius, half = 0.5 * size_m[k, 0], 0.5 * size_m[k, 1]
        reach = np.int64(radius / _METRES) + 1
        for row in range(
            max(0, -((north - place[k, 1] + reach) // step)),
            min(rows - 1, (place[k, 1] + reach - north) // step) + 1,
        ):
            y = (north + row * step - place[k, 1]) * _METRES / radius
            for col in range(
                max(0, -((east - place[k, 0] + reach) // step)),
                min(cols - 1, (place[k, 0] + reach - east) // step) + 1,
            ):
                x = (east + col * step - place[k, 0]) * _METRES / radius
                square = x * x + y * y
                if square < 1.0:
                    height_m[row, col] = max(height_m[row, col], half + half * math.sqrt(1.0 - square))


COLUMNS = 16
"""Columns along each axis that a rock is cut into."""


@kernel
def add_rocks(
    height_m: npt.NDArray[np.float64],
    east: int,
    north: int,
    step: int,
    place: npt.NDArray[np.int64],
    size_m: npt.NDArray[np.float64],
) -> None:
    """Add the means over cells of half-buried spheroids, which do not overlap.

    A rock of four cells and more is averaged in each cell. A smaller one is cut into columns, each shared out
    among the cells it stands in, so that no volume is lost however small the rock is.

    Args:
        height_m: (rows, cols), added to.
        east, north, step: Centre of cell (0, 0) and side of a cell, half-millimetres.
        place: (n, 2) centres, half-millimetres.
        size_m: (n, 2) diameter and height above the ground.
    """
    for k in range(place.shape[0]):
        x, y = place[k, 0] - east, place[k, 1] - north
        if size_m[k, 0] >= 4 * step * _METRES:
            _add_wide_rock(height_m, x, y, step, size_m[k, 0], size_m[k, 1])
        else:
            _add_narrow_rock(height_m, x, y, step, size_m[k, 0], size_m[k, 1])


@kernel
def _add_wide_rock(
    height_m: npt.NDArray[np.float64], x: int, y: int, step: int, diameter_m: float, top_m: float
) -> None:
    rows, cols = height_m.shape
    reach = int(diameter_m * (0.5 / _METRES)) + step
    scale = 2.0 * _METRES / diameter_m
    for row in range(max(0, -((reach - y) // step)), min(rows - 1, (y + reach) // step) + 1):
        for col in range(max(0, -((reach - x) // step)), min(cols - 1, (x + reach) // step) + 1):
            mean = 0.0
            for m in range(4):
                v = (row * step - y + POINTS[3, m] * step) * scale
                for n in range(4):
                    u = (col * step - x + POINTS[3, n] * step) * scale
                    square = 1.0 - u * u - v * v
                    if square > 0.0:
                        mean += WEIGHTS[3, m] * WEIGHTS[3, n] * math.sqrt(square)
            height_m[row, col] += top_m * mean


@kernel
def _add_narrow_rock(
    height_m: npt.NDArray[np.float64], x: int, y: int, step: int, diameter_m: float, top_m: float
) -> None:
    rows, cols = height_m.shape
    total = 0.0
    for m in range(COLUMNS):
        for n in range(COLUMNS):
            total += _column(m, n)
    cell_m = step * _METRES
    # the volume of half a spheroid, pi / 6 d^2 h, as height over one cell
    share = 0.5235987755982988 * diameter_m * diameter_m * top_m / (total * cell_m * cell_m)
    width = diameter_m / (cell_m * COLUMNS)
    east_cell, north_cell = x // step, y // step  # apart, so that no bit depends on the window
    west = (x - east_cell * step) / step + 0.5 - 0.5 * COLUMNS * width
    south = (y - north_cell * step) / step + 0.5 - 0.5 * COLUMNS * width
    for m in range(COLUMNS):
        row, above = _split(south + m * width, width)
        row += north_cell
        for n in range(COLUMNS):
            volume = share * _column(m, n)
            if volume == 0.0:
                continue
            col, beyond = _split(west + n * width, width)
            col += east_cell
            for j in range(2):
                for i in range(2):
                    part = (above if j else 1.0 - above) * (beyond if i else 1.0 - beyond)
                    if part > 0.0 and 0 <= row + j < rows and 0 <= col + i < cols:
                        height_m[row + j, col + i] += part * volume


@kernel
def _column(m: int, n: int) -> float:
    """Return the height of a column of the unit half sphere."""
    u, v = (2 * n + 1 - COLUMNS) / COLUMNS, (2 * m + 1 - COLUMNS) / COLUMNS
    return math.sqrt(max(0.0, 1.0 - u * u - v * v))


@kernel
def _split(low: float, width: float) -> tuple[int, float]:
    """Return the cell that [low, low + width) begins in, and the share of it that lies in the next."""
    cell = math.floor(low)
    return cell, max(0.0, low + width - (cell + 1)) / width
