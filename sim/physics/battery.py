"""The world's battery: what it takes, gives, loses and holds, by temperature."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rover.core.heat import PowerParams
from rover.core.time import SECONDS_PER_DAY
from rover.core.vehicle import VehicleParams
from sim.physics.energy_faults import NO_FAULTS, EnergyFaults
from sim.physics.power import PowerState

GAS_CONSTANT_J_MOL_K = 8.314462618
"""Exact (SI)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Battery:
    """What a battery is like at a temperature.

    Attributes:
        capacity_j: When full.
        charge_efficiency, discharge_efficiency: Stored over taken, given over drawn.
        leak_per_s: Share of its charge lost each second.
    """

    capacity_j: float
    charge_efficiency: float
    discharge_efficiency: float
    leak_per_s: float = 0.0


def battery_at(
    battery_k: float, vehicle: VehicleParams, power: PowerParams, faults: EnergyFaults = NO_FAULTS
) -> Battery:
    """Return the battery at a temperature.

    Its resistance, and so what it loses for what it gives or takes, grows in the cold by Arrhenius' law, as that of
    lithium-ion cells does; self-discharge, a reaction as well, slows by the same.
    """
    per_k = power.battery_activation_j_mol / GAS_CONSTANT_J_MOL_K
    cold = math.exp(per_k * (1.0 / battery_k - 1.0 / power.battery_reference_k))
    return Battery(
        capacity_j=vehicle.battery_j * (1.0 - faults.cells_lost),
        charge_efficiency=_efficiency(vehicle.charge_efficiency, cold),
        discharge_efficiency=_efficiency(vehicle.discharge_efficiency, cold),
        leak_per_s=-math.log1p(-power.self_discharge_per_day) / SECONDS_PER_DAY / cold,
    )


def _efficiency(at_reference: float, cold: float) -> float:
    """Return the efficiency where what is lost, over what is kept, is `cold` times that at the reference."""
    return 1.0 / (1.0 + (1.0 / at_reference - 1.0) * cold)


def flow(
    state: PowerState, *, array_out_w: float, load_w: float, duration_s: float, battery: Battery
) -> PowerState:
    """Return the state after a span of constant array output and load; exact, self-discharge included."""
    stored, failed = min(state.stored_j, battery.capacity_j), max(0.0, state.stored_j - battery.capacity_j)
    surplus_w = array_out_w - load_w
    if surplus_w >= 0:
        stored, loss, leak, spill = _charged(stored, surplus_w, duration_s, battery)
        unserved = 0.0
    else:
        stored, loss, leak, unserved = _drained(stored, -surplus_w, duration_s, battery)
        spill = 0.0
    return PowerState(
        stored_j=stored,
        first_j=state.first_j,
        harvest_j=state.harvest_j + array_out_w * duration_s,
        load_j=state.load_j + load_w * duration_s,
        loss_j=state.loss_j + loss + failed,
        leak_j=state.leak_j + leak,
        spill_j=state.spill_j + spill,
        unserved_j=state.unserved_j + unserved,
    )


def _charged(
    stored: float, surplus_w: float, span_s: float, battery: Battery
) -> tuple[float, float, float, float]:
    """Return what is stored, lost, leaked and spilled, J, with a surplus; once full it takes what makes up the leak."""
    rate, leak = surplus_w * battery.charge_efficiency, battery.leak_per_s
    held = _held(stored, rate, span_s, leak)
    if held <= battery.capacity_j:
        kept, spill = rate * span_s, 0.0
    else:
        held, hold = battery.capacity_j, battery.capacity_j * leak
        filling_s = min(span_s, _until(battery.capacity_j - stored, rate - hold, leak))
        kept = rate * filling_s + hold * (span_s - filling_s)
        spill = (rate - hold) * (span_s - filling_s) / battery.charge_efficiency
    loss = kept / battery.charge_efficiency - kept
    return held, loss, stored + kept - held, spill


def _drained(
    stored: float, deficit_w: float, span_s: float, battery: Battery
) -> tuple[float, float, float, float]:
    """Return what is stored, lost, leaked and left unserved, J, with a deficit."""
    rate, leak = deficit_w / battery.discharge_efficiency, battery.leak_per_s
    held = _held(stored, -rate, span_s, leak)
    drawn, served = rate * span_s, deficit_w * span_s
    if held < 0.0:
        held, drawn = 0.0, min(stored, rate * _until(stored, rate, leak))
        served = min(drawn * battery.discharge_efficiency, served)
    return held, drawn - served, stored - drawn - held, deficit_w * span_s - served


def _held(stored: float, rate_w: float, span_s: float, leak_per_s: float) -> float:
    """Return the charge after a span: the solution of dE/dt = rate - leak E."""
    if leak_per_s <= 0.0:
        return stored + rate_w * span_s
    gone = -math.expm1(-leak_per_s * span_s)
    return stored - stored * gone + rate_w * gone / leak_per_s


def _until(change_j: float, rate_w: float, leak_per_s: float) -> float:
    """Return how long the charge takes to move by `change_j` where at the end of the way it still moves by `rate_w`."""
    if rate_w <= 0.0:
        return math.inf
    if leak_per_s <= 0.0:
        return change_j / rate_w
    return math.log1p(change_j * leak_per_s / rate_w) / leak_per_s
