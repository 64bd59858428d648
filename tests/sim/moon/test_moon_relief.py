"""The relief alone: its spectrum and its exponents."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from sim.moon.cells import Cells, by_blocks
from sim.moon.powers import interpolate_log
from sim.moon.relief import (
    LEVELS,
    UNIT_RMS,
    Amplitude,
    octaves,
    relief_octaves,
    side_of,
    wavelength_m,
)
from sim.moon.scatter import Stream
from sim.moon.surface import surface

SPECTRUM_SIDE, SPECTRUM_SEEDS = 384, range(16)
TAPER = np.hanning(SPECTRUM_SIDE)[:, None] * np.hanning(SPECTRUM_SIDE)[None, :]
WAVES = np.fft.fftfreq(SPECTRUM_SIDE)
PER_CELL = np.hypot(WAVES[None, :], WAVES[:, None])


def relief_m(site, seed, resolution_mm, side, place=(0, 0)):
    first = (2 * mm + resolution_mm for mm in place)
    east, north = first
    cells = Cells(east=east, north=north, step=2 * resolution_mm, rows=side, cols=side)
    return by_blocks(cells, partial(type(surface(site, seed)).bare_m, surface(site, seed)))


def spectrum_of(elevation):
    return np.fft.fft2((elevation - elevation.mean()) * TAPER)


@pytest.fixture(scope="module", params=[100, 2000, 20_000], ids="{} mm".format)
def power(request, bare_relief):
    """Mean power over seeds, each seed somewhere else."""
    flat = bare_relief(0.0)
    maps = [
        relief_m(flat, seed, request.param, SPECTRUM_SIDE, (7_000_000 * seed, -3_000_000))
        for seed in SPECTRUM_SEEDS
    ]
    return np.mean([abs(spectrum_of(z)) ** 2 for z in maps], axis=0)


def test_relief_prefers_no_direction(power):
    """Power in eight directions, by octaves of wavelength from 2 to 24 cells: a fifth is a tenth of height."""
    direction = np.arctan2(WAVES[:, None], WAVES[None, :])
    sector = np.floor(direction / (np.pi / 8) + 0.5).astype(int) % 8
    for longest, shortest in ((24, 12), (12, 6), (6, 3), (3, 2)):
        cells_long = 1 / np.maximum(PER_CELL, 1e-9)
        band = (cells_long <= longest) & (cells_long > shortest)
        by_sector = np.array([power[band & (sector == k)].mean() for k in range(8)])
        assert abs(by_sector / by_sector.mean() - 1).max() < 0.2


def test_relief_has_no_line_in_its_spectrum_and_no_artefact_along_the_axes(power):
    """Against the mean over all directions: nothing that repeats, and the axes no other than the rest."""
    ring = np.round(PER_CELL * SPECTRUM_SIDE).astype(int)
    smooth = (np.bincount(ring.ravel(), power.ravel()) / np.bincount(ring.ravel()))[ring]
    white = power / smooth
    kept = (PER_CELL > 8 / SPECTRUM_SIDE) & (PER_CELL < 0.5)
    assert white[kept].max() < 3.5, "of sixteen maps: by chance 3.0 comes once in 10^5"
    half = SPECTRUM_SIDE // 2
    for axis in (white[0, 8:half], white[8:half, 0]):
        assert 0.75 < axis.mean() < 1.25


@pytest.mark.parametrize("resolution_mm", [100, 5000])
def test_relief_does_not_repeat(bare_relief, resolution_mm):
    """The autocorrelation of the whitened relief, at every shift but the smallest."""
    field = spectrum_of(relief_m(bare_relief(0.0), 3, resolution_mm, SPECTRUM_SIDE))
    ring = np.round(PER_CELL * SPECTRUM_SIDE).astype(int)
    smooth = (np.bincount(ring.ravel(), abs(field.ravel()) ** 2) / np.bincount(ring.ravel()))[ring]
    field = np.where((PER_CELL > 12 / SPECTRUM_SIDE) & (PER_CELL < 0.5), field / np.sqrt(smooth), 0)
    shifts = np.fft.ifft2(abs(field) ** 2).real
    shifts /= shifts[0, 0]
    near = abs(np.fft.fftfreq(SPECTRUM_SIDE, 1 / SPECTRUM_SIDE)) < 5
    assert abs(np.where(near[:, None] & near[None, :], 0, shifts)).max() < 0.05


def test_relief_of_far_places_and_other_seeds_is_unlike(bare_relief):
    flat = bare_relief(0.0)
    maps = [
        relief_m(flat, seed, 1000, 128, place) for seed, place in ((1, (0, 0)), (2, (0, 0)), (1, (0, 2**31)))
    ]
    fine = [np.diff(np.diff(z, axis=0), axis=1).ravel() for z in maps]
    for one, other in ((0, 1), (0, 2), (1, 2)):
        assert abs(np.corrcoef(fine[one], fine[other])[0, 1]) < 0.05


@pytest.mark.parametrize("level", [2, 7, 13])
def test_an_octave_has_the_rms_that_it_is_given(level):
    """One octave alone, sampled by cells of a sixteenth of its wavelength, over four seeds."""
    amplitude, side = [0.0] * LEVELS, side_of(level)
    amplitude[level] = 3.0 / UNIT_RMS
    squares = []
    for seed in range(4):
        noise = octaves(seed, Stream.RELIEF, amplitude, amplitude)
        cells = Cells(east=0, north=0, step=side // 4, rows=256, cols=256)
        window, height = noise.points_under(cells, level), np.zeros((256, 256))
        noise.add_means(height, window, cells, Amplitude(values=noise.plain[level : level + 1, None]))
        squares.append((height**2).mean())
    assert np.sqrt(np.mean(squares)) == pytest.approx(3.0, rel=0.04)


@pytest.mark.parametrize("ruggedness", [0.0, 1.0])
def test_octaves_are_the_sites_table(site, ruggedness):
    held = relief_octaves(site.relief, 1)
    amplitude, rms = (
        (held.rugged, site.relief.rugged_rms_m) if ruggedness else (held.plain, site.relief.plain_rms_m)
    )
    for level in range(LEVELS):
        wanted = interpolate_log(wavelength_m(level), site.relief.wavelength_m, rms)
        assert amplitude[level] * UNIT_RMS == pytest.approx(wanted)


@pytest.mark.parametrize("ruggedness", [0.0, 1.0])
def test_relief_has_the_sites_exponent_at_every_scale(bare_relief, site, ruggedness):
    """rms second difference by lag: as the site's table of octaves in size, and in slope over 3 octaves."""
    world = bare_relief(ruggedness)
    rms = site.relief.rugged_rms_m if ruggedness else site.relief.plain_rms_m
    ratios = []
    for resolution_mm in (20, 100, 500, 2000, 10_000, 50_000):
        found, table = [], []
        for lag in (4, 8, 16, 32):
            squares = []
            for seed in range(4):
                z = relief_m(world, seed, resolution_mm, 256)
                squares.append(((z[:, 2 * lag :] - 2 * z[:, lag:-lag] + z[:, : -2 * lag]) ** 2).mean())
                squares.append(((z[2 * lag :] - 2 * z[lag:-lag] + z[: -2 * lag]) ** 2).mean())
            found.append(np.sqrt(np.mean(squares)))
            table.append(interpolate_log(0.0025 * lag * resolution_mm, site.relief.wavelength_m, rms))
        exponent, wanted = (np.log2(d[-1] / d[0]) / 3 for d in (found, table))
        bent = ruggedness == 0.0 and resolution_mm == 10_000  # the table's line breaks within these lags
        assert exponent == pytest.approx(wanted, abs=0.22 if bent else 0.1)
        ratios += (np.array(found) / table).tolist()
    assert np.median(ratios) == pytest.approx(4.35, rel=0.1), "over an octave's rms, at 0.4 of its wavelength"
    assert max(ratios) < 1.4 * np.median(ratios)
    assert min(ratios) > np.median(ratios) / 1.4
