"""The rover's days of a mission: drives, measurements between them, and what the battery holds all along."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from rover.core.eyes import EyesParams
from rover.core.heat import HeatParams, PowerParams
from rover.core.time import Epoch, parse_utc
from rover.io.vehicle import Vehicle
from sim.mission.instruments import AnalyserRow, Measurement, SpectrometerRow, measure, not_made
from sim.mission.landing_place import LandingPlace, standing_pose
from sim.mission.operations import Maps, derive_maps
from sim.mission.rover_energy import Charge, Load, keep_charge
from sim.run.mission_commands import CommandWay
from sim.run.mission_drive import DriveParams, Leg, LegRow, drive_leg
from sim.run.mission_rollout import RolloutDone, last_s, nights_s, rails_of
from sim.run.mission_scenario import Mission
from sim.run.scenario_ground import seeded_dem
from sim.sensors.craft import rover_parts
from sim.sensors.mount import BodyPose

Floats = npt.NDArray[np.float64]

TURN_LOAD = "turn"
_FURTHER_M = 2.0
"""Most that is driven straight on beyond the run where the map of drives shows a hazard at its end."""

_SAME_M = 0.05
"""Viewpoints that are no further apart are one."""

_ABOUT_M = 40.0
"""Half side of the map about the lander by which viewpoints are judged."""


@dataclass(slots=True, kw_only=True, eq=False)
class SurfaceDays:
    """What the rover has done so far, in order of time.

    Attributes:
        mission, vehicle, place, rollout: What it starts from.
        way: By which commands come.
        legs: Drives.
        measurements: Of instruments that stand still.
        charge: The battery between drives.
        loads: What was on between drives.
        night_s: When the rover is put to sleep.
        unheard, unheard_s: Why a drive did not begin, and when it should have; empty if all did.
        ready_s: When the rover stands at the viewpoint of the portraits and faces the lander; infinite if it does not.
    """

    mission: Mission
    vehicle: Vehicle
    place: LandingPlace
    rollout: RolloutDone
    way: CommandWay
    legs: list[Leg] = field(default_factory=list)
    measurements: list[Measurement] = field(default_factory=list)
    charge: list[Charge] = field(default_factory=list)
    loads: list[Load] = field(default_factory=list)
    unheard: str = ""
    unheard_s: float = math.nan
    night_s: float = math.inf
    ready_s: float = math.inf
    _maps: Maps | None = None
    _stood: list[tuple[float, BodyPose]] = field(default_factory=list)
    _now_s: float = math.nan
    _soc: float = math.nan

    @property
    def epoch(self) -> Epoch:
        """The ignition."""
        return parse_utc(self.mission.descent.ignition_utc)

    def begin(self) -> None:
        """Put the rover where the rollout left it."""
        chosen, drive = self.rollout.chosen, self.mission.drive
        if isinstance(chosen, str) or self.rollout.stays or drive is None:
            return
        ahead = np.array([math.cos(chosen.heading_rad), math.sin(chosen.heading_rad)])
        further = np.arange(0.0, _FURTHER_M, 0.1)[:, None]
        poses = [
            standing_pose(self.place.scene, east, north, chosen.heading_rad)
            for east, north in (chosen.stop_m + further * ahead).tolist()
        ]
        # Straight on, until a drive may begin.
        self._stand(self.rollout.down_s, next(filter(self.may_stand, poses), poses[0]))
        self._now_s, self._soc = self.rollout.down_s, drive.initial_soc
        self.night_s, _ = nights_s(self.mission)

    @property
    def nap_s(self) -> tuple[float, float]:
        """Begin and end of the noon nap."""
        drive = self.mission.drive
        assert drive is not None
        begin, end = (self.epoch.seconds_until(parse_utc(utc)) for utc in (drive.nap_from, drive.nap_until))
        return begin, end

    @property
    def is_down(self) -> bool:
        """Whether the rover is on the ground."""
        return bool(self._stood)

    @property
    def _pose(self) -> BodyPose | None:
        """How the rover stands after all that was done so far."""
        return self._stood[-1][1] if self._stood else None

    def _stand(self, from_s: float, pose: BodyPose) -> None:
        self._stood.append((from_s, pose))

    def pose_at(self, time_s: float) -> BodyPose | None:
        """Return how the rover stands or drives at a time up to now, None while it is on the lander."""
        for leg in self.legs:
            if leg.start_s <= time_s < leg.end_s:
                east, north = (float(np.interp(time_s, leg.time_s, leg.place_m[:, axis])) for axis in (0, 1))
                yaw = float(leg.yaw_rad[np.searchsorted(leg.time_s, time_s)])
                return standing_pose(self.place.scene, east, north, yaw)
        return next((pose for from_s, pose in reversed(self._stood) if from_s <= time_s), None)

    @property
    def soc(self) -> float:
        """Of charge now."""
        return self._soc

    def may_stand(self, pose: BodyPose) -> bool:
        """Tell whether the rover may be sent to a pose: the map that drives are planned on lets it stand there.

        Beyond the map it may not. Once it was sent to a viewpoint, it stays there.
        """
        leg = self._to_portraits()
        if leg is not None:
            return math.dist(leg.goal_m, (pose.east_m, pose.north_m)) < _SAME_M
        if self._maps is None:
            self._maps = self._surroundings()
        cell = self._maps.dem.geometry.cell_at(pose.east_m, pose.north_m)
        return cell is not None and bool(np.isfinite(self._maps.costmap.cost_s_per_m[cell]))

    def _surroundings(self) -> Maps:
        """Return the planning layers of the ground about the lander, in cells of the drives' map."""
        drive = self.mission.drive
        assert drive is not None
        west, south = (math.floor(at) - _ABOUT_M for at in self.rollout.lander_m)
        dem = seeded_dem(
            self.mission.site,
            seed=self.mission.seed,
            window_m=(west, south, west + 2.0 * _ABOUT_M, south + 2.0 * _ABOUT_M),
            resolution_m=drive.map_cell_m,
        )
        return derive_maps(dem, self.vehicle.params, [])

    def drive_to_portraits(self, viewpoint: BodyPose) -> str:
        """Drive all legs up to the one to the portraits, and return why the rover is not there then, empty if it is."""
        if not self.is_down:
            return f"the rover stays on the lander; {self.rollout.stays}"
        self._drive(viewpoint)
        leg = self._to_portraits()
        if leg is None:
            return self.unheard or "no drive to the viewpoint is planned"
        return "" if leg.arrived else f"the rover does not get there: {leg.reason}"

    def _to_portraits(self) -> Leg | None:
        """Return the drive to the viewpoint, None before it."""
        return next(
            (leg for row, leg in zip(self._rows(), self.legs, strict=False) if row.to_portraits), None
        )

    def finish(self) -> None:
        """Do what is left: legs without a viewpoint are not driven, and measurements after the last."""
        if not self.is_down:
            return
        self._drive(None)
        self._rest(last_s(self.mission))

    def standing_at(self, time_s: float) -> BodyPose | None:
        """Return how the rover stands now; None in its nap and in the night."""
        begin, end = self.nap_s
        return None if begin <= time_s < end or time_s >= self.night_s else self._pose

    def _rows(self) -> Sequence[LegRow]:
        assert self.mission.drive is not None
        return self.mission.drive.leg

    def _drive(self, viewpoint: BodyPose | None) -> None:
        """Drive the legs that have not been driven, up to one whose goal is not known."""
        params = self.mission.drive
        assert params is not None
        for row in self._rows()[len(self.legs) :]:
            goal = self._goal(row, viewpoint)
            if goal is None:
                return
            wanted = max(self._now_s, self.epoch.seconds_until(parse_utc(row.utc)))
            start = self.way.there_s(wanted, self.way.block_bit)
            if not math.isfinite(start):
                self.unheard = f"{row.name}: {self.way.why_never}"
                self.unheard_s = wanted
                return
            self._rest(start)
            self._leg(row, params, goal)
            if row.to_portraits and viewpoint is not None and self.legs[-1].arrived:
                self._turn_to(viewpoint)

    def _goal(self, row: LegRow, viewpoint: BodyPose | None) -> tuple[float, float] | None:
        if row.goal_m is not None:
            east, north = self.rollout.lander_m
            return east + row.goal_m[0], north + row.goal_m[1]
        return None if viewpoint is None else (viewpoint.east_m, viewpoint.north_m)

    def _leg(self, row: LegRow, params: DriveParams, goal_m: tuple[float, float]) -> None:
        pose, mission = self._pose, self.mission
        assert pose is not None
        leg = drive_leg(
            row,
            params,
            site=mission.read_site(),
            site_name=mission.site,
            vehicle_name=mission.rover,
            vehicle=self.vehicle.params,
            seed=mission.seed,
            epoch=self.epoch,
            lander_m=self.rollout.lander_m,
            rails=rails_of(self.rollout, mission, self.vehicle.params),
            start_m=(pose.east_m, pose.north_m),
            goal_m=goal_m,
            start_s=self._now_s,
            soc=min(1.0, max(self._soc, 1e-3)),
        )
        self.legs.append(leg)
        east, north = leg.place_m[-1].tolist()
        self._stand(leg.end_s, standing_pose(self.place.scene, east, north, float(leg.yaw_rad[-1])))
        self._now_s, self._soc = leg.end_s, float(leg.soc[-1])

    def _turn_to(self, wanted: BodyPose) -> None:
        """Turn in place to a heading."""
        pose, figures = self._pose, self.vehicle.params
        assert pose is not None
        off = (wanted.yaw_rad - pose.yaw_rad + math.pi) % math.tau - math.pi
        lasts = abs(math.degrees(off)) / figures.turn_rate_deg_s
        self.loads.append(
            Load(name=TURN_LOAD, start_s=self._now_s, end_s=self._now_s + lasts, watts=figures.drive_w)
        )
        turned = standing_pose(self.place.scene, pose.east_m, pose.north_m, pose.yaw_rad + off)
        self.ready_s = self._now_s + lasts
        self._stand(self.ready_s, turned)

    def _rest(self, until_s: float) -> None:
        """Stand until a time, with the measurements that fall into it."""
        if until_s <= self._now_s:
            return
        fresh = list(self._measured(until_s))
        self.measurements += fresh
        for one in fresh:
            self._note(one)
        power, heat = self.vehicle.part("power", PowerParams), self.vehicle.part("heat", HeatParams)
        charge = keep_charge(
            [*self._base(until_s), *(load for load in self.loads if load.end_s > self._now_s)],
            from_s=self._now_s,
            until_s=until_s,
            soc=self._soc,
            site=self.mission.read_site(),
            epoch=self.epoch,
            vehicle=self.vehicle.params,
            power=power,
            heat=heat,
            folded_s=self.night_s,
        )
        self.charge.append(charge)
        self._now_s, self._soc = until_s, float(charge.soc[-1])

    def _measured(self, until_s: float) -> Iterator[Measurement]:
        eyes = self.vehicle.part("eyes", EyesParams)
        site = self.mission.read_site()
        assert site.optics is not None
        free = self._now_s
        wanted: list[SpectrometerRow | AnalyserRow] = [*self.mission.spectrometer, *self.mission.analyser]
        rows = sorted(wanted, key=lambda row: row.utc)
        for row in rows[len(self.measurements) :]:
            asked = self.epoch.seconds_until(parse_utc(row.utc))
            latest, ready = asked + 3600.0 * row.within_h, max(free, asked)
            begin = self.way.there_s(ready, self.way.block_bit)
            if not begin <= latest:
                yield not_made(row, min(ready, latest), self._why_late(begin, ready))
                continue
            if begin + 60.0 * row.minutes > until_s:
                return
            done = measure(
                row,
                from_s=begin,
                until_s=min(latest, until_s - 60.0 * row.minutes),
                where=self.standing_at,
                site=site,
                epoch=self.epoch,
                scene=self.place.scene,
                parts=((self.place.shape, self.place.lander),),
                rover=rover_parts(self.vehicle.params, eyes.navcam),
                optics=site.optics,
            )
            if done.done:
                free = done.start_s + 60.0 * row.minutes
            yield done

    def _why_late(self, begin_s: float, ready_s: float) -> str:
        """Return why a measurement could not begin in its time."""
        if not math.isfinite(begin_s):
            return self.way.why_never
        return "its commands come too late" if begin_s > ready_s else "the rover is busy with others"

    def _note(self, one: Measurement) -> None:
        """Put down what a measurement takes."""
        if not one.done or one.pose is None:
            return
        figures = self.vehicle.params
        turn_s = abs(math.degrees(one.turned_rad)) / figures.turn_rate_deg_s
        end = one.start_s + 60.0 * one.row.minutes
        awake = figures.command_w - figures.charge_w
        if turn_s > 0.0:
            begin = one.start_s - turn_s
            self.loads.append(Load(name=TURN_LOAD, start_s=begin, end_s=one.start_s, watts=figures.drive_w))
        self.loads.append(
            Load(
                name=f"measuring: {one.row.name}", start_s=one.start_s, end_s=end, watts=one.row.watts + awake
            )
        )
        self._stand(one.start_s, one.pose)

    def _base(self, until_s: float) -> list[Load]:
        """Return what is on while the rover stands: least of all awake, and in the nap what that takes."""
        figures, night = self.vehicle.params, self.night_s
        begin, end = self.nap_s
        return [
            Load(name="awake", start_s=self._now_s, end_s=min(until_s, begin, night), watts=figures.charge_w),
            Load(
                name="awake", start_s=max(end, self._now_s), end_s=min(until_s, night), watts=figures.charge_w
            ),
            Load(name="nap", start_s=begin, end_s=min(end, night), watts=figures.nap_w),
            Load(name="dormant", start_s=night, end_s=math.inf, watts=figures.dormant_w),
        ]
