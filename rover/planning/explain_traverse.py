"""Why no traverse keeps to place, time and charge, and the smallest change that opens one.

Each constraint is taken away in turn and the search run again: the one without which there is a way is what cut the
goal off. Then it is given back bit by bit, halving, until the least that opens a way is known to a hundredth or so.
"""

from __future__ import annotations

import math
import time
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from rover.core.time import SYNODIC_MONTH_S
from rover.limits.base import combine
from rover.limits.mobility import LevelLimit
from rover.planning import label_kernels as named
from rover.planning.directional import DirectionalPlanner
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
from rover.planning.traverse_record_kernels import NEEDS, SECONDS, Ground
from rover.planning.traverse_search import Labels, run_search
from rover.planning.traverse_setup import Outlook

_HALVINGS = 7
"""To the hundredth of what is looked for."""

PATIENCE_S = 120.0
"""Longest that an explanation goes on searching; what is not known by then is left out."""


@dataclass(slots=True)
class _Trial:
    """Runs the search again over changed ground, until its patience is out."""

    ready: Outlook
    ground: Ground
    ends_s: float
    expanded: int = 0

    def arrival(self, ground: Ground, *, extra_j: float = 0.0) -> float | None:
        """Return the earliest arrival over changed ground, None if there is none or no time is left."""
        left_s = self.ends_s - time.perf_counter()
        if left_s <= 0:
            return None
        problem = self.ready.problem
        charge_j = problem.soc * problem.vehicle.battery_j + extra_j
        search = run_search(
            ground, self.ready.start, depart_s=problem.depart_s, charge_j=charge_j, time_limit_s=left_s
        )
        labels = next(iter(search))
        self.expanded += labels.expanded
        if labels.found is None:
            return None
        return float(labels.search.reals[labels.found, named.TIME])

    def least(self, opens: Callable[[float], bool], closed: float, opened: float) -> float:
        """Return the least value that opens a way, between one that does not and one that does, by halving."""
        for _ in range(_HALVINGS):
            middle = (closed + opened) / 2
            if opens(middle):
                opened = middle
            else:
                closed = middle
        return opened


def explain_traverse(
    ready: Outlook, ground: Ground, labels: Labels, *, patience_s: float = PATIENCE_S
) -> NoPlan:
    """Return why a search came to nothing.

    Args:
        ready: The problem.
        ground: What was searched, for the earliest arrival.
        labels: Where the search ended.
        patience_s: Longest time to go on.
    """
    start = ready.start[0] * ground.cols + ready.start[1]
    if not np.isfinite(ground.ahead[start, SECONDS]):
        return replace(_static(ready), expanded=labels.expanded)
    trial = _Trial(ready, ground, time.perf_counter() + patience_s)
    for explained in (_energy, _shadow, _light, _link, _night, _deadline):
        answer = explained(trial, labels)
        if answer is not None:
            answer = _with_another_start(trial, answer)
            return replace(answer, expanded=labels.expanded + trial.expanded)
    return NoPlan(
        cause=Cause.NO_ROUTE,
        where=f"{_reached(ready, labels)}; no single limit of charge, light, night or time is what cuts it off",
        remedy="loosen more than one of them, take another start time or a nearer goal",
        expanded=labels.expanded + trial.expanded,
    )


def _static(ready: Outlook) -> NoPlan:
    """Explain a goal that no way leads to at any time."""
    asked = replace(ready.problem, objective=Objective.TIME, neighbours=8)
    answer = DirectionalPlanner().plan(asked)
    if isinstance(answer, NoPlan):
        return answer
    for index, limit in enumerate(ready.limits):
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


def _energy(trial: _Trial, labels: Labels) -> NoPlan | None:
    """Without any need of charge there is a way: how much more battery, charged, would do?"""
    ground = trial.ground
    if trial.arrival(_without_need(ground)) is None:
        return None
    vehicle = trial.ready.problem.vehicle

    def opens(extra_j: float) -> bool:
        return trial.arrival(_with_battery(ground, extra_j), extra_j=extra_j) is not None

    most_j = vehicle.battery_j
    while not opens(most_j) and most_j < 1000 * vehicle.battery_j and trial.ends_s > time.perf_counter():
        most_j *= 2
    opened = opens(most_j)
    extra_wh = trial.least(opens, 0.0, most_j) / 3600 if opened else None
    remedy = "a larger vehicle.battery_wh or array_area_m2, a smaller power.reserve_soc, or another start"
    if extra_wh is not None:
        remedy = (
            f"{extra_wh:.3g} Wh more of battery, charged, open a way; or a larger array, a smaller reserve"
        )
    return NoPlan(
        cause=Cause.ENERGY,
        where=f"the battery does not last: {_nearest(trial.ready, labels, (OUT_OF_CHARGE, NIGHT_CHARGE))}",
        remedy=remedy,
        opens_with_wh=extra_wh,
    )


def _without_need(ground: Ground) -> Ground:
    rules, bins = ground.rules.copy(), ground.bins.copy()
    for load in (named.CHARGE_W, named.NAP_W, named.DORMANT_W, named.COMMAND_W):
        rules[load] = 0.0
    bins[:, named.FLOOR] = 0.0
    rules[named.LEAST_FLOOR] = 0.0
    ahead = ground.ahead.copy()
    ahead[:, NEEDS:] = 0.0
    joules = np.where(np.isfinite(ground.legs_j), 0.0, np.inf).astype(np.float32)
    short = np.zeros_like(ground.short)
    return ground._replace(rules=rules, bins=bins, legs_j=joules, ahead=ahead, short=short)


def _with_battery(ground: Ground, extra_j: float) -> Ground:
    rules = ground.rules.copy()
    rules[named.CAPACITY] += extra_j
    return ground._replace(rules=rules)


def _shadow(trial: _Trial, labels: Labels) -> NoPlan | None:
    """Without a bound on the time in shadow there is a way: how long must it be?"""
    bound_s = float(trial.ground.rules[named.LONGEST_DARK])

    def opens(longest_s: float) -> bool:
        rules = trial.ground.rules.copy()
        rules[named.LONGEST_DARK] = longest_s
        return trial.arrival(trial.ground._replace(rules=rules)) is not None

    if math.isinf(bound_s) or not opens(math.inf):
        return None
    most_s = max(bound_s, 3600.0)
    while not opens(most_s):
        most_s *= 2
    longest_s = trial.least(opens, bound_s, most_s)
    return NoPlan(
        cause=Cause.SHADOW,
        where=f"the shadow lasts longer than allowed: {_nearest(trial.ready, labels, (IN_SHADOW,))}",
        remedy=f"limits.longest_shadow_h of {longest_s / 3600:.2f} opens a way",
        opens_with_shadow_s=longest_s,
    )


def _light(trial: _Trial, labels: Labels) -> NoPlan | None:
    """Driving in the dark there is a way."""
    least = float(trial.ground.rules[named.LEAST_LIT])

    def opens(lit: float) -> bool:
        rules = trial.ground.rules.copy()
        rules[named.LEAST_LIT] = math.floor(lit)
        return trial.arrival(trial.ground._replace(rules=rules)) is not None

    if least == 0 or not opens(0.0):
        return None
    lit = least - trial.least(lambda less: opens(least - less), 0.0, least)
    return NoPlan(
        cause=Cause.DAYLIGHT,
        where=f"no way is lit enough in time: {_nearest(trial.ready, labels, (SHUT,))}",
        remedy=f"limits.least_lit of {math.floor(lit) / 255:.2f} opens a way",
    )


def _link(trial: _Trial, labels: Labels) -> NoPlan | None:
    """Wherever and whenever the link and timed zones allow, there is none; without them there is."""
    if trial.ground.closed.size <= 1:
        return None
    if trial.arrival(trial.ground._replace(closed=np.zeros((1, 1), np.uint8))) is None:
        return None
    return NoPlan(
        cause=Cause.LINK,
        where=f"the link or a zone shuts the way at the time: {_nearest(trial.ready, labels, (SHUT,))}",
        remedy="a smaller limits.link_margin_deg, other times of the zones, or another start",
    )


def _night(trial: _Trial, labels: Labels) -> NoPlan | None:
    """If the night could be spent anywhere, and took nothing, there would be a way."""
    rules = trial.ground.rules.copy()
    rules[named.DORMANT_W] = 0.0
    rules[named.WAKE_W] = 0.0
    haven = np.ones_like(trial.ground.haven)
    if trial.arrival(trial.ground._replace(rules=rules, haven=haven)) is None:
        return None
    tilt_deg = _tilt_that_opens(trial)
    remedy = "an earlier start, or a goal this side of the night"
    if tilt_deg is not None:
        remedy = f"limits.haven_tilt_deg={tilt_deg:.2f} opens a way; or {remedy}"
    return NoPlan(
        cause=Cause.NIGHT,
        where=f"no haven for the night is in reach: {_nearest(trial.ready, labels, (NO_HAVEN, NIGHT_CHARGE))}",
        remedy=remedy,
        opens_with_tilt_deg=tilt_deg,
    )


def _tilt_that_opens(trial: _Trial) -> float | None:
    """Return the least tilt of havens, up to a hundredth of a degree, with which there is a way; None if none is.

    Of all steeper cells that the other limits take for havens the tilts are gone through by halving: with more
    havens no way is lost.
    """
    ready = trial.ready
    levels = [limit for limit in ready.limits if isinstance(limit, LevelLimit)]
    others = combine([t for limit, t in zip(ready.limits, ready.tables, strict=True) if limit not in levels])
    slope_deg = np.degrees(ready.around.terrain.slope_rad.astype(np.float64))
    allowed = np.isfinite(slope_deg) if others.havens is None else np.isfinite(slope_deg) & others.havens
    bound_deg = max((math.degrees(limit.limit_rad) for limit in levels), default=math.inf)
    steeper = np.ceil(100.0 * slope_deg[allowed & (slope_deg > bound_deg)] + 1e-3) / 100.0
    tilts = np.unique(steeper).tolist()

    def opens(tilt_deg: float) -> bool:
        haven = np.ascontiguousarray(allowed & (slope_deg <= tilt_deg)).reshape(-1).view(np.uint8)
        return trial.arrival(trial.ground._replace(haven=haven)) is not None

    if not tilts or not opens(tilts[-1]):
        return None
    return float(tilts[bisect_left(tilts, True, key=opens)])


def _deadline(trial: _Trial, labels: Labels) -> NoPlan | None:
    """With more time there is a way: until when? The table of bins is made anew for it."""
    almanac = trial.ready.forecaster.window.almanac
    until_s = min(trial.ready.table.deadline_s + SYNODIC_MONTH_S, float(almanac.time_s[-1]) - 1.0)
    if until_s <= trial.ready.table.deadline_s:
        return None
    arrival_s = trial.ready.arrival(depart_s=labels.depart_s, deadline_s=until_s)
    if arrival_s is None:
        return None
    epoch = trial.ready.forecaster.window.almanac.epoch
    reached = _nearest(trial.ready, labels, (OUT_OF_TIME, OUT_OF_BINS))
    return NoPlan(
        cause=Cause.DEADLINE,
        where=f"the goal is not reached by {epoch.utc_at(trial.ready.table.deadline_s)}: {reached}",
        remedy=f"a deadline (limits.arrive_by_utc, operations.max_lunar_days) of {epoch.utc_at(arrival_s)} opens a way",
        opens_until_s=arrival_s,
    )


_OTHER_STARTS_H = (-12, 12, -24, 24, -48, 48, -96, 96, 168, 336)
"""Departures that are tried instead, by hours from the one asked for: survival is not monotone in them."""


def _with_another_start(trial: _Trial, answer: NoPlan) -> NoPlan:
    """Add the nearest of a few other departures from which there is a way, if time is left to look for one."""
    ready = trial.ready
    almanac = ready.forecaster.window.almanac
    for hours in _OTHER_STARTS_H:
        depart_s = ready.problem.depart_s + 3600.0 * hours
        if trial.ends_s <= time.perf_counter():
            break
        if not almanac.time_s[0] < depart_s < ready.table.deadline_s:
            continue
        arrival = ready.arrival(depart_s=depart_s)
        if arrival is not None:
            utc = almanac.epoch.utc_at(depart_s)
            return replace(
                answer, remedy=f"{answer.remedy}; so does a start on {utc}", opens_from_s=float(depart_s)
            )
    return answer


def _nearest(ready: Outlook, labels: Labels, reasons: tuple[int, ...]) -> str:
    """Return where and when the refusal nearest to the goal was, in words."""
    rows = [labels.search.refused[reason] for reason in reasons]
    nearest = min(rows, key=lambda row: float(row[1]))
    if not math.isfinite(nearest[1]):
        return _reached(ready, labels)
    cell = divmod(int(nearest[2]), labels.ground.cols)
    east_m, north_m = ready.around.geometry.centre_of(*cell)
    utc = ready.forecaster.window.almanac.epoch.utc_at(float(nearest[3]))
    return (
        f"nearest to the goal at E {east_m:.1f}, N {north_m:.1f} on {utc}, "
        f"{nearest[1] / 3600:.2g} h of driving short of it"
    )


def _reached(ready: Outlook, labels: Labels) -> str:
    """Return how near to the goal any label came."""
    made = int(labels.search.counts[0])
    if made == 0:
        return "the rover cannot even stay at the start until driving is open"
    cells = labels.search.whole[:made, named.CELL]
    nearest = int(cells[np.argmin(labels.ground.ahead[cells, SECONDS])])
    east_m, north_m = ready.around.geometry.centre_of(*divmod(nearest, labels.ground.cols))
    return f"the nearest place reached is E {east_m:.1f}, N {north_m:.1f}"
