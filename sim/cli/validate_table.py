"""The validation table in words, as Markdown, CSV and JSON, and as a picture."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

from sim.validation.table import Held, HeldRow, Verdict, counts

CSV, MARKDOWN, PICTURE = "validation.csv", "validation.md", "validation.png"

_HEAD = (
    "row",
    "quantity",
    "figure",
    "simulation",
    "published",
    "least",
    "most",
    "unit",
    "basis",
    "verdict",
    "source",
)


def value_text(held: Held) -> str:
    """Return a value with its unit, to four figures; a dash where there is none."""
    if held.value is None:
        return "-"
    return _with_unit(f"{held.value:.4g}", held.figure.unit)


def range_text(held: Held) -> str:
    """Return the range that is allowed."""
    return _with_unit(f"{held.figure.low:.4g} to {held.figure.high:.4g}", held.figure.unit)


def _with_unit(text: str, unit: str) -> str:
    return text if unit == "1" else f"{text} {unit}"


def summary(rows: Sequence[HeldRow]) -> str:
    """Return how many rows hold, in a line."""
    found = counts(rows)
    words = {Verdict.FAILS: "fail", Verdict.NOT_MODELLED: "not modelled"}
    others = [f"{found[verdict]} {word}" for verdict, word in words.items() if found[verdict]]
    return ", ".join([f"{found[Verdict.HOLDS]} of {len(rows)} rows hold", *others])


def text_lines(rows: Sequence[HeldRow]) -> Iterator[str]:
    """Yield the table for a terminal: a line for each row and one for each of its figures, and how many hold."""
    words = max((len(held.figure.what) for row in rows for held in row.figures), default=0)
    for row in rows:
        yield f"{row.row.number:2d}  {row.verdict.value:12s}  {row.row.quantity}"
        for held in row.figures:
            mark = "  <" if held.verdict is Verdict.FAILS else ""
            yield (
                f"{'':18s}{held.figure.what:{words}s}  {value_text(held):>10s}   published {held.figure.published},"
                f" allowed {range_text(held)}; {held.figure.basis}{mark}"
            )
        if row.verdict is not Verdict.HOLDS:
            yield f"{'':18s}{row.row.note}"
    yield summary(rows)


def as_json_text(rows: Sequence[HeldRow]) -> str:
    """Return one object: rows with their figures, and how many have each verdict."""
    return json.dumps(
        {
            "rows": [
                {
                    "number": row.row.number,
                    "quantity": row.row.quantity,
                    "verdict": row.verdict.value,
                    "source": row.row.source,
                    "note": row.row.note,
                    "figures": [
                        {**held.figure.model_dump(), "value": held.value, "verdict": held.verdict.value}
                        for held in row.figures
                    ],
                }
                for row in rows
            ],
            "verdicts": {verdict.value: count for verdict, count in counts(rows).items()},
        },
        indent=2,
    )


def as_csv(rows: Sequence[HeldRow]) -> str:
    """Return a line for each figure."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_HEAD)
    for row in rows:
        for held in row.figures:
            f = held.figure
            value = "" if held.value is None else repr(held.value)
            words = (row.row.number, row.row.quantity, f.what, value, f.published, f.low, f.high, f.unit)
            writer.writerow([*words, f.basis, held.verdict.value, row.row.source])
    return text.getvalue()


def markdown_lines(rows: Sequence[HeldRow]) -> Iterator[str]:
    """Yield the table, a line for each figure."""
    yield "| # | quantity | simulation | published | allowed | basis | verdict |"
    yield "|---|---|---|---|---|---|---|"
    for row in rows:
        for place, held in enumerate(row.figures):
            number = str(row.row.number) if place == 0 else ""
            quantity = row.row.quantity if place == 0 else ""
            words = ": ".join(part for part in (quantity, held.figure.what) if part)
            verdict = held.verdict.value if held.verdict is Verdict.HOLDS else f"**{held.verdict.value}**"
            cells = (
                number,
                words,
                value_text(held),
                held.figure.published,
                range_text(held),
                held.figure.basis,
            )
            yield f"| {' | '.join(cells)} | {verdict} |"


def write_folder(rows: Sequence[HeldRow], folder: Path) -> None:
    """Write the table and its picture into a folder."""
    from sim.cli.validate_sheet import sheet_of
    from sim.view.save import save_figure
    from sim.view.validation import draw_validation

    (folder / CSV).write_text(as_csv(rows), encoding="utf-8", newline="\n")
    lines = [*markdown_lines(rows), "", summary(rows)]
    (folder / MARKDOWN).write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    save_figure(draw_validation(sheet_of(rows)), folder / PICTURE)
