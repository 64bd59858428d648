"""The most that the array gives on each cell, in which hours: parked at its best heading in open light."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.vehicle import VehicleParams
from rover.planning.check_day import EDGE_S, Allowed, Day, day_of
from rover.planning.check_heading import closed_to_all
from rover.planning.check_light import LIGHT_TOLERANCE, facing_parked, normals
from rover.planning.problem import PlanningProblem
from sim.bench.move_graph import Floats

_BIN_S = 1800.0
_FACING = 4e-6
"""What the checker lets the share of the Sun's rays on the array be off by, and more."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Output:
    """Of hours up to a time.

    Attributes:
        driving_w: (cells,) the most in hours of driving; 0 on cells that are closed to all headings.
        spare_w: (cells,) the most beyond what an awake rover that stands there draws, 0 or more.
        edge_s: (k + 1,) of bins, s after the departure; the last is open.
        share: (k,) the most that any cell has to spare in each bin, as a share of the most it ever has.
        least_share: Of the bins of driving.
    """

    driving_w: Floats
    spare_w: Floats
    edge_s: Floats
    share: Floats
    least_share: float

    def spent_s(self, need_s: float) -> float:
        """Return when the shares of the time that has passed add up to a need, s after the departure."""
        need_s -= EDGE_S * len(self.share)  # edges are no surer
        if need_s <= 0.0:
            return 0.0
        given_s = np.concatenate([[0.0], np.cumsum(self.share * np.diff(self.edge_s))])
        k = int(np.searchsorted(given_s, need_s)) - 1
        return float(self.edge_s[k] + (need_s - given_s[k]) / self.share[k])


def output_until(asked: PlanningProblem, until_s: float) -> Output:
    """Return the output in bins that begin by a time, s after the departure; after that it is at its best."""
    assert asked.forecaster is not None and asked.deadline_s is not None
    window, vehicle = asked.forecaster.window, asked.forecaster.vehicle
    day = day_of(  # to the deadline, as the checker has it: another end makes other bins
        window.almanac,
        window.params,
        from_s=asked.depart_s,
        until_s=max(asked.deadline_s, asked.depart_s + 1.0),
        bin_s=asked.light_step_s or _BIN_S,
    )
    open_ = ~closed_to_all(asked)
    normal = normals(asked.terrain, np.argwhere(open_))
    load_w = min(vehicle.charge_w, vehicle.nap_w, vehicle.command_w)
    bins = np.flatnonzero(day.edge_s[:-1] <= asked.depart_s + until_s + EDGE_S).tolist()

    driving_w, spare_w = np.zeros(len(normal)), np.zeros(len(normal))
    for k in bins:
        given_w = _given_w(vehicle, day, k, normal)
        np.maximum(spare_w, given_w - load_w, out=spare_w)
        if day.allowed[k] is Allowed.DRIVE:
            np.maximum(driving_w, given_w, out=driving_w)
    charging = spare_w > 0.0
    share = [
        _best_share(_given_w(vehicle, day, k, normal[charging]) - load_w, spare_w[charging]) for k in bins
    ]
    driven = [one for k, one in zip(bins, share, strict=True) if day.allowed[k] is Allowed.DRIVE]
    return Output(
        driving_w=_on_the_map(driving_w, open_),
        spare_w=_on_the_map(spare_w, open_),
        edge_s=np.append(day.edge_s[[*bins, bins[-1] + 1]] - asked.depart_s, math.inf),
        share=np.array([*share, 1.0]),
        least_share=min(driven, default=0.0),
    )


def _best_share(now_w: Floats, most_w: Floats) -> float:
    return float((now_w / most_w).max(initial=0.0))


def _on_the_map(values: Floats, open_: npt.NDArray[np.bool_]) -> Floats:
    """Return (cells,) values of the cells that are open, 0 elsewhere."""
    on_the_map = np.zeros(open_.shape)
    on_the_map[open_] = values
    return on_the_map.ravel()


def _given_w(vehicle: VehicleParams, day: Day, k: int, normal: Floats) -> Floats:
    """Return what the array gives on (n, 3) normals in a bin, by the vehicle's two curves; at night it is folded."""
    if day.allowed[k] is Allowed.NIGHT:
        return np.zeros(len(normal))
    sun_deg, by_sun = np.array(vehicle.array_gain_by_sun).T
    height_deg, by_facing = np.array(vehicle.array_gain_by_facing).T
    facing = facing_parked(normal, day.sun[k], vehicle.array_lean_rad) + _FACING
    full_w = day.flux_w_m2[k] * vehicle.array_area_m2 * vehicle.array_efficiency * (1.0 + LIGHT_TOLERANCE)
    full_w *= float(np.interp(math.degrees(math.asin(float(day.sun[k, 2]))), sun_deg, by_sun))
    return np.asarray(full_w * facing * np.interp(facing, np.sin(np.radians(height_deg)), by_facing))
