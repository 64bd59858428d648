"""Sun and Earth against CSPICE and skyfield on a thousand random instants from 1950 to 2050.

Both read DE421's positions and its librations in MOON_ME (see `tests/builders/kernels.py`): ephemeris and orientation
are the Jet Propulsion Laboratory's numerical integration, and nothing of the series under test is in them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from rover.sky.ephemeris import Ephemeris, Target
from rover.sky.spice import SpiceEphemeris, spice_ephemeris
from rover.sky.sun import (
    Track,
    earth_from_moon,
    moon_orientation,
    subsolar_point,
    sun_from_moon,
)
from tests.builders.kernels import (
    de421,
    iau_meta_kernel,
    librations,
    mean_earth_meta_kernel,
    moon_frames,
)
from tests.builders.libration import subearth_point

WITHIN_DEG = 0.01
WITHIN_M = {Target.SUN: 30e3, Target.EARTH: 15e3}
J2000 = 2_451_545.0
JD_1950, JD_2050 = 2_433_282.5, 2_469_807.5
FROM_MOON = {Target.SUN: sun_from_moon, Target.EARTH: earth_from_moon}

Vector = npt.NDArray[np.float64]


@pytest.fixture
def kernels(tmp_path: Path) -> Iterator[SpiceEphemeris]:
    with spice_ephemeris(mean_earth_meta_kernel(tmp_path)) as ephemeris:
        yield ephemeris


def thousand(seed: int) -> tuple[Vector, Vector, Vector]:
    """Latitudes and longitudes, evenly over the sphere, and days from J2000."""
    rng = np.random.default_rng(seed)
    latitude = np.arcsin(rng.uniform(-1.0, 1.0, 1000))
    return latitude, rng.uniform(-math.pi, math.pi, 1000), rng.uniform(JD_1950, JD_2050, 1000) - J2000


def misses_deg(ours: Track, azimuth: Vector, elevation: Vector) -> Vector:
    """(2, n): how far elevation, and azimuth on the sky, are out."""
    turn = (ours.azimuth_rad - azimuth + math.pi) % (2 * math.pi) - math.pi
    return np.degrees(np.stack([ours.elevation_rad - elevation, turn * np.cos(elevation)]))


@pytest.mark.parametrize("target", Target)
def test_a_thousand_instants_and_places_of_cspice(kernels: SpiceEphemeris, target: Target) -> None:
    assert kernels.frame == "MOON_ME"
    latitude, longitude, days = thousand(1)
    ours = FROM_MOON[target](latitude, longitude, J2000, days)
    theirs = FROM_MOON[target](latitude, longitude, J2000, days, ephemeris=kernels)
    out = misses_deg(ours, theirs.azimuth_rad, theirs.elevation_rad)
    assert np.abs(out).max() < WITHIN_DEG
    assert np.sqrt((out**2).mean()) < 0.003
    assert np.abs(ours.distance_m - theirs.distance_m).max() < WITHIN_M[target]
    np.testing.assert_allclose(ours.angular_diameter_rad, theirs.angular_diameter_rad, rtol=5e-5)


@pytest.mark.parametrize("point", [subsolar_point, subearth_point])
def test_a_thousand_sub_points_of_cspice(kernels: SpiceEphemeris, point: Any) -> None:
    _, _, days = thousand(2)
    ours, theirs = point(J2000, days), point(J2000, days, ephemeris=kernels)
    assert np.degrees(np.abs(ours.latitude_rad - theirs.latitude_rad)).max() < WITHIN_DEG
    turn = (ours.longitude_rad - theirs.longitude_rad + math.pi) % (2 * math.pi) - math.pi
    assert np.degrees(np.abs(turn)).max() < WITHIN_DEG


def test_a_thousand_instants_of_skyfield() -> None:
    """Twenty places, fifty instants each; skyfield's own light time, aberration and rotation."""
    from skyfield.api import load, load_file
    from skyfield.planetarylib import PlanetaryConstants

    bodies = load_file(str(de421()))
    constants = PlanetaryConstants()
    with moon_frames().open("rb") as text, librations().open("rb") as binary:
        constants.read_text(text)
        constants.read_binary(binary)
        constants.variables["BODY301_RADII"] = [1737.4, 1737.4, 1737.4]
        frame = constants.build_frame_named("MOON_ME_DE421")
        scale = load.timescale(builtin=True)
        latitude, longitude, days = (a.reshape(20, 50) for a in thousand(3))
        for place in range(20):
            where = latitude[place, 0], longitude[place, 0]
            site = bodies["moon"] + constants.build_latlon_degrees(frame, *np.degrees(where))
            times = scale.tt_jd(J2000 + days[place])
            for target in Target:
                seen = site.at(times).observe(bodies[target.value]).apparent()
                altitude, azimuth, distance = seen.altaz()
                ours = FROM_MOON[target](*where, J2000, days[place])
                out = misses_deg(ours, azimuth.radians, altitude.radians)
                assert np.abs(out).max() < WITHIN_DEG, (target, where)
                assert np.abs(ours.distance_m - distance.m).max() < WITHIN_M[target]


def test_orientation_is_the_iaus_to_the_last_digit(tmp_path: Path) -> None:
    """CSPICE's IAU_MOON from a text PCK of the published constants: the same rotation by other code."""
    import spiceypy

    _, _, days = thousand(4)
    with spice_ephemeris(iau_meta_kernel(tmp_path)) as ephemeris:
        assert ephemeris.frame == "IAU_MOON"
        theirs = np.array([spiceypy.pxform("J2000", "IAU_MOON", t) for t in (days * 86_400.0).tolist()])
    np.testing.assert_allclose(moon_orientation(J2000, days), theirs, rtol=0, atol=1e-8)


def test_the_orientation_is_what_limits_the_sun(kernels: SpiceEphemeris) -> None:
    """To 0.0052 deg of DE421's librations in MOON_ME."""
    import spiceypy

    _, _, days = thousand(5)
    true = np.array([spiceypy.pxform("J2000", "MOON_ME", t) for t in (days * 86_400.0).tolist()])
    between = np.einsum("nij,nkj->nik", moon_orientation(J2000, days), true)
    angle = np.degrees(
        np.arcsin(np.linalg.norm(between - between.transpose(0, 2, 1), axis=(1, 2)) / math.sqrt(8))
    )
    assert angle.max() < 0.0055


@pytest.mark.parametrize("make", [mean_earth_meta_kernel, iau_meta_kernel])
def test_either_frame_of_the_kernels_agrees_with_the_series(make: Any, tmp_path: Path) -> None:
    latitude, longitude, days = (a[:100] for a in thousand(6))
    with spice_ephemeris(make(tmp_path)) as kernels:
        ephemeris: Ephemeris = kernels
        for from_moon in (sun_from_moon, earth_from_moon):
            theirs = from_moon(latitude, longitude, J2000, days, ephemeris=ephemeris)
            out = misses_deg(
                from_moon(latitude, longitude, J2000, days), theirs.azimuth_rad, theirs.elevation_rad
            )
            assert np.abs(out).max() < WITHIN_DEG
