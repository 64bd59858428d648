"""The Sun over a site's anchor, as cameras there take it."""

from __future__ import annotations

import math

from rover.core.time import Epoch
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
