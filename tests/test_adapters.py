"""Planners made of other searches, and the table of what they fail: what is installed here agrees with it."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from rover.planning.problem import Claim, Plan
from rover.planning.registry import load_planner
from sim.testing import make_problem
from sim.testing.graphs import grid_graph
from sim.testing.ground import ends_of
from sim.testing.registry import CHECKS

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "examples" / "adapters"


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("adapters_table", FOLDER / "table.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


TABLE = script()
ROWS = TABLE.rows_in((ROOT / "docs" / "testing_planners.md").read_text(encoding="utf-8"))


def told(name: str) -> tuple[list[str], list[str]]:
    """Return what the document says that a planner fails as OPTIMAL, and without a claim."""
    cells = ROWS[name].split(" | ")
    return re.findall(r"`(\w+)`", cells[2]), re.findall(r"`(\w+)`", cells[3])


def test_the_document_has_all_five() -> None:
    assert (
        list(ROWS) == list(TABLE.PEERS) == ["pyastar2d", "scikit-image", "scipy", "networkx", "pure-python"]
    )
    for name in ROWS:
        failed = [check for column in told(name) for check in column]
        assert set(failed) <= set(CHECKS)
        assert TABLE.PEERS[name].why in ROWS[name]


def installed(name: str) -> Any:
    """Return a planner's entry; skips where its library is not here, which it is where nothing may be left out."""
    peer = TABLE.PEERS[name]
    if not peer.installed:
        missing = f"{peer.module} is not installed; the dependency group dev of pyproject.toml brings it"
        if os.environ.get("FARSIDE_REQUIRE_REFERENCE"):
            pytest.fail(missing)
        pytest.skip(missing)
    return peer


@pytest.mark.parametrize("name", list(TABLE.PEERS))
def test_a_row_is_what_the_kit_says(name: str) -> None:
    """On one ground, on which every check that a planner fails elsewhere finds something too."""
    found = TABLE.failed_checks(
        installed(name), frozenset({Claim.OPTIMAL}), seeds=[1], kinds=["boulder field"]
    )
    assert found == told(name)[0]


def test_pyastar2d_is_right_by_its_own_rule() -> None:
    """Of the cells entered, corners cut; so that what it fails is the rule and no fault of its search."""
    planner = load_planner(installed("pyastar2d").spec)
    for seed in range(3):
        problem = make_problem(seed, "boulder field")
        cost, plan = problem.costmap.cost_s_per_m, planner.plan(problem)
        assert isinstance(plan, Plan)
        rows, cols = cost.shape
        index = np.pad(np.arange(cost.size).reshape(cost.shape), 1, constant_values=-1)
        ends = []
        for down, across in product((-1, 0, 1), repeat=2):
            head = index[1 + down : 1 + down + rows, 1 + across : 1 + across + cols].ravel()
            ends.append(np.stack([np.arange(cost.size), head])[:, head >= 0])
        tail, head = np.concatenate(ends, axis=1)
        open_ = np.isfinite(cost.ravel()[head]) & (tail != head)
        graph = csr_array(
            (cost.ravel()[head[open_]], (tail[open_], head[open_])), shape=(cost.size, cost.size)
        )
        start, goal = (np.ravel_multi_index(end, cost.shape) for end in ends_of(problem))
        least = dijkstra(graph, indices=np.array(start))[goal]
        assert cost[tuple(plan.cells[1:].T)].sum() == pytest.approx(least, rel=1e-6)


def test_scikit_image_is_right_where_corners_may_be_cut() -> None:
    planner = load_planner(installed("scikit-image").spec)
    for seed in range(3):
        problem = make_problem(seed, "boulder field")
        plan = planner.plan(problem)
        assert isinstance(plan, Plan)
        graph = grid_graph(
            problem.costmap.cost_s_per_m, problem.costmap.geometry.resolution_m, corner_cutting=True
        )
        start, goal = (np.ravel_multi_index(end, problem.costmap.geometry.shape) for end in ends_of(problem))
        least = dijkstra(graph, directed=False, indices=np.array(start))[goal]
        assert plan.cost_s == pytest.approx(least, rel=1e-9)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(TABLE.PEERS))
def test_a_row_is_what_the_kit_says_on_all_ground(name: str) -> None:
    made = TABLE.row_of(name, installed(name)).split(" | ")
    assert made[2:5] == ROWS[name].split(" | ")[2:5]
