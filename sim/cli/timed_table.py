"""The answer of `farside plan SCENARIO` as tables."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from rover.planning.delay_traverse import DelayedPlan
from rover.planning.problem import NoPlan
from rover.planning.spare_charge import SPARE
from rover.planning.tour import Tour
from sim.cli.timed_answer import StageFigures, TimedAnswer, TimedPlan, is_moment, share_of
from sim.cli.timed_reach import reach_notes
from sim.cli.timed_words import (
    criterion_words,
    minute_of,
    missing_words,
    quantity,
    quantity_words,
    slack_words,
    value_words,
    with_article,
)
from sim.cli.whole_table import print_whole

_J_PER_WH, _HOUR_S = 3600.0, 3600.0

_COLUMNS = ("start UTC", "h", "m", "Wh in", "Wh out", "charge\n%", "slope\ndeg", "roll\ndeg", "lit\n%")


def print_timed_tables(answer: TimedAnswer, *, explain: bool, folder: Path | None) -> None:
    """Print the answer for a reader: a row for each stage, or for each member of a front."""
    console = Console()
    if isinstance(answer.result, NoPlan):
        console.print(Text(str(answer.result), style="bold red"), soft_wrap=True)
        _print_reach(console, answer, folder)
        return
    console.print(Text(_heading(answer, answer.result)), soft_wrap=True)
    if answer.tour is not None:
        print_whole(console, _visits(answer, answer.tour))
    if answer.front or answer.result.whole is not None:
        print_whole(console, _front(answer) if answer.front else _stages(answer, answer.result))
    for line in (*_notes(answer, answer.result), *(_bounds(answer, answer.result) if explain else ())):
        console.print(Text(line), soft_wrap=True)
    _print_reach(console, answer, None)
    if folder is not None:
        console.print(f"Results: {folder}", soft_wrap=True, highlight=False)


def _print_reach(console: Console, answer: TimedAnswer, folder: Path | None) -> None:
    """Print what the maps come to, where they were asked for, and where they are."""
    if answer.maps is None:
        return
    for line in reach_notes(answer.setting, answer.maps):
        console.print(Text(line), soft_wrap=True)
    if folder is not None:
        console.print(f"Results: {folder}", soft_wrap=True, highlight=False)


def _heading(answer: TimedAnswer, best: TimedPlan) -> str:
    name, expanded = answer.setting.scenario.name, best.plan.expanded
    if answer.front:
        first, second = map(criterion_words, answer.criteria)
        count = len(answer.front)
        some = f"{count} traverse{'s' * (count != 1)}"
        if answer.missing is not None:
            some = "the first traverse" if count == 1 else f"the first {some}"
        return f"{name}: {first} against {second}, {some} that none betters by both"
    if answer.tour is not None:
        return f"{name}: most value, and of that the earliest end; {answer.tour.searched} legs searched"
    return f"{name}: {criterion_words(answer.criteria[0])} by {best.plan.planner}, {expanded} labels searched"


def _stages(answer: TimedAnswer, best: TimedPlan) -> Table:
    linked = answer.ready.around.relay_cdeg is not None
    table = _table("stage", (*_COLUMNS, *(("link\ndeg",) if linked else ())), "least slack")
    for stage in best.stages:
        if is_moment(stage):
            continue
        table.add_row(*_cells(answer, stage, linked=linked))
    if best.whole is not None:
        table.add_section()
        table.add_row(*_cells(answer, best.whole, linked=linked))
    return table


def _visits(answer: TimedAnswer, tour: Tour) -> Table:
    """Return a row for each visit, in order."""
    epoch = answer.setting.epoch
    table = _table("visit", ("value", "E m", "N m", "arrives UTC", "begins UTC", "ends UTC", "charge\n%"), "")
    for visit in tour.visits:
        east, north = visit.waypoint.place_m
        times = (minute_of(epoch, time_s) for time_s in (visit.arrive_s, visit.begin_s, visit.end_s))
        figures = (f"{visit.waypoint.value:g}", f"{east:.1f}", f"{north:.1f}", *times)
        table.add_row(visit.waypoint.name, *figures, f"{100 * visit.soc_after:.1f}", "")
    return table


def _table(first: str, figures: tuple[str, ...], last: str) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    table.add_column(first, no_wrap=True)
    for name in figures:
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column(last, no_wrap=True)
    return table


def _cells(answer: TimedAnswer, stage: StageFigures, *, linked: bool) -> Iterator[str]:
    yield "all" if stage.mode is None else stage.mode.value
    yield minute_of(answer.setting.epoch, stage.start_s)
    yield f"{(stage.end_s - stage.start_s) / _HOUR_S:.2f}"
    yield f"{stage.length_m:.1f}"
    yield f"{stage.harvest_j / _J_PER_WH:.1f}"
    yield f"{stage.load_j / _J_PER_WH:.1f}"
    yield f"{100 * stage.soc:.1f}"
    yield _degrees(stage.steepest_rad)
    yield _degrees(stage.roll_rad)
    yield f"{100 * stage.lit:.0f}" if math.isfinite(stage.lit) else "-"
    if linked:
        yield _degrees(stage.relay_rad)
    yield slack_words(stage.tightest)


def _degrees(angle_rad: float) -> str:
    return f"{math.degrees(angle_rad):.1f}" if math.isfinite(angle_rad) else "-"


def _front(answer: TimedAnswer) -> Table:
    vehicle, depart_s = answer.ready.problem.vehicle, answer.ready.problem.depart_s
    named = tuple(quantity_words(kind).replace(" (", "\n(") for kind in answer.criteria)
    table = _table(
        "no", (*named, "arrival UTC", "m", "charge %\nleast", "slope\ndeg", "roll\ndeg"), "least slack"
    )
    shown = [
        [quantity(kind, member.values[i], vehicle, depart_s) for member in answer.front]
        for i, kind in enumerate(answer.criteria)
    ]
    digits = [_digits(values) for values in shown]
    for number, member in enumerate(answer.front, start=1):
        table.add_row(
            str(number),
            *(f"{values[number - 1]:.{places}f}" for values, places in zip(shown, digits, strict=True)),
            *_member_cells(answer, member),
        )
    return table


def _digits(values: Sequence[float]) -> int:
    """Return after the point how many digits tell different values apart, from 2 up to 6."""
    known = sorted(set(filter(math.isfinite, values)))
    apart = min((after - before for before, after in pairwise(known)), default=1.0)
    return max(2, min(6, math.ceil(-math.log10(apart))))


def _member_cells(answer: TimedAnswer, member: TimedPlan) -> Iterator[str]:
    whole = member.whole
    if whole is None:
        yield from ("-", "0.0", "-", "-", "-", "-")
        return
    yield minute_of(answer.setting.epoch, whole.end_s)
    yield f"{whole.length_m:.1f}"
    yield f"{100 * whole.least_soc:.1f}"
    yield _degrees(whole.steepest_rad)
    yield _degrees(whole.roll_rad)
    yield slack_words(whole.tightest)


def _notes(answer: TimedAnswer, best: TimedPlan) -> Iterator[str]:
    if best.whole is None:
        yield "the start is the goal: there is nothing to drive"
        return
    if answer.front:
        number = 1 + answer.front.index(best)
        yield f"number {number} of them is the plan that --out writes and draws (--member K for another)"
        if answer.missing is not None:
            yield missing_words(
                answer.criteria, answer.missing, answer.ready.problem.vehicle, answer.ready.problem.depart_s
            )
        return
    problem = answer.ready.problem
    told = f"arrives {minute_of(answer.setting.epoch, best.whole.end_s)} UTC"
    if answer.criteria[0].value != "time":
        words = value_words(answer.criteria[0], best.values[0], problem.vehicle, problem.depart_s)
        told += f", {criterion_words(answer.criteria[0])} {words}"
    yield f"{told}; least charge {100 * best.whole.least_soc:.1f} %"
    if best.bound is not None:
        words = value_words(answer.criteria[0], best.bound, problem.vehicle, problem.depart_s)
        yield (
            "the time was up before the search ended: no traverse betters "
            f"{with_article(criterion_words(answer.criteria[0]))} of {words}{_gap_words(answer, best)}"
        )
    if all(margin.limit != SPARE for margin in best.timetable.margins):
        spare = 100 * problem.spare_soc
        yield f"there is no plan with {spare:g} % of charge to spare above the reserve, for what forecasts do not know"
    if answer.tour is not None:
        yield _tour_words(answer, answer.tour)
    if answer.delayed is not None:
        yield _delay_words(answer, answer.delayed)
    if answer.risked is not None:
        risked = answer.risked
        yield (
            f"a chance of {100 * risked.risk.chance:.2g} % that pitch or roll is beyond its limit on the true ground, "
            f"asked {100 * risked.bound:g} %; heeding no error {100 * risked.unmargined_risk.chance:.2g} %, "
            f"and {100 * risked.extra:.2f} % shorter"
        )


def _gap_words(answer: TimedAnswer, best: TimedPlan) -> str:
    """Say how much better any traverse can be, of what this one has; nothing where that says nothing."""
    kind, problem = answer.criteria[0], answer.ready.problem
    has = abs(quantity(kind, best.values[0], problem.vehicle, problem.depart_s))
    bound = (
        abs(quantity(kind, best.bound, problem.vehicle, problem.depart_s)) if best.bound is not None else has
    )
    if not (has > 0.0 and math.isfinite(bound)):
        return ""
    return f", which is {100 * abs(has - bound) / has:.2g} % better than this one"


def _tour_words(answer: TimedAnswer, tour: Tour) -> str:
    count, given = len(tour.visits), len(answer.waypoints)
    left_out = [w.name for w in answer.waypoints if w.name not in tour.order]
    told = f"{count} of {given} waypoints visited, worth {tour.value:g}; "
    told += "no order is worth more" if tour.exact else f"no tour is worth more than {tour.bound:g}"
    return told if not left_out else f"{told}; left out: {', '.join(left_out)}"


def _delay_words(answer: TimedAnswer, delayed: DelayedPlan) -> str:
    risk = delayed.risk
    expected = minute_of(answer.setting.epoch, delayed.expected_s)
    return (
        f"a chance of {100 * risk.caught:.2g} % to be caught by night off a haven, asked {100 * delayed.bound:g} %; "
        f"held a night at a haven in {100 * risk.held:.2g} %; {delayed.margin_s / _HOUR_S:.3g} h in hand before dusk; "
        f"expected {expected} UTC, a hold counted as a lunar day"
    )


def _cycle_words(answer: TimedAnswer) -> Iterator[str]:
    """Say what a stop for commands is made of, where there are any."""
    operations = answer.setting.scenario.operations
    if operations.mode != "teleoperated":
        return
    hours = operations.cycle_s / _HOUR_S
    yield f"commands every {operations.stop_every_m:g} m at the most, a cycle taking {hours:.3g} h"
    if operations.command_cycle_h is None:
        cycle = operations.cycle
        yield (
            f"of it {cycle.downlink_s / 60:.3g} min for {operations.data_mbit_per_stop:g} Mbit down, "
            f"{cycle.ground_s / _HOUR_S:.3g} h of the ground, {cycle.uplink_s / 60:.3g} min for commands up, "
            f"{cycle.light_s:.2g} s of light's way"
        )


def _bounds(answer: TimedAnswer, best: TimedPlan) -> Iterator[str]:
    """Tell of each limit where on the traverse it leaves least room, the tightest first."""
    held = [margin for margin in best.timetable.margins if math.isfinite(margin.slack)]
    yield from _cycle_words(answer)
    for margin in sorted(held, key=share_of):
        when = minute_of(answer.setting.epoch, margin.time_s)
        room = f"{100 * share_of(margin):.0f} % of its room"
        yield f"{slack_words(margin)} to spare at {when} UTC, {room}"
