"""Many goals: which science waypoints to visit, and in which order, for the most value by the deadline."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from rover.core.errors import Problem, TimeLimitError, WaypointError
from rover.core.time_allowed import TimeAllowed
from rover.core.waypoints import Waypoint, check_names
from rover.limits.base import Margin
from rover.planning.ends import from_end_to_end
from rover.planning.problem import Cause, NoPlan, Plan
from rover.planning.timed_legs import LegJudge
from rover.planning.timetable import Step, Timetable, stages_of
from rover.planning.tour_legs import Cell, MapLegs, awake_s
from rover.planning.tour_many import good_order
from rover.planning.tour_order import MOST_EXACT, Order, State, best_order, until
from rover.planning.traverse import best_traverse, closed_end, places_of, plan_of, worst_of
from rover.planning.traverse_ground import Criterion, ground_of
from rover.planning.traverse_setup import CHARGE_LEVELS, Outlook


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A waypoint visited.

    Attributes:
        waypoint: Which.
        cell: (row, col).
        arrive_s, begin_s, end_s: When it is reached, and from when to when it is worked at, commands included.
        soc, soc_after: State of charge on arrival and at the end.
        steps: Waiting and dwelling, bin by bin.
    """

    waypoint: Waypoint
    cell: Cell
    arrive_s: float
    begin_s: float
    end_s: float
    soc: float
    soc_after: float
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tour:
    """Waypoints in the order of their visits.

    Attributes:
        visits: In order; none where only the goal is reached.
        legs: Plans to each of them, and to the goal where the tour ends there.
        value: Of all visits.
        end_s: Arrival at the goal, or the end of the last visit.
        soc: State of charge then.
        bound: No tour is worth more.
        exact: Whether none is worth more, or as much and ends earlier, by legs of earliest arrival.
        searched: Legs that were searched for.
    """

    visits: tuple[Visit, ...]
    legs: tuple[Plan, ...]
    value: float
    end_s: float
    soc: float
    bound: float
    exact: bool
    searched: int

    @property
    def order(self) -> tuple[str, ...]:
        """Return the names in order."""
        return tuple(visit.waypoint.name for visit in self.visits)

    @property
    def steps(self) -> tuple[Step, ...]:
        """Return all that is done, legs and visits in turn."""
        done: list[Step] = []
        for k, leg in enumerate(self.legs):
            done += leg.schedule.steps if leg.schedule is not None else ()
            done += self.visits[k].steps if k < len(self.visits) else ()
        return tuple(done)


def best_tour(
    ready: Outlook,
    waypoints: Sequence[Waypoint],
    *,
    to_goal: bool = True,
    charge_levels: int = CHARGE_LEVELS,
    time_limit_s: float | None = None,
) -> Tour | NoPlan:
    """Return the tour of most value by the deadline, of those the one that ends first.

    Up to `tour_order.MOST_EXACT` waypoints the order is exact for legs of earliest arrival that begin when the dwell
    before them ends, each waypoint but once. It is not proven over legs that arrive later with more charge, nor over
    waits at a waypoint for charge that an earlier label did not need. Of more waypoints it is the best known, with a
    bound. Metres since the last commands count anew from each waypoint, where they are asked for, and so does time in
    shadow: `tour_margins` judges the whole.

    Args:
        ready: The problem; its goal is the end of the tour if `to_goal`, and else of no account.
        waypoints: Where to go, in any order.
        to_goal: Whether the tour ends at the goal.
        charge_levels: As `traverse_ground.Rules`.
        time_limit_s: Time after which to search no leg more and be content with the best so far, with its bound. Of
            more waypoints than can be ordered exactly the legs of the order are searched for still.

    Raises:
        WaypointError: No waypoint, two of one name, one off the map or where the rover may not be.
        TimeLimitError: Nothing found in time; the message has the bound.
    """
    cells = waypoint_cells(ready, waypoints)
    closed = closed_end(ready if to_goal else replace(ready, goal=ready.start))
    if closed is not None:
        return closed
    problem, ended, allowed = ready.problem, until(time_limit_s), TimeAllowed(time_limit_s)
    cols = ready.around.geometry.cols
    ground = ground_of(ready.around, ready.rules(charge_levels), ready.goal)
    numbers = [row * cols + col for row, col in (*cells, ready.start, ready.goal)]
    exact = len(waypoints) <= MOST_EXACT
    legs = MapLegs(ground, waypoints, numbers, allowed if exact else None)
    depart = problem.depart_s, problem.soc * problem.vehicle.battery_j
    deadline_s = ready.table.deadline_s
    if exact:
        order = best_order(waypoints, legs, depart=depart, deadline_s=deadline_s, to_goal=to_goal, stop=ended)
    else:
        order = good_order(
            waypoints,
            legs,
            depart=depart,
            deadline_s=deadline_s,
            to_goal=to_goal,
            awake_s=awake_s(ground.bins, depart[0], deadline_s),
            stop=ended,
        )
    if order is not None and not (order.stops or to_goal or order.exact) and ended():
        raise TimeLimitError(
            f"no waypoint reached yet; no tour is worth more than {order.bound:g}",
            remedy="allow more time, or take fewer waypoints or a coarser map",
            field="--time-limit",
            value=time_limit_s,
        )
    if order is None or not (order.stops or to_goal):
        nearest = int(np.argmin(legs.least_s[len(waypoints), : len(waypoints)]))
        asked = ready if to_goal else _heading_for(ready, waypoints[nearest], cells[nearest])
        return _nothing_reached(replace(asked, problem=replace(asked.problem, time_limit_s=allowed.left_s)))
    return _tour(ready, legs, order, depart, [*cells, ready.start, ready.goal], to_goal=to_goal)


def waypoint_cells(ready: Outlook, waypoints: Sequence[Waypoint]) -> list[Cell]:
    """Return the cell of each waypoint.

    Raises:
        WaypointError: As `best_tour`.
    """
    if not waypoints:
        raise WaypointError("no waypoint", remedy="give at least one", field="waypoints")
    check_names(waypoints)
    geometry, allowed = ready.around.geometry, ready.table.cells
    cells: list[Cell] = []
    problems: list[Problem] = []
    for waypoint in waypoints:
        cell, field = geometry.cell_at(*waypoint.place_m), f"waypoints.{waypoint.name}"
        value = list(waypoint.place_m)
        if cell is None:
            west, south, east, north = geometry.bounds_m
            remedy = f"it spans east {west:g} to {east:g} m, north {south:g} to {north:g} m"
            problems.append(Problem(what="outside the terrain", remedy=remedy, field=field, value=value))
        elif allowed is not None and not allowed[cell]:
            flags = ready.problem.hazards.at(*cell)
            why = flags.words if flags else "in reach of a hazard"
            what = f"its cell {cell} is closed: {why}"
            problems.append(Problem(what=what, remedy="move it", field=field, value=value))
        else:
            cells.append(cell)
    if problems:
        raise WaypointError(problems)
    return cells


def _heading_for(ready: Outlook, waypoint: Waypoint, cell: Cell) -> Outlook:
    """Return the same question for one waypoint as the goal."""
    return replace(ready, problem=replace(ready.problem, goal_m=waypoint.place_m), goal=cell)


def _nothing_reached(ready: Outlook) -> NoPlan:
    """Say why the goal, or the nearest waypoint, is not reached."""
    answer = best_traverse(ready)
    if isinstance(answer, NoPlan):
        return answer
    epoch = ready.forecaster.window.almanac.epoch
    reached = epoch.utc_at(answer.schedule.arrive_s) if answer.schedule is not None else "some time"
    # A search that was cut short may know a later arrival only.
    by = "on" if answer.least is None else "by"
    return NoPlan(
        cause=Cause.DEADLINE,
        where=f"no waypoint can be visited in its window; the nearest is reached {by} {reached}",
        remedy="widen a window, shorten a dwell or give a later deadline",
        expanded=answer.expanded,
    )


def _tour(
    ready: Outlook, legs: MapLegs, order: Order, depart: State, cells: Sequence[Cell], *, to_goal: bool
) -> Tour:
    """Go through an order once more, for its plans and visits."""
    count, capacity = len(legs.sites), ready.problem.vehicle.battery_j
    state, at = depart, count
    plans: list[Plan] = []
    visits: list[Visit] = []
    for to in (*order.stops, count + 1) if to_goal else order.stops:
        labels = legs.way(at, to, state)
        assert labels is not None and labels.found is not None
        here = replace(ready, start=cells[at], goal=cells[to])
        plans.append(plan_of(here, labels, labels.found, Criterion.TIME))
        arrived = legs.leg(at, to, state)
        assert arrived is not None
        state, at = arrived, to
        if to < count:
            stayed = legs.stay(to, arrived)
            assert stayed is not None
            begin_s, stay = stayed
            state = stay.time_s, stay.charge_j
            visits.append(
                Visit(
                    waypoint=legs.sites[to],
                    cell=cells[to],
                    arrive_s=arrived[0],
                    begin_s=begin_s,
                    end_s=stay.time_s,
                    soc=arrived[1] / capacity,
                    soc_after=stay.charge_j / capacity,
                    steps=tuple(stay.steps),
                )
            )
    return Tour(
        visits=tuple(visits),
        legs=tuple(plans),
        value=order.value,
        end_s=state[0],
        soc=state[1] / capacity,
        bound=order.bound,
        exact=order.exact,
        searched=legs.searched,
    )


def plan_of_tour(ready: Outlook, tour: Tour) -> Plan:
    """Return a tour to the goal as one plan, visits and all.

    Args:
        ready: The problem.
        tour: That `best_tour` found with `to_goal`.
    """
    problem, steps = ready.problem, tour.steps
    cells = np.array([ready.start, *(step.to for step in steps if step.to != step.cell)], np.int64)
    cells, waypoints = from_end_to_end(problem, cells)
    timetable = Timetable(
        stages=stages_of(steps, places_of(ready), problem.terrain.slope_rad),
        margins=tour_margins(ready, tour),
        steps=steps,
    )
    return Plan(
        planner="tour",
        cells=cells,
        waypoints_m=waypoints,
        cost_s=math.fsum(step.end_s - step.start_s for step in steps if step.to != step.cell),
        expanded=sum(leg.expanded for leg in tour.legs),
        schedule=timetable,
    )


def tour_margins(ready: Outlook, tour: Tour) -> tuple[Margin, ...]:
    """Return the margin of least slack of each limit over the whole tour, visits included."""
    return worst_of(ready.problem.limits, LegJudge(ready.around, ready.problem.vehicle), tour.steps)
