"""The place of the lander, its known neighbours, and the floor at the scale of a rover."""

from __future__ import annotations

import numpy as np
import pytest

from sim.moon.rocks import NO_ROCKS
from sim.moon.surface import surface
from tests.sim.moon.conftest import SEEDS, slope_deg


def horn_deg(elevation, cell_m):
    """Slope of the middle of 3 x 3 cells, by Horn 1981."""
    a = elevation
    east = (a[:-2, 2:] + 2 * a[1:-1, 2:] + a[2:, 2:]) - (a[:-2, :-2] + 2 * a[1:-1, :-2] + a[2:, :-2])
    north = (a[2:, :-2] + 2 * a[2:, 1:-1] + a[2:, 2:]) - (a[:-2, :-2] + 2 * a[:-2, 1:-1] + a[:-2, 2:])
    return np.degrees(np.arctan(np.hypot(east, north) / (8 * cell_m)))


def bidirectional_deg(elevation, cell_m, baseline_m):
    step = round(baseline_m / cell_m)
    rises = [
        (elevation[:, step:] - elevation[:, :-step]).ravel(),
        (elevation[step:] - elevation[:-step]).ravel(),
    ]
    return np.degrees(np.arctan(np.median(abs(np.concatenate(rises))) / (step * cell_m)))


CELLS_MM = [50, 60, 75, 100, 150, 200, 250, 333, 500, 700, 1000, 1500, 2000, 3000]
CELLS_MM += [4000, 5000, 6000, 8000, 10_000, 12_000, 15_000, 20_000]
WHEREVER = [(0, 0), (0.5, 0.5), (-0.5, 0.5), (0.5, -0.5), (-0.5, -0.5), (0.31, -0.44), (-0.17, 0.08)]
"""Where in its cell the lander may stand, in cells from the middle: which cell it has hangs on the window."""


@pytest.mark.parametrize("resolution_mm", CELLS_MM)
def test_the_lander_stands_where_it_stood(site, cells_about, resolution_mm):
    """The cell that it is in, by that cell and its eight neighbours alone, for every seed and window."""
    x, y = site.anchor_mm
    for seed in SEEDS:
        for east, north in WHEREVER:
            centre = x + round(east * resolution_mm), y + round(north * resolution_mm)
            cells = cells_about(centre, resolution_mm, 3, 3)
            around = surface(site, seed).elevation_m(cells, NO_ROCKS, rocks=True) + site.frame.datum_m
            assert around[1, 1] == pytest.approx(-5935, abs=50)
            assert horn_deg(around, resolution_mm / 1000)[0, 0] == pytest.approx(4.0, abs=1.0)


@pytest.mark.parametrize("resolution_mm", [50, 100])
def test_the_ground_under_the_legs_has_that_slope_too(site, cells_about, resolution_mm):
    """Of a plane through two metres of it."""
    count = 2000 // resolution_mm + 1
    at_m = (np.arange(count) - (count - 1) / 2) * resolution_mm / 1000
    cells = cells_about(site.anchor_mm, resolution_mm, count, count)
    run = count * (at_m**2).sum()
    for seed in SEEDS:
        under = surface(site, seed).elevation_m(cells, NO_ROCKS, rocks=True)
        grades = (under * at_m).sum() / run, (under * at_m[:, None]).sum() / run
        assert np.degrees(np.arctan(np.hypot(*grades))) == pytest.approx(4.0, abs=1.0)
        assert under + site.frame.datum_m == pytest.approx(-5935, abs=50)


def features(site, *, counted_from, kind="crater"):
    return [f for f in site.feature if f.counted_from == counted_from and f.kind == kind]


def test_the_known_neighbours_are_in_the_site(site):
    near = features(site, counted_from="anchor")
    degraded = [f for f in near if np.hypot(f.east_m, f.north_m) < 60 and f.freshness < 0.1]
    assert len(degraded) == 5
    (north,) = [f for f in near if f.diameter_m == 25.0]
    assert north.north_m - 0.5 * north.diameter_m == pytest.approx(8.35)
    assert [f.diameter_m for f in near if f.diameter_m > 100] == [440.0]
    assert any(3800 < f.diameter_m < 4100 and 550 < f.height_m < 680 for f in site.feature)


def test_the_crater_north_of_the_lander_is_there_for_every_seed(square):
    """25 m wide, its rim 8.35 m north: its middle lies well below both ends of its diameter."""
    north = -34.875 + 0.25 * np.arange(280)
    for seed in SEEDS:
        line = square(140, 250, seed=seed, rocks=False)[:, 137:143].mean(axis=1)
        middle = line[abs(north - 20.85) < 1.5].mean()
        assert line[abs(north - 8.35) < 1.0].mean() - middle > 1.0
        assert line[abs(north - 33.35) < 1.0].mean() - middle > 1.0


def test_the_440_m_crater_is_there_for_every_seed(square, site):
    (feature,) = [f for f in features(site, counted_from="anchor") if f.diameter_m == 440.0]
    middle = [
        mm + round(1000 * m) for mm, m in zip(site.anchor_mm, (feature.east_m, feature.north_m), strict=True)
    ]
    at = (np.arange(80) - 39.5) * 8.0
    radius = np.hypot(at[None, :], at[:, None])
    for seed in SEEDS:
        z = square(40, 8000, seed=seed, centre_mm=tuple(middle))
        depth = np.median(z[abs(radius - 220) < 15]) - np.median(z[radius < 40])
        assert depth == pytest.approx(feature.height_m, rel=0.35)


def test_the_3_9_km_crater_is_there_for_every_seed(square, site):
    (feature,) = [f for f in site.feature if f.name == "3.9 km crater"]
    middle = round(1000 * feature.east_m), round(1000 * feature.north_m)
    at = (np.arange(60) - 29.5) * 100.0
    radius = np.hypot(at[None, :], at[:, None])
    for seed in SEEDS:
        z = square(30, 100_000, seed=seed, centre_mm=middle, rocks=False)
        depth = np.median(z[abs(radius - 0.52 * feature.diameter_m) < 150]) - np.median(z[radius < 300])
        assert depth == pytest.approx(600, rel=0.25)


def test_every_small_neighbour_is_there_for_every_seed(site, cells_about):
    """The ground with it less the ground without it is its bowl, rim to rim, the same under every seed."""
    cells = cells_about(site.anchor_mm, 1000, 160, 160)
    at = np.arange(160) - 79.5
    near = [f for f in features(site, counted_from="anchor") if f.diameter_m < 100]
    assert len(near) == 6
    for feature in near:
        others = site.model_copy(update={"feature": tuple(f for f in site.feature if f is not feature)})
        radius = np.hypot(at[None, :] - feature.east_m, at[:, None] - feature.north_m)
        rings = [abs(radius - r) < 0.75 for r in np.arange(0.5, 25.0, 0.5)]
        bowls = []
        for seed in (1, 2, 3):
            bowl = surface(site, seed).bare_m(cells) - surface(others, seed).bare_m(cells)
            bowls.append(bowl - np.median(bowl))
            profile = np.array([bowl[ring].mean() for ring in rings])
            crest = 0.5 + 0.5 * profile.argmax()
            assert crest == pytest.approx(0.5 * feature.diameter_m, abs=1.01)
            assert np.ptp(profile) == pytest.approx(feature.height_m, rel=0.15)
        assert np.ptp(bowls, axis=0).max() < 0.01


@pytest.mark.parametrize("resolution_mm", [1000, 2000])
def test_slope_between_points(square, resolution_mm):
    """In a square of 1 km within the text's range for every seed; in its middle, where few craters decide, nearly."""
    cell_m, count = resolution_mm / 1000, 1_000_000 // resolution_mm
    maps = [square(count // 2, resolution_mm, seed=seed) for seed in SEEDS]
    middle = np.s_[count // 4 : -count // 4, count // 4 : -count // 4]
    for baseline_m in (6.0, 10.0, 16.0) if resolution_mm == 2000 else (5.0, 9.0, 17.0):
        medians = [bidirectional_deg(z, cell_m, baseline_m) for z in maps]
        assert min(medians) >= 1.8
        assert max(medians) <= 2.6
        medians = [bidirectional_deg(z[middle], cell_m, baseline_m) for z in maps]
        assert 1.8 <= np.median(medians) <= 2.6
        assert min(medians) > 1.6
        assert max(medians) < 2.7


def test_the_landing_square_is_drivable_but_not_all_of_it(square):
    steep = [float((slope_deg(square(250, 2000, seed=seed), 2.0) > 15).mean()) for seed in SEEDS]
    assert np.median(steep) < 0.04
    assert max(steep) < 0.08
    assert min(steep) > 0.002


def test_relief_of_five_kilometres(square):
    for seed in SEEDS:
        five = square(512, 5000, seed=seed, rocks=False)
        assert 50 <= np.ptp(five) <= 110
        assert 1.8 <= bidirectional_deg(five, 5.0, 5.0) <= 2.6
