"""Every planted bug is caught by the check that is meant for it, and what bugs are planted in passes."""

from __future__ import annotations

import inspect
import math
from pathlib import Path
from types import ModuleType

import pytest

from sim.testing import Budget, PlannerCheckError, check_planner
from sim.testing.peak import with_peak
from sim.testing.registry import CHECKS
from tests.sim.testing.planted import catalogue, over_budget, sound
from tests.sim.testing.planted.catalogue import MODULES, OVER_BUDGET, PLANTED, SOUND


@pytest.mark.parametrize(
    ("planner", "check", "kind"), PLANTED, ids=lambda value: getattr(value, "__name__", value)
)
def test_a_planted_bug_is_caught_by_name(planner: type, check: str, kind: str) -> None:
    with pytest.raises(PlannerCheckError) as caught:
        check_planner(planner(), checks=[check], seeds=[1], kinds=[kind], pictures=None)
    assert {failure.check for failure in caught.value.failures} == {check}
    assert str(caught.value).startswith(f"planner {planner.name} fails {check}\n{check}: seed 1, {kind}: ")
    assert "raised" not in caught.value.failures[0].what


def is_planner_of(kind: object, module: ModuleType) -> bool:
    """Whether a thing is a planner that a module defines, and no base of others."""
    return (
        inspect.isclass(kind)
        and hasattr(kind, "plan")
        and kind.__module__ == module.__name__
        and not kind.__name__.startswith("_")
    )


def test_every_planted_bug_and_every_check_is_in_the_list() -> None:
    """So that no check is there that nothing was seen to fail; budgets have a test of their own."""
    folder = Path(catalogue.__file__).parent
    assert {module.__name__.rpartition(".")[2] for module in MODULES} | {"catalogue"} == {
        path.stem for path in folder.glob("*.py")
    }
    planners = {kind for module in MODULES for kind in vars(module).values() if is_planner_of(kind, module)}
    assert {planner for planner, _, _ in PLANTED} | OVER_BUDGET == planners - SOUND and len(PLANTED) >= 25
    assert {check for _, check, _ in PLANTED} | {"time_budget", "memory_budget"} == set(CHECKS)


@pytest.mark.parametrize(
    ("planner", "check", "what"),
    [
        (over_budget.TakesItsTime, "time_budget", r"takes 0\.\d+ s, of 0\.2 s"),
        (over_budget.TakesMemory, "memory_budget", r"takes \d+ MiB, of 24 MiB"),
        pytest.param(
            over_budget.TakesMemoryOfItsOwn,
            "memory_budget",
            r"takes 3\d MiB, of 24 MiB",
            marks=pytest.mark.skipif(math.isnan(with_peak(int)[1]), reason="the system counts no peaks"),
        ),
    ],
)
def test_budgets_are_held_to(planner: type, check: str, what: str) -> None:
    asked = {"checks": [check], "seeds": [1], "kinds": ["maze"], "pictures": None}
    with pytest.raises(PlannerCheckError, match=what):
        check_planner(planner(), budget=Budget(time_s=0.2, memory_mib=24.0), **asked)  # type: ignore[arg-type]
    assert check_planner(planner(), **asked).checks == (check,)  # type: ignore[arg-type]


def test_what_the_bugs_are_planted_in_is_sound() -> None:
    """So what is caught above is the bug, not the way it is planted; `Spoiled` and its like are the product's."""
    kinds = ["mare", "maze", "boulder field", "bottleneck"]
    report = check_planner(sound.PlainAStar, seeds=[1], kinds=kinds)
    assert report.problems == len(kinds) and len(report.checks) == 16
    for planner in (sound.Spoiled, sound.ByHeading, sound.InTime):
        assert check_planner(planner, seeds=[1], kinds=["maze"]).problems == 1
