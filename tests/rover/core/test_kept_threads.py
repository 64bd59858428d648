"""Threads kept between calls: all work is done, by one that is idle if there is one, and none stays for long."""

from __future__ import annotations

import _thread
import math
import os
import threading
import time
import weakref

import numpy as np
import pytest

from rover.core import crew, kept_threads
from rover.core.kept_threads import lend
from rover.core.strips import by_strips
from rover.planning.astar import GridRoute, search_grid

LONG_S = 20.0


def wait_for_idle(count: int) -> None:
    until = time.monotonic() + LONG_S
    while len(kept_threads._idle) != count and time.monotonic() < until:
        time.sleep(0.001)
    assert len(kept_threads._idle) == count


@pytest.fixture(autouse=True)
def nobody_idle() -> None:
    wait_for_idle(0)


def test_the_same_thread_does_one_work_after_the_other() -> None:
    by: list[int] = []
    for _ in range(3):
        assert lend(lambda: by.append(_thread.get_native_id())).wait(LONG_S)
        wait_for_idle(1)
    assert len(set(by)) == 1
    assert by[0] != _thread.get_native_id()


def test_works_that_meet_have_a_thread_each() -> None:
    meet = threading.Barrier(4, timeout=LONG_S)
    ends = [lend(lambda: meet.wait() and None) for _ in range(3)]
    meet.wait()
    assert all(ended.wait(LONG_S) for ended in ends)


def test_what_a_work_held_is_let_go() -> None:
    class Held:
        pass

    held = Held()
    gone = threading.Event()
    weakref.finalize(held, gone.set)
    assert lend(lambda held=held: None).wait(LONG_S)  # type: ignore[misc]
    del held
    assert gone.wait(LONG_S)


def test_an_idle_thread_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_threads, "IDLE_S", 0.02)
    before = _thread._count()
    assert lend(lambda: None).wait(LONG_S)
    wait_for_idle(0)
    until = time.monotonic() + LONG_S
    while _thread._count() > before and time.monotonic() < until:
        time.sleep(0.001)
    assert _thread._count() <= before


def test_a_call_that_comes_as_the_wait_ends_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Taken off the list by the caller: it waits for the word, which was given or never comes."""
    monkeypatch.setattr(kept_threads, "CALL_S", 0.01)
    own = kept_threads._Kept()
    assert kept_threads._gone(own)
    own.called.release()
    assert not kept_threads._gone(own)
    kept_threads._idle.append(own)
    assert kept_threads._gone(own) and own not in kept_threads._idle


def test_work_is_done_by_threads_that_are_about_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_threads, "IDLE_S", 0.0)
    done: list[int] = []
    for k in range(2000):
        assert lend(lambda k=k: done.append(k)).wait(LONG_S)  # type: ignore[misc]
    assert done == list(range(2000))


@pytest.mark.skipif(not hasattr(os, "sched_getaffinity"), reason="no affinity here")
def test_a_thread_may_run_where_its_caller_may() -> None:
    own = os.sched_getaffinity(0)
    found: list[set[int]] = []
    for _ in range(2):  # begun, then woken
        assert lend(lambda: found.append(os.sched_getaffinity(0))).wait(LONG_S)
        wait_for_idle(1)
    assert found == [own, own]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
def test_a_child_has_threads_of_its_own() -> None:
    assert lend(lambda: None).wait(LONG_S)
    wait_for_idle(1)
    child = os.fork()
    if child == 0:
        os._exit(0 if lend(lambda: None).wait(LONG_S) else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_a_thread_whose_call_was_interrupted_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_threads, "IDLE_S", 0.01)
    monkeypatch.setattr(kept_threads, "CALL_S", 0.01)
    before = _thread._count()
    assert lend(lambda: None).wait(LONG_S)
    until = time.monotonic() + LONG_S
    while not kept_threads._idle and time.monotonic() < until:
        pass
    if kept_threads._idle:  # taken off the list, and then nothing
        kept_threads._idle.pop()
    while _thread._count() > before and time.monotonic() < until:
        time.sleep(0.001)
    assert _thread._count() <= before


@pytest.mark.skipif(
    kept_threads._processor is None or len(os.sched_getaffinity(0)) < 2, reason="one processor only"
)
def test_a_thread_is_woken_on_another_processor() -> None:
    """The one that calls keeps its own: who is woken may not run there until it is awake."""
    own = os.sched_getaffinity(0)
    assert lend(lambda: None).wait(LONG_S)
    wait_for_idle(1)
    woken = kept_threads._idle[0].thread
    found: list[int] = []
    for processor in sorted(own)[:2]:
        os.sched_setaffinity(0, {processor})
        try:
            kept_threads._allow(woken, own - {kept_threads._processor()})
            assert os.sched_getaffinity(woken) == own - {processor}
        finally:
            os.sched_setaffinity(0, own)
        assert lend(lambda: found.append(kept_threads._processor())).wait(LONG_S)
        wait_for_idle(1)
        assert os.sched_getaffinity(woken) == own  # and then anywhere again
    assert len(found) == 2


def test_a_thread_that_may_run_nowhere_else_is_left_alone() -> None:
    kept_threads._allow(0, set())  # one processor: there is no other
    kept_threads._allow(1 << 22, {0})  # and no such thread any more
    assert lend(lambda: None).wait(LONG_S)


def test_without_more_threads_the_work_is_done_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    def none_left(*_: object) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(crew, "lend", none_left)
    monkeypatch.setenv("FARSIDE_THREADS", "3")
    done: list[int] = []
    by_strips(100, lambda first, last: done.extend(range(first, last)))
    assert sorted(done) == list(range(100))
    cost = np.ones((400, 400))
    route = search_grid(cost, (0, 0), (399, 399), resolution_m=1.0)
    assert isinstance(route, GridRoute) and route.cost_s == pytest.approx(399 * math.sqrt(2.0))
