"""The world's array, battery and ledger. Truth: none of the rover's forecasts are used here."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rover.core.bodies import AU_M, SOLAR_CONSTANT_W_M2
from rover.core.vehicle import VehicleParams


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerState:
    """Charge and everything that went in and out since the start, in joules.

    The ledger: stored_j - first_j = harvest_j - load_j - loss_j - spill_j + unserved_j.

    Attributes:
        stored_j: In the battery.
        first_j: In it at the start.
        harvest_j: From the array.
        load_j: Asked for by the loads.
        loss_j: Lost in charging and discharging.
        spill_j: Harvested but not taken up by a full battery.
        unserved_j: Asked for but not there: the battery was empty.
    """

    stored_j: float
    first_j: float
    harvest_j: float = 0.0
    load_j: float = 0.0
    loss_j: float = 0.0
    spill_j: float = 0.0
    unserved_j: float = 0.0

    @property
    def imbalance_j(self) -> float:
        """What the ledger is out by; rounding only."""
        flow = self.harvest_j - self.load_j - self.loss_j - self.spill_j + self.unserved_j
        return (self.stored_j - self.first_j) - flow

    @property
    def moved_j(self) -> float:
        return self.harvest_j + self.load_j


def array_w(
    sun_direction: npt.NDArray[np.float64],
    sun_distance_m: float,
    lit: float,
    vehicle: VehicleParams,
    *,
    yaw_rad: float,
    pitch_rad: float,
    roll_rad: float,
) -> float:
    """Return the output of an array that lies flat on the deck.

    Args:
        sun_direction: (3,) east, north, up, unit length.
        sun_distance_m: Scales the irradiance.
        lit: Fraction of the Sun's disc in view.
        vehicle: Area and efficiency.
        yaw_rad, pitch_rad, roll_rad: Attitude of the deck.
    """
    facing = float(deck_normal(yaw_rad, pitch_rad, roll_rad) @ sun_direction)
    irradiance = SOLAR_CONSTANT_W_M2 * (AU_M / sun_distance_m) ** 2
    return irradiance * lit * max(0.0, facing) * vehicle.array_area_m2 * vehicle.array_efficiency


def deck_normal(yaw_rad: float, pitch_rad: float, roll_rad: float) -> npt.NDArray[np.float64]:
    """Return the (3,) east, north, up unit normal of the deck: yaw, then nose up by pitch, then left up by roll."""
    cy, sy = math.cos(yaw_rad), math.sin(yaw_rad)
    cp, sp = math.cos(pitch_rad), math.sin(pitch_rad)
    cr, sr = math.cos(roll_rad), math.sin(roll_rad)
    # Forward is (cy cp, sy cp, sp); left before roll is (-sy, cy, 0); their cross product is the unrolled normal.
    level = np.array([-cy * sp, -sy * sp, cp])
    left = np.array([-sy, cy, 0.0])
    return np.asarray(level * cr - left * sr)


def flow(
    state: PowerState, *, array_out_w: float, load_w: float, duration_s: float, vehicle: VehicleParams
) -> PowerState:
    """Return the state after a span of constant array output and load."""
    harvest, load = array_out_w * duration_s, load_w * duration_s
    surplus = harvest - load
    stored, loss, spill, unserved = state.stored_j, 0.0, 0.0, 0.0
    if surplus >= 0:
        room = vehicle.battery_j - stored
        kept = min(surplus * vehicle.charge_efficiency, room)
        taken = kept / vehicle.charge_efficiency
        loss, spill = taken - kept, surplus - taken
        stored += kept
    else:
        wanted = -surplus / vehicle.discharge_efficiency
        drawn = min(wanted, stored)
        served = -surplus if wanted <= stored else drawn * vehicle.discharge_efficiency
        loss, unserved = drawn - served, -surplus - served
        stored -= drawn
    return replace(
        state,
        stored_j=stored,
        harvest_j=state.harvest_j + harvest,
        load_j=state.load_j + load,
        loss_j=state.loss_j + loss,
        spill_j=state.spill_j + spill,
        unserved_j=state.unserved_j + unserved,
    )
