"""Stresses under a rigid wheel on deformable soil, integrated over its contact."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from rover.core.jit import kernel

COHESION, TAN_FRICTION, STIFFNESS, EXPONENT, EXPONENT_SLIP, SHEAR_M, PEAK, PEAK_SLIP, EXIT, WEIGHT = range(10)
"""Columns of a soil: Pa, 1, Pa/m^n, n0, n1, m, a0, a1, ratio of exit to entry depth, N/m3."""
SOIL_FIGURES = 10

RADIUS, WIDTH, SHEAR_RADIUS = range(3)
"""Columns of a wheel, all in metres."""
WHEEL_FIGURES = 3

SINKAGE, PULL, SIDE, TORQUE = range(4)
"""Columns of what a wheel does: m, N, N, N m."""
OUTCOMES = 4

MOST_SINKAGE = 0.9
"""Of the radius: a wheel that bears its load no sooner has sunk to its hub."""

_FIRST_SINKAGE = 0.01
"""Of the radius: where the search for the sinkage begins."""

_LEAST_ROLL = 1e-3
"""Of the travel: a wheel that turns less is locked."""

_TOLERANCE = 1e-10


@kernel
def wheel_on_soil(
    wheel: npt.NDArray[np.float64],
    soil: npt.NDArray[np.float64],
    load: float,
    slip: float,
    lateral: float,
    nodes: npt.NDArray[np.float64],
    weights: npt.NDArray[np.float64],
    out: npt.NDArray[np.float64],
) -> None:
    """Set `out` (OUTCOMES,) to the sinkage at which the soil bears the load, and to the forces there.

    Args:
        wheel: (WHEEL_FIGURES,).
        soil: (SOIL_FIGURES,).
        load: Normal to the ground, N, above 0.
        slip: -1 to 1.
        lateral: Speed across over the larger of rim speed and speed along, 0 or more.
        nodes, weights: Gauss-Legendre quadrature on -1 to 1.
        out: Set.
    """
    hub = MOST_SINKAGE * wheel[RADIUS]
    low, over_low = 0.0, -load
    high = _FIRST_SINKAGE * wheel[RADIUS]
    _integrate(wheel, soil, high, slip, lateral, nodes, weights, out)
    while not out[0] > load:  # from above there may be no bearing: a deep wheel that skids is pulled down
        if high >= hub:
            out[SINKAGE] = hub
            return
        low, over_low = high, out[0] - load
        high = min(2.0 * high, hub)
        _integrate(wheel, soil, high, slip, lateral, nodes, weights, out)
    over_high = out[0] - load
    sunk = high
    side = 0
    for _ in range(100):
        # Regula falsi with the Illinois weighting, which keeps the bracket.
        sunk = (low * over_high - high * over_low) / (over_high - over_low)
        _integrate(wheel, soil, sunk, slip, lateral, nodes, weights, out)
        over = out[0] - load
        if abs(over) <= _TOLERANCE * load or high - low <= 1e-13:
            break
        if over > 0.0:
            high, over_high = sunk, over
            if side == 1:
                over_low *= 0.5
            side = 1
        else:
            low, over_low = sunk, over
            if side == -1:
                over_high *= 0.5
            side = -1
    out[SINKAGE] = sunk


@kernel
def _integrate(wheel, soil, sunk, slip, lateral, nodes, weights, out):  # type: ignore[no-untyped-def]
    """Set `out` to the force upwards, the pull, the side force and the torque at a sinkage."""
    radius = wheel[RADIUS]
    entry = math.acos(1.0 - sunk / radius)
    leave = -math.acos(1.0 - soil[EXIT] * sunk / radius)
    peak = min(soil[PEAK] + soil[PEAK_SLIP] * abs(slip), 0.9) * entry
    roll = 1.0 if slip >= 0.0 else 1.0 / max(1.0 + slip, _LEAST_ROLL)
    # Per radian that the wheel turns, the ground goes back by `along` and the wheel sideways by `across`.
    along = radius * (1.0 - slip) if slip >= 0.0 else radius * roll
    across = radius * lateral * roll
    exponent = soil[EXPONENT] + soil[EXPONENT_SLIP] * abs(slip)
    up = pull = side = torque = 0.0
    held = 0.0
    for part in range(2):
        first = leave if part == 0 else peak
        last = peak if part == 0 else entry
        half, middle = 0.5 * (last - first), 0.5 * (last + first)
        for k in range(nodes.shape[0]):
            angle = middle + half * nodes[k]
            like = angle if part == 1 else entry - (angle - leave) / (peak - leave) * (entry - peak)
            depth = radius * (math.cos(like) - math.cos(entry))
            normal = soil[STIFFNESS] * max(depth, 0.0) ** exponent
            turned = entry - angle
            shift = wheel[SHEAR_RADIUS] * turned - along * (math.sin(entry) - math.sin(angle))
            aside = across * turned
            whole = math.sqrt(shift * shift + aside * aside)
            strength = soil[COHESION] + normal * soil[TAN_FRICTION]
            mobilised = -math.expm1(-whole / soil[SHEAR_M])
            shear = strength * mobilised * shift / whole if whole > 0.0 else 0.0
            share = half * weights[k]
            up += share * (shear * math.sin(angle) + normal * math.cos(angle))
            pull += share * (shear * math.cos(angle) - normal * math.sin(angle))
            torque += share * shear
            if whole > 0.0:
                side += share * strength * mobilised * aside / whole
            held += share * (1.0 - math.exp(-aside / soil[SHEAR_M]))
    area = radius * wheel[WIDTH]
    out[0] = area * up
    out[PULL] = area * pull
    out[SIDE] = area * side + _wall(soil, sunk) * radius * held
    out[TORQUE] = area * wheel[SHEAR_RADIUS] * torque


@kernel
def _wall(soil, sunk):  # type: ignore[no-untyped-def]
    """Return the passive pressure of soil on a wheel's sunk side, N per metre of its length, by Rankine."""
    tangent = soil[TAN_FRICTION]
    # tan(45 deg + friction / 2) without inverse functions.
    steep = tangent + math.sqrt(1.0 + tangent * tangent)
    return 2.0 * soil[COHESION] * steep * sunk + 0.5 * soil[WEIGHT] * steep * steep * sunk * sunk
