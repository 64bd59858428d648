"""A latitude and a longitude that can be meant."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt


def check_place(latitude_rad: npt.ArrayLike, longitude_rad: npt.ArrayLike) -> None:
    """Refuse what is no place on a sphere; longitudes may run from -180 or to 360 deg.

    Args:
        latitude_rad, longitude_rad: Numbers or arrays.

    Raises:
        ValueError: Not finite, or out of range.
    """
    for name, values, least, most, words in (
        ("latitude_rad", latitude_rad, -math.pi / 2, math.pi / 2, "-pi/2 to pi/2"),
        ("longitude_rad", longitude_rad, -math.pi, 2 * math.pi, "-pi to 2 pi"),
    ):
        asked = np.asarray(values, np.float64)
        wrong = asked[~((asked >= least) & (asked <= most))]
        if len(wrong):
            raise ValueError(f"{name} = {wrong[0]} is not within {words}")
