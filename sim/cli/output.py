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
    from rover.core.atomic import names_stdout, text_output

    ended = (f"{line}\n" for line in lines)
    try:
        if out is None:
            sys.stdout.writelines(ended)
            sys.stdout.flush()
        else:
            with text_output(out) as file:
                file.writelines(ended)
    except BrokenPipeError:
        if out is None or names_stdout(out):
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
