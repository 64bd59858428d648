"""What a problem's least comes to, and why there is no way, by scipy and none of the planners."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import label
from scipy.sparse.csgraph import dijkstra

from rover.planning.problem import Cause, PlanningProblem
from sim.testing.graphs import directed_graph, grid_graph
from sim.testing.ground import ends_of


def least_s(asked: PlanningProblem) -> float:
    """Return the least driving time between the cells of start and goal, 8 neighbours, inf where there is no way."""
    graph = grid_graph(asked.costmap.cost_s_per_m, asked.costmap.geometry.resolution_m)
    start, goal = _ends(asked)
    return float(dijkstra(graph, directed=False, indices=np.array(start))[goal])


def least_by_heading_s(asked: PlanningProblem) -> float:
    """Return the same where moves are allowed and priced by their heading."""
    start, goal = _ends(asked)
    return float(dijkstra(directed_graph(asked), directed=True, indices=np.array(start))[goal])


def _ends(asked: PlanningProblem) -> tuple[int, int]:
    shape = asked.costmap.geometry.shape
    start, goal = (int(np.ravel_multi_index(end, shape)) for end in ends_of(asked))
    return start, goal


def refusal(asked: PlanningProblem) -> Cause | None:
    """Return why a problem of place alone has no way, None where it has one.

    A diagonal move needs both cells beside it, so what hangs together does so by rows and columns.
    """
    free = np.isfinite(asked.costmap.cost_s_per_m)
    start, goal = ends_of(asked)
    if not free[start]:
        return Cause.START_LETHAL
    if not free[goal]:
        return Cause.GOAL_LETHAL
    parts, _ = label(free)
    return None if parts[start] == parts[goal] else Cause.NO_ROUTE
