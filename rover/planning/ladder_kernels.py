"""A bound on arrival by what it takes to come to places where charge can be waited for faster and faster.

Rungs are rates of charge, ascending to more than any place has. Until a rover is first on a place of a rung or better,
it gains at less than that rate: what the way there takes and its battery does not hold costs so much time at the least.
From there the next rungs say the same. With any rate r of them the arrival from a cell with a charge q is

    arrival >= time + climb(cell, r) - q / r,

where climb is the least, over ways to the first place of r or better, of seconds and of joules over r, and beyond it
the greatest climb of a higher rung from there. Higher rungs lose less by a charge brought along, so that to bring none
is the least that there can be. (The greatest of such lines is a convex bound on the time to go over charge; each is a
Lagrangian one with its multiplier 1 / r.)
"""

from __future__ import annotations

import numpy as np

from rover.core.jit import bare, bare_inlined, kernel
from rover.planning.label_kernels import (
    CHARGE_W,
    COLUMN,
    DRIVEN,
    NAP_PHASE,
    NAP_W,
    OPEN,
    PHASE,
    ceilings_of,
    parked_w,
    sky_of,
    stored,
)
from rover.planning.least_way_kernels import spread_least
from rover.planning.leg_kernels import COLS_OFF, ROWS_OFF

_SHRINK = 1.0 - 1e-6
"""Of a bound, so that no rounding of sums or to float32 lifts it over what is true."""


@kernel
def greatest_gains(ground, early_s, late_s, begin, end, given_w, rates_w, first, last):  # type: ignore[no-untyped-def]
    """Fill the most that the array gives and the battery gains on cells `first` to `last` while they can be come by.

    Args:
        ground: A `Ground`.
        early_s, late_s: (n,) seconds of open driving before a cell can be come by, and after which it cannot any more.
        begin, end: Bins.
        given_w: (n,) output at the best heading in bins that are open for driving, W; 0 without any.
        rates_w: (n,) rate of charge of a parked rover in any bin, W; -inf without any.
    """
    bins, rules = ground.bins, ground.rules
    sky, bin_at, worth = sky_of(bins, rules)
    ceiling_w = np.empty(len(bin_at))
    for cell in range(first, last):
        given_w[cell], rates_w[cell] = 0.0, -np.inf
        start, stop = begin, end
        while start < stop and bins[start + 1, DRIVEN] < early_s[cell]:
            start += 1
        while stop > start and bins[stop - 1, DRIVEN] > late_s[cell]:
            stop -= 1
        if start == stop:
            continue
        ceilings_of(cell, ground.grades, ground.lit, sky, worth, rules, ceiling_w)
        gained_w = -np.inf
        # The likeliest first: most of the others are then known to give less without a look at the array's curve.
        likeliest = _likeliest(start, stop, bins, ceiling_w)
        for turn in range(start - 1, stop):
            k = turn if turn >= start else likeliest
            load_w = rules[NAP_W] if bins[k, PHASE] == NAP_PHASE else rules[CHARGE_W]
            is_open, most_w = bins[k, OPEN] > 0.0, _most_w(k, bins, ceiling_w)
            if most_w - load_w <= gained_w and (not is_open or most_w <= given_w[cell]):
                continue
            array_w = parked_w(cell, k, ground.grades, ground.lit, bins, rules)
            gained_w = max(gained_w, array_w - load_w)
            if is_open:
                given_w[cell] = max(given_w[cell], array_w)
        rates_w[cell] = stored(gained_w, rules)


@bare_inlined
def _most_w(k, bins, ceiling_w):  # type: ignore[no-untyped-def]
    """Return no less than what the array gives in a bin, W."""
    column = int(bins[k, COLUMN])
    return ceiling_w[column] if column >= 0 else 0.0


@bare
def _likeliest(start, stop, bins, ceiling_w):  # type: ignore[no-untyped-def]
    """Return the bin from `start` up to `stop` in which the array may give the most."""
    likeliest, most_w = start, -1.0
    for k in range(start, stop):
        bound_w = _most_w(k, bins, ceiling_w)
        if bound_w > most_w:
            likeliest, most_w = k, bound_w
    return likeliest


@bare
def drains_of(ground, early_s, late_s, given_w, takes_j, rates_w, first, last):  # type: ignore[no-untyped-def]
    """Fill what moves from cells `first` to `last` take from the battery, and raise the rates to those of moves.

    Args:
        ground: A `Ground`.
        early_s, late_s: As above.
        given_w: (n,) the most that the array gives, W.
        takes_j: (n, 8) float32 to fill, J; less than 0 for a gain, inf where there is no move.
        rates_w: (n,) rates of charge, W.
    """
    for cell in range(first, last):
        for d in range(8):
            seconds = np.float64(ground.legs_s[cell, d])
            takes_j[cell, d] = np.inf
            if not seconds < np.inf or early_s[cell] > late_s[cell]:
                continue
            to = cell + ROWS_OFF[d] * ground.cols + COLS_OFF[d]
            if early_s[to] > late_s[to]:
                continue
            harvest = 0.5 * (given_w[cell] + given_w[to]) * seconds
            gains = stored(harvest - np.float64(ground.legs_j[cell, d]), ground.rules)
            takes_j[cell, d] = -gains
            rates_w[cell] = max(rates_w[cell], gains / seconds)


@kernel
def climb_of(goal, cols, back_s, back_j, rates_w, rungs_w, climb_s, offset):  # type: ignore[no-untyped-def]
    """Fill the climb of every rung from every cell, the highest rung first.

    Args:
        goal, cols: Cell by number, columns of the map.
        back_s, back_j: (n, 8) float32 seconds of moves and what they take, the other way round (`turn_moves`); inf
            where there is none.
        rates_w: As above.
        rungs_w: (k,) ascending, the last more than any rate.
        climb_s: (n, columns) float32, of which k from `offset` on are filled; inf where the goal is out of reach.
        offset: First column.
    """
    count = len(rates_w)
    beyond, least, price = np.full(count, -np.inf), np.empty(count), np.empty((count, 8), np.float32)
    for rung in range(len(rungs_w) - 1, -1, -1):
        rate = rungs_w[rung]
        for cell in range(count):
            least[cell] = beyond[cell] if rates_w[cell] >= rate and beyond[cell] < np.inf else np.inf
            for d in range(8):
                price[cell, d] = np.inf
                if back_j[cell, d] < np.inf:
                    before = cell + ROWS_OFF[d] * cols + COLS_OFF[d]
                    if rates_w[before] < rate:
                        price[cell, d] = max(
                            0.0, np.float64(back_s[cell, d]) + np.float64(back_j[cell, d]) / rate
                        )
        least[goal] = 0.0
        spread_least(cols, price, least)
        for cell in range(count):
            beyond[cell] = max(beyond[cell], least[cell])
            climb_s[cell, offset + rung] = least[cell] * _SHRINK


@bare_inlined
def ladder_bound(least, time, cell, charge_j, passed_w, room_j, search):  # type: ignore[no-untyped-def]
    """Return the earliest arrival, not before `least`, that the ladder allows; inf where there is no way.

    Args:
        least, time, cell: A bound known before; when and where the rover is.
        charge_j: What it has above the least that is ever allowed, less what is known to be taken besides.
        passed_w, room_j: Rate of a place passed, at which it can still have waited, and the most to be gained there.
        search: A `Search`.
    """
    rungs = search.rungs_s_per_j.shape[1]
    passed_s_per_j = 1.0 / passed_w if passed_w > 0.0 else np.inf
    for w in range(len(search.rungs_s_per_j)):
        if search.climb_until_s[w] < least:
            continue
        to_go = 0.0
        for i in range(rungs):
            s_per_j = search.rungs_s_per_j[w, i]
            line = np.float64(search.climb_s[cell, w * rungs + i]) - charge_j * s_per_j
            if s_per_j > passed_s_per_j:
                line -= room_j * (s_per_j - passed_s_per_j)
            to_go = max(to_go, line)
        if time + to_go <= search.climb_until_s[w]:
            return max(least, time + to_go)
        least = search.climb_until_s[w]
    return least
