"""Bytes in words: never zero of something that is there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rover.core.byte_count import byte_words

SIZES = {"bytes": 1.0, "kB": 1e3, "MB": 1e6, "GB": 1e9}


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1.0 kB"),
        (999_949, "999.9 kB"),
        (999_950, "1.0 MB"),
        (25e6, "25.0 MB"),
        (1.4e9, "1.4 GB"),
        (1e12, "1,000.0 GB"),
    ],
)
def test_the_unit_is_the_largest_that_is_filled(count: float, words: str) -> None:
    assert byte_words(count) == words


@given(st.integers(1, 10**15))
def test_the_words_are_the_number_to_their_last_digit(count: int) -> None:
    number, unit = byte_words(count).split()
    assert number.strip("0.,") != ""
    assert abs(float(number.replace(",", "")) * SIZES[unit] - count) <= 0.0501 * SIZES[unit]
