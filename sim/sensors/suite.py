"""What the rover's senses report of the world: heights around it, tilt, charge."""

from __future__ import annotations

import math

import numpy as np

from rover.core.boundary import Observation
from rover.core.grid import Dem, GridGeometry, Site
from rover.core.vehicle import VehicleParams
from sim.moon.ground import Ground


class SensorSuite:
    """The senses of one rover, with their own stream of noise."""

    def __init__(
        self,
        ground: Ground,
        vehicle: VehicleParams,
        site: Site,
        *,
        generator: np.random.Generator,
        sees_heights: bool = True,
    ) -> None:
        self._ground = ground
        self._vehicle = vehicle
        self._site = site
        self._generator = generator
        self._sees_heights = sees_heights

    def observe(
        self,
        *,
        time_s: float,
        east_m: float,
        north_m: float,
        yaw_rad: float,
        pitch_rad: float,
        roll_rad: float,
        soc: float,
        array_w: float,
        stalled: bool,
        looking: bool,
        body_k: float = math.nan,
    ) -> Observation:
        """Return what is sensed at a moment; heights only when `looking`. Place and heading are exact so far."""
        noise = self._generator.normal(0.0, math.radians(self._vehicle.tilt_noise_deg), 2)
        return Observation(
            time_s=time_s,
            east_m=east_m,
            north_m=north_m,
            yaw_rad=yaw_rad,
            pitch_rad=pitch_rad + float(noise[0]),
            roll_rad=roll_rad + float(noise[1]),
            soc=soc,
            array_w=array_w,
            stalled=stalled,
            body_k=body_k,
            heights=self._heights(east_m, north_m) if looking and self._sees_heights else None,
        )

    def _heights(self, east_m: float, north_m: float) -> Dem:
        """Return the ground within the sensing range, with noise; NaN beyond it."""
        reach = self._vehicle.sensing_range_m
        patch = self._ground.patch(east_m, north_m, reach)
        height = np.array(patch.elevation_m)
        height += self._generator.normal(0.0, self._vehicle.height_noise_m, height.shape)
        north = patch.north_m + np.arange(height.shape[0]) * patch.resolution_m
        east = patch.east_m + np.arange(height.shape[1]) * patch.resolution_m
        beyond = np.hypot(north[:, None] - north_m, east[None, :] - east_m) > reach
        height[beyond] = np.nan
        geometry = GridGeometry(
            rows=height.shape[0],
            cols=height.shape[1],
            resolution_m=patch.resolution_m,
            east_m=patch.east_m,
            north_m=patch.north_m,
            site=self._site,
        )
        return Dem(
            geometry=geometry, elevation_m=height, datum_m=self._ground.datum_m, source="navigation stereo"
        )
