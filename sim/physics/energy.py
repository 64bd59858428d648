"""Power and heat of a rover together: each span of time charges, warms and cools it."""

from __future__ import annotations

from dataclasses import dataclass

from rover.core.heat import HeatParams, PowerParams
from rover.core.vehicle import VehicleParams
from sim.physics.battery import battery_at, flow
from sim.physics.energy_faults import NO_FAULTS, EnergyFaults
from sim.physics.envelope import Envelope
from sim.physics.exposure import Exposure
from sim.physics.power import Axes, PowerState, cell_share, light_w
from sim.physics.regolith_heat import RegolithHeatParams
from sim.physics.thermal import HeatState, Made, relaxed, settled


@dataclass(frozen=True, slots=True, kw_only=True)
class EnergyParams:
    """What power and heat of a rover on its ground depend on, beside `VehicleParams`."""

    power: PowerParams
    heat: HeatParams
    regolith: RegolithHeatParams


@dataclass(frozen=True, slots=True, kw_only=True)
class Spell:
    """A span of time in which what shines and what is asked for stay as they are.

    Attributes:
        exposure: What shines.
        axes: As from `body_axes`.
        folded: The array lies over the deck: nothing is taken from it.
        load_w: Of all but the motors.
        motors_w: Of the motors.
        duration_s: How long.
        faults: In force.
    """

    exposure: Exposure
    axes: Axes
    folded: bool
    load_w: float
    motors_w: float
    duration_s: float
    faults: EnergyFaults = NO_FAULTS


class EnergyModel:
    """Power and heat of one vehicle."""

    def __init__(self, vehicle: VehicleParams, params: EnergyParams) -> None:
        """Build it.

        Raises:
            VehicleError: The tables do not fit the vehicle.
        """
        self.vehicle = vehicle
        self.params = params
        self.envelope = Envelope(vehicle, params.heat)

    def begin(self, spell: Spell, *, soc: float) -> tuple[PowerState, HeatState]:
        """Return a charge, and the temperatures at which the parts would stay under `spell`."""
        stored_j = soc * self.vehicle.battery_j
        power = PowerState(stored_j=stored_j, first_j=stored_j)
        made = self._made(spell, power, power)
        heat = settled(
            spell.exposure, made, self.envelope, axes=spell.axes, folded=spell.folded, faults=spell.faults
        )
        return power, heat

    def output_w(self, spell: Spell, array_k: float) -> float:
        """Return what the array gives, or would give if it were not folded."""
        return self._light_w(spell) * cell_share(array_k, self.params.power)

    def spend(self, power: PowerState, heat: HeatState, spell: Spell) -> tuple[PowerState, HeatState, float]:
        """Return charge and temperatures after a spell, and the array's output in its middle.

        Power needs temperatures and they need power: the temperatures half-way come from a first pass with the power of
        the beginning, which keeps the second order in the span's length. Folded, they have nothing but the battery's
        loss in common, some millijoules a day, and one pass does.
        """
        envelope, span, faults = self.envelope, spell.duration_s, spell.faults
        inlet = envelope.inlet(spell.exposure, spell.axes, folded=spell.folded, faults=faults)
        lit_w = self._light_w(spell)
        after, out_w, ahead = power, 0.0, heat
        for _ in range(1 if spell.folded else 2):
            array_k, battery_k = (heat.array_k + ahead.array_k) / 2, (heat.body_k + ahead.body_k) / 2
            out_w = lit_w * cell_share(array_k, self.params.power)
            after = flow(
                power,
                array_out_w=0.0 if spell.folded else out_w,
                load_w=spell.load_w + spell.motors_w,
                duration_s=span,
                battery=battery_at(battery_k, self.vehicle, self.params.power, faults),
            )
            made = self._made(spell, power, after)
            ahead = relaxed(heat, inlet, made, envelope, duration_s=span, faults=faults)
        return after, ahead, out_w

    def _light_w(self, spell: Spell) -> float:
        return light_w(spell.exposure, self.vehicle, self.params.power, axes=spell.axes, faults=spell.faults)

    def _made(self, spell: Spell, before: PowerState, after: PowerState) -> Made:
        """Return the heat made while the charge changed: of the motors what does not move the rover.

        What an empty battery leaves unserved makes none.
        """
        battery_w = given_w = 0.0
        served = 1.0
        if spell.duration_s > 0:
            asked_j, short_j = after.load_j - before.load_j, after.unserved_j - before.unserved_j
            served = 1.0 - short_j / asked_j if asked_j > 0 else 1.0
            lost_j = after.loss_j - before.loss_j + after.leak_j - before.leak_j
            taken_j = after.harvest_j - before.harvest_j - (after.spill_j - before.spill_j)
            battery_w, given_w = lost_j / spell.duration_s, taken_j / spell.duration_s
        return Made(
            loads_w=spell.load_w * served,
            battery_w=battery_w,
            motors_w=spell.motors_w * served * (1.0 - self.vehicle.drive_efficiency),
            array_w=given_w,
        )
