"""The chance that a limit of pitch or roll is broken anywhere on a route, where the DEM has a known error.

A route crosses many cells, most of them far from a limit, with errors that go together over a correlation length. The
chance is that of a union of dependent events. It is estimated without bias from the joint Gaussian law of the errors
along the route, by drawing one event in proportion to its own chance, then the errors given that event, and weighing
the draw by how many events came with it; the sum of the single chances, divided by the mean number that come together.
Its spread is a fraction of the chance itself, however small that is.

Source:
    Adler, Blanchet and Liu 2012, Efficient Monte Carlo for high excursions of Gaussian random fields,
    doi:10.1214/11-AAP792; the sum over the mean of 1 / count is their theorem for finite sets.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.linalg import cholesky
from scipy.special import ndtr, ndtri

from rover.hazard.attitude_risk import breaking_chance
from rover.hazard.directional import DirectionalCost, heading_vector
from rover.hazard.directional_kernels import CLIMB, DESCENT, SIDE
from rover.planning.dem_error import DemError
from rover.planning.timed_legs import crossed_cells

Floats = npt.NDArray[np.float64]
Cells = npt.NDArray[np.int64]

DRAW_STREAM = 2
"""Of `SeedSequence(seed, spawn_key=(stream,))`: errors along a route; errors over maps have a stream of their own."""

_NEGLIGIBLE = 1e-8
"""Events less likely are added to the chance one by one instead of drawn."""

_JITTER = 1e-9
"""Of the variance, added to it: a covariance of near cells is singular to rounding."""

SURE = 2.5758
"""Standard errors within which the chance is, with 99.5 % on either side."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttitudeLimits:
    """What pitch and roll are held to: grades up and down, and the tangent of the roll."""

    climb: float
    descent: float
    roll: float

    def broken(self, along: Floats, across: Floats) -> npt.NDArray[np.bool_]:
        """Tell of (...) grades on and across a heading whether a limit is broken; NaN breaks one."""
        kept = (along <= self.climb) & (-along <= self.descent)
        return np.asarray(~(kept & (np.abs(across) <= self.roll * np.sqrt(1.0 + along * along))))


def limits_of(cost: DirectionalCost) -> AttitudeLimits:
    """Return the limits that a directional cost holds moves to."""
    sine = float(cost.rules[SIDE])
    return AttitudeLimits(
        climb=float(cost.rules[CLIMB]),
        descent=float(cost.rules[DESCENT]),
        roll=sine / math.sqrt(1.0 - sine * sine) if sine < 1.0 else math.inf,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Crossings:
    """The cells whose planes a route's moves are judged on, with their headings, each once.

    Attributes:
        cells: (n, 2) rows and columns, without repetition.
        place: (k,) index into `cells` of each crossing.
        heading: (k, 2) east and north, unit vectors.
    """

    cells: Cells
    place: npt.NDArray[np.int64]
    heading: Floats

    def along_and_across(self, east: Floats, north: Floats) -> tuple[Floats, Floats]:
        """Return (..., k) grades on and left of each heading, from (..., n) grades of the cells."""
        e, n = east[..., self.place], north[..., self.place]
        return (
            e * self.heading[:, 0] + n * self.heading[:, 1],
            n * self.heading[:, 0] - e * self.heading[:, 1],
        )


def crossings_of(cells: npt.ArrayLike) -> Crossings:
    """Return what a route crosses.

    Args:
        cells: (n, 2) rows and columns, each the neighbour of the one before or the same.
    """
    way = [(int(row), int(col)) for row, col in np.asarray(cells)]
    crossed = {
        (cell, (to[0] - at[0], to[1] - at[1])): None
        for at, to in zip(way[:-1], way[1:], strict=True)
        if at != to
        for cell in crossed_cells(at, to)
    }
    number: dict[tuple[int, int], int] = {}
    place = [number.setdefault(cell, len(number)) for cell, _ in crossed]
    heading = [heading_vector(math.atan2(*move)) for _, move in crossed]
    return Crossings(
        cells=np.array(list(number), np.int64).reshape(-1, 2),
        place=np.array(place, np.int64),
        heading=np.array(heading, np.float64).reshape(-1, 2),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteRisk:
    """The chance that a route breaks a limit on the true ground.

    Attributes:
        chance: Estimate without bias.
        error: Its standard error.
        summed: Sum of the chances of all crossings, which the chance does not exceed.
    """

    chance: float
    error: float
    summed: float

    @property
    def at_most(self) -> float:
        """Return what the chance does not exceed, with 99.5 %."""
        return min(1.0, self.summed, self.chance + SURE * self.error)

    @property
    def together(self) -> float:
        """Return how many crossings break together: what the sum is divided by; 1 where they are independent."""
        return self.summed / self.chance if self.chance > 0 else 1.0


def route_risk(
    cost: DirectionalCost,
    cells: npt.ArrayLike,
    error: DemError,
    *,
    baseline_m: float,
    seed: int = 0,
    draws: int = 20_000,
) -> RouteRisk:
    """Return the chance that pitch or roll is beyond its limit on any cell that a route crosses.

    Args:
        cost: The measured ground by heading, with its limits.
        cells: (n, 2) rows and columns of the route.
        error: Of the DEM.
        baseline_m: Side of the window of the slope.
        seed: Any.
        draws: How many; the error falls with their square root.
    """
    crossings, limits = crossings_of(cells), limits_of(cost)
    rows, cols = crossings.cells.T
    east = cost.grade_east[rows, cols].astype(np.float64)
    north = cost.grade_north[rows, cols].astype(np.float64)
    sigma = error.grade_sigma(baseline_m)
    along, across = crossings.along_and_across(east, north)
    single = breaking_chance(
        along, across, climb=limits.climb, descent=limits.descent, roll=limits.roll, sigma=sigma
    )
    summed = math.fsum(single)
    if np.isnan(along).any():
        return RouteRisk(chance=1.0, error=0.0, summed=summed)
    kept = single > _NEGLIGIBLE
    if not kept.any():
        return RouteRisk(chance=summed, error=0.0, summed=summed)
    drawn = _Union(crossings, kept, (along, across), limits, sigma)
    factor = _factor(drawn.cells, cost.geometry.resolution_m, error, baseline_m)
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(DRAW_STREAM,)))
    chance, spread = drawn.estimate(factor, rng, draws)
    return RouteRisk(chance=min(1.0, chance + math.fsum(single[~kept])), error=spread, summed=summed)


def _factor(cells: Cells, cell_m: float, error: DemError, baseline_m: float) -> Floats:
    """Return the (2n, 2n) lower Cholesky factor of the covariance of the grades east, then north, of n cells."""
    north, east = (np.subtract.outer(at, at).T * cell_m for at in cells.astype(np.float64).T)
    of_east, of_north, mixed = error.grade_covariance(east, north, baseline_m)
    covariance = np.block([[of_east, mixed], [mixed.T, of_north]])
    covariance[np.diag_indices_from(covariance)] *= 1.0 + _JITTER
    return np.asarray(cholesky(covariance, lower=True, check_finite=False))


class _Union:
    """The events of some crossings as half-spaces of the errors, and the chance that any happens.

    A pitch beyond its limit is a half-space. A roll beyond it is within one: the limit grows convexly with the grade
    along the heading, and lies above its tangent at the measured grade.
    """

    def __init__(
        self,
        crossings: Crossings,
        kept: npt.NDArray[np.bool_],
        measured: tuple[Floats, Floats],
        limits: AttitudeLimits,
        sigma: float,
    ) -> None:
        places, self.place = np.unique(crossings.place[kept], return_inverse=True)
        self.cells = crossings.cells[places]
        self.heading = crossings.heading[kept]
        self.along, self.across = (part[kept] for part in measured)
        self.limits = limits
        self.kinds = self._half_spaces(sigma)
        chances = np.array([ndtr(-bound / (norm * sigma)) for _, _, norm, bound in self.kinds])
        chances[chances < _NEGLIGIBLE / 100] = 0.0
        self.sigma, self.chances = sigma, chances

    def _half_spaces(self, sigma: float) -> list[tuple[Floats, Floats, Floats, Floats]]:
        """Return four kinds of event: weights of the errors on and across each heading, their norm, and the bound."""
        limits, on, off = self.limits, self.along, self.across
        one, none = np.ones_like(on), np.zeros_like(on)
        steeper = np.sqrt(1.0 + on * on)
        lean = limits.roll * on / steeper
        norm = np.hypot(1.0, lean)
        return [
            (one, none, one, limits.climb - on),
            (-one, none, one, limits.descent + on),
            (-lean, one, norm, limits.roll * steeper - off),
            (-lean, -one, norm, limits.roll * steeper + off),
        ]

    def estimate(self, factor: Floats, rng: np.random.Generator, draws: int) -> tuple[float, float]:
        """Return the chance of the union and its standard error."""
        total = float(self.chances.sum())
        chosen = rng.choice(self.chances.size, draws, p=self.chances.ravel() / total)
        weights = np.empty(draws)
        size = max(1, (1 << 22) // max(1, len(factor)))
        for first in range(0, draws, size):
            part = slice(first, min(first + size, draws))
            weights[part] = self._weights(factor, rng, chosen[part])
        return total * float(weights.mean()), total * float(weights.std() / math.sqrt(draws))

    def _weights(self, factor: Floats, rng: np.random.Generator, chosen: npt.NDArray[np.int64]) -> Floats:
        """Return of each draw 1 over the half-spaces that it is in, 0 where no limit is really broken."""
        kind, event = np.divmod(chosen, self.chances.shape[1])
        normal = self._normals(kind, event, len(factor))
        spreads = normal @ factor  # (draws, 2n): the event's part of each independent normal
        size = np.sqrt((spreads**2).sum(axis=1))
        draw = rng.standard_normal(spreads.shape)
        bound = np.array([bound for _, _, _, bound in self.kinds])[kind, event] / size
        beyond = -ndtri(rng.random(len(chosen)) * ndtr(-bound))
        unit = spreads / size[:, None]
        draw += unit * (beyond - (draw * unit).sum(axis=1))[:, None]
        east, north = np.hsplit(draw @ factor.T, 2)
        e, n = east[:, self.place], north[:, self.place]
        on = e * self.heading[:, 0] + n * self.heading[:, 1]
        off = n * self.heading[:, 0] - e * self.heading[:, 1]
        count = np.zeros(len(chosen))
        for (along, across, _, limit), chance in zip(self.kinds, self.chances, strict=True):
            count += ((along * on + across * off >= limit) & (chance > 0)).sum(axis=1)
        broken = self.limits.broken(self.along + on, self.across + off).any(axis=1)
        return np.where(broken, 1.0 / np.maximum(count, 1.0), 0.0)

    def _normals(self, kind: npt.NDArray[np.int64], event: npt.NDArray[np.int64], width: int) -> Floats:
        """Return (draws, 2n) weights of the errors of the cells' grades in each draw's event."""
        along = np.array([along for along, _, _, _ in self.kinds])[kind, event]
        across = np.array([across for _, across, _, _ in self.kinds])[kind, event]
        heading, place = self.heading[event], self.place[event]
        normal = np.zeros((len(kind), width))
        draws = np.arange(len(kind))
        normal[draws, place] = along * heading[:, 0] - across * heading[:, 1]
        normal[draws, place + width // 2] = along * heading[:, 1] + across * heading[:, 0]
        return normal


def broken_on(
    crossings: Sequence[Crossings], limits: AttitudeLimits, grade_east: Floats, grade_north: Floats
) -> npt.NDArray[np.bool_]:
    """Tell of each of several routes whether it breaks a limit on a ground of (rows, cols) grades."""
    broken = []
    for route in crossings:
        rows, cols = route.cells.T
        along, across = route.along_and_across(grade_east[rows, cols], grade_north[rows, cols])
        broken.append(bool(limits.broken(along, across).any()))
    return np.array(broken)
