"""The ring of the rover's panoramic camera: pairs all round, each eye's put together on a cylinder."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from rover.core.eyes import CameraParams
from rover.core.vehicle import VehicleParams
from sim.mission.descent_world import DescentWorld
from sim.mission.landing_place import FAR_RINGS, LandingPlace, Ring, from_origin, ground_about
from sim.mission.panorama import Look, Panorama, Span, Turns
from sim.sensors.bodies import Bodies, Part, set_down
from sim.sensors.camera import Eye
from sim.sensors.craft import lander_parts, rover_parts
from sim.sensors.mount import BodyPose, eye_at
from sim.sensors.scene import Scene

PAIRS = Turns(count=28, tilts_deg=(-2.0,))
"""Twenty-eight pairs in steps of 12.9 deg, which overlap by a third. Their pitch is chosen, so that horizon and lander
are in the picture: the two that are recalled of Yutu, 7 and 19 deg down (not found published), are for the ground."""

PCAM_SPAN = Span(rows=228, cols=5400, top_deg=5.6, bottom_deg=-9.6)
"""A fifteenth of a degree a pixel."""

EYES = (1.0, -1.0)
"""Left and right."""

_NEAR_RINGS = (Ring(12.0, 10), Ring(24.0, 20), Ring(48.0, 40), Ring(150.0, 160))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RoverPlace:
    """The ground about a rover, and what stands on it.

    Attributes:
        scene: Bare ground, fine about the rover.
        vehicle, mast: The rover, and the cameras on its mast.
        rover, lander: How they stand.
        shape: The lander's parts.
    """

    scene: Scene
    vehicle: VehicleParams
    mast: CameraParams
    rover: BodyPose
    lander: BodyPose
    shape: tuple[Part, ...] = field(default_factory=lander_parts)

    @property
    def lander_parts(self) -> tuple[int, int]:
        """The lander's parts among the scene's: first, and one past the last."""
        return 0, len(self.shape)

    def bodies(self, pan_rad: float = 0.0) -> Bodies:
        """Return lander and rover, its head turned."""
        parts = self.shape, rover_parts(self.vehicle, self.mast, pan_rad=pan_rad)
        return set_down(
            [
                (parts[0], from_origin(self.scene, self.lander), self.lander.axes),
                (parts[1], from_origin(self.scene, self.rover), self.rover.axes),
            ]
        )

    def lander_alone(self) -> Bodies:
        """Return the lander, for an eye between the rover's cameras, which its head would be before."""
        return set_down([(self.shape, from_origin(self.scene, self.lander), self.lander.axes)])


def rover_place(
    world: DescentWorld, place: LandingPlace, vehicle: VehicleParams, mast: CameraParams
) -> RoverPlace:
    """Return the ground about the rover of a landing place as a camera on its mast sees it."""
    rings = [*_NEAR_RINGS, *(Ring(half, cell) for half, cell in FAR_RINGS)]
    scene = ground_about(world, (place.rover.east_m, place.rover.north_m), rings)
    return RoverPlace(
        scene=scene, vehicle=vehicle, mast=mast, rover=place.rover, lander=place.lander, shape=place.shape
    )


def ring_looks(place: RoverPlace, pcam: CameraParams, side: float) -> Look:
    """Return what an eye of the panoramic camera has to see; the head turns with it.

    It is tilted against level ground: the mast takes off what the rover leans the way that it looks.
    """
    ahead, left, _ = place.rover.axes

    def look(pan_rad: float, tilt_rad: float) -> tuple[Scene, Eye]:
        scene = place.scene.with_bodies(place.bodies(pan_rad))
        leans = math.asin(float(math.cos(pan_rad) * ahead[2] + math.sin(pan_rad) * left[2]))
        tilt = tilt_rad - leans - math.radians(pcam.pitch_deg)
        return scene, eye_at(pcam, place.rover, side=side, pan_rad=pan_rad, tilt_rad=tilt)

    return look


def anaglyph(left: Panorama, right: Panorama) -> npt.NDArray[np.float32]:
    """Return (rows, cols, 3) light for red and cyan glasses, red to the left; dark where one eye saw nothing."""
    both = ((left.shots > 0) & (right.shots > 0))[..., None]
    grey = [np.asarray(one.light.mean(axis=2)) for one in (left, right)]
    return np.asarray(np.stack([grey[0], grey[1], grey[1]], axis=-1) * both, np.float32)
