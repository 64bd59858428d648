"""`farside run`: plan a scenario, drive it, and leave results and pictures."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from sim.cli.options import AllowBody, MaxCells, PlannerName, Quiet, Seed, Settings, cells_allowed

if TYPE_CHECKING:
    from rover.io.plan_file import PlanFile
    from sim.run.runlog import RunLog
    from sim.run.scenario import Scenario

NOT_PLANNED_BY = {"driver", "faults", "name", "planner", "seed", "senses"}
"""Keys of a scenario that no traverse is planned by; a ground of another seed is refused as another DEM."""


def run(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="A .toml file or a bundled name.")],
    settings: Settings = None,
    seed: Seed = None,
    out: Annotated[
        Optional[Path],  # noqa: UP045 - typer reads it at run time
        typer.Option("--out", metavar="DIR", help="New or empty folder.", show_default="runs/NAME"),
    ] = None,
    planner: PlannerName = None,
    plan: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--plan", metavar="FILE", help="Drive this: plan.json, or waypoints as .geojson."),
    ] = None,
    faults: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            "--faults",
            metavar="none|nominal|FILE",
            help="Inject what this table schedules by the seed; the scenario's faults.table.",
        ),
    ] = None,
    monitor: Annotated[
        str,
        typer.Option("--monitor", metavar="note|strict", help="Strict: a broken rule ends the run, exit 8."),
    ] = "note",
    plots: Annotated[bool, typer.Option("--plots/--no-plots", help="Draw map.png and timeline.png.")] = True,
    allow_body: AllowBody = False,
    max_cells: MaxCells = None,
    quiet: Quiet = False,
) -> int:
    """Plan a scenario, or take a plan, and drive it; write summary, telemetry, traverse and pictures."""
    from rover.core.errors import UsageError
    from sim.run.scenario import load_scenario

    if monitor not in ("note", "strict"):
        raise UsageError("no such monitoring", remedy="say note or strict", field="--monitor", value=monitor)
    loaded = load_scenario(scenario, settings=with_faults(settings or (), faults), seed=seed)
    loaded.read_faults()

    # Only now what takes a second to import: a scenario that is refused is refused at once.
    from rover.core.atomic import atomic_folder
    from rover.planning.given_plan import read_given
    from rover.planning.registry import load_planner
    from sim.cli.progress import Interrupt, Progress, say_if_cold
    from sim.run.closed_loop import run_scenario
    from sim.run.results import write_results

    chosen = load_planner(planner) if planner else None
    given = read_given(plan) if plan is not None else None
    if given is not None and given.traverse is not None:
        _note_other_scenario(given.traverse, loaded, given.file)
    folder = out if out is not None else _fresh_folder(loaded.name)
    say_if_cold(quiet=quiet)
    with (
        _parent_of(folder, made=out is None),
        atomic_folder(folder) as partial,
        Interrupt() as interrupt,
        Progress(quiet=quiet, first="planning") as progress,
    ):
        log = run_scenario(
            loaded,
            planner=chosen,
            given=given,
            allow_body=allow_body,
            max_cells=cells_allowed(max_cells),
            progress=progress.update,
            stop=interrupt.asked,
            strict=monitor == "strict",
        )
        write_results(log, partial)
        if plots:
            draw(log, partial)
    _report(log, folder)
    return _exit_status(log, interrupt.signal, strict=monitor == "strict")


def with_faults(settings: Sequence[str], faults: str | None) -> list[str]:
    """Return settings with a table of faults put in.

    Raises:
        UsageError: Another one is set, or it is what the option of the same name of `farside plan` takes.
    """
    from rover.core.errors import UsageError

    if faults is None:
        return list(settings)
    if "," in faults and all(_is_number(word) for word in faults.split(",")):
        remedy = "give none, nominal or a file; RATE,HOURS is for farside plan"
        raise UsageError("not a table of faults", remedy=remedy, field="--faults", value=faults)
    for setting in settings:
        if setting.partition("=")[0].strip() == "faults.table":
            remedy = "leave one of them out"
            raise UsageError("--faults says otherwise", remedy=remedy, field="--set", value=setting)
    return [*settings, f"faults.table={json.dumps(faults)}"]


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _note_other_scenario(plan: PlanFile, driven: Scenario, file: Path) -> None:
    """Say by what a traverse was planned that is not so where it is driven; faults and seeds are not planned by."""
    from sim.cli.check_plan import differing

    others = [
        f"{key} = {_said(held)} ({_said(wanted)} here)"
        for key, held, wanted in differing(plan, driven)
        if key.partition(".")[0] not in NOT_PLANNED_BY
    ]
    if others:
        more = f", and {len(others) - 3} more" if len(others) > 3 else ""
        print(f"farside: note: {file} was planned with {', '.join(others[:3])}{more}", file=sys.stderr)


def _said(value: object) -> str:
    return "left out" if value is None else str(value)


def draw(log: RunLog, folder: Path) -> None:
    """Draw the pictures of a run into a folder."""
    from sim.view.maps import draw_map
    from sim.view.save import save_figure
    from sim.view.timelines import draw_timeline

    save_figure(draw_map(log), folder / "map.png")
    save_figure(draw_timeline(log), folder / "timeline.png")


def _fresh_folder(name: str) -> Path:
    """Return runs/NAME, or the first of runs/NAME-2, -3, ... that is not there yet."""
    base = Path("runs") / name
    number = 1
    while (folder := base if number == 1 else base.with_name(f"{name}-{number}")).exists():
        number += 1
    return folder


@contextlib.contextmanager
def _parent_of(folder: Path, *, made: bool) -> Iterator[None]:
    """Make the folder that the default output goes into; take it away again if nothing comes of it."""
    if made:
        folder.parent.mkdir(exist_ok=True)
    try:
        yield
    except BaseException:
        if made:
            with contextlib.suppress(OSError):  # there are other runs in it
                folder.parent.rmdir()
        raise


def _report(log: RunLog, folder: Path) -> None:
    from rich.console import Console

    from sim.view.tables import print_summary

    body = log.dem.geometry.site.body
    if body != "moon":
        print(f"farside: note: gravity and Sun are the Moon's, the terrain is of {body}", file=sys.stderr)
    console = Console()
    try:
        print_summary(log, console)
        console.print(f"Results: {folder}", soft_wrap=True, highlight=False)
    except SystemExit:  # rich's answer to a reader that has gone (`| head`)
        raise BrokenPipeError from None


def _exit_status(log: RunLog, received: int | None, *, strict: bool) -> int:
    if received is not None:  # whatever it came too late for is written
        return 128 + received
    if strict and log.violations:
        return 8
    return 4 if log.outcome == "no_plan" else 0
