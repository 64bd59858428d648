"""The pytest plugin: seeded terrain and planning problems as fixtures, and a marker that names planners.

Loaded into every pytest run where farside is installed. So it stands apart under a name that no project has, and takes
from `sim` and `rover`, names that a project may well have, nothing before a fixture or the marker is used.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from rover.hazard.detect import HazardMap
    from rover.planning.problem import Planner, PlanningProblem
    from rover.terrain.derive import Terrain
    from sim.testing.kit import PlannerCheck

_MARKER = (
    "planners(*planners, **options): run a test that takes `planner` with each of these, and one that takes "
    "`planner_check` with each of their checks; options are those of sim.testing.check_planner"
)


class _Planners:
    """`pytest.mark.planners`, which takes a planner's class, named alone, for a planner.

    Pytest takes a marker called with one class and nothing else for a decorator of that class.
    """

    def __init__(self, marker: pytest.MarkDecorator) -> None:
        self._marker = marker

    def __call__(self, *named: Any, **options: Any) -> Any:
        alone = len(named) == 1 and not options and isinstance(named[0], type)
        if alone and {"plan", "claims"} <= set(dir(named[0])):
            return self._marker.with_args(*named)
        return self._marker(*named, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._marker, name)


error_stream: int | None = None
"""Where what is said at the end of a process goes, while tests are run."""


def pytest_configure(config: pytest.Config) -> None:
    """Make the marker known, and keep the error stream, of which tests are given another."""
    global error_stream
    config.addinivalue_line("markers", _MARKER)
    if not isinstance(pytest.mark.planners, _Planners):
        setattr(pytest.mark, "planners", _Planners(pytest.mark.planners))  # noqa: B010 - declared by no type
    if error_stream is None:  # a run within another one has the same
        with contextlib.suppress(OSError):
            error_stream = os.dup(2)
            config.add_cleanup(_let_go)


def _let_go() -> None:
    global error_stream
    if error_stream is not None:
        os.close(error_stream)
    error_stream = None


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run a marked test once for each planner, or for each check of each; a marker without planners only marks."""
    mark = metafunc.definition.get_closest_marker("planners")
    if mark is None or not mark.args:
        return
    if "planner_check" in metafunc.fixturenames:
        planner_checks = _of_the_kit("kit", "planner_checks")
        checks = [
            (_id_of(named), check) for named in mark.args for check in planner_checks(named, **mark.kwargs)
        ]
        ids = [f"{name}-{check}" for name, check in checks]
        metafunc.parametrize("planner_check", [check for _, check in checks], ids=ids, indirect=True)
    if "planner" in metafunc.fixturenames:
        metafunc.parametrize("planner", mark.args, ids=[_id_of(named) for named in mark.args], indirect=True)


def _of_the_kit(module: str, name: str) -> Any:
    """Return something of the kit, or fail the test that asks for it where a project's own package hides the kit."""
    try:
        return getattr(importlib.import_module(f"sim.testing.{module}"), name)
    except (ImportError, AttributeError):
        hidden = _hidden()
        if hidden is None:
            raise
    pytest.fail(hidden, pytrace=False)


def _hidden() -> str | None:
    """Return in words what hides farside's packages, None where nothing does."""
    home = os.path.dirname(os.path.realpath(__file__))
    for package in ("sim", "rover"):
        file = getattr(sys.modules.get(package), "__file__", None)
        if file is None:
            continue
        file = os.path.realpath(file)
        if file != os.path.join(home, package, "__init__.py"):
            return (
                f"farside's planner kit cannot be imported: {file} hides farside's package `{package}`; rename that"
                " one, or run the tests of planners where it is not on sys.path"
            )
    return None


def _id_of(named: Any) -> str:
    return named if isinstance(named, str) else str(getattr(named, "name", None) or type(named).__name__)


def _param(request: pytest.FixtureRequest) -> Any:
    if not hasattr(request, "param"):
        raise pytest.UsageError(f"{request.fixturename}: name planners with @pytest.mark.planners(...)")
    return request.param


@pytest.fixture
def planner(request: pytest.FixtureRequest) -> Planner:
    """One planner of `@pytest.mark.planners(...)`, made anew for each test where its class or name was given."""
    made: Planner = _of_the_kit("kit", "made")(_param(request))
    return made


@pytest.fixture
def planner_check(request: pytest.FixtureRequest) -> PlannerCheck:
    """One check of one planner of `@pytest.mark.planners(...)`, to be called."""
    check: PlannerCheck = _param(request)
    return check


@pytest.fixture(scope="session")
def terrain() -> Callable[..., Terrain]:
    """A factory: `terrain(seed, kind="mare")`; the kinds are `sim.testing.terrain_kinds()`."""
    factory: Callable[..., Terrain] = _of_the_kit("ground", "make_terrain")
    return factory


@pytest.fixture(scope="session")
def hazard_map() -> Callable[..., HazardMap]:
    """A factory: `hazard_map(seed, kind="mare")`, of the kit's rover on `terrain(seed, kind)`."""
    factory: Callable[..., HazardMap] = _of_the_kit("ground", "make_hazard_map")
    return factory


@pytest.fixture(scope="session")
def planning_problem() -> Callable[..., PlanningProblem]:
    """A factory: `planning_problem(seed, kind="mare", timed=False)`, with start and goal free and joined by a way."""
    factory: Callable[..., PlanningProblem] = _of_the_kit("ground", "make_problem")
    return factory
