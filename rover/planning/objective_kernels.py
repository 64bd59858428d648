"""Kernels of `rover.planning.objective`: what a metre of each cell is priced at where no heading is known.

What is not known of a free cell counts as standing at its limit.
"""

from __future__ import annotations

import math

import numpy as np

from rover.core.jit import kernel
from rover.hazard.directional_kernels import energy

DIAGONAL = math.sqrt(2.0)


@kernel
def energy_rows(  # type: ignore[no-untyped-def]
    cost, grade_east, grade_north, rough_grade2, steepest, roughest, rules, slip, price, first, last
):
    """Fill `price` with the mean joules per metre of climbing and of descending each cell's slope straight.

    `rules` must refuse nothing. `steepest` and `roughest` are the grade and the square of a grade of what is not known.
    """
    for r in range(first, last):
        for c in range(cost.shape[1]):
            if cost[r, c] == np.inf:
                price[r, c] = np.inf
                continue
            e, n = np.float64(grade_east[r, c]), np.float64(grade_north[r, c])
            grade, rough = math.sqrt(e * e + n * n), np.float64(rough_grade2[r, c])
            if not grade < np.inf:
                grade = steepest
            if not rough < np.inf:
                rough = roughest
            up = energy(grade, 0.0, rough, 1.0, 0.0, rules, slip)
            down = energy(grade, 0.0, rough, -1.0, 0.0, rules, slip)
            price[r, c] = (up + down) / 2.0


@kernel
def risk_rows(  # type: ignore[no-untyped-def]
    cost, grade_east, grade_north, roughness, step, apart, limits, weight, price, first, last
):
    """Fill `price` with one plus `weight` times the sum of the squares of how near each limit is, 0 to 1.

    Args:
        cost: (rows, cols), +inf where lethal.
        grade_east, grade_north: (rows, cols) rise over a metre.
        roughness, step: (rows, cols) metres.
        apart: (rows, cols) distance in cells to the centre of the nearest lethal cell, inf where there is none.
        limits: Greatest grade, roughness, step, side of the step window, all in metres; reach of lethal cells in
            cells. Roughness or step of limit inf is not read.
        weight: Price of standing at a limit.
        price: Written.
        first, last: Rows.
    """
    grade_limit, roughness_limit, step_limit, window, reach = limits
    for r in range(first, last):
        for c in range(cost.shape[1]):
            if cost[r, c] == np.inf:
                price[r, c] = np.inf
                continue
            e, n = np.float64(grade_east[r, c]), np.float64(grade_north[r, c])
            near = _square(math.sqrt(e * e + n * n), grade_limit)
            if roughness_limit < np.inf:
                near += _square(np.float64(roughness[r, c]), roughness_limit)
            if step_limit < np.inf:
                near += _square(np.float64(step[r, c]) - (abs(e) + abs(n)) * window, step_limit)
            near += _square(reach + 1.0 - apart[r, c], reach)
            price[r, c] = 1.0 + weight * near


@kernel
def _square(value, limit):  # type: ignore[no-untyped-def]
    """Square of the share of a limit that is used, 0 to 1; NaN uses all of it."""
    share = value / limit
    if not share < 1.0:
        return 1.0
    return max(share, 0.0) * max(share, 0.0)


@kernel
def way_price(price, cells, resolution_m):  # type: ignore[no-untyped-def]
    """Integral of a price per metre over straight moves between centres of neighbouring cells, knight's moves too."""
    total = 0.0
    for i in range(1, len(cells)):
        r, c = cells[i - 1]
        down, across = cells[i, 0] - r, cells[i, 1] - c
        ends = price[r, c] + price[r + down, c + across]
        if abs(down) + abs(across) <= 1:
            total += ends / 2.0 * (abs(down) + abs(across))
        elif abs(down) == abs(across):
            total += ends / 2.0 * DIAGONAL
        else:
            r_half, c_half = _toward_zero(down), _toward_zero(across)
            middle = price[r + r_half, c + c_half] + price[r + down - r_half, c + across - c_half]
            total += (ends + middle) / 4.0 * math.sqrt(5.0)
    return total * resolution_m


@kernel
def _toward_zero(step):  # type: ignore[no-untyped-def]
    """Half of a knight's step, the shorter one rounded to none."""
    return step // 2 if step > 0 else -(-step // 2)
