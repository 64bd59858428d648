"""Power and heat of a rover together: each span of time charges, warms and cools it."""

from __future__ import annotations

from dataclasses import dataclass

from rover.core.heat import HeatParams, PowerParams
from rover.core.vehicle import VehicleParams
from sim.physics.battery import battery_at, flow
from sim.physics.energy_faults import NO_FAULTS, EnergyFaults
from sim.physics.exposure import Exposure
from sim.physics.power import Axes, PowerState, array_w
from sim.physics.regolith_heat import RegolithHeatParams
from sim.physics.thermal import Envelope, HeatState, Made, pass_heat, settled


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
        made = self._made(spell, battery_w=0.0, given_w=0.0)
        heat = settled(
            spell.exposure, made, self.envelope, axes=spell.axes, folded=spell.folded, faults=spell.faults
        )
        return PowerState(stored_j=stored_j, first_j=stored_j), heat

    def output_w(self, spell: Spell, array_k: float) -> float:
        """Return what the array gives, or would give if it were not folded."""
        return array_w(
            spell.exposure,
            array_k,
            self.vehicle,
            self.params.power,
            axes=spell.axes,
            faults=spell.faults,
        )

    def spend(self, power: PowerState, heat: HeatState, spell: Spell) -> tuple[PowerState, HeatState, float]:
        """Return charge and temperatures after a spell, and the array's output in its middle.

        Power needs temperatures and they need power: the temperatures half-way come from a first pass with the power of
        the beginning, which keeps the second order in the span's length.
        """
        _, ahead, _ = self._pass(power, heat, spell, array_k=heat.array_k, battery_k=heat.body_k)
        return self._pass(
            power,
            heat,
            spell,
            array_k=(heat.array_k + ahead.array_k) / 2,
            battery_k=(heat.body_k + ahead.body_k) / 2,
        )

    def _pass(
        self, power: PowerState, heat: HeatState, spell: Spell, *, array_k: float, battery_k: float
    ) -> tuple[PowerState, HeatState, float]:
        out_w, span = self.output_w(spell, array_k), spell.duration_s
        after = flow(
            power,
            array_out_w=0.0 if spell.folded else out_w,
            load_w=spell.load_w + spell.motors_w,
            duration_s=span,
            battery=battery_at(battery_k, self.vehicle, self.params.power, spell.faults),
        )
        battery_w = given_w = 0.0
        if span > 0:
            lost_j = after.loss_j - power.loss_j + after.leak_j - power.leak_j
            battery_w = lost_j / span
            given_w = (after.harvest_j - power.harvest_j - (after.spill_j - power.spill_j)) / span
        warmed = pass_heat(
            heat,
            spell.exposure,
            self._made(spell, battery_w=battery_w, given_w=given_w),
            self.envelope,
            axes=spell.axes,
            folded=spell.folded,
            duration_s=span,
            faults=spell.faults,
        )
        return after, warmed, out_w

    def _made(self, spell: Spell, *, battery_w: float, given_w: float) -> Made:
        """Return the heat made: of the motors what does not move the rover."""
        return Made(
            loads_w=spell.load_w,
            battery_w=battery_w,
            motors_w=spell.motors_w * (1.0 - self.vehicle.drive_efficiency),
            array_w=given_w,
        )
