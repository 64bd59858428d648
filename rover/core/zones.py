"""Keep-in and keep-out zones, the vehicle's footprint and the corridor it sweeps: plane geometry by shapely."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
import shapely
import shapely.affinity
from shapely.geometry import MultiPolygon, Point, Polygon, box
from shapely.geometry.base import BaseGeometry

from rover.core.errors import ZoneError
from rover.core.grid import GridGeometry
from rover.core.vehicle import VehicleParams


class ZoneKind(StrEnum):
    KEEP_IN = "keep-in"
    KEEP_OUT = "keep-out"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Zone:
    """A polygon that the rover's footprint must stay inside, or outside, of.

    Attributes:
        name: For messages.
        kind: Keep-in or keep-out.
        polygon: In the terrain's frame, metres east and north.
    """

    name: str
    kind: ZoneKind
    polygon: Polygon


def zone_from_corners(
    name: str, kind: str, corners_m: Sequence[tuple[float, float]], *, file: str | None = None
) -> Zone:
    """Build a zone from its corners.

    Raises:
        ZoneError: No such kind, fewer than three corners, a corner that is not finite, no area, or a boundary
            that crosses itself.
    """
    field = f"zones.{name}.polygon"
    if kind not in tuple(ZoneKind):
        raise ZoneError(
            "no such kind of zone",
            remedy=f"write {' or '.join(ZoneKind)}",
            file=file,
            field=f"zones.{name}.kind",
            value=kind,
        )
    if len(corners_m) < 3:
        raise ZoneError(
            "a polygon needs three corners", remedy="give at least three [E, N]", file=file, field=field
        )
    if not np.isfinite(corners_m).all():
        raise ZoneError(
            "a corner that is not finite", remedy="give metres east and north", file=file, field=field
        )
    polygon = Polygon(corners_m)
    if not polygon.is_valid or polygon.area <= 0:
        why = shapely.is_valid_reason(polygon)
        raise ZoneError(
            f"not a simple polygon ({why})",
            remedy="list the corners in order round it",
            file=file,
            field=field,
        )
    return Zone(name=name, kind=ZoneKind(kind), polygon=polygon)


def refused_by_zones(zones: Sequence[Zone], geometry: GridGeometry) -> npt.NDArray[np.bool_]:
    """Return (rows, cols) bool: which cells touch a keep-out zone or are not wholly in each keep-in zone.

    A cell is refused if any part of it is, so that no zone is too thin for the raster to see.
    """
    refused = np.zeros(geometry.shape, np.bool_)
    for zone in zones:
        touched = _cells_touching(zone.polygon, geometry)
        if zone.kind is ZoneKind.KEEP_OUT:
            refused |= touched
        else:
            rim = _cells_touching(zone.polygon.boundary, geometry)
            refused |= ~touched | rim
    return refused


def _cells_touching(shape: BaseGeometry, geometry: GridGeometry) -> npt.NDArray[np.bool_]:
    touched = np.zeros(geometry.shape, np.bool_)
    half_m, half_north_m = geometry.resolution_m / 2, geometry.resolution_north_m / 2
    west, south, east, north = shape.bounds
    col = np.arange(geometry.cols)
    row = np.arange(geometry.rows)
    x = geometry.east_m + col * geometry.resolution_m
    y = geometry.north_m + row * geometry.resolution_north_m
    cols = col[(x + half_m >= west) & (x - half_m <= east)]
    rows = row[(y + half_north_m >= south) & (y - half_north_m <= north)]
    if len(cols) == 0 or len(rows) == 0:
        return touched
    shapely.prepare(shape)
    cx, cy = np.meshgrid(x[cols], y[rows])
    cells = shapely.box(cx - half_m, cy - half_north_m, cx + half_m, cy + half_north_m)
    touched[rows[0] : rows[-1] + 1, cols[0] : cols[-1] + 1] = shapely.intersects(shape, cells)
    return touched


def moves_within(
    zone: Zone, vehicle: VehicleParams, geometry: GridGeometry, moves: Sequence[tuple[int, int]]
) -> npt.NDArray[np.bool_]:
    """Return where half a move from a cell's centre keeps to a zone, turning in place included.

    Two cells that allow a move, each on its half, are joined by a leg of which `clearance_m` is not negative.

    Args:
        zone, vehicle, geometry: As elsewhere here.
        moves: (rows, cols) to each neighbour.

    Returns:
        (moves, rows, cols) bool.
    """
    rows, cols = np.indices(geometry.shape)
    east = geometry.east_m + cols.ravel() * geometry.resolution_m
    north = geometry.north_m + rows.ravel() * geometry.resolution_north_m
    places = shapely.points(east, north)
    shapely.prepare(zone.polygon)
    inside = shapely.contains(zone.polygon, places)
    free = np.asarray(inside if zone.kind is ZoneKind.KEEP_IN else ~inside)
    within = np.repeat(free[None], len(moves), axis=0)
    half_m = (
        max(math.hypot(*move) for move in moves) / 2 * max(geometry.resolution_m, geometry.resolution_north_m)
    )
    apart_m = np.asarray(shapely.distance(zone.polygon.boundary, places))
    near = apart_m <= half_m + 2 * vehicle.footprint_radius_m
    for k in np.flatnonzero(near):
        disc = swept_corridor(vehicle, np.array([[east[k], north[k]]]))
        for m, (down, across) in enumerate(moves):
            half = np.array([across * geometry.resolution_m, down * geometry.resolution_north_m]) / 2
            swept = shapely.union(disc, _band(vehicle, np.array([east[k], north[k]]), half))
            within[m, k] = not _wrong_m2(zone, swept) > 0
    return np.asarray(within.reshape(len(moves), *geometry.shape))


def _band(
    vehicle: VehicleParams, place_m: npt.NDArray[np.float64], step_m: npt.NDArray[np.float64]
) -> Polygon:
    """Return the rectangle of the vehicle's width along a step."""
    aside = np.array([-step_m[1], step_m[0]]) / math.hypot(*step_m) * vehicle.width_m / 2
    return Polygon([place_m - aside, place_m + aside, place_m + step_m + aside, place_m + step_m - aside])


def footprint(vehicle: VehicleParams, east_m: float, north_m: float, yaw_rad: float) -> Polygon:
    """Return the rectangle that the vehicle covers at a pose; yaw is counter-clockwise from east."""
    half_length, half_width = vehicle.length_m / 2, vehicle.width_m / 2
    body = box(-half_length, -half_width, half_length, half_width)
    turned = shapely.affinity.rotate(body, yaw_rad, origin=(0, 0), use_radians=True)
    return shapely.affinity.translate(turned, east_m, north_m)


def swept_corridor(vehicle: VehicleParams, path_m: npt.NDArray[np.float64]) -> BaseGeometry:
    """Return what the vehicle covers while driving a polyline and turning in place at its corners.

    Args:
        vehicle: For the footprint.
        path_m: (n, 2) east and north, n at least 1.

    Returns:
        The area; empty where a place of the path is not known.
    """
    if not np.isfinite(path_m).all():
        return Polygon()
    # shapely's circle of 64 corners lies inside the true one; this radius puts it outside.
    turning_m = vehicle.footprint_radius_m / math.cos(math.pi / 64)
    parts: list[BaseGeometry] = [Point(place).buffer(turning_m, quad_segs=16) for place in path_m]
    for (east_a, north_a), (east_b, north_b) in zip(path_m[:-1].tolist(), path_m[1:].tolist(), strict=True):
        yaw = math.atan2(north_b - north_a, east_b - east_a)
        ends = MultiPolygon(
            [footprint(vehicle, east_a, north_a, yaw), footprint(vehicle, east_b, north_b, yaw)]
        )
        parts.append(ends.convex_hull)
    return shapely.union_all(parts)


def clearance_m(zone: Zone, covered: BaseGeometry) -> float:
    """Return how far an area keeps from the forbidden side of a zone; 0 or less where it reaches into it.

    Where it does, the figure is the negated square root of the area that is on the wrong side. NaN where nothing
    is known to be covered, such as by a path of NaN.
    """
    if covered.is_empty:
        return math.nan
    wrong = _wrong_m2(zone, covered)
    if wrong > 0:
        return -math.sqrt(wrong)
    if zone.kind is ZoneKind.KEEP_OUT:
        return float(covered.distance(zone.polygon))
    return float(covered.distance(zone.polygon.boundary)) if zone.polygon.covers(covered) else 0.0


def _wrong_m2(zone: Zone, covered: BaseGeometry) -> float:
    """Return how much of an area is on the forbidden side of a zone."""
    if zone.kind is ZoneKind.KEEP_OUT:
        return float(covered.intersection(zone.polygon).area) if covered.intersects(zone.polygon) else 0.0
    return 0.0 if zone.polygon.covers(covered) else float(covered.difference(zone.polygon).area)
