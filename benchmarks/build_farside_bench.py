"""Work out the benchmark set farside-bench and write maps/farside-bench.toml, which is shipped.

    python benchmarks/build_farside_bench.py [--only NAME ...] [--least CELLS] [--most CELLS]

Start and goal are the cells furthest apart from south-west to north-east of the largest piece of ground that hangs
together, or as the recipe says. Least times are scipy's Dijkstra over `sim.testing.graphs`, none of the planners; that
there is no way of place alone is seen by labelling what hangs together. The earliest arrival of a timed problem is that
of the traverse planner, searched whole, whose plan the independent checker holds; what nothing arrives before is of
`sim.bench.bounds`, which is scipy's. `--only`, `--least` and `--most` work out some and keep the others.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.ndimage import label

from rover.core.grid import GridGeometry
from rover.io.bundle import maps_folder
from rover.io.plan_file import dem_digest
from rover.planning.check_heading import closed_to_all
from rover.planning.problem import Cause, NoPlan, PlanningProblem
from rover.planning.traverse import TraversePlanner
from sim.bench.bounds import bounds_of, no_traverse
from sim.bench.optimum import least_by_heading_s, least_s, refusal
from sim.bench.problems import FILE, MAX_CELLS, Posed, Problem, read_set, scenario_of, static_problem
from sim.bench.timed import broken_limits
from sim.run.setting import prepare
from sim.testing.ground import ends_of

BY_HEADING_CELLS = 2048
"""Up to which side the least by heading is worked out."""

MORNING, NOON, EVENING, DAWN = (
    "2019-01-31T06:00:00Z", "2019-02-05T02:00:00Z", "2019-02-10T20:00:00Z", "2019-01-29T20:00:00Z",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What a problem is made from."""

    name: str
    suite: str = "small"
    kind: str = "static"
    site: str
    seed: int
    cells: int
    cell_m: float = 2.0
    ends: str = "apart"
    scenario: dict[str, Any] = field(default_factory=dict)


def static(
    site: str, cells: int, seed: int, *, suite: str = "small", ends: str = "apart", **more: Any
) -> Recipe:
    cell_m, vehicle = more.get("cell_m", 2.0), more.get("vehicle")
    words = [site, str(cells), *([f"{cell_m:g}m"] if cell_m != 2.0 else []), *([vehicle] if vehicle else [])]
    words += [ends.replace("_", "-")] if ends != "apart" else []
    scenario: dict[str, Any] = {} if vehicle is None else {"vehicle": {"name": vehicle}}
    if ends == "walled_off":
        half = cells * cell_m / 2
        scenario["zones"] = [
            {
                "name": "wall",
                "kind": "keep-out",
                "polygon": [[-half, -8.0], [half, -8.0], [half, 8.0], [-half, 8.0]],
            }
        ]
    return Recipe(
        name="-".join(words),
        suite=suite,
        site=site,
        cells=cells,
        seed=seed,
        cell_m=cell_m,
        ends=ends,
        scenario=scenario,
    )


def timed(
    name: str, cells: int, start_utc: str, *, suite: str = "small", site: str = "von-karman", **more: Any
) -> Recipe:
    scenario = {"start_utc": start_utc, **more}
    scenario["operations"] = {"mode": "autonomous", "max_lunar_days": 1.2, **more.get("operations", {})}
    return Recipe(
        name=f"timed-{name}-{cells}",
        suite=suite,
        kind="timed",
        site=site,
        seed=11,
        cells=cells,
        scenario=scenario,
    )


SCARCE = {
    "vehicle": {"name": "yutu-2", "battery_wh": 8.0, "array_area_m2": 0.15, "wake_array_w": 5.0},
    "power": {"initial_soc": 0.5},
}
RECIPES = [
    static("mare-plain", 64, 1),
    static("highland", 64, 2),
    static("mare-plain", 64, 3, ends="goal_lethal"),
    static("highland", 64, 4, ends="start_lethal"),
    static("von-karman", 128, 1),
    static("south-pole", 128, 2),
    static("highland", 128, 3, vehicle="small-40kg"),
    static("mare-plain", 128, 4, ends="walled_off"),
    static("mare-plain", 256, 1),
    static("highland", 256, 2),
    static("von-karman", 256, 3, cell_m=0.5),
    static("highland", 256, 4, ends="no_route"),
    static("mare-plain", 512, 1),
    static("highland", 512, 2, suite="full"),
    static("south-pole", 512, 3, suite="full"),
    static("von-karman", 512, 4, suite="full", cell_m=0.25),
    static("mare-plain", 1024, 1, suite="full"),
    static("highland", 1024, 2, suite="full"),
    static("highland", 1024, 3, suite="full", ends="no_route"),
    static("south-pole", 1024, 4, suite="full", vehicle="curiosity"),
    static("mare-plain", 2048, 1, suite="full"),
    static("highland", 2048, 2, suite="full"),
    static("von-karman", 2048, 3, suite="full", ends="walled_off"),
    static("mare-plain", 4096, 1, suite="full"),
    static("highland", 4096, 2, suite="full"),
    timed("morning", 64, MORNING),
    timed("dawn", 64, DAWN, power={"initial_soc": 0.5}),
    timed("scarce", 64, MORNING, **SCARCE),
    timed("too-late", 64, MORNING, operations={"max_lunar_days": 0.001}),
    timed("weak", 64, DAWN, vehicle={"name": "yutu-2", "battery_wh": 0.3, "array_area_m2": 0.2, "wake_array_w": 5.0}),
    timed("evening", 128, EVENING, suite="full"),
    timed("through-the-night", 128, EVENING, suite="full", operations={"mode": "teleoperated", "max_lunar_days": 3.0}),
    timed("little-charge", 128, EVENING, suite="full", operations={"max_lunar_days": 0.3}, power={"initial_soc": 0.31}),
    timed("highlands", 128, "2019-01-10T00:00:00Z", suite="full", site="highland", operations={"max_lunar_days": 1.5}),
    timed("scarce", 256, MORNING, suite="full", **SCARCE),
    timed("morning", 512, MORNING, suite="full"),
]  # fmt: skip


def made(recipe: Recipe) -> Problem:
    """Work a problem out."""
    blank = Problem(
        name=recipe.name, suite=recipe.suite, kind=recipe.kind, site=recipe.site, seed=recipe.seed, cells=recipe.cells,
        cell_m=recipe.cell_m, start_m=(0.0, 0.0), goal_m=(0.0, 0.0), scenario=recipe.scenario, ground_sha256="0" * 64,
        free_cells=0, feasible=True, least_s=0.0, bound_s=0.0 if recipe.kind == "timed" else None, proof="not yet",
    )  # type: ignore[arg-type] # fmt: skip
    asked, digest = static_problem(scenario_of(blank))
    start_m, goal_m = ends(np.isfinite(asked.costmap.cost_s_per_m), asked.costmap.geometry, recipe.ends)
    posed = blank.model_copy(update={"start_m": start_m, "goal_m": goal_m, "ground_sha256": digest})
    return (made_static if recipe.kind == "static" else made_timed)(posed)


def made_static(posed: Problem) -> Problem:
    asked, _ = static_problem(scenario_of(posed))
    update: dict[str, Any] = {"free_cells": int(np.isfinite(asked.costmap.cost_s_per_m).sum())}
    why = refusal(asked)
    if why is None:
        update |= {"least_s": least_s(asked), "why": None}
        update["proof"] = "scipy.sparse.csgraph.dijkstra over sim.testing.graphs.grid_graph"
    else:
        update |= {"feasible": False, "least_s": None, "why": why}
        update["proof"] = (
            "free ground labelled by scipy.ndimage, and whether both ends are free and in one piece"
        )
    if posed.cells <= BY_HEADING_CELLS:
        least = least_by_heading_s(asked)
        update |= (
            {"least_by_heading_s": least}
            if np.isfinite(least)
            else {"why_by_heading": cause_by_heading(asked)}
        )
        update["proof"] += "; by heading dijkstra over directed_graph"
    return posed.model_copy(update=update)


def cause_by_heading(asked: PlanningProblem) -> Cause:
    """Return why there is no way by heading."""
    closed = closed_to_all(asked)
    start, goal = ends_of(asked)
    return Cause.START_LETHAL if closed[start] else Cause.GOAL_LETHAL if closed[goal] else Cause.NO_ROUTE


def made_timed(posed: Problem) -> Problem:
    setting = prepare(scenario_of(posed), max_cells=MAX_CELLS)
    asked: PlanningProblem = setting.control.problem(TraversePlanner())
    update: dict[str, Any] = {
        "ground_sha256": dem_digest(setting.dem),
        "free_cells": int(np.isfinite(asked.costmap.cost_s_per_m).sum()),
    }
    answer = TraversePlanner().plan(asked)
    if isinstance(answer, NoPlan):
        bounds = bounds_of(asked)
        why_not = no_traverse(bounds, asked) or "the traverse planner's search came to its end without one"
        proof = f"{why_not}; {bounds.in_words}"
        update["bound_s"] = bounds.greatest_s
        return posed.model_copy(
            update={**update, "feasible": False, "least_s": None, "why": answer.cause, "proof": proof}
        )
    broken, arrives_s = broken_limits(answer, Posed(problem=posed, asked=asked, setting=setting))
    if broken:
        raise SystemExit(f"{posed.name}: the plan does not hold: {broken}")
    bounds = bounds_of(asked, known_s=arrives_s)
    if bounds.greatest_s > arrives_s:
        raise SystemExit(f"{posed.name}: arrives before what nothing can: {bounds}")
    held = "the traverse planner, searched whole, held by rover.planning.check_traverse"
    proof = f"{held}; {bounds.in_words}"
    return posed.model_copy(
        update={**update, "least_s": arrives_s, "bound_s": bounds.greatest_s, "proof": proof}
    )


def ends(free: npt.NDArray[np.bool_], geometry: GridGeometry, how: str) -> tuple[tuple[float, float], ...]:
    """Return start and goal, centres of cells."""
    parts, _ = label(free)
    sizes = np.bincount(parts.ravel())
    sizes[0] = 0
    largest, second = np.argsort(-sizes, kind="stable")[:2]
    cells = np.argwhere(parts == largest)
    first, last = cells[cells.sum(axis=1).argmin()], cells[cells.sum(axis=1).argmax()]
    lethal = np.argwhere(~free)
    middle = np.abs(lethal - np.array(free.shape) // 2).sum(axis=1).argmin()
    if how == "walled_off":  # both sides of the wall, whichever is larger
        cells = np.argwhere(free)
        first, last = cells[cells.sum(axis=1).argmin()], cells[cells.sum(axis=1).argmax()]
    elif how == "goal_lethal":
        last = lethal[middle]
    elif how == "start_lethal":
        first = lethal[middle]
    elif how == "no_route":
        other = np.argwhere(parts == second)
        last = other[len(other) // 2]
    return tuple(geometry.centre_of(int(row), int(col)) for row, col in (first, last))


def lines(problems: list[Problem]) -> Iterator[str]:
    """Yield the file."""
    yield "# The benchmark set farside-bench, written by benchmarks/build_farside_bench.py: problems made from seeds,"
    yield "# the hash of each one's ground, and what is known of its answer. `farside bench` holds each to its hash."
    yield "format = 1"
    for problem in problems:
        yield ""
        yield "[[problem]]"
        table = problem.model_dump(mode="json", exclude_none=True)
        for key, value in table.items():
            if value != {}:
                yield f"{key} = {toml(value)}"


def toml(value: Any) -> str:
    """Return a value as TOML has it, on one line."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(held)}" for key, held in value.items()) + " }"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else repr(value)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", metavar="NAME", default=[])
    parser.add_argument("--least", type=int, metavar="CELLS", default=64)
    parser.add_argument("--most", type=int, metavar="CELLS", default=4096)
    asked = parser.parse_args()
    path = maps_folder() / FILE
    held = {one.name: one for one in read_set().problem} if path.exists() else {}
    problems = []
    for recipe in RECIPES:
        if not asked.least <= recipe.cells <= asked.most or (asked.only and recipe.name not in asked.only):
            problems += [held[recipe.name]] if recipe.name in held else []
            continue
        began = time.perf_counter()
        problem = made(recipe)
        problems.append(problem)
        told = f"least {problem.least_s:.6g} s" if problem.feasible else str(problem.why)
        bound = "" if problem.bound_s is None else f", bound {problem.bound_s:.6g} s"
        print(f"{problem.name:36s} {told}{bound}; {time.perf_counter() - began:.1f} s", flush=True)
    path.write_text("\n".join(lines(problems)) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
