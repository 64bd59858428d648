"""Traverses in time whose chance of breaking a limit of pitch or roll on the true ground is bounded.

The search in time has one price, which leaves no weight for risk. It is told instead at which headings a cell may be
crossed: where so many standard deviations of the grade's error are between its attitude and the limits, or where the
way crosses it that is cheapest within the bound apart from time (`risk.plan_within_risk`). A traverse of such crossings
alone has no greater chance than that way, the safest of its price, and is tried first; with others it is better
and judged by its own chance.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from rover.hazard.directional import DirectionalCost, directional_cost, heading_vector
from rover.limits.base import MOVES, Mask
from rover.planning.dem_error import DemError
from rover.planning.problem import Cause, NoPlan, Objective, Plan
from rover.planning.risk import RiskedPlan, check_bound, plan_within_risk
from rover.planning.route_risk import RouteRisk, limits_of, route_risk
from rover.planning.timed_legs import crossed_cells
from rover.planning.timetable import Timetable
from rover.planning.traverse_ground import Criterion
from rover.planning.traverse_searches import Searches
from rover.planning.traverse_setup import CHARGE_LEVELS, Outlook

_MOST_SIGMAS = 6.0
_FINEST_SIGMAS = 0.05

_APART_FROM_TIME = {Criterion.ENERGY: Objective.ENERGY, Criterion.DISTANCE: Objective.DISTANCE}
"""By what the way is cheapest; by driving time for criteria that have no price of a move."""


def traverse_within_risk(
    ready: Outlook,
    error: DemError,
    bound: float,
    *,
    criterion: Criterion = Criterion.TIME,
    charge_levels: int = CHARGE_LEVELS,
    seed: int = 0,
) -> RiskedPlan | NoPlan:
    """Return the traverse of least criterion, of those tried, whose chance of breaking a limit is within a bound.

    Args:
        ready: The problem, its limits of slope and roll those of the vehicle.
        error: Of the DEM.
        bound: Greatest chance, above 0 and below 1; held against the upper end of the estimate's interval.
        criterion: What to have least of.
        charge_levels: As `traverse_ground.Rules`.
        seed: Of the estimate.

    Where `problem.time_limit_s`, which is for all searches together, is up first, the best so far has in `plan.least`
    what no traverse has less of.

    Raises:
        UsageError: A bound that is no chance, or a correlation length shorter than a cell.
        TimeLimitError: None within the bound is found by then.
    """
    check_bound(bound)
    error = error.on(ready.around.geometry)
    searches = Searches(ready, criterion, charge_levels=charge_levels)
    unmargined = searches.first()
    if isinstance(unmargined, NoPlan):
        return unmargined
    baseline_m = ready.problem.terrain.slope_baseline_m
    cost = directional_cost(ready.problem.terrain, ready.problem.vehicle)
    tried = _Tried(
        bound,
        lambda plan: route_risk(cost, plan.cells, error, baseline_m=baseline_m, seed=seed),
        lambda crossings: searches.next(ready.crossing(crossings)),
        unmargined,
    )
    first = tried.safest
    if tried.best is None:
        room = sigmas_of_room(cost, error.grade_sigma(baseline_m))
        most, none = _MOST_SIGMAS, np.zeros_like(room, np.bool_)
        way = searches.in_time(lambda limit_s: _cheapest_way(ready, error, bound, criterion, seed, limit_s))
        if isinstance(way, RiskedPlan):
            known = crossings_by_heading(way.plan.cells, ready.around.geometry.shape)
            tried.among(known)
            most = tried.by_room(room, known)
        tried.by_room(room, none, most)
    if tried.best is None:
        searches.check(f"with a chance within {bound:g}, the safest has one of {tried.safest.at_most:.3g}")
        return _refused(tried.safest, bound)
    plan, risk = tried.best
    plan = plan if plan is unmargined else searches.bounded(plan)
    return RiskedPlan(plan=plan, risk=risk, unmargined=unmargined, unmargined_risk=first, bound=bound)


class _Tried:
    """The traverses tried for one question.

    Args:
        bound: Greatest chance.
        risk_of: Judges a traverse.
        search: Finds the best traverse of some crossings, None where time is up before.
        unmargined: The best of all.

    Attributes:
        best: The one of least criterion within the bound, with its chance.
        safest: The least chance of all.
    """

    def __init__(
        self,
        bound: float,
        risk_of: Callable[[Plan], RouteRisk],
        search: Callable[[Mask], Plan | NoPlan | None],
        unmargined: Plan,
    ) -> None:
        self._bound, self._risk_of, self._search = bound, risk_of, search
        self._least = _value(unmargined)
        self.safest = risk_of(unmargined)
        self.best = (unmargined, self.safest) if self.safest.at_most <= bound else None

    def among(self, crossings: Mask) -> bool | None:
        """Search among crossings; tell whether what is found is better but not within the bound; None out of time."""
        plan = self._search(crossings)
        if not isinstance(plan, Plan):
            return None if plan is None else False
        if self._is_met(_value(plan)):
            return False
        risk = self._risk_of(plan)
        self.safest = min(self.safest, risk, key=lambda judged: judged.at_most)
        if risk.at_most > self._bound:
            return True
        self.best = plan, risk
        return False

    def _is_met(self, value: float) -> bool:
        return self.best is not None and _value(self.best[0]) <= value

    def by_room(self, room: npt.NDArray[np.float32], known: Mask, most: float = _MOST_SIGMAS) -> float:
        """Search among crossings with so much room and those that are known to be worth their risk.

        Room is halved towards the least within the bound, or at which a traverse is no better than the best: that more
        room means less risk is expected and not relied on.

        Args:
            room: (8, rows, cols) standard deviations.
            known: (8, rows, cols).
            most: To look below.

        Returns:
            Where it ended: with so much room no traverse of such crossings, or of some of them, betters the best.
        """
        low, high = 0.0, most
        while high - low > _FINEST_SIGMAS and not self._is_met(self._least):
            middle = (low + high) / 2
            risky = self.among((room >= middle) | known)
            if risky is None:
                break
            low, high = (middle, high) if risky else (low, middle)
        return high


def _value(plan: Plan) -> float:
    """Return what a traverse has of its criterion, to a billionth: sums in another order are one."""
    assert isinstance(plan.schedule, Timetable)
    return float(f"{plan.schedule.arrive_s or 0.0 if plan.price is None else plan.price:.9e}")


def _cheapest_way(
    ready: Outlook, error: DemError, bound: float, criterion: Criterion, seed: int, limit_s: float | None
) -> RiskedPlan | NoPlan:
    """Return the cheapest way within the bound apart from time, on the cells that are open at every time."""
    table = ready.table
    closed = np.zeros(ready.around.geometry.shape, np.bool_) if table.cells is None else ~table.cells
    if table.halves is not None:
        closed = closed | ~table.halves.all(axis=0)
    objective = _APART_FROM_TIME.get(criterion, Objective.TIME)
    problem = replace(ready.problem, objective=objective, neighbours=8, time_limit_s=limit_s)
    return plan_within_risk(problem, error, bound, seed=seed, closed=closed)


def crossings_by_heading(cells: npt.NDArray[np.int64], shape: tuple[int, int]) -> Mask:
    """Return (8, rows, cols) headings, as `MOVES`, at which a route crosses cells, corners of diagonals included."""
    crossed = np.zeros((8, *shape), np.bool_)
    way = [(int(row), int(col)) for row, col in cells]
    for at, to in zip(way[:-1], way[1:], strict=True):
        if at != to:
            heading = MOVES.index((to[0] - at[0], to[1] - at[1]))
            for cell in crossed_cells(at, to):
                crossed[(heading, *cell)] = True
    return crossed


def sigmas_of_room(cost: DirectionalCost, grade_sigma: float) -> npt.NDArray[np.float32]:
    """Return (8, rows, cols) standard deviations of the grade's error from each attitude to its limits.

    Counted in tangents, whose errors are those of the grade: of the pitch, exactly; of the roll,
    `across / sqrt(1 + along^2)`, at most. NaN where the ground is unknown.

    Args:
        cost: The measured ground by heading, with its limits.
        grade_sigma: Standard deviation of either component of the grade.
    """
    limits, room = limits_of(cost), np.empty((8, *cost.geometry.shape), np.float32)
    grade_east, grade_north = cost.grade_east.astype(np.float64), cost.grade_north.astype(np.float64)
    for k, move in enumerate(MOVES):
        east, north = heading_vector(math.atan2(*move))
        along = grade_east * east + grade_north * north
        roll = np.abs(grade_north * east - grade_east * north) / np.sqrt(1.0 + along * along)
        to_pitch = np.minimum(limits.climb - along, limits.descent + along)
        room[k] = np.minimum(to_pitch, limits.roll - roll) / grade_sigma
    return room


def _refused(safest: RouteRisk, bound: float) -> NoPlan:
    return NoPlan(
        cause=Cause.NO_ROUTE,
        where=f"the safest traverse found breaks a limit of pitch or roll with a chance of {safest.at_most:.3g}, "
        f"more than {bound:g}",
        remedy="allow more risk, raise a limit, or take a DEM with a smaller error",
    )
