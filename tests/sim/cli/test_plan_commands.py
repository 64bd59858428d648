"""A traverse as commands: what is merged, and that the commands lead where the plan does."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from pathlib import Path

import pytest

from rover.core.time import parse_utc
from sim.cli.plan_commands import COLUMNS, write_commands
from tests.rover.planning.traverse_plans import EPOCH, QUESTIONS, answer_to


def rows_of(name: str, folder: Path) -> list[Mapping[str, str]]:
    answer = answer_to(QUESTIONS[name])
    path = folder / "commands.csv"
    count = write_commands(path, answer.plan, terrain=answer.known.terrain, almanac=answer.known.almanac)
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == count and tuple(rows[0]) == COLUMNS
    return rows


@pytest.mark.parametrize("name", ["plain", "commands", "night", "charging"])
def test_commands_lead_where_the_plan_does(name: str, tmp_path: Path) -> None:
    """Dead reckoning by turns and drives alone, from the first heading on."""
    plan = answer_to(QUESTIONS[name]).plan
    rows = rows_of(name, tmp_path)
    first = next(step for step in plan.steps if step.moves)
    east, north = plan.steps[0].from_m
    yaw = math.atan2(first.to_m[1] - first.from_m[1], first.to_m[0] - first.from_m[0])
    for row in rows:
        yaw += math.radians(float(row["turn_deg"]))
        east += float(row["drive_m"]) * math.cos(yaw)
        north += float(row["drive_m"]) * math.sin(yaw)
        assert math.dist((east, north), (float(row["east_m"]), float(row["north_m"]))) < 0.02
    assert math.dist((east, north), plan.steps[-1].to_m) < 0.02


@pytest.mark.parametrize("name", ["plain", "commands", "night", "charging"])
def test_every_step_is_in_one_command(name: str, tmp_path: Path) -> None:
    plan = answer_to(QUESTIONS[name]).plan
    rows = rows_of(name, tmp_path)
    waits = math.fsum(float(row["wait_h"]) for row in rows)
    parked = math.fsum(step.end_s - step.start_s for step in plan.steps if not step.moves) / 3600
    assert waits == pytest.approx(parked, abs=1e-4 * len(rows))
    assert len(rows) < len(plan.steps)
    for before, after in zip(rows[:-1], rows[1:], strict=True):
        merged = before["mode"] == after["mode"]
        assert not merged or (after["mode"] == "drive" and float(after["turn_deg"]) != 0)
        assert before["utc"] <= after["utc"]
    for row in rows:
        assert (float(row["drive_m"]) > 0) == (row["mode"] == "drive") != (float(row["wait_h"]) > 0)
        assert -180 < float(row["turn_deg"]) <= 180 and 0 <= float(row["tilt_deg"]) < 20
    assert float(rows[-1]["charge_percent"]) == pytest.approx(100 * plan.steps[-1].soc_after, abs=0.006)


def test_the_sun_of_each_stop_is_the_almanacs(tmp_path: Path) -> None:
    almanac = answer_to(QUESTIONS["commands"]).known.almanac
    rows = rows_of("commands", tmp_path)
    for row, following in zip(rows[:-1], rows[1:], strict=True):
        sun = almanac.sun_at(EPOCH.seconds_until(parse_utc(following["utc"])))
        assert float(row["sun_elevation_deg"]) == pytest.approx(math.degrees(sun.elevation_rad), abs=0.011)
        assert float(row["sun_azimuth_deg"]) == pytest.approx(math.degrees(sun.azimuth_rad), abs=0.011)
