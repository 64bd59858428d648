"""A search that is interrupted, or forked, between any two lines: no thread works on, no child hangs."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable

import numpy as np
import pytest

from rover.core import crew, kept_threads
from rover.planning import jump, label_memory, tile_helpers, tiled_search
from rover.planning.astar import GridRoute, search_grid
from rover.planning.round_kernels import run
from rover.planning.tile_helpers import TileHelpers
from tests.builders.interruptions import done_at, interrupted_at

MODULES = (crew, kept_threads, label_memory, tile_helpers, tiled_search)
SIDE = 150
LONG_S = 20.0


def ground() -> np.ndarray:
    cost = np.exp(np.random.default_rng(3).standard_normal((SIDE, SIDE)))
    cost[40:60, 20:140] = np.inf
    return cost


def solve(cost: np.ndarray) -> tuple[float, bytes]:
    route = search_grid(cost, (0, 0), (SIDE - 1, SIDE - 1), resolution_m=1.0)
    assert isinstance(route, GridRoute)
    return route.cost_s, route.cells.tobytes()


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Helpers from the first tile that waits on, and many pauses."""
    monkeypatch.setenv("FARSIDE_THREADS", "3")
    monkeypatch.setattr(tiled_search, "_WIDE", 2)
    monkeypatch.setattr(tiled_search, "_TILES_AT_ONCE", 40)
    return monkeypatch


def test_an_interruption_at_any_line_leaves_nobody_at_work(busy: pytest.MonkeyPatch) -> None:
    cost = ground()
    answer = solve(cost)
    at_work, over, late = [0], threading.Event(), list[int]()
    led, ended, crews = TileHelpers.led, list[int](), list[crew.Crew]()

    def led_to_the_end(helpers: TileHelpers, lead: Callable[[], None]) -> None:
        crews.append(helpers._crew)
        led(helpers, lead)
        ended.append(1)

    def watched(*given: object) -> tuple[int, float]:
        if over.is_set():
            late.append(1)
        at_work.append(1)
        try:
            return run(*given)
        finally:
            at_work.append(-1)

    busy.setattr(TileHelpers, "led", led_to_the_end)
    line = 0
    while True:
        over.clear()
        ended.clear()
        # Who helped in a search that came to its end would be counted in the next one.
        assert all(begun.wait(LONG_S) for before in crews for begun in before._begun)
        crews.clear()
        busy.setattr(tile_helpers, "run", watched)
        if not interrupted_at(line, MODULES, lambda: solve(cost)):
            break
        if not ended:  # else there is no work left, but who helped may be about to notice
            over.set()
            assert sum(at_work) == 0 and not late, line
        until = time.monotonic() + LONG_S
        while sum(at_work) != 0 and time.monotonic() < until:
            time.sleep(0)
        assert sum(at_work) == 0, line
        busy.setattr(tile_helpers, "run", run)
        if line % 7 == 0:
            assert solve(cost) == answer, line
        line += 1
    assert line > 100


def test_helpers_that_never_begin_are_not_waited_for(busy: pytest.MonkeyPatch) -> None:
    cost = ground()
    answer = solve(cost)
    called = []
    busy.setattr(crew, "lend", lambda work: called.append(work) or threading.Event())
    assert solve(cost) == answer
    assert called
    board = threading.Event()
    busy.setattr(tile_helpers, "run", lambda *_: board.set())
    for late in called:  # they begin now, when the memory may be another's
        late()
    assert not board.is_set()


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks here")
@pytest.mark.parametrize("uniform", [False, True])
def test_a_child_forked_at_any_line_can_search(busy: pytest.MonkeyPatch, uniform: bool) -> None:
    cost = np.where(np.isinf(ground()), np.inf, 1.0) if uniform else ground()
    answer = solve(cost)

    def fork() -> None:
        child = os.fork()
        if child == 0:
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
            signal.alarm(20)  # ends a child that waits for what nobody will release
            os._exit(0 if solve(cost) == answer else 1)
        ended.append(os.waitpid(child, 0)[1])

    ended: list[int] = []
    modules = (jump, label_memory) if uniform else (crew, kept_threads, label_memory)
    line = 0
    while done_at(line, modules, lambda: solve(cost), fork):
        line += 5 if uniform else 3
    assert len(ended) >= 8 and set(ended) == {0}
