"""The seeded ground has any scale, and its scales agree."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pytest
from scipy.ndimage import maximum_filter, minimum_filter

from rover.core.grid import Site
from rover.io.bundle import site_names
from sim.moon.cells import Cells
from sim.moon.craters import share_seen
from sim.moon.dem import Window, synthesize
from sim.moon.scatter import HALF_MM
from sim.moon.surface import surface
from sim.run.scenario_ground import load_site
from tests.sim.moon.conftest import NOWHERE, elevation

PAIRS_MM = [
    (50, 400),
    (50, 1000),
    (250, 2000),
    (1000, 8000),
    (5000, 40_000),
    (20_000, 160_000),
    (59_250, 474_000),
]


@pytest.mark.parametrize(("fine_mm", "coarse_mm"), PAIRS_MM)
@pytest.mark.parametrize("name", ["lander", "floor", "wall"])
def test_scales_agree(site, name, fine_mm, coarse_mm):
    """The mean of fine cells is the coarse cell, within 2 % of the local relief, wherever the window begins."""
    lander = site.anchor_mm
    places = {
        "lander": lander,
        "floor": (lander[0] + 9_000_000, lander[1] - 3_000_000),
        "wall": (60_000_000, -55_000_000),
    }
    side, share = 24, coarse_mm // fine_mm
    rng = np.random.default_rng(fine_mm)
    east, north = (2 * mm - side * coarse_mm + int(rng.integers(2 * coarse_mm)) for mm in places[name])

    def made(mm, count):
        cells = Cells(east=east + mm, north=north + mm, step=2 * mm, rows=count, cols=count)
        return elevation(site, 1, cells, rocks=coarse_mm < 100_000)

    fine = made(fine_mm, side * share).reshape(side, share, side, share)
    low, high = fine.min(axis=(1, 3)), fine.max(axis=(1, 3))
    apart = fine.mean(axis=(1, 3)) - made(coarse_mm, side)
    within = abs(apart) / (high - low)
    assert np.median(within) < 0.005
    assert np.percentile(within, 99) < 0.02
    assert (abs(apart) < 0.02 * (maximum_filter(high, 3) - minimum_filter(low, 3))).all()
    assert abs(apart).max() < 0.01 * np.ptp(fine)
    assert abs(apart.mean()) < 0.0005 * (high - low).mean() + 1e-4, "no bias over the rounding"


NEIGHBOURS_MM = [
    (50, 100),
    (50, 150),
    (250, 500),
    (1000, 2000),
    (1000, 3000),
    (2000, 8000),
    (20_000, 60_000),
    (59_250, 118_500),
    (79_000, 158_000),
    (118_500, 237_000),
    (158_000, 474_000),
    (237_000, 474_000),
]


def worst_cell(site, seed, east, north, fine_mm, share, side):
    """The largest difference of a coarse cell from its fine ones, over the relief of it and its neighbours.

    `east`, `north` are the south-west corner in half-millimetres; cells at the edge, which lack neighbours, aside.
    """

    def made(mm, count):
        cells = Cells(east=east + mm, north=north + mm, step=2 * mm, rows=count, cols=count)
        return elevation(site, seed, cells)

    fine = made(fine_mm, side * share).reshape(side, share, side, share)
    relief = maximum_filter(fine.max(axis=(1, 3)), 3) - minimum_filter(fine.min(axis=(1, 3)), 3)
    apart = fine.mean(axis=(1, 3)) - made(fine_mm * share, side)
    return (abs(apart) / relief)[1:-1, 1:-1].max()


@pytest.mark.parametrize(("fine_mm", "coarse_mm"), NEIGHBOURS_MM)
@pytest.mark.parametrize("name", site_names())
def test_neighbouring_scales_agree(name, fine_mm, coarse_mm):
    """Where a raster leaves out what the next finer one shows: octaves, craters, rims within a cell."""
    there, rng = load_site(name), np.random.default_rng(coarse_mm)
    anchor = [2 * mm - 24 * coarse_mm for mm in there.anchor_mm]
    for seed, (east, north) in ((5, anchor), (6, rng.integers(-100_000_000, 100_000_000, 2).tolist())):
        assert worst_cell(there, seed, east, north, fine_mm, coarse_mm // fine_mm, 24) < 0.02


@pytest.mark.parametrize(
    ("name", "seed", "fine_mm", "share", "east", "north"),
    [
        ("von-karman", 22, 118_500, 2, -85_808_567, -2_629_893),
        ("von-karman", 39, 118_500, 2, 47_908_322, -61_553_276),
        ("von-karman", 33, 118_500, 2, 31_162_917, -62_887_881),
        ("von-karman", 4, 79_000, 3, 47_908_322, -61_553_276),
        ("von-karman", 27, 158_000, 2, 44_116_322, -65_345_276),
        ("mare-plain", 6, 158_000, 2, -9_862_132, 82_185_020),
        ("mare-plain", 3, 118_500, 2, 43_426_131, 98_961_070),
    ],
)
def test_scales_agree_where_they_are_tried_most(name, seed, fine_mm, share, east, north):
    """Found among 10^5 cells: fresh oval craters as wide as a cell, and smooth plains under a strong octave."""
    assert worst_cell(load_site(name), seed, east, north, fine_mm, share, 48) < 0.02


@pytest.mark.slow
@pytest.mark.parametrize(("fine_mm", "coarse_mm"), NEIGHBOURS_MM)
def test_neighbouring_scales_agree_in_many_cells(fine_mm, coarse_mm):
    rng = np.random.default_rng(fine_mm + coarse_mm)
    for seed in range(1, 21):
        for name in site_names():
            east, north = rng.integers(-160_000_000, 160_000_000, 2).tolist()
            assert worst_cell(load_site(name), seed, east, north, fine_mm, coarse_mm // fine_mm, 48) < 0.02


@pytest.mark.parametrize("name", site_names())
@pytest.mark.parametrize("cell_m", [1.0, 237.0])
def test_no_crater_comes_into_sight_at_once(name, cell_m):
    """What is left out is what has no share; of craters of every size and freshness together."""
    field = surface(load_site(name), 1).craters
    side = int(200 * cell_m * HALF_MM)
    window = (0, 0, side, side)
    every = field.craters_in(window, from_m=0.1 * cell_m)
    shown = field.craters_in(window, cell_m=cell_m)
    assert share_seen(every, cell_m).sum() == pytest.approx(share_seen(shown, cell_m).sum(), abs=1e-9)
    assert len(every.diameter_m) > 2 * len(shown.diameter_m) > 1000


@pytest.mark.parametrize(("side_mm", "resolution_mm"), [(300_000_000, 1_500_000), (10_000, 50), (3000, 10)])
def test_a_crater_and_a_footprint_come_from_the_same_call(site, side_mm, resolution_mm):
    window = Window(east_mm=-side_mm // 2, north_mm=-side_mm // 2, width_mm=side_mm, height_mm=side_mm)
    dem = synthesize(
        site,
        seed=1,
        window=window,
        resolution_mm=resolution_mm,
        geometry_site=NOWHERE,
        rocks=resolution_mm < 100_000,
    )
    assert dem.geometry.shape == (side_mm // resolution_mm, side_mm // resolution_mm)
    assert np.isfinite(dem.elevation_m).all()
    assert np.ptp(dem.elevation_m) > (4000 if side_mm > 1e6 else 0.02)


@pytest.mark.parametrize("resolution_mm", [10, 1000, 474_000, 20_000_000])
@pytest.mark.parametrize(("east_km", "north_km"), [(2700, -2700), (-2700, 1), (-1, 2700)])
def test_there_is_no_edge(site, resolution_mm, east_km, north_km):
    cells = Cells(
        east=east_km * 2_000_000, north=north_km * 2_000_000, step=2 * resolution_mm, rows=20, cols=20
    )
    found = elevation(site, 1, cells, rocks=resolution_mm < 100_000)
    assert np.isfinite(found).all()
    assert 0 < np.ptp(found) < 10_000


def test_a_coarse_raster_looks_for_no_rock_it_cannot_show(site):
    """A rock field of 60 km holds more small craters than memory; at 474 m none of its rocks is seen."""
    cells = Cells(east=0, north=0, step=948_000, rows=96, cols=96)
    elevation(site, 1, cells, rocks=False)
    tracemalloc.start()
    try:
        elevation(site, 1, cells)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 60e6


def test_elevations_are_whole_tenths_of_a_millimetre(site):
    cells = Cells(east=123_456, north=-77, step=500, rows=20, cols=20)
    tenths = elevation(site, 1, cells) * 1e4
    assert abs(tenths - np.round(tenths)).max() < 1e-6


def test_geometry_counts_from_the_callers_origin(site):
    place = Site(latitude_rad=-0.8, longitude_rad=3.1, body="moon", crs_wkt="")
    window = Window(east_mm=-1000, north_mm=3000, width_mm=1500, height_mm=500)
    dem = synthesize(
        site, seed=1, window=window, resolution_mm=250, geometry_site=place, origin_mm=site.anchor_mm
    )
    assert dem.geometry.shape == (2, 6)
    assert (dem.geometry.east_m, dem.geometry.north_m) == (-0.875, 3.125)
    assert dem.geometry.site is place
    assert dem.datum_m == site.frame.datum_m


@pytest.mark.parametrize(
    ("width_mm", "resolution_mm"), [(1001, 250), (0, 250), (-500, 250), (200, 250), (500, 0)]
)
def test_a_window_that_does_not_fit_is_refused(site, width_mm, resolution_mm):
    window = Window(east_mm=0, north_mm=0, width_mm=width_mm, height_mm=1000)
    with pytest.raises(ValueError, match="mm"):
        synthesize(site, seed=1, window=window, resolution_mm=resolution_mm, geometry_site=None)  # type: ignore[arg-type]
