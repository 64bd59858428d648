"""A ground station on Earth."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rover.core.place import check_place


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """A ground station on Earth.

    Attributes:
        name: Short name, as written in files.
        title: Name for people.
        latitude_rad: Geodetic (WGS 84), north positive.
        longitude_rad: East positive.
        mask_rad: Elevation below which its antenna does not track, at any azimuth.
    """

    name: str
    title: str
    latitude_rad: float
    longitude_rad: float
    mask_rad: float

    def __post_init__(self) -> None:
        check_place(self.latitude_rad, self.longitude_rad)
        if not 0 <= self.mask_rad < math.pi / 2:
            raise ValueError(f"mask_rad = {self.mask_rad} is not within 0 to pi/2")
