"""The bundled site, and short ways to ask for windows of it."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from rover.core.grid import Dem, GridGeometry, Site
from sim.moon.dem import Window, synthesize
from sim.moon.site import SiteParams, site_from_table

SITE_FILE = Path(__file__).parents[3] / "maps" / "von-karman" / "site.toml"
NOWHERE = Site(latitude_rad=0.0, longitude_rad=0.0, body="moon", crs_wkt="")


@pytest.fixture(scope="session")
def table() -> dict[str, Any]:
    return tomllib.loads(SITE_FILE.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def site(table: dict[str, Any]) -> SiteParams:
    return site_from_table(table, file="site.toml")


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
