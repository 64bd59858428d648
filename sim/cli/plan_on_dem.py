"""`farside plan` over a DEM: options, files and the answer."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rover.core.errors import TimeLimitError


@dataclass(frozen=True, slots=True, kw_only=True)
class DemRequest:
    """What is asked of a plan over a DEM, as on the command line."""

    dem: Path
    start: str
    goal: str
    via: list[str]
    vehicle: str
    zones: Path | None
    objective: str
    planner: str | None
    any_angle: bool
    neighbours: int
    alternatives: int
    snap: float | None
    time_limit: float | None
    explain: bool
    out: Path | None
    plot: Path | None
    as_json: bool
    band: int
    allow_body: bool
    max_cells: int | None
    quiet: bool


def plan_on_dem(asked: DemRequest) -> int:
    """Plan over a DEM, tell and write the answer; return the exit status.

    Raises:
        TimeLimitError: The time was over before a way was found; or before all was that the options ask for, and what
            was found is told and written.
    """
    from rover.core.errors import TimeLimitError
    from rover.io.vehicle import read_vehicle
    from rover.planning.problem import Plan
    from sim.cli.options import cells_allowed
    from sim.cli.plan_answer import find_answer
    from sim.cli.plan_question import check_on_map, pose, read_question
    from sim.cli.plan_table import print_json, print_tables
    from sim.cli.progress import say_if_cold
    from sim.mission.operations import derive_maps
    from sim.run.scenario_ground import read_dem_of_body

    _check_files(asked.out, asked.plot, [asked.dem, *([] if asked.zones is None else [asked.zones])])
    question = read_question(
        start=asked.start,
        goal=asked.goal,
        via=asked.via,
        zones=asked.zones,
        planner=asked.planner,
        any_angle=asked.any_angle,
        objective=asked.objective,
        neighbours=asked.neighbours,
        ways=asked.alternatives,
        snap_m=asked.snap,
        time_limit_s=asked.time_limit,
    )
    params = read_vehicle(asked.vehicle).params
    body = None if asked.allow_body else "moon"
    ground = read_dem_of_body(asked.dem, band=asked.band, body=body, max_cells=cells_allowed(asked.max_cells))
    check_on_map(question, ground.geometry)
    say_if_cold(quiet=asked.quiet)
    maps = derive_maps(ground, params, question.zones)
    try:
        answer = find_answer(question, pose(question, maps, params), ground, explain=asked.explain)
    except TimeLimitError as error:
        raise as_asked(error, asked.time_limit) from error
    if asked.out is not None or asked.plot is not None:
        from sim.cli.plan_files import draw_answer, write_ways

        if asked.out is not None:
            write_ways(answer, asked.out)
        if asked.plot is not None:
            draw_answer(answer, maps, asked.dem.name, asked.plot, explain=asked.explain)
    if asked.as_json:
        print_json(answer)
    else:
        print_tables(answer, explain=asked.explain)
    if answer.late is not None:
        raise as_asked(answer.late, asked.time_limit)
    return 0 if isinstance(answer.result, Plan) else 4


def as_asked(error: TimeLimitError, limit_s: float | None) -> TimeLimitError:
    """Return the error by the option, whose value is for all searches together."""
    problems = [replace(p, field="--time-limit", value=limit_s) for p in error.problems]
    return type(error)(problems)


def _check_files(out: Path | None, plot: Path | None, sources: list[Path]) -> None:
    """Refuse, before any work, outputs that could not be written."""
    from rover.core.atomic import check_outputs
    from sim.cli.output import refuse_other_format, refuse_other_picture

    packed = out is not None and out.suffix.lower() == ".gpkg"
    texts = [] if packed else ["--out"]
    check_outputs({"--out": out, "--plot": plot}, sources=list(sources), texts=texts)
    refuse_other_format(
        "--out",
        out,
        form="GeoJSON",
        suffixes=(".geojson", ".json"),
        remedy="end the name in .geojson or .gpkg; a picture is drawn by --plot",
    )
    refuse_other_picture("--plot", plot)
    if out is not None and packed:
        from rover.io.geopackage import require_geopackage

        require_geopackage("--out", out)
