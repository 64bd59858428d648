"""Kernel of lean: about how a rover rolls at a pose, for laying out its wheels as they lean there."""

from __future__ import annotations

import math

from rover.core.jit import kernel
from rover.hazard.linkage_kernels import WHEELS


@kernel
def roll_about(z, side, cell, boxes, belly):  # type: ignore[no-untyped-def]
    """Return about the sine of the roll: by where upright wheels would rest on cells, with all angles nought.

    Args:
        z: (rows, cols) float32 heights; what is unknown is left out.
        side: Of a cell, m.
        cell: (4,) column and row as fractions, cosine and sine of the yaw.
        boxes, belly: As `rover.hazard.clearance_figures` has them.
    """
    radius, half = belly[5], belly[6] / 2.0
    reach = math.ceil(math.sqrt(radius * radius + half * half) / side)
    raised, apart = 0.0, 0.0
    for i in range(WHEELS):
        ahead, left = boxes[i, 0], boxes[i, 1]
        col = cell[0] + (ahead * cell[2] - left * cell[3]) / side
        row = cell[1] + (ahead * cell[3] + left * cell[2]) / side
        c0, r0 = round(col), round(row)
        highest, found = 0.0, False
        for r in range(max(0, r0 - reach), min(z.shape[0], r0 + reach + 1)):
            for c in range(max(0, c0 - reach), min(z.shape[1], c0 + reach + 1)):
                u = ((c - col) * cell[2] + (r - row) * cell[3]) * side
                v = ((r - row) * cell[2] - (c - col) * cell[3]) * side
                if abs(u) < radius and abs(v) <= half and z[r, c] == z[r, c]:
                    height = z[r, c] - radius + math.sqrt(radius * radius - u * u)
                    if not found or height > highest:
                        highest, found = height, True
        raised += highest * (1.0 if left > 0.0 else -1.0)
        apart += abs(left)
    # Both sides' rockers bear alike, whichever of the wheels are raised.
    return max(-0.5, min(0.5, raised / apart))
