"""`farside terrain --vehicle`: the maps that a planner works on, as rasters and pictures, in one folder."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import typer

from rover.core.errors import DemValueError, UsageError
from rover.core.grid import Dem
from rover.core.vehicle import VehicleParams
from rover.hazard.costmap import refuse_larger_than_map
from rover.hazard.detect import Hazard, resolves
from rover.io.raster import read_dem, write_raster
from rover.io.vehicle import Vehicle, read_vehicle
from rover.terrain.derive import Terrain
from rover.terrain.rocks import Rocks
from sim.cli.terrain_report import read_rocks
from sim.mission.operations import Maps, derive_maps

_PERCENT = (50.0, 90.0, 99.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class MapRequest:
    """Which maps of which ground, as asked on the command line.

    Attributes:
        dem, max_cells: The ground's file.
        vehicle: Name or file.
        baseline_m: Side of the window that slopes are taken over; None is 3 x 3 cells.
        rocks: A rock list, or None.
        abundance_band: Band of the DEM's file with the share of ground under rocks, or None.
    """

    dem: Path
    max_cells: int
    vehicle: str
    baseline_m: float | None
    rocks: Path | None
    abundance_band: int | None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MapInputs:
    """What maps are made from besides the DEM, read and judged.

    Attributes:
        vehicle: Whose limits count.
        baseline_m: Side of the window that slopes are taken over; None is 3 x 3 cells.
        rocks: A list of them, or None.
        rock_abundance: (rows, cols) share of ground under rocks, NaN where unknown; or None.
    """

    vehicle: Vehicle
    baseline_m: float | None
    rocks: Rocks | None
    rock_abundance: npt.NDArray[np.float32] | None


def read_inputs(asked: MapRequest, dem: Dem) -> MapInputs:
    """Read what the maps need besides the DEM, before any work.

    Raises:
        UsageError: A baseline that is no length, or that the DEM is too small for.
        VehicleError: No such vehicle, or one that could not turn round on the DEM.
    """
    _check_baseline(asked.baseline_m, dem)
    vehicle = read_vehicle(asked.vehicle)
    refuse_larger_than_map(vehicle.params, dem.geometry)
    return MapInputs(
        vehicle=vehicle,
        baseline_m=asked.baseline_m,
        rocks=None if asked.rocks is None else read_rocks(asked.rocks, dem),
        rock_abundance=None if asked.abundance_band is None else _read_abundance(asked),
    )


def make_maps(inputs: MapInputs, dem: Dem) -> Maps:
    """Derive the maps of a DEM."""
    return derive_maps(
        dem,
        inputs.vehicle.params,
        (),
        baseline_m=inputs.baseline_m,
        rocks=inputs.rocks,
        rock_abundance=inputs.rock_abundance,
    )


def _check_baseline(baseline_m: float | None, dem: Dem) -> None:
    if baseline_m is None:
        return
    geometry = dem.geometry
    sides = geometry.rows * geometry.resolution_north_m, geometry.cols * geometry.resolution_m
    if not 0 < baseline_m < min(sides):
        remedy = f"give metres above 0 and under the DEM's {min(sides):.6g}"
        raise UsageError("no baseline on this DEM", field="--baseline", value=baseline_m, remedy=remedy)


def _read_abundance(asked: MapRequest) -> npt.NDArray[np.float32]:
    """(rows, cols) share of ground under rocks, NaN where unknown."""
    band = asked.abundance_band
    assert band is not None
    held = read_dem(asked.dem, band=band, max_cells=asked.max_cells)
    share = held.elevation_m + np.float32(held.datum_m)
    known = share[np.isfinite(share)]
    if known.size and not (known.min() >= 0 and known.max() <= 1):
        raise DemValueError(
            f"shares of ground from {known.min():g} to {known.max():g}",
            file=asked.dem,
            field="--rock-abundance",
            value=band,
            remedy="name a band of shares between 0 and 1",
        )
    return np.asarray(share, np.float32)


def write_layers(maps: Maps, vehicle: Vehicle, folder: Path) -> None:
    """Write slope, aspect, roughness, step, hazard and cost as GeoTIFFs."""
    terrain, geometry = maps.terrain, maps.dem.geometry
    tags = tags_of(maps.dem, terrain) | {"VEHICLE": vehicle.name}
    for name, (what, unit, values) in _layers(maps).items():
        bands = {f"{what}, {unit}": values}
        write_raster(folder / name, bands, geometry, nodata=math.nan, tags=tags, unit=unit)
    untested = untested_of(terrain, vehicle.params)
    tags |= {"NOT_TESTED": untested.words or "none"}
    legend = {f"FLAG_{flag.value}": flag.name or "" for flag in Hazard}
    flags = {"reasons to refuse a cell, sum of flags; 0 is free": maps.hazards.flags}
    write_raster(folder / "hazard.tif", flags, geometry, nodata=None, tags=tags | legend)


def _layers(maps: Maps) -> dict[str, tuple[str, str, npt.NDArray[np.float32]]]:
    """Files by name: what they hold, in which unit, and the values."""
    terrain = maps.terrain
    return {
        "slope.tif": (
            f"slope over {terrain.slope_baseline_m:.4g} m",
            "deg",
            np.degrees(terrain.slope_rad),
        ),
        "aspect.tif": (
            f"azimuth that the slope over {terrain.slope_baseline_m:.4g} m faces, clockwise from grid north",
            "deg",
            np.degrees(terrain.aspect_rad),
        ),
        "roughness.tif": (
            f"largest deviation from the local plane within {terrain.roughness_window_m:.4g} m",
            "m",
            terrain.roughness_m,
        ),
        "step.tif": (
            f"largest height difference within {terrain.step_window_m:.4g} m",
            "m",
            terrain.step_m,
        ),
        "cost.tif": (
            "time to cross, infinite where lethal",
            "s/m",
            maps.costmap.cost_s_per_m.astype(np.float32),
        ),
    }


def tags_of(dem: Dem, terrain: Terrain) -> dict[str, str]:
    """What every raster says of how it was made."""
    return {
        "SOURCE": dem.source,
        "SLOPE_BASELINE_M": f"{terrain.slope_baseline_m:.9g}",
        "ROUGHNESS_WINDOW_M": f"{terrain.roughness_window_m:.9g}",
        "STEP_WINDOW_M": f"{terrain.step_window_m:.9g}",
    }


def draw_layers(maps: Maps, vehicle: Vehicle, title: str, folder: Path) -> None:
    """Draw slope, roughness, step, hazards and cost as PNGs."""
    from sim.view.hazard_maps import draw_hazard_map, draw_layer_map
    from sim.view.layer import Layer
    from sim.view.save import save_figure

    terrain, params = maps.terrain, vehicle.params
    pictures = {
        "slope": (
            Layer(values=np.degrees(terrain.slope_rad), label="slope (deg)"),
            f"Horn's slope, {baseline_words(terrain)}; {_limits_words(params)}",
        ),
        "roughness": (
            Layer(values=terrain.roughness_m, label="deviation from the local plane (m)"),
            f"Within {terrain.roughness_window_m:.4g} m; limit of {vehicle.name} {params.roughness_limit_m:g} m",
        ),
        "step": (
            Layer(values=terrain.step_m, label="largest height difference (m)"),
            f"Within {terrain.step_window_m:.4g} m, slope included; {vehicle.name} climbs {params.step_limit_m:g} m",
        ),
        "cost": (
            Layer(values=maps.costmap.cost_s_per_m, label="time to cross (s/m)", low=None),
            f"For {vehicle.name}, grown by its footprint; slopes {baseline_words(terrain)}",
        ),
    }
    for name, (layer, words) in pictures.items():
        figure = draw_layer_map(maps.dem, layer, title=f"{title}: {name}", lines=[words])
        save_figure(figure, folder / f"{name}.png")
    untested = untested_of(terrain, params).words
    also = (
        [f"Not tested, as windows of these cells are wider than the vehicle: {untested}"] if untested else []
    )
    words = f"For {vehicle.name}, not grown by its footprint; slopes {baseline_words(terrain)}; {_limits_words(params)}"
    figure = draw_hazard_map(maps.dem, maps.hazards.flags, title=f"{title}: hazards", lines=[words, *also])
    save_figure(figure, folder / "hazard.png")


def baseline_words(terrain: Terrain) -> str:
    """Return over which length slopes are taken."""
    return f"over {terrain.slope_baseline_m:.4g} m"


def _limits_words(params: VehicleParams) -> str:
    return f"limits {params.slope_limit_deg:g} deg along, {params.roll_limit_deg:g} deg across"


def figures_of(maps: Maps, vehicle: Vehicle) -> dict[str, Any]:
    """Return the figures of maps, for people and for JSON."""
    terrain, flags = maps.terrain, maps.hazards.flags
    untested = untested_of(terrain, vehicle.params)
    layers = {
        "slope_deg": np.degrees(terrain.slope_rad),
        "roughness_m": terrain.roughness_m,
        "step_m": terrain.step_m,
    }
    return {
        "vehicle": vehicle.name,
        "slope_baseline_m": terrain.slope_baseline_m,
        "roughness_window_m": terrain.roughness_window_m,
        "step_window_m": terrain.step_window_m,
        "percent": list(_PERCENT),
        "percentiles": {name: _percentiles(values) for name, values in layers.items()},
        "hazard_share": {str(flag.name).lower(): _share(flags, flag, untested) for flag in Hazard},
        "lethal_share": float(np.isinf(maps.costmap.cost_s_per_m).mean()),
    }


def untested_of(terrain: Terrain, vehicle: VehicleParams) -> Hazard:
    """Return which hazards of the ground cells so coarse cannot show: their windows are wider than the vehicle."""
    untested = Hazard(0)
    if not resolves(terrain.step_window_m, vehicle):
        untested |= Hazard.STEP
    if not resolves(terrain.roughness_window_m, vehicle):
        untested |= Hazard.ROUGHNESS | Hazard.CLEARANCE
    return untested


def _share(flags: npt.NDArray[np.uint8], flag: Hazard, untested: Hazard) -> float | None:
    """Return the share of cells with a flag; None where nothing could set it."""
    share = float((flags & flag.value != 0).mean())
    return None if flag in untested and share == 0.0 else share


def _percentiles(values: npt.NDArray[np.float32]) -> list[float | None]:
    known = values[np.isfinite(values)]
    return [float(v) for v in np.percentile(known, _PERCENT)] if known.size else [None] * len(_PERCENT)


def print_figures(figures: Mapping[str, Any]) -> None:
    """Print the figures of maps as short tables."""
    typer.echo(f"  slopes over {figures['slope_baseline_m']:.4g} m, for {figures['vehicle']}")
    heads = "".join(f"{f'p{percent:g}':>9}" for percent in figures["percent"])
    typer.echo(f"  {'':14}{heads}")
    for name, values in figures["percentiles"].items():
        shown = "".join(f"{'-' if value is None else f'{value:.3g}':>9}" for value in values)
        typer.echo(f"  {name.replace('_', ' '):14}{shown}")
    shares = {name.replace("_", "-"): share for name, share in figures["hazard_share"].items()}
    told = [f"{name} {100 * share:.1f} %" for name, share in shares.items() if share is not None]
    typer.echo(f"  refused: {', '.join(told)}")
    untested = [name for name, share in shares.items() if share is None]
    if untested:
        typer.echo(
            f"  not tested, as windows of these cells are wider than the vehicle: {', '.join(untested)}"
        )
    typer.echo(f"  lethal to the footprint: {100 * figures['lethal_share']:.1f} %")
