"""The labels that a cell of the traverse search keeps: whether one makes a new one needless, and which it does."""

from __future__ import annotations

from rover.core.jit import bare_inlined
from rover.planning.label_kernels import (
    BIN,
    CELL,
    DEAD,
    EDGE,
    MARKS,
    NEXT,
    dominates,
)
from rover.planning.traverse_record_kernels import LISTS


@bare_inlined
def is_dominated(made, ground, search):  # type: ignore[no-untyped-def]
    """Tell whether a label of the same cell and bin dominates a new one."""
    reals, whole = search.reals, search.whole
    k = whole[made, BIN]
    end, other = ground.bins[k + 1, EDGE], search.heads[whole[made, CELL], k % LISTS]
    while other >= 0:
        if whole[other, BIN] == k and dominates(other, made, reals, whole, end, ground.rules):
            return True
        other = whole[other, NEXT]
    return False


@bare_inlined
def weed(made, ground, search):  # type: ignore[no-untyped-def]
    """Take the labels that a new one dominates out of the list of its cell."""
    reals, whole, heads = search.reals, search.whole, search.heads
    cell, k = whole[made, CELL], whole[made, BIN]
    end = ground.bins[k + 1, EDGE]
    before, other = -1, heads[cell, k % LISTS]
    while other >= 0:
        following = whole[other, NEXT]
        if whole[other, BIN] == k and dominates(made, other, reals, whole, end, ground.rules):
            whole[other, MARKS] |= DEAD
            if before < 0:
                heads[cell, k % LISTS] = following
            else:
                whole[before, NEXT] = following
        else:
            before = other
        other = following
