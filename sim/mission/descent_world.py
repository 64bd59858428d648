"""The ground that a descent comes down on, and what is seen of it from above."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from rover.core.bodies import MOON
from rover.core.eyes import CameraParams
from rover.core.lander import ScannerParams
from sim.mission.lander import DescentFrame, LanderState
from sim.moon.ground import Ground, Patch
from sim.moon.site import SiteParams
from sim.moon.surface import Surface, surface
from sim.sensors.bodies import attitude
from sim.sensors.camera import Eye, Picture, Sunlight, take_picture
from sim.sensors.grain import octaves
from sim.sensors.lens import Lens
from sim.sensors.mount import lens_of
from sim.sensors.scene import Scene, build_scene, site_patches

Floats = npt.NDArray[np.float64]

_COARSE_MM, _FINE_MM = 4000, 250
_COARSE_ABOVE_M = 400.0
"""Over so much the altimeter's spot is wider than a coarse cell."""

_SCAN_SPARE_M = 8.0
"""Of ground about what a scanner sees, for the lander's lean."""

_SCAN_CELLS_MM = (100, 4000)
_LOOK_CELLS_MM = (4000, 40_000)


class DescentWorld:
    """Seeded ground of a site, counted from the place that the flight plan leads to.

    Attributes:
        site: The site.
        frame: Of the descent.
        surface: The ground.
        east_m, north_m: Of the frame's origin in the site's frame.
        origin_up_m: Height of the frame's origin, which is the anchor's as published, above the site's datum.
    """

    def __init__(self, site: SiteParams, seed: int, azimuth_rad: float) -> None:
        """Take the anchor of a site under a seed as the place to come down on."""
        assert site.anchor is not None
        self.site = site
        self.surface: Surface = surface(site, seed)
        self.east_m, self.north_m = (mm / 1000.0 for mm in site.anchor_mm)
        self._coarse = Ground.synthetic(
            site, seed=seed, origin_mm=site.anchor_mm, resolution_mm=_COARSE_MM, kept_tiles=16
        )
        self._fine = Ground.synthetic(
            site, seed=seed, origin_mm=site.anchor_mm, resolution_mm=_FINE_MM, kept_tiles=16
        )
        self._scanned: tuple[Scene, float] | None = None
        self.origin_up_m = site.anchor.elevation_m - site.frame.datum_m
        self.frame = DescentFrame(
            ground_radius_m=MOON.radius_m + site.anchor.elevation_m,
            latitude_rad=math.radians(site.anchor.latitude_deg),
            azimuth_rad=azimuth_rad,
        )

    def height_m(self, state: LanderState) -> float:
        """Return the height of the lander's feet over the ground below, of small ground where that is near."""
        east, north, up = (float(value) for value in self.frame.to_ground(state.place_m))
        high = up + self.origin_up_m - float(self._coarse.heights(east, north))
        if high > _COARSE_ABOVE_M:
            return high
        return up + self.origin_up_m - float(self._fine.heights(east, north))

    def level_height_m(self, state: LanderState) -> float:
        """Return the height over the sphere through the landing site."""
        return float(self.frame.to_ground(state.place_m)[2])

    def map_m(self, place_m: Floats) -> tuple[float, float]:
        """Return east and north in the site's frame below a place."""
        east, north, _ = self.frame.to_ground(place_m)
        return float(east) + self.east_m, float(north) + self.north_m

    def patch(self, place_m: Floats, half_m: float, cell_mm: int) -> Patch:
        """Return a square of the ground below a place, in the site's frame."""
        east, north = self.map_m(place_m)
        return site_patches(self.surface, east_m=east, north_m=north, rings=((half_m, cell_mm),))[0]

    def scene(
        self,
        place_m: Floats,
        rings: Sequence[tuple[float, int]],
        *,
        grain: bool = False,
        ahead_share: float = 0.0,
    ) -> Scene:
        """Return the ground about the point below a place, ready for rays.

        Args:
            place_m: (3,) there.
            rings: As `site_patches` takes them.
            grain: Whether relief below the scale of the cells is added.
            ahead_share: By how much of its half side each ring's middle lies ahead of the point; less than 1.
        """
        east, north = self.map_m(place_m)
        optics = self.site.optics
        assert optics is not None
        patches = []
        for half_m, cell_mm in rings:
            along = self.frame.turned(ahead_share * half_m, 0.0)
            patches += site_patches(
                self.surface,
                east_m=east + float(along[0]),
                north_m=north + float(along[1]),
                rings=((half_m, cell_mm),),
            )
        return build_scene(
            patches,
            east_m=east,
            north_m=north,
            radius_m=self.frame.ground_radius_m,
            grain=octaves(optics.grain_slope_deg, optics.grain_hurst) if grain else np.zeros((0, 4)),
        )

    def eye(self, state: LanderState, camera: CameraParams, scene: Scene) -> Eye:
        """Return where a camera under the lander is in a scene, and which way it looks."""
        mount = attitude(
            math.radians(camera.yaw_deg), math.radians(camera.pitch_deg), math.radians(camera.roll_deg)
        )
        return self._eye(
            state, np.array([camera.forward_m, camera.left_m, camera.up_m]), mount @ DOWNWARDS, scene
        )

    def _eye(self, state: LanderState, offset: Floats, axes: Floats, scene: Scene) -> Eye:
        point, east_north_up = self.frame.axes_at(scene.east_m - self.east_m, scene.north_m - self.north_m)
        place = state.place_m + offset @ state.axes
        seen = east_north_up @ (place - point) + np.array([scene.east_m, scene.north_m, self.origin_up_m])
        turned = axes @ state.axes @ east_north_up.T
        return Eye(place_m=seen, axes=turned)

    def look(self, state: LanderState, camera: CameraParams, sun: Sunlight, cols: int) -> Picture:
        """Return what a camera sees from high up, by ground in cells of a pixel or so."""
        optics = self.site.optics
        assert optics is not None
        half = 0.55 * self.height_m(state) * camera.fov_rad  # the tangent and some lean of the lander
        rings = ((half, _LOOK_CELLS_MM[0]), (4.0 * half, _LOOK_CELLS_MM[1]))
        scene = self.scene(state.place_m, rings)
        return take_picture(scene, self.eye(state, camera, scene), lens_of(camera, cols=cols), sun, optics)

    def scan(self, state: LanderState, scanner: ScannerParams, generator: np.random.Generator) -> Floats:
        """Return (rows, cols) ranges of a scanner under the lander's middle, the mean of its scans."""
        scene = self._scan_scene(state, scanner)
        lens = Lens.centred("pinhole", rows=scanner.rows, cols=scanner.cols, fov_rad=scanner.fov_rad)
        optics = self.site.optics
        assert optics is not None
        dark = Sunlight(azimuth_rad=0.0, elevation_rad=0.5, distance_m=1.5e11)
        picture = take_picture(
            scene, self._eye(state, np.zeros(3), DOWNWARDS, scene), lens, dark, optics, shaded=False
        )
        noise = scanner.noise_m / math.sqrt(scanner.frames)
        return picture.range_m + noise * generator.standard_normal(picture.range_m.shape)

    def _scan_scene(self, state: LanderState, scanner: ScannerParams) -> Scene:
        """Return the ground about a scan: that of the last one where the lander hovers still."""
        at, high = self.map_m(state.place_m), self.height_m(state)
        if self._scanned is not None:
            scene, reach_m = self._scanned
            if math.dist(at, (scene.east_m, scene.north_m)) + high * math.tan(scanner.fov_rad / 2) < reach_m:
                return scene
        half = high * math.tan(scanner.fov_rad / 2) + _SCAN_SPARE_M
        rings = ((half, _SCAN_CELLS_MM[0]), (8.0 * half, _SCAN_CELLS_MM[1]))
        self._scanned = self.scene(state.place_m, rings), half - _SCAN_SPARE_M / 2
        return self._scanned[0]


DOWNWARDS: Floats = np.array([[0.0, 0.0, -1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]])
"""Axes forward, left and up, as rows in the body's frame, of a camera that looks down with ahead at the top."""
DOWNWARDS.flags.writeable = False
