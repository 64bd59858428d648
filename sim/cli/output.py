"""Lines to a file, whole or not at all, or to stdout, whose reader may go at any time."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path


def write_lines(lines: Iterable[str], out: Path | None) -> None:
    """Write lines as they come, to `out` or else to stdout.

    A reader that has had enough (`| head`) ends it quietly, and what comes after, such as a picture, is still made.

    Raises:
        OutputError: The file cannot be written.
    """
    from rover.io.atomic import atomic_path

    if out is not None:
        with atomic_path(out) as partial, partial.open("w", encoding="utf-8") as file:
            file.writelines(f"{line}\n" for line in lines)
        return
    try:
        for line in lines:
            sys.stdout.write(f"{line}\n")
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
