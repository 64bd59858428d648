"""Where Chang'e 4 landed."""

from __future__ import annotations

import math

LANDING_DEG = (-45.4446, 177.5991)
"""Latitude and longitude east in the Chang'e-2 map frame (Liu et al. 2019, Nature Communications)."""

LANDING_RAD = (math.radians(LANDING_DEG[0]), math.radians(LANDING_DEG[1]))
