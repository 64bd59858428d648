"""Grid maps of the MovingAI benchmarks (Sturtevant 2012, doi:10.1109/TCIAIG.2012.2197681), weighted ones too.

A file `.map` has lines `type octile`, `height`, `width` and `map`, then a row of cells a line, northernmost or not: the
format knows rows from the top only, and so does what is made of it. A cell is one letter:

- `.` and `G` ground, `S` swamp: free, a metre costs 1;
- `@` and `O` out of bounds, `T` trees, `W` water (open to what swims, not from land): blocked;
- `1` to `9`: ground that costs as much.

The terrain maps of the collection have letters A to Z whose costs it does not tell. A table gives them, as the
collection's readers do: a letter and a cost a line, in a file beside the map (`X.map.weight`, `X.weight`, `X.map.cost`
or `X.cost`) or in the map's own header. It goes before the meanings above; `inf` blocks. Rows may also hold a number
a cell, with blanks or commas between them, and a letter where there is no number.

A cost is that of a metre in the cell, as everywhere in this package: a move costs its length times the mean of its two
cells' costs. (Other readers of weighted maps take the mean of the four cells about a diagonal; a listing made so
belongs to another problem.)
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import NoReturn

import numpy as np
import numpy.typing as npt

from rover.core.errors import GridMapError, ResourceError

FREE, BLOCKED = ".GS", "@OTW"
MOST_CELLS = 400_000_000
TABLE_SUFFIXES = (".map.weight", ".weight", ".map.cost", ".cost")

_TYPES = ("octile", "octile_unicost", "octile-weighted", "weighted")
_FORM = "give lines type octile, height, width and map, then a row of cells a line"
_HEADER_LINES = 300
_LINE_BYTES = 400
_UNKNOWN = np.nan

Costs = npt.NDArray[np.float64]


def read_grid_map(path: Path | str) -> Costs:
    """Return (rows, cols) cost of a metre in each cell, row 0 the file's first; +inf where blocked, and read-only.

    Raises:
        GridMapError: The file or its table cannot be read, is no such map, has fewer or more cells than it declares,
            or holds a letter of no known cost or a cost that is not above zero.
        ResourceError: It declares more than `MOST_CELLS` cells.
    """
    path = Path(path)
    header, weights, lines, first = _read(path)
    rows, cols = _side(header, "height", path), _side(header, "width", path)
    if rows * cols > MOST_CELLS:
        remedy = "cut a window out of it"
        raise ResourceError(
            f"more than {MOST_CELLS:,} cells",
            remedy=remedy,
            file=path,
            field="size",
            value=f"{rows} x {cols}",
        )
    while lines and not lines[-1].strip():
        lines.pop()
    if len(lines) != rows:
        what = f"{'only ' if len(lines) < rows else ''}{len(lines)} rows follow"
        _refuse(path, what, "fetch the file again, or correct its height", "height", rows)
    table = _table({**_beside(path), **weights})
    cost = np.empty((rows, cols))
    for row, line in enumerate(lines):
        cost[row] = _row(line, cols, table, f"{path}, line {first + row}")
    cost.flags.writeable = False
    return cost


def _read(path: Path) -> tuple[dict[str, str], dict[str, float], list[str], int]:
    """Header words, weights given in it, the lines after it, and the number of the first of these."""
    header: dict[str, str] = {}
    weights: dict[str, float] = {}
    try:
        with path.open("rb") as file:
            for number in range(1, _HEADER_LINES + 1):
                line = _text(file.readline(_LINE_BYTES), path)
                words = line.split()
                if words == ["map"]:
                    _check_type(header, path)
                    return header, weights, _text(file.read(), path).splitlines(), number + 1
                _header_line(words, header, weights, f"{path}, line {number}")
                if not line:
                    break
    except OSError as error:
        _refuse(path, f"cannot be read ({error.strerror})", "check the name and the permissions")
    _refuse(path, "has no line that says map", _FORM)


def _text(data: bytes, path: Path) -> str:
    if b"\0" in data or not data.isascii():
        _refuse(path, "is not text", _FORM)
    return data.decode("ascii")


def _header_line(words: list[str], header: dict[str, str], weights: dict[str, float], where: str) -> None:
    if len(words) == 2 and words[0] in ("type", "height", "width"):
        header[words[0]] = words[1]
    elif words and words[0] in ("weight", "cost") and len(words) == 3 and len(words[1]) == 1:
        weights[words[1]] = _number(words[2], where)
    elif len(words) == 2 and len(words[0]) == 1:
        weights[words[0]] = _number(words[1], where)
    elif words:
        _refuse(where, "is no line of a grid map's header", _FORM, "line", " ".join(words))


def _check_type(header: dict[str, str], path: Path) -> None:
    for name in ("type", "height", "width"):
        if name not in header:
            _refuse(path, "is missing from the header", _FORM, name)
    if header["type"] not in _TYPES:
        _refuse(path, "not moves in eight directions", "give a map of type octile", "type", header["type"])


def _side(header: dict[str, str], name: str, path: Path) -> int:
    text = header[name]
    if not text.isdecimal() or int(text) < 1:
        _refuse(path, "not a number of cells from 1", "correct the header", name, text)
    return int(text)


def _beside(path: Path) -> dict[str, float]:
    """The table in a file beside the map; empty where there is none."""
    stem = path.name.removesuffix(".map")
    for table in (path.with_name(stem + suffix) for suffix in TABLE_SUFFIXES):
        if table.is_file():
            return _read_table(table)
    return {}


def _read_table(path: Path) -> dict[str, float]:
    try:
        lines = _text(path.read_bytes(), path).splitlines()
    except OSError as error:
        _refuse(path, f"cannot be read ({error.strerror})", "check the name and the permissions")
    weights = {}
    for number, line in enumerate(lines, start=1):
        words = line.split()
        if not words:
            continue
        where = f"{path}, line {number}"
        if len(words) != 2 or len(words[0]) != 1:
            _refuse(
                where, "not a letter and a cost", "write a letter and its cost a line", "line", line.strip()
            )
        weights[words[0]] = _number(words[1], where)
    return weights


def _number(text: str, where: str) -> float:
    """A cost above zero; inf blocks."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not value > 0:
        remedy = "give a number above zero, or inf or @ where there is no way"
        _refuse(where, "no cost that a cell can have", remedy, "cost", text)
    return value


def _table(weights: dict[str, float]) -> Costs:
    """Costs by character code, NaN where unknown."""
    table = np.full(128, _UNKNOWN)
    known = {
        **dict.fromkeys(FREE, 1.0),
        **dict.fromkeys(BLOCKED, math.inf),
        **{str(n): float(n) for n in range(10)},
    }
    for letter, cost in {**known, **weights}.items():
        table[ord(letter)] = cost
    return table


def _row(line: str, cols: int, table: Costs, where: str) -> Costs:
    text = line.rstrip()
    if len(text) == cols:
        codes = np.frombuffer(text.encode("ascii"), np.uint8)
        row = table[codes]
        if (row > 0).all():
            return row
        words = list(text)
    else:
        words = text.replace(",", " ").split()
        if len(words) == 1 and cols > 1:
            words = list(text)
    if len(words) != cols:
        what = f"holds {'only ' if len(words) < cols else ''}{len(words)} cells"
        _refuse(where, what, "fetch the file again, or correct its width", "width", cols)
    return np.array([_cell(word, table, where) for word in words])


def _cell(word: str, table: Costs, where: str) -> float:
    if len(word) > 1:
        return _number(word, where)
    cost = float(table[ord(word)])
    if math.isnan(cost):
        remedy = "give its cost in a file beside the map, X.map.weight: a letter and a cost a line"
        _refuse(where, "terrain of no known cost", remedy, "cell", word)
    return _number(word, where) if cost == 0 else cost


def _refuse(
    file: Path | str, what: str, remedy: str, field: str | None = None, value: object = None
) -> NoReturn:
    raise GridMapError(what, remedy=remedy, file=file, field=field, value=value)
