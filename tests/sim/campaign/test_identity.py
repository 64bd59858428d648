"""What a campaign is told by, and of which files it is driven."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from rover.core.errors import ResultsError
from rover.io.bundle import maps_folder
from sim.campaign.draws import parse_varied
from sim.campaign.identity import Campaign, plan_campaign
from sim.campaign.task import perform
from sim.run.scenario import Scenario

PLANNER = """
from rover.planning.astar import AStarPlanner

class Mine(AStarPlanner):
    pass
"""


def bundled(name: str) -> str:
    return (maps_folder() / name).read_text(encoding="utf-8")


def planned(spec: str = "campaign-short", *settings: str, vary: tuple[str, ...] = ()) -> Campaign:
    return plan_campaign(spec, seed=1, varied=parse_varied(vary), settings=settings)


def test_the_file_of_a_planner_is_part_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    mine = Path("mine.py")
    mine.write_text(PLANNER, encoding="utf-8")
    before = planned("campaign-short", "planner=mine.py:Mine")
    before.require_unchanged()
    assert planned("campaign-short", "planner=mine.py:Mine").digest == before.digest
    mine.write_text(PLANNER + "# otherwise\n", encoding="utf-8")
    assert planned("campaign-short", "planner=mine.py:Mine").digest != before.digest
    with pytest.raises(ResultsError, match="mine.py: has changed since the campaign began"):
        before.require_unchanged()


def test_files_that_only_choices_name_are_part_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A vehicle, a table of faults and a planner; one that is not there is the run's own matter."""
    monkeypatch.chdir(tmp_path)
    texts = {
        "rover.toml": bundled("vehicles/yutu-2.toml"),
        "faults.toml": bundled("faults/nominal.toml"),
        "mine.py": PLANNER,
    }
    for name, text in texts.items():
        Path(name).write_text(text, encoding="utf-8")
    vary = (
        "vehicle.name=choice(yutu-2, rover.toml, absent.toml)",
        'faults.table=choice(none, nominal, "faults.toml")',
        'planner=choice(astar, "mine.py:Mine")',
    )
    before = planned(vary=vary)
    for name, text in texts.items():
        Path(name).write_text(text + "# otherwise\n", encoding="utf-8")
        assert planned(vary=vary).digest != before.digest, name
        Path(name).write_text(text, encoding="utf-8")
    assert planned(vary=vary).digest == before.digest


def test_what_was_hashed_is_what_is_driven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither an edit nor a disk that no longer answers changes a run of a campaign that has begun."""
    seen: list[tuple[Scenario, float]] = []

    def run_scenario(scenario: Scenario) -> None:
        seen.append((scenario, scenario.read_vehicle().params.battery_wh))
        raise RuntimeError

    monkeypatch.setattr("sim.run.closed_loop.run_scenario", run_scenario)
    spec, rover = tmp_path / "mine.toml", tmp_path / "rover.toml"
    spec.write_text(bundled("von-karman/campaign-short.toml"), encoding="utf-8")
    rover.write_text(bundled("vehicles/yutu-2.toml"), encoding="utf-8")
    begun = planned(str(spec), f"vehicle.name={rover}")
    for change in (lambda: None, lambda: os.truncate(spec, 0), lambda: os.truncate(rover, 0), spec.unlink):
        change()
        with pytest.raises(RuntimeError):
            perform(begun.task(0))
    assert all(one == seen[0] for one in seen)
