"""The timeline of a mission's folder: whose it is, and what stays of it where one part is made anew."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rover.core.atomic import text_output
from rover.core.errors import ResultsError
from rover.core.lander import LanderParams
from rover.core.time import parse_utc
from rover.io.vehicle import read_vehicle
from sim.cli.mission_frames import key_of
from sim.moon.surface import GROUND_VERSION
from sim.run.closed_loop_landing_events import MissionEvent, told
from sim.run.mission_scenario import Mission

TIMELINE = "timeline.json"

Parts = Mapping[str, Sequence[MissionEvent]]
"""Events by the part of the mission that makes them."""

Budgets = Mapping[str, Sequence[Mapping[str, Any]]]
"""Tables by name, each a list of rows of column and value."""


class Timeline:
    """The timeline of one folder."""

    def __init__(self, folder: Path, mission: Mission, params: LanderParams) -> None:
        """Take up what the folder holds; where it holds nothing, note whose it is.

        Raises:
            ResultsError: It holds another mission, or a timeline that cannot be read.
        """
        self.path, self._mission = folder / TIMELINE, mission
        vehicle = read_vehicle(mission.rover).params
        self._key = key_of(
            mission.model_dump_json(), params.model_dump_json(), mission.read_site(), vehicle, GROUND_VERSION
        )
        self._held = self._read()
        if not self._held:
            self._write([], {})

    def _read(self) -> dict[str, Any]:
        try:
            held = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise ResultsError(
                f"cannot be read ({why})", remedy="remove it, or name another --out", file=self.path
            ) from None
        if not isinstance(held, dict) or held.get("key") != self._key:
            raise ResultsError(
                "is of another mission, seed or version", remedy="name another --out", file=self.path
            )
        return held

    def write(self, parts: Parts, budgets: Budgets, *, whole: bool) -> None:
        """Write the events of parts that were made.

        Args:
            parts: Their events.
            budgets: Tables.
            whole: Whether nothing else belongs to the mission; otherwise what other parts left stays.
        """
        epoch = parse_utc(self._mission.descent.ignition_utc)
        rows = [{**told(event, epoch), "part": part} for part, events in parts.items() for event in events]
        kept = {} if whole else self._held
        rows += [row for row in kept.get("events", []) if row.get("part") not in parts]
        self._write(rows, {**kept.get("budgets", {}), **budgets})

    def _write(self, rows: list[dict[str, Any]], budgets: Budgets) -> None:
        table: dict[str, Any] = {
            "format": 1,
            "mission": self._mission.name,
            "seed": self._mission.seed,
            "key": self._key,
            "events": sorted(rows, key=lambda row: row["time_s"]),
            **({"budgets": budgets} if budgets else {}),
        }
        with text_output(self.path) as file:
            json.dump(table, file, indent=1, allow_nan=False)
            file.write("\n")
