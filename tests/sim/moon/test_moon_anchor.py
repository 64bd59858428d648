"""What is kept away from an anchor: the finest relief, rocks and the smallest craters, and nothing further off."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import maximum_filter, minimum_filter

from sim.moon.anchor import still_radius_m
from sim.moon.cells import Cells
from sim.moon.scatter import HALF_MM
from sim.moon.surface import surface
from tests.sim.moon.conftest import SEEDS, elevation

FULL = {"covered_fraction": 0.2}
"""As many rocks as a site may have."""


def about(site, half_m):
    x, y = (2 * mm for mm in site.anchor_mm)
    half = int(half_m * HALF_MM)
    return x - half, y - half, x + half, y + half


def apart_m(site, place):
    return np.hypot(*(place / HALF_MM - 2 * np.array(site.anchor_mm) / HALF_MM).T)


def test_rocks_thin_out_towards_the_anchor(changed):
    """None to speak of in 2 m, all of them from 8 m on, and between them as the bump says."""
    rocky = changed(rocks=FULL)
    edges = [0.0, 2.0, 4.0, 6.0, 8.0, 10.0, 14.0, 20.0]
    counts = sum(
        np.histogram(apart_m(rocky, surface(rocky, seed).rocks_in(about(rocky, 20.0)).place), edges)[0]
        for seed in SEEDS
    )
    density = counts / (np.pi * np.diff(np.square(edges)) * len(SEEDS))
    asked = density[4:].mean()
    assert density[4:] == pytest.approx(asked, rel=0.1)
    assert density[0] < 0.01 * asked
    middles = np.linspace(0, 8, 4001)
    inside = 1 - (middles / 8) ** 2
    kept = 1 - inside**2 * (3 - 2 * inside)
    for k in (1, 2, 3):
        ring = (middles >= edges[k]) & (middles <= edges[k + 1])
        assert density[k] / asked == pytest.approx(np.average(kept[ring], weights=middles[ring]), abs=0.05)


@pytest.mark.parametrize(("fine_mm", "coarse_mm"), [(50, 500), (50, 1000), (250, 2000), (250, 8000)])
@pytest.mark.parametrize("shift", [0.0, 0.37])
def test_scales_agree_where_rocks_thin_out(changed, fine_mm, coarse_mm, shift):
    """A coarse raster holds small rocks as a mean height, which is less where there are fewer of them."""
    rocky, side, share = changed(rocks=FULL), 24, coarse_mm // fine_mm
    side = min(side, 40_000 // coarse_mm)
    corner = [2 * mm - side * coarse_mm + int(shift * 2 * coarse_mm) for mm in rocky.anchor_mm]
    offsets = []
    for seed in (1, 2, 3):

        def made(mm, count, seed=seed):
            cells = Cells(east=corner[0] + mm, north=corner[1] + mm, step=2 * mm, rows=count, cols=count)
            return elevation(rocky, seed, cells)

        fine = made(fine_mm, side * share).reshape(side, share, side, share)
        relief = maximum_filter(fine.max(axis=(1, 3)), 3) - minimum_filter(fine.min(axis=(1, 3)), 3)
        apart = made(coarse_mm, side) - fine.mean(axis=(1, 3))
        assert (abs(apart) < 0.02 * relief).all()
        at_m = (np.arange(side) - side / 2 + 0.5 + shift) * coarse_mm / 1000
        offsets.append(apart[np.hypot(at_m[:, None], at_m[None, :]) < max(4.0, coarse_mm / 1000)])
    assert abs(np.mean(offsets)) < 5e-4, "what is missing of the mean height, about 2 mm in cells of 1 m"


@pytest.mark.parametrize("resolution_mm", [500, 1000, 5000])
def test_a_crop_is_the_same_where_rocks_thin_out(changed, resolution_mm):
    rocky = changed(rocks=FULL)
    x, y = (2 * mm - 15 * 2 * resolution_mm + 333 for mm in rocky.anchor_mm)
    whole = Cells(east=x, north=y, step=2 * resolution_mm, rows=30, cols=30)
    large = elevation(rocky, 1, whole)
    for row, col, rows, cols in ((14, 14, 3, 3), (0, 10, 15, 9), (13, 0, 17, 15), (16, 16, 14, 14)):
        small = elevation(rocky, 1, whole.part(row, col, rows, cols))
        assert np.array_equal(large[row : row + rows, col : col + cols], small)


def test_the_smaller_a_crater_the_nearer_it_may_lie(site):
    """Rims of the seeded craters keep a distance that grows with them up to half a metre; no other is left out."""
    nearest = []
    for seed in SEEDS:
        ground, window = surface(site, seed), about(site, 25.0)
        every, kept = ground.craters.craters_in(window), ground.seeded_craters(window)
        clear_m = 0.6 * every.diameter_m + site.anchor.quiet_m * np.minimum(1.0, every.diameter_m / 0.5)
        far = apart_m(site, every.place) > clear_m
        small = every.where(far & (every.diameter_m <= site.anchor.calm_diameter_m))
        assert np.array_equal(kept.place, small.place)
        assert np.array_equal(kept.diameter_m, small.diameter_m)
        nearest.append(apart_m(site, kept.place).min())
    assert 4.0 < min(nearest) < 5.0


@pytest.mark.parametrize("half_m", [0.4, 3.0, 15.0, 30.0])
def test_a_small_window_leaves_out_the_same_craters(site, half_m):
    """Whether the anchor is looked at hangs on the window; what lies in it does not."""
    ground = surface(site, 4)
    known = {tuple(place) for place in ground.seeded_craters(about(site, 400.0)).place.tolist()}
    west, south, east, north = about(site, half_m)
    for shift in np.arange(-30, 31, 6) * HALF_MM:
        found = ground.seeded_craters((west + int(shift), south, east + int(shift), north))
        assert {tuple(place) for place in found.place.tolist()} <= known


def test_the_finest_relief_is_damped_over_the_still_radius_alone(site, cells_about):
    """Roughness over 20 cm: next to none in 2 m, what the rest of the calm ground has from 8 m on."""
    cells = cells_about(site.anchor_mm, 50, 480, 480)
    at_m = (np.arange(480) - 239.5) * 0.05
    radius = np.hypot(at_m[:, None], at_m[None, :])[2:-2, 2:-2]
    rough = {"under": [], "near": [], "round": []}
    for seed in SEEDS:
        z = surface(site, seed).base.means_m(cells)
        bend = z[2:-2, 2:-2] - 0.25 * (z[:-4, 2:-2] + z[4:, 2:-2] + z[2:-2, :-4] + z[2:-2, 4:])
        for name, ring in (
            ("under", radius < 2),
            ("near", (radius > 8) & (radius < 9)),
            ("round", (radius > 10) & (radius < 11)),
        ):
            rough[name].append(np.square(bend[ring]).mean())
    under, near, farther = (np.sqrt(np.mean(rough[name])) for name in ("under", "near", "round"))
    assert under < 0.05 * farther
    assert near == pytest.approx(farther, rel=0.15)


def test_an_anchor_on_rough_ground_is_still_no_further_than_it_is_smooth(site):
    assert still_radius_m(site.anchor) == 8.0
    assert still_radius_m(site.anchor.model_copy(update={"smooth_radius_m": 3.0})) == 3.0
