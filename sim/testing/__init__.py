"""The planner test kit: hold anybody's planner to what it claims, on seeded ground.

Everything is imported on first use, so that the pytest plugin in this package costs other projects' tests nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sim.testing.ground import make_problem, make_terrain, terrain_kinds
    from sim.testing.kit import PlannerCheckError, Report, check_planner

__all__ = ["PlannerCheckError", "Report", "check_planner", "make_problem", "make_terrain", "terrain_kinds"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    home = "ground" if name in ("make_problem", "make_terrain", "terrain_kinds") else "kit"
    return getattr(importlib.import_module(f"{__name__}.{home}"), name)
