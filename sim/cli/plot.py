"""`farside plot`: draw a finished run again, or a campaign."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer


def plot(
    folder: Annotated[Path, typer.Argument(metavar="RUN_DIR", help="Output folder of a run or a campaign.")],
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
    """Draw map.png and timeline.png of a finished run, or its replay; of a campaign, campaign.png."""
    from rover.core.errors import OutputError, UsageError
    from sim.cli.run import draw
    from sim.run.results import read_results

    campaign = _is_campaign(folder)
    if campaign and replay:
        remedy = "drive a run of it by its command, and replay that"
        raise UsageError("a campaign has no replay", remedy=remedy, field="--replay", value=str(folder))
    log = None if campaign else read_results(folder)
    target = out or folder
    if not target.is_dir():
        raise OutputError("no such folder", remedy="make it first", field="--out", value=str(target))
    if log is None:
        from sim.cli.campaign_sheet import draw_folder

        draw_folder(folder, target)
        return
    if replay:
        from sim.view.replay import save_replay

        save_replay(log, target / "replay.gif", frames=frames)
        typer.echo(str(target / "replay.gif"))
        return
    draw(log, target)
    typer.echo(f"{target / 'map.png'}\n{target / 'timeline.png'}")


def _is_campaign(folder: Path) -> bool:
    """Whether a folder is a campaign's, ended or not."""
    return any((folder / name).exists() for name in ("campaign.json", "journal.jsonl"))
