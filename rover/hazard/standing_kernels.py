"""Kernels that bound how a rover stands at a pose, by bounds on its axles' heights that it cannot leave as it drives.

Bounds from the vehicle's limits inward hold of every standing within the limits, but among rocks they stay wide: an
axle that may be a decimetre ahead may stand a decimetre higher, and then may well be there. A rover that drives stands
near to how it stood just before, though. Let its axles' heights lie within bounds B. They put every axle somewhere, as
`leverage_kernels` bounds, and the ground there has the axles' heights in F(B). If F(B) lies inside of B then the rover
cannot reach the rim of B as it moves, since at the rim it would stand outside of F(B). So bounds are handed on from
pose to pose, each time wide enough to hold those before and how the rover may stand at the next. Of bounds that hold,
F(B) holds as well, and so does F(F(B)): they are narrowed to what the ground under each pose, or under a part of where
the rover may be, leaves open.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from rover.core.jit import bare, inlined, kernel
from rover.hazard.aligned_kernels import OFF, within_box
from rover.hazard.angle_kernels import arcsines, sine
from rover.hazard.axle_kernels import place_axles
from rover.hazard.belly_kernels import belly_bounds
from rover.hazard.crest_kernels import CUT_M
from rover.hazard.leverage_kernels import (
    ANGLES,
    BEYOND,
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

SEEKING, ENOUGH_RAD = 8, 0.003
"""Where the rover stands at first is sought so often, until its angles change by less."""

NARROWED, ENOUGH_M, ENOUGH = 20, 0.001, 0.9
"""Bounds that hold are narrowed by what they let the rover do, so often, until by less than this and to no less a share."""

PIECE_RAD, MOST_PIECES = 0.006, 8
"""The range of roll is looked at in parts as wide, and at most so many."""

ANYWHERE_M = 1e3
"""Of heights of which nothing is known."""

EXPANDED_M = 0.02
"""About narrower bounds what follows from them is not expanded anew."""

ROUNDING_M = 1e-6
"""Of heights kept as float32."""


RESTS = 4
"""The first of the layers that tell where wheels rest: at the least for each lean, and at the most for each."""


class Laid(NamedTuple):
    """Ground laid out along one heading, samples to the left (rows) and ahead.

    Attributes:
        spacing: Of the samples, m; the middle one lies where places are counted from.
        tops: Highest of `high` in each block of `BLOCK` samples to a side, in the first rows and columns.
        low, high: (m, n) float32 bounds of the heights; -inf and +inf where unknown.
        wide: (m, n) float32 highest across a wheel.
        rest_low, rest_high: (leans + 1 and leans, m, n) float32 bounds of a wheel's lowest point with its axle above; the
            last of the low ones hold however wheels lean and point within the limits.
        off: Sine of the most that a wheel points off the heading.
        lean: Sine of the roll at which wheels are laid out in the middle, the side to the left of the heading raised.
        apart: Of the leans.
        doubt: How much each may be off where its bounds hold.
        narrow: Half the width of a wheel that the last of `rest_low` is of, m.
    """

    spacing: Any
    tops: Any
    low: Any
    high: Any
    wide: Any
    rest_low: Any
    rest_high: Any
    off: Any
    lean: Any
    apart: Any
    doubt: Any
    narrow: Any


class Wheels(NamedTuple):
    """How wheels are laid out along headings: as of `Laid`, and (headings,) its `lean` along each."""

    off: Any
    leans: Any
    apart: Any
    doubt: Any
    narrow: Any


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


@inlined
def laid_along(spacing, layers, wheels, b):  # type: ignore[no-untyped-def]
    """Return the `Laid` of a heading."""
    count = (layers.shape[0] - RESTS) // 2
    rests = layers[RESTS:, b]
    return Laid(
        spacing, layers[0, b], layers[1, b], layers[2, b], layers[3, b], rests[: count + 1], rests[count + 1 :],
        wheels.off, wheels.leans[b], wheels.apart, wheels.doubt, wheels.narrow,
    )  # fmt: skip


@bare
def lean_of(laid, lean):  # type: ignore[no-untyped-def]
    """Return which of the leans that wheels are laid out at is nearest to one."""
    most = laid.rest_high.shape[0] // 2
    return most + max(-most, min(most, math.floor((lean - laid.lean) / laid.apart + 0.5)))


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
    expanded = False
    for attempt in range(NARROWED):
        before = _widest(span)
        if attempt == 0 or before > EXPANDED_M or not expanded:
            expanded = before < ANYWHERE_M and _expanded(rover, room)
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
            break
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
    pieces = max(1, min(MOST_PIECES, math.ceil((high - low) / PIECE_RAD)))
    step = (high - low) / pieces
    for i in range(WHEELS):
        own[i, 0], own[i, 1] = np.inf, -np.inf
    for k in range(pieces):
        begin, end = low + k * step, low + (k + 1) * step
        leans = sine(begin), sine(end)
        skew = _skew(place, nose, leans)
        for i in range(WHEELS):
            if not _stands(laid, rover, place, along, across, boxes, i, leans, skew, part):
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
def _skew(place, nose, leans):  # type: ignore[no-untyped-def]
    """Return the most that wheels point off the heading, sine, at sines of pitch and roll within bounds.

    A body that pitches and rolls has them point further left by the product of both over the cosine of the roll.
    """
    yaw = place[3] if place[2] > 0.0 else -place[3]
    flat = math.sqrt(1.0 - max(leans[0] * leans[0], leans[1] * leans[1]))
    one, two = nose[0] * leans[0] / flat, nose[0] * leans[1] / flat
    three, four = nose[1] * leans[0] / flat, nose[1] * leans[1] / flat
    return max(max(max(one, two), max(three, four)) + yaw, -min(min(one, two), min(three, four)) - yaw)


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
        if not _stands(laid, rover, place, along, across, boxes, i, leans, 0.0, own):
            _unknown(own)
            return False
    return _hangs(rover, own)


@bare
def _unknown(own):  # type: ignore[no-untyped-def]
    for i in range(FIGURES):
        own[i, 0] = own[i, 1] = np.nan


@bare
def _stands(laid, rover, place, along, across, boxes, i, leans, skew, own):  # type: ignore[no-untyped-def]
    """Bound the height of an axle over its box; False over unknown ground.

    Wheels lean with the body, by sines within `leans`: a wheel's lowest point lies aside of its axle, by its radius
    times that, one of its sides is lower than its middle, and its rim is not as deep. They are laid out at about the
    roll there; what they lean otherwise puts either side up or down. `skew` is the most that they point off the heading.
    """
    middle, half = laid.rest_high.shape[0] // 2, rover.belly[6] / 2.0
    bend, sag = between_samples(laid.spacing, rover.belly, laid.off)
    way = 1.0 if place[2] > 0.0 else -1.0
    which = lean_of(laid, way * (leans[0] + leans[1]) / 2.0)
    lean = laid.lean + (which - middle) * laid.apart
    further = max(abs(way * leans[0] - lean), abs(way * leans[1] - lean))
    # Wheels that point further off than they are laid out have their ends aside, and their sides ahead of there.
    beyond = max(0.0, skew - laid.off)
    u, v, half_u, half_v = _under(laid, rover, place, along, across, boxes, i, leans, lean, skew, beyond)
    low, high, apart = within_box(laid.rest_low[which], laid.rest_high[which], u, v, half_u, half_v)
    # Between samples the rim may touch higher than at any, by no more than its curve; or lower than at the nearest,
    # which is no further off than the axle may be and a wheel's side may point.
    least, most, off = _hub(laid, rover, leans, way * lean)
    own[i, 1] = high + min(bend, apart) + most + half * off
    if further > laid.doubt or beyond > 0.0:
        u, v, half_u, half_v = _under(laid, rover, place, along, across, boxes, i, leans, laid.lean, skew, 0.0)
        least, most, off = _hub(laid, rover, leans, way * laid.lean)
        low, _, apart = within_box(laid.rest_low[-1], laid.rest_high[middle], u, v, half_u, half_v)
        half = laid.narrow
    own[i, 0] = low - min(sag, apart) + least - half * off
    return high < np.inf


@bare
def _under(laid, rover, place, along, across, boxes, i, leans, lean, skew, beyond):  # type: ignore[no-untyped-def]
    """Return the box, in samples, in which the lowest of a wheel may be, as laid out at a lean: middle and half sides.

    Off how it is laid out the rim's lowest lies further left, and what of it is higher less far.
    """
    left_of, ahead_of = laid.rest_high.shape[1] // 2, laid.rest_high.shape[2] // 2
    radius, cos, sin = rover.belly[5], place[2], place[3]
    way = 1.0 if cos > 0.0 else -1.0
    least, most = radius * (leans[0] - way * lean), radius * (leans[1] - way * lean)
    ahead, left = boxes[i, 0], boxes[i, 1] + way * radius * lean + (least + most) / 4.0
    aslant = radius * max(abs(leans[0]), abs(leans[1])) * max(skew, laid.off)
    length = boxes[i, 2] + along + aslant + rover.belly[6] / 2.0 * beyond
    width = boxes[i, 3] + across + (most - least) / 4.0 + max(abs(least), abs(most)) / 2.0 + radius * beyond
    return (
        (place[0] + ahead * cos - left * sin) / laid.spacing + ahead_of,
        (place[1] + ahead * sin + left * cos) / laid.spacing + left_of,
        (length * abs(cos) + width * abs(sin)) / laid.spacing,
        (length * abs(sin) + width * abs(cos)) / laid.spacing,
    )


@bare
def _hub(laid, rover, leans, lean):  # type: ignore[no-untyped-def]
    """Return how much higher than where its lowest point rests an axle is, at the least and the most; and how much a
    metre aside is raised otherwise than laid out."""
    first, last = math.sqrt(1.0 - leans[0] * leans[0]), math.sqrt(1.0 - leans[1] * leans[1])
    upright = math.sqrt(1.0 - lean * lean)
    flattest = 1.0 if leans[0] < 0.0 < leans[1] else max(first, last)
    uneven = laid.spacing * abs(lean) / upright
    otherwise = max(abs(leans[0] / first - lean / upright), abs(leans[1] / last - lean / upright))
    radius = rover.belly[5]
    return radius * min(upright, min(first, last)) - uneven, radius * max(upright, flattest) + uneven, otherwise


@bare
def _hangs(rover, own):  # type: ignore[no-untyped-def]
    """Bound what follows from the axles' heights; False beyond all bounds."""
    settle_axles(rover.links, own)
    if not own[PITCH, 1] < np.inf:
        own[BELLY, 0], own[BELLY, 1] = -np.inf, np.inf
        return False
    return True


@bare
def between_samples(spacing, belly, off):  # type: ignore[no-untyped-def]
    """How much higher than at any of the samples round it a rim may touch, and how much lower than at the nearest.

    It bends by its curve between samples of the axle's place, and once more between those of the ground. Where it
    touches ground of up to 30 deg its curve is 1.6 times that at its lowest point.
    """
    away = spacing / 2.0 + belly[6] / 2.0 * off
    return CUT_M + 1.6 * spacing * spacing / (4.0 * belly[5]), away * away / (2.0 * belly[5]) + ROUNDING_M


@bare
def most(pair):  # type: ignore[no-untyped-def]
    """The larger magnitude of a pair; NaN of an unknown one, which `max` might lose."""
    if math.isnan(pair[0]) or math.isnan(pair[1]):
        return np.nan
    return max(abs(pair[0]), abs(pair[1]))
