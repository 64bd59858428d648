"""Threads that are kept for a while from one call to the next, and wake on another processor than the caller's.

To start a thread takes a tenth of a millisecond. Worse, where the other processors have fallen asleep, as those of a
virtual machine soon do, the system begins it on the processor of the thread that started it, where it gets its turn
after milliseconds.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
from _thread import allocate_lock, get_native_id, start_new_thread
from collections.abc import Callable
from threading import Event
from typing import Any

Work = Callable[[], None]
Order = tuple[Work, Event, set[int]]
"""What is to be done, what its end sets, and the processors that it may be done on."""

IDLE_S = 1.0
"""How long a thread waits for more work before it ends."""

CALL_S = 10.0
"""How long one that was taken off the list waits to be told for what: an interruption may come between."""

_HAS_AFFINITY = hasattr(os, "sched_setaffinity")
_processor: Any = getattr(ctypes.CDLL(None), "sched_getcpu", None) if _HAS_AFFINITY else None
"""Returns the number of the processor that the calling thread is on, where the system can tell."""


class _Kept:
    """What a thread is told: its next order, and that there is one."""

    def __init__(self) -> None:
        self.thread = get_native_id()
        self.order: Order | None = None
        self.called = allocate_lock()
        self.called.acquire()


_idle: list[_Kept] = []
"""Who waits for work; taken from and added to by single operations, which no other thread can come between."""


def lend(work: Work) -> Event:
    """Have another thread do `work`, which must not raise; return at once, with what the end of it sets.

    Raises:
        RuntimeError: The system gives no more threads.
    """
    ended = Event()
    processors = os.sched_getaffinity(0) if _HAS_AFFINITY else set[int]()
    try:
        kept = _idle.pop()
    except IndexError:
        start_new_thread(_serve, ((work, ended, processors),))
        return ended
    if _processor is not None:
        _allow(kept.thread, processors - {_processor()})
    kept.order = work, ended, processors
    kept.called.release()
    return ended


def _allow(thread: int, processors: set[int]) -> None:
    """Let a thread, 0 for the calling one, run on these processors, if there are any."""
    if processors:
        with contextlib.suppress(OSError):  # they have been taken from the process: it runs where it may
            os.sched_setaffinity(thread, processors)


def _serve(order: Order | None) -> None:
    own = _Kept()
    while order is not None:
        _carry_out(*order)
        order = own.order = None  # and with it what it holds
        _idle.append(own)
        if own.called.acquire(timeout=IDLE_S) or not _gone(own):
            order = own.order


def _carry_out(work: Work, ended: Event, processors: set[int]) -> None:
    _allow(0, processors)  # once it is awake, the system may move it as any other
    try:
        work()
    finally:
        ended.set()


def _gone(own: _Kept) -> bool:
    """Take a thread off the list, if it has not just been called; else wait for the call, which may not come."""
    try:
        _idle.remove(own)
    except ValueError:
        return not own.called.acquire(timeout=CALL_S)
    return True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_idle.clear)  # a child has none of its parent's threads
