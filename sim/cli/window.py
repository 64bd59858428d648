"""`--window` and `--resolution`: metres as decimal text, taken exactly, held in whole millimetres."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import NoReturn

from rover.core.errors import UsageError
from sim.moon.dem import Window
from sim.moon.site import BEYOND, REACH_M

REACH_MM = int(REACH_M * 1000)
"""No edge is further from the origin of its site."""

SMALLEST_CELL_MM = 10

_MILLIMETRE = Decimal("0.001")
_WINDOW, _RESOLUTION = "--window", "--resolution"


def parse_window(text: str, *, origin_mm: tuple[int, int]) -> Window:
    """Return the window of `E0,N0,E1,N1`, the edges in metres from the origin.

    Args:
        text: As on the command line.
        origin_mm: East and north of that origin from the site's.

    Raises:
        UsageError: Not four numbers, beyond the body, not in whole millimetres, empty or reversed.
    """
    edges = [_number(word) for word in text.split(",")]
    if len(edges) != 4 or not all(edge.is_finite() for edge in edges):
        remedy = "give E0,N0,E1,N1 in metres, such as -100,-50,100,50"
        _refuse(_WINDOW, text, "not four finite numbers", remedy)
    for edge, from_site_mm in zip(edges, origin_mm * 2, strict=True):
        _check_reach(edge, from_site_mm, text)
    whole = [edge.quantize(_MILLIMETRE) for edge in edges]
    if whole != edges:
        nearest = ",".join(f"{edge.normalize():f}" for edge in whole)
        _refuse(_WINDOW, text, "not in whole millimetres", f"the nearest that is: {nearest}")
    west, south, east, north = (int(edge.scaleb(3)) for edge in whole)
    if west == east or south == north:
        _refuse(_WINDOW, text, "an empty window", "put E1 east of E0 and N1 north of N0")
    if west > east or south > north:
        ordered = _shown(min(west, east), min(south, north), max(west, east), max(south, north))
        _refuse(_WINDOW, text, "a reversed window", f"give south-west before north-east: {ordered}")
    return Window(east_mm=west, north_mm=south, width_mm=east - west, height_mm=north - south)


def parse_resolution(text: str) -> int:
    """Return the side of a cell in millimetres.

    Raises:
        UsageError: Not a number, under a centimetre, beyond the body or not in whole millimetres.
    """
    side = _number(text)
    if not side.is_finite():
        _refuse(_RESOLUTION, text, "not a finite number", "give the side of a cell in metres, such as 0.5")
    if side < SMALLEST_CELL_MM * _MILLIMETRE:
        _refuse(_RESOLUTION, text, "cells under a centimetre", "give 0.01 or more, in metres")
    if side > REACH_MM * _MILLIMETRE:
        _refuse(_RESOLUTION, text, "larger than the body", "give the side of a cell in metres, such as 100")
    whole = side.quantize(_MILLIMETRE)
    if whole != side:
        nearest = f"the nearest that is: {whole.normalize():f}"
        _refuse(_RESOLUTION, text, "not in whole millimetres", nearest)
    return int(whole.scaleb(3))


def check_fit(window: Window, resolution_mm: int, *, asked: str | None) -> None:
    """Refuse a window whose sides are not whole numbers of cells.

    Args:
        window: Any.
        resolution_mm: Side of a cell.
        asked: The window as given on the command line, or None where it is the source's own.

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
    _refuse(
        _WINDOW,
        window_text(window) if asked is None else asked,
        f"{cells} of {_shown(resolution_mm)} m",
        f"the nearest that fits: --window {_shown(west, south, west + width, south + height)}",
    )


def window_text(window: Window) -> str:
    """Return E0,N0,E1,N1 in metres."""
    west, south = window.east_mm, window.north_mm
    return _shown(west, south, west + window.width_mm, south + window.height_mm)


def _check_reach(edge: Decimal, from_site_mm: int, text: str) -> None:
    # Only comparisons: arithmetic on 1e999999999 would overflow.
    reach, origin = REACH_MM * _MILLIMETRE, from_site_mm * _MILLIMETRE
    if not -reach - origin <= edge <= reach - origin:
        _refuse(_WINDOW, text, BEYOND, "give metres from the origin")


def _number(word: str) -> Decimal:
    try:
        return Decimal(word.strip())
    except InvalidOperation:
        return Decimal("NaN")


def _shown(*lengths_mm: int) -> str:
    """Metres, as exact as they are, with commas between."""
    return ",".join(f"{(length * _MILLIMETRE).normalize():f}" for length in lengths_mm)


def _refuse(option: str, text: str, what: str, remedy: str) -> NoReturn:
    raise UsageError(what, field=option, value=text, remedy=remedy)
