"""Where the powered descent begins and how it brakes: the flight plan that the lander is given.

The braking phase follows the quartic of the Apollo descents (Klumpp 1974, Automatica 10, 133): acceleration quadratic
in time, so that place, velocity and acceleration at its end are what they should be. Its duration, the distance flown
and the acceleration at its end are free, and chosen to burn least within the engine's thrust.

Frame: x ahead along the ground, y left, z up, from the landing site; straight axes, so that the ground falls away.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from rover.core.arrays import locked
from rover.core.bodies import MOON, MOON_GM_M3_S2
from rover.core.lander import LanderParams

Floats = npt.NDArray[np.float64]

_NODES = 65
_FIRST_GUESS = (480.0, 420.0, -4.0, 1.5)
"""Seconds, kilometres, m/s2 ahead and up: near the answer for thrust of a quarter of the weight on Earth."""

_OUT_PRICE_KG = 1e5
"""For the square of the share by which a thrust is out of bounds, or a height over that of ignition: never worth it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BrakingPlan:
    """What the lander is told of its braking.

    Attributes:
        begin_m, begin_m_s: (3,) place and velocity at ignition.
        end_m, end_m_s, end_m_s2: (3,) place, velocity and acceleration at the end.
        duration_s: Between the two.
        arc_m: Flown over the ground until the end.
        propellant_kg: Burnt if nothing goes wrong.
    """

    begin_m: Floats
    begin_m_s: Floats
    end_m: Floats
    end_m_s: Floats
    end_m_s2: Floats
    duration_s: float
    arc_m: float
    propellant_kg: float

    def __post_init__(self) -> None:
        for name in ("begin_m", "begin_m_s", "end_m", "end_m_s", "end_m_s2"):
            object.__setattr__(self, name, locked(getattr(self, name), np.float64, (3,), name))


def gravity_m_s2(place_m: Floats, ground_radius_m: float) -> Floats:
    """Return (..., 3) acceleration by a round Moon at (..., 3) places in the plan's frame."""
    from_centre = place_m + np.array([0.0, 0.0, ground_radius_m])
    distance = np.linalg.norm(from_centre, axis=-1, keepdims=True)
    return np.asarray(-MOON_GM_M3_S2 * from_centre / distance**3)


def quartic_m_s2(
    place_m: Floats, velocity_m_s: Floats, end_m: Floats, end_m_s: Floats, end_m_s2: Floats, left_s: float
) -> Floats:
    """Return (3,) acceleration now that leads to an end state after `left_s`: Klumpp 1974, equation for A."""
    return np.asarray(
        12.0 * (end_m - place_m) / left_s**2 - 6.0 * (end_m_s + velocity_m_s) / left_s + end_m_s2
    )


@lru_cache(maxsize=8)
def plan_braking(params: LanderParams, ground_radius_m: float) -> BrakingPlan:
    """Return the braking that burns least within the engine's bounds.

    Args:
        params: The lander.
        ground_radius_m: From the Moon's centre to the landing site.
    """

    def price(free: Floats) -> float:
        if not (free[0] > 60.0 and free[1] > 10.0):
            return math.inf
        mass, thrust, height = _burn(_plan_of(free, params, ground_radius_m), params, ground_radius_m)
        engine = params.engine
        most = engine.most_thrust_n * params.descent.thrust_share
        out = np.maximum(thrust / most - 1.0, 0.0) + np.maximum(1.0 - thrust / engine.least_thrust_n, 0.0)
        over = np.maximum(height / params.descent.perilune_m - 1.0, 0.0)
        return float(params.body.ignition_mass_kg - mass[-1] + _OUT_PRICE_KG * np.mean(out**2 + over**2))

    free = np.array(_FIRST_GUESS)
    for _ in range(3):  # a simplex that has shrunk too soon begins anew
        free = minimize(
            price, free, method="Nelder-Mead", options={"xatol": 1e-4, "fatol": 1e-4, "maxiter": 2000}
        ).x
    plan = _plan_of(free, params, ground_radius_m)
    mass, _, _ = _burn(plan, params, ground_radius_m)
    return BrakingPlan(
        **{name: getattr(plan, name) for name in BrakingPlan.__slots__ if name != "propellant_kg"},
        propellant_kg=float(params.body.ignition_mass_kg - mass[-1]),
    )


def perilune_speed_m_s(params: LanderParams, ground_radius_m: float) -> float:
    """Return the speed at the lowest point of the orbit (vis-viva)."""
    low, high = ground_radius_m + params.descent.perilune_m, MOON.radius_m + params.descent.apolune_m
    return math.sqrt(MOON_GM_M3_S2 * (2.0 / low - 2.0 / (low + high)))


def _plan_of(free: Floats, params: LanderParams, ground_radius_m: float) -> BrakingPlan:
    """Return the plan of a duration (s), an arc (km) and an acceleration at the end, ahead and up."""
    duration, arc = float(free[0]), float(free[1]) * 1000.0
    descent = params.descent
    begin_m, level, _ = place_over(-arc, descent.perilune_m, ground_radius_m)
    # Taken off while the lander turns upright, ever more slowly: a third of it in the mean.
    turn_s = turning_s(params)
    short_m = descent.braking_end_level_m_s * turn_s / 3.0
    return BrakingPlan(
        begin_m=begin_m,
        begin_m_s=level * perilune_speed_m_s(params, ground_radius_m),
        end_m=np.array([-short_m, 0.0, descent.braking_end_m]),
        end_m_s=np.array([descent.braking_end_level_m_s, 0.0, -descent.braking_end_down_m_s]),
        end_m_s2=np.array([free[2], 0.0, free[3]]),
        duration_s=duration,
        arc_m=arc,
        propellant_kg=0.0,
    )


def turning_s(params: LanderParams) -> float:
    """Return how long the lander takes from the end of braking until it is to stand upright."""
    descent = params.descent
    mean_m_s = 0.5 * (descent.braking_end_down_m_s + descent.upright_down_m_s)
    return (descent.braking_end_m - descent.upright_m) / mean_m_s


def place_over(along_m: float, height_m: float, ground_radius_m: float) -> tuple[Floats, Floats, Floats]:
    """Return place, level direction ahead and upward direction so far along the ground, at a height over it."""
    angle = along_m / ground_radius_m
    up = np.array([math.sin(angle), 0.0, math.cos(angle)])
    level = np.array([math.cos(angle), 0.0, -math.sin(angle)])
    return up * (ground_radius_m + height_m) - np.array([0.0, 0.0, ground_radius_m]), level, up


def _burn(plan: BrakingPlan, params: LanderParams, ground_radius_m: float) -> tuple[Floats, Floats, Floats]:
    """Return (n,) mass, thrust and height over the site's sphere of a planned braking, the Moon not turning."""
    total = plan.duration_s
    time = np.linspace(0.0, total, _NODES)
    first = quartic_m_s2(plan.begin_m, plan.begin_m_s, plan.end_m, plan.end_m_s, plan.end_m_s2, total)
    # Acceleration is first + slope t + bend t^2, with what is left to satisfy the end's velocity and acceleration.
    change = plan.end_m_s - plan.begin_m_s
    bend = 3.0 * ((first + plan.end_m_s2) * total / 2.0 - change) / total**3 * 2.0
    slope = (plan.end_m_s2 - first) / total - bend * total
    t = time[:, None]
    acceleration = first + slope * t + bend * t**2
    place = plan.begin_m + plan.begin_m_s * t + first * t**2 / 2 + slope * t**3 / 6 + bend * t**4 / 12
    needed = np.linalg.norm(acceleration - gravity_m_s2(place, ground_radius_m), axis=1)
    steps = 0.5 * (needed[1:] + needed[:-1]) * np.diff(time)
    spent = np.concatenate([[0.0], np.cumsum(steps)])
    mass = params.body.ignition_mass_kg * np.exp(-spent / params.engine.exhaust_m_s)
    height = np.linalg.norm(place + np.array([0.0, 0.0, ground_radius_m]), axis=1) - ground_radius_m
    return mass, mass * needed, height
