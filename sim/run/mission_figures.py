"""Tables of a mission file whose numbers state where they come from, read as plain values."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from rover.core.errors import Problem, ScenarioError
from rover.core.tables import validate
from sim.mission.figures import Row


class _Figure(Row):
    value: Any


def plain_tables(read: Mapping[str, Any], names: Collection[str], *, file: str) -> dict[str, Any]:
    """Return a mission's table with the figures of some of its tables as plain values.

    A number is written `{ value = ..., source = "..." }`; a row of a list has one `source` for all of its numbers.
    Words, times, true and false stand as they are.

    Raises:
        ScenarioError: Every number without a source.
    """
    problems: list[Problem] = []
    found = {
        key: _plain(key, held, file, problems) if key in names and isinstance(held, dict) else held
        for key, held in read.items()
    }
    if problems:
        raise ScenarioError(problems)
    return found


def _plain(field: str, held: Any, file: str, problems: list[Problem]) -> Any:
    if isinstance(held, dict) and "value" in held:
        try:
            return validate(_Figure, held, file=file, error=ScenarioError, prefix=f"{field}.").value
        except ScenarioError as error:
            problems += error.problems
            return None
    if isinstance(held, dict):
        return {key: _plain(f"{field}.{key}", inner, file, problems) for key, inner in held.items()}
    if isinstance(held, (int, float)) and not isinstance(held, bool):
        remedy = 'write { value = ..., source = "..." }'
        problems.append(
            Problem(what="no figure with its source", remedy=remedy, file=file, field=field, value=held)
        )
    return held
