"""Bits of words, and arrays whose references are not counted, against plain Python on random data."""

from __future__ import annotations

import sys
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pytest

from rover.core.bits_kernels import highest_bit, lowest_bit
from rover.core.borrowed_kernels import borrowed
from rover.core.jit import kernel


@kernel
def lowest_and_highest(words, found):  # type: ignore[no-untyped-def]
    for k in range(len(words)):
        found[k, 0] = lowest_bit(words[k])
        found[k, 1] = highest_bit(words[k])


def random_words() -> list[int]:
    """Words of every length, dense and sparse, and all of one bit."""
    rng = np.random.default_rng(5)
    dense = [int(w) >> int(s) | 1 << (63 - int(s)) for w, s in rng.integers(0, [1 << 63, 64], (400, 2))]
    sparse = [
        int(np.bitwise_or.reduce(np.uint64(1) << rng.integers(0, 64, 3).astype(np.uint64)))
        for _ in range(400)
    ]
    return [*dense, *sparse, *(1 << k for k in range(64)), (1 << 64) - 1]


def test_bits_are_those_of_whole_numbers() -> None:
    words = random_words()
    found = np.empty((len(words), 2), np.uint64)
    lowest_and_highest(np.array(words, np.uint64), found)
    assert found[:, 0].tolist() == [(word & -word).bit_length() - 1 for word in words]
    assert found[:, 1].tolist() == [word.bit_length() - 1 for word in words]


class Held(NamedTuple):
    """Arrays of several kinds, and what is none."""

    scale: float
    values: npt.NDArray[np.float64]
    order: npt.NDArray[np.int64]
    marks: npt.NDArray[np.uint8]
    total: npt.NDArray[np.float64]
    offset: int


@kernel
def _weigh(held, k):  # type: ignore[no-untyped-def]
    row = held.order[k]
    held.marks[row] += 1
    for col in range(held.values.shape[1]):
        held.total[row] += held.scale * held.values[row, col]
    return row + held.offset


@kernel
def weigh_all(held, times):  # type: ignore[no-untyped-def]
    held = borrowed(held)
    said = 0
    for _ in range(times):
        for k in range(len(held.order)):
            said += _weigh(held, k)
    return said


@pytest.mark.parametrize("seed", range(5))
def test_borrowed_arrays_are_the_same_arrays(seed: int) -> None:
    rng = np.random.default_rng(seed)
    rows, cols, times = (int(n) for n in rng.integers(1, 30, 3))
    order = rng.permutation(rows).astype(np.int64)
    held = Held(
        float(rng.standard_normal()),
        rng.standard_normal((rows, cols)),
        order,
        np.zeros(rows, np.uint8),
        np.zeros(rows),
        int(rng.integers(-9, 9)),
    )
    before = [sys.getrefcount(array) for array in held[1:5]]
    said = weigh_all(held, times)
    assert said == times * (rows * (rows - 1) // 2 + rows * held.offset)
    assert held.marks.tolist() == [times] * rows
    total = [0.0] * rows
    for _ in range(times):
        for row in order.tolist():
            for value in held.values[row].tolist():
                total[row] += held.scale * value
    np.testing.assert_allclose(held.total, total, rtol=1e-13, atol=1e-13)
    assert [sys.getrefcount(array) for array in held[1:5]] == before


def test_borrowing_keeps_nothing_and_lets_nothing_go() -> None:
    values = np.arange(12.0).reshape(4, 3)
    held = Held(1.0, values, np.arange(4), np.zeros(4, np.uint8), np.zeros(4), 0)
    counts = [sys.getrefcount(array) for array in held[1:5]]
    for _ in range(200):  # one too many or too few a call would show, or end the process
        weigh_all(held, 1)
    assert [sys.getrefcount(array) for array in held[1:5]] == counts
    assert values.tolist() == np.arange(12.0).reshape(4, 3).tolist()
