"""Lists of rocks as CSV: a header with east_m, north_m, diameter_m and height_m, then a rock a line.

Lines before the header that begin with # tell what the rocks are of.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rover.core.errors import RockListError
from rover.core.grid import GridGeometry

COLUMNS = ("east_m", "north_m", "diameter_m", "height_m")
COMMENT = "#"

_FORM = f"write a header line {','.join(COLUMNS)} and a rock a line, in metres"


def read_rock_list(path: Path | str) -> npt.NDArray[np.float64]:
    """Return (n, 4) east, north, diameter and height in metres; other columns and leading comments are passed over.

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


def refuse_elsewhere(rocks: npt.NDArray[np.float64], geometry: GridGeometry, *, file: Path | str) -> None:
    """Refuse rocks whose extent does not meet a raster's: they are counted in another frame, or of other ground.

    Rocks on every side of a raster and none on it are no mistake; nor is a list without rocks.

    Args:
        rocks: (n, 4) as of `read_rock_list`.
        geometry: Of the raster.
        file: Named in the message.

    Raises:
        RockListError: All lie to one side of it.
    """
    if not len(rocks):
        return
    west, south, east, north = geometry.bounds_m
    low, high = rocks[:, :2].min(axis=0), rocks[:, :2].max(axis=0)
    if low[0] > east or high[0] < west or low[1] > north or high[1] < south:
        raise RockListError(
            f"no rock lies on the DEM, which spans east {west:.10g} to {east:.10g} and north {south:.10g} to"
            f" {north:.10g}",
            remedy="give rocks in the DEM's own frame, or leave the list out",
            file=file,
            field="east_m, north_m",
            value=f"{low[0]:.10g} to {high[0]:.10g}, {low[1]:.10g} to {high[1]:.10g}",
        )


def _rocks(lines: Iterator[Sequence[str]], path: Path | str) -> Iterator[list[float]]:
    numbered = enumerate(lines, start=1)
    first = next((line for _, line in numbered if not _is_comment(line)), [])
    header = [name.strip() for name in first]
    missing = [name for name in COLUMNS if name not in header]
    if missing:
        raise RockListError("is missing from the header", remedy=_FORM, file=path, field=missing[0])
    places = [header.index(name) for name in COLUMNS]
    for number, line in numbered:
        if line:
            yield _rock(line, places, f"{path}, line {number}")


def _is_comment(line: Sequence[str]) -> bool:
    return bool(line) and line[0].lstrip().startswith(COMMENT)


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
