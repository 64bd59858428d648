"""Another start from which there is a way: the nearest of a few, drawn nearer by halving."""

from __future__ import annotations

from dataclasses import replace

from rover.planning.problem import NoPlan
from rover.planning.traverse_trials import OutOfPatience, Trials

_HOURS = (-12, 12, -24, 24, -48, 48, -96, 96, 168, 336)
"""Departures that are tried instead, from the one asked for: survival is not monotone in them."""


def with_another_start(trials: Trials, answer: NoPlan) -> NoPlan:
    """Add the nearest departure found, to a minute, from which there is a way, if time is left to look for one.

    Of a few departures the first from which there is a way is drawn towards the nearest one before it from which there
    is none. Between the two there may be others: what is told is one that opens a way, and a minute nearer none does.
    """
    minutes = _nearest(trials)
    if minutes is None:
        return replace(answer, unfinished=trials.late)
    depart_s = trials.ready.problem.depart_s + 60.0 * minutes
    utc = trials.ready.forecaster.window.almanac.epoch.utc_at(depart_s)
    return replace(
        answer,
        remedy=f"{answer.remedy}; so does a start on {utc}, the nearest found, by the same deadline",
        opens_from_s=depart_s,
        unfinished=trials.late,
    )


def _nearest(trials: Trials) -> int | None:
    """Return minutes from the departure asked for to another, None if none is found."""
    refused = [0]
    for hours in _HOURS:
        opens = _opens_after(trials, 60 * hours)
        if opens is None and trials.is_over():
            return None
        if opens:
            between = [tried for tried in refused if tried * hours >= 0]
            return _drawn_nearer(trials, max(between, key=abs), 60 * hours)
        if opens is not None:
            refused.append(60 * hours)
    return None


def _drawn_nearer(trials: Trials, closed: int, opened: int) -> int:
    """Return a departure from which there is a way, and none from a minute nearer; or as near as time allowed."""
    while abs(opened - closed) > 1:
        middle = (closed + opened) // 2
        opens = _opens_after(trials, middle)
        if opens is None:
            return opened
        if opens:
            opened = middle
        else:
            closed = middle
    return opened


def _opens_after(trials: Trials, minutes: int) -> bool | None:
    """Tell whether there is a way from another departure; None where it is not known in time."""
    ready = trials.ready
    depart_s = ready.problem.depart_s + 60.0 * minutes
    if not ready.forecaster.window.almanac.time_s[0] < depart_s < ready.table.deadline_s:
        return False
    try:
        return trials.arrival(depart_s=depart_s) is not None
    except OutOfPatience:
        trials.late = True
        return None
