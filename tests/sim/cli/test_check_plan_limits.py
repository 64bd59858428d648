"""A plan file claims no more room than its scenario gives, in any limit that there is, nor other bins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rover.core.errors import PlanFileError
from rover.io.plan_file import PlanFile, PlanLimits
from sim.cli.check_plan_limits import ASKED_BESIDE, least_of, most_of, require_no_looser
from sim.run.setting import Setting
from tests.builders.traverse_file import setting_of, traverse_of
from tests.rover.planning.traverse_plans import with_limits

NAME = "short-hop"
SMALL = ("terrain.size_m=160", "goal_m=[-30.0, 20.0]", "faults.observations_off=true")
ALL = (
    *SMALL,
    'operations.mode="teleoperated"',
    "operations.command_cycle_h=2",
    "vehicle.length_m=5.0",
    "operations.max_lunar_days=1.2",
    "limits.least_lit=0.25",
    "limits.longest_shadow_h=2",
    "limits.dusk_margin_h=3",
    "limits.haven_tilt_deg=7",
    "limits.link=true",
    "limits.link_margin_deg=12",
    'zones=[{name="field",kind="keep-out",polygon=[[40,40],[44,40],[44,44],[40,44]],from_utc=2019-01-11T06:00:00Z}]',
)

LOOSER: dict[str, tuple[Any, ...]] = {
    "slope_deg": (20.1,),
    "roll_deg": (15.1,),
    "reach_m": (0.0,),
    "reserve_soc": (0.29,),
    "least_lit": (0.24, 0.0),
    "longest_shadow_s": (7210.0, None),
    "dusk_margin_s": (10_790.0, 0.0),
    "haven_tilt_deg": (7.1,),
    "link_margin_deg": (11.9, None),
    "deadline_s": (4e6,),
    "stop_every_m": (1e3,),
    "command_cycle_s": (7190.0, 0.0),
}
"""Of each limit, values with more room than the scenario above and its vehicle give."""


@pytest.fixture(scope="module")
def setting() -> Setting:
    return setting_of(NAME, ALL)


@pytest.fixture(scope="module")
def plan(setting: Setting) -> PlanFile:
    """A plan file with the very limits and edges of the scenario."""
    held = {**most_of(setting), **least_of(setting)}
    assert setting.almanac.relay is not None
    edges = [*setting.almanac.relay.seen_s.ravel().tolist(), setting.zone_times[0][0]]
    made = traverse_of(NAME, SMALL)
    return made.model_copy(update={"limits": PlanLimits(**held), "edges_s": tuple(sorted(edges))})


def refusal(plan: PlanFile, setting: Setting) -> str:
    try:
        require_no_looser(plan, setting, Path("plan.json"))
    except PlanFileError as error:
        return str(error)
    return ""


def test_the_very_limits_of_the_scenario_pass_and_stricter_ones_do(setting: Setting, plan: PlanFile) -> None:
    assert refusal(plan, setting) == ""
    stricter = {"least_lit": 0.5, "longest_shadow_s": 60.0, "slope_deg": 5.0, "link_margin_deg": 20.0}
    assert refusal(with_limits(plan, **stricter), setting) == ""


def test_every_limit_of_a_plan_is_held_against_the_scenario(setting: Setting, plan: PlanFile) -> None:
    """A limit that is new to `PlanLimits` is held as well, or stands among those that a scenario does not say."""
    assert set(LOOSER) | ASKED_BESIDE == set(PlanLimits.model_fields)
    for name in PlanLimits.model_fields:
        if name in ASKED_BESIDE:
            continue
        for value in LOOSER[name]:
            told = refusal(with_limits(plan, **{name: value}), setting)
            assert f"limits.{name} = " in told and "looser than its scenario's" in told, (name, value, told)


def test_a_limit_that_the_scenario_does_not_have_may_be_left_out() -> None:
    assert refusal(traverse_of(NAME, SMALL), setting_of(NAME, SMALL)) == ""


def test_bins_are_those_of_the_scenario(setting: Setting, plan: PlanFile) -> None:
    longer = plan.model_copy(update={"bin_s": 1.01 * plan.bin_s})
    assert "bin_s = 1818.0: longer than its scenario's 1800" in refusal(longer, setting)
    for k, edge in enumerate(plan.edges_s):
        if not 1.0 < edge < plan.limits.deadline_s - 1.0:
            continue
        without = plan.model_copy(update={"edges_s": plan.edges_s[:k] + plan.edges_s[k + 1 :]})
        assert "edges_s" in refusal(without, setting) and "missing" in refusal(without, setting)
        moved = (*plan.edges_s[:k], edge + 60.0, *plan.edges_s[k + 1 :])
        assert "no edge of its scenario's" in refusal(plan.model_copy(update={"edges_s": moved}), setting)


def test_time_in_hand_has_its_edges(setting: Setting, plan: PlanFile) -> None:
    held = with_limits(plan, delay_margin_s=3600.0)
    dusks = setting.control.forecaster.window.timeline(0.0, plan.limits.deadline_s, step_s=1800.0)
    edges = [t for t in {float(dusks.dusk_after(t)) for t in dusks.edge_s} if t < plan.limits.deadline_s]
    assert edges
    assert "missing" in refusal(held, setting)
    more = tuple(sorted([*plan.edges_s, *(t - 3600.0 for t in edges)]))
    assert refusal(held.model_copy(update={"edges_s": more}), setting) == ""
    assert "no edge" in refusal(plan.model_copy(update={"edges_s": more}), setting)
