"""Kinds of seeded ground, a few lines of numpy each.

What matters is that each is hard for a planner in its own way, not that it looks like the Moon.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy.ndimage import gaussian_filter

Heights = npt.NDArray[np.float64]

RESOLUTION_M = 2.0
_WALL_M = 6.0


def terrain_kinds() -> tuple[str, ...]:
    """Return the kinds that `make_terrain` knows."""
    return tuple(_KINDS)


def heights_of(kind: str, rng: np.random.Generator, rows: int, cols: int) -> Heights:
    """Return (rows + 2, cols + 2) heights in metres: with a cell to spare on every side, for slopes up to the rim.

    Raises:
        ValueError: No such kind.
    """
    check_kind(kind)
    return _KINDS[kind](rng, rows, cols)


def check_kind(kind: str) -> None:
    """Refuse a kind that is none.

    Raises:
        ValueError: No such kind.
    """
    if kind not in _KINDS:
        raise ValueError(f"kind = {kind!r}: known are {', '.join(_KINDS)}")


def stream_of(kind: str) -> int:
    """Return the number by which a kind's random numbers are told from those of others."""
    return terrain_kinds().index(kind)


def _blank(rows: int, cols: int) -> tuple[Heights, Heights, Heights]:
    """Heights of zero, and the rows and columns of the raster with a cell to spare on every side."""
    row, col = np.mgrid[: rows + 2, : cols + 2].astype(np.float64)
    return np.zeros(row.shape), row, col


def _relief(rng: np.random.Generator, rows: int, cols: int, *, width: float, height_m: float) -> Heights:
    noise = gaussian_filter(rng.standard_normal((rows + 2, cols + 2)), width, mode="reflect")
    return np.asarray(height_m * noise / noise.std())


def _mare(rng: np.random.Generator, rows: int, cols: int) -> Heights:
    long = _relief(rng, rows, cols, width=8.0, height_m=2.0)
    return long + _relief(rng, rows, cols, width=2.0, height_m=0.25)


def _crater_field(rng: np.random.Generator, rows: int, cols: int) -> Heights:
    heights, row, col = _blank(rows, cols)
    for radius in rng.uniform(3.0, 10.0, 14):
        away = np.hypot(row - rng.uniform(0, rows), col - rng.uniform(0, cols)) / radius
        bowl = RESOLUTION_M * radius * 0.35 * (away * away - 1.0)
        heights += np.where(away < 1.0, bowl, 0.0) + 0.1 * radius * np.exp(-(((away - 1.0) / 0.3) ** 2))
    return heights + _relief(rng, rows, cols, width=4.0, height_m=0.3)


def _boulder_field(rng: np.random.Generator, rows: int, cols: int) -> Heights:
    heights = _relief(rng, rows, cols, width=6.0, height_m=0.5)
    heights[rng.random(heights.shape) < 0.035] += 3.0
    return heights


def _maze(rng: np.random.Generator, rows: int, cols: int) -> Heights:
    """A perfect maze by depth-first carving: one way between any two rooms, each 3 cells wide between its slopes."""
    heights, _, _ = _blank(rows, cols)
    heights += _WALL_M
    pitch = 6
    rooms = (rows // pitch, cols // pitch)
    stack, seen = [(0, 0)], {(0, 0)}
    while stack:
        here = stack[-1]
        ahead = [(here[0] + dr, here[1] + dc) for dr, dc in ((0, 1), (1, 0), (0, -1), (-1, 0))]
        ahead = [
            room for room in ahead if room not in seen and 0 <= room[0] < rooms[0] and 0 <= room[1] < rooms[1]
        ]
        if not ahead:
            stack.pop()
            continue
        room = ahead[rng.integers(len(ahead))]
        (top, left), (bottom, right) = (min(here, room), max(here, room))
        heights[top * pitch + 1 : bottom * pitch + pitch, left * pitch + 1 : right * pitch + pitch] = 0.0
        seen.add(room)
        stack.append(room)
    return heights


def _bottleneck(rng: np.random.Generator, rows: int, cols: int) -> Heights:
    """Two plains with a ridge between them that has one gap."""
    heights, row, col = _blank(rows, cols)
    crest = cols / 2 + 8.0 * np.sin(row / 11.0 + rng.uniform(0, 6.0))
    heights += _WALL_M * (np.abs(col - crest) < 3.0)
    gap = rng.uniform(8, rows - 8)
    heights[np.abs(row - gap) < 3.5] = 0.0
    return heights + _relief(rng, rows, cols, width=6.0, height_m=0.8)


def _highland(rng: np.random.Generator, rows: int, cols: int) -> Heights:
    """Hills whose flanks are steeper than a rover climbs in places, rough at every scale that cells can show."""
    heights = np.zeros((rows + 2, cols + 2))
    for width, height_m in ((12.0, 5.0), (6.0, 1.6), (3.0, 0.5), (1.5, 0.15)):
        heights += _relief(rng, rows, cols, width=width, height_m=height_m)
    return heights


def _polar_light(rng: np.random.Generator, rows: int, cols: int) -> Heights:
    """Low ridges and shallow bowls, whose shadows lie across the map where the Sun only grazes the ground."""
    heights, row, col = _blank(rows, cols)
    for _ in range(4):
        yaw, at = rng.uniform(0, np.pi), (rng.uniform(0, rows), rng.uniform(0, cols))
        across = (row - at[0]) * np.cos(yaw) - (col - at[1]) * np.sin(yaw)
        along = (row - at[0]) * np.sin(yaw) + (col - at[1]) * np.cos(yaw)
        heights += 1.6 * np.exp(-((across / 4.0) ** 2) - (along / 14.0) ** 2)
    for radius in rng.uniform(5.0, 9.0, 3):
        away = np.hypot(row - rng.uniform(0, rows), col - rng.uniform(0, cols)) / radius
        heights += np.where(away < 1.0, RESOLUTION_M * radius * 0.12 * (away * away - 1.0), 0.0)
    return heights + _relief(rng, rows, cols, width=5.0, height_m=0.2)


_KINDS: dict[str, Callable[[np.random.Generator, int, int], Heights]] = {
    "mare": _mare,
    "crater field": _crater_field,
    "boulder field": _boulder_field,
    "maze": _maze,
    "bottleneck": _bottleneck,
    "highland": _highland,
    "polar light": _polar_light,
}
"""In the order in which they came: a kind's place is its stream of random numbers."""

POLAR = "polar light"
