"""What a stereo look saw, ready to be laid upon other looks (`rover.onboard.registration`).

Heights about the rover, gathered in cells; and of each pair the light of its picture less its mean around, on coarse
pixels and on fine, with the points to be found in the pair's next picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import uniform_filter

from rover.core.boundary import RectifiedPicture, StereoPoints
from rover.onboard.registration_kernels import bin_look

Floats = npt.NDArray[np.float64]

CELL_M, REACH_M = 0.1, 6.0
"""Side of the cells of heights, and how far from the rover they reach."""

LEVELS = (16, 8, 4, 2)
"""Pixels of the picture gathered in one, from coarse to fine: powers of two, two at least."""

AROUND_PX = 48
"""The light of a pixel is told against the mean of so wide a square about it, in pixels of the finest level."""

STRONGEST = 0.6
"""Light is told no further from the mean around, as a share of it: shadows are no further than that."""

WORST_M = 0.25
"""Points whose range is known less well are left aside."""

MOST_POINTS = 2400
"""So many points of a pair at most are looked for in its picture."""

THINNED = (4, 4, 2, 1)
"""Of which, at each of `LEVELS`, one in so many."""

GRADE = 0.1
"""Root mean square grade of ground at the size of a cell."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sought:
    """Points of a pair that are looked for in its next picture, of which there are fewer on coarse pixels.

    Attributes:
        points_m, errors_m: (n, 3) in the body's frame, and their errors along the line of sight.
        read: (n,) their light.
        varies: Variance of that.
        stands: For how many points each of them stands.
    """

    points_m: Floats
    errors_m: Floats
    read: Floats
    varies: float
    stands: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sight:
    """What one stereo pair saw, ready to be found in its next picture.

    Attributes:
        camera: Name of the pair.
        picture: Of its left eye.
        eye_m: (3,) that eye in the body's frame.
        levels: Its light less the mean around, one for each of `LEVELS`.
        sought: Its points, for each of them.
    """

    camera: str
    picture: RectifiedPicture
    eye_m: Floats
    levels: tuple[Floats, ...]
    sought: tuple[Sought, ...]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Look:
    """What a look saw, ready to be laid upon others.

    Attributes:
        rotation: (3, 3) body to site, by which the heights were levelled.
        height_m, variance_m2: (rows, cols) of cells about the rover, axes east and north; NaN is unknown.
        cells: (n, 7) the known ones, as `height_equations` takes them.
        sights: One for each pair that kept a picture.
        window_px: Side of the window that was matched: errors go together over it.
    """

    rotation: Floats
    height_m: Floats
    variance_m2: Floats
    cells: Floats
    sights: tuple[Sight, ...]
    window_px: int


def look_of(stereo: Sequence[StereoPoints], rotation: Floats, window_px: int) -> Look:
    """Return what stereo pairs saw, ready to be laid upon other looks.

    Args:
        stereo: Of each pair, one at least.
        rotation: (3, 3) body to site, as far as it is known.
        window_px: Side of the window that was matched.
    """
    height, variance, cells = _heights(stereo, rotation)
    return Look(
        rotation=rotation,
        height_m=height,
        variance_m2=variance,
        cells=cells,
        sights=tuple(_sight(pair, pair.picture) for pair in stereo if pair.picture is not None),
        window_px=window_px,
    )


def _sight(pair: StereoPoints, picture: RectifiedPicture) -> Sight:
    levels = _less_around(picture.light)
    known = pair.sigma_m < WORST_M
    stands = max(1, -(-int(known.sum()) // MOST_POINTS))
    eye = np.array(pair.eye_m)
    sight = pair.points_m[known][::stands].astype(np.float64) - eye
    depth = np.maximum(sight @ picture.axes[0], 1e-9)
    share = (pair.sigma_m[known][::stands] / depth)[:, None]
    # Range is one over disparity, whose errors are even: in the mean it is told too far by the square of their share
    # (Sibley, Matthies and Sukhatme 2005, Bias reduction and filter convergence for long range stereo).
    points, errors = eye + sight * (1.0 - share**2), sight * share
    read = _read(picture, levels, points - eye)
    sought = (
        _thinned(points, errors, light, stands, thin) for light, thin in zip(read, THINNED, strict=True)
    )
    return Sight(camera=pair.camera, picture=picture, eye_m=eye, levels=levels, sought=tuple(sought))


def _thinned(points: Floats, errors: Floats, light: Floats, stands: int, thin: int) -> Sought:
    """Return one in so many points."""
    read = np.ascontiguousarray(light[::thin])
    return Sought(
        points_m=np.ascontiguousarray(points[::thin]),
        errors_m=np.ascontiguousarray(errors[::thin]),
        read=read,
        varies=float(np.nanvar(read)) if np.isfinite(read).any() else 0.0,
        stands=stands * thin,
    )


def _heights(stereo: Sequence[StereoPoints], rotation: Floats) -> tuple[Floats, Floats, Floats]:
    """Return (rows, cols) heights and variances of the cells about the rover, and the (n, 7) known ones."""
    side = 2 * round(REACH_M / CELL_M)
    sums = np.zeros((8, side, side))
    for pair in stereo:
        known = pair.sigma_m < WORST_M
        bin_look(
            np.ascontiguousarray(pair.points_m[known]), pair.sigma_m[known], np.array(pair.eye_m),
            np.ascontiguousarray(rotation), -REACH_M, -REACH_M, CELL_M, GRADE, sums,
        )  # fmt: skip
    weight, count = sums[0], sums[2]
    known = weight > 0
    with np.errstate(invalid="ignore", divide="ignore"):
        height, variance = sums[1] / weight, count / weight
        east, north, *error = sums[3:] / count
    cells = np.stack([east, north, height, *error, count], axis=-1)[known]
    return height, variance, np.ascontiguousarray(cells)


def _less_around(picture: npt.NDArray[np.float32]) -> tuple[Floats, ...]:
    """Return light as a share of the mean about each pixel, less one, for each of `LEVELS`; NaN where dazzled."""
    light, full = picture.astype(np.float64), picture >= 1.0
    found: dict[int, Floats] = {}
    for level in range(1, max(LEVELS).bit_length()):
        blocks = _quarters(light), _quarters(full)
        light = np.add.reduce(blocks[0]) / 4.0
        full = np.logical_or.reduce(blocks[1])
        pixels = 2**level
        if pixels in LEVELS:
            width = max(3, AROUND_PX // pixels // 2 * 2 + 1)
            around = uniform_filter(light, width, mode="nearest")
            share = np.clip(light / np.maximum(around, 1e-6) - 1.0, -STRONGEST, STRONGEST)
            share[full] = np.nan
            found[pixels] = share
    return tuple(found[level] for level in LEVELS)


def _quarters(pixels: npt.NDArray[Any]) -> list[npt.NDArray[Any]]:
    """Return the four pixels of each block of two by two."""
    rows, cols = (size // 2 * 2 for size in pixels.shape)
    return [pixels[i:rows:2, j:cols:2] for i in (0, 1) for j in (0, 1)]


def _read(picture: RectifiedPicture, levels: Sequence[Floats], sights: Floats) -> Floats:
    """Return (levels, n) light of points at (n, 3) from the eye in the body's frame."""
    seen = sights @ picture.axes.T
    rows = picture.centre_row - picture.focal_px * seen[:, 2] / seen[:, 0]
    cols = picture.centre_col - picture.focal_px * seen[:, 1] / seen[:, 0]
    read = []
    for level, light in zip(LEVELS, levels, strict=True):
        at = [(place + 0.5) / level - 0.5 for place in (rows, cols)]
        i, j = (
            np.clip(np.floor(a).astype(int), 0, size - 2) for a, size in zip(at, light.shape, strict=True)
        )
        v, u = (np.clip(a - low, 0.0, 1.0) for a, low in zip(at, (i, j), strict=True))
        upper = light[i, j] * (1.0 - u) + light[i, j + 1] * u
        read.append(upper * (1.0 - v) + (light[i + 1, j] * (1.0 - u) + light[i + 1, j + 1] * u) * v)
    return np.stack(read)
