"""What the rover's senses report of the world: heights around it, its own motion, the Sun, charge."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.bodies import BODIES, MOON
from rover.core.boundary import Inertial, Observation, Odometry, StereoPoints
from rover.core.eyes import EyesParams
from rover.core.grid import Dem, GridGeometry, Site
from rover.core.vehicle import VehicleParams
from rover.sky.almanac import Sun
from sim.moon.ground import Ground
from sim.sensors.camera import Sunlight
from sim.sensors.eyesight import Eyesight, add_looks
from sim.sensors.faults import NO_FAULTS, SenseFaults
from sim.sensors.heights import RollingHeights
from sim.sensors.imu import ImuState, init_imu, read_imu, turn_between
from sim.sensors.mount import BodyPose
from sim.sensors.odometry import OdometryState, init_odometry, read_odometry
from sim.sensors.sun_sensor import read_sun_sensor

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Draws:
    """A generator for each sense, so that none moves another's numbers."""

    odometry: np.random.Generator
    imu: np.random.Generator
    sun_sensor: np.random.Generator
    stereo: np.random.Generator

    @classmethod
    def of(cls, seed: int, stream: int) -> Draws:
        """Return the generators of a seed's stream; its index 0 is that of tilt and perfect heights."""
        made = [
            np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(stream, index)))
            for index in range(1, 5)
        ]
        return cls(odometry=made[0], imu=made[1], sun_sensor=made[2], stereo=made[3])


@dataclass(slots=True)
class _Inner:
    """The senses of the rover's own motion, and what they remember."""

    eyes: EyesParams
    draws: Draws
    gravity_m_s2: float
    wheels: OdometryState
    unit: ImuState
    before: tuple[float, float, float, Floats] | None = None

    def feel(
        self, time_s: float, rolled_m: float, pose: BodyPose, faults: SenseFaults
    ) -> tuple[Odometry | None, Inertial]:
        """Return what was felt since the last time."""
        axes = pose.axes
        then_s, rolled_then_m, yaw_then, axes_then = self.before or (time_s, rolled_m, pose.yaw_rad, axes)
        wheels = read_odometry(
            self.wheels,
            self.eyes.odometry,
            rolled_m=rolled_m - rolled_then_m,
            turned_rad=math.remainder(pose.yaw_rad - yaw_then, 2 * math.pi),
            generator=self.draws.odometry,
        )
        self.unit, inertial = read_imu(
            self.unit,
            self.eyes.imu,
            turned_rad=turn_between(axes_then, axes),
            up=axes[:, 2],
            gravity_m_s2=self.gravity_m_s2,
            elapsed_s=time_s - then_s,
            generator=self.draws.imu,
            faults=faults,
        )
        self.before = (time_s, rolled_m, pose.yaw_rad, axes)
        return None if faults.odometry_off else wheels, inertial


class SensorSuite:
    """The senses of one rover, each with its own stream of noise.

    Without `eyes` it reports perfect heights, place and tilt only. With them it reports odometry, inertial unit and Sun
    sensor too, and with `sight` the heights are those that the stereo pairs see.
    """

    def __init__(
        self,
        ground: Ground,
        vehicle: VehicleParams,
        site: Site,
        *,
        generator: np.random.Generator,
        sees_heights: bool = True,
        eyes: EyesParams | None = None,
        draws: Draws | None = None,
        sight: Eyesight | None = None,
        locates: bool = True,
    ) -> None:
        """Give a rover senses.

        Args:
            ground, vehicle, site: What there is, and what senses it.
            generator: Of tilt and perfect heights.
            sees_heights: Whether it looks at all.
            eyes, draws: Figures of the senses of its own motion, and their noise.
            sight: Its stereo pairs.
            locates: Whether place and heading are told as they are, and heights where they are. No sense of a rover
                tells that: without it they are NaN and None, and for the rover to find out.
        """
        self._ground = ground
        self._vehicle = vehicle
        self._site = site
        self._generator = generator
        self._sees_heights = sees_heights
        self._sight = sight
        self._locates = locates
        self._inner = None if eyes is None or draws is None else _begin(eyes, draws, site)
        self._heights = RollingHeights(reach_m=vehicle.sensing_range_m, site=site, datum_m=ground.datum_m)

    def observe(
        self,
        *,
        time_s: float,
        east_m: float,
        north_m: float,
        yaw_rad: float,
        pitch_rad: float,
        roll_rad: float,
        soc: float,
        array_w: float,
        stalled: bool,
        looking: bool,
        body_k: float = math.nan,
        up_m: float = math.nan,
        rolled_m: float = 0.0,
        lit: float = 0.0,
        sun: Sun | None = None,
        faults: SenseFaults = NO_FAULTS,
        halted: bool = False,
        out_of_link_s: float = 0.0,
        look_round: bool = False,
    ) -> Observation:
        """Return what is sensed at a moment; place and heading are exact, or not told.

        Args:
            time_s: Now.
            east_m, north_m, up_m, yaw_rad, pitch_rad, roll_rad: True pose, up to the plane of the wheels' contacts.
            soc, array_w, stalled, halted, out_of_link_s: Passed on.
            looking: Whether heights are wanted.
            rolled_m: Way that the wheels' rims have rolled since the start, backwards negative.
            lit: Share of the Sun's disc that the relief lets through.
            sun: Where it is; None is not known, and no sense of it.
            faults: Of the senses.
            look_round: Whether the mast is turned all round.
        """
        noise = self._generator.normal(0.0, math.radians(self._vehicle.tilt_noise_deg), 2)
        pose = BodyPose(
            east_m=east_m, north_m=north_m, up_m=up_m, yaw_rad=yaw_rad, pitch_rad=pitch_rad, roll_rad=roll_rad
        )
        wheels, inertial = (
            (None, None) if self._inner is None else self._inner.feel(time_s, rolled_m, pose, faults)
        )
        heights, looks = (
            self._look(pose, sun, faults, look_round) if looking and self._sees_heights else (None, ())
        )
        return Observation(
            time_s=time_s,
            east_m=east_m if self._locates else math.nan,
            north_m=north_m if self._locates else math.nan,
            yaw_rad=yaw_rad if self._locates else math.nan,
            pitch_rad=pitch_rad + float(noise[0]),
            roll_rad=roll_rad + float(noise[1]),
            soc=soc,
            array_w=array_w,
            stalled=stalled,
            body_k=body_k,
            heights=heights,
            odometry=wheels,
            inertial=inertial,
            sun_direction=self._sun_direction(pose, sun, lit, faults),
            stereo=looks,
            halted=halted,
            out_of_link_s=out_of_link_s,
        )

    def _look(
        self, pose: BodyPose, sun: Sun | None, faults: SenseFaults, look_round: bool
    ) -> tuple[Dem | None, tuple[StereoPoints, ...]]:
        if self._sight is None:
            return self._all_heights(pose.east_m, pose.north_m, lost=faults.stereo_lost), ()
        if sun is None:
            return None, ()
        looks = self._sight.look(pose, _sunlight(sun), faults=faults, round_about=look_round)
        return add_looks(self._heights, looks, pose) if self._locates else None, looks

    def _sun_direction(
        self, pose: BodyPose, sun: Sun | None, lit: float, faults: SenseFaults
    ) -> tuple[float, float, float] | None:
        if self._inner is None or sun is None:
            return None
        return read_sun_sensor(
            self._inner.eyes.sun_sensor,
            sun_in_body=pose.axes @ _sunlight(sun).direction,
            sun_elevation_rad=sun.elevation_rad,
            lit=lit,
            generator=self._inner.draws.sun_sensor,
            faults=faults,
        )

    def _all_heights(self, east_m: float, north_m: float, *, lost: float) -> Dem | None:
        """Return the ground within the sensing range, with noise; NaN beyond it, and where it is lost by chance."""
        if lost >= 1.0:
            return None
        reach = self._vehicle.sensing_range_m
        patch = self._ground.patch(east_m, north_m, reach)
        height = np.array(patch.elevation_m)
        height += self._generator.normal(0.0, self._vehicle.height_noise_m, height.shape)
        north = patch.north_m + np.arange(height.shape[0]) * patch.resolution_m
        east = patch.east_m + np.arange(height.shape[1]) * patch.resolution_m
        beyond = np.hypot(north[:, None] - north_m, east[None, :] - east_m) > reach
        height[beyond] = np.nan
        if lost > 0.0:
            height[self._generator.random(height.shape) < lost] = np.nan
        geometry = GridGeometry(
            rows=height.shape[0],
            cols=height.shape[1],
            resolution_m=patch.resolution_m,
            east_m=patch.east_m,
            north_m=patch.north_m,
            site=self._site,
        )
        return Dem(
            geometry=geometry, elevation_m=height, datum_m=self._ground.datum_m, source="navigation stereo"
        )


def _begin(eyes: EyesParams, draws: Draws, site: Site) -> _Inner:
    body = next((body for body in BODIES if body.name == site.body), MOON)
    return _Inner(
        eyes=eyes,
        draws=draws,
        gravity_m_s2=body.gravity_m_s2,
        wheels=init_odometry(eyes.odometry, draws.odometry),
        unit=init_imu(eyes.imu, draws.imu),
    )


def _sunlight(sun: Sun) -> Sunlight:
    return Sunlight(azimuth_rad=sun.azimuth_rad, elevation_rad=sun.elevation_rad, distance_m=sun.distance_m)
