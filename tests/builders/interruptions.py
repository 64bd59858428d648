"""What comes at a chosen line of some modules: an interruption, as Ctrl-C may between any two, or anything else."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from types import FrameType, ModuleType
from typing import Any


def done_at(
    line: int, modules: Iterable[ModuleType], work: Callable[[], object], do: Callable[[], object]
) -> bool:
    """Do `work`, and `do` before the `line`-th line (from 0) that this thread runs of `modules`.

    Returns:
        Whether there was such a line.
    """
    files = {module.__file__ for module in modules}
    count = -1

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        if frame.f_code.co_filename not in files:
            return None
        if event == "line":
            count += 1
            if count == line:
                do()
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(before)
    return count >= line


def interrupted_at(line: int, modules: Iterable[ModuleType], work: Callable[[], object]) -> bool:
    """As `done_at`, a KeyboardInterrupt, which has to come out of `work`."""
    raised = False

    def interrupt() -> None:
        nonlocal raised
        raised = True
        raise KeyboardInterrupt

    try:
        done_at(line, modules, work, interrupt)
    except KeyboardInterrupt:
        return True
    assert not raised, f"an interruption was lost, at line {line}"
    return False
