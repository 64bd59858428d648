"""Every move that there is by heading, with its seconds, joules and metres, for least sums of any of them by scipy."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from rover.planning.problem import Objective, PlanningProblem
from sim.testing.graphs import directed_graph
from sim.testing.ground import ends_of

Floats = npt.NDArray[np.float64]
Cells = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moves:
    """Moves between cells in row order: n of them.

    Attributes:
        graph: Cells and the moves between them, with seconds as weights.
        tail, head: (n,) cells.
        seconds, joules, metres: (n,) of each.
        start, goal: Cells.
    """

    graph: csr_array
    tail: Cells
    head: Cells
    seconds: Floats
    joules: Floats
    metres: Floats
    start: int
    goal: int

    def least(self, price: Floats) -> float:
        """Return the least sum of (n,) prices, none below 0, from start to goal; inf where there is no way."""
        return float(self.least_from(self.start, price)[self.goal])

    def least_from(self, cells: int | Cells, price: Floats, *, most: float = np.inf) -> Floats:
        """Return (cells,) the least sum of (n,) prices from a cell, or the nearest of several, inf beyond the most."""
        graph = csr_array((price, self.graph.indices, self.graph.indptr), shape=self.graph.shape)
        found = dijkstra(graph, directed=True, indices=np.atleast_1d(cells), limit=most, min_only=True)
        return np.asarray(found)


def moves_of(asked: PlanningProblem) -> Moves:
    """Return the moves of a problem."""
    time, energy, distance = (
        directed_graph(replace(asked, objective=objective))
        for objective in (Objective.TIME, Objective.ENERGY, Objective.DISTANCE)
    )
    start, goal = (int(np.ravel_multi_index(end, asked.costmap.geometry.shape)) for end in ends_of(asked))
    return Moves(
        graph=time,
        tail=np.repeat(np.arange(time.shape[0], dtype=np.int64), np.diff(time.indptr)),
        head=time.indices.astype(np.int64),
        seconds=time.data,
        joules=energy.data,
        metres=distance.data,
        start=start,
        goal=goal,
    )
