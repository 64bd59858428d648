"""The answer of `farside plan` as GeoJSON, GeoPackage and a picture."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from rover.io.geopackage import write_geopackage
from rover.io.vector import Feature, write_traverse_geojson
from rover.planning.bottleneck import ends, reached_from
from rover.planning.problem import Cause, NoPlan, Plan
from rover.planning.wall import wall_hazards
from sim.cli.plan_answer import Answer
from sim.cli.plan_table import figures_table, moved_words, plan_table
from sim.mission.operations import Maps
from sim.view.maps import draw_plan
from sim.view.refusal import Refusal, draw_refusal
from sim.view.save import save_figure


def is_geopackage(path: Path | None) -> bool:
    """Tell whether a name asks for a GeoPackage."""
    return path is not None and path.suffix.lower() == ".gpkg"


def write_ways(answer: Answer, out: Path) -> None:
    """Write the way, its legs, alternatives and places; nothing where there is no plan.

    Raises:
        OutputError: The file cannot be written.
    """
    if isinstance(answer.result, NoPlan):
        return
    lines, points = _lines(answer, answer.result), _points(answer)
    crs_wkt = answer.posed.problem.terrain.geometry.site.crs_wkt
    if is_geopackage(out):
        write_geopackage(out, lines=lines, points=points, crs_wkt=crs_wkt)
        return
    assert answer.whole is not None
    properties = {"format": 1, **plan_table(answer.result, answer.whole)}
    properties["moved"] = moved_words(answer.posed.moved)
    write_traverse_geojson(out, points=points, lines=lines, crs_wkt=crs_wkt, properties=properties)


def _lines(answer: Answer, plan: Plan) -> list[Feature]:
    """The whole way, then each leg where there are several, then the other ways."""
    assert answer.whole is not None
    whole = {"name": "planned", "format": 1, **plan_table(plan, answer.whole)}
    lines: list[Feature] = [(plan.waypoints_m, whole)]
    if len(answer.legs) > 1:
        lines += [
            (leg.plan.waypoints_m, {"name": leg.name, **figures_table(leg.figures)}) for leg in answer.legs
        ]
    for number, (way, figures) in enumerate(answer.alternatives, start=2):
        held = {"name": f"way {number}", "cost_ratio": way.cost_ratio, "shared": way.shared}
        lines.append((way.plan.waypoints_m, held | figures_table(figures)))
    return lines


def _points(answer: Answer) -> list[Feature]:
    posed = answer.posed
    named = [("start", posed.problem.start_m), ("goal", posed.problem.goal_m)]
    named += [(f"via {i}", place) for i, place in enumerate(posed.via_m, start=1)]
    moved = {snap.moved_m: snap for snap in posed.moved.values()}
    return [(place, {"name": name, **_moved(moved.get(place))}) for name, place in named]


def _moved(snap: Any) -> dict[str, Any]:
    if snap is None:
        return {}
    return {"asked_east_m": snap.asked_m[0], "asked_north_m": snap.asked_m[1], "moved_m": snap.away_m}


def draw_answer(answer: Answer, maps: Maps, name: str, target: Path, *, explain: bool) -> None:
    """Draw the way with its profile, or the refusal; explained, with what opens a way or bounds it.

    Raises:
        OutputError: The file cannot be written.
    """
    problem = answer.asked_leg
    zones = [
        (zone.name, str(zone.kind), np.array(zone.polygon.exterior.coords)) for zone in answer.question.zones
    ]
    limit_deg = math.degrees(problem.vehicle.tilt_limit_rad)
    if explain and isinstance(answer.result, NoPlan) and answer.result.cause is Cause.NO_ROUTE:
        figure = draw_refusal(
            maps.dem,
            maps.hazards.flags,
            _refusal(answer, answer.result),
            problem.start_m,
            problem.goal_m,
            title=name,
            zones=zones,
            slope_limit_deg=limit_deg,
        )
        save_figure(figure, target)
        return
    planned = answer.result if isinstance(answer.result, Plan) else None
    figure = draw_plan(
        maps.dem,
        maps.hazards.flags,
        None if planned is None else planned.waypoints_m,
        answer.posed.problem.start_m,
        answer.posed.problem.goal_m,
        title=name,
        zones=zones,
        no_plan=None if planned is not None else str(answer.result),
        slope_limit_deg=limit_deg,
        via_m=answer.posed.via_m,
        alternatives_m=[way.plan.waypoints_m for way, _ in answer.alternatives],
        bound_m=None if planned is None or answer.opening is None else answer.opening.place_m,
    )
    save_figure(figure, target)


def _refusal(answer: Answer, refusal: NoPlan) -> Refusal:
    problem, opening = answer.asked_leg, answer.opening
    wall = np.array(refusal.wall, np.int64).reshape(-1, 2)
    return Refusal(
        reasons=(f"no plan: {refusal.remedy}", refusal.where),
        reached=reached_from(problem.costmap, ends(problem)[0]),
        wall_m=problem.costmap.geometry.centres_of(wall),
        wall_flags=wall_hazards(problem, wall),
        way_m=np.empty((0, 2)) if opening is None else opening.way_m,
        way_limit_deg=None if opening is None else opening.slope_deg,
        place_m=None if opening is None else opening.place_m,
    )
