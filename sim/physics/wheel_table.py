"""What a wheel does on the soils of a site, tabulated from the full model: driving need not integrate stresses."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.strips import by_strips
from sim.moon.site_tables import RegolithParams
from sim.moon.soil import SoilParams
from sim.physics.terramechanics import FIRMEST, TRAP, WheelForces, WheelParams, soil_of
from sim.physics.terramechanics_kernels import OUTCOMES
from sim.physics.wheel_table_kernels import fill_rows, read_table

FIRMNESSES, LOADS, SLIPS, SIDES = 9, 7, 33, 7
"""Entries along each axis."""

MOST_SIDE = 1.0
"""Greatest side slip tabulated, that of a wheel that goes as fast sideways as its rim; more is as that."""

_ORDER = 12

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WheelTable:
    """Sinkage and forces of one wheel on all soils of a site; made by `wheel_table`.

    Attributes:
        entries: (FIRMNESSES, LOADS, SLIPS, SIDES, 4) sinkage, m; pull, side force and torque over the load.
        axes: (4,) as `read_table` wants them.
    """

    entries: Floats
    axes: Floats

    def __post_init__(self) -> None:
        shape = (FIRMNESSES, LOADS, SLIPS, SIDES, OUTCOMES)
        object.__setattr__(self, "entries", locked(self.entries, np.float64, shape, "entries"))
        object.__setattr__(self, "axes", locked(self.axes, np.float64, (4,), "axes"))

    def forces(self, *, firmness: float, load_n: float, slip: float, lateral: float = 0.0) -> WheelForces:
        """Return about what `wheel_forces` gives.

        For slips within 0.2 it is within 0.012 of the load in pull, 0.03 in side force and 0.15 mm in sinkage, to slips
        of 0.6 within 0.06, 0.05 and 0.3 mm (tested); heavy skids and traps are coarser.
        """
        out = np.empty(OUTCOMES)
        read_table(self.entries, self.axes, firmness, load_n, slip, abs(lateral), out)
        sinkage, pull, side, torque = out.tolist()
        return WheelForces(sinkage_m=sinkage, pull_n=pull, side_n=side, torque_n_m=torque)


def wheel_table(
    wheel: WheelParams, regolith: RegolithParams, laws: SoilParams, *, most_load_n: float
) -> WheelTable:
    """Return the table of a wheel, made once for the same wheel and soils.

    Args:
        wheel: The wheel.
        regolith: Soils of a site.
        laws: What is the same at every site.
        most_load_n: Greatest load tabulated; a wheel under more behaves, load for load, as under this.
    """
    firmness = np.linspace(TRAP, FIRMEST, FIRMNESSES)
    soils = np.array([soil_of(regolith, laws, f).figures() for f in firmness.tolist()])
    return _filled(tuple(wheel.figures().tolist()), tuple(map(tuple, soils.tolist())), most_load_n)


@lru_cache(maxsize=8)
def _filled(wheel: tuple[float, ...], soils: tuple[tuple[float, ...], ...], most_load_n: float) -> WheelTable:
    nodes, weights = np.polynomial.legendre.leggauss(_ORDER)
    loads = most_load_n * (np.arange(1, LOADS + 1) / LOADS) ** 2
    roots = np.linspace(-1.0, 1.0, SLIPS)
    sides = MOST_SIDE * np.linspace(0.0, 1.0, SIDES) ** 2
    entries = np.empty((FIRMNESSES, LOADS, SLIPS, SIDES, OUTCOMES))
    given = np.array(wheel), np.array(soils), loads, np.sign(roots) * roots**2, sides, nodes, weights, entries

    def fill(first: int, last: int) -> None:
        fill_rows(*given, np.empty(OUTCOMES), first, last)

    by_strips(FIRMNESSES, fill, least=1)
    return WheelTable(entries=entries, axes=np.array([TRAP, most_load_n, 1.0, MOST_SIDE]))
