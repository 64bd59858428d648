"""Boulder fields on slopes that the orbital map does not show: scenarios of `bench_hazard_fields.py`.

A field is a plane of a given slope, whose aspect is drawn by the seed, as a measured map of 4 m cells; on it lie rocks
by the law of Golombek and Rapp (1997, J. Geophys. Res. 102, 4117): those wider than D metres cover k exp(-q D) of the
ground, q = 1.79 + 0.152 / k, and craters smaller than a cell of the map. Start and goal are 40 m apart, give or take
what it takes to find places where the rover may stand: of some within a few metres, the one at which most headings
stand within all limits as settled on the true ground, among them those towards the other end.
"""

from __future__ import annotations

import math
import re
import tomllib
from pathlib import Path

import numpy as np
from true_stance import stands

from rover.core.chassis import ChassisParams
from rover.core.grid import Dem, GridGeometry, Site
from rover.core.vehicle import VehicleParams
from rover.io.bundle import find_site
from rover.io.crs import local_crs_wkt
from rover.io.raster import write_dem
from sim.moon.ground import Ground
from sim.physics.suspension import Rig, rig_of
from sim.run.scenario import Scenario, scenario_from_table
from sim.run.scenario_ground import orbital_dem, world_ground

CELL_M, HALF_M = 4.0, 100.0
WORLD_CELL_M = 0.05
SEARCH_M, PLACES = 6.0, 400
SITE = "mare-plain"
LATITUDE_DEG, LONGITUDE_DEG = -45.4446, 177.5991
START_UTC = "2019-01-11T02:00:00Z"


def golombek_decay_per_m(cfa: float) -> float:
    """Return q of the law for a cumulative fractional area."""
    return 1.79 + 0.152 / cfa


def write_field(
    folder: Path, *, cfa_percent: float, slope_deg: float, seed: int, counted_from_m: float = 0.0
) -> tuple[Path, Path]:
    """Write the map and the site file of a field; return both paths.

    Args:
        folder: Where.
        cfa_percent: The law's k: of all rocks, of which those smaller than the site's smallest are not strewn.
        slope_deg: Of the plane.
        seed: Of its aspect.
        counted_from_m: Rocks of this diameter and more cover that area; the law's own is 0.
    """
    folder.mkdir(parents=True, exist_ok=True)
    name = f"cfa{cfa_percent:g}-slope{slope_deg:g}-{seed}"
    dem, site = folder / f"{name}.npz", folder / f"rocks{cfa_percent:g}.toml"
    write_dem(plane(slope_deg, seed), dem)
    text = find_site(SITE, ValueError).read_text(encoding="utf-8")
    cfa = cfa_percent / 100
    covered, decay = (cfa, golombek_decay_per_m(cfa)) if cfa > 0 else (1e-9, 10.0)
    smallest_m = float(tomllib.loads(text)["rocks"]["smallest_m"])
    covered *= math.exp(-decay * (smallest_m - counted_from_m))
    text = re.sub(r"covered_fraction = .*", f"covered_fraction = {covered}", text)
    text = re.sub(r"decay_per_m = .*", f"decay_per_m = {decay}", text)
    site.write_text(text, encoding="utf-8")
    return dem, site


def ends_on(
    dem: Path, site: Path, *, seed: int, half_m: float = 20.0
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Return start and goal on a field, each about so far from its middle."""
    scenario = scenario_of(dem, site, seed=seed, start_m=(-half_m, 0.0), goal_m=(half_m, 0.0))
    ground, whole = world_ground(scenario, orbital_dem(scenario)), scenario.read_vehicle()
    rig = rig_of(whole.params, whole.part("chassis", ChassisParams))
    west, east = (_open_place(ground, whole.params, rig, side * half_m, seed) for side in (-1, 1))
    return west, east


def _open_place(
    ground: Ground, vehicle: VehicleParams, rig: Rig, east_m: float, seed: int
) -> tuple[float, float]:
    """Return the place near (`east_m`, 0) where the rover stands at most headings, those along east first of all."""
    patch = ground.patch(east_m, 0.0, SEARCH_M + 2.0)
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(78, int(east_m) % 1000)))
    radius, angle = SEARCH_M * np.sqrt(rng.uniform(0, 1, PLACES)), rng.uniform(0, 2 * math.pi, PLACES)
    places = np.stack([east_m + radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    yaw = np.linspace(-math.pi, math.pi, 24, endpoint=False)
    poses = np.column_stack([places.repeat(24, axis=0), np.tile(yaw, PLACES)])
    good = stands(patch, vehicle, rig, poses, stray_m=0.06, belly_m=0.05).reshape(PLACES, 24)
    score = good.sum(axis=1) + 24.0 * good[:, np.abs(yaw) < math.radians(50)].all(axis=1)
    east, north = places[int(score.argmax())].tolist()
    return round(east, 3), round(north, 3)


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
        "site": {"name": str(site), "latitude_deg": LATITUDE_DEG, "longitude_deg": LONGITUDE_DEG},
        "driver": "arcs",
        "terrain": {"dem": str(dem), "world_resolution_m": WORLD_CELL_M},
        "operations": {"mode": "autonomous"},
        **more,
    }
    return scenario_from_table(table, file=dem.stem)
