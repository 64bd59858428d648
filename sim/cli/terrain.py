"""`farside terrain`: the statistics of a DEM, beside what they should be."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from sim.cli.options import Band, MaxCells, cells_allowed

if TYPE_CHECKING:
    from rover.core.grid import Dem
    from rover.core.targets import TargetRange
    from rover.terrain.report import TerrainReport
    from rover.terrain.rocks import Rocks
    from sim.moon.site import SiteParams


_LIKE = 1.6
"""Ratio of sides up to which a target of one square is held to another."""


def terrain(
    dem: Annotated[Path, typer.Argument(metavar="DEM", help="GeoTIFF, npz or ESRI ASCII.")],
    report: Annotated[bool, typer.Option("--report", help="Print the statistics, as without it.")] = True,
    rocks: Annotated[
        Optional[Path],  # noqa: UP045 - typer reads it at run time
        typer.Option(
            metavar="FILE.csv", help="Rocks in the DEM's frame: east_m,north_m,diameter_m,height_m."
        ),
    ] = None,
    site: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            metavar="SITE|site.toml",
            help="Whose laws and targets to set beside; by default the site that a seeded GeoTIFF or .asc names.",
        ),
    ] = None,
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--out", metavar="FILE.json", help="Write all figures as JSON."),
    ] = None,
    plot: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--plot", metavar="FILE.png", help="Draw them."),
    ] = None,
    center: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            metavar="LAT,LON", help="Of a map in degrees or any other frame: middle of a window, in degrees."
        ),
    ] = None,
    size: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(metavar="M", help="Side of that window in metres."),
    ] = None,
    band: Band = 1,
    max_cells: MaxCells = None,
) -> None:
    """Tell what the ground of a DEM is like: relief, slopes, height differences, craters, rocks."""
    from rover.terrain.report import report_terrain
    from sim.cli.terrain_tables import as_json, as_text

    _check_outputs(dem, rocks, out, plot)
    ground = _read(dem, center, size, band, cells_allowed(max_cells))
    listed = None if rocks is None else _read_rocks(rocks, ground)
    told_by = _site(site or _site_in(dem))
    name = None if told_by is None else told_by.name
    made = report_terrain(
        ground,
        rocks=listed,
        **({} if told_by is None else _laws(told_by, ground)),
    )
    if out is not None:
        _write(as_json(made, ground), out)
    if plot is not None:
        _draw(made, ground, name, plot)
    typer.echo(as_text(made, ground, name))


def _check_outputs(dem: Path, rocks: Path | None, out: Path | None, plot: Path | None) -> None:
    """Refuse outputs that would replace an input or each other, that no picture can have, or not writable."""
    from rover.core.errors import UsageError
    from rover.io.atomic import check_outputs

    if plot is not None and plot.suffix.lower() != ".png":
        raise UsageError("pictures are PNG", remedy="give the file a name that ends in .png", file=plot)
    check_outputs({"--out": out, "--plot": plot}, sources=[dem, rocks])


def _read(dem: Path, center: str | None, size: float | None, band: int, max_cells: int) -> Dem:
    """Read a DEM, or make one of a window of a map in any frame."""
    from rover.core.errors import UsageError
    from rover.io.raster import read_dem
    from rover.io.reproject import reproject_dem
    from sim.cli.reproject import degrees_of

    if center is None and size is None:
        return read_dem(dem, band=band, max_cells=max_cells)
    if center is None or size is None:
        missing = "--center" if center is None else "--size"
        raise UsageError("--center and --size go together", field=missing, remedy="give both or neither")
    latitude, longitude = degrees_of(center)
    return reproject_dem(
        dem,
        latitude_deg=latitude,
        longitude_deg=longitude,
        size_m=size,
        band=band,
        method="cubic",
        max_cells=max_cells,
    )


def _read_rocks(path: Path, ground: Dem) -> Rocks:
    from rover.io.rock_list import read_rock_list, refuse_elsewhere
    from rover.terrain.rocks import Rocks

    held = read_rock_list(path)
    refuse_elsewhere(held, ground.geometry, file=path)
    east, north, diameter, height = held.T
    return Rocks(east_m=east, north_m=north, diameter_m=diameter, height_m=height)


def _site_in(dem: Path) -> str | None:
    """The bundled site that a seeded DEM says it is of, if any."""
    from rover.io.bundle import site_names
    from rover.io.raster import tag_of

    named = tag_of(dem, "SITE")
    return named if named in site_names() else None


def _site(spec: str | None) -> SiteParams | None:
    from sim.run.setting import load_site

    return None if spec is None else load_site(spec)


def _laws(site: SiteParams, dem: Dem) -> dict[str, Any]:
    """What a site says of its craters and rocks, and what its figures should be."""
    from functools import partial

    import numpy as np

    from sim.moon.craters import crater_law
    from sim.moon.rocks import rock_law

    return {
        "crater_law": np.vectorize(partial(crater_law, site.craters), otypes=[np.float64]),
        "rock_law": np.vectorize(partial(rock_law, site.rocks), otypes=[np.float64]),
        "targets": _targets(site, dem),
    }


def _targets(site: SiteParams, dem: Dem) -> dict[str, TargetRange]:
    """The ranges that a site gives its figures, by name, less those of squares of quite another size."""
    from rover.core.targets import TargetRange

    rows, cols = dem.geometry.shape
    side_m = min(rows, cols) * dem.geometry.resolution_m
    return {
        name: TargetRange(low=target.low, high=target.high, source=target.source)
        for name, target in site.targets.items()
        if target.side_m is None or target.side_m / _LIKE <= side_m <= target.side_m * _LIKE
    }


def _write(text: str, out: Path) -> None:
    from rover.io.atomic import atomic_path

    with atomic_path(out) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _draw(report: TerrainReport, dem: Dem, site: str | None, plot: Path) -> None:
    from sim.cli.terrain_sheet import sheet_of
    from sim.view.save import save_figure
    from sim.view.terrain import draw_terrain

    save_figure(draw_terrain(sheet_of(report, dem, site)), plot)
