"""What may be out is held against what only the map shows: zones always, lethal ground while senses disagree."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rover.core.boundary import Observation
from rover.core.grid import GridGeometry, Site
from rover.core.vehicle import VehicleParams
from rover.core.zones import ZoneKind, zone_from_corners
from rover.hazard.detect import HazardMap
from rover.io.vehicle import read_vehicle
from rover.limits.mobility import ZoneLimit
from rover.onboard.place_watch import CLEAR_SIGMAS, lethal_within, place_is_unsure
from rover.onboard.uplink import Uplink

VEHICLE: VehicleParams = read_vehicle("yutu-2").params

SITE = Site(latitude_rad=0.0, longitude_rad=0.0, body="moon", crs_wkt="")


def seen(sigma_m: float, *, uncertain: bool = False, east_m: float = 0.0, time_s: float = 0.0) -> Observation:
    return Observation(
        time_s=time_s, east_m=east_m, north_m=0.0, yaw_rad=0.0, pitch_rad=0.0, roll_rad=0.0, soc=0.9, array_w=80.0,
        stalled=False, heights=None, place_sigma_m=sigma_m, uncertain=uncertain,
    )  # fmt: skip


def sent(*, zones: tuple[ZoneLimit, ...] = (), charted: HazardMap | None = None) -> Uplink:
    """Return an uplink of which nothing but the ground matters."""
    return Uplink(
        vehicle=VEHICLE, terrain=None, forecaster=None, planner=None, limits=(), goal_m=(9.0, 0.0),  # type: ignore[arg-type]
        path_m=np.zeros((1, 2)), zones=zones, charted=charted,
    )  # fmt: skip


def zone_at(gap_m: float, kind: ZoneKind = ZoneKind.KEEP_OUT, **holds: float) -> ZoneLimit:
    """Return a zone whose edge lies so far ahead of the rover's front at the origin."""
    edge = VEHICLE.length_m / 2 + gap_m
    west, east = (edge, edge + 50.0) if kind is ZoneKind.KEEP_OUT else (-50.0, edge)
    corners = [(west, -50.0), (east, -50.0), (east, 50.0), (west, 50.0)]
    return ZoneLimit(zone_from_corners("a zone", kind, corners), VEHICLE, **holds)


@pytest.mark.parametrize("kind", list(ZoneKind))
@pytest.mark.parametrize("gap_m", [0.2, 1.0, 3.0])
def test_a_zone_is_kept_clear_of_by_what_the_place_may_be_out(kind: ZoneKind, gap_m: float) -> None:
    uplink = sent(zones=(zone_at(gap_m, kind),))
    for uncertain in (False, True):
        assert not place_is_unsure(seen(0.99 * gap_m / CLEAR_SIGMAS, uncertain=uncertain), uplink)
        assert place_is_unsure(seen(1.01 * gap_m / CLEAR_SIGMAS, uncertain=uncertain), uplink)


def test_a_zone_matters_while_it_holds_and_to_a_place_that_may_be_out() -> None:
    uplink = sent(zones=(zone_at(0.5, from_s=100.0, until_s=200.0),))
    assert [place_is_unsure(seen(1.0, time_s=time_s), uplink) for time_s in (99.0, 150.0, 201.0)] == [
        False,
        True,
        False,
    ]
    assert not place_is_unsure(seen(0.0, time_s=150.0), uplink), "perfect senses tell the place as it is"
    assert not place_is_unsure(seen(4.0, uncertain=True), sent())


def test_lethal_ground_matters_while_senses_contradict_the_place() -> None:
    geometry = GridGeometry(rows=40, cols=40, resolution_m=0.5, east_m=-10.0, north_m=-10.0, site=SITE)
    flags = np.zeros(geometry.shape, np.uint8)
    cell = geometry.cell_at(4.0, 0.0)
    assert cell is not None
    flags[cell] = 4
    uplink = sent(charted=HazardMap(geometry=geometry, flags=flags))
    gap_m = math.dist(geometry.centre_of(*cell), (0.0, 0.0)) - VEHICLE.footprint_radius_m
    near, far = (share * gap_m / CLEAR_SIGMAS for share in (1.01, 0.99))
    assert place_is_unsure(seen(near, uncertain=True), uplink)
    assert not place_is_unsure(seen(far, uncertain=True), uplink)
    assert not place_is_unsure(seen(near), uplink)


def test_lethal_ground_is_found_as_by_going_through_every_cell() -> None:
    rng = np.random.default_rng(3)
    geometry = GridGeometry(rows=30, cols=25, resolution_m=0.7, east_m=-8.0, north_m=-9.0, site=SITE)
    found = set()
    for _ in range(200):
        flags = (rng.random(geometry.shape) < 0.01).astype(np.uint8)
        here, reach_m = seen(1.0, east_m=float(rng.uniform(-20.0, 20.0))), float(rng.uniform(0.1, 6.0))
        away = [
            math.dist(place, (here.east_m, here.north_m))
            for place in geometry.centres_of(np.argwhere(flags)).tolist()
        ]
        expected = min(away, default=math.inf) < VEHICLE.footprint_radius_m + reach_m
        held = HazardMap(geometry=geometry, flags=flags)
        assert lethal_within(held, here, VEHICLE, reach_m) == expected
        found.add(expected)
    assert found == {True, False}
