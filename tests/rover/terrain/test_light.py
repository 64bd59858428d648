"""Light from a horizon map: laws of discs, plains and turned maps, and every cell against plain numpy."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rover.core.bodies import MOON
from rover.core.errors import UsageError
from rover.core.grid import Dem, GridGeometry, Site
from rover.core.time import parse_utc
from rover.sky.almanac import build_almanac
from rover.sky.sun import sun_from_moon
from rover.terrain.aim import elevations_over
from rover.terrain.horizon import STEP_RAD, UNKNOWN, HorizonMap, trace_horizon
from rover.terrain.light import centre_at, light_over, lit_fraction, lit_maps, mean_light, sun_track
from rover.terrain.light_kernels import disc_share
from tests.builders.horizons import (
    SUN_DIAMETER_RAD,
    elevations_above,
    horizon_of,
    level_horizon,
    segment,
    site_with,
    sun_at,
    wavy_horizon,
)

RADIUS_DEG = math.degrees(SUN_DIAMETER_RAD) / 2


# ---- the disc -------------------------------------------------------------------------------------------------------


def test_the_polynomial_is_the_circular_segment() -> None:
    x = np.linspace(-1, 1, 4001, dtype=np.float32)
    share = np.array([disc_share(value) for value in x])
    assert np.abs(share - segment(x)).max() < 3e-7
    assert (np.diff(share) >= 0).all()
    assert (share[0], share[2000], share[-1]) == (0, 0.5, 1)


@given(st.floats(1e-6, 1.0))
def test_the_centre_at_a_share_undoes_the_segment(share: float) -> None:
    assert float(segment(centre_at(share))) == pytest.approx(share, abs=1e-12)


# ---- laws -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("elevation_deg", [-90, -30, -0.3, 0.3, 5, 45, 90])
def test_a_plain_is_lit_where_the_sun_is_up_and_dark_where_it_is_not(elevation_deg: float) -> None:
    for azimuth_deg in (0, 77, 200, 359.9):
        lit = lit_fraction(level_horizon(), sun_at(azimuth_deg, elevation_deg))
        assert (lit == (1.0 if elevation_deg > 0 else 0.0)).all()


def test_half_the_disc_is_lit_with_its_centre_on_the_horizon() -> None:
    step = np.rint(math.radians(4) / STEP_RAD + math.pi / 2 / STEP_RAD) * STEP_RAD - math.pi / 2
    lit = lit_fraction(horizon_of(np.full((4, 2, 2), step)), sun_at(33, math.degrees(step)))
    assert np.abs(lit - 0.5).max() < 1e-4


@given(st.floats(0, 360), st.floats(-10, 10), st.floats(0, 0.5))
def test_a_higher_sun_lights_no_cell_less(
    azimuth_deg: float, elevation_deg: float, higher_deg: float
) -> None:
    horizon = wavy_horizon(5, 7)
    low = lit_fraction(horizon, sun_at(azimuth_deg, elevation_deg))
    high = lit_fraction(horizon, sun_at(azimuth_deg, elevation_deg + higher_deg))
    assert (high[~np.isnan(low)] >= low[~np.isnan(low)]).all()


def test_a_wider_sun_is_cut_sooner_and_clear_later() -> None:
    horizon = level_horizon(1, 1)
    for diameter_deg in (0.2, 0.53, 1.4):
        radius = diameter_deg / 2
        for over, lit in ((1.01, 1.0), (-1.01, 0.0)):
            sun = sun_at(10, over * radius, diameter_rad=math.radians(diameter_deg))
            assert (lit_fraction(horizon, sun) == lit).all()
        part = lit_fraction(horizon, sun_at(10, 0.5 * radius, diameter_rad=math.radians(diameter_deg)))
        assert np.abs(part - segment(0.5)).max() < 1e-4


def test_the_horizon_is_straight_between_azimuths_and_closes_its_circle() -> None:
    horizon = horizon_of(np.radians([0.0, 4.0, 0.0, 8.0])[:, None, None] * np.ones((4, 1, 1)))
    for azimuth_deg, horizon_deg in ((45, 2), (90, 4), (99, 3.6), (225, 4), (270, 8), (315, 4), (351, 0.8)):
        below, above = (sun_at(azimuth_deg, horizon_deg + off * RADIUS_DEG) for off in (-1.02, 1.02))
        assert lit_fraction(horizon, below)[0, 0] == 0
        assert lit_fraction(horizon, above)[0, 0] == 1


def test_an_unknown_horizon_is_neither_lit_nor_dark() -> None:
    horizon = wavy_horizon()
    unknown = horizon.steps[0] == UNKNOWN
    assert unknown.sum() == 2
    for elevation_deg in (-80, 2, 90):
        lit = lit_fraction(horizon, sun_at(123, elevation_deg))
        np.testing.assert_array_equal(np.isnan(lit), unknown)


def test_turning_the_raster_and_its_north_changes_no_light() -> None:
    """A raster whose north points east, with the ground's horizon on it, under the same Sun."""
    ahead = wavy_horizon(20, 20, seed=8)
    quarter = ahead.steps.shape[0] // 4
    # On the turned raster, north is where east was: plane k holds what plane k + quarter held.
    turned = HorizonMap(
        geometry=GridGeometry(
            rows=20, cols=20, resolution_m=1.0, east_m=0.0, north_m=0.0, site=site_with(90.0)
        ),
        steps=np.ascontiguousarray(_facing_east(np.roll(ahead.steps, -quarter, axis=0))),
        observer_height_m=0.0,
    )
    for azimuth_deg in (3.0, 100.0, 222.5, 357.0):
        sun = sun_at(azimuth_deg, 2.0)
        want = _facing_east(lit_fraction(ahead, sun)[None])[0]
        np.testing.assert_allclose(lit_fraction(turned, sun), want, atol=1e-5)


def _facing_east(layers: np.ndarray) -> np.ndarray:
    """Cells as they lie on a raster whose rows grow to the east and whose columns grow to the south."""
    return np.ascontiguousarray(np.swapaxes(layers, 1, 2)[:, :, ::-1])


def test_mirroring_ground_and_sky_mirrors_the_light() -> None:
    horizon = wavy_horizon(seed=9)
    planes = horizon.steps.shape[0]
    mirrored = HorizonMap(
        geometry=horizon.geometry,
        steps=np.ascontiguousarray(horizon.steps[(-np.arange(planes)) % planes][:, :, ::-1]),
        observer_height_m=0.0,
    )
    for azimuth_deg in (20.0, 183.0):
        lit = lit_fraction(horizon, sun_at(azimuth_deg, 1.0))
        np.testing.assert_allclose(lit_fraction(mirrored, sun_at(-azimuth_deg, 1.0)), lit[:, ::-1], atol=1e-4)


# ---- every cell by itself -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("grid_north_deg", [0.0, 37.5, -120.0])
@pytest.mark.parametrize("azimuth_deg, elevation_deg", [(0, 3), (4.9, 0), (181, -1), (359.99, 5), (270, 1.5)])
def test_every_cell_is_lit_as_plain_numpy_says(
    grid_north_deg: float, azimuth_deg: float, elevation_deg: float
) -> None:
    horizon = wavy_horizon(site=site_with(grid_north_deg))
    sun = sun_at(azimuth_deg, elevation_deg)
    above = elevations_above(horizon, sun.azimuth_rad[0], sun.elevation_rad[0])
    want = segment(above / (SUN_DIAMETER_RAD / 2))
    lit = lit_fraction(horizon, sun)
    assert ((want > 0.01) & (want < 0.99)).sum() > 5  # there is penumbra to be wrong about
    np.testing.assert_allclose(lit, want, atol=1e-4)


def test_on_a_wide_map_cells_nearer_to_the_sun_see_it_higher() -> None:
    horizon = wavy_horizon(21, 33, highest_deg=3.0)
    wide = HorizonMap(
        geometry=GridGeometry(
            rows=21,
            cols=33,
            resolution_m=5000.0,
            resolution_north_m=8000.0,
            east_m=0.0,
            north_m=0.0,
            site=site_with(25.0),
        ),
        steps=horizon.steps,
        observer_height_m=0.0,
    )
    sun = sun_at(140, 0.5)
    above = elevations_above(wide, sun.azimuth_rad[0], sun.elevation_rad[0])
    np.testing.assert_allclose(lit_fraction(wide, sun), segment(above / (SUN_DIAMETER_RAD / 2)), atol=1e-4)
    assert np.nanmax(np.abs(above - elevations_above(horizon, *_direction(sun)))) > math.radians(2)


def _direction(sun) -> tuple[float, float]:  # type: ignore[no-untyped-def]
    return float(sun.azimuth_rad[0]), float(sun.elevation_rad[0])


@pytest.mark.parametrize(
    "size_km, elevation_off_deg, azimuth_off_deg", [(10, 0.0005, 0.24), (186, 0.17, 4.35)]
)
def test_what_the_first_order_leaves_out(
    size_km: float, elevation_off_deg: float, azimuth_off_deg: float
) -> None:
    """Corners and sides of a map against the Sun as it really stands over those places, on a sphere."""
    latitude, longitude = math.radians(-45), math.radians(170)
    cells = 3
    geometry = GridGeometry(
        rows=cells,
        cols=cells,
        resolution_m=size_km * 500.0,
        east_m=0.0,
        north_m=0.0,
        site=Site(latitude_rad=latitude, longitude_rad=longitude, body="moon", crs_wkt=""),
    )
    epoch = parse_utc("2019-01-01T00:00:00Z")
    for time_s in np.arange(0, 6) * 50_000.0:
        jd = epoch.tt_at(time_s)
        sun = sun_from_moon(latitude, longitude, *jd)
        height = float(sun.elevation_rad[0])
        told = elevations_over(geometry, float(sun.azimuth_rad[0]), height)
        for row in range(cells):
            for col in range(cells):
                east, north = (col - 1) * size_km * 500.0, (row - 1) * size_km * 500.0
                place = _moved(latitude, longitude, east, north)
                there = sun_from_moon(*place[:2], *jd)
                off = math.degrees(float(told[row, col]) - float(there.elevation_rad[0]))
                assert (
                    abs(off) < elevation_off_deg * abs(math.tan(height)) + 0.0004 + 0.02 * elevation_off_deg
                )
                turn = there.azimuth_rad[0] - place[2] - sun.azimuth_rad[0]
                turn = math.degrees((turn + math.pi) % (2 * math.pi) - math.pi)
                assert abs(turn) < azimuth_off_deg * abs(math.tan(height)) + 0.003 * azimuth_off_deg + 0.001


def _moved(latitude: float, longitude: float, east_m: float, north_m: float) -> tuple[float, float, float]:
    """Latitude and longitude at the end of a great circle, and how the axes carried along it have turned there."""
    angle, heading = math.hypot(east_m, north_m) / 1_737_400.0, math.atan2(east_m, north_m)
    there = math.asin(
        math.sin(latitude) * math.cos(angle) + math.cos(latitude) * math.sin(angle) * math.cos(heading)
    )
    across = math.atan2(
        math.sin(heading) * math.sin(angle) * math.cos(latitude),
        math.cos(angle) - math.sin(latitude) * math.sin(there),
    )
    arrives = math.atan2(
        math.sin(heading) * math.cos(latitude),
        math.cos(angle) * math.cos(latitude) * math.cos(heading) - math.sin(angle) * math.sin(latitude),
    )
    return there, longitude + across, arrives - heading


# ---- almanac, maps one after the other, bad input --------------------------------------------------------------------


def test_the_almanacs_sun_counts_from_true_north() -> None:
    """An almanac counts from the raster's north; whatever that is, light is the same."""
    epoch = parse_utc("2019-01-03T14:22:00Z")
    site = Site(
        latitude_rad=math.radians(-45.46),
        longitude_rad=math.radians(177.59),
        body="moon",
        crs_wkt="",
        grid_north_rad=math.radians(40),
    )
    times = np.array([0.0, 86_400.0, 700_000.0])
    track = sun_track(build_almanac(site, epoch, duration_s=1e6), times)
    direct = sun_from_moon(site.latitude_rad, site.longitude_rad, *epoch.tt_at(times))
    np.testing.assert_allclose(track.azimuth_rad, direct.azimuth_rad, atol=1e-6)
    np.testing.assert_allclose(track.elevation_rad, direct.elevation_rad, atol=1e-6)
    np.testing.assert_allclose(track.angular_diameter_rad, direct.angular_diameter_rad, rtol=1e-6)


@pytest.mark.parametrize("each", [1, 2, 3])
def test_means_are_those_of_the_maps_and_unknown_is_dark(each: int) -> None:
    steps = wavy_horizon().steps.copy()
    steps[:, 3, 4] = UNKNOWN
    horizon = replace(wavy_horizon(), steps=steps)
    azimuths = np.linspace(0, 300, 6)
    sun = sun_at(azimuths, np.linspace(0.5, 6, 6))
    maps = np.array([lit for _, lit in lit_maps(horizon, sun, np.arange(6.0))], np.float64)
    means = np.nan_to_num(maps).reshape(6 // each, each, *maps.shape[1:]).mean(axis=1)
    found = mean_light(horizon, sun, each=each)
    assert found.dtype == np.uint8 and found.shape == (*maps.shape[1:], 6 // each)
    assert np.abs(np.moveaxis(found, 2, 0) - 255 * means).max() <= 0.5 + 1e-3
    assert (found[3, 4] == 0).all() and len(np.unique(found)) > 20


def test_means_of_times_that_do_not_divide_are_refused() -> None:
    with pytest.raises(ValueError, match="no multiple of 2"):
        mean_light(level_horizon(), sun_at([1.0, 2.0, 3.0], [4.0, 4.0, 4.0]), each=2)


def test_maps_come_one_by_one_into_the_array_that_is_given() -> None:
    horizon, sun = wavy_horizon(), sun_at([10, 20, 30], [1, 2, 3])
    out = np.empty(horizon.geometry.shape, np.float32)
    fresh = list(lit_maps(horizon, sun, [0, 5, 9]))
    assert [time_s for time_s, _ in fresh] == [0, 5, 9]
    for (_, given_map), (_, own), azimuth, elevation in zip(
        lit_maps(horizon, sun, [0, 5, 9], out=out), fresh, (10, 20, 30), (1, 2, 3), strict=True
    ):
        assert given_map is out
        np.testing.assert_array_equal(out, own)
        np.testing.assert_array_equal(own, lit_fraction(horizon, sun_at(azimuth, elevation)))


BAD = {
    "two instants": (lambda h: lit_fraction(h, sun_at([1, 2], 3)), "sun"),
    "a direction that is none": (lambda h: lit_fraction(h, sun_at(math.nan, 3)), "azimuth_rad"),
    "an elevation that is none": (lambda h: lit_fraction(h, sun_at(3, math.inf)), "elevation_rad"),
    "no disc": (lambda h: lit_fraction(h, sun_at(3, 3, diameter_rad=0.0)), "angular_diameter_rad"),
    "another shape": (lambda h: lit_fraction(h, sun_at(3, 3), out=np.empty((2, 2), np.float32)), "out"),
    "another type": (lambda h: lit_fraction(h, sun_at(3, 3), out=np.empty((3, 4))), "out"),
    "times backwards": (lambda h: light_over(h, sun_at([1, 2], 3), [5, 4]), "time_s"),
    "times too close": (lambda h: light_over(h, sun_at([1, 2, 3], 3), [0, 1e7, 1e7 + 0.1]), "time_s"),
    "too few times": (lambda h: lit_maps(h, sun_at([1, 2], 3), [5]), "time_s"),
    "no time": (lambda h: light_over(h, sun_at([], 3), []), "azimuth_rad"),
    "no share": (lambda h: light_over(h, sun_at(1, 3), [0], least_lit=0.0), "least_lit"),
    "a share that is none": (lambda h: light_over(h, sun_at(1, 3), [0], least_lit=math.nan), "least_lit"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_is_refused_in_one_line_with_its_remedy(name: str) -> None:
    call, field = BAD[name]
    with pytest.raises(UsageError) as caught:
        call(level_horizon())
    line = str(caught.value)
    assert "\n" not in line
    assert f" {field}" in line
    assert "; " in line


def test_a_sun_below_every_horizon_is_an_answer() -> None:
    assert not lit_fraction(wavy_horizon(), sun_at(5, -40))[5:8].any()


def test_a_sun_far_below_shines_on_no_edge_of_the_map() -> None:
    """Over the outermost cells a DEM has nothing, where more of the Moon lies; only from hills is the horizon lower."""
    heights = np.zeros((9, 9), np.float32)
    heights[4, 4] = 40.0
    geometry = GridGeometry(
        rows=9, cols=9, resolution_m=5.0, east_m=-20.0, north_m=-20.0, site=site_with(0.0)
    )
    horizon = trace_horizon(Dem(geometry=geometry, elevation_m=heights, datum_m=0.0, source=""), azimuths=8)
    assert horizon.dip_rad == pytest.approx(math.sqrt(2 * 40.0 / MOON.radius_m), rel=1e-3)
    dip_deg = math.degrees(horizon.dip_rad)
    for elevation_deg in (-60.0, -1.0, -dip_deg - 1.1 * RADIUS_DEG):
        assert lit_fraction(horizon, sun_at(90.0, elevation_deg)).max() == 0.0
    assert lit_fraction(horizon, sun_at(90.0, -dip_deg)).max() == pytest.approx(0.5, abs=0.01)
    calendar = light_over(horizon, sun_at([90.0, 90.0], [-60.0, -1.0]), [0.0, 3600.0])
    assert np.isnan(calendar.first_light_s).all()
    assert (calendar.lit_s == 0).all()
