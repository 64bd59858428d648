"""The watch over faults: counts and times what the fault table says, and tells which rows respond."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import replace

from rover.core.boundary import DriveReading, Mode, Observation
from rover.onboard.detection import depths_of
from rover.onboard.fault_state import LOOKS_KEPT, NOT_BEGUN, RowState, Sight, Watch
from rover.onboard.fault_table import BY_NAME, TABLE, After, FaultRow
from rover.onboard.progress import Progress, arrived_at, driven
from rover.onboard.sky_watch import next_anchor
from rover.onboard.uplink import Uplink

CLOCK = "clock wrong"

FORGET_S = 86400.0
"""A fault that has not shown for so long is another one when it shows again."""


def read_drives(watch: Watch, drives: DriveReading, uplink: Uplink) -> Watch:
    """Return the watch after a reading of the drives; `halts` says whether the motion is to be ended."""
    sight = Sight(seen=None, mode=Mode.DRIVE, uplink=uplink, watch=watch, drives=drives)
    rows, halts = dict(watch.rows), list(watch.halts)
    for row in TABLE:
        if not row.while_driving:
            continue
        rows[row.name] = _counted(rows.get(row.name, NOT_BEGUN), row.detect(sight))
        if _responds(row, rows[row.name]) and uplink.protected and row.name not in halts:
            halts.append(row.name)
    return replace(watch, rows=tuple(rows.items()), halts=tuple(halts))


def watch_over(
    watch: Watch,
    seen: Observation,
    uplink: Uplink,
    *,
    mode: Mode,
    provided: bool,
    leaving: bool,
    left_m: float,
) -> tuple[Watch, tuple[FaultRow, ...]]:
    """Return the watch after an observation, and the rows that respond to it, in the table's order.

    Args:
        watch: Before it.
        seen: What was sensed.
        uplink: What the ground has sent.
        mode: Of the command that it ends.
        provided: Whether the plan has seen to the charge of what is under way.
        leaving: Whether it is on its way out of ground that it found too steep.
        left_m: Way left along the path planned.
    """
    watch = replace(
        watch,
        anchor=next_anchor(watch.anchor, seen, at_rest=mode is not Mode.DRIVE),
        progress=_next_progress(watch, seen, uplink, mode, left_m),
    )
    sight = Sight(seen=seen, mode=mode, uplink=uplink, watch=watch, provided=provided, leaving=leaving)
    rows, responding, latched = dict(watch.rows), [], watch.latched
    for row in TABLE:
        held = rows.get(row.name, NOT_BEGUN)
        if row.while_driving:
            shown = row.name in watch.halts
        else:
            answer = row.detect(sight)
            held = _counted(held, answer)
            shown = answer is True and _responds(row, held)
        if shown and uplink.protected:
            held, latches = _timed(row, held, seen.time_s)
            if not held.masked:
                responding.append(row)
            latched = latched or (row.name if latches else None)
        rows[row.name] = held
        if latched == CLOCK and shown:  # without the time there is no almanac to hold anything against
            break
    kept = (*watch.looks, depths_of(seen))[-LOOKS_KEPT:] if _looked(seen, mode, responding) else watch.looks
    watch = replace(
        watch,
        rows=tuple(rows.items()),
        found=tuple(row.name for row in responding),
        halts=(),
        latched=latched,
        boots=seen.boots,
        looks=kept,
        time_s=seen.time_s,
        soc=seen.soc,
        place_m=(seen.east_m, seen.north_m),
    )
    return watch, tuple(responding)


def carried_on(watch: Watch, seen: Observation) -> Watch:
    """Return the watch after a look in the middle of a motion, of which the next observation tells no more.

    What the gyroscopes have turned until then adds up, and what wheels roll from then on is held against this place.
    """
    anchor = next_anchor(watch.anchor, seen, at_rest=False)
    here = (seen.east_m, seen.north_m)
    return replace(
        watch, anchor=anchor, place_m=here, progress=driven(watch.progress, math.dist(watch.place_m, here))
    )


def cleared(watch: Watch) -> Watch:
    """Return the watch as the ground leaves it when it clears what is latched.

    What is driven with as it is stays so; every other row begins anew, and so does what may be driven in vain.
    """
    masked = tuple((name, row) for name, row in watch.rows if row.masked and name != watch.latched)
    return replace(watch, rows=masked, found=(), halts=(), latched=None, progress=Progress())


def after_reset(watch: Watch) -> Watch:
    """Return what of it is stored: of the rows, of progress, what is latched, and the number of beginnings."""
    return Watch(rows=watch.rows, latched=watch.latched, boots=watch.boots, progress=watch.progress)


def words_of(names: Iterable[str]) -> str:
    """Return what some rows say of what was found and what is done."""
    return "; ".join(f"{name}: {BY_NAME[name].trigger}: {BY_NAME[name].action}" for name in names)


def _next_progress(watch: Watch, seen: Observation, uplink: Uplink, mode: Mode, left_m: float) -> Progress:
    """Return how near it has come, which only motions change."""
    if mode is not Mode.DRIVE:
        return watch.progress
    here = (seen.east_m, seen.north_m)
    progress = driven(watch.progress, math.dist(watch.place_m, here))
    return arrived_at(progress, left_m=left_m, gap_m=math.dist(here, uplink.goal_m))


def _counted(held: RowState, answer: bool | None) -> RowState:
    if answer is None:
        return held
    if not answer:
        return RowState(last_s=held.last_s)
    return replace(held, count=held.count + 1)


def _responds(row: FaultRow, held: RowState) -> bool:
    return held.count >= row.persistence and not held.masked


def _timed(row: FaultRow, held: RowState, time_s: float) -> tuple[RowState, bool]:
    """Return a row that responds, with what follows when it has lasted its longest, and whether that is latched."""
    fresh = not held.active or time_s - held.last_s > FORGET_S
    since_s = time_s if fresh else held.since_s
    held = replace(held, since_s=since_s, last_s=time_s)
    over = not fresh and time_s - since_s >= row.longest_s - 1e-6
    if over and row.after is After.GO_ON:
        return replace(held, masked=True), False
    return held, row.latched or over


def _looked(seen: Observation, mode: Mode, responding: list[FaultRow]) -> bool:
    """Tell whether an observation is of a look that later ones are held against."""
    blind = any(row.name == "stereo blind" for row in responding)
    return mode is Mode.DRIVE and not blind and any(depths_of(seen)) and math.isfinite(seen.time_s)
