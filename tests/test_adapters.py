"""Planners made of other searches, and the table of what they fail: what is installed here agrees with it."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from types import ModuleType

import pytest

from rover.planning.problem import Claim
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


@pytest.mark.parametrize("name", list(TABLE.PEERS))
def test_a_row_is_what_the_kit_says(name: str) -> None:
    """On one ground, on which every check that a planner fails elsewhere finds something too."""
    peer = TABLE.PEERS[name]
    if not peer.installed:
        pytest.skip(
            f"{peer.module} is not installed; examples/adapters/table.py says how the table is made with it"
        )
    ground = {"seeds": [1], "kinds": ["boulder field"]}
    claims = (frozenset({Claim.OPTIMAL}), frozenset[Claim]())
    found = tuple(TABLE.failed_checks(peer, made, **ground) for made in claims)
    assert found == told(name)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(TABLE.PEERS))
def test_a_row_is_what_the_kit_says_on_all_ground(name: str) -> None:
    peer = TABLE.PEERS[name]
    if not peer.installed:
        pytest.skip(f"{peer.module} is not installed")
    made = TABLE.row_of(name, peer).split(" | ")
    assert made[2:5] == ROWS[name].split(" | ")[2:5]
