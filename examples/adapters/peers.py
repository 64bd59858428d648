"""Planners that people already use, each as a planner of farside in a few lines; none is a dependency.

Every library is asked as its documentation has it, with the costs in seconds per metre as its weights, and the answer
is quoted by the problem's own rule of costs. What each then fails, and why, is the table of docs/testing_planners.md:

    python examples/adapters/table.py
    farside plan ground.tif --start 0,0 --goal -180,130 --planner examples/adapters/peers.py:ScipyPlanner
"""

from __future__ import annotations

import heapq
import math
from abc import ABC, abstractmethod
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from rover.planning.ends import cell_of, from_end_to_end
from rover.planning.grid_checks import lethal_end
from rover.planning.objective import price_of_way
from rover.planning.problem import Cause, Claim, NoPlan, Plan, PlanningProblem

Costs = npt.NDArray[np.float64]
Cell = tuple[int, int]
Cells = npt.NDArray[np.int64]

MOVES = ((0, 1), (1, 0), (1, 1), (1, -1))
"""Down and across, one of each pair of opposites."""


class PeerPlanner(ABC):
    """What a search over an array needs to be a planner: cells for places, refusals with their cause, a plan."""

    name: ClassVar[str]
    claims = frozenset({Claim.OPTIMAL})
    """Each says of itself that it finds the path of least cost."""

    def plan(self, problem: PlanningProblem) -> Plan | NoPlan:
        """Return the way that the library finds, priced by the problem's rule, or why there is none."""
        geometry, cost = problem.costmap.geometry, problem.costmap.cost_s_per_m
        start = cell_of("start_m", problem.start_m, geometry)
        goal = cell_of("goal_m", problem.goal_m, geometry)
        refusal = lethal_end(cost, start, goal)
        if refusal is not None:
            return refusal
        found = np.array([start]) if start == goal else self.way(cost, start, goal)
        if found is None:
            where = f"{self.name} finds no way from {start} to {goal}"
            return NoPlan(cause=Cause.NO_ROUTE, where=where, remedy="raise a limit or choose another goal")
        price = price_of_way(found, cost, geometry.resolution_m)
        cells, waypoints = from_end_to_end(problem, found)
        return Plan(planner=self.name, cells=cells, waypoints_m=waypoints, cost_s=price, expanded=0)

    @abstractmethod
    def way(self, cost: Costs, start: Cell, goal: Cell) -> Cells | None:
        """Return (n, 2) cells of a way between two free cells, or None."""


class PyAstar2dPlanner(PeerPlanner):
    """`pyastar2d.astar_path`; weights are at least 1, so costs are counted in the least one."""

    name = "pyastar2d"

    def way(self, cost: Costs, start: Cell, goal: Cell) -> Cells | None:
        """Its own rule: a move, diagonal or not, costs what the cell does that it enters."""
        import pyastar2d

        weights = np.maximum(cost / cost.min(), 1.0).astype(np.float32)
        path = pyastar2d.astar_path(weights, start, goal, allow_diagonal=True)
        return None if path is None else np.asarray(path, np.int64)


class SkimagePlanner(PeerPlanner):
    """`skimage.graph.MCP_Geometric`, which has the rule of costs of farside but for corners."""

    name = "scikit-image"

    def way(self, cost: Costs, start: Cell, goal: Cell) -> Cells | None:
        """Infinite costs are not entered."""
        from skimage.graph import MCP_Geometric

        search = MCP_Geometric(cost, fully_connected=True)
        total, _ = search.find_costs([start], [goal])
        return np.array(search.traceback(goal), np.int64) if math.isfinite(total[goal]) else None


class ScipyPlanner(PeerPlanner):
    """`scipy.sparse.csgraph.dijkstra`, over a graph made here and so by farside's rule."""

    name = "scipy"

    def way(self, cost: Costs, start: Cell, goal: Cell) -> Cells | None:
        """Make the graph of all moves, then ask for the tree of ways from the start."""
        from scipy.sparse import csr_array
        from scipy.sparse.csgraph import dijkstra

        tail, head, weight = moves_of(cost)
        graph = csr_array((weight, (tail, head)), shape=(cost.size, cost.size))
        here, last = (int(np.ravel_multi_index(cell, cost.shape)) for cell in (start, goal))
        _, before = dijkstra(graph, directed=False, indices=np.array(here), return_predecessors=True)
        way = [last]
        while way[-1] != here:
            if before[way[-1]] < 0:
                return None
            way.append(int(before[way[-1]]))
        return np.stack(np.unravel_index(way[::-1], cost.shape), axis=1)


class NetworkxPlanner(PeerPlanner):
    """`networkx.astar_path`, over a graph made here and so by farside's rule."""

    name = "networkx"

    def way(self, cost: Costs, start: Cell, goal: Cell) -> Cells | None:
        """Make the graph of all moves, then search it with the octile distance at the least cost."""
        import networkx

        graph = networkx.Graph()
        cols, least = cost.shape[1], float(cost.min())
        here, last = (row * cols + col for row, col in (start, goal))
        graph.add_nodes_from((here, last))
        graph.add_weighted_edges_from(zip(*(part.tolist() for part in moves_of(cost)), strict=True))

        def guess(one: int, other: int) -> float:
            (row, col), (to_row, to_col) = divmod(one, cols), divmod(other, cols)
            return least * octile(to_row - row, to_col - col)

        try:
            path: Any = networkx.astar_path(graph, here, last, heuristic=guess)
        except networkx.NetworkXNoPath:
            return None
        return np.array([divmod(node, cols) for node in path], np.int64)


class PlainPlanner(PeerPlanner):
    """A* in pure Python: a heap, two dictionaries and eight neighbours."""

    name = "pure-python"

    def way(self, cost: Costs, start: Cell, goal: Cell) -> Cells | None:
        """Search from the start; the heuristic is the octile distance at the least cost."""
        price, (rows, cols), least = cost.tolist(), cost.shape, float(cost.min())
        best, before = {start: 0.0}, dict[Cell, Cell]()
        queue, settled = [(0.0, start)], set[Cell]()
        while queue:
            _, here = heapq.heappop(queue)
            if here == goal:
                return _traced(before, start, goal)
            if here in settled:
                continue
            settled.add(here)
            row, col = here
            for down, across in (*MOVES, *((-down, -across) for down, across in MOVES)):
                to_row, to_col = there = row + down, col + across
                if not (0 <= to_row < rows and 0 <= to_col < cols):
                    continue
                mean = (price[row][col] + price[to_row][to_col]) / 2
                passed = max(mean, price[to_row][col], price[row][to_col])
                sum_ = best[here] + math.hypot(down, across) * mean
                if passed < math.inf and sum_ < best.get(there, math.inf):
                    best[there], before[there] = sum_, here
                    ahead = least * octile(goal[0] - to_row, goal[1] - to_col)
                    heapq.heappush(queue, (sum_ + ahead, there))
        return None


def _traced(before: dict[Cell, Cell], start: Cell, goal: Cell) -> Cells:
    cells = [goal]
    while cells[-1] != start:
        cells.append(before[cells[-1]])
    return np.array(cells[::-1], np.int64)


def octile(down: int, across: int) -> float:
    """Return the length in cells of the shortest way by eight neighbours, less what rounding could add."""
    short, long = sorted((abs(down), abs(across)))
    return (long - short + math.sqrt(2.0) * short) * (1.0 - 1e-12)


def moves_of(cost: Costs) -> tuple[Cells, Cells, Costs]:
    """Return tail, head and weight of each move between free cells, once; no diagonal passes a lethal cell's corner."""
    rows, cols = cost.shape
    index = np.arange(cost.size).reshape(cost.shape)
    found = []
    for down, across in MOVES:
        left, right = max(0, -across), cols - max(0, across)
        here = np.s_[: rows - down, left:right]
        there = np.s_[down:, left + across : right + across]
        weight = math.hypot(down, across) * (cost[here] + cost[there]) / 2
        below, beside = cost[down:, left:right], cost[: rows - down, left + across : right + across]
        free = np.isfinite(weight) & np.isfinite(below) & np.isfinite(beside)
        found.append((index[here][free], index[there][free], weight[free]))
    tail, head, weights = (np.concatenate(part) for part in zip(*found, strict=True))
    return tail, head, weights
