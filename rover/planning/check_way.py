"""A person's plan on its ground: each leg between two waypoints sampled densely, and the first limit that it breaks."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from rover.core.zones import Zone, clearance_m, swept_corridor
from rover.hazard.costmap import footprint_reach_cells
from rover.planning.check_ground import hazard_distance_m
from rover.planning.check_heading import ANGLE_TOLERANCE_RAD
from rover.planning.check_ledger import Known

Floats = npt.NDArray[np.float64]

SAMPLES_PER_CELL = 20

_TOUCHING = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """What a leg breaks first.

    Attributes:
        limit, unit: Which.
        value, bound: What it comes to there, and what it may.
        after_m: How far along the leg.
        place_m: (east, north).
    """

    limit: str
    unit: str
    value: float
    bound: float
    after_m: float
    place_m: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class WayLeg:
    """A leg and the worst of it.

    Attributes:
        number: From 1.
        from_m, to_m: (east, north).
        length_m: On the map.
        pitch_deg, roll_deg: Steepest, either way; NaN where the ground is not known.
        clearance_m: Least distance between the centres of a cell on the way and a hazardous one.
        first: What it breaks first, or None.
    """

    number: int
    from_m: tuple[float, float]
    to_m: tuple[float, float]
    length_m: float
    pitch_deg: float
    roll_deg: float
    clearance_m: float
    first: Broken | None


def check_way(path_m: Floats, known: Known) -> tuple[WayLeg, ...]:
    """Judge each leg of a way by slope, roll, clearance and zones.

    Places a twentieth of a cell apart stand for the leg. Pitch and roll are those of the plane of the cell there, at
    the heading of the leg.

    Args:
        path_m: (n, 2) waypoints.
        known: What they are held against.
    """
    away_m = hazard_distance_m(known)
    return tuple(_leg(number, a, b, known, away_m) for number, (a, b) in enumerate(pairwise(path_m), start=1))


def _leg(number: int, a: Floats, b: Floats, known: Known, away_m: Floats) -> WayLeg:
    geometry, length = known.terrain.geometry, math.dist(a, b)
    count = max(1, math.ceil(length / geometry.resolution_m * SAMPLES_PER_CELL))
    share = np.linspace(0.0, 1.0, count + 1)
    places = a + (b - a) * share[:, None]
    position = (places - [geometry.east_m, geometry.north_m]) / geometry.resolution_m
    cells = np.floor(position + 0.5).astype(np.int64)[:, ::-1]
    inside = ((cells >= 0) & (cells < geometry.shape)).all(axis=1)
    row, col = cells.clip(0, np.array(geometry.shape) - 1).T
    pitch, roll = _attitude(known, row, col, b - a)
    away = np.where(inside, away_m[row, col], 0.0)
    reach = footprint_reach_cells(geometry, known.vehicle) * geometry.resolution_m
    vehicle = known.vehicle
    tolerance = math.degrees(ANGLE_TOLERANCE_RAD)
    judged = [
        ("on the map", "", np.where(inside, 1.0, 0.0), 1.0, inside),
        ("slope", "deg", pitch, vehicle.slope_limit_deg, pitch <= vehicle.slope_limit_deg + tolerance),
        ("roll", "deg", roll, vehicle.roll_limit_deg, roll <= vehicle.roll_limit_deg + tolerance),
        ("clearance", "m", away, reach, away > reach * (1.0 + _TOUCHING) + _TOUCHING),
    ]
    broken = [
        Broken(
            limit=name,
            unit=unit,
            value=float(value[at]),
            bound=bound,
            after_m=float(share[at] * length),
            place_m=(float(places[at, 0]), float(places[at, 1])),
        )
        for name, unit, value, bound, holds in judged
        if not holds.all()
        for at in [int(np.argmin(holds))]
    ]
    broken += _zones(a, b, known)
    return WayLeg(
        number=number,
        from_m=(float(a[0]), float(a[1])),
        to_m=(float(b[0]), float(b[1])),
        length_m=length,
        pitch_deg=float(pitch.max()),
        roll_deg=float(roll.max()),
        clearance_m=float(away.min()),
        first=min(broken, key=lambda found: found.after_m, default=None),
    )


def _attitude(
    known: Known, row: npt.NDArray[np.int64], col: npt.NDArray[np.int64], way: Floats
) -> tuple[Floats, Floats]:
    """Return (n,) pitch and roll in degrees, neither negative, at the heading of a way."""
    slope = known.terrain.slope_rad[row, col].astype(np.float64)
    aspect = known.terrain.aspect_rad[row, col].astype(np.float64)
    length = math.hypot(*way)
    ahead = way / length if length > 0 else np.array([1.0, 0.0])
    uphill = -np.stack([np.sin(aspect), np.cos(aspect)], axis=1) * np.tan(slope)[:, None]
    pitch = np.degrees(np.arctan(uphill @ ahead))
    roll = np.degrees(np.arcsin((uphill @ np.array([-ahead[1], ahead[0]])) * np.cos(slope)))
    return np.abs(pitch), np.abs(roll)


def _zones(a: Floats, b: Floats, known: Known) -> Iterator[Broken]:
    """Yield the zones that the corridor of a leg breaks."""
    swept = swept_corridor(known.vehicle, np.array([a, b]))
    for zone in known.zones:
        room = clearance_m(zone, swept)
        if not room >= 0:
            share = _enters(a, b, known, zone)
            east, north = (a + (b - a) * share).tolist()
            yield Broken(
                limit=f"zone {zone.name}",
                unit="m",
                value=room,
                bound=0.0,
                after_m=share * math.dist(a, b),
                place_m=(east, north),
            )


def _enters(a: Floats, b: Floats, known: Known, zone: Zone) -> float:
    """Return what share of a leg the vehicle drives until it breaks a zone, to a four-thousandth, by halving."""
    low, high = 0.0, 1.0
    for _ in range(12):
        middle = (low + high) / 2
        swept = swept_corridor(known.vehicle, np.array([a, a + (b - a) * middle]))
        low, high = (middle, high) if clearance_m(zone, swept) >= 0 else (low, middle)
    return high
