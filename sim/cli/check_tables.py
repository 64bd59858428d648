"""What a check of a plan has found, for a terminal."""

from __future__ import annotations

import math
from collections.abc import Sequence

from rich import box
from rich.console import Console
from rich.table import Table

from rover.core.time import Epoch
from rover.planning.check_ledger import Finding, Verdict
from rover.planning.check_way import WayLeg
from sim.cli.whole_table import print_whole

MOST_LINES = 20
"""Of what is broken; the rest is counted."""


def print_verdict(verdict: Verdict, epoch: Epoch, console: Console) -> None:
    """Print the worst margin of each limit, then every limit that is broken with leg, place, value and bound."""
    table = Table(
        box=box.SIMPLE, title="worst margins", title_justify="left", pad_edge=False, collapse_padding=True
    )
    for name in ("limit", "reached", "bound", "margin"):
        table.add_column(name, justify="left" if name == "limit" else "right", no_wrap=True)
    for name in ("step", "cell", "when"):
        table.add_column(name, no_wrap=True)
    for found in verdict.worst:
        if not found.holds or not is_bookkeeping(found):
            style = None if found.holds else "bold red"
            table.add_row(*_row(found, epoch), style=style)
    print_whole(console, table)
    books = [found for found in verdict.worst if is_bookkeeping(found)]
    if all(found.holds for found in books):
        console.print(f"{len(books)} sums and stated figures agree", highlight=False)
    for found in verdict.broken[:MOST_LINES]:
        console.print(broken_words(found, epoch), style="red", highlight=False, soft_wrap=True)
    if len(verdict.broken) > MOST_LINES:
        console.print(f"(+{len(verdict.broken) - MOST_LINES} more: --json lists them)", highlight=False)
    console.print("every limit holds" if verdict.holds else "NOT every limit holds", highlight=False)


def is_bookkeeping(found: Finding) -> bool:
    """Tell what a plan says of itself, or what holds it together, from the limits that it keeps."""
    return (found.bound == 0.0 and found.unit.endswith((" off", " apart"))) or found.limit in _FRAME


_FRAME = (
    "beyond the map",
    "moves",
    "takes time",
    "within the almanac",
    "array that wakes",
    "array while asleep",
)


def broken_words(found: Finding, epoch: Epoch) -> str:
    """Return one broken limit in a line."""
    where = (
        "the plan" if found.cell is None else f"step {found.step} at cell {found.cell}, {_utc(found, epoch)}"
    )
    return (
        f"broken: {found.limit}: {_figure(found.value)} {found.unit} against {_figure(found.bound)}, {where}"
    )


def _row(found: Finding, epoch: Epoch) -> list[str]:
    cell = "" if found.cell is None else f"{found.cell[0]},{found.cell[1]}"
    step = "" if found.step is None else str(found.step)
    figures = [_figure(found.value), _figure(found.bound), _margin_words(found)]
    return [f"{found.limit} ({found.unit})", *figures, step, cell, _utc(found, epoch)[5:16].replace("T", " ")]


def _margin_words(found: Finding) -> str:
    """Return the margin; where what stored layers are worth covers it, that it is none."""
    return "0 within tolerance" if found.holds and found.slack < 0 else _figure(found.slack)


def _utc(found: Finding, epoch: Epoch) -> str:
    return epoch.utc_at(found.time_s) if math.isfinite(found.time_s) else ""


def _figure(value: float) -> str:
    if not math.isfinite(value):
        return "unknown" if math.isnan(value) else "none"
    return f"{value:.4g}"


def print_way(legs: Sequence[WayLeg], console: Console) -> None:
    """Print each leg of a person's plan, and the first limit that it breaks."""
    table = Table(box=box.SIMPLE, title="legs", title_justify="left")
    for name in ("leg", "to", "m", "pitch deg", "roll deg", "clear m"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("breaks first", overflow="fold")
    for leg in legs:
        figures = (leg.pitch_deg, leg.roll_deg, leg.clearance_m)
        table.add_row(
            str(leg.number),
            f"{leg.to_m[0]:.1f}, {leg.to_m[1]:.1f}",
            f"{leg.length_m:.1f}",
            *(_figure(value) for value in figures),
            first_words(leg),
            style=None if leg.first is None else "red",
        )
    print_whole(console, table)
    broken = sum(leg.first is not None for leg in legs)
    console.print(
        "every leg holds" if not broken else f"{broken} of {len(legs)} legs break a limit", highlight=False
    )


def first_words(leg: WayLeg) -> str:
    """Return what a leg breaks first, nothing where it breaks none."""
    found = leg.first
    if found is None:
        return ""
    east, north = found.place_m
    return (
        f"{found.limit} {_figure(found.value)} {found.unit} against {_figure(found.bound)} "
        f"after {found.after_m:.1f} m, at ({east:.1f}, {north:.1f})"
    )
