"""What labels of the traverse search are, what power does to them, and when one makes another needless.

A label says: the rover stands on a cell at a time with a charge. It also keeps the best place that it has passed since
the last edge of a bin: there it could have stayed longer, so that a label stands for all later times within its bin as
well, with the charge that grows (or falls) at that place's rate up to what a full battery there would have left here.
Waiting is so decided when it is known what for, and times and charges stay continuous.
"""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import bare, kernel

TIME, CHARGE, RATE, MOST, SINCE, DARK, FIRST, SECOND, DIP, LOW_MOST, OVER = range(11)
"""Columns of a label's numbers: time, s; charge, J; rate of charge while it waits, W; most charge that such waiting
comes to, J; metres since the last commands; seconds in shadow up to now; what it has of either criterion; then, J, of
the charges at the best place and after each leg since: the lowest, as they would be in a battery without bounds, by how
much it is under the charge now; what the lowest comes to at most by waiting there; and how much more than now there
would be without bounds.

Waiting there lifts them all until they are full: with w more the charge is the lesser of `MOST` and charge, `OVER` and
w together, the lowest the lesser of `LOW_MOST` and charge, w less `DIP`. Of the smallest charge a criterion has what
came before the best place, and the rest once nothing more can be waited for there."""

REALS = 11

CELL, PARENT, BIN, ACTION, NEXT, MARKS = range(6)
"""Columns of a label's whole numbers. `NEXT` is the next label of the cell's list, -1 at its end."""

START, WAIT, STAY = 8, 9, 10
"""Actions that are not one of the eight moves: departure, waiting to the end of the bin, staying until driving is next
open (nap, low Sun, night)."""

HERE, SHADED, DEAD = 1, 2, 4
"""Marks: the best place is the label's own cell; the best place is in shadow; another label dominates it."""

EDGE, PHASE, COLUMN, FLUX, SUN_EAST, SUN_NORTH, SUN_UP, OPEN, OPEN_UNTIL, DRIVEN, FLOOR, GAINED = range(12)
"""Columns of the table of bins: when it begins, s; what the Sun allows; column of the light, -1 for none; output of the
array facing the Sun, W; direction to the Sun; whether driving is open, and until when; seconds of open driving before
it; least charge, J; joules that a rover on the best cell at each time could have gained before it."""

BINS = 12

DRIVE_PHASE, LOW_PHASE, NAP_PHASE, NIGHT_PHASE = 0, 1, 2, 3

(
    CAPACITY,
    CHARGING,
    DISCHARGING,
    CHARGE_W,
    NAP_W,
    DORMANT_W,
    COMMAND_W,
    WAKE_W,
    LEAN_COS,
    LEAN_SIN,
    LEAST_LIT,
    SHADOW_LIT,
    LONGEST_DARK,
    DEADLINE,
    STOP_M,
    CYCLE_S,
    CELL_M,
    CHARGE_SLACK,
    TIME_SLACK,
    SINCE_SLACK,
    TRACKS_DARK,
    FIRST_KIND,
    SECOND_KIND,
    LEAST_FLOOR,
    LEAST_W,
) = range(25)
"""Places in the rules: battery, J; efficiencies; loads and waking output, W; lean of the array; least light for driving
and what counts as shadow, of 255; longest time in shadow, latest arrival, s; longest drive on one set of commands, m;
what commands cost, s; side of a cell, m; what dominance overlooks of charge, J, time, s, and metres; whether time in
shadow counts; the two criteria; the least charge ever allowed, J; the least load of a rover that waits awake or drives,
W."""

CURVE, CURVE_NODES = 25, 16
"""Behind them the array's curve: sines of the Sun's height over its plane, ascending and padded with 2; then gains."""

RULES = CURVE + 2 * CURVE_NODES

_STEPS = 512
"""Of the share of the rays that an array takes, in the table of what it is worth at the most."""

NONE, BY_TIME, BY_ENERGY, BY_CHARGE, BY_SHADOW, BY_CLEARANCE, BY_DISTANCE = range(7)
"""Criteria: all are to be least; of charge and clearance it is the least of them with its sign changed."""

GRAIN = 2.0**32
"""Parts of a metre: lengths of whole parts add up to the same in every order, and ways equally long are so."""

ROUNDING_J = 1e-6
"""Charges closer than this are one, and so are values of a criterion: sums of the same terms in another order."""


@bare
def gained(share, rules):  # type: ignore[no-untyped-def]
    """Return what an array gives of its output facing the Sun, by the share of the rays that it takes."""
    if share <= 0.0:
        return 0.0
    node = 0
    while node < CURVE_NODES - 1 and rules[CURVE + node + 1] <= share:
        node += 1
    low, gain = rules[CURVE + node], rules[CURVE + CURVE_NODES + node]
    if share > low and node < CURVE_NODES - 1:
        after = rules[CURVE + CURVE_NODES + node + 1]
        gain += (after - gain) * (share - low) / (rules[CURVE + node + 1] - low)
    return share * gain


@bare
def leant(up, rules):  # type: ignore[no-untyped-def]
    """Return the share of the rays that the array takes at its best heading, by that which the deck takes."""
    if rules[LEAN_SIN] == 0.0:
        return up
    return up * rules[LEAN_COS] + math.sqrt(max(0.0, 1.0 - up * up)) * rules[LEAN_SIN]


@bare
def facing_sun(grade_east, grade_north, bins, k, rules):  # type: ignore[no-untyped-def]
    """Return what the array of a parked rover gives at its best heading, of its output facing the Sun."""
    up = bins[k, SUN_UP] - grade_east * bins[k, SUN_EAST] - grade_north * bins[k, SUN_NORTH]
    up /= math.sqrt(1.0 + grade_east * grade_east + grade_north * grade_north)
    return gained(leant(up, rules), rules)


@bare
def facing_ahead(grade_east, grade_north, east, north, bins, k, rules):  # type: ignore[no-untyped-def]
    """Return what the array gives at a heading, of its output facing the Sun: it leans to the left of the deck."""
    size = math.sqrt(1.0 + grade_east * grade_east + grade_north * grade_north)
    up = (bins[k, SUN_UP] - grade_east * bins[k, SUN_EAST] - grade_north * bins[k, SUN_NORTH]) / size
    if rules[LEAN_SIN] == 0.0:
        return gained(up, rules)
    rise = grade_east * east + grade_north * north
    longer = math.sqrt(1.0 + rise * rise)
    # The normal (-grade_east, -grade_north, 1) / size times the way ahead (east, north, rise) / longer.
    left_east = (-grade_north * rise - north) / (size * longer)
    left_north = (east + grade_east * rise) / (size * longer)
    left_up = (-grade_east * north + grade_north * east) / (size * longer)
    left = left_east * bins[k, SUN_EAST] + left_north * bins[k, SUN_NORTH] + left_up * bins[k, SUN_UP]
    return gained(up * rules[LEAN_COS] + left * rules[LEAN_SIN], rules)


@bare
def light_of(lit, cell, bins, k):  # type: ignore[no-untyped-def]
    """Return the light of a cell in a bin, of 255; at night none."""
    column = int(bins[k, COLUMN])
    if column < 0:
        return 0
    return int(lit[cell, column])


@bare
def stored(net, rules):  # type: ignore[no-untyped-def]
    """Return what a surplus brings to the cells of the battery, or a deficit takes from them."""
    if net > 0.0:
        return net * rules[CHARGING]
    return net / rules[DISCHARGING]


@bare
def parked_w(cell, k, grades, lit, bins, rules):  # type: ignore[no-untyped-def]
    """Return what the array of a rover parked on a cell gives in a bin, W; nothing where the ground is not known."""
    light = light_of(lit, cell, bins, k)
    east, north = np.float64(grades[cell, 0]), np.float64(grades[cell, 1])
    if light == 0 or east != east or north != north:
        return 0.0
    return bins[k, FLUX] * facing_sun(east, north, bins, k, rules) * light / 255.0


@bare
def parked_rate(cell, k, load_w, grades, lit, bins, rules):  # type: ignore[no-untyped-def]
    """Return by how many watts the charge of a rover parked on a cell grows in a bin."""
    return stored(parked_w(cell, k, grades, lit, bins, rules) - load_w, rules)


@bare
def value_at(reals, label, time):  # type: ignore[no-untyped-def]
    """Return the charge that a label has at a later time of its bin, having waited at its best place."""
    charge = reals[label, CHARGE] + reals[label, OVER] + reals[label, RATE] * (time - reals[label, TIME])
    charge = min(charge, reals[label, MOST])
    return max(reals[label, CHARGE], charge) if reals[label, RATE] > 0.0 else charge


@bare
def lowest_of(reals, label, more_j):  # type: ignore[no-untyped-def]
    """Return the lowest charge at a label's best place and since, with so much more (or less) waited for there."""
    return min(reals[label, LOW_MOST], reals[label, CHARGE] - reals[label, DIP] + more_j)


@bare
def _stays_over(a, b, waits, reals, slack):  # type: ignore[no-untyped-def]
    """Tell whether the lowest charge of `a` is no less than that of `b`, whatever is waited for; of losses, its charge
    as well.

    A loss lowers what came after the best place too, also what `a` loses until `b`'s time, and only what is over a full
    battery makes up for it: both matter to a rover that drives on less than it waits on.
    """
    off = slack + ROUNDING_J
    if reals[a, RATE] >= 0.0:
        if reals[a, DIP] > reals[b, DIP] + off:
            return False
    elif lowest_of(reals, a, reals[a, RATE] * waits) < lowest_of(reals, b, 0.0) - off:
        return False
    high = reals[b, LOW_MOST] if reals[b, RATE] > 0.0 else lowest_of(reals, b, 0.0)
    if reals[a, LOW_MOST] < high - off:
        return False
    if reals[b, OVER] <= 0.0 or reals[b, RATE] >= 0.0:
        return True
    unbound = reals[a, CHARGE] + reals[a, OVER] + reals[a, RATE] * waits
    return unbound >= reals[b, CHARGE] + reals[b, OVER] - off


@bare
def dominates(a, b, reals, whole, end, rules):  # type: ignore[no-untyped-def]
    """Tell whether whatever follows label `b` follows label `a` of the same cell and bin at least as well.

    It does if `a`, having waited at its best place until `b`'s time, has no less of everything, and can charge no
    slower from then on. With a slack it overlooks so much.

    Args:
        a, b: Labels.
        reals, whole: Their numbers.
        end: Of the bin.
        rules: As above.
    """
    slack = rules[CHARGE_SLACK]
    then = reals[b, TIME]
    if reals[a, TIME] > then + rules[TIME_SLACK]:
        return False
    if rules[CYCLE_S] > 0.0:
        if reals[a, SINCE] > reals[b, SINCE] + rules[SINCE_SLACK]:
            return False
        # Commands begin where and when they are due, not later and not before: only the same is sure to follow as well.
        if slack == 0.0 and (reals[a, SINCE] < reals[b, SINCE] or reals[a, TIME] < then):
            return False
    waits = max(0.0, then - reals[a, TIME])
    in_shadow = 0.0
    if rules[TRACKS_DARK] > 0.0 and whole[a, MARKS] & SHADED > 0:
        if whole[b, MARKS] & SHADED == 0:
            return False
        # In the light the time in shadow begins anew, and a shaded place is waited at no more.
        if reals[a, CHARGE] < reals[b, CHARGE] - slack - ROUNDING_J:
            return False
        in_shadow = waits
    if rules[TRACKS_DARK] > 0.0 and reals[a, DARK] + in_shadow > reals[b, DARK]:
        return False
    first = reals[a, FIRST] + (in_shadow if rules[FIRST_KIND] == BY_SHADOW else 0.0)
    second = reals[a, SECOND] + (in_shadow if rules[SECOND_KIND] == BY_SHADOW else 0.0)
    if first > reals[b, FIRST] or second > reals[b, SECOND]:
        return False
    if value_at(reals, a, then) < reals[b, CHARGE] - slack - ROUNDING_J:
        return False
    # It is only waited for charge that a leg lacks: `a` would go on with what it has, and that may be what counts.
    counts = rules[FIRST_KIND] == BY_CHARGE or rules[SECOND_KIND] == BY_CHARGE
    if counts and reals[a, CHARGE] < reals[b, CHARGE] - slack - ROUNDING_J:
        return False
    if (counts or reals[a, RATE] < 0.0) and not _stays_over(a, b, waits, reals, slack):
        return False
    if slack > 0.0:
        # Both grow evenly until they are full: what holds at the ends, and when `b` is full, holds all the while.
        if value_at(reals, a, end) < value_at(reals, b, end) - slack:
            return False
        if reals[b, RATE] <= 0.0:
            return True
        full = then + (reals[b, MOST] - reals[b, CHARGE]) / reals[b, RATE]
        return full >= end or value_at(reals, a, full) >= reals[b, MOST] - slack
    if reals[a, RATE] < reals[b, RATE]:
        return False
    return reals[b, RATE] <= 0.0 or reals[a, MOST] >= reals[b, MOST] - ROUNDING_J


@bare
def _last_under(wanted, column, bins, bin_now):  # type: ignore[no-untyped-def]
    """Return the last bin from `bin_now` on that begins with less than is wanted of a column that never falls."""
    # Most often it is not far: look twice as far each time before halving what lies between.
    low, high, step = bin_now, len(bins) - 1, 1
    while low + step < high:
        if bins[low + step, column] >= wanted:
            high = low + step
            break
        low += step
        step *= 2
    while high - low > 1:
        middle = (low + high) >> 1
        if bins[middle, column] < wanted:
            low = middle
        else:
            high = middle
    return low


@bare
def arrival_bound(time, ahead_s, bins, bin_now):  # type: ignore[no-untyped-def]
    """Return the earliest time at which so many more seconds of open driving are over; inf if there are not so many."""
    if ahead_s <= 0.0:
        return time
    wanted = bins[bin_now, DRIVEN] + ahead_s
    if bins[bin_now, OPEN] > 0.0:
        wanted += time - bins[bin_now, EDGE]
    if wanted > bins[len(bins) - 1, DRIVEN]:
        return np.inf
    low = _last_under(wanted, DRIVEN, bins, bin_now)
    return max(time, bins[low, EDGE] + wanted - bins[low, DRIVEN])


@bare
def gain_bound(time, wanted_j, bins, bin_now):  # type: ignore[no-untyped-def]
    """Return the earliest time at which so much more could be gained on the best ground; inf if it never is."""
    if wanted_j <= 0.0:
        return time
    span = bins[bin_now + 1, EDGE] - bins[bin_now, EDGE]
    rate = (bins[bin_now + 1, GAINED] - bins[bin_now, GAINED]) / span
    wanted = bins[bin_now, GAINED] + rate * (time - bins[bin_now, EDGE]) + wanted_j
    if wanted > bins[len(bins) - 1, GAINED]:
        return np.inf
    low = _last_under(wanted, GAINED, bins, bin_now)
    share = (wanted - bins[low, GAINED]) / (bins[low + 1, GAINED] - bins[low, GAINED])
    return max(time, bins[low, EDGE] + share * (bins[low + 1, EDGE] - bins[low, EDGE]))


@bare
def _gain_on(cell, k, grades, lit, bins, rules):  # type: ignore[no-untyped-def]
    """Return the watts that an awake rover gains at the least load, 0 for a loss; losses of charging do not count."""
    load_w = rules[NAP_W] if bins[k, PHASE] == NAP_PHASE else rules[LEAST_W]
    return max(0.0, parked_w(cell, k, grades, lit, bins, rules) - load_w)


@kernel
def gains_of(cells, grades, lit, bins, rules, most, first, last):  # type: ignore[no-untyped-def]
    """Raise to what an awake rover gains at the least load on the cells from `first` up to `last` in each bin, W.

    Args:
        cells: (m,) numbers of cells.
        most: (bins,) to raise to what the best gives.
    """
    sky, bin_at, worth = sky_of(bins, rules)
    ceiling_w = np.empty(len(bin_at))
    for m in range(first, last):
        cell = cells[m]
        ceilings_of(cell, grades, lit, sky, worth, rules, ceiling_w)
        for column in range(len(bin_at)):
            k = bin_at[column]
            if ceiling_w[column] > most[k]:
                most[k] = max(most[k], _gain_on(cell, k, grades, lit, bins, rules))


@kernel
def shortfalls_of(cells, gain_w, ends, grades, lit, bins, rules, short, first, last):  # type: ignore[no-untyped-def]
    """Fill by how many watts the array of a rover on each cell falls short of the best one's, at the least.

    Args:
        cells: (m,) numbers of cells, of which those from `first` up to `last` are done.
        gain_w: (bins,) what an awake rover gains at the least load on the best, W.
        ends: (windows,) ascending numbers of bins: of each window the first that is beyond it.
        short: (n, windows) to fill: the least over the open bins before each end; inf where there is none.
    """
    sky, bin_at, worth = sky_of(bins, rules)
    ceiling_w, best_w = np.empty(len(bin_at)), np.empty(len(bin_at))
    for column in range(len(bin_at)):
        k = bin_at[column]
        best_w[column] = gain_w[k] + rules[LEAST_W] if bins[k, OPEN] > 0.0 else np.inf
    for m in range(first, last):
        cell, least, column = cells[m], np.inf, 0
        ceilings_of(cell, grades, lit, sky, worth, rules, ceiling_w)
        for w in range(len(ends)):
            while column < len(bin_at) and bin_at[column] < ends[w]:
                if best_w[column] - ceiling_w[column] < least:
                    given_w = parked_w(cell, bin_at[column], grades, lit, bins, rules)
                    least = min(least, max(0.0, best_w[column] - given_w))
                column += 1
            short[cell, w] = least


@kernel
def sky_of(bins, rules):  # type: ignore[no-untyped-def]
    """Return what `ceilings_of` reads: by column of the light the direction to the Sun (east, north, up) with what an
    array that faces it gives by 1 of 255 of its light, W; the bin of each; and the most that a share of the rays is
    worth, by `_STEPS` of it."""
    count = 0
    for k in range(len(bins) - 1):
        count = max(count, int(bins[k, COLUMN]) + 1)
    sky, bin_at, worth = np.empty((4, count)), np.empty(count, np.int64), np.empty(_STEPS + 1)
    for k in range(len(bins) - 1):
        column = int(bins[k, COLUMN])
        if column < 0:
            continue
        sky[0, column], sky[1, column], sky[2, column] = (
            bins[k, SUN_EAST],
            bins[k, SUN_NORTH],
            bins[k, SUN_UP],
        )
        sky[3, column] = bins[k, FLUX] / 255.0 * (1.0 + 1e-9)  # a little more than rounding may add
        bin_at[column] = k
    for step in range(_STEPS + 1):
        low, high = max(1e-9, step / _STEPS), (step + 1.0) / _STEPS
        most = max(gained(low, rules) / low, gained(high, rules) / high)
        for node in range(CURVE_NODES):
            if low <= rules[CURVE + node] <= high:
                most = max(most, rules[CURVE + CURVE_NODES + node])
        worth[step] = high * most
    return sky, bin_at, worth


@kernel
def ceilings_of(cell, grades, lit, sky, worth, rules, ceiling_w):  # type: ignore[no-untyped-def]
    """Fill no less than a parked rover's array gives on a cell, W, by column: the curve is not walked along."""
    east, north = np.float64(grades[cell, 0]), np.float64(grades[cell, 1])
    per_size = 1.0 / math.sqrt(1.0 + east * east + north * north)
    sun_east, sun_north, sun_up, full_w, light = sky[0], sky[1], sky[2], sky[3], lit[cell]
    known = east == east and north == north
    for column in range(len(ceiling_w)):
        up = (sun_up[column] - east * sun_east[column] - north * sun_north[column]) * per_size
        share = min(1.0, max(0.0, leant(up, rules))) if known else 0.0
        ceiling_w[column] = worth[int(share * _STEPS)] * full_w[column] * light[column]


@bare
def bin_of(time, bins, bin_now):  # type: ignore[no-untyped-def]
    """Return the bin of a time at or after the beginning of `bin_now`."""
    count = len(bins) - 1
    k = bin_now
    while k < count and bins[k + 1, EDGE] <= time:
        k += 1
    return k
