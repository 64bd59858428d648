"""The runs of a campaign, in processes of their own, each handed over as soon as it has ended."""

from __future__ import annotations

import multiprocessing
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool

from sim.campaign.alone import attempt, attempt_in_time, perform_alone, prepare_worker
from sim.campaign.task import Ended, Perform, Status, Task, without_drive

_UNDER_WAY_PER_WORKER = 2
"""The one that is being done, and the next, so that no worker waits for it."""


def run_tasks(tasks: Iterable[Task], perform: Perform, *, workers: int) -> Iterator[Ended]:
    """Do runs, and yield each as it ends, in whatever order that comes.

    One that fails, takes longer than it may, or whose process dies, is done once more, alone in a process of its own;
    if it fails again it is quarantined.

    Args:
        tasks: Taken as they are needed.
        perform: Does one; with workers, a function of a module.
        workers: Processes; 0 for this one, where a run that kills its process kills the campaign and one may take as
            long as it likes.
    """
    if workers == 0:
        for task in tasks:
            first = attempt(perform, task)
            yield first if isinstance(first, Ended) else _judged(task, attempt(perform, task))
        return
    pending = iter(tasks)
    while suspects := (yield from _by_pool(pending, perform, workers)):
        for task in suspects:
            yield done_alone(task, perform)


def done_alone(task: Task, perform: Perform) -> Ended:
    """Do a run that has failed once more, in a process of its own, and quarantine it if it fails again."""
    return _judged(task, perform_alone(perform, task))


def _judged(task: Task, second: Ended | str) -> Ended:
    return second if isinstance(second, Ended) else without_drive(task, Status.QUARANTINED, second)


def _by_pool(pending: Iterator[Task], perform: Perform, workers: int) -> Generator[Ended, None, list[Task]]:
    """Yield runs done by a pool, until there are no more or a worker has died, and the pool with it.

    Returns:
        Those that have failed and, where a worker has died, those that were under way: one of them has killed it, and
        nobody knows which.
    """
    others = set(multiprocessing.active_children())
    pool = ProcessPoolExecutor(
        workers,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=prepare_worker,
        initargs=(workers == 1,),
    )
    underway: dict[Future[Ended | str], Task] = {}
    failed: list[Task] = []
    whole = True
    try:
        while whole:
            whole = _fill(underway, pool, pending, perform, workers * _UNDER_WAY_PER_WORKER, failed)
            if not underway:
                break
            for future in wait(underway, return_when=FIRST_COMPLETED).done:
                task = underway.pop(future)
                answer = _answer_of(future)
                if isinstance(answer, Ended):
                    yield answer
                    continue
                whole &= answer is not None
                failed.append(task)
        failed += underway.values()
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in set(multiprocessing.active_children()) - others:
            process.kill()
    return sorted(failed, key=lambda task: task.draw.run)


def _fill(
    underway: dict[Future[Ended | str], Task],
    pool: ProcessPoolExecutor,
    pending: Iterator[Task],
    perform: Perform,
    most: int,
    failed: list[Task],
) -> bool:
    """Hand over runs until `most` are under way; false where the pool takes no more, its worker having died."""
    while len(underway) < most and (task := next(pending, None)) is not None:
        try:
            underway[pool.submit(attempt_in_time, perform, task)] = task
        except BrokenProcessPool:
            failed.append(task)
            return False
    return True


def _answer_of(future: Future[Ended | str]) -> Ended | str | None:
    """Return a run, what it failed of, or None where a worker has died."""
    try:
        return future.result()
    except BrokenProcessPool:
        return None
    except (Exception, SystemExit) as error:  # what it gave back cannot be sent
        return str(error)
