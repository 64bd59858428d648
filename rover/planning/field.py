"""The cost from every cell to a goal: one search outwards for many starts."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt

from rover.planning.grid_checks import Cell, check_neighbours, checked_cell, checked_costs
from rover.planning.label_memory import LABEL_MEMORY
from rover.planning.tiled_search import TiledSearch, tile_count


def cost_field(
    cost_s_per_m: npt.NDArray[np.floating],
    goal: Cell,
    *,
    resolution_m: float,
    corner_cutting: bool = False,
    neighbours: int = 8,
    time_limit_s: float | None = None,
) -> npt.NDArray[np.float64]:
    """Return (rows, cols) least cost from each cell to `goal`, by the moves of `search_grid`; +inf if there is none.

    Moves cost the same either way, so this is as well the cost from `goal` to each cell.

    Args:
        cost_s_per_m: (rows, cols), positive; +inf is lethal. Not written to.
        goal: (row, col).
        resolution_m: Side of a cell.
        corner_cutting: Whether a diagonal may pass a lethal orthogonal neighbour.
        neighbours: 4, 8, or 16 with knight's moves.
        time_limit_s: Longest time to search, None for any.

    Raises:
        CostMapError, PlaceError, ValueError: As `search_grid`.
        TimeLimitError: The time was over; the message states how far the field had come.
    """
    cost = checked_costs(cost_s_per_m, resolution_m)
    goal = checked_cell("goal", goal, cost.shape)
    check_neighbours(neighbours)
    if np.isinf(cost[goal]):
        return np.full(cost.shape, np.inf)
    return label_field(
        cost,
        goal,
        resolution_m=float(resolution_m),
        corner_cutting=bool(corner_cutting),
        neighbours=neighbours,
        time_limit_s=time_limit_s,
    )


def label_field(
    cost: npt.NDArray[np.floating],
    source: Cell,
    *,
    resolution_m: float,
    corner_cutting: bool,
    neighbours: int,
    time_limit_s: float | None = None,
) -> npt.NDArray[np.float64]:
    """`cost_field` for costs that have been checked and a free cell."""
    with labelled(
        cost,
        source,
        resolution_m=resolution_m,
        corner_cutting=corner_cutting,
        neighbours=neighbours,
        time_limit_s=time_limit_s,
    ) as search:
        return search.field()


@contextmanager
def labelled(
    cost: npt.NDArray[np.floating],
    source: Cell,
    *,
    resolution_m: float,
    corner_cutting: bool,
    neighbours: int,
    time_limit_s: float | None = None,
) -> Iterator[TiledSearch]:
    """Lend a search that has labelled all that can be reached from a free cell; its labels are gone afterwards."""
    with LABEL_MEMORY.lent(math.prod(tile_count(cost.shape))) as labels:
        search = TiledSearch(
            cost,
            source,
            None,
            resolution_m=resolution_m,
            neighbours=neighbours,
            corner_cutting=corner_cutting,
            floor=0.0,
            labels=labels,
        )
        search.run(time_limit_s=time_limit_s)
        yield search
