"""What is drawn of the validation table."""

from __future__ import annotations

import math
from collections.abc import Sequence

from sim.cli.validate_table import range_text, summary, value_text
from sim.validation.table import Held, HeldRow, Verdict
from sim.view.validation import Mark, ValidationSheet


def sheet_of(rows: Sequence[HeldRow]) -> ValidationSheet:
    """Return the sheet, a mark for each figure."""
    marks = [_mark(row, held) for row in rows for held in row.figures]
    worst = all(row.verdict is not Verdict.FAILS for row in rows)
    return ValidationSheet(
        title="Beside Chang'e 4 and Yutu-2", lines=[summary(rows)], holds=worst, marks=marks
    )


def _mark(row: HeldRow, held: Held) -> Mark:
    middle, half = (held.figure.low + held.figure.high) / 2, (held.figure.high - held.figure.low) / 2
    at = math.nan if held.value is None else (held.value - middle) / half
    words = f"{row.row.number}  {row.row.quantity}"
    return Mark(
        label=f"{words}: {held.figure.what}" if held.figure.what else words,
        at=at,
        verdict=held.verdict.value,
        independent=held.figure.basis in ("independent", "left out"),
        words=f"{value_text(held)}   ({range_text(held)})",
    )
