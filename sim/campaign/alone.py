"""A run in a process of its own, which may die of it."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from multiprocessing import connection, get_context, parent_process
from multiprocessing.connection import Connection
from typing import Any

from rover.core.strips import THREADS_VARIABLE
from sim.campaign.task import Ended, Perform, Task


def prepare_worker(only_one: bool = False) -> None:
    """Make a process fit to do runs: deaf to the terminal's Ctrl-C, and gone when its parent is.

    Args:
        only_one: No other works beside it: it may use all cores, where it has one thread otherwise.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # as `ended_after` needs it
    if not only_one:
        os.environ.setdefault(THREADS_VARIABLE, "1")
    threading.Thread(target=_leave_with_parent, daemon=True).start()


def _leave_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def perform_alone(perform: Perform, task: Task) -> Ended | str:
    """Do a run in a new process, or return what it failed of."""
    context = get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    process = context.Process(target=_perform_and_send, args=(perform, task, sending), daemon=True)
    process.start()
    sending.close()
    answer: Any = None
    try:
        with contextlib.suppress(EOFError, OSError):  # it died, or was cut off in the middle of its answer
            answer = receiving.recv()
        process.join()
    finally:
        receiving.close()
        process.kill()
    if isinstance(answer, Ended | str):
        return answer
    return _death_in_words(process.exitcode or 0, task.limit_s)


def _perform_and_send(perform: Perform, task: Task, sending: Connection) -> None:
    prepare_worker()
    sending.send(attempt_in_time(perform, task))
    sending.close()


@contextlib.contextmanager
def ended_after(limit_s: float | None) -> Iterator[None]:
    """Have the system end this process where what is done within takes longer.

    By the alarm clock that a process has, so that nothing which does not come back to Python can hinder it.

    Args:
        limit_s: By the clock, s; None for as long as it takes.
    """
    if limit_s is None:
        yield
        return
    signal.setitimer(signal.ITIMER_REAL, limit_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)


def attempt_in_time(perform: Perform, task: Task) -> Ended | str:
    """Do a run here, in a process that may die of it, as it does where the run takes longer than it may."""
    with ended_after(task.limit_s):
        return attempt(perform, task)


def attempt(perform: Perform, task: Task) -> Ended | str:
    """Do a run here, or return what it failed of."""
    try:
        return perform(task)
    except (Exception, SystemExit) as error:  # a run that leaves has failed, whatever status it leaves with
        return error_in_words(error)


def error_in_words(error: BaseException) -> str:
    """Return an error in one line."""
    words = " ".join(str(error).split())
    return f"{type(error).__name__}: {words}" if words else type(error).__name__


def _death_in_words(status: int, limit_s: float | None) -> str:
    if status == -signal.SIGALRM and limit_s is not None:
        return f"it took longer than {limit_s:g} s"
    if status < 0:
        with contextlib.suppress(ValueError):
            return f"its process was ended by {signal.Signals(-status).name}"
    return f"its process ended with status {status}"
