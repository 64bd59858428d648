"""Kernels that bound how a rover may stand at a pose, of all standings with its angles within their limits or about.

Its axles' heights lie within bounds B, at first any. They put every axle somewhere, as `leverage_kernels` bounds, and
the ground there has the axles' heights in F(B): of all standings within B the heights lie in F(B) as well. So B is
narrowed again and again. Among rocks that comes to an end early: an axle that may be a decimetre ahead may stand a
decimetre higher, and then may well be there. Then bounds are halved and each half is narrowed by itself, by
`walk_kernels`: where F of a half lies outside of it no standing is in there. Standings are looked for so far beyond the
limits that a rover which would be there is not taken for one that does not stand at all.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from rover.core.jit import bare, kernel
from rover.hazard.angle_kernels import sine
from rover.hazard.axle_kernels import place_axles
from rover.hazard.belly_kernels import belly_bounds
from rover.hazard.leverage_kernels import (
    ANGLES,
    FOLLOWS,
    PLACES,
    bound_following,
    expand,
    no_limits,
)
from rover.hazard.linkage_kernels import (
    BELLY,
    BODY,
    FIGURES,
    HALF_PI,
    PITCH,
    ROLL,
    WHEELS,
    beyond_bounds,
    settle_axles,
)
from rover.hazard.wheel_kernels import ROUNDING_M, axle_bounds, skew_most

SEEKING, ENOUGH_RAD = 8, 0.003
"""About how the rover stands is sought so often, until its angles change by less."""

NARROWED, ENOUGH_M, ENOUGH = 20, 0.001, 0.9
"""Bounds are narrowed by what they let the rover do, so often, until by less than this and to no less than a share."""

PIECE_RAD, MOST_PIECES = 0.006, 8
"""The range of roll is looked at in parts as wide, and at most so many."""

ANYWHERE_M = 1e3
"""Of heights of which nothing is known."""

EXPANDED_M = 0.02
"""About narrower bounds what follows from them is not expanded anew."""


class Rover(NamedTuple):
    """A vehicle's figures, as `rover.hazard.clearance_figures` has them."""

    reach: Any
    arms: Any
    limits: Any
    links: Any
    belly: Any
    weights: Any
    bends: Any
    beyond: Any


class Room(NamedTuple):
    """Room to work in."""

    boxes: Any
    span: Any
    point: Any
    hung: Any
    spots: Any
    anywhere: Any
    about: Any
    values: Any
    slopes: Any
    lows: Any


@kernel
def room_to_work(blocks):  # type: ignore[no-untyped-def]
    """Return room to work in, with so many numbers for blocks under the belly; none if both its bounds are wanted."""
    return Room(
        np.empty((WHEELS, 4)), np.empty((WHEELS, 2)), np.empty((FIGURES, 2)), np.empty((FIGURES, 2)),
        np.empty((WHEELS, 4)),
        np.empty((WHEELS + 1, 4)), np.empty(WHEELS), np.empty(FOLLOWS), np.empty((WHEELS, FOLLOWS)), np.empty(blocks),
    )  # fmt: skip


@bare
def stand(laid, rover, place, along, across, held, room, own, known=False):  # type: ignore[no-untyped-def]
    """Bound how the rover may stand at a place, of all standings whose angles are within `BEYOND` times the limits.

    Args:
        laid: A `Laid`.
        rover: A `Rover`.
        place: (4,) ahead and left of the middle of what is laid out, m; cosine and sine of the yaw from its heading.
        along, across: How far any part may be from where the place puts it, m.
        held: (FIGURES, 2) bounds within which standings are looked for, if `known`.
        room: A `Room`; the axles' boxes afterwards.
        own: (FIGURES, 2) the bounds: NaN over unknown ground, without end where none are known, the first the wrong way
            round where it cannot stand so at all.
        known: Whether only standings within `held` are looked for.
    """
    span = room.span
    no_limits(room.anywhere)
    if known:
        for i in range(WHEELS):
            span[i, 0], span[i, 1] = held[i, 0], held[i, 1]
    else:
        for i in range(WHEELS):
            span[i, 0], span[i, 1] = -ANYWHERE_M, ANYWHERE_M
    # By intervals at first, which takes a fraction, and is all that it takes on gentle ground; then by all together.
    together, expanded = known, False
    for _ in range(NARROWED):
        before = _widest(span)
        if together and (before > EXPANDED_M or not expanded):
            expanded = _expanded(rover, room)
        if not _stood(laid, rover, place, along, across, expanded, room, own):
            return
        for i in range(WHEELS):
            own[i, 0], own[i, 1] = max(own[i, 0], span[i, 0]), min(own[i, 1], span[i, 1])
            if own[i, 0] > own[i, 1]:
                if own[i, 0] > own[i, 1] + ROUNDING_M:
                    own[0, 0], own[0, 1] = np.inf, -np.inf
                    return
                own[i, 0] = own[i, 1] = (own[i, 0] + own[i, 1]) / 2.0
            span[i, 0], span[i, 1] = own[i, 0], own[i, 1]
        after = _widest(span)
        if after > ENOUGH * before or (after > before - ENOUGH_M and after > 0.5 * before):
            if together:
                break
            together = True
    _hang(rover, expanded, room, own)
    if not own[PITCH, 1] < np.inf:
        return
    level = room.point
    for i in range(WHEELS):
        level[i, 0] = level[i, 1] = (own[i, 0] + own[i, 1]) / 2.0
    settle_axles(rover.links, level)
    own[BELLY, 0], own[BELLY, 1] = -np.inf, np.inf
    if level[PITCH, 1] < np.inf:
        belly_bounds(laid, rover, place, along, across, level, room, own)


@bare
def stand_expected(laid, rover, place, room, own):  # type: ignore[no-untyped-def]
    """Fill about how the rover stands at a place, as bounds of no width: not a bound on anything.

    Args:
        laid, rover, place, room: As of `stand`.
        own: (FIGURES, 2): NaN over unknown ground, without end where it is not found.
    """
    level = room.point
    if not seek(laid, rover, place, 0.0, 0.0, level, room.boxes, own):
        return
    for i in range(WHEELS):
        own[i, 0] = own[i, 1] = (own[i, 0] + own[i, 1]) / 2.0
        room.boxes[i, 2] = room.boxes[i, 3] = 0.0
    settle_axles(rover.links, own)
    own[BELLY, 0], own[BELLY, 1] = -np.inf, np.inf
    if own[PITCH, 1] < np.inf:
        belly_bounds(laid, rover, place, 0.0, 0.0, own, room, own)


@bare
def _widest(span):  # type: ignore[no-untyped-def]
    widest = 0.0
    for i in range(WHEELS):
        widest = max(widest, span[i, 1] - span[i, 0])
    return widest


@bare
def _expanded(rover, room):  # type: ignore[no-untyped-def]
    """Expand what follows from the heights about the middle of their bounds; False beyond where that is known."""
    span, about, values, most = room.span, room.about, room.values, rover.beyond
    for i in range(WHEELS):
        about[i] = (span[i, 0] + span[i, 1]) / 2.0
    if not expand(rover.links, rover.arms, room.anywhere, about, room.point, room.spots, values, room.slopes):
        return False
    within = abs(values[0]) <= most[0] and abs(values[1]) <= most[1] and abs(values[2]) <= most[2]
    return within and max(abs(values[3]), abs(values[4])) <= most[3]


@bare
def _stood(laid, rover, place, along, across, expanded, room, own):  # type: ignore[no-untyped-def]
    """Bound the axles' heights, wherever theirs within `room.span` put them; False over unknown ground.

    The first low bound is above all where none are possible.
    """
    boxes, part, hung = room.boxes, room.point, room.hung
    for i in range(WHEELS):
        hung[i, 0], hung[i, 1] = room.span[i, 0], room.span[i, 1]
    settle_axles(rover.links, hung)
    if expanded:
        _cut_angles(rover, room, hung)
    most = rover.beyond
    for k in range(ANGLES):
        limit, row = most[min(k, 3)], PITCH + k
        hung[row, 0], hung[row, 1] = max(-limit, hung[row, 0]), min(limit, hung[row, 1])
        if hung[row, 0] > hung[row, 1]:
            own[0, 0], own[0, 1] = np.inf, -np.inf
            return True
    place_axles(hung, most, rover.arms, rover.reach, boxes)
    if expanded:
        _cut_boxes(rover, room, boxes)
    nose = sine(hung[PITCH, 0]), sine(hung[PITCH, 1])
    low, high = hung[ROLL, 0], hung[ROLL, 1]
    pieces = max(1, min(MOST_PIECES if expanded else 1, math.ceil((high - low) / PIECE_RAD)))
    step = (high - low) / pieces
    for i in range(WHEELS):
        own[i, 0], own[i, 1] = np.inf, -np.inf
    for k in range(pieces):
        begin, end = low + k * step, low + (k + 1) * step
        leans = sine(begin), sine(end)
        skew = skew_most(place, nose, leans)
        for i in range(WHEELS):
            if not axle_bounds(laid, rover, place, along, across, boxes, i, leans, skew, part):
                _unknown(own)
                return False
        # A part of the range of roll that leads out of itself holds no standing.
        if expanded:
            least, highest = bound_following(1, room.about, room.values, room.slopes, rover.bends, part)
            if highest < begin or least > end:
                continue
        for i in range(WHEELS):
            own[i, 0], own[i, 1] = min(own[i, 0], part[i, 0]), max(own[i, 1], part[i, 1])
    return True


@bare
def _cut_angles(rover, room, own):  # type: ignore[no-untyped-def]
    """Cut the angles to what follows from all heights together."""
    for k in range(ANGLES):
        low, high = bound_following(k, room.about, room.values, room.slopes, rover.bends, room.span)
        own[PITCH + k, 0], own[PITCH + k, 1] = max(own[PITCH + k, 0], low), min(own[PITCH + k, 1], high)


@bare
def _cut_boxes(rover, room, boxes):  # type: ignore[no-untyped-def]
    """Cut where axles may be to what follows from all heights together."""
    for i in range(WHEELS):
        for axis in range(2):
            low, high = bound_following(
                PLACES + 2 * i + axis, room.about, room.values, room.slopes, rover.bends, room.span
            )
            low = max(low, boxes[i, axis] - boxes[i, axis + 2])
            high = min(high, boxes[i, axis] + boxes[i, axis + 2])
            boxes[i, axis], boxes[i, axis + 2] = (low + high) / 2.0, max(0.0, (high - low) / 2.0)


@bare
def _hang(rover, expanded, room, own):  # type: ignore[no-untyped-def]
    """Bound what follows from the axles' heights, by intervals and by all of them together."""
    settle_axles(rover.links, own)
    if not expanded:
        return
    for k in range(ANGLES + 1):
        row = PITCH + k if k < ANGLES else BODY
        low, high = bound_following(k, room.about, room.values, room.slopes, rover.bends, own)
        own[row, 0], own[row, 1] = max(own[row, 0], low), min(own[row, 1], high)
        if k < ANGLES and not max(-own[row, 0], own[row, 1]) < HALF_PI:
            beyond_bounds(own)
            return


@bare
def seek(laid, rover, place, along, across, held, boxes, own):  # type: ignore[no-untyped-def]
    """Fill `held` with about how the rover stands; False over unknown ground."""
    for i in range(FIGURES):
        held[i, 0] = held[i, 1] = 0.0
    for attempt in range(SEEKING):
        place_axles(held, rover.limits, rover.arms, rover.reach, boxes)
        roll = sine(max(-rover.limits[1], min(rover.limits[1], held[ROLL, 0])))
        if not _settled(laid, rover, place, along, across, boxes, (roll, roll), own):
            return False
        most = 0.0
        for i in range(PITCH, BELLY):
            change = (own[i, 0] + own[i, 1]) / 2.0 - held[i, 0]
            most = max(most, abs(change))
            held[i, 0] += change if attempt == 0 else 0.7 * change
            held[i, 1] = held[i, 0]
        if not most > ENOUGH_RAD:
            break
    return True


@bare
def _settled(laid, rover, place, along, across, boxes, leans, own):  # type: ignore[no-untyped-def]
    """Bound the axles' heights over their boxes, and what follows; False over unknown ground or beyond all bounds."""
    for i in range(WHEELS):
        if not axle_bounds(laid, rover, place, along, across, boxes, i, leans, 0.0, own):
            _unknown(own)
            return False
    return _hangs(rover, own)


@bare
def _unknown(own):  # type: ignore[no-untyped-def]
    for i in range(FIGURES):
        own[i, 0] = own[i, 1] = np.nan


@bare
def _hangs(rover, own):  # type: ignore[no-untyped-def]
    """Bound what follows from the axles' heights; False beyond all bounds."""
    settle_axles(rover.links, own)
    if not own[PITCH, 1] < np.inf:
        own[BELLY, 0], own[BELLY, 1] = -np.inf, np.inf
        return False
    return True


@bare
def most(pair):  # type: ignore[no-untyped-def]
    """The larger magnitude of a pair; NaN of an unknown one, which `max` might lose."""
    if math.isnan(pair[0]) or math.isnan(pair[1]):
        return np.nan
    return max(abs(pair[0]), abs(pair[1]))
