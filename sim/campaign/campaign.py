"""A campaign from its first run to its table, or from where it was left."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from rover.core.errors import ClusterError, OutputError, UsageError
from sim.campaign.cluster import connected
from sim.campaign.cluster_engine import driving_as_here, run_tasks_on
from sim.campaign.engine import run_tasks
from sim.campaign.identity import Campaign
from sim.campaign.journal import JOURNAL, LOCK, Journal, locked, read_journal, require_same
from sim.campaign.results import CampaignTable, table_of, write_table
from sim.campaign.statistics import driven, failure_bound, outcomes, success, worst_runs
from sim.campaign.task import Ended, Perform, Status, perform

Order = Callable[[Sequence[int]], Sequence[int]]
Told = Callable[[int, int], None]
"""Told how many runs have ended, and how many of them this process has done."""


def run_campaign(
    campaign: Campaign,
    folder: Path,
    *,
    runs: int,
    workers: int = 0,
    scheduler: str | None = None,
    limit_s: float | None = None,
    resume: bool = False,
    doing: Perform | None = None,
    order: Order | None = None,
    told: Told | None = None,
) -> CampaignTable:
    """Do the runs of a campaign that are not in its folder's journal yet, and write its table.

    Args:
        campaign: What is run.
        folder: Made if it is not there; its parent must be.
        runs: How many, those of before included.
        workers: Processes; 0 for this one, which a run may take with it. Counts for nothing with a scheduler.
        scheduler: Address of a Dask cluster's that may be used, as `check_address` returns it.
        limit_s: Longest that a run may take by the clock, s, None for any; counts for nothing with 0 workers.
        resume: Go on with the journal that is there, if one is.
        doing: Does a run; drives it, unless something else is given.
        order: In which the runs that are left are begun.
        told: Told of each run that ends.

    Raises:
        UsageError: The folder holds something else, a campaign without `resume`, or runs beyond `runs`.
        ResultsError: The folder is another process's, its journal is damaged or of another campaign, or a file has
            changed since the campaign began; what was kept stays.
        OutputError: The folder or a file in it cannot be written; what was kept stays.
        ClusterError: The cluster cannot be used, or has gone; what was kept stays.
    """
    _make(folder)
    fresh = not (folder / JOURNAL).exists()
    with locked(folder), _left_as_it_was(folder, fresh=fresh):
        _tidy(folder)
        journal, ended = _open(campaign, folder, resume=resume, runs=runs)
        with contextlib.closing(journal):
            kept = {one.run for one in ended}
            left: Sequence[int] = [run for run in range(runs) if run not in kept]
            left = left if order is None else order(left)
            tell = told or (lambda _ended, _done: None)
            tell(len(ended), 0)
            with contextlib.closing(_started(campaign, left, doing, workers, scheduler, limit_s)) as arriving:
                for done, one in enumerate(arriving, start=1):
                    campaign.require_unchanged()
                    journal.add(one)
                    ended.append(one)
                    tell(len(ended), done)
        table = table_of(campaign, ended)
        table = replace(table, about=about_campaign(campaign, table))
        write_table(folder, table, ended)
    return table


@contextlib.contextmanager
def _left_as_it_was(folder: Path, *, fresh: bool) -> Generator[None, None, None]:
    """Take away the journal of a campaign that could not begin: no run of it has been noted, and another may come."""
    try:
        yield
    except (ClusterError, UsageError):
        if fresh and (folder / JOURNAL).exists() and not read_journal(folder / JOURNAL).ended:
            (folder / JOURNAL).unlink()
        raise


def _started(
    campaign: Campaign,
    left: Sequence[int],
    doing: Perform | None,
    workers: int,
    scheduler: str | None,
    limit_s: float | None,
) -> Generator[Ended, None, None]:
    tasks = (replace(campaign.task(run), limit_s=limit_s) for run in left)
    if scheduler is None or not left:
        yield from run_tasks(tasks, doing or perform, workers=min(workers, len(left)))
        return
    with connected(scheduler) as client:
        yield from run_tasks_on(client, tasks, doing or driving_as_here(campaign))


def _make(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
        there = list(folder.iterdir())
    except FileExistsError:
        raise UsageError(
            "the output folder is an existing file",
            remedy="name a new folder",
            field="--out",
            value=str(folder),
        ) from None
    except OSError as error:
        raise OutputError(
            f"cannot be made or read: {error.strerror}",
            remedy="choose a name in a folder that exists and may be written to",
            file=folder,
        ) from None
    known = (LOCK, JOURNAL)
    if not (folder / JOURNAL).exists() and any(
        path.name not in known and not _is_left_over(path) for path in there
    ):
        raise UsageError(
            "the output folder is not empty",
            remedy="name a new folder, or empty this one",
            field="--out",
            value=str(folder),
        )


def _is_left_over(path: Path) -> bool:
    """Whether a file is what a death in the middle of writing has left."""
    return path.name.startswith((".journal.", ".results.", ".campaign.")) and ".tmp" in path.name


def _tidy(folder: Path) -> None:
    for path in folder.iterdir():
        if _is_left_over(path):
            with contextlib.suppress(OSError):
                path.unlink()


def _open(campaign: Campaign, folder: Path, *, resume: bool, runs: int) -> tuple[Journal, list[Ended]]:
    path = folder / JOURNAL
    if not path.exists():
        return Journal.begin(path, campaign.header()), []
    if not resume:
        raise UsageError(
            "holds a campaign already",
            remedy="say --resume to go on with it, or name a new folder",
            field="--out",
            value=str(folder),
        )
    held = read_journal(path)
    require_same(held.header, campaign.header(), path)
    beyond = max((one.run for one in held.ended), default=-1)
    if beyond >= runs:
        raise UsageError(
            f"run {beyond} is in the journal already",
            remedy=f"give {beyond + 1} or more",
            field="--runs",
            value=runs,
        )
    return Journal(path, held), held.ended


def about_campaign(campaign: Campaign, table: CampaignTable) -> dict[str, Any]:
    """Return what a campaign was of and what came of it, for JSON; nothing in it depends on how it was done."""
    share = success(table)
    return {
        **campaign.header(),
        "runs": len(table.run),
        "driven": int(driven(table).sum()),
        "counted": share.of,
        "succeeded": share.count,
        "success": share.count / share.of if share.of else None,
        "success_95": [share.low, share.high],
        "failure_below_95": failure_bound(share.of - share.count, share.of),
        "outcomes": outcomes(table),
        "impossible": int((table.status == Status.IMPOSSIBLE.value).sum()),
        "first_impossible": next(iter(_not_driven(campaign, table, Status.IMPOSSIBLE)), None),
        "quarantined": list(_not_driven(campaign, table, Status.QUARANTINED)),
        "worst": [_told_of(campaign, table, row) for row in worst_runs(table)],
    }


def _not_driven(campaign: Campaign, table: CampaignTable, status: Status) -> Iterator[dict[str, Any]]:
    """Yield what is told of each run of a status that says why it was not driven."""
    for row in np.flatnonzero(table.status == status.value).tolist():
        run = int(table.run[row])
        yield {"run": run, "reason": str(table.reason[row]), "command": campaign.task(run).command()}


def _told_of(campaign: Campaign, table: CampaignTable, row: int) -> dict[str, Any]:
    run = int(table.run[row])
    return {
        "run": run,
        "outcome": str(table.outcome[row]),
        "violations": int(table.figures["violations"][row]),
        "reason": str(table.reason[row]),
        "command": campaign.task(run).command(),
    }
