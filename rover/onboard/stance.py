"""How well the rover would stand all round it, at every heading: a quick look that prices ground, and judges none.

Clearance evaluation takes a hundred times as long. Here a wheel stands on what lies round its axle whichever way it
points, between the lowest and the highest of where it may be, and attitude, suspension, steps and belly follow at once.
Of poses among rocks that cover a tenth of the ground, nine of ten on which it has much or no slack pass or fail
clearance evaluation as well.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from rover.core.strips import by_strips
from rover.core.vehicle import VehicleParams
from rover.hazard.clearance_figures import clearance_figures
from rover.onboard.heading_kernels import HEADINGS
from rover.onboard.local_map import LocalMap
from rover.onboard.stance_kernels import extremes_about, stances, wheel_rests

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]

MARGINS = (math.radians(3.0), math.radians(3.0), 0.03, 0.04)
"""Slack that counts as one: of attitude and of suspension, rad, of the room under the belly and of steps, m."""

ASTRAY_M = 0.1
"""How far a wheel may be from where level ground would have it: what arcs, suspension and cells leave open."""


def slack_by_heading(ground: LocalMap, vehicle: VehicleParams, places: Floats) -> npt.NDArray[np.float32]:
    """Return (h, n) the least slack of the rover's stand at places, each at every heading, in the unit of `MARGINS`.

    -1 stands for anything less, NaN for unknown ground under a wheel.

    Args:
        ground: The local map.
        vehicle: Its figures and limits.
        places: (n, 2) column and row of the map's cells as fractions.
    """
    own, height, side = clearance_figures(vehicle), ground.height_m, ground.cell_m
    rests = np.empty_like(height)
    by_strips(len(height), lambda first, last: wheel_rests(height, side, own.belly[5], rests, first, last))
    low, high = _extremes(rests, _disc(ASTRAY_M / side))
    axles = np.ascontiguousarray(own.boxes[:, :2])
    slack = np.empty((len(places), len(HEADINGS)), np.float32)
    directions = np.array(HEADINGS, np.float64)
    directions /= np.hypot(directions[:, 0], directions[:, 1])[:, None]
    given = (
        *(_extremes(height, _disc(1.5))[1], low, high, side, places, directions, axles),
        *(own.limits, own.links, own.belly, own.weights, np.array(MARGINS)),
    )
    by_strips(len(places), lambda first, last: stances(*given, slack, first, last))
    return np.ascontiguousarray(slack.T)


def _extremes(values: Singles, near: npt.NDArray[np.int64]) -> tuple[Singles, Singles]:
    """Return the least and the greatest value near each cell, what is unknown left out; NaN on unknown cells."""
    low, high = np.empty_like(values), np.empty_like(values)
    by_strips(len(values), lambda first, last: extremes_about(values, near, low, high, first, last))
    return low, high


def _disc(radius: float) -> npt.NDArray[np.int64]:
    """Return (k, 2) rows and columns off a cell no further than so many cells."""
    reach = math.floor(radius + 1e-9)
    row, col = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    return np.argwhere(row * row + col * col <= radius * radius + 1e-9) - reach
