"""Several searches for one question, each under a limit more, within one time limit."""

from __future__ import annotations

from dataclasses import replace

from rover.core.errors import TimeLimitError
from rover.core.time_allowed import TimeAllowed
from rover.planning.problem import NoPlan, Plan
from rover.planning.traverse import best_with_bound
from rover.planning.traverse_ground import Criterion
from rover.planning.traverse_setup import Outlook

_SHARE = 0.5
"""Of the time that is left, for the next search at the most."""


class Searches:
    """Searches for traverses of one question and of stricter ones.

    Args:
        ready: The question; `problem.time_limit_s` is for all searches together.
        criterion: What each traverse has least of.
        charge_levels: As `traverse_search.Rules`.
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
        plan, self._least = self._search(self._ready)
        return plan

    def next(self, stricter: Outlook) -> Plan | NoPlan | None:
        """Return the same of a stricter question; None where the time is up before one is known."""
        if self._allowed.left_s == 0.0:
            self._unfinished = True
            return None
        try:
            plan, _ = self._search(stricter)
        except TimeLimitError:
            self._unfinished = True
            return None
        return plan

    def _search(self, asked: Outlook) -> tuple[Plan | NoPlan, float]:
        left_s = self._allowed.left_s
        limit_s = None if left_s is None else _SHARE * left_s
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
