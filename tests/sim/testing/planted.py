"""Planners with one bug each, planted where such a bug is made, and the sound ones that they are made of."""

from __future__ import annotations

import heapq
import itertools
import math
import mmap
import random
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from rover.core.grid import GridGeometry
from rover.hazard.costmap import build_costmap, footprint_reach_cells, inflate
from rover.hazard.detect import Hazard, detect_hazards
from rover.limits.light import LitLimit, ShadowLimit
from rover.limits.power import ReserveLimit
from rover.planning.astar import AStarPlanner
from rover.planning.directional import DirectionalPlanner
from rover.planning.objective import price_map, price_of_way
from rover.planning.problem import Cause, Claim, NoPlan, Objective, Plan, PlanningProblem
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


# In the search.


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


# In how the map is read.


class TransposedMap(PlainAStar):
    """Reads rows for columns, as from a Fortran array."""

    def costs(self, problem: PlanningProblem) -> Costs:
        rows, cols = problem.costmap.geometry.shape
        costs: Costs = problem.costmap.cost_s_per_m.ravel(order="F").reshape(rows, cols).tolist()
        return costs


class NorthIsTheFirstRow(PlainAStar):
    """Takes the map for an image, whose first row is the top."""

    def costs(self, problem: PlanningProblem) -> Costs:
        return super().costs(problem)[::-1]


class WholeSeconds(PlainAStar):
    def costs(self, problem: PlanningProblem) -> Costs:
        costs: Costs = np.rint(problem.costmap.cost_s_per_m).tolist()
        return costs


class IgnoresLethal(PlainAStar):
    """Dear is not closed."""

    def costs(self, problem: PlanningProblem) -> Costs:
        cost = problem.costmap.cost_s_per_m
        costs: Costs = np.where(np.isinf(cost), 100.0, cost).tolist()
        return costs


class _Without(PlainAStar):
    flag: Hazard

    def costs(self, problem: PlanningProblem) -> Costs:
        """Open what is closed by one kind of hazard alone."""
        others = problem.hazards.flags & ~np.uint8(self.flag) != 0
        closed = inflate(others, footprint_reach_cells(problem.costmap.geometry, problem.vehicle))
        cost = problem.costmap.cost_s_per_m
        costs: Costs = np.where(np.isinf(cost) & ~closed, 25.0, cost).tolist()
        return costs


class IgnoresUnknown(_Without):
    """Goes by the hazards, and does not know one of their kinds."""

    flag = Hazard.UNKNOWN


class NanIsFree(PlainAStar):
    """Makes its own costs of the terrain, where `slope > limit` is false of NaN."""

    def costs(self, problem: PlanningProblem) -> Costs:
        layers = ("slope_rad", "aspect_rad", "roughness_m", "step_m")
        read: dict[str, Any] = {name: np.nan_to_num(getattr(problem.terrain, name)) for name in layers}
        terrain = replace(problem.terrain, **read)
        found = detect_hazards(terrain, problem.vehicle)
        flags = found.flags | problem.hazards.flags & np.uint8(Hazard.KEEP_OUT)
        hazards = replace(found, flags=flags)
        costs: Costs = build_costmap(hazards, terrain, problem.vehicle).cost_s_per_m.tolist()
        return costs


class IgnoresKeepOut(_Without):
    flag = Hazard.KEEP_OUT


class KeepsTheFirstMap(PlainAStar):
    """A cache by the map's shape."""

    def __init__(self) -> None:
        self.kept: dict[tuple[int, int], Costs] = {}

    def costs(self, problem: PlanningProblem) -> Costs:
        return self.kept.setdefault(problem.costmap.geometry.shape, super().costs(problem))


class KeepsTheFirstAnswer(PlainAStar):
    """A cache by start and goal."""

    def __init__(self) -> None:
        self.kept: dict[object, Plan | NoPlan] = {}

    def plan(self, problem: PlanningProblem) -> Plan | NoPlan:
        return self.kept.setdefault((problem.start_m, problem.goal_m), super().plan(problem))


class FloorsPlaces(PlainAStar):
    """Takes a cell's centre for its corner."""

    def cell(self, geometry: GridGeometry, place: tuple[float, float]) -> Cell:
        found = geometry.cell_at(place[0] - geometry.resolution_m / 2, place[1] - geometry.resolution_m / 2)
        return found or super().cell(geometry, place)


# In the answer.


class NorthBeforeEast(PlainAStar):
    """Transposed axes: waypoints are (north, east)."""

    def answer(self, problem: PlanningProblem, cells: np.ndarray, price: float) -> Plan:  # type: ignore[type-arg]
        plan = super().answer(problem, cells, price)
        return replace(plan, waypoints_m=plan.waypoints_m[:, ::-1])


class HalfACellOff(PlainAStar):
    def answer(self, problem: PlanningProblem, cells: np.ndarray, price: float) -> Plan:  # type: ignore[type-arg]
        plan = super().answer(problem, cells, price)
        waypoints = plan.waypoints_m.copy()
        waypoints[1:-1] += 0.51 * problem.costmap.geometry.resolution_m
        return replace(plan, waypoints_m=waypoints)


class EndsAtTheCellsCentre(PlainAStar):
    """The wrong goal, by less than a cell."""

    def answer(self, problem: PlanningProblem, cells: np.ndarray, price: float) -> Plan:  # type: ignore[type-arg]
        plan = super().answer(problem, cells, price)
        return replace(plan, waypoints_m=problem.costmap.geometry.centres_of(plan.cells))


class StopsBesideTheGoal(PlainAStar):
    """The wrong goal, by a cell."""

    def answer(self, problem: PlanningProblem, cells: np.ndarray, price: float) -> Plan:  # type: ignore[type-arg]
        plan = super().answer(problem, cells, price)
        return replace(plan, cells=plan.cells[:-1], waypoints_m=plan.waypoints_m[:-1])


class WayBackwards(PlainAStar):
    """Followed from the goal and not turned round."""

    def way(self, start: Cell, goal: Cell) -> list[Cell]:
        return super().way(start, goal)[::-1]

    def answer(self, problem: PlanningProblem, cells: np.ndarray, price: float) -> Plan:  # type: ignore[type-arg]
        turned = replace(problem, start_m=problem.goal_m, goal_m=problem.start_m)
        plan: Plan = super().answer(turned, cells, price)
        return plan


class EmptyPlanForNoWay(PlainAStar):
    def refusal(self, cause: Cause) -> Plan:
        none = np.empty((0, 2))
        return Plan(planner="x", cells=none.astype(np.int64), waypoints_m=none, cost_s=0.0, expanded=0)


class OneCauseForAll(PlainAStar):
    def refusal(self, cause: Cause) -> Any:
        return super().refusal(Cause.NO_ROUTE)


class SaysNothing(PlainAStar):
    def refusal(self, cause: Cause) -> NoPlan:
        return NoPlan(cause=cause, where="", remedy="")


class NothingForNowhere(PlainAStar):
    """No answer at all where the start is the goal."""

    def plan(self, problem: PlanningProblem) -> Any:
        return None if problem.start_m == problem.goal_m else super().plan(problem)


class ChargesForNowhere(PlainAStar):
    """Counts the start's own cell."""

    def answer(self, problem: PlanningProblem, cells: np.ndarray, price: float) -> Any:  # type: ignore[type-arg]
        row, col = cells[0]
        more = problem.costmap.cost_s_per_m[row, col] if len(cells) == 1 else 0.0
        return super().answer(problem, cells, price + more)


class ClaimsInAList(PlainAStar):
    claims = [Claim.OPTIMAL]  # type: ignore[assignment]  # noqa: RUF012


class NeverAnswers(PlainAStar):
    """Where there is no way; and it catches whatever comes its way."""

    def plan(self, problem: PlanningProblem) -> Plan | NoPlan:
        answer = super().plan(problem)
        while isinstance(answer, NoPlan):
            try:
                time.sleep(0.01)
            except BaseException:
                return answer
        return answer


class TakesItsTime(PlainAStar):
    def search(self, *asked: Any) -> Any:
        time.sleep(0.3)
        return super().search(*asked)


class TakesMemory(PlainAStar):
    def search(self, *asked: Any) -> Any:
        self.room = np.ones((32, 1 << 17))
        return super().search(*asked)


class TakesMemoryOfItsOwn(PlainAStar):
    """Takes memory past Python and numpy, as a library in C does, and gives it back; each time as much."""

    def search(self, *asked: Any) -> Any:
        with mmap.mmap(-1, 32 << 20) as room:
            for page in range(0, len(room), mmap.PAGESIZE):
                room[page] = 1
        return super().search(*asked)


# In what is promised, of the product's own planners asked about another problem or spoilt in their answer.


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


class UnderstatesItsCost(Spoiled):
    claims: frozenset[Claim] = frozenset()

    def answer(self, plan: Plan, problem: PlanningProblem) -> Plan:
        return replace(plan, cost_s=0.9 * plan.cost_s)


class StatesNoBound(Spoiled):
    claims = frozenset({Claim.BOUNDED})


class BreaksItsBound(InflatedHeuristic):
    claims = frozenset({Claim.BOUNDED})

    def answer(self, problem: PlanningProblem, cells: np.ndarray, price: float) -> Plan:  # type: ignore[type-arg]
        return replace(super().answer(problem, cells, price), bound=1.0)


class AlwaysInAHurry(Spoiled):
    """Claims every objective, and minds time."""

    objectives = frozenset(Objective)

    def question(self, problem: PlanningProblem) -> PlanningProblem:
        return replace(problem, objective=Objective.TIME)

    def answer(self, plan: Plan, problem: PlanningProblem) -> Plan:
        prices = price_map(problem).price_per_m
        price = price_of_way(plan.cells, prices, problem.costmap.geometry.resolution_m)
        return replace(plan, objective=problem.objective, price=price)


class StatesTimeForPrice(Spoiled):
    objectives = frozenset(Objective)

    def answer(self, plan: Plan, problem: PlanningProblem) -> Plan:
        return replace(plan, price=plan.cost_s)


class ChangesItsMind(Spoiled):
    """Goes on counting from question to question."""

    def __init__(self) -> None:
        self.count = itertools.count()

    def answer(self, plan: Plan, problem: PlanningProblem) -> Plan:
        waypoints = plan.waypoints_m.copy()
        waypoints[1:-1] += 1e-3 * (next(self.count) % 3)
        return replace(plan, waypoints_m=waypoints)


class ByHeading(Spoiled):
    """The product's search by heading, as it is: sound."""

    claims = DirectionalPlanner.claims
    objectives = DirectionalPlanner.objectives
    neighbours = DirectionalPlanner.neighbours
    asked = DirectionalPlanner


class IgnoresRoll(ByHeading):
    def question(self, problem: PlanningProblem) -> PlanningProblem:
        return _with_vehicle(problem, roll_limit_deg=60.0)


class PitchForRoll(ByHeading):
    def question(self, problem: PlanningProblem) -> PlanningProblem:
        slope, roll = problem.vehicle.slope_limit_deg, problem.vehicle.roll_limit_deg
        return _with_vehicle(problem, slope_limit_deg=roll, roll_limit_deg=slope)


class MirroredHeadings(ByHeading):
    """Counts aspect the other way round."""

    def question(self, problem: PlanningProblem) -> PlanningProblem:
        aspect = np.mod(-problem.terrain.aspect_rad, 2 * math.pi)
        return replace(problem, terrain=replace(problem.terrain, aspect_rad=aspect))


class DownhillForUphill(ByHeading):
    """Searches from the goal and turns the way round."""

    def question(self, problem: PlanningProblem) -> PlanningProblem:
        return replace(problem, start_m=problem.goal_m, goal_m=problem.start_m)

    def answer(self, plan: Plan, problem: PlanningProblem) -> Plan:
        return replace(plan, cells=plan.cells[::-1], waypoints_m=plan.waypoints_m[::-1])


class ForgetsTheLoad(ByHeading):
    """Energy of the pull alone."""

    def answer(self, plan: Plan, problem: PlanningProblem) -> Plan:
        if problem.objective is not Objective.ENERGY:
            return plan
        return replace(plan, price=(plan.price or 0.0) - problem.vehicle.drive_w * plan.cost_s)


class EightForSixteen(ByHeading):
    def question(self, problem: PlanningProblem) -> PlanningProblem:
        return replace(problem, neighbours=min(problem.neighbours, 8))


class KnowsNoHeading(Spoiled):
    """Claims headings, and goes by the cost map."""

    claims = DirectionalPlanner.claims


def _with_vehicle(problem: PlanningProblem, **figures: float) -> PlanningProblem:
    return replace(problem, vehicle=problem.vehicle.model_copy(update=figures))


class InTime(Spoiled):
    """The product's search in time, as it is: sound."""

    claims = TraversePlanner.claims
    asked = TraversePlanner


class _Unlimited(InTime):
    kinds: tuple[type, ...]

    def question(self, problem: PlanningProblem) -> PlanningProblem:
        kept = tuple(limit for limit in problem.limits if not isinstance(limit, self.kinds))
        return replace(problem, limits=kept)


class IgnoresLight(_Unlimited):
    kinds = (LitLimit, ShadowLimit)


class IgnoresCharge(_Unlimited):
    kinds = (ReserveLimit,)


class LooksPastTheHorizon(InTime):
    """A Sun that is up shines everywhere."""

    def question(self, problem: PlanningProblem) -> PlanningProblem:
        assert problem.horizon is not None
        flat = np.full_like(problem.horizon.steps, 1)
        return replace(problem, horizon=replace(problem.horizon, steps=flat))


class CountsAzimuthTheOtherWay(InTime):
    """The horizon is looked up counter-clockwise."""

    def question(self, problem: PlanningProblem) -> PlanningProblem:
        assert problem.horizon is not None
        steps = np.roll(problem.horizon.steps[::-1], 1, axis=0)
        return replace(problem, horizon=replace(problem.horizon, steps=steps))


class RefusesShadow(InTime):
    """Where it is asked to keep to the light, it says that there is none."""

    def plan(self, problem: PlanningProblem) -> Plan | NoPlan:
        if any(isinstance(limit, LitLimit | ShadowLimit) for limit in problem.limits):
            return NoPlan(cause=Cause.SHADOW, where="everywhere", remedy="another day")
        return super().plan(problem)


class RefusesSmallBatteries(InTime):
    """A battery so small is never enough, whatever the array brings."""

    def plan(self, problem: PlanningProblem) -> Plan | NoPlan:
        if problem.vehicle.battery_wh < 100.0:
            return NoPlan(cause=Cause.ENERGY, where="everywhere", remedy="a larger battery")
        return super().plan(problem)


class TenTimesTheBattery(InTime):
    """The battery is ten times as large as it is."""

    def question(self, problem: PlanningProblem) -> PlanningProblem:
        assert problem.forecaster is not None
        vehicle = problem.vehicle.model_copy(update={"battery_wh": 10 * problem.vehicle.battery_wh})
        forecaster = replace(problem.forecaster, vehicle=vehicle)
        return replace(problem, vehicle=vehicle, forecaster=forecaster)


class LeavesAnHourLate(InTime):
    def question(self, problem: PlanningProblem) -> PlanningProblem:
        return replace(problem, depart_s=problem.depart_s + 3600.0)


class SchedulesNothing(InTime):
    def answer(self, plan: Plan, problem: PlanningProblem) -> Plan:
        return replace(plan, schedule=None)
