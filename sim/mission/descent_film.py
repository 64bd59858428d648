"""What the descent camera sees: frame by frame, over ground made anew as the lander comes nearer.

Ground is a function of place and scale, so that each scene is made where the camera is, in cells about as large as a
pixel shows there, and frames of different scenes show the same ground.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from rover.core.eyes import CameraParams
from sim.mission.descent_world import DescentWorld
from sim.mission.lander import LanderState
from sim.sensors.camera import Picture, Sunlight, take_picture
from sim.sensors.mount import lens_of
from sim.sensors.scene import Scene

Floats = npt.NDArray[np.float64]

_LEAST_CELL_MM = 8
"""Finer relief is grain, which pictures have by pixel."""

_OBLIQUE_RAD = math.radians(30.0)
"""From so much lean of the camera on, ground is made to the horizon."""

_NADIR_RINGS = ((0.32, 560), (0.64, 560), (2.0, 480), (12.0, 400))
_OBLIQUE_RINGS = ((1.8, 720), (3.6, 560), (7.2, 280), (11.0, 140))
"""Half sides in heights of the camera, and how many cells each is wide for a frame of 1024 pixels."""

_OBLIQUE_AHEAD = 0.8
"""Of its half side, by which a ring lies ahead: what is behind is not seen."""

_DRIFT_NADIR, _DRIFT_OBLIQUE = 0.06, 1.0
"""Heights that the camera may have gone aside before ground is made anew."""

_FULL_PX = 1024


class DescentFilm:
    """Frames of a descent; the ground of the last one is kept for the next."""

    def __init__(self, world: DescentWorld, camera: CameraParams, pixels: int) -> None:
        """Take frames of so many rows and columns."""
        self.world, self.camera, self.pixels = world, camera, pixels
        self._scene: Scene | None = None
        self._made: tuple[bool, float, tuple[float, float]] | None = None

    def picture(self, state: LanderState, height_m: float, sun: Sunlight) -> Picture:
        """Return what the camera sees.

        Args:
            state: Of the lander.
            height_m: Of its feet over the ground.
            sun: Light.
        """
        scene = self.scene(state, height_m)
        optics = self.world.site.optics
        assert optics is not None
        lens = lens_of(self.camera, cols=self.pixels)
        return take_picture(scene, self.world.eye(state, self.camera, scene), lens, sun, optics)

    def scene(self, state: LanderState, height_m: float) -> Scene:
        """Return the ground for a frame: that of the last one while it serves."""
        high = max(height_m, 0.0) + self.camera.up_m
        leans = math.acos(min(1.0, float(state.axes[2, 2])))
        oblique = leans > _OBLIQUE_RAD
        at = self.world.map_m(state.place_m)
        if self._scene is None or not self._serves(oblique, high, at):
            top = 2.0 ** math.ceil(math.log2(high))
            ahead = _OBLIQUE_AHEAD if oblique else 0.0
            rings = self._rings(top, oblique=oblique)
            self._scene = self.world.scene(state.place_m, rings, grain=True, ahead_share=ahead)
            self._made = oblique, top, at
        return self._scene

    def _serves(self, oblique: bool, high_m: float, at: tuple[float, float]) -> bool:
        assert self._made is not None
        made_oblique, top, made_at = self._made
        drift = _DRIFT_OBLIQUE if oblique else _DRIFT_NADIR
        return (
            made_oblique == oblique and top / 2 < high_m <= top and math.dist(at, made_at) <= drift * high_m
        )

    def _rings(self, top_m: float, *, oblique: bool) -> list[tuple[float, int]]:
        """Return the rings for heights up to `top_m`, each with cells of whole millimetres."""
        rings: list[tuple[float, int]] = []
        for share, count in _OBLIQUE_RINGS if oblique else _NADIR_RINGS:
            cells = max(32, count * self.pixels // _FULL_PX)
            half = share * top_m
            cell_mm = max(_LEAST_CELL_MM, round(1000.0 * half / cells))
            if rings and cell_mm <= rings[-1][1]:
                rings.pop()  # the coarser ring is as fine
            rings.append((half, cell_mm))
        return rings


def frame_times_s(time_s: Floats, height_m: Floats, count: int) -> Floats:
    """Return (count,) times of frames, first and last included.

    Half of the frames are spread evenly over time, half evenly over the logarithm of the height, so that neither the
    long braking nor the last metres are passed over.

    Args:
        time_s, height_m: (n,) of a descent, times ascending.
        count: At least 2.
    """
    lower = np.minimum.accumulate(np.log(np.maximum(height_m, 1.0)))
    share = 0.5 * (time_s - time_s[0]) / (time_s[-1] - time_s[0]) + 0.5 * (lower[0] - lower) / (
        lower[0] - lower[-1]
    )
    return np.interp(np.linspace(0.0, 1.0, count), share, time_s)
