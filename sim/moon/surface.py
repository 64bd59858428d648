"""The ground of one site and seed: relief, craters, features and rocks put together, at any place and scale.

What is put together is a pure function of place, so a window never depends on what else was asked for.
Coordinates are whole half-millimetres from the site's origin.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from math import fsum

import numpy as np
import numpy.typing as npt

from sim.moon.cells import Cells, bump, by_blocks, offsets_m, touches
from sim.moon.craters import (
    Craters,
    clear_of_anchor,
    crater_bins,
    craters_of,
    feature_craters,
    joined,
    samples_of,
    share_below,
    share_seen,
)
from sim.moon.relief import Curve, Octaves, bent_radius_m, curve, hill_octaves, relief_octaves, warp_octaves
from sim.moon.rocks import Rocks, all_of, raised_m, rock_bins, rocks_of, touching
from sim.moon.scatter import HALF_MM, SizeBin
from sim.moon.shape_kernels import add_craters
from sim.moon.site import FeatureParams, SiteParams

GROUND_VERSION = 1
"""Grows whenever the same site, seed and window give other elevations."""

_QUANTUM_PER_M = 10_000.0
_ANCHOR_STEP = 2 * HALF_MM
_ANCHOR_CELLS = 4
_DAMPED = 0.7


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Surface:
    """Everything that is fixed by site and seed.

    Attributes:
        site: The site.
        octaves, warp: Noise of the relief (plain, rugged) and of the profile's rings.
        profile, ruggedness: Curves over the bent radius.
        craters, rocks: Bins of the populations.
        features: The site's features with their places.
        strays: For each feature, how a hill's foot strays from a circle.
        anchor: Place of the anchor.
        lift_m: What is added at the anchor to meet its elevation.
        tilt: (east, north) grade added at the anchor to meet its slope.
    """

    site: SiteParams
    octaves: Octaves
    warp: Octaves
    profile: Curve
    ruggedness: Curve
    craters: tuple[SizeBin, ...]
    rocks: tuple[SizeBin, ...]
    features: tuple[tuple[FeatureParams, tuple[int, int]], ...]
    strays: tuple[Octaves, ...]
    anchor: tuple[int, int]
    lift_m: float
    tilt: tuple[float, float]

    def elevation_m(self, cells: Cells, boulders: Rocks, *, rocks: bool) -> npt.NDArray[np.float64]:
        """Return (rows, cols) elevation above the site's datum, to a tenth of a millimetre."""

        def whole(block: Cells) -> npt.NDArray[np.float64]:
            height = self.bare_m(block)
            height += self.rock_m(block, boulders, rocks=rocks)
            return height

        return _quantised(by_blocks(cells, whole))

    def detail_m(
        self, cells: Cells, boulders: Rocks, *, rocks: bool, finer_than_m: float
    ) -> npt.NDArray[np.float64]:
        """Return (rows, cols) of what this ground has that a raster of `finer_than_m` does not show."""

        def fine(block: Cells) -> npt.NDArray[np.float64]:
            plain = np.zeros((1, block.rows, block.cols))
            self.octaves.add_to(plain, block.east, block.north, block.step, finer_than_m=finer_than_m)
            height: npt.NDArray[np.float64] = plain[0]
            self._dig(height, block, self.seeded_craters(block), finer_than_m=finer_than_m)
            height += self.rock_m(block, boulders, rocks=rocks)
            return height

        return _quantised(by_blocks(cells, fine))

    def bare_m(self, cells: Cells) -> npt.NDArray[np.float64]:
        """Return (rows, cols) elevation above the site's datum without rocks, not rounded."""
        shape = cells.rows, cells.cols
        radius = bent_radius_m(self.warp, cells.east, cells.north, cells.step, *shape)
        layers = np.zeros((3, *shape))
        self.octaves.add_to(layers, cells.east, cells.north, cells.step)
        rugged = self.ruggedness.at(radius)
        height = self.profile.at(radius) - self.site.frame.datum_m
        self._hills(cells, height, rugged)
        height += layers[0] + rugged * (layers[1] - layers[0])
        self._meet_anchor(cells, height, layers[2])
        self._dig(height, cells, joined([self.seeded_craters(cells), feature_craters(list(self.features))]))
        return height

    def seeded_craters(self, cells: Cells) -> Craters:
        """Return the craters of the population that these cells show, the largest first."""
        shown = [size for size in self.craters if size.low_m * 4.0 > cells.cell_m]
        found = [craters_of(size, self.site.craters, cells.window) for size in shown]
        every = joined([*found, feature_craters([])])
        if self.site.anchor is None:
            return every
        return clear_of_anchor(every, self.site.anchor, self.anchor)

    def seeded_rocks(self, cells: Cells) -> Rocks:
        """Return the rocks of the population at least one cell wide."""
        shown = [size for size in self.rocks if size.low_m * 2.0 >= cells.cell_m]
        found = [rocks_of(size, self.site.rocks, cells.window) for size in shown]
        return all_of([*found, _NO_ROCKS])

    def rock_m(self, cells: Cells, boulders: Rocks, *, rocks: bool) -> npt.NDArray[np.float64]:
        """Return (rows, cols) height of rock above the ground; a rock narrower than a cell does not show."""
        lying = touching(boulders, cells.window)
        if rocks:
            lying = all_of([self.seeded_rocks(cells), lying])
        return raised_m(lying, cells.east, cells.north, cells.step, (cells.rows, cells.cols))

    def _dig(
        self,
        height: npt.NDArray[np.float64],
        cells: Cells,
        craters: Craters,
        *,
        finer_than_m: float | None = None,
    ) -> None:
        share = share_seen(craters.diameter_m, cells.cell_m)
        if finer_than_m is not None:
            share = share * share_below(craters.diameter_m, finer_than_m)
        kept = share > 0
        seen = craters.where(kept)
        add_craters(
            height,
            cells.east,
            cells.north,
            cells.step,
            seen.place,
            seen.reach(),
            seen.shape(share[kept]),
            samples_of(seen.diameter_m, cells.cell_m),
        )

    def _hills(self, cells: Cells, height: npt.NDArray[np.float64], rugged: npt.NDArray[np.float64]) -> None:
        for (feature, place), stray in zip(self.features, self.strays, strict=True):
            if feature.kind == "hill" and touches(cells, place, feature.diameter_m):
                bend = np.zeros((2, cells.rows, cells.cols))
                stray.add_to(bend, cells.east, cells.north, cells.step)
                raised = bump(cells, place, 0.5 * feature.diameter_m, bend)
                height += feature.height_m * raised
                rugged += np.maximum(0.0, feature.ruggedness - rugged) * raised

    def _meet_anchor(
        self, cells: Cells, height: npt.NDArray[np.float64], short: npt.NDArray[np.float64]
    ) -> None:
        anchor = self.site.anchor
        if anchor is None:
            return
        if touches(cells, self.anchor, anchor.level_radius_m):
            height += self.lift_m * bump(cells, self.anchor, anchor.level_radius_m)
        if touches(cells, self.anchor, max(anchor.tilt_radius_m, anchor.smooth_radius_m)):
            height -= _DAMPED * short * bump(cells, self.anchor, anchor.smooth_radius_m)
            x, y = offsets_m(cells, self.anchor)
            plane = self.tilt[0] * x[None, :] + self.tilt[1] * y[:, None]
            height += plane * bump(cells, self.anchor, anchor.tilt_radius_m)


_NO_ROCKS = Rocks(
    place=np.zeros((0, 2), dtype=np.int64),
    diameter_m=np.zeros(0),
    height_m=np.zeros(0),
    resting=np.zeros(0),
)


@lru_cache(maxsize=16)
def surface(site: SiteParams, seed: int) -> Surface:
    """Return the ground of a site under a seed."""
    anchor = 2 * site.anchor_mm[0], 2 * site.anchor_mm[1]
    loose = Surface(
        site=site,
        octaves=relief_octaves(site.relief, seed),
        warp=warp_octaves(site.profile, seed),
        profile=curve(site.profile.radius_m, site.profile.elevation_m),
        ruggedness=curve(site.profile.radius_m, site.profile.ruggedness),
        craters=crater_bins(site.craters, seed),
        rocks=rock_bins(site.rocks, seed),
        features=tuple((feature, _place(feature, anchor)) for feature in site.feature),
        strays=tuple(hill_octaves(seed, k, feature.diameter_m) for k, feature in enumerate(site.feature)),
        anchor=anchor,
        lift_m=0.0,
        tilt=(0.0, 0.0),
    )
    return loose if site.anchor is None else _anchored(loose)


def detail_surface(site: SiteParams, seed: int) -> Surface:
    """Return the ground whose small relief serves other places than the site's own: without its anchor."""
    return surface(site.model_copy(update={"anchor": None}), seed)


def _anchored(loose: Surface) -> Surface:
    """Return the surface put right in the mean and central differences of the anchor's four 2 m cells."""
    anchor = loose.site.anchor
    assert anchor is not None
    half = _ANCHOR_STEP * (_ANCHOR_CELLS - 1) // 2
    around = Cells(
        east=loose.anchor[0] - half,
        north=loose.anchor[1] - half,
        step=_ANCHOR_STEP,
        rows=_ANCHOR_CELLS,
        cols=_ANCHOR_CELLS,
    )
    found = loose.bare_m(around)
    run = 8.0 * _ANCHOR_STEP / HALF_MM
    grade_east = fsum([*(found[1:3, 2:] - found[1:3, :2]).ravel()]) / run
    grade_north = fsum([*(found[2:, 1:3] - found[:2, 1:3]).ravel()]) / run
    return replace(
        loose,
        lift_m=anchor.elevation_m - loose.site.frame.datum_m - fsum(found[1:3, 1:3].ravel()) / 4.0,
        tilt=(anchor.grade_east - grade_east, anchor.grade_north - grade_north),
    )


def _place(feature: FeatureParams, anchor: tuple[int, int]) -> tuple[int, int]:
    east, north = round(feature.east_m * HALF_MM), round(feature.north_m * HALF_MM)
    if feature.counted_from == "anchor":
        return anchor[0] + east, anchor[1] + north
    return east, north


def _quantised(height_m: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    rounded: npt.NDArray[np.float64] = np.floor(height_m * _QUANTUM_PER_M + 0.5) / _QUANTUM_PER_M
    return rounded
