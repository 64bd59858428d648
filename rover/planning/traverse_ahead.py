"""What lies ahead of a rover at the least: seconds and joules to the goal, and what the Sun can give meanwhile.

A rover that stayed all the while on the best ground, at the least load of one that waits awake or drives, would gain so
much charge by any time. What it does instead takes the rest: a move takes its joules less those of that load, and what
its ground harvests less than the best. The latter is the greater part of it while the Sun is low, when a slope towards
it gives twice as much as the level, and changes with the Sun; so the least of it is taken over windows of time, each
twice as long as the one before.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rover.core.strips import by_strips
from rover.planning.label_kernels import EDGE, GAINED, LEAST_W, NAP_W, OPEN, gains_of, shortfalls_of
from rover.planning.least_way_kernels import spread_least, turn_moves
from rover.planning.leg_kernels import needs_of
from rover.planning.traverse_record_kernels import NEEDS, SECONDS

Floats = npt.NDArray[np.float64]
Grades = npt.NDArray[np.float32]
Moves = npt.NDArray[np.float32]
Prices = npt.NDArray[np.floating]

_FIRST_WINDOW = 3
"""Bins."""


def least_load_w(charge_w: float, legs_s: Moves, legs_j: Moves) -> float:
    """Return the least load of a rover that waits awake, at `charge_w`, or drives, W."""
    there = np.isfinite(legs_s)
    drives_w = legs_j[there].astype(np.float64) / legs_s[there]
    return float(min(charge_w, (1.0 - 1e-9) * drives_w.min(initial=np.inf)))


def with_gains(
    bins: Floats, grades: Grades, lit: npt.NDArray[np.uint8], rules: Floats, *, cells: npt.NDArray[np.int64]
) -> None:
    """Fill the column of bins that says what the battery could gain on the best of cells, by number."""
    parts: list[Floats] = [np.zeros(len(bins) - 1)]

    def work(first: int, last: int) -> None:
        found = np.zeros(len(bins) - 1)
        gains_of(cells, grades, lit, bins, rules, found, first, last)
        parts.append(found)

    by_strips(len(cells), work, least=4096)
    bins[1:, GAINED] = np.cumsum(np.maximum.reduce(parts) * np.diff(bins[:, EDGE]))


def windows_of(bins: Floats) -> tuple[npt.NDArray[np.int64], Floats]:
    """Return the number of the first bin beyond each window, and when the windows end, s."""
    count, ends = len(bins) - 1, []
    end = _FIRST_WINDOW
    while end < count:
        ends.append(end)
        end *= 2
    numbers = np.array([*ends, count], np.int64)
    return numbers, np.ascontiguousarray(bins[numbers, EDGE])


def shortfalls(
    bins: Floats,
    grades: Grades,
    lit: npt.NDArray[np.uint8],
    rules: Floats,
    *,
    cells: npt.NDArray[np.int64],
    ends: npt.NDArray[np.int64],
) -> Moves:
    """Return (n, windows) float32 watts by which the array of a rover on a cell falls short of the best one's.

    Args:
        bins: With gains.
        cells: Numbers of those that the rover may be on.
        ends: Of the windows, as `windows_of` gives them.
    """
    short = np.zeros((len(grades), len(ends)), np.float32)
    gain_w = np.diff(bins[:, GAINED]) / np.diff(bins[:, EDGE])
    given = cells, gain_w, ends, grades, lit, bins, rules, short
    by_strips(len(cells), lambda first, last: shortfalls_of(*given, first, last), least=4096)
    return short


def ahead_of(
    goal: int, cols: int, legs_s: Moves, legs_j: Moves, short: Moves, bins: Floats, rules: Floats
) -> Floats:
    """Return (n, 3 + windows) what lies ahead, as `traverse_record_kernels.Ground` has it, but for the criteria."""
    opened = bins[:-1, OPEN] > 0
    span_s = np.diff(bins[:, EDGE])
    shortest_s = float(span_s[opened].min(initial=np.inf))
    best_w = float((np.diff(bins[:, GAINED]) / span_s).max()) + max(rules[LEAST_W], rules[NAP_W])
    found = np.zeros((len(legs_s), NEEDS + short.shape[1]))

    def work(first: int, last: int) -> None:
        for window in range(first, last):
            price = np.empty_like(legs_j)
            needs_of(legs_s, legs_j, short, window, cols, rules[LEAST_W], best_w, shortest_s, price)
            found[:, NEEDS + window] = least_prices(goal, cols, price)

    found[:, SECONDS] = least_prices(goal, cols, legs_s)
    by_strips(short.shape[1], work, least=1)
    return found


def least_prices(goal: int, cols: int, price: Prices) -> Floats:
    """Return (n,) the least sum of a price of moves from every cell to the goal."""
    return least_from(goal, cols, turned(cols, price))


def least_from(start: int, cols: int, price: Prices) -> Floats:
    """Return (n,) the least sum of a price of moves from a cell to every other."""
    least = np.full(len(price), np.inf)
    least[start] = 0.0
    spread_least(cols, price, least)
    return least


def turned(cols: int, moves: Prices) -> Prices:
    """Return the moves the other way round: of each cell those to it, by the direction of where they come from."""
    back = np.empty_like(moves)
    turn_moves(cols, moves, back, 0, len(moves))
    return back
