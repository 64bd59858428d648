"""A route over a whole crater from tiles on disk: seeded ground to a file, its costs to a pyramid, and a proven way.

The whole of Von Karman, 186 km at 10 m, takes some minutes, 5 GB of disk and 6 GiB of memory:

    pytest -m slow tests/rover/planning/test_pyramid_crater.py
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

MOST_BYTES = 8 * 2**30
MOST_QUERY_S = 20.0

ROUTE = """
import json, resource, sys, time
import numpy as np
from rover.io.bands import DemBands
from rover.io.vehicle import read_vehicle
from rover.planning.pyramid_dem import DemCosts
from rover.planning.pyramid_search import search_pyramid
from rover.planning.pyramid_store import open_pyramid, write_pyramid

dem, folder, landmarks = sys.argv[1], sys.argv[2], int(sys.argv[3])
began = time.perf_counter()
bands = DemBands(dem)
costs = DemCosts(bands, read_vehicle("yutu-2").params)
write_pyramid(costs, folder, resolution_m=bands.geometry.resolution_m, landmarks=landmarks)
built = time.perf_counter()
pyramid = open_pyramid(folder)
opened = time.perf_counter()
cells = pyramid.landmarks.cells
apart = np.abs(cells[:, None] - cells[None, :]).sum(axis=2)
start, goal = (tuple(int(i) for i in cells[k]) for k in divmod(int(apart.argmax()), len(cells)))
begun = time.perf_counter()
route = search_pyramid(pyramid, start, goal)
ended = time.perf_counter()
price = pyramid.costs.at(route.cells)
steps = np.diff(route.cells, axis=0)
length_m = np.hypot(steps[:, 0], steps[:, 1]) * pyramid.resolution_m
print(json.dumps({
    "shape": pyramid.shape, "start": start, "goal": goal, "build_s": built - began, "open_s": opened - built,
    "query_s": ended - begun, "bound": route.bound, "cost_s": route.cost_s, "expanded": route.expanded,
    "own_cost_s": float((length_m * (price[:-1] + price[1:]) / 2).sum()), "longest_step": int(np.abs(steps).max()),
    "bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
}))
"""


@pytest.mark.parametrize(
    ("side_m", "landmarks"),
    [(6_400, 4), pytest.param(186_000, 8, marks=pytest.mark.slow)],
    ids=["part", "whole"],
)
def test_a_crater_from_disk(tmp_path: Path, side_m: int, landmarks: int) -> None:
    dem, half = tmp_path / "crater.tif", side_m // 2
    window = f"{-half},{-half},{half},{half}"
    farside = [sys.executable, "-c", "import sys; from sim.cli.main import main; sys.exit(main())"]
    synth = [*farside, "synth", "von-karman", "--out", str(dem), "--quiet"]
    subprocess.run([*synth, f"--window={window}", "--resolution", "10"], check=True, capture_output=True)
    command = [sys.executable, "-c", ROUTE, str(dem), str(tmp_path / "pyramid"), str(landmarks)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    figures = json.loads(done.stdout)
    print(figures)
    assert figures["shape"] == [side_m // 10, side_m // 10]
    apart = sum(abs(a - b) for a, b in zip(figures["start"], figures["goal"], strict=True))
    assert apart > side_m / 10
    assert figures["longest_step"] == 1
    assert figures["cost_s"] == pytest.approx(figures["own_cost_s"], rel=1e-9)
    assert 1.0 <= figures["bound"] <= 1.02
    assert figures["bytes"] < MOST_BYTES
    assert figures["query_s"] < MOST_QUERY_S
