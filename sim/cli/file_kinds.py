"""Which kind of file one is, told by its keys: one with mistakes is still of the kind it is meant to be."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

from rover.core.errors import FaultTableError, LanderError, ScenarioError, VehicleError
from rover.core.lander import LanderParams
from rover.io.bundle import (
    fault_table_names,
    find_fault_table,
    find_lander,
    find_mission,
    find_scenario,
    find_site,
    find_vehicle,
    lander_names,
    mission_names,
    scenario_names,
    site_names,
    vehicle_names,
)
from rover.io.vehicle import PARTS
from sim.moon.site import SiteParams
from sim.run.mission_scenario import Mission
from sim.run.scenario import Scenario


class Kind(StrEnum):
    """Files that a user writes."""

    SCENARIO = "scenario"
    SITE = "site"
    VEHICLE = "vehicle"
    STATIONS = "stations"
    MISSION = "mission"
    LANDER = "lander"
    FAULTS = "faults"
    TRAVERSE = "traverse"
    WAY = "waypoints"


_SHARED = {"format", "name"}
_OWN_KEYS = {
    Kind.SCENARIO: Scenario.model_fields.keys() - _SHARED,
    Kind.SITE: SiteParams.model_fields.keys() - _SHARED,
    Kind.VEHICLE: {"figures", *PARTS},
    Kind.STATIONS: {"stations"},
    Kind.MISSION: Mission.model_fields.keys() - _SHARED,
    Kind.LANDER: LanderParams.model_fields.keys(),
}


def kind_of(table: Mapping[str, Any]) -> Kind:
    """Return the kind that most keys of a file's first level are of; a scenario where none is of any."""
    if isinstance(table.get("faults"), list):  # of a scenario it is a table
        return Kind.FAULTS
    return max(_OWN_KEYS, key=lambda kind: len(_OWN_KEYS[kind] & table.keys()))


def json_kind(path: Path) -> Kind | None:
    """Return whether a .json or .geojson file is a traverse or waypoints, None of any other suffix.

    What cannot be read is taken for what its suffix says; the reader says what is wrong with it.
    """
    if path.suffix.lower() not in (".json", ".geojson"):
        return None
    by_suffix = Kind.TRAVERSE if path.suffix.lower() == ".json" else Kind.WAY
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return by_suffix
    if not isinstance(table, dict) or "kind" in table:
        return Kind.TRAVERSE if isinstance(table, dict) else by_suffix
    return Kind.WAY if "type" in table else by_suffix


def find_file(spec: str) -> Path:
    """Return the file that a path, or the bundled name of a scenario, a site or a vehicle, means.

    Raises:
        ScenarioError: Neither a file nor such a name.
    """
    if spec in scenario_names():
        return find_scenario(spec, ScenarioError)
    if spec in site_names():
        return find_site(spec, ScenarioError)
    if spec in vehicle_names():
        return find_vehicle(spec, VehicleError)
    if spec in mission_names():
        return find_mission(spec, ScenarioError)
    if spec in lander_names():
        return find_lander(spec, LanderError)
    if spec in fault_table_names():
        return find_fault_table(spec, FaultTableError)
    path = Path(spec)
    if path.suffix in (".toml", ".json", ".geojson") or path.exists():
        return path  # the reader says what is wrong with it
    names = [*scenario_names(), *mission_names(), *site_names(), *vehicle_names()]
    close = difflib.get_close_matches(spec, names, n=1)
    remedy = f"did you mean {close[0]}?" if close else f"name a .toml file or one of: {', '.join(names)}"
    raise ScenarioError("no such scenario, site or vehicle", field="file", value=spec, remedy=remedy)
