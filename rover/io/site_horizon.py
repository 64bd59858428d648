"""The far horizon of Chang'e 4's landing site, which comes with the package."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rover.io.bundle import maps_folder

BUNDLED = "von-karman/far_horizon.csv"


def read_site_horizon() -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return (n,) azimuths from true north and (n,) elevations of the horizon, radians."""
    azimuth_deg, elevation_deg = np.genfromtxt(maps_folder() / BUNDLED, delimiter=",", skip_header=2).T
    return np.radians(azimuth_deg), np.radians(elevation_deg)
