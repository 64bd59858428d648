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
from rover.planning.field import label_field
from rover.planning.grid_checks import Cell, check_neighbours, checked_cell, costs_and_extremes, lethal_end
from rover.planning.landmark_kernels import dearest_of, note_field
from rover.planning.problem import NoPlan
from rover.planning.tiled_search import NO_LANDMARKS, Landmarks

LANDMARKS = 8

_WORKING_BYTES = 40
"""A cell, while landmarks are chosen: the copied costs, two fields, labels and parts."""

_FLOAT32_ERROR = 2.0**-24
"""Of a cost that is rounded to float32, as a share of it."""

_FLOAT32_LEAST_ERROR = 2.0**-150
"""Of one that is too small for that share to hold."""


class PreparedMap:
    """A cost map with costs from landmarks to every cell; `search` answers as `search_grid` does, sooner.

    Landmarks are chosen one after the other, each the cell that is dearest to reach from those before it, so that they
    come to lie round the rim; parts of the ground that do not hang together get theirs by size. What a search then
    still looks at is a band round the route. Preparing takes a search of the whole map for each landmark, and 4 bytes
    a cell to hold it.

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
            cost.size * (4 * count + _WORKING_BYTES),
            what="preparing a map",
            field="landmarks",
            value=count,
            remedy="use fewer landmarks, or a coarser map",
        )
        part, sizes = self._parts()
        if len(sizes) == 0:
            return NO_LANDMARKS
        far = np.empty((*cost.shape, count), np.float32)
        nearest = np.full(cost.shape, np.inf)
        had = np.zeros(len(sizes), np.int64)
        greatest = 0.0
        for k in range(count):
            chosen = int((sizes / (had + 1)).argmax())
            number = chosen + 1
            if had[chosen] == 0:  # begin at its rim
                row, col = divmod(int((part == number).argmax()), part.shape[1])
                at = _dearest(self._field((row, col)), part, number)
            else:
                at = _dearest(nearest, part, number)
            had[chosen] += 1
            cells.append(at)
            greatest = max(greatest, _note(self._field(at), far, k, nearest))
        return Landmarks(cells=np.array(cells, np.int64), cost=far, slack=_rounding(greatest))

    def _parts(self) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int64]]:
        """Number the parts of free ground that hang together, from 1, and count their cells."""
        structure = np.ones((3, 3), np.bool_) if self._cutting and self._neighbours > 4 else None
        part, count = label(np.isfinite(self._cost), structure)
        cells = np.bincount(part.reshape(-1), minlength=count + 1)[1:]
        return np.asarray(part, np.int32), np.asarray(cells, np.int64)

    def _field(self, cell: Cell) -> npt.NDArray[np.float64]:
        return label_field(
            self._cost,
            cell,
            resolution_m=self._resolution_m,
            corner_cutting=self._cutting,
            neighbours=self._neighbours,
        )


def _rounding(greatest: float) -> float:
    """Return the greatest error of a difference of two costs in float32; inf, so that none bounds, if some overflow."""
    if greatest > float(np.finfo(np.float32).max):
        return math.inf
    return 2 * max(greatest * _FLOAT32_ERROR, _FLOAT32_LEAST_ERROR)


def _note(
    field: npt.NDArray[np.float64], far: npt.NDArray[np.float32], k: int, nearest: npt.NDArray[np.float64]
) -> float:
    """Enter the costs from landmark k; return the greatest, of the cells that it reaches."""
    found: list[float] = []
    by_strips(len(field), lambda first, last: found.append(note_field(field, far, k, nearest, first, last)))
    return max(found)


def _dearest(field: npt.NDArray[np.float64], part: npt.NDArray[np.int32], number: int) -> Cell:
    """Return the first of the dearest cells of a part, which has some."""
    found: list[tuple[float, int, int]] = []
    by_strips(len(field), lambda first, last: found.append(dearest_of(field, part, number, first, last)))
    _, row, col = max(found, key=lambda strip: (strip[0], -strip[1]))
    return row, col
