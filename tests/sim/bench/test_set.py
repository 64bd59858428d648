"""The benchmark set: what its file says, worked out anew by scipy; seeds that make other problems are refused."""

from __future__ import annotations

import pytest

from rover.core.errors import BenchmarkError
from rover.planning.astar import AStarPlanner
from rover.planning.problem import Cause
from rover.planning.traverse import TraversePlanner
from sim.bench.bounds import bounds_of, no_traverse
from sim.bench.optimum import least_by_heading_s, least_s, refusal
from sim.bench.problems import Problem, pose, read_set

SET = {one.name: one for one in read_set().problem}
SOON = [one for one in SET.values() if one.kind == "static" and one.cells <= 128]
LATER = [one for one in SET.values() if one.kind == "static" and 128 < one.cells <= 1024]


def test_it_goes_from_64_to_4096_cells_static_and_timed() -> None:
    static = {one.cells for one in SET.values() if one.kind == "static"}
    assert static == {64, 128, 256, 512, 1024, 2048, 4096}
    assert {one.cells for one in SET.values() if one.kind == "timed"} == {64, 128, 256, 512}
    small = read_set().of_suite("small")
    assert max(one.cells for one in small) == 512
    assert {one.kind for one in small} == {"static", "timed"}
    full = {one.name for one in read_set().of_suite("full")}
    assert full == set(SET) > {one.name for one in small}
    causes = {one.why for one in SET.values()} - {None}
    assert causes == {Cause.START_LETHAL, Cause.GOAL_LETHAL, Cause.NO_ROUTE, Cause.ENERGY, Cause.DEADLINE}


def recomputed(problem: Problem) -> None:
    asked = pose(problem, AStarPlanner()).asked
    assert refusal(asked) is problem.why
    if problem.least_s is not None:
        assert least_s(asked) == pytest.approx(problem.least_s, rel=1e-12)
    least = least_by_heading_s(asked)
    if problem.least_by_heading_s is not None:
        assert least == pytest.approx(problem.least_by_heading_s, rel=1e-12)
    else:
        assert least == float("inf")
        assert problem.why_by_heading is not None


@pytest.mark.parametrize("problem", SOON, ids=lambda one: one.name)
def test_small_problems_are_what_the_file_says(problem: Problem) -> None:
    recomputed(problem)


@pytest.mark.slow
@pytest.mark.parametrize("problem", LATER, ids=lambda one: one.name)
def test_larger_problems_are_what_the_file_says(problem: Problem) -> None:
    recomputed(problem)


AT_ONCE = ("timed-morning-64", "timed-dawn-64", "timed-scarce-64", "timed-too-late-64", "timed-weak-64")


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(one.name, marks=() if one.name in AT_ONCE else pytest.mark.slow)
        for one in SET.values()
        if one.kind == "timed"
    ],
)
def test_nothing_arrives_before_the_bound(name: str) -> None:
    problem = SET[name]
    asked = pose(problem, TraversePlanner()).asked
    bounds = bounds_of(asked, known_s=problem.least_s)
    assert bounds.driving_s == pytest.approx(least_by_heading_s(asked), rel=3e-5)
    assert bounds.greatest_s == pytest.approx(problem.bound_s, rel=1e-9)
    assert bounds.in_words in problem.proof
    if problem.least_s is None:
        assert (no_traverse(bounds, asked) or "search came to its end") in problem.proof
    else:
        assert bounds.greatest_s <= problem.least_s and no_traverse(bounds, asked) is None


@pytest.mark.parametrize(
    "change", [{"seed": 77}, {"free_cells": 5}, {"ground_sha256": "0" * 64}, {"site": "highland"}]
)
def test_a_seed_that_makes_another_problem_is_refused(change: dict[str, object]) -> None:
    problem = SET["mare-plain-64"].model_copy(update=change)
    with pytest.raises(BenchmarkError, match="mare-plain-64: .*it is another problem") as refused:
        pose(problem, AStarPlanner())
    assert refused.value.exit_code == 8


def test_a_file_that_contradicts_itself_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    table = read_set().model_dump(mode="json", exclude_none=True)
    monkeypatch.setattr("sim.bench.problems.read_toml", lambda _path: table)
    assert len(read_set().problem) == len(SET)
    table["problem"][0]["feasible"] = False
    with pytest.raises(BenchmarkError, match="farside-bench.toml"):
        read_set()
    table["problem"][0]["feasible"] = True
    timed = next(one for one in table["problem"] if one["name"] == "timed-morning-64")
    for bound_s, told in ((None, "a timed problem has a bound"), (1e9, "a bound above what is known")):
        held, timed["bound_s"] = timed["bound_s"], bound_s
        with pytest.raises(BenchmarkError, match=told):
            read_set()
        timed["bound_s"] = held
    table["problem"][1]["name"] = table["problem"][0]["name"]
    with pytest.raises(BenchmarkError, match="twice"):
        read_set()
