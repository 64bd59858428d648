"""Direct sunlight: planes, and the bowl crater of another group's model."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from rover.core.errors import UsageError
from rover.core.grid import Dem
from rover.terrain.derive import derive_terrain
from rover.terrain.flux import SurfaceNormals, central_normals, direct_flux_w_m2, terrain_normals
from rover.terrain.light import lit_fraction
from tests.builders.horizons import sun_at, traced_horizon
from tests.builders.scenes import dem_of

AU_M = 149_597_870_700.0
STEP_OF_LIGHT = 0.007
"""What a step of the stored horizon is worth, as the module says."""


def on_no_body(dem: Dem) -> Dem:
    """Ground without curvature."""
    site = replace(dem.geometry.site, body="unknown")
    return replace(dem, geometry=replace(dem.geometry, site=site))


def plane(slope_deg: float, aspect_deg: float) -> Dem:
    north, east = np.mgrid[:6, :7] * 2.0
    downhill = east * math.sin(math.radians(aspect_deg)) + north * math.cos(math.radians(aspect_deg))
    return on_no_body(dem_of(-math.tan(math.radians(slope_deg)) * downhill, 2.0))


def full_light(dem: Dem) -> npt.NDArray[np.float32]:
    return np.ones(dem.geometry.shape, np.float32)


@pytest.mark.parametrize("slope_deg, aspect_deg", [(0, 0), (10, 0), (10, 90), (25, 200), (35, 315)])
def test_a_plane_takes_the_cosine_of_the_incidence(slope_deg: float, aspect_deg: float) -> None:
    dem = plane(slope_deg, aspect_deg)
    for azimuth_deg, elevation_deg in ((0, 10), (90, 30), (250, 5), (33, 90)):
        slope, height = math.radians(slope_deg), math.radians(elevation_deg)
        turn = math.radians(azimuth_deg - aspect_deg)
        cosine = math.sin(height) * math.cos(slope) + math.cos(height) * math.sin(slope) * math.cos(turn)
        sun = sun_at(azimuth_deg, elevation_deg, distance_m=2 * AU_M)
        for normals in (terrain_normals(derive_terrain(dem)), central_normals(dem)):
            flux = direct_flux_w_m2(full_light(dem), normals, sun, solar_constant_w_m2=1000.0)
            np.testing.assert_allclose(flux[1:-1, 1:-1], 250 * max(0.0, cosine), atol=1e-3)


def test_cells_with_two_sides_have_the_normals_of_the_same_plane() -> None:
    dem = plane(20, 60)
    north, east = np.mgrid[:6, :7] * np.array([5.0, 2.0])[:, None, None]
    downhill = east * math.sin(math.radians(60)) + north * math.cos(math.radians(60))
    longer = replace(
        dem,
        geometry=replace(dem.geometry, resolution_north_m=5.0),
        elevation_m=np.asarray(-math.tan(math.radians(20)) * downhill, np.float32),
    )
    for name in ("east", "north", "up"):
        one, other = (getattr(central_normals(ground), name) for ground in (dem, longer))
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_flux_grows_with_the_light_and_counts_azimuths_from_true_north() -> None:
    dem = plane(20, 90)
    turned = replace(
        dem, geometry=replace(dem.geometry, site=replace(dem.geometry.site, grid_north_rad=math.radians(50)))
    )
    whole = direct_flux_w_m2(full_light(dem), central_normals(dem), sun_at(110, 20))
    half = direct_flux_w_m2(0.5 * full_light(dem), central_normals(turned), sun_at(160, 20))
    np.testing.assert_allclose(half, whole / 2, rtol=1e-5)


def test_level_ground_over_a_wide_map_takes_more_where_the_sun_stands_higher() -> None:
    dem = dem_of(np.zeros((5, 5)), 20_000.0)
    flux = direct_flux_w_m2(full_light(dem), central_normals(dem), sun_at(90, 10), solar_constant_w_m2=1000.0)
    for col in range(5):
        height = math.radians(10) + (col - 2) * 20_000.0 / 1_737_400.0
        np.testing.assert_allclose(flux[:, col], 1000 * math.sin(height), rtol=1e-4)


def test_what_is_unknown_stays_unknown() -> None:
    heights = np.zeros((5, 6))
    heights[2, 3] = np.nan
    dem = on_no_body(dem_of(heights))
    lit = full_light(dem)
    lit[0, 0] = np.nan
    flux = direct_flux_w_m2(lit, central_normals(dem), sun_at(10, 40))
    unknown = np.zeros((5, 6), bool)
    for row, col in ((0, 0), (2, 3), (1, 3), (3, 3), (2, 2), (2, 4)):
        unknown[row, col] = True
    np.testing.assert_array_equal(np.isnan(flux), unknown)


def test_normals_of_one_row_or_column_are_level_across() -> None:
    normals = central_normals(on_no_body(dem_of(np.array([[0.0, 1.0, 2.0]]))))
    np.testing.assert_allclose(normals.north, 0)
    np.testing.assert_allclose(normals.east, -math.sqrt(0.5), rtol=1e-6)


def test_another_shape_is_refused() -> None:
    dem = plane(5, 5)
    with pytest.raises(UsageError, match=r"lit = .*3 x 3 cells.*; give"):
        direct_flux_w_m2(np.ones((3, 3), np.float32), central_normals(dem), sun_at(1, 2))
    with pytest.raises(UsageError, match="2 times"):
        direct_flux_w_m2(full_light(dem), central_normals(dem), sun_at([1, 2], 2))


# ---- the bowl of Schorghofer's Planetary Code Collection ------------------------------------------------------------


@pytest.fixture(scope="module")
def bowl(reference: Path) -> tuple[Dem, npt.NDArray[np.float64]]:
    """The ground, and the published direct flux to 0.1 W/m2; NaN on the rim of the map, where there is none."""
    folder = reference / "illumination"
    published = np.full((81, 81), np.nan)
    table = np.loadtxt(folder / "qinst.topo81")
    published[table[:, 1].astype(int) - 1, table[:, 0].astype(int) - 1] = table[:, 4]
    return on_no_body(dem_of(np.loadtxt(folder / "topo81.xyz"), 5.0)), published


@pytest.fixture(scope="module")
def light(bowl: tuple[Dem, npt.NDArray[np.float64]]) -> npt.NDArray[np.float32]:
    return lit_fraction(traced_horizon(bowl[0], 4), sun_at(0, 10))


def bowl_flux(lit: npt.NDArray[np.float32], normals: SurfaceNormals) -> npt.NDArray[np.float32]:
    return direct_flux_w_m2(lit, normals, sun_at(0, 10), solar_constant_w_m2=1365.0)


def test_every_cell_of_the_bowl_is_lit_or_dark_as_published(
    bowl: tuple[Dem, npt.NDArray[np.float64]], light: npt.NDArray[np.float32]
) -> None:
    """Their Sun is a point; two cells have their horizon at its very centre: half a disc, to a step of the horizon."""
    dem, published = bowl
    known = np.isfinite(published)
    faces = bowl_flux(full_light(dem), central_normals(dem)) > 0
    np.testing.assert_array_equal(((light >= 0.5 - STEP_OF_LIGHT) & faces)[known], (published > 0)[known])
    assert (known & (published > 0)).sum() == 3448
    assert (np.abs(light - 0.5) < STEP_OF_LIGHT).sum() == 2


def test_the_flux_in_the_bowl_is_the_published(
    bowl: tuple[Dem, npt.NDArray[np.float64]], light: npt.NDArray[np.float32]
) -> None:
    """Central differences are theirs: every cell to the digit published. Horn's round the rim off."""
    dem, published = bowl
    known = np.isfinite(published)
    point = (light >= 0.5 - STEP_OF_LIGHT).astype(np.float32)
    off = np.abs(bowl_flux(point, central_normals(dem)) - published)
    assert off[known].max() <= 0.051
    off = np.abs(bowl_flux(point, terrain_normals(derive_terrain(dem))) - published)
    assert np.median(off[known & (published > 0)]) <= 0.05
    assert np.median(off[known & (published > 0) & (dem.elevation_m < 0)]) <= 0.1


def test_a_disc_in_the_place_of_a_point_changes_penumbra_alone(
    bowl: tuple[Dem, npt.NDArray[np.float64]], light: npt.NDArray[np.float32]
) -> None:
    dem, published = bowl
    off = np.abs(bowl_flux(light, central_normals(dem)) - published)
    clear = np.isfinite(published) & ((light == 0) | (light == 1))
    assert off[clear].max() <= 0.051
    assert clear.sum() > 6180
    assert np.median(off[published > 0]) <= 0.05
