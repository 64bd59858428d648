"""The table of what a wheel does: filled from the full model, and read between its entries."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from rover.core.jit import kernel
from sim.physics.terramechanics_kernels import OUTCOMES, PULL, SIDE, SINKAGE, TORQUE, wheel_on_soil

Array = npt.NDArray[np.float64]

FIRMNESS_AXIS, LOAD_AXIS, SLIP_AXIS, SIDE_AXIS = range(4)


@kernel
def fill_rows(
    wheel: Array,
    soils: Array,
    loads: Array,
    slips: Array,
    laterals: Array,
    nodes: Array,
    weights: Array,
    table: Array,
    work: Array,
    first: int,
    last: int,
) -> None:
    """Set entries of the table for soils `first` to `last`.

    Args:
        wheel: As of `wheel_on_soil`.
        soils: (f, SOIL_FIGURES).
        loads, slips, laterals: (l,), (s,), (y,) axes.
        nodes, weights: Quadrature.
        table: (f, l, s, y, OUTCOMES) set: sinkage, m, and pull, side force and torque over the load.
        work: (OUTCOMES,), for the kernel's own use.
    """
    for f in range(first, last):
        for i in range(loads.shape[0]):
            for j in range(slips.shape[0]):
                for k in range(laterals.shape[0]):
                    wheel_on_soil(wheel, soils[f], loads[i], slips[j], laterals[k], nodes, weights, work)
                    entry = table[f, i, j, k]
                    entry[SINKAGE] = work[SINKAGE]
                    entry[PULL] = work[PULL] / loads[i]
                    entry[SIDE] = work[SIDE] / loads[i]
                    entry[TORQUE] = work[TORQUE] / loads[i]


@kernel
def read_table(
    table: Array, axes: Array, firmness: float, load: float, slip: float, lateral: float, out: Array
) -> None:
    """Set `out` (OUTCOMES,) to sinkage, pull, side force and torque, linear between entries along each axis; m, N, N m.

    Args:
        table: As of `fill_rows`, its axes even in firmness, and in load, slip and side slip even squares.
        axes: (4,) first firmness, greatest load, 1, greatest side slip; what is beyond the ends is as at them.
        firmness, load, slip, lateral: Where; a load of 0 or less bears on nothing.
        out: Set.
    """
    if not load > 0.0:
        for n in range(OUTCOMES):
            out[n] = 0.0
        return
    f, a = _even((firmness - axes[0]) / (1.0 - axes[0]), table.shape[0] - 1)
    i, b = _squared(load / axes[1], 1, table.shape[1])
    j, c = _slip_part(slip, table.shape[2] - 1)
    k, d = _squared(lateral / axes[3], 0, table.shape[3] - 1)
    for n in range(OUTCOMES):
        out[n] = 0.0
    for p in range(16):
        share = a if p & 1 else 1.0 - a
        share *= b if p & 2 else 1.0 - b
        share *= c if p & 4 else 1.0 - c
        share *= d if p & 8 else 1.0 - d
        entry = table[f + (p & 1), i + ((p >> 1) & 1), j + ((p >> 2) & 1), k + ((p >> 3) & 1)]
        for n in range(OUTCOMES):
            out[n] += share * entry[n]
    out[PULL] *= load
    out[SIDE] *= load
    out[TORQUE] *= load


@kernel
def _even(share, last):  # type: ignore[no-untyped-def]
    """Return the entry below a place on an even axis, and how far it is to the next."""
    at = min(max(share, 0.0), 1.0) * last
    below = min(int(at), last - 1)
    return below, at - below


@kernel
def _squared(share, first, last):  # type: ignore[no-untyped-def]
    """Return the same on an axis whose entries are the squares of `first` to `last` over that of the last.

    The part between two entries is of the value itself, not of its root: what is read then has slopes everywhere.
    """
    at = min(max(share, 0.0), 1.0) * last * last
    below = min(max(int(math.sqrt(at)), first), last - 1)
    return below - first, max(0.0, (at - below * below) / (2 * below + 1))


@kernel
def _slip_part(slip, last):  # type: ignore[no-untyped-def]
    """Return the same on the axis of slip: squares to either side of none, which is its middle entry."""
    half = last // 2
    below, part = _squared(abs(slip), 0, half)
    return (half + below, part) if slip >= 0.0 else (half - below - 1, 1.0 - part)
