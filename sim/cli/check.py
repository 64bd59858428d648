"""`farside check`: every error of a scenario."""

from __future__ import annotations

from typing import Annotated

import typer

from sim.cli.options import AllowBody, MaxCells, Seed, Settings, cells_allowed


def check(
    file: Annotated[str, typer.Argument(metavar="FILE", help="A scenario, by path or bundled name.")],
    settings: Settings = None,
    seed: Seed = None,
    allow_body: AllowBody = False,
    max_cells: MaxCells = None,
) -> int:
    """List every error of a scenario, one a line; the terrain it names is read as well."""
    from rover.core.errors import FarsideError
    from sim.run.scenario import load_scenario
    from sim.run.setting import prepare

    try:
        scenario = load_scenario(file, settings=settings or (), seed=seed)
        prepare(scenario, allow_body=allow_body, max_cells=cells_allowed(max_cells))
    except FarsideError as error:
        for problem in error.problems:
            typer.echo(f"farside: error[{error.code}]: {problem}", err=True)
        return error.exit_code
    typer.echo(f"{file}: no errors")
    return 0
