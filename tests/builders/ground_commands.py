"""Asking the ground commands for things, in this process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import typer
from typer.testing import CliRunner, Result

from rover.core.errors import FarsideError
from sim.cli.ground_view import GroundView, view_of

SMALL = ("--window", "0,0,40,40")
ROCK_HEADER = "east_m,north_m,diameter_m,height_m\n"


def invoke(command: Any, *words: object) -> Result:
    app = typer.Typer()
    app.command()(command)
    return CliRunner().invoke(app, [str(word) for word in words])


def refused(error: type[FarsideError], command: Any, *words: object) -> str:
    result = invoke(command, *words)
    assert isinstance(result.exception, error), (result.output, result.exception)
    return str(result.exception)


def view(source: str = "von-karman", **change: Any) -> GroundView:
    asked = {"settings": (), "seed": 3, "window": None, "resolution": None}
    return view_of(source, **(asked | change))


def silent(_part: float) -> None:
    pass


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())
