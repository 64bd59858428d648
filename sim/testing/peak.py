"""The most memory that a piece of work takes beyond what was taken before."""

from __future__ import annotations

import contextlib
import ctypes
import gc
import math
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

_STATUS, _RESET = Path("/proc/self/status"), Path("/proc/self/clear_refs")
_MIB = 1024.0

Made = TypeVar("Made")


def with_peak(work: Callable[[], Made]) -> tuple[Made, float]:
    """Return what work makes, and by how many MiB the process grew at the most meanwhile; NaN where that is not told.

    The system's own count of the resident set, before which what has been freed is given back. Linux tells it, where
    the count may be set back; without that the peak would be of all that was before too.
    """
    _give_back()
    counted = _counted_from_here()
    before = _held("VmRSS") if counted else math.nan
    made = work()
    return made, max(0.0, (_held("VmHWM") - before) / _MIB) if not math.isnan(before) else math.nan


def _counted_from_here() -> bool:
    try:
        _RESET.write_text("5", encoding="ascii")
    except OSError:
        return False
    return True


def _give_back() -> None:
    """Let glibc return what it holds of freed memory; elsewhere nothing is done.

    Old objects are left out: to look through all that is imported takes longer than most of what is counted.
    """
    gc.collect(1)
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def _held(name: str) -> float:
    """Return a figure of the process's memory in KiB."""
    with contextlib.suppress(OSError):
        for line in _STATUS.read_text(encoding="ascii").splitlines():
            if line.startswith(f"{name}:"):
                return float(line.split()[1])
    return math.nan
