"""A tour that breaks a limit as a whole is refused by that limit's own cause and remedy."""

from __future__ import annotations

import math
import re

import pytest

from rover.core.time import parse_utc
from rover.limits.base import Margin
from rover.limits.delay import DelayLimit
from rover.planning.problem import Cause
from rover.planning.spare_charge import SPARE
from sim.cli.tour_refusal import refusal_of_tour
from sim.run.scenario import load_scenario
from sim.run.setting import prepare

EPOCH = parse_utc("2019-01-03T14:00:00Z")
ALL = (
    "terrain.size_m=120",
    "goal_m=[-30,24]",
    "limits.least_lit=0.25",
    "limits.longest_shadow_h=2",
    "limits.dusk_margin_h=3",
    "limits.link=true",
    'zones=[{name="field",kind="keep-in",polygon=[[-50,-50],[50,-50],[50,50],[-50,50]]}]',
)


def broken(name: str, slack: float = -7200.0) -> Margin:
    return Margin(limit=name, value=math.nan, bound=math.nan, slack=slack, time_s=3600.0)


def test_every_limit_has_a_cause_and_a_key_that_loosens_it() -> None:
    setting = prepare(load_scenario("short-hop", settings=list(ALL)))
    names = {limit.name for limit in setting.control.timed_limits}
    names |= {DelayLimit(dusks_s=(), margin_s=0.0).name, SPARE}
    assert {"deadline_s", "zone field (m)", "relay_rad", "dusk_s", "lit"} <= names
    held = setting.scenario.model_dump()
    for name in names:
        refusal = refusal_of_tour(broken(name), EPOCH)
        assert "a looser" not in refusal.remedy, name
        assert refusal.cause is not Cause.SHADOW or name == "dark_s"
        for table, key in re.findall(r"\b(limits|operations|power)\.(\w+)", refusal.remedy):
            assert key in held[table], (name, key)
        for key in re.findall(r"\bvehicle\.(\w+)", refusal.remedy):
            assert hasattr(setting.vehicle, key), (name, key)


@pytest.mark.parametrize(
    "name, slack, cause, where, remedy",
    [
        ("dark_s", -5400.0, Cause.SHADOW, "shadow is broken by 1.5 h", "limits.longest_shadow_h"),
        ("reserve_soc", -0.02, Cause.ENERGY, "charge is broken by 2 %", "power.reserve_soc"),
        ("relay_rad", -math.radians(3), Cause.LINK, "link is broken by 3 deg", "limits.link_margin_deg"),
        ("dusk_s", -900.0, Cause.NIGHT, "dusk is broken by 0.25 h", "limits.dusk_margin_h"),
        ("zone field (m)", -1.25, Cause.ZONE, "zone field is broken by 1.25 m", "times of the zone"),
        ("dawn_w", math.nan, Cause.NIGHT, "dawn is broken by nobody knows how much", "vehicle.wake_array_w"),
    ],
)
def test_the_limit_that_is_broken_is_named(
    name: str, slack: float, cause: Cause, where: str, remedy: str
) -> None:
    refusal = refusal_of_tour(broken(name, slack), EPOCH)
    assert refusal.cause is cause
    assert f"{where} on 2019-01-03T15:00:00Z" in refusal.where
    assert remedy in refusal.remedy
