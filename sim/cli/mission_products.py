"""What `farside mission` makes, product by product."""

from __future__ import annotations

import csv
import json
import math
from pathlib import Path
from typing import Any

import numpy as np

from rover.core.atomic import text_output
from rover.core.errors import UsageError
from rover.core.lander import LanderParams
from rover.core.time import parse_utc
from sim.cli.mission import Product
from sim.cli.mission_frames import Tell, check_key, make_folder
from sim.cli.mission_operations import Operations
from sim.cli.mission_page import make_map, make_page
from sim.cli.mission_panorama import make_panorama, make_rover_ring, partly, place_of
from sim.cli.mission_portraits import make_portraits
from sim.mission.lander import axes_of
from sim.mission.lander_kernels import MASS, THRUST
from sim.run.closed_loop_landing import PHASES, Descent, fly_descent
from sim.run.closed_loop_landing_events import MissionEvent, dated_events, descent_events, told
from sim.run.mission_film import FilmPlan, caption, film_frames, plan_film
from sim.run.mission_scenario import Mission

FRAMES, FILM_KEY, TIMELINE, TRAJECTORY = "frames", "film.json", "timeline.json", "descent.csv"
_FIRST = (TIMELINE, TRAJECTORY)
"""What tells a mission's folder, beside its frames: some of it is there however early a run was interrupted."""

_FILM_DONE, _PANORAMA_DONE = 0.75, 0.55
"""Share of the work that the film is of the whole, and the lander's panorama of the pictures after it."""

_COLUMNS = (
    "time_s", "phase", "ahead_m", "left_m", "up_m", "ahead_m_s", "left_m_s", "up_m_s", "q_w", "q_x", "q_y", "q_z",
    "height_m", "mass_kg", "thrust_n",
)  # fmt: skip


def make_mission(mission: Mission, out: Path, *, only: Product | None, full: bool, tell: Tell) -> list[str]:
    """Make what is asked for, and return lines that tell of it.

    Args:
        mission: The mission.
        out: Folder, made if missing.
        only: One product, or None for all.
        full: Films and pictures at full size.
        tell: Is told how much is done.

    Raises:
        OutputError: The folder or a file cannot be written.
        ResultsError: The folder holds frames of another film.
    """
    params, site = mission.read_lander().params, mission.read_site()
    epoch = parse_utc(mission.descent.ignition_utc)
    refuse_foreign(out)
    make_folder(out)
    descent = fly_descent(site, params, epoch, seed=mission.seed, avoidance=mission.descent.avoidance)
    events = descent_events(descent, mission, params)
    lines: list[str] = []
    if only in (None, Product.DESCENT):
        end = 1.0 if only else _FILM_DONE
        lines += _descent(descent, mission, params, out, full=full, tell=partly(tell, 0.0, end))
    later = partly(tell, _FILM_DONE if only is None else 0.0, 1.0)
    ground, budgets, told_of = _on_the_ground(descent, mission, params, out, only=only, full=full, tell=later)
    events += ground
    lines += told_of
    if only is None:
        lines += make_map(descent, events, mission, out)
    _write_timeline(events, mission, out / TIMELINE, budgets)
    if only is None:
        lines += make_page(out)
    return [*_words(events, mission), *lines, f"Results: {out}"]


_BY_THE_LANDER_ALONE = (Product.DESCENT, Product.ROLLOUT, Product.BIOSPHERE)
_WITHOUT_OPERATIONS = (Product.DESCENT, Product.PANORAMA, Product.PORTRAIT)


def _on_the_ground(
    descent: Descent,
    mission: Mission,
    params: LanderParams,
    out: Path,
    *,
    only: Product | None,
    full: bool,
    tell: Tell,
) -> tuple[list[MissionEvent], dict[str, list[dict[str, Any]]], list[str]]:
    """Make what follows the landing, in the order in which it happens, and return events, budgets and lines."""
    place = None if only in _BY_THE_LANDER_ALONE else place_of(descent, mission)
    operations = None if only in _WITHOUT_OPERATIONS else Operations(descent, mission, params)
    events: list[MissionEvent] = []
    lines: list[str] = []
    if operations is not None and place is not None:
        operations.begin(place)
    if place is not None and only is not Product.PANORAMA:
        shown = only in (None, Product.PORTRAIT)
        reach: dict[str, Any] = (
            {} if operations is None else {"reach": operations.reach, "stands": operations.may_stand}
        )
        sitting = make_portraits(place, descent, mission, params, out if shown else None, full=full, **reach)
        events.append(sitting.event)
        lines += sitting.lines
        if operations is not None and sitting.place is not None:
            operations.portraits_s = sitting.event.time_s
            if sitting.event.time_s <= parse_utc(mission.descent.ignition_utc).seconds_until(
                parse_utc(mission.panorama.utc)
            ):
                place = sitting.place
    if place is not None and only in (None, Product.PANORAMA):
        first, second = partly(tell, 0.0, _PANORAMA_DONE), partly(tell, _PANORAMA_DONE, 1.0)
        shown_lines = make_panorama(place, descent, mission, params, out, full=full, tell=first)
        ring, told_of = make_rover_ring(place, descent, mission, params, out, full=full, tell=second)
        events += ring
        lines = [*shown_lines, *told_of, *lines]
    if only is None:
        events += [event for event in dated_events(mission) if event.name != "rollout"]
    if operations is not None:
        done = operations.finish(out, only)
        events += done.events
        lines += done.lines
        return events, done.budgets, lines
    return events, {}, lines


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
    for event in sorted(events, key=lambda one: one.time_s):
        figures = ", ".join(f"{name} {value}" for name, value in event.figures.items())
        lines.append(f"{epoch.utc_at(event.time_s)}  {event.name}: {event.words} ({figures})")
    return lines


def _write_timeline(
    events: list[MissionEvent], mission: Mission, path: Path, budgets: dict[str, list[dict[str, Any]]]
) -> None:
    epoch = parse_utc(mission.descent.ignition_utc)
    table: dict[str, Any] = {
        "format": 1,
        "mission": mission.name,
        "seed": mission.seed,
        "events": [told(event, epoch) for event in sorted(events, key=lambda one: one.time_s)],
        **({"budgets": budgets} if budgets else {}),
    }
    with text_output(path) as file:
        json.dump(table, file, indent=1, allow_nan=False)
        file.write("\n")


def _descent(
    descent: Descent, mission: Mission, params: LanderParams, out: Path, *, full: bool, tell: Tell
) -> list[str]:
    from sim.view.save import save_figure

    _write_trajectory(descent, out / TRAJECTORY)
    save_figure(_figure(descent, mission, params), out / "descent.png")
    plan = plan_film(descent, mission, params, full=full)
    made = _write_frames(descent, mission, params, plan, out / FRAMES, tell)
    kept = len(plan.time_s) - made
    return [
        f"descent.gif: {len(plan.time_s)} frames of {plan.pixels} pixels a side, {made} made and {kept} kept",
        *_write_gif(descent, plan, out),
    ]


def _write_trajectory(descent: Descent, path: Path) -> None:
    with text_output(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(_COLUMNS)
        for time_s, phase, values, height in zip(
            descent.time_s, descent.phase, descent.values, descent.height_m, strict=True
        ):
            moves = [f"{value:.3f}" for value in values[:6]]
            turns = [f"{value:.6f}" for value in values[6:10]]
            rest = f"{height:.2f}", f"{values[MASS]:.3f}", f"{values[THRUST]:.1f}"
            writer.writerow([f"{time_s:.2f}", PHASES[phase].value, *moves, *turns, *rest])


def _figure(descent: Descent, mission: Mission, params: LanderParams) -> Any:
    from sim.view.descent import DescentCurves, ScanSheet, draw_descent

    values = descent.values
    tilt = [math.degrees(math.acos(min(1.0, max(-1.0, axes_of(q)[2, 2])))) for q in values[:, 6:10]]
    curves = DescentCurves(
        time_s=descent.time_s,
        height_m=descent.height_m,
        down_m_s=-values[:, 5],
        level_m_s=np.hypot(values[:, 3], values[:, 4]),
        thrust_n=values[:, THRUST],
        tilt_deg=np.array(tilt),
        propellant_kg=values[:, MASS] - params.body.dry_mass_kg,
        phases=[(phase.value, descent.began_s(phase)) for phase in PHASES],
    )
    sheet, fine = None, descent.fine
    if fine is not None:
        flags, geometry = fine.hazards.flags, fine.hazards.geometry
        left, low, right, high = geometry.bounds_m
        from rover.hazard.detect import Hazard

        kind = np.where(flags & np.uint8(Hazard.UNKNOWN), 2, np.where(flags != 0, 1, 0)).astype(np.uint8)
        below = fine.aimed_m
        found = "safe" if fine.below_is_safe else "not safe"
        sheet = ScanSheet(
            hazardous=kind,
            extent_m=(left, right, low, high),
            footprint_m=params.body.footprint_radius_m,
            below_m=below,
            chosen_m=fine.aside_m,
            words=f"scan from {params.descent.hover_m:g} m: where it was aimed at is {found}",
        )
    return draw_descent(curves, sheet, title=f"{mission.name}: powered descent, seed {mission.seed}")


def _write_frames(
    descent: Descent, mission: Mission, params: LanderParams, plan: FilmPlan, folder: Path, tell: Tell
) -> int:
    """Write the frames that are missing, and return how many that were."""
    from sim.view.film import save_frame

    make_folder(folder)
    times = [round(float(t), 3) for t in plan.time_s]
    check_key(folder, FILM_KEY, plan.key, time_s=times)
    missing = [n for n in range(len(plan.time_s)) if not _frame(folder, n).is_file()]
    for done, frame in enumerate(film_frames(descent, mission, params, plan, missing), start=1):
        save_frame(frame.grey, _frame(folder, frame.number))
        tell(done / len(missing), f"frame {frame.number + 1} of {len(plan.time_s)}")
    return len(missing)


def _frame(folder: Path, number: int) -> Path:
    return folder / f"frame-{number:05d}.png"


def _write_gif(descent: Descent, plan: FilmPlan, out: Path) -> list[str]:
    from sim.view.animation import chosen_frames
    from sim.view.film import save_film

    shown = chosen_frames(len(plan.time_s)).tolist()
    save_film(
        [_frame(out / FRAMES, n) for n in shown],
        [caption(descent, float(plan.time_s[n])) for n in shown],
        out / "descent.gif",
    )
    return [] if len(shown) == len(plan.time_s) else [f"descent.gif shows {len(shown)} of them"]
