"""A person's waypoints: pitch and roll by heading on a plane, clearance, zones, and what each leg breaks first."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from rover.core.zones import zone_from_corners
from rover.hazard.detect import Hazard
from rover.planning.check_ledger import Known
from rover.planning.check_way import check_way
from tests.rover.planning.traverse_plans import QUESTIONS, answer_to


def known_on(slope_deg: float, aspect_deg: float = 0.0) -> Known:
    """Return a plane that falls towards an azimuth."""
    known = answer_to(QUESTIONS["plain"]).known
    shape = known.terrain.geometry.shape
    terrain = replace(
        known.terrain,
        slope_rad=np.full(shape, math.radians(slope_deg), np.float32),
        aspect_rad=np.full(shape, math.radians(aspect_deg), np.float32),
    )
    return replace(known, terrain=terrain, hazards=replace(known.hazards, flags=np.zeros(shape, np.uint8)))


WAY = np.array([[110.0, -20.0], [140.0, -20.0], [140.0, 10.0], [160.0, 30.0]])
"""East, north, north-east."""


def test_pitch_and_roll_by_heading() -> None:
    legs = check_way(WAY, known_on(15.0))
    diagonal = math.degrees(math.atan(math.tan(math.radians(15.0)) * math.sqrt(0.5)))
    rolled = math.degrees(math.asin(math.sin(math.radians(15.0)) * math.sqrt(0.5)))
    assert np.allclose([leg.pitch_deg for leg in legs], [0.0, 15.0, diagonal], atol=1e-4)
    assert np.allclose([leg.roll_deg for leg in legs], [15.0, 0.0, rolled], atol=1e-4)
    assert [leg.length_m for leg in legs] == pytest.approx([30.0, 30.0, math.hypot(20, 20)])
    assert [leg.first for leg in legs] == [None] * 3


def test_the_limit_of_each_heading_is_named() -> None:
    known = known_on(19.0)
    narrow = replace(known, vehicle=known.vehicle.model_copy(update={"roll_limit_deg": 18.81}))
    roll, none, _ = check_way(WAY, narrow)
    assert roll.first is not None and (roll.first.limit, roll.first.bound) == ("roll", 18.81)
    assert roll.first.after_m == 0.0 and roll.first.place_m == (110.0, -20.0)
    assert none.first is None
    steep = replace(known, vehicle=known.vehicle.model_copy(update={"slope_limit_deg": 18.81}))
    assert [leg.first and leg.first.limit for leg in check_way(WAY, steep)] == [None, "slope", None]


def test_the_first_of_several_is_named_and_where() -> None:
    known = known_on(5.0)
    geometry = known.terrain.geometry
    flags, slope = known.hazards.flags.copy(), known.terrain.slope_rad.copy()
    far, near = geometry.cell_at(132.0, -20.0), geometry.cell_at(120.0, -20.0)
    assert far is not None and near is not None
    flags[far], slope[near] = Hazard.STEP, math.radians(40.0)
    known = replace(
        known,
        hazards=replace(known.hazards, flags=flags),
        terrain=replace(known.terrain, slope_rad=slope),
    )
    leg = check_way(WAY[:2], known)[0]
    assert leg.first is not None and leg.first.limit == "roll"
    assert leg.first.after_m == pytest.approx(9.0, abs=0.11)  # where its cell begins
    assert leg.clearance_m == 0.0
    slope[near] = 0.0
    only = check_way(WAY[:2], replace(known, terrain=replace(known.terrain, slope_rad=slope)))[0]
    assert only.first is not None and only.first.limit == "clearance"
    assert only.first.after_m == pytest.approx(21.0, abs=0.11)


def test_zones_unknown_ground_and_the_edge() -> None:
    known = known_on(5.0)
    corners = [(120.0, -30.0), (125.0, -30.0), (125.0, -10.0), (120.0, -10.0)]
    zone = zone_from_corners("trench", "keep-out", corners)
    leg = check_way(WAY[:2], replace(known, zones=(zone,)))[0]
    assert leg.first is not None and leg.first.limit == "zone trench" and leg.first.value < 0
    radius_m = known.vehicle.footprint_radius_m
    assert leg.first.after_m == pytest.approx(10.0 - radius_m, abs=0.05)
    slope = known.terrain.slope_rad.copy()
    slope[:, 20:] = np.nan
    unknown = check_way(WAY, replace(known, terrain=replace(known.terrain, slope_rad=slope)))
    assert all(leg.first is not None for leg in unknown[1:])
    off = check_way(np.array([[110.0, -20.0], [10.0, -20.0]]), known)[0]
    assert off.first is not None and off.first.limit == "on the map"
    assert check_way(np.array([[110.0, -20.0], [110.0, -20.0]]), known)[0].first is None
