"""The search of the traverse planner: labels of place, time and charge in the order of what they can still come to.

Two rules make it exact, not only safe. A leg ends within the bin in which it began, or begins with the bin: so all
labels that an edge finds on a cell have the edge's time, and within a bin nothing changes but by what the rover does.
And what one waits for is charge or an edge: the charge that a leg lacks is waited for, to the second, at the best place
passed since the last edge. Light and power of a leg are those of the bin in which it begins.

Commands are waited for where a leg would go further than the last ones allow, as soon as the rover is there or a bin
begins. Without a slack of charge only a label of the same time and metres stands for another then; with one an earlier
label does, which has its commands sooner.
"""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import bare, bare_inlined
from rover.planning.drive_kernels import change_on_leg, open_through
from rover.planning.label_bound_kernels import ROOT_2, by_ladder, charge_bound, commands_ahead, least_of
from rover.planning.label_heap_kernels import drop_label, put_label
from rover.planning.label_kernels import (
    ACTION,
    BIN,
    BY_CHARGE,
    BY_CLEARANCE,
    BY_DISTANCE,
    BY_ENERGY,
    BY_SHADOW,
    CAPACITY,
    CELL,
    CELL_M,
    CHARGE,
    CHARGE_W,
    COMMAND_W,
    CYCLE_S,
    DARK,
    DEAD,
    DEADLINE,
    DIP,
    DRIVE_PHASE,
    EDGE,
    FIRST,
    FIRST_KIND,
    FLOOR,
    GRAIN,
    HERE,
    LEAN_SIN,
    LEAST_FLOOR,
    LONGEST_DARK,
    LOW_MOST,
    MARKS,
    MOST,
    NEXT,
    NONE,
    OPEN_UNTIL,
    OVER,
    PARENT,
    PHASE,
    RATE,
    ROUNDING_J,
    SECOND,
    SECOND_KIND,
    SHADED,
    SHADOW_LIT,
    SINCE,
    START,
    STAY,
    STOP_M,
    TIME,
    TRACKS_DARK,
    WAIT,
    arrival_bound,
    bin_of,
    light_of,
    lowest_of,
    parked_w,
    stored,
    value_at,
)
from rover.planning.label_list_kernels import is_dominated, weed
from rover.planning.leg_kernels import COLS_OFF, ROWS_OFF
from rover.planning.stay_kernels import (
    AT,
    DARK_S,
    IN_BIN,
    IN_SHADOW,
    LEAST_J,
    LEFT,
    OUT_OF_BINS,
    OUT_OF_CHARGE,
    OUT_OF_TIME,
    REASON,
    SHADED_S,
    SHUT,
    STAYS,
    command_on,
    stay_on,
)
from rover.planning.traverse_record_kernels import (
    EXPANDED,
    GENERATED,
    GOAL_LABEL,
    LABELS,
    LISTS,
    OPENED,
    SECONDS,
)

FOUND, EMPTY, PAUSED, FULL = range(4)
"""How a stretch of the search ends."""

ROOM = 64
"""Labels that one expansion makes at most, with as many entries on the open list."""


@bare
def _refuse(reason, cell, time, ground, search):  # type: ignore[no-untyped-def]
    """Count a refusal, and remember the one nearest to the goal."""
    refused, ahead_s = search.refused, ground.ahead[cell, SECONDS]
    refused[reason, 0] += 1.0
    if ahead_s < refused[reason, 1]:
        refused[reason, 1] = ahead_s
        refused[reason, 2] = cell
        refused[reason, 3] = time


@bare_inlined
def _more(kind, had, joules, length_m, charge, shadow_s, clearance_m):  # type: ignore[no-untyped-def]
    """Return what a criterion comes to with one action more."""
    if kind == BY_ENERGY:
        return had + joules
    if kind == BY_DISTANCE:
        return had + math.floor(length_m * GRAIN + 0.5) / GRAIN
    if kind == BY_SHADOW:
        return had + shadow_s
    if kind == BY_CHARGE:
        return max(had, -charge)
    if kind == BY_CLEARANCE:
        return max(had, -clearance_m)
    return 0.0


@bare
def _offer(cell, parent, k, action, marks, ground, search):  # type: ignore[no-untyped-def]
    """Take up the label whose numbers stand in the next free row, unless another dominates it or it is too late."""
    reals, whole, heads, counts, rules = search.reals, search.whole, search.heads, search.counts, ground.rules
    made = counts[LABELS]
    counts[GENERATED] += 1
    whole[made, CELL] = cell
    whole[made, PARENT] = parent
    whole[made, BIN] = k
    whole[made, ACTION] = action
    whole[made, MARKS] = marks
    if is_dominated(made, ground, search):
        return
    time, cycles = reals[made, TIME], commands_ahead(cell, reals[made, SINCE], ground)
    arrival = arrival_bound(time, ground.ahead[cell, SECONDS] + cycles * rules[CYCLE_S], ground.bins, k)
    command_j = cycles * rules[CYCLE_S] * max(0.0, rules[COMMAND_W] - rules[CHARGE_W])
    lacking_j = rules[LEAST_FLOOR] + command_j - reals[made, CHARGE]
    arrival = charge_bound(arrival, time, cell, lacking_j, k, ground)
    arrival = by_ladder(arrival, made, command_j, ground, search)
    if not arrival <= rules[DEADLINE]:
        _refuse(OUT_OF_TIME, cell, time, ground, search)
        return
    first = least_of(rules[FIRST_KIND], reals[made, FIRST], ground.ahead[cell, 1], arrival)
    second = least_of(rules[SECOND_KIND], reals[made, SECOND], ground.ahead[cell, 2], arrival)
    if rules[SECOND_KIND] != NONE and not second < search.best[0] - ROUNDING_J:
        return
    weed(made, ground, search)
    whole[made, NEXT] = heads[cell, k % LISTS]
    heads[cell, k % LISTS] = made
    counts[LABELS] = made + 1
    then = arrival if rules[SECOND_KIND] == NONE else second
    # Of traverses that are equal by both criteria the earliest comes up first.
    counts[OPENED] = put_label(search.keys, search.items, counts[OPENED], first, then, arrival, made)


@bare_inlined
def _array_of(cell, k, ground, search):  # type: ignore[no-untyped-def]
    """Return what the array gives at its best heading on a cell in a bin, W, kept for the labels that come after."""
    turn = k % LISTS
    if search.array_bin[cell, turn] != k:
        search.array_bin[cell, turn] = k
        search.array_w[cell, turn] = parked_w(cell, k, ground.grades, ground.lit, ground.bins, ground.rules)
    return search.array_w[cell, turn]


@bare_inlined
def _change(cell, to, d, k, ground, search):  # type: ignore[no-untyped-def]
    """Return what `change_on_leg` does; of an array that lies flat the heading does not matter."""
    if ground.rules[LEAN_SIN] != 0.0:
        return change_on_leg(cell, d, k, ground)
    given_w = 0.5 * (_array_of(cell, k, ground, search) + _array_of(to, k, ground, search))
    harvest = given_w * np.float64(ground.legs_s[cell, d])
    return stored(harvest - np.float64(ground.legs_j[cell, d]), ground.rules)


@bare_inlined
def _enter(made, cell, time, charge, k, since, dark, ground, search):  # type: ignore[no-untyped-def]
    """Write the numbers of a label whose best place is its own cell, criteria apart; return its marks."""
    rules, reals = ground.rules, search.reals
    reals[made, TIME] = time
    reals[made, CHARGE] = charge
    reals[made, RATE] = stored(_array_of(cell, k, ground, search) - rules[CHARGE_W], rules)
    reals[made, MOST] = rules[CAPACITY]
    reals[made, SINCE] = since
    reals[made, DARK] = dark
    reals[made, DIP], reals[made, LOW_MOST], reals[made, OVER] = 0.0, rules[CAPACITY], 0.0
    return HERE | (SHADED if light_of(ground.lit, cell, ground.bins, k) < rules[SHADOW_LIT] else 0)


@bare
def begin(cell, time, charge, ground, search):  # type: ignore[no-untyped-def]
    """Make the first label: of the departure, or of the first time after it at which driving is open."""
    rules = ground.rules
    first = _more(rules[FIRST_KIND], _nothing(rules[FIRST_KIND]), 0.0, 0.0, charge, 0.0, ground.clear[cell])
    second = _more(
        rules[SECOND_KIND], _nothing(rules[SECOND_KIND]), 0.0, 0.0, charge, 0.0, ground.clear[cell]
    )
    k = bin_of(time, ground.bins, 0)
    _settle(cell, -1, START, time, charge, k, 0.0, 0.0, first, second, ground, search)


@bare
def _nothing(kind):  # type: ignore[no-untyped-def]
    """Return what a criterion begins with."""
    return -np.inf if kind in (BY_CHARGE, BY_CLEARANCE) else 0.0


@bare
def _settle(cell, parent, action, time, charge, k, since, dark, first, second, ground, search):  # type: ignore[no-untyped-def]
    """Offer the label of a rover on a cell, staying on where driving is not open; at the goal there is no need to."""
    bins, rules, reals, counts, out = ground.bins, ground.rules, search.reals, search.counts, search.out
    if k >= len(bins) - 1:
        _refuse(OUT_OF_BINS, cell, time, ground, search)
        return
    if bins[k, PHASE] != DRIVE_PHASE and cell != ground.goal:
        stay_on(cell, time, charge, k, dark, ground, out)
        if out[REASON] != STAYS:
            _refuse(int(out[REASON]), cell, out[AT], ground, search)
            return
        time, charge, k, dark = out[AT], out[LEFT], int(out[IN_BIN]), out[DARK_S]
        first = _more(rules[FIRST_KIND], first, 0.0, 0.0, out[LEAST_J], out[SHADED_S], np.inf)
        second = _more(rules[SECOND_KIND], second, 0.0, 0.0, out[LEAST_J], out[SHADED_S], np.inf)
        action = action if action == START else STAY
    made = counts[LABELS]
    marks = _enter(made, cell, time, charge, k, since, dark, ground, search)
    reals[made, FIRST], reals[made, SECOND] = first, second
    _offer(cell, parent, k, action, marks, ground, search)


@bare
def _wait(label, ground, search):  # type: ignore[no-untyped-def]
    """Offer the label that waits to the end of its bin, and on where driving is not open then."""
    bins, rules, reals, whole = ground.bins, ground.rules, search.reals, search.whole
    cell, k = whole[label, CELL], whole[label, BIN]
    end = bins[k + 1, EDGE]
    idle = end - reals[label, TIME]
    charge = value_at(reals, label, end)
    least = min(charge, lowest_of(reals, label, reals[label, RATE] * idle))
    if not least >= bins[k, FLOOR]:
        _refuse(OUT_OF_CHARGE, cell, end, ground, search)
        return
    spent = idle if whole[label, MARKS] & SHADED > 0 else 0.0
    dark = 0.0
    if light_of(ground.lit, cell, bins, k) < rules[SHADOW_LIT]:
        dark = reals[label, DARK] + spent
    if dark > rules[LONGEST_DARK]:
        _refuse(IN_SHADOW, cell, end, ground, search)
        return
    first = _more(rules[FIRST_KIND], reals[label, FIRST], 0.0, 0.0, least, spent, np.inf)
    second = _more(rules[SECOND_KIND], reals[label, SECOND], 0.0, 0.0, least, spent, np.inf)
    _settle(cell, label, WAIT, end, charge, k + 1, reals[label, SINCE], dark, first, second, ground, search)


@bare
def _move(label, d, ground, search):  # type: ignore[no-untyped-def]
    """Offer the labels of driving to a neighbour: after commands where they are due, after waiting for charge."""
    bins, rules, reals, whole, counts, out = (
        ground.bins,
        ground.rules,
        search.reals,
        search.whole,
        search.counts,
        search.out,
    )
    cell, k = whole[label, CELL], whole[label, BIN]
    seconds = np.float64(ground.legs_s[cell, d])
    if not seconds < np.inf:
        return
    to = cell + ROWS_OFF[d] * ground.cols + COLS_OFF[d]
    length = rules[CELL_M] * (1.0 if d < 4 else ROOT_2)
    time, charge, since = reals[label, TIME], reals[label, CHARGE], reals[label, SINCE] + length
    rate, most, marks = reals[label, RATE], reals[label, MOST], whole[label, MARKS] & (HERE | SHADED)
    spent, dark, least = 0.0, reals[label, DARK], np.inf
    dip, low_most, over = reals[label, DIP], reals[label, LOW_MOST], reals[label, OVER]
    if rules[CYCLE_S] > 0.0 and since > rules[STOP_M] + 1e-9:
        cycles = max(1.0, math.ceil(length / rules[STOP_M] - 1e-9))
        command_on(cell, time, charge, k, dark, cycles, ground, out)
        if out[REASON] != STAYS:
            _refuse(int(out[REASON]), cell, time, ground, search)
            return
        least = min(lowest_of(reals, label, 0.0), out[LEAST_J])
        dip, low_most, over = 0.0, rules[CAPACITY], 0.0
        time, charge, k = out[AT], out[LEFT], int(out[IN_BIN])
        spent, dark = out[SHADED_S], out[DARK_S]
        since = length - (cycles - 1.0) * rules[STOP_M]
        rate = stored(_array_of(cell, k, ground, search) - rules[CHARGE_W], rules)
        most = rules[CAPACITY]
        marks = SHADED if light_of(ground.lit, cell, bins, k) < rules[SHADOW_LIT] else 0
    change = _change(cell, to, d, k, ground, search)
    lacking = bins[k, FLOOR] - (charge + change)
    waits = 0.0
    if lacking > 0.0:
        if not (rate > 0.0 and charge + lacking <= most):
            _refuse(OUT_OF_CHARGE, cell, time, ground, search)
            return
        waits = lacking / rate
        charge += lacking
    arrives = time + waits + seconds
    end = bins[k + 1, EDGE]
    if arrives > end and not (seconds > end - bins[k, EDGE] and time == bins[k, EDGE] and waits == 0.0):
        return  # it will be offered again at the edge
    if arrives + rules[CYCLE_S] > bins[k, OPEN_UNTIL]:
        _refuse(SHUT, cell, time, ground, search)
        return
    if not (open_through(cell, k, arrives, ground) and open_through(to, k, arrives, ground)):
        _refuse(SHUT, to, time, ground, search)
        return
    if marks & SHADED > 0:  # since then all was shadow, where the time in it counts
        spent += waits
        dark += waits
    dim = light_of(ground.lit, to, bins, k) < rules[SHADOW_LIT]
    spent += seconds if dim else 0.0
    if dark + (seconds if dim else 0.0) > rules[LONGEST_DARK] and (dim or waits > 0.0):
        _refuse(IN_SHADOW, to, arrives, ground, search)
        return
    dark = dark + seconds if dim else 0.0
    after = min(rules[CAPACITY], charge + change)
    made, joules = counts[LABELS], np.float64(ground.legs_j[cell, d])
    reals[made, FIRST] = _more(
        rules[FIRST_KIND], reals[label, FIRST], joules, length, least, spent, ground.clear[to]
    )
    reals[made, SECOND] = _more(
        rules[SECOND_KIND], reals[label, SECOND], joules, length, least, spent, ground.clear[to]
    )
    most = max(after, min(rules[CAPACITY], most + change))
    unbound = charge + over + change
    lowest = min(charge - dip, unbound)
    best = rate, most, after - lowest, min(low_most, most), max(0.0, unbound - most)
    _arrive(label, to, d, arrives, after, k, since, dark, best, marks, ground, search)


@bare_inlined
def _arrive(label, to, d, time, charge, k, since, dark, best, marks, ground, search):  # type: ignore[no-untyped-def]
    """Offer the label of a leg's end, with the best place so far, or its own cell for it.

    Its criteria are written but for the lowest charge since the best place, which counts where that is waited at no
    more. `best` are the label's numbers from that place: rate, `MOST`, `DIP`, `LOW_MOST` and `OVER`.
    """
    bins, rules, reals, counts = ground.bins, ground.rules, search.reals, search.counts
    arrived = bin_of(time, bins, k)
    if arrived >= len(bins) - 1:
        _refuse(OUT_OF_BINS, to, time, ground, search)
        return
    made = counts[LABELS]
    first, second = reals[made, FIRST], reals[made, SECOND]
    own = _enter(made, to, time, charge, arrived, since, dark, ground, search)
    rate, most, dip, low_most, over = best
    kept = arrived == k and rate >= reals[made, RATE] and to != ground.goal
    if marks & SHADED > 0 and rules[LONGEST_DARK] < np.inf:  # in the light the time in shadow begins anew
        kept = kept and light_of(ground.lit, to, bins, k) < rules[SHADOW_LIT]
    # Where the best place so far does not come to its most within the bin, there is nothing that the slower one adds
    # but light; of losses the slower one's take nothing from what came before it.
    shaded = rules[TRACKS_DARK] > 0.0 and marks & SHADED > 0
    more = reals[made, RATE] > 0.0 and most < rules[CAPACITY]
    full = kept and rate > 0.0 and charge + rate * (bins[arrived + 1, EDGE] - time) > most
    if not kept or (full and more) or (shaded and own & SHADED == 0) or (rate < 0.0 and dip > 0.0):
        _lower(made, first, second, min(low_most, charge - dip), 0.0, ground, search)
        _offer(to, label, arrived, d, own, ground, search)
    if full and (more or (shaded and rules[LONGEST_DARK] < np.inf)):
        _fill(label, to, d, time, charge, arrived, since, dark, best, marks, first, second, ground, search)
    made = counts[LABELS]
    if not kept:
        return
    _enter(made, to, time, charge, arrived, since, dark, ground, search)
    reals[made, FIRST], reals[made, SECOND] = first, second
    reals[made, RATE], reals[made, MOST] = rate, most
    reals[made, DIP], reals[made, LOW_MOST], reals[made, OVER] = dip, low_most, over
    _offer(to, label, arrived, d, marks & SHADED, ground, search)


@bare_inlined
def _lower(made, first, second, low, spent, ground, search):  # type: ignore[no-untyped-def]
    """Write criteria to which the lowest charge since a best place has come, which is waited at no more."""
    rules, reals = ground.rules, search.reals
    reals[made, FIRST] = _more(rules[FIRST_KIND], first, 0.0, 0.0, low, spent, np.inf)
    reals[made, SECOND] = _more(rules[SECOND_KIND], second, 0.0, 0.0, low, spent, np.inf)


@bare
def _fill(label, to, d, time, charge, k, since, dark, best, marks, first, second, ground, search):  # type: ignore[no-untyped-def]
    """Offer the label that waits at the best place for its most, and for more on the cell where the leg ends."""
    rate, most, dip, low_most, _over = best
    if charge >= most - ROUNDING_J:
        return
    rules = ground.rules
    waits = (most - charge) / rate
    spent = waits if marks & SHADED > 0 else 0.0
    if time + waits + rules[CYCLE_S] > ground.bins[k, OPEN_UNTIL] or dark + spent > rules[LONGEST_DARK]:
        return
    made = search.counts[LABELS]
    shaded_s = dark + spent if dark > 0.0 else 0.0  # of a cell in shadow the leg's own time is in it
    own = _enter(made, to, time + waits, most, k, since, shaded_s, ground, search)
    _lower(made, first, second, min(low_most, most - dip), spent, ground, search)
    _offer(to, label, k, d, own, ground, search)


@bare
def advance(ground, search, most_expanded):  # type: ignore[no-untyped-def]
    """Expand labels until the goal's comes up, none is left, the room is used up or enough have been looked at.

    Args:
        ground: A `Ground`.
        search: A `Search`, begun.
        most_expanded: Labels to look at.

    Returns:
        FOUND, EMPTY, PAUSED or FULL.
    """
    whole, keys, items, counts = search.whole, search.keys, search.items, search.counts
    two = ground.rules[SECOND_KIND] != NONE
    looked = 0
    while counts[OPENED] > 0:
        if looked >= most_expanded:
            return PAUSED
        if counts[LABELS] + ROOM > len(whole) or counts[OPENED] + ROOM > len(items):
            return FULL
        label, second = items[0], keys[0, 1]
        counts[OPENED] = drop_label(keys, items, counts[OPENED])
        if whole[label, MARKS] & DEAD > 0 or (two and not second < search.best[0] - ROUNDING_J):
            continue
        if whole[label, CELL] == ground.goal:
            counts[GOAL_LABEL] = label
            search.best[0] = second if two else search.best[0]
            return FOUND
        looked += 1
        counts[EXPANDED] += 1
        for d in range(8):
            _move(label, d, ground, search)
        _wait(label, ground, search)
    return EMPTY
