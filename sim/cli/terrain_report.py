"""`farside terrain --report`: the statistics of a DEM, beside what they should be."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import typer

from rover.core.atomic import atomic_path, check_outputs
from rover.core.errors import UsageError
from rover.core.grid import Dem, check_square
from rover.core.targets import TargetRange
from rover.io.bundle import site_names
from rover.io.raster import read_dem, tag_of
from rover.io.reproject import reproject_dem
from rover.io.rock_list import read_rock_list, refuse_elsewhere
from rover.terrain.report import TerrainReport, report_terrain
from rover.terrain.rocks import Rocks
from sim.cli.reproject import degrees_of
from sim.cli.terrain_tables import as_json, as_text
from sim.moon.craters import crater_law, crater_ratio
from sim.moon.rocks import rock_law
from sim.moon.site import SiteParams
from sim.run.scenario_ground import load_site

_LIKE = 1.6
"""Ratio of sides up to which a target of one square is held to another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRequest:
    """What to report on, as asked on the command line; None is not asked for.

    Attributes:
        dem: The file.
        band, max_cells: Of it.
        rocks: A rock list.
        site: Whose laws and targets to set beside.
        out, plot: JSON and PNG to write.
        center, size_m: Of a window of a map in any frame.
    """

    dem: Path
    band: int
    max_cells: int
    rocks: Path | None
    site: str | None
    out: Path | None
    plot: Path | None
    center: str | None
    size_m: float | None


def report(asked: ReportRequest) -> None:
    """Print the statistics, and write and draw them where that was asked."""
    _check(asked)
    ground = _read(asked)
    listed = None if asked.rocks is None else read_rocks(asked.rocks, ground)
    named = asked.site or _site_in(asked.dem)
    site = None if named is None else load_site(named)
    name = None if site is None else site.name
    made = report_terrain(ground, rocks=listed, **({} if site is None else _laws(site, ground)))
    if asked.out is not None:
        with atomic_path(asked.out) as temporary:
            temporary.write_text(as_json(made, ground), encoding="utf-8")
    if asked.plot is not None:
        _draw(made, ground, name, asked.plot)
    typer.echo(as_text(made, ground, name))


def _check(asked: ReportRequest) -> None:
    """Refuse outputs that would replace an input or each other, that no picture can have, or not writable."""
    if asked.plot is not None and asked.plot.suffix.lower() != ".png":
        remedy = "give the file a name that ends in .png"
        raise UsageError("pictures are PNG", remedy=remedy, file=asked.plot)
    check_outputs({"--out": asked.out, "--plot": asked.plot}, sources=[asked.dem, asked.rocks])


def _read(asked: ReportRequest) -> Dem:
    """Read a DEM, or make one of a window of a map in any frame."""
    if asked.center is None and asked.size_m is None:
        ground = read_dem(asked.dem, band=asked.band, max_cells=asked.max_cells)
        check_square(ground.geometry, "the report", file=asked.dem)
        return ground
    if asked.center is None or asked.size_m is None:
        missing = "--center" if asked.center is None else "--size"
        raise UsageError("--center and --size go together", field=missing, remedy="give both or neither")
    latitude, longitude = degrees_of(asked.center)
    return reproject_dem(
        asked.dem,
        latitude_deg=latitude,
        longitude_deg=longitude,
        size_m=asked.size_m,
        band=asked.band,
        method="cubic",
        max_cells=asked.max_cells,
    )


def read_rocks(path: Path, ground: Dem) -> Rocks:
    """Read a list of rocks, some of which must lie on the DEM."""
    held = read_rock_list(path)
    refuse_elsewhere(held, ground.geometry, file=path)
    east, north, diameter, height = held.T
    return Rocks(east_m=east, north_m=north, diameter_m=diameter, height_m=height)


def _site_in(dem: Path) -> str | None:
    """The bundled site that a seeded DEM says it is of, if any."""
    named = tag_of(dem, "SITE")
    return named if named in site_names() else None


def _laws(site: SiteParams, dem: Dem) -> dict[str, Any]:
    """What a site says of its craters and rocks, and what its figures should be."""
    return {
        "crater_law": np.vectorize(partial(crater_law, site.craters), otypes=[np.float64]),
        "crater_ratio": np.vectorize(partial(crater_ratio, site.craters), otypes=[np.float64]),
        "rock_law": np.vectorize(partial(rock_law, site.rocks), otypes=[np.float64]),
        "targets": _targets(site, dem),
    }


def _targets(site: SiteParams, dem: Dem) -> dict[str, TargetRange]:
    """The ranges that a site gives its figures, by name, less those of squares of quite another size."""
    rows, cols = dem.geometry.shape
    side_m = min(rows, cols) * dem.geometry.resolution_m
    return {
        name: TargetRange(low=target.low, high=target.high, source=target.source)
        for name, target in site.targets.items()
        if target.side_m is None or target.side_m / _LIKE <= side_m <= target.side_m * _LIKE
    }


def _draw(made: TerrainReport, dem: Dem, site: str | None, plot: Path) -> None:
    from sim.cli.terrain_sheet import sheet_of  # matplotlib only where a picture is asked for
    from sim.view.save import save_figure
    from sim.view.terrain import draw_terrain

    save_figure(draw_terrain(sheet_of(made, dem, site)), plot)
