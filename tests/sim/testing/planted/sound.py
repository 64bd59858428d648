"""Sound planners that bugs are planted in: A* in plain Python, and the product's own, asked and quoted as they are."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterator
from typing import Any

import numpy as np

from rover.core.grid import GridGeometry
from rover.planning.astar import AStarPlanner
from rover.planning.directional import DirectionalPlanner
from rover.planning.problem import Cause, Claim, NoPlan, Plan, PlanningProblem
from rover.planning.traverse import TraversePlanner

Cell = tuple[int, int]
Costs = list[list[float]]

SQRT2 = math.sqrt(2.0)


class PlainAStar:
    """A* as its textbook has it, in plain Python: sound, and held to it."""

    name = "plain"
    claims = frozenset({Claim.OPTIMAL})
    moves = (
        (0, 1, 1.0), (1, 0, 1.0), (0, -1, 1.0), (-1, 0, 1.0),
        (1, 1, SQRT2), (1, -1, SQRT2), (-1, 1, SQRT2), (-1, -1, SQRT2),
    )  # fmt: skip

    def plan(self, problem: PlanningProblem) -> Plan | NoPlan:
        geometry = problem.costmap.geometry
        cost = self.costs(problem)
        start, goal = self.cell(geometry, problem.start_m), self.cell(geometry, problem.goal_m)
        for end, cause in ((start, Cause.START_LETHAL), (goal, Cause.GOAL_LETHAL)):
            if math.isinf(cost[end[0]][end[1]]):
                return self.refusal(cause)
        found = self.search(cost, start, goal, geometry.resolution_m)
        if found is None:
            return self.refusal(Cause.NO_ROUTE)
        return self.answer(problem, np.array(found[0], np.int64), found[1])

    def costs(self, problem: PlanningProblem) -> Costs:
        costs: Costs = problem.costmap.cost_s_per_m.tolist()
        return costs

    def cell(self, geometry: GridGeometry, place: tuple[float, float]) -> Cell:
        found = geometry.cell_at(*place)
        assert found is not None
        return found

    def refusal(self, cause: Cause) -> Any:
        return NoPlan(cause=cause, where="between start and goal", remedy="move one of them")

    def search(
        self, cost: Costs, start: Cell, goal: Cell, resolution_m: float
    ) -> tuple[list[Cell], float] | None:
        least = min(map(min, cost))
        self.best, self.before = {start: 0.0}, dict[Cell, Cell]()
        queue, settled = [(0.0, start)], set[Cell]()
        while queue:
            _, here = heapq.heappop(queue)
            if here == goal:
                return self.way(start, goal), self.best[goal]
            if here in settled:
                continue
            settled.add(here)
            for there, length in self.around(cost, here):
                price = self.best[here] + self.step(cost, here, there, length * resolution_m)
                if price < self.best.get(there, math.inf):
                    self.best[there], self.before[there] = price, here
                    guess = self.guess(there, goal, least, resolution_m)
                    heapq.heappush(queue, (price + guess, there))
        return None

    def around(self, cost: Costs, here: Cell) -> Iterator[tuple[Cell, float]]:
        row, col = here
        for down, across, length in self.moves:
            there = row + down, col + across
            if not self.inside(cost, there) or math.isinf(cost[there[0]][there[1]]):
                continue
            if self.passes(cost, row, col, there):
                yield there, length

    def inside(self, cost: Costs, there: Cell) -> bool:
        return 0 <= there[0] < len(cost) and 0 <= there[1] < len(cost[0])

    def passes(self, cost: Costs, row: int, col: int, there: Cell) -> bool:
        return not (math.isinf(cost[there[0]][col]) or math.isinf(cost[row][there[1]]))

    def step(self, cost: Costs, here: Cell, there: Cell, length_m: float) -> float:
        return length_m * (cost[here[0]][here[1]] + cost[there[0]][there[1]]) / 2

    def guess(self, here: Cell, goal: Cell, least: float, resolution_m: float) -> float:
        long, short = sorted((abs(goal[0] - here[0]), abs(goal[1] - here[1])), reverse=True)
        return (long - short + SQRT2 * short) * resolution_m * least * (1 - 1e-12)

    def way(self, start: Cell, goal: Cell) -> list[Cell]:
        cells = [goal]
        while cells[-1] != start:
            cells.append(self.before[cells[-1]])
        return cells[::-1]

    def answer(self, problem: PlanningProblem, cells: np.ndarray, price: float) -> Any:  # type: ignore[type-arg]
        if len(cells) == 1 and problem.start_m != problem.goal_m:
            cells = np.repeat(cells, 2, axis=0)
        waypoints = problem.costmap.geometry.centres_of(cells)
        waypoints[0], waypoints[-1] = problem.start_m, problem.goal_m
        return Plan(
            planner=self.name, cells=cells, waypoints_m=waypoints, cost_s=price, expanded=len(self.best)
        )


class Spoiled:
    """The product's search, asked and quoted as it is: sound."""

    name = "spoiled"
    claims = frozenset({Claim.OPTIMAL})
    asked: Any = AStarPlanner

    def plan(self, problem: PlanningProblem) -> Plan | NoPlan:
        answer = self.asked().plan(self.question(problem))
        return self.answer(answer, problem) if isinstance(answer, Plan) else answer

    def question(self, problem: PlanningProblem) -> PlanningProblem:
        return problem

    def answer(self, plan: Plan, problem: PlanningProblem) -> Plan:
        return plan


class ByHeading(Spoiled):
    """The product's search by heading, as it is: sound."""

    claims = DirectionalPlanner.claims
    objectives = DirectionalPlanner.objectives
    neighbours = DirectionalPlanner.neighbours
    asked = DirectionalPlanner


class InTime(Spoiled):
    """The product's search in time, as it is: sound."""

    claims = TraversePlanner.claims
    asked = TraversePlanner
