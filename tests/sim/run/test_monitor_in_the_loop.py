"""Each rule of the monitor as a run has it: a rover that does what none should is found out by that rule.

The rover's own executive is put aside: in its place stand commands, and words, that break one rule each.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from rover.core.boundary import Command, Mode, Observation
from rover.hazard.detect import Hazard
from rover.io.bundle import maps_folder
from rover.onboard.mapping import close_cell
from sim.run.closed_loop_mind import Mind
from sim.run.runlog import RunLog
from tests.sim.run.test_arcs import drive

Act = Callable[[Mind, Observation], Command]

ZONE = {"name": "z", "kind": "keep-out", "polygon": [[4.0, -12.0], [9.0, -12.0], [9.0, -6.0], [4.0, -6.0]]}
BOULDER = (3.0, 0.0, 1.0, 0.7)
EVENING, NOON = "2019-01-12T18:00:00Z", "2019-01-07T00:00:00Z"


def to(east: float, north: float) -> Act:
    """Go straight to a place, whatever lies there."""

    def act(mind: Mind, seen: Observation) -> Command:
        bearing = math.atan2(north - seen.north_m, east - seen.east_m)
        turn = math.remainder(bearing - seen.yaw_rad, 2 * math.pi)
        way = math.hypot(east - seen.east_m, north - seen.north_m)
        return Command(mode=Mode.DRIVE, turn_rad=turn, drive_m=way)

    return act


def stay(mode: Mode, hours: float) -> Act:
    return lambda mind, seen: Command(mode=mode, duration_s=3600.0 * hours)


def latched(mind: Mind, seen: Observation) -> Command:
    """Say that something is latched."""
    mind.state = replace(mind.state, watch=replace(mind.state.watch, latched="blocked"))
    return Command(mode=Mode.IDLE, duration_s=60.0)


def all_knowing(mind: Mind, seen: Observation) -> Command:
    """Know of a rock far beyond what any look has shown."""
    mind.state = replace(mind.state, belief=close_cell(mind.state.belief, 30.0, 20.0, Hazard.STEP))
    return Command(mode=Mode.IDLE, duration_s=60.0)


@dataclass(frozen=True)
class Rogue:
    """What breaks a rule.

    Attributes:
        acts: What it does, one after the other.
        table: Of the scenario.
        off_m, sigma_m: By how much it is wrong about its place, and how sure of it.
    """

    acts: tuple[Act, ...]
    table: dict[str, Any] = field(default_factory=dict)
    off_m: float = 0.0
    sigma_m: float = 0.0


ROGUES = {
    "zone z": Rogue((to(4.5, -5.8),), {"zones": [ZONE]}),
    "doubt by zone z": Rogue((to(2.5, -2.5),), {"zones": [ZONE]}, sigma_m=1.0),
    "place": Rogue((to(1.0, 0.0),), off_m=0.3, sigma_m=0.05),
    "belly": Rogue((to(4.0, 0.0),), {"boulders": [BOULDER]}),
    "contact": Rogue((to(4.0, 0.0),), {"boulders": [(3.0, 0.45, 0.5, 0.24)]}),
    "stop without a reason": Rogue((to(4.0, 0.0),), {"boulders": [BOULDER]}),
    "drives over unseen ground": Rogue((to(9.0, 0.0),)),
    "knows unseen ground": Rogue((all_knowing,)),
    "drive in low Sun": Rogue((to(1.0, 0.0),), {"start_utc": EVENING}),
    "drive in high Sun": Rogue((to(1.0, 0.0),), {"start_utc": NOON}),
    "awake at night": Rogue((stay(Mode.CHARGE, 60.0),), {"start_utc": EVENING}),
    "reserve": Rogue((stay(Mode.COMMAND, 30.0),), {"start_utc": EVENING}),
    "empty": Rogue((stay(Mode.CHARGE, 200.0),), {"start_utc": EVENING}),
    "motion though latched": Rogue((latched, to(1.0, 0.0))),
    "motion after going safe": Rogue((stay(Mode.SAFE, 0.1), to(1.0, 0.0))),
}


def driven_by(rogue: Rogue, folder: Path, monkeypatch: pytest.MonkeyPatch, **table: Any) -> RunLog:
    """Return the log of a run in which the rover does what a rogue does."""
    left = [*rogue.acts, stay(Mode.IDLE, 0.0)]

    def decide(mind: Mind, seen: Observation) -> Command:
        mind.believed = (seen.east_m + rogue.off_m, seen.north_m, rogue.sigma_m)
        return left.pop(0)(mind, seen)

    monkeypatch.setattr(Mind, "decide", decide)
    return drive(folder, driver="path", stop=lambda: not left, **rogue.table, **table)


@pytest.mark.parametrize("rule", list(ROGUES))
def test_a_rover_that_breaks_a_rule_is_found_out(
    rule: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = driven_by(ROGUES[rule], tmp_path, monkeypatch)
    assert rule in {violation.rule for violation in log.violations}, log.violations


def test_one_that_keeps_them_is_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = Rogue((to(1.2, -1.5), stay(Mode.CHARGE, 1.0), to(0.0, 0.0), latched, stay(Mode.SAFE, 1.0)))
    assert driven_by(kept, tmp_path, monkeypatch, boulders=[BOULDER], zones=[ZONE]).violations == []


def test_one_that_works_though_it_is_too_warm_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = (maps_folder() / "vehicles" / "yutu-2.toml").read_text(encoding="utf-8")
    lines = [
        'work_max_k = { value = 270.0, source = "a test" }' if line.startswith("work_max_k") else line
        for line in text.splitlines()
    ]
    cool = tmp_path / "cool.toml"
    cool.write_text("\n".join(lines) + "\n", encoding="utf-8")
    log = driven_by(Rogue((to(1.0, 0.0),)), tmp_path, monkeypatch, vehicle={"name": str(cool)})
    assert "too warm to work" in {violation.rule for violation in log.violations}


def test_one_that_leaves_its_haven_at_dusk_is_found_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Forty metres on over steep ground it is twelve minutes back, and the Sun sinks in six."""
    away = Rogue((to(20.0, 0.0), to(0.0, 0.0)), {"start_utc": "2019-01-12T20:06:00Z"})
    limits = {"haven_tilt_deg": 3.0}
    log = driven_by(away, tmp_path, monkeypatch, grade=0.1, limits=limits)
    assert "haven before night" in {violation.rule for violation in log.violations}, log.violations
