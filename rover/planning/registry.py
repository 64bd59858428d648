"""Planners by name: our own, those that installed packages announce, and anybody's class or file."""

from __future__ import annotations

import difflib
import importlib
import importlib.metadata
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from rover.core.errors import PlannerError
from rover.planning.problem import Planner

GROUP = "farside.planners"
"""Entry point group by which a package announces its planners."""

_OURS = {
    "any-angle": "rover.planning.anyangle:AnyAnglePlanner",
    "astar": "rover.planning.astar:AStarPlanner",
    "directional": "rover.planning.directional:DirectionalPlanner",
    "incremental": "rover.planning.incremental:IncrementalPlanner",
    "pyramid": "rover.planning.pyramid_planner:PyramidPlanner",
    "traverse": "rover.planning.traverse:TraversePlanner",
}
"""Ours work from a source checkout too, where no entry point is installed."""


def planner_names() -> list[str]:
    """Return the names that `load_planner` knows, sorted."""
    return sorted(_known())


def load_planner(spec: str) -> Planner:
    """Make a planner from a registered name, `package.module:Class` or `file.py:Class`.

    A class is called without arguments; an object that is a planner already is taken as it is.

    Raises:
        PlannerError: Unknown name, no such file, module or attribute, an exception while importing or making it,
            or something that is not a planner.
    """
    if ":" not in spec:
        return _make(_target_of(spec), spec)
    return _make(spec, spec)


def _known() -> dict[str, str]:
    announced = {point.name: point.value for point in importlib.metadata.entry_points(group=GROUP)}
    return announced | _OURS


def _target_of(name: str) -> str:
    known = _known()
    if name in known:
        return known[name]
    close = difflib.get_close_matches(name, known, n=1)
    guess = f"did you mean {close[0]}? " if close else ""
    raise _refused(
        name,
        "no planner of that name",
        f"{guess}known: {', '.join(sorted(known))}; or MODULE:CLASS, FILE.py:CLASS",
    )


def _make(target: str, spec: str) -> Planner:
    place, _, attribute = target.rpartition(":")
    if not place or not attribute:
        raise _refused(spec, "not MODULE:CLASS or FILE.py:CLASS", "name the module and the class")
    found: object = _module(place, spec)
    for part in attribute.split("."):
        found = _attribute(found, part, place, spec)
    made = _called(found, spec) if isinstance(found, type) else found
    _check_protocol(made, spec)
    return made  # type: ignore[return-value]


def _module(place: str, spec: str) -> ModuleType:
    path = Path(place) if place.endswith(".py") else None
    if path is not None and not path.is_file():
        raise _refused(spec, f"no file {place}", "check the path")
    try:
        return importlib.import_module(place) if path is None else _module_of_file(path)
    except ModuleNotFoundError as error:
        if path is None and place.partition(".")[0] == (error.name or "").partition(".")[0]:
            raise _refused(spec, f"no module {error.name}", "install it, or give FILE.py:CLASS") from error
        raise _raised(spec, "importing it", error) from error
    except (Exception, SystemExit) as error:  # a stranger's module may raise anything
        raise _raised(spec, "importing it", error) from error


def _module_of_file(path: Path) -> ModuleType:
    name = f"farside_planner_{path.stem}"
    found = importlib.util.spec_from_file_location(name, path)
    if found is None or found.loader is None:
        raise ImportError(f"cannot load {path}")
    module = importlib.util.module_from_spec(found)
    sys.modules[name] = module  # dataclasses and pickle look their module up
    keeps_none, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # a user's folder is left as it was
    try:
        found.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    finally:
        sys.dont_write_bytecode = keeps_none
    return module


def _attribute(holder: object, name: str, place: str, spec: str) -> object:
    try:
        return getattr(holder, name)
    except AttributeError:
        public = (
            [other for other in vars(holder) if not other.startswith("_")]
            if hasattr(holder, "__dict__")
            else []
        )
        close = difflib.get_close_matches(name, public, n=1)
        remedy = f"did you mean {close[0]}?" if close else "check the name"
        raise _refused(spec, f"{place} has no {name}", remedy) from None


def _called(planner_class: type, spec: str) -> object:
    try:
        return planner_class()
    except (Exception, SystemExit) as error:
        raise _raised(spec, "making it", error) from error


def _check_protocol(made: object, spec: str) -> None:
    missing = [member for member in ("name", "claims", "plan") if not hasattr(made, member)]
    if missing:
        raise _refused(
            spec,
            f"not a planner: it lacks {', '.join(missing)}",
            "see rover.planning.problem.Planner for the members",
        )
    if not callable(made.plan):  # type: ignore[attr-defined]
        raise _refused(
            spec, "not a planner: plan cannot be called", "make it a method of one argument, the problem"
        )


def _refused(spec: str, what: str, remedy: str) -> PlannerError:
    return PlannerError(what, remedy=remedy, field="planner", value=spec)


def _raised(spec: str, doing: str, error: BaseException) -> PlannerError:
    return _refused(spec, f"{doing} raised {type(error).__name__}: {error}", "correct the planner")
