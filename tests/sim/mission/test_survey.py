"""What the ground tells a rover is out by as much as it is said to be, the same for one seed."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from rover.core.grid import Dem, GridGeometry, Site
from rover.planning.dem_error import DemError, error_clones
from sim.mission.survey import ROUND_THE_WAY_M, fix_of_start, round_the_way, surveyed

SITE = Site(latitude_rad=0.0, longitude_rad=0.0, body="moon", crs_wkt="")
ERROR = DemError(sigma_m=0.5, length_m=20.0)


def truth(side: int = 400) -> Dem:
    geometry = GridGeometry(rows=side, cols=side, resolution_m=2.0, east_m=-400.0, north_m=-400.0, site=SITE)
    at = np.arange(side) * 0.1
    return Dem(geometry=geometry, elevation_m=at[:, None] + 2 * at[None, :], datum_m=-5.0, source="truth")


def drawn(seed: int) -> Callable[[GridGeometry], npt.NDArray[np.float64]]:
    return lambda geometry: next(error_clones(geometry, ERROR, seed=seed, count=1))


def test_the_start_is_out_by_its_covariance() -> None:
    told = [
        fix_of_start(seed, (10.0, -4.0), 0.3, place_sigma_m=0.2, yaw_sigma_rad=0.05) for seed in range(400)
    ]
    errors = np.array([[east - 10.0, north + 4.0, yaw - 0.3] for (east, north), yaw in told])
    np.testing.assert_allclose(errors.mean(axis=0) / [0.2, 0.2, 0.05], 0.0, atol=3.5 / 20)
    np.testing.assert_allclose(errors.std(axis=0) / [0.2, 0.2, 0.05], 1.0, atol=3.5 / np.sqrt(800))
    assert told[3] == fix_of_start(3, (10.0, -4.0), 0.3, place_sigma_m=0.2, yaw_sigma_rad=0.05)


def test_the_map_is_the_truth_and_an_error_of_its_size() -> None:
    true = truth()
    errors = [surveyed(true, drawn(seed)).elevation_m - true.elevation_m for seed in range(4)]
    assert np.std(errors) == pytest.approx(ERROR.sigma_m, rel=0.1)
    assert not np.array_equal(errors[0], errors[1])
    again = surveyed(true, drawn(0))
    np.testing.assert_array_equal(again.elevation_m, surveyed(true, drawn(0)).elevation_m)
    assert again.geometry == true.geometry and again.source == "truth, as surveyed"


def test_a_rover_is_sent_what_lies_round_its_way() -> None:
    true, places = truth(), [(0.0, 0.0), (60.0, -20.0)]
    told = round_the_way(true, places_m=places)
    west, south, east, north = told.geometry.bounds_m
    assert west <= -ROUND_THE_WAY_M and east >= 60.0 + ROUND_THE_WAY_M
    assert south <= -20.0 - ROUND_THE_WAY_M and north >= ROUND_THE_WAY_M
    assert told.geometry.cols < true.geometry.cols
    row, col = true.geometry.cell_at(*told.geometry.centre_of(0, 0)) or (-1, -1)
    rows, cols = told.geometry.shape
    np.testing.assert_array_equal(told.elevation_m, true.elevation_m[row : row + rows, col : col + cols])


def test_a_way_at_the_edge_of_the_map_has_what_there_is() -> None:
    told = round_the_way(truth(30), places_m=[(-400.0, -400.0)])
    assert told.geometry.shape == (30, 30)
