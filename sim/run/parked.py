"""A rover that stays where it is: what becomes of its charge and temperatures over days and nights."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from rover.core.boundary import Command, Mode
from rover.core.grid import Dem, GridGeometry, Site
from rover.core.time import SECONDS_PER_DAY, Epoch
from rover.core.vehicle import VehicleParams
from rover.sky.almanac import build_almanac
from sim.moon.cells import Cells
from sim.moon.ground import Ground
from sim.moon.soil import Soil
from sim.physics.drivetrain import Drivetrain
from sim.physics.energy import EnergyParams
from sim.physics.energy_faults import NO_FAULTS, EnergyFaults
from sim.run.faults import WorldFaults
from sim.run.world import World, WorldState

STAY_S = 600.0

_LEVEL_CELLS, _LEVEL_CELL_M, _FINE_MM = 8, 5.0, 250

Columns = dict[str, npt.NDArray[np.float64]]


def stay(
    world: World,
    state: WorldState,
    *,
    until_s: float,
    mode: Callable[[WorldState], Mode],
    step_s: float = STAY_S,
    faults: EnergyFaults = NO_FAULTS,
    stop: Callable[[WorldState], bool] | None = None,
) -> tuple[WorldState, Columns]:
    """Let time pass over a parked rover.

    Args:
        world: Where it stands.
        state: From which on.
        until_s: End, in seconds since the scenario's epoch.
        mode: What it is in next, by how it is; not DRIVE.
        step_s: Length of a stay.
        faults: In force all the while.
        stop: Ends it early.

    Returns:
        The last state, and columns of (n,) values after each stay: `time_s`, `sun_elevation_rad`, `lit`, `soc`,
        `array_w`, `load_w`, `body_k`, `array_k`, `mast_k`, `wheels_k`, `ground_k` and `asleep` (0 or 1).
    """
    rows: list[tuple[float, ...]] = []
    while state.time_s < until_s - 1e-6 and not (stop is not None and stop(state)):
        command = Command(mode=mode(state), duration_s=min(step_s, until_s - state.time_s))
        state = world.step(state, command, faults=WorldFaults(energy=faults))
        rows.append(_row(state, world.capacity_j))
    values = np.array(rows, np.float64).reshape(-1, len(COLUMNS))
    return state, {name: values[:, k].copy() for k, name in enumerate(COLUMNS)}


def level_world(
    site: Site,
    epoch: Epoch,
    *,
    days: float,
    vehicle: VehicleParams,
    drivetrain: Drivetrain,
    energy: EnergyParams,
    datum_m: float = 0.0,
) -> World:
    """Return a world of endless level ground under the Sun of a place, for so many days from an instant."""
    corner_m = -_LEVEL_CELLS * _LEVEL_CELL_M / 2
    geometry = GridGeometry(
        rows=_LEVEL_CELLS,
        cols=_LEVEL_CELLS,
        resolution_m=_LEVEL_CELL_M,
        east_m=corner_m + _LEVEL_CELL_M / 2,
        north_m=corner_m + _LEVEL_CELL_M / 2,
        site=site,
    )
    flat = np.zeros(geometry.shape, np.float32)
    return World(
        ground=Ground(_level, resolution_mm=_FINE_MM, datum_m=datum_m, corner_m=(0.0, 0.0), first_mm=(0, 0)),
        soil=Soil.uniform(),
        shadows=Dem(geometry=geometry, elevation_m=flat, datum_m=datum_m, source="level ground"),
        sky=build_almanac(site, epoch, duration_s=days * SECONDS_PER_DAY),
        vehicle=vehicle,
        drivetrain=drivetrain,
        energy=energy,
        watch=lambda _state: None,
    )


def _level(cells: Cells) -> npt.NDArray[np.float64]:
    return np.zeros((cells.rows, cells.cols))


COLUMNS = (
    "time_s",
    "sun_elevation_rad",
    "lit",
    "soc",
    "array_w",
    "load_w",
    "body_k",
    "array_k",
    "mast_k",
    "wheels_k",
    "ground_k",
    "asleep",
)


def _row(state: WorldState, capacity_j: float) -> tuple[float, ...]:
    heat = state.heat
    return (
        state.time_s,
        state.sun.elevation_rad,
        state.lit,
        state.power.stored_j / capacity_j,
        state.array_w,
        state.load_w,
        heat.body_k,
        heat.array_k,
        heat.mast_k,
        heat.wheels_k,
        state.ground_k,
        float(state.mode is Mode.DORMANT),
    )
