"""A target holds what lies in its range, and nothing unknown."""

from __future__ import annotations

import math

import pytest

from rover.core.targets import TargetRange


def test_a_range_holds_its_ends_and_no_unknown() -> None:
    target = TargetRange(low=1.8, high=2.6, source="a survey")
    assert [target.holds(value) for value in (1.79, 1.8, 2.6, 2.61, math.nan)] == [
        False,
        True,
        True,
        False,
        False,
    ]
    assert TargetRange(low=-math.inf, high=4.0, source="a survey").holds(-1e9)


@pytest.mark.parametrize("low", [3.0, math.nan])
def test_an_empty_range_is_refused(low: float) -> None:
    with pytest.raises(ValueError, match="range"):
        TargetRange(low=low, high=2.0, source="a survey")
