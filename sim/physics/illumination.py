"""Sun, shadow, reflection and glow over a place of the world's ground, by time."""

from __future__ import annotations

from dataclasses import dataclass

from rover.core.grid import Dem
from rover.sky.almanac import Almanac, Sun
from sim.physics.exposure import Exposure, sun_direction, sun_flux_w_m2
from sim.physics.ground_heat import GroundHeat
from sim.physics.light import FarGround, lit_fraction, skyline_rad
from sim.physics.regolith_heat import RegolithHeatParams

LOWEST_SKYLINE_RAD = 0.1
"""The Sun is never seen further below the level plane than this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shine:
    """What shines at a place and time.

    Attributes:
        sun: Where the Sun is.
        lit: Share of its disc in view.
        ground_k: Temperature of the ground's surface.
        exposure: All that follows for what stands there.
    """

    sun: Sun
    lit: float
    ground_k: float
    exposure: Exposure


class Illumination:
    """The Sun of an almanac over the world's ground, near and far, and that ground's temperature."""

    def __init__(
        self, shadows: Dem, far: FarGround | None, sky: Almanac, regolith: RegolithHeatParams
    ) -> None:
        """Take up ground and Sun.

        Args:
            shadows: What may stand before the Sun.
            far: Coarser ground beyond it, None where there is none.
            sky: The Sun.
            regolith: How the ground warms.
        """
        self._shadows = shadows
        self._far = far
        self._sky = sky
        skyline = None if far is None else (lambda azimuth_rad: skyline_rad(shadows, far, azimuth_rad))
        self._ground = GroundHeat(regolith, sky.suns, from_s=0.0, skyline=skyline)

    def at(self, time_s: float, sun: Sun, *, east_m: float, north_m: float, height_m: float) -> Shine:
        """Return what shines on a point that stands `height_m` over the datum of the near ground, the Sun given."""
        direction = sun_direction(sun.azimuth_rad, sun.elevation_rad)
        lit = 0.0
        if sun.elevation_rad > -LOWEST_SKYLINE_RAD:
            lit = lit_fraction(
                self._shadows,
                east_m=east_m,
                north_m=north_m,
                height_m=height_m,
                azimuth_rad=sun.azimuth_rad,
                elevation_rad=sun.elevation_rad,
                sun_distance_m=sun.distance_m,
                far=self._far,
            )
        flux_w_m2 = sun_flux_w_m2(sun.distance_m) * lit
        ground_k = self._ground.surface_k(time_s)
        exposure = Exposure(
            sun_direction=direction,
            flux_w_m2=flux_w_m2,
            reflected_w_m2=self._ground.reflected_w_m2(float(direction[2]), flux_w_m2),
            infrared_w_m2=self._ground.infrared_w_m2(ground_k),
        )
        return Shine(sun=sun, lit=lit, ground_k=ground_k, exposure=exposure)
