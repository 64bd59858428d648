"""The ground that the senses have shown: cells of points, however many and wherever."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rover.io.vehicle import read_vehicle
from sim.run import seen_ground
from sim.run.seen_ground import CELL_M, SeenGround


@pytest.mark.parametrize("most", [seen_ground.MOST_CELLS, 10])
def test_cells_are_those_that_points_lie_in(most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seen_ground, "MOST_CELLS", most)
    places = np.random.default_rng(1).normal(0.0, 3.0, (500, 2))
    seen = SeenGround(read_vehicle("yutu-2").params)
    seen._add(np.empty((0, 2)))
    assert seen._cells == set()
    seen._add(places[:300])
    seen._add(places[300:])
    assert seen._cells == {(math.floor(row), math.floor(col)) for row, col in (places / CELL_M).tolist()}
