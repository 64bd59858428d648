"""How a rover could stand at a pose: bounds on wheels, attitude, suspension and the room under the belly.

The idea is approximate clearance evaluation (Otsu, Matheron, Ghosh, Toupet and Ono 2020, Fast approximate clearance
evaluation for rovers with articulated suspension systems, J. Field Robotics, doi:10.1002/rob.21892): the lowest and the
highest ground that a wheel may stand on bound its height, hence everything above it, without settling the rover. The
bounds hold whichever way the wheels stand within their boxes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.errors import PlaceError, UsageError
from rover.core.grid import Dem, check_square
from rover.core.strips import by_strips
from rover.core.vehicle import VehicleParams
from rover.hazard.aligned import AlignedGround, mean_grade
from rover.hazard.clearance_figures import clearance_figures
from rover.hazard.clearance_kernels import bound_places
from rover.hazard.detect import Hazard
from rover.hazard.linkage_kernels import BELLY, BODY, BOGIE_LEFT, FIGURES, PITCH, ROCKER, ROLL, WHEELS

Floats = npt.NDArray[np.float64]


MORE_M = 0.3
"""Ground is laid out so much beyond what may lie under the rover."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Clearance:
    """Bounds on the standing of a rover at n poses.

    The last axis of bounds is low and high; NaN where the ground is not known. Infinite bounds mean that no standing
    is known to be possible.

    Attributes:
        poses: (n, 3) east and north of the rover's place, and yaw; m, rad. It is that of its middle between front and
            rear axle on the plane that its wheels would stand on were they level with each other.
        wheel_up_m: (n, 6, 2) axles above the DEM's datum: front left, front right, middle, rear.
        body_up_m: (n, 2) the middle between the axles, above the datum.
        pitch_rad, roll_rad: (n, 2) nose up, left side up.
        rocker_rad: (n, 2) of the left rocker against the body; the right one turns as far the other way.
        bogie_rad: (n, 2, 2) of the left and the right bogie against its rocker.
        belly_gap_m: (n, 2) least vertical distance from the belly to the ground under it.
        tilt_slack_rad, suspension_slack_rad: (n,) of the bounds to the vehicle's limits; negative refuses.
        belly_slack_m: (n,) of the belly's low bound to the margin asked.
        flags: (n,) `Hazard`: TILT, STEP where the suspension could reach its end, CLEARANCE, UNKNOWN; 0 is safe.
    """

    poses: Floats
    wheel_up_m: Floats
    body_up_m: Floats
    pitch_rad: Floats
    roll_rad: Floats
    rocker_rad: Floats
    bogie_rad: Floats
    belly_gap_m: Floats
    tilt_slack_rad: Floats
    suspension_slack_rad: Floats
    belly_slack_m: Floats
    flags: npt.NDArray[np.uint8]

    def __post_init__(self) -> None:
        for name, shape in _SHAPES.items():
            held = locked(getattr(self, name), np.float64, (len(self.poses), *shape), name)
            object.__setattr__(self, name, held)
        object.__setattr__(self, "flags", locked(self.flags, np.uint8, (len(self.poses),), "flags"))

    @property
    def safe(self) -> npt.NDArray[np.bool_]:
        """(n,) whether every limit holds however the wheels stand."""
        return np.asarray(self.flags == 0)


_SHAPES: dict[str, tuple[int, ...]] = {
    "poses": (3,),
    "wheel_up_m": (WHEELS, 2),
    "body_up_m": (2,),
    "pitch_rad": (2,),
    "roll_rad": (2,),
    "rocker_rad": (2,),
    "bogie_rad": (2, 2),
    "belly_gap_m": (2,),
    "tilt_slack_rad": (),
    "suspension_slack_rad": (),
    "belly_slack_m": (),
}


def evaluate_clearance(
    dem: Dem,
    vehicle: VehicleParams,
    poses: npt.ArrayLike,
    *,
    spread_m: float = 0.0,
    belly_margin_m: float = 0.0,
) -> Clearance:
    """Bound how the rover stands at each pose.

    The wheels' boxes hold the wheels wherever tilt and suspension put them within the vehicle's limits. What is
    beyond those limits is refused, so that the bounds hold of every pose that is not.

    Args:
        dem: Fine heights, cells of 0.05 to 0.1 m; its surface is bilinear between the cells' centres.
        vehicle: For wheels, suspension, belly and limits.
        poses: (n, 3) east, north, yaw; m, rad.
        spread_m: The bounds hold of every pose of which no part is further than this from where it is at the one given.
        belly_margin_m: Room that must be left under the belly.

    Raises:
        DemFrameError: Cells that are not square.
        PlaceError: A pose that is not finite.
        UsageError: A spread that is no length.
    """
    check_square(dem.geometry, "clearance")
    held = locked(poses, np.float64, (None, 3), "poses")
    _check_poses(held, spread_m)
    bounds = np.empty((len(held), FIGURES, 2))
    own = clearance_figures(vehicle)
    cells, side = poses_on_cells(held, dem), dem.geometry.resolution_m
    middle = cells[:, :2].mean(axis=0) if len(cells) else np.zeros(2)
    away = float(np.hypot(*(cells[:, :2] - middle).T).max(initial=0.0)) * side
    z = dem.elevation_m
    ground = AlignedGround(
        z, z, side, (float(middle[0]), float(middle[1])), away + own.reach_m + spread_m + MORE_M, own,
        grade=mean_grade(z, side),
    )  # fmt: skip
    bins, places = ground.places(cells)
    given = ground.spacing_m, ground.layers, ground.wheels, bins, ground.rover, places, spread_m
    by_strips(len(held), lambda first, last: bound_places(*given, bounds, first, last))
    return _judged(held, bounds, vehicle, belly_margin_m)


def _check_poses(poses: npt.NDArray[np.float64], spread_m: float) -> None:
    wrong = poses[~np.isfinite(poses).all(axis=1)]
    if len(wrong):
        value = ", ".join(f"{number:g}" for number in wrong[0].tolist())
        remedy = "give east and north in metres and yaw in radians"
        raise PlaceError("a pose that is not finite", field="poses", value=value, remedy=remedy)
    if not (spread_m >= 0 and math.isfinite(spread_m)):
        raise UsageError("not a length", field="spread_m", value=spread_m, remedy="give metres, 0 or more")


def evaluate_arc(
    dem: Dem,
    vehicle: VehicleParams,
    pose: tuple[float, float, float],
    *,
    length_m: float,
    curvature_per_m: float = 0.0,
    spacing_m: float | None = None,
    belly_margin_m: float = 0.0,
) -> Clearance:
    """Bound how the rover stands all along an arc: each pose speaks for those up to half a spacing away.

    Args:
        dem, vehicle, belly_margin_m: As of `evaluate_clearance`.
        pose: East, north and yaw where the arc begins.
        length_m: Along the arc; negative backwards.
        curvature_per_m: One over the radius, positive to the left.
        spacing_m: Of the poses, None for a cell's side.
    """
    wanted = spacing_m or dem.geometry.resolution_m
    count = max(1, math.ceil(abs(length_m) / wanted))
    spacing = abs(length_m) / count
    reach = clearance_figures(vehicle).reach_m
    return evaluate_clearance(
        dem,
        vehicle,
        arc_poses(pose, length_m=length_m, curvature_per_m=curvature_per_m, count=count + 1),
        spread_m=spacing / 2 * (1 + abs(curvature_per_m) * reach),
        belly_margin_m=belly_margin_m,
    )


def arc_poses(
    pose: tuple[float, float, float], *, length_m: float, curvature_per_m: float, count: int
) -> Floats:
    """Return (count, 3) east, north and yaw evenly along an arc, both ends among them."""
    east, north, yaw = pose
    along = np.linspace(0.0, length_m, count)
    turn = curvature_per_m * along
    # The chord is the arc times sinc(half the turn) and heads half the turn off.
    chord = along * np.sinc(turn / (2 * np.pi))
    heading = yaw + turn / 2
    return np.stack([east + chord * np.cos(heading), north + chord * np.sin(heading), yaw + turn], axis=1)


def poses_on_cells(poses: Floats, dem: Dem) -> Floats:
    """Return (n, 4) column and row as fractions, cosine and sine of the yaw."""
    geometry = dem.geometry
    return np.stack(
        [
            (poses[:, 0] - geometry.east_m) / geometry.resolution_m,
            (poses[:, 1] - geometry.north_m) / geometry.resolution_m,
            np.cos(poses[:, 2]),
            np.sin(poses[:, 2]),
        ],
        axis=1,
    )


def _judged(poses: Floats, bounds: Floats, vehicle: VehicleParams, belly_margin_m: float) -> Clearance:
    most = np.abs(bounds).max(axis=2)
    bogies = most[:, BOGIE_LEFT : BOGIE_LEFT + 2].max(axis=1)
    tilt = np.minimum(vehicle.slope_limit_rad - most[:, PITCH], vehicle.roll_limit_rad - most[:, ROLL])
    suspension = np.minimum(vehicle.rocker_limit_rad - most[:, ROCKER], vehicle.bogie_limit_rad - bogies)
    belly = bounds[:, BELLY, 0] - belly_margin_m
    known = ~np.isnan(bounds).any(axis=(1, 2))
    flags = np.where(known, np.uint8(0), np.uint8(Hazard.UNKNOWN))
    for slack, hazard in ((tilt, Hazard.TILT), (suspension, Hazard.STEP), (belly, Hazard.CLEARANCE)):
        flags[known & ~(slack >= 0)] |= np.uint8(hazard)
    return Clearance(
        poses=poses,
        wheel_up_m=bounds[:, :WHEELS],
        body_up_m=bounds[:, BODY],
        pitch_rad=bounds[:, PITCH],
        roll_rad=bounds[:, ROLL],
        rocker_rad=bounds[:, ROCKER],
        bogie_rad=bounds[:, BOGIE_LEFT : BOGIE_LEFT + 2],
        belly_gap_m=bounds[:, BELLY],
        tilt_slack_rad=tilt,
        suspension_slack_rad=suspension,
        belly_slack_m=belly,
        flags=flags,
    )
