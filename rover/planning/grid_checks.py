"""What every search over a grid asks first: costs that can be added up, cells on the map, ends that are free."""

from __future__ import annotations

import math
import operator

import numpy as np
import numpy.typing as npt

from rover.core.errors import CostMapError, PlaceError
from rover.core.strips import by_strips
from rover.planning.explain import nearest_free
from rover.planning.extremes_kernels import extremes
from rover.planning.problem import Cause, NoPlan
from rover.planning.tiled_search import MOVES

Cell = tuple[int, int]

_CELLS_OF_A_STRIP = 1 << 20
"""To look at, for handing them to a thread to be worth it."""
_INFINITY = {4: np.float32(math.inf).view(np.int32), 8: np.float64(math.inf).view(np.int64)}
"""As a whole number of so many bytes."""


def checked_costs(values: npt.NDArray[np.floating], resolution_m: float) -> npt.NDArray[np.floating]:
    """Return costs as a read-only C-contiguous array of floats; raises `CostMapError` where no search can use them."""
    return costs_and_extremes(values, resolution_m)[0]


def costs_and_extremes(
    values: npt.NDArray[np.floating], resolution_m: float, first_cell: Cell = (0, 0)
) -> tuple[npt.NDArray[np.floating], float, float]:
    """Return what `checked_costs` does, and the least and the greatest finite cost.

    Args:
        values, resolution_m: As `checked_costs`.
        first_cell: Where on the map the first value belongs, for a refusal to name cells by.
    """
    if isinstance(values, np.ma.MaskedArray) or np.asarray(values).dtype.kind not in "fiu":
        raise CostMapError(
            "masked, or not of real numbers",
            remedy="give plain costs, +inf where lethal",
            field="cost_s_per_m",
        )
    cost = np.ascontiguousarray(values)
    if cost.dtype not in (np.float32, np.float64):
        cost = cost.astype(np.float64)
    field = "cost_s_per_m"
    if np.ndim(values) != 2 or cost.size == 0:
        raise CostMapError(
            f"an array of shape {np.shape(values)}", remedy="give (rows, cols), at least 1 x 1", field=field
        )
    if not _is_length(resolution_m):
        raise CostMapError(
            "not a length",
            remedy="give the side of a cell in metres",
            field="resolution_m",
            value=resolution_m,
        )
    least, greatest = _extremes(cost)
    if not least > 0:
        row, col = np.argwhere(~(cost > 0))[0].tolist()
        raise CostMapError(
            f"cell ({first_cell[0] + row}, {first_cell[1] + col}) is not positive",
            remedy="mark lethal cells +inf",
            field=field,
            value=float(cost[row, col]),
        )
    refuse_unaddable(greatest, resolution_m, cost.size)
    view = cost.view()
    view.flags.writeable = False  # so that the kernel is compiled for one kind of array
    return view, least, greatest


def _is_length(value: object) -> bool:
    return isinstance(value, float | int | np.floating | np.integer) and 0.0 < float(value) < math.inf


def refuse_unaddable(greatest: float, resolution_m: float, cells: int) -> None:
    """Refuse costs whose sums would be infinite: a move adds up to four of them, and is up to sqrt(5) cells long."""
    if not math.isfinite(4.0 * greatest) or not math.isfinite(4.0 * greatest * resolution_m * cells):
        raise CostMapError(
            "too large for a route's cost to be added up",
            remedy="scale the costs down, or mark such cells lethal (+inf)",
            field="cost_s_per_m",
            value=greatest,
        )


def _extremes(cost: npt.NDArray[np.floating]) -> tuple[float, float]:
    """Return the least cost, NaN if one is NaN or negative, and the greatest finite one, 0 if none is."""
    found: list[tuple[int, int, int]] = []
    bits = cost.view(np.int32 if cost.dtype == np.float32 else np.int64)
    infinity = _INFINITY[bits.itemsize]
    if cost.size <= _CELLS_OF_A_STRIP:
        found.append(extremes(bits, infinity, 0, len(cost)))
    else:
        by_strips(
            len(cost),
            lambda first, last: found.append(extremes(bits, infinity, first, last)),
            least=-(-_CELLS_OF_A_STRIP // cost.shape[1]),
        )
    of_least, of_greatest, of_finite = zip(*found, strict=True)
    if min(of_least) < 0 or max(of_greatest) > infinity:
        return math.nan, math.nan
    least, greatest = np.array([min(of_least), max(of_finite)], bits.dtype).view(cost.dtype).tolist()
    return least, greatest


def check_neighbours(neighbours: int) -> None:
    """Refuse a number of neighbours that there are no moves for."""
    if neighbours not in MOVES:
        raise ValueError(f"{neighbours} neighbours: give 4, 8 or 16")


def checked_cell(name: str, cell: Cell, shape: tuple[int, ...]) -> Cell:
    try:
        row, col = (operator.index(i) for i in cell)
    except (TypeError, ValueError):
        raise PlaceError(
            "not a whole (row, col)", remedy="give two integers", field=name, value=cell
        ) from None
    if not (0 <= row < shape[0] and 0 <= col < shape[1]):
        raise PlaceError(
            f"outside the map of {shape[0]} rows and {shape[1]} columns",
            remedy=f"rows are 0 to {shape[0] - 1}, columns 0 to {shape[1] - 1}",
            field=name,
            value=(row, col),
        )
    return row, col


def lethal_end(cost: npt.NDArray[np.floating], start: Cell, goal: Cell) -> NoPlan | None:
    """Return why there is no way where an end is lethal, else None."""
    for end, cell, cause in (("start", start, Cause.START_LETHAL), ("goal", goal, Cause.GOAL_LETHAL)):
        if np.isinf(cost[cell]):
            free = nearest_free(np.isfinite(cost), cell)
            remedy = "no cell of the map is free" if free is None else f"the nearest free cell is {free}"
            return NoPlan(cause=cause, where=f"the {end} cell {cell} is lethal", remedy=remedy)
    return None
