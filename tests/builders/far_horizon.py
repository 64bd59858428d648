"""Make maps/von-karman/far_horizon.csv from the measured region: `python tests/builders/far_horizon.py`.

It needs `FARSIDE_REFERENCE`.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rover.io.reproject import reproject_around, reproject_dem
from rover.io.site_horizon import BUNDLED
from rover.terrain.horizon import trace_horizon

LANDER_DEG = -45.457, 177.588
"""In the frame of LRO's maps, of which GLD100 is one (Liu et al. 2019)."""
LANDER_M = -5935.0
AZIMUTHS = 72
SOURCE = (
    "# horizon of the Chang'e 4 landing site, azimuth from true north; LROC WAC GLD100 (Scholten et al. 2012), 474 m"
    " posts, seen over level ground at -5935 m; within 2.5 km none of the ground is taken"
)


def far_horizon_deg(reference: Path) -> npt.NDArray[np.float64]:
    """Return (AZIMUTHS,) elevations of the horizon at the lander, over what lies beyond 2.5 km."""
    region = reference / "dem" / "vonkarman_region_gld100_64ppd.tif"
    latitude, longitude = LANDER_DEG
    window = reproject_dem(
        region, latitude_deg=latitude, longitude_deg=longitude, size_m=5000.0, resolution_m=100.0
    )
    near = replace(window, elevation_m=np.zeros(window.geometry.shape, np.float32), datum_m=LANDER_M)
    far = reproject_around(region, near.geometry, reach_m=200_000.0)
    horizon = trace_horizon(near, azimuths=AZIMUTHS, far_dem=far, window=(25, 26, 25, 26))
    return np.degrees([float(horizon.elevation_rad(k)[0, 0]) for k in range(AZIMUTHS)])


def main() -> None:
    elevations = far_horizon_deg(Path(os.environ["FARSIDE_REFERENCE"]))
    lines = [SOURCE, "azimuth_deg,elevation_deg"]
    lines += [f"{k * 360 / AZIMUTHS:g},{elevation:.3f}" for k, elevation in enumerate(elevations)]
    target = Path(__file__).parents[2] / "maps" / BUNDLED
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
