"""The halo orbit about the second Lagrange point of Earth and Moon that Queqiao was put on.

Circular restricted three-body problem in its usual units: the distance Earth-Moon is 1, the line between them turns by
1 rad in a unit of time. Rotating frame about the barycentre: x from Earth to Moon, z along the Moon's orbital
angular momentum; Earth at -`MASS_RATIO`, Moon at 1 - `MASS_RATIO`. States are x, y, z and their rates.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.integrate import solve_ivp
from scipy.interpolate import CubicSpline

Vector = npt.NDArray[np.float64]

MASS_RATIO = 0.0123000371 / 1.0123000371
"""The Moon's mass over that of both, from the ratio Moon/Earth of the IAU 2009 system of constants (Luzum et al. 2011,
doi:10.1007/s10569-011-9352-4)."""

AMPLITUDE = 13_000.0 / 384_400.0
"""Greatest |z|: Az = 13,000 km (Zhang L. 2021, doi:10.34133/2021/3471608, table 1) over the mean distance."""

START = (1.1797357214028, 0.0, -AMPLITUDE, 0.0, -0.1621495217053, 0.0)
"""State at the southernmost point, southern family; found by differential correction (a test derives it anew)."""

PERIOD_RAD = 3.4061390190188
"""Its period: the angle by which the line Earth-Moon turns meanwhile; 14.81 days in the mean (tested)."""

_SAMPLES = 1024
"""A cubic through so many is within 1e-10 of the integration, 4 cm (tested)."""


def motion(_time: float, state: npt.ArrayLike) -> Vector:
    """Return the rate of a state: the equations of motion (Szebehely 1967, Theory of Orbits, ch. 1)."""
    x, y, z, u, v, w = np.asarray(state, np.float64)
    earth = (1 - MASS_RATIO) / ((x + MASS_RATIO) ** 2 + y * y + z * z) ** 1.5
    moon = MASS_RATIO / ((x - 1 + MASS_RATIO) ** 2 + y * y + z * z) ** 1.5
    return np.array(
        [
            u,
            v,
            w,
            2 * v + x - earth * (x + MASS_RATIO) - moon * (x - 1 + MASS_RATIO),
            -2 * u + y - (earth + moon) * y,
            -(earth + moon) * z,
        ]
    )


def propagate(times: npt.ArrayLike) -> Vector:
    """Return (n, 6) states at (n,) times since `START`, which are not to decrease."""
    asked = np.asarray(times, np.float64)
    solution = solve_ivp(
        motion, (0.0, asked[-1]), START, method="DOP853", t_eval=asked, rtol=1e-13, atol=1e-14
    )
    return np.asarray(solution.y.T)


def halo_position(turns: npt.ArrayLike) -> Vector:
    """Return (n, 3) positions in the rotating frame at (n,) phases in turns since the southernmost point."""
    return np.asarray(_orbit()(np.asarray(turns, np.float64) % 1.0))


@cache
def _orbit() -> CubicSpline:
    """Return the positions as a periodic spline in turns, from one integration."""
    turns = np.linspace(0.0, 1.0, _SAMPLES + 1)
    positions = propagate(turns * PERIOD_RAD)[:, :3]
    positions[-1] = positions[0]  # they differ by what the integration does not close by
    return CubicSpline(turns, positions, bc_type="periodic")
