"""The craters of a population that reach into a window."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rover.core.jit import kernel
from sim.moon.hash_kernels import lattice_hash
from sim.moon.scatter_kernels import SLOTS, diameter_at, draw, slot_bits, uniform, within

_HALF_MM = 2000.0


@kernel
def gather_craters(
    keys: npt.NDArray[np.uint64],
    sides: npt.NDArray[np.int64],
    chances: npt.NDArray[np.float64],
    quantiles: npt.NDArray[np.float64],
    ratios: npt.NDArray[np.float64],
    reach: float,
    stretch: float,
    round_m: float,
    smallest_m: float,
    least_m3: float,
    west: int,
    south: int,
    east: int,
    north: int,
    place: npt.NDArray[np.int64],
    figures: npt.NDArray[np.float64],
) -> int:
    """Set the craters that reach into a window, in the bins' order, and return how many there are.

    Within a bin they come by rows of its lattice from the south and columns from the west. That order does
    not depend on the window, and so neither does the order of any sum over them.

    Args:
        keys, sides, chances, quantiles: Of the bins; quantiles is (bins, n).
        ratios: (bins, 2) depth over diameter of a ghost and of a fresh crater.
        reach: Diameters from the centre at which a crater ends.
        stretch: How far a rim is from round at most.
        round_m: Smaller craters are round.
        smallest_m, least_m3: Craters of a smaller diameter, or of less depth times diameter squared, are left
            out.
        west, south, east, north: Window, half-millimetres.
        place: (n, 2), set; n at least as many as there are candidates.
        figures: (5, n), set to diameter and depth in metres, freshness and the two stretches.
    """
    found = 0
    for b in range(keys.shape[0]):
        side = sides[b]
        most = np.int64(quantiles[b, quantiles.shape[1] - 1] * (reach * _HALF_MM)) + 1
        for j in range((south - most) // side, (north + most) // side + 1):
            for i in range((west - most) // side, (east + most) // side + 1):
                cell = lattice_hash(keys[b], i, j)
                for slot in range(SLOTS):
                    bits = slot_bits(cell, slot)
                    if not uniform(bits) < chances[b]:
                        continue
                    diameter_m = diameter_at(quantiles[b], uniform(draw(bits, 3)))
                    if diameter_m < smallest_m:
                        continue
                    mark = uniform(draw(bits, 4))
                    freshness = mark * mark
                    depth_m = diameter_m * (ratios[b, 0] + (ratios[b, 1] - ratios[b, 0]) * freshness)
                    if depth_m * diameter_m * diameter_m < least_m3:
                        continue
                    half = np.int64(diameter_m * (reach * _HALF_MM)) + 1
                    x = i * side + within(draw(bits, 1), side)
                    y = j * side + within(draw(bits, 2), side)
                    if x + half < west or x - half > east or y + half < south or y - half > north:
                        continue
                    place[found, 0], place[found, 1] = x, y
                    figures[0, found] = diameter_m
                    figures[1, found] = depth_m
                    figures[2, found] = freshness
                    bent = stretch if diameter_m >= round_m else 0.0
                    figures[3, found] = (2.0 * uniform(draw(bits, 5)) - 1.0) * bent
                    figures[4, found] = (2.0 * uniform(draw(bits, 6)) - 1.0) * bent
                    found += 1
    return found
