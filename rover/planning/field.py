"""The cost from every cell to a goal: one search outwards for many starts."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rover.planning.astar import Cell, checked_cell, checked_costs
from rover.planning.astar_kernels import load_nodes, search


def cost_field(
    cost_s_per_m: npt.NDArray[np.floating],
    goal: Cell,
    *,
    resolution_m: float,
    corner_cutting: bool = False,
) -> npt.NDArray[np.float64]:
    """Return (rows, cols) least cost from each cell to `goal`, by the moves of `search_grid`; +inf if there is none.

    Moves cost the same either way, so this is as well the cost from `goal` to each cell.

    Args:
        cost_s_per_m: (rows, cols), positive; +inf is lethal. Not written to.
        goal: (row, col).
        resolution_m: Side of a cell.
        corner_cutting: Whether a diagonal may pass a lethal orthogonal neighbour.

    Raises:
        CostMapError, PlaceError: As `search_grid`.
    """
    cost = checked_costs(cost_s_per_m, resolution_m)
    row, col = checked_cell("goal", goal, cost.shape)
    if np.isinf(cost[row, col]):
        return np.full(cost.shape, np.inf)
    rows, cols = cost.shape
    width = cols + 2
    nodes = np.empty(((rows + 2) * width, 2), np.float64)
    load_nodes(cost, nodes)
    came_by = np.empty(len(nodes), np.uint8)
    outside = 0  # a node of the border, which is never reached: everything that can be is
    search(nodes, came_by, width, (row + 1) * width + col + 1, outside, resolution_m, 0.0, corner_cutting)
    inner = nodes[:, 0].reshape(rows + 2, width)[1:-1, 1:-1]
    return np.abs(inner)
