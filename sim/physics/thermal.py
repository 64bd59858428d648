"""The world's rover as four warm parts: body, array, mast and wheels. Truth, not forecast.

A network of lumped parts, as in Gilmore (ed.), Spacecraft Thermal Control Handbook vol. 1, 2002, chapter 2: each takes
up sunlight, the ground's reflection of it and the ground's glow by view factors, makes heat of its own, passes heat on
to the body and radiates to the sky. The body is wrapped in blankets, whose outer layer holds no heat and is so at the
temperature at which it gives off what it gets; what passes to the body is linear in that (chapter 5). Its radiator
opens with its temperature, as louvers or a thermosyphon loop do. At night the array is folded over the deck, with a
blanket between.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from rover.core.heat import HeatParams
from sim.physics.energy_faults import NO_FAULTS, EnergyFaults
from sim.physics.envelope import Envelope, Inlet
from sim.physics.exposure import Exposure
from sim.physics.power import Axes
from sim.physics.thermal_kernels import ARRAY, BODY, MAST, PARTS, WHEELS, WORK, relax

LONGEST_STEP_S = 300.0
SETTLING_S, SETTLING_STEPS = 1e9, 30

Vector = npt.NDArray[np.float64]


class Fate(StrEnum):
    """What became of the body by its temperature."""

    SOUND = "sound"
    OVERHEATED = "overheated"
    FROZEN = "frozen"


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatState:
    """Temperatures and the heat that went in and out since the start.

    The ledger: stored_j - first_j = absorbed_j + made_j - radiated_j.

    Attributes:
        body_k, array_k, mast_k, wheels_k: Of the parts.
        stored_j: Held by the parts, over that at 0 K.
        first_j: At the start.
        absorbed_j: Sunlight, its reflection and the ground's glow, as far as they were taken up and not made power.
        made_j: By loads, motors, battery and radioisotope units.
        radiated_j: Given off.
        fate: SOUND until the body was too warm or too cold to survive; then what it was, for good.
    """

    body_k: float
    array_k: float
    mast_k: float
    wheels_k: float
    stored_j: float
    first_j: float
    absorbed_j: float = 0.0
    made_j: float = 0.0
    radiated_j: float = 0.0
    fate: Fate = Fate.SOUND

    @property
    def imbalance_j(self) -> float:
        """What the ledger is out by; rounding only."""
        return (self.stored_j - self.first_j) - (self.absorbed_j + self.made_j - self.radiated_j)

    @property
    def moved_j(self) -> float:
        return self.absorbed_j + self.made_j + self.radiated_j


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """Heat that a rover makes, W.

    Attributes:
        loads_w: Of loads other than motors; a part of it in the mast.
        battery_w: Lost in charging and discharging.
        motors_w: Lost in the motors, in the wheels.
        array_w: Power that the array gives away: heat that it does not keep.
    """

    loads_w: float = 0.0
    battery_w: float = 0.0
    motors_w: float = 0.0
    array_w: float = 0.0


def pass_heat(
    state: HeatState,
    exposure: Exposure,
    made: Made,
    envelope: Envelope,
    *,
    axes: Axes,
    folded: bool,
    duration_s: float,
    faults: EnergyFaults = NO_FAULTS,
    longest_step_s: float = LONGEST_STEP_S,
) -> HeatState:
    """Return the state after a span in which nothing that shines or is made changes.

    Args:
        state: At its begin.
        exposure: What shines.
        made: What the rover makes.
        envelope: Of the vehicle.
        axes: As from `body_axes`.
        folded: Whether the array lies over the deck.
        duration_s: The span.
        faults: In force.
        longest_step_s: Of the integration, which is of second order and stable at any.
    """
    inlet = envelope.inlet(exposure, axes, folded=folded, faults=faults)
    return relaxed(
        state, inlet, made, envelope, duration_s=duration_s, faults=faults, longest_step_s=longest_step_s
    )


def relaxed(
    state: HeatState,
    inlet: Inlet,
    made: Made,
    envelope: Envelope,
    *,
    duration_s: float,
    faults: EnergyFaults = NO_FAULTS,
    longest_step_s: float = LONGEST_STEP_S,
) -> HeatState:
    """Do what `pass_heat` does, with what shines already reckoned."""
    steps = max(1, math.ceil(duration_s / longest_step_s - 1e-9))
    held = np.array([state.body_k, state.array_k, state.mast_k, state.wheels_k])
    rhu_w = envelope.heat.body.rhu_w * (1.0 - faults.rhu_lost)
    in_mast_w = made.loads_w * (1.0 - envelope.heat.body.load_share)
    gains = inlet.absorbed_w.copy()
    gains[BODY] += made.loads_w - in_mast_w + made.battery_w + rhu_w
    gains[ARRAY] -= made.array_w  # light that leaves as power is never heat
    gains[MAST] += in_mast_w
    gains[WHEELS] += made.motors_w
    sums = np.zeros(2)
    relax(
        held,
        envelope.capacity,
        gains,
        inlet.glow_m2,
        envelope.link,
        inlet.fold_m2,
        inlet.radiator,
        duration_s,
        steps,
        sums,
        np.empty((WORK, PARTS)),
    )
    body_k, array_k, mast_k, wheels_k = held.tolist()
    radiated_j, taken_j = sums.tolist()
    return HeatState(
        body_k=body_k,
        array_k=array_k,
        mast_k=mast_k,
        wheels_k=wheels_k,
        stored_j=float(held @ envelope.capacity),
        first_j=state.first_j,
        absorbed_j=state.absorbed_j + (inlet.absorbed_sum_w - made.array_w) * duration_s + taken_j,
        made_j=state.made_j + (made.loads_w + made.battery_w + made.motors_w + rhu_w) * duration_s,
        radiated_j=state.radiated_j + radiated_j,
        fate=_fate(state.fate, body_k, envelope.heat),
    )


def settled(
    exposure: Exposure,
    made: Made,
    envelope: Envelope,
    *,
    axes: Axes,
    folded: bool,
    faults: EnergyFaults = NO_FAULTS,
) -> HeatState:
    """Return the temperatures to which the parts come if nothing changes, the ledger at its start."""
    guess = HeatState(body_k=280.0, array_k=280.0, mast_k=280.0, wheels_k=280.0, stored_j=0.0, first_j=0.0)
    found = pass_heat(
        guess,
        exposure,
        made,
        envelope,
        axes=axes,
        folded=folded,
        duration_s=SETTLING_S,
        faults=faults,
        longest_step_s=SETTLING_S / SETTLING_STEPS,
    )
    return HeatState(
        body_k=found.body_k,
        array_k=found.array_k,
        mast_k=found.mast_k,
        wheels_k=found.wheels_k,
        stored_j=found.stored_j,
        first_j=found.stored_j,
    )


def _fate(before: Fate, body_k: float, heat: HeatParams) -> Fate:
    if before is not Fate.SOUND:
        return before
    if not body_k < heat.limits.survive_max_k:
        return Fate.OVERHEATED
    return Fate.SOUND if body_k > heat.limits.survive_min_k else Fate.FROZEN
