"""A hindcast: predictions, their errors, and both in words and as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rover.core.logged_day import LoggedDay
from rover.core.time import Epoch
from rover.sky.dormancy import (
    LEAN_NORTH_RAD,
    DayError,
    DormancyRule,
    counted,
    error_of,
    errors,
    errors_left_out,
    sun_elevation_at,
)

Array = npt.NDArray[np.float64]
FORMAT = 1

_HOUR_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DayHindcast:
    """One lunar day: what is predicted, what is published, and how far they and the best constant are apart."""

    lunar_day: int
    wake: Epoch | None
    sleep: Epoch | None
    published: LoggedDay
    error: DayError
    constant_error: DayError


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """How far off the times that count are: hours, of either sign."""

    words: str
    own: Array
    constant: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Hindcast:
    """Predictions and how good they are.

    Attributes:
        rule, constant: The rule, and the best rule with a constant elevation.
        days: In order.
        scores: On days that the rules were fitted to, on each of these left out in turn, and on other days.
    """

    rule: DormancyRule
    constant: DormancyRule
    days: tuple[DayHindcast, ...]
    scores: tuple[Score, ...]


def hindcast_of(
    rule: DormancyRule,
    constant: DormancyRule,
    lunar_days: Iterable[int],
    *,
    fitted: Sequence[LoggedDay],
    beside: Sequence[LoggedDay],
) -> Hindcast:
    """Return predictions for lunar days, and the errors of both rules.

    Args:
        rule, constant: Both fitted to `fitted`.
        lunar_days: Which.
        fitted: The log that the rules were fitted to.
        beside: The log that predictions are set beside.
    """
    published = {day.lunar_day: day for day in beside}
    days = tuple(_day(rule, constant, day, published.get(day)) for day in lunar_days)
    known = {day.lunar_day for day in fitted}
    scores = [
        _score("lunar days fitted to", [day for day in days if day.lunar_day in known]),
        Score(
            words="each of these left out of the fit",
            own=counted(errors_left_out(rule, fitted), fitted),
            constant=counted(errors_left_out(constant, fitted), fitted),
        ),
        _score("lunar days not fitted to", [day for day in days if day.lunar_day not in known]),
    ]
    return Hindcast(
        rule=rule, constant=constant, days=days, scores=tuple(score for score in scores if len(score.own))
    )


def _day(rule: DormancyRule, constant: DormancyRule, lunar_day: int, row: LoggedDay | None) -> DayHindcast:
    if row is None:
        row = LoggedDay(
            lunar_day=lunar_day, wake=None, sleep=None, wake_standing="", sleep_standing="", source=""
        )
    wake, sleep = rule.wake(lunar_day), rule.sleep(lunar_day)
    return DayHindcast(
        lunar_day=lunar_day,
        wake=wake,
        sleep=sleep,
        published=row,
        error=error_of(row, wake, sleep),
        constant_error=errors(constant, [row])[0],
    )


def _score(words: str, days: list[DayHindcast]) -> Score:
    log = [day.published for day in days]
    own, constant = (
        counted(found, log) for found in ([day.error for day in days], [day.constant_error for day in days])
    )
    return Score(words=words, own=own, constant=constant)


def rule_words(made: Hindcast) -> str:
    """Return the rule in a sentence."""
    return (
        f"The rover wakes when its array, leaning {math.degrees(LEAN_NORTH_RAD):.0f} deg to the north, gives "
        f"{100 * made.rule.wake_at:.1f} % of what it gives facing the Sun at 1 au, and is put to sleep when the Sun is "
        f"down to {math.degrees(made.rule.sleep_at_rad):.2f} deg."
    )


def constant_words(made: Hindcast) -> str:
    """Return the rule that it is compared with."""
    return (
        f"constant Sun elevations: wake at {math.degrees(made.constant.wake_at):.2f} deg, "
        f"sleep at {math.degrees(made.constant.sleep_at_rad):.2f} deg"
    )


_HEAD = "day  wake, UTC         Sun   published         error h  sleep, UTC        Sun   published         error h"


def as_text(made: Hindcast) -> str:
    """Return a hindcast as plain tables."""
    lines = [rule_words(made), "", _HEAD]
    for day in made.days:
        row, error = day.published, day.error
        wake = _cell(made.rule, day.wake, row.wake, error.wake_h, row.wake_counts)
        sleep = _cell(made.rule, day.sleep, row.sleep, error.sleep_h, row.sleep_counts)
        lines.append(f"{day.lunar_day:3d}  {wake}  {sleep}".rstrip())
    if any("*" in line for line in lines):
        lines.append("* converted or inferred clock time: neither fitted nor scored")
    notes = [f"{day.lunar_day:3d}  {day.published.source}" for day in made.days if day.published.source]
    lines += ["", "sources of the published times", *notes] if notes else []
    return "\n".join([*lines, "", *_scores(made)])


def _cell(
    rule: DormancyRule, predicted: Epoch | None, published: Epoch | None, error_h: float | None, counts: bool
) -> str:
    if predicted is None:
        return f"{'never':16s}  {'':4s}"
    high = math.degrees(sun_elevation_at(rule, predicted))
    said = "-" if published is None else _clock(published) + ("" if counts else "*")
    off = "" if error_h is None else f"{error_h:+.1f}"
    return f"{_clock(predicted)}  {high:4.1f}  {said:17s}  {off:>6s}"


def _clock(epoch: Epoch) -> str:
    return epoch.utc_at(30.0)[:16].replace("T", " ")


def _scores(made: Hindcast) -> list[str]:
    lines = [f"{'absolute error, h':56s}events  median    mean  greatest"]
    for score in made.scores:
        for words, found in (("this rule", score.own), ("constant elevation", score.constant)):
            size, heading = np.abs(found), f"{score.words}: {words}"
            lines.append(
                f"{heading:56s}{len(size):6d}{np.median(size):8.2f}{size.mean():8.2f}{size.max():10.2f}"
            )
    return [*lines, f"({constant_words(made)})"]


def as_json_text(made: Hindcast) -> str:
    """Return a hindcast as JSON: `days` with ISO times, the rule and its errors."""
    table: dict[str, Any] = {
        "format": FORMAT,
        "rule": {
            "words": rule_words(made),
            "array_lean_north_deg": math.degrees(LEAN_NORTH_RAD),
            "wake_output": made.rule.wake_at,
            "sleep_sun_elevation_deg": math.degrees(made.rule.sleep_at_rad),
        },
        "constant_elevation": {
            "wake_sun_elevation_deg": math.degrees(made.constant.wake_at),
            "sleep_sun_elevation_deg": math.degrees(made.constant.sleep_at_rad),
        },
        "days": [_day_table(made.rule, day) for day in made.days],
        "errors_h": {
            score.words: {"this_rule": _summary(score.own), "constant_elevation": _summary(score.constant)}
            for score in made.scores
        },
    }
    return json.dumps(table, indent=2)


def _day_table(rule: DormancyRule, day: DayHindcast) -> dict[str, Any]:
    row, error = day.published, day.error
    return {
        "lunar_day": day.lunar_day,
        "wake_utc": _iso(day.wake),
        "sleep_utc": _iso(day.sleep),
        "wake_sun_elevation_deg": _elevation(rule, day.wake),
        "sleep_sun_elevation_deg": _elevation(rule, day.sleep),
        "published_wake_utc": _iso(row.wake),
        "published_sleep_utc": _iso(row.sleep),
        "wake_error_h": error.wake_h,
        "sleep_error_h": error.sleep_h,
        "wake_scored": row.wake_counts,
        "sleep_scored": row.sleep_counts,
        "source": row.source or None,
    }


def _iso(epoch: Epoch | None) -> str | None:
    return None if epoch is None else epoch.utc_at(0.0)


def _elevation(rule: DormancyRule, epoch: Epoch | None) -> float | None:
    return None if epoch is None else math.degrees(sun_elevation_at(rule, epoch))


def _summary(found: Array) -> dict[str, Any]:
    size = np.abs(found)
    return {
        "events": len(size),
        "median": float(np.median(size)),
        "mean": float(size.mean()),
        "greatest": float(size.max()),
    }
