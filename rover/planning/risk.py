"""Plans whose chance of breaking a limit anywhere on the true ground is bounded, where the DEM has a known error.

The way of least price and weighted risk is searched for, and the weight, with a cap on the chance of any one cell,
chosen so that the way is the cheapest whose chance, its cells' errors taken together, is within the bound. A margin on
the limits alone is one of those choices: a cap without a weight.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.errors import PlannerError, TimeLimitError, UsageError
from rover.hazard.directional import directional_cost
from rover.planning.bottleneck import closed_whatever_the_slope
from rover.planning.dem_error import DemError
from rover.planning.directional import DirectionalPlanner
from rover.planning.ends import cell_of, through_centres
from rover.planning.problem import Cause, NoPlan, Objective, Plan, PlanningProblem
from rover.planning.risk_prices import RiskPrices
from rover.planning.route_risk import RouteRisk, route_risk

_CAPS = (math.inf, 1.0, 0.25, 0.06)
"""Caps on a cell's chance to try, as parts of the bound."""

_HALVINGS = 10
_STEEPER = 16.0
_LEAST_WEIGHT, _GREATEST_WEIGHT = 1e-4, 1e8
"""Tried, of the price of the way without weight."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskedPlan:
    """A plan within a bound of risk, beside the one that heeds none.

    Attributes:
        plan: The way.
        risk: Its chance of breaking a limit on the true ground.
        unmargined: The way of least price by the measured ground.
        unmargined_risk: Its chance.
        bound: What was asked for.
    """

    plan: Plan
    risk: RouteRisk
    unmargined: Plan
    unmargined_risk: RouteRisk
    bound: float

    @property
    def extra(self) -> float:
        """Return how much longer the plan is than the unmargined one, as a part of it."""
        least = self.unmargined.length_m
        return self.plan.length_m / least - 1.0 if least > 0 else 0.0


def check_bound(bound: float) -> float:
    """Return a bound of a chance.

    Raises:
        UsageError: It is not between 0 and 1.
    """
    if not 0.0 < bound < 1.0:
        raise UsageError(
            "not a chance between 0 and 1", remedy="give one such as 0.01", field="risk", value=bound
        )
    return bound


def plan_within_risk(
    problem: PlanningProblem,
    error: DemError,
    bound: float,
    *,
    seed: int = 0,
    closed: npt.NDArray[np.bool_] | None = None,
) -> RiskedPlan | NoPlan:
    """Return the directional way of least price whose chance of breaking a limit on the true ground is within a bound.

    The limits are the pitch and the roll of `problem.vehicle` on every cell that the way crosses, those whose corner a
    diagonal passes included. What is bounded is the upper end of the estimate's 99.5 % interval.

    Args:
        problem: Of which no time is asked; objective TIME, ENERGY or DISTANCE, 4 or 8 neighbours.
        error: Of the DEM.
        bound: Greatest chance, above 0 and below 1.
        seed: Of the estimate.
        closed: (rows, cols) cells that are closed besides, to the way within the bound only.

    Raises:
        UsageError: A bound that is no chance, or a correlation length shorter than a cell.
        PlannerError: Another objective or number of moves.
        PlaceError: Start or goal lies outside the map.
        DemFrameError: Cells that are not square.
        TimeLimitError: `problem.time_limit_s` is up.
    """
    check_bound(bound)
    error = error.on(problem.costmap.geometry)
    _check_asked(problem)
    unmargined = DirectionalPlanner().plan(problem)
    if isinstance(unmargined, NoPlan):
        return unmargined
    search = _Search(problem, error, bound, seed, closed)
    first = search.risk_of(unmargined.cells)
    found = search.cheapest()
    if found is None:
        return search.refusal()
    cells, risk = found
    return RiskedPlan(
        plan=search.plan_along(cells),
        risk=risk,
        unmargined=unmargined,
        unmargined_risk=first,
        bound=bound,
    )


def _check_asked(problem: PlanningProblem) -> None:
    if problem.neighbours not in (4, 8):
        raise PlannerError(
            "moves of which no risk is known",
            remedy="give 4 or 8",
            field="neighbours",
            value=problem.neighbours,
        )
    if problem.objective is Objective.RISK:
        raise PlannerError(
            "a price of nearness to limits beside a bounded chance of breaking them",
            remedy="give time, energy or distance",
            field="objective",
            value=problem.objective.value,
        )


def splices(cells: npt.NDArray[np.int64], other: npt.NDArray[np.int64]) -> Iterator[npt.NDArray[np.int64]]:
    """Yield a way with one stretch replaced by that of another way between the same two cells, each such once.

    Args:
        cells, other: (n, 2) and (m, 2) rows and columns, of the same start and goal.
    """
    place = {tuple(cell): i for i, cell in enumerate(cells.tolist())}
    left: tuple[int, int] | None = None
    last = -1
    for j, cell in enumerate(other.tolist()):
        i = place.get(tuple(cell))
        if i is None or i <= last:
            continue
        if left is not None and (j - left[1] > 1 or i - left[0] > 1):
            yield np.vstack([cells[: left[0]], other[left[1] : j], cells[i:]])
        left, last = (i, j), i


class _Search:
    """The ways tried for one problem."""

    def __init__(
        self,
        problem: PlanningProblem,
        error: DemError,
        bound: float,
        seed: int,
        closed: npt.NDArray[np.bool_] | None,
    ) -> None:
        self.problem, self.error, self.bound, self.seed = problem, error, bound, seed
        geometry = problem.costmap.geometry
        self.start = cell_of("start_m", problem.start_m, geometry)
        self.goal = cell_of("goal_m", problem.goal_m, geometry)
        self.cost = directional_cost(problem.terrain, problem.vehicle)
        lethal = closed_whatever_the_slope(problem)
        self.prices = RiskPrices(
            self.cost,
            lethal if closed is None else lethal | closed,
            error.grade_sigma(problem.terrain.slope_baseline_m),
            objective=problem.objective,
            neighbours=problem.neighbours,
        )
        self.seconds: dict[float, npt.NDArray[np.float64]] = {}
        limit_s = problem.time_limit_s
        self.ends_at = math.inf if limit_s is None else time.monotonic() + limit_s
        self.seen: dict[bytes, RouteRisk] = {}
        self.ways: dict[bytes, npt.NDArray[np.int64]] = {}
        self.best: tuple[float, npt.NDArray[np.int64]] | None = None

    def risk_of(self, cells: npt.NDArray[np.int64]) -> RouteRisk:
        key = cells.tobytes()
        if key not in self.seen:
            self.seen[key] = route_risk(
                self.cost,
                cells,
                self.error,
                baseline_m=self.problem.terrain.slope_baseline_m,
                seed=self.seed,
            )
        return self.seen[key]

    def cheapest(self) -> tuple[npt.NDArray[np.int64], RouteRisk] | None:
        """Return the cheapest way found whose chance is within the bound."""
        for part in _CAPS:
            self._along_weights(part * self.bound)
        if self.best is None:
            return None
        while self._spliced():
            pass
        return self.best[1], self.risk_of(self.best[1])

    def _along_weights(self, cap: float) -> None:
        """Look for the least weight within the bound, under a cap on the chance of any cell."""
        low, price = 0.0, self._try(0.0, cap)
        if price is None or self._is_within(price):
            return
        high = _LEAST_WEIGHT * float(price[0])  # of ways that cost the same the one that risks least
        while not self._is_within(price := self._try(high, cap)):
            low, high = high, high * _STEEPER
            if price is None or high > _GREATEST_WEIGHT * price[0] or self._is_beaten(price[0]):
                return
        low = max(low, high / _STEEPER)
        for _ in range(_HALVINGS):
            middle = math.sqrt(low * high)
            price = self._try(middle, cap)
            if self._is_within(price):
                high = middle
            else:
                low = middle

    def _spliced(self) -> bool:
        """Put a cheaper stretch of another way tried into the cheapest, where the bound allows; tell whether it did.

        Weights find ways on the convex hull of price and risk only; between them lie ways that take some stretches of
        one and the others of another.
        """
        if self.best is None:
            return False
        price, cells = self.best
        gains = []
        for other in self.ways.values():
            gains += [(self.prices.price_of(way), way) for way in splices(cells, other)]
        for cheaper, way in sorted(gains, key=lambda gain: gain[0]):
            if cheaper >= price - 1e-9 * price:
                return False
            if self._is_within((cheaper, way)):
                self.best = cheaper, way
                return True
        return False

    def _try(self, weight: float, cap: float) -> tuple[float, npt.NDArray[np.int64]] | None:
        """Return price and cells of the best way of a weight and a cap, and remember it where it is the cheapest."""
        if time.monotonic() > self.ends_at:
            raise TimeLimitError(
                "the search for a way within the risk took longer",
                remedy="give more time, or take a smaller or coarser map",
                field="time_limit_s",
                value=self.problem.time_limit_s,
            )
        cells = self.prices.way(self.start, self.goal, weight, most=cap)
        if cells is None:
            return None
        self.ways[cells.tobytes()] = cells
        found = self.prices.price_of(cells), cells
        if not self._is_beaten(found[0]) and self._is_within(found):
            self.best = found
        return found

    def _is_within(self, found: tuple[float, npt.NDArray[np.int64]] | None) -> bool:
        if found is None or self.prices.worst_of(found[1]) > self.bound:
            return False  # one cell alone is too much
        return self.risk_of(found[1]).at_most <= self.bound

    def _is_beaten(self, price: float) -> bool:
        return self.best is not None and price >= self.best[0]

    def plan_along(self, cells: npt.NDArray[np.int64]) -> Plan:
        problem, price = self.problem, self.prices.price_of(cells)
        all_cells, waypoints = through_centres(problem, cells)
        return Plan(
            planner=DirectionalPlanner.name,
            cells=all_cells,
            waypoints_m=waypoints,
            cost_s=price if problem.objective is Objective.TIME else self._drive_s(cells),
            expanded=len(self.seen),
            objective=problem.objective,
            price=price,
        )

    def _drive_s(self, cells: npt.NDArray[np.int64]) -> float:
        total = []
        for at, to in zip(cells[:-1].tolist(), cells[1:].tolist(), strict=True):
            move = (to[0] - at[0], to[1] - at[1])
            yaw = math.atan2(*move)
            if yaw not in self.seconds:
                self.seconds[yaw], _ = self.cost.cost_at(yaw)
            half = math.hypot(*move) * self.cost.geometry.resolution_m / 2
            total.append((self.seconds[yaw][tuple(at)] + self.seconds[yaw][tuple(to)]) * half)
        return math.fsum(total)

    def refusal(self) -> NoPlan:
        """Return why there is no plan: what the safest way known risks."""
        safest = self.prices.way(self.start, self.goal, _GREATEST_WEIGHT)
        if safest is not None:
            self.risk_of(safest)
        least = min((risk.at_most for risk in self.seen.values()), default=1.0)
        at = math.ceil(least * 1000) / 1000
        return NoPlan(
            cause=Cause.NO_ROUTE,
            where=f"the safest way found breaks a limit of pitch or roll with a chance of {least:.3g}, "
            f"more than {self.bound:g}",
            remedy=f"allow a risk of {at:g}, raise a limit, or take a DEM with a smaller error",
        )
