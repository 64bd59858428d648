"""The ground before craters and rocks: landform, relief, hills, and what meets a site's anchor."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from sim.moon.anchor import damped_radius_m, damping, still_radius_m
from sim.moon.cells import Cells
from sim.moon.landform import PolarTable, bump, tables_of, terraced, through
from sim.moon.relief import (
    LEVELS,
    UNIT_RMS,
    Amplitude,
    LatticeWindow,
    Octaves,
    chain,
    octaves,
    relief_octaves,
    side_of,
    summed,
    wavelength_m,
)
from sim.moon.scatter import HALF_MM, Stream
from sim.moon.site import SiteParams
from sim.moon.site_tables import FeatureParams, ProfileParams

LANDFORM_LEVEL = 14
"""Lattice of 262 m: the finest on which the landform is sampled."""

Field = npt.NDArray[np.float64]

_BENCH_STRAY = 0.25
"""Benches by which a terrace strays where a place is displaced by the warp's rms."""
_CHUNK = 64
"""Side of the pieces of that lattice that are kept."""
_KEPT_GROUNDS, _KEPT_CHUNKS = 4, 64
"""16 MiB. Chunks are kept by ground, so that in a campaign, where every run has another, they do not pile up."""
_TILT_LEVEL = 7
"""Lattice of 2 m, on which the anchor's plain is laid."""
_THINNED_LEVEL = 5
"""Lattice of 0.5 m, on which the share of the rocks is laid that are missing round the anchor."""
_PLAIN_CELLS = 10.0
"""Radii of a tilt in a cell that does not show it: it lifts one side by as much as it lowers the other."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tilt:
    """A grade added at the anchor, fading out at a radius."""

    radius_m: float
    grade_east: float
    grade_north: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BaseSurface:
    """Landform and relief of one site and seed.

    Attributes:
        site: The site.
        octaves: Noise of the relief.
        warp: Noise by which places are displaced east and north before the landform is looked up.
        elevation, ruggedness: The landform's tables.
        hills: The hills among the site's features, with their places in half-millimetres.
        anchor: Place of the anchor.
        lift_m: What is added round the anchor to meet its elevation.
        tilts: What is added round the anchor to meet its slope.
    """

    site: SiteParams
    octaves: Octaves
    warp: tuple[Octaves, Octaves]
    elevation: PolarTable
    ruggedness: PolarTable
    hills: tuple[tuple[FeatureParams, tuple[int, int]], ...]
    anchor: tuple[int, int]
    lift_m: float
    tilts: tuple[Tilt, ...]

    def means_m(self, cells: Cells) -> Field:
        """Return (rows, cols) means of landform and relief over cells."""
        finest = self.octaves.points_under(cells, self.octaves.finest_of(cells.step))
        if finest.level >= LANDFORM_LEVEL:
            return self.octaves.means(self.coarse(finest)[0], finest, cells)
        windows = chain(self.octaves, finest, LANDFORM_LEVEL)
        coarsest, own = windows[-1], windows[1]
        coefficients, rugged = self._from_chunks(coarsest)
        for window, parent in zip(reversed(windows[1:-1]), reversed(windows[2:]), strict=True):
            coefficients = self.octaves.refined(parent, coefficients, window)
            self.octaves.add_to(coefficients, window, self._amplitude(window, coarsest, rugged))
            if window.level == _TILT_LEVEL:
                self._lay_plain(coefficients, window, self.tilts)
        height = self.octaves.means(coefficients, own, cells)
        self.octaves.add_means(height, finest, cells, self._amplitude(finest, coarsest, rugged))
        if finest.level >= _TILT_LEVEL:
            self._add_plain(height, cells)
        return height

    def _add_plain(self, height: Field, cells: Cells) -> None:
        """Add the tilts to the means of the cells that they reach."""
        found = self._reached(cells, max((tilt.radius_m for tilt in self.tilts), default=0.0))
        if found is not None:
            reached, part = found
            height[reached] += self.plain_m(part, self.tilts)

    def thin_out(self, height_m: Field, cells: Cells, thinned_m: float) -> None:
        """Take off the mean height of what is thinned out round the anchor, by the share that is missing."""
        radius_m = 0.0 if self.site.anchor is None else still_radius_m(self.site.anchor)
        found = self._reached(cells, radius_m)
        if found is not None and thinned_m > 0.0:
            reached, part = found
            window = self.octaves.points_under(part, _THINNED_LEVEL)
            x, y = self._from_anchor(window)
            share = self.octaves.means(bump(x[None, :], y[:, None], radius_m), window, part)
            height_m[reached] -= thinned_m * share

    def _reached(self, cells: Cells, radius_m: float) -> tuple[tuple[slice, slice], Cells] | None:
        """Return the cells that something about the anchor reaches; None where there are none, or far too wide ones."""
        if cells.cell_m > _PLAIN_CELLS * radius_m:
            return None
        west, south, _, _ = cells.window
        reach, (x, y) = int(radius_m * HALF_MM), self.anchor
        col, row = max(0, (x - reach - west) // cells.step), max(0, (y - reach - south) // cells.step)
        cols = min(cells.cols, (x + reach - west) // cells.step + 1) - col
        rows = min(cells.rows, (y + reach - south) // cells.step + 1) - row
        if rows <= 0 or cols <= 0:
            return None
        return np.s_[row : row + rows, col : col + cols], cells.part(row, col, rows, cols)

    def plain_m(self, cells: Cells, tilts: tuple[Tilt, ...]) -> Field:
        """Return (rows, cols) means over cells of what tilts add round the anchor."""
        window = self.octaves.points_under(cells, _TILT_LEVEL)
        plain = np.zeros((window.rows, window.cols))
        self._lay_plain(plain, window, tilts)
        return self.octaves.means(plain, window, cells)

    def coarse(self, finest: LatticeWindow) -> tuple[Field, Field]:
        """Return coefficients and ruggedness of a window of the landform's level or a coarser one."""
        windows = chain(self.octaves, finest, LEVELS - 1)
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
        chunk = _chunks(self)
        for j in range(window.j0 // _CHUNK, (north - 1) // _CHUNK + 1):
            for i in range(window.i0 // _CHUNK, (east - 1) // _CHUNK + 1):
                j0, j1 = max(window.j0, j * _CHUNK), min(north, (j + 1) * _CHUNK)
                i0, i1 = max(window.i0, i * _CHUNK), min(east, (i + 1) * _CHUNK)
                there = np.s_[j0 - window.j0 : j1 - window.j0, i0 - window.i0 : i1 - window.i0]
                part = np.s_[j0 - j * _CHUNK : j1 - j * _CHUNK, i0 - i * _CHUNK : i1 - i * _CHUNK]
                held, rough = chunk(j, i)
                coefficients[there], rugged[there] = held[part], rough[part]
        return coefficients, rugged

    def _mixed(self, level: int, rugged: Field) -> Field:
        plain = self.octaves.plain[level]
        mixed: Field = plain + (self.octaves.rugged[level] - plain) * rugged
        return mixed

    def _amplitude(self, window: LatticeWindow, blocks: LatticeWindow, rugged: Field) -> Amplitude:
        amplitude = self.octaves.amplitude(window, blocks, self._mixed(window.level, rugged))
        anchor, wave_m = self.site.anchor, wavelength_m(window.level)
        radius_m = 0.0 if anchor is None else damped_radius_m(anchor, wave_m)
        reached = self._about_anchor(window, radius_m) if radius_m > 0.0 else None
        if anchor is None or reached is None:
            return amplitude
        values, (x, y) = amplitude.at_points(window), self._from_anchor(reached)
        values[_part(window, reached)] *= damping(anchor, wave_m, x[None, :], y[:, None])
        return Amplitude(values=values)

    def _from_anchor(self, window: LatticeWindow) -> tuple[Field, Field]:
        x, y = self.octaves.places_m(window)
        return x - self.anchor[0] / HALF_MM, y - self.anchor[1] / HALF_MM

    def _about_anchor(self, window: LatticeWindow, radius_m: float) -> LatticeWindow | None:
        """Return the part of a window that holds its points within a radius of the anchor; None if it has none."""
        side, reach = side_of(window.level), int(radius_m * HALF_MM) + 1
        east, north = (
            own - first for own, first in zip(self.anchor, self.octaves.offsets[window.level], strict=True)
        )
        i0, j0 = max(window.i0, (east - reach) // side), max(window.j0, (north - reach) // side)
        cols = min(window.i0 + window.cols, (east + reach) // side + 1) - i0
        rows = min(window.j0 + window.rows, (north + reach) // side + 1) - j0
        return replace(window, i0=i0, j0=j0, rows=rows, cols=cols) if rows > 0 and cols > 0 else None

    def _bent(self, window: LatticeWindow) -> tuple[Field, Field]:
        """Return (rows, cols) east and north of lattice points, displaced by the warp."""
        x, y = self.octaves.places_m(window)
        east, north = (summed(noise, window) for noise in self.warp)
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

    def _lay_plain(self, coefficients: Field, window: LatticeWindow, tilts: tuple[Tilt, ...]) -> None:
        """Add tilts to the coefficients of a window."""
        for tilt in tilts:
            reached = self._about_anchor(window, tilt.radius_m)
            if reached is None:
                continue
            x, y = self._from_anchor(reached)
            plane = tilt.grade_east * x[None, :] + tilt.grade_north * y[:, None]
            coefficients[_part(window, reached)] += plane * bump(x[None, :], y[:, None], tilt.radius_m)

    def detail_m(self, cells: Cells, finer_than_m: float) -> Field:
        """Return the plain relief of the octaves that a raster of `finer_than_m` is too coarse for."""
        finest = self.octaves.finest_of(cells.step)
        count = sum(wavelength_m(level) < 2.0 * finer_than_m for level in range(finest, LEVELS))
        if count == 0:
            return np.zeros((cells.rows, cells.cols))
        windows = chain(self.octaves, self.octaves.points_under(cells, finest), finest + count - 1)
        coefficients = summed(self.octaves, windows[0], coarsest=windows[-1].level)
        return self.octaves.means(coefficients, windows[0], cells)


@lru_cache(maxsize=_KEPT_GROUNDS)
def _chunks(ground: BaseSurface) -> Callable[[int, int], tuple[Field, Field]]:
    """Return what makes a ground's chunks and keeps the last of them; with the ground goes what it has kept."""

    @lru_cache(maxsize=_KEPT_CHUNKS)
    def chunk(j: int, i: int) -> tuple[Field, Field]:
        return ground.coarse(
            LatticeWindow(level=LANDFORM_LEVEL, i0=i * _CHUNK, j0=j * _CHUNK, rows=_CHUNK, cols=_CHUNK)
        )

    return chunk


def _part(window: LatticeWindow, inner: LatticeWindow) -> tuple[slice, slice]:
    """Return where in a window another of its level lies that is inside it."""
    row, col = inner.j0 - window.j0, inner.i0 - window.i0
    return np.s_[row : row + inner.rows, col : col + inner.cols]


def base_surface(
    site: SiteParams, seed: int, hills: tuple[tuple[FeatureParams, tuple[int, int]], ...]
) -> BaseSurface:
    """Return landform and relief of a site under a seed of its own, not yet put right at the anchor."""
    elevation, ruggedness = tables_of(site.profile)
    return BaseSurface(
        site=site,
        octaves=relief_octaves(site.relief, seed),
        warp=_warp(site.profile, seed),
        elevation=elevation,
        ruggedness=ruggedness,
        hills=hills,
        anchor=(2 * site.anchor_mm[0], 2 * site.anchor_mm[1]),
        lift_m=0.0,
        tilts=(),
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
    east, north = (
        octaves(seed, stream, amplitude, amplitude) for stream in (Stream.WARP_EAST, Stream.WARP_NORTH)
    )
    return east, north
