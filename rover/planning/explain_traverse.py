"""Why no traverse keeps to place, time and charge, and the smallest change that opens one.

Each constraint is taken away in turn and the search run again: the one without which there is a way is what cut the
goal off. Then it is given back bit by bit, halving, until the least that opens a way is known to a hundredth or so.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import replace

import numpy as np

from rover.core.errors import TimeLimitError
from rover.core.time import SYNODIC_MONTH_S
from rover.core.time_allowed import TimeAllowed
from rover.limits.base import combine
from rover.limits.mobility import LevelLimit
from rover.limits.power import expected_array_w
from rover.planning import label_kernels as named
from rover.planning.directional import DirectionalPlanner
from rover.planning.explain import NOT_IN_TIME
from rover.planning.explain_link import closed_at_the_time
from rover.planning.explain_start import with_another_start
from rover.planning.explain_where import NO_FIGURE, nearest_refusal, reached_at
from rover.planning.problem import Cause, NoPlan, Objective
from rover.planning.stay_kernels import (
    IN_SHADOW,
    NIGHT_CHARGE,
    NO_HAVEN,
    OUT_OF_BINS,
    OUT_OF_CHARGE,
    OUT_OF_TIME,
    SHUT,
)
from rover.planning.traverse_ahead import least_prices
from rover.planning.traverse_ground import legs_of
from rover.planning.traverse_record_kernels import SECONDS, Ground
from rover.planning.traverse_search import Labels
from rover.planning.traverse_setup import Outlook
from rover.planning.traverse_trials import OutOfPatience, Trials, least_that_opens, with_rules, without_need

PATIENCE_S = 120.0
"""Longest that an explanation goes on searching; what is not known by then is left out."""

_LEAST_TIME_S = 1e-3

_GRAIN_S = 3.6
"""Hours of shadow are told to a thousandth."""

_GRAIN_OF_BATTERY = 1e-4

_MOST_BATTERIES = 1000


def explain_traverse(
    ready: Outlook, ground: Ground, labels: Labels, *, patience_s: float = PATIENCE_S
) -> NoPlan:
    """Return why a search came to nothing; `unfinished` where not all is known of it within the time for it.

    Args:
        ready: The problem.
        ground: What was searched, for the earliest arrival.
        labels: Where the search ended.
        patience_s: Longest time to go on.
    """
    allowed = TimeAllowed(patience_s)
    start = ready.start[0] * ground.cols + ready.start[1]
    if not np.isfinite(ground.ahead[start, SECONDS]):
        return replace(_static(ready, allowed), expanded=labels.expanded)
    trials = Trials(ready, ground, allowed)
    try:
        answer = _cut_off_by(trials, labels)
    except OutOfPatience:
        answer = NoPlan(
            cause=Cause.NO_ROUTE,
            where=f"{reached_at(ready, labels)}; what cuts it off is not known in the time there was",
            remedy=NOT_IN_TIME,
            unfinished=True,
        )
    return replace(answer, expanded=labels.expanded + trials.expanded)


def _cut_off_by(trials: Trials, labels: Labels) -> NoPlan:
    """Return the first single constraint without which there is a way, and the least change of it.

    Raises:
        OutOfPatience: It is not known which.
    """
    for explained in (_energy, _shadow, _light, closed_at_the_time, _night, _deadline):
        answer = explained(trials, labels)
        if answer is not None:
            if answer.cause is Cause.ZONE:
                answer = _or_later(answer, trials.known(lambda: _deadline(trials, labels)))
            return with_another_start(trials, replace(answer, unfinished=trials.late))
    if (asleep := _never_awake(trials.ready)) is not None:
        return asleep
    return NoPlan(
        cause=Cause.NO_ROUTE,
        where=f"{reached_at(trials.ready, labels)}; no single limit of charge, light, night or time cuts it off",
        remedy="loosen more than one of them, take another start time or a nearer goal",
    )


def _or_later(answer: NoPlan, late: NoPlan | None) -> NoPlan:
    """Return a refusal by what shuts the way for a time, with the deadline that would let it open again."""
    if late is None or late.opens_until_s is None:
        return answer
    return replace(answer, remedy=f"{late.remedy}; or {answer.remedy}", opens_until_s=late.opens_until_s)


def _never_awake(ready: Outlook) -> NoPlan | None:
    """Refuse an array that is never expected to wake the rover: with so little, charge is short as well."""
    vehicle, window = ready.problem.vehicle, ready.forecaster.window
    highest_rad = float(window.almanac.elevations(window.almanac.time_s).max())
    if highest_rad >= window.params.wake_rad:
        return None
    most_w = float(expected_array_w(highest_rad, vehicle))
    area_m2 = math.ceil(1000.0 * vehicle.array_area_m2 * vehicle.wake_array_w / most_w) / 1000.0
    return NoPlan(
        cause=Cause.ENERGY,
        where=f"at the highest Sun, {math.degrees(highest_rad):.1f} deg, the array gives {most_w:.2f} W on level "
        f"ground, and the rover wakes at {vehicle.wake_array_w:g} W",
        remedy=f"a vehicle.array_area_m2 of {area_m2:.3f} at least to wake at all, "
        "or a smaller vehicle.wake_array_w",
    )


def _static(ready: Outlook, allowed: TimeAllowed) -> NoPlan:
    """Explain a goal that no way leads to at any time."""
    left_s = allowed.left_s
    limit_s = None if left_s is None else max(left_s, _LEAST_TIME_S)
    asked = replace(ready.problem, objective=Objective.TIME, neighbours=8, time_limit_s=limit_s)
    try:
        answer = DirectionalPlanner().plan(asked)
        return answer if isinstance(answer, NoPlan) else _parted_by(ready, allowed)
    except TimeLimitError:
        return NoPlan(
            cause=Cause.NO_ROUTE,
            where="no way leads to the goal at any time; what parts it from the start is not known in that time",
            remedy=NOT_IN_TIME,
            unfinished=True,
        )


def _parted_by(ready: Outlook, allowed: TimeAllowed) -> NoPlan:
    """Name the limit without which there is a way on the map.

    Raises:
        TimeLimitError: The time was over before all were tried.
    """
    for index, limit in enumerate(ready.limits):
        allowed.check("all limits were tried")
        tables = [table for k, table in enumerate(ready.tables) if k != index]
        legs_s, _ = legs_of(ready.around, combine(tables))
        cols = ready.around.geometry.cols
        least = least_prices(ready.goal[0] * cols + ready.goal[1], cols, legs_s)
        if np.isfinite(least[ready.start[0] * cols + ready.start[1]]):
            return NoPlan(
                cause=Cause.NO_ROUTE,
                where=f"the limit {limit.name} parts the start from the goal",
                remedy="loosen it, or choose another start or goal",
            )
    return NoPlan(
        cause=Cause.NO_ROUTE,
        where="several limits together part the start from the goal",
        remedy="loosen them, or choose another start or goal",
    )


def _energy(trials: Trials, labels: Labels) -> NoPlan | None:
    """Without any need of charge there is a way: how much more battery, charged, would do?"""
    if not trials.opens(without_need(trials.ground)):
        return None
    late = trials.late
    extra_wh = trials.known(lambda: _extra_wh(trials))
    if extra_wh is not None:
        remedy = (
            f"{extra_wh:g} Wh more of battery, charged, above the same reserve open a way; or a larger array, "
            "a smaller reserve"
        )
    else:
        remedy = "a larger vehicle.battery_wh or array_area_m2, a smaller power.reserve_soc, or another start"
        remedy += f"; {NO_FIGURE}" if trials.late > late else ""
    return NoPlan(
        cause=Cause.ENERGY,
        where=f"the battery does not last: {nearest_refusal(trials.ready, labels, (OUT_OF_CHARGE, NIGHT_CHARGE))}",
        remedy=remedy,
        opens_with_wh=extra_wh,
    )


def _extra_wh(trials: Trials) -> float | None:
    """Return how much more battery opens a way, in three digits, rounded up; None if no battery does.

    The reserve is the same charge, and what is added is charged at the departure.
    """
    battery_j = trials.ready.problem.vehicle.battery_j
    capacity_j = float(trials.ground.rules[named.CAPACITY])

    def opens(extra_j: float) -> bool:
        larger = with_rules(trials.ground, {named.CAPACITY: capacity_j + extra_j})
        return trials.opens(larger, extra_j=extra_j)

    closed_j, most_j = 0.0, battery_j
    while not opens(most_j):
        if most_j > _MOST_BATTERIES * battery_j:
            return None
        closed_j, most_j = most_j, 2.0 * most_j
    least_j = least_that_opens(opens, closed_j, most_j, grain=_GRAIN_OF_BATTERY * battery_j)
    return _digits_up(least_j / 3600.0)


def _digits_up(value: float) -> float:
    """Return a positive value rounded up to three digits."""
    unit = 10.0 ** (math.floor(math.log10(value)) - 2)
    return float(f"{math.ceil(value / unit - 1e-9) * unit:.12g}")


def _shadow(trials: Trials, labels: Labels) -> NoPlan | None:
    """Without a bound on the time in shadow there is a way: how long must it be?"""
    bound_s = float(trials.ground.rules[named.LONGEST_DARK])
    if math.isinf(bound_s) or not trials.opens_by({named.LONGEST_DARK: math.inf}):
        return None
    longest_s = trials.known(lambda: _longest_shadow_s(trials, bound_s))
    remedy = f"a longer limits.longest_shadow_h; {NO_FIGURE}"
    if longest_s is not None:
        remedy = f"limits.longest_shadow_h of {longest_s / 3600:.3f} opens a way"
    return NoPlan(
        cause=Cause.SHADOW,
        where=f"the shadow lasts longer than allowed: {nearest_refusal(trials.ready, labels, (IN_SHADOW,))}",
        remedy=remedy,
        opens_with_shadow_s=longest_s,
    )


def _longest_shadow_s(trials: Trials, bound_s: float) -> float:
    """Return the least bound on the time in shadow with which there is a way, up to a thousandth of an hour."""

    def opens(longest_s: float) -> bool:
        return trials.opens_by({named.LONGEST_DARK: longest_s})

    closed_s, most_s = bound_s, max(2.0 * bound_s, 3600.0)
    while not opens(most_s):  # without a bound there is a way, of which no shadow lasts for ever
        closed_s, most_s = most_s, 2.0 * most_s
    least_s = least_that_opens(opens, closed_s, most_s, grain=_GRAIN_S)
    return _GRAIN_S * math.ceil(least_s / _GRAIN_S - 1e-9)


def _light(trials: Trials, labels: Labels) -> NoPlan | None:
    """Driving in the dark there is a way: in how little light?"""
    least = int(trials.ground.rules[named.LEAST_LIT])
    if least == 0 or not trials.opens_by({named.LEAST_LIT: 0.0}):
        return None
    lit = trials.known(lambda: _least_lit(trials, least))
    remedy = f"a smaller limits.least_lit; {NO_FIGURE}"
    if lit is not None:
        remedy = f"limits.least_lit of {lit:.3f} opens a way"
    return NoPlan(
        cause=Cause.DAYLIGHT,
        where=f"no way is lit enough in time: {nearest_refusal(trials.ready, labels, (SHUT,))}",
        remedy=remedy,
        opens_with_lit=lit,
    )


def _least_lit(trials: Trials, least: int) -> float:
    """Return the greatest least light with which there is a way, of the 255 steps that light is kept in."""
    less = bisect_left(
        range(1, least), True, key=lambda less: trials.opens_by({named.LEAST_LIT: float(least - less)})
    )
    return math.floor(1000.0 * (least - 1 - less) / 255.0) / 1000.0


def _night(trials: Trials, labels: Labels) -> NoPlan | None:
    """If the night could be spent anywhere, and took nothing, there would be a way."""
    freed = with_rules(trials.ground, {named.DORMANT_W: 0.0, named.WAKE_W: 0.0})
    if not trials.opens(freed._replace(haven=np.ones_like(trials.ground.haven))):
        return None
    tilt_deg = trials.known(lambda: _tilt_that_opens(trials))
    remedy = "an earlier start, or a goal this side of the night"
    if tilt_deg is not None:
        remedy = f"limits.haven_tilt_deg={tilt_deg:.2f} opens a way; or {remedy}"
    elif trials.late:
        remedy = (
            f"{remedy}; whether a larger limits.haven_tilt_deg opens one was not found in the time allowed"
        )
    return NoPlan(
        cause=Cause.NIGHT,
        where=f"no haven for the night is in reach: {nearest_refusal(trials.ready, labels, (NO_HAVEN, NIGHT_CHARGE))}",
        remedy=remedy,
        opens_with_tilt_deg=tilt_deg,
    )


def _tilt_that_opens(trials: Trials) -> float | None:
    """Return the least tilt of havens, up to a hundredth of a degree, with which there is a way; None if none is.

    Of all steeper cells that the other limits take for havens the tilts are gone through by halving: with more
    havens no way is lost.
    """
    ready = trials.ready
    levels = [limit for limit in ready.limits if isinstance(limit, LevelLimit)]
    others = combine([t for limit, t in zip(ready.limits, ready.tables, strict=True) if limit not in levels])
    slope_deg = np.degrees(ready.around.terrain.slope_rad.astype(np.float64))
    allowed = np.isfinite(slope_deg) if others.havens is None else np.isfinite(slope_deg) & others.havens
    bound_deg = max((math.degrees(limit.limit_rad) for limit in levels), default=math.inf)
    steeper = np.ceil(100.0 * slope_deg[allowed & (slope_deg > bound_deg)] + 1e-3) / 100.0
    tilts = np.unique(steeper).tolist()

    def opens(tilt_deg: float) -> bool:
        haven = np.ascontiguousarray(allowed & (slope_deg <= tilt_deg)).reshape(-1).view(np.uint8)
        return trials.opens(trials.ground._replace(haven=haven))

    if not tilts or not opens(tilts[-1]):
        return None
    return float(tilts[bisect_left(tilts, True, key=opens)])


def _deadline(trials: Trials, labels: Labels) -> NoPlan | None:
    """With more time there is a way: until when? The table of bins is made anew for it."""
    ready = trials.ready
    almanac = ready.forecaster.window.almanac
    until_s = min(ready.table.deadline_s + SYNODIC_MONTH_S, float(almanac.time_s[-1]) - 1.0)
    if until_s <= ready.table.deadline_s:
        return None
    arrival_s = trials.arrival(depart_s=labels.depart_s, deadline_s=until_s)
    if arrival_s is None:
        return None
    opens_s = trials.known(lambda: _deadline_that_opens(trials, labels.depart_s, arrival_s, until_s))
    reached = nearest_refusal(ready, labels, (OUT_OF_TIME, OUT_OF_BINS))
    remedy = f"a later deadline (limits.arrive_by_utc, operations.max_lunar_days); {NO_FIGURE}"
    if opens_s is not None:
        utc = almanac.epoch.utc_at(opens_s)
        remedy = f"a deadline (limits.arrive_by_utc, operations.max_lunar_days) of {utc} opens a way"
    return NoPlan(
        cause=Cause.DEADLINE,
        where=f"the goal is not reached by {almanac.epoch.utc_at(ready.table.deadline_s)}: {reached}",
        remedy=remedy,
        opens_until_s=opens_s,
    )


def _deadline_that_opens(trials: Trials, depart_s: float, arrival_s: float, until_s: float) -> float:
    """Return a deadline, in whole seconds, of a few soon after an arrival by a late one, by which there is a way.

    Bins end with the deadline: by that of the arrival itself the last of them are cut otherwise, and it may come later.
    Where the rover is commanded, time for a cycle is kept before they end.
    """
    step_s, cycle_s = trials.ready.step_s, float(trials.ground.rules[named.CYCLE_S])
    for spare_s in sorted({0.0, *(cycle_s + part * step_s for part in (0.0, 0.1, 1.0, 2.0, 4.0))}):
        deadline_s = float(math.ceil(arrival_s + spare_s))
        if deadline_s < until_s and trials.arrival(depart_s=depart_s, deadline_s=deadline_s) is not None:
            return deadline_s
    return until_s
