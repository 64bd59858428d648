"""Progress on stderr, and the polite end of a long run."""

from __future__ import annotations

import contextlib
import signal
import sys
from types import FrameType, TracebackType
from typing import Any, ClassVar


def say_if_cold(*, quiet: bool) -> None:
    """Say so when the first run has to compile first."""
    from rover.core.jit import when_compiling

    if not quiet:
        when_compiling(lambda: print("farside: compiling kernels, once (up to a minute)", file=sys.stderr))


class Stopped(BaseException):
    """A signal, raised so that temporary files are removed on the way out.

    Attributes:
        number: Of the signal.
        how: What it does, in a word.
    """

    number: ClassVar[signal.Signals]
    how: ClassVar[str]


class Terminated(Stopped):
    """SIGTERM."""

    number, how = signal.SIGTERM, "terminated"


class Interrupted(Stopped):
    """SIGINT, raised in the place of KeyboardInterrupt, which the option parser would keep to itself."""

    number, how = signal.SIGINT, "interrupted"


class HungUp(Stopped):
    """SIGHUP: the terminal, or the connection to it, is gone."""

    number, how = signal.SIGHUP, "hung up"


STOPS: dict[int, type[Stopped]] = {stop.number: stop for stop in (Terminated, Interrupted, HungUp)}
"""What each signal raises."""


def say_on_stderr(line: str) -> None:
    """Print a line on stderr; where there is nobody left to read it, go on without."""
    with contextlib.suppress(OSError):
        print(line, file=sys.stderr)


class Interrupt:
    """While it is entered, a first signal of `STOPS` asks the run to stop; a second one stops it at once.

    What the caller has ignored, as `nohup` does SIGHUP, stays so.
    """

    def __init__(self) -> None:
        self.signal: int | None = None
        self._said = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Interrupt:
        for number in STOPS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                self._before[number] = signal.signal(number, self._receive)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _receive(self, number: int, frame: FrameType | None) -> None:
        if self.signal is not None:
            raise STOPS[number]
        self.signal = number

    def asked(self) -> bool:
        """Tell whether a signal has come; the first time, say what follows (a handler itself must not print)."""
        if self.signal is not None and not self._said:
            self._said = True
            say_on_stderr("farside: stopping; what was driven is kept")
        return self.signal is not None


class Progress:
    """A bar with a note, such as the simulated date, on a terminal, a line per 10 % off it, nothing when quiet.

    Args:
        quiet: Show nothing.
        doing: What stands before the bar.
        of: What the lines give per cent of.
        first: The note until the first update.
    """

    def __init__(self, *, quiet: bool, doing: str = "driving", of: str = "the way", first: str = "") -> None:
        self._quiet = quiet
        self._doing, self._of, self._first = doing, of, first
        self._bar: Any = None
        self._task: Any = None
        self._tenths = 0

    def __enter__(self) -> Progress:
        if not self._quiet and sys.stderr.isatty():
            self._bar = _bar(self._doing)
            self._task = self._bar.add_task("", total=1.0, note=self._first)
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def update(self, fraction: float, note: str = "") -> None:
        """Show how much is done, and a note."""
        if self._quiet:
            return
        if self._bar is not None:
            self._bar.update(self._task, completed=fraction, note=note)
        elif int(fraction * 10) > self._tenths:
            self._tenths = int(fraction * 10)
            words = [f"farside: {self._tenths * 10:3d} % of {self._of}", *([note] if note else [])]
            print(", ".join(words), file=sys.stderr)

    def say(self, line: str) -> None:
        """Print a line, above the bar where there is one."""
        if self._quiet:
            return
        if self._bar is not None:
            self._bar.console.print(f"farside: {line}", highlight=False, soft_wrap=True)
        else:
            say_on_stderr(f"farside: {line}")


def _bar(doing: str) -> Any:
    from rich.console import Console
    from rich.progress import BarColumn, TaskProgressColumn, TextColumn
    from rich.progress import Progress as RichProgress

    columns = (TextColumn(doing), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[note]}"))
    return RichProgress(*columns, console=Console(stderr=True), transient=True)
