"""The summary of a run, for a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from sim.run.runlog import Outcome, RunLog, Violation
from sim.view.phases import duration, nights, rests

_J_PER_WH = 3600.0


def print_summary(log: RunLog, console: Console) -> None:
    """Print a run's summary table."""
    console.print(summary_table(log))


def summary_table(log: RunLog) -> Table:
    """Return a run's figures of merit, in units a person thinks in."""
    table = Table(box=box.SIMPLE, show_header=False, title=str(log.summary["scenario"]), title_justify="left")
    table.add_column("figure", no_wrap=True)
    table.add_column("value", overflow="fold")
    for name, value in _rows(log):
        table.add_row(Text(name, style="dim"), value if isinstance(value, Text) else Text(value))
    return table


def _rows(log: RunLog) -> Iterator[tuple[str, str | Text]]:
    summary = log.summary
    arrived = log.outcome is Outcome.ARRIVED
    yield "outcome", Text(log.outcome.replace("_", " "), style="bold green" if arrived else "bold red")
    yield "reason", log.reason
    if len(log.telemetry["time_s"]):
        yield from _driving_rows(log)
    yield "seed", str(summary["seed"])


def _driving_rows(log: RunLog) -> Iterator[tuple[str, str | Text]]:
    summary = log.summary
    yield "began", _utc(summary["start_utc"])
    plan = summary.get("plan")
    yield "ended", _utc(summary["end_utc"]) + _after_plan(log, plan)
    yield "took", f"{duration(float(summary['elapsed_s']))}, {float(summary['lunar_days']):.2f} lunar days"
    yield (
        "driven",
        f"{float(summary['distance_m']):.1f} m of {float(summary['planned_length_m']):.1f} m planned",
    )
    yield "on the way", _counted(log)
    planned = (
        ""
        if plan is None or plan["least_soc"] is None
        else f", {100 * float(plan['least_soc']):.1f} % planned"
    )
    yield "least charge", f"{100 * float(summary['min_soc']):.1f} %{planned}"
    yield "harvest", f"{float(summary['harvest_j']) / _J_PER_WH:.1f} Wh"
    yield "load", f"{float(summary['load_j']) / _J_PER_WH:.1f} Wh"
    yield "violations", _violations(log)


def _after_plan(log: RunLog, plan: Mapping[str, Any] | None) -> str:
    """Return how long after the arrival that was planned a rover has arrived, in words."""
    if plan is None or plan["arrive_s"] is None or log.outcome is not Outcome.ARRIVED:
        return ""
    late_s = float(log.summary["elapsed_s"]) - float(plan["arrive_s"])
    return f", {duration(abs(late_s))} {'after' if late_s >= 0 else 'before'} the plan's arrival"


def _utc(text: object) -> str:
    return str(text).replace("T", " ").replace("Z", " UTC")


def _counted(log: RunLog) -> str:
    resting = [span.name for span in rests(log)]
    counts = (
        (int(log.summary["stops"]), "command cycle"),
        (int(log.summary["replans"]), "replan"),
        (resting.count("nap"), "noon nap"),
        (len(nights(log)), "night"),
    )
    return ", ".join(f"{count} {word}{'' if count == 1 else 's'}" for count, word in counts)


def _violations(log: RunLog) -> Text:
    if not log.violations:
        return Text("none")
    rules = dict.fromkeys(violation.rule for violation in log.violations)
    lines = [_rule_words([v for v in log.violations if v.rule == rule]) for rule in rules]
    return Text("\n".join(lines), style="bold red")


def _rule_words(broken: list[Violation]) -> str:
    first, times = broken[0], len(broken)
    often = "" if times == 1 else f", {times} times"
    return (
        f"{first.rule}: {first.value:g} {first.unit} where {first.bound:g} {first.unit} is the limit{often}"
    )
