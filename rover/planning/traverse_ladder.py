"""The rungs of a search's ladder (`ladder_kernels`), and over what windows of time they hold."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from rover.core.memory import check_memory
from rover.core.strips import by_strips
from rover.planning.label_kernels import DRIVEN, EDGE, OPEN, bin_of
from rover.planning.ladder_kernels import climb_of, drains_of, greatest_gains
from rover.planning.traverse_ahead import least_from, turned
from rover.planning.traverse_record_kernels import SECONDS, Ground, Search

Floats = npt.NDArray[np.float64]
Moves = npt.NDArray[np.float32]

_FIRST_SHARE, _FEWER = 0.25, 2.0
"""Share of the cells that reach the lowest rung, and by how much fewer reach each next one."""

_WINDOWS = (1.1, 1.3)
"""Ends of the windows, as multiples of the time that the traverse takes at the least."""

_ROUNDING_S = 1e-3


def with_ladder(search: Search, ground: Ground, start: int, *, depart_s: float, arrive_s: float) -> Search:
    """Return a search with a ladder.

    Args:
        search: Not begun.
        ground: What it runs over, with a goal.
        start: Cell by number.
        depart_s: Departure.
        arrive_s: A bound on the arrival.
    """
    until_s = window_ends(ground.bins, depart_s, arrive_s)
    early_s = _early(ground, start, depart_s)
    given = [_given(ground, early_s, depart_s, float(until)) for until in until_s]
    rungs = [rungs_of(rates_w) for _, rates_w in given]
    most = max(len(rates) for rates in rungs)
    # Windows have as many rungs each: the first, doubled, says nothing new.
    rungs_w = np.array([np.pad(rates, (most - len(rates), 0), mode="edge") for rates in rungs])
    check_memory(
        4 * len(ground.haven) * len(until_s) * (most + 3 * 8),
        what="what a rover takes to come to better places",
        field="terrain",
        value=f"{len(ground.haven)} cells",
        remedy="take a coarser map",
    )
    climb_s = np.empty((len(ground.haven), len(until_s) * most), np.float32)
    back_s = turned(ground.cols, ground.legs_s)

    def work(first: int, last: int) -> None:
        for w in range(first, last):
            takes_j, rates_w = given[w]
            back_j = turned(ground.cols, takes_j)
            climb_of(ground.goal, ground.cols, back_s, back_j, rates_w, rungs_w[w], climb_s, w * most)

    by_strips(len(until_s), work, least=1)
    return search._replace(rungs_s_per_j=1.0 / rungs_w, climb_s=climb_s, climb_until_s=until_s)


def window_ends(bins: Floats, depart_s: float, arrive_s: float) -> Floats:
    """Return when each window ends, s, ascending."""
    end_s = float(bins[-1, EDGE])
    if not math.isfinite(arrive_s):
        return np.array([end_s])
    return np.unique([min(end_s, depart_s + share * (arrive_s - depart_s)) for share in _WINDOWS])


def _driven(bins: Floats, time_s: float) -> float:
    """Return the seconds of open driving before a time."""
    k = min(int(bin_of(time_s, bins, 0)), len(bins) - 2)
    return float(bins[k, DRIVEN] + (time_s - bins[k, EDGE] if bins[k, OPEN] > 0.0 else 0.0))


def _early(ground: Ground, start: int, depart_s: float) -> Floats:
    """Return (n,) the least seconds of open driving before each cell is come to."""
    early_s = _driven(ground.bins, depart_s) + least_from(start, ground.cols, ground.legs_s) - _ROUNDING_S
    # A move longer than its bin runs into the next with the light of the one in which it begins, at both its ends.
    longest_s = float(ground.legs_s.max(where=np.isfinite(ground.legs_s), initial=0.0))
    shortest_s = float(np.diff(ground.bins[:, EDGE])[ground.bins[:-1, OPEN] > 0.0].min(initial=np.inf))
    return early_s - longest_s if longest_s > shortest_s else early_s


def rungs_of(rates_w: Floats) -> Floats:
    """Return the ascending rates of a ladder, the last over all that there are."""
    gains = np.sort(rates_w[rates_w > 0.0])[::-1]
    if len(gains) == 0:
        return np.ones(1)
    count = int(math.log(max(1.0, _FIRST_SHARE * len(gains)), _FEWER)) + 1
    places = (_FIRST_SHARE * len(gains) / _FEWER ** np.arange(count)).astype(np.int64)
    return np.append(np.unique(gains[places]), gains[0] * (1.0 + 1e-5))


def _given(ground: Ground, early_s: Floats, depart_s: float, until_s: float) -> tuple[Moves, Floats]:
    """Return what moves take of the battery at the least up to the end of a window, and how fast it charges at the
    most."""
    cells, bins = len(ground.haven), ground.bins
    begin, end = (int(bin_of(time_s, bins, 0)) for time_s in (depart_s, until_s))
    end = min(end + 1, len(bins) - 1)
    late_s = _driven(bins, until_s) - ground.ahead[:, SECONDS] + _ROUNDING_S
    takes_j, rates_w, given_w = np.empty((cells, 8), np.float32), np.empty(cells), np.empty(cells)

    def gains(first: int, last: int) -> None:
        greatest_gains(ground, early_s, late_s, begin, end, given_w, rates_w, first, last)

    def drains(first: int, last: int) -> None:
        drains_of(ground, early_s, late_s, given_w, takes_j, rates_w, first, last)

    by_strips(cells, gains, least=4096)
    by_strips(cells, drains, least=4096)
    return takes_j, rates_w
