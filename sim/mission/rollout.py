"""The way off the lander: rails that are let down, the ground at their foot, and the sequence until the rover is on it.

A pair of rails turns about a hinge on the lander until it meets the ground, each side by itself; what stands in the
way of a rail holds it up before its foot is down. The rover comes down straight, drives on until it is clear of the
rails, and turns in place there. All of it is judged on the ground that is under the lander as it landed.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import Field
from scipy.ndimage import map_coordinates, maximum_filter, minimum_filter

from rover.core.vehicle import NotNegative, Positive, TiltDeg, VehicleParams
from sim.mission.figures import Figures, Name, Row, Share
from sim.mission.touchdown import Standing
from sim.moon.ground import Patch

Floats = npt.NDArray[np.float64]

_ALONG_M = 0.05
"""Between the points of the ground that are judged."""

_TURN_RAD = math.radians(0.05)
_LOWEST_RAD = math.radians(80.0)
_FOOT_M = 0.3
"""A rail that first touches further than this from its end does not stand on its foot."""


class RampRow(Row):
    """A pair of rails, by the side of the lander that it comes down on."""

    name: Name
    azimuth_deg: Annotated[float, Field(ge=-180, le=360)] = Field(
        description="counter-clockwise from the lander's x axis"
    )


class RampParams(Figures):
    """How the rails are made and what the rover may do on them."""

    hinge_out_m: Positive = Field(description="from the lander's middle to the hinge")
    hinge_up_m: Positive = Field(description="of the hinge over the plane of the feet")
    rail_m: Positive = Field(description="length from hinge to foot")
    slope_limit_deg: TiltDeg = Field(description="of the rails, against gravity")
    roll_limit_deg: TiltDeg = Field(description="of the rover on rails whose feet are not level")
    run_m: Positive = Field(description="driven straight on from the foot of the rails")
    sun_off_deg: NotNegative = Field(description="least angle between heading and Sun's azimuth")
    margin: Share = Field(
        description="share of every limit that a ramp keeps to be taken before those behind it"
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RampCheck:
    """What the ground is like where a pair of rails comes down.

    Attributes:
        name: Of the ramp.
        heading_rad: Which way the rover drives off, counter-clockwise from east.
        foot_m: (2,) east and north of the middle between the rails' feet, in the ground's frame.
        stop_m: (2,) where the rover's middle is after the run.
        slope_rad: Of the rails, mean of both, downwards.
        roll_rad: By the difference of their feet, left side up.
        held_up_m: From the foot of a rail to where it first touches, the larger of both; 0 on its foot.
        run_slope_rad: Steepest stand of the rover along the run, pitch or roll.
        step_m: Highest step in the wheels' tracks, against the ground's mean slope.
        belly_m: Least room under the belly.
        turn_step_m: Highest step within the circle that the rover turns in.
        sun_off_rad: Between heading and the Sun's azimuth.
        reasons: Why it will not do; empty if it will.
        margin: Of the tightest of its limits, as a share of it.
    """

    name: str
    heading_rad: float
    foot_m: Floats
    stop_m: Floats
    slope_rad: float
    roll_rad: float
    held_up_m: float
    run_slope_rad: float
    step_m: float
    belly_m: float
    turn_step_m: float
    sun_off_rad: float
    reasons: tuple[str, ...]
    margin: float

    @property
    def will_do(self) -> bool:
        """Whether the rover may drive off here."""
        return not self.reasons


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Strip:
    """Ground in a frame along a ramp: x from the lander's middle, y to the left."""

    patch: Patch
    east_m: float
    north_m: float
    azimuth_rad: float

    def heights(self, x: npt.ArrayLike, y: npt.ArrayLike) -> Floats:
        """Return the ground's heights at points, straight between cells."""
        along, left = np.broadcast_arrays(np.asarray(x, np.float64), np.asarray(y, np.float64))
        cos, sin = math.cos(self.azimuth_rad), math.sin(self.azimuth_rad)
        east = self.east_m + along * cos - left * sin
        north = self.north_m + along * sin + left * cos
        cell = self.patch.resolution_m
        at = np.stack([(north - self.patch.north_m) / cell, (east - self.patch.east_m) / cell])
        found = map_coordinates(self.patch.elevation_m.astype(np.float64), at, order=1, cval=np.nan)
        return np.asarray(found, np.float64)

    def place(self, x: float) -> Floats:
        """Return (2,) east and north of a point on the middle line."""
        return np.array(
            [
                self.east_m + x * math.cos(self.azimuth_rad),
                self.north_m + x * math.sin(self.azimuth_rad),
            ]
        )


def reach_m(ramp: RampParams, vehicle: VehicleParams) -> float:
    """Return how far from the lander's middle ground is judged."""
    return ramp.hinge_out_m + ramp.rail_m + ramp.run_m + 2.0 * vehicle.length_m


def check_ramp(
    row: RampRow,
    ramp: RampParams,
    vehicle: VehicleParams,
    patch: Patch,
    standing: Standing,
    *,
    east_m: float,
    north_m: float,
    yaw_rad: float,
    sun_azimuth_rad: float,
) -> RampCheck:
    """Return what comes of letting a pair of rails down.

    Args:
        row: Which one.
        ramp: The rails.
        vehicle: The rover.
        patch: Ground that reaches as far as `reach_m`, in cells of some centimetres.
        standing: How the lander stands.
        east_m, north_m: Of the lander's middle.
        yaw_rad: Of its x axis.
        sun_azimuth_rad: Of the Sun when the rover drives off, clockwise from north.
    """
    heading = yaw_rad + math.radians(row.azimuth_deg)
    strip = _Strip(patch=patch, east_m=east_m, north_m=north_m, azimuth_rad=heading)
    half = vehicle.track_m / 2
    slopes, ends, held = zip(
        *(_let_down(strip, standing, ramp, side * half) for side in (1.0, -1.0)), strict=True
    )
    foot_x = float(np.mean([end[0] for end in ends]))
    rise = float(ends[0][1] - ends[1][1])
    stop_x = foot_x + ramp.run_m + vehicle.length_m / 2
    steepest, step, belly = _run(strip, vehicle, foot_x, stop_x)
    off = (math.pi / 2 - heading - sun_azimuth_rad + math.pi) % math.tau - math.pi
    figures = {
        "slope_rad": float(np.mean(slopes)),
        "roll_rad": math.atan2(rise, vehicle.track_m),
        "held_up_m": max(held),
        "run_slope_rad": steepest,
        "step_m": step,
        "belly_m": belly,
        "turn_step_m": _turn_step(strip, vehicle, stop_x),
        "sun_off_rad": abs(off),
    }
    reasons, margin = _judged(figures, ramp, vehicle)
    return RampCheck(
        name=row.name,
        heading_rad=heading,
        foot_m=strip.place(foot_x),
        stop_m=strip.place(stop_x),
        reasons=reasons,
        margin=margin,
        **figures,
    )


def choose_ramp(checks: Sequence[RampCheck], margin: float) -> RampCheck | str:
    """Return the first ramp that keeps a margin, else the one of those that will do with most, else why none does."""
    good = [check for check in checks if check.will_do]
    if good:
        roomy = [check for check in good if check.margin >= margin]
        return roomy[0] if roomy else max(good, key=lambda check: check.margin)
    return "; ".join(f"{check.name}: {', '.join(check.reasons)}" for check in checks)


def _let_down(
    strip: _Strip, standing: Standing, ramp: RampParams, left_m: float
) -> tuple[float, tuple[float, float], float]:
    """Return a rail's slope against gravity, where its foot is (x, height), and how far from it the rail is held up.

    It is turned down from level until some point of it touches; the lander's lean turns the hinge with it.
    """
    cos, sin = math.cos(strip.azimuth_rad), math.sin(strip.azimuth_rad)
    east, north = standing.feet_slope
    ahead, aside = east * cos + north * sin, -east * sin + north * cos
    hinge = standing.up_m + ramp.hinge_up_m + ahead * ramp.hinge_out_m + aside * left_m
    along = np.arange(_ALONG_M, ramp.rail_m + 1e-9, _ALONG_M)
    angle = 0.0
    while angle < _LOWEST_RAD:
        x = ramp.hinge_out_m + along * math.cos(angle)
        over = hinge - along * math.sin(angle) - strip.heights(x, left_m)
        if float(np.nanmin(over)) <= 0.0:
            break
        angle += _TURN_RAD
    touches = float(along[int(np.nanargmin(over))])
    end = ramp.hinge_out_m + ramp.rail_m * math.cos(angle), hinge - ramp.rail_m * math.sin(angle)
    up = ramp.rail_m - touches
    return angle, end, up if up > _FOOT_M else 0.0


def _run(strip: _Strip, vehicle: VehicleParams, foot_x: float, stop_x: float) -> tuple[float, float, float]:
    """Return steepest stand, highest step in the tracks and least room under the belly from the foot to the stop."""
    half, reach = vehicle.track_m / 2, vehicle.wheelbase_m / 2
    middles = np.arange(foot_x + reach, stop_x + 1e-9, _ALONG_M)
    wheels = {(i, j): strip.heights(middles + i * reach, j * half) for i in (-1, 1) for j in (-1, 1)}
    front, back = (wheels[i, 1] + wheels[i, -1] for i in (1, -1))
    left, right = (wheels[1, j] + wheels[-1, j] for j in (1, -1))
    pitch = np.arctan2(front - back, 4 * reach)
    roll = np.arctan2(left - right, 4 * half)
    steepest = float(max(np.abs(pitch).max(), np.abs(roll).max()))
    x = np.arange(foot_x, stop_x + vehicle.length_m / 2, _ALONG_M)
    wide = vehicle.wheel_width_m / 2
    step = max(
        _step(
            strip.heights(x[None, :], np.array([[side * half - wide], [side * half], [side * half + wide]])),
            vehicle,
        )
        for side in (1.0, -1.0)
    )
    inner = np.arange(-half + wide, half - wide, _ALONG_M)[:, None]
    ahead = np.arange(-reach, reach + 1e-9, _ALONG_M)
    room = math.inf
    for n, middle in enumerate(middles.tolist()):
        plane = (front[n] + back[n]) / 4 + np.tan(pitch[n]) * ahead[None, :] + np.tan(roll[n]) * inner
        over = strip.heights(middle + ahead[None, :], inner) - plane
        room = min(room, vehicle.belly_clearance_m - float(over.max()))
    return steepest, step, room


def _step(heights: Floats, vehicle: VehicleParams) -> float:
    """Return the greatest rise within a wheel's radius along a track, the mean slope taken off."""
    x = _ALONG_M * np.arange(heights.shape[-1])
    line = np.polynomial.Polynomial.fit(x, heights.mean(axis=0), 1)(x)
    left = heights - line
    width = 2 * round(vehicle.wheel_radius_m / _ALONG_M) + 1
    return float((maximum_filter(left, (1, width)) - minimum_filter(left, (1, width))).max())


def _turn_step(strip: _Strip, vehicle: VehicleParams, stop_x: float) -> float:
    """Return the greatest step where the rover turns in place."""
    radius = math.hypot(vehicle.length_m, vehicle.width_m) / 2
    side = np.arange(-radius, radius + 1e-9, _ALONG_M)
    heights = strip.heights(stop_x + side[None, :], side[:, None])
    inside = np.hypot(side[None, :], side[:, None]) <= radius
    x, y = (np.broadcast_to(axis, heights.shape)[inside] for axis in (side[None, :], side[:, None]))
    design = np.column_stack([np.ones(x.size), x, y])
    plane = np.linalg.lstsq(design, heights[inside], rcond=None)[0]
    left = heights - plane[0] - plane[1] * side[None, :] - plane[2] * side[:, None]
    width = 2 * round(vehicle.wheel_radius_m / _ALONG_M) + 1
    ranges = maximum_filter(left, width) - minimum_filter(left, width)
    return float(ranges[inside].max())


def _judged(
    figures: dict[str, float], ramp: RampParams, vehicle: VehicleParams
) -> tuple[tuple[str, ...], float]:
    """Return what is beyond its limit, in words, and the least margin as a share of its limit."""
    deg = math.degrees
    bounds = (
        ("rails {value:.1f} deg steep, over {limit:g}", deg(abs(figures["slope_rad"])), ramp.slope_limit_deg),
        ("rails lean by {value:.1f} deg, over {limit:g}", deg(abs(figures["roll_rad"])), ramp.roll_limit_deg),
        (
            "the ground at the foot makes the rover lean by {value:.1f} deg, over {limit:g}",
            deg(figures["run_slope_rad"]),
            min(vehicle.slope_limit_deg, vehicle.roll_limit_deg),
        ),
        (
            "a step of {value:.2f} m in the wheels' tracks, over {limit:g}",
            figures["step_m"],
            vehicle.step_limit_m,
        ),
        (
            "a step of {value:.2f} m where the rover turns, over {limit:g}",
            figures["turn_step_m"],
            vehicle.step_limit_m,
        ),
    )
    reasons = [words.format(value=value, limit=limit) for words, value, limit in bounds if not value <= limit]
    margins = [1.0 - value / limit for _, value, limit in bounds]
    if figures["held_up_m"] > 0.0:
        reasons.append(f"a rail is held up {figures['held_up_m']:.2f} m before its foot")
    if not figures["belly_m"] > 0.0:
        reasons.append(f"the belly would touch by {-figures['belly_m']:.2f} m")
    margins.append(figures["belly_m"] / vehicle.belly_clearance_m)
    off = deg(figures["sun_off_rad"])
    if off < ramp.sun_off_deg:
        reasons.append(f"the Sun stands {off:.0f} deg off the heading, less than {ramp.sun_off_deg:g}")
    return tuple(reasons), float(min(margins))
