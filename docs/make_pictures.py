"""Make the pictures of `docs/eyes.md` anew: what the rover's cameras see at the landing site under the real Sun."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image

from rover.core.bodies import MOON
from rover.core.eyes import EyesParams
from rover.core.time import parse_utc
from rover.io.vehicle import Vehicle, read_vehicle
from sim.mission.daylight import sunlight_at
from sim.mission.landing_place import standing_pose
from sim.moon.optics import OpticsParams
from sim.moon.surface import surface
from sim.run.scenario_ground import load_site
from sim.sensors.bodies import Bodies, set_down
from sim.sensors.camera import Picture, Sunlight, take_picture
from sim.sensors.craft import lander_parts, rover_parts
from sim.sensors.exposure import expose
from sim.sensors.grain import octaves
from sim.sensors.mount import BodyPose, eye_at, lens_of
from sim.sensors.scene import Scene, build_scene, site_patches
from sim.sensors.stereo import StereoDepth, match_pair, take_pair

FIGURES = Path(__file__).parent / "figures"
MOST_BYTES = 200_000

SEED = 1
RINGS = ((5.0, 10), (20.0, 40), (120.0, 200), (2000.0, 2000), (16_000.0, 16_000), (160_000.0, 160_000))
GAMMA = 1 / 1.8
NEAR_M, FAR_M = 1.5, 25.0
"""Colours of the depth picture."""


@dataclass(frozen=True)
class Place:
    """Somewhere about the lander."""

    east_m: float
    north_m: float
    yaw_deg: float


LANDER = Place(0.0, 0.0, 130.0)
ROLLOUT = Place(9.0, 12.0, 25.0)
EVENING = Place(-14.0, 11.0, 60.0)
PORTRAIT = Place(-20.0, 10.0, -26.6)


def main() -> None:
    FIGURES.mkdir(exist_ok=True)
    vehicle = read_vehicle("yutu-2")
    eyes = vehicle.part("eyes", EyesParams)
    for name, place, utc in (
        ("navcam-morning.jpg", ROLLOUT, "2019-01-03T16:00:00Z"),
        ("navcam-evening.jpg", EVENING, "2019-01-12T06:00:00Z"),
    ):
        scene, optics, pose = ground_about(place, vehicle, eyes)
        sun = sun_at(utc)
        picture = take_picture(scene, eye_at(eyes.navcam, pose), lens_of(eyes.navcam), sun, optics, samples=2)
        save(grey(picture, eyes, sun), FIGURES / name, f"Sun {math.degrees(sun.elevation_rad):.1f} deg high")
    sun = sun_at("2019-01-12T06:00:00Z")
    scene, optics, pose = ground_about(EVENING, vehicle, eyes)
    pair = take_pair(scene, eyes.navcam, pose, sun, optics)
    depth = match_pair(pair, eyes.navcam, eyes.matching, sun.distance_m, np.random.default_rng(1))
    save(coloured(depth), FIGURES / "navcam-depth.png", "depth")
    scene, optics, pose = ground_about(PORTRAIT, vehicle, eyes)
    sun = sun_at("2019-01-11T08:47:00Z")
    lens = lens_of(eyes.pcam, cols=1176)
    wide = eye_at(eyes.pcam, pose, tilt_rad=math.radians(4.5))
    picture = take_picture(scene, wide, lens, sun, optics, samples=2)
    save(tinted(picture, scene.bodies, optics), FIGURES / "portrait-lander.jpg", "the lander")


def sun_at(utc: str) -> Sunlight:
    """Return the Sun at the landing site."""
    return sunlight_at(load_site("von-karman"), parse_utc(utc, field="utc"))


def ground_about(place: Place, vehicle: Vehicle, eyes: EyesParams) -> tuple[Scene, OpticsParams, BodyPose]:
    """Return the ground about a place with rover and lander on it, and how the rover stands."""
    site = load_site("von-karman")
    optics = site.optics
    assert optics is not None
    east, north = (mm / 1000 for mm in site.anchor_mm)
    at = east + place.east_m, north + place.north_m
    patches = site_patches(surface(site, SEED), east_m=at[0], north_m=at[1], rings=RINGS)
    scene = build_scene(
        patches, east_m=at[0], north_m=at[1], radius_m=MOON.radius_m,
        grain=octaves(optics.grain_slope_deg, optics.grain_hurst),
    )  # fmt: skip
    pose = standing_pose(scene, *at, math.radians(place.yaw_deg))
    lander = standing_pose(scene, east, north, math.radians(LANDER.yaw_deg))
    origin = np.array([scene.east_m, scene.north_m, 0.0])
    groups = [
        (rover_parts(vehicle.params, eyes.navcam), pose.place_m - origin, pose.axes),
        (lander_parts(), lander.place_m - origin, lander.axes),
    ]
    return scene.with_bodies(set_down(groups)), optics, pose


def grey(picture: Picture, eyes: EyesParams, sun: Sunlight) -> Image.Image:
    """Return what the camera's sensor makes of a picture, brightened as for a screen."""
    frame = expose(picture, eyes.navcam, sun.distance_m, np.random.default_rng(1))
    return Image.fromarray(np.rint(255 * (frame.number / frame.full) ** GAMMA).astype(np.uint8)).resize(
        (800, 800)
    )


def tinted(picture: Picture, bodies: Bodies, optics: OpticsParams) -> Image.Image:
    """Return a picture in colour: each pixel's light in the tint of what it shows."""
    tints = np.array([(0.0, 0.0, 0.0), optics.tint, *(part.tint for part in bodies.parts)])
    light = picture.radiance[..., None] * tints[picture.part + 2]
    shown = np.clip(light / np.percentile(picture.radiance, 99.3), 0, 1) ** GAMMA
    return Image.fromarray(np.rint(255 * shown).astype(np.uint8)).resize((900, 661))


def coloured(depth: StereoDepth) -> Image.Image:
    """Return depth from red, near, to blue, far; black where there is none."""
    share = np.log(depth.depth_m / NEAR_M) / math.log(FAR_M / NEAR_M)
    known = np.isfinite(share)
    share = np.where(known, np.clip(share, 0, 1), 0)
    hue: npt.NDArray[np.uint8] = np.rint(170 * share).astype(np.uint8)
    value = np.where(known, 235, 0).astype(np.uint8)
    bands = [Image.fromarray(band) for band in (hue, np.full_like(hue, 200), value)]
    return Image.merge("HSV", bands).convert("RGB").resize((600, 600), Image.Resampling.NEAREST).quantize(64)


def save(image: Image.Image, target: Path, words: str) -> None:
    """Write a picture, and refuse a large one."""
    options = {"quality": 82} if target.suffix == ".jpg" else {}
    image.save(target, optimize=True, **options)
    size = target.stat().st_size
    if size > MOST_BYTES:
        raise SystemExit(f"{target} has {size} bytes, more than {MOST_BYTES}")
    print(f"{target.name}: {words}, {size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
