"""`farside plan`: a path over a DEM."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Optional

import typer

from sim.cli.options import AllowBody, Band, MaxCells, PlannerName, Quiet, cells_allowed

if TYPE_CHECKING:
    from rover.planning.problem import NoPlan, Plan, PlanningProblem


def plan(
    dem: Annotated[Path, typer.Argument(metavar="DEM", help="GeoTIFF, npz or ESRI ASCII, in metres.")],
    start: Annotated[str, typer.Option(metavar="E,N", help="Start in the DEM's frame, metres.")],
    goal: Annotated[str, typer.Option(metavar="E,N", help="Goal in the DEM's frame, metres.")],
    vehicle: Annotated[
        str, typer.Option(metavar="NAME|FILE", help="A bundled vehicle or a .toml file.")
    ] = "yutu-2",
    out: Annotated[
        Optional[Path],  # noqa: UP045 - typer reads it at run time
        typer.Option("--out", metavar="FILE", help="Write the path as GeoJSON."),
    ] = None,
    plot: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--plot", metavar="FILE", help="Draw the path as PNG."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the plan as JSON.")] = False,
    planner: PlannerName = None,
    band: Band = 1,
    allow_body: AllowBody = False,
    max_cells: MaxCells = None,
    quiet: Quiet = False,
) -> int:
    """Plan the quickest safe path between two places of a DEM."""
    from rover.core.atomic import check_outputs
    from rover.io.vehicle import read_vehicle
    from rover.planning.ask import ask
    from rover.planning.problem import Plan, PlanningProblem
    from rover.planning.registry import load_planner
    from sim.cli.output import refuse_other_format, refuse_other_picture
    from sim.cli.progress import say_if_cold
    from sim.mission.operations import derive_maps
    from sim.run.setting import read_dem_of_body, require_inside

    check_outputs({"--out": out, "--plot": plot}, sources=[dem], texts=["--out"])
    refuse_other_format(
        "--out",
        out,
        form="GeoJSON",
        suffixes=(".geojson", ".json"),
        remedy="end the name in .geojson; a picture is drawn by --plot",
    )
    refuse_other_picture("--plot", plot)
    start_m, goal_m = _place(start, "--start"), _place(goal, "--goal")
    chosen = load_planner(planner or "astar")
    params = read_vehicle(vehicle).params
    body = None if allow_body else "moon"
    terrain = read_dem_of_body(dem, band=band, body=body, max_cells=cells_allowed(max_cells))
    require_inside(terrain.geometry, {"--start": start_m, "--goal": goal_m})
    say_if_cold(quiet=quiet)
    maps = derive_maps(terrain, params, ())
    problem = PlanningProblem(
        costmap=maps.costmap,
        hazards=maps.hazards,
        terrain=maps.terrain,
        vehicle=params,
        start_m=start_m,
        goal_m=goal_m,
    )
    answer = ask(chosen, problem)
    if isinstance(answer, Plan) and out is not None:
        _write_path(answer, problem, out)
    if plot is not None:
        _draw(answer, maps, problem, dem, plot)
    _print(answer, problem, as_json=as_json)
    return 0 if isinstance(answer, Plan) else 4


def _place(text: str, option: str) -> tuple[float, float]:
    """Read E,N in metres."""
    import math

    from rover.core.errors import UsageError

    try:
        east, north = (float(word) for word in text.strip("[] ").split(","))
    except ValueError:
        east = north = math.nan
    if not (math.isfinite(east) and math.isfinite(north)):
        raise UsageError(
            "not a place", remedy="give E,N in metres, such as -120,85.5", field=option, value=text
        )
    return east, north


def _write_path(plan: Plan, problem: PlanningProblem, out: Path) -> None:
    from rover.io.vector import write_traverse_geojson

    properties = {"format": 1, **_figures(plan, problem)}
    write_traverse_geojson(
        out,
        points=[
            (problem.start_m, {"name": "start"}),
            (problem.goal_m, {"name": "goal"}),
        ],
        lines=[(plan.waypoints_m, {"name": "planned", **properties})],
        crs_wkt=problem.terrain.geometry.site.crs_wkt,
        properties=properties,
    )


def _draw(answer: Plan | NoPlan, maps: Any, problem: PlanningProblem, dem: Path, target: Path) -> None:
    import math

    import numpy as np

    from rover.planning.problem import Plan
    from sim.view.maps import draw_plan
    from sim.view.save import save_figure

    is_plan = isinstance(answer, Plan)
    figure = draw_plan(
        maps.dem,
        maps.hazards.flags,
        answer.waypoints_m if isinstance(answer, Plan) else np.empty((0, 2)),
        problem.start_m,
        problem.goal_m,
        title=dem.name,
        no_plan=None if is_plan else str(answer),
        slope_limit_deg=math.degrees(problem.vehicle.tilt_limit_rad),
    )
    save_figure(figure, target)


def _figures(plan: Plan, problem: PlanningProblem) -> dict[str, Any]:
    """Return what there is to say of a path."""
    import math

    cells = plan.cells
    slope = problem.terrain.slope_rad[cells[:, 0], cells[:, 1]]
    return {
        "planner": plan.planner,
        "length_m": plan.length_m,
        "drive_s": plan.cost_s,
        "steepest_deg": math.degrees(float(slope.max())),
        "waypoints": len(cells),
        "expanded": plan.expanded,
    }


def _print(answer: Plan | NoPlan, problem: PlanningProblem, *, as_json: bool) -> None:
    from dataclasses import asdict

    from rover.planning.problem import Plan

    if isinstance(answer, Plan):
        result = {"outcome": "planned", **_figures(answer, problem)}
        listed = {"waypoints_m": answer.waypoints_m.tolist()}
    else:
        result, listed = {"outcome": "no_plan", **asdict(answer)}, {}
    if as_json:
        frame = {"crs_wkt": problem.terrain.geometry.site.crs_wkt}
        typer.echo(json.dumps({"format": 1, **result, **listed, **frame}, indent=2))
    elif isinstance(answer, Plan):
        _print_table(result)
    else:
        typer.echo(str(answer))


def _print_table(result: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(show_header=False, box=None)
    for key, value in result.items():
        shown = f"{value:.1f}" if isinstance(value, float) else str(value)
        table.add_row(key.replace("_", " "), shown)
    Console().print(table)
