"""A planner that never answers is given up: interrupted in Python, ended with its process in native code."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from rover.core.jit import cache_folder
from sim.testing import Budget, PlannerCheckError, check_planner
from sim.testing.patience import PATIENCE
from tests.sim.testing.planted import over_budget, sound

pytest_plugins = ["pytester"]

SOON = Budget(time_s=0.5, stop_s=1.5)

IN_NATIVE_CODE = """
import numba
import numpy as np
import pytest

from rover.planning.problem import Claim
from sim.testing import Budget, patience

patience._GRACE_S = 1.0


@numba.njit
def forever(held):
    while held[0] >= 0.0:
        held[1] += 1.0


class Stuck:
    name = "stuck"
    claims = frozenset({Claim.OPTIMAL})

    def plan(self, problem):
        forever(np.zeros(2))


@pytest.mark.planners(Stuck, seeds=[1], kinds=["maze"], budget=Budget(time_s=0.5, stop_s=1.5))
def test_it(planner_check):
    planner_check()
"""


def asks(planner: object, checks: list[str]) -> tuple[PlannerCheckError, float]:
    began = time.monotonic()
    with pytest.raises(PlannerCheckError) as caught:
        check_planner(
            planner, checks=checks, seeds=[0, 1], kinds=["mare", "maze"], budget=SOON, pictures=None
        )  # type: ignore[arg-type]
    return caught.value, time.monotonic() - began


@pytest.fixture(autouse=True)
def alarms_are_as_before() -> Iterator[None]:
    before = signal.getsignal(signal.SIGALRM)
    yield
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGALRM) is before


class Asleep(sound.Spoiled):
    """As a planner that waits for something."""

    def plan(self, problem: object) -> object:  # type: ignore[override]
        while True:
            try:
                time.sleep(600)
            except Exception:
                continue


def test_one_that_never_answers_fails_every_check_that_asks_it_by_name() -> None:
    """Each once, the first after `stop_s` and the others after `time_s`: it is not waited for on every ground."""
    error, took_s = asks(Asleep(), ["protocol", "optimal", "safe", "time_budget"])
    assert [(failure.check, failure.seed, failure.kind) for failure in error.failures] == [
        (check, 0, "mare") for check in ("optimal", "safe", "time_budget")
    ]
    assert [failure.what for failure in error.failures] == [
        "gives no answer within 1.5 s",
        "gives no answer within 0.5 s",
        "gives no answer within 0.5 s",
    ]
    assert "--stop-s 1.5" in error.failures[0].replay or "FARSIDE_REPLAY" in error.failures[0].replay
    assert 2.5 < took_s < 20.0


def test_one_that_never_answers_one_question_keeps_its_other_checks() -> None:
    """It catches what interrupts it and answers then: too late all the same."""
    error, _ = asks(over_budget.NeverAnswers(), ["optimal", "unreachable", "rim"])
    assert {failure.check for failure in error.failures} == {"unreachable"}
    assert error.failures[0].what == "gives no answer within 1.5 s"
    assert check_planner(
        over_budget.NeverAnswers(), checks=["rim"], seeds=[1], kinds=["maze"], pictures=None
    ).checks == ("rim",)


def test_an_alarm_that_another_has_set_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """As that of pytest-timeout, which has a limit of its own; the process is not ended before it."""
    rang: list[int] = []
    told: list[str] = []
    monkeypatch.setattr(PATIENCE, "_tell", told.append)
    before = signal.signal(signal.SIGALRM, lambda number, _: rang.append(number))
    signal.setitimer(signal.ITIMER_REAL, 600.0)
    try:
        check_planner("astar", checks=["rim"], seeds=[1], kinds=["maze"], budget=SOON)
        assert 590.0 < float(told[0].partition(" ")[0]) <= 605.0 and told[-1] == ""
        assert 0.0 < signal.getitimer(signal.ITIMER_REAL)[0] <= 600.0
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
    assert not rang


def test_a_debugger_has_all_the_time_it_takes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sim.testing.patience._debugged", lambda: True)
    budget = Budget(time_s=0.1, stop_s=0.1)
    asked = {"checks": ["rim"], "seeds": [1], "kinds": ["maze"], "pictures": None, "budget": budget}
    assert check_planner(over_budget.TakesItsTime(), **asked).checks == ("rim",)  # type: ignore[arg-type]


def test_it_asks_in_any_thread() -> None:
    found: list[object] = []
    asked = threading.Thread(
        target=lambda: found.append(check_planner("astar", checks=["rim"], seeds=[1], kinds=["maze"]))
    )
    asked.start()
    asked.join()
    assert len(found) == 1


def kernels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the compiled kernels, where the home folder is another."""
    if folder := cache_folder():
        monkeypatch.setenv("NUMBA_CACHE_DIR", str(folder.parent))


def test_native_code_that_never_comes_back_is_named_and_ended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it holds every thread, as this loop does."""
    kernels(monkeypatch)
    (tmp_path / "mine.py").write_text(IN_NATIVE_CODE)
    words = ["mine.py:Stuck", "--seed", "1", "--kind", "maze", "--time-s", "0.5", "--stop-s", "1.5"]
    ended = subprocess.run(
        [sys.executable, "-m", "sim.testing", *words],
        cwd=tmp_path, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert ended.returncode == -signal.SIGKILL
    assert ended.stderr.startswith(
        "planner stuck fails optimal\noptimal: seed 1, maze: gives no answer within 1.5 s"
    )
    assert (
        "nor comes back from native code: its process is ended\n    replay: python -m sim.testing"
        in ended.stderr
    )


def test_pytest_shows_what_was_said_last(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Although it holds back what tests write."""
    kernels(monkeypatch)
    pytester.makepyfile(IN_NATIVE_CODE)
    ended = pytester.runpytest_subprocess("-p", "farside_pytest", "-k", "protocol or optimal", timeout=120)
    assert ended.ret == -signal.SIGKILL
    assert re.search(
        r"optimal: seed 1, maze: gives no answer within 1\.5 s, nor comes back.*\n"
        r" +replay: FARSIDE_REPLAY=optimal:1:maze python -m pytest",
        ended.stderr.str(),
    )
