"""What the way to the goal turned out to take beyond what the maps have it, kept where the local costs have been.

The local costs reach some metres about the rover. What lies beyond is told by the maps, which know of no boulder: a
dead end that the rover has left would look like the way ahead again as soon as it is out of the window. So the time to
the goal from every place and heading is kept as it was when the window last held it, and taken up on the window's rim
(Koenig and Likhachev 2006, Real-time adaptive A*, doi:10.1145/1160633.1160682). It is kept as what it takes more than
over the maps, since the price of unseen ground, by which those are told, changes as the rover sees more.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.onboard.heading_kernels import HEADINGS

MEMORY_M = 20.0
"""It is kept so far about the rover."""

Floats = npt.NDArray[np.float64]
Place = tuple[float, float]
Cell = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FieldMemory:
    """Time to a goal beyond what the maps have it, over places and headings.

    Attributes:
        goal_m: The goal.
        cell_m: Side of a cell.
        corner: Row and column of the south-western cell, from the local map's origin.
        excess_s: (headings, rows, cols) float32; NaN where the local costs have not been.
    """

    goal_m: Place
    cell_m: float
    corner: Cell
    excess_s: npt.NDArray[np.float32]

    def __post_init__(self) -> None:
        shape = len(HEADINGS), *np.shape(self.excess_s)[1:]
        object.__setattr__(self, "excess_s", locked(self.excess_s, np.float32, shape, "excess_s"))


def remembered(
    memory: FieldMemory | None,
    *,
    goal_m: Place,
    cell_m: float,
    corner: Cell,
    over_map_s: Floats,
    to_goal_s: Floats,
) -> FieldMemory:
    """Return the memory with what the local costs on a window have found.

    Args:
        memory: Before; None to begin. One of another goal, or of other cells, is not gone on with.
        goal_m: The goal.
        cell_m: Side of the window's cells.
        corner: Row and column of its south-western cell, from the local map's origin.
        over_map_s: (rows, cols) time to the goal by the maps alone.
        to_goal_s: (headings, rows, cols) as found; what is not finite changes nothing.
    """
    rows, cols = over_map_s.shape
    half = math.ceil(MEMORY_M / cell_m)
    count = 2 * half + 1
    first = corner[0] + rows // 2 - half, corner[1] + cols // 2 - half
    kept = np.full((len(HEADINGS), count, count), np.nan, np.float32)
    if memory is not None and memory.goal_m == goal_m and memory.cell_m == cell_m:
        here, there = _overlap(first, kept.shape[1:], memory.corner, memory.excess_s.shape[1:])
        kept[:, *here] = memory.excess_s[:, *there]
    here, there = _overlap(first, kept.shape[1:], corner, over_map_s.shape)
    with np.errstate(invalid="ignore"):  # where there is no way by the maps either
        found = (to_goal_s - over_map_s)[:, *there]
    window = kept[:, *here]
    window[:] = np.where(np.isfinite(found), found, window)
    return FieldMemory(goal_m=goal_m, cell_m=cell_m, corner=first, excess_s=kept)


def excess_on(
    memory: FieldMemory | None, *, goal_m: Place, cell_m: float, corner: Cell, shape: tuple[int, int]
) -> Floats:
    """Return (headings, rows, cols) of a window how much more the way to the goal takes, as far as is known; else 0."""
    excess = np.zeros((len(HEADINGS), *shape))
    if memory is not None and memory.goal_m == goal_m and memory.cell_m == cell_m:
        here, there = _overlap(corner, shape, memory.corner, memory.excess_s.shape[1:])
        excess[:, *here] = np.fmax(memory.excess_s[:, *there], 0.0)
    return excess


def _overlap(
    corner: Cell, shape: tuple[int, ...], other: Cell, other_shape: tuple[int, ...]
) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """Return where two windows of the same cells overlap, on the one and on the other."""
    here, there = [], []
    for first, count, second, other_count in zip(corner, shape, other, other_shape, strict=True):
        low = max(first, second)
        high = max(low, min(first + count, second + other_count))
        here.append(slice(low - first, high - first))
        there.append(slice(low - second, high - second))
    return (here[0], here[1]), (there[0], there[1])
