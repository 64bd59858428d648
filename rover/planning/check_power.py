"""A traverse's time and charge by step: how long legs take, what loads draw, what the array gives, what is left."""

from __future__ import annotations

import math

import numpy as np

from rover.core.boundary import Mode
from rover.planning.check_day import EDGE_S, Day
from rover.planning.check_heading import PRICE_TOLERANCE, Moves, driven
from rover.planning.check_ledger import Case, Floats
from rover.planning.check_light import (
    LIGHT_TOLERANCE,
    facing_driving,
    facing_parked,
    light_at,
    normals,
)

_FACING = 2e-6
"""Of the angle of incidence: grades are float32, and a Sun a second off is 2.5e-6 rad off at the most."""

_CHARGE = 1e-9
"""Of a state of charge: sums in float64."""

_LOAD = 1e-6
"""Relative, of loads of stays."""


def check_power(case: Case, day: Day, moves: Moves) -> None:
    """Note durations of legs, loads, harvests, and the charge that they leave."""
    _check_legs(case, moves)
    _check_stay_loads(case)
    own_j, tolerance_j = harvests_j(case, day)
    index = np.arange(len(case.steps))
    off = np.abs(case.steps.harvest_j - own_j) / 3600.0
    case.ledger.at_most("harvest stated", "Wh off", index, off, 0.0, tolerance=tolerance_j / 3600.0)
    _check_charge(case)


def _check_legs(case: Case, moves: Moves) -> None:
    steps, legs = case.steps, case.steps.legs
    seconds, joules, of_table = driven(moves, case.known.terrain, case.known.vehicle)
    share = PRICE_TOLERANCE + of_table
    # Times are sums since the epoch, and two of them are a duration.
    rounding_s = 4e-16 * np.abs(steps.end_s[legs]) + 1e-9
    off = np.abs(steps.span_s[legs] - seconds)
    case.ledger.at_most("leg time stated", "s off", legs, off, 0.0, tolerance=share * seconds + rounding_s)
    off = np.abs(steps.load_j[legs] - joules) / 3600.0
    case.ledger.at_most("leg energy stated", "Wh off", legs, off, 0.0, tolerance=share * joules / 3600.0)


def _check_stay_loads(case: Case) -> None:
    steps, stays = case.steps, case.steps.stays
    load_w = np.array([case.known.vehicle.load_w(mode) for mode in steps.mode[stays]], np.float64)
    own = load_w * steps.span_s[stays]
    off = np.abs(steps.load_j[stays] - own) / 3600.0
    case.ledger.at_most("load stated", "Wh off", stays, off, 0.0, tolerance=(_LOAD * own + 1e-3) / 3600.0)


def harvests_j(case: Case, day: Day) -> tuple[Floats, Floats]:
    """Return (n,) what the array gives in each step, and what that can be off by.

    A leg has the Sun of the bin in which it begins, half of it on either cell; a stay that of each bin it has part in;
    a rover asleep has its array folded.
    """
    own, tolerance = np.zeros(len(case.steps)), np.full(len(case.steps), 1e-3)
    _harvest_on_legs(case, day, own, tolerance)
    _harvest_parked(case, day, own, tolerance)
    return own, tolerance


def _harvest_on_legs(case: Case, day: Day, own: Floats, tolerance: Floats) -> None:
    steps, known, legs = case.steps, case.known, case.steps.legs
    if len(legs) == 0:
        return
    bins = day.bins_at(steps.start_s[legs], steps.end_s[legs])
    move = steps.there[legs] - steps.here[legs]
    ends = steps.here[legs], steps.there[legs]
    lean = known.vehicle.array_lean_rad
    half_j = _full_w(case, day)[bins] * steps.span_s[legs] / 2
    for cells in ends:
        facing = facing_driving(normals(known.terrain, cells), day.sun[bins], move, lean)
        open_j = half_j * _by_curve(case, facing)
        given_j = open_j * light_at(known.horizon, day, cells, bins)
        own[legs] += given_j
        tolerance[legs] += LIGHT_TOLERANCE * open_j + half_j * _FACING + PRICE_TOLERANCE * given_j


def _harvest_parked(case: Case, day: Day, own: Floats, tolerance: Floats) -> None:
    steps = case.steps
    awake = [i for i in steps.stays.tolist() if steps.mode[i] is not Mode.DORMANT]
    parts = [
        (i, k, seconds)
        for i in awake
        for k, seconds in day.overlaps(float(steps.start_s[i]) - EDGE_S, float(steps.end_s[i]) + EDGE_S)
    ]
    if not parts:
        return
    step, bins = (np.array([part[j] for part in parts], np.intp) for j in (0, 1))
    given_w, spread_w = parked_w(case, day, steps.here[step], bins)
    inside = np.minimum(steps.end_s[step], day.edge_s[bins + 1]) - np.maximum(
        steps.start_s[step], day.edge_s[bins]
    )
    seconds = np.maximum(0.0, inside)
    np.add.at(own, step, given_w * seconds)
    np.add.at(tolerance, step, spread_w * seconds)
    # Near an edge, so many seconds may be of the bin beyond it.
    least, most = np.full(len(steps), np.inf), np.full(len(steps), -np.inf)
    np.minimum.at(least, step, given_w)
    np.maximum.at(most, step, given_w)
    tolerance[awake] += 2 * EDGE_S * (most - least)[awake]


def parked_w(case: Case, day: Day, cells: np.ndarray, bins: np.ndarray) -> tuple[Floats, Floats]:
    """Return (n,) output of the array of a rover parked at its best heading, and what that can be off by."""
    known = case.known
    facing = facing_parked(normals(known.terrain, cells), day.sun[bins], known.vehicle.array_lean_rad)
    full_w = _full_w(case, day)[bins]
    open_w = full_w * _by_curve(case, facing)
    return open_w * light_at(known.horizon, day, cells, bins), LIGHT_TOLERANCE * open_w + full_w * _FACING


def _full_w(case: Case, day: Day) -> Floats:
    vehicle = case.known.vehicle
    sun_deg, gain = zip(*vehicle.array_gain_by_sun, strict=True)
    by_sun = np.interp(np.degrees(np.arcsin(day.sun[:, 2])), sun_deg, gain)
    return np.asarray(day.flux_w_m2 * by_sun * vehicle.array_area_m2 * vehicle.array_efficiency)


def _by_curve(case: Case, facing: Floats) -> Floats:
    """Return the output of the array as a share of that facing the Sun."""
    nodes = [(math.sin(math.radians(deg)), gain) for deg, gain in case.known.vehicle.array_gain_by_facing]
    sines, gains = zip(*nodes, strict=True)
    return np.asarray(facing * np.interp(facing, sines, gains))


def _check_charge(case: Case) -> None:
    """From step to step by the battery's efficiencies, never over full; and never below the reserve."""
    steps, vehicle, note = case.steps, case.known.vehicle, case.ledger
    net_j = steps.harvest_j - steps.load_j
    change_j = np.where(net_j > 0, net_j * vehicle.charge_efficiency, net_j / vehicle.discharge_efficiency)
    after = np.minimum(1.0, steps.soc + change_j / vehicle.battery_j)
    index = np.arange(len(steps))
    note.at_most("charge after", "soc off", index, np.abs(steps.soc_after - after), 0.0, tolerance=_CHARGE)
    before = np.concatenate([[case.known.soc], steps.soc_after[:-1]])
    note.at_most("charge before", "soc off", index, np.abs(steps.soc - before), 0.0, tolerance=_CHARGE)
    least = np.minimum(steps.soc, steps.soc_after)
    note.at_least("reserve", "soc", index, least, case.limits.reserve_soc, tolerance=_CHARGE)
