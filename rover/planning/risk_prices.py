"""What moves cost and what they risk: two prices of each move, and the way of least price and weighted risk."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from rover.core.memory import check_memory
from rover.hazard.attitude_risk import breaking_chance
from rover.hazard.directional import DirectionalCost, heading_vector
from rover.limits.base import MOVES
from rover.planning.problem import Objective
from rover.planning.risk_kernels import least_weighted
from rover.planning.route_risk import limits_of

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Cell = tuple[int, int]

_NUMBER = np.full((3, 3), -1)
for _k, (_down, _across) in enumerate(MOVES):
    _NUMBER[_down + 1, _across + 1] = _k


class RiskPrices:
    """Prices of the moves of a map.

    A cell's risk at a heading is -ln(1 - p), p being the chance that it breaks a limit; independent risks add up so. A
    move has half of either of its cells' and, of a diagonal, of those of the two whose corner it passes.

    Args:
        cost: The ground by heading.
        closed: (rows, cols) cells that no heading opens.
        sigma: Standard deviation of the grades.
        objective: TIME, ENERGY or DISTANCE.
        neighbours: 4 or 8.

    Attributes:
        base, risk: (n, 8) price and risk of each move, base inf where there is none.
        worst: (n, 8) greatest chance p of the cells that a move crosses.

    Raises:
        ResourceError: More memory than there is.
    """

    def __init__(
        self, cost: DirectionalCost, closed: Mask, sigma: float, *, objective: Objective, neighbours: int
    ) -> None:
        rows, cols = self.shape = cost.geometry.shape
        check_memory(
            rows * cols * 8 * 8 * 4,
            what=f"prices of the moves of {rows} x {cols} cells",
            field="terrain",
            value=[rows, cols],
            remedy="take a smaller or coarser map",
        )
        self.base: Floats = np.full((rows, cols, 8), math.inf)
        self.risk: Floats = np.zeros((rows, cols, 8))
        self.worst: Floats = np.zeros((rows, cols, 8))
        self._chance_at: dict[float, Floats] = {}
        for k, move in enumerate(MOVES[:neighbours]):
            self._fill(k, move, cost, closed, sigma, objective)
        self.base, self.risk, self.worst = (
            layer.reshape(rows * cols, 8) for layer in (self.base, self.risk, self.worst)
        )
        lengths = np.array([1.0] * 4 + [math.sqrt(2.0)] * 4)
        self.floor = float((self.base / lengths).min())

    def _fill(
        self, k: int, move: Cell, cost: DirectionalCost, closed: Mask, sigma: float, objective: Objective
    ) -> None:
        yaw = math.atan2(*move)
        per_m = _per_metre(cost, yaw, objective)
        per_m[closed] = math.inf
        chance = self._chances(cost, yaw, sigma, np.isfinite(per_m))
        hazard = -np.log1p(-np.minimum(chance, 1.0 - 1e-12))
        length = math.hypot(*move) * cost.geometry.resolution_m
        at, to = _windows(self.shape, move)
        corners = (
            [_windows(self.shape, move, part)[1] for part in ((move[0], 0), (0, move[1]))] if k >= 4 else []
        )
        price = (per_m[at] + per_m[to]) * length / 2
        for corner in corners:
            price[np.isinf(per_m[corner])] = math.inf
        self.base[at][..., k] = price
        self.risk[at][..., k] = sum(hazard[part] for part in (at, to, *corners)) / 2
        self.worst[at][..., k] = np.maximum.reduce([chance[part] for part in (at, to, *corners)])

    def _chances(self, cost: DirectionalCost, yaw: float, sigma: float, asked: Mask) -> Floats:
        """Return the chances at a heading; those of the opposite one where up and down have one limit."""
        limits = limits_of(cost)
        if limits.climb != limits.descent:
            return _chances(cost, yaw, sigma, asked)
        kept = self._chance_at.pop(round(yaw % math.pi, 6), None)
        if kept is None:
            kept = self._chance_at[round(yaw % math.pi, 6)] = _chances(cost, yaw, sigma, asked)
        return kept

    def way(
        self, start: Cell, goal: Cell, weight: float, *, most: float = 1.0
    ) -> npt.NDArray[np.int64] | None:
        """Return (n, 2) the cells of the way of least price and weighted risk, None if there is none.

        Args:
            start, goal: (row, col).
            weight: Price of a risk of 1.
            most: Moves that cross a cell of a greater chance are left out.
        """
        cols = self.shape[1]
        base = self.base if most >= 1.0 else np.where(self.worst <= most, self.base, math.inf)
        reached = np.empty(len(base))
        came_by = np.empty(len(base), np.int8)
        ends = (start[0] * cols + start[1], goal[0] * cols + goal[1])
        least_weighted(base, self.risk, float(weight), self.floor, ends, cols, reached, came_by)
        if not reached[ends[1]] < math.inf:
            return None
        way, cell = [goal], goal
        while cell != start:
            down, across = MOVES[came_by[cell[0] * cols + cell[1]]]
            cell = (cell[0] - down, cell[1] - across)
            way.append(cell)
        return np.array(way[::-1], np.int64)

    def price_of(self, cells: npt.NDArray[np.int64]) -> float:
        """Return the price of a way between neighbouring cells, without its risk."""
        return math.fsum(self.base[self._moves_of(cells)])

    def worst_of(self, cells: npt.NDArray[np.int64]) -> float:
        """Return the greatest chance of a cell that a way crosses."""
        return float(self.worst[self._moves_of(cells)].max(initial=0.0))

    def _moves_of(self, cells: npt.NDArray[np.int64]) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
        """Return the numbers of the cells that a way's moves begin in, and which moves they are."""
        down, across = np.diff(cells, axis=0).T
        return cells[:-1, 0] * self.shape[1] + cells[:-1, 1], _NUMBER[down + 1, across + 1]


def _per_metre(cost: DirectionalCost, yaw: float, objective: Objective) -> Floats:
    seconds, joules = cost.cost_at(yaw)
    if objective is Objective.ENERGY:
        return joules
    return np.where(np.isinf(seconds), math.inf, 1.0) if objective is Objective.DISTANCE else seconds


def _chances(cost: DirectionalCost, yaw: float, sigma: float, asked: Mask) -> Floats:
    """Return (rows, cols) chance of a broken limit at a heading, 1 where not asked."""
    east, north = heading_vector(yaw)
    limits = limits_of(cost)
    grade_east, grade_north = (
        cost.grade_east[asked].astype(np.float64),
        cost.grade_north[asked].astype(np.float64),
    )
    chance = np.ones(asked.shape)
    chance[asked] = breaking_chance(
        grade_east * east + grade_north * north,
        grade_north * east - grade_east * north,
        climb=limits.climb,
        descent=limits.descent,
        roll=limits.roll,
        sigma=sigma,
    )
    return chance


def _windows(
    shape: Cell, move: Cell, part: Cell | None = None
) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Return the cells from which a move stays on the map, and those at its end or another offset from them."""
    part = move if part is None else part
    spans = [(max(0, -step), size - max(0, step)) for step, size in zip(move, shape, strict=True)]
    at = tuple(slice(low, high) for low, high in spans)
    to = tuple(slice(low + off, high + off) for (low, high), off in zip(spans, part, strict=True))
    return (at[0], at[1]), (to[0], to[1])
