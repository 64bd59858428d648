"""Guidance: the quartic ends where it should, and the flight plan keeps to the engine."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from rover.io.lander import read_lander
from rover.onboard.descent import (
    DescentReading,
    DescentState,
    Drift,
    Phase,
    aim_at,
    coarse_reach_m,
    divert_s,
    fine_reach_m,
    guide,
    init_descent,
    surface_gravity_m_s2,
)
from rover.onboard.descent_plan import plan_braking, quartic_m_s2

LANDER = read_lander("chang-e-4").params
RADIUS_M = 1_731_465.0
PLAN = plan_braking(LANDER, RADIUS_M)
GRAVITY = surface_gravity_m_s2(RADIUS_M)


def reading(
    time_s: float, place: tuple[float, ...], velocity: tuple[float, ...], height_m: float
) -> DescentReading:
    return DescentReading(
        time_s=time_s,
        place_m=np.array(place),
        velocity_m_s=np.array(velocity),
        height_m=height_m,
        mass_kg=1400.0,
    )


def test_the_quartic_meets_place_velocity_and_acceleration() -> None:
    """A point that has the acceleration asked for at every moment ends in the end state."""
    end, speed, pull = np.array([10.0, -5.0, 100.0]), np.array([1.0, 0.0, -2.0]), np.array([0.0, 0.1, 0.3])
    place, velocity, total, step = np.array([500.0, 40.0, 900.0]), np.array([-20.0, 3.0, -30.0]), 40.0, 0.01
    for n in range(int(total / step) - 50):
        left = total - n * step
        one = quartic_m_s2(place, velocity, end, speed, pull, left)
        middle = place + velocity * step / 2, velocity + one * step / 2
        two = quartic_m_s2(*middle, end, speed, pull, left - step / 2)
        place, velocity = place + step * middle[1], velocity + step * two
    left = 0.5
    np.testing.assert_allclose(place + velocity * left + pull * left**2 / 2, end, atol=0.02)
    np.testing.assert_allclose(velocity + pull * left, speed, atol=0.1)


def test_the_plan_is_flown_by_the_engine_and_burns_what_the_rocket_equation_says() -> None:
    assert PLAN.propellant_kg < LANDER.body.ignition_mass_kg - LANDER.body.dry_mass_kg
    # No braking takes less than the change of speed without gravity.
    speed = np.linalg.norm(PLAN.begin_m_s) - np.linalg.norm(PLAN.end_m_s)
    least = LANDER.body.ignition_mass_kg * (1.0 - math.exp(-speed / LANDER.engine.exhaust_m_s))
    assert least < PLAN.propellant_kg < 1.1 * least
    # Full thrust all the way takes no longer than this.
    most = LANDER.engine.most_thrust_n / LANDER.engine.exhaust_m_s
    assert (
        PLAN.propellant_kg / most
        < PLAN.duration_s
        < 1.1 * PLAN.propellant_kg / most / LANDER.descent.thrust_share
    )


def test_a_stronger_engine_brakes_for_less_time() -> None:
    strong = LANDER.model_copy(update={"engine": LANDER.engine.model_copy(update={"most_thrust_n": 9000.0})})
    assert plan_braking(strong, RADIUS_M).duration_s < 0.9 * PLAN.duration_s


def test_phases_follow_one_another_in_order() -> None:
    state = init_descent(PLAN)
    assert state.phase is Phase.BRAKING
    seen = [state.phase]
    for _ in range(4):
        late = reading(state.ends_s, (0.0, 0.0, 3000.0), (0.0, 0.0, -50.0), 3000.0)
        state, _ = guide(state, late, PLAN, LANDER, RADIUS_M)
        seen.append(state.phase)
    assert seen == [Phase.BRAKING, Phase.TURN, Phase.APPROACH, Phase.DROP, Phase.HOVER]


def test_the_engine_stops_at_its_height_and_not_before() -> None:
    final = DescentState(phase=Phase.FINAL, began_s=0.0, ends_s=math.inf, target_m=(0.0, 0.0))
    high, command = guide(final, reading(5.0, (0, 0, 0), (0, 0, -2.0), 4.0), PLAN, LANDER, RADIUS_M)
    assert high.phase is Phase.FINAL and command.thrust_n > 0
    low, command = guide(final, reading(6.0, (0, 0, 0), (0, 0, -2.0), 2.2), PLAN, LANDER, RADIUS_M)
    assert low.phase is Phase.FALL and command.thrust_n == 0


def test_thrust_leans_no_more_than_it_may() -> None:
    hover = DescentState(phase=Phase.HOVER, began_s=0.0, ends_s=99.0, target_m=(500.0, 0.0))
    _, command = guide(hover, reading(1.0, (0, 0, 0), (0, 0, 0), 100.0), PLAN, LANDER, RADIUS_M)
    lean = math.acos(command.direction[2])
    assert lean == pytest.approx(LANDER.descent.tilt_limit_rad, abs=1e-9)
    assert command.direction[0] > 0
    still = replace(hover, target_m=(0.0, 0.0))
    _, command = guide(still, reading(1.0, (0, 0, 0), (0, 0, 0), 100.0), PLAN, LANDER, RADIUS_M)
    assert command.thrust_n == pytest.approx(1400.0 * GRAVITY, rel=1e-3)


def test_reach_falls_with_what_propellant_is_left() -> None:
    body = LANDER.body
    reaches = [fine_reach_m(LANDER, GRAVITY, body.dry_mass_kg + left) for left in (0.0, 60.0, 120.0, 200.0)]
    assert reaches[0] == 0.0
    assert sorted(reaches) == reaches and reaches[-1] > 2 * reaches[1]
    assert 50.0 < coarse_reach_m(LANDER, GRAVITY) < 300.0


def test_avoidance_takes_longer_the_further_it_goes() -> None:
    near, far, further = (divert_s(LANDER, GRAVITY, away) for away in (0.0, 40.0, 160.0))
    assert near < far
    assert further == pytest.approx(2 * far)
    # At the limit of lean planned with, half of the way is speeding up: no less than that of a bang-bang move.
    most = GRAVITY * math.tan(LANDER.descent.tilt_limit_rad)
    assert far > math.sqrt(4 * 40.0 / most)


def test_a_drift_that_is_known_is_taken_off_from_then_on() -> None:
    drift = Drift(ahead_m_s=0.05, left_m_s=-0.02, since_s=100.0)
    found = drift.taken_off(reading(110.0, (5.0, 5.0, 0.0), (1.0, 1.0, -2.0), 50.0))
    np.testing.assert_allclose(found.place_m, [4.5, 5.2, 0.0])
    np.testing.assert_allclose(found.velocity_m_s, [0.95, 1.02, -2.0])
    unmoved = drift.taken_off(reading(100.0, (5.0, 5.0, 0.0), (1.0, 1.0, -2.0), 50.0))
    np.testing.assert_allclose(unmoved.place_m, [5.0, 5.0, 0.0])


def test_aiming_is_from_where_the_lander_takes_itself_to_be() -> None:
    state = aim_at(init_descent(PLAN), reading(0.0, (120.0, -30.0, 0.0), (0, 0, 0), 100.0), (7.0, 2.0))
    assert state.target_m == (127.0, -28.0)
