"""How much of the Sun the ground lets through: the disc, ridges in closed form, and a published crater."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.interpolate import RegularGridInterpolator

from rover.core.bodies import AU_M, SUN_RADIUS_M
from rover.core.grid import Dem, GridGeometry, Site
from sim.physics.light import disc_above, far_ground, horizon_rad, lit_fraction, skyline_rad
from sim.physics.light_kernels import horizon_tangent

SITE = Site(latitude_rad=0.0, longitude_rad=0.0, body="moon", crs_wkt="")
FAR_M = 1e16
"""A Sun as far as this is a point."""


def dem_of(heights: npt.ArrayLike, resolution_m: float = 1.0) -> Dem:
    held = np.asarray(heights, np.float32)
    geometry = GridGeometry(
        rows=held.shape[0], cols=held.shape[1], resolution_m=resolution_m, east_m=0.0, north_m=0.0, site=SITE
    )
    return Dem(geometry=geometry, elevation_m=held, datum_m=-6000.0, source="a test")


def lit(
    dem: Dem, east: float, north: float, height: float, azimuth: float, elevation: float, sun_m: float
) -> float:
    """Angles in degrees."""
    return lit_fraction(
        dem,
        east_m=east,
        north_m=north,
        height_m=height,
        azimuth_rad=math.radians(azimuth),
        elevation_rad=math.radians(elevation),
        sun_distance_m=sun_m,
    )


def test_the_disc_at_its_limits() -> None:
    assert disc_above(0.0, 0.005) == 0.5
    assert disc_above(0.005, 0.005) == disc_above(1.0, 0.005) == 1.0
    assert disc_above(-0.005, 0.005) == disc_above(-1.0, 0.005) == 0.0


@given(st.floats(-2, 2), st.floats(1e-4, 0.1))
def test_the_disc_is_symmetric_and_grows(x: float, radius: float) -> None:
    above, below = disc_above(x * radius, radius), disc_above(-x * radius, radius)
    assert above + below == pytest.approx(1.0, abs=1e-12)
    assert disc_above((x + 0.01) * radius, radius) >= above


@pytest.mark.parametrize("x", [-0.9, -0.3, 0.1, 0.5, 0.99])
def test_the_disc_by_integration(x: float) -> None:
    area, _ = quad(lambda y: 2 * math.sqrt(1 - y * y), -x, 1)
    assert disc_above(x * 0.004, 0.004) == pytest.approx(area / math.pi, abs=1e-7)


def test_over_level_ground_the_sun_sets_as_a_disc_of_its_size() -> None:
    """Angular diameter 0.523-0.543 deg: half of it is gone when the centre is on the horizon."""
    level = dem_of(np.zeros((20, 20)))
    radius = math.degrees(math.asin(SUN_RADIUS_M / AU_M))
    assert 0.523 < 2 * radius < 0.543
    for azimuth in (0.0, 45.0, 123.0, 270.0):
        assert lit(level, 9.0, 9.0, 0.0, azimuth, 0.0, AU_M) == pytest.approx(0.5)
        assert lit(level, 9.0, 9.0, 0.0, azimuth, radius * 1.01, AU_M) == 1.0
        assert lit(level, 9.0, 9.0, 0.0, azimuth, -radius * 1.01, AU_M) == 0.0
        assert lit(level, 9.0, 9.0, 1.5, azimuth, 0.0, AU_M) == pytest.approx(0.5)


@pytest.mark.parametrize(
    "azimuth, east, north", [(0.0, 10.0, 3.0), (90.0, 3.0, 10.0), (180.0, 10.0, 17.0), (270.0, 17.0, 10.0)]
)
def test_a_wall_hides_the_sun_up_to_its_own_elevation(azimuth: float, east: float, north: float) -> None:
    heights = np.zeros((21, 21))
    if azimuth in (0.0, 180.0):
        heights[10] = 2.0
    else:
        heights[:, 10] = 2.0
    wall, top = dem_of(heights), math.degrees(math.atan(2.0 / 7.0))
    assert lit(wall, east, north, 0.0, azimuth, top - 0.01, FAR_M) == 0.0
    assert lit(wall, east, north, 0.0, azimuth, top + 0.01, FAR_M) == 1.0
    assert lit(wall, east, north, 0.0, azimuth, top, AU_M) == pytest.approx(0.5, abs=1e-3)
    assert lit(wall, east, north, 0.0, azimuth + 180.0, 1.0, FAR_M) == 1.0  # it stands on the other side
    assert lit(wall, east, north, 2.5, azimuth, 0.5, FAR_M) == 1.0  # seen from above it


def ridged(seed: int) -> npt.NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    return rng.normal(0, 1.0, (40, 45)).cumsum(0).cumsum(1) / 25


@pytest.mark.parametrize("seed", range(6))
def test_the_horizon_by_brute_force(seed: int) -> None:
    """Against a march in steps of 0.005 cells over scipy's bilinear ground, from anywhere in any direction."""
    rng = np.random.default_rng(100 + seed)
    z = ridged(seed).astype(np.float32)
    ground = RegularGridInterpolator((np.arange(40.0), np.arange(45.0)), z.astype(np.float64))
    for _ in range(12):
        row, col, turn = rng.uniform(5, 34), rng.uniform(5, 39), rng.uniform(0, 2 * math.pi)
        eye = float(ground((row, col))) + 0.5
        way = math.cos(turn), math.sin(turn)
        reach = np.arange(1.0, 80.0, 0.005)
        rows, cols = row + way[0] * reach, col + way[1] * reach
        reach = reach[(rows >= 0) & (cols >= 0) & (rows <= 39) & (cols <= 44)]
        tangents = (ground((row + way[0] * reach, col + way[1] * reach)) - eye) / (2.0 * reach)
        found = horizon_tangent(z, 2.0, row, col, eye, *way)
        assert math.degrees(math.atan(found)) == pytest.approx(
            math.degrees(math.atan(tangents.max())), abs=0.02
        )


def test_turning_the_map_turns_the_horizon() -> None:
    z = ridged(9).astype(np.float32)
    south_up = np.ascontiguousarray(z[::-1])
    for turn in np.linspace(0, 2 * math.pi, 17):
        way = math.cos(turn), math.sin(turn)
        here = horizon_tangent(z, 1.0, 20.0, 22.0, 1.0, *way)
        assert horizon_tangent(south_up, 1.0, 19.0, 22.0, 1.0, -way[0], way[1]) == pytest.approx(
            here, abs=1e-9
        )
        turned = np.ascontiguousarray(z.T)
        assert horizon_tangent(turned, 1.0, 22.0, 20.0, 1.0, way[1], way[0]) == pytest.approx(here, abs=1e-9)


@settings(deadline=None, max_examples=30)
@given(st.floats(0, 360), st.floats(0.1, 60), st.integers(0, 4))
def test_a_higher_sun_or_eye_is_never_darker(azimuth: float, elevation: float, seed: int) -> None:
    dem = dem_of(ridged(seed))
    low = lit(dem, 20.0, 18.0, 0.0, azimuth, elevation, AU_M)
    assert lit(dem, 20.0, 18.0, 0.0, azimuth, elevation + 0.2, AU_M) >= low
    assert lit(dem, 20.0, 18.0, 0.7, azimuth, elevation, AU_M) >= low


@pytest.mark.parametrize("azimuth, row, col", [(0.0, 20, 10), (180.0, 0, 10), (90.0, 10, 20), (270.0, 10, 0)])
def test_the_outermost_cells_cast_shadows_on_every_side(azimuth: float, row: int, col: int) -> None:
    heights = np.zeros((21, 21))
    heights[row, col] = 5.0
    top = math.degrees(math.atan(0.5))
    assert lit(dem_of(heights), 10.0, 10.0, 0.0, azimuth, top - 0.1, FAR_M) == 0.0
    assert lit(dem_of(heights), 10.0, 10.0, 0.0, azimuth, top + 0.1, FAR_M) == 1.0


def test_unknown_ground_and_the_maps_edge_hide_nothing() -> None:
    heights = np.zeros((21, 21))
    heights[12] = np.nan
    assert lit(dem_of(heights), 10.0, 3.0, 0.0, 0.0, 1.0, FAR_M) == 1.0
    assert lit(dem_of(np.zeros((1, 5))), 2.0, 0.0, 0.0, 0.0, 1.0, FAR_M) == 1.0
    assert lit(dem_of(np.zeros((5, 5))), 500.0, 500.0, 0.0, 0.0, 1.0, FAR_M) == 1.0


def test_a_published_crater_lit_and_shadow_on_every_cell(reference: Path) -> None:
    """Bowl crater of the Planetary Code Collection's Topo3D, the Sun 10 deg high along the lines of the file.

    A cell of the table has flux where the Sun is seen and its own surface faces it, so both are asked here. The
    crater is symmetric about its diagonal: columns 1 and 2 of the table may be read either way if the Sun's
    way is read alike.
    """
    heights = np.loadtxt(reference / "illumination" / "topo81.xyz").T  # the Sun towards +row, azimuth 0
    table = np.loadtxt(reference / "illumination" / "qinst.topo81")
    dem = dem_of(heights, 5.0)
    per_row, per_col = np.gradient(heights, 5.0)
    height = math.radians(10.0)
    facing = math.sin(height) - per_row * math.cos(height)
    cosine = facing / np.sqrt(1 + per_row**2 + per_col**2)
    assert len(table) == 79 * 79
    wrong, flux_out = [], 0.0
    for col, row, flux in zip(*table[:, [0, 1, 4]].T, strict=True):
        cell = int(row) - 1, int(col) - 1
        seen = lit(dem, cell[1] * 5.0, cell[0] * 5.0, float(dem.elevation_m[cell]), 0.0, 10.0, FAR_M)
        if (seen > 0.5 and facing[cell] > 0) != (flux > 0):
            wrong.append(cell)
        elif flux > 0:
            flux_out = max(flux_out, abs(flux - 1365.0 * cosine[cell]))
    assert wrong == []
    assert flux_out < 0.051  # W/m2, the table's rounding
    assert 1000 < (table[:, 4] == 0).sum() < 3000


def far_dem(heights: npt.ArrayLike, resolution_m: float = 400.0, datum_m: float = -6000.0) -> Dem:
    """Return ground centred on the middle of a near map of 20 x 20 m."""
    held = np.asarray(heights, np.float32)
    half = (held.shape[0] - 1) / 2 * resolution_m
    geometry = GridGeometry(
        rows=held.shape[0],
        cols=held.shape[1],
        resolution_m=resolution_m,
        east_m=10.0 - half,
        north_m=10.0 - half,
        site=SITE,
    )
    return Dem(geometry=geometry, elevation_m=held, datum_m=datum_m, source="far")


LEVEL = {"east_m": 10.0, "north_m": 10.0, "height_m": 1.0}
NEAR = np.zeros((21, 21))


@pytest.mark.parametrize(
    "azimuth, row, col", [(0.0, 90, 50), (90.0, 50, 90), (180.0, 10, 50), (270.0, 50, 10)]
)
def test_a_far_mountain_hides_the_sun_by_the_angle_of_a_sphere(azimuth: float, row: int, col: int) -> None:
    """16 km away and 1 km high: atan of the height over the distance, less half the angle at the Moon's centre."""
    heights = np.zeros((101, 101))
    heights[row, col] = 1000.0
    far = far_ground(far_dem(heights))
    away, radius = 16_000.0, 1_737_400.0 - 6000.0
    angle = away / radius
    rise = (radius + 1000.0) * math.cos(angle) - (radius + 1.0)
    expected = math.atan2(rise, (radius + 1000.0) * math.sin(angle))
    found = horizon_rad(dem_of(NEAR), azimuth_rad=math.radians(azimuth), far=far, **LEVEL)
    assert found == pytest.approx(expected, abs=2e-5)
    back = horizon_rad(dem_of(NEAR), azimuth_rad=math.radians(azimuth + 180.0), far=far, **LEVEL)
    assert back < 0.0
    sun = {"azimuth_rad": math.radians(azimuth), "sun_distance_m": FAR_M, "far": far, **LEVEL}
    assert lit_fraction(dem_of(NEAR), elevation_rad=expected - 1e-3, **sun) == 0.0
    assert lit_fraction(dem_of(NEAR), elevation_rad=expected + 1e-3, **sun) == 1.0


def test_datums_of_near_and_far_are_heeded() -> None:
    """Distances are taken to be those at a map's own datum, so that 500 m change 16 km by 5 m."""
    heights = np.zeros((101, 101))
    heights[90, 50] = 1000.0
    here, lowered = far_ground(far_dem(heights)), far_ground(far_dem(heights + 500.0, datum_m=-6500.0))
    for azimuth in (0.0, 0.4, 3.0):
        found = [horizon_rad(dem_of(NEAR), azimuth_rad=azimuth, far=far, **LEVEL) for far in (here, lowered)]
        assert found[0] == pytest.approx(found[1], abs=3e-5)


def test_over_a_sphere_the_horizon_dips_as_the_eye_rises() -> None:
    """acos(R / (R + h)); the level plane where no far ground is known."""
    far = far_ground(far_dem(np.zeros((301, 301))))
    radius = 1_737_400.0 - 6000.0
    for height in (1.0, 30.0, 300.0):
        dip = math.acos(radius / (radius + height))
        eye = LEVEL | {"height_m": height}
        assert horizon_rad(dem_of(NEAR), azimuth_rad=0.3, far=far, **eye) == pytest.approx(
            -dip, abs=0.05 * dip
        )
        assert horizon_rad(dem_of(NEAR), azimuth_rad=0.3, **eye) == 0.0


def test_near_ground_is_not_taken_twice() -> None:
    """A coarse hill over the near map is what that shows finer: it hides nothing there."""
    heights = np.zeros((101, 101))
    heights[50, 50] = 300.0
    far = far_ground(far_dem(heights, resolution_m=10.0))
    wide = dem_of(np.zeros((121, 121)), 5.0)
    inside = {"east_m": 10.0, "north_m": 290.0, "height_m": 1.0}
    seen = horizon_rad(wide, azimuth_rad=math.pi, far=far, **inside)
    assert seen == pytest.approx(0.0, abs=1e-2)
    assert horizon_rad(dem_of(NEAR), azimuth_rad=math.pi, far=far, **inside) > 0.5


def test_the_skyline_is_that_of_the_far_ground_alone() -> None:
    heights = np.zeros((101, 101))
    heights[:, 80:] = 800.0
    far = far_ground(far_dem(heights))
    walled = np.array(NEAR)
    walled[:, 15] = 50.0
    for azimuth in (math.pi / 2, 0.0, 4.0):
        bare, fenced = (skyline_rad(dem_of(near), far, azimuth) for near in (NEAR, walled))
        assert bare == fenced
    assert math.degrees(skyline_rad(dem_of(NEAR), far, math.pi / 2)) == pytest.approx(3.76, abs=0.2)


def test_jit_off_equals_jit_on_bit_for_bit(tmp_path: Path) -> None:
    """The march calls no library function."""
    z = ridged(3).astype(np.float32)
    np.save(tmp_path / "z.npy", z)
    code = (
        "import math, numpy as np\n"
        "from sim.physics.light_kernels import horizon_tangent\n"
        f"z = np.load(r'{tmp_path / 'z.npy'}')\n"
        "ways = [(math.cos(a), math.sin(a)) for a in np.linspace(0, 6, 25)]\n"
        f"np.save(r'{tmp_path / 'off.npy'}', [horizon_tangent(z, 2.0, 20.3, 21.7, 0.4, *w) for w in ways])\n"
    )
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(Path(__file__).parents[3])}
    subprocess.run([sys.executable, "-W", "error::RuntimeWarning", "-c", code], env=environment, check=True)
    ways = [(math.cos(a), math.sin(a)) for a in np.linspace(0, 6, 25)]
    on = [horizon_tangent(z, 2.0, 20.3, 21.7, 0.4, *way) for way in ways]
    np.testing.assert_array_equal(np.load(tmp_path / "off.npy"), on)
