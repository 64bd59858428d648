"""What a search for craters misses in a DEM, told by craters of known depth that are put into that DEM.

Detection efficiency by injection, as surveys of faint sources measure theirs: the same search on the same ground,
with craters added whose place, size and depth are known, finds some share of them. Counts over that share are XX
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy import ndimage
from scipy.spatial import KDTree

from rover.core.arrays import locked
from rover.core.grid import Dem
from rover.terrain.craters import SMALLEST_CELLS, Craters, CraterSearch, find_craters

Floats = npt.NDArray[np.float64]
RatioLaw = Callable[[Floats, Floats], Floats]
"""Depth over diameter from (n,) diameters in metres and (n,) freshness, 0 ghost to 1 fresh."""

CLASSES = np.array([1.0, math.sqrt(2.0), 2.0, 4.0]) * SMALLEST_CELLS
"""Lower ends of the sizes for each of which a share is measured, cells; the last one serves all that are larger."""

_LEAST_CELLS, _MOST_CELLS = 0.75 * SMALLEST_CELLS, 8.0 * SMALLEST_CELLS
"""A little beyond the classes at both ends, since worn craters are measured up to a fifth too small."""
_SIDE = 1024
"""Cells of the middle of a large DEM that are searched again."""
_TRIALS, _COVERED = 6, 0.1
_MOST_TRIES = 40
_SAME_PLACE, _SAME_SIZE = 0.3, 1.5
_EXPONENT = 1.83
"""Of the counts by size, by which what is added is weighed: that of ground in equilibrium."""
_RIM, _REACH, _CREEP = 0.2, 2.5, 0.25
_FINE = 32
_ALONG = np.arange(81) / 32


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CraterEfficiency:
    """Of craters put into a DEM, those of `CLASSES` sizes.

    Attributes:
        share: (k,) found with a size of the class over added with one; NaN where none was added.
        depth_factor: True mean of depth over diameter of all that were added, over the measured mean of those found.
        added: How many.
    """

    share: Floats
    depth_factor: float
    added: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "share", locked(self.share, np.float64, (len(CLASSES),), "share"))

    def share_at(self, cells: Floats) -> Floats:
        """Return (n,) share found of craters so many cells wide."""
        return self.share[np.clip(np.searchsorted(CLASSES, cells, side="right") - 1, 0, None)]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Added:
    """Craters put in: row, column and diameter in cells, freshness and depth over diameter, (n,) each."""

    row: Floats
    col: Floats
    diameter: Floats
    freshness: Floats
    ratio: Floats


def small_crater_ratio(diameter_m: Floats, freshness: Floats) -> Floats:
    """Return depth over diameter, 0.018 of a ghost to 0.15 of a fresh crater: 0.062 in the mean of small craters.

    Mean: Wu B. et al. 2021, doi:10.1016/j.epsl.2020.116666; fresh: Stopar et al. 2017,
    doi:10.1016/j.icarus.2017.08.011; that freshness is the square of a uniform number is assumed.
    """
    return 0.018 + 0.132 * freshness + 0.0 * diameter_m


def measure_efficiency(
    dem: Dem, search: CraterSearch, *, ratio: RatioLaw = small_crater_ratio, seed: int = 0
) -> CraterEfficiency:
    """Return what share of craters put into a DEM the search finds there.

    Args:
        dem: As searched; of a large one the middle serves.
        search: Its result, whose least score holds for the craters added as well.
        ratio: How deep craters are.
        seed: Of their places, sizes and freshness.
    """
    rng = np.random.default_rng(np.random.SeedSequence(entropy=seed))
    middle = _middle(dem)
    weight, found_weight = np.zeros(len(CLASSES)), np.zeros(len(CLASSES))
    true, seen, count = np.zeros(2), np.zeros(2), 0
    for _ in range(_TRIALS if math.isfinite(search.least_score) else 0):
        added = _strewn(rng, middle, search.craters, ratio)
        if not len(added.row):
            continue
        again = find_craters(_with(middle, added), least_score=search.least_score).craters
        match = _matches(added, again, middle)
        wide = again.diameter_m[match] / middle.geometry.resolution_m
        law = added.diameter**-_EXPONENT
        weight += _by_class(added.diameter, law)
        found = match >= 0
        found_weight += _by_class(wide[found], law[found])
        counted = added.diameter >= SMALLEST_CELLS
        true += [(law * added.ratio)[counted].sum(), law[counted].sum()]
        seen += [(law * again.ratio[match])[found].sum(), law[found].sum()]
        count += len(added.row)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = found_weight / weight
        factor = float(np.divide(true[0], true[1]) / np.divide(seen[0], seen[1]))
    return CraterEfficiency(share=share, depth_factor=factor, added=count)


def _by_class(cells: Floats, weight: Floats) -> Floats:
    sums, _ = np.histogram(cells, [*CLASSES, _MOST_CELLS / math.sqrt(2.0)], weights=weight)
    return np.asarray(sums, np.float64)


def _middle(dem: Dem) -> Dem:
    """Return the middle of a DEM, at most `_SIDE` cells a side."""
    rows, cols = dem.geometry.shape
    row, col = max(0, (rows - _SIDE) // 2), max(0, (cols - _SIDE) // 2)
    if row == 0 and col == 0 and max(rows, cols) <= _SIDE:
        return dem
    held = dem.elevation_m[row : row + _SIDE, col : col + _SIDE]
    geometry = replace(
        dem.geometry,
        rows=held.shape[0],
        cols=held.shape[1],
        east_m=dem.geometry.east_m + col * dem.geometry.resolution_m,
        north_m=dem.geometry.north_m + row * dem.geometry.resolution_m,
    )
    return replace(dem, geometry=geometry, elevation_m=np.ascontiguousarray(held), variance_m2=None)


def _strewn(rng: np.random.Generator, dem: Dem, known: Craters, ratio: RatioLaw) -> _Added:
    """Draw craters clear of one another, of unknown ground and of craters of their size that are there already."""
    rows, cols = dem.geometry.shape
    most = min(_MOST_CELLS, min(rows, cols) / 4)
    kept: list[tuple[float, float, float]] = []
    left, tries = _COVERED * rows * cols, int(_MOST_TRIES + rows * cols / 200)
    geometry = dem.geometry
    wide = known.diameter_m / geometry.resolution_m
    col_of, row_of = (
        (place - first) / geometry.resolution_m
        for place, first in ((known.east_m, geometry.east_m), (known.north_m, geometry.north_m))
    )
    while left > 0 and tries > 0 and most > _LEAST_CELLS:
        tries -= 1
        diameter = float(np.exp(rng.uniform(math.log(_LEAST_CELLS), math.log(most))))
        margin = 0.75 * diameter + 1
        row, col = rng.uniform(margin, rows - margin), rng.uniform(margin, cols - margin)
        if not _known_about(dem, row, col, margin):
            continue
        if any(math.hypot(row - r, col - c) < diameter + d for r, c, d in kept):
            continue
        alike = np.abs(np.log(wide / diameter)) < math.log(_SAME_SIZE)
        if (np.hypot(row_of - row, col_of - col)[alike] < 2 * _SAME_PLACE * diameter).any():
            continue
        kept.append((row, col, diameter))
        left -= 0.25 * math.pi * (1.5 * diameter) ** 2
    table = np.array(kept).reshape(-1, 3)
    freshness = rng.uniform(size=len(table)) ** 2
    return _Added(
        row=table[:, 0],
        col=table[:, 1],
        diameter=table[:, 2],
        freshness=freshness,
        ratio=ratio(table[:, 2] * geometry.resolution_m, freshness),
    )


def _known_about(dem: Dem, row: float, col: float, margin: float) -> bool:
    """Tell whether all ground is known that a search for a crater there would look at."""
    rows, cols = (slice(int(at - margin), int(at + margin) + 2) for at in (row, col))
    return bool(np.isfinite(dem.elevation_m[rows, cols]).all())


def _with(dem: Dem, added: _Added) -> Dem:
    """Return a DEM with craters dug into it."""
    height = dem.elevation_m.astype(np.float64)
    rows, cols = height.shape
    for row, col, diameter, fresh, ratio in zip(
        added.row, added.col, added.diameter, added.freshness, added.ratio, strict=True
    ):
        reach = _REACH * diameter / 2
        j = np.arange(max(0, math.ceil(row - reach)), min(rows, math.floor(row + reach) + 1))
        i = np.arange(max(0, math.ceil(col - reach)), min(cols, math.floor(col + reach) + 1))
        shape = np.zeros((len(j), len(i)))
        for up in (-0.25, 0.25):
            for across in (-0.25, 0.25):
                square = ((j + up - row) ** 2)[:, None] + ((i + across - col) ** 2)[None, :]
                shape += 0.25 * _shape(square / (diameter / 2) ** 2, fresh)
        height[j[0] : j[-1] + 1, i[0] : i[-1] + 1] += shape * (ratio * diameter * dem.geometry.resolution_m)
    return replace(dem, elevation_m=height.astype(np.float32))


def _shape(square: Floats, fresh: float) -> Floats:
    """Height, for a depth of one from rim to floor, at squared distances in radii."""
    radius = np.sqrt(square)
    return np.asarray(
        fresh * np.interp(radius, _ALONG, _profile(0.0))
        + (1.0 - fresh) * np.interp(radius, _ALONG, _profile(_CREEP))
    )


@cache
def _profile(creep: float) -> Floats:
    """Height along `_ALONG` of a bowl with its rim after creep over so many radii; crest at 1, crest to floor 1."""
    at = (np.arange(_FINE * 8 + 1) - _FINE * 4) / _FINE
    square = at[:, None] ** 2 + at[None, :] ** 2
    taper = np.clip((_REACH**2 - square) / (_REACH**2 - 1.0), 0.0, 1.0)
    beyond = _RIM * np.maximum(square, 1.0) ** -1.5 * taper
    bowl = np.where(square < 1.0, _RIM - 1.0 + square, beyond)
    line = ndimage.gaussian_filter(bowl, creep * _FINE)[_FINE * 4, _FINE * 4 :]
    crest = int(line.argmax())
    scaled = np.interp(_ALONG * crest, np.arange(len(line)), line, right=0.0)
    return np.asarray(scaled / (line[crest] - line[0]))


def _matches(added: _Added, found: Craters, dem: Dem) -> npt.NDArray[np.int64]:
    """(n,) which of the craters found is each of those added, -1 for none."""
    match = np.full(len(added.row), -1)
    if not len(found.east_m):
        return match
    geometry = dem.geometry
    tree = KDTree(np.column_stack([found.east_m, found.north_m]))
    east = geometry.east_m + added.col * geometry.resolution_m
    north = geometry.north_m + added.row * geometry.resolution_m
    wide = added.diameter * geometry.resolution_m
    for k, near in enumerate(tree.query_ball_point(np.column_stack([east, north]), _SAME_PLACE * wide)):
        off = np.abs(np.log(found.diameter_m[near] / wide[k]))
        if len(near) and off.min() < math.log(_SAME_SIZE):
            match[k] = near[int(off.argmin())]
    return match
