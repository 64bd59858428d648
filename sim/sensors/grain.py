"""Grain: relief of the ground below the scale of its cells, to millimetres, by place.

A raster says nothing of what is finer than it. What pictures of the ground show there, clods and dimples, is made as a
sum of octaves of noise whose slopes follow a power law, as those of the undisturbed regolith in Apollo's stereo
close-ups do (Helfenstein and Shepard 1999, Icarus 141, 107).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

LONGEST_M = 0.64
SHORTEST_M = 0.004
"""Longer wavelengths are the site's own relief; shorter ones no camera of a rover tells apart."""

_REFERENCE_M = 0.1
_TURN_RAD = 2.399963
"""Golden angle: no two octaves have lattices along the same lines."""

_SLOPE_OF_NOISE = 0.86385
"""Rms slope along an axis of the kernel's noise, whose lattice has a pitch of one and values of variance 1/3.

The root of E[q'^2] 2/3 E[(1 - q)^2 + q^2], for the quintic q that joins the values.
"""


def octaves(slope_deg: float, hurst: float) -> npt.NDArray[np.float64]:
    """Return (n, 4) wavelength, cosine and sine of the turn of its lattice, and height, for the kernels.

    Args:
        slope_deg: Rms slope along one direction of the octave of 0.1 m.
        hurst: Exponent by which heights grow with wavelength, 0 to 1; slopes grow by it less one.
    """
    count = round(math.log2(LONGEST_M / SHORTEST_M)) + 1
    rows = []
    for n in range(count):
        length = LONGEST_M * 2.0**-n
        slope = math.tan(math.radians(slope_deg)) * (length / _REFERENCE_M) ** (hurst - 1.0)
        turn = n * _TURN_RAD
        rows.append((length, math.cos(turn), math.sin(turn), slope * length / _SLOPE_OF_NOISE))
    return np.array(rows if slope_deg > 0 else [], dtype=np.float64).reshape(-1, 4)
