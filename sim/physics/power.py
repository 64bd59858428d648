"""The world's array and the ledger of its power. Truth: none of the rover's forecasts are used here."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.heat import PowerParams
from rover.core.vehicle import VehicleParams
from sim.physics.energy_faults import NO_FAULTS, EnergyFaults
from sim.physics.exposure import Exposure

Axes = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class PowerState:
    """Charge and everything that went in and out since the start, in joules.

    The ledger: stored_j - first_j = harvest_j - load_j - loss_j - leak_j - spill_j + unserved_j.

    Attributes:
        stored_j: In the battery.
        first_j: In it at the start.
        harvest_j: From the array.
        load_j: Asked for by the loads.
        loss_j: Lost in charging and discharging, and with cells that failed.
        leak_j: Lost to self-discharge.
        spill_j: Harvested but not taken up by a full battery.
        unserved_j: Asked for but not there: the battery was empty.
    """

    stored_j: float
    first_j: float
    harvest_j: float = 0.0
    load_j: float = 0.0
    loss_j: float = 0.0
    leak_j: float = 0.0
    spill_j: float = 0.0
    unserved_j: float = 0.0

    @property
    def imbalance_j(self) -> float:
        """What the ledger is out by; rounding only."""
        flow = self.harvest_j - self.load_j - self.loss_j - self.leak_j - self.spill_j + self.unserved_j
        return (self.stored_j - self.first_j) - flow

    @property
    def moved_j(self) -> float:
        return self.harvest_j + self.load_j


def array_w(
    exposure: Exposure,
    array_k: float,
    vehicle: VehicleParams,
    power: PowerParams,
    *,
    axes: Axes,
    faults: EnergyFaults = NO_FAULTS,
) -> float:
    """Return the output of the open array, W.

    Direct light by the cosine of incidence, less what the cover reflects at grazing incidence (Martin and Ruiz 2001,
    doi:10.1016/S0927-0248(00)00408-6, equation 3); light from the lit ground by its view factor, (1 - cos tilt) / 2.
    Cells lose efficiency in proportion to their temperature.

    Args:
        exposure: What shines.
        array_k: Temperature of the cells.
        vehicle: Area and lean.
        power: Cells, packing, dust.
        axes: As from `body_axes`.
        faults: More dust.
    """
    return light_w(exposure, vehicle, power, axes=axes, faults=faults) * cell_share(array_k, power)


def light_w(
    exposure: Exposure,
    vehicle: VehicleParams,
    power: PowerParams,
    *,
    axes: Axes,
    faults: EnergyFaults = NO_FAULTS,
) -> float:
    """Return the light that reaches the cells of the open array, W; arguments as for `array_w`."""
    normal = array_normal(axes, vehicle.array_lean_rad)
    facing = float(normal @ exposure.sun_direction)
    direct = exposure.flux_w_m2 * facing * kept_at(facing, power.angular_loss) if facing > 0 else 0.0
    seen = exposure.reflected_w_m2 * (1.0 - float(normal[2])) / 2
    clear = (1.0 - power.dust) * (1.0 - faults.dust)
    return (direct + seen) * clear * vehicle.array_area_m2


def kept_at(facing: float, angular_loss: float) -> float:
    """Return what is not lost to reflection, over that at normal incidence, by the cosine of incidence."""
    if angular_loss <= 0.0:
        return 1.0
    return math.expm1(-facing / angular_loss) / math.expm1(-1.0 / angular_loss)


def cell_share(array_k: float, power: PowerParams) -> float:
    """Return the share of the light on the array that becomes power at a temperature."""
    warm = 1.0 + power.cell_per_k * (array_k - power.cell_reference_k)
    return power.cell_efficiency * power.packing * max(0.0, warm)


def array_normal(axes: Axes, lean_rad: float) -> npt.NDArray[np.float64]:
    """Return the (3,) unit normal of an array that leans out of the deck towards the left."""
    return np.asarray(axes[2] * math.cos(lean_rad) + axes[1] * math.sin(lean_rad))


def deck_normal(yaw_rad: float, pitch_rad: float, roll_rad: float) -> npt.NDArray[np.float64]:
    """Return the (3,) east, north, up unit normal of the deck: yaw, then nose up by pitch, then left up by roll."""
    return np.asarray(body_axes(yaw_rad, pitch_rad, roll_rad)[2])


def body_axes(yaw_rad: float, pitch_rad: float, roll_rad: float) -> Axes:
    """Return (3, 3) the body's forward, left and up as rows of east, north, up."""
    cy, sy = math.cos(yaw_rad), math.sin(yaw_rad)
    cp, sp = math.cos(pitch_rad), math.sin(pitch_rad)
    cr, sr = math.cos(roll_rad), math.sin(roll_rad)
    return np.array(
        [
            [cy * cp, sy * cp, sp],
            [-sy * cr - cy * sp * sr, cy * cr - sy * sp * sr, cp * sr],
            [sy * sr - cy * sp * cr, -cy * sr - sy * sp * cr, cp * cr],
        ]
    )
