"""`farside plan`: a path over a DEM, or a traverse in time of a scenario."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from sim.cli.options import AllowBody, Band, MaxCells, PlannerName, Quiet, Seed, Settings

_VEHICLE, _NEIGHBOURS, _ALTERNATIVES, _OPERATIONS = "yutu-2", 8, 1, ("autonomous", "teleoperated")


def plan(
    dem: Annotated[
        Path,
        typer.Argument(
            metavar="DEM|SCENARIO",
            help="GeoTIFF, npz or ESRI ASCII, in metres; or a scenario, .toml or bundled name, planned in time.",
        ),
    ],
    start: Annotated[
        Optional[str],  # noqa: UP045 - typer reads it at run time
        typer.Option(
            metavar="E,N", help="Start in the DEM's frame, metres; of a scenario, instead of its own."
        ),
    ] = None,
    goal: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            metavar="E,N", help="Goal in the DEM's frame, metres; of a scenario, instead of its own."
        ),
    ] = None,
    via: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option("--via", metavar="E,N", help="A place on the way; more of them in their order."),
    ] = None,
    vehicle: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(metavar="NAME|FILE", help="A bundled vehicle or a .toml file.", show_default=_VEHICLE),
    ] = None,
    zones: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--zones", metavar="FILE", help="Keep-out and keep-in polygons, GeoJSON in metres."),
    ] = None,
    objective: Annotated[
        str,
        typer.Option(
            metavar="NAME",
            help="What to have least of: time, energy, distance or risk; of a scenario time, energy, shadow, distance,"
            " or most: charge, clearance.",
        ),
    ] = "time",
    pareto: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--pareto", metavar="A,B", help="Every traverse that none betters by both objectives."),
    ] = None,
    member: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(
            "--member", metavar="K", help="Of --pareto, the one to write and draw.", show_default="1"
        ),
    ] = None,
    operations: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--operations", metavar="|".join(_OPERATIONS), help="Instead of the scenario's mode."),
    ] = None,
    risk: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(
            "--risk",
            metavar="P",
            help="Greatest chance of a pitch or roll beyond its limit on the true ground.",
        ),
    ] = None,
    dem_error: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            "--dem-error", metavar="SIGMA,LENGTH", help="Error of the map and its correlation length, metres."
        ),
    ] = None,
    waypoints: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "--waypoints",
            metavar="FILE.geojson",
            help="Places to visit on the way to the goal, with value, dwell and window: the tour of most value.",
        ),
    ] = None,
    delay: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(
            "--delay",
            metavar="P",
            help="Greatest chance that faults let the night catch the rover off a haven.",
        ),
    ] = None,
    faults: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option("--faults", metavar="RATE,HOURS", help="Faults per km driven, and what each costs."),
    ] = None,
    maps: Annotated[
        bool,
        typer.Option(
            "--maps",
            help="Also what can be reached by dusk, when to leave at the latest, and havens: reach.png, GeoTIFFs.",
        ),
    ] = False,
    settings: Settings = None,
    seed: Seed = None,
    planner: PlannerName = None,
    any_angle: Annotated[
        bool, typer.Option("--any-angle", help="Headings off the grid, as --planner any-angle.")
    ] = False,
    neighbours: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(
            "--neighbours",
            metavar="4|8|16",
            help="Moves from a cell on the grid.",
            show_default=str(_NEIGHBOURS),
        ),
    ] = None,
    alternatives: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(
            "--alternatives",
            metavar="K",
            min=1,
            max=20,
            help="Clearly different ways, K in all.",
            show_default=str(_ALTERNATIVES),
        ),
    ] = None,
    snap: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option("--snap", metavar="M", help="Move a place on a lethal cell by M metres at most."),
    ] = None,
    time_limit: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(
            "--time-limit", metavar="S", help="Longest time to search, seconds, whatever it is for."
        ),
    ] = None,
    explain: Annotated[
        bool, typer.Option("--explain", help="Say, and draw to --plot, what closes or bounds the way.")
    ] = False,
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "--out",
            metavar="FILE|DIR",
            help="Write the ways as GeoJSON, or GeoPackage (.gpkg); of a scenario, a new or empty folder.",
        ),
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
    """Plan the best safe path between two places of a DEM, or a scenario's traverse under Sun, shadow and charge.

    Where there is none, say what closes it.
    """
    from sim.cli.plan_kinds import (
        is_scenario,
        refuse_options_of_other_kind,
        refuse_unknown_name,
        require_ends,
    )

    timed = is_scenario(dem)
    of_dems = {
        "--via": via,
        "--vehicle": vehicle,
        "--zones": zones,
        "--planner": planner,
        "--any-angle": any_angle,
        "--neighbours": neighbours,
        "--alternatives": alternatives,
        "--snap": snap,
        "--plot": plot,
        "--band": band if band != 1 else None,
    }
    of_scenarios = {
        "--pareto": pareto,
        "--member": member,
        "--operations": operations,
        "--risk": risk,
        "--dem-error": dem_error,
        "--waypoints": waypoints,
        "--delay": delay,
        "--faults": faults,
        "--maps": maps,
        "--set": settings,
        "--seed": seed,
    }
    refuse_options_of_other_kind(timed=timed, of_dems=of_dems, of_scenarios=of_scenarios)
    if timed:
        from sim.cli.plan_timed import TimedRequest, plan_in_time

        return plan_in_time(
            TimedRequest(
                scenario=str(dem),
                start=start,
                goal=goal,
                objective=objective,
                pareto=pareto,
                member=member,
                operations=operations,
                risk=risk,
                dem_error=dem_error,
                waypoints=waypoints,
                delay=delay,
                faults=faults,
                settings=tuple(settings or ()),
                seed=seed,
                time_limit=time_limit,
                explain=explain,
                maps=maps,
                out=out,
                as_json=as_json,
                allow_body=allow_body,
                max_cells=max_cells,
                quiet=quiet,
            )
        )
    from sim.cli.plan_on_dem import DemRequest, plan_on_dem

    refuse_unknown_name(dem)
    ends = require_ends(start, goal)
    return plan_on_dem(
        DemRequest(
            dem=dem,
            start=ends[0],
            goal=ends[1],
            via=via or [],
            vehicle=vehicle or _VEHICLE,
            zones=zones,
            objective=objective,
            planner=planner,
            any_angle=any_angle,
            neighbours=_NEIGHBOURS if neighbours is None else neighbours,
            alternatives=_ALTERNATIVES if alternatives is None else alternatives,
            snap=snap,
            time_limit=time_limit,
            explain=explain,
            out=out,
            plot=plot,
            as_json=as_json,
            band=band,
            allow_body=allow_body,
            max_cells=max_cells,
            quiet=quiet,
        )
    )
