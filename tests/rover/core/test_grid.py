"""Where cells are: the way there and back, edges, and what is not on the raster."""

from __future__ import annotations

import math
from dataclasses import FrozenInstanceError, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rover.core.errors import DemFrameError
from rover.core.grid import Dem, GridGeometry, Site, check_square

SITE = Site(latitude_rad=0.0, longitude_rad=0.0, body="moon", crs_wkt="")
GEOMETRY = GridGeometry(rows=4, cols=6, resolution_m=2.0, east_m=-3.0, north_m=100.0, site=SITE)

geometries = st.builds(
    GridGeometry,
    rows=st.integers(1, 500),
    cols=st.integers(1, 500),
    resolution_m=st.floats(0.01, 500.0),
    resolution_north_m=st.floats(0.01, 500.0),
    east_m=st.floats(-1e6, 1e6),
    north_m=st.floats(-1e6, 1e6),
    site=st.just(SITE),
)


@settings(deadline=None)
@given(geometries, st.data())
def test_a_centre_lies_in_its_own_cell(geometry: GridGeometry, data: st.DataObject) -> None:
    row = data.draw(st.integers(0, geometry.rows - 1))
    col = data.draw(st.integers(0, geometry.cols - 1))
    assert geometry.cell_at(*geometry.centre_of(row, col)) == (row, col)
    np.testing.assert_allclose(geometry.centres_of(np.array([[row, col]]))[0], geometry.centre_of(row, col))


@settings(deadline=None)
@given(geometries, st.floats(-0.499, 0.499), st.floats(-0.499, 0.499), st.data())
def test_a_cell_reaches_half_a_side_from_its_centre(
    geometry: GridGeometry, across: float, up: float, data: st.DataObject
) -> None:
    cell = (data.draw(st.integers(0, geometry.rows - 1)), data.draw(st.integers(0, geometry.cols - 1)))
    east_m, north_m = geometry.centre_of(*cell)
    width, height = geometry.resolution_m, geometry.resolution_north_m
    assert geometry.cell_at(east_m + across * width, north_m + up * height) == cell
    assert geometry.cell_at(east_m + (across + 1) * width, north_m) == (
        (cell[0], cell[1] + 1) if cell[1] + 1 < geometry.cols else None
    )
    assert geometry.cell_at(east_m, north_m + (up + 1) * height) == (
        (cell[0] + 1, cell[1]) if cell[0] + 1 < geometry.rows else None
    )


@given(st.floats(), st.floats())
def test_no_pair_of_numbers_breaks_the_question(east_m: float, north_m: float) -> None:
    west, south, east, north = GEOMETRY.bounds_m
    assume(all(abs(east_m - edge) > 1e-9 for edge in (west, east)))
    assume(all(abs(north_m - edge) > 1e-9 for edge in (south, north)))
    inside = west <= east_m < east and south <= north_m < north
    assert (GEOMETRY.cell_at(east_m, north_m) is not None) == inside


def test_row_grows_north_and_col_grows_east() -> None:
    assert GEOMETRY.cell_at(-3.0, 102.0) == (1, 0)
    assert GEOMETRY.cell_at(-1.0, 100.0) == (0, 1)
    assert GEOMETRY.bounds_m == (-4.0, 99.0, 8.0, 107.0)


def test_south_and_west_edges_belong_to_the_raster_north_and_east_do_not() -> None:
    assert GEOMETRY.cell_at(-4.0, 99.0) == (0, 0)
    assert GEOMETRY.cell_at(8.0 - 1e-9, 107.0 - 1e-9) == (3, 5)
    assert GEOMETRY.cell_at(8.0, 100.0) is None
    assert GEOMETRY.cell_at(0.0, 107.0) is None


@pytest.mark.parametrize("change", [
    {"rows": 0}, {"cols": -1}, {"resolution_m": 0.0}, {"resolution_m": math.nan}, {"resolution_m": math.inf},
    {"east_m": math.nan}, {"north_m": math.inf},
])  # fmt: skip
def test_impossible_rasters_are_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        replace(GEOMETRY, **change)


def test_a_dem_holds_float32_of_its_shape_and_lets_nobody_write() -> None:
    dem = Dem(geometry=GEOMETRY, elevation_m=np.zeros((4, 6), np.float32), datum_m=-6000.0, source="a test")
    assert dem.elevation_m.dtype == np.float32
    with pytest.raises(ValueError, match="read-only"):
        dem.elevation_m[0, 0] = 1.0
    with pytest.raises(ValueError, match="elevation_m has shape"):
        Dem(geometry=GEOMETRY, elevation_m=np.zeros((6, 4), np.float32), datum_m=0.0, source="turned")
    with pytest.raises(ValueError, match="variance_m2 has shape"):
        replace(dem, variance_m2=np.zeros((1, 1), np.float32))
    with pytest.raises(FrozenInstanceError):
        dem.datum_m = 0.0  # type: ignore[misc]


def test_a_second_side_is_the_first_unless_given() -> None:
    assert GEOMETRY.resolution_north_m == GEOMETRY.resolution_m
    assert GEOMETRY.is_square
    assert not replace(GEOMETRY, resolution_north_m=2.001).is_square


def test_edges_of_cells_of_two_sides() -> None:
    oblong = replace(GEOMETRY, resolution_north_m=10.0)
    assert oblong.bounds_m == (-4.0, 95.0, 8.0, 135.0)
    assert oblong.centre_of(2, 3) == (3.0, 120.0)


@pytest.mark.parametrize("side_m", [0.0, -1.0, math.inf, math.nan])
def test_a_second_side_that_is_no_length_is_refused(side_m: float) -> None:
    with pytest.raises(ValueError, match="resolution_north_m = "):
        replace(GEOMETRY, resolution_north_m=side_m)


def test_what_needs_square_cells_names_their_sides_and_the_way_out() -> None:
    check_square(GEOMETRY, "a map")
    placed = replace(SITE, latitude_rad=math.radians(-45.457), longitude_rad=math.radians(177.588))
    oblong = replace(GEOMETRY, resolution_north_m=5.0, site=placed)
    says = (
        r"resolution = 2 x 5 m: cells are not square, as a map needs them; .*"
        r"farside reproject 'a dem.tif' --center -45.4570,177.5880 --size 9 --out local.tif$"
    )
    with pytest.raises(DemFrameError, match=says):
        check_square(oblong, "a map", file="a dem.tif")
    with pytest.raises(DemFrameError, match="--center LAT,LON"):
        check_square(replace(oblong, site=replace(SITE, latitude_rad=math.nan)), "a map")
