"""Ground laid out along headings, each as soon as it is asked for, so that how a rover stands is soon bounded.

What wheels stand on is the same whichever way round they point, so half a circle of headings serves.
"""

from __future__ import annotations

import math
from sys import getrefcount
from threading import Lock

import numpy as np
import numpy.typing as npt

from rover.core.strips import by_strips
from rover.hazard.aligned_kernels import HEADINGS, OFF
from rover.hazard.belly_kernels import BLOCK
from rover.hazard.clearance_figures import ClearanceFigures
from rover.hazard.crests import WIDE_TILE, Crests
from rover.hazard.standing_kernels import Rover
from rover.hazard.wheel_kernels import RESTS, Wheels
from rover.hazard.wheel_layout import anyhow, lay_along, narrowed

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]

SPACING_M = 0.025
"""Of the samples."""

Box = tuple[int, int, int, int]
"""Rows from and up to, columns from and up to."""

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
    east, north = np.linalg.lstsq(square, np.array([up.sum(axis=0) @ col, row @ up.sum(axis=1)]), rcond=None)[
        0
    ]
    return float(np.clip(east, -1.0, 1.0)), float(np.clip(north, -1.0, 1.0))


def leans_on(grade: tuple[float, float]) -> Floats:
    """Return (HEADINGS,) the sine of the roll along each heading on a plane that rises so to east and north."""
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
