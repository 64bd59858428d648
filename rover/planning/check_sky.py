"""A traverse under its sky: what the Sun allows, light and shadow, the relay, the evening, and the nights."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from rover.core.boundary import Mode
from rover.planning.check_day import EDGE_S, Allowed, Day
from rover.planning.check_ledger import Case, Indices
from rover.planning.check_light import LIGHT_TOLERANCE, SURE, light_at, relay_rad
from rover.planning.check_power import parked_w

HALF_THE_DISC = 0.5
"""Less in view is shadow."""

_SUN_DEG = 1e-3
"""Of a Sun's elevation: half a degree an hour for the seconds to which edges are sure, and more."""

_RELAY_DEG = 1e-3
"""Of the relay's height: float32."""

_TILT_DEG = 1e-5

_MODES = {
    Allowed.DRIVE: (Mode.DRIVE, Mode.CHARGE, Mode.COMMAND),
    Allowed.LOW: (Mode.CHARGE,),
    Allowed.NAP: (Mode.NAP,),
    Allowed.NIGHT: (),
}
"""What an awake rover may do when."""


def check_sky(case: Case, day: Day) -> None:
    """Note what the Sun allows, light, shadow, link, evening, nights and the deadline."""
    _check_allowed(case, day)
    _check_elevation(case)
    _check_light(case, day)
    _check_shadow(case, day)
    _check_dusk(case, day)
    if case.limits.link_margin_deg is not None:
        _check_link(case, day, case.limits.link_margin_deg)
    _check_nights(case, day)
    case.ledger.at_most(
        "deadline", "h", len(case.steps) - 1, case.steps.end_s[-1] / 3600, case.limits.deadline_s / 3600,
        tolerance=1e-9,
    )  # fmt: skip


def _check_allowed(case: Case, day: Day) -> None:
    """Note how long each step does what the Sun does not allow; sleep has its own rules by day."""
    steps = case.steps
    wrong_s = np.zeros(len(steps))
    for i, mode in enumerate(steps.mode.tolist()):
        for k, seconds in day.overlaps(float(steps.start_s[i]), float(steps.end_s[i])):
            if mode is not Mode.DORMANT and mode not in _MODES[day.allowed[k]]:
                wrong_s[i] += seconds
        covered = min(steps.end_s[i], day.edge_s[-1]) - max(steps.start_s[i], day.edge_s[0])
        wrong_s[i] += max(0.0, float(steps.span_s[i] - covered))  # beyond the plan's time nothing is known
    case.ledger.at_most("outside its hours", "s", np.arange(len(steps)), wrong_s, 0.0, tolerance=2 * EDGE_S)


def _check_elevation(case: Case) -> None:
    """Note the Sun's elevation at both ends of each leg, against the least for driving and the nap."""
    steps, sun, almanac = case.steps, case.known.sun, case.known.almanac
    legs = steps.legs
    if len(legs) == 0:
        return
    ends = np.stack([almanac.elevations(steps.start_s[legs]), almanac.elevations(steps.end_s[legs])])
    low, high = np.degrees(ends.min(axis=0)), np.degrees(ends.max(axis=0))
    case.ledger.at_least(
        "Sun elevation", "deg", legs, low, math.degrees(sun.min_drive_rad), tolerance=_SUN_DEG
    )
    most = math.degrees(max(sun.nap_enter_rad, sun.nap_exit_rad))
    case.ledger.at_most("Sun below the nap", "deg", legs, high, most, tolerance=_SUN_DEG)


def _pairs(case: Case, day: Day, at: Indices) -> tuple[np.ndarray, np.ndarray]:
    """Return which of some steps, by its place among them, and bin belong together: of its beginning and all after."""
    steps = case.steps
    first = day.bins_at(steps.start_s[at], steps.end_s[at])
    found = []
    for n, (i, k) in enumerate(zip(at.tolist(), first.tolist(), strict=True)):
        found.append((n, k))
        later = k + 1
        while later < len(day) and day.edge_s[later] < steps.end_s[i] - EDGE_S:
            found.append((n, later))
            later += 1
    table = np.array(found, np.intp).reshape(-1, 2)
    return table[:, 0], table[:, 1]


def _check_light(case: Case, day: Day) -> None:
    steps, legs = case.steps, case.steps.legs
    which, bins = _pairs(case, day, legs)
    least = np.full(len(legs), np.inf)
    for cells in (steps.here[legs], steps.there[legs]):
        np.minimum.at(least, which, light_at(case.known.horizon, day, cells[which], bins))
    case.ledger.at_least("lit", "share", legs, least, case.limits.least_lit, tolerance=LIGHT_TOLERANCE)


def _check_shadow(case: Case, day: Day) -> None:
    """Note the time awake in shadow up to the end of each step; a step is in shadow where it leads."""
    steps = case.steps
    longest = math.inf if case.limits.longest_shadow_s is None else case.limits.longest_shadow_s
    bins = day.bins_at(steps.start_s, steps.end_s)
    dim = light_at(case.known.horizon, day, steps.there, bins) < HALF_THE_DISC - SURE
    dark = dim & awake(case, day, bins)
    dark_s, held = np.zeros(len(steps)), 0.0
    for i in range(len(steps)):
        held = held + float(steps.span_s[i]) if dark[i] else 0.0
        dark_s[i] = held
    case.ledger.at_most(
        "time in shadow", "h", np.arange(len(steps)), dark_s / 3600, longest / 3600, tolerance=1e-6
    )


def awake(case: Case, day: Day, bins: Indices) -> npt.NDArray[np.bool_]:
    """Return which steps are spent awake.

    Args:
        case, day: What is checked.
        bins: That each step begins in.
    """
    night = np.array([kind is Allowed.NIGHT for kind in day.allowed], np.bool_)
    return np.asarray((case.steps.mode != Mode.DORMANT) & ~night[bins])


def _check_dusk(case: Case, day: Day) -> None:
    steps, legs = case.steps, case.steps.legs
    left_s = day.dusk_after(steps.start_s[legs]) - steps.end_s[legs]
    case.ledger.at_least(
        "parked before dusk", "h", legs, left_s / 3600, case.limits.dusk_margin_s / 3600,
        tolerance=2 * EDGE_S / 3600,
    )  # fmt: skip
    if case.limits.delay_margin_s is not None:
        case.ledger.at_least(
            "time in hand",
            "h",
            legs,
            left_s / 3600,
            case.limits.delay_margin_s / 3600,
            tolerance=2 * EDGE_S / 3600,
        )


def _check_link(case: Case, day: Day, margin_deg: float) -> None:
    """Note the relay over both ends of each leg, and over each stop for commands for all of its time."""
    steps = case.steps
    linked = np.flatnonzero((steps.mode == Mode.DRIVE) | (steps.mode == Mode.COMMAND))
    which, bins = _pairs(case, day, linked)
    least = np.full(len(linked), np.inf)
    for cells in (steps.here[linked], steps.there[linked]):
        height = relay_rad(case.known.horizon, case.known.almanac, day.middle_s[bins], cells[which])
        np.minimum.at(least, which, np.degrees(height))
    case.ledger.at_least("relay", "deg", linked, least, margin_deg, tolerance=_RELAY_DEG)


def _check_nights(case: Case, day: Day) -> None:
    """A night is spent asleep on level ground whose first morning wakes the rover, and no longer than until then."""
    steps = case.steps
    asleep = False
    for i, mode in enumerate(steps.mode.tolist()):
        start_s, end_s = float(steps.start_s[i]), float(steps.end_s[i])
        for k, seconds in day.overlaps(start_s, end_s):
            if seconds <= 2 * EDGE_S and seconds < end_s - start_s:
                continue
            if day.allowed[k] is Allowed.NIGHT:
                asleep = True
                if mode is Mode.DORMANT:
                    _check_haven(case, day, i, k)
            elif mode is Mode.DORMANT:
                _check_sleep_by_day(case, day, i, k, asleep)
            elif asleep:
                _check_awake(case, day, i, k)
                asleep = False


def _check_haven(case: Case, day: Day, i: int, night: int) -> None:
    tilt = math.degrees(float(case.known.terrain.slope_rad[tuple(case.steps.here[i])]))
    case.ledger.at_most("haven tilt", "deg", i, tilt, case.limits.haven_tilt_deg, tolerance=_TILT_DEG)
    morning = night + 1
    while morning < len(day) and day.allowed[morning] in (Allowed.LOW, Allowed.DRIVE):
        morning += 1
    bins = np.arange(night + 1, morning)
    if len(bins) == 0:
        return  # the plan's time does not reach the morning
    given, spread = parked_w(case, day, np.repeat(case.steps.here[i][None], len(bins), axis=0), bins)
    best = int(given.argmax())
    case.ledger.at_least(
        "array at dawn", "W", i, given[best], case.known.vehicle.wake_array_w, tolerance=spread[best]
    )


def _check_sleep_by_day(case: Case, day: Day, i: int, k: int, asleep: bool) -> None:
    """Note a rover that sleeps without a night before it, or on although its array has woken it."""
    given, spread = parked_w(case, day, case.steps.here[i][None], np.array([k]))
    most = case.known.vehicle.wake_array_w if asleep else -math.inf
    case.ledger.at_most("array while asleep", "W", i, given, most, tolerance=spread)


def _check_awake(case: Case, day: Day, i: int, k: int) -> None:
    """Note a rover that goes on after a night: its array must give what wakes it."""
    given, spread = parked_w(case, day, case.steps.here[i][None], np.array([k]))
    case.ledger.at_least("array that wakes", "W", i, given, case.known.vehicle.wake_array_w, tolerance=spread)
