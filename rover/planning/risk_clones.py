"""Routes on grounds that could be the true one: how often each breaks a limit of pitch or roll there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from rover.core.grid import Dem
from rover.core.vehicle import VehicleParams
from rover.hazard.directional import directional_cost
from rover.planning.dem_error import DemError, error_clones
from rover.planning.route_risk import broken_on, crossings_of, limits_of
from rover.terrain.derive import derive_terrain


def failures_on_clones(
    dem: Dem,
    vehicle: VehicleParams,
    routes: Sequence[npt.ArrayLike],
    error: DemError,
    *,
    seed: int,
    count: int,
    baseline_m: float | None = None,
) -> npt.NDArray[np.int64]:
    """Return (routes,) on how many clones of a DEM each route breaks the limits of a vehicle.

    Every clone's slope and aspect are derived anew; a route breaks a limit where the pitch or the roll of a move is
    beyond it on any cell that the move crosses.

    Args:
        dem: As measured.
        vehicle: For its limits.
        routes: Each (n, 2) rows and columns of neighbouring cells.
        error: Of the DEM.
        seed: Of the clones, which no plan has used: plans draw from streams of their own.
        count: How many clones.
        baseline_m: As of `derive_terrain`.
    """
    crossings = [crossings_of(route) for route in routes]
    failed = np.zeros(len(crossings), np.int64)
    for clone in error_clones(dem.geometry, error, seed=seed, count=count):
        truth = Dem(
            geometry=dem.geometry,
            elevation_m=(dem.elevation_m + clone).astype(np.float32),
            datum_m=dem.datum_m,
            source=dem.source,
        )
        cost = directional_cost(derive_terrain(truth, baseline_m=baseline_m), vehicle)
        grades = (layer.astype(np.float64) for layer in (cost.grade_east, cost.grade_north))
        failed += broken_on(crossings, limits_of(cost), *grades)
    return failed
