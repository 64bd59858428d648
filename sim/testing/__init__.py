"""The planner test kit: hold anybody's planner to what it claims, on seeded ground.

Everything is imported on first use, so that the pytest plugin in this package costs other projects' tests nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.testing.case import Budget
    from sim.testing.ground import make_hazard_map, make_problem, make_terrain
    from sim.testing.kinds import terrain_kinds
    from sim.testing.kit import PlannerCheckError, Report, check_planner, planner_checks

_HOMES = {
    "Budget": "case",
    "PlannerCheckError": "kit",
    "Report": "kit",
    "check_planner": "kit",
    "make_hazard_map": "ground",
    "make_problem": "ground",
    "make_terrain": "ground",
    "planner_checks": "kit",
    "terrain_kinds": "kinds",
}
__all__ = [
    "Budget", "PlannerCheckError", "Report", "check_planner", "make_hazard_map", "make_problem", "make_terrain",
    "planner_checks", "terrain_kinds",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
