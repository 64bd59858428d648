"""The chance that pitch or roll breaks its limit at a heading where the grades are known with a Gaussian error.

Along and across are the components of the ground's grade on and to the left of the heading. The pitch breaks its limit
where the grade along is beyond the steepest climb or descent; the roll where the tangent of the roll,
`across / sqrt(1 + along^2)`, is beyond that of its limit.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

Floats = npt.NDArray[np.float64]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(32)

FAR_SIGMAS = 7.5
"""What is further away than so many standard deviations does not happen: 3e-14."""

_AT_ONCE = 1 << 15


def breaking_chance(
    along: npt.ArrayLike,
    across: npt.ArrayLike,
    *,
    climb: float,
    descent: float,
    roll: float,
    sigma: float,
) -> Floats:
    """Return the chance that a limit is broken by a true grade that is the measured one and an error.

    The two components of the error are independent and have one standard deviation, as those of an isotropic error
    have at one place. Integrated over the grade along the heading by 32 Gauss points, to 1e-9.

    Args:
        along, across: (...) measured grades on and to the left of the heading; NaN breaks a limit for certain.
        climb, descent: Steepest grade up and down, both positive.
        roll: Tangent of the greatest roll.
        sigma: Standard deviation of either component, positive.
    """
    on, off = np.broadcast_arrays(np.asarray(along, np.float64), np.abs(np.asarray(across, np.float64)))
    flat_on, flat_off = on.ravel(), off.ravel()
    chance = np.ones(flat_on.shape)
    reach = FAR_SIGMAS * sigma
    chance[(flat_on + reach < climb) & (-flat_on + reach < descent) & (flat_off + reach < roll)] = 0.0
    # Where the roll is surely broken the chance stays 1; its limit grows with the grade along the heading.
    steepest = math.hypot(1.0, max(climb, descent))
    open_ = (flat_on - reach < climb) & (-flat_on - reach < descent) & (flat_off - reach < roll * steepest)
    asked = np.flatnonzero((chance > 0.0) & open_)
    for first in range(0, len(asked), _AT_ONCE):
        part = asked[first : first + _AT_ONCE]
        chance[part] = _integrated(flat_on[part], flat_off[part], climb, descent, roll, sigma)
    return chance.reshape(on.shape)


def _integrated(
    along: Floats, across: Floats, climb: float, descent: float, roll: float, sigma: float
) -> Floats:
    """Return 1 less the chance that both components keep to their limits."""
    low = np.maximum(-descent, along - FAR_SIGMAS * sigma)
    high = np.minimum(climb, along + FAR_SIGMAS * sigma)
    half = np.maximum(high - low, 0.0)[:, None] / 2
    grade = (low + np.maximum(high, low))[:, None] / 2 + half * _NODES
    density = np.exp(-(((grade - along[:, None]) / sigma) ** 2) / 2) / (sigma * math.sqrt(2 * math.pi))
    most = roll * np.sqrt(1.0 + grade * grade)
    kept = ndtr((most - across[:, None]) / sigma) - ndtr((-most - across[:, None]) / sigma)
    return np.asarray(np.clip(1.0 - (half * _WEIGHTS * density * kept).sum(axis=1), 0.0, 1.0))
