"""What can be reached, and until when one may leave: maps of earliest arrival and of latest departure."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.errors import PlannerError, TimeLimitError
from rover.limits.base import Span
from rover.planning import label_kernels as named
from rover.planning.reach_kernels import count_connected, fill_latest, fold_arrivals
from rover.planning.traverse_ahead import least_prices
from rover.planning.traverse_ground import ground_of, lengths_of
from rover.planning.traverse_record_kernels import SECONDS, Ground
from rover.planning.traverse_search import run_search
from rover.planning.traverse_setup import CHARGE_LEVELS, Outlook

Floats = npt.NDArray[np.float64]

_ROUNDING_S = 1e-6
_REFINED_S = 60.0
"""A latest departure is known this closely, between bins."""


class Target(StrEnum):
    """Where to be in time."""

    GOAL = "goal"
    HAVEN = "haven"
    """Any cell where the night may be spent."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ArrivalMap:
    """The earliest arrival at each cell.

    Attributes:
        arrive_s: (rows, cols) since the scenario's epoch; inf where it is later than `until_s` or never.
        depart_s: Departure.
        until_s: How far the map looks.
        dusk_s: When driving next ends for the evening after the departure; inf past the plan's time.
    """

    arrive_s: Floats
    depart_s: float
    until_s: float
    dusk_s: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "arrive_s", locked(self.arrive_s, np.float64, (None, None), "arrive_s"))

    @property
    def before_dusk(self) -> npt.NDArray[np.bool_]:
        """Return (rows, cols) what is reached before the evening."""
        return np.asarray(np.isfinite(self.arrive_s) & (self.arrive_s <= self.dusk_s))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DepartureMap:
    """The latest departure of each cell, if neither charge nor commands nor time in shadow were of any account.

    Attributes:
        depart_s: (rows, cols) since the scenario's epoch; of the targets the time by when to be there; -inf where there
            is none. No rover can leave later.
        by_s: By when to be there.
        first_s: Earliest departure looked at: the morning of that day, or the beginning of the plan's time.
    """

    depart_s: Floats
    by_s: float
    first_s: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "depart_s", locked(self.depart_s, np.float64, (None, None), "depart_s"))


@dataclass(frozen=True, slots=True, kw_only=True)
class LatestDeparture:
    """The latest departure from the start that was found to hold, with charge and all.

    Attributes:
        depart_s, arrive_s: Departure and arrival; None where no departure holds.
        bound_s: No departure later than this can hold; -inf where none can.
        by_s: By when to be there.
        tried: Departures searched from.
    """

    depart_s: float | None
    arrive_s: float | None
    bound_s: float
    by_s: float
    tried: int


def arrival_map(
    ready: Outlook,
    *,
    until_s: float | None = None,
    charge_levels: int = CHARGE_LEVELS,
    ground: Ground | None = None,
    time_limit_s: float | None = None,
) -> ArrivalMap:
    """Return the earliest arrival at every cell, from the problem's departure with its charge.

    Args:
        ready: The problem; its goal is of no account.
        until_s: How far to look; None for the problem's deadline.
        charge_levels: As `traverse_ground.Rules`; with 0 equal to the search for each cell.
        ground: Of the problem, where it has been made already, by those levels.
        time_limit_s: Longest time to search.

    Raises:
        TimeLimitError: Time is up; the message says up to when all arrivals are known.
    """
    problem = ready.problem
    deadline_s = ready.table.deadline_s
    until_s = deadline_s if until_s is None else min(until_s, deadline_s)
    ground = without_goal(ground or _ground_of(ready, charge_levels), until_s)
    arrive_s = arrivals(
        ground,
        ready.start,
        depart_s=problem.depart_s,
        charge_j=problem.soc * problem.vehicle.battery_j,
        time_limit_s=time_limit_s,
    )
    return ArrivalMap(
        arrive_s=arrive_s.reshape(ready.around.geometry.shape),
        depart_s=problem.depart_s,
        until_s=until_s,
        dusk_s=float(ready.around.timeline.dusk_after(problem.depart_s)),
    )


def without_goal(ground: Ground, until_s: float) -> Ground:
    """Return the same ground without a goal, so that labels come up in the order of time, up to a deadline."""
    rules = ground.rules.copy()
    rules[named.DEADLINE] = min(float(rules[named.DEADLINE]), until_s)
    return ground._replace(goal=-1, ahead=np.zeros_like(ground.ahead), rules=rules)


def arrivals(
    ground: Ground,
    start: tuple[int, int],
    *,
    depart_s: float,
    charge_j: float,
    enough: Callable[[Floats, float], bool] = lambda _arrive_s, _front_s: False,
    time_limit_s: float | None = None,
) -> Floats:
    """Return (n,) earliest arrivals at all cells, inf where there is none; complete up to where it was enough.

    Args:
        ground: Without a goal.
        start: Cell.
        depart_s, charge_j: When, and with what charge.
        enough: Asked now and then, with the arrivals so far and the time up to which they are complete.
        time_limit_s: Longest time to search.

    Raises:
        TimeLimitError: Time is up.
    """
    number = start[0] * ground.cols + start[1]
    arrive_s = np.full(len(ground.haven), np.inf)
    arrive_s[number] = depart_s
    missing = int(count_connected(ground.legs_s, ground.cols, number)) - 1
    folded = 0
    for labels in run_search(
        ground, start, depart_s=depart_s, charge_j=charge_j, time_limit_s=time_limit_s, pauses=True
    ):
        made = int(labels.search.counts[0])
        missing -= fold_arrivals(labels.search.reals, labels.search.whole, folded, made, arrive_s)
        folded = made
        front_s = labels.lower_bound
        if labels.cut_short:
            raise TimeLimitError(
                f"arrivals are known for the first {(front_s - depart_s) / 3600:.1f} h only",
                remedy="allow more time, look less far ahead, or take a coarser map or a longer step",
                field="--time-limit",
                value=time_limit_s,
            )
        reached = arrive_s[np.isfinite(arrive_s)]
        if (missing == 0 and front_s >= reached.max()) or enough(arrive_s, front_s):
            break
    return arrive_s


def departure_map(
    ready: Outlook,
    target: Target = Target.GOAL,
    *,
    by_s: float | None = None,
    ground: Ground | None = None,
) -> DepartureMap:
    """Return the latest departure of each cell by driving times within open, lit bins, and for the goal by commands.

    To the goal a rover is on its way for at least the driving and the commands of the shortest way, wherever it
    stops for them.

    Args:
        ready: The problem.
        target: Where to be in time.
        by_s: By when; None for the next dusk after the departure, or the deadline if that is earlier.
        ground: Of the problem, where it has been made already.
    """
    ground = ground or _ground_of(ready)
    by_s, first_s = _span(ready, by_s)
    latest = np.where(_targets(ready, ground, target), by_s, -np.inf)
    fill_latest(ground, first_s, latest)
    if target is Target.GOAL:
        latest = np.minimum(latest, by_s - _on_the_way_s(ready, ground))
    return DepartureMap(depart_s=latest.reshape(ready.around.geometry.shape), by_s=by_s, first_s=first_s)


def _ground_of(ready: Outlook, charge_levels: int = CHARGE_LEVELS) -> Ground:
    """Return what to search, of the problem's own goal."""
    return ground_of(ready.around, ready.rules(charge_levels), ready.goal)


def _on_the_way_s(ready: Outlook, ground: Ground) -> Floats:
    """Return (n,) least time to the goal, of drives and commands alone; inf where there is no way."""
    drive_s, operations = ground.ahead[:, SECONDS], ready.forecaster.operations
    if operations.command_cycle_s == 0:
        return drive_s
    length_m = least_prices(
        ground.goal, ground.cols, lengths_of(ground.legs_s, ready.around.geometry.resolution_m)
    )
    cycles = np.maximum(0.0, np.ceil(length_m / operations.stop_every_m - _ROUNDING_S) - 1.0)
    return drive_s + cycles * operations.command_cycle_s


def _span(ready: Outlook, by_s: float | None) -> tuple[float, float]:
    """Return by when to be there, and the morning before it."""
    timeline = ready.around.timeline
    if by_s is None:
        by_s = float(timeline.dusk_after(ready.problem.depart_s))
    by_s = min(by_s, ready.table.deadline_s, float(timeline.edge_s[-1]))
    if not by_s > ready.problem.depart_s:
        raise PlannerError(
            "a time to be there by that is not after the departure",
            remedy="give a later one",
            field="by_s",
            value=by_s,
        )
    nights = timeline.edge_s[1:][(timeline.span == Span.NIGHT) & (timeline.edge_s[1:] <= by_s)]
    return by_s, float(nights.max(initial=timeline.edge_s[0]))


def _targets(ready: Outlook, ground: Ground, target: Target) -> npt.NDArray[np.bool_]:
    """Return (n,) which cells are targets."""
    if target is Target.HAVEN:
        allowed = ready.table.cells
        havens = ground.haven.astype(np.bool_)
        return np.asarray(havens if allowed is None else havens & np.asarray(allowed).ravel())
    found = np.zeros(len(ground.haven), np.bool_)
    found[ground.goal] = True
    return found


def latest_departure(
    ready: Outlook,
    target: Target = Target.GOAL,
    *,
    by_s: float | None = None,
    charge_levels: int = CHARGE_LEVELS,
    ground: Ground | None = None,
) -> LatestDeparture:
    """Return the latest departure from the start, each with the problem's charge, from which a target is reached.

    It need not be that all earlier departures hold, so they are gone through one by one from the latest that driving
    times allow, by edges of bins, until one holds; then the bin after it is halved for a later one that does.

    Args:
        ready: The problem; departures lie between its own and `by_s`.
        target, by_s: As `departure_map`.
        charge_levels: As `traverse_ground.Rules`.
        ground: Of the problem, where it has been made already, by those levels.
    """
    ground = ground or _ground_of(ready, charge_levels)
    bound = departure_map(ready, target, by_s=by_s, ground=ground)
    bound_s, depart_s = float(bound.depart_s[ready.start]), ready.problem.depart_s
    trial = _Trial(ready, target, bound.by_s, ground)
    edges = ready.around.timeline.edge_s
    between = edges[(edges > max(depart_s, bound.first_s)) & (edges < bound_s)]
    times = [bound_s, *between[::-1].tolist(), depart_s] if bound_s >= depart_s else []
    later_s = math.inf
    for time_s in times:
        arrive_s = trial.arrival(time_s)
        if arrive_s is None:
            later_s = time_s
            continue
        while math.isfinite(later_s) and later_s - time_s > _REFINED_S:
            middle_s = (time_s + later_s) / 2
            found = trial.arrival(middle_s)
            if found is None:
                later_s = middle_s
            else:
                time_s, arrive_s = middle_s, found
        return LatestDeparture(
            depart_s=time_s, arrive_s=arrive_s, bound_s=bound_s, by_s=bound.by_s, tried=trial.tried
        )
    return LatestDeparture(depart_s=None, arrive_s=None, bound_s=bound_s, by_s=bound.by_s, tried=trial.tried)


class _Trial:
    """Searches forwards from other departures, over the same bins."""

    def __init__(self, ready: Outlook, target: Target, by_s: float, ground: Ground) -> None:
        rules = ground.rules.copy()
        rules[named.DEADLINE] = by_s + _ROUNDING_S
        self.ground = ground._replace(rules=rules)
        self.targets = _targets(ready, ground, target)
        self.start, self.to_goal = ready.start, target is Target.GOAL
        self.charge_j = ready.problem.soc * ready.problem.vehicle.battery_j
        self.tried = 0

    def arrival(self, depart_s: float) -> float | None:
        """Return the earliest arrival at a target, None if there is none in time."""
        self.tried += 1
        if self.to_goal:
            search = run_search(self.ground, self.start, depart_s=depart_s, charge_j=self.charge_j)
            labels = next(iter(search))
            return None if labels.found is None else float(labels.search.reals[labels.found, named.TIME])
        arrive_s = arrivals(
            without_goal(self.ground, math.inf),
            self.start,
            depart_s=depart_s,
            charge_j=self.charge_j,
            enough=lambda found, front_s: bool(found[self.targets].min(initial=math.inf) <= front_s),
        )
        first_s = float(arrive_s[self.targets].min(initial=math.inf))
        return first_s if math.isfinite(first_s) else None
