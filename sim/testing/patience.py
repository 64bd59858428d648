"""How long a planner is waited for: it is interrupted in Python, and out of native code its process is ended.

Python hears an alarm between two steps of its own. What never comes back to Python, such as a loop in numba or C, hears
nothing and may hold every thread: only another process can end it.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

_AGAIN_S = 1.0
"""Between alarms, for a planner that catches everything."""
_GRACE_S = 5.0
"""From the first alarm to the end of the process."""
_LONGEST_S = 1e8
_DEBUGGERS = ("bdb", "pdb", "pydevd", "_pydevd")


Made = TypeVar("Made")


class GaveUp(BaseException):
    """A planner is waited for no longer: no error of its own, and not for its `except Exception`."""


class Patience:
    """Waits for planners; one for each process, since the alarm clock is.

    A debugger at work in the planner has all the time it takes. Where another alarm is set, as by pytest-timeout, or
    the planner is not asked in the main thread, there is no interrupt, and only the end of the process.
    """

    def __init__(self) -> None:
        self._other: subprocess.Popen[bytes] | None = None
        self._owner = 0

    @contextlib.contextmanager
    def within(self, limit_s: float, last_words: str) -> Iterator[list[bool]]:
        """Yield a list that holds something once the time was over, whether or not the planner minded.

        Args:
            limit_s: By the clock.
            last_words: Written to standard error before the process is ended.

        Raises:
            GaveUp: In what is done within, where it is still at it.
        """
        limit_s = min(limit_s, _LONGEST_S)
        another_s = signal.getitimer(signal.ITIMER_REAL)[0]  # which is to come first
        self._tell(f"{max(limit_s, another_s) + _GRACE_S} {json.dumps(last_words)}")
        try:
            with self._alarm(limit_s) as over:
                yield over
        finally:
            self._tell("")

    @contextlib.contextmanager
    def _alarm(self, limit_s: float) -> Iterator[list[bool]]:
        over: list[bool] = []
        if _in_main_thread() and signal.getitimer(signal.ITIMER_REAL)[0] == 0.0:
            asking = [True]

            def ring(*_: Any) -> None:
                if _debugged():
                    self._tell("")
                elif asking:
                    over.append(True)
                    raise GaveUp

            before = signal.signal(signal.SIGALRM, ring)
            signal.setitimer(signal.ITIMER_REAL, max(limit_s, 1e-3), _AGAIN_S)
            try:
                try:
                    yield over
                finally:
                    asking.clear()  # an alarm after this is of no use; one at this very moment ends it as well
            finally:
                asking.clear()
                signal.setitimer(signal.ITIMER_REAL, 0.0)
                signal.signal(signal.SIGALRM, signal.SIG_DFL if before is None else before)
        else:
            yield over

    def _tell(self, line: str) -> None:
        """Say something to the other process, which is started for the first word."""
        if self._other is None or self._owner != os.getpid():
            # Under pytest its own error stream, since it holds back what tests write.
            stderr = getattr(sys.modules.get("farside_pytest"), "error_stream", None)
            program = [sys.executable, "-I", "-S", str(Path(__file__).with_name("last_resort.py"))]
            self._other = subprocess.Popen(
                [*program, str(os.getpid())],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=2 if stderr is None else stderr,
            )
            self._owner = os.getpid()
            atexit.register(self._end)
        assert self._other.stdin is not None
        with contextlib.suppress(OSError):  # it has been killed: the alarm is left
            self._other.stdin.write(f"{line}\n".encode())
            self._other.stdin.flush()

    def _end(self) -> None:
        """Let the other process go, which ends with its input."""
        if self._other is not None and self._owner == os.getpid():
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                self._other.communicate(timeout=1.0)


PATIENCE = Patience()


class NotInTimeError(Exception):
    """What was waited for did not come in time."""


def made_within(limit_s: float, last_words: str, work: Callable[[], Made]) -> Made:
    """Return what a planner makes of its work.

    Args:
        limit_s: By the clock.
        last_words: Written to standard error before the process is ended, where it stays in native code.
        work: Asks it.

    Raises:
        NotInTimeError: The time was over, whether or not it came back after that.
    """
    made: list[Made] = []
    with contextlib.suppress(GaveUp), PATIENCE.within(limit_s, last_words) as over:
        made.append(work())
    if over:
        raise NotInTimeError
    return made[0]


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def _debugged() -> bool:
    return str(getattr(sys.gettrace(), "__module__", "")).startswith(_DEBUGGERS)
