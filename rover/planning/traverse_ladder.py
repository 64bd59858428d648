"""The rungs of a search's ladder (`ladder_kernels`), and over what windows of time they hold."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from rover.core.memory import check_memory
from rover.core.strips import by_strips
from rover.planning.label_kernels import EDGE, bin_of
from rover.planning.ladder_kernels import climb_of, drains_of, greatest_gains
from rover.planning.traverse_record_kernels import Ground, Search

Floats = npt.NDArray[np.float64]
Moves = npt.NDArray[np.float32]

_FIRST_SHARE, _FEWER = 0.25, 2.0
"""Share of the cells that reach the lowest rung, and by how much fewer reach each next one."""

_WINDOWS = (1.25, 2.0)
"""Ends of the windows, as multiples of the time that the traverse takes at the least."""


def with_ladder(search: Search, ground: Ground, *, depart_s: float, arrive_s: float) -> Search:
    """Return a search with a ladder.

    Args:
        search: Not begun.
        ground: What it runs over, with a goal.
        depart_s: Departure.
        arrive_s: A bound on the arrival.
    """
    begin = int(bin_of(depart_s, ground.bins, 0))
    ends = window_ends(ground.bins, depart_s, arrive_s)
    given = _given(ground, begin, ends)
    rungs = [rungs_of(rates_w) for _, rates_w in given]
    most = max(len(rates) for rates in rungs)
    # Windows have as many rungs each: the first, doubled, says nothing new.
    rungs_w = np.array([np.pad(rates, (most - len(rates), 0), mode="edge") for rates in rungs])
    check_memory(
        4 * len(ground.haven) * len(ends) * most,
        what="what a rover takes to come to better places",
        field="terrain",
        value=f"{len(ground.haven)} cells",
        remedy="take a coarser map",
    )
    climb_s = np.empty((len(ground.haven), len(ends) * most), np.float32)

    def work(first: int, last: int) -> None:
        for w in range(first, last):
            climb_of(ground, *given[w], rungs_w[w], climb_s, w * most)

    by_strips(len(ends), work, least=1)
    until_s = np.ascontiguousarray(ground.bins[ends, EDGE])
    return search._replace(rungs_w=rungs_w, climb_s=climb_s, climb_until_s=until_s)


def window_ends(bins: Floats, depart_s: float, arrive_s: float) -> npt.NDArray[np.int64]:
    """Return the number of the first bin beyond each window, ascending."""
    last = len(bins) - 1
    if not math.isfinite(arrive_s):
        return np.array([last], np.int64)
    times = [depart_s + share * (arrive_s - depart_s) for share in _WINDOWS]
    return np.unique([min(last, int(bin_of(time, bins, 0)) + 1) for time in times]).astype(np.int64)


def rungs_of(rates_w: Floats) -> Floats:
    """Return the ascending rates of a ladder, the last over all that there are."""
    gains = np.sort(rates_w[rates_w > 0.0])[::-1]
    if len(gains) == 0:
        return np.ones(1)
    count = int(math.log(max(1.0, _FIRST_SHARE * len(gains)), _FEWER)) + 1
    places = (_FIRST_SHARE * len(gains) / _FEWER ** np.arange(count)).astype(np.int64)
    return np.append(np.unique(gains[places]), gains[0] * (1.0 + 1e-5))


def _given(ground: Ground, begin: int, ends: npt.NDArray[np.int64]) -> list[tuple[Moves, Floats]]:
    """Return what moves take of the battery at the least in each window, and how fast it charges at the most."""
    cells = len(ground.haven)
    given_w, parked_w = np.zeros(cells), np.full(cells, -np.inf)
    found = []
    for end in ends:
        takes_j, rates_w = np.empty((cells, 8), np.float32), np.empty(cells)

        def gains(first: int, last: int, since: int = begin, end: int = int(end)) -> None:
            greatest_gains(ground, since, end, given_w, parked_w, first, last)

        def drains(first: int, last: int, takes_j: Moves = takes_j, rates_w: Floats = rates_w) -> None:
            drains_of(ground, given_w, takes_j, rates_w, first, last)

        by_strips(cells, gains, least=4096)
        rates_w[:] = parked_w
        by_strips(cells, drains, least=4096)
        found.append((takes_j, rates_w))
        begin = int(end)
    return found
