"""How many rocks of a height or more to expect, by how much of the ground is under rocks."""

from __future__ import annotations

import math

from scipy.special import exp1

HEIGHT_OVER_DIAMETER = 0.5
"""Of rocks that no list gives the height of: half spheres, as in Golombek and Rapp 1997, doi:10.1029/96JE03319."""

ROCK_RISK = 0.1
"""Greatest accepted chance that a rock too high for the vehicle is under its footprint."""


def rocks_per_m2(diameter_m: float, abundance: float) -> float:
    """Return the expected number per square metre of rocks of a diameter or more.

    The share of the ground under rocks of D or more is F(D) = k exp(-q D), q = 1.79 + 0.152 / k (Golombek and Rapp
    1997, doi:10.1029/96JE03319), k being the share under rocks of any size. A rock of x covers pi x^2 / 4, so the
    number is the integral of -F'(x) / (pi x^2 / 4) from D on.

    Args:
        diameter_m: D, positive.
        abundance: k, 0 to 1.
    """
    if abundance <= 0:
        return 0.0
    q = 1.79 + 0.152 / abundance
    beyond = math.exp(-q * diameter_m) / diameter_m - q * float(exp1(q * diameter_m))
    return 4.0 * abundance * q / math.pi * max(0.0, beyond)


def greatest_abundance(height_m: float, area_m2: float, risk: float) -> float:
    """Return the abundance up to which an area holds a rock of a height or more with a chance of at most `risk`.

    Args:
        height_m: Of the rock, positive.
        area_m2: Of the ground that must hold none.
        risk: 0 to 1.

    Returns:
        0 to 1. It grows with height and risk, and falls with area.
    """
    accepted = -math.log1p(-risk) / area_m2 if risk < 1 else math.inf
    low, high = 0.0, 1.0
    for _ in range(60):  # the number grows with the abundance
        middle = (low + high) / 2
        if rocks_per_m2(height_m / HEIGHT_OVER_DIAMETER, middle) <= accepted:
            low = middle
        else:
            high = middle
    return low if high < 1.0 else 1.0
