"""The validation table: what is held to what, and that it can fail."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from rover.core.errors import SiteError
from sim.cli.validate_table import markdown_lines
from sim.validation import drive, ground, table
from sim.validation.table import Held, HeldRow, Part, Verdict, counts, parts, validate_rows
from sim.validation.targets import Figure, Targets, read_targets
from tests.sim.cli.conftest import Command, farside_within, work

__all__ = ["farside_within", "work"]

PAGE = Path(__file__).parents[3] / "docs" / "validation.md"
QUICK = [1, 2, 3, 6, 7, 8, 9, 10, 11, 20, 22, 23, 24, 25, 27]
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture(scope="module")
def quick() -> tuple[HeldRow, ...]:
    return validate_rows(read_targets(), QUICK, lambda _done, _what: None)


def test_every_row_of_the_table_is_there_and_has_what_computes_it() -> None:
    targets = read_targets()
    assert [row.number for row in targets.row] == list(range(1, 28))
    assert {number for part in parts() for number in part.rows} == set(range(1, 28))
    assert [one.lunar_day for one in targets.sun] == list(range(1, 17))


def test_quick_rows_hold(quick: tuple[HeldRow, ...]) -> None:
    assert {row.verdict for row in quick} == {Verdict.HOLDS}
    assert counts(quick) == {Verdict.HOLDS: len(QUICK), Verdict.FAILS: 0, Verdict.NOT_MODELLED: 0}


def test_the_page_is_what_is_computed(quick: tuple[HeldRow, ...]) -> None:
    """Its quick rows to the last digit; of the others what they are held to, and verdicts that fit their values."""
    text = PAGE.read_text(encoding="utf-8")
    for line in markdown_lines(quick):
        assert line in text, "python docs/make_validation.py"
    lines = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| #")]
    figures = [figure for row in read_targets().row for figure in row.figure]
    assert len(lines) == len(figures)
    for line, figure in zip(lines, figures, strict=True):
        _, _, value, published, _, basis, verdict = (cell.strip() for cell in line.strip("|").split(" | "))
        assert (published, basis) == (figure.published, figure.basis)
        number = re.match(r"-?[\d.]+(e[+-]\d+)?", value)
        held = Held(figure=figure, value=float(number.group()) if number else None)
        assert verdict.strip("*| ") == held.verdict.value


@pytest.mark.slow
def test_the_page_is_what_is_computed_of_all_rows() -> None:
    targets = read_targets()
    rows = validate_rows(targets, [row.number for row in targets.row], lambda _done, _what: None)
    text = PAGE.read_text(encoding="utf-8")
    assert all(line in text for line in markdown_lines(rows))


def test_a_row_is_held_to_all_that_is_published_of_it() -> None:
    """Of the odometer that is lunar days 12, 25 and 28; the year that is planned ends in the first, and says so."""
    (row,) = (row for row in read_targets().row if row.number == 14)
    assert [figure.key for figure in row.figure] == [f"mean_m_per_day_{day}" for day in (12, 25, 28)]
    assert [float(figure.published) for figure in row.figure] == [
        pytest.approx(metres / day, abs=0.06) for metres, day in ((345.06, 12), (600.55, 25), (682.77, 28))
    ]
    given = {row.figure[0].key: 25.99}
    held = HeldRow(row=row, figures=tuple(Held(figure=f, value=given.get(f.key)) for f in row.figure))
    assert held.verdict is Verdict.NOT_MODELLED


def test_the_readme_counts_as_the_page_does() -> None:
    """A row of the page has the worst verdict of its lines."""
    verdicts: dict[int, set[str]] = {}
    number = 0
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        if line.startswith("| ") and not line.startswith("| #"):
            cells = line.strip("|").split(" | ")
            number = int(cells[0]) if cells[0].strip() else number
            verdicts.setdefault(number, set()).add(cells[-1].strip(" |*"))
    told = f"{sum(found == {'holds'} for found in verdicts.values())} of {len(verdicts)} rows hold"
    assert told in PAGE.read_text(encoding="utf-8")
    assert told in (PAGE.parents[1] / "README.md").read_text(encoding="utf-8")


def figure(**changes: Any) -> Figure:
    words = {
        "key": "k",
        "what": "",
        "unit": "m",
        "published": "2",
        "low": 1.0,
        "high": 3.0,
        "basis": "independent",
    }
    return Figure(**{**words, **changes})


def test_verdicts() -> None:
    found = [
        Held(figure=figure(), value=v).verdict for v in (1.0, 3.0, 0.999, 3.001, math.nan, math.inf, None)
    ]
    assert found == [Verdict.HOLDS] * 2 + [Verdict.FAILS] * 4 + [Verdict.NOT_MODELLED]
    row = read_targets().row[0]

    def of(*values: float | None) -> Verdict:
        return HeldRow(row=row, figures=tuple(Held(figure=figure(), value=v) for v in values)).verdict

    assert of(2.0, None, 9.0) is Verdict.FAILS
    assert of(2.0, None) is Verdict.NOT_MODELLED
    assert of(2.0, 2.5) is Verdict.HOLDS


def test_targets_that_cannot_be_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    sound = read_targets().model_dump(mode="json")
    monkeypatch.setattr("sim.validation.targets.read_toml", lambda _path: sound)
    read_targets()
    for place, value in (("low", 99.0), ("basis", "hoped"), ("key", sound["row"][1]["figure"][0]["key"])):
        kept = sound["row"][0]["figure"][0]
        sound["row"][0] = {**sound["row"][0], "figure": [{**kept, place: value}]}
        with pytest.raises(SiteError, match="validation.toml"):
            read_targets()
        sound["row"][0] = {**sound["row"][0], "figure": [kept]}
    sound["row"][0] = {**sound["row"][0], "source": " "}
    with pytest.raises(SiteError, match="source"):
        read_targets()


def test_cells_within_a_crater_are_told_from_others(monkeypatch: pytest.MonkeyPatch) -> None:
    crater = SimpleNamespace(east_m=np.array([4.0]), north_m=np.array([2.0]), diameter_m=np.array([4.0]))
    monkeypatch.setattr(ground, "find_craters", lambda _dem: SimpleNamespace(craters=crater))
    geometry = SimpleNamespace(rows=6, cols=8, shape=(6, 8), north_m=0.0, east_m=0.0, resolution_m=1.0)
    inside = ground.inside_craters(SimpleNamespace(geometry=geometry))  # type: ignore[arg-type]
    assert inside.sum() == 13
    assert inside[2, 4] and inside[4, 4] and not inside[4, 5] and not inside[2, 7]


def test_ways_by_wheels_and_by_places() -> None:
    """On a straight way of 28 m with a slip of 5 % of skid, found every metre with a noise that a sum would count."""
    metre = np.arange(29.0)
    told = {
        "distance_m": metre,
        "slip": np.full(29, -0.05),
        "believed_east_m": metre,
        "believed_north_m": 0.3 * (-1.0) ** metre,
    }
    log: Any = SimpleNamespace(telemetry=told)
    assert drive.rolled(log) == pytest.approx(28.0 * 0.95)
    told["slip"] = np.full(29, 0.2)
    assert drive.rolled(log) == pytest.approx(28.0 / 0.8)
    assert drive.seen(log) == pytest.approx(28.0, rel=0.01)


@pytest.fixture
def sham(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let rows 1 and 2 be computed by something quick, of which the second is out of its range."""

    def values(_targets: Targets) -> Iterator[tuple[str, float]]:
        yield from (
            ("touchdown_sun_deg", 31.5),
            ("subsolar_longitude_deg", 67.9),
            ("subsolar_latitude_deg", 0.0),
        )

    made = (Part(name="both", rows=(1, 2), cost=1.0, compute=values),)
    monkeypatch.setattr(table, "parts", lambda: made)


@pytest.mark.usefixtures("sham")
def test_the_command(farside_within: Command, work: Path) -> None:
    ended = farside_within("validate", "--rows", "1,8", "-q")
    assert ended.returncode == 0
    assert "31.5 deg   published 31.51, allowed 31.41 to 31.61 deg; independent" in ended.stdout
    assert "1 of 2 rows hold, 1 not modelled" in ended.stdout
    ended = farside_within("validate", "--rows", "1-2", "-q", "--json", "--out", "v")
    assert ended.returncode == 8
    told = json.loads(ended.stdout)
    assert told["verdicts"] == {"holds": 1, "fails": 1, "not modelled": 0}
    with (work / "v" / "validation.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["verdict"] for row in rows] == ["holds", "holds", "fails"]
    assert float(rows[2]["simulation"]) == 0.0
    assert "**fails**" in (work / "v" / "validation.md").read_text(encoding="utf-8")
    assert (work / "v" / "validation.png").read_bytes().startswith(PNG)
    again = farside_within("validate", "--rows", "1", "-q", "--out", "v")
    assert (again.returncode, again.stdout) == (2, "")


@pytest.mark.parametrize("rows", ["0", "28", "3-1", "1,,2", "x", "1-", "9" * 30, ""])
def test_rows_that_are_none(farside_within: Command, rows: str) -> None:
    ended = farside_within("validate", "--rows", rows)
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "--rows" in ended.stderr
