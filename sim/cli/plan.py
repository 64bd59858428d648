"""`farside plan`: a path over a DEM."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from sim.cli.options import AllowBody, Band, MaxCells, PlannerName, Quiet, cells_allowed


def plan(
    dem: Annotated[Path, typer.Argument(metavar="DEM", help="GeoTIFF, npz or ESRI ASCII, in metres.")],
    start: Annotated[str, typer.Option(metavar="E,N", help="Start in the DEM's frame, metres.")],
    goal: Annotated[str, typer.Option(metavar="E,N", help="Goal in the DEM's frame, metres.")],
    via: Annotated[
        Optional[list[str]],  # noqa: UP045 - typer reads it at run time
        typer.Option("--via", metavar="E,N", help="A place on the way; more of them in their order."),
    ] = None,
    vehicle: Annotated[
        str, typer.Option(metavar="NAME|FILE", help="A bundled vehicle or a .toml file.")
    ] = "yutu-2",
    zones: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--zones", metavar="FILE", help="Keep-out and keep-in polygons, GeoJSON in metres."),
    ] = None,
    objective: Annotated[
        str, typer.Option(metavar="NAME", help="What to have least of: time, energy, distance or risk.")
    ] = "time",
    planner: PlannerName = None,
    any_angle: Annotated[
        bool, typer.Option("--any-angle", help="Headings off the grid, as --planner any-angle.")
    ] = False,
    neighbours: Annotated[
        int, typer.Option("--neighbours", metavar="4|8|16", help="Moves from a cell on the grid.")
    ] = 8,
    alternatives: Annotated[
        int,
        typer.Option("--alternatives", metavar="K", min=1, max=20, help="Clearly different ways, K in all."),
    ] = 1,
    snap: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option("--snap", metavar="M", help="Move a place on a lethal cell by M metres at most."),
    ] = None,
    time_limit: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option("--time-limit", metavar="S", help="Longest time to search, seconds."),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say, and draw to --plot, what closes or bounds the way.")
    ] = False,
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--out", metavar="FILE", help="Write the ways as GeoJSON, or GeoPackage (.gpkg)."),
    ] = None,
    plot: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--plot", metavar="FILE", help="Draw map and profile as PNG."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the plan as JSON.")] = False,
    band: Band = 1,
    allow_body: AllowBody = False,
    max_cells: MaxCells = None,
    quiet: Quiet = False,
) -> int:
    """Plan the best safe path between two places of a DEM, or say what closes it."""
    from rover.io.vehicle import read_vehicle
    from rover.planning.problem import Plan
    from sim.cli.plan_answer import find_answer
    from sim.cli.plan_question import check_on_map, pose, read_question
    from sim.cli.plan_table import print_json, print_tables
    from sim.cli.progress import say_if_cold
    from sim.mission.operations import derive_maps
    from sim.run.setting import read_dem_of_body

    _check_files(out, plot, [dem, *([] if zones is None else [zones])])
    question = read_question(
        start=start,
        goal=goal,
        via=via or [],
        zones=zones,
        planner=planner,
        any_angle=any_angle,
        objective=objective,
        neighbours=neighbours,
        ways=alternatives,
        snap_m=snap,
        time_limit_s=time_limit,
    )
    params = read_vehicle(vehicle).params
    body = None if allow_body else "moon"
    ground = read_dem_of_body(dem, band=band, body=body, max_cells=cells_allowed(max_cells))
    check_on_map(question, ground.geometry)
    say_if_cold(quiet=quiet)
    maps = derive_maps(ground, params, question.zones)
    answer = find_answer(question, pose(question, maps, params), ground, explain=explain)
    if out is not None or plot is not None:
        from sim.cli.plan_files import draw_answer, write_ways

        if out is not None:
            write_ways(answer, out)
        if plot is not None:
            draw_answer(answer, maps, dem.name, plot, explain=explain)
    if as_json:
        print_json(answer)
    else:
        print_tables(answer, explain=explain)
    return 0 if isinstance(answer.result, Plan) else 4


def _check_files(out: Path | None, plot: Path | None, sources: list[Path]) -> None:
    """Refuse, before any work, outputs that could not be written."""
    from rover.core.atomic import check_outputs
    from sim.cli.output import refuse_other_format, refuse_other_picture

    packed = out is not None and out.suffix.lower() == ".gpkg"
    texts = [] if packed else ["--out"]
    check_outputs({"--out": out, "--plot": plot}, sources=list(sources), texts=texts)
    refuse_other_format(
        "--out",
        out,
        form="GeoJSON",
        suffixes=(".geojson", ".json"),
        remedy="end the name in .geojson or .gpkg; a picture is drawn by --plot",
    )
    refuse_other_picture("--plot", plot)
    if out is not None and packed:
        from rover.io.geopackage import require_geopackage

        require_geopackage("--out", out)
