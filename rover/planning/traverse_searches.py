"""Several searches for one question, each under a limit more, within one time limit."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from rover.core.errors import TimeLimitError
from rover.core.time_allowed import TimeAllowed
from rover.planning.problem import NoPlan, Plan
from rover.planning.traverse import best_with_bound
from rover.planning.traverse_ground import Criterion
from rover.planning.traverse_setup import Outlook

_SHARE = 0.5
"""Of the time that is left, for the next search at the most."""

Answer = TypeVar("Answer")


class Searches:
    """Searches for traverses of one question and of stricter ones.

    Args:
        ready: The question; `problem.time_limit_s` is for all searches together.
        criterion: What each traverse has least of.
        charge_levels: As `traverse_ground.Rules`.
    """

    def __init__(self, ready: Outlook, criterion: Criterion, *, charge_levels: int) -> None:
        self._ready, self._criterion, self._charge_levels = ready, criterion, charge_levels
        self._allowed = TimeAllowed(ready.problem.time_limit_s)
        self._least: float | None = None
        self._unfinished = False

    def first(self) -> Plan | NoPlan:
        """Return the best traverse of the question itself, or the best known where its time is up.

        Raises:
            TimeLimitError: None is known by then.
        """
        plan, self._least = self._search(self._ready, self._share_s())
        return plan

    def next(self, stricter: Outlook) -> Plan | NoPlan | None:
        """Return the same of a stricter question; None where the time is up before one is known."""
        return self.in_time(lambda limit_s: self._search(stricter, limit_s)[0])

    def in_time(self, work: Callable[[float | None], Answer]) -> Answer | None:
        """Return what some work finds, told how many seconds it may take; None where it does not end by then."""
        if self._allowed.left_s != 0.0:
            with contextlib.suppress(TimeLimitError):
                return work(self._share_s())
        self._unfinished = True
        return None

    def _share_s(self) -> float | None:
        left_s = self._allowed.left_s
        return None if left_s is None else _SHARE * left_s

    def _search(self, asked: Outlook, limit_s: float | None) -> tuple[Plan | NoPlan, float]:
        timed = replace(asked, problem=replace(asked.problem, time_limit_s=limit_s))
        plan, least = best_with_bound(timed, self._criterion, charge_levels=self._charge_levels)
        self._unfinished |= isinstance(plan, Plan) and plan.least is not None
        return plan, least

    def bounded(self, plan: Plan) -> Plan:
        """Return a plan with what no traverse has less of, where a search did not come to its end."""
        return replace(plan, least=self._least if self._unfinished else None)

    def check(self, what: str) -> None:
        """Go on if all searches came to their end.

        Args:
            what: That was not found, after "no traverse found yet".

        Raises:
            TimeLimitError: One did not.
        """
        if self._unfinished:
            raise TimeLimitError(
                f"no traverse found yet {what}; none has a {self._criterion} under {self._least:g}",
                remedy="allow more time, or take a coarser map or a longer step",
                field="--time-limit",
                value=self._ready.problem.time_limit_s,
            )
