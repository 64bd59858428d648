"""`farside plot`: draw a finished run again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer


def plot(
    folder: Annotated[Path, typer.Argument(metavar="RUN_DIR", help="Output folder of a run.")],
    out: Annotated[
        Optional[Path],  # noqa: UP045 - typer reads it at run time
        typer.Option("--out", metavar="DIR", help="Where the pictures go.", show_default="RUN_DIR"),
    ] = None,
) -> None:
    """Draw map.png and timeline.png of a finished run."""
    from rover.core.errors import OutputError
    from sim.cli.run import draw
    from sim.run.results import read_results

    log = read_results(folder)
    target = out or folder
    if not target.is_dir():
        raise OutputError("no such folder", remedy="make it first", field="--out", value=str(target))
    draw(log, target)
    typer.echo(f"{target / 'map.png'}\n{target / 'timeline.png'}")
