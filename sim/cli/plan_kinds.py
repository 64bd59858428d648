"""Whether `farside plan` is asked about a DEM or a scenario, and which options go with which."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from rover.core.errors import ScenarioError, UsageError
from rover.io.bundle import find_scenario, scenario_names


def is_scenario(named: Path) -> bool:
    """Tell whether a name is that of a scenario: a .toml file or a bundled one."""
    return named.suffix.lower() == ".toml" or str(named) in scenario_names()


def refuse_options_of_other_kind(
    *, timed: bool, of_dems: Mapping[str, object], of_scenarios: Mapping[str, object]
) -> None:
    """Refuse options that only the other kind of plan heeds.

    Args:
        timed: Whether a scenario is planned.
        of_dems, of_scenarios: Values by option; None, False and an empty list were not given.

    Raises:
        UsageError: Naming the first of them.
    """
    others = of_dems if timed else of_scenarios
    what, remedy = (
        ("is for plans over a DEM", "leave it off: the scenario says it, or name a DEM")
        if timed
        else ("is for plans of a scenario", "leave it off, or name a scenario instead of a DEM")
    )
    for option, value in others.items():
        if value is None or value is False or value == []:
            continue
        shown = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        raise UsageError(what, remedy=remedy, field=option, value=shown)


def refuse_unknown_name(named: Path) -> None:
    """Refuse what is neither a file nor the name of a bundled scenario, but looks like a name.

    Raises:
        ScenarioError: With the names that there are.
    """
    if not named.suffix and named.name == str(named) and not named.exists():
        find_scenario(str(named), ScenarioError)


def require_ends(start: str | None, goal: str | None) -> tuple[str, str]:
    """Return start and goal, which a plan over a DEM needs.

    Raises:
        UsageError: One is missing.
    """
    if start is None or goal is None:
        missing = "--start" if start is None else "--goal"
        raise UsageError(f"Missing option '{missing}'", remedy="give E,N in metres, or name a scenario")
    return start, goal
