"""A cost map made ready for routes over hundreds of millions of cells.

Three levels: the costs themselves, in memory or on disk; a code of 2 bytes a cell that never overrates a move; and
blocks of 16 x 16 cells, with a mean cost that guides the corridor and distances to landmarks that bound from below.
`rover.planning.pyramid_search` finds routes in it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.memory import check_memory
from rover.core.strips import by_strips
from rover.planning.grid_checks import checked_costs
from rover.planning.pyramid_codes import CodedCosts, Costs, Survey, blank_codes, encode, node_count
from rover.planning.pyramid_codes_kernels import guide_rows
from rover.planning.pyramid_landmarks import Landmarks, place_landmarks

LANDMARKS = 8


class CostCells(Protocol):
    """Costs that can be looked up cell by cell."""

    def at(self, cells: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Return the costs, seconds per metre, of (n, 2) rows and columns."""
        ...

    def whole(self) -> Costs:
        """Return (rows, cols) costs."""
        ...


class HeldCosts:
    """Costs in an array."""

    def __init__(self, cost_s_per_m: Costs) -> None:
        self._cost = cost_s_per_m

    def at(self, cells: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        return self._cost[cells[:, 0], cells[:, 1]].astype(np.float64)

    def whole(self) -> Costs:
        return self._cost


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pyramid:
    """A cost map with what makes routes over it quick.

    Attributes:
        resolution_m: Side of a cell.
        costs: The costs as they were given.
        coded: The same in 2 bytes a cell.
        guide: (block rows, block columns) mean cost of a block's free cells over their share, in least costs; +inf
            where it has none.
        landmarks: Lower bounds, or None.
    """

    resolution_m: float
    costs: CostCells
    coded: CodedCosts
    guide: npt.NDArray[np.float64]
    landmarks: Landmarks | None

    def __post_init__(self) -> None:
        object.__setattr__(self, "guide", locked(self.guide, np.float64, self.coded.blocks, "guide"))

    @property
    def shape(self) -> tuple[int, int]:
        return self.coded.rows, self.coded.cols


def build_pyramid(
    cost_s_per_m: npt.NDArray[np.floating],
    *,
    resolution_m: float,
    landmarks: int = LANDMARKS,
    corner_cutting: bool = False,
    told: Callable[[float], None] | None = None,
) -> Pyramid:
    """Make a cost map ready for `search_pyramid`.

    The array is kept, not copied, and must not be written to afterwards. Each landmark takes one search of the whole
    map; without any, building takes seconds and a query expands most of the cells between start and goal. Landmarks by
    which no corner is cut serve only queries that cut none.

    Args:
        cost_s_per_m: (rows, cols) float32 or float64, positive; +inf is lethal. May be memory-mapped.
        resolution_m: Side of a cell.
        landmarks: How many, 0 or more.
        corner_cutting: Whether a diagonal may pass a lethal orthogonal neighbour.
        told: Called with the share that is done.

    Raises:
        CostMapError: As `search_grid`.
        ResourceError: Not enough memory, or more cells than a pyramid holds.
        ValueError: A negative number of landmarks.
    """
    cost = checked_costs(cost_s_per_m, resolution_m)
    check_build_memory(cost.shape, landmarks)
    survey = Survey().with_rows(cost)
    coded = blank_codes(cost.shape[0], cost.shape[1], survey, float(resolution_m))
    encode(coded, cost, survey.least)
    guide, placed = upper_levels(coded, landmarks, corner_cutting, told or _silent)
    return Pyramid(
        resolution_m=float(resolution_m), costs=HeldCosts(cost), coded=coded, guide=guide, landmarks=placed
    )


def upper_levels(
    coded: CodedCosts, landmarks: int, corner_cutting: bool, told: Callable[[float], None]
) -> tuple[npt.NDArray[np.float64], Landmarks | None]:
    """Return what is kept of blocks: the guide and the landmarks."""
    guide = np.empty(coded.blocks, np.float64)
    free = np.empty(coded.blocks, np.int64)
    by_strips(len(guide), lambda first, last: guide_rows(coded.codes, coded.width, guide, free, first, last))
    coded.codes.flags.writeable = False
    if landmarks == 0:
        return guide, None
    return guide, place_landmarks(coded, free, landmarks, corner_cutting=corner_cutting, told=told)


def check_build_memory(shape: tuple[int, ...], landmarks: int) -> None:
    """Refuse a map whose codes and one landmark's field do not fit.

    Raises:
        ResourceError: So it is, or more cells than a pyramid holds.
        ValueError: A negative number of landmarks.
    """
    if landmarks < 0:
        raise ValueError(f"{landmarks} landmarks")
    nodes = node_count(shape[0], shape[1])
    check_memory(
        2 * nodes + (4 * nodes if landmarks else 0) + nodes // 8,
        what=f"the pyramid of a map of {shape[0]} x {shape[1]} cells",
        field="cost_s_per_m",
        value=None,
        remedy="take a coarser resolution, a part of the map or a machine with more memory",
    )


def _silent(_share: float) -> None:
    """Tell nobody."""
