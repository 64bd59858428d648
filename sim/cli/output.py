"""Lines to a file, whole or not at all, or to stdout, whose reader may go at any time."""

from __future__ import annotations

import os
import sys
from collections.abc import Collection, Iterable
from pathlib import Path

from rover.core.errors import UsageError

_FORMATS = (
    ".csv",
    ".json",
    ".geojson",
    ".png",
    ".jpg",
    ".jpeg",
    ".svg",
    ".pdf",
    ".tif",
    ".tiff",
    ".npz",
    ".asc",
)


def refuse_other_format(
    option: str, path: Path | None, *, form: str, suffixes: Collection[str], remedy: str
) -> None:
    """Refuse a name that says another format than the one it would hold; one that says nothing is fine.

    Args:
        option: What names the file.
        path: The file, or None.
        form: What it would hold.
        suffixes: That go with it.
        remedy: What to do about another one.

    Raises:
        UsageError: The name ends in that of another format.
    """
    if path is not None and path.suffix.lower() in _FORMATS and path.suffix.lower() not in suffixes:
        raise UsageError(f"would hold {form}", field=option, value=str(path), remedy=remedy)


def refuse_other_picture(option: str, path: Path | None) -> None:
    """Refuse, before any work, a picture whose name does not end in `.png`.

    Raises:
        UsageError: It does not.
    """
    if path is not None and path.suffix.lower() != ".png":
        remedy = "give the file a name that ends in .png"
        raise UsageError("pictures are PNG", field=option, value=str(path), remedy=remedy)


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
