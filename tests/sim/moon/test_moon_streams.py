"""Each part of the seeded ground has a stream of its own, and its bits are those of the golden digest."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from sim.moon.cells import Cells
from sim.moon.craters import dig, share_seen
from sim.moon.scatter import Stream, stream_key
from sim.moon.surface import surface
from tests.sim.moon.conftest import elevation

ROOT = Path(__file__).parents[3]
BUILDER = ROOT / "tests" / "builders" / "ground_digest.py"
GOLDEN = ROOT / "tests" / "golden" / "ground_digest.json"


def test_seeds(site):
    cells = Cells(east=80_000_000, north=-50_000_000, step=4000, rows=40, cols=40)
    first = elevation(site, 4, cells)
    surface.cache_clear()
    assert elevation(site, 4, cells).tobytes() == first.tobytes()
    for other in (5, 4 + 2**40, -4):
        apart = elevation(site, other, cells) - first
        assert (apart - apart.mean()).std() > 0.1


def test_no_two_streams_share_a_draw():
    keys = {int(stream_key(7, stream, index)) for stream in Stream for index in range(40)}
    assert len(keys) == 40 * len(Stream)
    assert len(Stream.__members__) == len(Stream) == 7, "no name is another's"


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
