"""A parked rover through the bins of a traverse: commands, nap, low Sun and night."""

from __future__ import annotations

from rover.core.jit import bare
from rover.planning.label_kernels import (
    CAPACITY,
    CHARGE_W,
    COLUMN,
    COMMAND_W,
    CYCLE_S,
    DORMANT_W,
    DRIVE_PHASE,
    EDGE,
    FLOOR,
    LONGEST_DARK,
    NAP_PHASE,
    NAP_W,
    NIGHT_PHASE,
    PHASE,
    SHADOW_LIT,
    WAKE_W,
    light_of,
    parked_rate,
    parked_w,
    stored,
)

AT, LEFT, IN_BIN, DARK_S, SHADED_S, LEAST_J, REASON = range(7)
"""What a stay comes to: when it ends, charge, bin, seconds in shadow up to then, and in all, least charge; why it
cannot be."""

STAYS = -1.0
OUT_OF_TIME, OUT_OF_CHARGE, IN_SHADOW, NO_HAVEN, SHUT, OUT_OF_BINS, NIGHT_CHARGE = range(7)
"""Reasons: the deadline; the charge; the time in shadow; no place to spend the night; no driving then and there; the
end of the table; the charge that a night takes."""


@bare
def stay_on(cell, time, charge, k, dark, ground, out):  # type: ignore[no-untyped-def]
    """Stay on a cell from a time in a bin at which the rover may not move to the next bin in which it may.

    Through low Sun and the nap the rover is awake; at night it sleeps with its array folded, and wakes in the first
    bin after it in which its array gives enough.

    Args:
        cell, time, charge, k: Where, since when, J, and the bin of that time.
        dark: Seconds in shadow up to now.
        ground: As `traverse_record_kernels.Ground`.
        out: (7,) to fill.
    """
    bins, rules = ground.bins, ground.rules
    count = len(bins) - 1
    asleep = False
    out[SHADED_S], out[LEAST_J] = 0.0, charge
    out[REASON] = STAYS
    while k < count:
        span = bins[k + 1, EDGE] - time
        if bins[k, PHASE] == NIGHT_PHASE:
            if ground.haven[cell] == 0:
                out[REASON] = NO_HAVEN
                break
            asleep = True
        elif asleep:
            asleep = array_of(cell, k, ground) < rules[WAKE_W]
        if asleep:
            charge += stored(-rules[DORMANT_W], rules) * span
            dark = 0.0
        elif bins[k, PHASE] == DRIVE_PHASE:
            break
        else:
            load_w = rules[NAP_W] if bins[k, PHASE] == NAP_PHASE else rules[CHARGE_W]
            rate = parked_rate(cell, k, load_w, ground.grades, ground.lit, bins, rules)
            charge = min(rules[CAPACITY], charge + rate * span)
            dim = light_of(ground.lit, cell, bins, k) < rules[SHADOW_LIT]
            dark = dark + span if dim else 0.0
            out[SHADED_S] += span if dim else 0.0
        out[LEAST_J] = min(out[LEAST_J], charge)
        if not charge >= bins[k, FLOOR]:
            out[REASON] = NIGHT_CHARGE if asleep else OUT_OF_CHARGE
            break
        if dark > rules[LONGEST_DARK]:
            out[REASON] = IN_SHADOW
            break
        time = bins[k + 1, EDGE]
        k += 1
    if k >= count and out[REASON] == STAYS:
        out[REASON] = OUT_OF_BINS
    out[AT], out[LEFT], out[IN_BIN], out[DARK_S] = time, charge, k, dark


@bare
def array_of(cell, k, ground):  # type: ignore[no-untyped-def]
    """Return what the array of a rover parked on a cell gives in a bin, W."""
    return parked_w(cell, k, ground.grades, ground.lit, ground.bins, ground.rules)


@bare
def command_on(cell, time, charge, k, dark, cycles, ground, out):  # type: ignore[no-untyped-def]
    """Spend command cycles on a cell, awake, outside nap and low Sun, and where driving is not shut; fill `out`."""
    bins, rules = ground.bins, ground.rules
    left = cycles * rules[CYCLE_S]
    out[SHADED_S], out[LEAST_J] = 0.0, charge
    out[REASON] = STAYS
    while left > 0.0:
        if k >= len(bins) - 1 or bins[k, PHASE] != DRIVE_PHASE:
            out[REASON] = SHUT
            break
        if ground.closed.size > 1 and ground.closed[cell, int(bins[k, COLUMN])] > 0:
            out[REASON] = SHUT  # no link to command by
            break
        end = bins[k + 1, EDGE]
        span = min(left, end - time)
        rate = parked_rate(cell, k, rules[COMMAND_W], ground.grades, ground.lit, bins, rules)
        charge = min(rules[CAPACITY], charge + rate * span)
        dim = light_of(ground.lit, cell, bins, k) < rules[SHADOW_LIT]
        dark = dark + span if dim else 0.0
        out[SHADED_S] += span if dim else 0.0
        out[LEAST_J] = min(out[LEAST_J], charge)
        if not charge >= bins[k, FLOOR]:
            out[REASON] = OUT_OF_CHARGE
            break
        if dark > rules[LONGEST_DARK]:
            out[REASON] = IN_SHADOW
            break
        left -= span
        time += span
        if left > 0.0 or time >= end:
            time = end
            k += 1
    if k >= len(bins) - 1 and out[REASON] == STAYS:
        out[REASON] = OUT_OF_BINS
    out[AT], out[LEFT], out[IN_BIN], out[DARK_S] = time, charge, k, dark
