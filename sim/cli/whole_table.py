"""Tables whose figures are never cut short, however narrow the terminal or where there is none."""

from __future__ import annotations

from rich.console import Console
from rich.measure import Measurement
from rich.table import Table

_MOST_WIDTH = 400


def print_whole(console: Console, table: Table) -> None:
    """Print a table in the width that it takes: a narrower terminal breaks its lines, rather than it its figures."""
    needed = Measurement.get(console, console.options.update(max_width=_MOST_WIDTH), table).maximum
    Console(file=console.file, width=max(console.width, needed)).print(table)
