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
    replay: Annotated[
        bool,
        typer.Option("--replay", help="Draw replay.gif instead: the drive, and what the rover made of it."),
    ] = False,
    frames: Annotated[int, typer.Option("--frames", metavar="N", help="Of the replay, at most.")] = 120,
) -> None:
    """Draw map.png and timeline.png of a finished run, or its replay."""
    from rover.core.errors import OutputError
    from sim.cli.run import draw
    from sim.run.results import read_results

    log = read_results(folder)
    target = out or folder
    if not target.is_dir():
        raise OutputError("no such folder", remedy="make it first", field="--out", value=str(target))
    if replay:
        from sim.view.replay import save_replay

        save_replay(log, target / "replay.gif", frames=frames)
        typer.echo(str(target / "replay.gif"))
        return
    draw(log, target)
    typer.echo(f"{target / 'map.png'}\n{target / 'timeline.png'}")
