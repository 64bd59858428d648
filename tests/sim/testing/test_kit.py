"""The planner test kit: the product's planners pass, claims decide what is asked, and failures are told whole."""

from __future__ import annotations

import math
import threading
import time
from pathlib import Path

import pytest

from rover.core.errors import PlannerError
from rover.planning.directional import DirectionalPlanner
from rover.planning.registry import planner_names
from sim.testing import PlannerCheckError, check_planner, planner_checks, terrain_kinds
from sim.testing.kit import SEEDS
from sim.testing.registry import CHECKS
from tests.sim.testing.planted import in_answer, in_reading, in_search, sound

CHECKED_ELSEWHERE = {"any-angle", "incremental", "pyramid"}
"""In the tests of each."""


@pytest.mark.parametrize("name", sorted(set(planner_names()) - CHECKED_ELSEWHERE))
def test_the_product_s_own_planners_pass(name: str) -> None:
    report = check_planner(name, seeds=[1], kinds=["highland", "polar light"])
    assert report.planner == name and report.problems == 2
    asked = {check.name for check in CHECKS.values() if check.asks(report.claims)}
    assert set(report.checks) == asked and len(asked) >= 15


@pytest.mark.slow
def test_the_product_s_own_planners_pass_on_all_ground_within_a_minute() -> None:
    for name in planner_names():
        check_planner(name, seeds=[0], kinds=["maze"])  # compiles
    begun = time.process_time()
    for name in planner_names():
        assert check_planner(name).problems == len(SEEDS) * len(terrain_kinds()) == 14
    assert time.process_time() - begun < 60.0


def test_claims_decide_what_is_asked() -> None:
    names = {str(check) for check in planner_checks("traverse")}
    assert {"light", "charge", "timetable", "heading_limits", "not_below_least"} <= names
    assert not {"optimal", "within_bound", "rotation", "mirror", "scaling"} & names
    assert {"within_bound"} == {str(check) for check in planner_checks("pyramid")} & {
        "within_bound",
        "optimal",
    }
    assert "optimal" in {str(check) for check in planner_checks("astar")}
    assert "not_below_least" not in {str(check) for check in planner_checks("any-angle")}


def test_checks_one_by_one() -> None:
    checks = planner_checks("astar", seeds=[1], kinds=["maze"])
    assert [str(check) for check in checks] == list(check_planner("astar", seeds=[1], kinds=["maze"]).checks)
    assert checks[0]().checks == ("protocol",)
    (only,) = planner_checks(in_search.CutsCorners, checks=["safe"], seeds=[1], kinds=["maze"], pictures=None)
    with pytest.raises(PlannerCheckError, match="planner plain fails safe"):
        only()


def test_a_descent_limit_of_its_own_is_held_to() -> None:
    checks = ["optimal", "safe", "honest", "heading_limits"]
    planner = DirectionalPlanner(descent_limit_rad=math.radians(18))
    check_planner(planner, checks=checks, seeds=[0], kinds=["highland"])


def test_a_planner_by_name_and_one_that_claims_nothing() -> None:
    class Modest(sound.Spoiled):
        claims = frozenset()

    assert check_planner(Modest(), seeds=[1], kinds=["mare"]).claims == frozenset()
    with pytest.raises(PlannerError):
        check_planner("astarr")


@pytest.mark.parametrize(
    "asked",
    [
        {"seeds": []},
        {"kinds": []},
        {"kinds": ["sea"]},
        {"checks": ["safety"]},
        {"checks": ["light"]},
        {"checks": []},
    ],
)
def test_nothing_to_check_is_no_pass(asked: dict[str, list[str]]) -> None:
    with pytest.raises(ValueError, match=r"no seed|known are|ask for none"):
        check_planner("astar", **asked)  # type: ignore[arg-type]


def test_a_failure_names_everything_and_has_a_picture(tmp_path: Path) -> None:
    with pytest.raises(PlannerCheckError) as caught:
        check_planner(
            in_answer.EmptyPlanForNoWay(),
            checks=["unreachable", "safe", "nan_closed"],
            seeds=[1],
            kinds=["maze", "mare"],
            pictures=tmp_path / "new",
        )
    text, failures = str(caught.value), caught.value.failures
    assert isinstance(caught.value, AssertionError)
    assert text.startswith("planner plain fails unreachable, nan_closed\nunreachable: seed 1, maze: ")
    assert "(+5 more of this check)" in text  # three causes on two kinds
    drawn = [failure.picture for failure in failures if failure.picture is not None]
    assert [path.name for path in drawn] == ["plain-unreachable-1-maze.png", "plain-nan_closed-1-maze.png"]
    assert all(path.read_bytes().startswith(b"\x89PNG") and str(path) in text for path in drawn)


def test_the_first_failure_ends_it_where_that_is_asked() -> None:
    with pytest.raises(PlannerCheckError) as caught:
        check_planner(
            in_answer.EmptyPlanForNoWay(), seeds=[1], kinds=["maze", "mare"], fail_fast=True, pictures=None
        )
    assert len(caught.value.failures) == 1


def test_what_cannot_be_drawn_is_told_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(PlannerCheckError) as caught:
        check_planner(
            in_answer.ClaimsInAList(),
            checks=["protocol"],
            seeds=[1],
            kinds=["maze"],
            pictures=tmp_path / "file",
        )
    assert caught.value.failures[0].picture is None and "picture" not in str(caught.value)


def test_exceptions_are_failures_of_the_check() -> None:
    class Fails(sound.Spoiled):
        def question(self, problem):  # type: ignore[no-untyped-def]
            raise IndexError("index -1 is out of bounds")

    with pytest.raises(
        PlannerCheckError, match="safe: seed 1, maze: raised IndexError: index -1 is out of bounds"
    ):
        check_planner(Fails(), checks=["safe"], seeds=[1], kinds=["maze"], pictures=None)


def test_a_check_comes_to_the_same_alone_and_after_others() -> None:
    """A planner that keeps the first map it sees fails what it fails alone, so that the replay shows it."""
    planner = in_reading.KeepsTheFirstMap()
    with pytest.raises(PlannerCheckError) as caught:
        check_planner(
            planner,
            checks=["safe", "honest", "stale_state"],
            seeds=[1],
            kinds=["mare", "maze"],
            pictures=None,
        )
    assert {failure.check for failure in caught.value.failures} == {"stale_state"}
    assert not planner.kept


def test_a_planner_that_cannot_be_copied_is_taken_as_it_is() -> None:
    planner = sound.PlainAStar()
    planner.lock = threading.Lock()  # type: ignore[attr-defined]
    assert check_planner(planner, checks=["safe"], seeds=[1], kinds=["maze"]).checks == ("safe",)
