"""The answer of `farside plan` as JSON and as tables."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from rover.planning.legs import LegFigures
from rover.planning.opening import bounds_in_words
from rover.planning.problem import Cause, Claim, NoPlan, Objective, Plan, Planner
from rover.planning.snap import Snap
from sim.cli.plan_answer import Answer

_J_PER_WH = 3600.0

_COLUMNS = ("length\nm", "drive\nmin", "steepest\ndeg", "mean\ndeg", "climb\nm", "descent\nm", "turns")


def figures_table(figures: LegFigures) -> dict[str, Any]:
    """Return figures as they stand in files: SI, but degrees."""
    return {
        "length_m": figures.length_m,
        "drive_s": figures.drive_s,
        "steepest_deg": math.degrees(figures.steepest_rad),
        "mean_deg": math.degrees(figures.mean_rad),
        "climb_m": figures.climb_m,
        "descent_m": figures.descent_m,
        "waypoints": figures.waypoints,
        "turns": figures.turns,
    }


def plan_table(plan: Plan, whole: LegFigures) -> dict[str, Any]:
    """Return the figures of a whole plan."""
    return {
        "planner": plan.planner,
        "objective": str(plan.objective),
        **figures_table(whole),
        "price": plan.cost_s if plan.price is None else plan.price,
        "bound": plan.bound,
        "expanded": plan.expanded,
    }


def print_json(answer: Answer) -> None:
    """Print all there is to say as one JSON object."""
    posed = answer.posed
    told = {"format": 1, **_outcome(answer), "start_m": posed.problem.start_m, "goal_m": posed.problem.goal_m}
    told["via_m"] = list(posed.via_m)
    told["moved"] = {option: asdict(snap) for option, snap in posed.moved.items()}
    told["zones"] = [{"name": zone.name, "kind": str(zone.kind)} for zone in answer.question.zones]
    told["explained"] = _explained(answer)
    told["late"] = None if answer.late is None else answer.late.problems[0].what
    if isinstance(answer.result, Plan):
        told["waypoints_m"] = answer.result.waypoints_m
    told["crs_wkt"] = posed.problem.terrain.geometry.site.crs_wkt
    print(json.dumps(_plain(told), indent=2, allow_nan=False))


def _outcome(answer: Answer) -> dict[str, Any]:
    if isinstance(answer.result, NoPlan):
        wall = np.array(answer.result.wall, np.int64).reshape(-1, 2)
        wall_m = answer.posed.problem.costmap.geometry.centres_of(wall)
        return {"outcome": "no_plan", **asdict(answer.result), "wall_m": wall_m}
    assert answer.whole is not None
    ways = [
        {
            **figures_table(figures),
            "price": way.plan.cost_s if way.plan.price is None else way.plan.price,
            "cost_ratio": way.cost_ratio,
            "shared": way.shared,
            "waypoints_m": way.plan.waypoints_m,
        }
        for way, figures in answer.alternatives
    ]
    return {
        "outcome": "planned",
        **plan_table(answer.result, answer.whole),
        "legs": [{"leg": leg.name, **figures_table(leg.figures)} for leg in answer.legs],
        "alternatives": ways,
        "ways_asked": answer.question.ways,
    }


def _explained(answer: Answer) -> dict[str, Any] | None:
    if answer.opening is None:
        return None
    return {
        "opens_at_slope_deg": answer.opening.slope_deg,
        "opens_at_footprint_m": answer.opening.footprint_m,
        "place_m": answer.opening.place_m,
        "way_m": answer.opening.way_m,
    }


def _plain(value: Any) -> Any:
    """The same in JSON's own types; what is not finite is null."""
    if isinstance(value, Mapping):
        return {str(key): _plain(held) for key, held in value.items()}
    if isinstance(value, np.ndarray | np.generic):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(held) for held in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def print_tables(answer: Answer, *, explain: bool) -> None:
    """Print the answer for a reader: a row for each leg, or for each way, and what else there is to say."""
    console = Console()
    for line in moved_words(answer.posed.moved):
        console.print(Text(line), soft_wrap=True)
    if isinstance(answer.result, NoPlan):
        print(answer.result)
        for line in refusal_words(answer) if explain else ():
            console.print(Text(line), soft_wrap=True)
        return
    assert answer.whole is not None
    console.print(_legs(answer) if len(answer.alternatives) == 0 else _ways(answer))
    console.print(Text(_planner_words(answer.result, answer.question.planner)), soft_wrap=True)
    for line in [*_notes(answer), *(_bounds(answer) if explain else [])]:
        console.print(Text(line), soft_wrap=True)


def moved_words(moved: Mapping[str, Snap]) -> list[str]:
    """Return where each place went that was moved, a sentence each."""
    return [
        f"{option} moved {snap.away_m:.1f} m, from east {snap.asked_m[0]:.2f}, north {snap.asked_m[1]:.2f} to the "
        f"free cell at east {snap.moved_m[0]:.2f}, north {snap.moved_m[1]:.2f} m"
        for option, snap in moved.items()
    ]


def refusal_words(answer: Answer) -> list[str]:
    """Return what is known of the place where a way would open."""
    opening = answer.opening
    if isinstance(answer.result, NoPlan) and answer.result.cause is not Cause.NO_ROUTE:
        return []
    if opening is None and answer.late is not None:
        return []
    if opening is None:
        return ["no slope limit opens a way: there is no place to show where one would"]
    east_m, north_m = opening.place_m
    length_m = float(np.hypot(*np.diff(opening.way_m, axis=0).T).sum())
    return [
        f"at a slope limit of {opening.slope_deg:.2f} deg there is a way of {length_m:.1f} m; its steepest place is at "
        f"east {east_m:.2f}, north {north_m:.2f} m, and every way crosses ground as steep"
    ]


def _bounds(answer: Answer) -> list[str]:
    if answer.posed.via_m:
        return ["what bounds a way through several places is explained leg by leg: leave --via off"]
    if answer.posed.problem.start_m == answer.posed.problem.goal_m:
        return []
    if answer.opening is None and answer.late is not None:
        return []
    return bounds_in_words(answer.opening, answer.posed.problem)


def _notes(answer: Answer) -> list[str]:
    said = []
    if answer.posed.problem.start_m == answer.posed.problem.goal_m and not answer.posed.via_m:
        said.append("the start is the goal: there is nothing to drive")
    found, asked = 1 + len(answer.alternatives), answer.question.ways
    if found < asked:
        ways = "one way is" if found == 1 else f"{found} ways are"
        so_far = "" if answer.late is None else " so far"
        said.append(f"{ways} clearly different{so_far} of the {asked} asked for")
    return said


def _spent(objective: Objective, price: float) -> str:
    if objective is Objective.ENERGY:
        return f", {price / _J_PER_WH:.1f} Wh,"
    if objective is Objective.RISK:
        return f", as of {price:.1f} m of safe ground,"
    return ""  # time and distance stand in the table


def _planner_words(plan: Plan, planner: Planner) -> str:
    spent = "" if plan.price is None else _spent(plan.objective, plan.price)
    bound = "" if plan.bound is None else f", at most {plan.bound:.4f} times the least"
    claims = planner.claims
    how = "little" if Claim.ANY_ANGLE in claims and Claim.OPTIMAL not in claims else "least"
    return f"{how} {plan.objective}{spent} by {plan.planner}{bound}; {plan.expanded} cells searched"


def _legs(answer: Answer) -> Table:
    assert answer.whole is not None
    table = _table("leg", _COLUMNS)
    for leg in answer.legs:
        table.add_row(leg.name, *_cells(leg.figures))
    if len(answer.legs) > 1:
        table.add_section()
        table.add_row("all", *_cells(answer.whole))
    return table


def _ways(answer: Answer) -> Table:
    assert answer.whole is not None
    table = _table("way", ("cost\nratio", "shared\n%", *_COLUMNS[:-1]))
    table.add_row("1", "1.000", "", *_cells(answer.whole)[:-1])
    for number, (way, figures) in enumerate(answer.alternatives, start=2):
        table.add_row(str(number), f"{way.cost_ratio:.3f}", f"{100 * way.shared:.0f}", *_cells(figures)[:-1])
    return table


def _table(first: str, columns: tuple[str, ...]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column(first, no_wrap=True)
    for name in columns:
        table.add_column(name, justify="right")
    return table


def _cells(figures: LegFigures) -> list[str]:
    slopes = (math.degrees(figures.steepest_rad), math.degrees(figures.mean_rad))
    return [
        f"{figures.length_m:.1f}",
        f"{figures.drive_s / 60:.1f}",
        *(f"{slope:.1f}" if math.isfinite(slope) else "unknown" for slope in slopes),
        f"{figures.climb_m:.1f}",
        f"{figures.descent_m:.1f}",
        str(figures.turns),
    ]
