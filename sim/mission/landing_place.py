"""The place where a lander stands, with lander and rover on it, as cameras there see it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from rover.core.eyes import CameraParams
from rover.core.vehicle import VehicleParams
from sim.mission.descent_world import DescentWorld
from sim.mission.touchdown import Standing
from sim.moon.ground import Patch
from sim.moon.scatter import HALF_MM
from sim.sensors.bodies import Part, set_down
from sim.sensors.camera import height_at
from sim.sensors.craft import lander_parts, rover_parts
from sim.sensors.grain import octaves
from sim.sensors.mount import BodyPose
from sim.sensors.scene import Scene, build_scene, site_patches

Floats = npt.NDArray[np.float64]

RINGS = (
    (6.0, 10),
    (12.0, 20),
    (24.0, 40),
    (48.0, 80),
    (120.0, 160),
    (1000.0, 1000),
    (8000.0, 10_000),
    (40_000.0, 80_000),
    (110_000.0, 640_000),
)
"""Half sides in metres and cells in millimetres, near the lander as wide as a panorama's pixel is at the outer edge of
each; what lies beyond the last would have to be 3.5 km high to be seen."""

_HALF_ROVER_M = 0.6
_CRATER_REACH_M = 6000.0


FAR_RINGS = RINGS[5:]
"""Those from where what is near no longer counts."""


class Ring(NamedTuple):
    """A raster of ground about a place.

    Attributes:
        half_m: Half side.
        cell_mm: Side of a cell.
        aside_m: East and north of its middle from the place.
    """

    half_m: float
    cell_mm: int
    aside_m: tuple[float, float] = (0.0, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LandingPlace:
    """Lander and rover on the ground.

    Attributes:
        scene: With both on it, about the lander.
        lander, rover: How they stand.
        lander_parts, rover_parts: Of the scene's bodies, first and one past the last; no rover's where none is there.
        shape: The lander's parts, as they are let down.
    """

    scene: Scene
    lander: BodyPose
    rover: BodyPose
    lander_parts: tuple[int, int]
    rover_parts: tuple[int, int]
    shape: tuple[Part, ...] = field(default_factory=lambda: lander_parts())

    def with_rover(
        self, rover: BodyPose | None, vehicle: VehicleParams, mast: CameraParams, *, on: Scene | None = None
    ) -> LandingPlace:
        """Return the place with the rover elsewhere, or without one.

        Args:
            rover: How it stands; None, and it is still on the lander.
            vehicle, mast: The rover and the cameras on its mast.
            on: Other ground of the same frame.
        """
        scene = self.scene if on is None else on
        groups = [(self.shape, self.lander)]
        if rover is not None:
            groups.append((rover_parts(vehicle, mast), rover))
        bodies = set_down([(parts, from_origin(scene, pose), pose.axes) for parts, pose in groups])
        first = len(self.shape)
        return replace(
            self, scene=scene.with_bodies(bodies), rover=self.lander if rover is None else rover,
            lander_parts=(0, first), rover_parts=(first, len(bodies.parts)),
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class NearCrater:
    """A crater about the lander.

    Attributes:
        east_m, north_m: Of its middle, in the ground's frame.
        diameter_m: Rim to rim.
    """

    east_m: float
    north_m: float
    diameter_m: float


def landing_place(
    world: DescentWorld,
    place_m: Floats,
    standing: Standing,
    yaw_rad: float,
    *,
    vehicle: VehicleParams,
    mast: CameraParams,
    rover_m: tuple[float, float],
    rover_yaw_rad: float,
    ramps_deg: float | None = 0.0,
) -> LandingPlace:
    """Return the ground about a lander with the rover beside it.

    Args:
        world: Its ground.
        place_m: (3,) of the lander in the descent's frame.
        standing: How the lander's feet stand.
        yaw_rad: Of the lander's x axis.
        vehicle, mast: The rover and the cameras on its mast.
        rover_m: East and north of the rover from the lander.
        rover_yaw_rad: Where the rover faces.
        ramps_deg: As `lander_parts` takes it.
    """
    scene = world.scene(place_m, RINGS, grain=True)
    lander = _lander_pose(scene, standing, yaw_rad)
    rover = standing_pose(scene, scene.east_m + rover_m[0], scene.north_m + rover_m[1], rover_yaw_rad)
    bare = LandingPlace(
        scene=scene, lander=lander, rover=lander, lander_parts=(0, 0), rover_parts=(0, 0),
        shape=lander_parts(ramps_deg),
    )  # fmt: skip
    return bare.with_rover(rover, vehicle, mast)


def ground_about(world: DescentWorld, place_m: tuple[float, float], rings: Sequence[Ring]) -> Scene:
    """Return the bare ground about a place of the site's frame.

    Args:
        world: Its ground.
        place_m: East and north.
        rings: The finest first.
    """
    optics = world.site.optics
    assert optics is not None
    east, north = place_m
    patches: list[Patch] = []
    for ring in rings:
        patches += site_patches(
            world.surface,
            east_m=east + ring.aside_m[0],
            north_m=north + ring.aside_m[1],
            rings=((ring.half_m, ring.cell_mm),),
        )
    return build_scene(
        patches,
        east_m=east,
        north_m=north,
        radius_m=world.frame.ground_radius_m,
        grain=octaves(optics.grain_slope_deg, optics.grain_hurst),
    )


def from_origin(scene: Scene, pose: BodyPose) -> Floats:
    """Return (3,) a body's place from a scene's origin."""
    return np.asarray(pose.place_m - np.array([scene.east_m, scene.north_m, 0.0]))


def _lander_pose(scene: Scene, standing: Standing, yaw_rad: float) -> BodyPose:
    along, across = standing.feet_slope
    ahead = along * math.cos(yaw_rad) + across * math.sin(yaw_rad)
    left = -along * math.sin(yaw_rad) + across * math.cos(yaw_rad)
    return BodyPose(
        east_m=scene.east_m,
        north_m=scene.north_m,
        up_m=standing.up_m,
        yaw_rad=yaw_rad,
        pitch_rad=math.atan(ahead),
        roll_rad=math.atan(left),
    )


def standing_pose(
    scene: Scene, east_m: float, north_m: float, yaw_rad: float, half_m: float = _HALF_ROVER_M
) -> BodyPose:
    """Return how a body stands whose feet are so far from its middle."""

    def height(ahead_m: float, left_m: float) -> float:
        cos, sin = math.cos(yaw_rad), math.sin(yaw_rad)
        return height_at(scene, east_m + ahead_m * cos - left_m * sin, north_m + ahead_m * sin + left_m * cos)

    front, back, left, right = height(half_m, 0), height(-half_m, 0), height(0, half_m), height(0, -half_m)
    return BodyPose(
        east_m=east_m,
        north_m=north_m,
        up_m=(front + back + left + right) / 4,
        yaw_rad=yaw_rad,
        pitch_rad=math.atan2(front - back, 2 * half_m),
        roll_rad=math.atan2(left - right, 2 * half_m),
    )


def craters_about(world: DescentWorld, scene: Scene, from_m: float) -> Sequence[NearCrater]:
    """Return the craters about a scene's origin that are wider than `from_m`, the widest first."""
    half = round(_CRATER_REACH_M * HALF_MM)
    east, north = (round(at * HALF_MM) for at in (scene.east_m, scene.north_m))
    found = world.surface.craters_in((east - half, north - half, east + half, north + half), from_m=from_m)
    wide = [
        NearCrater(east_m=float(x) / HALF_MM, north_m=float(y) / HALF_MM, diameter_m=float(d))
        for (x, y), d in zip(found.place.tolist(), found.diameter_m.tolist(), strict=True)
        if d >= from_m
    ]
    return sorted(wide, key=lambda crater: -crater.diameter_m)
