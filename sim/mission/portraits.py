"""Rover and lander photograph each other: from where, and what the two pictures show."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.eyes import CameraParams
from rover.core.vehicle import VehicleParams
from sim.mission.descent_world import DescentWorld
from sim.mission.landing_place import FAR_RINGS, LandingPlace, Ring, from_origin, ground_about, standing_pose
from sim.moon.optics import OpticsParams
from sim.sensors.bodies import set_down
from sim.sensors.camera import Eye, Picture, Sunlight, take_picture
from sim.sensors.craft import rover_parts
from sim.sensors.lens import Lens
from sim.sensors.mount import BodyPose, eye_at, eye_on_body, lens_of
from sim.sensors.scene import Scene

Floats = npt.NDArray[np.float64]

_RANGES_M = (14.0, 16.0, 18.0, 20.0, 22.0, 25.0)
_AZIMUTHS = 36
_TRIAL_COLS = 98
"""Of the quick pictures that a viewpoint is judged by."""

_WHOLE = 0.95
"""Share of what a vehicle would show by itself that must be seen of it."""

_BEST_PHASE_RAD = math.radians(90.0)
"""Of either picture: the angles of the two add up to half a turn, and light from the side shows shapes in both."""

_FINE_RINGS = ((7.0, 8, 0.0), (17.0, 16, 9.0), (45.0, 40, 28.0), (150.0, 160, 0.0))
"""Half sides and cells of the ground of a picture, as `Ring` has them, and how far behind the aim their middles lie."""

_MOST_LEAN_RAD = math.radians(10.0)
_LANDER_AIM_M, _ROVER_AIM_M = 1.5, 0.6
"""Heights over the feet and the wheels at which cameras are aimed."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Viewpoint:
    """From where both are seen whole.

    Attributes:
        place: With the rover where it stands.
        range_m: Between the two.
        phase_rad: At the lander and at the rover, between Sun and camera.
    """

    place: LandingPlace
    range_m: float
    phase_rad: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PortraitSetting:
    """What all viewpoints have in common.

    Attributes:
        place: Where the lander stands; the rover is put elsewhere.
        vehicle, mast: The rover and the cameras on its mast, which it is drawn by.
        pcam, tcam: The cameras of rover and lander.
        sun: Light.
        optics: Of the ground.
        world: Ground to be made anew in cells of a picture's pixels; that of the place is taken if None.
    """

    place: LandingPlace
    vehicle: VehicleParams
    mast: CameraParams
    pcam: CameraParams
    tcam: CameraParams
    sun: Sunlight
    optics: OpticsParams
    world: DescentWorld | None


Stands = Callable[[BodyPose], bool]
"""Tells whether the rover may stand somewhere."""


def choose_viewpoint(
    setting: PortraitSetting,
    stands: Stands = lambda _pose: True,
    judged: dict[tuple[float, float], bool] | None = None,
) -> BodyPose | str:
    """Return where the rover is to stand, the best place from which both are seen whole, or why there is none.

    Args:
        setting: Of both vehicles.
        stands: Where the rover may stand.
        judged: Of an earlier time, by east and north: what is seen from where does not change. Is added to.
    """
    known = {} if judged is None else judged
    if setting.sun.elevation_rad <= 0.0:
        return f"the Sun is {-math.degrees(setting.sun.elevation_rad):.1f} deg below the horizon"
    for rover in filter(stands, _viewpoints(setting)):
        where = round(rover.east_m, 3), round(rover.north_m, 3)
        if where not in known:
            known[where] = _shows_whole(setting, _with_rover(setting, rover))
        if known[where]:
            return rover
    return "no viewpoint shows the whole of both"


def viewpoint_at(setting: PortraitSetting, rover: BodyPose) -> Viewpoint | str:
    """Return the viewpoint of a rover as it stands, or why pictures cannot be taken from there."""
    there = _with_rover(setting, rover)
    if not _shows_whole(setting, there):
        return "where the rover stands the whole of both is not seen"
    eyes = _eyes(setting, there)
    lander = there.lander.place_m
    return Viewpoint(
        place=there,
        range_m=float(np.linalg.norm(lander - rover.place_m)),
        phase_rad=(
            _angle(eyes[0].place_m - lander, setting.sun.direction),
            _angle(eyes[1].place_m - rover.place_m, setting.sun.direction),
        ),
    )


def take_portraits(
    setting: PortraitSetting, place: LandingPlace, cols: tuple[int, int]
) -> tuple[Picture, Picture]:
    """Return the pictures of the lander and of the rover.

    Args:
        setting: Of both vehicles.
        place: Of a viewpoint.
        cols: Of the rover's and of the lander's picture.
    """
    eyes, cameras = _eyes(setting, place), (setting.pcam, setting.tcam)
    of_lander, of_rover = (
        take_picture(
            _finely(setting, place, target, eye), eye, lens_of(camera, cols=wide), setting.sun, setting.optics,
            samples=2,
        )
        for eye, camera, wide, target in zip(eyes, cameras, cols, (place.lander, place.rover), strict=True)
    )  # fmt: skip
    return of_lander, of_rover


def _viewpoints(sitting: PortraitSetting) -> Iterator[BodyPose]:
    """Yield where the rover may stand, facing the lander, by light and then from near to far."""
    lander, scene = sitting.place.lander, sitting.place.scene
    found = []
    for away in _RANGES_M:
        for n in range(_AZIMUTHS):
            angle = math.tau * n / _AZIMUTHS
            east, north = lander.east_m + away * math.cos(angle), lander.north_m + away * math.sin(angle)
            towards = np.array([math.cos(angle), math.sin(angle), 0.0])
            off = abs(_angle(towards, sitting.sun.direction) - _BEST_PHASE_RAD)
            found.append((round(math.degrees(off) / 10.0), away, east, north, angle))
    for _, _, east, north, angle in sorted(found):
        pose = standing_pose(scene, east, north, angle + math.pi)
        if max(abs(pose.pitch_rad), abs(pose.roll_rad)) <= _MOST_LEAN_RAD:
            yield pose


def _with_rover(sitting: PortraitSetting, rover: BodyPose) -> LandingPlace:
    return sitting.place.with_rover(rover, sitting.vehicle, sitting.mast)


def _eyes(sitting: PortraitSetting, place: LandingPlace) -> tuple[Eye, Eye]:
    """Return the rover's eye on the lander and the lander's on the rover."""
    return (
        _aimed(sitting.pcam, place.rover, place.lander.place_m + _LANDER_AIM_M * place.lander.axes[2]),
        _aimed(sitting.tcam, place.lander, place.rover.place_m + _ROVER_AIM_M * place.rover.axes[2]),
    )


def _aimed(camera: CameraParams, pose: BodyPose, target_m: Floats) -> Eye:
    """Return a camera's eye, panned and tilted on its mast so that a point is in the middle."""
    offset, _ = eye_on_body(camera)
    ahead, left, up = pose.axes @ (target_m - pose.place_m) - offset
    return eye_at(
        camera,
        pose,
        pan_rad=math.atan2(left, ahead) - math.radians(camera.yaw_deg),
        tilt_rad=math.atan2(up, math.hypot(ahead, left)) - math.radians(camera.pitch_deg),
    )


def _shows_whole(sitting: PortraitSetting, place: LandingPlace) -> bool:
    """Tell whether each camera sees the whole of the other: nothing before it, none of it out of the picture."""
    rover_eye, lander_eye = _eyes(sitting, place)
    cases = (
        (rover_eye, sitting.pcam, place.lander_parts, place.shape, place.lander),
        (
            lander_eye,
            sitting.tcam,
            place.rover_parts,
            rover_parts(sitting.vehicle, sitting.mast),
            place.rover,
        ),
    )
    for eye, camera, (first, last), parts, pose in cases:
        lens = lens_of(camera, cols=_TRIAL_COLS)
        part = _trial(sitting, place.scene, eye, lens)
        seen = (part >= first) & (part < last)
        edge = np.concatenate([seen[0], seen[-1], seen[:, 0], seen[:, -1]])
        alone = place.scene.with_bodies(set_down([(parts, from_origin(place.scene, pose), pose.axes)]))
        whole = np.count_nonzero(_trial(sitting, alone, eye, lens) >= 0)
        if edge.any() or whole == 0 or np.count_nonzero(seen) < _WHOLE * whole:
            return False
    return True


def _trial(sitting: PortraitSetting, scene: Scene, eye: Eye, lens: Lens) -> npt.NDArray[np.int16]:
    return take_picture(scene, eye, lens, sitting.sun, sitting.optics, shaded=False).part


def _finely(sitting: PortraitSetting, place: LandingPlace, target: BodyPose, eye: Eye) -> Scene:
    """Return ground in cells about as wide as a picture's pixel, finest about what is aimed at, with both bodies."""
    if sitting.world is None:
        return place.scene
    away = target.place_m[:2] - eye.place_m[:2]
    along = away / np.linalg.norm(away)
    rings = [
        Ring(half, cell, (float(along[0]) * behind, float(along[1]) * behind))
        for half, cell, behind in _FINE_RINGS
    ]
    rings += [Ring(half, cell) for half, cell in FAR_RINGS]
    scene = ground_about(sitting.world, (target.east_m, target.north_m), rings)
    return place.with_rover(place.rover, sitting.vehicle, sitting.mast, on=scene).scene


def _angle(one: Floats, other: Floats) -> float:
    cosine = float(one @ other) / float(np.linalg.norm(one) * np.linalg.norm(other))
    return math.acos(max(-1.0, min(1.0, cosine)))
