"""A rover that sees by its cameras: it drives, and plans by nothing that they did not see."""

from __future__ import annotations

import numpy as np
import pytest

from rover.core.boundary import Observation
from rover.core.errors import SiteError
from sim.run import closed_loop, setting
from sim.run.closed_loop import run_scenario
from sim.run.runlog import Outcome
from sim.run.scenario import Scenario, scenario_from_table

BASE = {
    "format": 1,
    "seed": 4,
    "start_utc": "2019-01-11T02:00:00Z",
    "start_m": [0.0, 0.0],
    "goal_m": [-14.0, 9.0],
    "senses": "real",
    "site": {"name": "von-karman", "latitude_deg": -45.4446, "longitude_deg": 177.5991},
    "terrain": {"size_m": 200.0, "world_resolution_m": 0.1},
    "operations": {"mode": "autonomous"},
}


def scenario() -> Scenario:
    return scenario_from_table(BASE, file="a test")


def test_it_arrives_and_what_it_was_told_came_from_its_cameras(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Observation] = []
    step = closed_loop.executive.step

    def noted(mind, observation, uplink):  # type: ignore[no-untyped-def]
        seen.append(observation)
        return step(mind, observation, uplink)

    monkeypatch.setattr(closed_loop.executive, "step", noted)
    log = run_scenario(scenario())
    assert log.outcome is Outcome.ARRIVED and not log.violations
    looks = [observation for observation in seen if observation.heights is not None]
    assert len(looks) > 5
    for observation in looks:
        assert [pair.camera for pair in observation.stereo] == ["hazcam", "navcam"]
        assert observation.heights is not None
        known = np.isfinite(observation.heights.elevation_m)
        assert 0.02 < known.mean() < 0.7  # a fan ahead of it, not the disc about it
    told = sum(observation.odometry.forward_m for observation in seen if observation.odometry)
    driven = np.diff(log.telemetry["distance_m"])
    rolled = float((driven / (1.0 - log.telemetry["slip"][1:])).sum())
    # The way leads down: the wheels skid, and turn less than the rover comes.
    assert rolled < 0.98 * driven.sum()
    # Their own error: 0.5 % of the radius, and 1 cm per root of a metre.
    assert told == pytest.approx(rolled, rel=0.02)
    assert all(observation.sun_direction is not None for observation in seen)


def test_real_senses_need_a_site_whose_looks_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = setting.load_site("von-karman").model_copy(update={"optics": None})
    monkeypatch.setattr(setting, "load_site", lambda spec: bare)
    with pytest.raises(SiteError, match=r'optics: missing; add this table, or say senses = "perfect"'):
        run_scenario(scenario())
