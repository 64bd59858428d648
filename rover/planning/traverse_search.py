"""Running the search of the traverse planner over place, time and charge, and its labels."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from rover.core.memory import check_memory
from rover.planning.label_kernels import (
    BY_TIME,
    CHARGE_SLACK,
    DEAD,
    FIRST_KIND,
    MARKS,
    PARENT,
    REALS,
    ROUNDING_J,
)
from rover.planning.traverse_kernels import EMPTY, FOUND, FULL, PAUSED, advance, begin
from rover.planning.traverse_ladder import with_ladder
from rover.planning.traverse_record_kernels import (
    COUNTS,
    EXPANDED,
    GENERATED,
    GOAL_LABEL,
    LISTS,
    OPENED,
    OUT,
    REFUSALS,
    Ground,
    Search,
)

_PAUSE = 5_000
"""Labels between looks at the clock, some 0.1 s."""

_FIRST_ROOM = 1 << 16

_LADDER_AFTER = 20_000
"""Labels that a search for the earliest arrival looks at before a ladder is worth making, and it begins anew."""


@dataclass(slots=True)
class Labels:
    """A search under way, or ended.

    Attributes:
        ground: What it runs over.
        search: Labels and lists.
        depart_s, charge_j: What it began with.
        found: The goal's label, or None.
        lower_bound: What the first criterion can still come to at the least: of what was found where it ended.
        proven: What no traverse has less of, also none that dominance overlooked.
        cut_short: Whether time was up before it ended.
        paused: Whether it goes on, and nothing has come up.
    """

    ground: Ground
    search: Search
    depart_s: float
    charge_j: float
    found: int | None = None
    lower_bound: float = -math.inf
    proven: float = -math.inf
    cut_short: bool = False
    paused: bool = False

    @property
    def second_bound(self) -> float:
        """Return what the second criterion can still come to at the least; inf where nothing more comes up."""
        search = self.search
        count = int(search.counts[OPENED])
        open_ones, least = search.items[:count], search.keys[:count, 1]
        alive = (search.whole[open_ones, MARKS] & DEAD == 0) & (least < search.best[0] - ROUNDING_J)
        return float(least[alive].min(initial=math.inf))

    @property
    def expanded(self) -> int:
        return int(self.search.counts[EXPANDED])

    @property
    def generated(self) -> int:
        return int(self.search.counts[GENERATED])

    def begin(self, cell: int) -> None:
        """Make the first label, on a cell by number; what it can come to holds whatever dominance overlooks later."""
        begin(cell, self.depart_s, self.charge_j, self.ground, self.search)
        self.learn()

    def learn(self) -> None:
        """Take up what the open list can still come to."""
        least = float(self.search.keys[0, 0]) if self.search.counts[OPENED] > 0 else math.inf
        self.lower_bound = max(self.lower_bound, least)
        exact = self.ground.rules[CHARGE_SLACK] == 0.0 and self.search.counts[GOAL_LABEL] < 0
        if exact or self.expanded == 0:
            self.proven = max(self.proven, least)

    def only(self, label: int) -> Labels:
        """Return what leads to a label without all else: little to keep, and nothing to go on with."""
        chain = self.chain(label)
        whole = self.search.whole[chain]
        whole[:, PARENT] = np.arange(-1, len(chain) - 1)
        none = _fresh(0, 0)._replace(reals=self.search.reals[chain], whole=whole, counts=self.search.counts)
        return replace(self, search=none, found=len(chain) - 1)

    def chain(self, label: int) -> list[int]:
        """Return the labels from the first to `label`."""
        found = [label]
        while (parent := int(self.search.whole[found[-1], PARENT])) >= 0:
            found.append(parent)
        return found[::-1]


def _fresh(cells: int, room: int) -> Search:
    refused = np.zeros((REFUSALS, 4))
    refused[:, 1] = np.inf
    counts = np.zeros(COUNTS, np.int64)
    counts[GOAL_LABEL] = -1
    return Search(
        reals=np.empty((room, REALS)),
        whole=np.empty((room, 6), np.int32),
        heads=np.full((cells, LISTS), -1, np.int32),
        keys=np.empty((room, 3)),
        items=np.empty(room, np.int64),
        counts=counts,
        best=np.full(1, np.inf),
        refused=refused,
        out=np.empty(OUT),
        array_w=np.empty((cells, LISTS)),
        array_bin=np.full((cells, LISTS), -1, np.int32),
        rungs_s_per_j=np.empty((0, 0)),
        climb_s=np.empty((cells, 0), np.float32),
        climb_until_s=np.empty(0),
    )


def _grown(search: Search) -> Search:
    """Return a search with room for twice as many labels."""
    check_memory(
        2 * (search.reals.nbytes + search.whole.nbytes + search.keys.nbytes + search.items.nbytes),
        what=f"a search of more than {len(search.whole)} labels",
        field="charge_levels",
        value="",
        remedy="take fewer charge levels, a longer step, a coarser map or an earlier deadline",
    )
    longer = {}
    for name in ("reals", "whole", "keys", "items"):
        held = getattr(search, name)
        longer[name] = np.empty((2 * len(held), *held.shape[1:]), held.dtype)
        longer[name][: len(held)] = held
    return search._replace(**longer)


def run_search(
    ground: Ground,
    start: tuple[int, int],
    *,
    depart_s: float,
    charge_j: float,
    time_limit_s: float | None = None,
    report: Callable[[float], None] | None = None,
    pauses: bool = False,
    ladder_after: int | None = None,
) -> Iterator[Labels]:
    """Yield the search each time the goal comes up, in the order of the criteria, and once more where it ends.

    Args:
        ground: What it runs over.
        start: Cell.
        depart_s, charge_j: When, and with what charge.
        time_limit_s: Longest time to search.
        report: Told the least that the first criterion can still come to, now and then.
        pauses: Yield the search now and then as well, with nothing found, to be looked at while it is under way.
        ladder_after: Labels to look at, no goal come up, before it gets a ladder, where it has a goal and arrival is
            what it is asked for first; None for as many as is usual.
    """
    begun = time.perf_counter()
    ladder_after = _LADDER_AFTER if ladder_after is None else ladder_after
    held = Labels(ground, _fresh(len(ground.haven), _FIRST_ROOM), depart_s, charge_j)
    cell = start[0] * ground.cols + start[1]
    held.begin(cell)
    rules = ground.rules
    climbs = ground.goal >= 0 and rules[FIRST_KIND] == BY_TIME
    while True:
        how = advance(ground, held.search, min(_PAUSE, ladder_after - held.expanded) if climbs else _PAUSE)
        held.learn()
        held.found = None
        if how == FULL:
            held.search = _grown(held.search)
        elif how == FOUND:
            climbs = False
            held.found = int(held.search.counts[GOAL_LABEL])
            yield held
        elif how == EMPTY:
            yield held
            return
        if report is not None:
            report(held.lower_bound)
        if pauses and how == PAUSED:
            held.paused = True
            yield held
            held.paused = False
        if time_limit_s is not None and time.perf_counter() - begun > time_limit_s:
            held.found, held.cut_short = None, True
            yield held
            return
        if climbs and how == PAUSED and held.expanded >= ladder_after:
            climbs = False
            bound_s = float(held.search.keys[0, 0])
            fresh = _fresh(len(ground.haven), _FIRST_ROOM)
            held.search = with_ladder(fresh, ground, cell, depart_s=depart_s, arrive_s=bound_s)
            held.begin(cell)
