"""Arrays of records: of the asked type and shape, and locked."""

from __future__ import annotations

import numpy as np
import pytest

from rover.core.arrays import locked


def test_a_fitting_array_is_not_copied_but_cannot_be_written_through_the_record() -> None:
    mine = np.zeros((2, 3), np.float32)
    held = locked(mine, np.float32, (2, 3), "z")
    assert np.shares_memory(held, mine)
    assert mine.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        held[0, 0] = 1.0


def test_type_and_order_are_made_right() -> None:
    held = locked(np.asfortranarray(np.arange(6).reshape(2, 3)), np.float64, (2, 3), "z")
    assert held.dtype == np.float64
    assert held.flags.c_contiguous
    np.testing.assert_array_equal(held, [[0, 1, 2], [3, 4, 5]])


@pytest.mark.parametrize("shape", [(3, 2), (2,), (2, 3, 1), (None, 2)])
def test_another_shape_is_refused_by_name(shape: tuple[int | None, ...]) -> None:
    with pytest.raises(ValueError, match=r"slope has shape \(2, 3\)"):
        locked(np.zeros((2, 3)), np.float64, shape, "slope")


def test_none_is_any_length() -> None:
    assert locked(np.zeros((7, 2)), np.float64, (None, 2), "path").shape == (7, 2)
    assert locked(np.zeros((0, 2)), np.float64, (None, 2), "path").shape == (0, 2)
