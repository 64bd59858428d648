"""A traverse for when the search for the best one is cut short: what is at hand, and how much better any can be.

Two quicker searches come before the search for the least of another criterion than time: the earliest arrival, and the
best within a few cells of its way. Cut short, the search for the best still says what no traverse can have less of.
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import binary_dilation

from rover.planning.label_kernels import (
    BY_TIME,
    CELL,
    DEAD,
    FIRST,
    FIRST_KIND,
    MARKS,
    NONE,
    SECOND_KIND,
    TIME,
    TIME_SLACK,
)
from rover.planning.traverse_record_kernels import LABELS, Ground
from rover.planning.traverse_search import Labels, run_search

_HALF_WIDTH = 3
"""Cells to either side of the way of earliest arrival within which a first traverse is looked for."""

_SHARES = 0.3, 0.2
"""Of the time allowed, for the one and for the other of the quicker searches at the most."""


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

    def first_of(self, ground: Ground, *, time_limit_s: float | None) -> Labels:
        """Return the search where its first goal comes up, or where it ends."""
        search = run_search(
            ground, self.start, depart_s=self.depart_s, charge_j=self.charge_j, time_limit_s=time_limit_s
        )
        return next(iter(search))


def stand_in(ground: Ground, question: Question) -> tuple[Labels, int] | None:
    """Return a traverse to have at hand, with its label, that has little of the first criterion; None if none is found.

    Args:
        ground: With that criterion.
        question: Of it a part of the time is taken.
    """
    if question.time_limit_s is None or ground.rules[FIRST_KIND] == BY_TIME:
        return None
    rules = ground.rules.copy()
    rules[FIRST_KIND], rules[SECOND_KIND], rules[TIME_SLACK] = BY_TIME, NONE, 0.0
    for_arrival, for_best = (share * question.time_limit_s for share in _SHARES)
    earliest = question.first_of(ground._replace(rules=rules), time_limit_s=for_arrival)
    if earliest.found is None:
        return None
    near = question.first_of(_along(ground, earliest, earliest.found), time_limit_s=for_best)
    if near.found is not None:
        return near, near.found
    label = best_at_goal(near)
    return None if label is None else (near, label)


def _along(ground: Ground, labels: Labels, label: int) -> Ground:
    """Return the ground without the moves that leave the surroundings of a way."""
    cells = labels.search.whole[labels.chain(label), CELL]
    on_way = np.zeros(len(ground.haven), np.bool_)
    on_way[cells] = True
    near = binary_dilation(
        on_way.reshape(-1, ground.cols), np.ones((3, 3), np.bool_), iterations=_HALF_WIDTH
    ).reshape(-1)
    legs_s = np.where(near[:, None], ground.legs_s, np.float32(np.inf))
    return ground._replace(legs_s=legs_s)


def best_at_goal(labels: Labels) -> int | None:
    """Return the label at the goal that has the least of the first criterion, though one with less may follow."""
    whole, reals = (
        held[: labels.search.counts[LABELS]] for held in (labels.search.whole, labels.search.reals)
    )
    there = np.flatnonzero((whole[:, CELL] == labels.ground.goal) & (whole[:, MARKS] & DEAD == 0))
    if len(there) == 0:
        return None
    return int(there[np.argmin(reals[there, value_column(labels.ground)])])


def value_column(ground: Ground) -> int:
    """Return where a label has its first criterion."""
    return TIME if ground.rules[FIRST_KIND] == BY_TIME else FIRST


def best_known(labels: Labels, at_hand: tuple[Labels, int] | None) -> tuple[Labels, int] | None:
    """Return the better of a search's own best so far and of what was at hand before; None where there is neither."""
    own = best_at_goal(labels)
    known = [] if own is None else [(labels, own)]
    if at_hand is not None:
        known.append(at_hand)
    column = value_column(labels.ground)
    return min(known, key=lambda each: float(each[0].search.reals[each[1], column]), default=None)


def left_of(question: Question, since: float) -> float | None:
    """Return how much of the time is left of what there was at a reading of the clock."""
    if question.time_limit_s is None:
        return None
    return max(0.0, question.time_limit_s - (time.perf_counter() - since))
