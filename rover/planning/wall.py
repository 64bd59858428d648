"""The wall between a start and a goal: where the lethal cells that part them are fewest, and what closes them."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from rover.hazard.costmap import footprint_reach_cells
from rover.hazard.detect import Hazard
from rover.planning.bottleneck import Cell, Mask, ends
from rover.planning.problem import PlanningProblem
from rover.planning.wall_kernels import fewest_closed


def thinnest_wall(free: Mask, start: Cell, goal: Cell) -> npt.NDArray[np.int64]:
    """Return (n, 2) rows and columns of the closed cells that, opened, join two free cells; no fewer would.

    Cells hang together by shared edges. Of equally thin places it is the one on the shortest way; none where the two
    are joined already.

    Args:
        free: (rows, cols).
        start, goal: (row, col), free.
    """
    held = np.ascontiguousarray(free)
    held.flags.writeable = False  # so that the kernel is compiled for one kind of array
    cols = free.shape[1]
    way = fewest_closed(held, start[0] * cols + start[1], goal[0] * cols + goal[1])
    return np.ascontiguousarray(way[~free[way[:, 0], way[:, 1]]])


def wall_of(problem: PlanningProblem) -> npt.NDArray[np.int64]:
    """Return (n, 2) rows and columns of the thinnest wall of a problem whose start and goal are free."""
    return thinnest_wall(np.isfinite(problem.costmap.cost_s_per_m), *ends(problem))


def hazards_in_reach(problem: PlanningProblem, cell: Cell) -> Hazard:
    """Return every kind of hazard that the footprint, standing on a cell, may touch."""
    flags, reach = problem.hazards.flags, footprint_reach_cells(problem.costmap.geometry, problem.vehicle)
    whole = math.floor(reach)
    top, left = max(0, cell[0] - whole), max(0, cell[1] - whole)
    window = flags[top : cell[0] + whole + 1, left : cell[1] + whole + 1]
    row, col = np.ogrid[: window.shape[0], : window.shape[1]]
    near = np.sqrt((row + top - cell[0]) ** 2 + (col + left - cell[1]) ** 2) <= reach
    return Hazard(int(np.bitwise_or.reduce(window[near], initial=0)))


def wall_hazards(problem: PlanningProblem, wall: npt.NDArray[np.int64]) -> npt.NDArray[np.uint8]:
    """Return (n,) uint8 kinds of hazard that close each cell of a wall; 0 where the cost map alone does."""
    return np.array([int(hazards_in_reach(problem, (int(r), int(c)))) for r, c in wall], np.uint8)
