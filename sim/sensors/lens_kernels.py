"""Directions of pixels, and the cones about tiles of them.

`lens` is (model, focal length in pixels, row and column of the optical axis); `pose` the eye's place and its axes
forward, left and up as rows.
"""

from __future__ import annotations

import math

from rover.core.jit import bare_inlined

PINHOLE, FISHEYE, CYLINDER = 0, 1, 2


@bare_inlined
def _sight(lens, row, col):  # type: ignore[no-untyped-def]
    """Return the direction of a pixel in the eye's frame: forward, left, up."""
    left = (lens[3] - col) / lens[1]
    up = (lens[2] - row) / lens[1]
    if lens[0] == PINHOLE:
        q = 1.0 / math.sqrt(1.0 + left * left + up * up)
        return q, left * q, up * q
    if lens[0] == FISHEYE:
        angle = math.sqrt(left * left + up * up)
        share = math.sin(angle) / angle if angle > 1e-12 else 1.0
        return math.cos(angle), left * share, up * share
    level = math.cos(up)
    return level * math.cos(left), level * math.sin(left), math.sin(up)


@bare_inlined
def aim(lens, pose, row, col, tall, wide, way):  # type: ignore[no-untyped-def]
    """Fill the directions of a tile's pixels."""
    for r in range(tall):
        for c in range(wide):
            f, a, u = _sight(lens, row + r, col + c)
            for axis in range(3):
                way[r * wide + c, axis] = f * pose[3 + axis] + a * pose[6 + axis] + u * pose[9 + axis]


@bare_inlined
def cone_about(way, wide, top, bottom, left, right):  # type: ignore[no-untyped-def]
    """Return the axis of the cone about some of a tile's pixels, and its spread."""
    ax, ay, az = 0.0, 0.0, 0.0
    for r in range(top, bottom):
        for n in range(r * wide + left, r * wide + right):
            ax, ay, az = ax + way[n, 0], ay + way[n, 1], az + way[n, 2]
    q = 1.0 / math.sqrt(ax * ax + ay * ay + az * az)
    ax, ay, az = ax * q, ay * q, az * q
    cosine = 1.0
    for r in range(top, bottom):
        for n in range(r * wide + left, r * wide + right):
            cosine = min(cosine, ax * way[n, 0] + ay * way[n, 1] + az * way[n, 2])
    cosine = max(cosine, 0.1)
    return ax, ay, az, math.sqrt(max(1.0 - cosine * cosine, 0.0)) / cosine + 1e-9
