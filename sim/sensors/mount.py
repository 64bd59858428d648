"""Where a camera of the rover is and which way it looks, from where the rover stands."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.eyes import CameraParams
from sim.sensors.bodies import attitude
from sim.sensors.camera import Eye
from sim.sensors.lens import Lens

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class BodyPose:
    """Where the rover is.

    Attributes:
        east_m, north_m: Of the body's middle.
        up_m: Height of the plane of the wheels' contacts there, above the ground's datum.
        yaw_rad, pitch_rad, roll_rad: Counter-clockwise from east, nose up, left side up.
    """

    east_m: float
    north_m: float
    up_m: float
    yaw_rad: float
    pitch_rad: float = 0.0
    roll_rad: float = 0.0

    @property
    def place_m(self) -> Floats:
        """(3,) east, north, up."""
        return np.array([self.east_m, self.north_m, self.up_m])

    @property
    def axes(self) -> Floats:
        """(3, 3) forward, left and up as rows, each east, north and up."""
        return attitude(self.yaw_rad, self.pitch_rad, self.roll_rad)


def lens_of(camera: CameraParams, *, cols: int | None = None) -> Lens:
    """Return a camera's lens, with `cols` columns (and rows in proportion) instead of its own where that is given."""
    lens = Lens.centred(camera.projection, rows=camera.rows, cols=camera.cols, fov_rad=camera.fov_rad)
    if camera.centre_row is not None or camera.centre_col is not None:
        row = lens.centre_row if camera.centre_row is None else camera.centre_row
        col = lens.centre_col if camera.centre_col is None else camera.centre_col
        lens = Lens(
            projection=lens.projection, rows=lens.rows, cols=lens.cols, focal_px=lens.focal_px,
            centre_row=row, centre_col=col,
        )  # fmt: skip
    return lens if cols is None else lens.scaled(cols / camera.cols)


def eye_on_body(
    camera: CameraParams, *, side: float = 0.0, pan_rad: float = 0.0, tilt_rad: float = 0.0
) -> tuple[Floats, Floats]:
    """Return the (3,) place of an eye in the body's frame and its (3, 3) axes as rows.

    Args:
        camera: As mounted. What pans and tilts turns about the place given, as the head of a mast does.
        side: 1 for the left eye of a pair, -1 for the right one, 0 for the middle.
        pan_rad: To the left, beside the mount's own yaw.
        tilt_rad: Upwards, beside its own pitch.
    """
    axes = attitude(
        math.radians(camera.yaw_deg) + pan_rad,
        math.radians(camera.pitch_deg) + tilt_rad,
        math.radians(camera.roll_deg),
    )
    place = (
        np.array([camera.forward_m, camera.left_m, camera.up_m]) + 0.5 * side * camera.baseline_m * axes[1]
    )
    return place, axes


def eye_at(
    camera: CameraParams, pose: BodyPose, *, side: float = 0.0, pan_rad: float = 0.0, tilt_rad: float = 0.0
) -> Eye:
    """Return where an eye is in the ground's frame; arguments as `eye_on_body` takes them."""
    place, axes = eye_on_body(camera, side=side, pan_rad=pan_rad, tilt_rad=tilt_rad)
    return Eye(place_m=pose.place_m + place @ pose.axes, axes=axes @ pose.axes)
