"""The exact search over moves that are allowed and priced by their heading.

What closes a cell whatever the heading closes it here too; a slope closes a heading, by pitch and roll on the plane of
each cell that a move crosses. So a slope may be climbed that must not be traversed, and the other way about.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.errors import PlannerError, TimeLimitError
from rover.hazard.directional import DirectionalCost
from rover.hazard.directional_kernels import DESCENT, DRIVE_W, EFFICIENCY, MOST_SLIP, ROLLING, SPEED, WEIGHT
from rover.planning.directional_kernels import (
    BORDER,
    DISTANCE,
    DONE,
    ENERGY,
    FOUND,
    FULL,
    PAUSED,
    TIME,
    add_up,
    advance,
    load_ground,
    span,
    trace,
)
from rover.planning.grid_checks import checked_cell
from rover.planning.problem import Cause, NoPlan, Objective

Cell = tuple[int, int]
Mask = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]

CODES = {Objective.TIME: TIME, Objective.ENERGY: ENERGY, Objective.DISTANCE: DISTANCE}
_UNITS = {Objective.TIME: "s", Objective.ENERGY: "J", Objective.DISTANCE: "m"}

_MOVES = (
    *((1, 0), (0, 1), (-1, 0), (0, -1)),
    *((1, 1), (-1, 1), (-1, -1), (1, -1)),
    *((1, 2), (2, 1), (2, -1), (1, -2), (-1, -2), (-2, -1), (-2, 1), (-1, 2)),
)
"""Rows and columns; the first 4, 8 or all are taken."""

_PAUSE = 200_000
"""Nodes between looks at the clock, about 0.2 s."""

_FIRST_ROOM = 4096

EVERYWHERE = 0
"""A node of the border, which is never reached."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DirectedRoute:
    """A way of least price over directed moves.

    Attributes:
        cells: (n, 2) int64 rows and columns, start and goal included.
        objective: What it has least of.
        price: How much of it: s, J or m between cell centres.
        drive_s, drive_j: Time and energy of the same way.
        expanded: Nodes whose moves were looked at.
        generated: Entries put on the open list.
    """

    cells: npt.NDArray[np.int64]
    objective: Objective
    price: float
    drive_s: float
    drive_j: float
    expanded: int
    generated: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "cells", locked(self.cells, np.int64, (None, 2), "cells"))


def search_directional(
    cost: DirectionalCost,
    closed: Mask,
    start: Cell,
    goal: Cell,
    *,
    objective: Objective = Objective.TIME,
    neighbours: int = 8,
    time_limit_s: float | None = None,
) -> DirectedRoute | NoPlan:
    """Return the way of least time, energy or distance from `start` to `goal` by moves that their heading allows.

    A move is priced by the share of its length in each cell that it crosses, on that cell's plane, and every one must
    be free and allow its pitch and roll: of a knight's move four cells, a quarter each. A diagonal is half on either of
    its cells, and the two whose corner it passes must be free and allow its heading as well.

    Args:
        cost: The ground by heading.
        closed: (rows, cols) cells that no heading opens.
        start, goal: (row, col).
        objective: TIME, ENERGY or DISTANCE (on the map).
        neighbours: 4, 8 or 16.
        time_limit_s: Longest time to search, None for no limit.

    Raises:
        PlaceError: Start or goal is not a whole (row, col) inside the map.
        PlannerError: Another objective.
        TimeLimitError: The time is up; the message has the least price that a way can still have.
        ValueError: `closed` is not of the map's shape, or another number of neighbours.
    """
    held = DirectedSearch(cost, closed, objective, neighbours)
    start, goal = (checked_cell(*end, closed.shape) for end in (("start", start), ("goal", goal)))
    for cell, cause in ((start, Cause.START_LETHAL), (goal, Cause.GOAL_LETHAL)):
        if not held.free(cell):
            end = "start" if cause is Cause.START_LETHAL else "goal"
            where = f"the {end} cell {cell} is closed whatever the heading"
            return NoPlan(cause=cause, where=where, remedy="choose another cell")
    source, target = held.node(start), held.node(goal)
    if not held.run(source, target, time_limit_s=time_limit_s):
        where = f"{held.expanded} cells can be reached from {start}, {goal} not among them"
        remedy = "raise a limit or choose another goal"
        return NoPlan(cause=Cause.NO_ROUTE, where=where, remedy=remedy, expanded=held.expanded)
    nodes = trace(held.came_by, held.steps, source, target)
    return DirectedRoute(
        cells=np.column_stack(np.divmod(nodes, held.width)) - BORDER,
        objective=objective,
        price=float(held.reached[target]),
        drive_s=held.add_up(nodes, TIME),
        drive_j=held.add_up(nodes, ENERGY),
        expanded=held.expanded,
        generated=held.generated,
    )


def directional_field(
    cost: DirectionalCost,
    closed: Mask,
    goal: Cell,
    *,
    objective: Objective = Objective.TIME,
    neighbours: int = 8,
) -> Floats:
    """Return (rows, cols) least price from each cell to `goal`, +inf where no way leads there.

    One search backwards. Arguments and errors as of `search_directional`.
    """
    held = DirectedSearch(cost, closed, objective, neighbours)
    goal = checked_cell("goal", goal, closed.shape)
    if held.free(goal):
        held.run(held.node(goal), EVERYWHERE, turned=True)
    return np.ascontiguousarray(held.prices)


class DirectedSearch:
    """The arrays of one search.

    Attributes:
        ground, came_by, reached: By node, as `directional_kernels` has them.
        steps, headings: Moves, as of `advance`.
        width: Nodes in a row, border included.
        expanded, generated: Of the search so far.
    """

    def __init__(self, cost: DirectionalCost, closed: Mask, objective: Objective, neighbours: int) -> None:
        if closed.shape != cost.geometry.shape:
            raise ValueError(f"closed has shape {closed.shape}, expected {cost.geometry.shape}")
        if neighbours not in (4, 8, 16):
            raise ValueError(f"{neighbours} neighbours: give 4, 8 or 16")
        if objective not in CODES:
            raise PlannerError(
                "has no price by heading",
                remedy=f"give {', '.join(CODES)}, or take planner astar",
                field="objective",
                value=str(objective),
            )
        rows, cols = closed.shape
        self.cost, self.code = cost, CODES[objective]
        self.unit = _UNITS[objective]
        self.width = cols + 2 * BORDER
        count = (rows + 2 * BORDER) * self.width
        self.ground = np.empty((count, 3), np.float32)
        self.came_by = np.empty(count, np.uint8)
        self.reached = np.full(count, np.inf)
        load_ground(cost.grade_east, cost.grade_north, cost.rough_grade2, closed, self.ground, self.came_by)
        self.steps, self.headings = _moves(neighbours, self.width, cost.geometry.resolution_m)
        self.expanded = self.generated = 0

    def node(self, cell: Cell) -> int:
        return (cell[0] + BORDER) * self.width + cell[1] + BORDER

    def free(self, cell: Cell) -> bool:
        return bool(self.came_by[self.node(cell)] < DONE)

    @property
    def prices(self) -> Floats:
        """(rows, cols) price of the best way found to each cell, inf if none was."""
        return self.reached.reshape(-1, self.width)[BORDER:-BORDER, BORDER:-BORDER]

    def run(
        self, source: int, target: int, *, turned: bool = False, time_limit_s: float | None = None
    ) -> bool:
        """Search from one node to another; tell whether it arrived.

        Args:
            source, target: Nodes, the target `EVERYWHERE` to reach all that can be.
            turned: Whether to drive every move the other way, which is to search backwards from a goal.
            time_limit_s: As of `search_directional`.

        Raises:
            TimeLimitError: The time is up.
        """
        headings = self.headings * np.array([-1.0, -1.0, 1.0]) if turned else self.headings
        floor = least_price(self.cost, self.code)
        keys, items = np.empty(_FIRST_ROOM), np.empty(_FIRST_ROOM, np.int64)
        keys[0], items[0], counts = floor * self._apart_m(source, target), source, np.array([1, 0, 1])
        self.reached[source] = 0.0
        ends_at = math.inf if time_limit_s is None else time.monotonic() + time_limit_s
        status = PAUSED
        while status in (PAUSED, FULL):
            if not time.monotonic() <= ends_at:  # or it is NaN
                raise _out_of_time(time_limit_s, float(keys[0]), self.unit)
            if status == FULL:
                keys, items = (np.concatenate([held, np.empty_like(held)]) for held in (keys, items))
            status = advance(
                self.ground, self.came_by, self.reached, keys, items, counts, self.width, target, self.steps, headings,
                self.code, self.cost.rules, self.cost.slip, floor, target != EVERYWHERE, _PAUSE,
            )  # fmt: skip
        self.expanded, self.generated = int(counts[1]), int(counts[2])
        return bool(status == FOUND)

    def _apart_m(self, source: int, target: int) -> float:
        """Length of the shortest way by these moves, were all ground free; 0 to everywhere."""
        if target == EVERYWHERE:
            return 0.0
        (row, col), (to_row, to_col) = divmod(source, self.width), divmod(target, self.width)
        return float(self.headings[0, 2] * span(to_row - row, to_col - col, len(self.steps)))

    def add_up(self, nodes: npt.NDArray[np.int64], code: int) -> float:
        rules, slip = self.cost.rules, self.cost.slip
        return float(add_up(self.ground, self.came_by, nodes, self.steps, self.headings, code, rules, slip))


def least_price(cost: DirectionalCost, code: int) -> float:
    """Return a lower bound of any price per metre, whatever the ground.

    No metre of map is shorter than one of ground, no slip less than the table's least, and no descent, which is all
    that makes the pull less, steeper than its limit.
    """
    if code == DISTANCE:
        return 1.0
    rules = cost.rules
    turned = 1.0 / (1.0 - min(max(float(cost.slip.min()), 0.0), MOST_SLIP))
    seconds = turned / float(rules[SPEED])
    if code == TIME:
        return seconds
    pull = float(rules[WEIGHT]) * max(0.0, float(rules[ROLLING] - rules[DESCENT]))
    return pull * turned / float(rules[EFFICIENCY]) + float(rules[DRIVE_W]) * seconds


def _moves(neighbours: int, width: int, resolution_m: float) -> tuple[npt.NDArray[np.int64], Floats]:
    """Return (n, 3) offsets of each move's end and of the cells beside or under it, and (n, 3) east, north, length."""
    steps, headings = [], []
    for down, across in _MOVES[:neighbours]:
        length = math.hypot(down, across)
        half = (int(down / 2), int(across / 2))
        beside = (
            ((down, 0), (0, across))
            if abs(down) == abs(across)
            else (half, (down - half[0], across - half[1]))
        )
        steps.append([row * width + col for row, col in ((down, across), *beside)])
        headings.append([across / length, down / length, length * resolution_m])
    return np.array(steps, np.int64), np.array(headings)


def _out_of_time(limit_s: float | None, bound: float, unit: str) -> TimeLimitError:
    return TimeLimitError(
        f"the search took longer; a way takes at least {bound:.6g} {unit}",
        remedy="give more time",
        field="time_limit_s",
        value=limit_s,
    )
