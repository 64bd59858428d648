"""Write docs/validation.md and its picture from a run of `farside validate`: `python docs/make_validation.py`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from sim.cli.validate_sheet import sheet_of
from sim.cli.validate_table import markdown_lines, summary
from sim.validation.table import HeldRow, Verdict, validate_rows
from sim.validation.targets import read_targets
from sim.view.save import save_figure
from sim.view.validation import draw_validation

PAGE = Path(__file__).with_name("validation.md")
PICTURE = "figures/validation.png"

_HEAD = """# The simulation beside Chang'e 4 and Yutu-2

Written by `docs/make_validation.py`. The same table, computed anew in some two minutes, with a picture, and exit
status 8 where a row fails:

```sh
farside validate --out validation             # the whole table as CSV, Markdown and a picture
farside validate --rows 1-11,20,22-27         # some rows, in seconds
```

What is published, by whom, and what is allowed about it stands in `maps/validation.toml`; everything else is computed.
*Basis* says what an agreement is worth: *independent*, nothing in the simulation knows the figure; *left out*, a rule
predicts it that was fitted to the other days alone; *fitted*, a rule that was fitted to the same days; *input*, a
figure of the site or scenario was set by what it is held to.

"""


def page(rows: Sequence[HeldRow]) -> str:
    """Return the page."""
    notes = [f"- **{row.row.number}, {row.verdict.value}.** {row.row.note}" for row in _others(rows)]
    more = [
        f"- {row.row.number}. {row.row.note}" for row in rows if row.row.note and row not in _others(rows)
    ]
    sources = [f"- {row.row.number}. {row.row.source}." for row in rows]
    parts = [
        "\n".join([*markdown_lines(rows), "", f"{summary(rows)}."]),
        f"![Where each figure lies within the range that it is allowed]({PICTURE})",
        "\n".join(notes),
        "Of the others:",
        "\n".join(more),
        "## Sources",
        "\n".join(sources),
    ]
    return _HEAD + "\n\n".join(parts) + "\n"


def _others(rows: Sequence[HeldRow]) -> list[HeldRow]:
    return [row for row in rows if row.verdict is not Verdict.HOLDS]


def main() -> None:
    targets = read_targets()
    rows = validate_rows(targets, [row.number for row in targets.row], lambda _done, _what: None)
    PAGE.write_text(page(rows), encoding="utf-8")
    save_figure(draw_validation(sheet_of(rows)), PAGE.with_name("figures") / "validation.png")
    print(summary(rows))


if __name__ == "__main__":
    main()
