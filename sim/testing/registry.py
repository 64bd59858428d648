"""The checks by name, each with the claims that ask for it."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass

from rover.planning.problem import Claim
from sim.testing.case import Broken, Case
from sim.testing.check_calls import deterministic, memory_budget, stale_state, time_budget
from sim.testing.check_laws import mirror, more_obstacles, rotation, scaling
from sim.testing.check_sky import charge, light, timetable
from sim.testing.check_way import (
    heading_limits,
    honest,
    nan_closed,
    not_below_least,
    optimal,
    protocol,
    rim,
    safe,
    start_is_goal,
    unreachable,
    within_bound,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """A named check.

    Attributes:
        run: Yields what is wrong; its docstring says what it holds a planner to.
        claims: A planner is held to it that makes all of these,
        unless: and none of these.
    """

    run: Callable[[Case], Iterator[Broken]]
    claims: frozenset[Claim]
    unless: frozenset[Claim]

    @property
    def name(self) -> str:
        """By which it is asked for and told."""
        return self.run.__name__

    @property
    def holds_to(self) -> str:
        """What it holds a planner to, in a sentence."""
        return (self.run.__doc__ or "").strip().splitlines()[0]

    def asks(self, claims: Collection[Claim]) -> bool:
        """Tell whether a planner of such claims is held to it."""
        return self.claims <= set(claims) and not self.unless & set(claims)


def _check(
    run: Callable[[Case], Iterator[Broken]], claims: Collection[Claim] = (), *, unless: Collection[Claim] = ()
) -> Check:
    return Check(run=run, claims=frozenset(claims), unless=frozenset(unless))


_TIMED = (Claim.TIMED,)

CHECKS: dict[str, Check] = {
    check.name: check
    for check in (
        _check(protocol),
        _check(optimal, [Claim.OPTIMAL]),
        _check(within_bound, [Claim.BOUNDED]),
        _check(not_below_least, unless=[Claim.OPTIMAL, Claim.ANY_ANGLE]),
        _check(safe),
        _check(honest),
        _check(rotation, unless=_TIMED),
        _check(mirror, unless=_TIMED),
        _check(scaling, unless=_TIMED),
        _check(more_obstacles),
        _check(start_is_goal),
        _check(unreachable),
        _check(nan_closed),
        _check(rim),
        _check(deterministic),
        _check(stale_state),
        _check(time_budget),
        _check(memory_budget),
        _check(heading_limits, [Claim.DIRECTIONAL]),
        _check(timetable, _TIMED),
        _check(light, _TIMED),
        _check(charge, _TIMED),
    )
}
"""In the order in which they are run and told."""
