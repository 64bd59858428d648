"""Lists of rocks as CSV: a header with east_m, north_m, diameter_m and height_m, then a rock a line."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rover.core.errors import RockListError

COLUMNS = ("east_m", "north_m", "diameter_m", "height_m")

_FORM = f"write a header line {','.join(COLUMNS)} and a rock a line, in metres"


def read_rock_list(path: Path | str) -> npt.NDArray[np.float64]:
    """Return (n, 4) east, north, diameter and height in metres; other columns are passed over.

    Raises:
        RockListError: The file cannot be read, lacks a column, or holds a value that no rock has.
    """
    try:
        with Path(path).open(encoding="utf-8-sig", newline="") as file:
            return np.array(list(_rocks(csv.reader(file), path)), np.float64).reshape(-1, len(COLUMNS))
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
        raise RockListError(what, remedy="check the name and the permissions", file=path) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise RockListError(f"is no CSV ({error})", remedy=_FORM, file=path) from None


def _rocks(lines: Iterator[Sequence[str]], path: Path | str) -> Iterator[list[float]]:
    header = [name.strip() for name in next(lines, [])]
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise RockListError("is missing from the header", remedy=_FORM, file=path, field=missing[0])
    places = [header.index(name) for name in COLUMNS]
    for number, line in enumerate(lines, start=2):
        if line:
            yield _rock(line, places, f"{path}, line {number}")


def _rock(line: Sequence[str], places: list[int], where: str) -> list[float]:
    values = []
    for name, place in zip(COLUMNS, places, strict=True):
        text = line[place] if place < len(line) else ""
        values.append(_number(text, name, where))
    return values


def _number(text: str, name: str, where: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    least = 0.0 if name in ("diameter_m", "height_m") else -math.inf
    if not (math.isfinite(value) and value >= least):
        raise RockListError(
            "not a length that a rock can have", remedy=_FORM, file=where, field=name, value=text
        )
    return value
