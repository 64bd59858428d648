"""The rover's energy over a mission: one account of drives and of the time between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim.mission.rover_energy import Charge
from sim.run.mission_drive import Leg
from sim.run.mission_surface import SurfaceDays

Floats = npt.NDArray[np.float64]

J_PER_WH = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EnergyAccount:
    """What came in, where it went, and the battery over time.

    Attributes:
        time_s, soc, array_w, load_w: (n,) over drives and rests, in order.
        doing: (n,) what was done in the step before.
        loads_wh: By what asked for it, most first.
        taken_wh: Of the array's output.
        lost_wh: In charging and discharging between drives.
        stored_wh: In the battery, more at the end than at the beginning.
        unserved_wh: Asked for and not there.
    """

    time_s: Floats
    soc: Floats
    array_w: Floats
    load_w: Floats
    doing: Sequence[str]
    loads_wh: Sequence[tuple[str, float]]
    taken_wh: float
    lost_wh: float
    stored_wh: float
    unserved_wh: float


def energy_account(days: SurfaceDays) -> EnergyAccount:
    """Return the account of all that the rover did."""
    battery_wh = days.vehicle.params.battery_j / J_PER_WH
    spells: list[Charge | Leg] = sorted([*days.charge, *days.legs], key=lambda spell: float(spell.time_s[0]))
    loads: dict[str, float] = {}
    taken = lost = unserved = stored = 0.0
    doing: list[str] = []
    for spell in spells:
        gained = float(spell.soc[-1] - spell.soc[0]) * battery_wh
        stored += gained
        if isinstance(spell, Leg):
            name = f"drive: {spell.name}"
            spent = float(spell.load_j[-1] - spell.load_j[0]) / J_PER_WH
            loads[name] = loads.get(name, 0.0) + spent
            taken += spent + gained  # what is lost in a drive is not told apart from what finds no room
            doing += [name] * len(spell.time_s)
        else:
            for name, joules in spell.by_load_j.items():
                loads[name] = loads.get(name, 0.0) + joules / J_PER_WH
            taken += spell.taken_j / J_PER_WH
            lost += spell.lost_j / J_PER_WH
            unserved += spell.unserved_j / J_PER_WH
            doing += ["rest"] * len(spell.time_s)

    def column(name: str) -> Floats:
        return np.concatenate([np.empty(0), *(getattr(spell, name) for spell in spells)])

    return EnergyAccount(
        time_s=column("time_s"),
        soc=column("soc"),
        array_w=column("array_w"),
        load_w=column("load_w"),
        doing=doing,
        loads_wh=sorted(loads.items(), key=lambda item: -item[1]),
        taken_wh=taken,
        lost_wh=lost,
        stored_wh=stored,
        unserved_wh=unserved,
    )
