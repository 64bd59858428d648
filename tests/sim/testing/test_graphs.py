"""The graphs of moves that planners are held to, by hand and by sampling of every line."""

from __future__ import annotations

import math

import numpy as np
import pytest

from sim.testing.graphs import grid_graph


def test_the_graph_s_rule_by_hand() -> None:
    graph = grid_graph(np.array([[1.0, 3.0], [np.inf, 5.0]]), 2.0).toarray()
    want = np.zeros((4, 4))
    want[0, 1] = 4.0
    want[1, 3] = 8.0
    np.testing.assert_array_equal(graph, want)  # the diagonal 0-3 passes lethal cell 2
    cutting = grid_graph(np.array([[1.0, 3.0], [np.inf, 5.0]]), 2.0, corner_cutting=True).toarray()
    assert cutting[0, 3] == pytest.approx(6.0 * math.sqrt(2))


@pytest.mark.parametrize("neighbours", [4, 8, 16])
@pytest.mark.parametrize("shape", [(7, 6), (1, 5), (5, 1), (2, 2), (2, 3)])
def test_graph_of_moves_is_the_integral_along_each(neighbours: int, shape: tuple[int, int]) -> None:
    """By dense sampling of every line between centres, each pair of cells by itself."""
    rng = np.random.default_rng(neighbours)
    cost = np.where(rng.random(shape) < 0.2, np.inf, rng.uniform(1, 9, shape))
    reach = {4: {(0, 1)}, 8: {(0, 1), (1, 1)}, 16: {(0, 1), (1, 1), (1, 2)}}[neighbours]
    cells = [(r, c) for r in range(shape[0]) for c in range(shape[1])]
    along = (np.arange(4000) + 0.5) / 4000
    want = np.zeros((cost.size, cost.size))
    for tail, (r, c) in enumerate(cells):
        for head, (to_r, to_c) in enumerate(cells):
            down, across = to_r - r, to_c - c
            if (min(abs(down), abs(across)), max(abs(down), abs(across))) not in reach:
                continue
            line = cost[np.rint(r + down * along).astype(int), np.rint(c + across * along).astype(int)]
            corners = (cost[r, to_c], cost[to_r, c]) if abs(down * across) == 1 else ()
            if np.isfinite([*line, *corners]).all():
                want[tail, head] = 2.5 * math.hypot(down, across) * line.mean()
    graph = grid_graph(cost, 2.5, neighbours=neighbours)
    both = (graph + graph.T).toarray()
    np.testing.assert_allclose(both, want, rtol=1e-12)
