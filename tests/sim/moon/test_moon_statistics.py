"""The seeded ground by the numbers of the real one; tolerances are those of the site's own sources."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from scipy.spatial import cKDTree

from rover.io.reproject import reproject_dem
from sim.moon.cells import Cells, by_blocks
from sim.moon.craters import Craters, dig
from sim.moon.powers import interpolate_log
from sim.moon.rocks import NO_ROCKS
from sim.moon.scatter import HALF_MM
from sim.moon.surface import surface

SEEDS = range(1, 11)
FAR = 20_000_000
"""10 km east of the lander, half-millimetres: seeded craters only."""


def slope_deg(elevation, cell_m):
    north, east = np.gradient(elevation, cell_m)
    return np.degrees(np.arctan(np.hypot(north, east)))


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


def centred(found, window):
    """Return those of a list whose centres lie in a window."""
    west, south, east, north = window
    x, y = found.place[:, 0], found.place[:, 1]
    return found.where((x >= west) & (x < east) & (y >= south) & (y < north))


# The crater as a whole, against the measured region.

REGION_CELLS, REGION_M = 550, 474
RINGS_KM = (
    (0, 5),
    (5, 10),
    (10, 15),
    (20, 40),
    (40, 60),
    (60, 70),
    (70, 80),
    (80, 90),
    (90, 100),
    (110, 130),
)
FLOOR_RING, RIM_RING = 3, 8
LAGS = (1, 2, 4, 8)
SUMMIT_KM = -7.3, 5.9
"""The highest point of the central peak in the measured region, east and north of the centre."""


class Region:
    """What a map of 260 km about the crater's centre shows; elevations above the sphere."""

    def __init__(self, elevation_m):
        at = (np.arange(REGION_CELLS) - (REGION_CELLS - 1) / 2) * REGION_M / 1000
        radius = np.hypot(at[None, :], at[:, None])
        floor, wall = (radius > 15) & (radius < 60), (radius > 75) & (radius < 100)
        slope = slope_deg(elevation_m, REGION_M)
        self.rings = np.array([np.median(elevation_m[(radius >= a) & (radius < b)]) for a, b in RINGS_KM])
        summit = np.hypot(at[None, :] - SUMMIT_KM[0], at[:, None] - SUMMIT_KM[1]) < 4
        self.peak_m = elevation_m[radius < 20].max() - self.rings[FLOOR_RING]
        self.summit_m = elevation_m[summit].max() - self.rings[FLOOR_RING]
        self.rim_m = self.rings[RIM_RING] - self.rings[FLOOR_RING]
        self.slopes = np.concatenate([np.percentile(slope[part], [50, 90]) for part in (floor, wall)])
        self.structure = np.array([self._rise(elevation_m, floor, lag) for lag in LAGS])

    @staticmethod
    def _rise(z, where, lag):
        along = (z[:, lag:] - z[:, :-lag])[where[:, lag:] & where[:, :-lag]]
        across = (z[lag:] - z[:-lag])[where[lag:] & where[:-lag]]
        return np.sqrt((np.concatenate([along, across]) ** 2).mean())


@pytest.fixture(scope="module")
def real(reference, site):
    dem = reproject_dem(
        reference / "dem" / "vonkarman_region_gld100_64ppd.tif",
        latitude_deg=site.frame.latitude_deg,
        longitude_deg=site.frame.longitude_deg,
        size_m=REGION_CELLS * REGION_M,
        resolution_m=float(REGION_M),
    )
    return Region(dem.elevation_m.astype(np.float64) + dem.datum_m)


@pytest.fixture(scope="module")
def regions(site, cells_about):
    cells = cells_about((0, 0), 1000 * REGION_M, REGION_CELLS, REGION_CELLS)
    return {
        seed: Region(surface(site, seed).elevation_m(cells, NO_ROCKS, rocks=False) + site.frame.datum_m)
        for seed in SEEDS
    }


def test_the_measured_region_has_its_published_figures(real):
    """What the comparison rests on: that the region is read and measured as others did."""
    assert real.summit_m == real.peak_m
    assert real.slopes == pytest.approx([0.9, 5.9, 9.1, 18.1], rel=0.03)
    assert real.structure == pytest.approx([27, 53, 95, 150], rel=0.08)
    assert real.rings == pytest.approx(
        [-5842, -5843, -5821, -5894, -5850, -5718, -4834, -3374, -2847, -4032], abs=60
    )


def test_rings_of_the_crater(regions, real):
    for region in regions.values():
        assert abs(region.rings - real.rings).max() < 250


def test_central_peak_and_rim(regions, real):
    for region in regions.values():
        assert region.peak_m == pytest.approx(real.peak_m, rel=0.2)
        assert region.rim_m == pytest.approx(real.rim_m, rel=0.2)
        assert region.summit_m > 0.75 * real.peak_m


def test_slopes_of_floor_and_wall(regions, real):
    for region in regions.values():
        assert region.slopes == pytest.approx(real.slopes, rel=0.25)


def test_structure_function_of_the_floor(regions, real):
    for region in regions.values():
        ratio = region.structure / real.structure
        assert ratio.max() < 1.3
        assert ratio.min() > 1 / 1.3


# The place of the lander.


@pytest.mark.parametrize("resolution_mm", [250, 500, 1000, 2000])
def test_the_lander_stands_where_it_stood(site, cells_about, resolution_mm):
    """The cell about the lander, and those that meet under it, for every seed."""
    x, y = site.anchor_mm
    half = resolution_mm // 2
    for seed in SEEDS:
        for centre in ((x, y), (x + half, y + half), (x - half, y + half)):
            cells = cells_about(centre, resolution_mm, 3, 3)
            around = surface(site, seed).elevation_m(cells, NO_ROCKS, rocks=True) + site.frame.datum_m
            assert around[1, 1] == pytest.approx(-5935, abs=50)
            assert horn_deg(around, resolution_mm / 1000)[0, 0] == pytest.approx(4.0, abs=1.0)


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


# The floor at the scale of a rover.


@pytest.mark.parametrize("resolution_mm", [1000, 2000])
def test_slope_between_points(square, resolution_mm):
    cell_m = resolution_mm / 1000
    maps = [square(250, resolution_mm, seed=seed) for seed in SEEDS]
    for baseline_m in (6.0, 10.0, 16.0) if resolution_mm == 2000 else (5.0, 9.0, 17.0):
        medians = [bidirectional_deg(z, cell_m, baseline_m) for z in maps]
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


# Craters.


@pytest.fixture(scope="module")
def population(site):
    x, y = 2 * site.anchor_mm[0] + FAR, 2 * site.anchor_mm[1]
    window = (x, y, x + 2000 * HALF_MM, y + 2000 * HALF_MM)
    return [centred(surface(site, seed).seeded_craters(window, from_m=1.0), window) for seed in (1, 2, 3)]


def test_craters_follow_the_equilibrium_line(population):
    """Over a decade and a half of size: each seed within a factor 1.5, all together within their scatter."""
    for diameter_m in (1.0, 2.0, 3.0, 6.0, 12.0, 30.0):
        law = 0.0468 * (diameter_m / 1000) ** -1.83 * 4.0
        counts = [int((craters.diameter_m > diameter_m).sum()) for craters in population]
        assert all(law / 1.5 < count < 1.5 * law for count in counts)
        assert sum(counts) == pytest.approx(3 * law, rel=0.1)


def test_craters_are_shallow_on_the_whole_and_deep_when_fresh(population):
    for craters in population:
        ratio = (craters.depth_m / craters.diameter_m)[craters.diameter_m < 50]
        assert 0.05 < ratio.mean() < 0.08
        assert ratio.min() < 0.02
        assert 0.14 < ratio.max() <= 0.1501


def test_craters_lie_evenly(population):
    """Counts in a grid of squares vary as a Poisson process does: no lattice, no clumps."""
    for craters in population:
        small = craters.where(craters.diameter_m > 1.5)
        x = small.place - small.place.min(axis=0)
        counts = np.histogram2d(x[:, 0], x[:, 1], bins=31)[0]
        assert 0.85 < counts.var() / counts.mean() < 1.15


def test_no_seeded_crater_stands_among_the_known_ones(site):
    """Within 125 km those of 5 km and more are all features; beyond, some are made up."""
    margin = 300_000 * HALF_MM
    found = surface(site, 1).seeded_craters((-margin, -margin, margin, margin), from_m=5000.0)
    radius_m = np.hypot(*(found.place / HALF_MM).T)
    assert (radius_m > site.craters.known_radius_m).all()
    assert len(radius_m) > 20


def one_crater(diameter_m, depth_m, freshness, place=(0, 0), stretch=(0.0, 0.0)):
    return Craters(
        place=np.array([place], dtype=np.int64),
        diameter_m=np.array([diameter_m]),
        depth_m=np.array([depth_m]),
        freshness=np.array([freshness]),
        stretch=np.array([stretch]),
    )


def dug(crater, half_cells, step):
    height = np.zeros((2 * half_cells + 1, 2 * half_cells + 1))
    dig(height, crater, np.ones(1), -half_cells * step, -half_cells * step, step)
    return height


@pytest.mark.parametrize("freshness", [0.0, 0.3, 1.0])
def test_a_crater_has_its_depth_and_a_rim(freshness):
    elevation = dug(one_crater(40.0, 4.0, freshness), 150, 1000)
    assert np.ptp(elevation) == pytest.approx(4.0, rel=0.02)
    assert elevation.argmin() == elevation.size // 2
    assert (0.1 if freshness < 0.5 else 0.7) < elevation.max() < 1.2
    along = elevation[150, 150:]
    assert 0.5 * along.argmax() == pytest.approx(20.0, abs=1.0), "the diameter is rim to rim"
    assert abs(elevation[0]).max() == 0.0
    assert abs(along[130:]).max() < 0.05
    assert (np.diff(along[: along.argmax()]) > 0).all()
    assert (np.diff(along[along.argmax() :]) < 1e-4).all()


@pytest.mark.parametrize("freshness", [0.0, 0.4, 1.0])
@pytest.mark.parametrize("diameter_m", [0.5, 0.9, 3.0, 40.0])
@pytest.mark.parametrize("stretch", [(0.0, 0.0), (0.1, -0.06)])
def test_a_crater_moves_ground_and_makes_none(diameter_m, freshness, stretch):
    """Its volume against that of its bowl, in cells of 1 m and wherever it lies among them."""
    for place in ((0, 0), (731, -1204)):
        depth_m = 0.1 * diameter_m
        height = dug(one_crater(diameter_m, depth_m, freshness, place, stretch), 75, 2000)
        bowl = 0.125 * np.pi * diameter_m**2 * depth_m
        assert abs(height.sum()) < 0.02 * bowl
        assert height.min() < 0


@pytest.mark.parametrize(("fine", "coarse"), [(100, 900), (400, 2000), (2000, 14_000)])
def test_the_mean_of_a_craters_cells_is_its_coarse_cell(fine, coarse):
    share = coarse // fine
    for diameter_m in (0.8 * coarse / HALF_MM, 2.5 * coarse / HALF_MM, 12.0 * coarse / HALF_MM):
        crater = one_crater(diameter_m, 0.1 * diameter_m, 0.5, (311, -97), (0.05, 0.04))
        cells = 2 * int(2 * diameter_m * HALF_MM / coarse) + 3
        means, relief = [], 0.0
        for step, count in ((fine, cells * share), (coarse, cells)):
            height = np.zeros((count, count))
            first = -(count * step) // 2 + step // 2
            dig(height, crater, np.ones(1), first, first, step)
            relief = max(relief, np.ptp(height))
            means.append(height.reshape(cells, count // cells, cells, count // cells).mean(axis=(1, 3)))
        assert abs(means[0] - means[1]).max() < 0.01 * relief


# Rocks.


@pytest.mark.parametrize(("covered", "side_m"), [(0.0021, 60), (0.02, 60), (0.2, 25)])
def test_rocks_cover_what_they_should(site, changed, covered, side_m):
    """On the whole: over many squares strewn about the floor, so that no one fresh crater decides."""
    strewn = changed(rocks={"covered_fraction": covered})
    rng, sizes_m = np.random.default_rng(7), []
    for k, (x, y) in enumerate(rng.integers(-50_000, 50_000, size=(150, 2)).tolist()):
        window = (x * HALF_MM, y * HALF_MM, (x + side_m) * HALF_MM, (y + side_m) * HALF_MM)
        sizes_m.append(centred(surface(strewn, 1 + k % 3).rocks_in(window), window).diameter_m)
    squares = np.array([(0.25 * np.pi * size**2).sum() / side_m**2 for size in sizes_m])
    law = covered * np.exp(-site.rocks.decay_per_m * 0.05)
    ordinary = np.sort(squares)[: int(0.95 * len(squares))]
    assert ordinary.mean() == pytest.approx(law, rel=0.1)
    every = np.concatenate(sizes_m)
    for diameter_m in (0.1, 0.2):
        share = (every[every > diameter_m] ** 2).sum() / (every**2).sum()
        assert share == pytest.approx(np.exp(-10 * (diameter_m - 0.05)), rel=0.1)
    assert every.min() >= site.rocks.smallest_m
    assert every.max() <= site.rocks.largest_m


@pytest.mark.parametrize("covered", [0.0021, 0.2])
def test_rocks_do_not_overlap(changed, covered):
    side = int((150 if covered < 0.01 else 40) * HALF_MM)
    found = surface(changed(rocks={"covered_fraction": covered}), 1).rocks_in((0, -side, side, 0))
    tree = cKDTree(found.place / HALF_MM)
    one, other = tree.query_pairs(2.0, output_type="ndarray").T
    apart = np.hypot(*(found.place[one] - found.place[other]).T / HALF_MM)
    assert len(one) > 1000
    assert (apart >= 0.5 * (found.diameter_m[one] + found.diameter_m[other])).all()


def test_rocks_lie_closer_in_fresh_craters(site):
    ground, side = surface(site, 1), 1500 * HALF_MM
    x, y = 2 * site.anchor_mm[0] + FAR, 2 * site.anchor_mm[1] + FAR
    window = (x, y, x + side, y + side)
    craters = ground.craters_in(window, from_m=8.0)
    density = {"fresh": [0, 0.0], "worn": [0, 0.0]}
    for name, kept in (("fresh", craters.freshness > 0.95), ("worn", craters.freshness < 0.5)):
        few = craters.where(kept & (craters.diameter_m < 60))
        for place, diameter_m in zip(few.place[:40].tolist(), few.diameter_m[:40], strict=True):
            half = int(0.35 * diameter_m * HALF_MM)
            inside = (place[0] - half, place[1] - half, place[0] + half, place[1] + half)
            density[name][0] += len(centred(ground.rocks_in(inside), inside).diameter_m)
            density[name][1] += (2 * half / HALF_MM) ** 2
    fresh, worn = (rocks / area_m2 for rocks, area_m2 in (density["fresh"], density["worn"]))
    assert density["fresh"][0] > 200
    assert 0.6 * site.rocks.fresh_crater_factor < fresh / worn < 1.1 * site.rocks.fresh_crater_factor


def test_rocks_are_as_tall_as_the_site_says(site):
    found = surface(site, 1).rocks_in((0, 0, 100 * HALF_MM, 100 * HALF_MM))
    ratio = found.height_m / found.diameter_m
    low, high = site.rocks.flat_ratio, site.rocks.tall_ratio
    assert ratio.min() == pytest.approx(low, abs=0.01)
    assert ratio.max() == pytest.approx(high, abs=0.01)
    assert ratio.mean() == pytest.approx(0.5 * (low + high), abs=0.01)


@pytest.mark.parametrize("resolution_mm", [20, 50, 250])
def test_a_raster_holds_the_volume_of_its_rocks(changed, cells_about, resolution_mm):
    """Half spheroids that do not overlap: 2/3 of section times height, to the cells' last drop."""
    ground = surface(changed(rocks={"covered_fraction": 0.05}), 1)
    cells = cells_about((5_000_000, 0), resolution_mm, 15_000 // resolution_mm, 15_000 // resolution_mm)
    raised = ground.elevation_m(cells, NO_ROCKS, rocks=True) - ground.bare_m(cells)
    rocks = centred(ground.rocks_in(cells.window), cells.window)
    volume = (np.pi / 6 * rocks.diameter_m**2 * rocks.height_m).sum()
    assert raised.sum() * (resolution_mm / 1000) ** 2 == pytest.approx(volume, rel=0.06)
    assert raised.min() > -1e-4


# The relief alone.


def relief_m(site, seed, resolution_mm, side, place=(0, 0)):
    first = (2 * mm + resolution_mm for mm in place)
    east, north = first
    cells = Cells(east=east, north=north, step=2 * resolution_mm, rows=side, cols=side)
    return by_blocks(cells, partial(type(surface(site, seed)).bare_m, surface(site, seed)))


SPECTRUM_SIDE, SPECTRUM_SEEDS = 384, range(16)
TAPER = np.hanning(SPECTRUM_SIDE)[:, None] * np.hanning(SPECTRUM_SIDE)[None, :]
WAVES = np.fft.fftfreq(SPECTRUM_SIDE)
PER_CELL = np.hypot(WAVES[None, :], WAVES[:, None])


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
        assert exponent == pytest.approx(wanted, abs=0.22)
        ratios += (np.array(found) / table).tolist()
    assert max(ratios) < 1.4 * np.median(ratios)
    assert min(ratios) > np.median(ratios) / 1.4
