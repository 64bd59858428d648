"""Kernels of `rover.onboard.stance`: how the rover would stand at many places and headings, quickly and about."""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import bare, kernel
from rover.hazard.linkage_kernels import (
    BODY,
    BOGIE_LEFT,
    BOGIE_RIGHT,
    FIGURES,
    PITCH,
    ROCKER,
    ROLL,
    WHEELS,
    settle_axles,
)


@kernel
def wheel_rests(z, resolution, radius, rests, first, last):  # type: ignore[no-untyped-def]
    """Fill rows `first` up to `last` of how high a wheel's lowest point is whose axle is over each cell.

    Args:
        z: (rows, cols) float32; NaN is unknown.
        resolution: Side of a cell, m.
        radius: Of the wheel, m.
        rests: (rows, cols) float32; NaN over unknown ground.
    """
    rows, cols = z.shape
    reach = math.floor(0.9 * radius / resolution)
    highest = np.empty(cols)
    for r in range(first, last):
        for c in range(cols):
            highest[c] = z[r, c]
        for i in range(max(0, r - reach), min(rows, r + reach + 1)):
            for k in range(-reach, reach + 1):
                square = radius * radius - ((i - r) ** 2 + k * k) * resolution * resolution
                if not square > 0.19 * radius * radius:
                    continue
                _raise_by(z[i], k, radius - math.sqrt(square), highest)
        for c in range(cols):
            rests[r, c] = highest[c]


@bare
def _raise_by(beside, off, less, highest):  # type: ignore[no-untyped-def]
    """Raise a row to another, so many cells further on, less a height; what is unknown stays so."""
    first, count = max(0, -off), len(highest) - abs(off)
    # Slices, so that the loop is done in vectors.
    theirs, own = beside[max(0, off) :], highest[first:]
    for c in range(count):
        height = np.float64(theirs[c]) - less
        own[c] = height if height > own[c] else own[c]


@bare
def extremes_about(values, near, low, high, first, last):  # type: ignore[no-untyped-def]
    """Fill rows `first` up to `last` of the least and the greatest value near each cell, what is unknown left out.

    Args:
        values: (rows, cols) float32; NaN is unknown.
        near: (k, 2) rows and columns off a cell that are near it.
        low, high: (rows, cols) float32; NaN on unknown cells.
    """
    rows, cols = values.shape
    for r in range(first, last):
        for c in range(cols):
            low[r, c], high[r, c] = np.inf, -np.inf
        for k in range(len(near)):
            i, off = r + near[k, 0], near[k, 1]
            if not 0 <= i < rows:
                continue
            begin, count = max(0, -off), cols - abs(off)
            theirs, least, most = values[i, max(0, off) :], low[r, begin:], high[r, begin:]
            for c in range(count):
                least[c] = theirs[c] if theirs[c] < least[c] else least[c]
                most[c] = theirs[c] if theirs[c] > most[c] else most[c]
        for c in range(cols):
            if not abs(values[r, c]) < np.inf:
                low[r, c], high[r, c] = np.nan, np.nan


@kernel
def stances(  # type: ignore[no-untyped-def]
    z,
    low,
    high,
    resolution,
    places,
    headings,
    axles,
    limits,
    links,
    belly,
    weights,
    margins,
    slack,
    first,
    last,
):
    """Fill the least slack of how the rover stands at places `first` up to `last`, each at every heading.

    Args:
        z: (rows, cols) float32 heights, the greatest near each cell.
        low, high: (rows, cols) float32 where a wheel may rest at the least and at the most, as of `wheel_rests`.
        resolution: Side of a cell, m.
        places: (n, 2) column and row as fractions.
        headings: (h, 2) cosine and sine of the yaw.
        axles: (6, 2) forward and left of the middle, m.
        limits, links, belly, weights: As `rover.hazard.clearance_figures` has them.
        margins: (4,) what a slack of attitude and suspension, rad, of the belly and of steps, m, counts as one.
        slack: (n, h) float32 least of the slacks over their margins; NaN over unknown ground.
        first, last: Places.
    """
    own = np.empty((FIGURES, 2))
    for n in range(first, last):
        for h in range(len(headings)):
            slack[n, h] = _slack(
                z,
                low,
                high,
                resolution,
                places[n],
                headings[h],
                axles,
                limits,
                links,
                belly,
                weights,
                margins,
                own,
            )


@bare
def _slack(z, low, high, resolution, place, heading, axles, limits, links, belly, weights, margins, own):  # type: ignore[no-untyped-def]
    cos, sin = heading[0] / resolution, heading[1] / resolution
    for i in range(WHEELS):
        ahead, left = axles[i, 0], axles[i, 1]
        c = math.floor(place[0] + ahead * cos - left * sin + 0.5)
        r = math.floor(place[1] + ahead * sin + left * cos + 0.5)
        if not (0 <= r < z.shape[0] and 0 <= c < z.shape[1]):
            return np.nan
        own[i, 0] = np.float64(low[r, c]) + belly[5]
        own[i, 1] = np.float64(high[r, c]) + belly[5]
        if not own[i, 0] <= own[i, 1]:
            return np.nan
    settle_axles(links, own)
    if not own[PITCH, 1] < np.inf:
        return -1.0
    tilt = min(limits[0] - _most(own[PITCH]), limits[1] - _most(own[ROLL])) / margins[0]
    bogies = max(_most(own[BOGIE_LEFT]), _most(own[BOGIE_RIGHT]))
    least = min(tilt, min(limits[2] - _most(own[ROCKER]), limits[3] - bogies) / margins[1])
    if least < 0.0:
        return max(least, -1.0)
    pitch, roll = (own[PITCH, 0] + own[PITCH, 1]) / 2.0, (own[ROLL, 0] + own[ROLL, 1]) / 2.0
    along, across = math.tan(pitch), math.tan(roll) / math.cos(pitch)
    least = min(least, _steps(high, place, cos, sin, axles, belly, limits[4], along, margins[3], own))
    if least < 0.0:
        return max(least, -1.0)
    upright = math.cos(pitch) * math.cos(roll)
    base = (own[BODY, 0] + own[BODY, 1]) / 2.0 + belly[0] / upright - belly[5] * upright
    room = _room(z, resolution, place, cos, sin, belly, weights, base, along, across, own)
    return max(-1.0, min(least, room / margins[2]))


@bare
def _most(pair):  # type: ignore[no-untyped-def]
    return max(abs(pair[0]), abs(pair[1]))


@bare
def _steps(high, place, cos, sin, axles, belly, limit, along, margin, own):  # type: ignore[no-untyped-def]
    """Least slack of the steps before the wheels, over its margin."""
    most = 0.0
    for i in range(WHEELS):
        for k in (1, 2):
            off = k * 0.75 * belly[5]
            ahead, left = axles[i, 0] + off, axles[i, 1]
            c = math.floor(place[0] + ahead * cos - left * sin + 0.5)
            r = math.floor(place[1] + ahead * sin + left * cos + 0.5)
            if 0 <= r < high.shape[0] and 0 <= c < high.shape[1]:
                rise = np.float64(high[r, c]) - (own[i, 0] - belly[5]) - along * off
                if rise > most:
                    most = rise
    return (limit - most) / margin


@bare
def _room(z, resolution, place, cos, sin, belly, weights, base, along, across, own):  # type: ignore[no-untyped-def]
    """Least room between the belly's plane, as low as it may be, and the ground under it."""
    rows, cols = z.shape
    length, width = (belly[1] + belly[3]) / 2.0, (belly[2] + belly[4]) / 2.0
    spacing = max(resolution, 0.09)
    n, k = math.ceil(2.0 * length / spacing), math.ceil(2.0 * width / spacing)
    least = np.inf
    for a in range(n + 1):
        ahead = -length + 2.0 * length * a / n
        for b in range(k + 1):
            left = -width + 2.0 * width * b / k
            c = math.floor(place[0] + ahead * cos - left * sin + 0.5)
            r = math.floor(place[1] + ahead * sin + left * cos + 0.5)
            if 0 <= r < rows and 0 <= c < cols:
                room = base + along * ahead + across * left - np.float64(z[r, c])
                if room < least:
                    for i in range(WHEELS):
                        half = (own[i, 1] - own[i, 0]) / 2.0
                        room -= half * abs(
                            weights[0, 0, i] + weights[0, 1, i] * ahead + weights[0, 2, i] * left
                        )
                    least = min(least, room)
    return least
