"""The runs of a campaign on a Dask cluster, each handed over as soon as it has ended."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from rover.core.errors import ClusterError, FarsideError
from rover.core.strips import THREADS_VARIABLE
from sim.campaign.alone import ended_after, error_in_words
from sim.campaign.cluster import places
from sim.campaign.draws import Varied
from sim.campaign.engine import done_alone
from sim.campaign.identity import Campaign, digest_of
from sim.campaign.task import Ended, Perform, Task, perform
from sim.run.metrics import versions

if TYPE_CHECKING:
    from distributed import Client

_UNDER_WAY_PER_PLACE = 2
"""The one that is being done, and the next, so that no worker waits for it."""
_LOOK_S = 2.0
"""How often it is looked whether there are workers, where nothing ends."""
_PATIENCE_S = 60.0
"""Without any worker, for one to be started anew."""
_GO_ON = "bring it back, then go on with --resume: nothing that was kept is lost"

_ONE_AT_A_TIME = threading.Lock()
"""In a worker with several threads, since a run goes where its campaign was begun from and takes a whole core."""

Answer = Ended | str | ClusterError
"""A run, what it failed of, or why nothing that this worker does can be used."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SameAsHere:
    """Drives a run where versions, the scenario and its files are those of the campaign; a `Perform`.

    Attributes:
        spec, settings: Of the scenario.
        varied: What names files besides.
        digest, versions: Of the campaign.
    """

    spec: str
    settings: tuple[str, ...]
    varied: tuple[Varied, ...]
    digest: str
    versions: tuple[tuple[str, str], ...]

    def __call__(self, task: Task) -> Ended:
        """Drive a run.

        Raises:
            ClusterError: It would not come to what it comes to here.
        """
        _require_same(self)
        return perform(task)


def driving_as_here(campaign: Campaign) -> SameAsHere:
    """Return what drives the runs of a campaign on another machine."""
    return SameAsHere(
        spec=campaign.spec,
        settings=campaign.settings,
        varied=campaign.varied,
        digest=campaign.digest,
        versions=tuple(sorted(campaign.versions.items())),
    )


@lru_cache(maxsize=4)
def _require_same(same: SameAsHere) -> None:
    """Compare once for each process; an error is raised each time."""
    for name, asked in same.versions:
        if (held := versions().get(name)) != asked:
            raise _refused(f"has {name} {held}, and the campaign was begun with {asked}", "install the same")
    try:
        held_digest = digest_of(same.spec, same.settings, same.varied)
    except FarsideError as error:
        what = f"cannot read the scenario ({str(error).removeprefix('farside: ')})"
        raise _refused(what, "let it have the same files at the same place") from None
    if held_digest != same.digest:
        raise _refused(
            "reads another scenario, vehicle, site or DEM by that name", "let it have the same files"
        )


def _refused(what: str, remedy: str) -> ClusterError:
    return ClusterError(f"the worker {os.getpid()} on {socket.gethostname()} {what}", remedy=remedy)


def perform_on_worker(perform: Perform, task: Task, folder: str) -> Answer:
    """Do a run on a worker: no other beside it, with one thread, and from the folder of here if the worker has it.

    Where it takes longer than it may, the worker dies of it; its nanny brings another.
    """
    os.environ.setdefault(THREADS_VARIABLE, "1")
    here = folder if Path(folder).is_dir() else "."
    with _ONE_AT_A_TIME, contextlib.chdir(here), ended_after(task.limit_s):
        try:
            return perform(task)
        except ClusterError as error:
            return error
        except (Exception, SystemExit) as error:
            return error_in_words(error)


def run_tasks_on(client: Client, tasks: Iterable[Task], perform: Perform) -> Iterator[Ended]:
    """Do runs on a cluster, and yield each as it ends, in whatever order that comes.

    A run whose worker dies goes to another one, as often as the cluster's `allowed-failures` says. One that fails or
    that nobody outlives is done once more, alone, in a process on this machine; if it fails again it is quarantined.

    Args:
        client: Connected.
        tasks: Taken as they are needed.
        perform: Does one; a function of a module, or what pickle takes.

    Raises:
        ClusterError: The scheduler or all workers have gone, or a worker would not come to the same results.
    """
    executor = client.get_executor(pure=False)
    underway: dict[Future[Answer], Task] = {}
    failed: list[Task] = []
    watch = _Watch(client)
    pending, folder = iter(tasks), os.getcwd()
    try:
        while _fill(underway, executor, pending, perform, folder, watch.room()):
            for future in wait(underway, timeout=_LOOK_S, return_when=FIRST_COMPLETED).done:
                task, answer = underway.pop(future), _answer_of(future)
                if isinstance(answer, ClusterError):
                    raise answer
                if isinstance(answer, Ended):
                    yield answer
                else:
                    failed.append(task)
    finally:
        with contextlib.suppress(Exception):  # a scheduler that has gone
            executor.shutdown(wait=False)
    for task in sorted(failed, key=lambda task: task.draw.run):
        yield done_alone(task, perform)


class _Watch:
    """How many runs may be under way, looked up now and then, and how long there has been no worker."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._places, self._looked_s = 0, -_LOOK_S
        self._seen_s = time.monotonic()

    def room(self) -> int:
        """Return how many may be under way.

        Raises:
            ClusterError: The scheduler has gone, or no worker has come back.
        """
        now = time.monotonic()
        if now - self._looked_s >= _LOOK_S:
            self._places, self._looked_s = places(self._client), now
        if self._places:
            self._seen_s = now
        if self._client.status in ("closing", "closed"):
            raise _scheduler_gone()
        if now - self._seen_s > _PATIENCE_S:
            raise ClusterError(f"no worker has been there for {_PATIENCE_S:.0f} s", remedy=_GO_ON)
        return max(1, self._places) * _UNDER_WAY_PER_PLACE


def _scheduler_gone() -> ClusterError:
    return ClusterError("the scheduler has gone", remedy=_GO_ON)


def _fill(
    underway: dict[Future[Answer], Task],
    executor: Executor,
    pending: Iterator[Task],
    perform: Perform,
    folder: str,
    most: int,
) -> bool:
    """Hand over runs until `most` are under way; false where none is."""
    while len(underway) < most and (task := next(pending, None)) is not None:
        underway[executor.submit(perform_on_worker, perform, task, folder)] = task
    return bool(underway)


def _answer_of(future: Future[Answer]) -> Answer:
    """Return what came of a run; what it failed of where its workers have died of it."""
    try:
        return future.result()
    except CancelledError:  # by nobody here: the connection was lost
        return _scheduler_gone()
    except Exception as error:  # KilledWorker, or what it gave back cannot be sent
        return error_in_words(error)
