"""`farside synth`: write the seeded ground of a scenario or a site as a DEM."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from sim.cli.options import OutFile, Quiet, Seed, Settings, cells_allowed

if TYPE_CHECKING:
    from rover.core.grid import Dem
    from sim.cli.ground_view import GroundView

MAX_CELLS_OF_TIF = 2_000_000_000
"""A GeoTIFF is written as it is made, so that disk and patience limit it and not memory."""

_DRAWN_CELLS = 2_000_000
_LONG = 2_000_000


def synth(
    source: Annotated[
        str, typer.Argument(metavar="SITE|SCENARIO", help="A site or scenario, by path or name.")
    ],
    out: OutFile,
    window: Annotated[
        Optional[str],  # noqa: UP045 - typer reads it at run time
        typer.Option(
            metavar="E0,N0,E1,N1",
            help="Edges, metres east and north of the origin of the site or scenario.",
            show_default="the scenario's map, or 2 km about the site's anchor",
        ),
    ] = None,
    resolution: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(metavar="M", help="Side of a cell, metres.", show_default="as in the scenario, or 2"),
    ] = None,
    settings: Settings = None,
    seed: Seed = None,
    rocks: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(metavar="FILE.csv", help="Write the rocks in the window as well."),
    ] = None,
    plot: Annotated[bool, typer.Option("--plot", help="Draw it as well, beside it as .png.")] = False,
    max_cells: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(
            metavar="N",
            min=1,
            help="Most cells to make.",
            show_default="2 billion in a .tif, 100 million otherwise",
        ),
    ] = None,
    quiet: Quiet = False,
) -> None:
    """Write seeded ground: the map that a scenario's planner would see, or any window of a site."""
    from sim.cli.ground_view import check_cells, view_of

    is_tif = _is_tif(out)
    _check_outputs(source, out, rocks, plot=plot)
    view = view_of(source, settings=settings or (), seed=seed, window=window, resolution=resolution)
    smaller = "take a smaller window or a coarser resolution"
    if is_tif:
        check_cells(view, MAX_CELLS_OF_TIF if max_cells is None else max_cells, remedy=smaller)
    else:
        check_cells(
            view, cells_allowed(max_cells), remedy=f"write a .tif, which memory does not limit, {smaller}"
        )
    _write(view, out, rocks, plot=plot, is_tif=is_tif, quiet=quiet)


def _is_tif(out: Path) -> bool:
    from rover.io.raster import format_to_write
    from rover.io.source import Format

    return format_to_write(out) is Format.GEOTIFF


def _check_outputs(source: str, out: Path, rocks: Path | None, *, plot: bool) -> None:
    """Refuse outputs that would replace the source or each other, or that cannot be written."""
    from rover.core.atomic import check_outputs
    from rover.core.errors import UsageError
    from rover.io.raster import files_beside

    if rocks is not None and rocks.suffix.lower() != ".csv":
        raise UsageError(
            "rocks are written as CSV", remedy="end the name in .csv", field="--rocks", value=str(rocks)
        )
    picture = out.with_suffix(".png") if plot else None
    check_outputs({"--out": out, "--rocks": rocks, "--plot": picture}, sources=[source], texts=["--rocks"])
    for beside in files_beside(out):
        check_outputs({"--out": beside}, sources=[source])


def _write(view: GroundView, out: Path, rocks: Path | None, *, plot: bool, is_tif: bool, quiet: bool) -> None:
    from rover.io.raster import write_dem
    from sim.cli.ground_view import view_dem, write_rocks, write_view
    from sim.cli.progress import Progress, say_if_cold

    rows, cols = view.geometry.shape
    short, dem = quiet or rows * cols < _LONG, None
    say_if_cold(quiet=quiet)
    if is_tif:
        with Progress(quiet=short, doing="making ground", of="the ground") as progress:
            write_view(view, out, progress.update)
    else:
        dem = view_dem(view)
        write_dem(dem, out, tags=view.tags)
    typer.echo(f"{out}: {cols} x {rows} cells of {view.geometry.resolution_m:g} m, {view.source}")
    if rocks is not None:
        with Progress(quiet=short, doing="listing rocks", of="the rocks") as progress:
            count = write_rocks(view, rocks, progress.update)
        typer.echo(f"{rocks}: {count:,} rocks")
    if plot:
        _draw(dem, view, out)


def _draw(dem: Dem | None, view: GroundView, out: Path) -> None:
    """Draw a file's ground from an overview, so that a large window needs no more memory than a small one."""
    from rover.io.cog import read_overview
    from sim.view.maps import draw_dem
    from sim.view.save import save_figure

    shown = read_overview(out, most_cells=_DRAWN_CELLS) if dem is None else dem
    save_figure(draw_dem(shown, out.name, whole_of=view.geometry), out.with_suffix(".png"))
