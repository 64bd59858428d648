"""The pytest plugin: fixtures that make seeded terrain and planning problems.

Loaded into every pytest run where this package is installed, so nothing heavy is imported before a fixture is used.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from rover.planning.problem import PlanningProblem
    from rover.terrain.derive import Terrain


@pytest.fixture(scope="session")
def terrain() -> Callable[..., Terrain]:
    """A factory: `terrain(seed, kind="mare")`; the kinds are `sim.testing.terrain_kinds()`."""
    from sim.testing.ground import make_terrain

    return make_terrain


@pytest.fixture(scope="session")
def planning_problem() -> Callable[..., PlanningProblem]:
    """A factory: `planning_problem(seed, kind="mare")`, with start and goal free and joined by a way."""
    from sim.testing.ground import make_problem

    return make_problem
