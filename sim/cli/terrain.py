"""`farside terrain`: what the ground of a DEM is like, where a rover may go on it, and where it is lit."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Optional

import typer

from rover.core.errors import FarsideError, UsageError
from sim.cli.options import AllowBody, Band, MaxCells, Quiet, cells_allowed

_OF_REPORT, _OF_MAPS, _OF_LIGHT = "Report", "Maps", "Light"
_AZIMUTHS = 72
_OPTIONS = {"azimuths": "--azimuths", "observer_height_m": "--observer-height"}
"""By the names that errors of the library have for them."""


def terrain(
    dem: Annotated[Path, typer.Argument(metavar="DEM", help="GeoTIFF, npz or ESRI ASCII.")],
    report: Annotated[
        bool,
        typer.Option(
            "--report", help="Print the statistics, as without any option.", rich_help_panel=_OF_REPORT
        ),
    ] = False,
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
            rich_help_panel=_OF_REPORT,
        ),
    ] = None,
    plot: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--plot", metavar="FILE.png", help="Draw the statistics.", rich_help_panel=_OF_REPORT),
    ] = None,
    center: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            metavar="LAT,LON",
            help="Of a map in degrees or any other frame: middle of a window, in degrees.",
            rich_help_panel=_OF_REPORT,
        ),
    ] = None,
    size: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(metavar="M", help="Side of that window in metres.", rich_help_panel=_OF_REPORT),
    ] = None,
    vehicle: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            metavar="NAME|FILE",
            help="Make maps for a bundled vehicle or a .toml file.",
            rich_help_panel=_OF_MAPS,
        ),
    ] = None,
    baseline: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(
            metavar="M",
            help="Side of the window that slopes are taken over.",
            show_default="3 x 3 cells",
            rich_help_panel=_OF_MAPS,
        ),
    ] = None,
    abundance: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(
            "--rock-abundance",
            metavar="BAND",
            min=1,
            help="Band of the DEM's file with the share of ground under rocks.",
            rich_help_panel=_OF_MAPS,
        ),
    ] = None,
    horizon: Annotated[
        bool,
        typer.Option("--horizon/--no-horizon", help="Trace and write the horizon.", rich_help_panel=_OF_MAPS),
    ] = True,
    light: Annotated[
        bool,
        typer.Option(
            "--light",
            help="Animate the shadows and write a calendar of the light.",
            rich_help_panel=_OF_LIGHT,
        ),
    ] = False,
    at: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option(
            metavar="UTC", help="Map the light at this time; may be repeated.", rich_help_panel=_OF_LIGHT
        ),
    ] = None,
    begin: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            "--from",
            metavar="UTC",
            help="First time of --light; from local midnight on, each lunar day is whole.",
            rich_help_panel=_OF_LIGHT,
        ),
    ] = None,
    end: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--to", metavar="UTC", help="Last time of --light.", rich_help_panel=_OF_LIGHT),
    ] = None,
    step: Annotated[
        float,
        typer.Option(
            "--step", metavar="H", help="Hours between times of --light.", rich_help_panel=_OF_LIGHT
        ),
    ] = 2.0,
    far_dem: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            metavar="DEM", help="Coarser map of the region, for the far horizon.", rich_help_panel=_OF_LIGHT
        ),
    ] = None,
    azimuths: Annotated[
        int,
        typer.Option(
            metavar="N",
            help="Directions that the horizon is traced in: a multiple of 4.",
            rich_help_panel=_OF_LIGHT,
        ),
    ] = _AZIMUTHS,
    height: Annotated[
        float,
        typer.Option(
            "--observer-height",
            metavar="M",
            help="Height above the ground of what is lit: panel, mast or antenna.",
            rich_help_panel=_OF_LIGHT,
        ),
    ] = 0.0,
    exact: Annotated[
        bool,
        typer.Option("--exact", help="Trace every half cell: slower.", rich_help_panel=_OF_LIGHT),
    ] = False,
    tile: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(
            metavar="CELLS",
            min=16,
            help="Trace the horizon in squares of this side, one file each, to need less memory.",
            rich_help_panel=_OF_LIGHT,
        ),
    ] = None,
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--out", metavar="PATH", help="Of a report FILE.json, of maps and light a new folder."),
    ] = None,
    band: Band = 1,
    allow_body: AllowBody = False,
    max_cells: MaxCells = None,
    quiet: Quiet = False,
) -> None:
    """Tell what the ground of a DEM is like; with --vehicle or --light, write maps of it into a folder.

    --vehicle maps slope, aspect, roughness, step, hazards, cost and horizon for that rover, and with --at the light.
    """
    cells = cells_allowed(max_cells)
    traced = (
        (tile, "--tile"),
        (far_dem, "--far-dem"),
        (exact, "--exact"),
        (azimuths != _AZIMUTHS, "--azimuths"),
        (height, "--observer-height"),
    )
    of_report = ((report, "--report"), (site, "--site"), (plot, "--plot"), (center, "--center"))
    of_maps = ((baseline is not None, "--baseline"), (abundance is not None, "--rock-abundance"))
    if vehicle is None:
        _refuse_all(of_maps, "is of the maps for a vehicle", "add --vehicle NAME")
    if vehicle is None and not light:
        _refuse_all(traced, "is of the horizon, which --vehicle and --light trace", "add one of them")
        _refuse(at, "--at", "light is mapped beside other maps", "add --vehicle NAME --out FOLDER")
        _refuse(begin or end, "--from", "is of --light", "add --light")
        from sim.cli.terrain_report import ReportRequest
        from sim.cli.terrain_report import report as print_report

        print_report(
            ReportRequest(
                dem=dem,
                band=band,
                max_cells=cells,
                rocks=rocks,
                site=site,
                out=out,
                plot=plot,
                center=center,
                size_m=size,
            )
        )
        return
    _refuse_all(of_report, "is of the report, which --vehicle and --light do not print", "run it by itself")
    if light and begin is None and end is None:
        raise UsageError("light over which time?", field="--light", remedy="give --from UTC --to UTC")
    _refuse((begin or end) and not light, "--from", "is of --light", "add --light")
    _refuse(
        not horizon and (light or at),
        "--no-horizon",
        "light is read from the horizon",
        "leave --no-horizon out",
    )
    if not horizon:
        _refuse_all(traced, "is of the horizon", "leave --no-horizon out")
    _refuse(vehicle is None and rocks, "--rocks", "are mapped for a vehicle", "add --vehicle NAME")
    if out is None:
        raise UsageError("maps need a folder", field="--out", remedy="give --out FOLDER, a new one")
    from sim.cli.terrain_folder import FolderRequest, write_folder
    from sim.cli.terrain_light import LightRequest
    from sim.cli.terrain_maps import MapRequest

    of_vehicle: dict[str, Any] = {"baseline_m": baseline, "rocks": rocks, "abundance_band": abundance}
    maps = None if vehicle is None else MapRequest(dem=dem, max_cells=cells, vehicle=vehicle, **of_vehicle)
    sunlight = LightRequest(
        at=tuple(at or ()),
        begin=begin,
        end=end,
        step_h=step,
        far_dem=far_dem,
        azimuths=azimuths,
        observer_height_m=height,
        exact=exact,
        tile=tile,
    )
    folder = FolderRequest(
        dem=dem,
        band=band,
        max_cells=cells,
        allow_body=allow_body,
        maps=maps,
        light=sunlight if horizon else None,
        out=out,
        quiet=quiet,
    )
    try:
        write_folder(folder)
    except FarsideError as error:
        raise error.by_the_names(_OPTIONS) from error


def _refuse_all(options: Iterable[tuple[object, str]], what: str, remedy: str) -> None:
    for given, option in options:
        _refuse(given, option, what, remedy)


def _refuse(given: object, option: str, what: str, remedy: str) -> None:
    if given:
        raise UsageError(what, field=option, remedy=remedy)
