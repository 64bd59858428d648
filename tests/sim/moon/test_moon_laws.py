"""Laws of the seeded ground: a pure function of place, scale and seed."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import maximum_filter, minimum_filter

from rover.core.grid import Site
from sim.moon import base_surface as base_module
from sim.moon import cells as cells_module
from sim.moon.cells import Cells
from sim.moon.craters import dig, share_seen
from sim.moon.dem import Window, rocks_in, synthesize
from sim.moon.rocks import NO_ROCKS, add_population, boulder_rocks, shown_from_m
from sim.moon.surface import surface

ROOT = Path(__file__).parents[3]
BUILDER = ROOT / "tests" / "builders" / "ground_digest.py"
GOLDEN = ROOT / "tests" / "golden" / "ground_digest.json"
NOWHERE = Site(latitude_rad=0.0, longitude_rad=0.0, body="moon", crs_wkt="")

RESOLUTIONS_MM = [10, 50, 250, 333, 1000, 2000, 20_000, 59_250, 474_000]
FAR = 500_000_000
"""250 km in half-millimetres."""
ROWS, COLS = 44, 58

near_anchor = st.tuples(st.just(True), st.integers(-COLS, 0), st.integers(-ROWS, 0))
anywhere = st.tuples(st.just(False), st.integers(-FAR, FAR), st.integers(-FAR, FAR))
crops = st.tuples(st.integers(0, 20), st.integers(0, 20), st.integers(1, 24), st.integers(1, 38))


def block(site, place, resolution_mm):
    """Return ROWS x COLS cells whose south-west one is at a place, or so many cells from the anchor."""
    by_anchor, x, y = place
    step = 2 * resolution_mm
    east, north = 2 * site.anchor_mm[0], 2 * site.anchor_mm[1]
    if by_anchor:
        x, y = east + x * step, north + y * step
    return Cells(east=x, north=y, step=step, rows=ROWS, cols=COLS)


def elevation(site, seed, cells, *, rocks=True, boulders=NO_ROCKS):
    return surface(site, seed).elevation_m(cells, boulders, rocks=rocks)


@settings(max_examples=40, deadline=None)
@given(
    resolution_mm=st.sampled_from(RESOLUTIONS_MM),
    place=st.one_of(near_anchor, anywhere),
    crop=crops,
    seed=st.integers(0, 2),
)
def test_any_window_is_the_crop_of_a_larger_one(site, resolution_mm, place, crop, seed):
    whole, (row, col, rows, cols) = block(site, place, resolution_mm), crop
    large = elevation(site, seed, whole)
    small = elevation(site, seed, whole.part(row, col, rows, cols))
    assert np.array_equal(large[row : row + rows, col : col + cols], small)


@settings(max_examples=25, deadline=None)
@given(resolution_mm=st.sampled_from(RESOLUTIONS_MM), place=st.one_of(near_anchor, anywhere), crop=crops)
def test_a_crop_is_the_same_before_rounding_too(site, resolution_mm, place, crop):
    """Rounding to a tenth of a millimetre hides a last bit that differs, but not always."""
    whole, (row, col, rows, cols) = block(site, place, resolution_mm), crop
    ground = surface(site, 1)
    large = ground.bare_m(whole)
    small = ground.bare_m(whole.part(row, col, rows, cols))
    assert np.array_equal(large[row : row + rows, col : col + cols], small)


@settings(max_examples=25, deadline=None)
@given(resolution_mm=st.sampled_from([50, 250, 333, 1000]), place=near_anchor, crop=crops)
def test_a_crop_of_rocks_is_the_same_before_rounding_too(site, resolution_mm, place, crop):
    whole, (row, col, rows, cols) = block(site, place, resolution_mm), crop
    raised = []
    for cells in (whole, whole.part(row, col, rows, cols)):
        height = np.zeros((cells.rows, cells.cols))
        rocks = surface(site, 1).rocks_in(cells.window, from_m=shown_from_m(cells.cell_m))
        add_population(height, rocks, cells.east, cells.north, cells.step)
        raised.append(height)
    assert np.array_equal(raised[0][row : row + rows, col : col + cols], raised[1])


@pytest.mark.parametrize("resolution_mm", [250, 2000])
def test_a_crop_around_the_anchor_is_the_same(square, resolution_mm):
    large = square(60, resolution_mm)
    assert np.array_equal(large[50:70, 50:70], square(10, resolution_mm))
    assert np.array_equal(large[35:85, 35:85], square(25, resolution_mm))


@pytest.mark.parametrize("side", [29, 64, 500])
@pytest.mark.parametrize("resolution_mm", [50, 2000, 474_000])
def test_block_size_does_not_matter(site, monkeypatch, side, resolution_mm):
    cells = Cells(east=2 * site.anchor_mm[0], north=-777, step=2 * resolution_mm, rows=61, cols=300)
    first = elevation(site, 1, cells, rocks=resolution_mm < 100_000)
    monkeypatch.setattr(cells_module, "BLOCK", side)
    assert np.array_equal(elevation(site, 1, cells, rocks=resolution_mm < 100_000), first)


@pytest.mark.parametrize("threads", [1, 5])
def test_threads_do_not_matter(site, monkeypatch, threads):
    cells = Cells(east=1_000_001, north=-60_000_000, step=4000, rows=150, cols=180)
    monkeypatch.setattr(cells_module, "BLOCK", 40)
    first = elevation(site, 2, cells)
    monkeypatch.setattr(os, "cpu_count", lambda: threads)
    assert np.array_equal(elevation(site, 2, cells), first)


def test_order_of_tiles_does_not_matter(site):
    """Each on its own, the last one first, by a world that has made nothing else."""
    cells = Cells(east=30_000_000, north=20_000_000, step=1000, rows=120, cols=120)
    whole, again = elevation(site, 3, cells), np.empty((120, 120))
    surface.cache_clear()
    for row in (80, 0, 40):
        for col in (80, 40, 0):
            again[row : row + 40, col : col + 40] = elevation(site, 3, cells.part(row, col, 40, 40))
    assert np.array_equal(whole, again)


@pytest.mark.parametrize("chunk", [5, 48, 1000])
def test_what_is_kept_does_not_matter(site, monkeypatch, chunk):
    """The landform is kept in chunks of 17 km. Whatever their size there is no seam: one holds the whole window."""
    cells = Cells(east=20_000_000, north=-90_000_000, step=400_000, rows=8, cols=240)
    first = surface(site, 1).bare_m(cells)
    monkeypatch.setattr(base_module, "_CHUNK", chunk)
    base_module._chunk.cache_clear()
    again = surface(site, 1).bare_m(cells)
    base_module._chunk.cache_clear()
    assert np.array_equal(first, again)


def test_a_small_window_misses_no_crater_and_no_rock_that_reaches_it(site):
    """Against the list of a window large enough to hold all that could reach the small one, in its order."""
    ground = surface(site, 1)
    rng = np.random.default_rng(5)
    for kind, half, margin in (("craters", 2_000_000, 60_000_000), ("rocks", 12_000, 30_000)):
        reached = 0
        for east, north in rng.integers(-100_000_000, 100_000_000, size=(12, 2)).tolist():
            small = east - half, north - half // 8, east + half, north + half // 8
            large = east - margin, north - margin, east + margin, north + margin
            if kind == "craters":
                near, every = (ground.seeded_craters(w, from_m=150.0) for w in (small, large))
                reach = every.reach()
            else:
                near, every = ground.rocks_in(small), ground.rocks_in(large)
                reach = (every.diameter_m * 1000).astype(np.int64)
            x, y = every.place[:, 0], every.place[:, 1]
            touches = (x + reach >= small[0]) & (x - reach <= small[2])
            touches &= (y + reach >= small[1]) & (y - reach <= small[3])
            found = [tuple(place) for place in near.place.tolist()]
            rank = {tuple(place): k for k, place in enumerate(every.place.tolist())}
            assert {tuple(place) for place in every.place[touches].tolist()} <= set(found)
            assert [rank[place] for place in found] == sorted(rank[place] for place in found)
            reached += int(touches.sum())
        assert reached > 10


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


def test_seeds(site):
    cells = Cells(east=80_000_000, north=-50_000_000, step=4000, rows=40, cols=40)
    first = elevation(site, 4, cells)
    surface.cache_clear()
    assert elevation(site, 4, cells).tobytes() == first.tobytes()
    for other in (5, 4 + 2**40, -4):
        apart = elevation(site, other, cells) - first
        assert (apart - apart.mean()).std() > 0.1


def test_rocks_and_boulders_move_no_crater(square):
    bare = square(60, 250, rocks=False)
    rocky = square(60, 250, boulders=[[2.0, -3.0, 0.6, 0.4]])
    raised = rocky - bare
    assert (raised > -1e-4).all()
    assert 0 < (raised > 0.01).mean() < 0.02
    assert abs(raised).max() > 0.3


def test_other_rocks_move_no_crater_and_no_relief(site, changed):
    fewer, more = surface(site, 1), surface(changed(rocks={"covered_fraction": 0.05}), 1)
    cells = Cells(east=0, north=0, step=500, rows=100, cols=100)
    assert np.array_equal(fewer.bare_m(cells), more.bare_m(cells))
    few, many = fewer.rocks_in(cells.window), more.rocks_in(cells.window)
    assert len(many.diameter_m) > 5 * len(few.diameter_m)


def test_other_craters_move_no_relief(site, changed):
    """Take each world's own craters off its ground: what is left is the same."""
    cells = Cells(east=-60_000_000, north=-30_000_000, step=2000, rows=80, cols=80)
    left, held = [], []
    for world in (site, changed(craters={"equilibrium_per_km2": 0.02, "production_per_km2": 0.01})):
        ground = surface(world, 1)
        bowls, craters = np.zeros((80, 80)), ground.craters_in(cells.window, cell_m=cells.cell_m)
        dig(bowls, craters, share_seen(craters, cells.cell_m), cells.east, cells.north, cells.step)
        left.append(ground.bare_m(cells) - bowls)
        held.append(bowls)
    assert np.abs(held[0] - held[1]).max() > 0.1
    assert np.abs(left[0] - left[1]).max() < 1e-9


def test_other_craters_leave_rocks_where_they_are(site, changed):
    """Few come or go: those that lay in fresh craters, and what the plain makes up for them."""
    window = (-60_000_000, -30_000_000, -59_800_000, -29_800_000)
    fewer_craters = changed(craters={"equilibrium_per_km2": 0.02})
    lists = [
        {tuple(place) for place in surface(world, 1).rocks_in(window).place.tolist()}
        for world in (site, fewer_craters)
    ]
    assert len(lists[0]) > 500
    assert len(lists[0] & lists[1]) > 0.75 * max(map(len, lists))


def test_other_relief_moves_no_crater_and_no_rock(site, changed):
    rougher = changed(relief={"plain_rms_m": [2 * rms for rms in site.relief.plain_rms_m]})
    window = (-60_000_000, -30_000_000, -59_900_000, -29_900_000)
    one, two = surface(site, 1), surface(rougher, 1)
    craters = one.craters_in(window), two.craters_in(window)
    assert np.array_equal(craters[0].place, craters[1].place)
    assert np.array_equal(craters[0].depth_m, craters[1].depth_m)
    assert np.array_equal(one.rocks_in(window).place, two.rocks_in(window).place)


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


def test_a_list_of_rocks_is_shared_out_among_windows(site):
    """Every rock of a window lies in one of its quarters, and in one alone."""
    side = 30_000
    whole = Window(east_mm=-side, north_mm=-side, width_mm=2 * side, height_mm=2 * side)
    every = rocks_in(site, seed=1, window=whole, origin_mm=site.anchor_mm).place.tolist()
    parts = []
    for east in (-side, 0):
        for north in (-side, 0):
            quarter = Window(east_mm=east, north_mm=north, width_mm=side, height_mm=side)
            parts += rocks_in(site, seed=1, window=quarter, origin_mm=site.anchor_mm).place.tolist()
    assert len(every) > 300
    assert sorted(parts) == sorted(every)


@pytest.fixture(scope="module")
def builder():
    spec = importlib.util.spec_from_file_location("ground_digest", BUILDER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_golden_digest(builder):
    golden, found = json.loads(GOLDEN.read_text(encoding="utf-8")), builder.golden()
    if found["figures"] != golden["figures"]:
        pytest.fail(f"the site's figures are others: run {BUILDER.name} --write")
    if found["ground_version"] != golden["ground_version"]:
        pytest.fail(f"a new ground version: run {BUILDER.name} --write")
    assert found["sha256"] == golden["sha256"], (
        f"bits changed without a new version: put them back, or raise GROUND_VERSION and run {BUILDER.name} --write"
    )


def test_the_digest_sees_a_change_in_every_window(builder, changed, site):
    golden = builder.digests(site)
    rms = site.relief.plain_rms_m, site.relief.rugged_rms_m
    plain, rugged = ([value * 1.001 for value in values] for values in rms)
    other = builder.digests(changed(relief={"plain_rms_m": plain, "rugged_rms_m": rugged}))
    assert all(other[name] != golden[name] for name in golden)


def test_figures_are_told_from_their_sources(builder, changed, site):
    assert builder.figures_digest(changed(rocks={"source": "elsewhere"})) == builder.figures_digest(site)
    assert builder.figures_digest(changed(rocks={"decay_per_m": 9.0})) != builder.figures_digest(site)


def test_jit_off_and_one_thread_give_the_same_bits(builder):
    done = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", str(BUILDER)],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1", "NUMBA_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert json.loads(done.stdout) == builder.golden()


@pytest.mark.parametrize(
    ("width_mm", "resolution_mm"), [(1001, 250), (0, 250), (-500, 250), (200, 250), (500, 0)]
)
def test_a_window_that_does_not_fit_is_refused(site, width_mm, resolution_mm):
    window = Window(east_mm=0, north_mm=0, width_mm=width_mm, height_mm=1000)
    with pytest.raises(ValueError, match="mm"):
        synthesize(site, seed=1, window=window, resolution_mm=resolution_mm, geometry_site=None)  # type: ignore[arg-type]


def test_boulders_are_part_of_the_function_too(site):
    """A crop and its whole hold the same boulders, also where one lies across the edge."""
    cells = Cells(east=2 * site.anchor_mm[0], north=2 * site.anchor_mm[1], step=200, rows=60, cols=60)
    shift = (site.anchor_mm[0] / 1000, site.anchor_mm[1] / 1000)
    boulders = boulder_rocks([[2.0, 2.0, 1.5, 0.8], [3.1, 2.4, 0.6, 0.5]], shift)
    large = elevation(site, 1, cells, boulders=boulders)
    small = elevation(site, 1, cells.part(18, 20, 20, 20), boulders=boulders)
    assert np.array_equal(large[18:38, 20:40], small)
    assert (large - elevation(site, 1, cells)).max() > 0.7
