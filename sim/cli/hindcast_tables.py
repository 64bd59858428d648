"""A hindcast: predictions, their errors, and both in words and as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from rover.core.logged_day import LoggedDay
from rover.core.station import Station
from rover.core.time import Epoch
from rover.sky.dormancy import (
    LEANS_JUDGED_DEG,
    ArrayOutput,
    DayError,
    DormancyRule,
    counted,
    error_of,
    errors,
    errors_left_out,
    fit_rule,
    sun_elevation,
    sun_elevation_at,
)

Array = npt.NDArray[np.float64]
FORMAT = 1

FITTED_DAYS = range(2, 17)
"""Lunar days that rules are fitted to; what is published of others only checks them."""


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
    """How far off the times that count are: hours, of either sign.

    Attributes:
        words: Which lunar days, in words.
        lunar_days: Those with a time that counts.
        own, constant: (n,) errors of the rule and of the best constant.
    """

    words: str
    lunar_days: tuple[int, ...]
    own: Array
    constant: Array


@dataclass(frozen=True, slots=True, kw_only=True)
class Hindcast:
    """Predictions and how good they are.

    Attributes:
        output: What the rule measures.
        rule, constant: The rule, and the best rule with a constant elevation; fitted to `FITTED_DAYS` alone.
        days: In order.
        scores: On lunar days that the rules were fitted to, on each of these left out in turn, and on other days; over
            whole logs, whichever days are predicted.
    """

    output: ArrayOutput
    rule: DormancyRule
    constant: DormancyRule
    days: tuple[DayHindcast, ...]
    scores: tuple[Score, ...]


def hindcast_of(
    output: ArrayOutput,
    lunar_days: Iterable[int],
    *,
    latitude_rad: float,
    longitude_rad: float,
    published: Sequence[LoggedDay],
    given: Sequence[LoggedDay] | None = None,
    stations: tuple[Station, ...] = (),
) -> Hindcast:
    """Return predictions for lunar days, and the errors of the rule and of the best constant elevation.

    Args:
        output: What the rule measures.
        lunar_days: Which.
        latitude_rad, longitude_rad: Of the site.
        published: The log; of it, rules are fitted to `FITTED_DAYS`.
        given: A log to set predictions beside in its stead. A time counts only where that of `published` for the same
            day does, if there is one.
        stations: Which send the rule's command to sleep; the constant elevation knows of none.

    Raises:
        ValueError: No wake or no sleep of `FITTED_DAYS` counts.
    """
    fitted = [day for day in published if day.lunar_day in FITTED_DAYS]
    constant = fit_rule(sun_elevation, fitted, latitude_rad=latitude_rad, longitude_rad=longitude_rad)
    rule = fit_rule(output, fitted, latitude_rad=latitude_rad, longitude_rad=longitude_rad, stations=stations)
    beside = published if given is None else _with_standings(given, published)
    rows = {day.lunar_day: day for day in beside}
    scores = [
        _score("lunar days fitted to", fitted, errors(rule, fitted), errors(constant, fitted)),
        _score(
            "each of these left out of the fit",
            fitted,
            errors_left_out(rule, fitted),
            errors_left_out(constant, fitted),
        ),
    ]
    if given is not None:
        same = [day for day in beside if day.lunar_day in FITTED_DAYS]
        scores.append(
            _score("lunar days fitted to, by the log given", same, errors(rule, same), errors(constant, same))
        )
    others = [day for day in beside if day.lunar_day not in FITTED_DAYS]
    scores.append(_score("lunar days not fitted to", others, errors(rule, others), errors(constant, others)))
    return Hindcast(
        output=output,
        rule=rule,
        constant=constant,
        days=tuple(_day(rule, constant, day, rows.get(day)) for day in lunar_days),
        scores=tuple(score for score in scores if score.lunar_days),
    )


def _with_standings(given: Iterable[LoggedDay], known: Iterable[LoggedDay]) -> list[LoggedDay]:
    """Return a log in which no time counts that does not count in another, whoever writes it down."""
    rows = {day.lunar_day: day for day in known}
    return [_with_standing(day, rows.get(day.lunar_day)) for day in given]


def _with_standing(day: LoggedDay, known: LoggedDay | None) -> LoggedDay:
    if known is None:
        return day
    return replace(
        day,
        wake_standing=day.wake_standing if known.wake is None or known.wake_counts else known.wake_standing,
        sleep_standing=(
            day.sleep_standing if known.sleep is None or known.sleep_counts else known.sleep_standing
        ),
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


def _score(words: str, log: Sequence[LoggedDay], own: list[DayError], constant: list[DayError]) -> Score:
    return Score(
        words=words,
        lunar_days=tuple(day.lunar_day for day in log if day.wake_counts or day.sleep_counts),
        own=counted(own, log),
        constant=counted(constant, log),
    )


def rule_words(made: Hindcast) -> str:
    """Return the rule in two lines: what it is, and what of it is assumed."""
    lean_deg = math.degrees(made.output.lean_north_rad)
    least, most = LEANS_JUDGED_DEG
    return (
        f"The rover wakes when its array, leaning {lean_deg:.0f} deg to the north, gives "
        f"{100 * made.rule.wake_at:.1f} % of what it gives facing the Sun at 1 au; it is put to sleep when the Sun is "
        f"down to {math.degrees(made.rule.sleep_at_rad):.2f} deg{_contact_words(made.rule)}.\n"
        f"The lean is assumed; that any from {least} to {most} deg does better than a constant elevation was judged on "
        f"lunar days {FITTED_DAYS[0]}-{FITTED_DAYS[-1]} only, which all thresholds are fitted to."
    )


def _contact_words(rule: DormancyRule) -> str:
    if not rule.stations:
        return ""
    names = " nor ".join(station.name.capitalize() for station in rule.stations)
    return f", or before, when the last station loses the relay, if then neither {names} sees it"


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
        for words, found in (("this rule", score.own), ("best constant", score.constant)):
            size, heading = np.abs(found), f"{score.words}: {words}"
            lines.append(
                f"{heading:56s}{len(size):6d}{np.median(size):8.2f}{size.mean():8.2f}{size.max():10.2f}"
            )
    return [
        *lines,
        "(over all lunar days with published times, whichever are listed above)",
        f"({constant_words(made)})",
    ]


def as_json_text(made: Hindcast) -> str:
    """Return a hindcast as JSON: `days` with ISO times, the rule and its errors."""
    table: dict[str, Any] = {
        "format": FORMAT,
        "rule": {
            "words": rule_words(made).replace("\n", " "),
            "fitted_lunar_days": [FITTED_DAYS[0], FITTED_DAYS[-1]],
            "array_lean_north_deg": math.degrees(made.output.lean_north_rad),
            "wake_output": made.rule.wake_at,
            "sleep_sun_elevation_deg": math.degrees(made.rule.sleep_at_rad),
            "sleep_stations": [station.name for station in made.rule.stations],
        },
        "constant_elevation": {
            "wake_sun_elevation_deg": math.degrees(made.constant.wake_at),
            "sleep_sun_elevation_deg": math.degrees(made.constant.sleep_at_rad),
        },
        "days": [_day_table(made.rule, day) for day in made.days],
        "errors_h": {
            score.words: {
                "lunar_days": list(score.lunar_days),
                "this_rule": _summary(score.own),
                "constant_elevation": _summary(score.constant),
            }
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
