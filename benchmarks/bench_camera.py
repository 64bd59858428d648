"""Time the cameras: a Navcam pair with depth and shadows, the quick pair on board, a panorama, a frame from above.

    python benchmarks/bench_camera.py [--repeats 5] [--site von-karman] [--seed 1]

Ground is made once, outside the times; `scene s` is what it takes to ready it for rays. `warm s` is the least of the
repeats after a first picture, `core s` the least processor time on all threads, so that work and waiting for other
programs are told apart: on two free cores a picture takes about half of it. `ns/pixel` is processor time.
"""

from __future__ import annotations

import argparse
import math
import os
import time
from collections.abc import Callable

import numpy as np

from rover.core.bodies import AU_M, MOON
from rover.core.eyes import EyesParams
from rover.io.vehicle import read_vehicle
from sim.moon.optics import OpticsParams
from sim.moon.surface import surface
from sim.run.scenario_ground import load_site
from sim.sensors.bodies import attitude
from sim.sensors.camera import Eye, Sunlight, height_at, take_picture
from sim.sensors.grain import octaves
from sim.sensors.lens import Lens
from sim.sensors.mount import BodyPose
from sim.sensors.scene import Scene, build_scene, site_patches
from sim.sensors.stereo import QUICK_COLS, match_pair, take_pair

MAST_RINGS = ((8.0, 20), (60.0, 100), (1000.0, 1000), (16_000.0, 16_000))
DESCENT_RINGS = ((8.0, 20), (60.0, 100), (500.0, 1000), (4000.0, 8000))
NEAR_RINGS = ((14.0, 50), (300.0, 1000))
COLUMNS = f"{'what':<44s} {'warm s':>8s} {'core s':>8s} {'pixels':>10s} {'ns/pixel':>9s}"


def timed(what: str, pixels: int, run: Callable[[], object], repeats: int) -> None:
    """Print one row of the table."""
    run()
    times, cores = [], []
    for _ in range(repeats):
        began, worked = time.perf_counter(), time.process_time()
        run()
        times.append(time.perf_counter() - began)
        cores.append(time.process_time() - worked)
    each = min(cores) / pixels * 1e9
    print(f"{what:<44s} {min(times):8.3f} {min(cores):8.3f} {pixels:10d} {each:9.0f}", flush=True)


def scene_of(site: str, seed: int, rings: tuple[tuple[float, int], ...]) -> tuple[Scene, OpticsParams]:
    """Return the ground about a site's anchor, made ready."""
    params = load_site(site)
    optics = params.optics
    assert optics is not None
    east, north = (mm / 1000 for mm in params.anchor_mm)
    patches = site_patches(surface(params, seed), east_m=east, north_m=north, rings=rings)
    grain = octaves(optics.grain_slope_deg, optics.grain_hurst)

    def build() -> Scene:
        return build_scene(patches, east_m=east, north_m=north, radius_m=MOON.radius_m, grain=grain)

    scene = build()
    began = time.perf_counter()
    build()
    nodes = sum(patch.elevation_m.size for patch in patches)
    print(
        f"scene of {len(rings)} levels, {nodes / 1e6:.1f} million nodes: scene s {time.perf_counter() - began:.3f}"
    )
    return scene, optics


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--site", default="von-karman")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    eyes = read_vehicle("yutu-2").part("eyes", EyesParams)
    sun = Sunlight(azimuth_rad=math.radians(50.7), elevation_rad=math.radians(31.5), distance_m=0.983 * AU_M)
    rng = np.random.default_rng(1)
    mast, optics = scene_of(asked.site, asked.seed, MAST_RINGS)
    near, _ = scene_of(asked.site, asked.seed, NEAR_RINGS)
    below, _ = scene_of(asked.site, asked.seed, DESCENT_RINGS)
    print(COLUMNS)

    def pose(scene: Scene) -> BodyPose:
        up = height_at(scene, scene.east_m, scene.north_m)
        return BodyPose(east_m=scene.east_m, north_m=scene.north_m, up_m=up, yaw_rad=math.radians(100))

    def pair(scene: Scene, cols: int | None) -> object:
        seen = take_pair(scene, eyes.navcam, pose(scene), sun, optics, cols=cols, both_shaded=cols is None)
        return match_pair(seen, eyes.navcam, eyes.matching, sun.distance_m, rng)

    timed("Navcam pair 1024 x 1024, depth and shadows", 2 * 1024**2, lambda: pair(mast, None), asked.repeats)
    quick = f"quick pair {QUICK_COLS} x {QUICK_COLS}, depth and dropout"
    timed(quick, 2 * QUICK_COLS**2, lambda: pair(near, QUICK_COLS), asked.repeats)
    eye = Eye(place_m=pose(mast).place_m + np.array([0.0, 0.0, 2.8]), axes=attitude(0.0, 0.0, 0.0))
    ring = Lens.centred("cylinder", rows=600, cols=3600, fov_rad=math.tau)
    timed(
        "panorama 3600 x 600, shadows",
        3600 * 600,
        lambda: take_picture(mast, eye, ring, sun, optics),
        asked.repeats,
    )
    frame = Lens.centred("pinhole", rows=1024, cols=1024, fov_rad=math.radians(45.3))
    for up_m in (2000.0, 100.0, 10.0):
        high = Eye(
            place_m=pose(below).place_m + np.array([0.0, 0.0, up_m]), axes=attitude(0.0, -math.pi / 2, 0.0)
        )
        timed(
            f"descent frame 1024 x 1024 from {up_m:.0f} m", 1024**2,
            lambda high=high: take_picture(below, high, frame, sun, optics), asked.repeats,
        )  # fmt: skip
    print(f"load {os.getloadavg()[0]:.1f}")


if __name__ == "__main__":
    main()
