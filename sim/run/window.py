"""Windows of seeded ground as asked for, in words or in numbers: metres, taken exactly, held in whole millimetres.

The command line and Python ask by other names and are answered by the same checks.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NoReturn

from rover.core.errors import ResourceError, UsageError
from sim.moon.dem import Window
from sim.moon.site import BEYOND, REACH_M

REACH_MM = int(REACH_M * 1000)
"""No edge is further from the origin of its site."""

SMALLEST_CELL_MM = 10

_MILLIMETRE = Decimal("0.001")
_NANOMETRES = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """What is asked for is called.

    Attributes:
        window, resolution, seed, max_cells: The names.
        edges: How a window is written, with `{}` for its edges.
    """

    window: str
    resolution: str
    seed: str
    max_cells: str
    edges: str


COMMAND = Names(
    window="--window",
    resolution="--resolution",
    seed="--seed",
    max_cells="--max-cells",
    edges="--window {}",
)
PYTHON = Names(
    window="window_m",
    resolution="resolution_m",
    seed="seed",
    max_cells="max_cells",
    edges="window_m = ({})",
)


def exactly(length_m: float) -> Decimal:
    """Return a length as it is meant: 0.1 is a tenth, and so is 0.1 after some arithmetic."""
    return Decimal(repr(round(float(length_m), _NANOMETRES)))


def window_of(edges: Sequence[Decimal], *, origin_mm: tuple[int, int], names: Names, asked: object) -> Window:
    """Return the window with these edges.

    Args:
        edges: West, south, east and north, metres from the origin.
        origin_mm: East and north of that origin from the site's.
        names: For messages.
        asked: The value as it was given, for messages.

    Raises:
        UsageError: Not four numbers, beyond the body, not in whole millimetres, empty or reversed.
    """
    if len(edges) != 4 or not all(edge.is_finite() for edge in edges):
        remedy = "give E0,N0,E1,N1 in metres, such as -100,-50,100,50"
        _refuse(names.window, asked, "not four finite numbers", remedy)
    for edge, from_site_mm in zip(edges, origin_mm * 2, strict=True):
        if not _reaches(edge, from_site_mm):
            _refuse(names.window, asked, BEYOND, "give metres from the origin")
    whole = [edge.quantize(_MILLIMETRE) for edge in edges]
    if whole != list(edges):
        nearest = ",".join(f"{edge.normalize():f}" for edge in whole)
        _refuse(names.window, asked, "not in whole millimetres", f"the nearest that is: {nearest}")
    return _in_order(*(int(edge.scaleb(3)) for edge in whole), names=names, asked=asked)


def _in_order(west: int, south: int, east: int, north: int, *, names: Names, asked: object) -> Window:
    if west == east or south == north:
        _refuse(names.window, asked, "an empty window", "put E1 east of E0 and N1 north of N0")
    if west > east or south > north:
        ordered = _shown(min(west, east), min(south, north), max(west, east), max(south, north))
        _refuse(names.window, asked, "a reversed window", f"give south-west before north-east: {ordered}")
    return Window(east_mm=west, north_mm=south, width_mm=east - west, height_mm=north - south)


def _reaches(edge: Decimal, from_site_mm: int) -> bool:
    # Only comparisons: arithmetic on 1e999999999 would overflow.
    reach, origin = REACH_MM * _MILLIMETRE, from_site_mm * _MILLIMETRE
    return -reach - origin <= edge <= reach - origin


def resolution_of(side: Decimal, *, names: Names, asked: object) -> int:
    """Return the side of a cell in millimetres.

    Raises:
        UsageError: Not a number, under a centimetre, beyond the body or not in whole millimetres.
    """
    if not side.is_finite():
        remedy = "give the side of a cell in metres, such as 0.5"
        _refuse(names.resolution, asked, "not a finite number", remedy)
    if side < SMALLEST_CELL_MM * _MILLIMETRE:
        _refuse(names.resolution, asked, "cells under a centimetre", "give 0.01 or more, in metres")
    if side > REACH_MM * _MILLIMETRE:
        remedy = "give the side of a cell in metres, such as 100"
        _refuse(names.resolution, asked, "larger than the body", remedy)
    whole = side.quantize(_MILLIMETRE)
    if whole != side:
        nearest = f"the nearest that is: {whole.normalize():f}"
        _refuse(names.resolution, asked, "not in whole millimetres", nearest)
    return int(whole.scaleb(3))


def check_fit(window: Window, resolution_mm: int, *, asked: object, names: Names = COMMAND) -> None:
    """Refuse a window whose sides are not whole numbers of cells.

    Args:
        window: Any.
        resolution_mm: Side of a cell.
        asked: The window as it was given, or None where it is the source's own.
        names: For messages.

    Raises:
        UsageError: Naming the nearest window, from the same south-west corner, that fits.
    """
    if window.width_mm % resolution_mm == 0 and window.height_mm % resolution_mm == 0:
        return
    width, height = (
        max(1, (side + resolution_mm // 2) // resolution_mm) * resolution_mm
        for side in (window.width_mm, window.height_mm)
    )
    west, south = window.east_mm, window.north_mm
    cells = (
        f"sides of {_shown(window.width_mm)} and {_shown(window.height_mm)} m are not whole numbers of cells"
    )
    nearest = names.edges.format(_shown(west, south, west + width, south + height))
    _refuse(
        names.window,
        window_text(window) if asked is None else asked,
        f"{cells} of {_shown(resolution_mm)} m",
        f"the nearest that fits: {nearest}",
    )


def check_seed(seed: int | None, *, names: Names) -> None:
    """Refuse a seed that is no 64-bit integer.

    Raises:
        UsageError: It is none.
    """
    if seed is not None and not -(2**63) <= seed < 2**63:
        raise UsageError("not a 64-bit integer", field=names.seed, value=seed, remedy="give a smaller one")


def check_cells(shape: tuple[int, int], max_cells: int, *, remedy: str, names: Names) -> None:
    """Refuse more cells than allowed, before any is made.

    Raises:
        ResourceError: There are more.
    """
    rows, cols = shape
    if rows * cols > max_cells:
        raise ResourceError(
            f"more than the {max_cells:,} cells allowed",
            field="size",
            value=f"{cols} x {rows} cells",
            remedy=f"{remedy}, or raise {names.max_cells} to {rows * cols}",
        )


def window_text(window: Window) -> str:
    """Return E0,N0,E1,N1 in metres."""
    west, south = window.east_mm, window.north_mm
    return _shown(west, south, west + window.width_mm, south + window.height_mm)


def _shown(*lengths_mm: int) -> str:
    """Metres, as exact as they are, with commas between."""
    return ",".join(f"{(length * _MILLIMETRE).normalize():f}" for length in lengths_mm)


def _refuse(field: str, asked: object, what: str, remedy: str) -> NoReturn:
    raise UsageError(what, field=field, value=asked, remedy=remedy)
