"""The Sun over a site's anchor, as cameras there take it."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from rover.core.time import Epoch
from rover.sky.events import find_edges
from rover.sky.sun import sun_from_moon
from sim.moon.site import SiteParams
from sim.sensors.camera import Sunlight


def sunlight_at(site: SiteParams, epoch: Epoch, time_s: float = 0.0) -> Sunlight:
    """Return the Sun at a site's anchor, azimuth from the ground's north.

    Args:
        site: With an anchor.
        epoch: From which the time counts.
        time_s: Of the picture.
    """
    assert site.anchor is not None
    place = site.anchor.latitude_deg, site.anchor.longitude_deg
    sun = sun_from_moon(math.radians(place[0]), math.radians(place[1]), *epoch.tt_at(time_s))
    return Sunlight(
        azimuth_rad=float(sun.azimuth_rad[0]) - site.grid_north_rad(*place),
        elevation_rad=float(sun.elevation_rad[0]),
        distance_m=float(sun.distance_m[0]),
    )


def sun_sinks_to(
    site: SiteParams, epoch: Epoch, elevation_rad: float, *, from_s: float, until_s: float
) -> float:
    """Return when the Sun falls through an elevation at a site's anchor within a span, NaN if it does not.

    Args:
        site: With an anchor.
        epoch: From which times count.
        elevation_rad: Of the Sun's centre.
        from_s, until_s: The span.
    """
    assert site.anchor is not None
    latitude, longitude = math.radians(site.anchor.latitude_deg), math.radians(site.anchor.longitude_deg)

    def above(time_s: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        return sun_from_moon(latitude, longitude, *epoch.tt_at(time_s)).elevation_rad >= elevation_rad

    falls = find_edges(above, from_s, until_s, step_s=7200.0).to(False)
    return float(falls[0]) if len(falls) else math.nan
