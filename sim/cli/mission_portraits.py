"""Rover and lander by each other, as `farside mission` takes them."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rover.core.eyes import EyesParams
from rover.core.lander import LanderParams
from rover.core.time import parse_utc
from rover.io.vehicle import read_vehicle
from sim.mission.daylight import sunlight_at
from sim.mission.landing_place import LandingPlace
from sim.mission.panorama import tints_of
from sim.mission.portraits import Portraits, Stands, take_portraits
from sim.run.closed_loop_landing import Descent
from sim.run.closed_loop_landing_events import MissionEvent
from sim.run.mission_scenario import Mission
from sim.sensors.camera import Picture
from sim.sensors.mount import BodyPose

_PART_OF_FULL = 2
_WAITS_S = tuple(3600.0 * hour for hour in range(0, 25, 2))
"""Where the time that is planned shows nothing, the next day is looked through."""

_KEY_PERCENTILE, _KEY_TIMES = 75.0, 1.7


Reach = Callable[[BodyPose, float], str]
"""Drives the rover to a viewpoint, and says why it is not there at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitting:
    """What came of the portraits.

    Attributes:
        event: For the timeline, with the reason where there are none.
        lines: That tell of it.
        place: With the rover at its viewpoint, None where there is none.
    """

    event: MissionEvent
    lines: list[str]
    place: LandingPlace | None


def _there(_viewpoint: BodyPose, _at_s: float) -> str:
    return ""


def make_portraits(
    place: LandingPlace,
    descent: Descent,
    mission: Mission,
    params: LanderParams,
    out: Path | None,
    *,
    full: bool,
    reach: Reach = _there,
    stands: Stands = lambda _pose: True,
) -> Sitting:
    """Take both pictures and write them, if there is a folder for them.

    Args:
        place, descent, mission, params: Where and of whom.
        out: The folder; None, and only the viewpoint is looked for.
        full: At full size.
        reach: Brings the rover to the viewpoint.
        stands: Where the rover may stand.
    """
    ignition = parse_utc(mission.descent.ignition_utc)
    planned_s = ignition.seconds_until(parse_utc(mission.portraits.utc))
    taken: Portraits | str = ""
    first = ""
    for wait_s in _WAITS_S:
        at_s = planned_s + wait_s
        taken = _taken(place, descent, mission, params, at_s, full=full, stands=stands)
        if not isinstance(taken, str):
            why = reach(taken.place.rover, at_s)
            if not why:
                lines = [] if out is None else _written(taken, descent, out)
                return Sitting(event=_event(taken, descent, mission, at_s), lines=lines, place=taken.place)
            taken = why
        first = first or taken
    words = f"not taken: {first}; nor within a day"
    event = MissionEvent(time_s=planned_s, name="portraits", words=words, figures={}, derived=False)
    return Sitting(event=event, lines=[f"portraits: {words}"], place=None)


def _taken(
    place: LandingPlace,
    descent: Descent,
    mission: Mission,
    params: LanderParams,
    at_s: float,
    *,
    full: bool,
    stands: Stands,
) -> Portraits | str:
    site = descent.world.site
    sun = sunlight_at(site, parse_utc(mission.descent.ignition_utc), at_s)
    vehicle = read_vehicle(mission.rover)
    eyes = vehicle.part("eyes", EyesParams)
    assert site.optics is not None
    share = 1 if full else _PART_OF_FULL
    return take_portraits(
        place,
        stands=stands,
        vehicle=vehicle.params,
        mast=eyes.navcam,
        pcam=eyes.pcam,
        tcam=params.tcam,
        sun=sun,
        optics=site.optics,
        cols=(eyes.pcam.cols // share, params.tcam.cols // share),
        world=descent.world,
    )


def _event(taken: Portraits, descent: Descent, mission: Mission, at_s: float) -> MissionEvent:
    sun = sunlight_at(descent.world.site, parse_utc(mission.descent.ignition_utc), at_s)
    lander, rover = taken.place.lander, taken.place.rover
    return MissionEvent(
        time_s=at_s,
        name="portraits",
        words="rover and lander photograph each other, each the whole of the other",
        figures={
            "range_m": round(taken.range_m, 1),
            "rover_east_m": round(rover.east_m - lander.east_m, 1),
            "rover_north_m": round(rover.north_m - lander.north_m, 1),
            "phase_at_lander_deg": round(math.degrees(taken.phase_rad[0]), 1),
            "phase_at_rover_deg": round(math.degrees(taken.phase_rad[1]), 1),
            "sun_elevation_deg": round(math.degrees(sun.elevation_rad), 2),
        },
        derived=False,
    )


def _written(taken: Portraits, descent: Descent, out: Path) -> list[str]:
    from sim.view.film import save_frame
    from sim.view.ring import shown

    optics = descent.world.site.optics
    assert optics is not None
    tints = tints_of(taken.place.scene.bodies, optics)

    def write(picture: Picture, name: str) -> None:
        key = _KEY_TIMES * float(np.percentile(picture.radiance[picture.part == -1], _KEY_PERCENTILE))
        save_frame(shown(picture.radiance[..., None] * tints[picture.part + 2], key), out / name)

    write(taken.of_lander, "portrait-lander.png")
    write(taken.of_rover, "portrait-rover.png")
    return [f"portrait-lander.png, portrait-rover.png: {taken.range_m:.1f} m apart"]
