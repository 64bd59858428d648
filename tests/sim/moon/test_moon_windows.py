"""The seeded ground is a function of place: crops, blocks, threads and tiles do not matter."""

from __future__ import annotations

import gc
import os

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sim.moon import base_surface as base_module
from sim.moon import cells as cells_module
from sim.moon.cells import Cells
from sim.moon.dem import Window, rocks_in
from sim.moon.rocks import add_population, boulder_rocks, shown_from_m
from sim.moon.surface import surface
from tests.sim.moon.conftest import elevation

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


def test_boulders_are_part_of_the_function_too(site):
    """A crop and its whole hold the same boulders, also where one lies across the edge."""
    cells = Cells(east=2 * site.anchor_mm[0], north=2 * site.anchor_mm[1], step=200, rows=60, cols=60)
    shift = (site.anchor_mm[0] / 1000, site.anchor_mm[1] / 1000)
    boulders = boulder_rocks([[2.0, 2.0, 1.5, 0.8], [3.1, 2.4, 0.6, 0.5]], shift)
    large = elevation(site, 1, cells, boulders=boulders)
    small = elevation(site, 1, cells.part(18, 20, 20, 20), boulders=boulders)
    assert np.array_equal(large[18:38, 20:40], small)
    assert (large - elevation(site, 1, cells)).max() > 0.7


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
    base_module._chunks.cache_clear()
    again = surface(site, 1).bare_m(cells)
    base_module._chunks.cache_clear()
    assert np.array_equal(first, again)


def test_what_is_kept_goes_with_its_ground(site):
    """In a campaign every run has a ground of its own: chunks of the last few stay, not those of all."""

    def grounds():
        surface.cache_clear()
        gc.collect()
        # By their types: a proxy of what is gone answers for its class by an error.
        return sum(issubclass(type(held), base_module.BaseSurface) for held in gc.get_objects())

    base_module._chunks.cache_clear()
    before = grounds()
    for seed in range(40, 50):
        surface(site, seed).bare_m(Cells(east=20_000_000, north=-90_000_000, step=4000, rows=8, cols=8))
    assert 0 < grounds() - before <= 4


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
