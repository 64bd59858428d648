"""Two surfaces laid out along a heading, with where wheels would stand on the ground between them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from rover.hazard.aligned_kernels import highest_across, highest_of_blocks, lay_out, rests_along
from rover.hazard.clearance_figures import ClearanceFigures
from rover.hazard.crest_kernels import raise_to_crests
from rover.hazard.wheel_kernels import RESTS

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]


def lay_along(
    low_m: npt.NDArray[np.float32],
    high_m: npt.NDArray[np.float32],
    side_m: float,
    middle: Floats,
    heading_rad: float,
    figures: ClearanceFigures,
    crests: npt.NDArray[np.float32],
    layers: npt.NDArray[np.float32],
    *,
    spacing_m: float,
    off: float,
    half: tuple[int, int],
    first: tuple[int, int] = (0, 0),
    leans: Sequence[float] = (0.0,),
    doubt: float = 0.0,
    bands: tuple[tuple[int, int], ...] | None = None,
    cols: tuple[int, int] | None = None,
) -> None:
    """Lay two surfaces out along a heading.

    The rim of a wheel that leans lies aside of its axle, at its lowest most, by its radius times the sine; the side to
    which it does is raised, and what lies under it counts as so much lower.

    Args:
        low_m, high_m, side_m, middle, figures, spacing_m: As of `AlignedGround`.
        heading_rad: Counter-clockwise from east.
        crests: (n, 3) as of `Crests.near`.
        layers: (LAYERS, m, n) filled.
        off: Sine of the most that a wheel points off the heading.
        half: Row and column, of all samples, of the one in the middle.
        first: Row and column, of all samples, of the first of these.
        leans: Sines of the rolls at which wheels are laid out, the side to the left of the heading raised.
        doubt: How much each may be off.
        bands, cols: Rows from and up to, and columns, in which a wheel's lowest point may lie: elsewhere wheels are not
            laid out. None for all.
    """
    tops, low, high, wide = layers[:RESTS]
    step, radius = spacing_m, float(figures.belly[5])
    cos, sin = math.cos(heading_rad), math.sin(heading_rad)
    side = float(figures.belly[6]) / 2
    # A wheel may point so far off the heading: its ends lie aside, its sides ahead.
    aside = radius * off
    rows = bands or ((0, len(low)),)
    reach = math.ceil((side + aside + radius * max(map(abs, leans))) / step) + 3
    both = [_more(row, reach, len(low)) for row in rows]
    given = low_m, high_m, side_m, middle, cos, sin, step
    _lay_out(*given, half[0] - first[0], half[1] - first[1], both, low, high)
    raise_to_crests(crests, middle, cos, sin, step / side_m, half, first, wide, high)
    highest_of_blocks(high, tops)
    if bands is not None:
        layers[RESTS - 1 :] = np.inf  # unknown, wherever it is looked at
    work, within = np.empty_like(high), cols or (0, low.shape[1])
    for begin, end in rows:
        highest_across(high, begin, (side + aside) / step, True, 0.0, work, wide[begin:end])
    lean, count = leans[len(leans) // 2], len(leans)
    lows = [(lean, doubt, off) for lean in leans] + [(lean, *anyhow(figures, lean, off))]
    for row in rows:
        for which, lean in enumerate(leans):
            _rest_high(
                high, row, within, lean, (radius, side), off, step, work, layers[RESTS + count + 1 + which]
            )
        for which, (lean, most, off_most) in enumerate(lows):
            narrow = narrowed(figures, lean, most, off_most, step)
            behind = side * off_most + step / 2 + radius * (abs(lean) + most) * off_most
            _rest_low(low, row, within, lean, (radius, narrow, behind), step, work, layers[RESTS + which])


def anyhow(figures: ClearanceFigures, lean: float, off: float) -> tuple[float, float]:
    """Return how far within the limits wheels may lean off a lean, and the most that they may point off the heading."""
    pitch, roll = np.sin(figures.beyond[:2]).tolist()
    return roll + abs(lean), off + pitch * roll / _cosine(roll)


def narrowed(figures: ClearanceFigures, lean: float, doubt: float, off: float, step_m: float) -> float:
    """Return half the width of what is under a wheel however it leans and points, m.

    Wherever its axle is nearest to a sample, with its rim laid out by whole rows; and however it leans its rim lies no
    further aside of where it is laid out than half of the most at its lowest.
    """
    radius, side = float(figures.belly[5]), float(figures.belly[6]) / 2
    narrower = radius * off + _odd(radius, lean, step_m) + radius * doubt / 2 + step_m / 2
    return max(0.0, side * _cosine(min(1.0, abs(lean) + doubt)) - narrower)


def _odd(radius_m: float, lean: float, step_m: float) -> float:
    """Return how far a rim that leans lies off whole rows."""
    return min(step_m / 2, abs(lean) * radius_m)


def _rest_high(
    high: Singles,
    rows: tuple[int, int],
    cols: tuple[int, int],
    lean: float,
    wheel: tuple[float, float],
    off: float,
    step: float,
    work: Singles,
    found: Singles,
) -> None:
    """Lay out where wheels, by radius and half width, rest at the most, in some rows and columns.

    The rim lies so many rows aside of where it is lowest for each metre that it is higher.
    """
    (radius, side), (begin, end) = wheel, rows
    start, stop = _more(rows, math.ceil(radius * abs(lean) / step) + 1, len(high))
    across = np.empty((stop - start, high.shape[1]), np.float32)
    reach = side + radius * off + _odd(radius, lean, step)
    highest_across(high, start, reach / step, True, lean / _cosine(lean) * step, work, across)
    drops, over = _rim(radius, radius + side * off, -side * off, step)
    aslant, sunk = np.rint(drops * (-lean / step)).astype(np.int64), drops * np.float32(_cosine(lean))
    rests_along(across, begin - start, cols, sunk, aslant, over, True, found[begin:end])


def _rest_low(
    low: Singles,
    rows: tuple[int, int],
    cols: tuple[int, int],
    lean: float,
    wheel: tuple[float, float, float],
    step: float,
    work: Singles,
    found: Singles,
) -> None:
    """Lay out where wheels, by radius, half width and how far behind their rims may be, rest at the least."""
    (radius, narrow, behind), (begin, end) = wheel, rows
    start, stop = _more(rows, math.ceil(radius * abs(lean) / step) + 1, len(low))
    across = np.empty((stop - start, low.shape[1]), np.float32)
    highest_across(low, start, narrow / step, False, lean / _cosine(lean) * step, work, across)
    drops, over = _rim(radius, radius - behind, behind, step)
    aslant, sunk = np.rint(drops * (-lean / step)).astype(np.int64), drops * np.float32(_cosine(lean))
    rests_along(across, begin - start, cols, sunk, aslant, over, False, found[begin:end])


def _more(rows: tuple[int, int], more: int, count: int) -> tuple[int, int]:
    return max(0, rows[0] - more), min(count, rows[1] + more)


def _lay_out(
    low_m: Singles,
    high_m: Singles,
    side_m: float,
    middle: Floats,
    cos: float,
    sin: float,
    step: float,
    left: int,
    ahead: int,
    rows: Sequence[tuple[int, int]],
    low: Singles,
    high: Singles,
) -> None:
    """Sample both surfaces in some rows, and elsewhere the upper one alone, which stands for both there."""
    begun = 0
    for begin, end in [*rows, (len(low), len(low))]:
        for first, last, alike in ((begun, begin, True), (begin, end, low_m is high_m)):
            if first < last:
                given = low_m, high_m, alike, side_m, middle, cos, sin, step, left - first, ahead
                lay_out(*given, low[first:last], high[first:last])
        begun = end


def _cosine(sine: float) -> float:
    return math.sqrt(1.0 - sine * sine)


@lru_cache(maxsize=64)
def _rim(
    radius_m: float, length_m: float, more_m: float, step_m: float
) -> tuple[npt.NDArray[np.float32], np.float32]:
    """Return how high a wheel's rim is 0, 1, ... samples ahead and at its end, and how far the end is from the last.

    It is told of places `more_m` further ahead, none of which is beyond the rim.
    """
    whole = math.floor(length_m / step_m + 1e-9)
    at = np.clip(np.append(np.arange(whole + 1) * step_m, length_m) + more_m, 0.0, radius_m)
    return (radius_m - np.sqrt(radius_m**2 - at**2)).astype(np.float32), np.float32(length_m / step_m - whole)
