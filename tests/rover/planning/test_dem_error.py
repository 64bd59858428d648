"""Errors of a DEM: variance, correlation and grades of clones against their closed forms, seeds, and bad input."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from rover.core.errors import ResourceError, UsageError
from rover.core.grid import Dem, GridGeometry, Site
from rover.hazard.directional import directional_cost
from rover.planning.dem_error import DemError, error_clones
from rover.terrain.derive import derive_terrain
from sim.testing.ground import ROVER

SITE = Site(latitude_rad=0.0, longitude_rad=0.0, body="moon", crs_wkt="")
MAP = GridGeometry(rows=40, cols=50, resolution_m=2.0, east_m=0.0, north_m=0.0, site=SITE)
ERROR = DemError(sigma_m=0.5, length_m=8.0)
COUNT = 1500


@pytest.fixture(scope="module")
def clones() -> npt.NDArray[np.float64]:
    return np.array(list(error_clones(MAP, ERROR, seed=1, count=COUNT)))


def spread_of_products(one: float, other: float, both: float) -> float:
    """Standard error of a mean product of two normal values over independent clones."""
    return math.sqrt((one * other + both * both) / COUNT)


def test_every_cell_has_the_variance(clones: npt.NDArray[np.float64]) -> None:
    variance = (clones**2).mean(axis=0)
    assert np.abs(variance / 0.25 - 1).max() < 5 * math.sqrt(2 / COUNT)
    assert abs(clones.mean(axis=0)).max() < 5 * 0.5 / math.sqrt(COUNT)


@pytest.mark.parametrize("rows, cols", [(0, 1), (3, 0), (2, 3), (0, 20), (39, 0), (0, 49), (39, 49)])
def test_errors_go_together_by_distance_alone(clones: npt.NDArray[np.float64], rows: int, cols: int) -> None:
    """The furthest cells of all are as independent as they should be: nothing is wrapped round."""
    expected = 0.25 * math.exp(-((2.0 * math.hypot(rows, cols) / 8.0) ** 2))
    products = clones[:, rows, cols] * clones[:, 0, 0]
    assert products.mean() == pytest.approx(expected, abs=4.5 * spread_of_products(0.25, 0.25, expected))


@pytest.mark.parametrize("east_m, north_m", [(0.0, 0.0), (2.0, 0.0), (0.0, 6.0), (4.0, -2.0), (-6.0, -8.0)])
@pytest.mark.parametrize("half", [1, 2])
def test_the_covariance_of_grades_is_that_of_horns_stencil(east_m: float, north_m: float, half: int) -> None:
    stencil = [(row, col) for row in (-1, 0, 1) for col in (-1, 0, 1)]
    step = 2.0 * half
    of_east = {(row, col): col * (2 - abs(row)) / (8 * step) for row, col in stencil}
    of_north = {(row, col): row * (2 - abs(col)) / (8 * step) for row, col in stencil}

    def added(one: dict[tuple[int, int], float], other: dict[tuple[int, int], float]) -> float:
        return math.fsum(
            u * v * float(ERROR.covariance_m2(math.hypot(
                north_m + (b[0] - a[0]) * step, east_m + (b[1] - a[1]) * step
            )))
            for a, u in one.items() for b, v in other.items()
        )  # fmt: skip

    found = ERROR.grade_covariance(east_m, north_m, 2 * step)
    wanted = added(of_east, of_east), added(of_north, of_north), added(of_east, of_north)
    assert [float(part) for part in found] == pytest.approx(wanted, abs=1e-15)


def test_grades_of_clones_have_the_closed_form() -> None:
    """By the package's own slope and aspect, on a plane with errors."""
    error = DemError(sigma_m=0.05, length_m=8.0)
    north, east = np.mgrid[:40, :50] * 2.0
    plane = 0.1 * east - 0.05 * north
    grades = []
    for clone in error_clones(MAP, error, seed=2, count=COUNT):
        dem = Dem(geometry=MAP, elevation_m=(plane + clone).astype(np.float32), datum_m=0.0, source="a test")
        cost = directional_cost(derive_terrain(dem), ROVER)
        grades.append((cost.grade_east[20, [20, 22]] - 0.1, cost.grade_north[20, [20, 22]] + 0.05))
    held = np.array(grades, np.float64)  # clone, east or north, which cell
    sigma2 = error.grade_sigma(4.0) ** 2
    assert (held**2).mean(axis=0) == pytest.approx(np.full((2, 2), sigma2), rel=4.5 * math.sqrt(2 / COUNT))
    of_east, of_north, mixed = (float(part) for part in error.grade_covariance(4.0, 0.0, 4.0))
    for (a, i), (b, j), expected in (
        ((0, 0), (0, 1), of_east), ((1, 0), (1, 1), of_north), ((0, 0), (1, 1), mixed), ((0, 0), (1, 0), 0.0),
    ):  # fmt: skip
        found = float((held[:, a, i] * held[:, b, j]).mean())
        assert found == pytest.approx(expected, abs=4.5 * spread_of_products(sigma2, sigma2, expected))


def test_a_clone_is_a_function_of_seed_and_number() -> None:
    whole = list(error_clones(MAP, ERROR, seed=5, count=4))
    part = list(error_clones(MAP, ERROR, seed=5, count=2, first=2))
    assert np.array_equal(whole[2], part[0]) and np.array_equal(whole[3], part[1])
    other = next(error_clones(MAP, ERROR, seed=6, count=1))
    assert abs(np.corrcoef(whole[0].ravel(), other.ravel())[0, 1]) < 0.3
    assert not np.array_equal(whole[0], whole[1])


@pytest.mark.slow
def test_long_correlations_over_a_small_map_are_exact() -> None:
    error = DemError(sigma_m=1.0, length_m=200.0)
    held = np.array(list(error_clones(replace(MAP, rows=10, cols=10), error, seed=3, count=COUNT)))
    apart = held[:, 0, 0] - held[:, 9, 9]
    expected = 2 * (1 - math.exp(-((18 * math.sqrt(2) / 200) ** 2)))
    assert (apart**2).mean() == pytest.approx(expected, rel=4.5 * math.sqrt(2 / COUNT))


@pytest.mark.parametrize(
    "sigma_m, length_m", [(-0.5, 8), (0, 8), (math.nan, 8), (0.5, 0), (0.5, -1), (0.5, math.inf)]
)
def test_figures_are_lengths_above_zero(sigma_m: float, length_m: float) -> None:
    with pytest.raises(UsageError, match="not a length above zero"):
        DemError(sigma_m=sigma_m, length_m=length_m)


def test_a_correlation_shorter_than_a_cell_is_refused() -> None:
    with pytest.raises(UsageError, match="shorter than the cells of 2 m"):
        error_clones(MAP, DemError(sigma_m=0.5, length_m=1.9), seed=0, count=1)
    with pytest.raises(UsageError, match="count"):
        error_clones(MAP, ERROR, seed=0, count=-1)


@pytest.mark.slow
def test_more_memory_than_there_is_is_refused() -> None:
    with pytest.raises(ResourceError, match="length_m"):
        next(error_clones(MAP, DemError(sigma_m=0.5, length_m=1e7), seed=0, count=1))
