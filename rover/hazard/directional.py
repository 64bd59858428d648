"""What a move costs by its heading: pitch and roll on the local plane, each against its own limit.

A map that knows no heading must refuse what any heading could break. Here a slope that is too steep to be crossed may
be climbed. The record holds three layers and two small tables, whatever the number of headings; a planner asks
`directional_kernels.move_cost` for each move.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.bodies import BODIES, MOON
from rover.core.grid import GridGeometry, check_square
from rover.core.strips import by_strips
from rover.core.vehicle import VehicleParams
from rover.hazard.detect import resolves
from rover.hazard.directional_kernels import RULES, cost_rows, grade_rows
from rover.hazard.trafficability import expected_slip, slip_per_grade2, undulation_grade2
from rover.terrain.derive import Terrain

Floats = npt.NDArray[np.float64]
Layer = npt.NDArray[np.float32]

TABLE = 1025
"""Entries of the slip table, odd so that one is level ground."""

STEEPEST_GRADE = 2.0
"""Grade at either end of the slip table, 63 deg; steeper ground slips as that does."""

ROUNDING = 1.000001
"""On the limits: of slope and aspect in float32, so that what TILT leaves free no heading refuses."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DirectionalCost:
    """All that the cost of a move at a heading depends on.

    Attributes:
        geometry: Where the cells are.
        grade_east, grade_north: (rows, cols) rise of the ground over a metre east, north; NaN is unknown.
        rough_grade2: (rows, cols) mean square grade that roughness adds.
        rules: (10,) figures of the vehicle, as `directional_kernels` names them.
        slip: (n,) slip ratio by grade along the heading, from -`STEEPEST_GRADE` to it.
    """

    geometry: GridGeometry
    grade_east: Layer
    grade_north: Layer
    rough_grade2: Layer
    rules: Floats
    slip: Floats

    def __post_init__(self) -> None:
        for name in ("grade_east", "grade_north", "rough_grade2"):
            held = locked(getattr(self, name), np.float32, self.geometry.shape, name)
            object.__setattr__(self, name, held)
        object.__setattr__(self, "rules", locked(self.rules, np.float64, (RULES,), "rules"))
        object.__setattr__(self, "slip", locked(self.slip, np.float64, (None,), "slip"))
        if len(self.slip) < 2:
            raise ValueError("a slip table of fewer than two entries")

    def cost_at(self, yaw_rad: float) -> tuple[Floats, Floats]:
        """Return (rows, cols) seconds and joules per metre of driving at a heading, +inf where it is not allowed."""
        seconds, joules = np.empty(self.geometry.shape), np.empty(self.geometry.shape)
        given = (
            self.grade_east,
            self.grade_north,
            self.rough_grade2,
            *heading_vector(yaw_rad),
            self.rules,
            self.slip,
        )
        by_strips(len(seconds), lambda first, last: cost_rows(*given, seconds, joules, first, last))
        return seconds, joules

    def attitude_at(self, yaw_rad: float) -> tuple[Floats, Floats]:
        """Return (rows, cols) pitch and roll of driving at a heading, rad: nose up, left side up."""
        east, north = heading_vector(yaw_rad)
        grade_east, grade_north = self.grade_east.astype(np.float64), self.grade_north.astype(np.float64)
        across = grade_north * east - grade_east * north
        pitch = np.arctan(grade_east * east + grade_north * north)
        return pitch, np.arcsin(across / np.sqrt(1 + grade_east**2 + grade_north**2))


def heading_vector(yaw_rad: float) -> tuple[float, float]:
    """Return east and north of a unit vector; on axes and diagonals exact, so that turning by 180 deg negates it."""
    eighth = round(yaw_rad / (math.pi / 4))
    if abs(yaw_rad - eighth * math.pi / 4) > 1e-12 * max(1.0, abs(yaw_rad)):
        return math.cos(yaw_rad), math.sin(yaw_rad)
    parts = (1.0, math.sqrt(0.5), 0.0, -math.sqrt(0.5), -1.0, -math.sqrt(0.5), 0.0, math.sqrt(0.5))
    return parts[eighth % 8], parts[(eighth - 2) % 8]


def directional_cost(
    terrain: Terrain,
    vehicle: VehicleParams,
    *,
    descent_limit_rad: float | None = None,
    slip: npt.ArrayLike | None = None,
) -> DirectionalCost:
    """Gather what moves cost by heading.

    Speed is that of the wheels less the slip expected of the climb; going down it is that of the wheels, since what
    skids on is not counted on. Roughness slows as in the cost map. Energy is the pull of weight and rolling resistance
    over the way of the wheels, and the load while driving; going down gives nothing back. A metre on the map is
    longer on a slope.

    Args:
        terrain: For slope, aspect and roughness.
        vehicle: For limits, speed, slip, mass and drive.
        descent_limit_rad: Steepest descent, None for the vehicle's `slope_limit_deg`, which is of both.
        slip: (n,) slip ratio by grade from -`STEEPEST_GRADE` to it, evenly, None for that of the vehicle.

    Raises:
        DemFrameError: Cells that are not square, on which moves by rows and columns have no heading of their own.
    """
    check_square(terrain.geometry, "a cost by heading")
    east, north, rough = (np.empty(terrain.geometry.shape, np.float32) for _ in range(3))
    window_m = terrain.roughness_window_m
    read = resolves(window_m, vehicle)
    undulation = np.float32(undulation_grade2(1.0, window_m) if read else 0.0)
    # Where roughness is not read, a NaN in it must close nothing: any layer that is NaN with the slope will do.
    roughness = terrain.roughness_m if read else terrain.slope_rad
    given = terrain.slope_rad, terrain.aspect_rad, roughness, undulation, east, north, rough
    by_strips(terrain.geometry.rows, lambda first, last: grade_rows(*given, first, last))
    table = slip_table(vehicle) if slip is None else np.asarray(slip, np.float64)
    return DirectionalCost(
        geometry=terrain.geometry,
        grade_east=east,
        grade_north=north,
        rough_grade2=rough,
        rules=_rules(terrain.geometry, vehicle, descent_limit_rad, len(table)),
        slip=table,
    )


def slip_table(vehicle: VehicleParams) -> Floats:
    """Return (1025,) slip ratio by grade from -`STEEPEST_GRADE` to it: none downhill."""
    grade = np.linspace(-STEEPEST_GRADE, STEEPEST_GRADE, TABLE)
    return expected_slip(np.arctan(np.maximum(grade, 0.0)), vehicle)


def _rules(
    geometry: GridGeometry, vehicle: VehicleParams, descent_limit_rad: float | None, entries: int
) -> Floats:
    body = next((body for body in BODIES if body.name == geometry.site.body), MOON)
    descent = vehicle.slope_limit_rad if descent_limit_rad is None else descent_limit_rad
    return np.array(
        [
            vehicle.speed_m_s,
            *(math.tan(vehicle.slope_limit_rad) * ROUNDING, math.tan(descent) * ROUNDING),
            math.sin(vehicle.roll_limit_rad) * ROUNDING,
            *(vehicle.mass_kg * body.gravity_m_s2, vehicle.rolling_resistance),
            *(vehicle.drive_efficiency, vehicle.drive_w),
            *(2 * STEEPEST_GRADE / max(1, entries - 1), slip_per_grade2(vehicle)),
        ]
    )
