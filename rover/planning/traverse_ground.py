"""The ground of a traverse's search: criteria, limits and sky as the arrays that its kernels read."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt

from rover.core.strips import by_strips
from rover.core.vehicle import VehicleParams
from rover.limits.base import Span, Surroundings, Table
from rover.limits.mobility import hazardous
from rover.limits.power import full_array_w
from rover.planning.forecast import OperationsParams
from rover.planning.label_kernels import (
    BY_CHARGE,
    BY_CLEARANCE,
    BY_DISTANCE,
    BY_ENERGY,
    BY_SHADOW,
    BY_TIME,
    CURVE_NODES,
    GRAIN,
    LEAST_W,
    NONE,
    RULES,
)
from rover.planning.leg_kernels import fill_legs, least_worst_to
from rover.planning.traverse_ahead import (
    ahead_of,
    least_load_w,
    least_prices,
    shortfalls,
    windows_of,
    with_gains,
)
from rover.planning.traverse_record_kernels import Ground

Floats = npt.NDArray[np.float64]

SHADOW_BELOW = 0.5
"""Of the Sun's disc: less in view is shadow."""

_OVER_FLOOR_J = 1e-3
"""Kept above the floor, so that rounding never ends below it."""


class Criterion(StrEnum):
    """What a traverse is to have least of."""

    TIME = "time"
    """Arrival."""
    ENERGY = "energy"
    """Energy drawn while driving, J."""
    CHARGE = "charge"
    """The greatest smallest charge: its negative, J."""
    SHADOW = "shadow"
    """Time awake in shadow, s."""
    CLEARANCE = "clearance"
    """The greatest smallest distance from a hazardous cell: its negative, m."""
    DISTANCE = "distance"
    """Length on the map, m."""


_KINDS = {
    Criterion.TIME: BY_TIME,
    Criterion.ENERGY: BY_ENERGY,
    Criterion.CHARGE: BY_CHARGE,
    Criterion.SHADOW: BY_SHADOW,
    Criterion.CLEARANCE: BY_CLEARANCE,
    Criterion.DISTANCE: BY_DISTANCE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a search keeps to beside its tables.

    Attributes:
        vehicle: Battery, array and loads.
        operations: Commands.
        table: The strictest of all limits.
        charge_levels: Differences of charge smaller than one of so many levels do not make two labels; 0 for exact.
        time_bins: Parts of a bin by which times may differ likewise, where time is not the criterion.
    """

    vehicle: VehicleParams
    operations: OperationsParams
    table: Table
    charge_levels: int = 32
    time_bins: int = 4


def open_bins(around: Surroundings, table: Table) -> npt.NDArray[np.bool_]:
    """Return (k,) bins in which driving is open."""
    drive = around.timeline.span == Span.DRIVE
    return np.asarray(drive if table.bins is None else drive & table.bins)


def bins_of(around: Surroundings, rules: Rules) -> Floats:
    """Return the (k + 1, 12) table of bins, as `label_kernels` names its columns."""
    timeline, vehicle = around.timeline, rules.vehicle
    opened = open_bins(around, rules.table)
    span_s = np.diff(timeline.edge_s)
    until = np.where(opened, timeline.edge_s[1:], 0.0)
    for k in range(len(opened) - 2, -1, -1):
        if opened[k] and opened[k + 1]:
            until[k] = until[k + 1]
    floor = np.zeros(len(opened)) if rules.table.floor_soc is None else rules.table.floor_soc
    columns = [
        timeline.edge_s,
        _to_the_end(timeline.span, -1),
        _to_the_end(timeline.column, -1),
        _to_the_end(full_array_w(timeline.flux_w_m2, np.arcsin(timeline.sun[:, 2]), vehicle), 0),
        *(_to_the_end(timeline.sun[:, axis], 0) for axis in range(3)),
        _to_the_end(opened, 0),
        _to_the_end(until, 0),
        np.concatenate([[0.0], np.cumsum(np.where(opened, span_s, 0.0))]),
        _to_the_end(floor * vehicle.battery_j + _OVER_FLOOR_J, 0),
        np.zeros(len(timeline.edge_s)),
    ]
    return np.ascontiguousarray(np.array(columns, np.float64).T)


def _to_the_end(values: npt.NDArray[Any], last: float) -> Floats:
    return np.append(np.asarray(values, np.float64), last)


def ground_of(
    around: Surroundings,
    rules: Rules,
    goal: tuple[int, int],
    *,
    first: Criterion = Criterion.TIME,
    second: Criterion | None = None,
) -> Ground:
    """Return what the kernels read."""
    geometry, table, headings = around.geometry, rules.table, around.headings
    rows, cols = geometry.shape
    legs_s, legs_j = legs_of(around, table)
    columns = around.lit.shape[2]
    havens = np.ones(geometry.shape, np.bool_) if table.havens is None else table.havens
    number = goal[0] * cols + goal[1]
    grades = np.ascontiguousarray(
        np.stack([headings.grade_east, headings.grade_north], axis=-1).reshape(-1, 2), np.float32
    )
    clear = clearance_of(around, rules.vehicle).reshape(-1)
    bins, vector = bins_of(around, rules), rule_vector(around, rules, first, second)
    lit = around.lit.reshape(rows * cols, columns)
    vector[LEAST_W] = least_load_w(rules.vehicle.charge_w, legs_s, legs_j)
    cells = np.flatnonzero(np.isfinite(legs_s).any(axis=1))
    with_gains(bins, grades, lit, vector, cells=cells)
    ends, windows = windows_of(bins)
    short = shortfalls(bins, grades, lit, vector, cells=cells, ends=ends)
    ahead = ahead_of(number, cols, legs_s, legs_j, short, bins, vector)
    for k, criterion in enumerate((first, second), start=1):
        price = _priced(criterion, legs_j, legs_s, geometry.resolution_m)
        if price is not None:
            ahead[:, k] = least_prices(number, cols, price)
        elif criterion is Criterion.CLEARANCE:
            worst = np.empty(rows * cols)
            least_worst_to(number, cols, legs_s, -clear.astype(np.float64), worst)
            ahead[:, k] = worst
    return Ground(
        goal=number,
        cols=cols,
        legs_s=legs_s,
        legs_j=legs_j,
        grades=grades,
        lit=lit,
        closed=closed_of(around, table),
        haven=np.ascontiguousarray(havens).reshape(-1).view(np.uint8),
        clear=clear,
        ahead=ahead,
        windows=windows,
        short=short,
        bins=bins,
        rules=vector,
    )


def closed_of(around: Surroundings, table: Table) -> npt.NDArray[np.uint8]:
    """Return (n, columns) uint8, 1 where not to drive or command in a bin; (1, 1) where nothing is shut."""
    if table.cells_by_bin is None:
        return np.zeros((1, 1), np.uint8)
    shape = around.geometry.rows * around.geometry.cols, around.lit.shape[2]
    return np.ascontiguousarray(~table.cells_by_bin).reshape(shape).view(np.uint8)


def _priced(
    criterion: Criterion | None,
    legs_j: npt.NDArray[np.float32],
    legs_s: npt.NDArray[np.float32],
    cell_m: float,
) -> npt.NDArray[np.floating] | None:
    """Return the price of each move by a criterion that adds up along moves, None for the others."""
    if criterion is Criterion.ENERGY:
        return legs_j
    if criterion is Criterion.DISTANCE:
        return lengths_of(legs_s, cell_m)
    return None


def lengths_of(legs_s: npt.NDArray[np.float32], cell_m: float) -> Floats:
    """Return (n, 8) metres of each move, inf where it is not allowed.

    They are in the parts that labels add up: ways equally long are then so from every cell, and the search does not
    look at all of them for a digit that is none.
    """
    length = np.floor(np.array([1, 1, 1, 1, *[math.sqrt(2)] * 4]) * cell_m * GRAIN + 0.5) / GRAIN
    return np.where(np.isfinite(legs_s), length, np.inf)


def legs_of(around: Surroundings, table: Table) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Return (n, 8) float32 seconds and joules of each move, inf where it is not allowed."""
    geometry, headings = around.geometry, around.headings
    cells = np.ones(geometry.shape, np.bool_) if table.cells is None else table.cells
    everywhere = np.ones((8, *geometry.shape), np.bool_)
    moves, halves = (everywhere if mask is None else mask for mask in (table.moves, table.halves))
    legs_s, legs_j = (np.empty((*geometry.shape, 8), np.float32) for _ in range(2))
    layers = headings.grade_east, headings.grade_north, headings.rough_grade2
    given = layers, cells, moves, halves, geometry.resolution_m, headings.rules, headings.slip, legs_s, legs_j
    by_strips(geometry.rows, lambda first, last: fill_legs(*given, first, last))
    return legs_s.reshape(-1, 8), legs_j.reshape(-1, 8)


def clearance_of(around: Surroundings, vehicle: VehicleParams) -> npt.NDArray[np.float32]:
    """Return (rows, cols) distance in metres from each cell's centre to that of the nearest hazardous cell."""
    marked = hazardous(around, vehicle)
    if not marked.any():
        return np.full(marked.shape, np.inf, np.float32)
    return np.asarray(distance_transform_edt(~marked) * around.geometry.resolution_m, np.float32)


def curve_of(vehicle: VehicleParams) -> Floats:
    """Return the array's curve as the kernels read it: sines of heights over its plane, then gains; padded."""
    height_deg, gain = np.array(vehicle.array_gain_by_facing).T
    more = CURVE_NODES - len(gain)
    return np.concatenate(
        [
            np.pad(np.sin(np.radians(height_deg)), (0, more), constant_values=2.0),
            np.pad(gain, (0, more), mode="edge"),
        ]
    )


def rule_vector(around: Surroundings, rules: Rules, first: Criterion, second: Criterion | None) -> Floats:
    """Return the rules as the kernels read them."""
    vehicle, operations, table = rules.vehicle, rules.operations, rules.table
    exact = rules.charge_levels == 0
    step_s = float(np.max(np.diff(around.timeline.edge_s)[around.timeline.span != Span.NIGHT], initial=0.0))
    by_time = Criterion.TIME in (first, second)
    dark = math.isfinite(table.longest_dark_s) or Criterion.SHADOW in (first, second)
    vector = np.array(
        [
            *(vehicle.battery_j, vehicle.charge_efficiency, vehicle.discharge_efficiency),
            *(vehicle.charge_w, vehicle.nap_w, vehicle.dormant_w, vehicle.command_w, vehicle.wake_array_w),
            *(math.cos(vehicle.array_lean_rad), math.sin(vehicle.array_lean_rad)),
            *(table.least_lit, math.ceil(SHADOW_BELOW * 255), table.longest_dark_s, table.deadline_s),
            *(operations.stop_every_m, operations.command_cycle_s, around.geometry.resolution_m),
            0.0 if exact else vehicle.battery_j / rules.charge_levels,
            0.0 if exact or by_time else step_s / rules.time_bins,
            0.0 if exact else around.geometry.resolution_m / 2,
            *(float(dark), _KINDS[first], NONE if second is None else _KINDS[second]),
            vehicle.battery_j * (0.0 if table.floor_soc is None else float(table.floor_soc.min(initial=1.0))),
            vehicle.charge_w,
            *curve_of(vehicle),
        ]
    )
    assert len(vector) == RULES
    return vector
