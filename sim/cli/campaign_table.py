"""What came of a campaign, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

_MOST_SHOWN = 5


def print_campaign(about: Mapping[str, Any], written: Path) -> None:
    """Print the table of a campaign, the command of each of its worst runs, and what was written."""
    console = Console()
    table = Table(box=box.SIMPLE, show_header=False, title=str(about["scenario"]), title_justify="left")
    table.add_column("figure", no_wrap=True)
    table.add_column("value", overflow="fold")
    for name, value in _rows(about):
        table.add_row(Text(name, style="dim"), value)
    try:
        console.print(table)
        for line in _lines(about):
            console.print(Text(line), soft_wrap=True)
        console.print(Text(f"Results: {written}"), soft_wrap=True)
    except SystemExit:  # rich's answer to a reader that has gone (`| head`)
        raise BrokenPipeError from None


def _rows(about: Mapping[str, Any]) -> Iterator[tuple[str, Text]]:
    yield "runs", Text(_runs_in_words(about))
    yield "success", Text(success_in_words(about))
    yield "failure", Text(bound_in_words(about))
    named = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in about["outcomes"].items())
    yield "outcomes", Text(named or "none")
    for text in about["vary"]:
        yield "varied", Text(text)
    yield "seed", Text(str(about["seed"]))


def _runs_in_words(about: Mapping[str, Any]) -> str:
    others = {"impossible": about["impossible"], "quarantined": len(about["quarantined"])}
    parts = [f"{about['runs']}", *(f"{count} of them {name}" for name, count in others.items() if count)]
    return ", ".join(parts)


def success_in_words(about: Mapping[str, Any]) -> str:
    """Return the success of a campaign with its interval."""
    if about["success"] is None:
        return "nothing was driven"
    low, high = about["success_95"]
    return (
        f"{about['succeeded']} of {_counted(about)} arrived and broke no rule: {100 * about['success']:.1f} %,"
        f" {100 * low:.1f} to {100 * high:.1f} % with 95 % confidence"
    )


def bound_in_words(about: Mapping[str, Any]) -> str:
    """Return what the runs prove of the probability of a failure."""
    counted = _counted(about)
    if counted == 0:
        return "nothing is proven of it"
    failures = counted - about["succeeded"]
    without = "without a failure" if failures == 0 else f"with {failures} failure{'s' * (failures > 1)}"
    bound = 100 * about["failure_below_95"]
    return f"{counted} runs {without} prove its probability to be below {bound:.3g} % with 95 % confidence"


def _counted(about: Mapping[str, Any]) -> int:
    """Return how many runs success is of; of folders from before, those that were driven."""
    return int(about.get("counted", about["driven"]))


def _lines(about: Mapping[str, Any]) -> Iterator[str]:
    failed = about["succeeded"] < about["driven"]
    if about["worst"]:
        yield "Worst runs:" if failed else "Runs with the least charge:"
    for one in about["worst"][:_MOST_SHOWN]:
        broke = f", {one['violations']} rules broken" if one["violations"] else ""
        yield f"  {one['run']}: {one['outcome'].replace('_', ' ')}{broke}: {one['reason']}"
        yield f"    {one['command']}"
    if first := about.get("first_impossible"):
        yield "Impossible:"
        yield f"  {first['run']}: {first['reason']}"
        yield f"    {first['command']}"
        if about["impossible"] > 1:
            yield f"  and {about['impossible'] - 1} more, in results.csv"
    if about["quarantined"]:
        yield "Quarantined:"
    for one in about["quarantined"][:_MOST_SHOWN]:
        yield f"  {one['run']}: {one['reason']}"
        yield f"    {one['command']}"
    if len(about["quarantined"]) > _MOST_SHOWN:
        yield f"  and {len(about['quarantined']) - _MOST_SHOWN} more, in campaign.json"
