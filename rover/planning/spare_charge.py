"""Charge to spare: plans keep more than the reserve where they can, for forecasts do not know all that is driven."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from rover.limits.power import ReserveLimit
from rover.planning.traverse_setup import Outlook

SPARE = "spare_soc"
"""Name of the limit that keeps it."""

_LEAST_TIME_S = 1e-3

Answer = TypeVar("Answer")


def spare_limit(ready: Outlook) -> ReserveLimit:
    """Return the reserve and what is to spare above it, as a limit."""
    reserve_soc = ready.forecaster.operations.reserve_soc
    return ReserveLimit(min(reserve_soc + ready.problem.spare_soc, 1.0), name=SPARE)


def with_spare_charge(
    ready: Outlook, search: Callable[[Outlook], Answer], *, refuses: Callable[[Answer], bool]
) -> Answer:
    """Return what a search finds with charge to spare, and where that is nothing, what it finds without.

    A time limit holds for both. Only the second refusal is explained: the first is not the last word.

    Args:
        ready: The problem; `problem.spare_soc` is what is to spare, 0 for none.
        search: Asked once or twice.
        refuses: Whether an answer is no plan.
    """
    if not ready.problem.spare_soc > 0:
        return search(ready)
    begun = time.perf_counter()
    answer = search(replace(ready.within(spare_limit(ready)), explained=False))
    if not refuses(answer):
        return answer
    limit_s = ready.problem.time_limit_s
    if limit_s is None:
        return search(ready)
    left_s = max(limit_s - (time.perf_counter() - begun), _LEAST_TIME_S)
    return search(replace(ready, problem=replace(ready.problem, time_limit_s=left_s)))
