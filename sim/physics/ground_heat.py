"""The ground around a rover as heat sees it: level regolith under the site's Sun and skyline, over time.

One column stands for all the ground of a map: it is lit as its middle is, over the far skyline, whatever small relief
does nearby. It begins in balance with the lunar day before the first that is asked for, repeated.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from rover.core.bodies import SUN_RADIUS_M
from rover.core.time import SYNODIC_MONTH_S
from sim.physics.exposure import sun_flux_w_m2
from sim.physics.light import disc_above
from sim.physics.regolith_heat import (
    SPIN_UP_STEP_S,
    STEP_S,
    Column,
    RegolithHeatParams,
    Sunlight,
    reflectance,
    settled,
    stages_s,
    warm,
)
from sim.physics.regolith_heat_kernels import STEFAN_BOLTZMANN

CHUNK_STEPS = 512
"""Steps that are added to the known temperatures at once: a week."""

SHADE_RAD = math.radians(40.0)
"""With the Sun higher than this the skyline is not asked."""

Suns = Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]
"""From (n,) times to (n, 4) direction to the Sun (east, north, up) and its distance, m."""


class GroundHeat:
    """Surface temperature by time, known as far as it has been asked for.

    What it answers depends on the time alone, not on what was asked before.
    """

    def __init__(
        self,
        params: RegolithHeatParams,
        suns: Suns,
        *,
        from_s: float,
        skyline: Callable[[float], float] | None = None,
    ) -> None:
        """Begin in balance.

        Args:
            params: The regolith.
            suns: Over all times asked for, and a lunar day before `from_s`.
            from_s: Nothing earlier is asked for.
            skyline: Elevation of the horizon by azimuth, radians; None is the level plane.
        """
        self.params = params
        self._suns = suns
        self._skyline = skyline
        self._from_s = from_s
        self._column: Column | None = None
        self._surface_k: list[float] = []

    def surface_k(self, time_s: float) -> float:
        """Return the surface's temperature, straight between steps of `STEP_S`."""
        at = (time_s - self._from_s) / STEP_S
        before = max(0, int(at))
        while before + 1 >= len(self._surface_k):
            self._go_on()
        share = at - before
        return self._surface_k[before] * (1.0 - share) + self._surface_k[before + 1] * share

    def infrared_w_m2(self, surface_k: float) -> float:
        """Return the glow of the surface at a temperature."""
        return float(self.params.emissivity * STEFAN_BOLTZMANN * surface_k**4)

    def reflected_w_m2(self, sin_elevation: float, flux_w_m2: float) -> float:
        """Return what level ground reflects of sunlight of a flux."""
        if sin_elevation <= 0.0 or flux_w_m2 <= 0.0:
            return 0.0
        return flux_w_m2 * sin_elevation * reflectance(math.acos(min(1.0, sin_elevation)), self.params)

    def _go_on(self) -> None:
        if self._column is None:
            day = self._light(self._from_s - SYNODIC_MONTH_S, self._from_s, SPIN_UP_STEP_S)
            self._column = settled(day, self.params)
            self._surface_k.append(float(self._column.temperature_k[0]))
        begin_s = self._from_s + (len(self._surface_k) - 1) * STEP_S
        light = self._light(begin_s, begin_s + CHUNK_STEPS * STEP_S, STEP_S)
        warming = warm(self._column, light, self.params)
        self._column = warming.column
        self._surface_k += warming.surface_k.tolist()

    def _light(self, from_s: float, until_s: float, step_s: float) -> Sunlight:
        step_s = (until_s - from_s) / max(1, round((until_s - from_s) / step_s))
        times = stages_s(from_s, until_s, step_s)
        suns = self._suns(times.ravel())
        flux = np.array([self._flux(sun) for sun in suns.tolist()])
        return Sunlight(
            step_s=step_s, sin_elevation=suns[:, 2].reshape(times.shape), flux_w_m2=flux.reshape(times.shape)
        )

    def _flux(self, sun: list[float]) -> float:
        east, north, up, distance_m = sun
        elevation_rad = math.asin(min(1.0, max(-1.0, up)))
        lit = 1.0
        if elevation_rad < SHADE_RAD:
            horizon = 0.0
            if self._skyline is not None and elevation_rad > -0.1:
                horizon = self._skyline(math.atan2(east, north))
            lit = disc_above(elevation_rad - horizon, math.asin(SUN_RADIUS_M / distance_m))
        return sun_flux_w_m2(distance_m) * lit
