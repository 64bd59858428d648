"""Rows shared out among threads: each once, whatever their number."""

from __future__ import annotations

import threading

import pytest

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


@pytest.mark.parametrize("asked", ["", "0", "many", "-2"])
def test_nonsense_means_the_cores_there_are(asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(THREADS_VARIABLE, asked)
    assert threads() >= 1
