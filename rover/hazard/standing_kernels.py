"""Kernels that bound how a rover stands at a pose, by bounds on its angles that it cannot leave as it drives.

Bounds from the vehicle's limits inward hold of every standing within the limits, but among rocks they stay wide: an
axle that may be a decimetre ahead may stand a decimetre higher, and then may well be there. A rover that drives stands
near to how it stood just before, though. Let its angles lie within bounds B, and every standing with angles in B have
them in F(B), by the ground that its axles may then be over. If F(B) lies inside of B then it cannot reach the rim of B
as it moves, since at the rim it would stand outside of F(B). So bounds are handed on from pose to pose, each time wide
enough to hold those before and how the rover may stand at the next.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from rover.core.jit import bare, kernel
from rover.hazard.aligned_kernels import OFF, within_box
from rover.hazard.axle_kernels import place_axles, place_axles_beside
from rover.hazard.belly_kernels import belly_bounds
from rover.hazard.crest_kernels import CUT_M
from rover.hazard.linkage_kernels import (
    BELLY,
    BOGIE_LEFT,
    BOGIE_RIGHT,
    FIGURES,
    PITCH,
    ROCKER,
    ROLL,
    WHEELS,
    beyond_bounds,
    settle_axles,
)

SEEKING, ENOUGH_RAD = 8, 0.003
"""Where the rover stands at first is sought so often, until its angles change by less."""

TRIES = 8
"""Bounds are widened so often until they hold what they let the rover do."""
PIECES = 4

WIDER_RAD, FURTHER = 0.01, 0.5
"""They are widened by so much at least, and by this share of what they failed to hold."""

ROUNDING_M = 1e-6
"""Of heights kept as float32."""


class Laid(NamedTuple):
    """Ground laid out along one heading, samples to the left (rows) and ahead.

    Attributes:
        spacing: Of the samples, m; the middle one lies where places are counted from.
        tops: Highest of `high` in each block of `BLOCK` samples to a side, in the first rows and columns.
        low, high: (m, n) float32 bounds of the heights; -inf and +inf where unknown.
        wide: (m, n) float32 highest across a wheel.
        rest_low, rest_high: (m, n) float32 bounds of a wheel's lowest point with its axle above.
        off: Sine of the most that a wheel points off the heading.
    """

    spacing: Any
    tops: Any
    low: Any
    high: Any
    wide: Any
    rest_low: Any
    rest_high: Any
    off: Any


class Rover(NamedTuple):
    """A vehicle's figures, as `rover.hazard.clearance_figures` has them."""

    reach: Any
    arms: Any
    limits: Any
    links: Any
    belly: Any
    weights: Any


class Room(NamedTuple):
    """Room to work in."""

    boxes: Any
    level: Any
    piece: Any
    part: Any
    found: Any
    stood: Any
    lows: Any


@kernel
def room_to_work(blocks):  # type: ignore[no-untyped-def]
    """Return room to work in, with so many numbers for blocks under the belly; none if both its bounds are wanted."""
    figures, lows = np.empty((5, FIGURES, 2)), np.empty(blocks)
    return Room(np.empty((WHEELS, 4)), figures[0], figures[1], figures[2], figures[3], figures[4], lows)


@bare
def stand(laid, rover, place, along, across, held, room, own):  # type: ignore[no-untyped-def]
    """Bound how the rover stands at a place, when its angles were within `held` on the way there.

    Args:
        laid: A `Laid`.
        rover: A `Rover`.
        place: (4,) ahead and left of the middle of what is laid out, m; cosine and sine of the yaw from its heading.
        along, across: How far any part may be from where the place puts it, m.
        held: (FIGURES, 2) bounds before; NaN for a rover that has stood there. Those at this place afterwards.
        room: A `Room`; the axles' boxes afterwards.
        own: (FIGURES, 2) the bounds: NaN over unknown ground, without end where none hold.
    """
    boxes, limits = room.boxes, rover.limits
    if not held[PITCH, 0] > -np.inf and not _seek(laid, rover, place, along, across, held, boxes, own):
        return
    for i in range(PITCH, BELLY):
        held[i, 0] -= WIDER_RAD
        held[i, 1] += WIDER_RAD
    closed = False
    for _ in range(TRIES):
        place_axles(held, limits, rover.arms, rover.reach, boxes)
        if not _settled(laid, rover, place, along, across, boxes, own):
            return
        closed = _inside(own, held)
        if not closed or not _within(own, limits):
            if not _in_pieces(laid, rover, place, along, across, held, room, own):
                return
            closed = _inside(own, held)
        if closed or not _within(own, limits):
            break
        _widen(held, own)
    own[BELLY, 0], own[BELLY, 1] = -np.inf, np.inf
    if not closed:
        beyond_bounds(own)
        return
    level = room.level
    for i in range(PITCH, BELLY):
        held[i, 0], held[i, 1] = own[i, 0], own[i, 1]
    for i in range(WHEELS):
        level[i, 0] = level[i, 1] = (own[i, 0] + own[i, 1]) / 2.0
    settle_axles(rover.links, level)
    if level[PITCH, 1] < np.inf:
        belly_bounds(laid, rover, place, along, across, level, room, own)


@bare
def _in_pieces(laid, rover, place, along, across, held, room, own):  # type: ignore[no-untyped-def]
    """Bound what the rover may do within `held`, each bogie's range looked at in pieces; False over unknown ground.

    A piece that leads out of itself holds no standing. As a wheel that is lifted turns its bogie and so moves on, or
    back, the pieces tell what their hull does not: whether it moves to higher or to lower ground. Only the bogie's own
    axles are elsewhere in them: the others stand as in `own`, which holds of all of `held` when this is called.
    """
    piece, part, found, stood = room.piece, room.part, room.found, room.stood
    boxes = room.boxes
    for i in range(WHEELS):
        stood[i, 0], stood[i, 1] = own[i, 0], own[i, 1]
    for side in range(2):
        row = BOGIE_LEFT + side
        for i in range(FIGURES):
            found[i, 0], found[i, 1] = np.inf, -np.inf
        low, step = held[row, 0], (held[row, 1] - held[row, 0]) / PIECES
        for k in range(PIECES):
            for i in range(FIGURES):
                piece[i, 0], piece[i, 1] = held[i, 0], held[i, 1]
            piece[row, 0], piece[row, 1] = low + k * step, low + (k + 1) * step
            place_axles_beside(piece, rover.limits, rover.arms, rover.reach, side, 1, boxes)
            for i in range(WHEELS):
                part[i, 0], part[i, 1] = stood[i, 0], stood[i, 1]
            for axle in range(1, 3):
                if not _stands(laid, rover, place, along, across, boxes, 2 * axle + side, part):
                    _unknown(own)
                    return False
            if not _hangs(rover, part):
                continue
            # The outermost pieces keep what lies beyond them: it shows whether bounds are too narrow.
            if k > 0:
                part[row, 0] = max(part[row, 0], piece[row, 0])
            if k < PIECES - 1:
                part[row, 1] = min(part[row, 1], piece[row, 1])
            if part[row, 0] <= part[row, 1]:
                for i in range(FIGURES):
                    found[i, 0], found[i, 1] = min(found[i, 0], part[i, 0]), max(found[i, 1], part[i, 1])
        if not found[row, 0] <= found[row, 1]:
            beyond_bounds(own)
            return True
        for i in range(BELLY):
            own[i, 0], own[i, 1] = max(own[i, 0], found[i, 0]), min(own[i, 1], found[i, 1])
    place_axles(held, rover.limits, rover.arms, rover.reach, boxes)
    return True


@bare
def _seek(laid, rover, place, along, across, held, boxes, own):  # type: ignore[no-untyped-def]
    """Fill `held` with about how the rover stands; False over unknown ground."""
    for i in range(FIGURES):
        held[i, 0] = held[i, 1] = 0.0
    for attempt in range(SEEKING):
        place_axles(held, rover.limits, rover.arms, rover.reach, boxes)
        if not _settled(laid, rover, place, along, across, boxes, own):
            return False
        most = 0.0
        for i in range(PITCH, BELLY):
            change = (own[i, 0] + own[i, 1]) / 2.0 - held[i, 0]
            most = max(most, abs(change))
            held[i, 0] += change if attempt == 0 else 0.7 * change
            held[i, 1] = held[i, 0]
        if not most > ENOUGH_RAD:
            break
    for i in range(PITCH, BELLY):
        held[i, 0], held[i, 1] = min(held[i, 0], own[i, 0]), max(held[i, 1], own[i, 1])
    return True


@bare
def _settled(laid, rover, place, along, across, boxes, own):  # type: ignore[no-untyped-def]
    """Bound the axles' heights over their boxes, and what follows; False over unknown ground or beyond all bounds."""
    for i in range(WHEELS):
        if not _stands(laid, rover, place, along, across, boxes, i, own):
            _unknown(own)
            return False
    return _hangs(rover, own)


@bare
def _unknown(own):  # type: ignore[no-untyped-def]
    for i in range(FIGURES):
        own[i, 0] = own[i, 1] = np.nan


@bare
def _stands(laid, rover, place, along, across, boxes, i, own):  # type: ignore[no-untyped-def]
    """Bound the height of an axle over its box; False over unknown ground."""
    left_of, ahead_of = laid.rest_low.shape[0] // 2, laid.rest_low.shape[1] // 2
    cos, sin = place[2], place[3]
    bend, sag = between_samples(laid.spacing, rover.belly, laid.off)
    ahead, left = boxes[i, 0], boxes[i, 1]
    length, width = boxes[i, 2] + along, boxes[i, 3] + across
    low, high, apart = within_box(
        laid.rest_low,
        laid.rest_high,
        (place[0] + ahead * cos - left * sin) / laid.spacing + ahead_of,
        (place[1] + ahead * sin + left * cos) / laid.spacing + left_of,
        (length * abs(cos) + width * abs(sin)) / laid.spacing,
        (length * abs(sin) + width * abs(cos)) / laid.spacing,
    )
    # Between samples the rim may touch higher than at any, by no more than its curve; or lower than at the nearest,
    # which is no further off than the axle may be and a wheel's side may point.
    own[i, 0] = low - min(sag, apart) + rover.belly[5]
    own[i, 1] = high + min(bend, apart) + rover.belly[5]
    return high < np.inf


@bare
def _hangs(rover, own):  # type: ignore[no-untyped-def]
    """Bound what follows from the axles' heights; False beyond all bounds."""
    settle_axles(rover.links, own)
    if not own[PITCH, 1] < np.inf:
        own[BELLY, 0], own[BELLY, 1] = -np.inf, np.inf
        return False
    return True


@bare
def between_samples(spacing, belly, off=OFF):  # type: ignore[no-untyped-def]
    """How much higher than at any of the samples round it a rim may touch, and how much lower than at the nearest.

    It bends by its curve between samples of the axle's place, and once more between those of the ground. Where it
    touches ground of up to 30 deg its curve is 1.6 times that at its lowest point.
    """
    away = spacing / 2.0 + belly[6] / 2.0 * off
    return CUT_M + 1.6 * spacing * spacing / (4.0 * belly[5]), away * away / (2.0 * belly[5]) + ROUNDING_M


@bare
def _inside(own, held):  # type: ignore[no-untyped-def]
    inside = True
    for i in range(PITCH, BELLY):
        inside = inside and held[i, 0] < own[i, 0] and own[i, 1] < held[i, 1]
    return inside


@bare
def _widen(held, own):  # type: ignore[no-untyped-def]
    """Make bounds of angles hold others too."""
    for i in range(PITCH, BELLY):
        if own[i, 0] <= held[i, 0]:
            held[i, 0] = own[i, 0] - WIDER_RAD - FURTHER * (held[i, 0] - own[i, 0])
        if own[i, 1] >= held[i, 1]:
            held[i, 1] = own[i, 1] + WIDER_RAD + FURTHER * (own[i, 1] - held[i, 1])


@bare
def _within(own, limits):  # type: ignore[no-untyped-def]
    """Tell whether the bounds of every angle keep to the limits."""
    bogies = max(most(own[BOGIE_LEFT]), most(own[BOGIE_RIGHT]))
    tilts = most(own[PITCH]) <= limits[0] and most(own[ROLL]) <= limits[1]
    return tilts and most(own[ROCKER]) <= limits[2] and bogies <= limits[3]


@bare
def most(pair):  # type: ignore[no-untyped-def]
    """The larger magnitude of a pair; NaN of an unknown one, which `max` might lose."""
    if math.isnan(pair[0]) or math.isnan(pair[1]):
        return np.nan
    return max(abs(pair[0]), abs(pair[1]))
