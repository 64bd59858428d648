"""The rollout of a mission: the site check on the ground that the lander stands on, and the steps that follow."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.lander import LanderParams
from rover.core.time import parse_utc
from rover.core.vehicle import VehicleParams
from rover.io.stations import read_stations
from sim.mission.daylight import sun_sinks_to, sunlight_at
from sim.mission.relay_radio import Sight, look
from sim.mission.rollout import RampCheck, check_ramp, choose_ramp, reach_m
from sim.mission.rollout_steps import StepsDone, run_steps
from sim.mission.touchdown import CELL_MM
from sim.moon.ground import Patch
from sim.run.closed_loop_landing import Descent
from sim.run.closed_loop_landing_events import MissionEvent
from sim.run.mission_commands import commands_s
from sim.run.mission_scenario import Mission
from sim.run.scenario_ground import anchor_frame

Floats = npt.NDArray[np.float64]
Place = tuple[float, float]

_AFTER_S = 86_400.0
"""Followed by the link beyond the last time that the mission file names."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RolloutDone:
    """What came of the rollout.

    Attributes:
        patch: The ground that was judged.
        lander_m: East and north of the lander, in the ground's frame.
        yaw_rad: Of its x axis.
        checks: Of each ramp.
        chosen: The ramp, or why there is none.
        steps: As far as they went.
        published_s: When the rover is told to have been on the ground.
        down_s: When it is; NaN if it stays on the lander.
    """

    patch: Patch
    lander_m: Place
    yaw_rad: float
    checks: tuple[RampCheck, ...]
    chosen: RampCheck | str
    steps: StepsDone
    published_s: float

    @property
    def down_s(self) -> float:
        """When the rover stands on the ground, NaN if it does not."""
        return math.nan if self.steps.stopped else self.steps.steps[-1].end_s

    @property
    def stays(self) -> str:
        """Why the rover stays on the lander, empty if it does not."""
        return self.steps.stopped


def sight_of(mission: Mission, until_s: float) -> Sight | None:
    """Return the ways to the Earth until some time, None of a mission without a link."""
    if mission.link is None:
        return None
    return look(
        anchor_frame(mission.read_site()),
        parse_utc(mission.descent.ignition_utc),
        mission.link,
        tuple(read_stations().stations.values()),
        from_s=0.0,
        until_s=until_s,
    )


def last_s(mission: Mission) -> float:
    """Return until when a mission is followed: some time beyond the last that its file names."""
    epoch = parse_utc(mission.descent.ignition_utc)
    named = [mission.rollout.utc, mission.portraits.utc, mission.panorama.utc]
    if mission.biosphere is not None:
        named.append(mission.biosphere.off_utc)
    named += [row.utc for row in (*mission.spectrometer, *mission.analyser)]
    return max(epoch.seconds_until(parse_utc(utc)) for utc in named) + _AFTER_S


def nights_s(mission: Mission) -> tuple[float, float]:
    """Return when rover and lander are put to sleep for the night, infinite where that is not in the time followed."""
    if mission.drive is None:
        return math.inf, math.inf
    site, epoch = mission.read_site(), parse_utc(mission.descent.ignition_utc)
    found = [
        sun_sinks_to(site, epoch, math.radians(height_deg), from_s=0.0, until_s=last_s(mission))
        for height_deg in (mission.drive.dormant_sun_deg, mission.drive.lander_dormant_sun_deg)
    ]
    rover, lander = (math.inf if math.isnan(at) else at for at in found)
    return rover, lander


def roll_out(
    mission: Mission, descent: Descent, params: LanderParams, vehicle: VehicleParams, sight: Sight | None
) -> RolloutDone:
    """Return what comes of the rollout after a descent.

    Args:
        mission: What is to be done.
        descent: How the lander came down.
        params: The lander.
        vehicle: The rover.
        sight: The ways to the Earth, None where they are not asked about.
    """
    table = mission.rollout
    epoch = parse_utc(mission.descent.ignition_utc)
    published = epoch.seconds_until(parse_utc(table.utc))
    sun = sunlight_at(descent.world.site, epoch, published)
    patch = descent.world.patch(descent.touchdown.place_m, reach_m(table.ramps, vehicle), CELL_MM)
    east, north = descent.world.map_m(descent.touchdown.place_m)
    checks = tuple(
        check_ramp(
            row, table.ramps, vehicle, patch, descent.standing, east_m=east, north_m=north, yaw_rad=descent.yaw_rad,
            sun_azimuth_rad=sun.azimuth_rad,
        )
        for row in table.ramp
    )  # fmt: skip
    chosen = choose_ramp(checks, table.ramps.margin)
    site = chosen if isinstance(chosen, str) else ""
    if not descent.standing.within(params.body):
        site = "the lander stands on more slope or step than it may"
        chosen = site
    steps = run_steps(
        table.step, from_s=descent.touchdown.time_s, contacts_s=commands_s(mission, sight), site=site
    )
    return RolloutDone(
        patch=patch, lander_m=(east, north), yaw_rad=descent.yaw_rad, checks=checks, chosen=chosen, steps=steps,
        published_s=published,
    )  # fmt: skip


def rails_of(done: RolloutDone, mission: Mission, vehicle: VehicleParams) -> list[Place]:
    """Return the corners of the rails that stand before the lander, in the ground's frame."""
    if isinstance(done.chosen, str):
        return []
    ramps, heading = mission.rollout.ramps, done.chosen.heading_rad
    half = vehicle.track_m / 2 + vehicle.wheel_width_m / 2
    far = math.dist(done.lander_m, done.chosen.foot_m.tolist())
    ahead, left = (math.cos(heading), math.sin(heading)), (-math.sin(heading), math.cos(heading))
    return [
        (
            done.lander_m[0] + along * ahead[0] + aside * left[0],
            done.lander_m[1] + along * ahead[1] + aside * left[1],
        )
        for along, aside in ((ramps.hinge_out_m, half), (ramps.hinge_out_m, -half), (far, -half), (far, half))
    ]


def rollout_events(done: RolloutDone, mission: Mission) -> list[MissionEvent]:
    """Return the steps as events, and the rover on the ground, or why it is not."""
    epoch, site = parse_utc(mission.descent.ignition_utc), mission.read_site()
    found = []
    for step in done.steps.steps:
        figures = {"hours": round((step.end_s - step.start_s) / 3600.0, 2)}
        if step.waited_s > 0.0:
            figures["waited_for_link_h"] = round(step.waited_s / 3600.0, 2)
        found.append(
            MissionEvent(
                time_s=step.start_s, name=step.row.name, words=step.row.reason, figures=figures, derived=True
            )
        )
    if done.stays:
        found.append(
            MissionEvent(
                time_s=done.steps.stopped_s, name="rollout", words=f"the rover stays on the lander; {done.stays}",
                figures={"on_the_ground": False}, derived=True,
            )
        )  # fmt: skip
        return found
    chosen = done.chosen
    assert isinstance(chosen, RampCheck)
    sun = sunlight_at(site, epoch, done.down_s)
    assert site.anchor is not None
    north = site.grid_north_rad(site.anchor.latitude_deg, site.anchor.longitude_deg)
    told: dict[str, object] = {
        "on_the_ground": True,
        "ramp": chosen.name,
        "heading_deg": round(math.degrees(math.pi / 2 - chosen.heading_rad + north) % 360.0, 1),
        "ramp_slope_deg": round(math.degrees(chosen.slope_rad), 1),
        "ramp_roll_deg": round(math.degrees(chosen.roll_rad), 1),
        "ground_slope_deg": round(math.degrees(chosen.run_slope_rad), 1),
        "step_m": round(chosen.step_m, 3),
        "belly_room_m": round(chosen.belly_m, 3),
        "sun_off_heading_deg": round(math.degrees(chosen.sun_off_rad)),
        "after_landing_h": round((done.down_s - done.steps.steps[0].start_s) / 3600.0, 2),
        "published_utc": mission.rollout.utc,
        "later_than_published_min": round((done.down_s - done.published_s) / 60.0, 1),
        "sun_elevation_deg": round(math.degrees(sun.elevation_rad), 2),
    }
    words = f"all wheels of the rover on the ground, by the {chosen.name} ramp"
    found.append(MissionEvent(time_s=done.down_s, name="rollout", words=words, figures=told, derived=True))
    return found
