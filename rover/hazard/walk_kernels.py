"""Kernels that walk along poses by clearance evaluation, up to the first at which the rover might not stand.

Beside attitude, suspension and belly, which `standing_kernels` bounds, the step before each wheel is bounded here: what
rises above the ground that the wheel may stand on, off the body's plane, up to a wheel's diameter ahead.
"""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import bare, kernel
from rover.hazard.angle_kernels import sine
from rover.hazard.linkage_kernels import BELLY, BOGIE_LEFT, BOGIE_RIGHT, FIGURES, PITCH, ROCKER, ROLL, WHEELS
from rover.hazard.standing_kernels import most, room_to_work, seek, stand, stand_expected
from rover.hazard.wheel_kernels import laid_along

TILT, SUSPENSION, BELLY_ROOM, STEP = 0, 1, 2, 3
MARGINS = 4
"""Least slack found on a walk: of attitude and suspension, rad, of the room under the belly and of steps, m."""

DEEPEST = 40
"""Parts of a pose that are kept to be looked at."""

SMALLEST = 0.2
"""Share of the spread along or across that is not halved again."""

LEVERAGE, LEAST_M = 0.3, 0.003
"""How much nearer a wheel may be by a metre of an axle's height; what is less is not halved."""

BLOCKS = 4096
"""Under the belly: more than of a rover twice as long and wide, as finely as it is laid out."""


@kernel
def walk(spacing, layers, wheels, bins, rover, places, spreads, most_parts, belly_margin, ahead, margins):  # type: ignore[no-untyped-def]
    """Return how many places pass before the first that does not, whose slacks lower the margins as well.

    Args:
        spacing, layers, wheels, bins, rover, places, spreads, most_parts, belly_margin, ahead: As of `walk_on`.
        margins: (MARGINS,) lowered to the least slacks of the places that pass, and of the first that does not; NaN
            where unknown.
    """
    failed = np.empty(MARGINS)
    passed = walk_on(
        spacing, layers, wheels, bins, rover, places, spreads, most_parts, belly_margin, ahead, margins, failed
    )  # fmt: skip
    if passed < len(places):
        for i in range(MARGINS):
            if not failed[i] >= margins[i]:
                margins[i] = failed[i]
    return passed


@kernel
def walk_on(  # type: ignore[no-untyped-def]
    spacing, layers, wheels, bins, rover, places, spreads, most_parts, belly_margin, ahead, margins, failed
):  # fmt: skip
    """Return how many places pass before the first that does not.

    Where one does not pass with the rover anywhere within its spread, each half of that along or across, or of the
    bounds of an axle's height, is looked at by itself, and each half of those.

    Args:
        spacing: Of the samples, m.
        layers: (LAYERS, headings, m, n) float32 the fields of `Laid` along each heading.
        wheels: `Wheels` as laid out along the headings.
        bins: (n,) int64 heading along which each place is laid out.
        rover: A `Rover`.
        places: (n, 4) ahead and left of the middle along that heading, m; cosine and sine of the yaw from it.
        spreads: (n, 2) how far any part may be along and across from where the place puts it, m.
        most_parts: How many parts of a pose are looked at, at the most; 0 for none, but how the rover is expected to
            stand at the place itself.
        belly_margin: Room that must be left under the belly, m.
        ahead: 1 or -1, the way that the wheels look for steps; 0 for either.
        margins: (MARGINS,) lowered to the least slacks of the places that pass.
        failed: (MARGINS,) the slacks of the first that does not; NaN where unknown.
    """
    room = room_to_work(BLOCKS)
    own, whole = np.empty((FIGURES, 2)), np.empty((FIGURES, 2))
    place, slack = np.empty(4), np.empty(MARGINS)
    parts, spans = np.empty((DEEPEST, 5)), np.empty((DEEPEST, FIGURES, 2))
    for k in range(len(places)):
        b, middle = bins[k], places[k]
        laid = laid_along(spacing, layers, wheels, b)
        slack[:] = np.inf
        # One loop, not a function of parts: each level of kernels that holds `stand` compiles for seconds.
        left, seen, stood, passes = 1, 0, False, True
        parts[0, 0] = parts[0, 1] = parts[0, 4] = 0.0
        parts[0, 2] = parts[0, 3] = 1.0
        while left > 0 and passes:
            left -= 1
            seen += 1
            u, v, share_u, share_v, known = parts[left]
            along, across = share_u * spreads[k, 0], share_v * spreads[k, 1]
            ahead_m, left_m = u * spreads[k, 0], v * spreads[k, 1]
            place[0] = middle[0] + ahead_m * middle[2] - left_m * middle[3]
            place[1] = middle[1] + ahead_m * middle[3] + left_m * middle[2]
            place[2], place[3] = middle[2], middle[3]
            if most_parts > 0:
                stand(laid, rover, place, along, across, spans[left], room, own, known > 0.0)
            else:
                along, across = 0.0, 0.0
                stand_expected(laid, rover, place, room, own)
            if own[0, 0] > own[0, 1]:
                continue
            axis = _axis(own, along, across, share_u, share_v)
            last = seen >= most_parts or left + 2 > DEEPEST or axis < 0
            passes = _within(own, rover.limits, belly_margin, slack, last)
            if passes:
                slack_up = rover.limits[4] - _step_bound(
                    laid, rover, place, room.boxes, along, across, ahead, own
                )
                passes = slack_up >= 0.0
                if passes or last:
                    slack[STEP] = slack[STEP] if slack_up >= slack[STEP] else slack_up
            if passes:
                stood = True
            elif not last:
                # What is known of the whole is of its parts.
                _copy(own, whole)
                for side in (-1.0, 1.0):
                    parts[left, 0], parts[left, 1], parts[left, 2], parts[left, 3] = u, v, share_u, share_v
                    parts[left, 4] = 1.0
                    _copy(whole, spans[left])
                    if axis >= WHEELS:
                        at = axis - WHEELS
                        parts[left, 2 + at] = parts[left, 2 + at] / 2.0
                        parts[left, at] = parts[left, at] + side * parts[left, 2 + at]
                    else:
                        half = (whole[axis, 0] + whole[axis, 1]) / 2.0
                        spans[left, axis, 0 if side > 0.0 else 1] = half
                    left += 1
                passes = True
        # It may be that nowhere within its spread it stands.
        passes = passes and stood
        if not passes:
            for i in range(MARGINS):
                failed[i] = slack[i]
            return k
        for i in range(MARGINS):
            if not slack[i] >= margins[i]:
                margins[i] = slack[i]
    return len(places)


@bare
def _axis(own, along, across, share_u, share_v):  # type: ignore[no-untyped-def]
    """Return what to halve for narrower bounds: an axle's height, then the place ahead, or aside; -1 for nothing."""
    found, most = -1, 0.0
    if share_u > SMALLEST and along > most:
        found, most = WHEELS, along
    if share_v > SMALLEST and across > most:
        found, most = WHEELS + 1, across
    for i in range(WHEELS):
        half = (own[i, 1] - own[i, 0]) / 2.0
        if half > LEAST_M and LEVERAGE * half > most:
            found, most = i, LEVERAGE * half
    return found


@kernel
def stand_about(spacing, layers, wheels, rover, place, attitude):  # type: ignore[no-untyped-def]
    """Fill about how far a rover pitches and rolls at a place, rad: no bounds; NaN where that is not known.

    Args:
        spacing, layers, wheels, rover: As of `walk_on`, of one heading.
        place: (4,) as of `walk_on`.
        attitude: (2,).
    """
    own, about, boxes = np.empty((FIGURES, 2)), np.empty((FIGURES, 2)), np.empty((WHEELS, 4))
    found = seek(laid_along(spacing, layers, wheels, 0), rover, place, 0.0, 0.0, about, boxes, own)
    attitude[0] = about[PITCH, 0] if found else np.nan
    attitude[1] = about[ROLL, 0] if found else np.nan


@bare
def _copy(bounds, to):  # type: ignore[no-untyped-def]
    """Copy bounds without the seconds of compiling that a check of shapes takes."""
    for i in range(FIGURES):
        to[i, 0], to[i, 1] = bounds[i, 0], bounds[i, 1]


@bare
def _within(own, limits, belly_margin, margins, last):  # type: ignore[no-untyped-def]
    """Tell whether bounds keep to the limits; lower the margins if they do, or if that is the last word."""
    tilt = min(limits[0] - most(own[PITCH]), limits[1] - most(own[ROLL]))
    bogies = max(most(own[BOGIE_LEFT]), most(own[BOGIE_RIGHT]))
    suspension = min(limits[2] - most(own[ROCKER]), limits[3] - bogies)
    room = own[BELLY, 0] - belly_margin
    passes = tilt >= 0.0 and suspension >= 0.0 and room >= 0.0
    if not (passes or last):
        return False
    if not tilt >= margins[TILT]:
        margins[TILT] = tilt
    if not suspension >= margins[SUSPENSION]:
        margins[SUSPENSION] = suspension
    if not room >= margins[BELLY_ROOM]:
        margins[BELLY_ROOM] = room
    return passes


@bare
def _grades(own):  # type: ignore[no-untyped-def]
    """Middle and half width of the body's plane's grade along the heading, and to the left of it."""
    sine_low, sine_high = sine(own[PITCH, 0]), sine(own[PITCH, 1])
    low = sine_low / math.sqrt(1.0 - sine_low * sine_low)
    high = sine_high / math.sqrt(1.0 - sine_high * sine_high)
    worst = max(sine_low * sine_low, sine_high * sine_high)
    steeper = 1.0 / math.sqrt(1.0 - worst)
    across_low, across_high = sine(own[ROLL, 0]), sine(own[ROLL, 1])
    left_low = across_low / math.sqrt(1.0 - across_low * across_low)
    left_high = across_high / math.sqrt(1.0 - across_high * across_high)
    left_low *= steeper if left_low < 0.0 else 1.0
    left_high *= 1.0 if left_high < 0.0 else steeper
    return (low + high) / 2.0, (high - low) / 2.0, (left_low + left_high) / 2.0, (left_high - left_low) / 2.0


@bare
def _step_bound(laid, rover, place, boxes, along, across, ahead, own):  # type: ignore[no-untyped-def]
    """Bound the highest rise before any wheel above where it stands, off the body's plane; NaN over unknown ground.

    It is looked for up to the wheel's diameter ahead of wherever the axle may be. A bound beyond the limit ends the
    search.
    """
    grade, grade_doubt, side, side_doubt = _grades(own)
    belly, cos, sin = rover.belly, place[2], place[3]
    highest = -np.inf
    for i in range(WHEELS):
        length, width = boxes[i, 2] + along, boxes[i, 3] + across
        doubt = grade_doubt * (2.0 * belly[5] + length) + side_doubt * (belly[6] / 2.0 + width)
        # The plane rises across the wheel too, by which its highest ground is taken.
        doubt += abs(side) * (belly[6] / 2.0 + width) + abs(grade) * length
        u = place[0] + boxes[i, 0] * cos - boxes[i, 1] * sin
        v = place[1] + boxes[i, 0] * sin + boxes[i, 1] * cos
        back = 0.0 if ahead > 0 else 2.0 * belly[5]
        reach = 0.0 if ahead < 0 else 2.0 * belly[5]
        # What lies ahead lies aside too, as the rover points off the heading; so far as a radius `wide` allows for it.
        v += (reach - back) / 2.0 * sin
        width += max(0.0, (reach + back) / 2.0 - belly[5]) * abs(sin)
        rise = _rise(laid, u, v, cos, length, width, back, reach, grade)
        step = rise + doubt - (own[i, 0] - belly[5])
        if not step <= highest:
            highest = step
        if not step <= rover.limits[4]:
            return step
    return highest


@bare
def _rise(laid, u, v, cos, length, width, back, reach, grade):  # type: ignore[no-untyped-def]
    """Highest ground from so far behind an axle to so far before it, less a grade along."""
    wide, spacing = laid.wide, laid.spacing
    m, n = wide.shape
    way = 1.0 if cos > 0.0 else -1.0
    before, behind = (reach, back) if way > 0.0 else (back, reach)
    j0, j1 = (
        math.floor((u - behind - length) / spacing) + n // 2,
        math.ceil((u + before + length) / spacing) + n // 2,
    )
    i0, i1 = math.floor((v - width) / spacing) + m // 2, math.ceil((v + width) / spacing) + m // 2
    if not (min(i0, j0) >= 0 and i1 < m and j1 < n):
        return np.nan
    highest = -np.inf
    slope = way * grade
    for i in range(i0, i1 + 1):
        for j in range(j0, j1 + 1):
            rise = np.float64(wide[i, j]) - slope * ((j - n // 2) * spacing - u)
            highest = max(highest, rise)
    return highest if highest < np.inf else np.nan
