"""The parties to a run as its setting has them: the world, the senses, the perceiving on board, monitor and faults."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from rover.core.boundary import Observation
from rover.limits.thermal import SunWindow
from rover.onboard.panorama import PANORAMA_M
from rover.onboard.perception import START_SIGMA_M, START_YAW_SIGMA_RAD, PerceptionParams
from rover.planning.problem import Plan, Planner
from rover.sky.almanac import Almanac
from sim.mission.operations import survey_error
from sim.mission.operations_legs import Station
from sim.mission.stale import stale_almanac
from sim.mission.survey import fix_of_start, round_the_way
from sim.moon.ground import Ground
from sim.physics.energy import EnergyParams
from sim.physics.light import far_ground
from sim.run.closed_loop_mind import Mind, Perceiver
from sim.run.fault_schedule import FaultSchedule, schedule_faults
from sim.run.faults import sense_faults
from sim.run.injection import Injection
from sim.run.monitor import Monitor
from sim.run.scenario_ground import region_dem, world_ground, world_soil
from sim.run.setting import Setting, world_drivetrain
from sim.run.world import World, WorldState
from sim.sensors.eyesight import Eyesight
from sim.sensors.suite import Draws, SensorSuite

_SENSOR_STREAM = 1
"""Of `SeedSequence(seed, spawn_key=(stream, index))`; the ground has streams of its own."""

_PANORAMA, _PANORAMA_STEREO = 5, 6
"""Index of the noise of panoramas, which moves no other look's numbers."""


def faults_of(setting: Setting) -> FaultSchedule:
    """Return the faults of a run, as far as it can get in the time allowed."""
    scenario = setting.scenario
    return schedule_faults(
        scenario.read_faults(),
        seed=scenario.seed,
        until_m=setting.vehicle.speed_m_s * setting.deadline_s,
        until_s=setting.deadline_s,
        rate_factor=scenario.faults.rate_factor,
    )


def monitor_of(setting: Setting, energy: EnergyParams) -> Monitor:
    """Return what judges a run by the scenario's rules."""
    sun = setting.control.forecaster.window.params
    return Monitor(
        setting.vehicle,
        zones=setting.zones,
        zone_times=setting.zone_times,
        reserve_soc=setting.scenario.power.reserve_soc,
        min_drive_sun_rad=sun.min_drive_rad,
        nap_enter_sun_rad=sun.nap_enter_rad,
        nap_exit_sun_rad=sun.nap_exit_rad,
        work_max_k=energy.heat.limits.work_max_k,
        dusks_s=_dusks_s(setting.almanac, sun.dormant_rad),
        haven_tilt_rad=math.radians(setting.scenario.limits.haven_tilt_deg),
        over_seen_ground=True,
    )


def _dusks_s(almanac: Almanac, below_rad: float) -> list[float]:
    """Return when the Sun sinks through an elevation, to the minute."""
    time_s = np.arange(almanac.time_s[0], almanac.time_s[-1], 60.0)
    above = almanac.elevations(time_s) > below_rad
    return [float(t) for t in time_s[1:][above[:-1] & ~above[1:]]]


def world_and_senses(setting: Setting, energy: EnergyParams, monitor: Monitor) -> tuple[World, SensorSuite]:
    """Return the world and what the rover senses of it."""
    ground = world_ground(setting.scenario, setting.truth)
    region = region_dem(setting.scenario)
    world = World(
        ground=ground,
        soil=world_soil(setting.scenario, setting.truth),
        shadows=setting.truth,
        far=None if region is None else far_ground(region),
        sky=setting.almanac,
        vehicle=setting.vehicle,
        drivetrain=world_drivetrain(setting.scenario),
        energy=energy,
        watch=monitor.watch,
    )
    draws = Draws.of(setting.scenario.seed, _SENSOR_STREAM)
    sequence = np.random.SeedSequence(setting.scenario.seed, spawn_key=(_SENSOR_STREAM, 0))
    senses = SensorSuite(
        ground,
        setting.vehicle,
        setting.truth.geometry.site,
        generator=np.random.default_rng(sequence),
        sees_heights=not setting.scenario.faults.observations_off,
        eyes=setting.eyes,
        draws=draws,
        sight=_eyesight(setting, ground, draws.stereo),
        locates=setting.optics is None,
    )
    return world, senses


def mast_of(setting: Setting, world: World) -> SensorSuite:
    """Return the senses of panoramas: they reach further than looks on the move do."""
    seed = setting.scenario.seed
    noise, stereo = (
        np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(_SENSOR_STREAM, index)))
        for index in (_PANORAMA, _PANORAMA_STEREO)
    )
    return SensorSuite(
        world.ground,
        setting.vehicle.model_copy(update={"sensing_range_m": PANORAMA_M}),
        setting.truth.geometry.site,
        generator=noise,
        sees_heights=not setting.scenario.faults.observations_off,
        sight=_eyesight(setting, world.ground, stereo),
        locates=setting.optics is None,
    )


def mind_of(setting: Setting, energy: EnergyParams, plan: Plan, planner: Planner, yaw_rad: float) -> Mind:
    """Return what runs on board, with what the ground has sent it.

    Args:
        setting: The scenario made ready.
        energy: Of which the rover is told up to what temperature it may work.
        plan: To be driven.
        planner: It may ask again.
        yaw_rad: Heading at the start.
    """
    uplink, belief = setting.control.uplink(plan, planner)
    almanac, late_h = setting.almanac, setting.scenario.faults.almanac_late_h
    if late_h:
        almanac = stale_almanac(almanac, late_s=3600.0 * late_h)
        window = SunWindow(almanac, uplink.forecaster.window.params)
        uplink = replace(uplink, forecaster=replace(uplink.forecaster, window=window))
    uplink = replace(
        uplink,
        work_max_k=energy.heat.limits.work_max_k,
        goal_tolerance_m=setting.scenario.operations.goal_tolerance_m,
        protected=setting.scenario.faults.protection,
    )
    return Mind(uplink, belief, _perceiver(setting, almanac, yaw_rad))


def station_of(setting: Setting, mind: Mind) -> Station:
    """Return the ground as it is when it has sent up what the rover begins with."""
    uplink, belief = mind.sent
    return Station(uplink=uplink, belief=belief, data_bit=setting.scenario.operations.cycle.data_bit)


def _perceiver(setting: Setting, almanac: Almanac, yaw_rad: float) -> Perceiver | None:
    """Return what finds the rover's place on board; None where its senses are perfect and tell it."""
    if setting.eyes is None or setting.optics is None:
        return None
    scenario = setting.scenario
    params = PerceptionParams(
        eyes=setting.eyes,
        almanac=almanac,
        orbital=round_the_way(setting.dem, places_m=[scenario.start_m, scenario.goal_m]),
        orbital_error=survey_error(setting.dem.geometry),
        sensing_range_m=setting.vehicle.sensing_range_m,
        vehicle=setting.vehicle if scenario.driver == "arcs" else None,
    )
    start_m, told_yaw_rad = fix_of_start(
        scenario.seed,
        scenario.start_m,
        yaw_rad,
        place_sigma_m=START_SIGMA_M,
        yaw_sigma_rad=START_YAW_SIGMA_RAD,
    )
    return Perceiver.begin(params, start_m=start_m, yaw_rad=told_yaw_rad)


def observe(
    senses: SensorSuite,
    state: WorldState,
    setting: Setting,
    *,
    looking: bool,
    look_round: bool,
    injection: Injection,
) -> Observation:
    """Return what the rover senses of a state of the world, faults of its senses included."""
    sensed = senses.observe(
        time_s=state.time_s,
        east_m=state.east_m,
        north_m=state.north_m,
        yaw_rad=state.yaw_rad,
        pitch_rad=state.stance.pitch_rad,
        roll_rad=state.stance.roll_rad,
        soc=state.power.stored_j / setting.vehicle.battery_j,
        array_w=state.array_w,
        body_k=state.heat.body_k,
        stalled=state.stalled,
        looking=looking and state.sun.elevation_rad > 0,  # stereo is blind in the dark
        up_m=state.stance.up_m,
        rolled_m=state.rolled_m,
        lit=state.lit,
        sun=state.sun,
        faults=sense_faults(injection.active),
        halted=injection.halted,
        out_of_link_s=injection.out_of_link_s,
        look_round=look_round,
    )
    return replace(sensed, boots=injection.boots, folded=state.folded)


def _eyesight(setting: Setting, ground: Ground, noise: np.random.Generator) -> Eyesight | None:
    """Return the rover's cameras, or None where its senses are perfect."""
    if setting.eyes is None or setting.optics is None:
        return None
    return Eyesight(ground, setting.truth, setting.eyes, setting.optics, generator=noise)
