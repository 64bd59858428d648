"""Signs of margins: room is positive, a breach negative, and what is not known does not hold."""

from __future__ import annotations

import math

import numpy as np
import pytest
from shapely.geometry import box

from rover.core.zones import Zone, ZoneKind
from rover.io.vehicle import read_vehicle
from rover.limits.base import Leg, Limit, Margin
from rover.limits.mobility import TiltLimit, ZoneLimit, exceeds_attitude
from rover.limits.power import ReserveLimit

FIGURES = {
    "length_m": 1.5,
    "width_m": 1.0,
    "slope_limit_deg": 20.0,
    "roll_limit_deg": 15.0,
}
YUTU_2 = read_vehicle("yutu-2", FIGURES).params
"""Yutu-2 with the figures that are reckoned with by hand below, whatever its file comes to say."""
OUT = Zone(name="crater", kind=ZoneKind.KEEP_OUT, polygon=box(10, -10, 20, 10))
IN = Zone(name="field", kind=ZoneKind.KEEP_IN, polygon=box(-5, -5, 5, 5))


def leg(
    *, tilt_deg: float = 0.0, soc: float = 0.5, path: tuple[tuple[float, float], ...] = ((0.0, 0.0),)
) -> Leg:
    return Leg(
        start_s=100.0,
        end_s=200.0,
        path_m=np.array(path),
        tilt_rad=math.radians(tilt_deg),
        soc=soc,
        sun_elevation_rad=(0.4, 0.5),
        sun_rising=True,
        driving=True,
    )


@pytest.mark.parametrize("limit, good, bad", [
    (TiltLimit(YUTU_2), leg(tilt_deg=14.9), leg(tilt_deg=15.1)),
    (ReserveLimit(0.3), leg(soc=0.31), leg(soc=0.29)),
    (ZoneLimit(OUT, YUTU_2), leg(path=((0.0, 0.0), (9.0, 0.0))), leg(path=((0.0, 0.0), (9.2, 0.0)))),
    (ZoneLimit(IN, YUTU_2), leg(path=((0.0, 0.0), (4.0, 0.0))), leg(path=((0.0, 0.0), (4.2, 0.0)))),
    (ZoneLimit(OUT, YUTU_2), leg(path=((9.0, 20.0),)), leg(path=((0.0, 0.0), (30.0, 0.0)))),
])  # fmt: skip
def test_slack_is_positive_inside_and_negative_beyond(limit: Limit, good: Leg, bad: Leg) -> None:
    assert limit.margin(good).slack > 0
    assert limit.margin(good).holds
    assert limit.margin(bad).slack < 0
    assert not limit.margin(bad).holds
    assert limit.margin(bad).limit == limit.name


def test_slack_is_the_distance_to_the_bound() -> None:
    margin = TiltLimit(YUTU_2).margin(leg(tilt_deg=5.0))
    assert math.degrees(margin.slack) == pytest.approx(10.0)
    assert math.degrees(margin.bound) == pytest.approx(15.0)
    assert margin.time_s == 100.0
    margin = ReserveLimit(0.3).margin(leg(soc=0.5))
    assert margin.slack == pytest.approx(0.2)
    assert (margin.value, margin.time_s) == (0.5, 200.0)
    # The circle that the rover turns in reaches 0.901 m ahead of where it stops.
    reach = YUTU_2.footprint_radius_m
    assert ZoneLimit(OUT, YUTU_2).margin(leg(path=((0.0, 0.0), (6.0, 0.0)))).slack == pytest.approx(
        4 - reach, abs=2e-3
    )


def test_the_bound_itself_holds() -> None:
    assert ReserveLimit(0.3).margin(leg(soc=0.3)).holds
    assert TiltLimit(YUTU_2).margin(leg(tilt_deg=15.0)).holds


@pytest.mark.parametrize("limit, unknown", [
    (TiltLimit(YUTU_2), leg(tilt_deg=math.nan)),
    (ReserveLimit(0.3), leg(soc=math.nan)),
    (ZoneLimit(OUT, YUTU_2), leg(path=((math.nan, 0.0),))),
    (ZoneLimit(IN, YUTU_2), leg(path=((math.nan, math.nan),))),
    (ZoneLimit(IN, YUTU_2), leg(path=((0.0, 0.0), (math.nan, 1.0)))),
    (ZoneLimit(OUT, YUTU_2), leg(path=((0.0, 0.0), (math.nan, 1.0)))),
])  # fmt: skip
def test_what_is_not_known_does_not_hold(limit: Limit, unknown: Leg) -> None:
    assert not limit.margin(unknown).holds


def test_a_margin_of_nan_does_not_hold() -> None:
    assert not Margin(limit="x", value=0.0, bound=0.0, slack=math.nan, time_s=0.0).holds
    assert Margin(limit="x", value=0.0, bound=0.0, slack=0.0, time_s=0.0).holds


@pytest.mark.parametrize("pitch_deg, roll_deg, exceeds", [
    (20.0, 15.0, False), (-20.0, -15.0, False), (20.1, 0.0, True), (-20.1, 0.0, True), (0.0, 15.1, True),
    (0.0, -15.1, True), (math.nan, 0.0, True), (0.0, math.nan, True),
])  # fmt: skip
def test_a_measured_attitude_has_two_limits(pitch_deg: float, roll_deg: float, exceeds: bool) -> None:
    assert exceeds_attitude(math.radians(pitch_deg), math.radians(roll_deg), YUTU_2) == exceeds
