"""The summary table: human units, the outcome and its reason."""

from __future__ import annotations

import io
from dataclasses import replace

from rich.console import Console

from sim.view.tables import print_summary
from tests.builders.runlogs import broken_rule_log, refused_log


def printed(log, width=100):
    console = Console(file=io.StringIO(), width=width, no_color=True)
    print_summary(log, console)
    return {
        line.split("  ")[1].strip(): line.strip().split("  ", 1)[1].strip()
        for line in console.file.getvalue().splitlines()
        if line.strip().count("  ")
    }


def test_figures_are_in_human_units(log):
    fixed = {"harvest_j": 3600.0 * 123.4, "load_j": 3600.0 * 99.0, "min_soc": 0.4321}
    rows = printed(replace(log, summary={**log.summary, **fixed}))
    assert rows["outcome"] == "arrived"
    assert rows["reason"] == log.reason
    assert rows["harvest"] == "123.4 Wh"
    assert rows["load"] == "99.0 Wh"
    assert rows["least charge"] == "43.2 %"
    assert rows["driven"] == "462.0 m of 455.7 m planned"
    assert rows["ended"] == "2019-02-03 00:00:36 UTC"
    assert "lunar days" in rows["took"]
    assert rows["violations"] == "none"


def test_what_happened_is_counted(log):
    rows = printed(log)
    assert rows["on the way"] == f"{len(log.stops_m)} command cycles, 2 replans, 1 noon nap, 1 night"


def test_violations_are_told_with_value_and_bound():
    rows = printed(broken_rule_log())
    assert rows["outcome"] == "stopped safe"
    assert rows["violations"] == "tilt: 21.5 deg where 20 deg is the limit, 2 times"


def test_a_refusal_says_why():
    rows = printed(refused_log())
    assert rows["outcome"] == "no plan"
    assert "widen the zone" in rows["reason"]


def test_brackets_in_a_reason_are_not_markup(log):
    rows = printed(replace(log, reason="[bold]start_m[/bold] = [0, 0]"))
    assert rows["reason"] == "[bold]start_m[/bold] = [0, 0]"
