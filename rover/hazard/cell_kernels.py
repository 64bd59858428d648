"""Kernels that find the cells of a raster in a turned box."""

from __future__ import annotations

import math

from rover.core.jit import kernel

FAR = 1e6
"""Metres: further than any box reaches."""


@kernel
def cell_window(z, resolution, pose, ahead, left, half_length, half_width):  # type: ignore[no-untyped-def]
    """First and last column and row of the cells round a turned box; off the raster, the first is beyond the last."""
    col = pose[0] + (ahead * pose[2] - left * pose[3]) / resolution
    row = pose[1] + (ahead * pose[3] + left * pose[2]) / resolution
    along = (half_length * abs(pose[2]) + half_width * abs(pose[3])) / resolution
    up = (half_length * abs(pose[3]) + half_width * abs(pose[2])) / resolution
    if not (math.floor(col - along) >= 0 and math.ceil(col + along) < z.shape[1]):
        return 1, 0, 1, 0
    if not (math.floor(row - up) >= 0 and math.ceil(row + up) < z.shape[0]):
        return 1, 0, 1, 0
    return math.floor(col - along), math.ceil(col + along), math.floor(row - up), math.ceil(row + up)


@kernel
def row_span(pose, resolution, north, box, half_length, half_width):  # type: ignore[no-untyped-def]
    """First and last column of a row, `north` of the pose, that lie in a turned box."""
    low, high = _chord(pose[2], box[0] - north * pose[3], half_length)
    from_side, to_side = _chord(-pose[3], box[1] - north * pose[2], half_width)
    low, high = max(low, from_side), min(high, to_side)
    if not low <= high:
        return 1, 0
    # Rounding must not lose a cell on the rim.
    return math.ceil(pose[0] + low / resolution - 1e-9), math.floor(pose[0] + high / resolution + 1e-9)


@kernel
def _chord(slope, middle, half):  # type: ignore[no-untyped-def]
    """Where `slope` times a distance is within `half` of `middle`; FAR stands for no bound."""
    if abs(slope) < 1e-9:
        return (-FAR, FAR) if abs(middle) <= half else (FAR, -FAR)
    one, other = (middle - half) / slope, (middle + half) / slope
    return max(-FAR, min(one, other)), min(FAR, max(one, other))
