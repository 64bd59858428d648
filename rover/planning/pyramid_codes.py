"""A cost map in 2 bytes a cell, from which every move's cost is known to 0.2 % and never overrated."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.errors import CostMapError, ResourceError
from rover.core.strips import by_strips
from rover.planning.grid_checks import Cell, refuse_unaddable
from rover.planning.pyramid_codes_kernels import (
    ACROSS,
    ALONG,
    BLOCK,
    GREATEST_EXPONENT,
    GREATEST_RATIO,
    LETHAL,
    SHIFT,
    UNIT,
    encode_rows,
    survey_rows,
)

Costs = npt.NDArray[np.floating]

_MOST_NODES = 2**31 - 1
"""The open list names nodes in 32 bits."""
_ROUNDING = 1.0 - 1e-12
"""Taken off a unit, so that the rounding of a division cannot make a code overrate its cost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """The range of a map's costs, and of what can be reached of it.

    Attributes:
        least, greatest: Finite costs, seconds per metre; infinity and 0 where every cell is lethal.
    """

    least: float = math.inf
    greatest: float = 0.0

    def with_rows(self, cost_s_per_m: Costs, first_row: int = 0) -> Survey:
        """Return the survey of these rows as well.

        Raises:
            CostMapError: A cost that is NaN, zero or negative.
        """
        least, greatest, bad = survey_rows(cost_s_per_m, 0, len(cost_s_per_m))
        if bad >= 0:
            row, col = divmod(bad, cost_s_per_m.shape[1])
            raise CostMapError(
                f"cell ({first_row + row}, {col}) is not positive",
                remedy="mark lethal cells +inf",
                field="cost_s_per_m",
                value=float(cost_s_per_m[row, col]),
            )
        return Survey(least=min(self.least, least), greatest=max(self.greatest, greatest))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CodedCosts:
    """A cost map as a raster of nodes, a lethal border round it, whole blocks of 16 x 16.

    Attributes:
        rows, cols: Of the map; cell (r, c) is node (r + 1) * width + c + 1.
        width: Nodes in a row.
        codes: (nodes,) uint16, as `pyramid_codes_kernels` has them.
        unit_s: Seconds that a unit of a move's cost is worth at least.
        greatest_ratio: Greatest finite cost over the least.
    """

    rows: int
    cols: int
    width: int
    codes: npt.NDArray[np.uint16]
    unit_s: float
    greatest_ratio: float

    @property
    def blocks(self) -> tuple[int, int]:
        """Rows and columns of blocks."""
        return len(self.codes) // self.width // BLOCK, self.width // BLOCK

    @property
    def clamped(self) -> bool:
        """Whether some cost is too many times the least to be coded, and is underrated by more than rounding."""
        return self.greatest_ratio >= GREATEST_RATIO

    @property
    def greatest_move(self) -> int:
        """Units that no move exceeds."""
        exponent = max(0, math.floor(math.log2(min(self.greatest_ratio, GREATEST_RATIO))) + 1)
        weight = (2 * UNIT) << min(exponent, GREATEST_EXPONENT)
        return (2 * weight * ACROSS) >> SHIFT

    def node(self, cell: Cell) -> int:
        return (cell[0] + 1) * self.width + cell[1] + 1

    def block(self, cell: Cell) -> tuple[int, int]:
        return (cell[0] + 1) // BLOCK, (cell[1] + 1) // BLOCK

    def cells(self, nodes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return (n, 2) rows and columns of nodes."""
        return np.stack([nodes // self.width - 1, nodes % self.width - 1], axis=1)

    def is_lethal(self, cell: Cell) -> bool:
        return int(self.codes[self.node(cell)]) == LETHAL


def padded(length: int) -> int:
    """Return how many nodes stand for so many cells: a border on both sides, whole blocks, no power of two."""
    nodes = -(-(length + 2) // BLOCK) * BLOCK
    return nodes + BLOCK if nodes % 1024 == 0 else nodes


def node_count(rows: int, cols: int) -> int:
    """Return the nodes of a map.

    Raises:
        ResourceError: More than can be named.
    """
    count = padded(rows) * padded(cols)
    if count > _MOST_NODES:
        raise ResourceError(
            f"a map of {rows} x {cols} cells is more than one pyramid holds, {_MOST_NODES:,}",
            remedy="take a coarser resolution or a part of the map",
            field="cost_s_per_m",
        )
    return count


def blank_codes(rows: int, cols: int, survey: Survey, resolution_m: float) -> CodedCosts:
    """Return a map of lethal cells, to be filled by `encode`.

    Raises:
        CostMapError: Costs too large to add up along a route.
        ResourceError: More cells than can be named.
    """
    refuse_unaddable(survey.greatest, resolution_m, rows * cols)
    free = math.isfinite(survey.least)
    return CodedCosts(
        rows=rows,
        cols=cols,
        width=padded(cols),
        codes=np.full(node_count(rows, cols), LETHAL, np.uint16),
        unit_s=resolution_m * survey.least / (2 * UNIT) * 2**SHIFT / ALONG * _ROUNDING if free else math.inf,
        greatest_ratio=survey.greatest / survey.least if free else 1.0,
    )


def encode(coded: CodedCosts, cost_s_per_m: Costs, least: float, first_row: int = 0) -> None:
    """Code whole rows of the map, from row `first_row` on, on all cores."""

    def strip(first: int, last: int) -> None:
        encode_rows(cost_s_per_m[first:last], least, coded.codes, coded.width, first_row + first + 1)

    by_strips(len(cost_s_per_m), strip)
