"""Zones on the raster, the corridor a vehicle sweeps, and the sign of what is left between them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString, Polygon, box

from rover.core.errors import ZoneError
from rover.core.grid import GridGeometry, Site
from rover.core.vehicle import VehicleParams
from rover.core.zones import (
    Zone,
    ZoneKind,
    clearance_m,
    footprint,
    refused_by_zones,
    swept_corridor,
    zone_from_corners,
)
from rover.io.vehicle import read_vehicle

SITE = Site(latitude_rad=0.0, longitude_rad=0.0, body="moon", crs_wkt="")
GEOMETRY = GridGeometry(rows=8, cols=10, resolution_m=2.0, east_m=1.0, north_m=1.0, site=SITE)
SQUARE = [(4.5, 4.5), (9.5, 4.5), (9.5, 9.5), (4.5, 9.5)]


@pytest.fixture(scope="module")
def vehicle() -> VehicleParams:
    return read_vehicle("yutu-2").params  # 1.5 m by 1.0 m


def brute_force(zone: Zone) -> np.ndarray:
    """Cell by cell, by the words of the contract."""
    refused = np.zeros(GEOMETRY.shape, np.bool_)
    for row, col in np.ndindex(*GEOMETRY.shape):
        east, north = GEOMETRY.centre_of(row, col)
        cell = box(east - 1, north - 1, east + 1, north + 1)
        if zone.kind is ZoneKind.KEEP_OUT:
            refused[row, col] = cell.intersects(zone.polygon)
        else:
            refused[row, col] = not zone.polygon.contains_properly(cell)
    return refused


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(list(ZoneKind)),
    st.lists(st.tuples(st.floats(-5, 25), st.floats(-5, 20)), min_size=3, max_size=5),
)
def test_every_cell_that_a_zone_touches_is_refused(
    kind: ZoneKind, corners: list[tuple[float, float]]
) -> None:
    polygon = Polygon(corners)
    if not polygon.is_valid or polygon.area < 0.01:
        return
    zone = Zone(name="z", kind=kind, polygon=polygon)
    np.testing.assert_array_equal(refused_by_zones([zone], GEOMETRY), brute_force(zone))


def test_keep_out_by_hand() -> None:
    refused = refused_by_zones([zone_from_corners("z", "keep-out", SQUARE)], GEOMETRY)
    expected = np.zeros(GEOMETRY.shape, np.bool_)
    expected[2:5, 2:5] = True  # cells of 4-6, 6-8 and 8-10 m
    np.testing.assert_array_equal(refused, expected)


def test_keep_out_of_cells_of_two_sides() -> None:
    oblong = replace(GEOMETRY, resolution_north_m=4.0, north_m=2.0)
    refused = refused_by_zones([zone_from_corners("z", "keep-out", SQUARE)], oblong)
    expected = np.zeros(GEOMETRY.shape, np.bool_)
    expected[1:3, 2:5] = True  # cells of 4-6, 6-8 and 8-10 m eastwards, 4-8 and 8-12 m northwards
    np.testing.assert_array_equal(refused, expected)


def test_keep_in_by_hand() -> None:
    refused = refused_by_zones([zone_from_corners("z", "keep-in", SQUARE)], GEOMETRY)
    expected = np.ones(GEOMETRY.shape, np.bool_)
    expected[3, 3] = False  # only 6-8 m lies wholly in it
    np.testing.assert_array_equal(refused, expected)


def test_no_zone_is_too_thin_to_be_seen() -> None:
    sliver = zone_from_corners("wire", "keep-out", [(0.0, 5.0), (20.0, 5.0), (20.0, 5.001)])
    assert refused_by_zones([sliver], GEOMETRY)[2].all()


def test_zones_far_away() -> None:
    far = [(1000.0, 1000.0), (1010.0, 1000.0), (1010.0, 1010.0)]
    assert not refused_by_zones([zone_from_corners("z", "keep-out", far)], GEOMETRY).any()
    assert refused_by_zones([zone_from_corners("z", "keep-in", far)], GEOMETRY).all()
    assert not refused_by_zones([], GEOMETRY).any()


@pytest.mark.parametrize("corners, kind, says", [
    ([(0, 0), (1, 1)], "keep-out", "three corners"),
    ([(0, 0), (1, 1), (2, 2)], "keep-in", "not a simple polygon"),  # no area
    ([(0, 0), (0, 0), (0, 0)], "keep-in", "not a simple polygon"),
    ([(0, 0), (math.nan, 1), (2, 0)], "keep-in", "not finite"),
    ([(0, 0), (math.inf, 1), (2, 0)], "keep-in", "not finite"),
    (SQUARE, "keep-off", "no such kind"),
])  # fmt: skip
def test_what_is_no_zone_is_refused(corners: list[tuple[float, float]], kind: str, says: str) -> None:
    with pytest.raises(ZoneError, match=says) as refused:
        zone_from_corners("crater", kind, corners, file="a.toml")
    assert "a.toml: zones.crater." in str(refused.value)


@pytest.mark.parametrize("kind", list(ZoneKind))
@pytest.mark.parametrize("corners", [
    [(0, 0), (2, 2), (2, 0), (0, 2)],  # a bow tie
    [(0, 0), (4, 3), (0, 3), (4, 0), (2, 5)],  # a star of five
    [(0, 0), (4, 0), (2, 2), (4, 4), (0, 4), (2, 2)],  # two triangles that touch
])  # fmt: skip
def test_self_crossing_zones_are_refused(corners: list[tuple[float, float]], kind: str) -> None:
    with pytest.raises(ZoneError, match=r"zones\.crater\.polygon: not a simple polygon .*elf-intersection"):
        zone_from_corners("crater", kind, corners, file="a.toml")


@settings(deadline=None)
@given(st.floats(-math.pi, math.pi))
def test_the_footprint_is_a_rectangle_that_turns_with_the_yaw(yaw: float) -> None:
    vehicle = read_vehicle("yutu-2").params
    body = footprint(vehicle, 10.0, -5.0, yaw)
    assert body.area == pytest.approx(1.5)
    nose = (10.0 + 0.749 * math.cos(yaw), -5.0 + 0.749 * math.sin(yaw))
    flank = (10.0 - 0.499 * math.sin(yaw), -5.0 + 0.499 * math.cos(yaw))
    assert body.buffer(1e-9).covers(LineString([nose, flank]))
    assert not body.covers(LineString([nose, (10.0 + 0.76 * math.cos(yaw), -5.0 + 0.76 * math.sin(yaw))]))


def capsule_m2(length_m: float, vehicle: VehicleParams) -> float:
    """The corridor of one straight leg by hand: the disc turned in at each end, and the strip between them.

    Strip and disc share what lies within the width: each disc keeps its two caps beyond it and its outer end.
    """
    radius, half = vehicle.footprint_radius_m, vehicle.width_m / 2
    cap = radius**2 * math.acos(half / radius) - half * math.sqrt(radius**2 - half**2)
    in_strip = math.pi * radius**2 - 2 * cap  # of a disc, within the width
    return length_m * vehicle.width_m + in_strip + 4 * cap


@pytest.mark.parametrize("length_m", [2.0, 7.0, 100.0])
@pytest.mark.parametrize("heading", [0.0, 0.3, 2.0, -3.0])
def test_the_corridor_of_one_leg_by_hand(length_m: float, heading: float, vehicle: VehicleParams) -> None:
    path = np.array([[1.0, 2.0], [1.0 + length_m * math.cos(heading), 2.0 + length_m * math.sin(heading)]])
    assert swept_corridor(vehicle, path).area == pytest.approx(capsule_m2(length_m, vehicle), rel=2e-3)


def test_the_corridor_of_a_point_is_the_circle_it_turns_in(vehicle: VehicleParams) -> None:
    area = swept_corridor(vehicle, np.array([[3.0, 4.0]])).area
    assert area == pytest.approx(math.pi * (0.75**2 + 0.5**2), rel=2e-3)


def test_the_corridor_covers_the_footprint_all_along_and_while_turning(vehicle: VehicleParams) -> None:
    path = np.array([[0.0, 0.0], [5.0, 1.0], [5.5, 6.0]])
    corridor = swept_corridor(vehicle, path).buffer(1e-9)
    for a, b in zip(path[:-1], path[1:], strict=True):
        yaw = math.atan2(b[1] - a[1], b[0] - a[0])
        for part in np.linspace(0, 1, 20):
            east, north = a + part * (b - a)
            assert corridor.covers(footprint(vehicle, float(east), float(north), yaw))
    for place in path:
        for yaw in np.linspace(-math.pi, math.pi, 100):
            assert corridor.covers(footprint(vehicle, float(place[0]), float(place[1]), float(yaw)))


KEEP_OUT = Zone(name="out", kind=ZoneKind.KEEP_OUT, polygon=box(10, 0, 20, 10))
KEEP_IN = Zone(name="in", kind=ZoneKind.KEEP_IN, polygon=box(10, 0, 20, 10))


def test_clearance_by_hand() -> None:
    assert clearance_m(KEEP_OUT, box(0, 0, 7, 10)) == pytest.approx(3.0)
    assert clearance_m(KEEP_OUT, box(0, 0, 10, 10)) == 0.0
    assert clearance_m(KEEP_OUT, box(12, 2, 16, 6)) == pytest.approx(-4.0)  # 16 m2 on the wrong side
    assert clearance_m(KEEP_IN, box(13, 4, 16, 6)) == pytest.approx(3.0)
    assert clearance_m(KEEP_IN, box(10, 0, 12, 2)) == 0.0
    assert clearance_m(KEEP_IN, box(19, 1, 22, 4)) == pytest.approx(-math.sqrt(6))
    assert clearance_m(KEEP_IN, box(0, 0, 3, 3)) == pytest.approx(-3.0)


def test_what_is_not_known_keeps_no_clearance(vehicle: VehicleParams) -> None:
    for zone in (KEEP_IN, KEEP_OUT):
        assert not clearance_m(zone, Polygon()) >= 0
