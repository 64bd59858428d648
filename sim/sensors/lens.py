"""Lenses: which way each pixel of a camera looks, and which pixel shows a point."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from sim.sensors.lens_kernels import CYLINDER, FISHEYE, PINHOLE

Floats = npt.NDArray[np.float64]

PROJECTIONS = {"pinhole": PINHOLE, "fisheye": FISHEYE, "cylinder": CYLINDER}


@dataclass(frozen=True, slots=True, kw_only=True)
class Lens:
    """Which way each pixel looks. Row 0 is the uppermost, column 0 the leftmost.

    Attributes:
        projection: `pinhole`; `fisheye`, in which the distance from the optical axis grows as the angle from it
            (equidistant); or `cylinder`, whose columns are azimuths and rows elevations, both in equal steps.
        rows, cols: Of the picture.
        focal_px: Focal length in pixels; of the last two, pixels per radian.
        centre_row, centre_col: Of the optical axis; pixel centres are whole numbers.
    """

    projection: str
    rows: int
    cols: int
    focal_px: float
    centre_row: float
    centre_col: float

    def __post_init__(self) -> None:
        if self.projection not in PROJECTIONS:
            raise ValueError(f"projection = {self.projection!r}: known are {', '.join(PROJECTIONS)}")
        if self.rows < 1 or self.cols < 1 or not self.focal_px > 0:
            raise ValueError(f"a lens of {self.rows} x {self.cols} pixels, {self.focal_px} of focal length")

    @classmethod
    def centred(cls, projection: str, *, rows: int, cols: int, fov_rad: float) -> Lens:
        """Return a lens of square pixels with its axis in the middle; `fov_rad` goes across all columns."""
        half = fov_rad / 2
        focal = cols / 2 / (math.tan(half) if projection == "pinhole" else half)
        return cls(
            projection=projection,
            rows=rows,
            cols=cols,
            focal_px=focal,
            centre_row=(rows - 1) / 2,
            centre_col=(cols - 1) / 2,
        )

    def scaled(self, factor: float) -> Lens:
        """Return the same field of view with `factor` times the rows and columns."""
        return replace(
            self,
            rows=round(self.rows * factor),
            cols=round(self.cols * factor),
            focal_px=self.focal_px * factor,
            centre_row=(self.centre_row + 0.5) * factor - 0.5,
            centre_col=(self.centre_col + 0.5) * factor - 0.5,
        )

    def sights(self) -> Floats:
        """Return (rows, cols, 3) unit vectors forward, left and up of the pixels' centres."""
        left = (self.centre_col - np.arange(self.cols))[None, :] / self.focal_px
        up = (self.centre_row - np.arange(self.rows))[:, None] / self.focal_px
        left, up = np.broadcast_arrays(left, up)
        if self.projection == "pinhole":
            ways = np.stack([np.ones_like(left), left, up], axis=-1)
            return np.asarray(ways / np.linalg.norm(ways, axis=-1, keepdims=True))
        if self.projection == "fisheye":
            angle = np.hypot(left, up)
            share = np.sinc(angle / np.pi)
            return np.stack([np.cos(angle), left * share, up * share], axis=-1)
        return np.stack([np.cos(up) * np.cos(left), np.cos(up) * np.sin(left), np.sin(up)], axis=-1)

    def axis_cosines(self) -> npt.NDArray[np.float32]:
        """Return (rows, cols) float32 cosines of the pixels' angles from the optical axis."""
        return _axis_cosines(self)

    def project(self, seen_m: npt.ArrayLike) -> Floats:
        """Return (..., 2) row and column of (..., 3) points forward, left and up of the eye; NaN behind a pinhole."""
        forward, left, up = np.moveaxis(np.asarray(seen_m, np.float64), -1, 0)
        if self.projection == "pinhole":
            ahead = np.where(forward > 0, forward, np.nan)
            across, above = left / ahead, up / ahead
        elif self.projection == "fisheye":
            away = np.hypot(left, up)
            angle = np.arctan2(away, forward)
            scale = np.divide(angle, away, out=np.ones_like(angle), where=away > 0)
            across, above = left * scale, up * scale
        else:
            across, above = np.arctan2(left, forward), np.arctan2(up, np.hypot(forward, left))
        return np.stack(
            [self.centre_row - self.focal_px * above, self.centre_col - self.focal_px * across], axis=-1
        )


@lru_cache(maxsize=8)
def _axis_cosines(lens: Lens) -> npt.NDArray[np.float32]:
    cosines = lens.sights()[..., 0].astype(np.float32)
    cosines.flags.writeable = False
    return cosines
