"""Ground laid out along headings, each as soon as it is asked for, so that how a rover stands is soon bounded.

What wheels stand on is the same whichever way round they point, so half a circle of headings serves.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from sys import getrefcount
from threading import Lock

import numpy as np
import numpy.typing as npt

from rover.core.strips import by_strips
from rover.hazard.aligned_kernels import (
    HEADINGS,
    OFF,
    highest_across,
    highest_of_blocks,
    lay_out,
    rests_along,
)
from rover.hazard.belly_kernels import BLOCK
from rover.hazard.clearance_figures import ClearanceFigures
from rover.hazard.crest_kernels import CUT_M, find_crests, raise_to_crests
from rover.hazard.standing_kernels import RESTS, Rover, Wheels

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]

SPACING_M = 0.025
"""Of the samples."""

Box = tuple[int, int, int, int]
"""Rows from and up to, columns from and up to."""

TILE, WIDE_TILE = 64, 128
"""Cells to a side of the tiles in which crests are found: about poses, and about all ground within reach."""

GROWN_M = 0.4
"""What is laid out of a heading grows by so much more than is asked for."""

MORE_M = 0.1
"""Laid out beyond what is looked at, for what is highest across and along a wheel."""

LEANS = 0.1
"""Wheels lean no more otherwise than the ground has them in the mean, sine, where bounds are to hold."""

LAYERS = RESTS + 3
"""Tops of blocks, lowest and highest ground, highest across a wheel, and where a wheel rests at the least, if it
leans and points as on the ground in the mean, and anyhow, and at the most."""


class AlignedGround:
    """Two surfaces, with the ground between them, laid out about a place."""

    def __init__(
        self,
        low_m: npt.NDArray[np.float32],
        high_m: npt.NDArray[np.float32],
        side_m: float,
        middle: tuple[float, float],
        reach_m: float,
        figures: ClearanceFigures,
        *,
        spacing_m: float = SPACING_M,
        grade: tuple[float, float] = (0.0, 0.0),
    ) -> None:
        """Take the surfaces; nothing is laid out yet.

        Args:
            low_m, high_m: (rows, cols) bilinear between the cells' centres; NaN is unknown.
            side_m: Of a cell.
            middle: Column and row about which they are laid out, as fractions.
            reach_m: How far from there, along and across.
            figures: Of the vehicle.
            spacing_m: Of the samples.
            grade: How the ground rises to the east and to the north in the mean: wheels are laid out as they lean on
                that.
        """
        self._low, self._high, self._side, self._middle = low_m, high_m, side_m, np.array(middle)
        self._figures, self.spacing_m = figures, spacing_m
        samples = 2 * math.ceil(reach_m / spacing_m) + 1
        self.layers = room_for((LAYERS, HEADINGS, samples, samples))
        self._laid: dict[int, Box] = {}
        self._crests = Crests(
            high_m,
            spacing_m / side_m,
            about=middle,
            within=(reach_m + 2 * spacing_m) / side_m,
            tile=WIDE_TILE,
        )
        self.wheels = wheels_laid(figures, leans_on(grade), (1.0, LEANS), OFF, spacing_m)
        self.rover = rover_of(figures)

    def places(self, cells: Floats, spread_m: float | None = None) -> tuple[npt.NDArray[np.int64], Floats]:
        """Return by which heading each of n poses is laid out, which is done, and where it is on that.

        Args:
            cells: (n, 4) column and row as fractions, cosine and sine of the yaw.
            spread_m: The most that any part may be from where its pose puts it: no more is laid out than is looked at
                for these poses, and the rest stays unknown until it is asked for. None for all of each heading.

        Returns:
            (n,) headings and (n, 4) metres ahead and left of the middle, cosine and sine of the yaw from the heading.
        """
        cos, sin = cells[:, 2], cells[:, 3]
        bins = np.floor(np.arctan2(sin, cos) / math.pi * HEADINGS + 0.5).astype(np.int64) % HEADINGS
        angle = bins * (math.pi / HEADINGS)
        c, s = np.cos(angle), np.sin(angle)
        east, north = ((cells[:, :2] - self._middle) * self._side).T
        found = np.stack(
            [east * c + north * s, north * c - east * s, cos * c + sin * s, sin * c - cos * s], axis=1
        )
        wanted = self._wanted(bins, found, spread_m) if len(bins) else []
        if wanted:
            by_strips(len(wanted), lambda first, last: self._lay_out(wanted[first:last]), least=2)
            self._laid.update(wanted)
        return bins, np.ascontiguousarray(found)

    def _wanted(
        self, bins: npt.NDArray[np.int64], places: Floats, spread_m: float | None
    ) -> list[tuple[int, Box]]:
        """Return what has to be laid out for poses, by heading: samples from and up to along each axis."""
        samples = self.layers.shape[-1]
        whole: Box = (0, samples, 0, samples)
        if spread_m is None:
            return [
                (heading, whole) for heading in sorted(set(bins.tolist())) if self._laid.get(heading) != whole
            ]
        starts = np.flatnonzero(np.diff(bins, prepend=-1))
        more = np.array(reads_m(self._figures, self.spacing_m)) + spread_m
        low = np.minimum.reduceat(places[:, :2], starts) - more
        high = np.maximum.reduceat(places[:, :2], starts) + more
        first = (np.floor(low / self.spacing_m).astype(np.int64) + samples // 2) // BLOCK * BLOCK
        last = -(-(np.ceil(high / self.spacing_m).astype(np.int64) + samples // 2 + 1) // BLOCK) * BLOCK
        first, last = np.clip(first, 0, samples), np.clip(last, 0, samples)
        wanted: dict[int, Box] = {}
        for heading, (j0, i0), (j1, i1) in zip(
            bins[starts].tolist(), first.tolist(), last.tolist(), strict=True
        ):
            held = wanted.get(heading) or self._laid.get(heading)
            if held is None:
                wanted[heading] = (i0, i1, j0, j1)
            elif not (held[0] <= i0 and i1 <= held[1] and held[2] <= j0 and j1 <= held[3]):
                wanted[heading] = self._grown(held, (i0, i1, j0, j1))
        return list(wanted.items())

    def _grown(self, held: Box, asked: Box) -> Box:
        """Return a box that holds two, and more on the sides to which it grows: it is going to be asked for again."""
        more, samples = round(GROWN_M / self.spacing_m / BLOCK) * BLOCK, self.layers.shape[-1]
        low = [min(h, a) - (more if a < h else 0) for h, a in zip(held[::2], asked[::2], strict=True)]
        high = [max(h, a) + (more if a > h else 0) for h, a in zip(held[1::2], asked[1::2], strict=True)]
        return max(0, low[0]), min(samples, high[0]), max(0, low[1]), min(samples, high[1])

    def _crests_in(self, heading: int, box: Box) -> Singles:
        """Return the points of crests in a box, and others."""
        i0, i1, j0, j1 = box
        half, step = self.layers.shape[-1] // 2, self.spacing_m / self._side
        u, v = ((j0 + j1) / 2 - half) * step, ((i0 + i1) / 2 - half) * step
        cos, sin = math.cos(heading * math.pi / HEADINGS), math.sin(heading * math.pi / HEADINGS)
        east, north = self._middle.tolist()
        middle = east + u * cos - v * sin, north + u * sin + v * cos
        return self._crests.near(middle, math.hypot(i1 - i0 + 2, j1 - j0 + 2) / 2 * step)

    def _lay_out(self, wanted: list[tuple[int, Box]]) -> None:
        half = (self.layers.shape[-1] // 2,) * 2
        for heading, box in wanted:
            i0, i1, j0, j1 = box
            layers = self.layers[:, heading]
            part = layers
            if (i1 - i0, j1 - j0) != layers.shape[1:]:
                if heading not in self._laid:
                    layers[:] = np.inf  # unknown, wherever it is looked at
                part = np.empty((LAYERS, i1 - i0, j1 - j0), np.float32)
            lay_along(
                self._low, self._high, self._side, self._middle, heading * (math.pi / HEADINGS), self._figures,
                self._crests_in(heading, box), part, spacing_m=self.spacing_m, off=OFF, half=half, first=(i0, j0),
                leans=self.wheels.leans[heading : heading + 1].tolist(), doubt=LEANS,
            )  # fmt: skip
            if part is not layers:
                layers[1:, i0:i1, j0:j1] = part[1:]
                blocks = np.s_[: -(-(i1 - i0) // BLOCK), : -(-(j1 - j0) // BLOCK)]
                tops = layers[0, i0 // BLOCK :, j0 // BLOCK :]
                tops[blocks] = part[0][blocks]


def wheels_laid(
    figures: ClearanceFigures, leans: Floats, apart: tuple[float, float], off: float, step_m: float
) -> Wheels:
    """Return how wheels are laid out along headings.

    Args:
        figures: Of the vehicle.
        leans: (headings,) sines of the rolls in the middle.
        apart: Of leans, and how much each may be off.
        off: Sine of the most that they point off the heading.
        step_m: Of the samples.
    """
    narrow = max(narrowed(figures, lean, *anyhow(figures, lean, off), step_m) for lean in leans.tolist())
    return Wheels(off, leans, *apart, narrow)


def rover_of(figures: ClearanceFigures) -> Rover:
    """Return a vehicle's figures as kernels have them."""
    return Rover(
        *(figures.beyond_boxes, figures.arms, figures.limits, figures.links, figures.belly, figures.weights),
        *(figures.bends, figures.beyond),
    )


def mean_grade(height_m: npt.NDArray[np.float32], side_m: float) -> tuple[float, float]:
    """Return how heights rise with columns and with rows in the mean, by least squares over the known ones.

    Args:
        height_m: (rows, cols); NaN is unknown.
        side_m: Of a cell.
    """
    step = -(-max(height_m.shape) // 256)
    z = height_m[::step, ::step].astype(np.float64)
    known = np.isfinite(z)
    count = int(known.sum())
    if count < 3:
        return 0.0, 0.0
    row, col = (np.arange(size) * side_m * step for size in z.shape)
    by_row, by_col = known.sum(axis=1), known.sum(axis=0)
    row, col = row - row @ by_row / count, col - col @ by_col / count
    up = np.where(known, z - z[known].mean(), 0.0)
    both = row @ known @ col
    square = np.array([[col**2 @ by_col, both], [both, row**2 @ by_row]])
    east, north = np.linalg.lstsq(square, np.array([up.sum(axis=0) @ col, row @ up.sum(axis=1)]), rcond=None)[0]
    return float(np.clip(east, -1.0, 1.0)), float(np.clip(north, -1.0, 1.0))


def leans_on(grade: tuple[float, float]) -> Floats:
    """Return (HEADINGS,) the sine of the roll of a rover along each heading on a plane that rises so to east and north."""
    angle = np.arange(HEADINGS) * (math.pi / HEADINGS)
    along = grade[0] * np.cos(angle) + grade[1] * np.sin(angle)
    across = grade[1] * np.cos(angle) - grade[0] * np.sin(angle)
    return np.asarray(np.sin(np.arctan(across / np.sqrt(1.0 + along * along))))


MOST_SHAPES = 4
"""Of arrays that memory is kept for, those last asked for: of the local map and its patches, of two vehicles."""

_rooms: dict[tuple[int, ...], list[Singles]] = {}
_lock = Lock()


def room_for(shape: tuple[int, ...], *, kept: int = 2) -> Singles:
    """Return an array to be filled: one that was given out before, if nobody holds it any more.

    Memory that is new each time costs as much as what is laid out in it.

    Args:
        shape: Of the array.
        kept: How many of this shape are kept for later.
    """
    with _lock:
        rooms = _rooms[shape] = _rooms.pop(shape, [])
        while len(_rooms) > MOST_SHAPES:
            del _rooms[next(iter(_rooms))]
        for k in range(len(rooms)):
            if getrefcount(rooms[k]) <= 2:  # the list's, and the argument's
                return rooms[k]
        room = np.empty(shape, np.float32)
        if len(rooms) < kept:
            rooms.append(room)
        return room


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
    aside, ahead = radius * off, side * off
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
            _rest_high(high, row, within, lean, (radius, side), off, step, work, layers[RESTS + count + 1 + which])
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


class Crests:
    """Points of the crests of a surface off which samples cut too much, found tile by tile where they are asked for."""

    def __init__(
        self,
        high_m: Singles,
        step: float,
        *,
        about: tuple[float, float] = (0.0, 0.0),
        within: float = math.inf,
        tile: int = TILE,
    ) -> None:
        """Take the surface; nothing is found yet.

        Args:
            high_m: The surface.
            step: So many cells lie between samples of it.
            about, within: Column and row, and how many cells from there at most points count.
            tile: Cells to a side of a tile.
        """
        self._high, self._least, self._tile = high_m, np.float32(CUT_M * 4 / step), tile
        self._about, self._within = about, within
        self._tiles: dict[tuple[int, int], Singles] = {}
        self._joined: dict[tuple[int, ...], Singles] = {}

    def near(self, middle: tuple[float, float], reach: float) -> Singles:
        """Return (n, 3) column, row and height of all points no more than so many cells from a place, and of others."""
        west, east, south, north = (
            min(max(0, math.floor(at + side * reach)), size - 1) // self._tile
            for at, size in zip(middle, self._high.shape[::-1], strict=True)
            for side in (-1.0, 1.0)
        )
        key = west, east, south, north
        if key not in self._joined:
            rows, cols = range(south, north + 1), range(west, east + 1)
            self._joined[key] = np.concatenate([self._on(row, col) for row in rows for col in cols])
        return self._joined[key]

    def _on(self, row: int, col: int) -> Singles:
        found = self._tiles.get((row, col))
        if found is None:
            found = self._tiles[row, col] = self._found(row, col)
        return found

    def _found(self, row: int, col: int) -> Singles:
        """Return the points of a tile's cells, and of those next to them on its far sides."""
        south, west = (max(0, at * self._tile - 1) for at in (row, col))
        north, east = ((at + 1) * self._tile + 2 for at in (row, col))
        near = np.ascontiguousarray(self._high[south:north, west:east])
        # More than there are but on the roughest ground; what is not written to takes no memory.
        found = np.empty((near.size, 3), np.float32)
        count = find_crests(near, self._least, found)
        if count > len(found):
            found = np.empty((count, 3), np.float32)
            find_crests(near, self._least, found)
        found = found[:count]
        found[:, 0] += np.float32(west)
        found[:, 1] += np.float32(south)
        if self._within == math.inf:
            return found
        away = (found[:, 0] - self._about[0]) ** 2 + (found[:, 1] - self._about[1]) ** 2
        return np.ascontiguousarray(found[away <= self._within**2])


def reads_m(figures: ClearanceFigures, spacing_m: float) -> tuple[float, float]:
    """Return how far ahead, and aside, of a pose at most anything is looked at on samples along its heading.

    Steps are looked for up to a wheel's diameter ahead of an axle: a radius further than any part of the rover.
    """
    ahead = figures.reach_m + float(figures.belly[5]) + MORE_M + 2 * spacing_m
    return ahead, aside_m(figures) + ahead * OFF + MORE_M + 2 * spacing_m


def aside_m(figures: ClearanceFigures) -> float:
    """Return how far to its side any part of the rover may be."""
    wheels = np.abs(figures.beyond_boxes[:, 1]) + figures.beyond_boxes[:, 3] + figures.belly[6] / 2
    return max(float(wheels.max()), float(figures.belly[2]))


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
