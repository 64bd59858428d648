"""`farside campaign`: a scenario many times, with other ground and other values each time."""

from __future__ import annotations

import os
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from sim.cli.options import Quiet, Settings

if TYPE_CHECKING:
    from sim.campaign.identity import Campaign

_MOST_RUNS = 10_000_000
_MOST_WORKERS_PER_CORE = 8
_QUARANTINED = 6
_SHORTEST_S, _USUAL_S, _LONGEST_S = 1.0, 3600.0, 1e8


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Where runs are driven, and for how long.

    Attributes:
        workers: Processes on this machine.
        scheduler: Address of a cluster's instead.
        insecure: Whether it may be elsewhere without TLS.
        limit_s: Longest that a run may take.
    """

    workers: int
    scheduler: str | None
    insecure: bool
    limit_s: float

    def words(self) -> list[str]:
        """Return the options that say so."""
        limit = [] if self.limit_s == _USUAL_S else ["--time-limit", f"{self.limit_s:g}"]
        if self.scheduler is None:
            return ["--workers", str(self.workers), *limit]
        return ["--scheduler", self.scheduler, *(["--insecure-cluster"] if self.insecure else []), *limit]


def campaign(
    scenario: Annotated[str, typer.Argument(metavar="SCENARIO", help="A .toml file or a bundled name.")],
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="New or empty folder; with --resume, a campaign's.")
    ],
    runs: Annotated[int, typer.Option("--runs", metavar="N", help="How many.")],
    seed: Annotated[
        int, typer.Option("--seed", metavar="S", help="Of the campaign: each run's own is drawn of it.")
    ] = 0,
    vary: Annotated[
        Optional[list[str]],  # noqa: UP045 - typer reads it at run time
        typer.Option(
            "--vary",
            metavar="KEY=DIST",
            help=(
                "Draw a value for each run: uniform(A, B), uniform(A, B, STEP), normal(MEAN, SIGMA), integers(A, B),"
                " choice(A, B, ...)."
            ),
        ),
    ] = None,
    settings: Settings = None,
    workers: Annotated[
        Optional[int],  # noqa: UP045
        typer.Option(
            "--workers", metavar="W", help="Processes that runs are driven in.", show_default="one per core"
        ),
    ] = None,
    scheduler: Annotated[
        Optional[str],  # noqa: UP045
        typer.Option(
            "--scheduler",
            metavar="ADDRESS",
            help="Of a Dask cluster, to drive there: tcp://HOST:PORT or tls://...",
        ),
    ] = None,
    insecure_cluster: Annotated[
        bool,
        typer.Option("--insecure-cluster", help="Take a scheduler on another machine that does without TLS."),
    ] = False,
    time_limit: Annotated[
        float,
        typer.Option(
            "--time-limit",
            metavar="S",
            help="Longest that a run may take; then it is ended, tried once more alone, and quarantined.",
        ),
    ] = _USUAL_S,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with the campaign in DIR.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    quiet: Quiet = False,
) -> int:
    """Drive a scenario many times, and write a table of how often it went well, and how sure that is.

    The table depends on scenario, seed and what varies alone, not on workers or on how often it was resumed. Exit 6
    if runs were quarantined: those that failed, and failed once more when they were alone.
    """
    from rover.core.errors import UsageError
    from sim.campaign.draws import parse_varied

    if not 1 <= runs <= _MOST_RUNS:
        what = "no run at all" if runs < 1 else f"more than {_MOST_RUNS}"
        raise UsageError(what, remedy=f"give 1 to {_MOST_RUNS}", field="--runs", value=runs)
    if not _SHORTEST_S <= time_limit <= _LONGEST_S:
        remedy = f"give {_SHORTEST_S:g} to {_LONGEST_S:g} seconds"
        raise UsageError("no time for a run", remedy=remedy, field="--time-limit", value=time_limit)
    where = _where(workers, scheduler, time_limit, insecure=insecure_cluster)
    varied = parse_varied(vary or ())

    from sim.campaign.identity import plan_campaign

    planned = plan_campaign(scenario, seed=seed, varied=varied, settings=settings or ())
    _refuse_no_planner(planned)
    return _run(planned, out, where, runs=runs, resume=resume, as_json=as_json, quiet=quiet)


def _refuse_no_planner(planned: Campaign) -> None:
    """Refuse, before a run is tried, a planner that is not there."""
    from rover.planning.registry import load_planner
    from sim.run.scenario import load_scenario

    load_planner(load_scenario(planned.spec, settings=planned.settings).planner)


def _where(workers: int | None, scheduler: str | None, limit_s: float, *, insecure: bool) -> Where:
    from rover.core.errors import UsageError

    if scheduler is None:
        if insecure:
            raise UsageError("no --scheduler is given", remedy="leave it out", field="--insecure-cluster")
        return Where(workers=_workers(workers), scheduler=None, insecure=False, limit_s=limit_s)
    if workers is not None:
        what = "a cluster has workers of its own"
        raise UsageError(what, remedy="leave it out, or --scheduler", field="--workers", value=workers)
    from sim.campaign.cluster import check_address

    address = check_address(scheduler, insecure=insecure)
    return Where(workers=1, scheduler=address, insecure=insecure, limit_s=limit_s)


def _workers(asked: int | None) -> int:
    from rover.core.errors import UsageError
    from rover.core.strips import threads

    cores = threads()
    if asked is None:
        return cores
    most = _MOST_WORKERS_PER_CORE * cores
    if not 1 <= asked <= most:
        what = "no worker at all" if asked < 1 else f"more than {_MOST_WORKERS_PER_CORE} for each core"
        raise UsageError(what, remedy=f"give 1 to {most}", field="--workers", value=asked)
    return asked


def _run(
    planned: Campaign, out: Path, where: Where, *, runs: int, resume: bool, as_json: bool, quiet: bool
) -> int:
    import json

    from sim.campaign.campaign import run_campaign
    from sim.cli.campaign_pace import Pace
    from sim.cli.campaign_table import print_campaign
    from sim.cli.progress import Progress, Stopped, say_if_cold, say_on_stderr

    say_if_cold(quiet=quiet)
    pace = Pace(runs)
    try:
        with Progress(quiet=quiet, doing="driving", of="the runs", first="beginning") as progress:

            def told(ended: int, done: int) -> None:
                progress.update(ended / runs, pace.note(ended, done))

            table = run_campaign(
                planned,
                out,
                runs=runs,
                workers=where.workers,
                scheduler=where.scheduler,
                limit_s=where.limit_s,
                resume=resume,
                told=told,
            )
    except Stopped as stop:
        say_on_stderr(
            f"farside: {stop.how}: {pace.ended} of {runs} runs are kept in {out}; go on with"
            f" {_command(planned, out, runs, where)}"
        )
        return 128 + stop.number
    about = table.about
    if as_json:
        typer.echo(json.dumps(about, indent=2))
    else:
        print_campaign(about, out)
    sys.stdout.flush()
    return _QUARANTINED if about["quarantined"] else 0


def _command(planned: Campaign, out: Path, runs: int, where: Where) -> str:
    words = ["farside", "campaign", planned.spec, "--runs", str(runs), "--seed", str(planned.seed)]
    for one in planned.varied:
        words += ["--vary", str(one)]
    for setting in planned.settings:
        words += ["--set", setting]
    return shlex.join([*words, *where.words(), "--out", os.fspath(out), "--resume"])
