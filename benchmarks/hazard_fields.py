"""Boulder fields on slopes that the orbital map does not show: scenarios of `bench_hazard_fields.py`.

A field is a plane of a given slope, whose aspect is drawn by the seed, as a measured map of 4 m cells; on it lie rocks
by the law of Golombek and Rapp (1997, J. Geophys. Res. 102, 4117): those wider than D metres cover k exp(-q D) of the
ground, q = 1.79 + 0.152 / k. Start and goal are 40 m apart; round both the ground is kept free of rocks of the
scenario's seed by choosing the place among some.
"""

from __future__ import annotations

import math
import re
from pathlib import Path

import numpy as np

from rover.core.grid import Dem, GridGeometry, Site
from rover.io.bundle import find_site
from rover.io.crs import local_crs_wkt
from rover.io.raster import write_dem
from sim.run.scenario import Scenario, scenario_from_table

CELL_M, HALF_M = 4.0, 100.0
WORLD_CELL_M = 0.05
SITE = "mare-plain"
LATITUDE_DEG, LONGITUDE_DEG = 44.1215, 340.488
START_UTC = "2019-01-11T02:00:00Z"


def golombek_decay_per_m(cfa: float) -> float:
    """Return q of the law for a cumulative fractional area."""
    return 1.79 + 0.152 / cfa


def write_field(folder: Path, *, cfa_percent: float, slope_deg: float, seed: int) -> tuple[Path, Path]:
    """Write the map and the site file of a field; return both paths."""
    folder.mkdir(parents=True, exist_ok=True)
    name = f"cfa{cfa_percent:g}-slope{slope_deg:g}-{seed}"
    dem, site = folder / f"{name}.npz", folder / f"rocks{cfa_percent:g}.toml"
    write_dem(plane(slope_deg, seed), dem)
    text = find_site(SITE, ValueError).read_text(encoding="utf-8")
    cfa = cfa_percent / 100
    covered, decay = (cfa, golombek_decay_per_m(cfa)) if cfa > 0 else (1e-9, 10.0)
    text = re.sub(r"covered_fraction = .*", f"covered_fraction = {covered}", text)
    text = re.sub(r"decay_per_m = .*", f"decay_per_m = {decay}", text)
    site.write_text(text, encoding="utf-8")
    return dem, site


def plane(slope_deg: float, seed: int) -> Dem:
    """Return a plane whose way down is drawn by the seed."""
    side = round(2 * HALF_M / CELL_M)
    aspect = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(77,))).uniform(0, 2 * math.pi)
    grade = math.tan(math.radians(slope_deg))
    at = -HALF_M + CELL_M / 2 + CELL_M * np.arange(side)
    height = grade * (math.cos(aspect) * at[None, :] + math.sin(aspect) * at[:, None])
    latitude, longitude = math.radians(LATITUDE_DEG), math.radians(LONGITUDE_DEG)
    frame = Site(
        latitude_rad=latitude,
        longitude_rad=longitude,
        body="moon",
        crs_wkt=local_crs_wkt(latitude, longitude),
    )
    geometry = GridGeometry(
        rows=side, cols=side, resolution_m=CELL_M, east_m=float(at[0]), north_m=float(at[0]), site=frame
    )
    return Dem(geometry=geometry, elevation_m=height.astype(np.float32), datum_m=-2600.0, source="a plane")


def scenario_of(
    dem: Path,
    site: Path,
    *,
    seed: int,
    start_m: tuple[float, float],
    goal_m: tuple[float, float],
    **more: object,
) -> Scenario:
    """Return the scenario of a drive over a field."""
    table = {
        "format": 1,
        "name": dem.stem,
        "seed": seed,
        "start_utc": START_UTC,
        "start_m": list(start_m),
        "goal_m": list(goal_m),
        "site": {"name": str(site)},
        "driver": "arcs",
        "terrain": {"dem": str(dem), "world_resolution_m": WORLD_CELL_M},
        "operations": {"mode": "autonomous"},
        **more,
    }
    return scenario_from_table(table, file=dem.stem)
