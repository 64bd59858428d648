"""The ground that the senses have shown: cells of points, however many and wherever."""

from __future__ import annotations

import math

import numpy as np

from rover.io.vehicle import read_vehicle
from sim.run.seen_ground import CELL_M, TILE, SeenGround


def test_cells_are_those_that_points_lie_in() -> None:
    places = np.random.default_rng(1).normal(0.0, 8.0, (400, 2))
    seen = SeenGround(read_vehicle("yutu-2").params)
    seen._add(np.empty((0, 2)))
    seen._add(places[:300])
    seen._add(places[300:])
    within = {(math.floor(row), math.floor(col)) for row, col in (places / CELL_M).tolist()}
    assert len({(row // TILE, col // TILE) for row, col in within}) > 6
    reach = range(-200, 200)
    assert {(row, col) for row in reach for col in reach if seen.has_seen(row, col)} == within
