"""What happens in a mission and when: events for the timeline, derived where they can be."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from rover.core.lander import LanderParams
from rover.core.time import Epoch, parse_utc
from rover.onboard.descent import Phase
from sim.mission.daylight import sunlight_at
from sim.run.closed_loop_landing import Descent
from sim.run.mission_scenario import Mission

_BEIJING_S = 8 * 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MissionEvent:
    """Something that happens.

    Attributes:
        time_s: Since the mission's epoch, the ignition.
        name: Short, for programs.
        words: For people.
        figures: By name with their unit.
        derived: Whether the simulation found the time; otherwise the mission file fixes it.
        pictures: Names of files that show it.
    """

    time_s: float
    name: str
    words: str
    figures: Mapping[str, Any]
    derived: bool
    pictures: tuple[str, ...] = ()


def told(event: MissionEvent, epoch: Epoch) -> dict[str, Any]:
    """Return an event as the timeline's file has it."""
    whole_s = epoch.seconds_until(
        parse_utc(epoch.utc_at(event.time_s))
    )  # so that both clocks show one second
    pictures = {"pictures": list(event.pictures)} if event.pictures else {}
    return {
        "utc": epoch.utc_at(event.time_s),
        "beijing": epoch.utc_at(whole_s + _BEIJING_S).replace("Z", "+08:00"),
        "time_s": round(event.time_s, 1),
        "event": event.name,
        "words": event.words,
        "derived": event.derived,
        "figures": dict(event.figures),
        **pictures,
    }


def descent_events(descent: Descent, mission: Mission, params: LanderParams) -> list[MissionEvent]:
    """Return the events of a descent, in order."""
    epoch = parse_utc(mission.descent.ignition_utc)
    plan = params.descent
    words = {
        Phase.BRAKING: (
            "ignition",
            f"engine on, {plan.perilune_m / 1000:g} km over the landing site's level",
        ),
        Phase.TURN: ("attitude change", "most of the speed is gone; the lander turns upright"),
        Phase.APPROACH: ("approach", "upright over the site"),
        Phase.DROP: ("coarse look", "a picture is looked through for shadow and texture"),
        Phase.HOVER: ("hover", "hovers and scans the ground below"),
        Phase.DIVERT: ("avoidance", "goes aside to the chosen place while coming down"),
        Phase.FINAL: ("slow descent", f"comes down at {plan.final_down_m_s:g} m/s"),
        Phase.FALL: ("engine off", "falls the last metres"),
    }
    found = []
    for phase, (name, text) in words.items():
        at = descent.began_s(phase)
        state = descent.state_at(at)
        figures: dict[str, Any] = {
            "height_m": round(float(np.interp(at, descent.time_s, descent.height_m)), 1),
            "speed_m_s": round(float(np.linalg.norm(state.velocity_m_s)), 2),
            "propellant_kg": round(state.mass_kg - params.body.dry_mass_kg, 1),
        }
        if phase is Phase.DROP and descent.coarse is not None:
            figures["aside_m"] = round(math.hypot(*descent.coarse.aside_m), 1)
        if phase is Phase.DIVERT and descent.fine is not None:
            figures["aside_m"] = round(math.hypot(*descent.fine.aside_m), 1)
            figures["safe_by_scan"] = descent.fine.is_safe
            figures["below_safe_by_scan"] = descent.fine.below_is_safe
        if phase in (Phase.DROP, Phase.HOVER, Phase.DIVERT) and not mission.descent.avoidance:
            text = f"{name}, without avoidance"
        found.append(MissionEvent(time_s=at, name=name, words=text, figures=figures, derived=at > 0.0))
    found.append(_touchdown(descent, mission, params, epoch))
    return found


def _touchdown(descent: Descent, mission: Mission, params: LanderParams, epoch: Epoch) -> MissionEvent:
    world, state, standing = descent.world, descent.touchdown, descent.standing
    east, north = world.map_m(state.place_m)
    latitude, longitude = world.site.unproject(east, north)
    sun = sunlight_at(world.site, epoch, state.time_s)
    well = standing.within(params.body)
    return MissionEvent(
        time_s=state.time_s,
        name="touchdown",
        words="on the ground"
        if well
        else "on the ground, on more slope or step than the lander may stand on",
        figures={
            "latitude_deg": round(latitude, 5),
            "longitude_deg": round(longitude, 5),
            "elevation_m": round(standing.up_m + world.site.frame.datum_m, 1),
            "slope_deg": round(math.degrees(standing.slope_rad), 2),
            "step_m": round(standing.step_m, 3),
            "tilt_deg": round(math.degrees(standing.tilt_rad), 2),
            "clearance_m": round(standing.clearance_m, 2),
            "down_m_s": round(-float(state.velocity_m_s[2]), 2),
            "propellant_kg": round(state.mass_kg - params.body.dry_mass_kg, 1),
            "sun_elevation_deg": round(math.degrees(sun.elevation_rad), 2),
            "within_limits": well,
        },
        derived=True,
    )


def dated_events(mission: Mission) -> list[MissionEvent]:
    """Return the events whose times the mission file fixes, with the Sun as it then stands."""
    epoch = parse_utc(mission.descent.ignition_utc)
    site = mission.read_site()
    found = []
    for name, words, utc in (
        ("rollout", "the rover on the ground", mission.rollout.utc),
        ("panorama", "the lander's panorama, eighty frames", mission.panorama.utc),
    ):
        at = epoch.seconds_until(parse_utc(utc))
        sun = sunlight_at(site, epoch, at)
        figures = {"sun_elevation_deg": round(math.degrees(sun.elevation_rad), 2)}
        if name != "rollout" and sun.elevation_rad <= 0.0:
            words = f"{words}: not taken, the Sun is below the horizon"
        found.append(MissionEvent(time_s=at, name=name, words=words, figures=figures, derived=False))
    return found
