"""Routes over a pyramid, each with a proven bound of its loss.

First a route: the guide's way over blocks, widened to a corridor, and the exact search within it. Then the proof: two
searches of the whole map, from either end, that drop every cell through which, by the lower bounds, no way is better
than the route by the factor allowed. Either they meet in a better way, which is then the least there is, or they end
without, and so there is none. What blocks say decides where to look first and is never an answer: that there is no way
is only said by a search of the cells that has nothing left to expand.
"""

from __future__ import annotations

import contextlib
import math
import time

import numpy as np

from rover.planning.grid_checks import Cell, checked_cell
from rover.planning.problem import Cause, NoPlan
from rover.planning.pyramid import Pyramid
from rover.planning.pyramid_codes_kernels import LETHAL
from rover.planning.pyramid_front import CostOverflow
from rover.planning.pyramid_query import PyramidRoute, Query

LEAST_EPSILON = 0.005
"""The smallest loss that can be asked for: codes are within 0.2 %."""


def search_pyramid(
    pyramid: Pyramid,
    start: Cell,
    goal: Cell,
    *,
    epsilon: float = 0.02,
    corner_cutting: bool = False,
    time_limit_s: float | None = None,
) -> PyramidRoute | NoPlan:
    """Return a way from `start` to `goal` that is proven to cost at most 1 + `epsilon` times the least.

    Moves and costs are those of `search_grid`. The answer does not depend on the number of threads.

    Args:
        pyramid: From `build_pyramid` or `open_pyramid`.
        start, goal: (row, col).
        epsilon: Loss that is allowed, at least `LEAST_EPSILON`.
        corner_cutting: Whether a diagonal may pass a lethal orthogonal neighbour.
        time_limit_s: Longest time to search, or None; one that is not above zero is over at once.

    Raises:
        PlaceError: Start or goal is not a whole (row, col) inside the map.
        ResourceError: Not enough memory for two searches.
        TimeLimitError: The time ended first; the message states the best way known and its bound.
        ValueError: `epsilon` is smaller.
    """
    if not (LEAST_EPSILON <= epsilon < math.inf):
        raise ValueError(f"epsilon = {epsilon}: give {LEAST_EPSILON} or more")
    start = checked_cell("start", start, pyramid.shape)
    goal = checked_cell("goal", goal, pyramid.shape)
    for cell, cause in ((start, Cause.START_LETHAL), (goal, Cause.GOAL_LETHAL)):
        if pyramid.coded.is_lethal(cell):
            return _lethal_end(pyramid, cell, cause)
    if start == goal:
        return PyramidRoute(
            cells=np.array([start], np.int64), cost_s=0.0, lower_bound_s=0.0, expanded=0, generated=0
        )
    deadline = math.inf if time_limit_s is None else time.monotonic() + time_limit_s
    query = Query(pyramid, start, goal, epsilon=epsilon, corner_cutting=corner_cutting, deadline=deadline)
    if query.known_apart:
        return query.no_route()
    with contextlib.suppress(CostOverflow):
        return query.answer()
    query.wide = True  # out of the handler, where the first searches' memory has been given back
    return query.answer()


def _lethal_end(pyramid: Pyramid, cell: Cell, cause: Cause) -> NoPlan:
    end = "start" if cause is Cause.START_LETHAL else "goal"
    near = _nearest_free(pyramid, cell)
    remedy = "no cell of the map is free" if near is None else f"the nearest free cell is {near}"
    return NoPlan(cause=cause, where=f"the {end} cell {cell} is lethal", remedy=remedy)


def _nearest_free(pyramid: Pyramid, cell: Cell) -> Cell | None:
    """Return the free cell nearest by centres, the first in row order among equals, looking further and further out."""
    rows, cols = pyramid.shape
    codes = pyramid.coded.codes.reshape(-1, pyramid.coded.width)[1 : rows + 1, 1 : cols + 1]
    reach = 16
    while True:
        top, left = max(0, cell[0] - reach), max(0, cell[1] - reach)
        window = codes[top : cell[0] + reach + 1, left : cell[1] + reach + 1]
        at = np.argwhere(window != LETHAL) + np.array([top, left])
        squared = ((at - cell) ** 2).sum(axis=1)
        if len(at) and squared.min() <= reach * reach:
            row, col = at[squared.argmin()]
            return int(row), int(col)
        if reach >= max(rows, cols) * 2:
            return None
        reach *= 4
