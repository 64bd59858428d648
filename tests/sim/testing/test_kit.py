"""The planner test kit: sound planners pass, and every planted bug is caught by the check that is meant for it."""

from __future__ import annotations

import inspect
import math
import re
import shlex
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

import pytest

from rover.core.errors import PlannerError
from rover.planning.directional import DirectionalPlanner
from rover.planning.registry import planner_names
from sim.testing import Budget, PlannerCheckError, check_planner, make_problem, planner_checks, terrain_kinds
from sim.testing.__main__ import main
from sim.testing.case import least_cost
from sim.testing.changes import mirrored, slower, stretched, turned
from sim.testing.kit import SEEDS
from sim.testing.peak import with_peak
from sim.testing.registry import CHECKS
from tests.sim.testing import planted

PLANTED = (
    # In the search.
    (planted.RoundedDiagonal, "optimal", "mare"),
    (planted.InflatedHeuristic, "optimal", "boulder field"),
    (planted.HeuristicInMetres, "scaling", "maze"),
    (planted.HeuristicInCells, "scaling", "maze"),
    (planted.ManhattanForOctile, "optimal", "boulder field"),
    (planted.PriceOfTheCellEntered, "optimal", "mare"),
    (planted.DiagonalAsLongAsAStep, "optimal", "mare"),
    (planted.ClosedWhenReached, "optimal", "boulder field"),
    (planted.CutsCorners, "safe", "boulder field"),
    (planted.NeverTouchesTheRim, "rim", "mare"),
    (planted.GoesRoundTheRim, "rim", "mare"),
    (planted.TakesMapsForSquare, "rim", "mare"),
    (planted.OneMoveIsMissing, "mirror", "bottleneck"),
    (planted.NorthIsLonger, "rotation", "mare"),
    (planted.DrawsLots, "deterministic", "maze"),
    (planted.Float32Costs, "optimal", "boulder field"),
    # In how the map is read.
    (planted.TransposedMap, "safe", "maze"),
    (planted.NorthIsTheFirstRow, "safe", "maze"),
    (planted.WholeSeconds, "optimal", "mare"),
    (planted.IgnoresLethal, "safe", "boulder field"),
    (planted.IgnoresUnknown, "nan_closed", "mare"),
    (planted.NanIsFree, "nan_closed", "mare"),
    (planted.IgnoresKeepOut, "more_obstacles", "mare"),
    (planted.KeepsTheFirstMap, "stale_state", "mare"),
    (planted.KeepsTheFirstAnswer, "stale_state", "mare"),
    (planted.FloorsPlaces, "honest", "maze"),
    # In the answer.
    (planted.NorthBeforeEast, "safe", "mare"),
    (planted.HalfACellOff, "honest", "mare"),
    (planted.EndsAtTheCellsCentre, "honest", "mare"),
    (planted.StopsBesideTheGoal, "honest", "mare"),
    (planted.WayBackwards, "honest", "mare"),
    (planted.EmptyPlanForNoWay, "unreachable", "maze"),
    (planted.OneCauseForAll, "unreachable", "maze"),
    (planted.SaysNothing, "unreachable", "maze"),
    (planted.NothingForNowhere, "start_is_goal", "maze"),
    (planted.ChargesForNowhere, "start_is_goal", "maze"),
    (planted.ClaimsInAList, "protocol", "maze"),
    # In what is promised.
    (planted.UnderstatesItsCost, "not_below_least", "mare"),
    (planted.StatesNoBound, "within_bound", "mare"),
    (planted.BreaksItsBound, "within_bound", "mare"),
    (planted.AlwaysInAHurry, "optimal", "mare"),
    (planted.StatesTimeForPrice, "honest", "mare"),
    (planted.ChangesItsMind, "deterministic", "mare"),
    (planted.IgnoresRoll, "heading_limits", "mare"),
    (planted.PitchForRoll, "heading_limits", "mare"),
    (planted.MirroredHeadings, "heading_limits", "mare"),
    (planted.DownhillForUphill, "optimal", "mare"),
    (planted.ForgetsTheLoad, "honest", "mare"),
    (planted.EightForSixteen, "optimal", "mare"),
    (planted.KnowsNoHeading, "optimal", "mare"),
    (planted.IgnoresLight, "light", "boulder field"),
    (planted.LooksPastTheHorizon, "light", "maze"),
    (planted.CountsAzimuthTheOtherWay, "light", "maze"),
    (planted.RefusesShadow, "light", "mare"),
    (planted.IgnoresCharge, "charge", "mare"),
    (planted.RefusesSmallBatteries, "charge", "mare"),
    (planted.TenTimesTheBattery, "charge", "mare"),
    (planted.LeavesAnHourLate, "timetable", "mare"),
    (planted.SchedulesNothing, "timetable", "mare"),
)  # fmt: skip


@pytest.mark.parametrize(
    ("planner", "check", "kind"), PLANTED, ids=lambda value: getattr(value, "__name__", value)
)
def test_a_planted_bug_is_caught_by_name(planner: type, check: str, kind: str) -> None:
    with pytest.raises(PlannerCheckError) as caught:
        check_planner(planner(), checks=[check], seeds=[1], kinds=[kind], pictures=None)
    assert {failure.check for failure in caught.value.failures} == {check}
    assert str(caught.value).startswith(f"planner {planner.name} fails {check}\n{check}: seed 1, {kind}: ")
    assert "raised" not in caught.value.failures[0].what


def test_every_planted_bug_and_every_check_is_in_the_list() -> None:
    """So that no check is there that nothing was seen to fail; budgets have a test of their own."""
    sound = {planted.PlainAStar, planted.Spoiled, planted.ByHeading, planted.InTime}
    bugs = {kind for kind in vars(planted).values() if inspect.isclass(kind) and hasattr(kind, "plan")}
    bugs = {
        kind for kind in bugs if kind.__module__ == planted.__name__ and not kind.__name__.startswith("_")
    }
    budgets = {
        planted.TakesItsTime, planted.TakesMemory, planted.TakesMemoryOfItsOwn, planted.NeverAnswers,
    }  # fmt: skip
    assert {planner for planner, _, _ in PLANTED} | budgets == bugs - sound and len(PLANTED) >= 25
    assert {check for _, check, _ in PLANTED} | {"time_budget", "memory_budget"} == set(CHECKS)


@pytest.mark.parametrize(
    ("planner", "check", "what"),
    [
        (planted.TakesItsTime, "time_budget", r"takes 0\.\d+ s, of 0\.2 s"),
        (planted.TakesMemory, "memory_budget", r"takes \d+ MiB, of 24 MiB"),
        pytest.param(
            planted.TakesMemoryOfItsOwn,
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
    report = check_planner(planted.PlainAStar, seeds=[1], kinds=kinds)
    assert report.problems == len(kinds) and len(report.checks) == 16
    for planner in (planted.Spoiled, planted.ByHeading, planted.InTime):
        assert check_planner(planner, seeds=[1], kinds=["maze"]).problems == 1


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
    (only,) = planner_checks(planted.CutsCorners, checks=["safe"], seeds=[1], kinds=["maze"], pictures=None)
    with pytest.raises(PlannerCheckError, match="planner plain fails safe"):
        only()


def test_a_descent_limit_of_its_own_is_held_to() -> None:
    checks = ["optimal", "safe", "honest", "heading_limits"]
    planner = DirectionalPlanner(descent_limit_rad=math.radians(18))
    check_planner(planner, checks=checks, seeds=[0], kinds=["highland"])


def test_a_planner_by_name_and_one_that_claims_nothing() -> None:
    class Modest(planted.Spoiled):
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
            planted.EmptyPlanForNoWay(),
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
            planted.EmptyPlanForNoWay(), seeds=[1], kinds=["maze", "mare"], fail_fast=True, pictures=None
        )
    assert len(caught.value.failures) == 1


def test_what_cannot_be_drawn_is_told_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(PlannerCheckError) as caught:
        check_planner(
            planted.ClaimsInAList(),
            checks=["protocol"],
            seeds=[1],
            kinds=["maze"],
            pictures=tmp_path / "file",
        )
    assert caught.value.failures[0].picture is None and "picture" not in str(caught.value)


def test_exceptions_are_failures_of_the_check() -> None:
    class Fails(planted.Spoiled):
        def question(self, problem):  # type: ignore[no-untyped-def]
            raise IndexError("index -1 is out of bounds")

    with pytest.raises(
        PlannerCheckError, match="safe: seed 1, maze: raised IndexError: index -1 is out of bounds"
    ):
        check_planner(Fails(), checks=["safe"], seeds=[1], kinds=["maze"], pictures=None)


def test_a_check_comes_to_the_same_alone_and_after_others() -> None:
    """A planner that keeps the first map it sees fails what it fails alone, so that the replay shows it."""
    planner = planted.KeepsTheFirstMap()
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
    planner = planted.PlainAStar()
    planner.lock = threading.Lock()  # type: ignore[attr-defined]
    assert check_planner(planner, checks=["safe"], seeds=[1], kinds=["maze"]).checks == ("safe",)


THEIRS = """
class Lost:
    name = 'lost'
    claims = frozenset()
    def plan(self, problem): raise KeyError('map')
"""


def test_the_replay_line_runs_just_the_one_check(tmp_path: Path) -> None:
    file = tmp_path / "theirs.py"
    file.write_text(THEIRS)
    with pytest.raises(PlannerCheckError) as caught:
        check_planner(
            f"{file}:Lost", checks=["safe", "rim"], seeds=[2], kinds=["crater field"], pictures=None
        )
    failure = caught.value.failures[-1]
    command = f"{failure.replay} --pictures {tmp_path}".replace("python", sys.executable, 1)
    again = subprocess.run(command, shell=True, capture_output=True, text=True, check=False)
    assert again.returncode == 8, again.stderr
    assert again.stdout.startswith(
        "planner lost fails rim\nrim: seed 2, crater field: raised KeyError: 'map'\n"
    )
    assert (tmp_path / "lost-rim-2-crater_field.png").exists()


def test_the_command_lists_the_checks_and_refuses_what_is_not_there(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["--list"]) == 0
    printed = capsys.readouterr().out
    assert [line.split()[0] for line in printed.splitlines()] == list(CHECKS)
    assert main(["astar", "--check", "protocol", "--seed", "1", "--kind", "maze"]) == 0
    assert capsys.readouterr().out.startswith("planner astar (claims optimal) passes protocol on 1 problems")
    assert main(["astarr"]) == 2
    assert "no planner of that name" in capsys.readouterr().err
    assert main(["astar", "--check", "light"]) == 2


def test_the_environment_narrows_every_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FARSIDE_REPLAY", "rim:1:maze")
    report = check_planner("astar")
    assert report.checks == ("rim",) and report.problems == 1
    (only,) = planner_checks("astar")
    assert only.name == "rim" and only().problems == 1
    assert planner_checks("astar", checks=["safe"]) == []
    monkeypatch.setenv("FARSIDE_REPLAY", "rim")
    with pytest.raises(ValueError, match="give CHECK:SEED:KIND"):
        check_planner("astar")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("rmi:1:maze", "'rmi:1:maze': no check 'rmi', known are protocol, optimal"),
        ("rim:1:made", "'rim:1:made': no kind 'made', known are mare, crater field"),
        (
            "rim:7:maze",
            "'rim:7:maze' leaves nothing of this call, which has checks protocol.* seeds 0, 1; kinds",
        ),
        ("light:1:maze", "'light:1:maze' leaves nothing of this call"),
    ],
)
def test_an_environment_that_leaves_nothing_is_no_pass(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], value: str, told: str
) -> None:
    monkeypatch.setenv("FARSIDE_REPLAY", value)
    with pytest.raises(ValueError, match=f"FARSIDE_REPLAY = {told}"):
        check_planner("astar")
    assert main(["astar"]) == 2
    assert re.search(told, capsys.readouterr().err)


def test_the_replay_has_the_budget_too(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    for budget, option in (
        (Budget(time_s=0.2), ["--time-s", "0.2"]),
        (Budget(memory_mib=24), ["--memory-mib", "24.0"]),
    ):
        check, planner = (
            ("time_budget", planted.TakesItsTime)
            if budget.time_s < 1
            else ("memory_budget", planted.TakesMemory)
        )
        with pytest.raises(PlannerCheckError) as caught:
            check_planner(planner, checks=[check], seeds=[1], kinds=["maze"], budget=budget, pictures=None)
        words = shlex.split(caught.value.failures[0].replay)
        assert words[-2:] == option
        assert main([*words[3:], "--pictures", str(tmp_path)]) == 8
        assert f"{check}: seed 1, maze: takes " in capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        main(["astar", "--time-s", "-1"])
    assert ended.value.code == 2


@pytest.mark.parametrize("name", list(CHECKS))
def test_every_check_is_short_and_says_what_it_holds_to(name: str) -> None:
    run = CHECKS[name].run
    assert run.__doc__ and CHECKS[name].holds_to.endswith(".")
    assert len(inspect.getsource(run).splitlines()) <= 32


def test_the_document_has_a_row_for_each_check_and_each_kind() -> None:
    text = (Path(__file__).parents[3] / "docs" / "testing_planners.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z _]+)` \|", text, re.MULTILINE)
    assert [row for row in rows if row in CHECKS] == list(CHECKS)
    assert sorted(row for row in rows if row not in CHECKS) == sorted(terrain_kinds())
    assert f"{len(PLANTED) + 4} planners with one bug each" in text
    assert f"{len(CHECKS)} named checks" in (Path(__file__).parents[3] / "README.md").read_text(
        encoding="utf-8"
    )


def test_the_document_shows_a_failure_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = Path(__file__).parents[3]
    text = (root / "docs" / "testing_planners.md").read_text(encoding="utf-8")
    shown = re.search(r"```\n\$ python -m sim\.testing (.*)\n((?:.*\n)*?)```", text)
    assert shown is not None
    monkeypatch.chdir(root)
    assert main([*shlex.split(shown[1]), "--pictures", str(tmp_path)]) == 8
    printed = capsys.readouterr().out.replace(str(tmp_path), "/tmp/farside-failures-1000")
    assert printed == shown[2]


# What problems are changed to.


def test_changed_problems_cost_what_the_law_says() -> None:
    problem = make_problem(1, "highland")
    cost = least_cost(problem)
    for change in (turned, mirrored):
        assert least_cost(change(problem)) == pytest.approx(cost, rel=1e-12)
        assert least_cost(change(problem), directional=True) == pytest.approx(
            least_cost(problem, directional=True), rel=1e-5
        )
    assert least_cost(slower(problem, 8.0)) == 8.0 * cost
    assert least_cost(stretched(problem, 0.125)) == 0.125 * cost
    for change in (turned, mirrored):
        again = problem
        for _ in range(4):
            again = change(again)
        assert (again.terrain.slope_rad == problem.terrain.slope_rad).all()
        assert again.start_m == pytest.approx(problem.start_m) and again.goal_m == pytest.approx(
            problem.goal_m
        )
    lonely = replace(problem, goal_m=problem.start_m)
    assert least_cost(turned(lonely)) == 0.0
