"""`farside check`: every error of a scenario, mission, site, vehicle, lander, stations or faults; limits of a plan."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from sim.cli.options import AllowBody, MaxCells, Seed, Settings, cells_allowed

if TYPE_CHECKING:
    from sim.cli.file_kinds import Kind


def check(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="Scenario, mission, site, vehicle, lander, stations or faults, by path or bundled name; plan.json, "
            "waypoints, GeoJSON.",
        ),
    ],
    settings: Settings = None,
    seed: Seed = None,
    allow_body: AllowBody = False,
    max_cells: MaxCells = None,
    scenario: Annotated[
        Optional[str],  # noqa: UP045 - typer reads it at run time
        typer.Option(
            "--scenario",
            metavar="SCENARIO",
            help="What waypoints are held against; what a plan must be of.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="What was found of a plan as JSON.")] = False,
) -> int:
    """List every error of a file, one a line; of a scenario, the terrain it names is read as well.

    Scenario, mission, site, vehicle, lander, stations and faults are told apart by what stands in the file. A plan is
    replayed against the maps by an independent checker: exit 0 if every limit holds, 8 if one is broken.
    """
    from rover.core.errors import FarsideError
    from rover.io.plan_file import plan_in
    from rover.io.toml import read_toml
    from sim.cli.file_kinds import Kind, find_file, json_kind, kind_of

    try:
        path = find_file(file)
        path = plan_in(path)
        kind = json_kind(path)
        if kind is not None:
            if kind is Kind.TRAVERSE and scenario is None:  # it has its own
                _refuse_options(kind, {"--set": settings, "--seed": seed}, needs="waypoints, or --scenario")
            return _check_plan(
                kind,
                path,
                scenario,
                settings or (),
                seed,
                allow_body=allow_body,
                max_cells=cells_allowed(max_cells),
                as_json=as_json,
            )
        kind = kind_of(read_toml(path))
        _refuse_options(kind, {"--scenario": scenario, "--json": as_json}, needs="plans")
        if kind is Kind.SCENARIO:
            _check_scenario(
                file, settings or (), seed, allow_body=allow_body, max_cells=cells_allowed(max_cells)
            )
        else:
            _refuse_options(
                kind,
                {"--set": settings, "--seed": seed, "--allow-body": allow_body, "--max-cells": max_cells},
            )
            _check_other(kind, path)
    except FarsideError as error:
        for problem in error.problems:
            typer.echo(f"farside: error[{error.code}]: {problem}", err=True)
        return error.exit_code
    typer.echo(f"{file}: no errors")
    return 0


def _check_scenario(
    file: str, settings: Sequence[str], seed: int | None, *, allow_body: bool, max_cells: int
) -> None:
    from sim.run.closed_loop import refuse_goal_underfoot
    from sim.run.scenario import load_scenario
    from sim.run.setting import prepare

    scenario = load_scenario(file, settings=settings, seed=seed)
    scenario.read_faults()
    refuse_goal_underfoot(scenario)
    prepare(scenario, allow_body=allow_body, max_cells=max_cells)


def _check_plan(
    kind: Kind,
    path: Path,
    scenario: str | None,
    settings: Sequence[str],
    seed: int | None,
    *,
    allow_body: bool,
    max_cells: int,
    as_json: bool,
) -> int:
    from rich.console import Console

    from rover.core.errors import UsageError
    from sim.cli import check_plan, check_tables
    from sim.cli.file_kinds import Kind
    from sim.run.scenario import load_scenario
    from sim.run.setting import prepare

    if kind is Kind.TRAVERSE:
        asked = None if scenario is None else load_scenario(scenario, settings=settings, seed=seed)
        _, ready, verdict = check_plan.judge_plan_file(
            path, asked, allow_body=allow_body, max_cells=max_cells
        )
        if as_json:
            typer.echo(check_plan.verdict_json(path, verdict))
        else:
            check_tables.print_verdict(verdict, ready.epoch, Console())
        return 0 if verdict.holds else check_plan.BROKEN
    if scenario is None:
        remedy = "say --scenario SCENARIO"
        raise UsageError("waypoints are held against a scenario", field="--scenario", remedy=remedy)
    ready = prepare(
        load_scenario(scenario, settings=settings, seed=seed), allow_body=allow_body, max_cells=max_cells
    )
    legs = check_plan.judge_way_file(path, ready)
    if as_json:
        typer.echo(check_plan.way_json(path, legs))
    else:
        check_tables.print_way(legs, Console())
    return 0 if all(leg.first is None for leg in legs) else check_plan.BROKEN


def _check_other(kind: Kind, path: Path) -> None:
    from rover.io.lander import read_lander
    from rover.io.stations import read_stations
    from rover.io.vehicle import read_vehicle
    from sim.cli.file_kinds import Kind
    from sim.run.fault_table import check_fault_table
    from sim.run.mission_scenario import load_mission
    from sim.run.regolith_heat import read_regolith_heat
    from sim.run.scenario_ground import load_site

    if kind is Kind.SITE:
        read_regolith_heat(load_site(str(path)).regolith_heat)
    elif kind is Kind.VEHICLE:
        read_vehicle(path)
    elif kind is Kind.FAULTS:
        check_fault_table(str(path))
    elif kind is Kind.LANDER:
        read_lander(path)
    elif kind is Kind.MISSION:
        mission = load_mission(path)
        mission.read_lander()
        mission.read_site()
    else:
        read_stations(path)


def _refuse_options(kind: Kind, options: dict[str, object], *, needs: str = "scenarios") -> None:
    """Refuse options that only other files heed."""
    from rover.core.errors import UsageError

    for name, value in options.items():
        if value not in (None, False, []):
            remedy = f"leave it out: {kind} files are checked as they stand"
            raise UsageError(f"is for {needs}", remedy=remedy, field=name, value=value)
