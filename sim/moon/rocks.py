"""Rocks: half-buried spheroids by an exponential size law, and boulders set down on purpose.

Rocks do not overlap, so the share of the ground that they cover is the sum of their sections. They lie on plain
ground evenly, and closer together in and round fresh craters; the density on plain ground is lowered by as
much as seeded craters of all sizes add, so that a site as a whole has the asked coverage.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass
from math import fsum, sqrt

import numpy as np
import numpy.typing as npt

from sim.moon.craters import Craters, crater_density
from sim.moon.powers import exp, power
from sim.moon.rock_kernels import OUTSKIRTS, gather_rocks
from sim.moon.rock_shape_kernels import add_rocks, raise_boulders
from sim.moon.scatter import HALF_MM, SizeBin, SizeBins, Stream, size_bin, stacked, stream_key
from sim.moon.site_tables import CraterParams, RockParams

FRESH_FROM = 0.8
"""Freshness from which a crater has more rocks than plain ground."""
SMALLEST_FRESH_M = 4.0

_PI = 3.141592653589793
_SIZES = 400
_CROWDED = 0.4
"""Most of the ground that rocks may cover anywhere."""
_SMALLEST_SHARE = 0.1
"""Diameter, in cells, from which a raster shows rocks one by one; of smaller ones it holds the mean height."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rocks:
    """A list of rocks.

    Attributes:
        place: (n, 2) int64 centres east and north of the site's origin, half-millimetres.
        diameter_m: (n,) widest section, seen from above.
        height_m: (n,) top above the ground.
        mark: (n,) uniform numbers: where rocks are thinned out by a share, those of a lesser mark are missing.
    """

    place: npt.NDArray[np.int64]
    diameter_m: npt.NDArray[np.float64]
    height_m: npt.NDArray[np.float64]
    mark: npt.NDArray[np.float64]

    def size_m(self) -> npt.NDArray[np.float64]:
        """Return (n, 2) diameter and height."""
        return np.stack([self.diameter_m, self.height_m], axis=1)

    def where(self, kept: npt.NDArray[np.bool_]) -> Rocks:
        """Return those of a boolean mask, in the same order."""
        return Rocks(
            place=self.place[kept],
            diameter_m=self.diameter_m[kept],
            height_m=self.height_m[kept],
            mark=self.mark[kept],
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RockField:
    """The rock population of a site under a seed.

    Attributes:
        params: As the site gives them.
        bins: The smallest rocks first.
        stacked: The same as arrays.
        plain_share: Share of the candidates that lie on plain ground.
        more: How many more rocks there are in the freshest craters, in shares of the plain ones.
    """

    params: RockParams
    bins: tuple[SizeBin, ...]
    stacked: SizeBins
    plain_share: float
    more: float

    @property
    def last_octave_m(self) -> float:
        """Diameter from which the octave of the largest rocks begins; 0 where there are none."""
        return self.bins[-1].low_m if self.bins else 0.0

    def rocks_in(self, window: tuple[int, int, int, int], craters: Craters, *, from_m: float = 0.0) -> Rocks:
        """Return the rocks that reach into a window, the largest sizes first.

        Args:
            window: West, south, east and north, half-millimetres.
            craters: All craters that could hold one of them, or a larger rock beside one.
            from_m: Sizes are sorted by octaves; those that begin below this are left out.
        """
        first = sum(size.low_m < from_m for size in self.bins)
        most = self.stacked.most_in(window, 0.5, slice(first, None))
        place, size = np.empty((most, 2), dtype=np.int64), np.empty((most, 3))
        with np.errstate(over="ignore"):
            found = gather_rocks(
                *self.stacked.arrays(), first, self.plain_share, self._fresh(craters), *window, place, size
            )
        ratio = self.params.flat_ratio + (self.params.tall_ratio - self.params.flat_ratio) * size[:found, 1]
        return Rocks(
            place=place[:found],
            diameter_m=size[:found, 0].copy(),
            height_m=size[:found, 0] * ratio,
            mark=size[:found, 2].copy(),
        )

    def mean_height_m(self, below_m: float) -> float:
        """Return the mean height over all ground of the rocks in the octaves that begin below a diameter."""
        params = self.params
        ratio = 0.5 * (params.flat_ratio + params.tall_ratio)
        total = 0.0
        for size in self.bins:
            if size.low_m < below_m:
                high_m = min(2.0 * size.low_m, params.largest_m)
                steps = 32
                width = (high_m - size.low_m) / steps
                middles = (size.low_m + (k + 0.5) * width for k in range(steps))
                total += width * fsum(_area_per_m(params, d) * 2.0 / 3.0 * ratio * d for d in middles)
        return total

    def _fresh(self, craters: Craters) -> npt.NDArray[np.float64]:
        kept = craters.where((craters.freshness > FRESH_FROM) & (craters.diameter_m >= SMALLEST_FRESH_M))
        more = self.more * (kept.freshness - FRESH_FROM) / (1.0 - FRESH_FROM)
        return np.column_stack([kept.place.astype(np.float64), kept.diameter_m * (0.5 * HALF_MM), more])


NO_ROCKS = Rocks(
    place=np.zeros((0, 2), dtype=np.int64), diameter_m=np.zeros(0), height_m=np.zeros(0), mark=np.zeros(0)
)


def shown_from_m(cell_m: float) -> float:
    """Return the diameter from which a raster shows rocks one by one."""
    return _SMALLEST_SHARE * cell_m


def margin_m(params: RockParams) -> float:
    """Return how far from a window a crater can matter to the rocks in it."""
    return 2.0 * params.largest_m


def rock_field(params: RockParams, craters: CraterParams, seed: int) -> RockField:
    """Return the rocks of a site under a seed."""
    more = min(
        params.fresh_crater_factor - 1.0, max(0.0, _CROWDED / max(params.covered_fraction, 1e-9) - 1.0)
    )
    plain = 1.0 / (1.0 + more * _fresh_area(craters))
    density = _candidates(params, plain)
    bins = []
    low_m, index = params.smallest_m, 0
    while low_m < params.largest_m:
        found = size_bin(
            stream_key(seed, Stream.ROCKS, index),
            low_m,
            lambda d: density(d) * (1.0 + more),
            sided_by=lambda d: (1.0 + more) * _law(params, d),
        )
        if found is not None:
            bins.append(found)
        low_m, index = low_m * 2, index + 1
    return RockField(
        params=params, bins=tuple(bins), stacked=stacked(bins), plain_share=1.0 / (1.0 + more), more=more
    )


def rock_law(params: RockParams, diameter_m: float) -> float:
    """Return the share of the ground under rocks wider than a diameter.

    All that is covered at the smallest diameter, none at the largest.
    """
    within_m = min(max(diameter_m, params.smallest_m), params.largest_m)
    decay, left_m = params.decay_per_m, params.largest_m - within_m
    share = exp(-decay * (within_m - params.smallest_m)) * _fallen(decay * left_m) / _fallen(_decays(params))
    return params.covered_fraction * share


def _area_per_m(params: RockParams, diameter_m: float) -> float:
    """Return the share of the ground under rocks, per metre of diameter: minus the slope of `rock_law`."""
    decay = params.decay_per_m
    falling = decay * exp(-decay * (diameter_m - params.smallest_m))
    return params.covered_fraction * falling / _fallen(_decays(params))


def _decays(params: RockParams) -> float:
    return params.decay_per_m * (params.largest_m - params.smallest_m)


def _fallen(x: float) -> float:
    """Return 1 - exp(-x) of x >= 0, to a relative error under 1e-9."""
    return 1.0 - exp(-x) if x > 1e-5 else x * (1.0 - 0.5 * x)


def _law(params: RockParams, diameter_m: float) -> float:
    """Return rocks per square metre and metre of diameter on plain ground."""
    if diameter_m > params.largest_m:
        return 0.0
    return _area_per_m(params, diameter_m) / (0.25 * _PI * diameter_m * diameter_m)


def _candidates(params: RockParams, plain: float) -> Callable[[float], float]:
    """Return rocks per square metre and metre of diameter, before those inside larger ones are left out.

    A rock of diameter d stays if no larger candidate D lies within (d + D) / 2, which among points strewn at
    random has the chance exp(-integral of their density over pi / 4 (d + D)^2).
    """
    ratio = power(params.smallest_m / params.largest_m, 1.0 / _SIZES)
    sizes = [params.largest_m]
    for _ in range(_SIZES):
        sizes.append(sizes[-1] * ratio)
    dense: list[float] = []
    for k, d in enumerate(sizes):
        crowd = fsum(
            dense[m]
            * (sizes[m - 1] - sizes[m + 1] if m else sizes[0] - sizes[1])
            * (d + sizes[m])
            * (d + sizes[m])
            for m in range(k)
        )
        dense.append(plain * _law(params, d) * exp(min(3.0, 0.5 * 0.25 * _PI * crowd)))
    growing, values = sizes[::-1], dense[::-1]

    def density_m3(diameter_m: float) -> float:
        if diameter_m > params.largest_m:
            return 0.0
        k = min(max(1, bisect_left(growing, diameter_m)), _SIZES)
        along = (diameter_m - growing[k - 1]) / (growing[k] - growing[k - 1])
        return values[k - 1] + along * (values[k] - values[k - 1])

    return density_m3


def _fresh_area(params: CraterParams) -> float:
    """Return the share of the ground in fresh craters, each weighed by how much of the excess it has.

    Freshness is the square of a uniform number; the excess falls to nothing at OUTSKIRTS radii, as a
    paraboloid does.
    """
    steps = 64
    edge = sqrt(FRESH_FROM)
    strength = ((1.0 - edge * edge * edge) / 3.0 - FRESH_FROM * (1.0 - edge)) / (1.0 - FRESH_FROM)
    spread = 0.5 * (1.0 + OUTSKIRTS * OUTSKIRTS)
    density = crater_density(params)
    total, low_m = 0.0, SMALLEST_FRESH_M
    while low_m < params.largest_m:
        width = low_m / steps
        middles = (low_m + (k + 0.5) * width for k in range(steps))
        total += width * fsum(density(d) * 0.25 * _PI * d * d for d in middles)
        low_m *= 2.0
    return total * strength * spread


def boulder_rocks(boulders: npt.ArrayLike | None, shift_m: tuple[float, float]) -> Rocks:
    """Return boulders set down on purpose, each resting whole on the ground.

    Args:
        boulders: (n, 4 or more) east, north, diameter and height above the ground, metres; or None.
        shift_m: What is added to east and north to come into the frame of the ground's cells.
    """
    rows = np.zeros((0, 4)) if boulders is None else np.asarray(boulders, dtype=np.float64)
    if rows.ndim != 2 or rows.shape[1] < 4:
        raise ValueError(f"boulders of shape {rows.shape}, expected (n, 4): east, north, diameter, height")
    place = np.floor((rows[:, :2] + np.array(shift_m)) * HALF_MM + 0.5).astype(np.int64)
    return Rocks(
        place=place, diameter_m=rows[:, 2].copy(), height_m=rows[:, 3].copy(), mark=np.ones(len(rows))
    )


def add_boulders(
    height_m: npt.NDArray[np.float64], boulders: Rocks, east: int, north: int, step: int
) -> None:
    """Raise cells by the boulders over their centres; one narrower than a cell does not show.

    Args:
        height_m: (rows, cols), added to.
        boulders: Any list.
        east, north, step: Centre of cell (0, 0) and side of a cell, half-millimetres.
    """
    shown = boulders.where(boulders.diameter_m * HALF_MM >= step)
    if len(shown.diameter_m):
        raised = np.zeros(height_m.shape)
        raise_boulders(raised, east, north, step, shown.place, shown.size_m())
        height_m += raised


def add_population(height_m: npt.NDArray[np.float64], rocks: Rocks, east: int, north: int, step: int) -> None:
    """Add the mean height of rocks over cells; arguments as `add_boulders` takes them."""
    add_rocks(height_m, east, north, step, rocks.place, rocks.size_m())
