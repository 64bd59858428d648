"""Scenarios of the MovingAI benchmarks, and which map of a folder they are of.

A file `.scen` begins with a line `version 1`; every other line is a scenario: bucket, map, width, height, x and y of
the start, x and y of the goal, and the least length. x is the column and y the row from the top.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import NoReturn

import numpy as np
import numpy.typing as npt

from rover.core.errors import GridScenarioError

SHORT_ROOT = 3e-6
"""Relative error of lengths that were added up with 1.41421 for the square root of two."""

_FIELDS = ("bucket", "map", "width", "height", "start x", "start y", "goal x", "goal y", "length")
_FORM = "write bucket, map, width, height, start x, start y, goal x, goal y and length, a scenario a line"
_PRINTED_DIGITS = 6
"""Significant digits that the collection's own tools print, zeros at the end left out."""

Cell = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class GridScenario:
    """A start, a goal and the least length that is listed.

    Attributes:
        line: Its line in the file.
        start, goal: (row, col).
        length: As listed, a cell's side being 1.
        rounding: How far off the listed length can be for how it was written down.
    """

    line: int
    start: Cell
    goal: Cell
    length: float
    rounding: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ScenarioFile:
    """What a `.scen` holds.

    Attributes:
        file: The file.
        map_name: Name of the map it names, without folders.
        shape: Rows and columns that it gives the map.
        scenarios: In the file's order.
    """

    file: Path
    map_name: str
    shape: tuple[int, int]
    scenarios: tuple[GridScenario, ...]


def scenario_files(folder: Path | str) -> list[Path]:
    """Return every `.scen` in a folder and the folders in it, by name."""
    return sorted(path for path in Path(folder).rglob("*.scen") if path.is_file())


def read_scenarios(path: Path | str) -> ScenarioFile:
    """Return what a `.scen` holds.

    Raises:
        GridScenarioError: The file cannot be read, is of another version, holds no scenario, a line that is cut off
            or no scenario, more than one map, or a cell outside the map.
    """
    path = Path(path)
    lines = _lines(path)
    _, version = next(lines, (0, ""))
    if version.split() not in (["version", "1"], ["version", "1.0"]):
        _refuse(path, "does not begin with version 1", _FORM, "line", version.strip() or None)
    rows = [(f"{path}, line {number}", number, _split(line)) for number, line in lines]
    if not rows:
        _refuse(path, "holds no scenario", _FORM)
    found = [_scenario(words, number, where) for where, number, words in rows]
    names = [(words[1], words[2], words[3]) for _, _, words in rows]
    other = next((i for i, name in enumerate(names) if name != names[0]), None)
    if other is not None:
        what = f"not the map of the lines before, {' '.join(names[0])}"
        _refuse(
            rows[other][0],
            what,
            "keep the scenarios of a map in a file of their own",
            "map",
            " ".join(names[other]),
        )
    map_name = names[0][0].replace("\\", "/").rsplit("/", 1)[-1]
    shape = int(names[0][2]), int(names[0][1])
    roundings = _roundings([words[8] for _, _, words in rows])
    scenarios = tuple(replace(s, rounding=r) for s, r in zip(found, roundings, strict=True))
    return ScenarioFile(file=path, map_name=map_name, shape=shape, scenarios=scenarios)


def map_of(scenarios: ScenarioFile, folder: Path) -> Path:
    """Return the map that scenarios are of: the one they stand beside (`X.map` of `X.map.scen` or `X.scen`), if it
    has the name they give, alone or after a collection's (`dao-arena.map` for `arena.map`); or, where they stand
    beside none, the one of that name in `folder` or a folder in it.

    Raises:
        GridScenarioError: They name another map, one that is not there, or one that is there twice.
    """
    name, file = scenarios.map_name, scenarios.file
    beside = file.with_name(file.name.removesuffix(".scen").removesuffix(".map") + ".map")
    if beside.is_file():
        if beside.name == name or beside.name.endswith((f"-{name}", f"_{name}")):
            return beside
        _refuse(file, f"names another map than {beside.name}, beside which it stands", _OWN_MAP, "map", name)
    found = sorted(path for path in folder.rglob("*.map") if path.name == name and path.is_file())
    here = [path for path in found if path.parent == file.parent]
    if len(here or found) == 1:
        return (here or found)[0]
    if not found:
        _refuse(file, f"no such map in {folder}", _OWN_MAP, "map", name)
    _refuse(file, f"there are {len(found)} maps of this name in {folder}", "keep one beside it", "map", name)


_OWN_MAP = "put the map beside it, X.map and X.map.scen"


def check_scenarios(scenarios: ScenarioFile, cost: npt.NDArray[np.float64]) -> None:
    """Refuse scenarios that do not fit their map.

    Args:
        scenarios: Of `read_scenarios`.
        cost: Of `read_grid_map`.

    Raises:
        GridScenarioError: The map is of another size, or a start or goal is blocked.
    """
    if cost.shape != scenarios.shape:
        given = "{1} x {0}".format(*scenarios.shape)
        what = f"the map is {cost.shape[1]} wide and {cost.shape[0]} high"
        _refuse(scenarios.file, what, "give the scenarios of this map", "width x height", given)
    for scenario in scenarios.scenarios:
        for end, (row, col) in (("start", scenario.start), ("goal", scenario.goal)):
            if not math.isfinite(cost[row, col]):
                where = f"{scenarios.file}, line {scenario.line}"
                _refuse(
                    where,
                    "is blocked, yet a length is listed",
                    "correct it, or the map",
                    f"{end} x, y",
                    (col, row),
                )


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    """Lines that are not blank, and their numbers."""
    try:
        text = path.read_bytes()
    except OSError as error:
        _refuse(path, f"cannot be read ({error.strerror})", "check the name and the permissions")
    if b"\0" in text:
        _refuse(path, "is not text", _FORM)
    try:
        lines = text.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        _refuse(path, "is not text", _FORM)
    return ((number, line) for number, line in enumerate(lines, start=1) if line.strip())


def _split(line: str) -> list[str]:
    """Fields of a line, by tabs if these make enough of them: names may hold blanks."""
    by_tab = [word.strip() for word in line.strip().split("\t")]
    return by_tab if len(by_tab) == len(_FIELDS) else line.split()


def _scenario(words: Sequence[str], number: int, where: str) -> GridScenario:
    if len(words) != len(_FIELDS):
        _refuse(where, f"{len(words)} fields, not {len(_FIELDS)}: cut off, or no scenario", _FORM)
    count = {name: _whole(words[i], name, where) for i, name in enumerate(_FIELDS) if i not in (0, 1, 8)}
    for end in ("start", "goal"):
        x, y = count[f"{end} x"], count[f"{end} y"]
        if not (x < count["width"] and y < count["height"]):
            what = f"outside a map {count['width']} wide and {count['height']} high"
            _refuse(where, what, "count columns and rows from 0", f"{end} x, y", (x, y))
    return GridScenario(
        line=number,
        start=(count["start y"], count["start x"]),
        goal=(count["goal y"], count["goal x"]),
        length=_length(words[8], where),
    )


def _whole(text: str, name: str, where: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        what = "outside the map" if text[1:].isdecimal() and name[-1] in "xy" else "not a whole number"
        _refuse(where, what, "count columns and rows from 0", name, text)
    return int(text)


def _length(text: str, where: str) -> float:
    try:
        value = float(Decimal(text))
    except (InvalidOperation, ValueError):  # no number, or one that signals it is none
        value = math.nan
    if not (math.isfinite(value) and value >= 0):
        _refuse(where, "no length that a way can have", _FORM, "length", text)
    return value


def _roundings(texts: Sequence[str]) -> list[float]:
    """How far off each of a file's lengths can be: half of its last digit, and what a short root of two adds.

    A file is printed in one way: to a number of decimals, or to a number of digits with zeros at the end left out.
    The most decimals and the most digits that any of its lines has bound both.
    """
    numbers = [Decimal(text) for text in texts]
    places = [-min(0, int(number.as_tuple().exponent)) for number in numbers]
    heads = [max(1, number.adjusted() + 1) for number in numbers]
    decimals = max(places)
    digits = max(head + place for head, place in zip(heads, places, strict=True))
    if decimals == 0:  # whole numbers: straight ways, not ways rounded to a cell
        decimals = digits = max(digits, _PRINTED_DIGITS)
    last = [min(decimals, digits - head) for head in heads]
    return [0.5 * 10.0**-place + SHORT_ROOT * float(n) for place, n in zip(last, numbers, strict=True)]


def _refuse(
    file: Path | str, what: str, remedy: str, field: str | None = None, value: object = None
) -> NoReturn:
    raise GridScenarioError(what, remedy=remedy, file=file, field=field, value=value)
