"""The crater as a whole, against the measured region (GLD100); tolerances are those of the site's sources."""

from __future__ import annotations

import numpy as np
import pytest

from rover.io.reproject import reproject_dem
from sim.moon.rocks import NO_ROCKS
from sim.moon.surface import surface
from tests.sim.moon.conftest import SEEDS, slope_deg

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
