"""A cost map prepared for many queries: costs from landmarks make the heuristic strong.

A. V. Goldberg and C. Harrelson, Computing the shortest path: A* search meets graph theory, SODA 2005.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.ndimage import label

from rover.core.memory import check_memory
from rover.core.strips import by_strips
from rover.planning.astar import GridRoute, search_checked
from rover.planning.field import labelled
from rover.planning.grid_checks import Cell, check_neighbours, checked_cell, costs_and_extremes, lethal_end
from rover.planning.landmark_kernels import corner_of, count_parts, dearest_of
from rover.planning.problem import NoPlan
from rover.planning.tile_kernels import UNREACHED
from rover.planning.tiled_search import NO_LANDMARKS, Landmarks, TiledSearch

LANDMARKS = 8

_WORKING_BYTES = 30
"""A cell, while landmarks are chosen: the copied costs, labels, the least of them and parts."""

_UNITS = UNREACHED - 2
"""In the dearest way that there can be between two cells of the largest part, by way of its first landmark, unless few
cells are far dearer than all others."""

_SEEN, _NEARLY_ALL, _FINER = 7, 0.995, 6
"""One in so many rows and columns is looked at for the unit, and so many times at most."""

_LEAST_GREATEST_S = 1e-290
"""A way of less is not told in units, whose inverse might be no number."""


class PreparedMap:
    """A cost map with costs from landmarks to every cell; `search` answers as `search_grid` does, sooner.

    Landmarks are chosen one after the other, each the cell that is dearest to reach from those before it, so that they
    come to lie round the rim; parts of the ground that do not hang together get theirs by size. What a search then
    still looks at is a band round the route. Preparing takes a search of the whole map for each landmark, and 2 bytes
    a cell to hold it: costs are cut off to whole units, 65,533 to twice the first landmark's greatest, or finer where
    few cells are far dearer than all others.

    Args:
        cost_s_per_m: (rows, cols), positive; +inf is lethal. Copied.
        resolution_m: Side of a cell.
        landmarks: How many; ground that does not hang together may want more.
        corner_cutting, neighbours: As in `search_grid`.

    Raises:
        CostMapError: As `search_grid`.
        ResourceError: There is not enough memory.
        ValueError: No landmark, or no such number of neighbours.
    """

    def __init__(
        self,
        cost_s_per_m: npt.NDArray[np.floating],
        *,
        resolution_m: float,
        landmarks: int = LANDMARKS,
        corner_cutting: bool = False,
        neighbours: int = 8,
    ) -> None:
        if landmarks < 1:
            raise ValueError("a prepared map needs a landmark")
        check_neighbours(neighbours)
        given, self._floor, _ = costs_and_extremes(cost_s_per_m, resolution_m)
        self._cost = given.copy()  # what is prepared must not change
        self._cost.flags.writeable = False
        self._resolution_m = float(resolution_m)
        self._cutting, self._neighbours = bool(corner_cutting), neighbours
        self.landmarks = self._chosen(landmarks)

    def search(self, start: Cell, goal: Cell, *, time_limit_s: float | None = None) -> GridRoute | NoPlan:
        """Return a way of least cost, or why there is none; errors as of `search_grid`."""
        start = checked_cell("start", start, self._cost.shape)
        goal = checked_cell("goal", goal, self._cost.shape)
        refusal = lethal_end(self._cost, start, goal)
        if refusal is not None:
            return refusal
        return search_checked(
            self._cost,
            start,
            goal,
            resolution_m=self._resolution_m,
            floor=self._floor,
            corner_cutting=self._cutting,
            neighbours=self._neighbours,
            time_limit_s=time_limit_s,
            landmarks=self.landmarks,
        )

    def _chosen(self, count: int) -> Landmarks:
        cost, cells = self._cost, []
        check_memory(
            cost.size * (2 * count + _WORKING_BYTES),
            what="preparing a map",
            field="landmarks",
            value=count,
            remedy="use fewer landmarks, or a coarser map",
        )
        part, sizes = self._parts()
        if len(sizes) == 0:
            return NO_LANDMARKS
        codes = np.empty((*cost.shape, count), np.uint16)
        nearest = np.empty(cost.shape, np.float32)
        had = np.zeros(len(sizes), np.int64)
        unit_s = math.inf
        for k in range(count):
            chosen = int((sizes / (had + 1)).argmax())
            at = _dearest(nearest, part, chosen + 1) if had[chosen] else corner_of(part, chosen + 1)
            had[chosen] += 1
            cells.append(at)
            with labelled(
                cost,
                at,
                resolution_m=self._resolution_m,
                corner_cutting=self._cutting,
                neighbours=self._neighbours,
            ) as search:
                if k == 0:
                    unit_s = _note_first(search, codes, nearest)
                else:
                    search.note(codes, k, unit_s, nearest)
        return Landmarks(cells=np.array(cells, np.int64), codes=codes, unit_s=unit_s)

    def _parts(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
        """Number the parts of free ground that hang together, from 1, and count their cells."""
        structure = np.ones((3, 3), np.bool_) if self._cutting and self._neighbours > 4 else None
        part, count = label(np.isfinite(self._cost), structure)
        sizes = np.zeros(count, np.int64)
        count_parts(part, sizes)
        return np.asarray(part, np.int32), sizes


def _note_first(
    search: TiledSearch, codes: npt.NDArray[np.uint16], nearest: npt.NDArray[np.float32]
) -> float:
    """Enter the costs from the first landmark; return the unit, inf, by which none bounds, for next to none.

    Few cells that are far dearer than all others must not make it coarse: it is made finer until nearly all costs, of
    some cells seen evenly, are well above it.
    """
    greatest_s = search.greatest()
    unit_s = 2.0 * greatest_s / _UNITS if greatest_s > _LEAST_GREATEST_S else math.inf
    search.note(codes, 0, unit_s, nearest)
    for _ in range(_FINER):
        most = _most(codes[::_SEEN, ::_SEEN, 0])
        if most > _UNITS / 8 or not math.isfinite(unit_s):
            break
        unit_s *= 3.0 * (most + 1.0) / _UNITS
        search.note(codes, 0, unit_s, nearest)
    return unit_s


def _most(codes: npt.NDArray[np.uint16]) -> float:
    """Return what nearly all codes are no more than."""
    reached = codes[codes != UNREACHED]
    return float(np.quantile(reached, _NEARLY_ALL)) if len(reached) else math.inf


def _dearest(field: npt.NDArray[np.float32], part: npt.NDArray[np.int32], number: int) -> Cell:
    """Return the first of the dearest cells of a part, which has some."""
    found: list[tuple[float, int, int]] = []
    by_strips(len(field), lambda first, last: found.append(dearest_of(field, part, number, first, last)))
    _, row, col = max(found, key=lambda strip: (strip[0], -strip[1]))
    return row, col
