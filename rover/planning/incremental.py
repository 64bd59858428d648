"""The planner that keeps its search from one question to the next."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from rover.core.errors import PlannerError
from rover.planning.ends import cell_of, from_end_to_end
from rover.planning.explain import explain
from rover.planning.grid_checks import Cell, checked_costs
from rover.planning.problem import Claim, NoPlan, Objective, Plan, PlanningProblem
from rover.planning.replan import Costs, IncrementalSearch

_GAP_ROWS = 4
"""Unchanged rows between two windows; fewer belong to one."""
_MOST_CHANGED = 1 / 3
"""Share of the map in changed windows beyond which the search begins anew."""


class IncrementalPlanner:
    """The least driving time on the 8-connected grid, no corner cut, repaired where the cost map has changed.

    As long as maps have the same cells and the goal lies in the same one, costs that differ from those of the question
    before are found and edited; otherwise the search begins anew. The way depends on the question alone; `expanded`,
    the work done for it, on what was asked before. Between questions it holds 17 bytes per cell of the last map.
    """

    name = "incremental"
    claims = frozenset({Claim.OPTIMAL})
    objectives = frozenset({Objective.TIME})
    neighbours = frozenset({8})
    heeds_time_limit = False

    def __init__(self) -> None:
        self._search: IncrementalSearch | None = None

    def plan(self, problem: PlanningProblem) -> Plan | NoPlan:
        """Return the way of least driving time, or why there is none.

        Raises:
            PlaceError: Start or goal lies outside the map.
            PlannerError: The problem asks for another objective than time, for other than 8 neighbours, or for a time
                limit.
        """
        _refuse_other_moves(problem)
        geometry = problem.costmap.geometry
        start = cell_of("start_m", problem.start_m, geometry)
        goal = cell_of("goal_m", problem.goal_m, geometry)
        route = self._search_for(problem.costmap.cost_s_per_m, goal, geometry.resolution_m).route(start)
        if isinstance(route, NoPlan):
            return explain(problem, route)
        cells, waypoints = from_end_to_end(problem, route.cells)
        return Plan(
            planner=self.name,
            cells=cells,
            waypoints_m=waypoints,
            cost_s=route.cost_s,
            expanded=route.expanded,
        )

    def _search_for(self, cost_s_per_m: Costs, goal: Cell, resolution_m: float) -> IncrementalSearch:
        """Return a search on these costs: the one that is held, brought up to date, where it serves."""
        search, self._search = self._search, None  # a search that fails half-way is not kept
        if (
            search is None
            or not _serves(search, cost_s_per_m, goal, resolution_m)
            or not _update(search, cost_s_per_m)
        ):
            search = IncrementalSearch(cost_s_per_m, goal, resolution_m=resolution_m)
        self._search = search
        return search


def _serves(search: IncrementalSearch, cost_s_per_m: Costs, goal: Cell, resolution_m: float) -> bool:
    return search.shape == cost_s_per_m.shape and search.goal == goal and search.resolution_m == resolution_m


def _update(search: IncrementalSearch, cost_s_per_m: Costs) -> bool:
    """Edit what has changed; or leave it and return False, where that is too much."""
    cost = checked_costs(cost_s_per_m, search.resolution_m)
    windows = list(_windows(search.changed_in_rows(cost)))
    if (
        sum((bottom - top) * (right - left) for top, left, bottom, right in windows)
        > _MOST_CHANGED * cost.size
    ):
        return False
    for top, left, bottom, right in windows:
        search.edit(top, left, cost[top:bottom, left:right])
    return True


def _windows(spans: npt.NDArray[np.int64]) -> Iterator[tuple[int, int, int, int]]:
    """Yield windows (first row, first column, last row and one, last column and one) that hold all that has changed."""
    rows = np.flatnonzero(spans[:, 1])
    if len(rows) == 0:
        return
    for group in np.split(rows, np.flatnonzero(np.diff(rows) > _GAP_ROWS) + 1):
        top, bottom = int(group[0]), int(group[-1]) + 1
        yield top, int(spans[group, 0].min()), bottom, int(spans[group, 1].max())


def _refuse_other_moves(problem: PlanningProblem) -> None:
    asked: tuple[str, object, object] | None = None
    if problem.objective is not Objective.TIME:
        asked = ("objective", str(problem.objective), "time")
    elif problem.neighbours != 8:
        asked = ("neighbours", problem.neighbours, 8)
    elif problem.time_limit_s is not None:
        asked = ("time_limit_s", problem.time_limit_s, "searches without a time limit")
    if asked is not None:
        field, value, known = asked
        raise PlannerError(
            f"the planner incremental knows {known} only",
            remedy=f"ask for {known}, or take another planner",
            field=field,
            value=value,
        )
