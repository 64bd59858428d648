"""The lander's panorama and the ring of the rover's pairs, as `farside mission` makes them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rover.core.eyes import CameraParams, EyesParams
from rover.core.lander import LanderParams
from rover.core.time import parse_utc
from rover.io.vehicle import read_vehicle
from sim.cli.mission_frames import Tell, check_key, kept_shares, key_of, make_folder
from sim.mission.daylight import sunlight_at
from sim.mission.landing_place import LandingPlace, craters_about, landing_place
from sim.mission.panorama import (
    BOTTOM_DEG,
    SPAN,
    TOP_DEG,
    TURNS,
    Look,
    Panorama,
    Shot,
    Span,
    Turns,
    from_true_north,
    level_eye,
    looks_of,
    put_together,
    shoot,
)
from sim.mission.panorama_marks import Mark, ground_light, marks_on, overview
from sim.mission.rover_ring import EYES, PAIRS, PCAM_SPAN, anaglyph, ring_looks, rover_place
from sim.moon.surface import GROUND_VERSION
from sim.run.closed_loop_landing import Descent
from sim.run.closed_loop_landing_events import MissionEvent
from sim.run.mission_scenario import Mission
from sim.sensors.camera import Sunlight

PANORAMA_STREAM, PCAM_STREAMS = 10, (11, 12)
"""Of `SeedSequence(seed, spawn_key=(stream, frame))`: the noise of a frame."""

_PART_OF_FULL = 4
_CRATERS_FROM_M = 8.0
_KEY_PERCENTILE, _KEY_TIMES = 75.0, 1.7
"""What is shown half as bright as can be: a little more than most of the ground."""

Named = tuple[str, float, float]


class _Sitting:
    """What all frames of a mission have in common: the mission, its light, where to, and whether at full size."""

    def __init__(
        self, descent: Descent, mission: Mission, params: LanderParams, out: Path, full: bool
    ) -> None:
        self.mission, self.params, self.out, self.full = mission, params, out, full
        self.sun: Sunlight = sunlight_at(mission.read_site(), parse_utc(mission.panorama.utc))
        self.height_deg = math.degrees(self.sun.elevation_rad)
        optics = descent.world.site.optics
        assert optics is not None
        self.optics = optics
        anchor = descent.world.site.anchor
        assert anchor is not None
        self.grid_north_rad = descent.world.site.grid_north_rad(anchor.latitude_deg, anchor.longitude_deg)

    def cols(self, camera: CameraParams) -> int:
        return camera.cols // (1 if self.full else _PART_OF_FULL)

    def taken(
        self,
        look: Look,
        camera: CameraParams,
        turns: Turns,
        span: Span,
        *,
        stream: int,
        name: str,
        tell: Tell,
    ) -> Panorama:
        """Return a panorama; at full size its frames are kept in a folder by its name, and gone on with."""
        cols = self.cols(camera)

        def noise(number: int) -> np.random.Generator:
            return np.random.default_rng(
                np.random.SeedSequence(self.mission.seed, spawn_key=(stream, number))
            )

        def shots(wanted: Sequence[int]) -> Iterator[Shot]:
            return shoot(
                look, camera, self.sun, self.optics, turns=turns, cols=cols, noise=noise, wanted=wanted
            )

        if not self.full:
            return put_together(_told(shots(range(len(turns))), len(turns), tell, name), span)
        folder = self.out / f"frames-{name}"
        make_folder(folder)
        made_of = (
            self.mission.model_dump_json(),
            self.params.model_dump_json(),
            camera.model_dump_json(),
            span,
        )
        check_key(folder, "frames.json", key_of(*made_of, GROUND_VERSION, name, cols))
        return put_together(kept_shares(shots, folder, turns=turns, span=span, tell=tell, words=name), span)


def _told(shots: Iterator[Shot], count: int, tell: Tell, name: str) -> Iterator[Shot]:
    for shot in shots:
        tell((shot.number + 1) / count, f"{name}, frame {shot.number + 1} of {count}")
        yield shot


def _below(sitting: _Sitting) -> str:
    return f"the Sun is {-sitting.height_deg:.1f} deg below the horizon at {sitting.mission.panorama.utc}"


def _ring_event(sitting: _Sitting, words: str, figures: dict[str, Any]) -> MissionEvent:
    mission = sitting.mission
    return MissionEvent(
        time_s=parse_utc(mission.descent.ignition_utc).seconds_until(parse_utc(mission.panorama.utc)),
        name="ring of pairs", words=words, figures=figures, derived=False,
    )  # fmt: skip


def make_panorama(
    place: LandingPlace,
    descent: Descent,
    mission: Mission,
    params: LanderParams,
    out: Path,
    *,
    full: bool,
    tell: Tell,
) -> list[str]:
    """Write the panorama as a rectangle and as a disc, and return lines that tell of it."""
    from sim.view.ring import draw_disc, draw_ring
    from sim.view.save import save_figure

    sitting = _Sitting(descent, mission, params, out, full)
    if sitting.height_deg <= 0.0:
        return [f"panorama: none, {_below(sitting)}"]
    tcam, sun = params.tcam, sitting.sun
    panorama = sitting.taken(
        looks_of(place, tcam), tcam, TURNS, SPAN, stream=PANORAMA_STREAM, name="panorama", tell=tell
    )
    seen = overview(place.scene, level_eye(tcam, place.lander), sun, sitting.optics)
    here = place.lander.east_m, place.lander.north_m
    craters = craters_about(descent.world, place.scene, _CRATERS_FROM_M)
    names = _names(sitting, marks_on(seen, ("rover", place.rover_parts), here, craters), SPAN)
    title = f"{mission.name}: panorama of the lander, {mission.panorama.utc}"
    key = _KEY_TIMES * ground_light(panorama, seen, _KEY_PERCENTILE)
    for name, draw in (("panorama.png", draw_ring), ("panorama-polar.png", draw_disc)):
        figure = draw(
            from_true_north(panorama.light, sitting.grid_north_rad),
            key=key,
            top_deg=TOP_DEG,
            bottom_deg=BOTTOM_DEG,
            marks=names,
            title=title,
        )
        save_figure(figure, out / name)
    shown = ", ".join(words for words, _, _ in names)
    made = f"of {len(TURNS)} frames of {sitting.cols(tcam)} columns, Sun {sitting.height_deg:.1f} deg high"
    return [f"panorama.png, panorama-polar.png: {made}; {shown}"]


def make_rover_ring(
    place: LandingPlace,
    descent: Descent,
    mission: Mission,
    params: LanderParams,
    out: Path,
    *,
    full: bool,
    tell: Tell,
    why_not: str = "",
) -> tuple[MissionEvent, list[str]]:
    """Write the ring of the rover's pairs, and return its event and lines that tell of it.

    Args:
        place, descent, mission, params, out, full, tell: As `make_panorama` takes them.
        why_not: Why the rover cannot take it, empty if it can.
    """
    from sim.view.film import save_frame
    from sim.view.ring import draw_ring, shown
    from sim.view.save import save_figure

    sitting = _Sitting(descent, mission, params, out, full)
    if sitting.height_deg <= 0.0:
        why_not = _below(sitting)
    if why_not:
        return _ring_event(sitting, f"not taken: {why_not}", {}), [f"pcam: none, {why_not}"]
    vehicle = read_vehicle(mission.rover)
    eyes = vehicle.part("eyes", EyesParams)
    here = rover_place(descent.world, place, vehicle.params, eyes.navcam)
    both = []
    for side, stream, word in zip(EYES, PCAM_STREAMS, ("left", "right"), strict=True):
        part = (0.0, 0.5) if word == "left" else (0.5, 1.0)
        both.append(
            sitting.taken(
                ring_looks(here, eyes.pcam, side), eyes.pcam, PAIRS, PCAM_SPAN, stream=stream, name=f"pcam-{word}",
                tell=partly(tell, *part),
            )
        )  # fmt: skip
    scene = here.scene.with_bodies(here.lander_alone())
    seen = overview(scene, level_eye(eyes.pcam, place.rover), sitting.sun, sitting.optics, PCAM_SPAN)
    at = place.rover.east_m, place.rover.north_m
    craters = craters_about(descent.world, here.scene, _CRATERS_FROM_M)
    marks = marks_on(seen, ("lander", here.lander_parts), at, craters, PCAM_SPAN, shots=both[0].shots)
    names = _names(sitting, marks, PCAM_SPAN)
    key = _KEY_TIMES * ground_light(both[0], seen, _KEY_PERCENTILE)
    title = f"{mission.name}: ring of the rover's panoramic camera, left eye, {mission.panorama.utc}"
    span, left, north = PCAM_SPAN, both[0], sitting.grid_north_rad
    figure = draw_ring(
        from_true_north(left.light, north), key=key, top_deg=span.top_deg, bottom_deg=span.bottom_deg, marks=names,
        title=title, covered=from_true_north(left.shots > 0, north),
    )  # fmt: skip
    save_figure(figure, out / "pcam.png")
    save_frame(shown(from_true_north(anaglyph(*both), north), key), out / "pcam-anaglyph.png")
    words = f"{len(PAIRS)} pairs of the rover's panoramic camera, all round"
    figures = {
        "rover_east_m": round(place.rover.east_m - place.lander.east_m, 1),
        "rover_north_m": round(place.rover.north_m - place.lander.north_m, 1),
        "sun_elevation_deg": round(sitting.height_deg, 2),
        "cols": sitting.cols(eyes.pcam),
    }
    return _ring_event(sitting, words, figures), [
        f"pcam.png, pcam-anaglyph.png: {words}, {sitting.cols(eyes.pcam)} columns a frame"
    ]


def _names(sitting: _Sitting, marks: Sequence[Mark], span: Span) -> list[Named]:
    """Return what is named, the Sun last, at azimuths from true north."""
    north = math.degrees(sitting.grid_north_rad)
    names = [(mark.words, (mark.azimuth_deg + north) % 360.0, mark.elevation_deg) for mark in marks]
    azimuth = (math.degrees(sitting.sun.azimuth_rad) + north) % 360.0
    return [
        *names,
        (f"Sun, {sitting.height_deg:.1f} deg high", azimuth, min(sitting.height_deg, span.top_deg)),
    ]


def partly(tell: Tell, first: float, last: float) -> Tell:
    """Return what tells of a part of what is done, from one share of it to another."""
    return lambda share, words: tell(first + (last - first) * share, words)


def place_of(descent: Descent, mission: Mission, *, ramps_deg: float | None = 0.0) -> LandingPlace:
    """Return where the lander stands, with the rover where the mission file has it, and ramps on one side."""
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
        ramps_deg=ramps_deg,
    )
