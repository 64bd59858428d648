"""What a label of the traverse search can still come to at the least, by commands, by charge and by the ladder."""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import bare_inlined
from rover.planning.label_kernels import (
    BIN,
    BY_CLEARANCE,
    BY_TIME,
    CELL,
    CELL_M,
    CHARGE,
    CHARGING,
    CYCLE_S,
    EDGE,
    HERE,
    LEAST_FLOOR,
    MARKS,
    RATE,
    STOP_M,
    TIME,
    gain_bound,
    value_at,
)
from rover.planning.ladder_kernels import ladder_bound
from rover.planning.traverse_record_kernels import NEEDS

ROOT_2 = math.sqrt(2.0)


@bare_inlined
def least_of(kind, had, ahead, arrival):  # type: ignore[no-untyped-def]
    """Return the least that a criterion can still come to."""
    if kind == BY_TIME:
        return arrival
    if kind == BY_CLEARANCE:
        return max(had, ahead)
    return had + ahead


@bare_inlined
def octile_m(cell, goal, cols, cell_m):  # type: ignore[no-untyped-def]
    """Return the length of the shortest way by eight neighbours between two cells of an open map."""
    down, across = abs(cell // cols - goal // cols), abs(cell % cols - goal % cols)
    return cell_m * (max(down, across) + (ROOT_2 - 1.0) * min(down, across))


@bare_inlined
def commands_ahead(cell, since, ground):  # type: ignore[no-untyped-def]
    """Return the least number of command cycles on the way from a cell to the goal."""
    rules = ground.rules
    if rules[CYCLE_S] <= 0.0 or ground.goal < 0:
        return 0.0
    metres = since + octile_m(cell, ground.goal, ground.cols, rules[CELL_M])
    return max(0.0, math.ceil(metres / rules[STOP_M] - 1e-6) - 1.0)


@bare_inlined
def charge_bound(least, time, cell, lacking_j, k, ground):  # type: ignore[no-untyped-def]
    """Return the earliest arrival, not before `least`, with the charge that the way to the goal takes; inf for none.

    Where the array falls short on the way depends on when that is: of each window in turn it is asked whether an
    arrival within it can have been.
    """
    for w in range(len(ground.windows)):
        if ground.windows[w] < least:
            continue
        arrival = gain_bound(time, ground.ahead[cell, NEEDS + w] + lacking_j, ground.bins, k)
        if arrival <= ground.windows[w]:
            return max(arrival, least)
        least = max(least, ground.windows[w])
    return np.inf


@bare_inlined
def by_ladder(least, made, command_j, ground, search):  # type: ignore[no-untyped-def]
    """Return the earliest arrival, not before `least`, that the ladder allows a new label."""
    reals, whole, rules = search.reals, search.whole, ground.rules
    if len(search.rungs_s_per_j) == 0 or least == np.inf:
        return least
    time, charge = reals[made, TIME], reals[made, CHARGE]
    passed_w = 0.0 if whole[made, MARKS] & HERE > 0 else max(0.0, reals[made, RATE])
    room_j = 0.0
    if passed_w > 0.0:
        room_j = value_at(reals, made, ground.bins[whole[made, BIN] + 1, EDGE]) - charge
    above_j = charge - rules[LEAST_FLOOR] - command_j * rules[CHARGING]
    return ladder_bound(least, time, whole[made, CELL], above_j, passed_w, room_j, search)
