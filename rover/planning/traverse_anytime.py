"""A traverse for when the search for the best one is cut short: what is at hand, and how much better any can be.

A search over the surroundings of a way ends soon (`traverse_corridor`), and finds there where to wait, nap and sleep.
The way is the cheapest by time and charge; where its surroundings have nowhere to charge or to spend the night they are
widened. What has been found is bettered by searches over its own surroundings, wider each time.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.time_allowed import TimeAllowed
from rover.planning.label_kernels import (
    BY_TIME,
    CAPACITY,
    CELL,
    CHARGE_SLACK,
    DEAD,
    FIRST,
    FIRST_KIND,
    MARKS,
    NONE,
    SECOND_KIND,
    TIME,
    TIME_SLACK,
)
from rover.planning.traverse_corridor import along, cheapest_way, priced_by_arrival, priced_by_first
from rover.planning.traverse_record_kernels import LABELS, Ground
from rover.planning.traverse_search import Labels, run_search

_FIRST_WIDTHS = 1, 4, 12
"""Cells to either side of the cheapest way within which a first traverse is looked for, until there is one."""

_WIDTHS = 2, 4, 8, 16, 32
"""Cells to either side of the best way so far within which a better traverse is looked for."""

_FEW_LEVELS = 6
"""Of charge, for a search over the whole map where no surroundings have a traverse."""

_FIRST_SHARE, _HALFWAY, _SHARE = 0.15, 0.5, 0.3
"""Of the time allowed: for what is at hand first, when it is bettered if the search goes on still, and for that."""

_LEAST_S = 0.7
"""For a first traverse, and for one by another criterion than time, at the least, however short the time."""

_LADDER_AFTER = 100_000
"""Labels after which such a search gets a ladder: made for the whole map, it takes longer than most of them do."""

_BETTER_S = 1.0
"""By which an arrival has to be earlier to be worth a search."""

Known = tuple[Labels, int]
"""A search, and the label that a traverse of it ends with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a search is asked for: from which cell, when, with what charge, and how long it may take.

    Attributes:
        start: Cell.
        depart_s, charge_j: Departure and charge then.
        time_limit_s: Longest time to search, None for as long as it takes.
    """

    start: tuple[int, int]
    depart_s: float
    charge_j: float
    time_limit_s: float | None

    def known_of(self, ground: Ground, allowed: TimeAllowed) -> Known | None:
        """Return the best over some ground, or the best that is found until the time is over."""
        search = run_search(
            ground,
            self.start,
            depart_s=self.depart_s,
            charge_j=self.charge_j,
            time_limit_s=allowed.left_s,
            ladder_after=_LADDER_AFTER,
        )
        labels = next(iter(search))
        label = labels.found if labels.found is not None else best_at_goal(labels)
        return None if label is None else (labels, label)


class StandIn:
    """Looks for a traverse to have at hand, that has little of the first criterion.

    Args:
        ground: With that criterion; a second one is of no account.
        question: With a time limit, of which a part is taken each time.

    Attributes:
        known: The best found, None if none is.
    """

    def __init__(self, ground: Ground, question: Question) -> None:
        self._ground, self._question = _by_first(ground), question
        self._widths = iter(_WIDTHS)
        self.known: Known | None = None

    def look(self, limit_s: float, *, arrive_s: float) -> None:
        """Find a first traverse, and a better one as long as there is time.

        Args:
            limit_s: Longest time to look.
            arrive_s: A bound on the arrival, inf for none.
        """
        allowed = TimeAllowed(limit_s)
        if self.known is None:
            self.known = self._first(allowed, arrive_s)
        if self.known is not None:
            self._better(allowed)

    def _first(self, allowed: TimeAllowed, arrive_s: float) -> Known | None:
        question, ground = self._question, self._ground
        by_arrival = _by_arrival(ground)
        price = priced_by_arrival(by_arrival, question.depart_s, arrive_s)
        first = _first_found(by_arrival, question, price, _at_least(allowed, _LEAST_S))
        if first is None or ground.rules[FIRST_KIND] == BY_TIME:
            return first
        still = _at_least(allowed, _LEAST_S)
        found = [
            known
            for way, half_width in _ways(ground, question, first)
            if (known := question.known_of(along(ground, way, half_width), still)) is not None
        ]
        return min(found, key=value_of, default=None)

    def _better(self, allowed: TimeAllowed) -> None:
        """Search the surroundings of what is known, each time of the best so far."""
        by_time = self._ground.rules[FIRST_KIND] == BY_TIME
        while self.known is not None and allowed.left_s != 0.0:
            half_width = next(self._widths, None)
            if half_width is None:
                return
            value = value_of(self.known)
            before_s = value - _BETTER_S if by_time else math.inf
            near = along(self._ground, _way_of(self.known), half_width, before_s=before_s)
            other = self._question.known_of(near, allowed)
            if other is not None and value_of(other) < value:
                self.known = other


def _at_least(allowed: TimeAllowed, least_s: float) -> TimeAllowed:
    """Return the time that is left, or so much where it is less."""
    return TimeAllowed(max(allowed.left_s or 0.0, least_s))


def _by_arrival(ground: Ground) -> Ground:
    """Return the ground for the earliest arrival alone."""
    rules = ground.rules.copy()
    rules[FIRST_KIND], rules[SECOND_KIND], rules[TIME_SLACK] = BY_TIME, NONE, 0.0
    return ground._replace(rules=rules)


def _by_first(ground: Ground) -> Ground:
    """Return the ground for its first criterion alone."""
    if ground.rules[FIRST_KIND] == BY_TIME:
        return _by_arrival(ground)
    rules = ground.rules.copy()
    rules[SECOND_KIND] = NONE
    return ground._replace(rules=rules)


def _first_found(
    ground: Ground, question: Question, price: npt.NDArray[np.float32], allowed: TimeAllowed
) -> Known | None:
    """Return a traverse near the cheapest way; where there is none, one of few levels of charge anywhere."""
    way = cheapest_way(ground, question.start[0] * ground.cols + question.start[1], price)
    if way is None:
        return None
    for half_width in _FIRST_WIDTHS:
        known = question.known_of(along(ground, way, half_width), allowed)
        if known is not None or allowed.left_s == 0.0:
            return known
    rules = ground.rules.copy()
    rules[CHARGE_SLACK] = max(float(rules[CHARGE_SLACK]), float(rules[CAPACITY]) / _FEW_LEVELS)
    return question.known_of(ground._replace(rules=rules), allowed)


def _ways(ground: Ground, question: Question, known: Known) -> Iterator[tuple[npt.NDArray[np.int64], int]]:
    """Yield ways and half widths to look within for little of a criterion: first the cells of a known traverse.

    Then the surroundings of the cheapest way by the criterion, where it is a sum over moves.
    """
    yield _way_of(known), 0
    price = priced_by_first(ground)
    if price is not None:
        way = cheapest_way(ground, question.start[0] * ground.cols + question.start[1], price)
        if way is not None:
            yield way, _FIRST_WIDTHS[0]


def _way_of(known: Known) -> npt.NDArray[np.int64]:
    """Return the cells of a traverse, by number."""
    labels, label = known
    return np.asarray(labels.search.whole[labels.chain(label), CELL], np.int64)


def best_at_goal(labels: Labels) -> int | None:
    """Return the label at the goal that has the least of the first criterion, though one with less may follow."""
    whole, reals = (
        held[: labels.search.counts[LABELS]] for held in (labels.search.whole, labels.search.reals)
    )
    there = np.flatnonzero((whole[:, CELL] == labels.ground.goal) & (whole[:, MARKS] & DEAD == 0))
    if len(there) == 0:
        return None
    return int(there[np.argmin(reals[there, _value_column(labels.ground)])])


def value_of(known: Known) -> float:
    """Return what a traverse has of its first criterion; of time the arrival."""
    labels, label = known
    return float(labels.search.reals[label, _value_column(labels.ground)])


def _value_column(ground: Ground) -> int:
    """Return where a label has its first criterion."""
    return TIME if ground.rules[FIRST_KIND] == BY_TIME else FIRST


def best_known(labels: Labels, at_hand: Known | None) -> Known | None:
    """Return the better of a search's own best so far and of what was at hand before; None where there is neither."""
    own = best_at_goal(labels)
    known = [] if own is None else [(labels, own)]
    if at_hand is not None:
        known.append(at_hand)
    return min(known, key=value_of, default=None)


def left_of(question: Question, since: float) -> float | None:
    """Return how much of the time is left of what there was at a reading of the clock."""
    if question.time_limit_s is None:
        return None
    return max(0.0, question.time_limit_s - (time.perf_counter() - since))


def search_at_hand(
    ground: Ground, question: Question, *, since: float, report: Callable[[float], None] | None = None
) -> Iterator[tuple[Labels, Known | None]]:
    """Yield a search as `run_search` does, with what is at hand; where it is cut short the best that is known then.

    Where there is a time limit and the search is not soon over, a traverse to have at hand is looked for, and when half
    of the time is over bettered, unless a front is searched for.

    Args:
        ground, question: As `StandIn`; of the question the limit may be None.
        since: Reading of the clock from which on the time is counted.
        report: Told the least that the first criterion can still come to, now and then.
    """
    limit_s, stand_in = question.time_limit_s, StandIn(ground, question)
    by_time, one = ground.rules[FIRST_KIND] == BY_TIME, ground.rules[SECOND_KIND] == NONE
    left_s = left_of(question, since)
    shares = iter([(0.0, _FIRST_SHARE), (_HALFWAY, _SHARE)] if one else [(0.0, _FIRST_SHARE)])
    after, share = next(shares)
    for labels in run_search(
        ground,
        question.start,
        depart_s=question.depart_s,
        charge_j=question.charge_j,
        time_limit_s=left_s,
        report=report,
        pauses=limit_s is not None,
    ):
        if not labels.paused:
            after = math.inf
            yield labels, best_known(labels, stand_in.known) if labels.cut_short else stand_in.known
        elif limit_s is not None and (left_of(question, since) or 0.0) <= (1.0 - after) * limit_s:
            stand_in.look(share * limit_s, arrive_s=labels.lower_bound if by_time else math.inf)
            after, share = next(shares, (math.inf, 0.0))
