"""Bodies and physical constants, each with its citation as data."""

from __future__ import annotations

from dataclasses import dataclass

AU_M = 149_597_870_700.0
"""Astronomical unit, exact (IAU 2012 resolution B2)."""

SPEED_OF_LIGHT_M_S = 299_792_458.0
"""Exact (SI)."""

SOLAR_CONSTANT_W_M2 = 1361.0
"""Total solar irradiance at 1 au (Kopp and Lean 2011, doi:10.1029/2010GL045777: 1360.8 +- 0.5)."""


SUN_RADIUS_M = 695_700_000.0
"""Nominal solar radius (IAU 2015 resolution B3)."""

MOON_GM_M3_S2 = 4.902800e12
"""Gravitational parameter of the Moon (GRAIL, Williams et al. 2014, doi:10.1002/2013JE004559: 4902.80 km3/s2)."""

MOON_TURN_RAD_S = 2.6616995e-6
"""Mean rate at which the Moon turns: 13.17635815 deg a day (IAU WGCCRE 2009)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """A body with a spherical reference surface.

    Attributes:
        name: Lower-case name, as written in files.
        radius_m: Radius of the sphere that elevations are counted from.
        gravity_m_s2: Standard surface gravity.
        reference: Where the figures come from.
    """

    name: str
    radius_m: float
    gravity_m_s2: float
    reference: str


MOON = Body(
    name="moon",
    radius_m=1_737_400.0,
    gravity_m_s2=1.625,
    reference="Radius: IAU WGCCRE 2015 (doi:10.1007/s10569-017-9805-5). "
    "Gravity: 4.9028e12 m3/s2 (GRAIL) over the mean radius squared.",
)
MARS = Body(
    name="mars",
    radius_m=3_396_190.0,
    gravity_m_s2=3.721,
    reference="Equatorial radius: IAU WGCCRE 2015. Gravity: NASA Mars fact sheet.",
)
EARTH = Body(
    name="earth",
    radius_m=6_378_137.0,
    gravity_m_s2=9.807,
    reference="Equatorial radius: WGS 84. Gravity: standard gravity, CGPM 1901.",
)

BODIES = (MOON, MARS, EARTH)


def body_of_radius(radius_m: float) -> Body | None:
    """Return the body whose reference radius is within 0.5 % of `radius_m`, or None."""
    for body in BODIES:
        if abs(radius_m - body.radius_m) <= 0.005 * body.radius_m:
            return body
    return None
