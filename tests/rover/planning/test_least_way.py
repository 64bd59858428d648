"""The least sum of a price of moves over a map, against scipy, and moves the other way round."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from rover.planning.least_way_kernels import spread_least
from rover.planning.leg_kernels import COLS_OFF, ROWS_OFF
from rover.planning.traverse_ahead import Moves, least_from, least_prices, turned

ROWS, COLS = 13, 17


def moves_at_random(seed: int) -> Moves:
    """Return prices of moves of which a third is missing and some cost nothing."""
    rng = np.random.default_rng(seed)
    moves = rng.uniform(0.0, 9.0, (ROWS, COLS, 8)).astype(np.float32)
    moves[rng.random(moves.shape) < 0.1] = 0.0
    moves[rng.random(moves.shape) < 0.35] = np.inf
    rows, cols = np.indices((ROWS, COLS))
    for d in range(8):
        to_row, to_col = rows + ROWS_OFF[d], cols + COLS_OFF[d]
        moves[(to_row < 0) | (to_row >= ROWS) | (to_col < 0) | (to_col >= COLS), d] = np.inf
    return moves.reshape(-1, 8)


def by_scipy(moves: Moves, start: int) -> np.ndarray:
    """Return the least sums from a cell; scipy takes a weight of 0 for no edge, so that it gets a little more."""
    cells, d = np.nonzero(np.isfinite(moves))
    to = cells + np.array(ROWS_OFF)[d] * COLS + np.array(COLS_OFF)[d]
    weights = moves[cells, d].astype(np.float64) + 1e-12
    return np.asarray(
        dijkstra(coo_array((weights, (cells, to)), shape=(len(moves),) * 2).tocsr(), indices=start)
    )


@pytest.mark.parametrize("seed", range(5))
def test_the_least_sums_are_those_of_scipy(seed: int) -> None:
    moves = moves_at_random(seed)
    end = 7 * COLS + 5
    assert np.allclose(least_from(end, COLS, moves), by_scipy(moves, end), rtol=1e-9, atol=1e-9)
    there = np.array([by_scipy(moves, cell)[end] for cell in range(0, len(moves), 11)])
    assert np.allclose(least_prices(end, COLS, moves)[::11], there, rtol=1e-9, atol=1e-9)


def test_turned_twice_is_the_same() -> None:
    moves = moves_at_random(9)
    back = turned(COLS, moves)
    assert not np.array_equal(back, moves)
    assert np.array_equal(turned(COLS, back), moves)


def test_sums_go_on_from_what_is_known() -> None:
    moves = moves_at_random(3)
    known = np.full(len(moves), np.inf)
    known[[4, 100]] = 2.5, 0.5
    spread_least(COLS, moves, known)
    wanted = np.minimum(2.5 + by_scipy(moves, 4), 0.5 + by_scipy(moves, 100))
    assert np.allclose(known, wanted, rtol=1e-9, atol=1e-9)
