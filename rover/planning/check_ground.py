"""A traverse on its ground: pitch and roll on each cell's plane, distance to hazards, zones, commands in between."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt

from rover.core.boundary import Mode
from rover.core.zones import clearance_m, swept_corridor
from rover.hazard.costmap import footprint_reach_cells
from rover.hazard.detect import Hazard
from rover.planning.check_heading import ANGLE_TOLERANCE_RAD, Moves
from rover.planning.check_ledger import Case, Cells, Floats, Known

_ANGLE_DEG = math.degrees(ANGLE_TOLERANCE_RAD)
_TOUCHING = 1e-9
_LENGTH_M = 1e-6
"""Of sums of lengths of moves."""
_SHARE = 1e-6
"""Of a command cycle, which is cut where a bin ends."""


def check_ground(case: Case, moves: Moves) -> None:
    """Note pitch, roll, clearance and zones.

    Args:
        case: What is checked.
        moves: Of the steps that drive.
    """
    limits, vehicle, legs = case.limits, case.known.vehicle, case.steps.legs
    pitch, roll = np.degrees(moves.pitch_rad), np.degrees(np.abs(moves.roll_rad))
    most_slope = min(limits.slope_deg, vehicle.slope_limit_deg)
    most_roll = min(limits.roll_deg, vehicle.roll_limit_deg)
    note = case.ledger.at_most
    note("climb", "deg", legs, pitch.max(axis=1), most_slope, tolerance=_ANGLE_DEG)
    note("descent", "deg", legs, (-pitch).max(axis=1), most_slope, tolerance=_ANGLE_DEG)
    note("roll", "deg", legs, roll.max(axis=1), most_roll, tolerance=_ANGLE_DEG)
    _check_clearance(case)
    _check_zones(case)


def hazard_distance_m(known: Known) -> Floats:
    """Return (rows, cols) distance between the centres of each cell and the nearest one that no heading opens.

    Such is every hazard but a slope that is only too steep for some headings.
    """
    flags, slope = known.hazards.flags, known.terrain.slope_rad
    steep_only = (flags == np.uint8(Hazard.TILT)) & (slope > np.float32(known.vehicle.tilt_limit_rad))
    closed = (flags != 0) & ~steep_only | np.isnan(slope)
    if not closed.any():
        return np.full(closed.shape, math.inf)
    return np.asarray(distance_transform_edt(~closed) * known.terrain.geometry.resolution_m)


def _check_clearance(case: Case) -> None:
    """Every cell that a step stands on or crosses, of a diagonal the two whose corner it passes as well."""
    known, steps = case.known, case.steps
    geometry = known.terrain.geometry
    reach_m = footprint_reach_cells(geometry, known.vehicle) * geometry.resolution_m
    away_m = hazard_distance_m(known)
    corners = [np.column_stack([a[:, 0], b[:, 1]]) for a, b in _both_ways(steps.here, steps.there)]
    under = np.stack([steps.here, steps.there, *corners], axis=1)
    least = away_m[under[:, :, 0], under[:, :, 1]].min(axis=1)
    bound = max(case.limits.reach_m, reach_m)
    # At the bound they touch. Of a footprint that reaches no other cell, a hazard in its own must still count.
    further = -_TOUCHING * (1.0 + bound)
    case.ledger.at_least("clearance", "m", np.arange(len(steps)), least, bound, tolerance=further)


def _both_ways(here: Cells, there: Cells) -> tuple[tuple[Cells, Cells], tuple[Cells, Cells]]:
    return (here, there), (there, here)


def _check_zones(case: Case) -> None:
    steps, geometry = case.steps, case.known.terrain.geometry
    if not case.known.zones:
        return
    ways = np.column_stack([steps.here, steps.there])
    unique, which = np.unique(ways, axis=0, return_inverse=True)
    swept = [
        swept_corridor(case.known.vehicle, geometry.centres_of(np.unique(way.reshape(2, 2), axis=0)))
        for way in unique
    ]
    always = [(-math.inf, math.inf)] * len(case.known.zones)
    for zone, (from_s, until_s) in zip(case.known.zones, case.known.zone_times or always, strict=True):
        room = np.array([clearance_m(zone, covered) for covered in swept])[which.ravel()]
        held = np.flatnonzero((steps.end_s > from_s) & (steps.start_s < until_s))
        case.ledger.at_least(f"zone {zone.name}", "m", held, room[held], 0.0)


def check_commands(case: Case, length_m: Floats) -> None:
    """Note how far each set of commands is driven, and whether each command cycle lasts as long as it takes.

    A cycle allows `stop_every_m`; several in a row, before a leg that is longer, as many times that.

    Args:
        case: What is checked.
        length_m: Of each step that drives.
    """
    limits, steps = case.limits, case.steps
    one_s = max(limits.command_cycle_s, case.known.command_cycle_s)
    if one_s <= 0:
        return
    allowed_m, driven_m, cycle_s = limits.stop_every_m, 0.0, 0.0
    lengths = dict(zip(steps.legs.tolist(), length_m.tolist(), strict=True))
    for i, mode in enumerate(steps.mode.tolist()):
        if mode is Mode.COMMAND:
            cycle_s += float(steps.span_s[i])
            if i + 1 < len(steps) and steps.mode[i + 1] is Mode.COMMAND:
                continue
            cycles = max(1, math.floor(cycle_s / one_s + _SHARE))
            case.ledger.at_least(
                "command_cycle",
                "h",
                i,
                cycle_s / 3600,
                cycles * one_s / 3600,
                tolerance=_SHARE,
            )
            allowed_m, driven_m, cycle_s = cycles * limits.stop_every_m, 0.0, 0.0
        elif mode is Mode.DRIVE:
            driven_m += lengths[i]
            case.ledger.at_most(
                "stop_every", "m", i, driven_m, max(allowed_m, limits.stop_every_m), tolerance=_LENGTH_M
            )


def places_apart_m(case: Case, cells: Cells, place_m: npt.ArrayLike) -> Floats:
    """Return (n,) distances between the centres of cells and (n, 2) places."""
    centres = case.known.terrain.geometry.centres_of(cells)
    return np.asarray(np.hypot(*(centres - np.asarray(place_m, np.float64)).T))
