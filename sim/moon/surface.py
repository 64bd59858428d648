"""The ground of one site and seed: landform, relief, craters, features and rocks, at any place and scale.

What is put together is a pure function of place, so a window never depends on what else was asked for.
Coordinates are whole half-millimetres from the site's origin. A raster holds means over its cells.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from math import fsum

import numpy as np

from sim.moon.anchor import clear_of_anchor, thinned_out
from sim.moon.base_surface import BaseSurface, Field, Tilt, base_surface
from sim.moon.cells import Cells, by_blocks
from sim.moon.craters import (
    CraterField,
    Craters,
    clear_of_known,
    crater_field,
    dig,
    feature_craters,
    joined,
    share_below,
    share_seen,
)
from sim.moon.rocks import (
    SMALLEST_FRESH_M,
    RockField,
    Rocks,
    add_boulders,
    add_population,
    margin_m,
    rock_field,
    shown_from_m,
)
from sim.moon.scatter import HALF_MM, site_seed
from sim.moon.site import SiteParams
from sim.moon.site_tables import FeatureParams

GROUND_VERSION = 5
"""Grows whenever the same site, seed and window give other elevations."""

_QUANTUM_PER_M = 10_000.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Surface:
    """Everything that is fixed by site and seed.

    Attributes:
        site: The site.
        seed: Of its streams.
        base: Landform and relief.
        craters: The crater population.
        rocks: The rock population.
        known: The craters among the site's features.
    """

    site: SiteParams
    seed: int
    base: BaseSurface
    craters: CraterField
    rocks: RockField
    known: Craters

    @property
    def anchor(self) -> tuple[int, int]:
        """Place of the anchor, half-millimetres."""
        return self.base.anchor

    def elevation_m(self, cells: Cells, boulders: Rocks, *, rocks: bool) -> Field:
        """Return (rows, cols) mean elevation above the site's datum, to a tenth of a millimetre."""

        def whole(block: Cells) -> Field:
            height = self.bare_m(block)
            self._strew(height, block, boulders, rocks=rocks)
            return _quantised(height)

        return by_blocks(cells, whole)

    def detail_m(self, cells: Cells, boulders: Rocks, *, rocks: bool, finer_than_m: float) -> Field:
        """Return (rows, cols) of what this ground has that a raster of `finer_than_m` does not show."""

        def fine(block: Cells) -> Field:
            height = self.base.detail_m(block, finer_than_m)
            craters = self.seeded_craters(block.window, cell_m=block.cell_m)
            self._dig(height, block, craters, finer_than_m=finer_than_m)
            self._strew(height, block, boulders, rocks=rocks)
            return _quantised(height)

        return by_blocks(cells, fine)

    def bare_m(self, cells: Cells) -> Field:
        """Return (rows, cols) mean elevation above the site's datum without rocks, not rounded."""
        height = self.base.means_m(cells)
        self._dig(height, cells, self.seeded_craters(cells.window, cell_m=cells.cell_m))
        self._dig(height, cells, self.known.touching(cells.window))
        return height

    def craters_in(
        self, window: tuple[int, int, int, int], *, from_m: float = 0.0, cell_m: float = 0.0
    ) -> Craters:
        """Return the craters that reach into a window, seeded ones as `seeded_craters` does, and features."""
        seeded = self.seeded_craters(window, from_m=from_m, cell_m=cell_m)
        return joined([seeded, self.known.touching(window)])

    def seeded_craters(
        self, window: tuple[int, int, int, int], *, from_m: float = 0.0, cell_m: float = 0.0
    ) -> Craters:
        """Return the craters of the population, as `CraterField.craters_in` does, less those that the site rules out.

        Ruled out are those that would stand among the known ones of their size, and those too near the anchor.
        """
        every = self.craters.craters_in(window, from_m=from_m, cell_m=cell_m)
        if self.site.craters.known_radius_m > 0:
            every = clear_of_known(every, self.site.craters)
        if self.site.anchor is None:
            return every
        return clear_of_anchor(every, self.site.anchor, self.anchor, window)

    def rocks_in(self, window: tuple[int, int, int, int], *, from_m: float = 0.0) -> Rocks:
        """Return the rocks of the population that reach into a window, the largest sizes first.

        Args:
            window: West, south, east and north, half-millimetres.
            from_m: Sizes are sorted by octaves; those that begin below this are left out.
        """
        margin = int(margin_m(self.site.rocks) * HALF_MM)
        west, south, east, north = window
        wide = west - margin, south - margin, east + margin, north + margin
        found = self.rocks.rocks_in(window, self.craters_in(wide, from_m=SMALLEST_FRESH_M), from_m=from_m)
        anchor = self.site.anchor
        return found if anchor is None else thinned_out(found, anchor, self.anchor, wide)

    def _strew(self, height: Field, cells: Cells, boulders: Rocks, *, rocks: bool) -> None:
        place = cells.east, cells.north, cells.step
        if rocks:
            from_m = shown_from_m(cells.cell_m)
            mean_m = self.rocks.mean_height_m(from_m)
            height += mean_m
            self.base.thin_out(height, cells, mean_m)
            if self.rocks.last_octave_m >= from_m:
                add_population(height, self.rocks_in(cells.window, from_m=from_m), *place)
        add_boulders(height, boulders, *place)

    def _dig(
        self, height: Field, cells: Cells, craters: Craters, *, finer_than_m: float | None = None
    ) -> None:
        share = share_seen(craters, cells.cell_m)
        if finer_than_m is not None:
            share = share * share_below(craters.diameter_m, finer_than_m)
        dig(height, craters, share, cells.east, cells.north, cells.step)


@lru_cache(maxsize=16)
def surface(site: SiteParams, seed: int) -> Surface:
    """Return the ground of a site under a seed."""
    seed = site_seed(seed, site.name)
    anchor = 2 * site.anchor_mm[0], 2 * site.anchor_mm[1]
    features = [(feature, _place(feature, anchor)) for feature in site.feature]
    loose = Surface(
        site=site,
        seed=seed,
        base=base_surface(site, seed, tuple(placed for placed in features if placed[0].kind == "hill")),
        craters=crater_field(site.craters, seed),
        rocks=rock_field(site.rocks, site.craters, seed),
        known=feature_craters([placed for placed in features if placed[0].kind == "crater"]),
    )
    return loose if site.anchor is None else _anchored(loose)


def detail_surface(site: SiteParams, seed: int) -> Surface:
    """Return the ground whose small relief serves other places than the site's own: without what is known there.

    Its rocks lie evenly: fresh craters of the site's law that are wider than a measured map's cells are not dug,
    and should not gather any.
    """
    known = site.craters.model_copy(update={"known_radius_m": 0.0})
    even = site.rocks.model_copy(update={"fresh_crater_factor": 1.0})
    return surface(
        site.model_copy(update={"anchor": None, "feature": (), "craters": known, "rocks": even}), seed
    )


_TILT_RADII = 1.0 / 3.0, 1.0, 1.5
_TILT_CELLS = 1.0 / 24.0, 1.0 / 6.0, 3.0 / 8.0
"""Radii of an anchor's tilts, and sides of the cells that show its grade, in its `tilt_radius_m`."""


def _anchored(loose: Surface) -> Surface:
    """Return the surface put right at the anchor: in elevation, and in slope at three scales.

    Its tilt has as many parts; together they give the anchor's grade as cells of three sizes show it (for a radius of
    48 m, of 2, 8 and 18 m).
    """
    anchor = loose.site.anchor
    assert anchor is not None
    scales = [_around(loose, share * anchor.tilt_radius_m) for share in _TILT_CELLS]
    radii_m = [share * anchor.tilt_radius_m for share in _TILT_RADII]
    found = [loose.bare_m(cells) for cells in scales]
    lift_m = anchor.elevation_m - loose.site.frame.datum_m - fsum(found[0][1:3, 1:3].ravel()) / 4.0
    shown = [[_shown(loose, radius_m, cells) for radius_m in radii_m] for cells in scales]
    missing = [
        (anchor.grade_east - east, anchor.grade_north - north)
        for east, north in (_grades(height, cells) for height, cells in zip(found, scales, strict=True))
    ]
    east, north = (
        _solved([[grades[axis] for grades in row] for row in shown], [grades[axis] for grades in missing])
        for axis in (0, 1)
    )
    tilts = tuple(
        Tilt(radius_m=radii_m[k], grade_east=east[k], grade_north=north[k]) for k in range(len(radii_m))
    )
    return replace(loose, base=replace(loose.base, lift_m=lift_m, tilts=tilts))


def _shown(ground: Surface, radius_m: float, cells: Cells) -> tuple[float, float]:
    """Return the grades that cells show of a tilt of one, east and north."""
    tilt = Tilt(radius_m=radius_m, grade_east=1.0, grade_north=1.0)
    return _grades(ground.base.plain_m(cells, (tilt,)), cells)


def _around(ground: Surface, cell_m: float) -> Cells:
    """Return the 4 x 4 cells that meet at the anchor."""
    half = max(1, round(cell_m * HALF_MM / 2))
    east, north = (place - 3 * half for place in ground.anchor)
    return Cells(east=east, north=north, step=2 * half, rows=4, cols=4)


def _grades(height_m: Field, cells: Cells) -> tuple[float, float]:
    """Return the mean central differences of the middle four of 4 x 4 cells, east and north."""
    run = 8.0 * cells.cell_m
    return (
        fsum([*(height_m[1:3, 2:] - height_m[1:3, :2]).ravel()]) / run,
        fsum([*(height_m[2:, 1:3] - height_m[:2, 1:3]).ravel()]) / run,
    )


def _solved(matrix: list[list[float]], right: list[float]) -> list[float]:
    """Return the numbers that a matrix, whose diagonal is its strongest, turns into `right`; by Gauss's elimination."""
    rows = [[*row, last] for row, last in zip(matrix, right, strict=True)]
    for k, pivot in enumerate(rows):
        for row in rows[k + 1 :]:
            factor = row[k] / pivot[k]
            row[k:] = [own - factor * held for own, held in zip(row[k:], pivot[k:], strict=True)]
    found: list[float] = []
    for k in reversed(range(len(rows))):
        rest = fsum(rows[k][len(rows) - 1 - n] * value for n, value in enumerate(found))
        found.append((rows[k][-1] - rest) / rows[k][k])
    return found[::-1]


def _place(feature: FeatureParams, anchor: tuple[int, int]) -> tuple[int, int]:
    east, north = round(feature.east_m * HALF_MM), round(feature.north_m * HALF_MM)
    if feature.counted_from == "anchor":
        return anchor[0] + east, anchor[1] + north
    return east, north


def _quantised(height_m: Field) -> Field:
    rounded: Field = np.floor(height_m * _QUANTUM_PER_M + 0.5) / _QUANTUM_PER_M
    return rounded
