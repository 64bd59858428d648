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
from sim.sensors.craft import lander_parts, rover_parts
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

_FINE_RINGS, _BEHIND_M = ((9.0, 8), (45.0, 45), (150.0, 160)), 30.0
"""Half sides and cells of the ground of a picture, as `Ring` has them, and how far behind the aim the second lies."""

_MOST_LEAN_RAD = math.radians(10.0)
_LANDER_AIM_M, _ROVER_AIM_M = 1.5, 0.6
"""Heights over the feet and the wheels at which cameras are aimed."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Portraits:
    """Two pictures, and from where they are taken.

    Attributes:
        place: With the rover where it stands.
        of_lander, of_rover: What each camera sees.
        range_m: Between the two.
        phase_rad: At the lander and at the rover, between Sun and camera.
    """

    place: LandingPlace
    of_lander: Picture
    of_rover: Picture
    range_m: float
    phase_rad: tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Sitting:
    """What all viewpoints have in common."""

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


def take_portraits(
    place: LandingPlace,
    *,
    stands: Stands = lambda _pose: True,
    vehicle: VehicleParams,
    mast: CameraParams,
    pcam: CameraParams,
    tcam: CameraParams,
    sun: Sunlight,
    optics: OpticsParams,
    cols: tuple[int, int],
    world: DescentWorld | None = None,
) -> Portraits | str:
    """Return the two pictures from the best viewpoint that shows the whole of both, or why there is none.

    Args:
        place: Where the lander stands; the rover is put elsewhere.
        stands: Where the rover may be put.
        vehicle, mast: The rover and the cameras on its mast, which it is drawn by.
        pcam, tcam: The cameras of rover and lander.
        sun: Light.
        optics: Of the ground.
        cols: Of the rover's and of the lander's picture.
        world: Ground to be made anew in cells of a picture's pixels; that of the place is taken if left out.
    """
    if sun.elevation_rad <= 0.0:
        return f"the Sun is {-math.degrees(sun.elevation_rad):.1f} deg below the horizon"
    sitting = _Sitting(
        place=place, vehicle=vehicle, mast=mast, pcam=pcam, tcam=tcam, sun=sun, optics=optics, world=world
    )
    for rover in filter(stands, _viewpoints(sitting)):
        there = _with_rover(sitting, rover)
        if _shows_whole(sitting, there):
            return _taken(sitting, there, cols)
    return "no viewpoint shows the whole of both"


def _viewpoints(sitting: _Sitting) -> Iterator[BodyPose]:
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


def _with_rover(sitting: _Sitting, rover: BodyPose) -> LandingPlace:
    place = sitting.place
    parts = lander_parts(), rover_parts(sitting.vehicle, sitting.mast)
    bodies = set_down(
        [
            (parts[0], from_origin(place.scene, place.lander), place.lander.axes),
            (parts[1], from_origin(place.scene, rover), rover.axes),
        ]
    )
    first = len(parts[0])
    return LandingPlace(
        scene=place.scene.with_bodies(bodies),
        lander=place.lander,
        rover=rover,
        lander_parts=(0, first),
        rover_parts=(first, first + len(parts[1])),
    )


def _eyes(sitting: _Sitting, place: LandingPlace) -> tuple[Eye, Eye]:
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


def _shows_whole(sitting: _Sitting, place: LandingPlace) -> bool:
    """Tell whether each camera sees the whole of the other: nothing before it, none of it out of the picture."""
    rover_eye, lander_eye = _eyes(sitting, place)
    cases = (
        (rover_eye, sitting.pcam, place.lander_parts, lander_parts(), place.lander),
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


def _trial(sitting: _Sitting, scene: Scene, eye: Eye, lens: Lens) -> npt.NDArray[np.int16]:
    return take_picture(scene, eye, lens, sitting.sun, sitting.optics, shaded=False).part


def _taken(sitting: _Sitting, place: LandingPlace, cols: tuple[int, int]) -> Portraits:
    eyes, cameras = _eyes(sitting, place), (sitting.pcam, sitting.tcam)
    of_lander, of_rover = (
        take_picture(
            _finely(sitting, place, target, eye), eye, lens_of(camera, cols=wide), sitting.sun, sitting.optics,
            samples=2,
        )
        for eye, camera, wide, target in zip(eyes, cameras, cols, (place.lander, place.rover), strict=True)
    )  # fmt: skip
    lander, rover = place.lander.place_m, place.rover.place_m
    return Portraits(
        place=place,
        of_lander=of_lander,
        of_rover=of_rover,
        range_m=float(np.linalg.norm(lander - rover)),
        phase_rad=(
            _angle(eyes[0].place_m - lander, sitting.sun.direction),
            _angle(eyes[1].place_m - rover, sitting.sun.direction),
        ),
    )


def _finely(sitting: _Sitting, place: LandingPlace, target: BodyPose, eye: Eye) -> Scene:
    """Return ground in cells about as wide as a picture's pixel, finest about what is aimed at, with both bodies."""
    if sitting.world is None:
        return place.scene
    away = target.place_m[:2] - eye.place_m[:2]
    along = away / np.linalg.norm(away)
    behind = float(along[0]) * _BEHIND_M, float(along[1]) * _BEHIND_M
    rings = [Ring(*_FINE_RINGS[0]), Ring(*_FINE_RINGS[1], behind), Ring(*_FINE_RINGS[2])]
    rings += [Ring(half, cell) for half, cell in FAR_RINGS]
    scene = ground_about(sitting.world, (target.east_m, target.north_m), rings)
    parts = lander_parts(), rover_parts(sitting.vehicle, sitting.mast)
    groups = [
        (of, from_origin(scene, pose), pose.axes)
        for of, pose in zip(parts, (place.lander, place.rover), strict=True)
    ]
    return scene.with_bodies(set_down(groups))


def _angle(one: Floats, other: Floats) -> float:
    cosine = float(one @ other) / float(np.linalg.norm(one) * np.linalg.norm(other))
    return math.acos(max(-1.0, min(1.0, cosine)))
