"""What the parked rover's battery holds: light on the array against what is switched on.

While it drives, the closed loop keeps this account; between drives the rover stands still and level, its array is as
warm as it radiates what it takes in, and loads are those of its modes and of the instruments that work.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
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
        by_load_j: What each load asked for, by its name.
        taken_j: What was taken of the array's output; what finds neither load nor room is not.
        lost_j: In charging and discharging.
        unserved_j: What loads did not get because the battery was empty.
    """

    time_s: Floats
    soc: Floats
    array_w: Floats
    load_w: Floats
    by_load_j: Mapping[str, float]
    taken_j: float
    lost_j: float
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
    folded_s: float = math.inf,
) -> Charge:
    """Return what the battery does over a span.

    Args:
        loads: All that is on, by when.
        from_s, until_s: The span.
        soc: At its begin.
        site, epoch: Under which Sun.
        vehicle, power, heat: The rover.
        folded_s: From when the array is folded away for the night.
    """
    count = max(1, int(np.ceil((until_s - from_s) / STEP_S)))
    time_s = np.linspace(from_s, until_s, count + 1)
    held = soc * vehicle.battery_j
    unserved = taken = lost = 0.0
    by_load: dict[str, float] = {}
    kept, array, drawn_w = [soc], [0.0], [0.0]
    for begin, end in zip(time_s[:-1].tolist(), time_s[1:].tolist(), strict=True):
        length = end - begin
        asked = 0.0
        for one in loads:
            joules = one.watts * max(0.0, min(end, one.end_s) - max(begin, one.start_s))
            if joules:
                by_load[one.name] = by_load.get(one.name, 0.0) + joules
                asked += joules
        middle = (begin + end) / 2
        gets = length * level_array_w(site, epoch, middle, vehicle, power, heat) if middle < folded_s else 0.0
        if gets > asked:
            stored = min((gets - asked) * vehicle.charge_efficiency, vehicle.battery_j - held)
            taken += asked + stored / vehicle.charge_efficiency
            lost += stored / vehicle.charge_efficiency - stored
            held += stored
        else:
            out = min((asked - gets) / vehicle.discharge_efficiency, held)
            taken += gets
            lost += out * (1.0 - vehicle.discharge_efficiency)
            unserved += asked - gets - out * vehicle.discharge_efficiency
            held -= out
        kept.append(held / vehicle.battery_j)
        array.append(gets / length)
        drawn_w.append(asked / length)
    array[0], drawn_w[0] = array[1], drawn_w[1]  # before the first step there is none
    return Charge(
        time_s=time_s,
        soc=np.array(kept),
        array_w=np.array(array),
        load_w=np.array(drawn_w),
        by_load_j=by_load,
        taken_j=taken,
        lost_j=lost,
        unserved_j=unserved,
    )
