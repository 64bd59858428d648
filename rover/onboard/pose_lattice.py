"""Places and headings round the rover, and how well it would stand at each: what was reckoned once is kept.

A quick stance tells of most poses that the rover stands well there or not at all; those between are held to clearance
evaluation, on the ground as expected. Poses are reckoned when the ground under them is first seen, and once more when
it is known better.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.strips import by_strips
from rover.core.vehicle import VehicleParams
from rover.hazard.aligned import AlignedGround
from rover.onboard.heading_kernels import HEADINGS
from rover.onboard.local_map import LocalMap
from rover.onboard.pose_lattice_kernels import try_places
from rover.onboard.stance import MARGINS, slack_by_heading

Singles = npt.NDArray[np.float32]

LATTICE_CELL_M = 0.2

LATTICE_REACH_M = 7.0
"""How far from the rover poses are kept."""

TRIED_FROM, TRIED_UP_TO = -0.75, 1.5
"""Between these slacks a quick stance does not tell: clearance evaluation is asked."""

SPREAD_M = 0.0
"""Poses are tried as they are: bounds on coarse ground are wider by themselves than those on fine ground, which arcs
are held to."""

KNOWN_BETTER = 0.4
"""Poses are reckoned once more when the variance under them has fallen to this share."""

BELLY_MARGIN_M = 0.02


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PoseLattice:
    """Slacks of poses, on cells that are whole multiples of their side from the local map's origin.

    Attributes:
        cell_m, block: Side of the local map's cells, and how many of them to a side here.
        corner: Row and column of the south-western cell, from the origin.
        stance: (headings, rows, cols) float32 slack of a quick stance by `rover.onboard.stance`; NaN where unknown.
        tried: (headings, rows, cols) float32 slack by clearance evaluation; NaN where none was needed.
        variance_m2: (rows, cols) float32 of the heights when they were reckoned.
    """

    cell_m: float
    block: int
    corner: tuple[int, int]
    stance: Singles
    tried: Singles
    variance_m2: Singles

    def __post_init__(self) -> None:
        shape = np.shape(self.variance_m2)
        for name in ("stance", "tried"):
            held = locked(getattr(self, name), np.float32, (len(HEADINGS), *shape), name)
            object.__setattr__(self, name, held)
        object.__setattr__(self, "variance_m2", locked(self.variance_m2, np.float32, shape, "variance_m2"))


def reckoned(
    lattice: PoseLattice | None,
    ground: LocalMap,
    vehicle: VehicleParams,
    here_m: tuple[float, float],
    laid: Laid,
) -> PoseLattice:
    """Return the lattice rolled to the rover, with the poses over newly seen ground reckoned.

    Args:
        lattice: Before; None to begin.
        ground: The local map.
        vehicle: Its figures.
        here_m: Where the rover is.
        laid: The ground as expected.
    """
    lattice = _rolled(lattice, ground, here_m)
    stance, tried, variance = lattice.stance.copy(), lattice.tried.copy(), lattice.variance_m2.copy()
    known, doubt, places = _known(lattice, ground)
    better = known & (doubt < KNOWN_BETTER * variance)
    new = better | (known & np.isnan(variance))
    if not new.any():
        return lattice
    before = stance[:, new]
    found = slack_by_heading(ground, vehicle, np.ascontiguousarray(places[new]))
    fresh = np.isnan(before) | better[new]
    stance[:, new] = np.where(fresh, found, before)
    # Where a wheel would stand on what is not known yet they are reckoned at a later look.
    variance[new] = np.where(np.isnan(found).any(axis=0), np.nan, doubt[new])
    heading, number = np.nonzero(fresh & (found > TRIED_FROM) & (found < TRIED_UP_TO))
    slack = np.where(fresh, np.float32(np.nan), tried[:, new])
    slack[heading, number] = laid.slack(places[new][number], heading)
    tried[:, new] = slack
    return replace(lattice, stance=stance, tried=tried, variance_m2=variance)


class Laid:
    """The ground as expected, laid out, for poses of the lattice."""

    def __init__(self, expected: AlignedGround, ground: LocalMap, side_m: float) -> None:
        self._expected, self._share = expected, ground.cell_m / side_m

    def slack(self, places: npt.NDArray[np.float64], heading: npt.NDArray[np.int64]) -> Singles:
        """Return (n,) slacks at (n, 2) column and row of the local map, each at one of `HEADINGS`."""
        slack = np.empty(len(places), np.float32)
        if len(places) == 0:
            return slack
        directions = np.array(HEADINGS, np.float64)
        directions /= np.hypot(directions[:, 0], directions[:, 1])[:, None]
        cells = np.hstack([places * self._share, directions[heading]])
        ground = self._expected
        bins, at = ground.places(cells)
        units = np.array(MARGINS)

        def some(first: int, last: int) -> None:
            try_places(
                ground.spacing_m, ground.layers, ground.wheels, bins[first:last], ground.rover, at[first:last],
                SPREAD_M, BELLY_MARGIN_M, units, slack[first:last],
            )  # fmt: skip

        by_strips(len(places), some)
        return slack


def _known(
    lattice: PoseLattice, ground: LocalMap
) -> tuple[npt.NDArray[np.bool_], Singles, npt.NDArray[np.float64]]:
    """Return which cells are known, the mean variance, and (rows, cols, 2) where they are on the local map's cells."""
    block, (rows, cols) = lattice.block, lattice.variance_m2.shape
    south, west = (mine * block - own for mine, own in zip(lattice.corner, ground.corner, strict=True))
    row, col = np.mgrid[:rows, :cols]
    shift = (block - 1) / 2
    places = np.stack([west + shift + block * col, south + shift + block * row], axis=-1).astype(np.float64)
    height, width = ground.height_m.shape
    variance = np.full((rows * block, cols * block), np.nan, np.float32)
    r0, r1 = max(0, south), min(height, south + rows * block)
    c0, c1 = max(0, west), min(width, west + cols * block)
    variance[r0 - south : r1 - south, c0 - west : c1 - west] = ground.variance_m2[r0:r1, c0:c1]
    doubt = variance.reshape(rows, block, cols, block).mean(axis=(1, 3))
    return ~np.isnan(doubt), doubt, places


def _rolled(lattice: PoseLattice | None, ground: LocalMap, here_m: tuple[float, float]) -> PoseLattice:
    block = max(1, math.floor(LATTICE_CELL_M / ground.cell_m + 1e-9))
    side = block * ground.cell_m
    half = math.ceil(LATTICE_REACH_M / side)
    east, north = (here - own for here, own in zip(here_m, ground.origin_m, strict=False))
    corner = math.floor(north / side) - half, math.floor(east / side) - half
    count = 2 * half + 1
    if lattice is None or lattice.cell_m != ground.cell_m or len(lattice.variance_m2) != count:
        nothing = np.full((len(HEADINGS), count, count), np.nan, np.float32)
        return PoseLattice(
            cell_m=ground.cell_m,
            block=block,
            corner=corner,
            stance=nothing,
            tried=nothing,
            variance_m2=nothing[0],
        )
    up, along = (new - old for new, old in zip(corner, lattice.corner, strict=True))
    if up == 0 and along == 0:
        return lattice

    def roll(layer: npt.NDArray[Any]) -> npt.NDArray[Any]:
        moved = np.full_like(layer, np.nan)
        if abs(up) < count and abs(along) < count:
            here = np.s_[..., max(0, -up) : count - max(0, up), max(0, -along) : count - max(0, along)]
            there = np.s_[..., max(0, up) : count + min(0, up), max(0, along) : count + min(0, along)]
            moved[here] = layer[there]
        return moved

    return replace(
        lattice,
        corner=corner,
        stance=roll(lattice.stance),
        tried=roll(lattice.tried),
        variance_m2=roll(lattice.variance_m2),
    )
