"""Print digests of what the hazard kernels make of one rough piece of ground, a word each: for so many poses."""

from __future__ import annotations

import hashlib
import sys

import numpy as np
import numpy.typing as npt

from rover.core.grid import Dem, GridGeometry, Site
from rover.hazard.clearance import evaluate_clearance
from rover.hazard.costmap import build_costmap
from rover.hazard.detect import detect_hazards
from rover.hazard.directional import directional_cost
from rover.io.vehicle import read_vehicle
from rover.terrain.derive import Terrain
from rover.terrain.rocks import Rocks


def digest(*arrays: npt.NDArray[np.generic]) -> str:
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()[:16]


def main() -> None:
    rng = np.random.default_rng(4)
    shape = 40, 50
    site = Site(latitude_rad=0.0, longitude_rad=0.0, body="moon", crs_wkt="")
    geometry = GridGeometry(rows=40, cols=50, resolution_m=0.1, east_m=0.0, north_m=0.0, site=site)
    vehicle = read_vehicle("yutu-2").params

    def layer(most: float) -> npt.NDArray[np.float32]:
        made = (rng.random(shape) ** 4 * most).astype(np.float32)
        made[rng.random(shape) < 0.002] = np.nan
        return made

    # Layers of their own, since those of a DEM go through the C library's arctangent.
    terrain = Terrain(
        geometry=geometry, slope_rad=layer(0.6), aspect_rad=layer(6.28), roughness_m=layer(0.3), step_m=layer(0.5),
        roughness_window_m=1.0, step_window_m=1.0,
    )  # fmt: skip
    east, north, size = rng.uniform(0, 5, 5), rng.uniform(0, 4, 5), rng.uniform(0.1, 0.5, 5)
    rocks = Rocks(east_m=east, north_m=north, diameter_m=size, height_m=size)
    hazards = detect_hazards(
        terrain, vehicle, rocks=rocks, rock_abundance=rng.random(shape).astype(np.float32) / 8
    )
    heights = (rng.normal(0, 0.02, shape) + np.arange(50) * 0.01).astype(np.float32)
    heights[34:, 44:] = np.nan
    dem = Dem(geometry=geometry, elevation_m=heights, datum_m=0.0, source="a test")
    poses = np.column_stack(
        [rng.uniform(2.2, 2.6, 12), rng.uniform(1.7, 2.1, 12), rng.integers(0, 2, 12) * np.pi]
    )
    bounds = evaluate_clearance(dem, vehicle, poses[: int(sys.argv[1])])
    cost = directional_cost(terrain, vehicle)
    print(
        digest(hazards.flags),
        digest(build_costmap(hazards, terrain, vehicle).cost_s_per_m),
        digest(cost.grade_east, cost.grade_north, cost.rough_grade2),
        digest(*cost.cost_at(0.5)),
        digest(
            bounds.wheel_up_m,
            bounds.pitch_rad,
            bounds.roll_rad,
            bounds.bogie_rad,
            bounds.belly_gap_m,
            bounds.flags,
        ),
    )


if __name__ == "__main__":
    main()
