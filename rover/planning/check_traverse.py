"""An independent check of a traverse: a plan file replayed against the maps, with none of the code that made it.

Moves, attitudes, durations and energies are worked out from slope and aspect in float64, bins from the almanac's own
culminations, light from the horizon map by the circular segment, and the charge is carried from step to step. What a
planner keeps in float32 or in 255 steps of light is within the tolerances that `check_heading`, `check_light` and
`check_power` state; beyond them a limit is broken.
"""

from __future__ import annotations

import numpy as np

from rover.core.boundary import Mode
from rover.core.time import parse_utc
from rover.io.plan_file import PlanFile
from rover.planning.check_day import day_of
from rover.planning.check_ground import check_commands, check_ground, places_apart_m
from rover.planning.check_heading import moves_between
from rover.planning.check_ledger import Case, Known, Ledger, Verdict, steps_of_file
from rover.planning.check_power import check_power
from rover.planning.check_sky import check_sky
from rover.planning.check_value import check_value

_PLACE_M = 1e-3
_TIME_S = 1e-3
"""Steps are contiguous to a millimetre and a millisecond."""

_CLOCK_S = 1.5
"""UTC in a file is in whole seconds."""


def check_traverse(plan: PlanFile, known: Known) -> Verdict:
    """Return the worst margin of every limit over a plan, and everything that is broken.

    A plan whose steps leave the map or jump over cells is judged no further than that.

    Args:
        plan: As read from its file.
        known: What it is held against.

    Raises:
        ValueError: Start or goal off the map, or a margin of the link without a relay.
    """
    steps = steps_of_file(plan)
    case = Case(known=known, limits=plan.limits, steps=steps, ledger=Ledger(steps))
    if not _is_on_the_map(case):
        return case.ledger.verdict()
    _check_ends(case, plan)
    _check_contiguous(case, plan)
    if len(steps) == 0 or not _is_in_the_almanac(case, plan):
        return case.ledger.verdict()
    day = day_of(
        known.almanac,
        known.sun,
        from_s=plan.depart_s,
        until_s=max(plan.limits.deadline_s, plan.depart_s + 1.0),
        bin_s=plan.bin_s,
        edges_s=plan.edges_s,
    )
    legs = steps.legs
    moves = moves_between(
        steps.here[legs], steps.there[legs] - steps.here[legs], known.terrain, known.vehicle
    )
    check_ground(case, moves)
    check_commands(case, moves.length_m)
    check_power(case, day, moves)
    check_sky(case, day)
    check_value(case, day, criterion=plan.criterion, value=plan.value)
    return case.ledger.verdict()


def _is_on_the_map(case: Case) -> bool:
    """Note cells off the map, moves that are none to a neighbour, and stays that move."""
    steps, shape = case.steps, np.array(case.known.terrain.geometry.shape)
    index = np.arange(len(steps))
    beyond = np.maximum(np.maximum(steps.here, steps.there) - (shape - 1), 0).max(axis=1, initial=0)
    apart = np.abs(steps.there - steps.here).max(axis=1, initial=0)
    drives = steps.mode == Mode.DRIVE
    case.ledger.at_most("beyond the map", "cells", index, beyond, 0.0)
    case.ledger.at_most("moves", "cells", index, apart, np.where(drives, 1.0, 0.0))
    case.ledger.at_least("moves", "cells", index[drives], apart[drives], 1.0)
    return not case.ledger.broken


def _is_in_the_almanac(case: Case, plan: PlanFile) -> bool:
    """Note a plan whose time, or that of its bins, is not served."""
    first = min(float(case.steps.start_s.min()), plan.depart_s)
    last = max(float(case.steps.end_s.max()), plan.limits.deadline_s)
    served = case.known.almanac.time_s
    case.ledger.at_least("within the almanac", "s", -1, first, float(served[0]))
    case.ledger.at_most("within the almanac", "s", -1, last, float(served[-1]))
    return bool(served[0] <= first and last <= served[-1])


def _check_ends(case: Case, plan: PlanFile) -> None:
    """Note how far from start and goal, and from its stated times, a plan begins and ends."""
    geometry, steps, note = case.known.terrain.geometry, case.steps, case.ledger.at_most
    ends = [geometry.cell_at(*place) for place in (case.known.start_m, case.known.goal_m)]
    if ends[0] is None or ends[1] is None:
        raise ValueError("start or goal lies outside the map")
    start, goal = np.array(ends, np.int64)
    first, last = (steps.here[0], steps.there[-1]) if len(steps) else (start, start)
    whole, final = (0, len(steps) - 1) if len(steps) else (-1, -1)
    note("begins at the start", "cells off", whole, np.abs(first - start).max(), 0.0)
    note("ends at the goal", "cells off", final, np.abs(last - goal).max(), 0.0)
    epoch = case.known.almanac.epoch
    for text, time_s, at in (
        (plan.depart_utc, plan.depart_s, whole),
        (plan.arrive_utc, plan.arrive_s, final),
    ):
        off = abs(epoch.seconds_until(parse_utc(text)) - time_s)
        note("times stated", "s off", at, off, 0.0, tolerance=_CLOCK_S)
    if len(steps):
        off = abs(float(steps.start_s[0]) - plan.depart_s)
        note("contiguous in time", "s apart", 0, off, 0.0, tolerance=_TIME_S)


def _check_contiguous(case: Case, plan: PlanFile) -> None:
    """Note gaps between steps, in place and time, and places that are not their cells'."""
    steps, note = case.steps, case.ledger.at_most
    index = np.arange(len(steps))
    for cells, name in ((steps.here, "from_m"), (steps.there, "to_m")):
        stated = np.array([getattr(step, name) for step in plan.steps], np.float64).reshape(-1, 2)
        note("places stated", "m off", index, places_apart_m(case, cells, stated), 0.0, tolerance=_PLACE_M)
    apart = np.hypot(*(steps.here[1:] - steps.there[:-1]).astype(np.float64).T)
    note("contiguous in place", "cells apart", index[1:], apart, 0.0)
    gap = np.abs(steps.start_s[1:] - steps.end_s[:-1])
    note("contiguous in time", "s apart", index[1:], gap, 0.0, tolerance=_TIME_S)
    case.ledger.at_least("takes time", "s", index, steps.span_s, 0.0)
