"""A planner that looks at fewer cells for a way that is at most half as dear again as the cheapest: weighted A*.

The heuristic is taken 1.5 times (Pohl 1970, doi:10.1016/0004-3702(70)90007-X), so that no way found costs more than 1.5
times the least; the planner claims that bound, and farside's kit holds it to it.
"""

from __future__ import annotations

import heapq
import math

import numpy as np

from rover.planning.problem import Cause, Claim, NoPlan, Plan, PlanningProblem

Cell = tuple[int, int]

WEIGHT = 1.5
MOVES = [(down, across) for down in (-1, 0, 1) for across in (-1, 0, 1) if (down, across) != (0, 0)]


class HastyPlanner:
    """Within 1.5 times the least driving time, over eight neighbours."""

    name = "hasty"
    claims = frozenset({Claim.BOUNDED})
    heeds_time_limit = False

    def plan(self, problem: PlanningProblem) -> Plan | NoPlan:
        """Return a way over the cost map, or why there is none."""
        geometry, cost = problem.costmap.geometry, problem.costmap.cost_s_per_m
        start, goal = geometry.cell_at(*problem.start_m), geometry.cell_at(*problem.goal_m)
        if start is None or not np.isfinite(cost[start]):
            return _refused(Cause.START_LETHAL, f"the start {problem.start_m}", "move the start")
        if goal is None or not np.isfinite(cost[goal]):
            return _refused(Cause.GOAL_LETHAL, f"the goal {problem.goal_m}", "move the goal")
        best, before = _search(cost, start, goal, geometry.resolution_m)
        if goal not in best:
            where = f"{len(best)} cells can be reached from {start}, {goal} is not among them"
            return _refused(Cause.NO_ROUTE, where, "choose another goal")
        cells = [goal]
        while cells[-1] != start:
            cells.append(before[cells[-1]])
        if len(cells) == 1 and problem.start_m != problem.goal_m:
            cells.append(start)  # two places in one cell
        way = np.array(cells[::-1], np.int64)
        waypoints = geometry.centres_of(way)
        waypoints[0], waypoints[-1] = problem.start_m, problem.goal_m
        return Plan(
            planner=self.name,
            cells=way,
            waypoints_m=waypoints,
            cost_s=best[goal],
            expanded=len(best),
            bound=WEIGHT,
        )


def _refused(cause: Cause, where: str, remedy: str) -> NoPlan:
    return NoPlan(cause=cause, where=where, remedy=remedy)


def _search(
    cost: np.ndarray, start: Cell, goal: Cell, resolution_m: float
) -> tuple[dict[Cell, float], dict[Cell, Cell]]:
    """Return the seconds to each cell that was reached, and from where, once the goal is settled or nothing is left."""
    price, (rows, cols) = cost.tolist(), cost.shape
    seconds_a_cell = float(cost.min()) * resolution_m
    best, before = {start: 0.0}, dict[Cell, Cell]()
    queue, settled = [(0.0, start)], set[Cell]()
    while queue:
        _, here = heapq.heappop(queue)
        if here == goal:
            break
        if here in settled:
            continue
        settled.add(here)
        row, col = here
        for down, across in MOVES:
            there = row + down, col + across
            if not (0 <= there[0] < rows and 0 <= there[1] < cols) or there in settled:
                continue
            mean = (price[row][col] + price[there[0]][there[1]]) / 2
            # A diagonal needs both cells that it passes between.
            if math.isinf(mean + price[there[0]][col] + price[row][there[1]]):
                continue
            took = best[here] + math.hypot(down, across) * resolution_m * mean
            if took < best.get(there, math.inf):
                best[there], before[there] = took, here
                ahead = math.hypot(goal[0] - there[0], goal[1] - there[1]) * seconds_a_cell
                heapq.heappush(queue, (took + WEIGHT * ahead, there))
    return best, before
