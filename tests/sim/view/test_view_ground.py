"""Hillshade, round numbers and windows obey their laws."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.view.ground import hillshade, round_number
from sim.view.window import piece_under, whole, window_round
from tests.builders.runlogs import crater_dem

GEOMETRY = crater_dem().geometry
FLAT = math.sin(math.radians(45))


def plane(rise_east: float, rise_north: float) -> np.ndarray:
    row, col = np.indices((20, 30))
    return 2.0 * (rise_east * col + rise_north * row)


def test_flat_ground_is_as_bright_as_the_lights_height_says():
    np.testing.assert_allclose(hillshade(plane(0, 0), 2.0), FLAT)


@pytest.mark.parametrize("tilt", [0.05, 0.3])
def test_light_comes_from_the_north_west(tilt):
    facing = hillshade(plane(tilt, -tilt), 2.0)  # falls towards the north-west
    averted = hillshade(plane(-tilt, tilt), 2.0)
    assert facing.min() > FLAT > averted.max()
    across = hillshade(plane(tilt, tilt), 2.0)
    assert (across < FLAT).all()


def test_steep_ground_is_lit_by_lamberts_cosine():
    shade = hillshade(plane(1 / math.sqrt(2), -1 / math.sqrt(2)), 2.0)  # 45 deg, facing the light
    np.testing.assert_allclose(shade, 1.0)


def test_gaps_stay_gaps_and_do_not_spread():
    elevation = plane(0.1, 0.0)
    elevation[5, 5] = np.nan
    assert np.count_nonzero(np.isnan(hillshade(elevation, 2.0))) == 1


@given(st.floats(1e-6, 1e9))
def test_round_numbers(value):
    found = round_number(value)
    assert found <= value * (1 + 1e-8)
    assert value <= found * 2.5 * (1 + 1e-8)
    digit = found / 10 ** math.floor(math.log10(found) + 1e-9)
    assert min(abs(digit - d) for d in (1, 2, 5)) < 1e-6


@given(st.lists(st.tuples(st.floats(-440, 440), st.floats(-440, 440)), min_size=1, max_size=5))
def test_window_holds_the_points_and_stays_on_the_terrain(points):
    geometry = GEOMETRY
    window, full = window_round(np.array(points), geometry, aspect=1.2), whole(geometry)
    for east, north in points:
        assert window.west < east < window.east
        assert window.south < north < window.north
    assert full.west <= window.west
    assert window.east <= full.east
    assert full.south <= window.south
    assert window.north <= full.north
    assert window.width >= 150
    assert window.height >= 150


def test_window_has_the_wanted_shape_where_there_is_room():
    window = window_round(np.array([[0.0, 0.0], [10.0, 200.0]]), crater_dem().geometry, aspect=1.2)
    assert window.width / window.height == pytest.approx(1.2)


def test_piece_is_every_cell_the_window_touches():
    geometry = crater_dem().geometry
    window = window_round(np.array([[0.0, 0.0]]), geometry, aspect=1.2)
    piece = piece_under(window, geometry)
    assert piece.window.west <= window.west < piece.window.west + geometry.resolution_m
    assert piece.window.north - geometry.resolution_m < window.north <= piece.window.north
    row, col = piece.rows.start, piece.cols.start
    assert geometry.centre_of(row, col) == pytest.approx((piece.east_m[0], piece.north_m[0]))
