"""The stereo pairs of a rover on the move: what they range at each look, and the heights that come of it."""

from __future__ import annotations

import math

import numpy as np

from rover.core.boundary import RectifiedPicture, StereoPoints
from rover.core.errors import CameraError
from rover.core.eyes import CameraParams, EyesParams
from rover.core.grid import Dem
from sim.moon.ground import Ground, Patch
from sim.moon.optics import OpticsParams
from sim.sensors.camera import Sunlight
from sim.sensors.exposure import expose
from sim.sensors.faults import NO_FAULTS, SenseFaults
from sim.sensors.grain import octaves
from sim.sensors.heights import RollingHeights
from sim.sensors.mount import BodyPose, eye_on_body
from sim.sensors.scene import Scene, build_scene
from sim.sensors.stereo import QUICK_COLS, match_pair, take_pair

NEAR_M = 14.0
"""Half side of the fine ground about the rover."""

_STALE_M = 3.0
"""It is made anew when the rover has gone this far."""

_AROUND_M = 300.0
"""How far the coarser ground reaches that may stand before the Sun or behind the near ground."""

PAIRS = ("hazcam", "navcam")
"""Pairs that look at each stop, in this order."""

PANS_RAD = tuple(math.radians(deg) for deg in range(-160, 200, 40))
TILTS_RAD = (0.0, math.radians(-32.0))
"""Pointings of the mast when it looks all round: its pictures are 46 deg wide and reach half a metre beside."""


class Eyesight:
    """Stereo pairs in the quick mode of 256 columns."""

    def __init__(
        self,
        ground: Ground,
        around: Dem,
        eyes: EyesParams,
        optics: OpticsParams,
        *,
        generator: np.random.Generator,
    ) -> None:
        """Give a rover eyes.

        Args:
            ground: What is really there.
            around: The same ground, coarser and wider.
            eyes: Its cameras and their matcher.
            optics: Of the ground.
            generator: Of the errors.
        """
        self._ground = ground
        self._around = around
        self._eyes = eyes
        self._optics = optics
        self._grain = octaves(optics.grain_slope_deg, optics.grain_hurst)
        self._generator = generator
        self._of_pictures = generator.spawn(1)[0]
        self._scene: Scene | None = None

    def look(
        self, pose: BodyPose, sun: Sunlight, *, faults: SenseFaults = NO_FAULTS, round_about: bool = False
    ) -> tuple[StereoPoints, ...]:
        """Return what each pair ranges; one that has failed, or stands in the ground, gives nothing.

        Args:
            pose: Of the rover.
            sun: That lights the ground.
            faults: Of the senses.
            round_about: Turn the mast all round as well, and down.
        """
        scene = self._scene_about(pose)
        pointings = [(name, 0.0, 0.0) for name in PAIRS]
        if round_about:
            pointings += [
                ("navcam", pan, tilt) for tilt in TILTS_RAD for pan in PANS_RAD if (pan, tilt) != (0, 0)
            ]
        found = []
        for name, pan_rad, tilt_rad in pointings:
            if name in faults.cameras_failed:
                continue
            try:
                found.append(self._range(name, scene, pose, sun, faults, pan_rad, tilt_rad))
            except CameraError:
                continue
        return tuple(found)

    def _range(
        self,
        name: str,
        scene: Scene,
        pose: BodyPose,
        sun: Sunlight,
        faults: SenseFaults,
        pan_rad: float,
        tilt_rad: float,
    ) -> StereoPoints:
        mounted: CameraParams = getattr(self._eyes, name)
        # The head turns about the middle between its eyes, as the mount's own angles do.
        camera = mounted.model_copy(
            update={
                "yaw_deg": mounted.yaw_deg + math.degrees(pan_rad),
                "pitch_deg": mounted.pitch_deg + math.degrees(tilt_rad),
            }
        )
        pair = take_pair(scene, camera, pose, sun, self._optics, cols=QUICK_COLS, both_shaded=False)
        depth = match_pair(
            pair,
            camera,
            self._eyes.matching,
            sun.distance_m,
            self._generator,
            lost=faults.stereo_lost,
        )
        place, axes = eye_on_body(camera, side=1.0)
        seen, sigma = depth.seen_m()
        lens, frame = pair.left.lens, expose(pair.left, camera, sun.distance_m, self._of_pictures)
        return StereoPoints(
            camera=name if pan_rad == 0 and tilt_rad == 0 else f"{name} turned",
            points_m=(place + seen @ axes).astype(np.float32),
            sigma_m=sigma.astype(np.float32),
            eye_m=(float(place[0]), float(place[1]), float(place[2])),
            picture=RectifiedPicture(
                light=(frame.number / frame.full).astype(np.float32),
                axes=axes,
                focal_px=lens.focal_px,
                centre_row=lens.centre_row,
                centre_col=lens.centre_col,
            ),
        )

    def _scene_about(self, pose: BodyPose) -> Scene:
        held = self._scene
        if held is None or math.hypot(pose.east_m - held.east_m, pose.north_m - held.north_m) > _STALE_M:
            near = self._ground.patch(pose.east_m, pose.north_m, NEAR_M)
            wide = _cut(self._around, pose.east_m, pose.north_m, self._ground.datum_m)
            patches = [near] if wide is None or not _holds(wide, near) else [near, wide]
            held = self._scene = build_scene(
                patches, east_m=pose.east_m, north_m=pose.north_m, grain=self._grain
            )
        return held


def add_looks(heights: RollingHeights, looks: tuple[StereoPoints, ...], pose: BodyPose) -> Dem:
    """Put what was ranged into the heights round the rover, and return them."""
    heights.centre(pose.east_m, pose.north_m)
    for look in looks:
        heights.add(pose.place_m + look.points_m.astype(np.float64) @ pose.axes, look.sigma_m)
    return heights.dem(pose.east_m, pose.north_m)


def _cut(dem: Dem, east_m: float, north_m: float, datum_m: float) -> Patch | None:
    """Return the part of a DEM about a place, its heights above another datum; None where too little is left."""
    g = dem.geometry
    cols = [(east_m + side * _AROUND_M - g.east_m) / g.resolution_m for side in (-1.0, 1.0)]
    rows = [(north_m + side * _AROUND_M - g.north_m) / g.resolution_m for side in (-1.0, 1.0)]
    first_col, last_col = max(0, math.floor(cols[0])), min(g.cols - 1, math.ceil(cols[1]))
    first_row, last_row = max(0, math.floor(rows[0])), min(g.rows - 1, math.ceil(rows[1]))
    if min(last_col - first_col, last_row - first_row) < 8:
        return None
    part = dem.elevation_m[first_row : last_row + 1, first_col : last_col + 1]
    return Patch(
        east_m=g.east_m + first_col * g.resolution_m,
        north_m=g.north_m + first_row * g.resolution_m,
        resolution_m=g.resolution_m,
        elevation_m=part + np.float32(dem.datum_m - datum_m),
    )


def _holds(outer: Patch, inner: Patch) -> bool:
    """Tell whether a raster lies within a coarser one, of which the rest is known."""
    if outer.resolution_m <= inner.resolution_m:
        return False
    rows, cols = inner.elevation_m.shape
    tall, wide = outer.elevation_m.shape
    return (
        outer.east_m <= inner.east_m
        and outer.north_m <= inner.north_m
        and inner.east_m + (cols - 1) * inner.resolution_m <= outer.east_m + (wide - 1) * outer.resolution_m
        and inner.north_m + (rows - 1) * inner.resolution_m <= outer.north_m + (tall - 1) * outer.resolution_m
    )
