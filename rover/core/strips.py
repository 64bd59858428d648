"""Rows of a raster, shared out among the cores."""

from __future__ import annotations

import os
from collections.abc import Callable

from rover.core.crew import Crew

THREADS_VARIABLE = "FARSIDE_THREADS"
"""Environment variable that sets how many threads a raster is made by; results do not depend on it."""

_STRIPS_PER_THREAD = 4
"""More than one, since some strips take longer than others."""


def threads() -> int:
    """Return how many threads to use: what `FARSIDE_THREADS` says, or the cores this process may run on."""
    asked = os.environ.get(THREADS_VARIABLE, "")
    if asked.isascii() and asked.isdecimal() and int(asked) > 0:
        return int(asked)
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def by_strips(
    rows: int, work: Callable[[int, int], None], *, least: int = 16, most: int | None = None
) -> None:
    """Call `work(first, last)` for strips that cover rows 0 to `rows`, on all cores.

    Args:
        rows: Of the raster.
        work: Makes rows `first` up to but not `last`. It must release the GIL to gain by this, and what it makes must
            not depend on where strips begin and end.
        least: Rows of a strip, so that each is worth handing over.
        most: Rows of a strip, so that an interruption, which waits for those that are begun, need not wait long.
    """
    count = min(threads() * _STRIPS_PER_THREAD, rows // least) if threads() > 1 else 1
    if most is not None:
        count = max(count, -(-rows // most))
    if count <= 1:
        work(0, rows)
        return
    ends = [rows * k // count for k in range(count + 1)]
    _share_out(list(zip(ends[:-1], ends[1:], strict=True)), work, helpers=min(threads(), count) - 1)


def _share_out(strips: list[tuple[int, int]], work: Callable[[int, int], None], *, helpers: int) -> None:
    """Do all strips in this thread and some helpers; the first error ends it, when those that are begun are done.

    That this thread takes its part spares waking one more, which on a small raster is most of what sharing costs.
    """
    waiting = strips[::-1]

    def labour() -> None:
        while waiting:
            try:
                first, last = waiting.pop()
            except IndexError:  # another thread was quicker
                return
            work(first, last)

    def lead() -> None:
        crew.call(helpers)
        labour()
        crew.end()

    crew = Crew(labour, waiting.clear)
    crew.led(lead)
    if crew.errors:
        raise crew.errors[0]
