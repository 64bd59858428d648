"""Bugs in the search."""

from __future__ import annotations

import math
import random
from collections.abc import Iterator

import numpy as np

from rover.planning.objective import price_of_way
from rover.planning.problem import Plan, PlanningProblem
from tests.sim.testing.planted.sound import Cell, Costs, PlainAStar


class RoundedDiagonal(PlainAStar):
    """1.414 for the square root of two."""

    moves = tuple((down, across, min(length, 1.414)) for down, across, length in PlainAStar.moves)  # type: ignore[assignment]


class InflatedHeuristic(PlainAStar):
    def guess(self, here: Cell, goal: Cell, least: float, resolution_m: float) -> float:
        return 3.0 * super().guess(here, goal, least, resolution_m)


class HeuristicInMetres(PlainAStar):
    """Not times the least cost of a metre: seconds and metres are added up."""

    def guess(self, here: Cell, goal: Cell, least: float, resolution_m: float) -> float:
        return super().guess(here, goal, 1.0, resolution_m)


class HeuristicInCells(PlainAStar):
    """Not times the length of a cell."""

    def guess(self, here: Cell, goal: Cell, least: float, resolution_m: float) -> float:
        return super().guess(here, goal, least, 1.0)


class ManhattanForOctile(PlainAStar):
    def guess(self, here: Cell, goal: Cell, least: float, resolution_m: float) -> float:
        return (abs(goal[0] - here[0]) + abs(goal[1] - here[1])) * resolution_m * least


class PriceOfTheCellEntered(PlainAStar):
    """The start costs nothing to leave."""

    def step(self, cost: Costs, here: Cell, there: Cell, length_m: float) -> float:
        return length_m * cost[there[0]][there[1]]


class DiagonalAsLongAsAStep(PlainAStar):
    moves = tuple((down, across, 1.0) for down, across, _ in PlainAStar.moves)  # type: ignore[assignment]


class ClosedWhenReached(PlainAStar):
    """The first way to a cell is kept, cheaper ones are not looked at."""

    def step(self, cost: Costs, here: Cell, there: Cell, length_m: float) -> float:
        return math.inf if there in self.best else super().step(cost, here, there, length_m)


class CutsCorners(PlainAStar):
    def passes(self, cost: Costs, row: int, col: int, there: Cell) -> bool:
        return True


class NeverTouchesTheRim(PlainAStar):
    """Off by one at the border."""

    def inside(self, cost: Costs, there: Cell) -> bool:
        return 1 <= there[0] < len(cost) - 1 and 1 <= there[1] < len(cost[0]) - 1


class GoesRoundTheRim(PlainAStar):
    """Row -1 is the last row."""

    def inside(self, cost: Costs, there: Cell) -> bool:
        return there[0] < len(cost) and there[1] < len(cost[0])

    def guess(self, here: Cell, goal: Cell, least: float, resolution_m: float) -> float:
        return 0.0

    def around(self, cost: Costs, here: Cell) -> Iterator[tuple[Cell, float]]:
        for there, length in super().around(cost, here):
            yield (there[0] % len(cost), there[1] % len(cost[0])), length


class TakesMapsForSquare(PlainAStar):
    def inside(self, cost: Costs, there: Cell) -> bool:
        return 0 <= there[0] < len(cost) and 0 <= there[1] < len(cost)


class OneMoveIsMissing(PlainAStar):
    """A slip of the pen: one diagonal is listed twice."""

    moves = (*PlainAStar.moves[:7], PlainAStar.moves[4])


class NorthIsLonger(PlainAStar):
    """Rows are taken for a little longer than columns."""

    moves = tuple(  # type: ignore[assignment]
        (down, across, math.hypot(down * 1.0001, across)) for down, across, _ in PlainAStar.moves
    )


class DrawsLots(PlainAStar):
    """Of ways equally dear a random one."""

    def step(self, cost: Costs, here: Cell, there: Cell, length_m: float) -> float:
        return super().step(cost, here, there, length_m) * (1 + 1e-12 * random.random())

    def answer(self, problem: PlanningProblem, cells: np.ndarray, price: float) -> Plan:  # type: ignore[type-arg]
        exact = price_of_way(cells, problem.costmap.cost_s_per_m, problem.costmap.geometry.resolution_m)
        plan: Plan = super().answer(problem, cells, exact)
        return plan


class Float32Costs(PlainAStar):
    def step(self, cost: Costs, here: Cell, there: Cell, length_m: float) -> float:
        return float(np.float32(super().step(cost, here, there, length_m)))
