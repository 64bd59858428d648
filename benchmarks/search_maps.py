"""Seeded maps for `bench_search.py`: fractal ground and mazes, and ends of ways on them."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

STEEPEST_DEG = 20.0

Costs = npt.NDArray[np.float64]
Cell = tuple[int, int]


def fractal_costs(size: int, seed: int) -> Costs:
    """Return (size, size) costs of ground whose amplitude falls with the 1.9th power of the spatial frequency."""
    rng = np.random.default_rng(np.random.SeedSequence(entropy=seed))
    row, col = np.fft.fftfreq(size)[:, None], np.fft.rfftfreq(size)[None, :]
    frequency = np.hypot(row, col)
    frequency[0, 0] = math.inf
    heights = np.fft.irfft2(np.fft.rfft2(rng.standard_normal((size, size))) * frequency**-1.9, s=(size, size))
    slope = np.hypot(*np.gradient(heights))
    lethal_from = np.quantile(slope, 0.95)  # a twentieth of the cells is lethal
    slope *= math.tan(math.radians(STEEPEST_DEG)) / lethal_from
    slope_deg = np.degrees(np.arctan(slope))
    return np.where(slope_deg > STEEPEST_DEG, np.inf, 1.0 + (slope_deg / 10.0) ** 2)


def maze_costs(size: int, seed: int, corridor: int, loops: float = 0.0) -> Costs:
    """Return (size, size) costs of a maze: corridors that cost 1 a cell, walls a cell thick.

    The corridors are the spanning tree of least weight over a grid of rooms whose walls have random weights, so that
    there is one way between any two rooms (randomised Kruskal).

    Args:
        size: Cells a side; what is left over at two sides is wall.
        seed: Of the weights.
        corridor: Width of a corridor, in cells.
        loops: Share of the other walls that is opened as well.
    """
    from scipy.sparse import csr_array
    from scipy.sparse.csgraph import minimum_spanning_tree

    rng = np.random.default_rng(np.random.SeedSequence(entropy=seed, spawn_key=(corridor,)))
    pitch = corridor + 1
    rooms = (size - 1) // pitch
    index = np.arange(rooms * rooms).reshape(rooms, rooms)
    tails = np.concatenate([index[:, :-1].ravel(), index[:-1].ravel()])
    heads = np.concatenate([index[:, 1:].ravel(), index[1:].ravel()])
    weights = 1.0 + rng.random(len(tails))
    tree = minimum_spanning_tree(csr_array((weights, (tails, heads)), shape=(index.size, index.size))).tocoo()
    more = rng.random(len(tails)) < loops
    cost = np.full((size, size), np.inf)
    inside = np.arange(rooms * pitch)
    inside = 1 + inside[inside % pitch < corridor]
    cost[np.ix_(inside, inside)] = 1.0
    for tail, head in ((tree.row, tree.col), (tails[more], heads[more])):
        _open(cost, np.minimum(tail, head), np.maximum(tail, head), rooms, corridor)
    return cost


def _open(
    cost: Costs, tail: npt.NDArray[np.integer], head: npt.NDArray[np.integer], rooms: int, corridor: int
) -> None:
    """Open the walls between pairs of rooms, the second to the right of the first or below it."""
    row, col = 1 + (np.stack(np.divmod(tail, rooms)) * (corridor + 1))
    right = head == tail + 1
    for k in range(corridor):
        cost[row[right] + k, col[right] + corridor] = 1.0
        cost[row[~right] + corridor, col[~right] + k] = 1.0


def largest_part(cost: Costs) -> npt.NDArray[np.int64]:
    """Return (n, 2) cells of the largest ground that hangs together."""
    from scipy.ndimage import label

    parts, _ = label(np.isfinite(cost))
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    return np.argwhere(parts == sizes.argmax())


def corner_to_corner(cells: npt.NDArray[np.int64]) -> tuple[Cell, Cell]:
    """Return the two ends of the longest diagonal within some cells."""
    along = cells.sum(axis=1)
    return _cell(cells[along.argmin()]), _cell(cells[along.argmax()])


def random_pairs(cells: npt.NDArray[np.int64], count: int, seed: int) -> list[tuple[Cell, Cell]]:
    """Return seeded pairs of two of the cells."""
    rng = np.random.default_rng(np.random.SeedSequence(entropy=seed, spawn_key=(1,)))
    picked = cells[rng.integers(len(cells), size=(count, 2))]
    return [(_cell(start), _cell(goal)) for start, goal in picked]


def _cell(cell: npt.NDArray[np.int64]) -> Cell:
    return int(cell[0]), int(cell[1])
