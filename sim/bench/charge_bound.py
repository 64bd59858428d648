"""When the charge that a way takes may be there at the earliest: a bound of arrivals, by no planner's search.

A battery gains of no step more than its net energy times the charging efficiency, nor more than that over the
discharging efficiency: stays are taken by the one, legs by the other. What the checker of traverses lets pass is given.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from rover.planning.problem import PlanningProblem
from sim.bench.array_output import Output, output_until
from sim.bench.move_graph import Cells, Floats, Moves

OFF = 2e-5
"""Relative, of times and energies of legs: what the checker lets them be off by, and more."""

_LEVELS = 48
"""Of rates of charging, each taken for the highest of its level."""
_HALVINGS = 6


def charge_bound_s(asked: PlanningProblem, moves: Moves, *, known_s: float | None = None) -> float:
    """Return what nothing arrives before for want of charge, s after the departure; inf where no leg can be driven.

    Of arrivals up to a time the array has given what it gives until then: where the bound that follows lies after that
    time, there are none. The last such time is looked for by halving.

    Args:
        asked: With forecaster and deadline.
        moves: Of it.
        known_s: When a traverse is known to arrive; of a later one nothing need be proven.
    """
    assert asked.deadline_s is not None
    high_s = asked.deadline_s - asked.depart_s if known_s is None else known_s
    low_s = _bound_until(asked, moves, high_s)
    if not low_s < high_s:
        return low_s
    for _ in range(_HALVINGS):
        middle_s = (low_s + high_s) / 2
        if _bound_until(asked, moves, middle_s) >= middle_s:
            low_s = middle_s
        else:
            high_s = middle_s
    return low_s


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Charge:
    """The battery above the reserve.

    Attributes:
        there_j, room_j: At departure, and when it is full.
        taken_j: (n,) what each move takes at the least.
        rate_w: (cells,) what a stay on each cell stores at the most, 0 where nothing.
        output: Of the array.
    """

    there_j: float
    room_j: float
    taken_j: Floats
    rate_w: Floats
    output: Output


def _bound_until(asked: PlanningProblem, moves: Moves, until_s: float) -> float:
    """Return a bound that holds of whatever arrives no later than a time, s after the departure."""
    charge = _charge_of(asked, moves, until_s)
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

    A second of a stay counts for as much as the Sun of its hour gives of the best. Legs are given the worst hours.

    Args:
        charge, moves: What is driven with, and over what.
        rate_w: (cells,) at which the charge that a move from there takes has been stored at the most.
        at_first_w: The least of those of moves that the charge at departure does for.
    """
    if at_first_w <= 0.0:
        return 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        charging_s = np.where(charge.taken_j == 0.0, 0.0, charge.taken_j / rate_w[moves.tail])
    price = charge.output.least_share * moves.seconds + charging_s
    if (price < 0.0).any():
        return 0.0
    return charge.output.spent_s(moves.least(price) * (1.0 - OFF) - charge.there_j / at_first_w)


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


def _charge_of(asked: PlanningProblem, moves: Moves, until_s: float) -> _Charge:
    assert asked.forecaster is not None
    vehicle, reserve = asked.forecaster.vehicle, asked.forecaster.operations.reserve_soc
    output = output_until(asked, until_s)
    harvest_j = moves.seconds * (output.driving_w[moves.tail] + output.driving_w[moves.head]) / 2
    return _Charge(
        there_j=(asked.soc - reserve) * vehicle.battery_j,
        room_j=(1.0 - reserve) * vehicle.battery_j,
        taken_j=np.asarray((moves.joules - harvest_j) / vehicle.discharge_efficiency),
        rate_w=vehicle.charge_efficiency * output.spare_w,
        output=output,
    )
