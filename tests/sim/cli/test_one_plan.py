"""What `farside plan` plans is what `farside run` drives: one way to plan, with charge to spare."""

from __future__ import annotations

from pathlib import Path

from rover.io.plan_file import plan_steps, read_plan
from rover.planning.problem import Plan
from rover.planning.traverse import TraversePlanner
from sim.run.scenario import load_scenario
from sim.run.setting import prepare
from tests.sim.cli.conftest import Command

SCARCE = (
    "terrain.size_m=120",
    "goal_m=[-40.0,36.0]",
    "vehicle.battery_wh=4",
    "power.initial_soc=0.6",
    "vehicle.array_area_m2=0.16",
    "vehicle.wake_array_w=5",
)


def test_the_plan_of_the_command_line_is_the_one_that_is_driven(farside_within: Command, work: Path) -> None:
    settings = [word for setting in SCARCE for word in ("--set", setting)]
    done = farside_within("plan", "short-hop", *settings, "--out", "out", "--quiet")
    assert done.returncode == 0, done.stderr + done.stdout
    written = read_plan(work / "out" / "plan.json").steps
    control = prepare(load_scenario("short-hop", settings=SCARCE)).control
    driven = control.plan(TraversePlanner())
    assert isinstance(driven, Plan) and driven.schedule is not None
    assert plan_steps(driven.schedule.steps, control.maps.dem.geometry) == written
    assert 0.33 - 1e-9 <= min(step.soc_after for step in written) < 0.4  # the reserve is 0.3
