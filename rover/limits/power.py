"""What the rover expects of its array and battery, and the charge it keeps in reserve."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.bodies import AU_M, MOON, SOLAR_CONSTANT_W_M2
from rover.core.boundary import Mode
from rover.core.vehicle import VehicleParams
from rover.limits.base import Leg, Margin, Span, Surroundings, Table, Timeline
from rover.sky.almanac import Almanac

Cells = tuple[int | slice | npt.NDArray[np.int64], ...]

EVERY: Cells = (slice(None), slice(None))
"""Index of every cell."""

_WAKE_ROUNDS = 30
"""The curve of the array is so even that each round is far nearer than the one before."""


@dataclass(frozen=True, slots=True)
class ReserveLimit:
    """The battery is never planned below its reserve."""

    reserve_soc: float
    name: str = "reserve_soc"

    def table(self, around: Surroundings) -> Table:
        return Table(floor_soc=np.full(len(around.timeline.span), self.reserve_soc))

    def margin(self, leg: Leg) -> Margin:
        slack = leg.soc - self.reserve_soc
        return Margin(limit=self.name, value=leg.soc, bound=self.reserve_soc, slack=slack, time_s=leg.end_s)


@dataclass(frozen=True, slots=True)
class WakeLimit:
    """A night is spent only where the array wakes the rover in every morning of the plan."""

    vehicle: VehicleParams
    name: str = "dawn_w"

    def table(self, around: Surroundings) -> Table:
        return Table(havens=woken_cells(around, self.vehicle))

    def margin(self, leg: Leg) -> Margin:
        bound = self.vehicle.wake_array_w
        slack = leg.dawn_w - bound if leg.asleep else math.inf
        return Margin(limit=self.name, value=leg.dawn_w, bound=bound, slack=slack, time_s=leg.start_s)


def woken_cells(around: Surroundings, vehicle: VehicleParams) -> npt.NDArray[np.bool_]:
    """Return (rows, cols) where the array of a parked rover gives enough to wake it in every morning of the plan."""
    asleep = np.zeros(around.geometry.shape, np.bool_)
    for morning in _mornings(around.timeline):
        waiting = np.nonzero(~asleep)
        for k in morning:
            still = ~(parked_array_w(around, vehicle, k, waiting) >= vehicle.wake_array_w)
            waiting = waiting[0][still], waiting[1][still]
            if len(waiting[0]) == 0:
                break
        asleep[waiting] = True
    return ~asleep


def dawn_array_w(
    around: Surroundings, vehicle: VehicleParams, cells: Cells = EVERY
) -> npt.NDArray[np.float64]:
    """Return (mornings, ...) the most that the array of a parked rover gives between a night and the noon nap.

    A morning that the plan's time does not reach is left out.

    Args:
        around: The maps and the sky.
        vehicle: For its array.
        cells: Index of those asked for, which gives the shape of what is returned for each morning.
    """
    dawns = [
        np.maximum.reduce([parked_array_w(around, vehicle, k, cells) for k in morning])
        for morning in _mornings(around.timeline)
    ]
    return np.array(dawns).reshape(-1, *around.headings.grade_east[cells].shape)


def _mornings(timeline: Timeline) -> list[range]:
    """Return the bins of each morning, from the end of a night to the noon nap."""
    mornings = []
    for night in np.flatnonzero(timeline.span == Span.NIGHT):
        first = last = int(night) + 1
        while last < len(timeline.span) and timeline.span[last] in (Span.LOW, Span.DRIVE):
            last += 1
        if last > first:
            mornings.append(range(first, last))
    return mornings


def parked_array_w(
    around: Surroundings, vehicle: VehicleParams, k: int, cells: Cells = EVERY
) -> npt.NDArray[np.float64]:
    """Return the output in bin k of the array of a rover that parks at its best heading, on each of the cells."""
    timeline, headings = around.timeline, around.headings
    east, north = (
        headings.grade_east[cells].astype(np.float64),
        headings.grade_north[cells].astype(np.float64),
    )
    column = int(timeline.column[k])
    if column < 0:
        return np.zeros(east.shape)
    sun = timeline.sun[k]
    up = (sun[2] - east * sun[0] - north * sun[1]) / np.sqrt(1.0 + east**2 + north**2)
    lean = vehicle.array_lean_rad
    facing = np.maximum(0.0, up * math.cos(lean) + np.sqrt(np.maximum(0.0, 1.0 - up**2)) * math.sin(lean))
    full_w = full_array_w(timeline.flux_w_m2[k], math.asin(min(1.0, sun[2])), vehicle)
    return np.asarray(full_w * gained(facing, vehicle) * around.lit[:, :, column][cells] / 255.0)


def gained(facing: npt.ArrayLike, vehicle: VehicleParams) -> npt.NDArray[np.float64]:
    """Return what an array gives of its output facing the Sun, by the share of the Sun's rays that it takes.

    Of rays that graze them cells lose more, and of many they grow warm; the vehicle's curve has
    both, linear in the sine.

    Args:
        facing: Cosines of the angle between the array's normal and the Sun, 0 or more; any shape.
        vehicle: For the curve.
    """
    height_deg, gain = np.array(vehicle.array_gain_by_facing).T
    share = np.asarray(facing, np.float64)
    return np.asarray(share * np.interp(share, np.sin(np.radians(height_deg)), gain))


def full_array_w(
    irradiance_w_m2: npt.ArrayLike, elevation_rad: npt.ArrayLike, vehicle: VehicleParams
) -> npt.NDArray[np.float64]:
    """Return the output of an array that faces the Sun: the higher it stands, the warmer are ground and cells.

    Args:
        irradiance_w_m2, elevation_rad: Sunlight, and how high the Sun stands; any shape.
        vehicle: For area, efficiency and curve.
    """
    sun_deg, gain = np.array(vehicle.array_gain_by_sun).T
    by_sun = np.interp(np.degrees(np.asarray(elevation_rad, np.float64)), sun_deg, gain)
    return np.asarray(irradiance_w_m2 * by_sun * vehicle.array_area_m2 * vehicle.array_efficiency)


def expected_array_w(
    elevation_rad: npt.ArrayLike, vehicle: VehicleParams, *, sun_distance_m: float = AU_M
) -> npt.NDArray[np.float64]:
    """Return the output expected of the array on level ground: it lies flat on the deck.

    Args:
        elevation_rad: Sun elevations, any shape.
        vehicle: For area and efficiency.
        sun_distance_m: Scales the irradiance.
    """
    irradiance = SOLAR_CONSTANT_W_M2 * (AU_M / sun_distance_m) ** 2
    facing = np.clip(np.sin(np.asarray(elevation_rad, np.float64)), 0.0, None)
    return np.asarray(full_array_w(irradiance, elevation_rad, vehicle) * gained(facing, vehicle))


def wake_elevation_rad(vehicle: VehicleParams) -> float:
    """Return the Sun elevation at which the level array wakes the rover; pi/2 if it never does."""
    if vehicle.wake_array_w == 0.0:
        return 0.0
    facing = 1.0
    for _ in range(_WAKE_ROUNDS):
        given = float(full_array_w(SOLAR_CONSTANT_W_M2, math.asin(facing), vehicle) * gained(facing, vehicle))
        facing = min(1.0, vehicle.wake_array_w * facing / given)
    return math.asin(facing)


def motor_w(vehicle: VehicleParams, *, pitch_rad: float = 0.0) -> float:
    """Return the motors' power while driving at full speed up a slope."""
    weight_n = vehicle.mass_kg * MOON.gravity_m_s2
    pull_n = weight_n * (vehicle.rolling_resistance * math.cos(pitch_rad) + math.sin(pitch_rad))
    return max(0.0, pull_n) * vehicle.speed_m_s / vehicle.drive_efficiency


@dataclass(frozen=True, slots=True, kw_only=True)
class Energy:
    """What a span is expected to do to the battery.

    Attributes:
        soc: At its end.
        least_soc: Least within it.
        harvest_j: From the array.
        load_j: To the loads.
    """

    soc: float
    least_soc: float
    harvest_j: float
    load_j: float


def forecast_energy(
    almanac: Almanac,
    vehicle: VehicleParams,
    *,
    soc: float,
    start_s: float,
    end_s: float,
    mode: Mode,
    extra_w: float = 0.0,
    array_gain: float = 1.0,
    step_s: float = 600.0,
) -> Energy:
    """Forecast the battery over a span in one mode, on level ground in open light.

    Args:
        almanac: The Sun.
        vehicle: The figures.
        soc: State of charge at the start; it ends at 0 at the least.
        start_s, end_s: The span.
        mode: Gives the load.
        extra_w: Load on top, such as the motors.
        array_gain: Output as a share of a level array's in open light.
        step_s: Longest step of the sum (midpoint rule).
    """
    count = max(1, math.ceil((end_s - start_s) / step_s))
    dt = (end_s - start_s) / count
    middles = start_s + dt * (np.arange(count) + 0.5)
    distance_m = almanac.sun_at((start_s + end_s) / 2).distance_m
    level_w = expected_array_w(almanac.elevations(middles), vehicle, sun_distance_m=distance_m)
    array_w = level_w * array_gain
    if mode is Mode.DORMANT:
        array_w = np.zeros_like(array_w)  # folded
    load_w = vehicle.load_w(mode) + extra_w
    stored = battery_change_w(array_w - load_w, vehicle) * dt / vehicle.battery_j
    least = soc
    for change in stored.tolist():
        soc = min(1.0, max(0.0, soc + change))
        least = min(least, soc)
    return Energy(soc=soc, least_soc=least, harvest_j=float(array_w.sum()) * dt, load_j=load_w * dt * count)


def battery_change_w(net_w: npt.NDArray[np.float64], vehicle: VehicleParams) -> npt.NDArray[np.float64]:
    """Return what reaches the cells of a surplus, and what a deficit takes out of them."""
    return np.where(net_w > 0, net_w * vehicle.charge_efficiency, net_w / vehicle.discharge_efficiency)


def night_soc(vehicle: VehicleParams, night_s: float) -> float:
    """Return the share of the battery that a night of dormancy takes."""
    return vehicle.dormant_w * night_s / vehicle.discharge_efficiency / vehicle.battery_j
