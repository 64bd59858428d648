"""Corridors of a traverse's ground: the surroundings of a way, in which a search ends soon.

A way that is good in time is one whose moves take little time and little that has to be waited for. With one rate at
which charge comes, joules are seconds: the cheapest way by both together, over the whole map, is one Dijkstra.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.ndimage import binary_dilation

from rover.core.strips import by_strips
from rover.planning.label_kernels import (
    BY_DISTANCE,
    BY_ENERGY,
    CELL_M,
    DEADLINE,
    EDGE,
    FIRST_KIND,
    OPEN,
)
from rover.planning.ladder_kernels import drains_of, greatest_gains
from rover.planning.leg_kernels import COLS_OFF, ROWS_OFF
from rover.planning.traverse_ahead import least_prices
from rover.planning.traverse_ground import lengths_of
from rover.planning.traverse_record_kernels import SECONDS, Ground

Cells = npt.NDArray[np.int64]
Moves = npt.NDArray[np.float32]

_LATE = 0.75
"""Of the open bins up to the bound on the arrival, the one whose light prices a way: most is waited for later on."""

_GOOD = 0.999
"""Of cells by their rate of charge, that at which it is taken to come: who waits looks for a good place."""

_LEAST_S = 1e-3
"""Of a move at the least, also where it gains charge: no way runs in circles."""


def priced_by_arrival(ground: Ground, depart_s: float, arrive_s: float) -> Moves:
    """Return (n, 8) float32 seconds of each move and of waiting for what it takes of the battery; inf for none.

    Args:
        ground: What a traverse is planned over.
        depart_s: Departure.
        arrive_s: A bound on the arrival; inf for none.
    """
    k = _late_bin(ground, depart_s, arrive_s)
    count = len(ground.haven)
    ever = np.full(count, -np.inf), np.full(count, np.inf)
    takes_j, rates_w, given_w = np.empty((count, 8), np.float32), np.empty(count), np.empty(count)
    by_strips(
        count,
        lambda first, last: greatest_gains(ground, *ever, k, k + 1, given_w, rates_w, first, last),
        least=4096,
    )
    open_cells = np.isfinite(ground.legs_s).any(axis=1)
    rate_w = float(np.quantile(rates_w[open_cells], _GOOD)) if open_cells.any() else 0.0
    if not rate_w > 0.0:
        return np.asarray(ground.legs_s)
    by_strips(
        count,
        lambda first, last: drains_of(ground, *ever, given_w, takes_j, rates_w, first, last),
        least=4096,
    )
    with np.errstate(invalid="ignore"):
        price = np.maximum(np.float32(_LEAST_S), ground.legs_s + takes_j / np.float32(rate_w))
    return np.where(np.isfinite(ground.legs_s), price, np.float32(np.inf)).astype(np.float32)


def _late_bin(ground: Ground, depart_s: float, arrive_s: float) -> int:
    """Return a bin in which driving is open, late on the way; the first of all where none is."""
    bins = ground.bins
    driven = (bins[:-1, OPEN] > 0.0) & (bins[1:, EDGE] > depart_s)
    opened = np.flatnonzero(driven & (bins[:-1, EDGE] < arrive_s))
    if len(opened) == 0:
        opened = np.flatnonzero(driven)[:1]
    return int(opened[int(_LATE * (len(opened) - 1))]) if len(opened) else 0


def priced_by_first(ground: Ground) -> Moves | None:
    """Return (n, 8) float32 what each move has of the first criterion, None where it is no sum over moves."""
    kind = ground.rules[FIRST_KIND]
    if kind == BY_ENERGY:
        return np.asarray(ground.legs_j)
    if kind == BY_DISTANCE:
        return lengths_of(ground.legs_s, float(ground.rules[CELL_M])).astype(np.float32)
    return None


def cheapest_way(ground: Ground, start: int, price: Moves) -> Cells | None:
    """Return the cells by number of the cheapest way from a start to the goal, None where there is none.

    Args:
        ground: With a goal.
        start: Cell by number.
        price: (n, 8) of each move, more than 0; inf where there is none.
    """
    ahead = least_prices(ground.goal, ground.cols, price)
    if not math.isfinite(ahead[start]):
        return None
    offset = _offsets(ground.cols)
    way = [start]
    while way[-1] != ground.goal:
        moves = np.flatnonzero(np.isfinite(price[way[-1]]))
        to = way[-1] + offset[moves]
        way.append(int(to[np.argmin(price[way[-1], moves] + ahead[to])]))
    return np.array(way, np.int64)


def along(ground: Ground, cells: Cells, half_width: int, *, before_s: float = math.inf) -> Ground:
    """Return the ground without the moves that leave the surroundings of a way.

    Args:
        ground: What a traverse is planned over.
        cells: Of the way, by number.
        half_width: Of the surroundings, cells to either side; 0 for the cells of the way alone.
        before_s: Only traverses that arrive earlier are of any use.
    """
    on_way = np.zeros(len(ground.haven), np.bool_)
    on_way[cells] = True
    near = on_way
    if half_width > 0:  # by no iterations SciPy means as many as change anything
        map_of, all_round = on_way.reshape(-1, ground.cols), np.ones((3, 3), np.bool_)
        near = binary_dilation(map_of, all_round, iterations=half_width).reshape(-1)
    near = near & np.isfinite(ground.ahead[:, SECONDS])
    inside = np.flatnonzero(near)
    to = np.clip(inside[:, None] + _offsets(ground.cols), 0, len(near) - 1)  # beyond the map there is no move
    legs_s = np.full_like(ground.legs_s, np.inf)
    legs_s[inside] = np.where(near[to], ground.legs_s[inside], np.float32(np.inf))
    rules = ground.rules.copy()
    rules[DEADLINE] = min(float(rules[DEADLINE]), before_s)
    return ground._replace(legs_s=legs_s, rules=rules)


def _offsets(cols: int) -> Cells:
    """Return (8,) by how much the number of a cell changes with each move."""
    return np.asarray(ROWS_OFF, np.int64) * cols + np.asarray(COLS_OFF, np.int64)
