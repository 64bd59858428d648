"""Words that threads share: nothing is lost, and what was written before a word is seen by one who reads it."""

from __future__ import annotations

from threading import Thread

import numpy as np

from rover.core.jit import kernel
from rover.core.words_kernels import add_word, get_word, put_word, rest


@kernel
def count_up(words, times):  # type: ignore[no-untyped-def]
    for _ in range(times):
        add_word(words, 1, 3)


@kernel
def hand_over(words, values, rounds):  # type: ignore[no-untyped-def]
    """Write a value, say so, and wait until it is taken."""
    for k in range(rounds):
        values[k % 7] = k
        put_word(words, 0, k + 1)
        while get_word(words, 0) != 0:
            rest(0)


@kernel
def take_over(words, values, rounds):  # type: ignore[no-untyped-def]
    """Return how many of the values were not what they should be."""
    wrong = 0
    for k in range(rounds):
        while get_word(words, 0) != k + 1:
            rest(0)
        wrong += values[k % 7] != k
        put_word(words, 0, 0)
    return wrong


def test_words_return_what_they_held() -> None:
    words = np.array([5, 7], np.int64)
    add_word_of, put_word_of = _entries()
    assert add_word_of(words, 0, -2) == 5 and put_word_of(words, 1, 11) == 11
    assert words.tolist() == [3, 11]


def _entries():  # type: ignore[no-untyped-def]
    @kernel
    def add(words, index, value):  # type: ignore[no-untyped-def]
        return add_word(words, index, value)

    @kernel
    def put(words, index, value):  # type: ignore[no-untyped-def]
        return put_word(words, index, value)

    return add, put


def test_no_addition_is_lost() -> None:
    words, times = np.zeros(2, np.int64), 200_000
    count_up(words, 0)  # compiled before threads begin
    others = [Thread(target=count_up, args=(words, times)) for _ in range(3)]
    for other in others:
        other.start()
    for other in others:
        other.join()
    assert words.tolist() == [0, 9 * times]


def test_what_was_written_before_a_word_is_seen_after_it() -> None:
    words, values, rounds = np.zeros(2, np.int64), np.zeros(7, np.int64), 2000
    assert take_over(words, values, 0) == 0
    hand_over(words, values, 0)
    giver = Thread(target=hand_over, args=(words, values, rounds))
    giver.start()
    assert take_over(words, values, rounds) == 0
    giver.join()
