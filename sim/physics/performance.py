"""What a rover can do on a site's soils, derived from the world's own models: slip, energy and climb by slope."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from sim.moon.ground import Patch
from sim.physics.drivetrain import Drivetrain
from sim.physics.mobility import Motion, move
from sim.physics.steering import arc_commands
from sim.physics.suspension import Stance, settle
from sim.physics.suspension_kernels import WHEELS

_CELL_M = 0.25
STEEPEST_DEG = 45.0
"""No climb is looked for beyond this slope: no regolith lies steeper."""

_CLOSE_RAD = math.radians(0.01)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SlopePerformance:
    """Driving straight up a slope, by slope; NaN where the rover does not get up.

    Attributes:
        slope_rad: (n,) negative downhill.
        slip: (n,) mean of the wheels.
        sinkage_m: (n,) likewise.
        motors_j_per_m: (n,) electrical energy of the motors per metre along the slope.
        speed_m_s: (n,) along the slope.
    """

    slope_rad: Floats
    slip: Floats
    sinkage_m: Floats
    motors_j_per_m: Floats
    speed_m_s: Floats

    def __post_init__(self) -> None:
        for name in self.__slots__:
            held = locked(getattr(self, name), np.float64, self.slope_rad.shape, name)
            object.__setattr__(self, name, held)


class _Slope:
    """A plane through the origin that rises to the east and to the north."""

    def __init__(self, per_east: float, per_north: float) -> None:
        self._grade = per_east, per_north

    def near(self, east_m: float, north_m: float, reach_m: float) -> Patch:
        half = math.ceil(reach_m / _CELL_M) + 1
        along = np.arange(-half, half + 1) * _CELL_M
        heights = (east_m + along)[None, :] * self._grade[0] + (north_m + along)[:, None] * self._grade[1]
        return Patch(
            east_m=east_m + float(along[0]),
            north_m=north_m + float(along[0]),
            resolution_m=_CELL_M,
            elevation_m=heights.astype(np.float32),
        )


def stance_on_slope(train: Drivetrain, *, pitch_rad: float, roll_rad: float = 0.0) -> Stance:
    """Return how the rover stands on a plane on which it has this pitch and roll."""
    slope = _Slope(math.tan(pitch_rad), math.tan(roll_rad) / math.cos(pitch_rad))
    return settle(slope, train.rig, east_m=0.0, north_m=0.0, yaw_rad=0.0, backwards=False)


def motion_on_slope(train: Drivetrain, *, firmness: float, pitch_rad: float, roll_rad: float = 0.0) -> Motion:
    """Return how the rover moves straight ahead on a plane of soil of one firmness."""
    stance = stance_on_slope(train, pitch_rad=pitch_rad, roll_rad=roll_rad)
    return move(train, arc_commands(train, curvature_per_m=0.0), stance, np.full(WHEELS, firmness))


def slope_performance(train: Drivetrain, *, firmness: float, slope_rad: npt.ArrayLike) -> SlopePerformance:
    """Return slip, sinkage, energy and speed straight up slopes of soil of one firmness."""
    slopes = np.asarray(slope_rad, np.float64)
    motions = [motion_on_slope(train, firmness=firmness, pitch_rad=slope) for slope in slopes.tolist()]

    def of(value: object) -> Floats:
        return np.array([math.nan if motion.stuck else value(motion) for motion in motions])  # type: ignore[operator]

    return SlopePerformance(
        slope_rad=slopes,
        slip=of(lambda motion: motion.mean_slip),
        sinkage_m=of(lambda motion: motion.mean_sinkage_m),
        motors_j_per_m=of(lambda motion: motion.power_w / motion.forward_m_s),
        speed_m_s=of(lambda motion: motion.forward_m_s),
    )


def steepest_climb_rad(train: Drivetrain, *, firmness: float) -> float:
    """Return the steepest slope that it climbs on soil of one firmness, to 0.01 deg and at most 45 deg; 0 if none.

    Neither wheels nor stability let it up steeper ones, whatever the vehicle's own limit is.
    """

    def climbs(slope: float) -> bool:
        stance = stance_on_slope(train, pitch_rad=slope)
        return not stance.tips and not motion_on_slope(train, firmness=firmness, pitch_rad=slope).stuck

    low, high = 0.0, math.radians(STEEPEST_DEG)
    if climbs(high):
        return high
    while high - low > _CLOSE_RAD:
        middle = 0.5 * (low + high)
        low, high = (middle, high) if climbs(middle) else (low, middle)
    return low


def range_m(
    *,
    battery_j: float,
    discharge_efficiency: float,
    motors_j_per_m: float,
    load_w: float,
    speed_m_s: float,
) -> float:
    """Return how far a full battery drives without Sun.

    Args:
        battery_j: What it holds.
        discharge_efficiency: From there to the loads.
        motors_j_per_m, speed_m_s: As of `SlopePerformance`.
        load_w: Everything but the motors.
    """
    return battery_j * discharge_efficiency / (motors_j_per_m + load_w / speed_m_s)
