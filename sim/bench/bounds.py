"""What no traverse arrives before: proven by driving times, by the hours of driving, and by the charge.

Each is the least of a sum over all ways there are, by scipy's Dijkstra over the graph of moves by heading, with what
the checker of traverses lets pass given. No planner has part in any.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

from rover.planning.check_day import EDGE_S, Allowed, phases_of
from rover.planning.problem import PlanningProblem
from sim.bench.charge_bound import OFF, charge_bound_s
from sim.bench.move_graph import Moves, moves_of

_OUTSIDE_S = 2 * EDGE_S
"""By which the checker lets a leg begin or end outside its hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """What no traverse arrives before, in seconds after the departure; each holds by itself.

    Attributes:
        driving_s: The least driving time, but for what the checker lets it be off by.
        hours_s: When the Sun has let it drive for so long, stops for commands included; inf where it never does.
        charge_s: When the array may have brought what the way takes; inf where not even the first leg can be driven.
    """

    driving_s: float
    hours_s: float
    charge_s: float

    @property
    def greatest_s(self) -> float:
        """The best of them that is a time; where there is no way at all, the others say so."""
        found = (self.driving_s, self.hours_s, self.charge_s)
        return max((s for s in found if math.isfinite(s)), default=math.inf)

    @property
    def in_words(self) -> str:
        """Which that is."""
        if self.greatest_s == self.driving_s:
            what = "the least driving time by heading"
        elif self.greatest_s == self.hours_s:
            what = "the hours of driving hold the least of driving and stops for commands by heading"
        else:
            what = "the array has brought the least that driving and charging take together by heading"
        return f"nothing arrives before {what}, scipy's over sim.testing.graphs.directed_graph"


def bounds_of(asked: PlanningProblem, *, known_s: float | None = None) -> Bounds:
    """Return the bounds of a problem in time.

    Args:
        asked: With almanac, forecaster and deadline.
        known_s: When a traverse is known to arrive, s after the departure; of a later one nothing need be proven.
    """
    moves = moves_of(asked)
    return Bounds(
        driving_s=moves.least(moves.seconds) * (1.0 - OFF),
        hours_s=_by_hours(asked, moves),
        charge_s=charge_bound_s(asked, moves, known_s=known_s),
    )


def no_traverse(bounds: Bounds, asked: PlanningProblem) -> str | None:
    """Return what proves that there is no traverse, in words; None where nothing does."""
    assert asked.deadline_s is not None
    if math.isinf(bounds.driving_s):
        return "no way by heading"
    if math.isinf(bounds.charge_s):
        return "a full battery does for none of the legs from the start"
    left_s = asked.deadline_s - asked.depart_s
    if bounds.greatest_s > left_s:
        return f"{bounds.greatest_s:.0f} s, after the deadline at {left_s:.0f} s"
    return None


def _by_hours(asked: PlanningProblem, moves: Moves) -> float:
    """Return when the hours of driving since the departure hold the least of driving and stops for commands, s.

    A stop for commands falls into hours of driving as legs do, and each allows `stop_every_m`; the first set of
    commands is there already.
    """
    assert asked.forecaster is not None
    window, rules = asked.forecaster.window, asked.forecaster.operations
    need_s = moves.least(moves.seconds)
    if rules.command_cycle_s > 0:
        stops_s = moves.metres * (rules.command_cycle_s / rules.stop_every_m)
        need_s = max(need_s, moves.least(moves.seconds + stops_s) - rules.command_cycle_s)
    ends_s = float(window.almanac.time_s[-1])
    spans = phases_of(window.almanac, window.params, asked.depart_s, ends_s)
    hours = [(begin, end) for begin, end, allowed in spans if allowed is Allowed.DRIVE]
    return spent_by(need_s * (1.0 - OFF), hours, from_s=asked.depart_s)


def spent_by(need_s: float, hours: Iterable[tuple[float, float]], *, from_s: float) -> float:
    """Return how long it is until so much of some hours has passed, each a little longer on both sides; inf for ever.

    Args:
        need_s: Of them.
        hours: When each begins and ends, in their order.
        from_s: From when it is counted.
    """
    for begin, end in hours:
        begin, end = max(from_s, begin - _OUTSIDE_S), end + _OUTSIDE_S
        if need_s <= end - begin:
            return (begin - from_s) + need_s
        need_s -= max(0.0, end - begin)
    return math.inf
