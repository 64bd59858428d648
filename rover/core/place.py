"""A latitude and a longitude that can be meant."""

from __future__ import annotations

import math


def check_place(latitude_rad: float, longitude_rad: float) -> None:
    """Refuse what is no place on a sphere; longitudes may run from -180 or to 360 deg.

    Raises:
        ValueError: Not finite, or out of range.
    """
    if not abs(latitude_rad) <= math.pi / 2:
        raise ValueError(f"latitude_rad = {latitude_rad} is not within -pi/2 to pi/2")
    if not -math.pi <= longitude_rad <= 2 * math.pi:
        raise ValueError(f"longitude_rad = {longitude_rad} is not within -pi to 2 pi")
