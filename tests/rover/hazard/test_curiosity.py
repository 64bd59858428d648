"""A hazard map must not forbid what was really driven: Curiosity's track in Gale crater."""

from __future__ import annotations

import csv
import math
from pathlib import Path

import numpy as np

from rover.hazard.costmap import build_costmap
from rover.hazard.detect import Hazard, detect_hazards
from rover.io.raster import read_dem
from rover.io.vehicle import read_vehicle
from rover.terrain.derive import derive_terrain


def track_m(path: Path) -> list[tuple[float, float]]:
    with path.open(encoding="utf-8", newline="") as file:
        return [(float(row["easting_m"]), float(row["northing_m"])) for row in csv.DictReader(file)]


def test_curiositys_own_track_is_open_and_what_is_steeper_than_its_limit_is_not(reference: Path) -> None:
    dem = read_dem(reference / "dem" / "gale_msl_1m.tif")
    vehicle = read_vehicle("curiosity").params
    assert vehicle.slope_limit_deg == 30
    driven = [
        dem.geometry.cell_at(*place) for place in track_m(reference / "tracks" / "msl_track_on_gale_1m.csv")
    ]
    cells = [cell for cell in driven if cell is not None]
    assert len(cells) == 322
    for windows in ({}, {"footprint_m": vehicle.width_m, "wheelbase_m": vehicle.wheelbase_m}):
        terrain = derive_terrain(dem, **windows)
        hazards = detect_hazards(terrain, vehicle)
        lethal = np.isinf(build_costmap(hazards, terrain, vehicle).cost_s_per_m)
        assert sum(bool(lethal[cell]) for cell in cells) <= 3
        steep = ~(np.degrees(terrain.slope_rad) <= 30)
        assert lethal[steep].all()
        assert ((hazards.flags & Hazard.TILT) != 0).sum() > 100
        # Roughness and step are read on this map: Curiosity is wider than their windows.
        assert terrain.roughness_window_m <= math.hypot(vehicle.length_m, vehicle.width_m)
