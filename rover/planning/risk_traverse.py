"""Traverses in time whose chance of breaking a limit of pitch or roll on the true ground is bounded.

The search in time has one price; risk enters it as room: a `RiskLimit` of so many standard deviations of the grade's
error, the least for which the traverse that it leads to is within the bound, its cells' errors taken together.
"""

from __future__ import annotations

from dataclasses import replace

from rover.hazard.directional import directional_cost
from rover.limits.risk import RiskLimit
from rover.planning.dem_error import DemError
from rover.planning.problem import Cause, NoPlan, Plan
from rover.planning.risk import RiskedPlan, check_bound
from rover.planning.route_risk import RouteRisk, route_risk
from rover.planning.traverse_ground import Criterion
from rover.planning.traverse_searches import Searches
from rover.planning.traverse_setup import CHARGE_LEVELS, Outlook

_MOST_SIGMAS = 6.0
_HALVINGS = 8


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

    Room is halved eight times; that more room means less risk is expected and not relied on: each traverse is judged
    by its own chance.

    Args:
        ready: The problem, its limits of slope and roll those of the vehicle.
        error: Of the DEM.
        bound: Greatest chance, above 0 and below 1; held against the upper end of the estimate's interval.
        criterion: What to have least of.
        charge_levels: As `traverse_search.Rules`.
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
    first = _risk_of(ready, unmargined, error, seed)
    if first.at_most <= bound:
        return RiskedPlan(
            plan=unmargined, risk=first, unmargined=unmargined, unmargined_risk=first, bound=bound
        )
    found, least = None, first
    low, high = 0.0, _MOST_SIGMAS
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        plan = searches.next(replace(ready.within(_room(ready, error, middle)), explained=False))
        if plan is None:
            break
        if isinstance(plan, NoPlan):
            high = middle
            continue
        risk = _risk_of(ready, plan, error, seed)
        least = min(least, risk, key=lambda judged: judged.at_most)
        if risk.at_most <= bound:
            found, high = (plan, risk), middle
        else:
            low = middle
    if found is None:
        searches.check(f"with a chance within {bound:g}, the safest has one of {least.at_most:.3g}")
        return _refused(least, bound)
    plan, risk = searches.bounded(found[0]), found[1]
    return RiskedPlan(plan=plan, risk=risk, unmargined=unmargined, unmargined_risk=first, bound=bound)


def _room(ready: Outlook, error: DemError, sigmas: float) -> RiskLimit:
    vehicle = ready.problem.vehicle
    return RiskLimit(
        slope_limit_rad=vehicle.slope_limit_rad,
        roll_limit_rad=vehicle.roll_limit_rad,
        grade_sigma=error.grade_sigma(ready.around.terrain.slope_baseline_m),
        least_sigmas=sigmas,
    )


def _risk_of(ready: Outlook, plan: Plan, error: DemError, seed: int) -> RouteRisk:
    cost = directional_cost(ready.problem.terrain, ready.problem.vehicle)
    baseline_m = ready.problem.terrain.slope_baseline_m
    return route_risk(cost, plan.cells, error, baseline_m=baseline_m, seed=seed)


def _refused(least: RouteRisk, bound: float) -> NoPlan:
    return NoPlan(
        cause=Cause.NO_ROUTE,
        where=f"the safest traverse found breaks a limit of pitch or roll with a chance of {least.at_most:.3g}, "
        f"more than {bound:g}",
        remedy="allow more risk, raise a limit, or take a DEM with a smaller error",
    )
