"""What `farside plan` is asked: options read and checked, first without a map, then on one."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rover.core.errors import UsageError, ZoneError
from rover.core.grid import GridGeometry
from rover.core.vehicle import VehicleParams
from rover.core.zones import Zone, refused_by_zones
from rover.io.vector import read_zones_geojson
from rover.planning.problem import Claim, Objective, Planner, PlanningProblem
from rover.planning.registry import load_planner
from rover.planning.snap import Snap, snap_places
from sim.mission.operations import Maps
from sim.run.setting import require_inside

Place = tuple[float, float]

_ANY_ANGLE = "any-angle"
_NEIGHBOURS = (4, 8, 16)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Question:
    """What is asked, before there is a map.

    Attributes:
        planner: Who is asked.
        start_m, goal_m, via_m: (east, north) in the terrain's frame.
        zones, zones_file: Keep-in and keep-out zones, and where they come from.
        objective, neighbours, time_limit_s: As `PlanningProblem`.
        ways: How many different ways are wanted, the best one included.
        snap_m: How far a place on a lethal cell may be moved, or None.
    """

    planner: Planner
    start_m: Place
    goal_m: Place
    via_m: tuple[Place, ...]
    zones: tuple[Zone, ...]
    zones_file: Path | None
    objective: Objective
    neighbours: int
    time_limit_s: float | None
    ways: int
    snap_m: float | None

    @property
    def places(self) -> dict[str, Place]:
        """Every place by the option that names it."""
        return named_places(self.start_m, self.goal_m, self.via_m)


def named_places(start_m: Place, goal_m: Place, via_m: Sequence[Place]) -> dict[str, Place]:
    """Return places by the option that names them, in the order of the way."""
    count = len(via_m)
    vias = {"--via" if count == 1 else f"--via ({i})": place for i, place in enumerate(via_m, start=1)}
    return {"--start": start_m, **vias, "--goal": goal_m}


def read_question(
    *,
    start: str,
    goal: str,
    via: Sequence[str],
    zones: Path | None,
    planner: str | None,
    any_angle: bool,
    objective: str,
    neighbours: int,
    ways: int,
    snap_m: float | None,
    time_limit_s: float | None,
) -> Question:
    """Read and check what needs no map.

    Raises:
        UsageError: A value that cannot be meant, or two that do not go together.
        PlannerError: No such planner.
        ZoneError: The file of zones cannot be read, or holds what is none.
    """
    places = [read_place(text, "--via") for text in via]
    if any_angle and planner not in (None, _ANY_ANGLE):
        raise UsageError(
            "another planner is named too",
            remedy=f"leave one of them off: --any-angle is --planner {_ANY_ANGLE}",
            field="--any-angle",
        )
    question = Question(
        planner=load_planner(_ANY_ANGLE if any_angle else planner or "astar"),
        start_m=read_place(start, "--start"),
        goal_m=read_place(goal, "--goal"),
        via_m=tuple(places),
        zones=() if zones is None else read_zones_geojson(zones),
        zones_file=zones,
        objective=_objective(objective),
        neighbours=_neighbours(neighbours),
        time_limit_s=_positive(time_limit_s, "--time-limit", "seconds"),
        ways=ways,
        snap_m=_positive(snap_m, "--snap", "metres"),
    )
    _refuse_unheeded(question)
    _refuse_alternatives(question)
    return question


def read_place(text: str, option: str) -> Place:
    """Read E,N in metres.

    Raises:
        UsageError: Not two finite numbers.
    """
    try:
        east, north = (float(word) for word in text.strip("[] ").split(","))
    except ValueError:
        east = north = math.nan
    if not (math.isfinite(east) and math.isfinite(north)):
        raise UsageError(
            "not a place", remedy="give E,N in metres, such as -120,85.5", field=option, value=text
        )
    return east, north


def _objective(text: str) -> Objective:
    if text not in tuple(Objective):
        raise UsageError(
            "no such objective", remedy=f"give {', '.join(Objective)}", field="--objective", value=text
        )
    return Objective(text)


def _neighbours(count: int) -> int:
    if count not in _NEIGHBOURS:
        raise UsageError("no such grid", remedy="give 4, 8 or 16", field="--neighbours", value=count)
    return count


def _positive(value: float | None, option: str, unit: str) -> float | None:
    if value is not None and not (value > 0 and math.isfinite(value)):
        raise UsageError(
            "not a positive number", remedy=f"give {unit}, more than 0", field=option, value=value
        )
    return value


def _refuse_unheeded(question: Question) -> None:
    """Refuse, before any map is made, what a planner declares that it does not search by.

    One off the grid is held to what `Planner` says of those that declare nothing: its way shows no number of moves. Of
    another the way will show it.
    """
    planner = question.planner
    off_grid = Claim.ANY_ANGLE in planner.claims
    asked: tuple[tuple[str, object, frozenset[object] | None], ...] = (
        ("objective", question.objective, frozenset({Objective.TIME}) if off_grid else None),
        ("neighbours", question.neighbours, frozenset({8}) if off_grid else None),
    )
    for name, value, otherwise in asked:
        known = getattr(planner, "objectives" if name == "objective" else name, otherwise)
        if known is not None and value not in known:
            raise _unheeded(planner, f"--{name}", str(value))
    if question.time_limit_s is not None and not getattr(planner, "heeds_time_limit", True):
        raise _unheeded(planner, "--time-limit", question.time_limit_s)


def _unheeded(planner: Planner, option: str, value: object) -> UsageError:
    return UsageError(
        f"the planner {planner.name} does not heed it",
        remedy="take another planner, or leave it off",
        field=option,
        value=value,
    )


def _refuse_alternatives(question: Question) -> None:
    """Alternatives are ways over the grid of 8 neighbours between two places: what is not that is refused."""
    if question.ways == 1:
        return
    if question.via_m:
        what, remedy = "alternatives lie between two places", "leave --via off, or ask for each leg by itself"
    elif question.neighbours != 8:
        what, remedy = "alternatives are ways over 8 neighbours", "leave --neighbours off"
    elif Claim.OPTIMAL not in question.planner.claims or Claim.DIRECTIONAL in question.planner.claims:
        what, remedy = "alternatives need a planner whose way is the best on the grid", "take --planner astar"
    else:
        return
    raise UsageError(what, remedy=remedy, field="--alternatives", value=question.ways)


def check_on_map(question: Question, geometry: GridGeometry) -> None:
    """Check what needs to know where the terrain is, and nothing else of it.

    Raises:
        PlaceError: A place outside the terrain.
        ZoneError: Zones that lie nowhere on it, or that forbid a place which may not be moved.
    """
    require_inside(geometry, question.places)
    _check_zones(question, geometry)


def _check_zones(question: Question, geometry: GridGeometry) -> None:
    if question.zones and not any(_meets(zone, geometry) for zone in question.zones):
        raise ZoneError(
            "no zone lies on the terrain",
            remedy="give metres east and north in the DEM's own frame, not degrees",
            file=question.zones_file,
        )
    if question.snap_m is not None:
        return
    for zone in question.zones:
        for option, place in question.places.items():
            _refuse_forbidden(zone, option, place, geometry, question.zones_file)


def _meets(zone: Zone, geometry: GridGeometry) -> bool:
    west, south, east, north = zone.polygon.bounds
    map_west, map_south, map_east, map_north = geometry.bounds_m
    return bool(west <= map_east and east >= map_west and south <= map_north and north >= map_south)


def _refuse_forbidden(
    zone: Zone, option: str, place: Place, geometry: GridGeometry, file: Path | None
) -> None:
    cell = geometry.cell_at(*place)
    if cell is None or not refused_by_zones([zone], _one_cell(geometry, cell))[0, 0]:
        return
    what = "covers" if zone.kind == "keep-out" else "does not hold"
    raise ZoneError(
        f"this {zone.kind} zone {what} {option} {place[0]:g},{place[1]:g}",
        remedy="move the place, or redraw the zone; --snap M moves it out by M metres at most",
        file=file,
        field="zone",
        value=zone.name,
    )


def _one_cell(geometry: GridGeometry, cell: tuple[int, int]) -> GridGeometry:
    east_m, north_m = geometry.centre_of(*cell)
    return GridGeometry(
        rows=1,
        cols=1,
        resolution_m=geometry.resolution_m,
        resolution_north_m=geometry.resolution_north_m,
        east_m=east_m,
        north_m=north_m,
        site=geometry.site,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Posed:
    """The question on its map.

    Attributes:
        problem: From start to goal.
        via_m: Places between, in order.
        moved: By option, the places that were moved to a free cell.
    """

    problem: PlanningProblem
    via_m: tuple[Place, ...]
    moved: Mapping[str, Snap]


def pose(question: Question, maps: Maps, vehicle: VehicleParams) -> Posed:
    """Put the question on the maps, places on lethal cells moved where a free one is as near as that is allowed."""
    moved = (
        {}
        if question.snap_m is None
        else snap_places(maps.costmap, question.places, within_m=question.snap_m)
    )
    places = {
        option: moved[option].moved_m if option in moved else place
        for option, place in question.places.items()
    }
    start_m, *via_m, goal_m = places.values()
    problem = PlanningProblem(
        costmap=maps.costmap,
        hazards=maps.hazards,
        terrain=maps.terrain,
        vehicle=vehicle,
        start_m=start_m,
        goal_m=goal_m,
        objective=question.objective,
        neighbours=question.neighbours,
        time_limit_s=question.time_limit_s,
    )
    return Posed(problem=problem, via_m=tuple(via_m), moved=moved)
