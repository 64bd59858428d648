"""What the ground does about a rover that waits for it in safe mode: it looks at telemetry, and clears or gives up.

Of a row of the fault table that is latched it hears when telemetry comes down: awake, with the relay in view. A command
cycle later, which is the time of the downlink, of its own work and of the uplink, it decides by the telemetry that has
come since:

- the trigger is gone, or it shows on the move only and nothing has shown it since: the row is cleared;
- the trigger still shows: it is looked at again a command cycle later, `LOOKS` times in all, and then given up;
- the row had been cleared before within `AGAIN_M` of where it is latched again, or anywhere where it is of no place
  (`OF_NO_PLACE`): it is given up at once.

Nothing on board waits for this but driving: charge and warmth are looked after meanwhile by the rover itself.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

LOOKS = 3
"""Command cycles in which the ground looks at one latched row (assumption: as many shifts of a day)."""

AGAIN_M = 5.0
"""A row that latches again so near has not been got away from (assumption: a drive on one set of commands)."""

OF_NO_PLACE = frozenset({"no progress"})
"""Rows that are cleared once in a run, wherever: the rover has been about the whole of its surroundings in vain."""

Place = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Latched:
    """What telemetry tells of a latched row.

    Attributes:
        time_s: Of the telemetry.
        row: Name of the row.
        count: Readings in a row that have shown its trigger; 0 once a reading has shown that it is gone.
        shows_at_rest: Whether its trigger is read while the rover stands.
        place_m: (east, north) where the rover believes to be.
    """

    time_s: float
    row: str
    count: int
    shows_at_rest: bool
    place_m: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A latched row that the ground works on.

    Attributes:
        row: Its name.
        due_s: When what the ground decides can be on board.
        count: Readings that had shown it when the present look began.
        looks: Which look it is.
    """

    row: str
    due_s: float
    count: int
    looks: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundState:
    """How far the ground has come.

    Attributes:
        case: What it works on, None where nothing is latched as far as it knows.
        cleared: Rows that it has cleared, and where the rover stood.
        gave_up: Why it leaves the rover where it is; None while it does not.
    """

    case: Case | None = None
    cleared: tuple[tuple[str, Place], ...] = ()
    gave_up: str | None = None


class Step(StrEnum):
    """What the ground has done."""

    DOWNLINK = "downlink"
    """It has heard of a latched row."""
    CLEAR = "clear"
    """It has sent up that the row is cleared."""
    LOOK_AGAIN = "look_again"
    GIVE_UP = "give_up"


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A step of the ground's, and what is said of it."""

    step: Step
    text: str


def attend(
    ground: GroundState, told: Latched, *, in_link: bool, cycle_s: float
) -> tuple[GroundState, Taken | None]:
    """Return the ground's next state, and what it has done, None where it has to wait or is at work.

    Args:
        ground: Before.
        told: Present telemetry of the row that is latched; not looked at out of link.
        in_link: Whether telemetry comes down and commands go up.
        cycle_s: From the downlink to the uplink that answers it.
    """
    if not in_link or ground.gave_up is not None:
        return ground, None
    case = ground.case
    if case is None or case.row != told.row:
        return _heard(ground, told, cycle_s)
    if told.time_s < case.due_s - 1e-6:
        return ground, None
    gone = told.count == 0
    if gone or (not told.shows_at_rest and told.count == case.count):
        why = (
            "its trigger is gone"
            if gone
            else "nothing has shown it at rest, and on the move it is looked for"
        )
        text = f"{told.row}: cleared by the ground, {why}"
        cleared = (*ground.cleared, (told.row, told.place_m))
        return replace(ground, case=None, cleared=cleared), Taken(step=Step.CLEAR, text=text)
    if case.looks >= LOOKS:
        return _gives_up(ground, told.row, f"its trigger has not gone in {LOOKS} looks of the ground")
    again = replace(case, due_s=told.time_s + cycle_s, count=told.count, looks=case.looks + 1)
    text = f"{told.row}: its trigger still shows, the ground looks again"
    return replace(ground, case=again), Taken(step=Step.LOOK_AGAIN, text=text)


def _heard(ground: GroundState, told: Latched, cycle_s: float) -> tuple[GroundState, Taken]:
    """Take up a case, or give it up where the same has been cleared near by."""
    before = [math.dist(place, told.place_m) for row, place in ground.cleared if row == told.row]
    if before and (before[-1] <= AGAIN_M or told.row in OF_NO_PLACE):
        return _gives_up(
            ground, told.row, f"it is latched again {before[-1]:.1f} m from where it was cleared"
        )
    case = Case(row=told.row, due_s=told.time_s + cycle_s, count=told.count)
    text = f"{told.row}: the ground sees it latched"
    return replace(ground, case=case), Taken(step=Step.DOWNLINK, text=text)


def _gives_up(ground: GroundState, row: str, why: str) -> tuple[GroundState, Taken]:
    text = f"{row}: given up, {why}"
    return replace(ground, case=None, gave_up=why), Taken(step=Step.GIVE_UP, text=text)
