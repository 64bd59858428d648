"""How the ground reflects light: the law of Lommel and Seeliger with a phase function of Hapke's form."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from sim.moon.optics import OpticsParams

_TABLE = 2048


def phase(optics: OpticsParams, angle_rad: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the phase function f(angle), 1 at zero: I/F = 2 A mu0 / (mu0 + mu) f, A being the normal albedo.

    The particles' two lobes of Henyey and Greenstein and the opposition surge by hidden shadows, of shares and width
    as the site has them (Hapke 2012, Theory of Reflectance and Emittance Spectroscopy, chapters 6 and 9). Light
    scattered more than once is left out: of ground this dark it is a few per cent.
    """
    angle = np.asarray(angle_rad, dtype=np.float64)
    return _unscaled(optics, angle) / _unscaled(optics, np.zeros(()))


def _unscaled(optics: OpticsParams, angle: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    b, c, cosine = optics.phase_b, optics.phase_c, np.cos(angle)
    back = (1.0 - b * b) / (1.0 - 2.0 * b * cosine + b * b) ** 1.5
    forth = (1.0 - b * b) / (1.0 + 2.0 * b * cosine + b * b) ** 1.5
    surge = optics.surge / (1.0 + np.tan(np.minimum(angle, 3.14) / 2.0) / optics.surge_width)
    return np.asarray((0.5 * (1.0 + c) * back + 0.5 * (1.0 - c) * forth) * (1.0 + surge))


def phase_table(optics: OpticsParams) -> npt.NDArray[np.float64]:
    """Return the phase function at evenly spaced sines of half the phase angle, for the kernels."""
    half_sine = np.linspace(0.0, 1.0, _TABLE)
    return phase(optics, 2.0 * np.arcsin(half_sine))
