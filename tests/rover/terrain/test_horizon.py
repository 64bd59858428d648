"""The horizon: laws of planes, turns, mirrors, heights and curvature; a brute force march; unknown ground; tiles."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from rover.core.bodies import MOON
from rover.core.errors import DemFrameError, PlaceError, ResourceError, UsageError
from rover.core.grid import Dem, GridGeometry, Site
from rover.terrain import horizon as horizon_module
from rover.terrain.horizon import (
    STEP_RAD,
    UNKNOWN,
    HorizonMap,
    horizon_bytes,
    radius_of,
    trace_horizon,
    trace_tiles,
    window_geometry,
)
from rover.terrain.horizon_ground import directions_of
from rover.terrain.horizon_kernels import arctan

SITE = Site(latitude_rad=0.0, longitude_rad=0.0, body="moon", crs_wkt="")
STEP_DEG = math.degrees(STEP_RAD)
Floats = npt.NDArray[np.float64]


def dem_of(heights: npt.ArrayLike, resolution_m: float = 1.0, datum_m: float = -6000.0) -> Dem:
    held = np.asarray(heights, np.float32)
    geometry = GridGeometry(
        rows=held.shape[0], cols=held.shape[1], resolution_m=resolution_m, east_m=0.0, north_m=0.0, site=SITE
    )
    return Dem(geometry=geometry, elevation_m=held, datum_m=datum_m, source="a test")


def rough(rows: int, cols: int, *, seed: int = 0, exponent: float = 1.9, slope_deg: float = 10.0) -> Floats:
    """Self-affine ground of an rms slope."""
    along, across = np.fft.rfftfreq(cols)[None, :], np.fft.fftfreq(rows)[:, None]
    frequency = np.hypot(along, across)
    frequency[0, 0] = math.inf
    noise = np.fft.rfft2(np.random.default_rng(seed).standard_normal((rows, cols)))
    heights = np.fft.irfft2(noise * frequency**-exponent, s=(rows, cols))
    north, east = np.gradient(heights)
    return heights * math.tan(math.radians(slope_deg)) / math.sqrt(float((north**2 + east**2).mean()))


def brute_force_deg(
    dem: Dem, azimuths: int, cells: list[tuple[int, int]], *, height_m: float = 0.0
) -> Floats:
    """(azimuths, cells) by half-cell steps on the bilinear surface over a sphere; -90 where nothing is seen."""
    ground, radius_m = dem.elevation_m.astype(np.float64), MOON.radius_m + dem.datum_m
    rows, cols = ground.shape
    way = np.arange(1, int(2 * math.hypot(rows, cols)) + 2) * 0.5
    angle = way * dem.geometry.resolution_m / radius_m
    out = np.full((azimuths, len(cells)), -90.0)
    for k, (north, east) in enumerate(directions_of(azimuths)):
        for n, (row, col) in enumerate(cells):
            up, along = row + way * north, col + way * east
            inside = (up >= 0) & (up <= rows - 1) & (along >= 0) & (along <= cols - 1)
            seen = radius_m + bilinear(ground, up[inside], along[inside])
            eye, turn = radius_m + ground[row, col] + height_m, angle[inside]
            tangent = (seen * np.cos(turn) - eye) / (seen * np.sin(turn))
            if np.isfinite(tangent).any():
                out[k, n] = math.degrees(math.atan(float(np.nanmax(tangent))))
    return out


def bilinear(ground: Floats, up: Floats, along: Floats) -> Floats:
    """NaN where a post of any weight is."""
    i = np.minimum(np.floor(up).astype(int), ground.shape[0] - 2)
    j = np.minimum(np.floor(along).astype(int), ground.shape[1] - 2)
    total = np.zeros(up.shape)
    for a, row_weight in ((0, 1 - (up - i)), (1, up - i)):
        for b, col_weight in ((0, 1 - (along - j)), (1, along - j)):
            weight = row_weight * col_weight
            total += np.where(weight > 1e-7, weight * ground[i + a, j + b], 0.0)
    return total


def degrees(horizon: HorizonMap) -> Floats:
    return np.stack(
        [np.degrees(horizon.elevation_rad(k).astype(np.float64)) for k in range(horizon.azimuths)]
    )


def some_cells(shape: tuple[int, int], count: int, seed: int = 1) -> list[tuple[int, int]]:
    rng = np.random.default_rng(seed)
    return [(int(rng.integers(shape[0])), int(rng.integers(shape[1]))) for _ in range(count)]


def at(horizon: HorizonMap, cells: list[tuple[int, int]]) -> Floats:
    rows, cols = np.transpose(cells)
    return degrees(horizon)[:, rows, cols]


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("slope_deg", [0.0, 3.0, 25.0])
def test_a_plane_stands_as_high_as_it_rises(slope_deg: float, exact: bool) -> None:
    """The tangent toward an azimuth is the gradient's component along it."""
    north, east = np.mgrid[:40, :50].astype(np.float64)
    toward = math.radians(30.0)
    rise = math.tan(math.radians(slope_deg))
    plane = dem_of(rise * (north * math.cos(toward) + east * math.sin(toward)))
    found = degrees(trace_horizon(plane, azimuths=24, exact=exact))[:, 8:-8, 8:-8]
    for k, azimuth in enumerate(np.arange(24) * math.tau / 24):
        expected = math.degrees(math.atan(rise * math.cos(azimuth - toward)))
        # The sphere sinks by d / 2R over the half cell to the first sample: 1e-5 deg.
        assert np.abs(found[k] - expected).max() < 0.51 * STEP_DEG + 1e-3


def test_directions_are_turned_and_mirrored_exactly() -> None:
    for azimuths in (4, 8, 12, 36, 72, 360):
        way = directions_of(azimuths)
        angle = np.arange(azimuths) * math.tau / azimuths
        assert np.abs(way - np.stack([np.cos(angle), np.sin(angle)], axis=1)).max() < 1e-15
        assert np.array_equal(np.roll(way, -azimuths // 4, axis=0), np.stack([-way[:, 1], way[:, 0]], axis=1))
        assert np.array_equal(way[1:][::-1], way[1:] * (1, -1))


def test_turning_the_ground_turns_the_horizon() -> None:
    ground = rough(90, 70, seed=2)
    straight = trace_horizon(dem_of(ground), azimuths=12).steps.astype(int)
    # Row grows north: this turns the map clockwise, seen from above.
    turned = trace_horizon(dem_of(ground.T[::-1]), azimuths=12).steps.astype(int)
    back = np.roll(turned, -3, axis=0)[:, ::-1].transpose(0, 2, 1)
    # Coarse levels begin at the south-west corner, which a turn moves.
    assert np.percentile(np.abs(back - straight), 99) * STEP_DEG < 0.1
    near = trace_horizon(dem_of(ground), azimuths=12, exact=True).steps.astype(int)
    turned = trace_horizon(dem_of(ground.T[::-1]), azimuths=12, exact=True).steps.astype(int)
    assert np.abs(np.roll(turned, -3, axis=0)[:, ::-1].transpose(0, 2, 1) - near).max() <= 1


def test_mirrored_ground_mirrors_the_horizon() -> None:
    ground = rough(60, 70, seed=3)
    straight = trace_horizon(dem_of(ground), azimuths=12, exact=True).steps.astype(int)
    mirrored = trace_horizon(dem_of(ground[:, ::-1]), azimuths=12, exact=True).steps.astype(int)
    back = mirrored[(-np.arange(12)) % 12][:, :, ::-1]
    assert np.abs(back - straight).max() <= 1


def test_a_higher_eye_never_sees_a_higher_horizon() -> None:
    dem = dem_of(rough(64, 300, seed=4))
    heights = (0.0, 0.3, 1.5, 20.0)
    maps = [trace_horizon(dem, azimuths=8, observer_height_m=height).steps for height in heights]
    for low, high in zip(maps, maps[1:], strict=False):
        assert (high <= low).all()
        assert (high < low).mean() > 0.9


def test_higher_ground_never_lowers_the_horizon_of_others() -> None:
    ground = rough(80, 90, seed=5)
    raised = ground.copy()
    raised[60:63, 20:23] += 4.0
    for exact in (False, True):
        before, after = (trace_horizon(dem_of(z), azimuths=8, exact=exact).steps for z in (ground, raised))
        others = raised == ground
        assert (after >= before)[:, others].all()
        assert (after > before)[:, others].any()


def test_a_far_peak_sinks_behind_the_curved_ground() -> None:
    """At 50 km a scarp stands at h / d - d / 2R, 0.82 deg lower than on flat ground."""
    ground = np.zeros((3, 1101))
    ground[:, 1050:] = 3000.0
    dem = dem_of(ground, resolution_m=50.0, datum_m=0.0)
    for exact in (False, True):
        found = degrees(trace_horizon(dem, azimuths=4, exact=exact, window=(1, 2, 50, 51)))[1, 0, 0]
        angle = 50_000.0 / MOON.radius_m
        peak = MOON.radius_m + 3000.0
        truth = math.degrees(math.atan((peak * math.cos(angle) - MOON.radius_m) / (peak * math.sin(angle))))
        flat = math.degrees(math.atan(3000.0 / 50_000.0))
        assert flat - truth == pytest.approx(math.degrees(50_000.0 / 2 / MOON.radius_m), rel=0.01)
        # Coarse levels put an edge within a block and a cell: 3 cells of 1000 here, and 17.
        assert found == pytest.approx(truth, abs=0.01 if exact else 0.045)


def test_the_datum_is_part_of_the_radius() -> None:
    """Level ground looked at across 100 km sinks by d / 2 (R + datum)."""
    level = np.full((3, 51), np.nan)
    level[:, 0] = level[:, 50] = 0.0
    for datum_m in (-9000.0, 0.0, 400_000.0):
        dem = dem_of(level, 2000.0, datum_m=datum_m)
        found = degrees(trace_horizon(dem, azimuths=4, exact=True, window=(1, 2, 0, 1)))[1, 0, 0]
        sunk = math.degrees(100_000.0 / 2 / (MOON.radius_m + datum_m))
        assert found == pytest.approx(-sunk, abs=0.003)


SHARE = {False: 0.99, True: 0.999}


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("exponent", [1.7, 1.9, 2.4])
def test_brute_force_on_rough_ground(exponent: float, exact: bool) -> None:
    dem = dem_of(rough(384, 512, seed=7, exponent=exponent))
    cells = some_cells(dem.geometry.shape, 100)
    truth = brute_force_deg(dem, 20, cells, height_m=0.4)
    found = at(trace_horizon(dem, azimuths=20, observer_height_m=0.4, exact=exact), cells)
    assert (np.abs(found - truth) < 0.1).mean() >= SHARE[exact]
    assert abs(float(np.mean(found - truth))) < 0.02


@pytest.mark.slow
@pytest.mark.parametrize("exact", [False, True])
def test_brute_force_on_seeded_ground(exact: bool) -> None:
    """Craters and rocks of the Moon at 1 m: peaks of one cell."""
    from sim.moon.cells import Cells
    from sim.moon.rocks import NO_ROCKS
    from sim.moon.surface import surface
    from sim.run.scenario_ground import load_site

    wanted = Cells(east=40_000_000, north=-50_000_000, step=2000, rows=1024, cols=1024)
    heights = surface(load_site("von-karman"), 1).elevation_m(wanted, NO_ROCKS, rocks=True)
    dem = dem_of(heights - heights.mean())
    cells = some_cells(dem.geometry.shape, 400)
    found = at(trace_horizon(dem, azimuths=72, exact=exact), cells)
    assert (np.abs(found - brute_force_deg(dem, 72, cells)) < 0.1).mean() >= SHARE[exact]


def test_unknown_ground_hides_nothing_and_spreads_nowhere() -> None:
    ground = rough(60, 80, seed=8)
    ground[20:24, 30:33] = np.nan
    ground[41, 50] = np.nan
    dem = dem_of(ground)
    horizon = trace_horizon(dem, azimuths=12, exact=True)
    assert np.array_equal(horizon.steps == UNKNOWN, np.broadcast_to(np.isnan(ground), horizon.steps.shape))
    assert np.array_equal(np.isnan(horizon.elevation_rad(5)), np.isnan(ground))
    cells = [cell for cell in some_cells((60, 80), 200) if np.isfinite(ground[cell])]
    assert np.abs(at(horizon, cells) - brute_force_deg(dem, 12, cells)).max() < 0.01
    fast = at(trace_horizon(dem, azimuths=12), cells)
    assert (np.abs(fast - brute_force_deg(dem, 12, cells)) < 0.1).mean() >= 0.99


def test_all_unknown_ground() -> None:
    assert (trace_horizon(dem_of(np.full((5, 6), np.nan)), azimuths=4).steps == UNKNOWN).all()


def test_beyond_the_edge_is_open_sky() -> None:
    steps = trace_horizon(dem_of(np.zeros((6, 7))), azimuths=4).steps
    for k, edge in ((0, np.s_[-1, :]), (1, np.s_[:, -1]), (2, np.s_[0, :]), (3, np.s_[:, 0])):
        assert (steps[k][edge] == 0).all()
        assert (steps[k] == 0).sum() == steps[k][edge].size


@pytest.mark.parametrize("exact", [False, True])
def test_tiles_and_windows_are_crops_of_the_whole(exact: bool) -> None:
    ground = rough(150, 330, seed=9)
    ground[70:80, 100:110] = np.nan
    dem = dem_of(ground)
    whole = trace_horizon(dem, azimuths=12, exact=exact, observer_height_m=0.7)
    window = (33, 101, 7, 290)
    part = trace_horizon(dem, azimuths=12, exact=exact, observer_height_m=0.7, window=window)
    assert np.array_equal(part.steps, whole.steps[:, 33:101, 7:290])
    assert part.geometry == window_geometry(dem.geometry, window)
    assert part.geometry.centre_of(0, 0) == dem.geometry.centre_of(33, 7)
    joined = np.zeros_like(whole.steps)
    for (row, row_end, col, col_end), tile in trace_tiles(
        dem, tile=96, azimuths=12, exact=exact, observer_height_m=0.7
    ):
        joined[:, row:row_end, col:col_end] = tile.steps
    assert np.array_equal(joined, whole.steps)


def test_a_published_bowl_is_shadowed_where_its_authors_found_it(reference: Path) -> None:
    """Sun 10 deg up toward +row, 79 x 79 inner cells: no flux where the horizon is higher or the cell faces away."""
    heights = np.loadtxt(reference / "illumination" / "topo81.xyz").T  # the table names the column first
    table = np.loadtxt(reference / "illumination" / "qinst.topo81")
    col, row, flux = table[:, 0].astype(int) - 1, table[:, 1].astype(int) - 1, table[:, 4]
    horizon = trace_horizon(dem_of(heights, 5.0, datum_m=0.0), azimuths=4)
    found = degrees(horizon)[0][row, col]
    assert len(row) == 79 * 79
    assert 0.01 < (flux == 0).mean() < 0.9
    facing = math.sin(math.radians(10.0)) - np.gradient(heights, 5.0)[0] * math.cos(math.radians(10.0))
    away = facing[row, col] <= 0
    assert np.array_equal((found > 10.0) | away, flux == 0)
    # It is the horizon that tells on most of the dark ground.
    assert (found > 10.0)[flux == 0].mean() > 0.95


DIGEST = """
import hashlib
import numpy as np
from tests.rover.terrain.test_horizon import digest_subject
print(hashlib.sha256(digest_subject()).hexdigest())
"""


def digest_subject() -> bytes:
    """Bytes of small maps that go through all branches: fine and coarse samples, unknown and far ground, windows."""
    ground = rough(5, 132, seed=11)
    ground[3, 5:9] = np.nan
    near, far = nested(ground, seed=12, far_cells=30)
    maps = [
        trace_horizon(near, azimuths=8, observer_height_m=0.5, far_dem=far),
        trace_horizon(near, azimuths=4, exact=True, window=(1, 4, 40, 60)),
    ]
    return b"".join(held.steps.tobytes() for held in maps)


def nested(ground: Floats, *, seed: int, far_cells: int, ratio: int = 8) -> tuple[Dem, Dem]:
    """A fine DEM and a coarse one about it, of unlike ground."""
    near = dem_of(ground)
    side = far_cells * ratio
    geometry = GridGeometry(
        rows=far_cells,
        cols=far_cells,
        resolution_m=float(ratio),
        east_m=-(side - ground.shape[1]) / 2,
        north_m=-(side - ground.shape[0]) / 2,
        site=SITE,
    )
    heights = rough(far_cells, far_cells, seed=seed) * ratio
    far = Dem(
        geometry=geometry, elevation_m=heights.astype(np.float32), datum_m=-5990.0, source="surroundings"
    )
    return near, far


def test_threads_and_plain_python_give_the_same_bytes() -> None:
    found = {
        subprocess.run(
            [sys.executable, "-W", "error::RuntimeWarning", "-c", DIGEST],
            env={**os.environ, **setting},
            cwd=Path(__file__).parents[3],
            check=True,
            capture_output=True,
            text=True,
        ).stdout
        for setting in ({"FARSIDE_THREADS": "1"}, {"FARSIDE_THREADS": "3"}, {"NUMBA_DISABLE_JIT": "1"})
    }
    assert len(found) == 1


def test_arctan_within_a_hundredth_of_a_step() -> None:
    x = np.concatenate([np.linspace(-3, 3, 4001), [-1e9, 1e9, -np.inf, np.inf]]).astype(np.float32)
    found = np.array([arctan(value) for value in x], np.float64)
    assert np.abs(found - np.arctan(x.astype(np.float64))).max() < 3e-7


@pytest.mark.parametrize("azimuths", [0, -4, 2, 7, 28, 50, 73, 7200])
def test_directions_that_do_not_divide_are_refused(azimuths: int) -> None:
    with pytest.raises(UsageError, match=f"azimuths = {azimuths}: .*multiple of 4"):
        trace_horizon(dem_of(np.zeros((4, 4))), azimuths=azimuths)


@pytest.mark.parametrize("height", [-0.1, math.nan, math.inf])
def test_no_height_of_an_eye(height: float) -> None:
    with pytest.raises(UsageError, match="observer_height_m"):
        trace_horizon(dem_of(np.zeros((4, 4))), observer_height_m=height)


@pytest.mark.parametrize("window", [(0, 5, 0, 4), (-1, 2, 0, 4), (2, 2, 0, 4), (0, 4, 3, 2)])
def test_a_window_outside_is_refused(window: tuple[int, int, int, int]) -> None:
    with pytest.raises(PlaceError, match="window"):
        trace_horizon(dem_of(np.zeros((4, 4))), window=window)


def test_a_tile_of_no_cells_is_refused() -> None:
    with pytest.raises(UsageError, match="--tile = 0"):
        next(trace_tiles(dem_of(np.zeros((4, 4))), tile=0))


def test_a_body_of_unknown_size_is_refused() -> None:
    with pytest.raises(DemFrameError, match="body = 'vulcan'|body = vulcan"):
        radius_of(Site(latitude_rad=0.0, longitude_rad=0.0, body="vulcan", crs_wkt=""))


def test_more_memory_than_there_is_is_refused_by_figure(monkeypatch: pytest.MonkeyPatch) -> None:
    dem = dem_of(np.zeros((100, 100)))
    assert horizon_bytes(dem.geometry, 72) == 2 * 72 * 100 * 100
    assert horizon_bytes(dem.geometry, 72) == trace_horizon(dem).steps.nbytes
    monkeypatch.setattr("rover.core.memory.available_bytes", lambda: 1_000_000)
    with pytest.raises(ResourceError, match=r"takes [1-9.]+ MB of memory and 1\.0 MB are free; .*--tile"):
        horizon_module.trace_horizon(dem)
    assert sum(1 for _ in trace_tiles(dem, tile=50)) == 4
