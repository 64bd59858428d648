"""An independent check of moves by heading: pitch and roll against their limits, time and energy added up.

It works from slope and aspect in float64, by vectors and by angles; what it finds is compared within what the float32
layers of `rover.hazard.directional` are worth.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt

from rover.core.bodies import BODIES, MOON
from rover.core.vehicle import VehicleParams
from rover.hazard.costmap import footprint_reach_cells
from rover.hazard.detect import Hazard, resolves
from rover.hazard.directional import STEEPEST_GRADE, TABLE
from rover.hazard.trafficability import expected_slip, slip_per_grade2, undulation_grade2
from rover.planning.problem import Objective, Plan, PlanningProblem
from rover.terrain.derive import Terrain

Floats = npt.NDArray[np.float64]
Cells = npt.NDArray[np.int64]

ANGLE_TOLERANCE_RAD = 3e-6
"""Of pitch and roll: slope and aspect are float32, and what TILT leaves free is not to be refused."""

PRICE_TOLERANCE = 5e-6
"""Relative, of time and energy, apart from what the table of slip is off by: grades are float32."""

LENGTH_TOLERANCE = 1e-9


def closed_to_all(problem: PlanningProblem) -> npt.NDArray[np.bool_]:
    """Return (rows, cols) cells that no heading opens: any hazard in the footprint's reach but a slope too steep."""
    flags, slope = problem.hazards.flags, problem.terrain.slope_rad
    reach = footprint_reach_cells(problem.costmap.geometry, problem.vehicle)
    steep_only = (flags == np.uint8(Hazard.TILT)) & (slope > np.float32(problem.vehicle.tilt_limit_rad))
    by_map_alone = np.isinf(problem.costmap.cost_s_per_m) & ~_within(flags != 0, reach)
    return np.isnan(slope) | _within((flags != 0) & ~steep_only, reach) | by_map_alone


def _within(mask: npt.NDArray[np.bool_], reach_cells: float) -> npt.NDArray[np.bool_]:
    if not mask.any():
        return mask
    return np.asarray(distance_transform_edt(~mask) <= reach_cells + 1e-9)


def check_heading(plan: Plan, problem: PlanningProblem, descent_limit_rad: float | None) -> list[str]:
    """Return which moves break pitch or roll limits, and which sums are not what the plan states.

    Args:
        plan: Its cells are neighbours, and none is closed to all headings.
        problem: The question.
        descent_limit_rad: Steepest descent, None for the vehicle's `slope_limit_deg`.
    """
    moves = moves_of(plan.cells, problem.terrain, problem.vehicle)
    broken = _breaks_limits(moves, problem.vehicle, descent_limit_rad)
    if broken:
        return broken
    by_move_s, by_move_j, slip_error = driven(moves, problem.terrain, problem.vehicle)
    seconds, joules = math.fsum(by_move_s), math.fsum(by_move_j)
    tolerance = PRICE_TOLERANCE + slip_error
    metres = math.fsum(moves.length_m)
    own = {Objective.TIME: (seconds, "s"), Objective.ENERGY: (joules, "J"), Objective.DISTANCE: (metres, "m")}
    broken = _differs("a cost", plan.cost_s, seconds, "s", tolerance)
    if plan.price is not None and problem.objective in own:
        exact = problem.objective is Objective.DISTANCE
        what = f"a price by {problem.objective}"
        broken += _differs(
            what, plan.price, *own[problem.objective], LENGTH_TOLERANCE if exact else tolerance
        )
    return broken


def check_attitude(plan: Plan, problem: PlanningProblem, descent_limit_rad: float | None) -> list[str]:
    """Return which moves break pitch or roll limits; arguments as of `check_heading`."""
    moves = moves_of(plan.cells, problem.terrain, problem.vehicle)
    return _breaks_limits(moves, problem.vehicle, descent_limit_rad)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moves:
    """Moves and the ground under them: arrays by move, and by move and place on it (four quarters, two corners).

    A corner is crossed by no length. Of moves that pass no corner, corners repeat the move's ends.
    """

    cells: Cells
    length_m: Floats
    pitch_rad: Floats
    roll_rad: Floats
    rough_grade2: Floats


def moves_of(cells: Cells, terrain: Terrain, vehicle: VehicleParams) -> Moves:
    """Return the moves along (n, 2) cells, those from a cell to itself left out."""
    steps = np.diff(cells, axis=0)
    kept = steps.any(axis=1)
    return moves_between(cells[:-1][kept], steps[kept], terrain, vehicle)


def moves_between(here: Cells, steps: Cells, terrain: Terrain, vehicle: VehicleParams) -> Moves:
    """Return the moves from (n, 2) cells by (n, 2) rows and columns, none of them by none."""
    there = here + steps
    half = np.trunc(steps / 2).astype(np.int64)
    diagonal = (np.abs(steps[:, 0]) == np.abs(steps[:, 1]))[:, None]
    corners = [here + np.where(diagonal, steps * axis, 0) for axis in ((1, 0), (0, 1))]
    under = np.stack([here, here + half, there - half, there, *corners], axis=1)
    at = under[:, :, 0], under[:, :, 1]
    slope, aspect = terrain.slope_rad[at].astype(np.float64), terrain.aspect_rad[at].astype(np.float64)
    run = np.hypot(steps[:, 0], steps[:, 1])
    forward = np.stack([steps[:, 1] / run, steps[:, 0] / run], axis=1)[:, None, :]
    uphill = -np.stack([np.sin(aspect), np.cos(aspect)], axis=2) * np.tan(slope)[:, :, None]
    rise = (uphill * forward).sum(axis=2)
    left = np.stack([-forward[:, :, 1], forward[:, :, 0]], axis=2)
    window_m = terrain.roughness_window_m
    rough = np.zeros(slope.shape)
    if resolves(window_m, vehicle):
        rough = undulation_grade2(1.0, window_m) * terrain.roughness_m[at].astype(np.float64) ** 2
    return Moves(
        cells=here,
        length_m=run * terrain.geometry.resolution_m,
        pitch_rad=np.arctan(rise),
        roll_rad=np.arcsin((uphill * left).sum(axis=2) * np.cos(slope)),
        rough_grade2=rough,
    )


def _breaks_limits(moves: Moves, vehicle: VehicleParams, descent_limit_rad: float | None) -> list[str]:
    down = vehicle.slope_limit_rad if descent_limit_rad is None else descent_limit_rad
    asked = (
        ("climbs", moves.pitch_rad, vehicle.slope_limit_rad),
        ("descends", -moves.pitch_rad, down),
        ("rolls", np.abs(moves.roll_rad), vehicle.roll_limit_rad),
    )
    broken = []
    for does, angle, limit in asked:
        over = ~(angle <= limit + ANGLE_TOLERANCE_RAD).all(axis=1)
        if over.any():
            at = int(over.argmax())
            row, col = moves.cells[at]
            worst, most = math.degrees(angle[at].max()), math.degrees(limit)
            broken.append(
                f"{does} {worst:.4f} deg on the move from cell ({row}, {col}), {most:.4f} are allowed"
            )
    return broken


def driven(moves: Moves, terrain: Terrain, vehicle: VehicleParams) -> tuple[Floats, Floats, float]:
    """Return (n,) seconds and joules by the angle of the climb (weight, rolling resistance, slip, load), and an error.

    The error is what straight lines between the entries of a table of slip, which is a square of the grade, can be
    off by, relative to what is driven.
    """
    body = next((body for body in BODIES if body.name == terrain.geometry.site.body), MOON)
    pitch, rough = moves.pitch_rad[:, :4], moves.rough_grade2[:, :4]
    slip = expected_slip(np.maximum(pitch, 0.0), vehicle, grade2=rough)
    ground_m = moves.length_m[:, None] / 4 / np.cos(pitch)
    wheels_m = ground_m / (1.0 - slip)
    seconds = wheels_m / vehicle.speed_m_s
    resisting = vehicle.rolling_resistance * np.cos(pitch) + np.sin(pitch)
    pull_n = np.maximum(0.0, vehicle.mass_kg * body.gravity_m_s2 * resisting)
    joules = pull_n * wheels_m / vehicle.drive_efficiency + vehicle.drive_w * seconds
    of_table = slip_per_grade2(vehicle) * (2 * STEEPEST_GRADE / (TABLE - 1)) ** 2 / 4
    error = of_table / float((1.0 - slip).min(initial=1.0))
    return seconds.sum(axis=1), joules.sum(axis=1), error


def _differs(what: str, stated: float, own: float, unit: str, tolerance: float) -> list[str]:
    if not abs(stated - own) <= tolerance * own:
        return [f"states {what} of {stated!r} {unit}, its moves add up to {own!r}"]
    return []
