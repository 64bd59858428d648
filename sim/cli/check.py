"""`farside check`: every error of a scenario, a site, a vehicle or a list of stations."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli.options import AllowBody, MaxCells, Seed, Settings, cells_allowed

if TYPE_CHECKING:
    from sim.cli.file_kinds import Kind


def check(
    file: Annotated[
        str,
        typer.Argument(metavar="FILE", help="Scenario, site, vehicle or stations, by path or bundled name."),
    ],
    settings: Settings = None,
    seed: Seed = None,
    allow_body: AllowBody = False,
    max_cells: MaxCells = None,
) -> int:
    """List every error of a file, one a line; of a scenario, the terrain it names is read as well.

    Scenario, site, vehicle and list of stations are told apart by what stands in the file.
    """
    from rover.core.errors import FarsideError
    from rover.io.toml import read_toml
    from sim.cli.file_kinds import Kind, find_file, kind_of

    try:
        path = find_file(file)
        kind = kind_of(read_toml(path))
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
    from sim.run.scenario import load_scenario
    from sim.run.setting import prepare

    prepare(load_scenario(file, settings=settings, seed=seed), allow_body=allow_body, max_cells=max_cells)


def _check_other(kind: Kind, path: Path) -> None:
    from rover.io.stations import read_stations
    from rover.io.vehicle import read_vehicle
    from sim.cli.file_kinds import Kind
    from sim.run.setting import load_site

    if kind is Kind.SITE:
        load_site(str(path))
    elif kind is Kind.VEHICLE:
        read_vehicle(path)
    else:
        read_stations(path)


def _refuse_options(kind: Kind, options: dict[str, object]) -> None:
    """Refuse options that only a scenario heeds."""
    from rover.core.errors import UsageError

    for name, value in options.items():
        if value not in (None, False, []):
            remedy = f"leave it out: {kind} files are checked as they stand"
            raise UsageError("is for scenarios", remedy=remedy, field=name, value=value)
