"""Elevations in whole tenths of a millimetre stay that, from float32 above a datum to float64 above the sphere."""

from __future__ import annotations

from decimal import Decimal

import numpy as np
import numpy.typing as npt
from hypothesis import given
from hypothesis import strategies as st

from rover.io.elevation import in_tenths, join_datum, split_datum

Tenths = npt.NDArray[np.int64]


def nearest(tenths: int) -> float:
    """The double nearest to so many tenths of a millimetre, by decimal arithmetic."""
    return float(Decimal(tenths) / 10_000)


@given(st.lists(st.integers(-90_000_000, 90_000_000), min_size=1), st.integers(-9000_0000, 9000_0000))
def test_within_a_kilometre_every_tenth_is_told_and_every_dem_comes_back(
    tenths: list[int], datum: int
) -> None:
    near = [value % 20_480_000 - 10_240_000 for value in tenths]
    held = (np.array(near, dtype=np.int64) / 1e4).astype(np.float32)
    joined = join_datum(held, datum / 1e4)
    assert joined.tolist() == [nearest(value + datum) for value in near]
    again, datum_m = split_datum(joined, told=repr(datum / 1e4))
    assert datum_m == datum / 1e4
    np.testing.assert_array_equal(again, held)


@given(st.lists(st.integers(-120_000_000, 120_000_000), min_size=1), st.integers(-9000_0000, 9000_0000))
def test_further_away_they_are_tenths_and_every_dem_comes_back(tenths: list[int], datum: int) -> None:
    held = (np.array(tenths, dtype=np.int64) / 1e4).astype(np.float32)
    joined = join_datum(held, datum / 1e4)
    assert joined.tolist() == [nearest(round(value * 10_000)) for value in joined.tolist()]
    again, _ = split_datum(joined, told=repr(datum / 1e4))
    np.testing.assert_array_equal(again, held)


@given(st.lists(st.integers(-120_000_000, 120_000_000), min_size=1), st.integers(-9000_0000, 9000_0000))
def test_a_dem_made_of_doubles_is_read_as_its_float32(tenths: list[int], datum: int) -> None:
    """What is written of ground before it is float32 reads as that ground in float32."""
    relative_m = np.array(tenths, dtype=np.int64) / 1e4
    written = in_tenths(relative_m + datum / 1e4)
    assert written.tolist() == [nearest(value + datum) for value in tenths]
    np.testing.assert_array_equal(
        split_datum(written, told=repr(datum / 1e4))[0], relative_m.astype(np.float32)
    )


def test_unknown_stays_unknown() -> None:
    held = np.array([[0.1, np.nan]], dtype=np.float32)
    joined = join_datum(held, -5900.0)
    assert joined[0, 0] == -5899.9
    assert np.isnan(joined[0, 1])


def test_what_is_no_tenth_is_left_as_it_is() -> None:
    held = np.array([[0.1, 0.100_03]], dtype=np.float32)
    np.testing.assert_array_equal(join_datum(held, 8.0), held.astype(np.float64) + 8.0)
    tenths = np.array([[0.1, 0.2]], dtype=np.float32)
    np.testing.assert_array_equal(join_datum(tenths, 0.12345), tenths.astype(np.float64) + 0.12345)
