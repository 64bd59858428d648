"""How much later each step of a timetable could begin, with all that follows it still holding."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rover.core.boundary import Mode
from rover.planning import label_kernels as named
from rover.planning.drive_kernels import change_on_leg, open_through
from rover.planning.label_kernels import light_of, parked_rate
from rover.planning.parking import Stay, bin_at, park, park_until_awake
from rover.planning.reach_kernels import latest_start
from rover.planning.timetable import Step, Timetable
from rover.planning.traverse_ground import ground_of
from rover.planning.traverse_record_kernels import Ground
from rover.planning.traverse_setup import Outlook

_HALVINGS = 12
_ROUNDING_S = 1e-6
_ROUNDING_J = 1e-3
_OFF = {(1, 0): 0, (0, 1): 1, (-1, 0): 2, (0, -1): 3, (1, 1): 4, (-1, 1): 5, (-1, -1): 6, (1, -1): 7}
"""Moves by rows and columns, in the order of `limits.base.MOVES`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepSlack:
    """How much later a step could begin.

    Attributes:
        start_s: When it begins.
        by_time_s: No more than this, by driving times within open, lit bins, the night and the deadline alone.
        slack_s: Delay that was gone through with charge, shadow and havens and holds; where it is less than
            `by_time_s`, another between the two may hold as well.
    """

    start_s: float
    by_time_s: float
    slack_s: float


def slack_along(ready: Outlook, timetable: Timetable) -> tuple[StepSlack, ...]:
    """Return the slack of each step of a timetable.

    A rover that is late stands where it is, awake by day, then does the rest in the same order at the same places: at
    the planned time, or as soon as it can if that is past. Planned waits shorten by so much; charge that is lacking is
    waited for on the spot; nights are spent where they are planned.

    Args:
        ready: The problem that the timetable answers.
        timetable: Of `plan.schedule`.
    """
    ground = ground_of(ready.around, ready.rules(), ready.goal)
    return slack_over(ground, timetable.steps)


def slack_over(ground: Ground, steps: Sequence[Step]) -> tuple[StepSlack, ...]:
    """Return the slack of each step over a ground."""
    latest = latest_starts(ground, steps)
    return tuple(
        StepSlack(
            start_s=step.start_s,
            by_time_s=max(0.0, by_s - step.start_s),
            slack_s=_holding(ground, steps, k, max(0.0, by_s - step.start_s)),
        )
        for k, (step, by_s) in enumerate(zip(steps, latest, strict=True))
    )


def latest_starts(ground: Ground, steps: Sequence[Step]) -> list[float]:
    """Return the latest start of each step by time alone, from the last step back to the first."""
    latest: list[float] = []
    by_s = float(min(ground.rules[named.DEADLINE], ground.bins[-1, named.EDGE]))
    for step in reversed(steps):
        if step.mode is Mode.DORMANT:
            by_s = min(by_s, step.start_s)  # where the night is spent one must be before it
        elif step.mode is Mode.DRIVE:
            by_s = _before_drive(ground, step, by_s)
        elif step.mode is Mode.COMMAND:
            by_s -= step.end_s - step.start_s
        latest.append(max(by_s, step.start_s))  # what is planned holds, whatever rounding says
    return latest[::-1]


def _before_drive(ground: Ground, step: Step, by_s: float) -> float:
    cell, to = _number(step.cell, ground), _number(step.to, ground)
    seconds = step.end_s - step.start_s
    return float(latest_start(cell, to, seconds, by_s, step.start_s - 1.0, ground))


def _number(cell: tuple[int, int], ground: Ground) -> int:
    return cell[0] * ground.cols + cell[1]


def _holding(ground: Ground, steps: Sequence[Step], k: int, most_s: float) -> float:
    """Return the greatest delay found to hold: the most, or what halving comes to between it and none."""
    if most_s <= 0.0 or holds(ground, steps, k, most_s):
        return most_s
    low, high = 0.0, most_s
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if holds(ground, steps, k, middle):
            low = middle
        else:
            high = middle
    return low


def holds(ground: Ground, steps: Sequence[Step], k: int, delay_s: float) -> bool:
    """Tell whether steps from the k-th on hold if the rover first stands for so long where it begins."""
    step = steps[k]
    charge_j = step.soc * float(ground.rules[named.CAPACITY])
    stay = Stay(_number(step.cell, ground), step.start_s, charge_j, dark_s=_dark_before(ground, steps, k))
    if step.mode is Mode.DORMANT or (k > 0 and steps[k - 1].mode is Mode.DORMANT):
        stay.asleep = step.mode is Mode.DORMANT
    if not park(stay, step.start_s + delay_s, ground) or _slept(stay):
        return False
    for following in steps[k:]:
        if not _do(stay, following, ground) or (following.mode is not Mode.DORMANT and _slept(stay)):
            return False
        stay.steps.clear()
    return stay.time_s <= float(ground.rules[named.DEADLINE]) + _ROUNDING_S


def _slept(stay: Stay) -> bool:
    """Tell whether a part of the night was spent where none is planned."""
    return any(step.mode is Mode.DORMANT for step in stay.steps)


def _dark_before(ground: Ground, steps: Sequence[Step], k: int) -> float:
    """Return the time in shadow up to a step."""
    dark_s = 0.0
    for step in steps[:k]:
        dim = (
            light_of(ground.lit, _number(step.to, ground), ground.bins, step.bin)
            < ground.rules[named.SHADOW_LIT]
        )
        awake = step.mode is not Mode.DORMANT
        dark_s = dark_s + step.end_s - step.start_s if dim and awake else 0.0
    return dark_s


def _do(stay: Stay, step: Step, ground: Ground) -> bool:
    """Do one step, no earlier than planned; return whether that can be."""
    if step.mode is Mode.DRIVE:
        return _drive(stay, step, ground)
    if step.mode is Mode.COMMAND:
        return _command(stay, step, ground)
    return park(stay, max(stay.time_s, step.end_s), ground)


def _command(stay: Stay, step: Step, ground: Ground) -> bool:
    """Spend a part of a command cycle awake, within driving phases, bin by bin."""
    if not park(stay, max(stay.time_s, step.start_s), ground) or not park_until_awake(stay, ground):
        return False
    left_s, rules = step.end_s - step.start_s, ground.rules
    while left_s > _ROUNDING_S:
        k = bin_at(stay.time_s, ground)
        if k >= len(ground.bins) - 1 or ground.bins[k, named.PHASE] != named.DRIVE_PHASE:
            return False
        span_s = min(left_s, float(ground.bins[k + 1, named.EDGE]) - stay.time_s)
        given = ground.grades, ground.lit, ground.bins, rules
        rate = float(parked_rate(stay.cell, k, rules[named.COMMAND_W], *given))
        _spend(stay, k, span_s, rate * span_s, ground)
        if not stay.charge_j >= ground.bins[k, named.FLOOR] - _ROUNDING_J:
            return False
        left_s -= span_s
    return True


def _spend(stay: Stay, k: int, span_s: float, change_j: float, ground: Ground) -> None:
    dim = light_of(ground.lit, stay.cell, ground.bins, k) < ground.rules[named.SHADOW_LIT]
    stay.dark_s = stay.dark_s + span_s if dim else 0.0
    stay.time_s += span_s
    stay.charge_j = min(float(ground.rules[named.CAPACITY]), stay.charge_j + change_j)


def _drive(stay: Stay, step: Step, ground: Ground) -> bool:
    """Drive a leg as soon as it is open, fits into its bin and leaves charge enough."""
    cell, to = _number(step.cell, ground), _number(step.to, ground)
    move = _OFF[step.to[0] - step.cell[0], step.to[1] - step.cell[1]]
    seconds = float(ground.legs_s[cell, move])
    if not park(stay, max(stay.time_s, step.start_s), ground):
        return False
    while True:
        if not park_until_awake(stay, ground):
            return False
        k = bin_at(stay.time_s, ground)
        change_j = float(change_on_leg(cell, move, k, ground))
        waits_s = _lacking(stay, k, change_j, ground)
        if _fits(stay.time_s + waits_s, waits_s, seconds, cell, to, k, ground):
            break
        if not park(stay, float(ground.bins[k + 1, named.EDGE]), ground):
            return False
    if waits_s > 0.0 and not park(stay, stay.time_s + waits_s, ground):
        return False
    stay.cell = to
    _spend(stay, k, seconds, change_j, ground)
    return bool(stay.dark_s <= ground.rules[named.LONGEST_DARK])


def _lacking(stay: Stay, k: int, change_j: float, ground: Ground) -> float:
    """Return how long to wait on the spot for the charge that a leg lacks; inf where it does not grow."""
    lacking_j = float(ground.bins[k, named.FLOOR]) - _ROUNDING_J - stay.charge_j - change_j
    if lacking_j <= 0:
        return 0.0
    given = ground.grades, ground.lit, ground.bins, ground.rules
    rate = float(parked_rate(stay.cell, k, ground.rules[named.CHARGE_W], *given))
    full = stay.charge_j + lacking_j > float(ground.rules[named.CAPACITY])
    return math.inf if rate <= 0 or full else lacking_j / rate


def _fits(begin_s: float, waits_s: float, seconds: float, cell: int, to: int, k: int, ground: Ground) -> bool:
    """Tell whether a leg lies within a bin, or begins with it, and driving is open for it."""
    if not math.isfinite(begin_s):
        return False
    starts_s, ends_s = ground.bins[k, named.EDGE], ground.bins[k + 1, named.EDGE]
    arrives = begin_s + seconds
    whole = seconds > ends_s - starts_s and abs(begin_s - starts_s) < _ROUNDING_S and waits_s == 0.0
    if arrives > ends_s + _ROUNDING_S and not whole:
        return False
    if arrives + ground.rules[named.CYCLE_S] > ground.bins[k, named.OPEN_UNTIL] + _ROUNDING_S:
        return False
    last = arrives - _ROUNDING_S
    return bool(np.logical_and(open_through(cell, k, last, ground), open_through(to, k, last, ground)))
