"""The spline against the series it samples, over any place, for both bodies."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

from rover.core.time import parse_utc
from rover.sky.ephemeris import Target
from rover.sky.sun import Track, earth_from_moon, sun_from_moon
from rover.sky.track import spline_track

EPOCH = parse_utc("2019-01-01T00:00:00Z")
YEAR_S = 365.25 * 86_400.0
PLACES_DEG = (
    (-45.4446, 177.5991),
    (0.0, 0.0),
    (0.67415, 23.47314),
    (89.9, -60.0),
    (-90.0, 0.0),
    (12.0, -88.0),
)
FROM_MOON = {Target.SUN: sun_from_moon, Target.EARTH: earth_from_moon}


def between_deg(a: Track, b: Track) -> float:
    """The widest angle between two tracks, by the chord."""
    sides = []
    for track in (a, b):
        level = np.cos(track.elevation_rad)
        sides.append(
            np.stack([
                level * np.sin(track.azimuth_rad), level * np.cos(track.azimuth_rad), np.sin(track.elevation_rad)
            ])
        )  # fmt: skip
    chord = np.linalg.norm(sides[0] - sides[1], axis=0)
    return float(np.degrees(2 * np.arcsin(chord / 2)).max())


@pytest.mark.parametrize("target", Target)
@pytest.mark.parametrize("place", PLACES_DEG)
def test_the_spline_follows_the_series(target: Target, place: tuple[float, float]) -> None:
    """To the ends of the span asked for: 1e-6 deg, where 1e-4 would do."""
    latitude, longitude = (math.radians(angle) for angle in place)
    spline = spline_track(target, latitude, longitude, EPOCH, from_s=-1e6, until_s=YEAR_S)
    rng = np.random.default_rng(1)
    times = np.concatenate([rng.uniform(-1e6, YEAR_S, 2000), [-1e6, YEAR_S], np.linspace(-1e6, -9e5, 200)])
    series = FROM_MOON[target](latitude, longitude, *EPOCH.tt_at(times))
    track = spline.at(times)
    assert between_deg(track, series) < 1e-6
    np.testing.assert_allclose(track.distance_m, series.distance_m, rtol=1e-7)
    np.testing.assert_allclose(track.angular_diameter_rad, series.angular_diameter_rad, rtol=1e-7)
    np.testing.assert_array_equal(spline.elevations(times), track.elevation_rad)
    assert ((track.azimuth_rad >= 0) & (track.azimuth_rad < 2 * math.pi)).all()


def test_a_short_span_is_as_good() -> None:
    spline = spline_track(Target.SUN, 0.4, -1.0, EPOCH, from_s=0.0, until_s=0.0)
    assert between_deg(spline.at(0.0), sun_from_moon(0.4, -1.0, *EPOCH.tt_at(0.0))) < 1e-6


def test_nothing_is_said_of_times_outside() -> None:
    spline = spline_track(Target.SUN, 0.4, -1.0, EPOCH, from_s=0.0, until_s=1e5)
    assert spline.time_s[0] < 0.0
    assert spline.time_s[-1] > 1e5
    for outside in (spline.time_s[0] - 1.0, spline.time_s[-1] + 1.0, math.nan):
        with pytest.raises(ValueError, match="outside the track"):
            spline.at([0.0, outside])


def test_azimuths_are_counted_from_the_north_asked_for() -> None:
    true, grid = (
        spline_track(Target.EARTH, 0.4, -1.0, EPOCH, from_s=0.0, until_s=1e5, grid_north_rad=north).at(5e4)
        for north in (0.0, 0.2)
    )
    turn = true.azimuth_rad[0] - grid.azimuth_rad[0] - 0.2
    assert math.remainder(turn, 2 * math.pi) == pytest.approx(0.0, abs=1e-12)
    assert true.elevation_rad[0] == pytest.approx(grid.elevation_rad[0], abs=1e-12)


def test_the_first_position_needs_no_scipy() -> None:
    """What `farside sky` prints for one instant must not wait for scipy."""
    code = (
        "import sys\n"
        "from rover.core.time import parse_utc\n"
        "from rover.sky.sun import sun_from_moon\n"
        "from rover.sky.labels import lunar_day\n"
        "times = parse_utc('2019-01-03T02:26:00Z').tt_at(0.0)\n"
        "sun_from_moon(-0.79, 3.1, *times), lunar_day(3.1, *times)\n"
        "print([name for name in ('scipy', 'numba', 'spiceypy', 'matplotlib') if name in sys.modules])\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
