"""The lander's panorama, as `farside mission` makes it."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from rover.core.eyes import EyesParams
from rover.core.lander import LanderParams
from rover.core.time import parse_utc
from rover.io.vehicle import read_vehicle
from sim.mission.daylight import sunlight_at
from sim.mission.landing_place import LandingPlace, craters_about, landing_place
from sim.mission.panorama import BOTTOM_DEG, TOP_DEG, ground_light, marks_on, overview, put_together, shoot
from sim.run.closed_loop_landing import Descent
from sim.run.mission_scenario import Mission

PANORAMA_STREAM = 10
"""Of `SeedSequence(seed, spawn_key=(stream, 0))`: the noise of the frames."""

_PART_OF_FULL = 4
_CRATERS_FROM_M = 8.0
_KEY_PERCENTILE, _KEY_TIMES = 75.0, 1.7
"""What is shown half as bright as can be: a little more than most of the ground."""


def make_panorama(
    place: LandingPlace, descent: Descent, mission: Mission, params: LanderParams, out: Path, *, full: bool
) -> list[str]:
    """Write the panorama as a rectangle and as a disc, and return lines that tell of it."""
    from sim.view.ring import draw_disc, draw_ring
    from sim.view.save import save_figure

    sun = sunlight_at(mission.read_site(), parse_utc(mission.panorama.utc))
    height = math.degrees(sun.elevation_rad)
    if height <= 0.0:
        return [f"panorama: none, the Sun is {-height:.1f} deg below the horizon at {mission.panorama.utc}"]
    optics = descent.world.site.optics
    assert optics is not None
    noise = np.random.default_rng(np.random.SeedSequence(mission.seed, spawn_key=(PANORAMA_STREAM, 0)))
    cols = params.tcam.cols // (1 if full else _PART_OF_FULL)
    panorama = put_together(shoot(place, params.tcam, sun, optics, cols=cols, generator=noise))
    seen = overview(place, params.tcam, sun, optics)
    marks = marks_on(place, seen, craters_about(descent.world, place.scene, _CRATERS_FROM_M))
    names = [(mark.words, mark.azimuth_deg, mark.elevation_deg) for mark in marks]
    sun_azimuth = math.degrees(sun.azimuth_rad) % 360.0
    names.append((f"Sun, {height:.1f} deg high", sun_azimuth, min(height, TOP_DEG)))
    title = f"{mission.name}: panorama of the lander, {mission.panorama.utc}"
    key = _KEY_TIMES * ground_light(panorama, seen, _KEY_PERCENTILE)
    for name, draw in (("panorama.png", draw_ring), ("panorama-polar.png", draw_disc)):
        figure = draw(
            panorama.light, key=key, top_deg=TOP_DEG, bottom_deg=BOTTOM_DEG, marks=names, title=title
        )
        save_figure(figure, out / name)
    shown = ", ".join(words for words, _, _ in names)
    return [
        f"panorama.png, panorama-polar.png: of 80 frames of {cols} columns, Sun {height:.1f} deg high; {shown}"
    ]


def place_of(descent: Descent, mission: Mission) -> LandingPlace:
    """Return where the lander stands, with the rover beside it."""
    vehicle = read_vehicle(mission.rover)
    return landing_place(
        descent.world,
        descent.touchdown.place_m,
        descent.standing,
        descent.yaw_rad,
        vehicle=vehicle.params,
        mast=vehicle.part("eyes", EyesParams).navcam,
        rover_m=mission.panorama.rover_m,
        rover_yaw_rad=math.radians(mission.panorama.rover_yaw_deg),
    )
