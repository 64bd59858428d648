"""Temperature of the ground: row 27."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from rover.core.time import SYNODIC_MONTH_S
from sim.physics.regolith_heat import STEP_S, Sunlight, settled, stages_s, warm
from sim.run.regolith_heat import read_regolith_heat
from sim.run.scenario_ground import load_site
from sim.validation.place import LANDING_RAD

_FLUX_W_M2 = 1361.0
"""At 1 au (Kopp and Lean 2011, GRL 38)."""
_AFTERNOON_H, _DAWN_H = 14.583, 5.9


def surface() -> Iterator[tuple[str, float]]:
    """Row 27: level ground of the landing site over an equinoctial day from noon to noon."""
    params = read_regolith_heat(load_site("von-karman").regolith_heat)
    light = _daylight(STEP_S)
    surface_k = warm(settled(_daylight(2 * STEP_S), params), light, params).surface_k
    hour = np.arange(1, len(surface_k) + 1) / len(surface_k) * 24.0
    for key, at_h in (("surface_afternoon_k", _AFTERNOON_H), ("surface_dawn_k", _DAWN_H)):
        yield key, float(np.interp((at_h - 12.0) % 24.0, hour, surface_k))


def _daylight(step_s: float) -> Sunlight:
    steps = round(SYNODIC_MONTH_S / step_s)
    step_s = SYNODIC_MONTH_S / steps
    turn = 2 * math.pi * stages_s(0.0, SYNODIC_MONTH_S, step_s) / SYNODIC_MONTH_S
    height = math.cos(LANDING_RAD[0]) * np.cos(turn)
    return Sunlight(step_s=step_s, sin_elevation=height, flux_w_m2=np.where(height > 0, _FLUX_W_M2, 0.0))
