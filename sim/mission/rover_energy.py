"""What the parked rover's battery holds: light on the array against what is switched on.

While it drives, the closed loop keeps this account; between drives the rover stands still and level, its array is as
warm as it radiates what it takes in, and loads are those of its modes and of the instruments that work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.heat import HeatParams, PowerParams
from rover.core.time import Epoch
from rover.core.vehicle import VehicleParams
from sim.mission.daylight import sunlight_at
from sim.moon.site import SiteParams
from sim.physics.exposure import Exposure, sun_flux_w_m2
from sim.physics.power import array_w, body_axes, light_w

Floats = npt.NDArray[np.float64]

STEP_S = 300.0
_STEFAN_BOLTZMANN = 5.670374419e-8
_LEVEL = body_axes(0.0, 0.0, 0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Something that is switched on.

    Attributes:
        name: What.
        start_s, end_s: When, since the mission's epoch.
        watts: How much it takes.
    """

    name: str
    start_s: float
    end_s: float
    watts: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Charge:
    """A battery over time.

    Attributes:
        time_s: (n,) since the mission's epoch.
        soc: (n,) state of charge.
        array_w, load_w: (n,) in the step before.
        unserved_j: What loads did not get because the battery was empty.
    """

    time_s: Floats
    soc: Floats
    array_w: Floats
    load_w: Floats
    unserved_j: float


def level_array_w(
    site: SiteParams,
    epoch: Epoch,
    time_s: float,
    vehicle: VehicleParams,
    power: PowerParams,
    heat: HeatParams,
) -> float:
    """Return the output of a level array at a time, none while the Sun is down."""
    sun = sunlight_at(site, epoch, time_s)
    if sun.elevation_rad <= 0.0:
        return 0.0
    exposure = Exposure(sun_direction=sun.direction, flux_w_m2=sun_flux_w_m2(sun.distance_m))
    taken = (
        heat.array.front_absorptance * light_w(exposure, vehicle, power, axes=_LEVEL) / vehicle.array_area_m2
    )
    radiates = (heat.array.front_emittance + heat.array.back_emittance) * _STEFAN_BOLTZMANN
    return array_w(exposure, (taken / radiates) ** 0.25, vehicle, power, axes=_LEVEL)


def keep_charge(
    loads: Sequence[Load],
    *,
    from_s: float,
    until_s: float,
    soc: float,
    site: SiteParams,
    epoch: Epoch,
    vehicle: VehicleParams,
    power: PowerParams,
    heat: HeatParams,
) -> Charge:
    """Return what the battery does over a span.

    Args:
        loads: All that is on, by when.
        from_s, until_s: The span.
        soc: At its begin.
        site, epoch: Under which Sun.
        vehicle, power, heat: The rover.
    """
    count = max(1, int(np.ceil((until_s - from_s) / STEP_S)))
    time_s = np.linspace(from_s, until_s, count + 1)
    held, unserved = soc * vehicle.battery_j, 0.0
    kept, array, taken = [soc], [0.0], [0.0]
    for begin, end in zip(time_s[:-1].tolist(), time_s[1:].tolist(), strict=True):
        length = end - begin
        load = sum(
            one.watts * max(0.0, min(end, one.end_s) - max(begin, one.start_s)) for one in loads
        ) / max(length, 1e-9)
        gets = level_array_w(site, epoch, (begin + end) / 2, vehicle, power, heat)
        net = gets - load
        held += length * net * (vehicle.charge_efficiency if net > 0 else 1.0 / vehicle.discharge_efficiency)
        unserved += max(0.0, -held)
        held = min(max(held, 0.0), vehicle.battery_j)
        kept.append(held / vehicle.battery_j)
        array.append(gets)
        taken.append(load)
    return Charge(
        time_s=time_s,
        soc=np.array(kept),
        array_w=np.array(array),
        load_w=np.array(taken),
        unserved_j=unserved,
    )
