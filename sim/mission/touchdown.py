"""How the lander stands in truth: slope, steps and clearance of the ground that is really under its footprint."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import maximum_filter, minimum_filter

from rover.core.lander import LanderBodyParams
from sim.moon.ground import Patch

Floats = npt.NDArray[np.float64]

CELL_MM = 50
"""Of the ground that is judged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What is under a lander.

    Attributes:
        slope_rad: Of the plane nearest to the ground under the footprint (least squares).
        step_m: Greatest difference of height within a foot's width, that plane taken off.
        tilt_rad: Of the plane nearest to the four feet, each on the highest ground under its pad.
        clearance_m: Left under the nozzle, over the feet's plane.
        up_m: Height of the feet's plane in its middle, as the ground's heights are counted.
        feet_slope: Rise of that plane per metre eastwards and northwards.
    """

    slope_rad: float
    step_m: float
    tilt_rad: float
    clearance_m: float
    up_m: float
    feet_slope: tuple[float, float]

    def within(self, body: LanderBodyParams) -> bool:
        """Tell whether slope and steps are within the lander's limits."""
        return self.slope_rad <= body.slope_limit_rad and self.step_m <= body.step_limit_m


def standing_on(
    patch: Patch, east_m: float, north_m: float, yaw_rad: float, body: LanderBodyParams
) -> Standing:
    """Return how a lander stands.

    Args:
        patch: Ground that holds the footprint, in cells much smaller than a foot.
        east_m, north_m: Of the lander's middle, in the ground's frame.
        yaw_rad: Of its x axis, counter-clockwise from east; the feet stand between its axes.
        body: The lander's.
    """
    rows, cols = patch.elevation_m.shape
    east: Floats = patch.east_m + patch.resolution_m * np.arange(cols, dtype=np.float64)[None, :] - east_m
    north: Floats = patch.north_m + patch.resolution_m * np.arange(rows, dtype=np.float64)[:, None] - north_m
    height = patch.elevation_m.astype(np.float64)
    away = np.hypot(east, north)
    inside = away <= body.footprint_radius_m
    _, along, across = _plane(east, north, height, inside)
    left = height - along * east - across * north
    width = 2 * round(body.foot_radius_m / patch.resolution_m) + 1
    range_ = maximum_filter(left, width) - minimum_filter(left, width)
    core = (
        away <= body.footprint_radius_m - body.foot_radius_m
    )  # windows that do not reach beyond the footprint
    feet = np.array(
        [_foot(east, north, height, yaw_rad + math.radians(45.0 + 90.0 * n), body) for n in range(4)]
    )
    design = np.column_stack([np.ones(4), feet[:, :2]])
    up, feet_along, feet_across = np.linalg.lstsq(design, feet[:, 2], rcond=None)[0]
    over = height - (up + feet_along * east + feet_across * north)
    return Standing(
        slope_rad=math.atan(math.hypot(along, across)),
        step_m=float(range_[core].max()),
        tilt_rad=math.atan(math.hypot(feet_along, feet_across)),
        clearance_m=body.clearance_m - float(over[away <= body.feet_radius_m / 2].max()),
        up_m=float(up),
        feet_slope=(float(feet_along), float(feet_across)),
    )


def _plane(east: Floats, north: Floats, height: Floats, inside: npt.NDArray[np.bool_]) -> Floats:
    """Return height and rises of the least-squares plane over some cells."""
    x, y = (np.broadcast_to(axis, height.shape)[inside] for axis in (east, north))
    design = np.column_stack([np.ones(x.size), x, y])
    return np.asarray(np.linalg.lstsq(design, height[inside], rcond=None)[0], np.float64)


def _foot(
    east: Floats, north: Floats, height: Floats, azimuth_rad: float, body: LanderBodyParams
) -> tuple[float, float, float]:
    """Return where a foot stands and how high the highest ground under its pad is."""
    x, y = body.feet_radius_m * math.cos(azimuth_rad), body.feet_radius_m * math.sin(azimuth_rad)
    under = np.hypot(east - x, north - y) <= body.foot_radius_m
    return x, y, float(height[under].max())
