"""A question of place, time and charge made ready: maps and sky by bin, limits composed into one table."""

from __future__ import annotations

from dataclasses import dataclass, replace

from rover.core.errors import PlannerError, TimeLimitError
from rover.core.time_allowed import TimeAllowed
from rover.limits.base import Limit, Mask, Surroundings, Table, combine
from rover.limits.deadline import DeadlineLimit
from rover.planning.ends import cell_of
from rover.planning.forecast import Forecaster
from rover.planning.label_kernels import TIME
from rover.planning.problem import PlanningProblem
from rover.planning.surroundings import surroundings_of
from rover.planning.traverse_ground import Rules, ground_of
from rover.planning.traverse_search import run_search

STEP_S = 1800.0
"""Longest bin by day."""

CHARGE_LEVELS = 64
"""Of which one is what dominance overlooks of charge."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Outlook:
    """A problem made ready to be searched, for one set of limits.

    Attributes:
        problem: The question.
        forecaster: Of the problem.
        around: Maps and sky by bin.
        limits, tables: What is kept to, and what each says to the search.
        table: The strictest of all.
        start, goal: Cells.
        step_s: Longest bin by day.
        explained: Whether a refusal is to say why.
    """

    problem: PlanningProblem
    forecaster: Forecaster
    around: Surroundings
    limits: tuple[Limit, ...]
    tables: tuple[Table, ...]
    table: Table
    start: tuple[int, int]
    goal: tuple[int, int]
    step_s: float
    explained: bool = True

    def within(self, limit: Limit) -> Outlook:
        """Return an outlook that keeps to one limit more."""
        limits, tables = (*self.limits, limit), (*self.tables, limit.table(self.around))
        return replace(
            self,
            problem=replace(self.problem, limits=limits),
            limits=limits,
            tables=tables,
            table=replace(combine(list(tables)), deadline_s=self.table.deadline_s),
        )

    def crossing(self, moves: Mask) -> Outlook:
        """Return an outlook, to be searched and not explained, that crosses cells only at some headings.

        Args:
            moves: (8, rows, cols) headings, as `MOVES`.
        """
        return replace(self, table=combine([self.table, Table(moves=moves)]), explained=False)

    def rules(self, charge_levels: int = CHARGE_LEVELS) -> Rules:
        """Return what the search keeps to."""
        return Rules(
            vehicle=self.problem.vehicle,
            operations=self.forecaster.operations,
            table=self.table,
            charge_levels=charge_levels,
        )

    def arrival(
        self, *, depart_s: float, deadline_s: float | None = None, time_limit_s: float | None = None
    ) -> float | None:
        """Return the earliest arrival of another departure, with another deadline than the problem's; None if none.

        Args:
            depart_s: The departure.
            deadline_s: In place of the problem's and of its limits'.
            time_limit_s: Longest time to search, maps and light included.

        Raises:
            TimeLimitError: It was over before either was known.
        """
        allowed = TimeAllowed(time_limit_s)
        asked = replace(self.problem, depart_s=depart_s)
        if deadline_s is not None:
            limits = tuple(limit for limit in self.limits if not isinstance(limit, DeadlineLimit))
            asked = replace(asked, deadline_s=deadline_s, limits=(*limits, DeadlineLimit(deadline_s)))
        ready = outlook(asked, step_s=self.step_s)
        allowed.check("an arrival was looked for")
        search = run_search(
            ground_of(ready.around, ready.rules(), ready.goal),
            ready.start,
            depart_s=depart_s,
            charge_j=asked.soc * asked.vehicle.battery_j,
            time_limit_s=allowed.left_s,
        )
        labels = next(iter(search))
        if labels.cut_short:
            raise TimeLimitError(
                "the time was over before an arrival was found",
                remedy="allow more time",
                field="time_limit_s",
                value=time_limit_s,
            )
        return None if labels.found is None else float(labels.search.reals[labels.found, TIME])


def outlook(problem: PlanningProblem, *, step_s: float = STEP_S) -> Outlook:
    """Make a problem ready.

    Args:
        problem: With horizon, forecaster and deadline.
        step_s: Longest bin by day.

    Raises:
        PlannerError: The problem lacks one of those, or is over before it begins.
        PlaceError: Start or goal lies outside the map.
        ResourceError: More memory than there is.
    """
    forecaster = problem.forecaster
    if problem.horizon is None or forecaster is None or problem.deadline_s is None:
        raise PlannerError(
            "a traverse in time needs a horizon, the rules of operation and a deadline",
            remedy="give a scenario, or a problem with horizon, forecaster and deadline_s",
            field="planner",
            value="traverse",
        )
    if not problem.deadline_s > problem.depart_s:
        raise PlannerError(
            "a deadline that is not after the departure",
            remedy="give a later deadline or an earlier departure",
            field="deadline_s",
            value=problem.deadline_s,
        )
    geometry = problem.costmap.geometry
    start = cell_of("start_m", problem.start_m, geometry)
    goal = cell_of("goal_m", problem.goal_m, geometry)
    limits = tuple(problem.limits)
    edges = [edge for limit in limits for edge in getattr(limit, "edges_s", lambda: ())()]
    around = surroundings_of(problem, forecaster.window, step_s=step_s, edges_s=edges)
    tables = tuple(limit.table(around) for limit in limits)
    table = combine(list(tables))
    return Outlook(
        problem=problem,
        forecaster=forecaster,
        around=around,
        limits=limits,
        tables=tables,
        table=replace(table, deadline_s=min(table.deadline_s, problem.deadline_s)),
        start=start,
        goal=goal,
        step_s=step_s,
    )
