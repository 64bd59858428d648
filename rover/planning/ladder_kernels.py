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
from rover.planning.heap_kernels import drop_first, put
from rover.planning.label_kernels import CHARGE_W, NAP_PHASE, NAP_W, OPEN, PHASE, parked_w, stored
from rover.planning.leg_kernels import COLS_OFF, ROWS_OFF

_SHRINK = 1.0 - 1e-6
"""Of a bound, so that no rounding of sums or to float32 lifts it over what is true."""


@bare
def greatest_gains(ground, begin, end, given_w, rates_w, first, last):  # type: ignore[no-untyped-def]
    """Raise to the most that the array gives and the battery gains on cells `first` to `last` in a span of bins.

    Args:
        ground: A `Ground`.
        begin, end: Bins.
        given_w: (n,) output at the best heading in bins that are open for driving, W.
        rates_w: (n,) rate of charge of a parked rover in any bin, W.
    """
    bins, rules = ground.bins, ground.rules
    for cell in range(first, last):
        for k in range(begin, end):
            given = parked_w(cell, k, ground.grades, ground.lit, bins, rules)
            load_w = rules[NAP_W] if bins[k, PHASE] == NAP_PHASE else rules[CHARGE_W]
            rates_w[cell] = max(rates_w[cell], stored(given - load_w, rules))
            if bins[k, OPEN] > 0.0:
                given_w[cell] = max(given_w[cell], given)


@bare
def drains_of(ground, given_w, takes_j, rates_w, first, last):  # type: ignore[no-untyped-def]
    """Fill what moves from cells `first` to `last` take from the battery, and raise the rates to those of moves.

    Args:
        ground: A `Ground`.
        given_w: (n,) the most that the array gives, W.
        takes_j: (n, 8) float32 to fill, J; less than 0 for a gain, inf where there is no move.
        rates_w: (n,) rates of charge, W.
    """
    for cell in range(first, last):
        for d in range(8):
            seconds = np.float64(ground.legs_s[cell, d])
            takes_j[cell, d] = np.inf
            if seconds < np.inf:
                to = cell + ROWS_OFF[d] * ground.cols + COLS_OFF[d]
                harvest = 0.5 * (given_w[cell] + given_w[to]) * seconds
                gains = stored(harvest - np.float64(ground.legs_j[cell, d]), ground.rules)
                takes_j[cell, d] = -gains
                rates_w[cell] = max(rates_w[cell], gains / seconds)


@kernel
def climb_of(ground, takes_j, rates_w, rungs_w, climb_s, offset):  # type: ignore[no-untyped-def]
    """Fill the climb of every rung from every cell, the highest rung first.

    Args:
        ground: A `Ground`.
        takes_j, rates_w: As above.
        rungs_w: (k,) ascending, the last more than any rate.
        climb_s: (n, columns) float32, of which k from `offset` on are filled; inf where the goal is out of reach.
        offset: First column.
    """
    count, goal, cols = len(rates_w), ground.goal, ground.cols
    beyond, least = np.full(count, -np.inf), np.empty(count)
    keys, items = np.empty(1024), np.empty(1024, np.int64)
    for rung in range(len(rungs_w) - 1, -1, -1):
        rate, size = rungs_w[rung], 0
        for cell in range(count):
            least[cell] = np.inf
            there = cell == goal or (rates_w[cell] >= rate and beyond[cell] < np.inf)
            if there:
                least[cell] = 0.0 if cell == goal else beyond[cell]
                keys, items, size = put(keys, items, size, least[cell], cell)
        while size > 0:
            so_far, cell = keys[0], items[0]
            size = drop_first(keys, items, size)
            if so_far > least[cell]:
                continue
            for d in range(8):
                row, col = cell // cols - ROWS_OFF[d], cell % cols - COLS_OFF[d]
                if not (0 <= col < cols and row >= 0 and row * cols + col < count):
                    continue
                before = row * cols + col
                seconds = np.float64(ground.legs_s[before, d])
                if not seconds < np.inf or rates_w[before] >= rate or before == goal:
                    continue
                through = so_far + max(0.0, seconds + np.float64(takes_j[before, d]) / rate)
                if through < least[before]:
                    least[before] = through
                    keys, items, size = put(keys, items, size, through, before)
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
    rungs = search.rungs_w.shape[1]
    for w in range(len(search.rungs_w)):
        if search.climb_until_s[w] < least:
            continue
        to_go = 0.0
        for i in range(rungs):
            rate = search.rungs_w[w, i]
            line = np.float64(search.climb_s[cell, w * rungs + i]) - charge_j / rate
            if rate < passed_w:
                line -= room_j * (1.0 / rate - 1.0 / passed_w)
            to_go = max(to_go, line)
        if time + to_go <= search.climb_until_s[w]:
            return max(least, time + to_go)
        least = search.climb_until_s[w]
    return least
