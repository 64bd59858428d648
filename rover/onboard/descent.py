"""The lander's guidance: from ignition to engine off, one decision each period.

Braking, approach, the descent to the hover and avoidance steer by the quartic of the Apollo descents (Klumpp 1974,
Automatica 10, 133; `rover.onboard.descent_plan.quartic_m_s2`) towards the state in which the next phase begins; the
attitude change takes off what velocity is left aside; hover and slow descent hold a place, and a height or a rate of
descent, by proportional and derivative terms. Frame: x ahead, y left, z up, from the landing site of the
plan; once braking is over, z is the height over the ground below, by the altimeter.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.grid import Dem
from rover.core.lander import LanderParams
from rover.onboard.descent_plan import BrakingPlan, gravity_m_s2, quartic_m_s2, turning_s
from rover.onboard.scan_match import moved_between

Floats = npt.NDArray[np.float64]

PERIOD_S, BRAKING_PERIOD_S = 0.5, 2.0
"""Of guidance, and while braking, as the Apollo descents had it."""

_HANDOVER_S = 3.0
"""A phase is left so long before its end, where it would divide what is left by next to nothing."""

_HOLD_PER_S2, _HOLD_PER_S = 0.06, 0.45
"""Gains on place and velocity of the phases that hold: damped, over some ten seconds."""

_RATE_PER_S = 0.8
"""Gain on the rate of descent."""

_TILT_PLANNED = 0.8
"""Share of the tilt's limit that diverts are planned with; the rest is for what goes wrong."""

_LEAST_DIVERT_S = 28.0
"""From the hover to the slow descent without any way aside."""


class Phase(StrEnum):
    """Of a powered descent, in order."""

    BRAKING = "braking"
    TURN = "attitude change"
    APPROACH = "approach"
    DROP = "descent to the hover"
    HOVER = "hover"
    DIVERT = "avoidance"
    FINAL = "slow descent"
    FALL = "engine off"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DescentReading:
    """What the lander believes of itself.

    Attributes:
        time_s: Since ignition.
        place_m, velocity_m_s: (3,) in the plan's frame.
        height_m: Over the ground below, by the altimeter.
        mass_kg: With what is left of the propellant.
    """

    time_s: float
    place_m: Floats
    velocity_m_s: Floats
    height_m: float
    mass_kg: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ThrustCommand:
    """What the engine is to do until the next one.

    Attributes:
        direction: (3,) unit vector of the thrust in the plan's frame.
        thrust_n: 0 turns the engine off.
    """

    direction: Floats
    thrust_n: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "direction", locked(self.direction, np.float64, (3,), "direction"))


@dataclass(frozen=True, slots=True, kw_only=True)
class DescentState:
    """Where in the descent the lander takes itself to be.

    Attributes:
        phase: Under way.
        began_s, ends_s: Of the phase; guidance's own end, before which it is handed over.
        target_m: Place that is come down on, ahead and left.
    """

    phase: Phase
    began_s: float
    ends_s: float
    target_m: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """By what the velocity is sensed wrong, as found from a time on.

    Attributes:
        ahead_m_s, left_m_s: Sensed less true.
        since_s: When it was found; the place is taken as right then.
    """

    ahead_m_s: float = 0.0
    left_m_s: float = 0.0
    since_s: float = 0.0

    def taken_off(self, reading: DescentReading) -> DescentReading:
        """Return what is sensed without the drift."""
        wrong = np.array([self.ahead_m_s, self.left_m_s, 0.0])
        return replace(
            reading,
            place_m=reading.place_m - wrong * (reading.time_s - self.since_s),
            velocity_m_s=reading.velocity_m_s - wrong,
        )


def drift_by_scans(
    first: Dem, before: DescentReading, second: Dem, after: DescentReading, params: LanderParams
) -> Drift:
    """Return the drift that two scans tell: how far the lander took itself to move, less how far the ground did.

    Args:
        first, second: Maps of the scans.
        before, after: What was sensed at each.
        params: The lander, whose velocities are known so well.
    """
    passed = after.time_s - before.time_s
    took = float(after.place_m[0] - before.place_m[0]), float(after.place_m[1] - before.place_m[1])
    sigma = max(params.navigation.velocity_m_s * passed, 1e-6)
    moved = moved_between(first, second, expected_m=took, sigma_m=sigma)
    return Drift(
        ahead_m_s=(took[0] - moved[0]) / passed,
        left_m_s=(took[1] - moved[1]) / passed,
        since_s=after.time_s,
    )


def period_s(state: DescentState) -> float:
    """Return how long a command holds."""
    return BRAKING_PERIOD_S if state.phase is Phase.BRAKING else PERIOD_S


def init_descent(plan: BrakingPlan) -> DescentState:
    """Return the state at ignition."""
    return DescentState(phase=Phase.BRAKING, began_s=0.0, ends_s=plan.duration_s, target_m=(0.0, 0.0))


def guide(
    state: DescentState,
    reading: DescentReading,
    plan: BrakingPlan,
    params: LanderParams,
    ground_radius_m: float,
) -> tuple[DescentState, ThrustCommand]:
    """Return the state, a phase further where one is over, and the command until the next period."""
    while _is_over(state, reading, params):
        state = _next(state, reading, params, ground_radius_m)
    return state, _command(state, reading, plan, params, ground_radius_m)


def aim_at(state: DescentState, reading: DescentReading, aside_m: tuple[float, float]) -> DescentState:
    """Return the state with the place come down on so far ahead and left of where the lander is."""
    return replace(
        state, target_m=(float(reading.place_m[0]) + aside_m[0], float(reading.place_m[1]) + aside_m[1])
    )


def drop_s(params: LanderParams) -> float:
    """Return how long the descent from the coarse look to the hover takes."""
    descent = params.descent
    return 2.0 * (descent.look_m - descent.hover_m) / descent.look_down_m_s


def coarse_reach_m(params: LanderParams, gravity: float) -> float:
    """Return how far aside the descent to the hover can lead: a quartic's greatest acceleration is its first."""
    return _tilted_m_s2(params, gravity) * drop_s(params) ** 2 / 12.0


def fine_reach_m(params: LanderParams, gravity: float, mass_kg: float) -> float:
    """Return how far aside avoidance can lead by what propellant there is.

    Of it, what the slow descent takes is kept, and a tenth of all that hovering would take until then.
    """
    descent = params.descent
    per_s = mass_kg * gravity / params.engine.exhaust_m_s
    final_s = (descent.divert_end_m - descent.engine_off_m) / descent.final_down_m_s
    left_s = max(0.0, 0.9 * (mass_kg - params.body.dry_mass_kg) / per_s - final_s)
    return _tilted_m_s2(params, gravity) * left_s**2 / 12.0


def divert_s(params: LanderParams, gravity: float, away_m: float) -> float:
    """Return how long avoidance takes that leads so far aside."""
    return max(_LEAST_DIVERT_S, math.sqrt(12.0 * away_m / _tilted_m_s2(params, gravity)))


def surface_gravity_m_s2(ground_radius_m: float) -> float:
    """Return the gravity at the landing site."""
    return float(-gravity_m_s2(np.zeros(3), ground_radius_m)[2])


def _tilted_m_s2(params: LanderParams, gravity: float) -> float:
    return _TILT_PLANNED * gravity * math.tan(params.descent.tilt_limit_rad)


def _is_over(state: DescentState, reading: DescentReading, params: LanderParams) -> bool:
    if state.phase in (Phase.BRAKING, Phase.TURN, Phase.APPROACH, Phase.DROP, Phase.DIVERT):
        return reading.time_s >= state.ends_s - _HANDOVER_S
    if state.phase is Phase.HOVER:
        return reading.time_s >= state.ends_s
    if state.phase is Phase.FINAL:
        # What is fallen until the next period is counted in.
        return bool(
            reading.height_m + reading.velocity_m_s[2] * PERIOD_S / 2.0 <= params.descent.engine_off_m
        )
    return False


def _next(
    state: DescentState, reading: DescentReading, params: LanderParams, ground_radius_m: float
) -> DescentState:
    """Return the state at the beginning of the next phase."""
    descent, now = params.descent, reading.time_s
    phase = list(Phase)[list(Phase).index(state.phase) + 1]
    gravity = surface_gravity_m_s2(ground_radius_m)
    away = math.dist(state.target_m, reading.place_m[:2])
    lasts = {
        Phase.TURN: turning_s(params) + _HANDOVER_S,
        Phase.APPROACH: 2.0
        * max(reading.height_m - descent.look_m, 1.0)
        / (descent.look_down_m_s + descent.upright_down_m_s),
        Phase.DROP: drop_s(params),
        Phase.HOVER: descent.hover_s,
        Phase.DIVERT: divert_s(params, gravity, away),
    }
    return replace(state, phase=phase, began_s=now, ends_s=now + lasts.get(phase, math.inf))


def _command(
    state: DescentState,
    reading: DescentReading,
    plan: BrakingPlan,
    params: LanderParams,
    ground_radius_m: float,
) -> ThrustCommand:
    up = np.array([0.0, 0.0, 1.0])
    if state.phase is Phase.FALL:
        return ThrustCommand(direction=up, thrust_n=0.0)
    wanted = _acceleration(state, reading, plan, params)
    thrust = wanted - gravity_m_s2(reading.place_m, ground_radius_m)
    if state.phase not in (Phase.BRAKING, Phase.TURN):
        thrust = _held_upright(thrust, params.descent.tilt_limit_rad)
    size = float(np.linalg.norm(thrust))
    engine = params.engine
    force = min(max(reading.mass_kg * size, engine.least_thrust_n), engine.most_thrust_n)
    return ThrustCommand(direction=thrust / size if size > 0.0 else up, thrust_n=force)


def _held_upright(thrust: Floats, tilt_limit_rad: float) -> Floats:
    """Return a thrust that leans no more than it may; one that points down is level, and as small as can be."""
    vertical = max(float(thrust[2]), 1e-3)
    level = float(np.hypot(thrust[0], thrust[1]))
    most = vertical * math.tan(tilt_limit_rad)
    share = min(1.0, most / level) if level > 0.0 else 1.0
    return np.array([thrust[0] * share, thrust[1] * share, vertical])


def _acceleration(
    state: DescentState, reading: DescentReading, plan: BrakingPlan, params: LanderParams
) -> Floats:
    """Return (3,) the acceleration that the lander should have."""
    descent = params.descent
    left_s = max(state.ends_s - reading.time_s, period_s(state))
    if state.phase is Phase.BRAKING:
        return quartic_m_s2(
            reading.place_m, reading.velocity_m_s, plan.end_m, plan.end_m_s, plan.end_m_s2, left_s
        )
    place = np.array([reading.place_m[0], reading.place_m[1], reading.height_m])
    if state.phase is Phase.TURN:
        # Velocity alone, by an acceleration that falls off to nothing: so the lander stands upright at the end.
        end_m_s = np.array([0.0, 0.0, -descent.upright_down_m_s])
        return np.asarray(2.0 * (end_m_s - reading.velocity_m_s) / left_s)
    if state.phase in (Phase.HOVER, Phase.FINAL):
        return _holding(
            state, reading, place, descent.hover_m if state.phase is Phase.HOVER else None, params
        )
    down, height, rise = {
        Phase.APPROACH: (descent.look_down_m_s, descent.look_m, 0.0),
        Phase.DROP: (
            0.0,
            descent.hover_m,
            descent.look_down_m_s**2 / 2.0 / (descent.look_m - descent.hover_m),
        ),
        Phase.DIVERT: (descent.final_down_m_s, descent.divert_end_m, 0.0),
    }[state.phase]
    end_m = np.array([*state.target_m, height])
    return quartic_m_s2(
        place, reading.velocity_m_s, end_m, np.array([0.0, 0.0, -down]), np.array([0.0, 0.0, rise]), left_s
    )


def _holding(
    state: DescentState, reading: DescentReading, place: Floats, height_m: float | None, params: LanderParams
) -> Floats:
    """Return the acceleration that holds a place, and a height or else the rate of the slow descent."""
    away = np.array([*state.target_m]) - place[:2]
    level = _HOLD_PER_S2 * away - _HOLD_PER_S * reading.velocity_m_s[:2]
    if height_m is None:
        rise = _RATE_PER_S * (-params.descent.final_down_m_s - reading.velocity_m_s[2])
    else:
        rise = _HOLD_PER_S2 * (height_m - place[2]) - _HOLD_PER_S * reading.velocity_m_s[2]
    return np.array([level[0], level[1], rise])
