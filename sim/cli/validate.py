"""`farside validate`: the simulation beside what is published of Chang'e 4 and Yutu-2, row by row."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Optional

import typer

from sim.cli.options import Quiet

if TYPE_CHECKING:
    from collections.abc import Sequence

_BROKEN_INVARIANT = 8


def validate(
    rows: Annotated[
        Optional[str],  # noqa: UP045 - typer reads it at run time
        typer.Option("--rows", metavar="1-12,20", help="Of the table; all, if left out.", show_default="all"),
    ] = None,
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option(
            "--out", metavar="DIR", help="New folder for the table as CSV and Markdown, and a picture."
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    quiet: Quiet = False,
) -> int:
    """Compute every row of the validation table and tell whether it lies within its tolerance.

    Nothing is stored but what is published: Sun, relay, ground, drives and a year's plan are computed anew, which takes
    some two minutes. Exit 8 if a row fails. A row that the simulation has no model for says so, and does not fail.
    """
    import contextlib

    from rover.core.atomic import atomic_folder
    from sim.cli.output import write_lines
    from sim.cli.progress import Progress, say_if_cold
    from sim.cli.validate_table import as_json_text, text_lines, write_folder
    from sim.validation.table import Verdict, validate_rows
    from sim.validation.targets import read_targets

    targets = read_targets()
    numbers = _numbers(rows, [row.number for row in targets.row])
    say_if_cold(quiet=quiet)
    with contextlib.nullcontext() if out is None else atomic_folder(out) as folder:
        with Progress(quiet=quiet, doing="validating", of="the table") as progress:
            held = validate_rows(targets, numbers, progress.update)
        if folder is not None:
            write_folder(held, folder)
    write_lines([as_json_text(held)] if as_json else text_lines(held), None)
    return _BROKEN_INVARIANT if any(row.verdict is Verdict.FAILS for row in held) else 0


def _numbers(asked: str | None, known: Sequence[int]) -> list[int]:
    """Read `1-12,20`.

    Raises:
        UsageError: No such rows.
    """
    from rover.core.errors import UsageError

    if asked is None:
        return list(known)
    found: set[int] = set()
    for part in asked.split(","):
        first, dash, last = part.strip().partition("-")
        if not (first.isdecimal() and (last.isdecimal() or not dash) and len(part) < 20):
            raise UsageError("not rows", remedy="write 1-12,20", field="--rows", value=asked)
        span = range(int(first), int(last or first) + 1)
        if not span or span[0] not in known or span[-1] not in known:
            remedy = f"give rows from {min(known)} to {max(known)}"
            raise UsageError("no such row", remedy=remedy, field="--rows", value=asked)
        found |= set(span)
    return [number for number in known if number in found]
