"""Elevations as a file gives them, made fit to use: sizes limited, sentinels refused, a datum taken off."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from rover.core.bodies import body_of_radius
from rover.core.byte_count import byte_words
from rover.core.errors import DemValueError, ResourceError

DEFAULT_MAX_CELLS = 100_000_000
"""Cells that a DEM may have unless more are asked for: 10 km square at 1 m."""

MIN_SIDE = 3
"""A slope needs a neighbour on each side."""

LIMIT_M = 30_000.0
"""No solid ground of the bodies served is further from its reference sphere (Olympus Mons: 21 km)."""

TENTHS_PER_M = 10_000.0
"""Seeded ground is made in whole tenths of a millimetre."""

_BYTES_PER_CELL = 25
_PART_CELLS = 1_000_000
_USUAL_SENTINEL = -9999.0
# What else stands for no-data: extremes of the integer types, and of float32 as several programs write them.
_SENTINELS = (-32768.0, -32767.0, 32767.0, 65535.0, -99999.0, -999999.0, -2147483648.0)
_HUGE = 1e30


def check_size(rows: int, cols: int, *, max_cells: int, file: object) -> None:
    """Refuse a raster by what its header declares, before any of it is read.

    Raises:
        ResourceError: More cells than `max_cells`.
        DemValueError: Too few to have a slope.
    """
    if rows * cols > max_cells:
        memory = byte_words(rows * cols * _BYTES_PER_CELL)
        raise ResourceError(
            f"more than {max_cells:,} cells; reading it takes about {memory} of memory",
            file=file,
            field="size",
            value=f"{rows} x {cols}",
            remedy=f"cut a window out of it, or raise the limit with --max-cells {rows * cols}",
        )
    if rows < MIN_SIDE or cols < MIN_SIDE:
        raise DemValueError(
            f"fewer than {MIN_SIDE} x {MIN_SIDE} cells have no slope",
            file=file,
            field="size",
            value=f"{rows} x {cols}",
            remedy="give a larger piece of ground",
        )


def check_elevations(elevation_m: npt.NDArray[np.floating], *, file: object, declare: str) -> None:
    """Refuse elevations that cannot be meant. NaN is unknown and is fine, unless there is nothing else.

    Args:
        elevation_m: Any shape; metres above the reference sphere.
        file: For the message.
        declare: How no-data is declared in this format, with `{value}` in it.

    Raises:
        DemValueError: All unknown, infinite, an undeclared sentinel, or beyond 30 km.
    """
    low, high = _range(elevation_m)
    if np.isnan(low):
        _refuse("every cell is no-data", None, "check the band and the no-data value that is declared", file)
    if np.isinf(low) or np.isinf(high):
        _refuse(_cells(np.isinf(elevation_m), "infinite"), None, "write NaN where it is unknown", file)
    usual = elevation_m == _USUAL_SENTINEL
    if usual.any():
        _refuse_sentinel(_USUAL_SENTINEL, usual, file, declare)
    worst = low if -low > high else high
    if abs(worst) > LIMIT_M:
        _refuse_beyond(float(worst), elevation_m, file, declare)


def _range(elevation_m: npt.NDArray[np.floating]) -> tuple[float, float]:
    # fmin and fmax pass over NaN without nanmin's warning when there is nothing else.
    low = np.fmin.reduce(elevation_m, axis=None)
    return float(low), float(np.fmax.reduce(elevation_m, axis=None))


def refuse_fill(raw: npt.NDArray[np.generic], value: float, *, file: object, declare: str) -> None:
    """Refuse stored numbers that equal a type's usual fill, for rasters whose scale would disguise it.

    Raises:
        DemValueError: Some cell holds `value`.
    """
    found = np.asarray(raw == value)
    if found.any():
        _refuse_sentinel(value, found, file, declare)


def _refuse_beyond(worst: float, elevation_m: npt.NDArray[np.floating], file: object, declare: str) -> None:
    if worst in _SENTINELS or abs(worst) > _HUGE:
        _refuse_sentinel(worst, elevation_m == worst, file, declare)
    if body_of_radius(worst) is not None:
        what = "a distance from the body's centre, not an elevation above its sphere"
        _refuse(what, worst, "take the sphere's radius off, or set the offset tag to 0", file)
    what = f"further than {LIMIT_M / 1000:g} km from the reference sphere"
    _refuse(what, worst, "check the unit, the scale tag and the no-data value", file)


def _refuse_sentinel(value: float, where: npt.NDArray[np.bool_], file: object, declare: str) -> None:
    what = _cells(where, "this value, which stands for no-data but is not declared to")
    _refuse(what, value, declare.format(value=f"{value:.17g}"), file)


def _cells(where: npt.NDArray[np.bool_], what: str) -> str:
    count = int(np.count_nonzero(where))
    return f"{count:,} of {where.size:,} cells hold {what}"


def _refuse(what: str, value: float | None, remedy: str, file: object) -> None:
    shown = None if value is None else f"{value:.9g}"
    raise DemValueError(what, file=file, field="elevation", value=shown, remedy=remedy)


def in_tenths(elevation_m: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return elevations rounded to tenths of a millimetre: of each, the number that is nearest to that decimal."""
    return np.asarray(np.rint(elevation_m * TENTHS_PER_M) / TENTHS_PER_M)


def join_datum(elevation_m: npt.NDArray[np.float32], datum_m: float) -> npt.NDArray[np.float64]:
    """Return elevations in metres of those relative to a datum.

    Where all are, as far as float32 tells, whole tenths of a millimetre, as those of seeded ground are, so are the
    results, and not the float32 numbers near them.
    """
    joined_m = elevation_m.astype(np.float64)
    datum_tenths = round(datum_m * TENTHS_PER_M)
    if datum_tenths / TENTHS_PER_M != datum_m or not _are_tenths(elevation_m):
        joined_m += datum_m
        return joined_m
    # In place and in whole numbers, so that one array is held and one division rounds.
    joined_m *= TENTHS_PER_M
    np.rint(joined_m, out=joined_m)
    joined_m += datum_tenths
    joined_m /= TENTHS_PER_M
    return joined_m


def _are_tenths(elevation_m: npt.NDArray[np.float32]) -> bool:
    """Tell whether each known elevation is the float32 nearest to a tenth of a millimetre."""
    parts = np.array_split(elevation_m, 1 + elevation_m.size // _PART_CELLS)
    return all(
        np.array_equal(in_tenths(part.astype(np.float64)).astype(np.float32), part, equal_nan=True)
        for part in parts
    )


def split_datum(
    elevation_m: npt.NDArray[np.float64], *, told: str | None = None
) -> tuple[npt.NDArray[np.float32], float]:
    """Return float32 elevations relative to a datum, and the datum, for elevations in metres.

    The datum is the middle of their range in whole metres, which keeps the largest remainder least: under
    30 km, where float32 is within 0.98 mm, and for any one site far less.

    Args:
        elevation_m: Any shape, some of them known.
        told: The datum that the file names, which is taken if it keeps remainders under 30 km too, so that a DEM
            that was written is read again bit for bit.
    """
    low, high = _range(elevation_m)
    datum_m = _number(told)
    if not max(high - datum_m, datum_m - low) < LIMIT_M:  # NaN where none is told
        datum_m = float(round((low + high) / 2))
    return (elevation_m - datum_m).astype(np.float32), datum_m


def _number(text: str | None) -> float:
    try:
        return math.nan if text is None else float(text)
    except ValueError:
        return math.nan
