"""The ground of one site and seed: landform, relief, craters, features and rocks, at any place and scale.

What is put together is a pure function of place, so a window never depends on what else was asked for.
Coordinates are whole half-millimetres from the site's origin. A raster holds means over its cells.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from math import fsum

import numpy as np
import numpy.typing as npt

from sim.moon.cells import Cells, by_blocks
from sim.moon.craters import (
    CraterField,
    Craters,
    clear_of_anchor,
    clear_of_known,
    crater_field,
    dig,
    feature_craters,
    joined,
    share_below,
    share_seen,
)
from sim.moon.landform import PolarTable, bump, tables_of, terraced, through
from sim.moon.relief import (
    LEVELS,
    UNIT_RMS,
    Amplitude,
    LatticeWindow,
    Octaves,
    level_of,
    octaves,
    relief_octaves,
    wavelength_m,
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
from sim.moon.site import FeatureParams, ProfileParams, SiteParams

GROUND_VERSION = 3
"""Grows whenever the same site, seed and window give other elevations."""

RELIEF_STREAM = 1
WARP_STREAMS = (2, 5)

Field = npt.NDArray[np.float64]

_QUANTUM_PER_M = 10_000.0
LANDFORM_LEVEL = 14
"""Lattice of 262 m: the finest on which the landform is sampled."""
_BENCH_STRAY = 0.25
"""Benches by which a terrace strays where a place is displaced by the warp's rms."""
_CHUNK = 64
"""Side of the pieces of that lattice that are kept."""
_TILT_LEVEL, _TILT_COARSEST = 7, 9
"""Lattice of 2 m, on which the anchor's plain is laid; where the finest wanted is over 8 m, it does not show."""
_DAMPED, _DAMPED_WAVE_M = 0.8, 40.0
_ANCHOR_STEP = 2 * HALF_MM
_ANCHOR_CELLS = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Surface:
    """Everything that is fixed by site and seed.

    Attributes:
        site: The site.
        seed: Of its streams.
        octaves: Noise of the relief.
        warp: Noise by which places are displaced east and north before the landform is looked up.
        elevation, ruggedness: The landform's tables.
        craters: The crater population.
        rocks: The rock population.
        known: The craters among the site's features.
        hills: The hills among them, with their places.
        anchor: Place of the anchor.
        lift_m: What is added round the anchor to meet its elevation.
        tilt: (east, north) grade added at the anchor to meet its slope.
    """

    site: SiteParams
    seed: int
    octaves: Octaves
    warp: tuple[Octaves, Octaves]
    elevation: PolarTable
    ruggedness: PolarTable
    craters: CraterField
    rocks: RockField
    known: Craters
    hills: tuple[tuple[FeatureParams, tuple[int, int]], ...]
    anchor: tuple[int, int]
    lift_m: float
    tilt: tuple[float, float]

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
            height = self._plain_detail_m(block, finer_than_m)
            craters = self.seeded_craters(block.window, cell_m=block.cell_m)
            self._dig(height, block, craters, finer_than_m=finer_than_m)
            self._strew(height, block, boulders, rocks=rocks)
            return _quantised(height)

        return by_blocks(cells, fine)

    def bare_m(self, cells: Cells) -> Field:
        """Return (rows, cols) mean elevation above the site's datum without rocks, not rounded."""
        height = self._relief_m(cells)
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
        """Return the craters of the population that reach into a window, the largest sizes first.

        Args:
            window: West, south, east and north, half-millimetres.
            from_m: Smaller ones are left out.
            cell_m: Those that a raster of such cells does not show are left out too.
        """
        every = self.craters.craters_in(window, from_m=from_m, cell_m=cell_m)
        if self.site.craters.known_radius_m > 0:
            every = clear_of_known(every, self.site.craters)
        if self.site.anchor is None:
            return every
        return clear_of_anchor(every, self.site.anchor, self.anchor, near=self._near_anchor(window))

    def _near_anchor(self, window: tuple[int, int, int, int]) -> bool:
        """Tell whether a crater up to the anchor's calm size can reach from its quiet ground into a window."""
        anchor = self.site.anchor
        assert anchor is not None
        reach = int((3.0 * anchor.calm_diameter_m + anchor.quiet_m) * HALF_MM)
        west, south, east, north = window
        x, y = self.anchor
        return west - reach <= x <= east + reach and south - reach <= y <= north + reach

    def rocks_in(self, window: tuple[int, int, int, int], *, from_m: float = 0.0) -> Rocks:
        """Return the rocks of the population that reach into a window, the largest sizes first.

        Args:
            window: West, south, east and north, half-millimetres.
            from_m: Sizes are sorted by octaves; those that begin below this are left out.
        """
        margin = int(margin_m(self.site.rocks) * HALF_MM)
        west, south, east, north = window
        wide = west - margin, south - margin, east + margin, north + margin
        return self.rocks.rocks_in(window, self.craters_in(wide, from_m=SMALLEST_FRESH_M), from_m=from_m)

    def _strew(self, height: Field, cells: Cells, boulders: Rocks, *, rocks: bool) -> None:
        place = cells.east, cells.north, cells.step
        if rocks:
            from_m = shown_from_m(cells.cell_m)
            height += self.rocks.mean_height_m(from_m)
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

    def _relief_m(self, cells: Cells) -> Field:
        """Return (rows, cols) means of landform and relief over cells."""
        finest = self.octaves.points_under(cells, level_of(cells.step))
        if finest.level >= LANDFORM_LEVEL:
            return self.octaves.means(self.coarse(finest)[0], finest, cells)
        windows = _chain(self.octaves, finest, LANDFORM_LEVEL)
        coarsest, own = windows[-1], windows[1]
        coefficients, rugged = self._from_chunks(coarsest)
        for window, parent in zip(reversed(windows[1:-1]), reversed(windows[2:]), strict=True):
            coefficients = self.octaves.refined(parent, coefficients, window)
            self.octaves.add_to(coefficients, window, self._amplitude(window, coarsest, rugged))
            if window.level == _TILT_LEVEL:
                self._lay_plain(coefficients, window)
        height = self.octaves.means(coefficients, own, cells)
        self.octaves.add_means(height, finest, cells, self._amplitude(finest, coarsest, rugged))
        if _TILT_LEVEL <= finest.level <= _TILT_COARSEST:
            plain = np.zeros((finest.rows, finest.cols))
            self._lay_plain(plain, finest)
            height += self.octaves.means(plain, finest, cells)
        return height

    def coarse(self, finest: LatticeWindow) -> tuple[Field, Field]:
        """Return coefficients and ruggedness of a window of the landform's level or a coarser one."""
        windows = _chain(self.octaves, finest, LEVELS - 1)
        coefficients = np.zeros((windows[-1].rows, windows[-1].cols))
        for window, parent in zip(reversed(windows), [None, *reversed(windows[1:])], strict=True):
            if parent is not None:
                coefficients = self.octaves.refined(parent, coefficients, window)
            rugged = self._rugged_at(window)
            self.octaves.add_to(coefficients, window, Amplitude(values=self._mixed(window.level, rugged)))
        coefficients += self._landform(finest)
        return coefficients, rugged

    def _from_chunks(self, window: LatticeWindow) -> tuple[Field, Field]:
        """Return what `coarse` does, put together from chunks that neighbouring windows share."""
        if window.rows * window.cols > _CHUNK * _CHUNK:
            return self.coarse(window)
        coefficients, rugged = np.empty((2, window.rows, window.cols))
        north, east = window.j0 + window.rows, window.i0 + window.cols
        for j in range(window.j0 // _CHUNK, (north - 1) // _CHUNK + 1):
            for i in range(window.i0 // _CHUNK, (east - 1) // _CHUNK + 1):
                j0, j1 = max(window.j0, j * _CHUNK), min(north, (j + 1) * _CHUNK)
                i0, i1 = max(window.i0, i * _CHUNK), min(east, (i + 1) * _CHUNK)
                there = np.s_[j0 - window.j0 : j1 - window.j0, i0 - window.i0 : i1 - window.i0]
                part = np.s_[j0 - j * _CHUNK : j1 - j * _CHUNK, i0 - i * _CHUNK : i1 - i * _CHUNK]
                held, rough = _chunk(self, j, i)
                coefficients[there], rugged[there] = held[part], rough[part]
        return coefficients, rugged

    def _mixed(self, level: int, rugged: Field) -> Field:
        plain = self.octaves.plain[level]
        mixed: Field = plain + (self.octaves.rugged[level] - plain) * rugged
        return mixed

    def _amplitude(self, window: LatticeWindow, blocks: LatticeWindow, rugged: Field) -> Amplitude:
        amplitude = self.octaves.amplitude(window, blocks, self._mixed(window.level, rugged))
        calm = self._calm(window)
        return amplitude if calm is None else Amplitude(values=amplitude.at_points(window) * calm)

    def _calm(self, window: LatticeWindow) -> Field | None:
        """Return the factors that damp short relief round the anchor; None where there is nothing to damp."""
        anchor = self.site.anchor
        if anchor is None or wavelength_m(window.level) > _DAMPED_WAVE_M:
            return None
        x, y = self._from_anchor(window)
        radius = anchor.smooth_radius_m
        if x[0] > radius or x[-1] < -radius or y[0] > radius or y[-1] < -radius:
            return None
        factors: Field = 1.0 - _DAMPED * bump(x[None, :], y[:, None], radius)
        return factors

    def _from_anchor(self, window: LatticeWindow) -> tuple[Field, Field]:
        x, y = self.octaves.places_m(window)
        return x - self.anchor[0] / HALF_MM, y - self.anchor[1] / HALF_MM

    def _bent(self, window: LatticeWindow) -> tuple[Field, Field]:
        """Return (rows, cols) east and north of lattice points, displaced by the warp."""
        x, y = self.octaves.places_m(window)
        east, north = (_coefficients(noise, window) for noise in self.warp)
        return x[None, :] + east, y[:, None] + north

    def _rugged_at(self, window: LatticeWindow) -> Field:
        east, north = self._bent(window)
        rugged = self.ruggedness.at(east, north)
        for feature, raised in self._hills(east, north):
            rugged = rugged + np.maximum(0.0, feature.ruggedness - rugged) * raised
        return rugged

    def _landform(self, window: LatticeWindow) -> Field:
        """Return the coefficients of the large shape: table, hills and the anchor's lift."""
        wide = replace(window, i0=window.i0 - 1, j0=window.j0 - 1, rows=window.rows + 2, cols=window.cols + 2)
        east, north = self._bent(wide)
        height = self.elevation.at(east, north)
        terraces = self.site.profile.terraces
        if terraces is not None:
            x, y = self.octaves.places_m(wide)
            shift = (east - x[None, :]) * (_BENCH_STRAY / max(self.site.profile.warp_rms_m, 1.0))
            radius = np.sqrt(x[None, :] * x[None, :] + y[:, None] * y[:, None])
            height = terraced(height, radius, shift, terraces)
        height = height - self.site.frame.datum_m
        for feature, raised in self._hills(east, north):
            height = height + feature.height_m * raised
        if self.site.anchor is not None:
            x, y = self._from_anchor(wide)
            height = height + self.lift_m * bump(x[None, :], y[:, None], self.site.anchor.level_radius_m)
        return through(height)

    def _hills(self, east: Field, north: Field) -> list[tuple[FeatureParams, Field]]:
        return [
            (
                feature,
                bump(east - place[0] / HALF_MM, north - place[1] / HALF_MM, 0.5 * feature.diameter_m),
            )
            for feature, place in self.hills
        ]

    def _lay_plain(self, coefficients: Field, window: LatticeWindow) -> None:
        """Add the grade that meets the anchor's slope, within its radius."""
        anchor = self.site.anchor
        if anchor is None or self.tilt == (0.0, 0.0):
            return
        x, y = self._from_anchor(window)
        plane = self.tilt[0] * x[None, :] + self.tilt[1] * y[:, None]
        coefficients += plane * bump(x[None, :], y[:, None], anchor.tilt_radius_m)

    def _plain_detail_m(self, cells: Cells, finer_than_m: float) -> Field:
        """Return the plain relief of the octaves that a raster of `finer_than_m` is too coarse for."""
        finest = level_of(cells.step)
        count = sum(wavelength_m(level) < 2.0 * finer_than_m for level in range(finest, LEVELS))
        if count == 0:
            return np.zeros((cells.rows, cells.cols))
        windows = _chain(self.octaves, self.octaves.points_under(cells, finest), finest + count - 1)
        coefficients = _coefficients(self.octaves, windows[0], coarsest=windows[-1].level)
        return self.octaves.means(coefficients, windows[0], cells)


@lru_cache(maxsize=256)
def _chunk(ground: Surface, j: int, i: int) -> tuple[Field, Field]:
    return ground.coarse(
        LatticeWindow(level=LANDFORM_LEVEL, i0=i * _CHUNK, j0=j * _CHUNK, rows=_CHUNK, cols=_CHUNK)
    )


def _chain(noise: Octaves, window: LatticeWindow, coarsest: int) -> list[LatticeWindow]:
    windows = [window]
    while windows[-1].level < coarsest:
        windows.append(noise.parent_of(windows[-1]))
    return windows


def _coefficients(noise: Octaves, window: LatticeWindow, coarsest: int = LEVELS - 1) -> Field:
    """Return the plain noise of a level and all coarser ones as coefficients on its lattice."""
    windows = _chain(noise, window, coarsest)
    coefficients = np.zeros((windows[-1].rows, windows[-1].cols))
    noise.add_to(coefficients, windows[-1], Amplitude(values=noise.plain[coarsest : coarsest + 1, None]))
    for child, parent in zip(reversed(windows[:-1]), reversed(windows[1:]), strict=True):
        coefficients = noise.refined(parent, coefficients, child)
        noise.add_to(coefficients, child, Amplitude(values=noise.plain[child.level : child.level + 1, None]))
    return coefficients


@lru_cache(maxsize=16)
def surface(site: SiteParams, seed: int) -> Surface:
    """Return the ground of a site under a seed."""
    seed = site_seed(seed, site.name)
    anchor = 2 * site.anchor_mm[0], 2 * site.anchor_mm[1]
    elevation, ruggedness = tables_of(site.profile)
    features = [(feature, _place(feature, anchor)) for feature in site.feature]
    loose = Surface(
        site=site,
        seed=seed,
        octaves=relief_octaves(site.relief, seed, RELIEF_STREAM),
        warp=_warp(site.profile, seed),
        elevation=elevation,
        ruggedness=ruggedness,
        craters=crater_field(site.craters, seed),
        rocks=rock_field(site.rocks, site.craters, seed),
        known=feature_craters([placed for placed in features if placed[0].kind == "crater"]),
        hills=tuple(placed for placed in features if placed[0].kind == "hill"),
        anchor=anchor,
        lift_m=0.0,
        tilt=(0.0, 0.0),
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


def _warp(profile: ProfileParams, seed: int) -> tuple[Octaves, Octaves]:
    """Return the noise that displaces places: at the warp's wavelength, and half of it an octave below."""
    level = min(
        range(LANDFORM_LEVEL + 1, LEVELS), key=lambda k: abs(wavelength_m(k) - profile.warp_wavelength_m)
    )
    amplitude = [0.0] * LEVELS
    amplitude[level], amplitude[level - 1] = (
        profile.warp_rms_m / UNIT_RMS,
        0.5 * profile.warp_rms_m / UNIT_RMS,
    )
    east, north = (octaves(seed, stream, amplitude, amplitude) for stream in WARP_STREAMS)
    return east, north


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


def _quantised(height_m: Field) -> Field:
    rounded: Field = np.floor(height_m * _QUANTUM_PER_M + 0.5) / _QUANTUM_PER_M
    return rounded
