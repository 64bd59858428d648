"""Kernels of a wheel on ground laid out along a heading: between which heights its axle is, wherever it may be.

Wheels lean with the body. They are laid out at a few leans, to hold so far off each; what leans or points otherwise is
bounded by a wheel so narrow that it is under any.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np

from rover.core.jit import bare, inlined
from rover.hazard.aligned_kernels import within_box
from rover.hazard.crest_kernels import CUT_M

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
        rest_low, rest_high: (leans + 1 and leans, m, n) float32 bounds of a wheel's lowest point with its axle above;
            the last of the low ones hold however wheels lean and point within the limits.
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
def skew_most(place, nose, leans):  # type: ignore[no-untyped-def]
    """Return the most that wheels point off the heading, sine, at sines of pitch and roll within bounds.

    A body that pitches and rolls has them point further left by the product of both over the cosine of the roll.
    """
    yaw = place[3] if place[2] > 0.0 else -place[3]
    flat = math.sqrt(1.0 - max(leans[0] * leans[0], leans[1] * leans[1]))
    one, two = nose[0] * leans[0] / flat, nose[0] * leans[1] / flat
    three, four = nose[1] * leans[0] / flat, nose[1] * leans[1] / flat
    return max(max(max(one, two), max(three, four)) + yaw, -min(min(one, two), min(three, four)) - yaw)


@bare
def axle_bounds(laid, rover, place, along, across, boxes, i, leans, skew, own):  # type: ignore[no-untyped-def]
    """Bound the height of an axle over its box; False over unknown ground.

    Wheels lean with the body, by sines within `leans`: a wheel's lowest point lies aside of its axle, by its radius
    times that, one of its sides is lower than its middle, and its rim is not as deep. They are laid out at about the
    roll there; what they lean otherwise puts either side up or down. `skew` is the most that they point off the
    heading.
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
        u, v, half_u, half_v = _under(
            laid, rover, place, along, across, boxes, i, leans, laid.lean, skew, 0.0
        )
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
    return (
        radius * min(upright, min(first, last)) - uneven,
        radius * max(upright, flattest) + uneven,
        otherwise,
    )


@bare
def between_samples(spacing, belly, off):  # type: ignore[no-untyped-def]
    """How much higher than at any of the samples round it a rim may touch, and how much lower than at the nearest.

    It bends by its curve between samples of the axle's place, and once more between those of the ground. Where it
    touches ground of up to 30 deg its curve is 1.6 times that at its lowest point.
    """
    away = spacing / 2.0 + belly[6] / 2.0 * off
    return CUT_M + 1.6 * spacing * spacing / (4.0 * belly[5]), away * away / (2.0 * belly[5]) + ROUNDING_M
