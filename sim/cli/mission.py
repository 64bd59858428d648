"""`farside mission`: Chang'e 4's landing and what follows, in pictures and data."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Optional

import typer


class Product(StrEnum):
    """What may be made alone."""

    DESCENT = "descent"
    PANORAMA = "panorama"
    PORTRAIT = "portrait"
    ROLLOUT = "rollout"
    INSTRUMENTS = "instruments"
    BIOSPHERE = "biosphere"
    LINK = "link"


def mission(
    scenario: Annotated[str, typer.Argument(help="Mission file, by path or bundled name: chang-e-4.")],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for the results; made if missing.")
    ],
    only: Annotated[
        Optional[Product],  # noqa: UP045 - typer reads it at run time
        typer.Option("--only", help="Make this alone."),
    ] = None,
    full: Annotated[
        bool,
        typer.Option(
            "--full",
            help="Ten frames a second of the film at the camera's own size; pictures at full resolution.",
        ),
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
) -> None:
    """Fly a mission and leave its pictures, data and timeline in a folder.

    Frames that are there already, of the same mission and size, are kept: a run that was interrupted goes on.
    """
    from sim.cli.mission_products import make_mission
    from sim.cli.progress import Progress, say_if_cold
    from sim.run.mission_scenario import load_mission

    loaded = load_mission(scenario)
    say_if_cold(quiet=quiet)
    with Progress(quiet=quiet, doing="mission", of="the pictures", first="descent") as progress:
        lines = make_mission(loaded, out, only=only, full=full, tell=progress.update)
    for line in lines:
        typer.echo(line)
