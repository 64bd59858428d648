"""Rows shared out among threads: each once, whatever their number."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from rover.core import crew
from rover.core.kept_threads import lend
from rover.core.strips import THREADS_VARIABLE, by_strips, threads


@pytest.mark.parametrize("rows", [1, 15, 16, 33, 1000])
@pytest.mark.parametrize("count", [1, 2, 7])
def test_every_row_is_made_once(rows: int, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(THREADS_VARIABLE, str(count))
    made = [0] * rows

    def work(first: int, last: int) -> None:
        for row in range(first, last):
            made[row] += 1

    by_strips(rows, work)
    assert made == [1] * rows


@pytest.mark.parametrize("count", [1, 2])
def test_strips_are_no_larger_than_asked(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(THREADS_VARIABLE, str(count))
    sizes: list[int] = []
    by_strips(1000, lambda first, last: sizes.append(last - first), most=30)
    assert sum(sizes) == 1000
    assert max(sizes) <= 30


def test_several_threads_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(THREADS_VARIABLE, "2")
    meet = threading.Barrier(2, timeout=20)
    by_strips(32, lambda _first, _last: meet.wait() and None)  # one thread alone would wait in vain


def test_an_error_in_a_strip_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(THREADS_VARIABLE, "2")

    def work(first: int, _last: int) -> None:
        if first:
            raise ValueError("a strip")

    with pytest.raises(ValueError, match="a strip"):
        by_strips(64, work)


def test_an_error_of_a_helper_ends_the_work_of_all(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(THREADS_VARIABLE, "2")
    meet = threading.Barrier(2, timeout=20)
    begun, helpers = list[int](), list[threading.Event]()

    def lent(work: Callable[[], None]) -> threading.Event:
        helpers.append(lend(work))
        return helpers[-1]

    def work(first: int, _last: int) -> None:
        begun.append(first)
        meet.wait()
        if threading.current_thread() is not threading.main_thread():
            raise ValueError("a helper's strip")
        assert helpers[0].wait(20)

    monkeypatch.setattr(crew, "lend", lent)

    with pytest.raises(ValueError, match="a helper's strip"):
        by_strips(16 * 8, work)
    assert len(begun) == 2  # of eight strips
    assert helpers[0].is_set()


@pytest.mark.parametrize("asked", ["", "0", "many", "-2"])
def test_nonsense_means_the_cores_there_are(asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(THREADS_VARIABLE, asked)
    assert threads() >= 1
