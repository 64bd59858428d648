"""Plans put to the check: a traverse against its own scenario, a person's waypoints against one that is named."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rover.core.errors import PlanFileError
from rover.io.plan_file import PlanFile, read_plan
from rover.io.way_file import read_way
from rover.planning.check_ledger import Verdict
from rover.planning.check_traverse import check_traverse
from rover.planning.check_way import WayLeg, check_way
from rover.planning.given_plan import require_same_dem
from sim.bench.timed import known_of
from sim.cli.check_plan_limits import require_no_looser
from sim.run.scenario import Scenario, scenario_from_table
from sim.run.setting import Setting, prepare, require_inside

FORMAT = 1
BROKEN = 8
"""Exit status where a limit is broken."""


def judge_plan_file(
    path: Path, asked: Scenario | None = None, *, allow_body: bool, max_cells: int
) -> tuple[PlanFile, Setting, Verdict]:
    """Read a plan, make its scenario ready again and check it.

    Args:
        path: The plan's.
        asked: The scenario that it must be of; None for whatever it says.
        allow_body, max_cells: As of scenarios.

    Raises:
        PlanFileError: It cannot be read, is of another scenario than asked, of another DEM than its scenario's, or has
            looser limits or other bins than that.
        FarsideError: The scenario in it cannot be used.
    """
    plan = read_plan(path)
    if asked is not None:
        _require_scenario(plan, asked, path)
    setting = prepare(scenario_of_plan(plan, path), allow_body=allow_body, max_cells=max_cells)
    require_same_dem(plan, setting.dem, path)
    require_no_looser(plan, setting, path)
    return plan, setting, check_traverse(plan, known_of(setting))


def _require_scenario(plan: PlanFile, asked: Scenario, path: Path) -> None:
    """Refuse a plan whose scenario says anything else than the one that is asked for."""
    for key, held, wanted in differing(plan, asked):
        raise PlanFileError(
            f"a plan of another scenario: here it is {wanted}",
            remedy="plan again, or say what was changed with --set",
            file=path,
            field=f"scenario.{key}",
            value=held,
        )


def differing(plan: PlanFile, asked: Scenario) -> Iterator[tuple[str, Any, Any]]:
    """Yield what a plan's scenario says otherwise: the dotted key, the plan's value and the one asked for."""
    held, wanted = (dict(_leaves("", table)) for table in (plan.scenario, asked.model_dump(mode="json")))
    for key in sorted(held.keys() | wanted.keys()):
        if held.get(key) != wanted.get(key):
            yield key, held.get(key), wanted.get(key)


def _leaves(key: str, value: Any) -> Iterator[tuple[str, Any]]:
    """Yield the values of nested tables by their dotted keys."""
    if isinstance(value, dict):
        for name, held in value.items():
            yield from _leaves(f"{key}.{name}" if key else name, held)
    else:
        yield key, list(value) if isinstance(value, tuple) else value


def scenario_of_plan(plan: PlanFile, path: Path) -> Scenario:
    """Return the scenario in a plan; its DEM is looked for from here, and beside the plan.

    Raises:
        ScenarioError, VehicleError, ZoneError: With one problem for each thing wrong.
    """
    table = dict(plan.scenario)
    terrain = table.get("terrain")
    named = terrain.get("dem") if isinstance(terrain, dict) else None
    if isinstance(named, str) and not Path(named).exists() and (path.parent / named).exists():
        table["terrain"] = {**terrain, "dem": str(path.parent / named)}  # type: ignore[dict-item]
    return scenario_from_table(table, file=str(path))


def judge_way_file(path: Path, setting: Setting) -> tuple[WayLeg, ...]:
    """Read a person's waypoints and judge each leg between two.

    Raises:
        PlanFileError: They cannot be read.
        PlaceError: One lies off the map.
    """
    way = read_way(path)
    require_inside(
        setting.dem.geometry, {f"waypoint {i}": (e, n) for i, (e, n) in enumerate(way.tolist(), 1)}
    )
    return check_way(way, known_of(setting))


def verdict_json(path: Path, verdict: Verdict) -> str:
    """Return what was found of a traverse as JSON; what is not finite is null."""
    table = {
        "format": FORMAT,
        "file": str(path),
        "holds": verdict.holds,
        "worst": [_plain({**asdict(found), "holds": found.holds}) for found in verdict.worst],
        "broken": [_plain(asdict(found)) for found in verdict.broken],
    }
    return json.dumps(table, indent=1, allow_nan=False)


def way_json(path: Path, legs: tuple[WayLeg, ...]) -> str:
    """Return what was found of waypoints as JSON."""
    holds = all(leg.first is None for leg in legs)
    table = {
        "format": FORMAT,
        "file": str(path),
        "holds": holds,
        "legs": [_plain(asdict(leg)) for leg in legs],
    }
    return json.dumps(table, indent=1, allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(held) for key, held in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(held) for held in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
