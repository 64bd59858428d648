"""`farside terrain --vehicle` and `--light`: maps of one DEM, written together into one new folder."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

from rover.core.atomic import atomic_folder
from rover.core.errors import DemFrameError
from rover.core.grid import Dem
from rover.terrain.horizon import HorizonMap, Window, horizon_bytes
from rover.terrain.horizon_file import write_horizon
from sim.cli.progress import Progress, say_if_cold
from sim.cli.terrain_light import LightRequest, Times, check_under_sun, map_light, read_far, times_of
from sim.cli.terrain_light_files import draw_light, light_figures, light_lines, write_light
from sim.cli.terrain_maps import (
    MapInputs,
    MapRequest,
    draw_layers,
    figures_of,
    make_maps,
    print_figures,
    read_inputs,
    write_layers,
)
from sim.run.scenario_ground import read_dem_of_body

FORMAT = 1
SUMMARY = "terrain.json"

_LONG_CELLS = 250_000
"""From so many cells on the horizon takes long enough for a bar."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderRequest:
    """What to write into one folder.

    Attributes:
        dem, band, max_cells, allow_body: The ground.
        maps: Maps for a vehicle, or None.
        light: Horizon and light, or None.
        out: The folder.
        quiet: No progress.
    """

    dem: Path
    band: int
    max_cells: int
    allow_body: bool
    maps: MapRequest | None
    light: LightRequest | None
    out: Path
    quiet: bool


def write_folder(asked: FolderRequest) -> None:
    """Make all maps asked for, write them whole or not at all, and tell what was written."""
    times = None if asked.light is None else times_of(asked.light)
    with atomic_folder(asked.out) as folder:
        body = None if asked.allow_body else "moon"
        dem = read_dem_of_body(asked.dem, band=asked.band, body=body, max_cells=asked.max_cells)
        _check_frame(dem, asked.dem)
        if times is not None:
            check_under_sun(dem.geometry.site)
        inputs = None if asked.maps is None else read_inputs(asked.maps, dem)
        far = None if asked.light is None else read_far(asked.light, dem, max_cells=asked.max_cells)
        say_if_cold(quiet=asked.quiet)
        figures: dict[str, Any] = {"format": FORMAT, "dem": str(asked.dem), **_ground(dem)}
        typer.echo(f"{asked.dem}: {_size_words(dem)}")
        if inputs is not None:
            figures |= _write_maps(inputs, dem, asked.dem.stem, folder)
        if asked.light is not None:
            figures |= _write_light(asked, asked.light, times, dem, far, folder)
        text = json.dumps(figures, indent=2, allow_nan=False)
        (folder / SUMMARY).write_text(text + "\n", encoding="utf-8")
        names = sorted(path.name for path in folder.iterdir())
    typer.echo(f"{asked.out}: {', '.join(names)}")


def _check_frame(dem: Dem, file: Path) -> None:
    """Refuse ground without a frame, in which no raster could be written."""
    if not dem.geometry.site.crs_wkt:
        remedy = "give it one: a GeoTIFF has one, an .asc takes its from a .prj beside it"
        raise DemFrameError("maps need a DEM with a frame", file=file, field="crs", remedy=remedy)


def _ground(dem: Dem) -> dict[str, Any]:
    geometry = dem.geometry
    return {
        "rows": geometry.rows,
        "cols": geometry.cols,
        "resolution_m": geometry.resolution_m,
        "resolution_north_m": geometry.resolution_north_m,
    }


def _size_words(dem: Dem) -> str:
    geometry = dem.geometry
    sides = f"{geometry.resolution_m:.6g} m"
    if not geometry.is_square:
        sides = f"{geometry.resolution_m:.6g} x {geometry.resolution_north_m:.6g} m"
    return f"{geometry.cols} x {geometry.rows} cells of {sides}"


def _write_maps(inputs: MapInputs, dem: Dem, title: str, folder: Path) -> Mapping[str, Any]:
    vehicle, maps = inputs.vehicle, make_maps(inputs, dem)
    write_layers(maps, vehicle, folder)
    draw_layers(maps, vehicle, title, folder)
    figures = figures_of(maps, vehicle)
    print_figures(figures)
    return figures


def _write_light(
    asked: FolderRequest, light: LightRequest, times: Times | None, dem: Dem, far: Dem | None, folder: Path
) -> Mapping[str, Any]:
    size = horizon_bytes(dem.geometry, light.azimuths) / 1e6
    typer.echo(f"  horizon in {light.azimuths} directions: {size:,.0f} MB{_tile_words(light.tile, dem)}")

    def keep(horizon: HorizonMap, window: Window) -> None:
        name = "horizon.npz" if light.tile is None else f"horizon-{window[0]}-{window[2]}.npz"
        write_horizon(horizon, folder / name)

    quiet = asked.quiet or dem.elevation_m.size < _LONG_CELLS
    with Progress(quiet=quiet, doing="tracing the horizon", of="the horizon") as progress:
        made = map_light(dem, light, times, far_dem=far, keep=keep, tell=progress.update)
    if times is not None:
        write_light(made, light, times, dem, folder)
        draw_light(made, light, times, dem, asked.dem.stem, folder)
    figures = light_figures(made, light, times, far)
    for line in light_lines(figures):
        typer.echo(f"  {line}")
    return figures


def _tile_words(tile: int | None, dem: Dem) -> str:
    if tile is None:
        return ""
    count = math.prod(-(-side // tile) for side in dem.geometry.shape)
    return f" in {count} tiles"
