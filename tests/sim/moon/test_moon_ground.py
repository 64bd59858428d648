"""The world's ground: tiles, interpolation, measured ground with detail, boulders."""

from __future__ import annotations

import numpy as np
import pytest

from sim.moon import ground as ground_module
from sim.moon.bilinear import interpolate
from sim.moon.dem import Window, add_detail
from sim.moon.ground import Ground

BOULDER = [[3.1, -2.2, 0.5, 0.4]]


def test_tiles_equal_one_go(site, square):
    ground = Ground.synthetic(site, seed=1, origin_mm=site.anchor_mm)
    assert np.array_equal(ground.block(-300, -300, 600, 600), square(300, 250))


def test_tile_size_order_and_cap_do_not_matter(site, monkeypatch):
    wanted = [(-40, 30), (500, -20), (-40, 30), (200, 200)]
    plain = Ground.synthetic(site, seed=2, origin_mm=site.anchor_mm)
    first = [plain.block(row, col, 70, 50) for row, col in wanted]
    monkeypatch.setattr(ground_module, "TILE_CELLS", 37)
    small = Ground.synthetic(site, seed=2, origin_mm=site.anchor_mm, kept_tiles=2)
    again = [small.block(row, col, 70, 50) for row, col in reversed(wanted)]
    assert all(np.array_equal(a, b) for a, b in zip(first, reversed(again), strict=True))
    assert len(small._tiles) <= 2


def test_kept_tiles_are_not_made_again(site):
    ground = Ground.synthetic(site, seed=1)
    ground.block(0, 0, 5, 5)
    ground._made = None  # type: ignore[assignment]
    ground.block(7, 9, 5, 5)


def test_heights_at_cell_centres_are_the_cells(site):
    ground = Ground.synthetic(site, seed=1, origin_mm=site.anchor_mm)
    patch = ground.patch(10.0, -20.0, 5.0)
    assert patch.elevation_m.shape == (40, 40)
    assert (patch.east_m, patch.north_m) == (5.125, -24.875)
    east = patch.east_m + 0.25 * np.arange(40)
    north = patch.north_m + 0.25 * np.arange(40)
    assert np.array_equal(ground.heights(east[None, :], north[:, None]), patch.elevation_m)


def test_heights_far_apart_equal_heights_alone(site):
    ground = Ground.synthetic(site, seed=1, origin_mm=site.anchor_mm)
    east, north = np.array([0.3, 640.2, -63.9]), np.array([-900.1, 31.0, 63.97])
    alone = [ground.heights(e, n) for e, n in zip(east, north, strict=True)]
    assert np.array_equal(ground.heights(east, north), alone)
    assert ground.heights(np.zeros((0, 3)), np.zeros((0, 3))).shape == (0, 3)


def test_heights_are_continuous_across_tiles(site):
    ground = Ground.synthetic(site, seed=1, origin_mm=site.anchor_mm, rocks=False)
    line = np.linspace(63.0, 65.0, 2001)
    assert abs(np.diff(ground.heights(line, 64.0 * np.ones_like(line)))).max() < 0.002


def test_patch_holds_the_centres_within_reach(site):
    ground = Ground.synthetic(site, seed=1)
    patch = ground.patch(0.125, 0.125, 0.25)
    assert patch.elevation_m.shape == (3, 3)
    assert (patch.east_m, patch.north_m) == (-0.125, -0.125)
    assert not patch.elevation_m.flags.writeable
    with pytest.raises(ValueError, match="no cell"):
        ground.patch(0.0, 0.0, 0.1)


def test_interpolation_is_exact_on_a_plane(measured):
    rows, cols = np.mgrid[0:9, 0:12]
    dem = measured(2.0 + 0.5 * cols - 0.25 * rows, resolution_m=5.0)
    ground = Ground.measured(dem, detail=None, seed=1)
    east = dem.geometry.east_m + np.linspace(1.0, 54.0, 83)
    north = dem.geometry.north_m + np.linspace(39.0, 1.0, 83)
    plane = 2.0 + 0.1 * (east - dem.geometry.east_m) - 0.05 * (north - dem.geometry.north_m)
    assert np.allclose(ground.heights(east, north), plane, atol=2e-6)
    assert ground.datum_m == dem.datum_m


def test_interpolation_weighs_the_four_cells():
    grid = np.array([[1.0, 2.0], [4.0, 8.0]])
    assert interpolate(grid, np.array(0.25), np.array(0.5)) == 0.75 * 1.5 + 0.25 * 6.0
    assert interpolate(grid, np.array(1.0), np.array(1.0)) == 8.0


def test_unknown_spreads_to_every_cell_that_touches_it():
    grid = np.zeros((5, 5))
    grid[2, 2] = np.nan
    at = np.arange(0.0, 4.01, 0.5)
    unknown = np.isnan(interpolate(grid, at[:, None], at[None, :]))
    near = (at > 0.5) & (at < 3.0)
    assert np.array_equal(unknown, near[:, None] & near[None, :])
    assert np.isnan(interpolate(grid, np.array([-0.01, 4.01, 0.0]), np.array([0.0, 0.0, 4.01]))).all()


def test_a_dem_of_one_cell_is_known_at_its_centre_alone():
    at = np.array([0.0, 0.1])
    assert np.array_equal(interpolate(np.array([[3.0]]), at, at), [3.0, np.nan], equal_nan=True)


def test_unknown_ground_stays_unknown_under_detail(site, measured):
    elevation = np.zeros((8, 8))
    elevation[3, 4] = np.nan
    bare = Ground.measured(measured(elevation), detail=None, seed=1).block(0, 0, 160, 160)
    fine = Ground.measured(measured(elevation), detail=site, seed=1).block(0, 0, 160, 160)
    assert np.isnan(bare).any()
    assert np.array_equal(np.isnan(bare), np.isnan(fine))
    assert np.isnan(bare[:10]).all(), "beyond the outermost cell centres"


def test_detail_is_small_seeded_and_absent_when_off(site, measured):
    rows, cols = np.mgrid[0:60, 0:60]
    dem = measured(0.3 * cols + 0.1 * rows, resolution_m=4.764721)
    window = Window(east_mm=20_000, north_mm=30_000, width_mm=200_000, height_mm=200_000)
    made = {
        seed: add_detail(dem, detail=site, seed=seed, window=window, resolution_mm=250) for seed in (1, 2)
    }
    off = add_detail(dem, detail=None, seed=1, window=window, resolution_mm=250)
    extra = {seed: made[seed].elevation_m - off.elevation_m for seed in (1, 2)}
    assert all(0.02 < e.std() < 0.3 for e in extra.values())
    assert all(abs(e.mean()) < 0.05 for e in extra.values())
    assert (extra[1] - extra[2]).std() > 0.02
    assert off.geometry == made[1].geometry
    assert off.geometry.east_m == pytest.approx(dem.geometry.bounds_m[0] + 20.125)
    plane = 0.3 * (off.geometry.east_m + 0.25 * np.arange(800) - dem.geometry.east_m) / 4.764721
    assert np.allclose(np.diff(off.elevation_m[0]), np.diff(plane), atol=1e-5)


def test_measured_tiles_equal_one_go(site, measured):
    dem = measured(np.random.default_rng(1).normal(size=(40, 40)))
    window = Window(east_mm=0, north_mm=0, width_mm=200_000, height_mm=200_000)
    whole = add_detail(dem, detail=site, seed=3, window=window, resolution_mm=250, boulders=None)
    ground = Ground.measured(dem, detail=site, seed=3)
    assert np.array_equal(ground.block(0, 0, 800, 800), whole.elevation_m, equal_nan=True)


def test_a_half_metre_boulder_shows_at_a_quarter_metre_and_not_at_two(site, square):
    for seed in range(3):
        coarse = square(10, 2000, seed=seed, boulders=BOULDER) - square(10, 2000, seed=seed)
        assert (coarse == 0).all()
        fine = square(40, 250, seed=seed, boulders=BOULDER) - square(40, 250, seed=seed)
        assert 0.3 < fine.max() <= 0.4 + 1e-4
        row, col = np.unravel_index(fine.argmax(), fine.shape)
        assert abs(-9.875 + 0.25 * col - 3.1) < 0.25
        assert abs(-9.875 + 0.25 * row + 2.2) < 0.25


@pytest.mark.parametrize("shift", [0.0, 0.06, 0.125, 0.2])
def test_a_boulder_is_a_step_wherever_it_lies_in_its_cell(site, shift):
    boulder = [[5.0 + shift, 5.0 - shift, 0.5, 0.4]]
    bare = Ground.synthetic(site, seed=1, origin_mm=site.anchor_mm, rocks=False)
    stony = Ground.synthetic(site, seed=1, origin_mm=site.anchor_mm, rocks=False, boulders=boulder)
    raised = stony.patch(5.0, 5.0, 2.0).elevation_m - bare.patch(5.0, 5.0, 2.0).elevation_m
    assert raised.max() > 0.3
    assert abs(np.diff(raised, axis=1)).max() > 0.2


def test_boulders_lie_in_the_frame_of_measured_ground_too(measured):
    dem = measured(np.zeros((20, 20)))
    east, north = dem.geometry.centre_of(10, 8)
    ground = Ground.measured(dem, detail=None, seed=1, boulders=[[east, north, 1.0, 0.7]])
    assert ground.heights(east, north) == pytest.approx(0.7, abs=0.06)
    assert ground.heights(east + 1.0, north) == 0.0


def test_boulders_need_four_columns(site):
    with pytest.raises(ValueError, match="boulders"):
        Ground.synthetic(site, seed=1, boulders=[[1.0, 2.0, 0.5]])
