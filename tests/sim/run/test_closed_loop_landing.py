"""Whole descents: phases at their heights, and the ground under the lander with avoidance and without."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rover.core.time import parse_utc
from rover.onboard.descent import Phase
from sim.mission.daylight import sunlight_at
from sim.mission.lander_kernels import MASS, THRUST
from sim.run.closed_loop_landing import PHASES, Descent, fly_descent
from sim.run.closed_loop_landing_events import MissionEvent, dated_events, descent_events, told
from sim.run.mission_scenario import load_mission

MISSION = load_mission("chang-e-4")
LANDER = MISSION.read_lander().params
EPOCH = parse_utc(MISSION.descent.ignition_utc)


@pytest.fixture(scope="module")
def flown() -> Descent:
    return fly_descent(MISSION.read_site(), LANDER, EPOCH, seed=MISSION.seed)


@pytest.fixture(scope="module")
def events(flown: Descent) -> dict[str, MissionEvent]:
    return {event.name: event for event in descent_events(flown, MISSION, LANDER)}


def height_when(flown: Descent, phase: Phase) -> float:
    return float(np.interp(flown.began_s(phase), flown.time_s, flown.height_m))


def test_phases_begin_at_the_heights_that_are_published(flown: Descent) -> None:
    assert flown.height_m[0] == pytest.approx(15_000.0, abs=1.0)
    assert 6000.0 < height_when(flown, Phase.TURN) < 8500.0
    assert height_when(flown, Phase.DROP) == pytest.approx(2000.0, rel=0.1)
    assert height_when(flown, Phase.HOVER) == pytest.approx(100.0, abs=6.0)
    assert height_when(flown, Phase.FALL) == pytest.approx(2.0, abs=1.0)
    assert list(np.unique(flown.phase)) == list(range(len(PHASES)))
    assert (np.diff(flown.phase) >= 0).all()


def test_touchdown_is_at_the_published_minute_and_its_sun(events: dict[str, MissionEvent]) -> None:
    touchdown = events["touchdown"]
    assert told(touchdown, EPOCH)["utc"].startswith("2019-01-03T02:26")
    assert told(touchdown, EPOCH)["beijing"].startswith("2019-01-03T10:26")
    assert touchdown.derived
    assert touchdown.figures["sun_elevation_deg"] == pytest.approx(31.5, abs=0.1)
    later = {event.name: event.figures["sun_elevation_deg"] for event in dated_events(MISSION)}
    assert later["rollout"] == pytest.approx(34.7, abs=0.1)
    assert later["panorama"] == pytest.approx(20.7, abs=0.1)
    portraits = sunlight_at(MISSION.read_site(), parse_utc(MISSION.portraits.utc))
    assert math.degrees(portraits.elevation_rad) == pytest.approx(20.8, abs=0.1)


def test_thrust_mass_and_height_keep_their_bounds(flown: Descent) -> None:
    thrust, mass = flown.values[:, THRUST], flown.values[:, MASS]
    burning = (flown.time_s > 2.0) & (flown.phase < PHASES.index(Phase.FALL))
    assert thrust[burning].max() <= LANDER.engine.most_thrust_n + 1e-6
    assert thrust[burning].min() >= LANDER.engine.least_thrust_n - 1e-6
    assert (np.diff(mass) <= 0).all()
    assert mass[-1] > LANDER.body.dry_mass_kg
    assert flown.height_m.max() < 15_100.0
    # What is burnt is what the thrust was over the exhaust's speed.
    spent = np.trapezoid(thrust, flown.time_s) / LANDER.engine.exhaust_m_s
    assert mass[0] - mass[-1] == pytest.approx(spent, rel=0.01)


def test_the_lander_hovers_and_comes_down_upright_and_still(flown: Descent) -> None:
    hover = (flown.phase == PHASES.index(Phase.HOVER)) & (flown.time_s > flown.began_s(Phase.HOVER) + 4.0)
    assert np.abs(flown.values[hover, 3:6]).max() < 0.6
    touch = flown.touchdown
    assert math.hypot(*touch.velocity_m_s[:2]) < 0.1
    assert 2.0 < -touch.velocity_m_s[2] < 4.0
    assert math.acos(touch.axes[2, 2]) < math.radians(1.0)


def test_it_comes_down_where_the_scan_said(flown: Descent) -> None:
    """Within what the drift that is left makes in the time from the scan on: centimetres a second."""
    assert flown.fine is not None and flown.fine.is_safe
    scanned = flown.state_at(flown.began_s(Phase.HOVER) + 11.0)
    away = flown.touchdown.place_m[:2] - scanned.place_m[:2]
    assert np.hypot(*(away - flown.fine.aside_m)) < 1.5
    assert flown.standing.within(LANDER.body)
    assert flown.standing.slope_rad == pytest.approx(flown.fine.slope_rad, abs=math.radians(2.0))


def test_states_between_those_kept_are_smooth(flown: Descent) -> None:
    for n in (100, 300, 500):
        before, after = flown.time_s[n], flown.time_s[n + 1]
        np.testing.assert_allclose(flown.state_at(before).values, flown.values[n], atol=1e-6)
        middle = flown.state_at((before + after) / 2)
        moved = flown.state_at((before + after) / 2 + 0.01).place_m - middle.place_m
        np.testing.assert_allclose(moved / 0.01, middle.velocity_m_s, atol=0.3)


def test_the_same_seed_lands_at_the_same_place(flown: Descent) -> None:
    again = fly_descent(MISSION.read_site(), LANDER, EPOCH, seed=MISSION.seed, world=flown.world)
    np.testing.assert_array_equal(again.values, flown.values)


def test_avoidance_saves_a_seed_that_comes_down_badly_without() -> None:
    """By the benchmark's table: on a step of 0.3 m."""
    site = MISSION.read_site()
    blind = fly_descent(site, LANDER, EPOCH, seed=6, avoidance=False)
    assert not blind.standing.within(LANDER.body)
    seeing = fly_descent(site, LANDER, EPOCH, seed=6, world=blind.world)
    assert seeing.standing.within(LANDER.body)
    assert blind.coarse is None and blind.fine is None
