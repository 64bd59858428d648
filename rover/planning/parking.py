"""A rover that stays on a cell through the bins of a traverse, piece by piece: waiting, working, nap and night.

The rules are those of `stay_kernels.stay_on`, for stays that do not end with an edge of a bin.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from rover.core.boundary import Mode
from rover.planning import label_kernels as named
from rover.planning.label_kernels import light_of, parked_rate
from rover.planning.stay_kernels import (
    IN_SHADOW,
    NIGHT_CHARGE,
    NO_HAVEN,
    OUT_OF_BINS,
    OUT_OF_CHARGE,
    SHUT,
    array_of,
)
from rover.planning.timetable import LOADS, Step
from rover.planning.traverse_record_kernels import Ground

_ROUNDING_S = 1e-6
_ROUNDING_J = 1e-6


@dataclass(slots=True)
class Stay:
    """A rover on a cell.

    Attributes:
        cell: Its number.
        time_s, charge_j: Now.
        dark_s: Time in shadow up to now.
        asleep: Whether it is dormant.
        refused: Why it cannot stay any longer, of `stay_kernels`; None while it can.
        steps: What it did.
    """

    cell: int
    time_s: float
    charge_j: float
    dark_s: float = 0.0
    asleep: bool = False
    refused: int | None = None
    steps: list[Step] = field(default_factory=list)

    def copy(self) -> Stay:
        """Return the same, with a list of steps of its own."""
        return Stay(
            self.cell, self.time_s, self.charge_j, self.dark_s, self.asleep, self.refused, [*self.steps]
        )


def bin_at(time_s: float, ground: Ground) -> int:
    """Return the bin of a time, of an edge the one that begins there; the number of bins at their end."""
    found = int(np.searchsorted(ground.bins[:, named.EDGE], time_s + _ROUNDING_S, side="right")) - 1
    return max(0, found)


def park(stay: Stay, until_s: float, ground: Ground, *, working: bool = False) -> bool:
    """Stay on until a time; return whether that can be.

    Awake it waits for charge, or naps in the nap; at night it sleeps, where it may, until the array wakes it.

    Args:
        stay: Taken on to that time, or to where it is refused.
        until_s: The time.
        ground: The map.
        working: Awake with the load of charging; refused while asleep and in the nap.
    """
    count = len(ground.bins) - 1
    while stay.time_s < until_s - _ROUNDING_S:
        k = bin_at(stay.time_s, ground)
        if k >= count:
            stay.refused = OUT_OF_BINS
            return False
        if not _enter(stay, k, ground, working=working):
            return False
        end_s = min(until_s, float(ground.bins[k + 1, named.EDGE]))
        _piece(stay, k, until_s if until_s - end_s < _ROUNDING_S else end_s, ground)
        if stay.refused is not None:
            return False
    return True


def park_until_awake(stay: Stay, ground: Ground) -> bool:
    """Stay on to the first edge of a bin at which the rover is awake; return whether there is one."""
    count = len(ground.bins) - 1
    while True:
        k = bin_at(stay.time_s, ground)
        if k >= count:
            stay.refused = OUT_OF_BINS
            return False
        night = ground.bins[k, named.PHASE] == named.NIGHT_PHASE
        if not night and not (stay.asleep and array_of(stay.cell, k, ground) < ground.rules[named.WAKE_W]):
            stay.asleep = False
            return True
        if not park(stay, float(ground.bins[k + 1, named.EDGE]), ground):
            return False


def _enter(stay: Stay, k: int, ground: Ground, *, working: bool) -> bool:
    """Fall asleep or wake with a bin; return whether the rover may stay through it."""
    if ground.bins[k, named.PHASE] == named.NIGHT_PHASE:
        if working or ground.haven[stay.cell] == 0:
            stay.refused = SHUT if working else NO_HAVEN
            return False
        stay.asleep = True
    elif stay.asleep:
        stay.asleep = bool(array_of(stay.cell, k, ground) < ground.rules[named.WAKE_W])
    if working and (stay.asleep or ground.bins[k, named.PHASE] == named.NAP_PHASE):
        stay.refused = SHUT
        return False
    return True


def command(stay: Stay, ground: Ground) -> bool:
    """Spend a command cycle as soon as one fits whole where driving is open; return whether one does.

    Args:
        stay: Taken on to its end, waits before it included.
        ground: The map.
    """
    while park_until_awake(stay, ground):
        asked = stay.copy()
        if _command_at_once(asked, ground):
            stay.time_s, stay.charge_j, stay.dark_s, stay.steps = (
                asked.time_s,
                asked.charge_j,
                asked.dark_s,
                asked.steps,
            )
            return True
        if not park(stay, float(ground.bins[bin_at(stay.time_s, ground) + 1, named.EDGE]), ground):
            return False
    return False


def _command_at_once(stay: Stay, ground: Ground) -> bool:
    until_s = stay.time_s + float(ground.rules[named.CYCLE_S])
    while stay.time_s < until_s - _ROUNDING_S:
        k = bin_at(stay.time_s, ground)
        if k >= len(ground.bins) - 1 or ground.bins[k, named.PHASE] != named.DRIVE_PHASE:
            return False
        if ground.closed.size > 1 and ground.closed[stay.cell, int(ground.bins[k, named.COLUMN])] > 0:
            return False
        end_s = min(until_s, float(ground.bins[k + 1, named.EDGE]))
        _piece(stay, k, until_s if until_s - end_s < _ROUNDING_S else end_s, ground, mode=Mode.COMMAND)
        if stay.refused is not None:
            return False
    return True


def _piece(stay: Stay, k: int, end_s: float, ground: Ground, *, mode: Mode | None = None) -> None:
    """Stay on within one bin, in a mode, or as the Sun has it."""
    rules, bins, cell = ground.rules, ground.bins, stay.cell
    span_s = end_s - stay.time_s
    if mode is None:
        napping = bins[k, named.PHASE] == named.NAP_PHASE
        mode = Mode.DORMANT if stay.asleep else Mode.NAP if napping else Mode.CHARGE
    load_w = float(rules[LOADS[mode]])
    if stay.asleep:
        array_w, rate = 0.0, -load_w / float(rules[named.DISCHARGING])
    else:
        array_w = float(array_of(cell, k, ground))
        rate = float(parked_rate(cell, k, load_w, ground.grades, ground.lit, bins, rules))
    capacity = float(rules[named.CAPACITY])
    after = min(capacity, stay.charge_j + rate * span_s)
    dim = not stay.asleep and light_of(ground.lit, cell, bins, k) < rules[named.SHADOW_LIT]
    stay.dark_s = stay.dark_s + span_s if dim else 0.0
    place = divmod(cell, ground.cols)
    stay.steps.append(
        Step(
            mode=mode,
            start_s=stay.time_s,
            end_s=end_s,
            cell=place,
            to=place,
            bin=k,
            soc=stay.charge_j / capacity,
            soc_after=after / capacity,
            harvest_j=array_w * span_s,
            load_j=load_w * span_s,
        )
    )
    stay.time_s, stay.charge_j = end_s, after
    if not after >= bins[k, named.FLOOR] - _ROUNDING_J:
        stay.refused = NIGHT_CHARGE if stay.asleep else OUT_OF_CHARGE
    elif stay.dark_s > rules[named.LONGEST_DARK]:
        stay.refused = IN_SHADOW
