"""Fixtures that every test may use."""

from __future__ import annotations

import os
from itertools import zip_longest
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples every time where a change is decided on; new ones on a developer's machine.
settings.register_profile("ci", derandomize=True, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "default"))


@pytest.fixture(scope="session")
def reference() -> Path:
    """The folder of reference data; skips where `FARSIDE_REFERENCE` does not name it, unless told not to."""
    named = os.environ.get("FARSIDE_REFERENCE")
    if not named:
        if os.environ.get("FARSIDE_REQUIRE_REFERENCE"):
            pytest.fail("FARSIDE_REFERENCE must be set here")
        pytest.skip("FARSIDE_REFERENCE is not set")
    return Path(named)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Deal out files of the rover's tests and of the others by turns, the longest folders first.

    Two workers that begin with files of one folder compile the same kernels at the same moment.
    """
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    ours, others = (
        sorted((path for path in files if ("rover" in path.parts) is onboard), key=_turn)
        for onboard in (True, False)
    )
    items[:] = [item for pair in zip_longest(others, ours) for path in pair if path for item in files[path]]


def _turn(path: Path) -> tuple[int, Path]:
    place = next((n for n, name in enumerate(LONGEST) if name in path.as_posix()), len(LONGEST))
    return place, path


LONGEST = (
    "test_closed_loop", "test_check_traverse", "planning", "sim/cli", "sim/run", "sim/testing", "hazard", "sim/moon",
    "sky",
)  # fmt: skip
"""Of the paths of tests, longest first.

The first two compile most of what there is: one how a rover drives, the other how a traverse is searched.
"""
