"""Rover and lander photograph each other: known bodies at known pixels, whole, in light, or a reason."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pytest

from rover.core.bodies import AU_M
from rover.core.eyes import EyesParams
from rover.io.lander import read_lander
from rover.io.vehicle import read_vehicle
from sim.mission.landing_place import LandingPlace
from sim.mission.portraits import PortraitSetting, Viewpoint, choose_viewpoint, take_portraits, viewpoint_at
from sim.moon.ground import Patch
from sim.run.scenario_ground import load_site
from sim.sensors.camera import Picture, Sunlight
from sim.sensors.mount import BodyPose
from sim.sensors.scene import build_scene

ROVER = read_vehicle("yutu-2")
EYES = ROVER.part("eyes", EyesParams)
TCAM = read_lander("chang-e-4").params.tcam
STANDS = BodyPose(east_m=0.0, north_m=0.0, up_m=0.0, yaw_rad=0.4)


class Portraits(NamedTuple):
    """Both pictures, and from where."""

    place: LandingPlace
    phase_rad: tuple[float, float]
    of_lander: Picture
    of_rover: Picture


def place(wall_m: float = 0.0) -> LandingPlace:
    """A plain, with a ring wall of a height about the lander, 8 to 10 m away."""
    side = np.arange(-200.0, 200.5, 0.5)
    away = np.hypot(side[None, :], side[:, None])
    height = wall_m * ((away > 8.0) & (away < 10.0))
    plain = Patch(east_m=-200.0, north_m=-200.0, resolution_m=0.5, elevation_m=height.astype(np.float32))
    scene = build_scene([plain], east_m=0.0, north_m=0.0)
    return LandingPlace(scene=scene, lander=STANDS, rover=STANDS, lander_parts=(0, 0), rover_parts=(0, 0))


def setting_of(where: LandingPlace, sun_deg: float = 20.8) -> PortraitSetting:
    optics = load_site("von-karman").optics
    assert optics is not None
    sun = Sunlight(azimuth_rad=math.radians(293.0), elevation_rad=math.radians(sun_deg), distance_m=AU_M)
    return PortraitSetting(
        place=where, vehicle=ROVER.params, mast=EYES.navcam, pcam=EYES.pcam, tcam=TCAM, sun=sun, optics=optics,
        world=None,
    )  # fmt: skip


def taken(where: LandingPlace, sun_deg: float = 20.8) -> Portraits | str:
    setting = setting_of(where, sun_deg)
    rover = choose_viewpoint(setting)
    if isinstance(rover, str):
        return rover
    view = viewpoint_at(setting, rover)
    assert isinstance(view, Viewpoint)
    of_lander, of_rover = take_portraits(setting, view.place, (294, 294))
    return Portraits(place=view.place, phase_rad=view.phase_rad, of_lander=of_lander, of_rover=of_rover)


@pytest.fixture(scope="module")
def both() -> Portraits:
    found = taken(place())
    assert isinstance(found, Portraits)
    return found


def seen(picture: Picture, parts: tuple[int, int]) -> np.ndarray:
    return (picture.part >= parts[0]) & (picture.part < parts[1])


def test_both_vehicles_are_whole_in_the_pictures(both: Portraits) -> None:
    for picture, parts in (
        (both.of_lander, both.place.lander_parts),
        (both.of_rover, both.place.rover_parts),
    ):
        where = seen(picture, parts)
        assert where.sum() > 300
        assert not (where[0].any() or where[-1].any() or where[:, 0].any() or where[:, -1].any())


def test_bodies_are_at_the_pixels_where_they_stand(both: Portraits) -> None:
    """A wheel and a foot, put through the lens by hand."""
    for picture, parts, pose, names in (
        (both.of_rover, both.place.rover_parts, both.place.rover, ("head",)),
        (both.of_lander, both.place.lander_parts, both.place.lander, ("deck",)),
    ):
        for n in range(*parts):
            part = both.place.scene.bodies.parts[n]
            if part.name not in names:
                continue
            middle = pose.place_m + np.array(part.at_m) @ pose.axes
            row, col = picture.lens.project(picture.eye.axes @ (middle - picture.eye.place_m))
            rows, cols = np.nonzero(picture.part == n)
            assert rows.size > 0
            assert cols.min() - 1 <= col <= cols.max() + 1
            assert rows.min() - 2 <= row <= rows.max() + 2


def test_light_is_from_the_side_in_both_and_the_rover_faces_the_lander(both: Portraits) -> None:
    assert math.degrees(sum(both.phase_rad)) == pytest.approx(180.0, abs=12.0)  # the eyes' heights apart
    assert all(60.0 < math.degrees(angle) < 120.0 for angle in both.phase_rad)
    rover, lander = both.place.rover, both.place.lander
    towards = math.atan2(lander.north_m - rover.north_m, lander.east_m - rover.east_m)
    assert math.cos(towards - rover.yaw_rad) == pytest.approx(1.0, abs=1e-6)
    for picture, parts in (
        (both.of_lander, both.place.lander_parts),
        (both.of_rover, both.place.rover_parts),
    ):
        light = picture.radiance[seen(picture, parts)]
        assert 0.1 < (light > 0.1).mean() < 0.98  # sides in light, sides in shadow


def test_a_wall_between_the_two_leaves_no_viewpoint() -> None:
    assert taken(place(wall_m=6.0)) == "no viewpoint shows the whole of both"


def test_what_was_seen_from_where_is_not_looked_at_again() -> None:
    setting = setting_of(place())
    judged: dict[tuple[float, float], bool] = {}
    first = choose_viewpoint(setting, judged=judged)
    assert isinstance(first, BodyPose)
    chosen = (round(first.east_m, 3), round(first.north_m, 3))
    assert judged[chosen] and sum(judged.values()) == 1
    judged[chosen] = False  # as if something stood between
    other = choose_viewpoint(setting, judged=judged)
    assert isinstance(other, BodyPose) and (other.east_m, other.north_m) != (first.east_m, first.north_m)


def test_without_the_sun_there_is_no_picture() -> None:
    assert taken(place(), sun_deg=-3.0) == "the Sun is 3.0 deg below the horizon"
