"""The bundled site, and short ways to ask for windows of it."""

from __future__ import annotations

import copy
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import pytest

from rover.core.grid import Dem, GridGeometry, Site
from sim.moon.cells import Cells
from sim.moon.craters import Craters
from sim.moon.dem import Window, synthesize
from sim.moon.rocks import NO_ROCKS, Rocks
from sim.moon.site import SiteParams, site_from_table
from sim.moon.surface import surface

SITE_FILE = Path(__file__).parents[3] / "maps" / "von-karman" / "site.toml"
NOWHERE = Site(latitude_rad=0.0, longitude_rad=0.0, body="moon", crs_wkt="")
SEEDS = range(1, 11)
FAR = 20_000_000
"""10 km east of the lander, half-millimetres: seeded craters only."""

Array = npt.NDArray[np.float64]
Listed = TypeVar("Listed", Craters, Rocks)


def elevation(
    site: SiteParams, seed: int, cells: Cells, *, rocks: bool = True, boulders: Rocks = NO_ROCKS
) -> Array:
    return surface(site, seed).elevation_m(cells, boulders, rocks=rocks)


def slope_deg(height_m: Array, cell_m: float) -> Array:
    north, east = np.gradient(height_m, cell_m)
    return np.degrees(np.arctan(np.hypot(north, east)))


def centred(found: Listed, window: tuple[int, int, int, int]) -> Listed:
    """Return those of a list whose centres lie in a window."""
    west, south, east, north = window
    x, y = found.place[:, 0], found.place[:, 1]
    return found.where((x >= west) & (x < east) & (y >= south) & (y < north))


@pytest.fixture(scope="session")
def table() -> dict[str, Any]:
    return tomllib.loads(SITE_FILE.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def site(table: dict[str, Any]) -> SiteParams:
    return site_from_table(table, file="site.toml")


@pytest.fixture(scope="session")
def changed(table: dict[str, Any]) -> Callable[..., SiteParams]:
    """`changed(rocks={"covered_fraction": 0.02}, feature=[])` is the site with other figures."""

    def made(**tables: Any) -> SiteParams:
        other = copy.deepcopy(table)
        for name, figures in tables.items():
            if figures is None:
                del other[name]
            elif isinstance(figures, dict):
                other[name].update(figures)
            else:
                other[name] = figures
        return site_from_table(other, file="site.toml")

    return made


@pytest.fixture(scope="session")
def bare_relief(changed: Callable[..., SiteParams]) -> Callable[[float], SiteParams]:
    """`bare_relief(ruggedness)` is a site of relief alone: level, without craters and rocks."""

    def made(ruggedness: float) -> SiteParams:
        return changed(
            anchor=None,
            feature=[],
            profile={
                "radius_m": [0.0, 1e6],
                "elevation_m": [[-5900.0], [-5900.0]],
                "ruggedness": [[ruggedness], [ruggedness]],
                "warp_rms_m": 0.0,
            },
            craters={"equilibrium_per_km2": 1e-12, "production_per_km2": 1e-12},
            rocks={"covered_fraction": 0.0},
        )

    return made


@pytest.fixture(scope="session")
def cells_about() -> Callable[..., Cells]:
    """`cells_about(centre_mm, resolution_mm, rows, cols)` is a block of cells centred on a point."""

    def made(centre_mm: tuple[int, int], resolution_mm: int, rows: int, cols: int) -> Cells:
        return Cells(
            east=2 * centre_mm[0] - resolution_mm * (cols - 1),
            north=2 * centre_mm[1] - resolution_mm * (rows - 1),
            step=2 * resolution_mm,
            rows=rows,
            cols=cols,
        )

    return made


@pytest.fixture(scope="session")
def square(site: SiteParams) -> Callable[..., npt.NDArray[np.float64]]:
    """`square(half_cells, resolution_mm, seed=, centre_mm=)` gives elevations about a point (the lander)."""

    def made(
        half_cells: int,
        resolution_mm: int,
        *,
        seed: int = 1,
        centre_mm: tuple[int, int] | None = None,
        **options: Any,
    ) -> npt.NDArray[np.float64]:
        half = half_cells * resolution_mm
        window = Window(east_mm=-half, north_mm=-half, width_mm=2 * half, height_mm=2 * half)
        dem = synthesize(
            site,
            seed=seed,
            window=window,
            resolution_mm=resolution_mm,
            geometry_site=NOWHERE,
            origin_mm=site.anchor_mm if centre_mm is None else centre_mm,
            **options,
        )
        return dem.elevation_m.astype(np.float64)

    return made


@pytest.fixture
def measured() -> Callable[..., Dem]:
    """`measured(elevation, resolution_m=)` gives a DEM whose corner lies at an odd place."""

    def made(elevation: npt.ArrayLike, resolution_m: float = 5.0) -> Dem:
        held = np.asarray(elevation, dtype=np.float32)
        geometry = GridGeometry(
            rows=held.shape[0],
            cols=held.shape[1],
            resolution_m=resolution_m,
            east_m=-607.25,
            north_m=8123.5,
            site=NOWHERE,
        )
        return Dem(geometry=geometry, elevation_m=held, datum_m=-1345.0, source="a test")

    return made
