"""The lander's panorama: things are seen at their azimuths, frames leave no seams, and the scale is right."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from rover.core.bodies import AU_M
from rover.core.eyes import EyesParams
from rover.io.lander import read_lander
from rover.io.vehicle import read_vehicle
from sim.mission.landing_place import LandingPlace, NearCrater
from sim.mission.panorama import (
    BOTTOM_DEG,
    COLS,
    ROWS,
    TOP_DEG,
    TURNS,
    Panorama,
    Shot,
    from_true_north,
    level_eye,
    looks_of,
    put_together,
    shoot,
)
from sim.mission.panorama_marks import marks_on, overview
from sim.moon.ground import Patch
from sim.moon.optics import OpticsParams
from sim.run.scenario_ground import load_site
from sim.sensors.bodies import Part, set_down
from sim.sensors.camera import Sunlight
from sim.sensors.craft import rover_parts
from sim.sensors.mount import BodyPose
from sim.sensors.scene import build_scene

TCAM = read_lander("chang-e-4").params.tcam
ROVER = read_vehicle("yutu-2")
SUN = Sunlight(azimuth_rad=math.radians(60.0), elevation_rad=math.radians(30.0), distance_m=AU_M)
POST_DEG, POST_M, ROVER_DEG = 200.0, 25.0, 300.0


def optics() -> OpticsParams:
    found = load_site("von-karman").optics
    assert found is not None
    return found


def out_at(azimuth_deg: float, away_m: float) -> tuple[float, float]:
    return away_m * math.sin(math.radians(azimuth_deg)), away_m * math.cos(math.radians(azimuth_deg))


@pytest.fixture(scope="module")
def place() -> LandingPlace:
    """A level plain with a bright post and a rover on it, and a lander that leans and faces somewhere."""
    plain = Patch(
        east_m=-400.0, north_m=-400.0, resolution_m=4.0, elevation_m=np.zeros((201, 201), np.float32)
    )
    scene = build_scene([plain], east_m=0.0, north_m=0.0)
    lander = BodyPose(
        east_m=0.0,
        north_m=0.0,
        up_m=0.0,
        yaw_rad=0.7,
        pitch_rad=math.radians(3.0),
        roll_rad=math.radians(-2.0),
    )
    post = Part(name="post", kind="cylinder", at_m=(0.0, 0.0, 1.5), half_m=(0.15, 0.15, 1.5), albedo=0.9)
    rover = out_at(ROVER_DEG, 12.0)
    standing = BodyPose(east_m=rover[0], north_m=rover[1], up_m=0.0, yaw_rad=0.0)
    figures = rover_parts(ROVER.params, ROVER.part("eyes", EyesParams).navcam)
    bodies = set_down(
        [
            ((post,), np.array([*out_at(POST_DEG, POST_M), 0.0]), np.eye(3)),
            (figures, standing.place_m, standing.axes),
        ]
    )
    return LandingPlace(
        scene=scene.with_bodies(bodies),
        lander=lander,
        rover=standing,
        lander_parts=(0, 0),
        rover_parts=(1, 1 + len(figures)),
    )


def shots_of(place: LandingPlace, wanted: Sequence[int] | None = None) -> Iterator[Shot]:
    return shoot(
        looks_of(place, TCAM),
        TCAM,
        SUN,
        optics(),
        turns=TURNS,
        cols=196,
        noise=np.random.default_rng,
        wanted=wanted,
    )


@pytest.fixture(scope="module")
def panorama(place: LandingPlace) -> Panorama:
    return put_together(shots_of(place))


def test_every_direction_is_in_a_frame(panorama: Panorama) -> None:
    assert panorama.light.shape == (ROWS, COLS, 3)
    # Nearly: the lander's lean takes a slice off the upper and lower edge.
    assert (panorama.shots > 0).mean() > 0.96
    middle = panorama.shots[ROWS // 6 : 5 * ROWS // 6]
    assert middle.min() >= 1 and middle.max() >= 2


def test_the_horizon_is_level_though_the_camera_leans(panorama: Panorama) -> None:
    """Ground ends where the plain's edge is, 400 m off and so half a degree below eye's level."""
    grey = panorama.light.mean(axis=2)
    sky = (grey < 0.3 * np.median(grey[200:300])).cumprod(axis=0).sum(axis=0)
    edge = TOP_DEG - sky * (TOP_DEG - BOTTOM_DEG) / ROWS
    clear = np.ones(COLS, bool)
    for azimuth in (POST_DEG, ROVER_DEG):
        clear[int(azimuth * 10) - 80 : int(azimuth * 10) + 80] = False
    assert np.abs(edge[clear] - -0.37).max() < 0.3


def test_a_post_stands_where_it_is(place: LandingPlace, panorama: Panorama) -> None:
    base = TOP_DEG + math.degrees(math.atan2(TCAM.up_m, POST_M))
    rows = slice(round((base - 3.0) * 10), round((base - 1.0) * 10))
    around = slice(round(POST_DEG * 10) - 60, round(POST_DEG * 10) + 60)
    bright = panorama.light[rows, around].mean(axis=(0, 2))
    column = np.average(np.arange(120), weights=(bright > 2.0 * np.median(bright)).astype(float))
    # The camera stands off the lander's middle, and leans with it, which shifts what is near.
    to = np.array(out_at(POST_DEG, POST_M)) - level_eye(TCAM, place.lander).place_m[:2]
    assert POST_DEG - 6.0 + (column + 0.5) / 10 == pytest.approx(
        math.degrees(math.atan2(*to)) % 360, abs=0.25
    )


def test_frames_leave_no_seams(panorama: Panorama) -> None:
    """On a plain of even ground columns are as like their neighbours where another frame comes in as elsewhere."""
    grey = panorama.light[200:420].mean(axis=(0, 2))
    step = np.abs(np.diff(grey)) / grey[1:]
    clear = np.ones(COLS - 1, bool)
    for azimuth in (POST_DEG, ROVER_DEG):
        clear[int(azimuth * 10) - 80 : int(azimuth * 10) + 80] = False
    seam = (np.diff(panorama.shots[200:420].astype(int), axis=1) != 0).any(axis=0)
    assert seam[clear].sum() > 40
    assert (~seam)[clear].sum() > 1000
    assert step[clear & seam].mean() < 1.15 * step[clear & ~seam].mean()
    assert step[clear & seam].max() < 0.01


def test_marks_are_where_things_are_seen(place: LandingPlace) -> None:
    seen = overview(place.scene, level_eye(TCAM, place.lander), SUN, optics())
    near = NearCrater(east_m=0.0, north_m=40.0, diameter_m=20.0)
    tiny = NearCrater(east_m=30.0, north_m=0.0, diameter_m=0.05)
    marks = {
        mark.words: mark for mark in marks_on(seen, ("rover", place.rover_parts), (0.0, 0.0), [near, tiny])
    }
    assert set(marks) == {"rover", "crater 20 m wide, 40 m away"}
    assert marks["rover"].azimuth_deg == pytest.approx(ROVER_DEG, abs=5.0)
    crater = marks["crater 20 m wide, 40 m away"].azimuth_deg
    assert min(crater, 360.0 - crater) < 3.0


def test_the_sky_is_as_dark_in_short_exposures_as_in_long(place: LandingPlace, panorama: Panorama) -> None:
    """Noise whose lower half is cut off has a mean, which a short exposure would show the more."""
    one, other = (np.array(shot.light[shot.picture.part == -2]) for shot in shots_of(place, (0, 12)))
    assert min(one.size, other.size) > 3000
    ground = float(np.median(panorama.light[250:300]))
    assert abs(one.mean() - other.mean()) < 2e-4 * ground
    assert max(abs(one.mean()), abs(other.mean())) < 1e-3 * ground


def test_a_frame_is_the_same_whichever_were_taken_before(place: LandingPlace) -> None:
    all_three = {shot.number: shot.light for shot in shots_of(place, (3, 41, 42))}
    (alone,) = shots_of(place, (42,))
    np.testing.assert_array_equal(alone.light, all_three[42])


def test_azimuths_count_from_true_north() -> None:
    """A place 5 km off is drawn at the bearing of the great circle to it, by its latitude and longitude."""
    site = load_site("von-karman")
    assert site.anchor is not None
    here = site.anchor.latitude_deg, site.anchor.longitude_deg
    east, north = site.project(*here)
    for grid_deg in (10.05, 123.05, 300.05):
        aside = out_at(grid_deg, 5000.0)
        there = site.unproject(east + aside[0], north + aside[1])
        raster = np.zeros((1, COLS), np.uint8)
        raster[0, int(grid_deg * COLS / 360.0)] = 1
        turned = from_true_north(raster, site.grid_north_rad(*here))
        drawn_deg = (int(np.argmax(turned[0])) + 0.5) * 360.0 / COLS
        assert drawn_deg == pytest.approx(bearing_deg(here, there), abs=0.06)
        assert abs(drawn_deg - grid_deg) > 0.9  # it is not the grid's


def bearing_deg(here: tuple[float, float], there: tuple[float, float]) -> float:
    """Return the azimuth from one place to another along the great circle, clockwise from north."""
    (phi1, lambda1), (phi2, lambda2) = (np.radians(place) for place in (here, there))
    away = lambda2 - lambda1
    y = math.sin(away) * math.cos(phi2)
    x = math.cos(phi1) * math.sin(phi2) - math.sin(phi1) * math.cos(phi2) * math.cos(away)
    return math.degrees(math.atan2(y, x)) % 360.0
