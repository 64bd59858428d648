"""Fits the site file of Von Karman to the measured region: its table of elevations and ruggedness, and craters.

`python tests/builders/von_karman_tables.py` reads the reference data (FARSIDE_REFERENCE) and rewrites the
`[profile]` table and the catalogued craters of maps/von-karman/site.toml. Elevations are what makes the
medians of ring sectors over seeds equal those of the measured region; ruggedness does the same for slopes.
"""

from __future__ import annotations

import csv
import os
import sys
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from rover.io.reproject import reproject_dem  # noqa: E402
from sim.moon.cells import Cells  # noqa: E402
from sim.moon.rocks import NO_ROCKS  # noqa: E402
from sim.moon.site import SiteParams, site_from_table  # noqa: E402
from sim.moon.surface import surface  # noqa: E402

SITE_FILE = ROOT / "maps" / "von-karman" / "site.toml"
CELL_M, CELLS = 474, 1000
EDGES_KM = (
    0,
    5,
    10,
    15,
    20,
    27,
    36,
    46,
    54,
    60,
    65,
    70,
    75,
    80,
    85,
    90,
    95,
    100,
    110,
    125,
    145,
    170,
    200,
    236,
)
KNOTS_KM = (
    0,
    7.5,
    12.5,
    17.5,
    23.5,
    31.5,
    41,
    50,
    57,
    62.5,
    67.5,
    72.5,
    77.5,
    82.5,
    87.5,
    92.5,
    97.5,
    105,
    117.5,
    135,
    157.5,
    185,
    218,
)
SECTORS = 12
PEAK_RINGS, PEAK_RUGGEDNESS = 4, 0.1
"""The inner rings hold the central peak, whose hills have a ruggedness of their own."""
SEEDS = (101, 102, 103, 104)
ROUNDS = 6
SMALLEST_KM, LARGEST_KM = 5.0, 100.0

Field = npt.NDArray[np.float64]


def measured_m(reference: Path, site: SiteParams) -> Field:
    """Return the measured region on square cells about the site's origin, metres above the sphere."""
    dem = reproject_dem(
        reference / "dem" / "vonkarman_region_gld100_64ppd.tif",
        latitude_deg=site.frame.latitude_deg,
        longitude_deg=site.frame.longitude_deg,
        size_m=CELL_M * CELLS,
        resolution_m=float(CELL_M),
    )
    return dem.elevation_m.astype(np.float64) + dem.datum_m


def synthetic_m(site: SiteParams, seed: int) -> Field:
    """Return the seeded region on the same cells."""
    step = 2000 * CELL_M
    first = -step * (CELLS - 1) // 2
    cells = Cells(east=first, north=first, step=step, rows=CELLS, cols=CELLS)
    return surface(site, seed).elevation_m(cells, NO_ROCKS, rocks=False) + site.frame.datum_m


def slope_deg(elevation_m: Field) -> Field:
    """Return the slope by central differences."""
    north, east = np.gradient(elevation_m, CELL_M)
    return np.degrees(np.arctan(np.hypot(north, east)))


def parts() -> list[list[npt.NDArray[np.bool_]]]:
    """Return the cells of each ring and sector."""
    at = (np.arange(CELLS) - (CELLS - 1) / 2) * CELL_M / 1000
    east, north = np.meshgrid(at, at)
    radius, turn = np.hypot(east, north), np.arctan2(east, north) / (2 * np.pi) * SECTORS
    sector = np.floor(turn + 0.5).astype(int) % SECTORS
    return [
        [(radius >= low) & (radius < high) & (sector == k) for k in range(SECTORS)]
        for low, high in zip(EDGES_KM, EDGES_KM[1:], strict=False)
    ]


def medians(field: Field, where: list[list[npt.NDArray[np.bool_]]]) -> Field:
    """Return (rings, sectors) medians."""
    return np.array([[np.median(field[part]) for part in ring] for ring in where])


def ring_medians(field: Field, where: list[list[npt.NDArray[np.bool_]]]) -> Field:
    """Return (rings,) medians."""
    return np.array([np.median(field[np.logical_or.reduce(ring)]) for ring in where])


def fitted(table: dict[str, Any], reference: Path) -> dict[str, Any]:
    """Return the site's table with its profile fitted."""
    real = measured_m(reference, site_from_table(table, file="site.toml"))
    where = parts()
    target, target_slope = medians(real, where), medians(slope_deg(real), where)
    real_rings, real_slopes = (ring_medians(field, where) for field in (real, slope_deg(real)))
    elevation = target.copy()
    elevation[0] = np.median(target[0])
    rugged = np.clip((target_slope - 0.6) / 9.0, 0.0, 1.0)
    for turn in range(ROUNDS + 1):
        table["profile"].update(
            radius_m=[round(1000 * km) for km in KNOTS_KM],
            elevation_m=[[round(v) for v in row] for row in elevation.tolist()],
            ruggedness=[[round(v, 3) for v in row] for row in rugged.tolist()],
        )
        site = site_from_table(table, file="site.toml")
        made = [synthetic_m(site, seed) for seed in SEEDS]
        missing = target - np.mean([medians(field, where) for field in made], axis=0)
        rings = real_rings - np.mean([ring_medians(field, where) for field in made], axis=0)
        slopes = [slope_deg(field) for field in made]
        steeper = np.mean([medians(field, where) for field in slopes], axis=0)
        steeper_rings = np.mean([ring_medians(field, where) for field in slopes], axis=0)
        print(turn, np.abs(missing[1:]).mean().round(1), np.abs(rings[1:]).mean().round(1))
        if turn < ROUNDS:
            elevation[1:] += 0.5 * (missing[1:] + rings[1:, None])
            change = target_slope - steeper + (real_slopes - steeper_rings)[:, None]
            rugged = np.clip(rugged + 0.04 * change, 0.0, 1.0)
            rugged[:PEAK_RINGS] = PEAK_RUGGEDNESS
    return table


def catalogued(reference: Path, site: SiteParams) -> list[str]:
    """Return a TOML table for each catalogued crater of the region, the largest first."""
    (file,) = (reference / "craters").glob("*.csv")
    with file.open(encoding="utf-8") as lines:
        rows = [
            row
            for row in csv.DictReader(lines)
            if SMALLEST_KM <= float(row["Diameter_m"]) / 1e3 <= LARGEST_KM
        ]
    rows.sort(key=lambda row: -float(row["Diameter_m"]))
    return [_feature(row, site) for row in rows]


def _feature(row: dict[str, str], site: SiteParams) -> str:
    latitude, longitude = float(row["Latitude"]), float(row["Longitude"])
    diameter_m, depth_m = float(row["Diameter_m"]), float(row["Depth_m"])
    east_m, north_m = site.project(latitude, longitude)
    freshness = min(max((depth_m / diameter_m - 0.045) / 0.115, 0.0), 0.85)
    return (
        f'[[feature]]\nkind = "crater"\nname = "crater {row["ID"]}"\ncounted_from = "origin"\n'
        f"east_m = {east_m:.0f}.0\nnorth_m = {north_m:.0f}.0\n"
        f"diameter_m = {diameter_m:.0f}.0\nheight_m = {depth_m:.0f}.0\nfreshness = {freshness:.2f}\n"
        f'source = "LU1319373 catalogue (Wang and Wu): {latitude:.4f} N {longitude:.4f} E. '
        'Freshness from its depth over diameter."\n'
    )


def _rows(name: str, rows: list[list[float]]) -> str:
    inside = "".join(f"    [{', '.join(str(v) for v in row)}],\n" for row in rows)
    return f"{name} = [\n{inside}]\n"


def rewritten(text: str, profile: dict[str, Any], craters: list[str]) -> str:
    """Return the site file with its profile and catalogued craters replaced."""
    head, rest = text.split("[profile]\n", 1)
    _, tail = rest.split("[profile.terraces]\n", 1)
    made = "[profile]\n" + f"radius_m = {profile['radius_m']}\n"
    made += _rows("elevation_m", profile["elevation_m"]) + _rows("ruggedness", profile["ruggedness"])
    made += f"warp_wavelength_m = {profile['warp_wavelength_m']}\nwarp_rms_m = {profile['warp_rms_m']}\n"
    made += f'source = "{profile["source"]}"\n\n'
    features = tail.split("[[feature]]\n")
    kept = [part for part in features if "LU1319373 catalogue (Wang and Wu): -" not in part]
    return (
        head
        + made
        + "[profile.terraces]\n"
        + "[[feature]]\n".join(kept).rstrip()
        + "\n\n"
        + "\n".join(craters)
    )


def main() -> None:
    reference = Path(os.environ["FARSIDE_REFERENCE"])
    text = SITE_FILE.read_text(encoding="utf-8")
    table = tomllib.loads(text)
    craters = catalogued(reference, site_from_table(table, file=str(SITE_FILE)))
    text = rewritten(text, table["profile"], craters)
    SITE_FILE.write_text(
        rewritten(text, fitted(tomllib.loads(text), reference)["profile"], craters), encoding="utf-8"
    )


if __name__ == "__main__":
    main()
