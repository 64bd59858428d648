"""`--window` and `--resolution`: decimal text, taken exactly."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from sim.moon.dem import Window
from sim.run.window import COMMAND, resolution_of, window_of


def parse_window(text: str, *, origin_mm: tuple[int, int]) -> Window:
    """Return the window of `E0,N0,E1,N1`, the edges in metres from the origin.

    Args:
        text: As on the command line.
        origin_mm: East and north of that origin from the site's.

    Raises:
        UsageError: Not four numbers, beyond the body, not in whole millimetres, empty or reversed.
    """
    edges = [_number(word) for word in text.split(",")]
    return window_of(edges, origin_mm=origin_mm, names=COMMAND, asked=text)


def parse_resolution(text: str) -> int:
    """Return the side of a cell in millimetres.

    Raises:
        UsageError: Not a number, under a centimetre, beyond the body or not in whole millimetres.
    """
    return resolution_of(_number(text), names=COMMAND, asked=text)


def _number(word: str) -> Decimal:
    try:
        return Decimal(word.strip())
    except InvalidOperation:
        return Decimal("NaN")
