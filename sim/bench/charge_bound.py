"""When the charge that a way takes may be there at the earliest: a bound of arrivals, by no planner's search.

A battery gains of no step more than its net energy times the charging efficiency, nor more than that over the
discharging efficiency: stays are taken by the one, legs by the other. An array gives no more than in open light, parked
at its best heading, in the best bin. What the checker of traverses lets pass is given.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from rover.core.vehicle import VehicleParams
from rover.planning.check_day import EDGE_S, Allowed, Day, day_of
from rover.planning.check_heading import closed_to_all
from rover.planning.check_light import LIGHT_TOLERANCE, facing_parked, normals
from rover.planning.problem import PlanningProblem
from sim.bench.move_graph import Cells, Floats, Moves

OFF = 2e-5
"""Relative, of times and energies of legs: what the checker lets them be off by, and more."""

_BIN_S = 1800.0
_FACING = 4e-6
"""Likewise of the share of the Sun's rays on the array."""
_LEVELS = 48
"""Of rates of charging, each taken for the highest of its level."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Charge:
    """The battery above the reserve.

    Attributes:
        there_j, room_j: At departure, and when it is full.
        taken_j: (n,) what each move takes at the least.
        rate_w: (cells,) what a stay on each cell stores at the most, 0 where nothing.
    """

    there_j: float
    room_j: float
    taken_j: Floats
    rate_w: Floats


def charge_bound_s(asked: PlanningProblem, moves: Moves, *, known_s: float | None = None) -> float:
    """Return what nothing arrives before for want of charge, s after the departure; inf where no leg can be driven.

    Args:
        asked: With forecaster and deadline.
        moves: Of it.
        known_s: When a traverse is known to arrive; of a later one nothing need be proven.
    """
    charge = _charge_of(asked, moves, known_s)
    if _is_stranded(charge, moves):
        return math.inf
    most_w = float(charge.rate_w.max())
    if most_w <= 0.0:
        return 0.0
    found = _by_rate(charge, moves, np.full(len(charge.rate_w), most_w), most_w)
    if (charge.taken_j < 0.0).any() or moves.least(charge.taken_j) <= charge.there_j:
        return found  # what legs store themselves, and what there was, are of no place
    rate_w = _rate_in_reach(charge, moves)
    at_first = _within(charge.there_j, charge, moves, moves.start)
    return max(found, _by_rate(charge, moves, rate_w, float(rate_w[at_first].min())))


def _by_rate(charge: _Charge, moves: Moves, rate_w: Floats, at_first_w: float) -> float:
    """Return the least of driving and charging over all ways, s.

    Args:
        charge, moves: What is driven with, and over what.
        rate_w: (cells,) at which the charge that a move from there takes has been stored at the most.
        at_first_w: The least of those of moves that the charge at departure does for.
    """
    if at_first_w <= 0.0:
        return 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        charging_s = np.where(charge.taken_j == 0.0, 0.0, charge.taken_j / rate_w[moves.tail])
    price = moves.seconds + charging_s
    if (price < 0.0).any():
        return 0.0
    return moves.least(price) * (1.0 - OFF) - charge.there_j / at_first_w


def _rate_in_reach(charge: _Charge, moves: Moves) -> Floats:
    """Return (cells,) the highest rate of any cell from which a full battery leads there.

    What is stored first is taken first. Then of what is stored in a place nothing is left once a full battery has been
    taken after it: a move lives on what the places within so much have stored, or on what was there at departure.
    """
    rate_w = np.zeros(len(charge.rate_w))
    levels = np.unique(np.quantile(charge.rate_w[charge.rate_w > 0.0], np.linspace(0.0, 1.0, _LEVELS + 1)))
    for low_w, high_w in pairwise([levels[0], *levels]):  # upwards, so that the best in reach stays
        held = np.flatnonzero((charge.rate_w >= low_w) & (charge.rate_w <= high_w))
        rate_w[_within(charge.room_j, charge, moves, held)] = high_w
    return rate_w


def _within(most_j: float, charge: _Charge, moves: Moves, cells: int | Cells) -> npt.NDArray[np.bool_]:
    """Return (cells,) whether so much leads there from any of some cells."""
    return np.asarray(moves.least_from(cells, charge.taken_j * (1.0 - OFF), most=most_j) <= most_j)


def _is_stranded(charge: _Charge, moves: Moves) -> bool:
    """Whether a full battery does for none of the moves from the start, which is not the goal."""
    taken_j = charge.taken_j[moves.tail == moves.start] * (1.0 - OFF)
    return moves.start != moves.goal and bool((taken_j > charge.room_j).all())


def _charge_of(asked: PlanningProblem, moves: Moves, known_s: float | None) -> _Charge:
    assert asked.forecaster is not None
    vehicle, reserve = asked.forecaster.vehicle, asked.forecaster.operations.reserve_soc
    given_w = _most_array_w(asked, known_s)
    harvest_j = moves.seconds * (given_w[moves.tail] + given_w[moves.head]) / 2  # half of it on either cell
    spare_w = given_w - min(vehicle.charge_w, vehicle.nap_w, vehicle.command_w)
    return _Charge(
        there_j=(asked.soc - reserve) * vehicle.battery_j,
        room_j=(1.0 - reserve) * vehicle.battery_j,
        taken_j=np.asarray((moves.joules - harvest_j) / vehicle.discharge_efficiency),
        rate_w=np.maximum(0.0, vehicle.charge_efficiency * spare_w),
    )


def _most_array_w(asked: PlanningProblem, known_s: float | None) -> Floats:
    """Return (cells,) the most that the array gives on each cell; 0 on those that are closed to all headings."""
    assert asked.forecaster is not None and asked.deadline_s is not None
    window, vehicle = asked.forecaster.window, asked.forecaster.vehicle
    day = day_of(  # to the deadline, as the checker has it: another end makes other bins
        window.almanac,
        window.params,
        from_s=asked.depart_s,
        until_s=max(asked.deadline_s, asked.depart_s + 1.0),
        bin_s=asked.light_step_s or _BIN_S,
    )
    cells = np.argwhere(~closed_to_all(asked))
    normal, most_w = normals(asked.terrain, cells), np.zeros(len(cells))
    for k in _awake(day, math.inf if known_s is None else asked.depart_s + known_s):
        facing = facing_parked(normal, day.sun[k], vehicle.array_lean_rad) + _FACING
        np.maximum(most_w, _array_w(vehicle, day, k, facing), out=most_w)
    given_w = np.zeros(asked.terrain.geometry.shape)
    given_w[tuple(cells.T)] = most_w * (1.0 + LIGHT_TOLERANCE)
    return given_w.ravel()


def _awake(day: Day, until_s: float) -> Iterable[int]:
    """Return the bins up to a time in which the array is unfolded."""
    begun = day.edge_s[:-1] <= until_s + EDGE_S
    return (k for k in np.flatnonzero(begun).tolist() if day.allowed[k] is not Allowed.NIGHT)


def _array_w(vehicle: VehicleParams, day: Day, k: int, facing: Floats) -> Floats:
    """Return (n,) output in a bin, by the vehicle's two curves."""
    sun_deg, by_sun = np.array(vehicle.array_gain_by_sun).T
    height_deg, by_facing = np.array(vehicle.array_gain_by_facing).T
    stands_deg = math.degrees(math.asin(float(day.sun[k, 2])))
    full_w = day.flux_w_m2[k] * vehicle.array_area_m2 * vehicle.array_efficiency
    full_w *= float(np.interp(stands_deg, sun_deg, by_sun))
    return np.asarray(full_w * facing * np.interp(facing, np.sin(np.radians(height_deg)), by_facing))
