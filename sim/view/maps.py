"""Maps: of a finished run, of a plan, of bare ground."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from rover.core.grid import Dem, GridGeometry
from sim.run.runlog import RunLog
from sim.view import ground, route, style, ways
from sim.view.heading import draw_heading, draw_run_heading
from sim.view.labels import LabelPlacer
from sim.view.phases import driven_m
from sim.view.profile import along, draw_profile
from sim.view.sheet import ASPECT, Sheet
from sim.view.window import Window, whole, window_round

Points = npt.NDArray[np.float64]
Place = tuple[float, float]


def draw_map(log: RunLog) -> Figure:
    """Return the map of a run: the ground, what is dangerous on it, what was planned and what was driven."""
    with style.house_style():
        driven, planned = driven_m(log), log.planned_m.reshape(-1, 2)
        ends = np.array([log.start_m, log.goal_m])
        every = np.vstack([ends, driven, planned, *(path.reshape(-1, 2) for path in log.replanned_m)])
        window = window_round(every, log.dem.geometry, aspect=ASPECT)
        sheet = Sheet(log.dem, window)
        hazards = ground.draw_hazards(sheet.map, log.dem, log.hazard_flags, window)
        zones = ground.draw_zones(sheet.map, log.zones, window)
        entries = [
            *route.draw_driven(sheet.map, log),
            *route.draw_planned(sheet.map, planned, over=len(driven) > 1),
        ]
        entries += route.draw_replanned(sheet.map, log.replanned_m)
        entries += route.draw_stops(sheet.map, log.stops_m.reshape(-1, 2))
        entries += [*route.draw_rests(sheet.map, log), *route.draw_events(sheet.map, log)]
        route.draw_ends(sheet.map, log.start_m, log.goal_m)
        placer = LabelPlacer(ax=sheet.map, busy_m=np.vstack([every, *_edges(log.zones, window)]))
        route.label_ends(placer, log.start_m, log.goal_m)
        route.label_rests(placer, log)
        _label_zones(placer, log.zones, window)
        sheet.explain([("Traverse", entries), ("Zones", zones), ("No-go ground", hazards)])
        draw_run_heading(sheet.figure, log)
        return sheet.figure


def draw_plan(
    dem: Dem,
    hazard_flags: npt.NDArray[np.uint8],
    planned_m: Points | None,
    start_m: Place,
    goal_m: Place,
    *,
    title: str,
    zones: Sequence[ground.ZoneOutline] = (),
    no_plan: object | None = None,
    slope_limit_deg: float | None = None,
    via_m: Sequence[Place] = (),
    alternatives_m: Sequence[Points] = (),
    bound_m: Place | None = None,
) -> Figure:
    """Return the map of a plan with the profile of its path, or of a refusal with its reason.

    Args:
        dem: The ground planned on.
        hazard_flags: (rows, cols) uint8 of `rover.hazard.detect.Hazard`.
        planned_m: (n, 2) east and north; None or empty where there is no plan.
        start_m, goal_m: (east, north).
        title: Heading.
        zones: (name, kind, (n, 2) corners) of each zone.
        no_plan: The refusal; its text is shown.
        slope_limit_deg: Drawn in the profile where it is given.
        via_m: Places on the way.
        alternatives_m: Other ways, numbered from 2.
        bound_m: The steepest place of the way at the least slope limit that has one, ringed where it is given.
    """
    with style.house_style():
        planned = np.empty((0, 2)) if planned_m is None else planned_m
        bounds = [] if bound_m is None else [bound_m]
        every = np.vstack([np.array([start_m, goal_m, *via_m, *bounds]), planned, *alternatives_m])
        window = window_round(every, dem.geometry, aspect=ASPECT)
        sheet = Sheet(dem, window, profile=len(planned) > 0)
        hazards = ground.draw_hazards(sheet.map, dem, hazard_flags, window)
        outlines = ground.draw_zones(sheet.map, zones, window)
        name = "planned path, way 1" if alternatives_m else "planned path"
        entries = route.draw_planned(sheet.map, planned, name=name)
        entries += ways.draw_alternatives(sheet.map, alternatives_m)
        entries += ways.draw_bound(sheet.map, bound_m, "steepest place of the gentlest way")
        ways.draw_via(sheet.map, via_m)
        route.draw_ends(sheet.map, start_m, goal_m)
        placer = LabelPlacer(ax=sheet.map, busy_m=np.vstack([every, *_edges(zones, window)]))
        route.label_ends(placer, start_m, goal_m)
        ways.label_via(placer, via_m)
        ways.label_ways(placer, planned, alternatives_m)
        _label_zones(placer, zones, window)
        sheet.explain([("Plan", entries), ("Zones", outlines), ("No-go ground", hazards)])
        if sheet.profile:
            draw_profile(*sheet.profile, dem, planned, slope_limit_deg=slope_limit_deg)
        refused = no_plan is not None
        lines = [str(no_plan)] if refused else [_plan_words(planned, start_m, goal_m)]
        draw_heading(sheet.figure, title, lines, colour=style.VERMILLION if refused else style.GREEN)
        return sheet.figure


def draw_dem(dem: Dem, title: str, *, whole_of: GridGeometry | None = None) -> Figure:
    """Return the map of bare ground.

    Args:
        dem: The ground drawn.
        title: Heading.
        whole_of: The raster that `dem` is a coarser view of, where it is one.
    """
    with style.house_style():
        sheet = Sheet(dem, whole(dem.geometry))
        sheet.explain([("Ground", ground.gap_entries(dem))])
        draw_heading(
            sheet.figure, title, [_ground_words(dem, whole_of or dem.geometry)], colour=style.FAINT_INK
        )
        return sheet.figure


def _edges(zones: Sequence[ground.ZoneOutline], window: Window) -> list[Points]:
    """Return points along the outline of each zone, as far as it shows."""
    closed = [np.vstack([corners, corners[:1]]) for _, _, corners in zones]
    edges = [along(outline, window.width / 60)[1] for outline in closed]
    return [edge[window.holds(edge)] for edge in edges]


def _label_zones(placer: LabelPlacer, zones: Sequence[ground.ZoneOutline], window: Window) -> None:
    for (name, kind, _), edge in zip(zones, _edges(zones, window), strict=True):
        if len(edge):
            placer.place(edge, name, colour=ground.zone_colour(kind))


def _plan_words(planned: Points, start_m: Place, goal_m: Place) -> str:
    length = float(np.hypot(*np.diff(planned, axis=0).T).sum())
    straight = float(np.hypot(goal_m[0] - start_m[0], goal_m[1] - start_m[1]))
    return f"{length:.0f} m along the path, {straight:.0f} m in a straight line"


def _ground_words(dem: Dem, grid: GridGeometry) -> str:
    known = dem.elevation_m[np.isfinite(dem.elevation_m)]
    relief = f"{float(np.ptp(known)):.1f} m of relief" if known.size else "no known elevation"
    gaps = dem.elevation_m.size - known.size
    missing = f", {100 * gaps / dem.elevation_m.size:.1f} % unknown" if gaps else ""
    size = f"{grid.cols} \u00d7 {grid.rows} cells of {grid.resolution_m:g} m"
    if grid.resolution_m != dem.geometry.resolution_m:
        size += f", drawn at {dem.geometry.resolution_m:g} m"
    return f"{size}, {relief}{missing}; {dem.source}"
