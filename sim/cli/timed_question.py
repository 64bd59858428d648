"""What is asked of `farside plan SCENARIO` besides the scenario: objectives, risk, delay, waypoints."""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rover.core.errors import UsageError
from rover.planning.delay import Faults, check_delay_bound
from rover.planning.dem_error import DemError
from rover.planning.risk import check_bound
from rover.planning.traverse_ground import Criterion
from sim.cli.plan_question import read_place
from sim.cli.timed_answer import AskedRisk

if TYPE_CHECKING:
    from sim.cli.plan_timed import TimedRequest

OPTION_OF = {
    "risk": "--risk",
    "sigma_m": "--dem-error",
    "length_m": "--dem-error",
    "bound": "--delay",
    "rate_per_km": "--faults",
    "cost_s": "--faults",
}
"""Which option a field of a `UsageError` came by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedDelay:
    """Greatest chance to be caught by night off a haven, and the faults that it comes of."""

    bound: float
    faults: Faults


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedQuestion:
    """What to plan: one of risk, delay and waypoints at the most, and with them one criterion.

    Attributes:
        criteria: What to have least of, one or two.
        risk, delay: Chances to keep within bounds.
        waypoints: File of places to visit.
    """

    criteria: tuple[Criterion, ...]
    risk: AskedRisk | None
    delay: AskedDelay | None
    waypoints: Path | None


def read_question(asked: TimedRequest) -> TimedQuestion:
    """Read the options, before anything is made ready.

    Raises:
        UsageError: One that cannot be meant, or two that do not go together.
    """
    _refuse_pairs(asked)
    if asked.member is not None and (asked.pareto is None or asked.member < 1):
        what, remedy = "there is no front", "give --pareto A,B"
        if asked.pareto is not None:
            what, remedy = "no member of a front", "give 1 for the first, and so on"
        raise UsageError(what, remedy=remedy, field="--member", value=asked.member)
    if asked.maps and asked.out is None and not asked.as_json:
        raise UsageError("nowhere to put the maps", remedy="give --out DIR, or --json", field="--maps")
    return TimedQuestion(
        criteria=_criteria(asked),
        risk=_risk(asked),
        delay=_delay(asked),
        waypoints=asked.waypoints,
    )


def _refuse_pairs(asked: TimedRequest) -> None:
    """Refuse bounds and tours together: each has a search of its own."""
    given = {
        "--risk": asked.risk,
        "--delay": asked.delay,
        "--waypoints": asked.waypoints,
        "--pareto": asked.pareto,
    }
    named = [(option, value) for option, value in given.items() if value is not None]
    if len(named) > 1:
        (first, value), (second, _) = named[0], named[1]
        if first == "--risk" and second == "--pareto":
            return  # said below
        raise UsageError(
            f"does not go with {second}", remedy="leave one of them off", field=first, value=str(value)
        )
    if asked.waypoints is not None and asked.objective != "time":
        raise UsageError(
            "a tour has most value, and of those the earliest end",
            remedy="leave one of them off",
            field="--objective",
            value=asked.objective,
        )


def _delay(asked: TimedRequest) -> AskedDelay | None:
    """Read the bound of delay and the faults, which go together.

    Raises:
        UsageError: One without the other, not a chance, or not a rate and a time.
    """
    if asked.delay is None and asked.faults is None:
        return None
    if asked.delay is None or asked.faults is None:
        given, other = ("--delay", "--faults") if asked.faults is None else ("--faults", "--delay")
        raise UsageError(f"{other} is missing", remedy="give both or neither", field=given)
    try:
        rate, hours = (float(word) for word in asked.faults.split(","))
    except ValueError:
        rate = hours = math.nan
    if not (math.isfinite(rate) and math.isfinite(hours)):
        raise UsageError(
            "not a rate and a time",
            remedy="give faults per km and hours, such as 2,3",
            field="--faults",
            value=asked.faults,
        )
    try:
        check_delay_bound(asked.delay)
        return AskedDelay(bound=asked.delay, faults=Faults(rate_per_km=rate, cost_s=3600.0 * hours))
    except UsageError as error:
        raise error.by_the_names(OPTION_OF) from error


def _criteria(asked: TimedRequest) -> tuple[Criterion, ...]:
    """Read what to have least of, one or two.

    Raises:
        UsageError: No such objective, one twice, or both options.
    """
    if asked.time_limit is not None and not 0 < asked.time_limit < float("inf"):
        raise UsageError(
            "not a positive number",
            remedy="give seconds, more than 0",
            field="--time-limit",
            value=asked.time_limit,
        )
    if asked.pareto is None:
        return (_criterion(asked.objective, "--objective"),)
    if asked.objective != "time":
        raise UsageError(
            "--pareto names its own objectives",
            remedy="leave one of them off",
            field="--objective",
            value=asked.objective,
        )
    named = [_criterion(word.strip(), "--pareto") for word in asked.pareto.split(",")]
    if len(named) != 2 or named[0] is named[1]:
        raise UsageError(
            "not two different objectives",
            remedy="give two, such as time,energy",
            field="--pareto",
            value=asked.pareto,
        )
    return tuple(named)


def _risk(asked: TimedRequest) -> AskedRisk | None:
    """Read the bound of risk and the map's error, which go together.

    Raises:
        UsageError: One without the other, with a front, or not a chance or two lengths.
    """
    if asked.risk is None and asked.dem_error is None:
        return None
    if asked.risk is None or asked.dem_error is None:
        given = "--risk" if asked.dem_error is None else "--dem-error"
        other = "--dem-error" if asked.dem_error is None else "--risk"
        raise UsageError(f"{other} is missing", remedy="give both or neither", field=given)
    if asked.pareto is not None:
        raise UsageError(
            "a front has no bound of risk", remedy="leave one of them off", field="--risk", value=asked.risk
        )
    try:
        check_bound(asked.risk)
        sigma_m, length_m = read_place(asked.dem_error, "--dem-error")
        return AskedRisk(bound=asked.risk, error=DemError(sigma_m=sigma_m, length_m=length_m))
    except UsageError as error:
        names = {"risk": "--risk", "sigma_m": "--dem-error", "length_m": "--dem-error"}
        raise error.by_the_names(names) from error


def _criterion(word: str, option: str) -> Criterion:
    if word not in tuple(Criterion):
        remedy = f"of a scenario give {', '.join(Criterion)}"
        raise UsageError("no such objective", remedy=remedy, field=option, value=word)
    return Criterion(word)
