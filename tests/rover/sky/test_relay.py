"""The halo orbit against its own laws and a derivation from nothing; the relay against what is published of it."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from scipy.integrate import solve_ivp
from scipy.optimize import brentq

from rover.core.bodies import MOON, SPEED_OF_LIGHT_M_S
from rover.core.errors import TimeError
from rover.core.time import parse_utc
from rover.sky.halo import (
    AMPLITUDE,
    MASS_RATIO,
    PERIOD_RAD,
    START,
    halo_position,
    propagate,
)
from rover.sky.relay import (
    PHASE_EPOCH,
    RelayTrack,
    pulsating_frame,
    relay_from_earth,
    relay_from_moon,
)
from rover.sky.spice import spice_ephemeris
from rover.sky.sun import moon_orientation
from tests.builders.kernels import mean_earth_meta_kernel

Vector = npt.NDArray[np.float64]

CHANGE_4 = (math.radians(-45.4446), math.radians(177.5991))
MEAN_DISTANCE_KM = 384_400.0
SIDEREAL_MONTH_DAYS = 27.321661  # mean, J2000 (Explanatory Supplement to the Astronomical Almanac)
MOON_AT = np.array([1 - MASS_RATIO, 0.0, 0.0])
PHASES = np.arange(12) / 12
NEW_YEAR_2019 = 2_458_484.5
FOUR_YEARS = np.arange(0.0, 4 * 365.25, 0.1)


@pytest.fixture(scope="module", params=PHASES, ids=lambda phase: f"{phase:.2f}")
def track(request: pytest.FixtureRequest) -> RelayTrack:
    return relay_from_moon(*CHANGE_4, NEW_YEAR_2019, FOUR_YEARS, phase_at_epoch=request.param)


# ---- the orbit ------------------------------------------------------------------------------------------------------


def test_it_closes_after_a_period() -> None:
    assert np.abs(propagate([0.0, PERIOD_RAD])[1] - START).max() < 1e-8


def test_the_jacobi_constant_holds() -> None:
    x, y, z, u, v, w = propagate(np.linspace(0.0, PERIOD_RAD, 200)).T
    earth = (1 - MASS_RATIO) / np.sqrt((x + MASS_RATIO) ** 2 + y * y + z * z)
    moon = MASS_RATIO / np.sqrt((x - 1 + MASS_RATIO) ** 2 + y * y + z * z)
    constant = x * x + y * y + 2 * (earth + moon) - (u * u + v * v + w * w)
    assert np.ptp(constant) < 1e-11
    assert 3.0 < constant[0] < 3.172  # open at L2 (3.172), as any orbit about it must be


def test_the_spline_is_the_integration() -> None:
    turns = np.sort(np.random.default_rng(1).uniform(0.0, 1.0, 300))
    assert np.abs(halo_position(turns) - propagate(turns * PERIOD_RAD)[:, :3]).max() < 1e-10
    np.testing.assert_allclose(halo_position(turns - 3.0), halo_position(turns), atol=1e-12)


def test_it_mirrors_itself_at_the_plane_through_earth_and_moon() -> None:
    turns = np.linspace(0.0, 1.0, 101)
    mirrored = halo_position(-turns) * [1.0, -1.0, 1.0]
    np.testing.assert_allclose(halo_position(turns), mirrored, atol=1e-9)


def test_period_and_size_are_those_of_queqiao() -> None:
    """Az 13,000 km (Zhang 2021); period 14.79-14.81 d; 50.2-74.9 Mm from the Moon by an independent integration."""
    assert 14.79 - 0.05 < PERIOD_RAD / (2 * math.pi) * SIDEREAL_MONTH_DAYS < 14.81 + 0.05
    position = halo_position(np.linspace(0.0, 1.0, 2000)) * MEAN_DISTANCE_KM
    assert position[:, 2].min() == pytest.approx(
        -13_000.0, abs=0.1
    )  # the southern family: its far end is south
    assert position[:, 2].max() < 13_000.0
    from_moon = np.linalg.norm(position - MOON_AT * MEAN_DISTANCE_KM, axis=1)
    assert from_moon.min() == pytest.approx(50_200.0, rel=0.01)
    assert from_moon.max() == pytest.approx(74_900.0, rel=0.01)


def hamilton(_time: float, state: Vector) -> Vector:
    """The restricted problem in positions and canonical momenta, which `rover` does not use."""
    x, y, z, px, py, pz = state
    from_earth = np.array([x + MASS_RATIO, y, z])
    from_moon = np.array([x - 1 + MASS_RATIO, y, z])
    force = -(1 - MASS_RATIO) * from_earth / np.linalg.norm(from_earth) ** 3
    force -= MASS_RATIO * from_moon / np.linalg.norm(from_moon) ** 3
    return np.array([px + y, py - x, pz, force[0] + py, force[1] - px, force[2]])


def integrated(x: float, z: float, speed: float, times: Vector) -> Vector:
    """(6, n) states from a perpendicular crossing of the plane y = 0."""
    start = [x, 0.0, z, 0.0, speed + x, 0.0]
    out = solve_ivp(hamilton, (0.0, times[-1]), start, method="DOP853", t_eval=times, rtol=1e-12, atol=1e-13)
    return np.asarray(out.y)


def next_crossing(x: float, z: float, speed: float) -> tuple[float, float, float]:
    """Half the period, and the rates of x and z there, which vanish on an orbit that mirrors itself."""

    def plane(_time: float, state: Vector) -> float:
        return float(state[1])

    start = [x, 0.0, z, 0.0, speed + x, 0.0]
    out = solve_ivp(hamilton, (0.0, 3.0), start, method="DOP853", events=plane, rtol=1e-12, atol=1e-13)
    (later,) = np.flatnonzero(out.t_events[0] > 0.5)[:1]
    state = out.y_events[0][later]
    return float(out.t_events[0][later]), float(state[3] + state[1]), float(state[5])


def planar(x: float, guess: float) -> float:
    """The speed at x that makes a planar orbit, by the secant method."""
    first, second = guess, guess * 1.0001
    miss = next_crossing(x, 0.0, first)[1]
    for _ in range(12):
        missed = next_crossing(x, 0.0, second)[1]
        if abs(missed) < 1e-12 or second == first:
            break
        first, second, miss = second, second - missed * (second - first) / (missed - miss), missed
    return second


def corrected(x: float, z: float, speed: float) -> tuple[float, float]:
    """The crossing at a given z that makes a halo orbit: Newton's method, derivatives by differences."""
    unknown = np.array([x, speed])
    for _ in range(10):
        miss = np.array(next_crossing(unknown[0], z, unknown[1])[1:])
        if np.abs(miss).max() < 1e-12:
            break
        columns = [
            np.subtract(
                next_crossing(*(ahead[0], z, ahead[1]))[1:], next_crossing(*(behind[0], z, behind[1]))[1:]
            )
            / 2e-6
            for ahead, behind in ((unknown + step, unknown - step) for step in np.eye(2) * 1e-6)
        ]
        unknown = unknown - np.linalg.solve(np.column_stack(columns), miss)
    return float(unknown[0]), float(unknown[1])


@pytest.mark.slow
def test_it_follows_from_the_masses_and_the_amplitude_alone() -> None:
    """From L2 along the planar orbits to where the halo orbits branch off, and along those to the amplitude."""

    def pull(x: float) -> float:
        return x - (1 - MASS_RATIO) / (x + MASS_RATIO) ** 2 - MASS_RATIO / (x - 1 + MASS_RATIO) ** 2

    point = brentq(pull, 1.05, 1.3)
    assert (point - 1 + MASS_RATIO) * MEAN_DISTANCE_KM == pytest.approx(64_515.0, rel=1e-3)

    stiffness = (1 - MASS_RATIO) / (point + MASS_RATIO) ** 3 + MASS_RATIO / (point - 1 + MASS_RATIO) ** 3
    turning = math.sqrt((2 - stiffness + math.sqrt(9 * stiffness**2 - 8 * stiffness)) / 2)
    stretch = (turning**2 + 1 + 2 * stiffness) / (2 * turning)  # of the small ellipses about L2
    x, speed, rate = point + 0.002, -0.002 * stretch * turning, -stretch * turning

    vertical = []  # rate of z at the far side per z at this one: zero where halo orbits branch off
    xs, speeds = [], []
    for x in point + np.arange(0.002, 0.034, 0.002):
        speed = planar(x, speed if not xs else speeds[-1] + 0.002 * rate)
        rate = (speed - speeds[-1]) / 0.002 if speeds else rate
        xs.append(x)
        speeds.append(speed)
        vertical.append(next_crossing(x, 1e-6, speed)[2])
    (branch,) = np.flatnonzero(np.diff(np.sign(vertical)))[:1]

    x, speed = xs[branch], speeds[branch]
    trail = [(x, speed)]
    for z in -np.linspace(0.1, 1.0, 10) * AMPLITUDE:
        x, speed = corrected(x, z, speed)
        trail.append((x, speed))
    period = 2 * next_crossing(x, -AMPLITUDE, speed)[0]

    assert x == pytest.approx(START[0], abs=1e-9)
    assert speed == pytest.approx(START[4], abs=1e-9)
    assert period == pytest.approx(PERIOD_RAD, abs=1e-9)
    turns = np.linspace(0.0, 1.0, 400)
    there = integrated(x, -AMPLITUDE, speed, turns * period)
    np.testing.assert_allclose(halo_position(turns), there[:3].T, atol=1e-7)
    assert np.abs(there[2]).max() == pytest.approx(AMPLITUDE, rel=1e-9)


# ---- the frame ------------------------------------------------------------------------------------------------------


def test_the_frame_is_that_of_cspice(reference: Path) -> None:
    """Place of the Earth overhead within 0.01 deg, 2000-2040; its distance but for the 38 km of the light's delay."""
    text = (reference / "sky" / "sun_earth_site_golden.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))
    assert len(rows) > 100
    for row in rows:
        epoch = parse_utc(row["utc"])
        jd1, jd2 = epoch.tt_at([0.0])
        frame = pulsating_frame(jd1, jd2)
        earth = -moon_orientation(jd1, jd2)[0] @ frame.axes[0, 0]
        assert math.degrees(math.asin(earth[2])) == pytest.approx(float(row["subearth_lat_deg"]), abs=0.01)
        east = math.degrees(math.atan2(earth[1], earth[0])) - float(row["subearth_lon_deg"])
        assert abs((east + 180) % 360 - 180) < 0.01
        assert frame.distance_m[0] / 1e3 == pytest.approx(float(row["earth_range_km"]), abs=50.0)


def test_the_frame_is_that_of_de421(tmp_path: Path) -> None:
    """The Moon's geometric place from the Earth: within 15 km (measured: 13) and 0.0051 deg, 1950-2050."""
    import spiceypy

    days = np.random.default_rng(11).uniform(-18_262.0, 18_262.0, 5000)
    with spice_ephemeris(mean_earth_meta_kernel(tmp_path)):
        true_km = np.array([spiceypy.spkgps(301, t, "J2000", 399)[0] for t in (days * 86_400.0).tolist()])
    frame = pulsating_frame(2_451_545.0, days)
    distance_km = np.linalg.norm(true_km, axis=1)
    assert np.abs(frame.distance_m / 1e3 - distance_km).max() < 15.0
    aside = np.linalg.norm(np.cross(frame.axes[:, 0], true_km), axis=1) / distance_km
    assert np.degrees(aside).max() < 0.0051


def test_its_axes_are_a_right_handed_triad_and_it_turns_once_a_sidereal_month() -> None:
    frame = pulsating_frame(NEW_YEAR_2019, FOUR_YEARS)
    unit = np.broadcast_to(np.eye(3), frame.axes.shape)
    np.testing.assert_allclose(frame.axes @ np.swapaxes(frame.axes, 1, 2), unit, atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(frame.axes), 1.0, atol=1e-12)
    assert (np.diff(frame.turned_rad) > 0).all()
    months = (FOUR_YEARS[-1] - FOUR_YEARS[0]) / SIDEREAL_MONTH_DAYS
    assert np.ptp(frame.turned_rad) / (2 * np.pi) == pytest.approx(months, abs=2 * 6.5 / 360)
    assert (
        356_300 < frame.distance_m.min() / 1e3 < 357_500
    )  # Meeus ch. 50: 356,375 to 406,720 km in 1500-2500
    assert 406_000 < frame.distance_m.max() / 1e3 < 406_800


def test_the_angle_is_the_one_that_the_momentum_turns_by() -> None:
    """The clock of the phase: its rate is angular momentum over distance squared."""
    step = 0.01
    frame = pulsating_frame(NEW_YEAR_2019, FOUR_YEARS[::50])
    later = pulsating_frame(NEW_YEAR_2019, FOUR_YEARS[::50] + step)
    swept = np.arccos(np.einsum("ni,ni->n", frame.axes[:, 0], later.axes[:, 0]))
    np.testing.assert_allclose(later.turned_rad - frame.turned_rad, swept, rtol=0.006)


def test_the_angle_is_counted_without_a_jump_over_the_years_served() -> None:
    for year in (1972, 2000, 2050, 2100):
        days = np.arange(0.0, 366.0, 0.25)
        turned = pulsating_frame(2_451_544.5 + (year - 2000) * 365.25, days).turned_rad
        per_day = np.diff(turned) / 0.25
        assert np.degrees(per_day.min()) > 11.5  # Meeus: 11.6 to 15.4 deg a day
        assert np.degrees(per_day.max()) < 15.5


# ---- the relay over the site ----------------------------------------------------------------------------------------


def test_range_and_elevation_from_the_site(track: RelayTrack) -> None:
    """46-78 Mm, 22.8-60.5 deg by an independent model; at every phase. Visible always above a mask of 20 deg."""
    assert track.range_m.min() > 45e6
    assert track.range_m.max() < 79e6
    elevation = np.degrees(track.elevation_rad)
    assert 22 < elevation.min() < 25
    assert 59 < elevation.max() < 61
    assert elevation.mean() == pytest.approx(40.6, abs=0.5)
    assert (elevation > 20).all()


def test_light_times(track: RelayTrack) -> None:
    """0.153-0.259 s to the relay; 1.50-1.87 s to the Earth, 1.70 in the mean."""
    relay_s = track.range_m / SPEED_OF_LIGHT_M_S
    assert relay_s.min() == pytest.approx(0.153, abs=0.005)
    assert relay_s.max() == pytest.approx(0.259, abs=0.005)
    assert track.light_time_s.min() == pytest.approx(1.50, abs=0.05)
    assert track.light_time_s.max() == pytest.approx(1.87, abs=0.05)
    assert track.light_time_s.mean() == pytest.approx(1.70, abs=0.01)
    earth_s = track.light_time_s - relay_s
    np.testing.assert_allclose(earth_s * SPEED_OF_LIGHT_M_S, track.earth_range_m)


def test_it_is_in_the_northern_sky_of_a_southern_site(track: RelayTrack) -> None:
    """L2 stands over the equator at 180 deg, so north of the site and a little to its east."""
    azimuth = np.degrees(track.azimuth_rad)
    assert ((azimuth >= 0) & (azimuth < 360)).all()
    assert abs(np.degrees(np.angle(np.exp(1j * track.azimuth_rad).mean()))) < 15


@pytest.mark.parametrize("phase", PHASES)
def test_the_moon_never_hides_it_from_the_earth(phase: float) -> None:
    relay = relay_from_earth(NEW_YEAR_2019, FOUR_YEARS, phase_at_epoch=phase)
    frame = pulsating_frame(NEW_YEAR_2019, FOUR_YEARS)
    line = relay / np.linalg.norm(relay, axis=1)[:, None]
    moon = frame.axes[:, 0] * frame.distance_m[:, None]
    miss = np.linalg.norm(moon - line * np.einsum("ni,ni->n", moon, line)[:, None], axis=1)
    assert miss.min() > 3 * MOON.radius_m


def test_ranges_close_the_triangle_of_site_relay_and_earth() -> None:
    days = FOUR_YEARS[:500]
    track = relay_from_moon(*CHANGE_4, NEW_YEAR_2019, days, phase_at_epoch=0.3)
    relay = relay_from_earth(NEW_YEAR_2019, days, phase_at_epoch=0.3)
    np.testing.assert_allclose(np.linalg.norm(relay, axis=1), track.earth_range_m, rtol=1e-12)
    frame = pulsating_frame(NEW_YEAR_2019, days)
    latitude, longitude = CHANGE_4
    up = [
        math.cos(latitude) * math.cos(longitude),
        math.cos(latitude) * math.sin(longitude),
        math.sin(latitude),
    ]
    site = np.einsum("nji,j->ni", moon_orientation(NEW_YEAR_2019, days), np.multiply(up, MOON.radius_m))
    towards = relay - frame.axes[:, 0] * frame.distance_m[:, None] - site
    np.testing.assert_allclose(np.linalg.norm(towards, axis=1), track.range_m, rtol=1e-10)
    zenith = np.einsum("ni,ni->n", towards, site) / MOON.radius_m / track.range_m
    np.testing.assert_allclose(np.sin(track.elevation_rad), zenith, atol=1e-10)


def test_azimuth_and_elevation_swap_sides_with_the_place() -> None:
    """At the place under the relay it is overhead; from either side of that it is seen towards the other."""
    where = np.array([relay_from_moon(*place, NEW_YEAR_2019, 0.0, phase_at_epoch=0.0).elevation_rad[0]
                      for place in ((0.0, 0.0), (0.0, math.pi / 2), (math.pi / 2, 0.0))])  # fmt: skip
    # parallax: a place on the sphere sees sin(elevation) = (p . zenith - radius) / range
    ranges = np.array([relay_from_moon(*place, NEW_YEAR_2019, 0.0, phase_at_epoch=0.0).range_m[0]
                       for place in ((0.0, 0.0), (0.0, math.pi / 2), (math.pi / 2, 0.0))])  # fmt: skip
    x, y, z = np.sin(where) * ranges + MOON.radius_m
    latitude, longitude = math.atan2(z, math.hypot(x, y)), math.atan2(y, x)
    over = relay_from_moon(latitude, longitude, NEW_YEAR_2019, 0.0, phase_at_epoch=0.0)
    assert over.elevation_rad[0] == pytest.approx(math.pi / 2, abs=1e-6)
    assert over.range_m[0] == pytest.approx(math.hypot(x, y, z) - MOON.radius_m, rel=1e-9)
    for aside, towards in (((-0.1, 0.0), 0.0), ((0.1, 0.0), math.pi), ((0.0, -0.1), math.pi / 2)):
        seen = relay_from_moon(
            latitude + aside[0], longitude + aside[1], NEW_YEAR_2019, 0.0, phase_at_epoch=0.0
        )
        assert abs(math.remainder(seen.azimuth_rad[0] - towards, 2 * math.pi)) < 0.1
        assert math.degrees(seen.elevation_rad[0]) == pytest.approx(90 - math.degrees(0.1), abs=0.5)


def test_the_phase_is_that_at_its_epoch_and_comes_again_after_a_period() -> None:
    epoch = (PHASE_EPOCH.tt_jd1, PHASE_EPOCH.tt_jd2)
    frame = pulsating_frame(epoch[0], np.array([epoch[1]]))
    for phase in (0.0, 0.25, 0.6):
        relay = relay_from_earth(*epoch, phase_at_epoch=phase)[0] / frame.distance_m[0]
        there = halo_position([phase])[0] + [MASS_RATIO, 0.0, 0.0]
        np.testing.assert_allclose(frame.axes[0] @ relay, there, atol=1e-9)
    # southernmost points over four years, whose mean spacing is the period
    days = np.arange(0.0, 4 * 365.25, 0.02)
    every = pulsating_frame(epoch[0], days)
    relay = relay_from_earth(epoch[0], days, phase_at_epoch=0.5)
    south = np.einsum("ni,ni->n", every.axes[:, 2], relay) / every.distance_m
    lowest = days[1:-1][(south[1:-1] < south[:-2]) & (south[1:-1] <= south[2:])]
    assert np.diff(lowest).mean() == pytest.approx(14.80, abs=0.05)
    assert np.ptp(np.diff(lowest)) > 0.5  # the clock runs with the line, which turns unevenly


def test_phases_zero_and_one_are_the_same() -> None:
    zero, one = (
        relay_from_moon(*CHANGE_4, NEW_YEAR_2019, FOUR_YEARS[:99], phase_at_epoch=p) for p in (0.0, 1.0)
    )
    np.testing.assert_allclose(zero.range_m, one.range_m, rtol=1e-12)


def test_one_instant_is_as_many() -> None:
    many = relay_from_moon(*CHANGE_4, NEW_YEAR_2019, FOUR_YEARS[:20], phase_at_epoch=0.1)
    one = relay_from_moon(*CHANGE_4, NEW_YEAR_2019, float(FOUR_YEARS[7]), phase_at_epoch=0.1)
    assert one.elevation_rad.shape == (1,)
    assert one.azimuth_rad[0] == pytest.approx(many.azimuth_rad[7], abs=1e-12)
    assert one.range_m[0] == pytest.approx(many.range_m[7], rel=1e-12)


@pytest.mark.parametrize("phase", [-0.01, 1.01, math.nan, math.inf])
def test_a_phase_that_is_none(phase: float) -> None:
    with pytest.raises(ValueError, match="phase_at_epoch"):
        relay_from_moon(*CHANGE_4, NEW_YEAR_2019, 0.0, phase_at_epoch=phase)
    with pytest.raises(ValueError, match="phase_at_epoch"):
        relay_from_earth(NEW_YEAR_2019, 0.0, phase_at_epoch=phase)


@pytest.mark.parametrize(
    ("latitude", "longitude", "named"),
    [
        (1.6, 0.0, "latitude_rad"),
        (math.nan, 0.0, "latitude_rad"),
        (-math.inf, 0.0, "latitude_rad"),
        (0.0, 6.3, "longitude_rad"),
        (0.0, -3.2, "longitude_rad"),
        (0.0, math.nan, "longitude_rad"),
    ],
)
def test_a_place_that_is_none(latitude: float, longitude: float, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        relay_from_moon(latitude, longitude, NEW_YEAR_2019, 0.0, phase_at_epoch=0.0)


@pytest.mark.parametrize(
    ("jd1", "jd2"), [(math.nan, 0.0), (NEW_YEAR_2019, math.inf), (NEW_YEAR_2019, [[0.0]])]
)
def test_dates_that_are_none(jd1: float, jd2: npt.ArrayLike) -> None:
    with pytest.raises(ValueError, match="Julian date|tt_jd2"):
        relay_from_moon(*CHANGE_4, jd1, jd2, phase_at_epoch=0.0)


@pytest.mark.parametrize("years", [-120.0, 980.0])
def test_years_far_from_those_served_are_refused(years: float) -> None:
    with pytest.raises(TimeError, match="outside 1900-2100"):
        relay_from_moon(*CHANGE_4, NEW_YEAR_2019, [0.0, years * 365.25], phase_at_epoch=0.0)
