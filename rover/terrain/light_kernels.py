"""Kernels of `rover.terrain.light`, `rover.terrain.link` and `rover.terrain.calendar`.

All arithmetic is float32 and calls no library function but the square root, so that it is the same with and without
JIT, and runs in vectors. Differences between a body's elevation and the horizon are made from whole numbers first, and
so lose no digits.
"""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import kernel

UNKNOWN = np.float32(65535)
"""As `rover.terrain.horizon.UNKNOWN`."""

NOTHING, HALF, ONE = np.float32(0.0), np.float32(0.5), np.float32(1.0)
NEVER = np.float32(-1.0)
"""In an account, first and last time of a cell that has had none yet."""
FAR_BELOW = np.float32(-1e9)

PIECE = 512
"""Cells of a row that go through all times together."""
SINCE, BEGINS, ENDS, LONGEST, TOTAL = PIECE, 2 * PIECE, 3 * PIECE, 4 * PIECE, 5 * PIECE
"""Where each account begins; heights above the horizon stand first."""

C0 = np.float32(0.6001886129379272)
C1 = np.float32(-0.08979380130767822)
C2 = np.float32(-0.008904563263058662)
C3 = np.float32(-0.0001940021029440686)
C4 = np.float32(-0.0012962168548256159)
"""Of `disc_share`: least largest error, with a half exactly where the centre is on the horizon."""


@kernel
def disc_share(x):  # type: ignore[no-untyped-def]
    """Return the share of a disc above a level edge that its centre stands `x` radii over, |x| <= 1, both float32.

    The circular segment beyond |x| = 1 - u is u^1.5 times a function without singularity on 0 <= u <= 1, here a
    polynomial: within 3e-7 of the segment's area (tested). It never falls where x grows.
    """
    u = ONE - abs(x)
    beyond = ((((C4 * u + C3) * u + C2) * u + C1) * u + C0) * (u * np.float32(math.sqrt(u)))
    return beyond if x < NOTHING else ONE - beyond


@kernel
def lit_rows(steps, aims, t, per_step, lit, first, last):  # type: ignore[no-untyped-def]
    """Fill rows `first` to `last` of the lit fraction at time t; NaN where the horizon is unknown.

    Args:
        steps: (azimuths, rows, cols) uint16 of the horizon map.
        aims: Of the Sun's centre.
        t: Index of the time.
        per_step: (n,) float32 one over the Sun's radius in steps.
        lit: (rows, cols) float32 to fill.
        first, last: Rows.
    """
    cols = steps.shape[2]
    weight, whole, eastward, radius = aims.weight[t], aims.whole[t], aims.eastward[t], per_step[t]
    east, floor = aims.east, aims.floor[t]
    for r in range(first, last):
        before, after, out = steps[aims.before[t], r], steps[aims.after[t], r], lit[r]
        level = aims.rest[t] + aims.north[r] * aims.northward[t]
        for c in range(cols):
            low, high = np.float32(before[c]), np.float32(after[c])
            share = _share(low, high, weight, whole, floor, level + east[c] * eastward, radius)
            out[c] = share if low != UNKNOWN else np.float32(np.nan)


@kernel
def mean_rows(steps, aims, per_step, each, lit, kept, first, last):  # type: ignore[no-untyped-def]
    """Fill rows `first` to `last` of the lit fraction's mean over every `each` times, of 255; unknown is dark.

    A piece of a row goes through all times before the next one, so that what is written stays in the nearest caches.

    Args:
        steps, aims, per_step, first, last: As for `lit_rows`.
        each: Times in a mean.
        lit: (rows, cols, n / each) uint8 to fill.
        kept: (PIECE,) float32 of the caller's.
    """
    cols, of_255 = steps.shape[2], np.float32(255.0 / each)
    for r in range(first, last):
        for start in range(0, cols, PIECE):
            stop = min(cols, start + PIECE)
            east, out = aims.east[start:stop], lit[r, start:stop]
            for k in range(lit.shape[2]):
                kept[:] = NOTHING
                for t in range(k * each, (k + 1) * each):
                    before, after = steps[aims.before[t], r, start:stop], steps[aims.after[t], r, start:stop]
                    level = aims.rest[t] + aims.north[r] * aims.northward[t]
                    weight, whole, eastward = aims.weight[t], aims.whole[t], aims.eastward[t]
                    _add_shares(
                        before, after, east, weight, whole, aims.floor[t], level, eastward, per_step[t], kept
                    )
                for c in range(stop - start):
                    out[c, k] = np.uint8(np.rint(kept[c] * of_255))


@kernel
def _add_shares(before, after, east, weight, whole, floor, level, eastward, radius, kept):  # type: ignore[no-untyped-def]
    """Add the lit fraction of a piece of a row at one time."""
    for c in range(len(east)):
        low, high = np.float32(before[c]), np.float32(after[c])
        share = _share(low, high, weight, whole, floor, level + east[c] * eastward, radius)
        kept[c] += share if low != UNKNOWN else NOTHING


@kernel
def _share(low, high, weight, whole, floor, stands, radius):  # type: ignore[no-untyped-def]
    """Return the share of the disc over a horizon between two azimuths' steps; the centre `stands` so many steps up."""
    horizon = (low - whole) + weight * (high - low)
    horizon = horizon if horizon > floor else floor
    x = (stands - horizon) * radius
    x = x if x < ONE else ONE
    return disc_share(x if x > -ONE else -ONE)


@kernel
def view_rows(steps, aims, t, seen, first, last):  # type: ignore[no-untyped-def]
    """Fill rows `first` to `last` of what stands on the horizon or above it at time t; unknown cells do not see it.

    Args:
        steps, aims, t, first, last: As for `lit_rows`.
        seen: (rows, cols) bool to fill.
    """
    cols = steps.shape[2]
    weight, whole, eastward, east = aims.weight[t], aims.whole[t], aims.eastward[t], aims.east
    floor = aims.floor[t]
    for r in range(first, last):
        before, after, out = steps[aims.before[t], r], steps[aims.after[t], r], seen[r]
        level = aims.rest[t] + aims.north[r] * aims.northward[t]
        for c in range(cols):
            low, high = np.float32(before[c]), np.float32(after[c])
            horizon = (low - whole) + weight * (high - low)
            horizon = horizon if horizon > floor else floor
            above = (level + east[c] * eastward) - horizon
            out[c] = (above >= NOTHING) & (low != UNKNOWN)


@kernel
def calendar_rows(steps, aims, time, begins, ends, longest, total, kept, counts, first, last):  # type: ignore[no-untyped-def]
    """Fill rows `first` to `last` of when something stood on the horizon or above it.

    Between two times the height above the horizon is taken to change evenly. A piece of a row goes through all times
    before the next one, so that what is kept for its cells stays in the processor's nearest cache.

    Args:
        steps, aims, first, last: As for `lit_rows`.
        time: (n,) float32 seconds since the first, ascending.
        begins, ends: (rows, cols) float32 to fill: first and last time above; NaN where never.
        longest: Likewise, the longest stretch below.
        total: Likewise, time above in all.
        kept: (6 PIECE,) float32 of the caller's.
        counts: (n,) int64 to add to: cells above at each time.
    """
    cols = steps.shape[2]
    for r in range(first, last):
        for start in range(0, cols, PIECE):
            stop = min(cols, start + PIECE)
            east = aims.east[start:stop]
            for t in range(len(time)):
                before = steps[aims.before[t], r, start:stop]
                after = steps[aims.after[t], r, start:stop]
                level = aims.rest[t] + aims.north[r] * aims.northward[t]
                if t == 0:
                    kept[:] = NOTHING
                    _heights(
                        before,
                        after,
                        east,
                        aims.weight[t],
                        aims.whole[t],
                        aims.floor[t],
                        level,
                        aims.eastward[t],
                        kept,
                    )
                    counts[t] += _open(kept, stop - start)
                else:
                    counts[t] += _pass(
                        before,
                        after,
                        east,
                        aims.weight[t],
                        aims.whole[t],
                        aims.floor[t],
                        level,
                        aims.eastward[t],
                        time[t - 1],
                        time[t] - time[t - 1],
                        kept,
                    )
            _close(
                steps[0, r, start:stop],
                time[len(time) - 1],
                kept,
                begins[r, start:stop],
                ends[r, start:stop],
                longest[r, start:stop],
                total[r, start:stop],
            )


@kernel
def _heights(before, after, east, weight, whole, floor, level, eastward, kept):  # type: ignore[no-untyped-def]
    """Keep the height above the horizon in steps, far below where that is unknown."""
    for c in range(len(before)):
        low, high = np.float32(before[c]), np.float32(after[c])
        horizon = (low - whole) + weight * (high - low)
        horizon = horizon if horizon > floor else floor
        above = (level + east[c] * eastward) - horizon
        kept[c] = above if low != UNKNOWN else FAR_BELOW


@kernel
def _open(kept, cells):  # type: ignore[no-untyped-def]
    """Begin the account of a piece with its heights at the first time; return how many cells are above."""
    count = 0
    for c in range(cells):
        is_above = kept[c] >= NOTHING
        kept[c + BEGINS] = NOTHING if is_above else NEVER
        kept[c + ENDS] = NEVER
        count += 1 if is_above else 0
    return count


@kernel
def _pass(before, after, east, weight, whole, floor, level, eastward, then, span, kept):  # type: ignore[no-untyped-def]
    """Carry the account of a piece over one span of time; return how many cells are above at its end.

    All six accounts lie in one array a fixed distance apart: with an array each, the compiler would have to check too
    many pairs of them for overlap, and would not work in vectors.
    """
    count = 0
    for c in range(len(before)):
        low, high = np.float32(before[c]), np.float32(after[c])
        horizon = (low - whole) + weight * (high - low)
        horizon = horizon if horizon > floor else floor
        now = (level + east[c] * eastward) - horizon
        now = now if low != UNKNOWN else FAR_BELOW
        was = kept[c]
        kept[c] = now
        was_above, is_above = was >= NOTHING, now >= NOTHING
        rises, sets = is_above & (not was_above), was_above & (not is_above)
        change = was - now if rises | sets else ONE
        # numba's own division would look for a zero to raise an error at, and leave the vectors for it.
        when = then + span * np.divide(was, change)
        since = kept[c + SINCE]
        stretch = when - since
        kept[c + SINCE] = when if rises | sets else since
        begun = kept[c + BEGINS]
        kept[c + BEGINS] = when if rises & (begun < NOTHING) else begun
        kept[c + ENDS] = when if sets else kept[c + ENDS]
        longest = kept[c + LONGEST]
        kept[c + LONGEST] = stretch if rises & (stretch > longest) else longest
        total = kept[c + TOTAL]
        kept[c + TOTAL] = total + stretch if sets else total
        count += 1 if is_above else 0
    return count


@kernel
def _close(horizon, end, kept, begins, ends, longest, total):  # type: ignore[no-untyped-def]
    """End the account of a piece with the last time and write it; NaN for what never was and for unknown cells."""
    for c in range(len(horizon)):
        is_above = kept[c] >= NOTHING
        stretch = end - kept[c + SINCE]
        dark, lit = kept[c + LONGEST], kept[c + TOTAL]
        begins[c], ends[c] = kept[c + BEGINS], end if is_above else kept[c + ENDS]
        longest[c] = stretch if (not is_above) & (stretch > dark) else dark
        total[c] = lit + stretch if is_above else lit
        if begins[c] < NOTHING:
            begins[c], ends[c] = np.float32(np.nan), np.float32(np.nan)
        if np.float32(horizon[c]) == UNKNOWN:
            longest[c], total[c] = np.float32(np.nan), np.float32(np.nan)
