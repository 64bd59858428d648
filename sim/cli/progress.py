"""Progress on stderr, and the polite end of a long run."""

from __future__ import annotations

import signal
import sys
from types import FrameType, TracebackType
from typing import Any


def say_if_cold(*, quiet: bool) -> None:
    """Say so when the first run has to compile first."""
    from rover.core.jit import when_compiling

    if not quiet:
        when_compiling(lambda: print("farside: compiling kernels, once (some 10 s)", file=sys.stderr))


class Terminated(BaseException):
    """SIGTERM, raised so that temporary files are removed on the way out."""


class Interrupt:
    """While it is entered, a first SIGINT or SIGTERM asks the run to stop; a second one stops it at once."""

    def __init__(self) -> None:
        self.signal: int | None = None
        self._said = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Interrupt:
        for number in (signal.SIGINT, signal.SIGTERM):
            self._before[number] = signal.signal(number, self._receive)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self.signal is not None:
            raise Terminated if number == signal.SIGTERM else KeyboardInterrupt
        self.signal = number

    def asked(self) -> bool:
        """Tell whether a signal has come; the first time, say what follows (a handler itself must not print)."""
        if self.signal is not None and not self._said:
            self._said = True
            print("farside: stopping; what was driven is kept", file=sys.stderr)
        return self.signal is not None


class Progress:
    """A bar with the simulated date on a terminal, a line per 10 % off it, nothing when quiet."""

    def __init__(self, *, quiet: bool) -> None:
        self._quiet = quiet
        self._bar: Any = None
        self._task: Any = None
        self._tenths = 0

    def __enter__(self) -> Progress:
        if not self._quiet and sys.stderr.isatty():
            self._bar = _bar()
            self._task = self._bar.add_task("", total=1.0, date="planning")
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def update(self, fraction: float, utc: str) -> None:
        """Show how much of the way is done and the simulated date."""
        if self._quiet:
            return
        if self._bar is not None:
            self._bar.update(self._task, completed=fraction, date=utc)
        elif int(fraction * 10) > self._tenths:
            self._tenths = int(fraction * 10)
            print(f"farside: {self._tenths * 10:3d} % of the way, {utc}", file=sys.stderr)


def _bar() -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn
    from rich.progress import Progress as RichProgress

    columns = (TextColumn("driving"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[date]}"))
    return RichProgress(*columns, console=Console(stderr=True), transient=True)
