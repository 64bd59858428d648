"""Whether a cell may be driven on for a while, and what a move does to the charge."""

from __future__ import annotations

import numpy as np

from rover.core.jit import bare, bare_inlined
from rover.planning.label_kernels import (
    COLUMN,
    EDGE,
    FLUX,
    LEAST_LIT,
    OPEN,
    facing_ahead,
    light_of,
    stored,
)
from rover.planning.leg_kernels import COLS_OFF, EASTS, NORTHS, ROWS_OFF


@bare
def open_through(cell, k, until, ground):  # type: ignore[no-untyped-def]
    """Tell whether a cell may be driven on from bin k until a time."""
    bins, closed = ground.bins, ground.closed
    while True:
        column = int(bins[k, COLUMN])
        if bins[k, OPEN] <= 0.0 or column < 0:
            return False
        if ground.lit[cell, column] < ground.rules[LEAST_LIT]:
            return False
        if closed.size > 1 and closed[cell, column] > 0:
            return False
        k += 1
        if k >= len(bins) - 1 or bins[k, EDGE] >= until:
            return True


@bare_inlined
def _driving_w(cell, d, k, ground):  # type: ignore[no-untyped-def]
    """Return what the array gives on a cell at a move's heading in a bin, W."""
    light = light_of(ground.lit, cell, ground.bins, k) / 255.0
    grade_east, grade_north = np.float64(ground.grades[cell, 0]), np.float64(ground.grades[cell, 1])
    share = facing_ahead(grade_east, grade_north, EASTS[d], NORTHS[d], ground.bins, k, ground.rules)
    return ground.bins[k, FLUX] * share * light


@bare
def change_on_leg(cell, d, k, ground):  # type: ignore[no-untyped-def]
    """Return by how many joules a move beginning in a bin changes the charge of a battery with room for them.

    Half of it is on either cell, each with its own light: a shaded half gives nothing, however it faces the Sun.
    """
    to = cell + ROWS_OFF[d] * ground.cols + COLS_OFF[d]
    given_w = 0.5 * (_driving_w(cell, d, k, ground) + _driving_w(to, d, k, ground))
    harvest = given_w * np.float64(ground.legs_s[cell, d])
    return stored(harvest - np.float64(ground.legs_j[cell, d]), ground.rules)
