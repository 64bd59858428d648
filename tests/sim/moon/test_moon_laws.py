"""Laws of the seeded ground: a pure function of place, scale and seed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rover.core.grid import Site
from sim.moon.cells import Cells
from sim.moon.craters import craters_of
from sim.moon.dem import Window, synthesize
from sim.moon.rocks import boulder_rocks, rocks_of
from sim.moon.scatter import HALF_MM
from sim.moon.surface import surface

ROOT = Path(__file__).parents[3]
BUILDER = ROOT / "tests" / "builders" / "ground_digest.py"
GOLDEN = ROOT / "tests" / "golden" / "ground_digest.json"
NO_BOULDERS = boulder_rocks(None, (0.0, 0.0))


@settings(max_examples=40, deadline=None)
@given(
    resolution_mm=st.sampled_from([50, 250, 333, 2000, 20_000, 474_000]),
    east=st.integers(-60_000_000, 60_000_000),
    north=st.integers(-60_000_000, 60_000_000),
    row=st.integers(0, 30),
    col=st.integers(0, 30),
    seed=st.integers(0, 2**63),
)
def test_any_window_is_the_crop_of_a_larger_one(site, resolution_mm, east, north, row, col, seed):
    whole = Cells(east=east, north=north, step=2 * resolution_mm, rows=70, cols=90)
    ground = surface(site, seed % 5)
    large = ground.elevation_m(whole, NO_BOULDERS, rocks=True)
    small = ground.elevation_m(whole.part(row, col, 33, 41), NO_BOULDERS, rocks=True)
    assert np.array_equal(large[row : row + 33, col : col + 41], small)


@pytest.mark.parametrize("resolution_mm", [250, 2000])
def test_a_crop_around_the_anchor_is_the_same(square, resolution_mm):
    large = square(60, resolution_mm)
    assert np.array_equal(large[50:70, 50:70], square(10, resolution_mm))
    assert np.array_equal(large[35:85, 35:85], square(25, resolution_mm))


def test_a_crop_across_blocks_is_the_same(site):
    whole = Cells(east=3, north=5, step=4000, rows=30, cols=2100)
    ground = surface(site, 1)
    large = ground.elevation_m(whole, NO_BOULDERS, rocks=True)
    small = ground.elevation_m(whole.part(0, 1000, 30, 60), NO_BOULDERS, rocks=True)
    assert np.array_equal(large[:, 1000:1060], small)


def test_a_small_window_misses_no_crater_and_no_rock_that_reaches_it(site):
    """Against the list of a window large enough to hold all that could reach the small one."""
    ground = surface(site, 1)
    rng = np.random.default_rng(5)
    for size in (*ground.craters[-6:], *ground.rocks[:3]):
        rock = size in ground.rocks
        found, params = (rocks_of, site.rocks) if rock else (craters_of, site.craters)
        reached = 0
        for i, j in rng.integers(-900, 900, size=(60, 2)).tolist():
            east, north = i * size.side, j * size.side
            to_east, to_north = east + 8 * size.side - 1, north + size.side // 8
            large = (
                east - 8 * size.side,
                north - 8 * size.side,
                to_east + 8 * size.side,
                to_north + 8 * size.side,
            )
            near, every = found(size, params, (east, north, to_east, to_north)), found(size, params, large)
            half = 0.5 * every.diameter_m * HALF_MM * (1.0 if rock else 3.0)
            beyond = np.maximum([east, north] - every.place, every.place - [to_east, to_north]).max(axis=1)
            expected = {tuple(place) for place in every.place[beyond < half].tolist()}
            assert expected <= {tuple(place) for place in near.place.tolist()}
            reached += int(((beyond > 0) & (beyond < half)).sum())
        assert reached > 0


def test_scales_agree(square):
    for seed in (1, 2, 3):
        fine = square(320, 250, seed=seed)
        coarse = square(40, 2000, seed=seed)
        mean = fine.reshape(80, 8, 80, 8).mean(axis=(1, 3))
        apart = mean - coarse
        assert np.sqrt((apart**2).mean()) < 0.02
        assert abs(apart).max() < 0.12
        assert abs(apart.mean()) < 0.005


def test_far_scales_agree(square, site):
    """At 474 m and 59.25 m, over the wall, within a fiftieth of the relief."""
    wall = (60_000_000, -55_000_000)
    fine = square(160, 59_250, centre_mm=wall)
    coarse = square(20, 474_000, centre_mm=wall)
    apart = fine.reshape(40, 8, 40, 8).mean(axis=(1, 3)) - coarse
    assert np.sqrt((apart**2).mean()) < 0.02 * (coarse.max() - coarse.min())


def test_seeds(square):
    assert square(20, 2000, seed=4).tobytes() == square(20, 2000, seed=4).tobytes()
    elsewhere = (9_000_000, 0)
    for other in (5, 4 + 2**40, -4):
        apart = square(20, 2000, seed=4, centre_mm=elsewhere) - square(
            20, 2000, seed=other, centre_mm=elsewhere
        )
        assert apart.std() > 0.1


def test_rocks_and_boulders_move_no_crater(site, square):
    bare = square(60, 250, rocks=False)
    rocky = square(60, 250, boulders=[[2.0, -3.0, 0.6, 0.4]])
    raised = rocky - bare
    assert (raised > -1e-4).all()
    assert 0 < (raised > 0.01).mean() < 0.02
    assert abs(raised).max() > 0.3


def test_more_rocks_move_no_crater_and_no_rock_of_another_size(site):
    fewer = surface(site, 1)
    more = surface(
        site.model_copy(update={"rocks": site.rocks.model_copy(update={"covered_fraction": 0.05})}), 1
    )
    cells = Cells(east=0, north=0, step=500, rows=100, cols=100)
    assert np.array_equal(fewer.bare_m(cells), more.bare_m(cells))
    assert len(more.seeded_rocks(cells).diameter_m) > 5 * len(fewer.seeded_rocks(cells).diameter_m)


def test_elevations_are_whole_tenths_of_a_millimetre(site):
    cells = Cells(east=123_456, north=-77, step=500, rows=20, cols=20)
    tenths = surface(site, 1).elevation_m(cells, NO_BOULDERS, rocks=True) * 1e4
    assert np.allclose(tenths, np.round(tenths), atol=1e-6)


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


def _printed(**environment: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-W", "error::RuntimeWarning", str(BUILDER)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def test_golden_digest():
    """If this fails on purpose: raise GROUND_VERSION and run the builder with --write."""
    assert _printed() == json.loads(GOLDEN.read_text(encoding="utf-8"))


def test_jit_off_gives_the_same_bits():
    assert _printed(NUMBA_DISABLE_JIT="1") == json.loads(GOLDEN.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("width_mm", "resolution_mm"), [(1001, 250), (0, 250), (-500, 250), (200, 250), (500, 0)]
)
def test_a_window_that_does_not_fit_is_refused(site, width_mm, resolution_mm):
    window = Window(east_mm=0, north_mm=0, width_mm=width_mm, height_mm=1000)
    with pytest.raises(ValueError, match="mm"):
        synthesize(site, seed=1, window=window, resolution_mm=resolution_mm, geometry_site=None)  # type: ignore[arg-type]
