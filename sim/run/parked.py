"""A rover that stays where it is: what becomes of its charge and temperatures over days and nights."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from rover.core.boundary import Command, Mode
from sim.physics.energy_faults import NO_FAULTS, EnergyFaults
from sim.run.world import World, WorldState

STAY_S = 600.0

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
        state = world.step(state, command, faults=faults)
        rows.append(_row(state, world.capacity_j))
    values = np.array(rows, np.float64).reshape(-1, len(COLUMNS))
    return state, {name: values[:, k].copy() for k, name in enumerate(COLUMNS)}


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
