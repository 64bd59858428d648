"""What `farside mission` makes, product by product."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from rover.core.errors import UsageError
from rover.core.time import parse_utc
from sim.cli.mission import Product
from sim.cli.mission_descent import FRAMES, TRAJECTORY, make_descent
from sim.cli.mission_frames import Tell, make_folder
from sim.cli.mission_operations import Operations
from sim.cli.mission_page import make_map, make_page, page_of
from sim.cli.mission_panorama import make_panorama, make_rover_ring, partly, place_of
from sim.cli.mission_portraits import make_portraits
from sim.cli.mission_timeline import TIMELINE, Budgets, Timeline
from sim.mission.landing_place import LandingPlace
from sim.run.closed_loop_landing import fly_descent
from sim.run.closed_loop_landing_events import MissionEvent, dated_events, descent_events
from sim.run.mission_commands import as_ordered
from sim.run.mission_events import not_commanded, waited
from sim.run.mission_scenario import Mission

_FIRST = (TIMELINE, TRAJECTORY)
"""What tells a mission's folder, beside its frames: some of it is there however early a run was interrupted."""

_FILM_DONE, _FULL_FILM_DONE = 0.5, 0.75
"""Share of the work that the film is of the whole."""

_BY_THE_LANDER_ALONE = (Product.ROLLOUT, Product.BIOSPHERE)
"""For which the rover need not have driven."""


@dataclass(slots=True, kw_only=True)
class Made:
    """What came of a run.

    Attributes:
        parts: Events by the part of the mission that makes them.
        budgets: Tables by name.
        lines: That tell of files.
    """

    parts: dict[str, Sequence[MissionEvent]] = field(default_factory=dict)
    budgets: Budgets = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)

    @property
    def events(self) -> list[MissionEvent]:
        """Of all parts, in order of time."""
        return sorted((event for part in self.parts.values() for event in part), key=lambda one: one.time_s)


def make_mission(mission: Mission, out: Path, *, only: Product | None, full: bool, tell: Tell) -> list[str]:
    """Make what is asked for, and return lines that tell of it.

    Args:
        mission: The mission.
        out: Folder, made if missing.
        only: One product, or None for all. What the folder holds of other products stays.
        full: Films and pictures at full size.
        tell: Is told how much is done.

    Raises:
        OutputError: The folder or a file cannot be written.
        ResultsError: The folder holds another mission, or frames of another film.
    """
    params, site = mission.read_lander().params, mission.read_site()
    epoch = parse_utc(mission.descent.ignition_utc)
    refuse_foreign(out)
    make_folder(out)
    timeline = Timeline(out, mission, params)
    descent = fly_descent(site, params, epoch, seed=mission.seed, avoidance=mission.descent.avoidance)
    made = Made(parts={Product.DESCENT.value: descent_events(descent, mission, params)})
    film_done = _FULL_FILM_DONE if full else _FILM_DONE
    if only in (None, Product.DESCENT):
        end = 1.0 if only else film_done
        made.lines += make_descent(descent, mission, params, out, full=full, tell=partly(tell, 0.0, end))
    if only is not Product.DESCENT:
        later = partly(tell, film_done if only is None else 0.0, 1.0)
        operations = Operations(descent, mission, params)
        _on_the_ground(made, operations, out, only=only, full=full, tell=later)
        if only is None:
            made.lines += make_map(descent, made.events, operations.ways_m, mission, out)
    timeline.write(made.parts, made.budgets, whole=only is None)
    if only is None or page_of(out) is not None:
        made.lines += make_page(out)
    return [*_words(made.events, mission), *made.lines, f"Results: {out}"]


def _on_the_ground(
    made: Made, operations: Operations, out: Path, *, only: Product | None, full: bool, tell: Tell
) -> None:
    """Make what follows the landing, in the order in which it happens."""
    descent, mission, params = operations.descent, operations.mission, operations.params
    if only not in _BY_THE_LANDER_ALONE:
        tell(0.0, "ground about the lander")
        place = place_of(descent, mission, ramps_deg=operations.ramps_deg)
        operations.begin(place)
        tell(0.1, "drives, and the portraits")
        sitting = make_portraits(
            place, descent, mission, params, out if only in (None, Product.PORTRAIT) else None, full=full,
            ordered=operations.not_ordered, reach=operations.reach, stands=operations.may_stand,
        )  # fmt: skip
        operations.portraits_s = sitting.event.time_s if sitting.is_taken else None
        if only in (None, Product.PORTRAIT):
            made.parts[Product.PORTRAIT.value] = [sitting.event]
            made.lines += sitting.lines
        if only in (None, Product.PANORAMA):
            _panoramas(made, operations, place, out, full=full, tell=partly(tell, 0.3, 0.9))
    if only not in (Product.PORTRAIT, Product.PANORAMA):
        tell(0.9, "instruments, biosphere and link" if only is None else only.value)
        done = operations.finish(out, only)
        made.parts |= done.parts
        made.budgets = done.budgets
        made.lines += done.lines


def _panoramas(
    made: Made, operations: Operations, place: LandingPlace, out: Path, *, full: bool, tell: Tell
) -> None:
    """Make the lander's panorama and the rover's ring, with the rover where it is by then."""
    descent, params, orders = operations.descent, operations.params, operations.orders
    if orders.panorama.why:
        made.parts[Product.PANORAMA.value] = not_commanded(orders)
        made.lines.append(f"panorama, pcam: none, {orders.panorama.why}")
        return
    mission = as_ordered(operations.mission, orders)
    (dated,) = (event for event in dated_events(mission) if event.name == Product.PANORAMA.value)
    dated = replace(dated, figures={**dated.figures, **waited(orders.panorama)})
    there, why = operations.place_at(place, dated.time_s)
    made.lines += make_panorama(there, descent, mission, params, out, full=full, tell=partly(tell, 0.0, 0.55))
    ring, lines = make_rover_ring(
        there, descent, mission, params, out, full=full, tell=partly(tell, 0.55, 1.0), why_not=why
    )
    made.parts[Product.PANORAMA.value] = [dated, ring]
    made.lines += lines


def refuse_foreign(folder: Path) -> None:
    """Refuse a folder that holds something, and nothing that a mission has left."""
    held = [path.name for path in folder.iterdir()] if folder.is_dir() else []
    known = any(name in _FIRST or name.split("-")[0] == FRAMES for name in held)
    if held and not known:
        raise UsageError(
            "the output folder is not empty, and no mission's",
            remedy="name a new folder, or empty this one",
            field="--out",
            value=str(folder),
        )


def _words(events: list[MissionEvent], mission: Mission) -> list[str]:
    epoch = parse_utc(mission.descent.ignition_utc)
    lines = []
    for event in events:
        figures = ", ".join(f"{name} {value}" for name, value in event.figures.items())
        told = f" ({figures})" if figures else ""
        lines.append(f"{epoch.utc_at(event.time_s)}  {event.name}: {event.words}{told}")
    return lines
