"""How a failure is seen again: one check on one ground, by one command."""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Iterator
from dataclasses import dataclass

from sim.testing.case import Budget

VARIABLE = "FARSIDE_REPLAY"
"""Of the environment: `CHECK:SEED:KIND`, to which every call of `check_planner` is narrowed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """One check on one ground."""

    check: str
    seed: int
    kind: str

    def __str__(self) -> str:
        return f"{self.check}:{self.seed}:{self.kind}"


def chosen() -> Chosen | None:
    """Return what the environment narrows the checks to, or None.

    Raises:
        ValueError: It is not of the form `CHECK:SEED:KIND`.
    """
    text = os.environ.get(VARIABLE)
    if not text:
        return None
    parts = text.split(":")
    if len(parts) != 3 or not parts[1].isdecimal():
        raise ValueError(f"{VARIABLE} = {text!r}: give CHECK:SEED:KIND, as a failure tells it")
    return Chosen(check=parts[0], seed=int(parts[1]), kind=parts[2])


def replay_command(given: object, planner: object, triple: Chosen, budget: Budget) -> str:
    """Return the command that runs just this check on just this ground.

    A planner that was given by name is loaded by it. One that a test has made is left to the test, which pytest names
    in the environment. Of any other, the class is named where it was found.

    Args:
        given: What `check_planner` was given.
        planner: What was made of it.
        triple: The check, seed and kind.
        budget: That it was held to; said where it is not the usual one, and a test has its own.
    """
    test = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition(" ")[0]
    if test and not isinstance(given, str):
        return f"{VARIABLE}={shlex.quote(str(triple))} python -m pytest {shlex.quote(test)}"
    spec = given if isinstance(given, str) else _spec_of(type(planner))
    words = ["python", "-m", "sim.testing", spec, "--check", triple.check, "--seed", str(triple.seed)]
    return shlex.join([*words, "--kind", triple.kind, *_budget_words(budget)])


def _budget_words(budget: Budget) -> Iterator[str]:
    usual = Budget()
    if budget.time_s != usual.time_s:
        yield from ("--time-s", f"{float(budget.time_s)!r}")
    if budget.memory_mib != usual.memory_mib:
        yield from ("--memory-mib", f"{float(budget.memory_mib)!r}")
    if budget.stop_s != usual.stop_s:
        yield from ("--stop-s", f"{float(budget.stop_s)!r}")


def _spec_of(kind: type) -> str:
    module = sys.modules.get(kind.__module__)
    file = getattr(module, "__file__", None)
    if kind.__module__ == "__main__" and file:
        return f"{file}:{kind.__qualname__}"
    return f"{kind.__module__}:{kind.__qualname__}"
