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
from sim.mission.portraits import (
    PortraitSetting,
    Stands,
    Viewpoint,
    choose_viewpoint,
    take_portraits,
    viewpoint_at,
)
from sim.run.closed_loop_landing import Descent
from sim.run.closed_loop_landing_events import MissionEvent
from sim.run.mission_scenario import Mission
from sim.sensors.camera import Picture
from sim.sensors.mount import BodyPose

_PART_OF_FULL = 2
_WAITS_S = tuple(3600.0 * hour for hour in range(0, 25, 2))
"""Where the time that is planned shows nothing, the next day is looked through."""

_KEY_PERCENTILE, _KEY_TIMES = 75.0, 1.7


Reach = Callable[[BodyPose, float], BodyPose | str]
"""Drives the rover to a viewpoint, and returns how it stands there at a time, or why it does not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sitting:
    """What came of the portraits.

    Attributes:
        event: For the timeline, with the reason where there are none.
        lines: That tell of it.
        is_taken: Whether there are pictures.
    """

    event: MissionEvent
    lines: list[str]
    is_taken: bool


def _ordered(_at_s: float) -> str:
    return ""


def _there(viewpoint: BodyPose, _at_s: float) -> BodyPose:
    return viewpoint


def make_portraits(
    place: LandingPlace,
    descent: Descent,
    mission: Mission,
    params: LanderParams,
    out: Path | None,
    *,
    full: bool,
    ordered: Callable[[float], str] = _ordered,
    reach: Reach = _there,
    stands: Stands = lambda _pose: True,
) -> Sitting:
    """Take both pictures and write them, if there is a folder for them.

    Args:
        place, descent, mission, params: Where and of whom.
        out: The folder; None, and the rover goes to the viewpoint without pictures.
        full: At full size.
        ordered: Why their commands are not there at a time, empty if they are.
        reach: Brings the rover to the viewpoint.
        stands: Where the rover may stand.
    """
    ignition = parse_utc(mission.descent.ignition_utc)
    planned_s = ignition.seconds_until(parse_utc(mission.portraits.utc))
    first = ""
    judged: dict[tuple[float, float], bool] = {}
    for wait_s in _WAITS_S:
        at_s = planned_s + wait_s
        setting = _setting(place, descent, mission, params, at_s)
        found = ordered(at_s) or choose_viewpoint(setting, stands, judged)
        stood = found if isinstance(found, str) else reach(found, at_s)
        view = stood if isinstance(stood, str) else viewpoint_at(setting, stood)
        if not isinstance(view, str):
            lines = [] if out is None else _written(setting, view, out, full=full)
            event = _event(view, setting, at_s, late=wait_s > 0.0)
            return Sitting(event=event, lines=lines, is_taken=True)
        first = first or view
    words = f"not taken: {first}; nor within a day"
    event = MissionEvent(time_s=planned_s, name="portraits", words=words, figures={}, derived=False)
    return Sitting(event=event, lines=[f"portraits: {words}"], is_taken=False)


def _setting(
    place: LandingPlace, descent: Descent, mission: Mission, params: LanderParams, at_s: float
) -> PortraitSetting:
    site = descent.world.site
    vehicle = read_vehicle(mission.rover)
    eyes = vehicle.part("eyes", EyesParams)
    assert site.optics is not None
    return PortraitSetting(
        place=place,
        vehicle=vehicle.params,
        mast=eyes.navcam,
        pcam=eyes.pcam,
        tcam=params.tcam,
        sun=sunlight_at(site, parse_utc(mission.descent.ignition_utc), at_s),
        optics=site.optics,
        world=descent.world,
    )


def _event(view: Viewpoint, setting: PortraitSetting, at_s: float, *, late: bool) -> MissionEvent:
    lander, rover = view.place.lander, view.place.rover
    return MissionEvent(
        time_s=at_s,
        name="portraits",
        words="rover and lander photograph each other, each the whole of the other",
        figures={
            "range_m": round(view.range_m, 1),
            "rover_east_m": round(rover.east_m - lander.east_m, 1),
            "rover_north_m": round(rover.north_m - lander.north_m, 1),
            "phase_at_lander_deg": round(math.degrees(view.phase_rad[0]), 1),
            "phase_at_rover_deg": round(math.degrees(view.phase_rad[1]), 1),
            "sun_elevation_deg": round(math.degrees(setting.sun.elevation_rad), 2),
        },
        derived=late,
    )


def _written(setting: PortraitSetting, view: Viewpoint, out: Path, *, full: bool) -> list[str]:
    from sim.view.film import save_frame
    from sim.view.ring import shown

    tints = tints_of(view.place.scene.bodies, setting.optics)
    share = 1 if full else _PART_OF_FULL
    cols = setting.pcam.cols // share, setting.tcam.cols // share
    of_lander, of_rover = take_portraits(setting, view.place, cols)

    def write(picture: Picture, name: str) -> None:
        key = _KEY_TIMES * float(np.percentile(picture.radiance[picture.part == -1], _KEY_PERCENTILE))
        save_frame(shown(picture.radiance[..., None] * tints[picture.part + 2], key), out / name)

    write(of_lander, "portrait-lander.png")
    write(of_rover, "portrait-rover.png")
    return [f"portrait-lander.png, portrait-rover.png: {view.range_m:.1f} m apart"]
