"""Threads that help: who has begun is waited for, whatever comes between; who has not never does."""

from __future__ import annotations

import _thread
import threading
import time
from collections.abc import Callable

import pytest

from rover.core import crew, kept_threads, strips
from rover.core.crew import Crew
from rover.core.strips import THREADS_VARIABLE, by_strips
from tests.builders.interruptions import interrupted_at

LONG_S = 20.0


def never(_work: Callable[[], None]) -> threading.Event:
    """`lend` on a system that does not let the thread run."""
    return threading.Event()


def test_all_that_are_called_do_the_work() -> None:
    meet = threading.Barrier(4, timeout=LONG_S)
    helpers = Crew(lambda: meet.wait() and None, lambda: None)

    def lead() -> int:
        helpers.call(3)
        meet.wait()
        helpers.end()
        return 7

    assert helpers.led(lead) == 7 and not helpers.errors


def test_who_has_not_begun_is_not_waited_for_and_never_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[Callable[[], None]] = []
    monkeypatch.setattr(crew, "lend", lambda work: called.append(work) or threading.Event())
    done: list[int] = []
    helpers = Crew(lambda: done.append(1), lambda: None)
    helpers.led(lambda: helpers.call(2) or helpers.end())
    assert len(called) == 2
    for late in called:
        late()
    assert done == []


def test_strips_are_done_alone_where_no_helper_begins(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crew, "lend", never)
    monkeypatch.setenv(THREADS_VARIABLE, "3")
    done: list[int] = []
    by_strips(100, lambda first, last: done.extend(range(first, last)))
    assert sorted(done) == list(range(100))


def test_an_error_of_the_leader_waits_for_those_at_work() -> None:
    begun, go_on, ended = threading.Event(), threading.Event(), list[int]()

    def work() -> None:
        begun.set()
        assert go_on.wait(LONG_S)
        ended.append(1)

    helpers = Crew(work, go_on.set)

    def lead() -> None:
        helpers.call(1)
        assert begun.wait(LONG_S)
        raise ValueError("of the leader")

    with pytest.raises(ValueError, match="of the leader"):
        helpers.led(lead)
    assert ended == [1]


def test_interruptions_while_it_waits_are_raised_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    times = 3
    ended: list[int] = []

    class Interrupted(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            nonlocal times
            if times > 0:
                times -= 1
                raise KeyboardInterrupt
            return super().wait(timeout)

    begun = threading.Event()

    def work() -> None:
        begun.set()
        time.sleep(0.02)
        ended.append(1)

    monkeypatch.setattr(crew, "Event", Interrupted)
    helpers = Crew(work, lambda: None)

    def lead() -> None:
        helpers.call(1)
        assert begun.wait(LONG_S)
        helpers.end()

    with pytest.raises(KeyboardInterrupt):
        helpers.led(lead)
    assert times == 0 and ended == [1]


def test_an_interruption_at_any_line_leaves_nobody_at_work(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(THREADS_VARIABLE, "3")
    monkeypatch.setattr(kept_threads, "IDLE_S", 0.01)
    monkeypatch.setattr(kept_threads, "CALL_S", 0.01)
    before = _thread._count() - len(kept_threads._idle)
    for line in range(1000):
        at_work, late, over = [0], list[int](), threading.Event()

        def work(first: int, _last: int, at_work=at_work, late=late, over=over) -> None:  # type: ignore[no-untyped-def]
            at_work.append(1)
            time.sleep(0.0003)
            if over.is_set():
                late.append(first)
            at_work.append(-1)

        modules = (crew, kept_threads, strips)
        there = interrupted_at(line, modules, lambda work=work: by_strips(16 * 6, work))  # type: ignore[misc]
        over.set()
        assert sum(at_work) == 0 and not late, line
        if not there:
            break
    assert line > 40
    until = time.monotonic() + LONG_S
    while _thread._count() > before and time.monotonic() < until:  # no thread is left behind either
        time.sleep(0.001)
    assert _thread._count() <= before
