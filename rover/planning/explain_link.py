"""Whether the link or a timed zone shuts the way of a traverse at the time, which of them, and by how much."""

from __future__ import annotations

import math
from bisect import bisect_left
from dataclasses import replace

import numpy as np

from rover.limits.base import combine
from rover.limits.comm import LinkLimit
from rover.planning.explain_where import NO_FIGURE, nearest_refusal
from rover.planning.problem import Cause, NoPlan
from rover.planning.stay_kernels import SHUT
from rover.planning.traverse_ground import closed_of
from rover.planning.traverse_record_kernels import Ground
from rover.planning.traverse_search import Labels
from rover.planning.traverse_trials import Trials


def closed_at_the_time(trials: Trials, labels: Labels) -> NoPlan | None:
    """Wherever and whenever the link and timed zones allow, there is none; without them there is."""
    if trials.ground.closed.size <= 1 or not trials.opens(_without_closing(trials)):
        return None
    where = f"the link or a zone shuts the way at the time: {nearest_refusal(trials.ready, labels, (SHUT,))}"
    linked = any(isinstance(limit, LinkLimit) for limit in trials.ready.limits)
    remedy = "other times of the zones, or another start"
    if linked:
        remedy = f"a smaller limits.link_margin_deg, {remedy}"
    one = trials.known(lambda: _closing(trials))
    if one is None:
        return NoPlan(
            cause=Cause.LINK if linked else Cause.ZONE,
            where=where if linked else where.replace("the link or a zone shuts", "zones shut"),
            remedy=f"{remedy}; {NO_FIGURE}" if trials.late else f"{remedy}: no one of them is enough",
        )
    limit = trials.ready.limits[one]
    if not isinstance(limit, LinkLimit):
        return NoPlan(
            cause=Cause.ZONE,
            where=where.replace("the link or a zone", limit.name.removesuffix(" (m)")),
            remedy="other times of the zone, or another start",
        )
    margin_deg = trials.known(lambda: _link_margin_deg(trials, one, limit))
    if margin_deg is not None:
        remedy = f"limits.link_margin_deg of {margin_deg:.2f} opens a way"
    elif trials.late:
        remedy = f"a smaller limits.link_margin_deg, or another start; {NO_FIGURE}"
    else:
        remedy = "another start: the relay is behind the ground or out of sight of every station"
    return NoPlan(
        cause=Cause.LINK,
        where=where.replace("the link or a zone", "the link"),
        remedy=remedy,
        opens_with_link_deg=margin_deg,
    )


def _without_closing(trials: Trials, *, but: int | None = None) -> Ground:
    """Return ground that no link or timed zone shuts; or that all do but one, by the number of its limit."""
    if but is None:
        return trials.ground._replace(closed=np.zeros((1, 1), np.uint8))
    others = combine([table for k, table in enumerate(trials.ready.tables) if k != but])
    return trials.ground._replace(closed=closed_of(trials.ready.around, others))


def _closing(trials: Trials) -> int | None:
    """Return the number of the one limit without which the way is not shut; None where it takes several."""
    for k, table in enumerate(trials.ready.tables):
        if table.cells_by_bin is not None and trials.opens(_without_closing(trials, but=k)):
            return k
    return None


def _link_margin_deg(trials: Trials, number: int, limit: LinkLimit) -> float | None:
    """Return the greatest margin of the link, in hundredths of a degree, with which there is a way; None at 0."""
    ready, bound = trials.ready, limit.hundredths_deg
    others = [table for k, table in enumerate(ready.tables) if k != number]

    def opens(hundredths: int) -> bool:
        table = replace(limit, margin_rad=math.radians(hundredths / 100.0)).table(ready.around)
        return trials.opens(trials.ground._replace(closed=closed_of(ready.around, combine([*others, table]))))

    if bound <= 0 or not opens(0):
        return None
    less = bisect_left(range(1, bound), True, key=lambda less: opens(bound - less))
    return (bound - 1 - less) / 100.0
