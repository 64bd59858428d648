"""The lander's motion: laws of flight that hold whatever steers it."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rover.core.bodies import MOON_GM_M3_S2
from rover.io.lander import read_lander
from sim.mission.lander import (
    DescentFrame,
    LanderState,
    advance,
    at_ignition,
    attitude_of,
    axes_of,
    draw_sensors,
    sensed_place_m,
)
from sim.mission.lander_kernels import MASS, SIZE

LANDER = read_lander("chang-e-4").params
FRAME = DescentFrame(
    ground_radius_m=1_731_465.0, latitude_rad=math.radians(-45.4), azimuth_rad=math.radians(30.0)
)
UP = np.array([0.0, 0.0, 1.0])


def resting(up_m: float) -> LanderState:
    values = np.zeros(SIZE)
    values[2], values[6], values[MASS] = up_m, 1.0, 2000.0
    return LanderState(time_s=0.0, values=values)


def test_free_flight_keeps_its_energy_in_a_frame_that_turns() -> None:
    begin = np.array([0.0, 0.0, 15_000.0])
    state = at_ignition(LANDER, FRAME, begin, np.array([1690.0, 0.0, 0.0]))

    def jacobi(state: LanderState) -> float:
        """Jacobi's integral: energy less what the turning gives."""
        place = state.place_m + np.array([0.0, 0.0, FRAME.ground_radius_m])
        carried = np.cross(FRAME.turning_rad_s, place)
        return float(
            state.velocity_m_s @ state.velocity_m_s / 2
            - MOON_GM_M3_S2 / np.linalg.norm(place)
            - carried @ carried / 2
        )

    after = advance(state, UP, 0.0, 600.0, LANDER, FRAME)
    assert np.linalg.norm(after.place_m - state.place_m) > 900_000.0
    assert jacobi(after) == pytest.approx(jacobi(state), rel=1e-9)
    assert after.mass_kg == state.mass_kg


def test_an_orbit_against_the_stars_comes_round() -> None:
    """Its apolune, half a turn on, is where the vis-viva speed puts it."""
    low, high = FRAME.ground_radius_m + 15_000.0, FRAME.ground_radius_m + 105_000.0
    axis = (low + high) / 2
    speed = math.sqrt(MOON_GM_M3_S2 * (2 / low - 1 / axis))
    state = at_ignition(LANDER, FRAME, np.array([0.0, 0.0, 15_000.0]), np.array([speed, 0.0, 0.0]))
    half = math.pi * math.sqrt(axis**3 / MOON_GM_M3_S2)
    after = advance(state, UP, 0.0, round(half / 0.05) * 0.05, LANDER, FRAME)
    assert np.linalg.norm(after.place_m + np.array([0, 0, FRAME.ground_radius_m])) == pytest.approx(
        high, abs=5.0
    )


def test_burning_follows_the_rocket_equation() -> None:
    """Straight up, what gravity takes off again apart."""
    state = resting(5000.0)
    values = state.values.copy()
    values[14] = 7000.0
    state = LanderState(time_s=0.0, values=values)
    after = advance(state, UP, 7000.0, 10.0, LANDER, FRAME)
    assert state.mass_kg - after.mass_kg == pytest.approx(7000.0 / LANDER.engine.exhaust_m_s * 10.0, rel=1e-9)
    heights = (state.place_m[2], after.place_m[2])
    pull = np.mean([MOON_GM_M3_S2 / (FRAME.ground_radius_m + height) ** 2 for height in heights])
    gained = LANDER.engine.exhaust_m_s * math.log(state.mass_kg / after.mass_kg) - pull * 10.0
    assert after.velocity_m_s[2] == pytest.approx(gained, abs=2e-3)


def test_the_engine_keeps_within_its_bounds_and_stops_when_dry() -> None:
    state = resting(1000.0)
    hard = advance(state, UP, 99_000.0, 5.0, LANDER, FRAME)
    assert hard.thrust_n == pytest.approx(LANDER.engine.most_thrust_n, rel=1e-4)
    soft = advance(state, UP, 10.0, 5.0, LANDER, FRAME)
    assert soft.thrust_n == pytest.approx(LANDER.engine.least_thrust_n, rel=1e-4)
    values = state.values.copy()
    values[MASS] = LANDER.body.dry_mass_kg + 1.0
    dry = advance(LanderState(time_s=0.0, values=values), UP, 7000.0, 5.0, LANDER, FRAME)
    assert dry.thrust_n == 0.0
    assert dry.mass_kg == pytest.approx(LANDER.body.dry_mass_kg, abs=0.2)


def test_turning_keeps_within_its_rate_and_arrives() -> None:
    state = resting(50_000.0)
    aim = np.array([math.sin(1.2), 0.0, math.cos(1.2)])
    fastest, steps = 0.0, 0
    while math.acos(min(1.0, float(state.axes[2] @ aim))) > math.radians(0.2):
        state = advance(state, aim, 0.0, 0.5, LANDER, FRAME)
        fastest, steps = max(fastest, float(np.linalg.norm(state.values[10:13]))), steps + 1
        assert steps < 100
    assert math.degrees(fastest) == pytest.approx(LANDER.turning.rate_limit_deg_s, rel=0.02)
    assert steps * 0.5 > math.degrees(1.2) / LANDER.turning.rate_limit_deg_s


@pytest.mark.parametrize(
    "direction", [(0.0, 0.0, 1.0), (-1.0, 0.0, 0.01), (0.3, -0.4, 0.5), (0.6, 0.1, -0.2)]
)
def test_an_attitude_points_its_axis_and_keeps_its_hand(direction: tuple[float, float, float]) -> None:
    up = np.array(direction) / np.linalg.norm(direction)
    axes = axes_of(attitude_of(up))
    np.testing.assert_allclose(axes[2], up, atol=1e-12)
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(np.cross(axes[0], axes[1]), axes[2], atol=1e-12)
    assert axes[1, 1] > 0  # left stays left


@pytest.mark.parametrize("place", [(0.0, 0.0), (300.0, -20.0), (-45_000.0, 8000.0), (100_000.0, -470_000.0)])
def test_ground_and_axes_are_one_map(place: tuple[float, float]) -> None:
    point, axes = FRAME.axes_at(*place)
    np.testing.assert_allclose(FRAME.to_ground(point), [*place, 0.0], atol=1e-6)
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(FRAME.to_ground(point + 50.0 * axes[2]), [*place, 50.0], atol=1e-6)
    near = FRAME.to_ground(point + 10.0 * axes[0])
    shrunk = 1.0 + (math.hypot(*place) / FRAME.ground_radius_m) ** 2 / 6.0
    np.testing.assert_allclose(near[:2] - place, [10.0, 0.0], atol=1e-3 + 10.0 * (shrunk - 1.0) * 1.5)


def test_the_place_sensed_drifts_by_the_velocity_s_error() -> None:
    sensors = draw_sensors(LANDER, np.random.default_rng(3))
    state = resting(100.0)
    later = LanderState(time_s=50.0, values=state.values)
    np.testing.assert_allclose(
        sensed_place_m(later, sensors) - sensed_place_m(state, sensors),
        50.0 * sensors.velocity_m_s * [1, 1, 0],
        atol=1e-9,
    )
    drawn = np.array([draw_sensors(LANDER, np.random.default_rng(n)).place_m[:2] for n in range(400)])
    assert drawn.std() == pytest.approx(LANDER.navigation.position_m, rel=0.1)
