"""A rover that sees by its cameras: it drives, and plans by nothing that they did not see."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rover.core.boundary import Observation
from rover.core.errors import SiteError
from sim.run import closed_loop_mind, setting
from sim.run.closed_loop import run_scenario
from sim.run.runlog import Outcome, RunLog
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
    step = closed_loop_mind.executive.step

    def noted(mind, observation, uplink, perceived):  # type: ignore[no-untyped-def]
        seen.append(observation)
        return step(mind, observation, uplink, perceived)

    monkeypatch.setattr(closed_loop_mind.executive, "step", noted)
    log = run_scenario(scenario())
    assert log.outcome is Outcome.ARRIVED and not log.violations
    looks = [observation for observation in seen if observation.heights is not None]
    assert len(looks) > 5
    for observation in looks:
        assert [pair.camera for pair in observation.stereo] == ["hazcam", "navcam"]
        assert observation.heights is not None
        known = np.isfinite(observation.heights.elevation_m)
        assert known.mean() > 0.02
        # A fan ahead of it, not the disc about it; what it turned past, it remembers.
        for pair in observation.stereo:
            assert (pair.points_m[:, 0] > pair.eye_m[0]).all()
    assert looks[0].heights is not None and np.isfinite(looks[0].heights.elevation_m).mean() < 0.7
    told = sum(observation.odometry.forward_m for observation in seen if observation.odometry)
    driven = np.diff(log.telemetry["distance_m"])
    rolled = float((driven / (1.0 - log.telemetry["slip"][1:])).sum())
    # The way leads down: the wheels skid, and turn less than the rover comes.
    assert rolled < 0.98 * driven.sum()
    # Their own error: 0.5 % of the radius, and 1 cm per root of a metre.
    assert told == pytest.approx(rolled, rel=0.02)
    assert all(observation.sun_direction is not None for observation in seen)
    check_belief(log)


def test_a_reset_loses_the_map_and_keeps_the_pose(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    table = tmp_path / "reset.toml"
    lasts = 'lasts = { law = "constant", value = 1.0, unit = "h", source = "s" }'
    table.write_text(
        'format = 1\nname = "t"\n[[faults]]\nname = "f"\nsubsystem = "computer"\nkind = "reset"\n'
        f"at_m = 4.5\n{lasts}\n"
    )
    known: list[tuple[int, int]] = []
    restarted = closed_loop_mind.restarted

    def noted(state, params):  # type: ignore[no-untyped-def]
        after = restarted(state, params)
        assert after.located.place_m == state.located.place_m and after.located.look is None
        known.append(tuple(int(np.isfinite(s.local.height_m).sum()) for s in (state, after)))  # type: ignore[arg-type]
        return after

    monkeypatch.setattr(closed_loop_mind, "restarted", noted)
    log = run_scenario(scenario_from_table({**BASE, "faults": {"table": str(table)}}, file="a test"))
    assert log.outcome is Outcome.ARRIVED
    ((before, after),) = known
    assert before > 100 and after == 0


def test_real_senses_need_a_site_whose_looks_are_known(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = setting.load_site("von-karman").model_copy(update={"optics": None})
    monkeypatch.setattr(setting, "load_site", lambda spec: bare)
    with pytest.raises(SiteError, match=r'optics: missing; add this table, or say senses = "perfect"'):
        run_scenario(scenario())


def check_belief(log: RunLog) -> None:
    """Hold what the rover believed of its place against the truth."""
    told = log.telemetry
    error = np.hypot(told["east_m"] - told["believed_east_m"], told["north_m"] - told["believed_north_m"])
    assert error.max() > 0.0  # it is not told
    assert (told["believed_sigma_m"] > 0.0).all()
    assert (error < 3.0 * told["believed_sigma_m"]).mean() > 0.98
    assert error[-1] < 0.5
    assert np.hypot(told["believed_east_m"][-1] + 14.0, told["believed_north_m"][-1] - 9.0) <= 0.05


def believed(
    monkeypatch: pytest.MonkeyPatch,
    boulders: list[dict[str, float]],
    count: int,
    *,
    senses: str = "real",
    driver: str = "path",
) -> list[bytes]:
    """Return everything that the executive and its maps are made of in the first steps of a drive, as bytes."""
    found: list[bytes] = []
    step = closed_loop_mind.executive.step

    def noted(mind, seen, uplink, perceived):  # type: ignore[no-untyped-def]
        after, command = step(mind, seen, uplink, perceived)
        heights = b"" if seen.heights is None else seen.heights.elevation_m.tobytes()
        belief = after.belief
        layers = (belief.costmap.cost_s_per_m, belief.hazards.flags, belief.steep)
        pose = (seen.east_m, seen.north_m, seen.yaw_rad, seen.pitch_rad, seen.roll_rad)
        if after.local is not None and after.local.ground is not None and after.local.cost is not None:
            ground, cost = after.local.ground, after.local.cost
            layers = (*layers, ground.height_m, ground.variance_m2, cost.to_goal_s, cost.blocked)
        found.append(repr((pose, command)).encode() + heights + b"".join(a.tobytes() for a in layers))
        return after, command

    with monkeypatch.context() as patched:
        patched.setattr(closed_loop_mind.executive, "step", noted)
        terrain = {**BASE["terrain"], "boulders": boulders}  # type: ignore[dict-item]
        run_scenario(
            scenario_from_table(
                {**BASE, "terrain": terrain, "senses": senses, "driver": driver}, file="a test"
            ),
            stop=lambda: len(found) >= count,
        )
    return found


@pytest.mark.parametrize(
    ("senses", "driver"), [("real", "path"), ("perfect", "path"), ("perfect", "arcs")], ids="-".join
)
def test_truth_that_nothing_has_sensed_does_not_reach_the_belief(
    monkeypatch: pytest.MonkeyPatch, senses: str, driver: str
) -> None:
    """The same drive over two grounds that differ behind the rover: what it believes is the same, bit for bit.

    A boulder before it is another matter: the test can fail.
    """
    behind = {"east_m": 9.0, "north_m": -6.0, "diameter_m": 0.8, "height_m": 0.5}
    ahead = {"east_m": -3.5, "north_m": 2.2, "diameter_m": 0.5, "height_m": 0.4}
    told = {"senses": senses, "driver": driver}
    bare = believed(monkeypatch, [], 3, **told)
    assert believed(monkeypatch, [behind], 3, **told) == bare
    assert believed(monkeypatch, [ahead], 3, **told) != bare


def test_arcs_on_what_cameras_see_go_on_without_a_fault_or_a_broken_rule() -> None:
    """It looks all round at the start, since no camera sees the ground under it, and then ahead again."""
    asked = iter(range(8))
    log = run_scenario(
        scenario_from_table({**BASE, "driver": "arcs"}, file="a test"), stop=lambda: next(asked, None) is None
    )
    assert log.outcome is Outcome.INTERRUPTED and not log.violations
    assert [event.text for event in log.events if event.name == "response"] == []
    assert log.telemetry["distance_m"][-1] > 3.0
