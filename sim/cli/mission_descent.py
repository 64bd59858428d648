"""The descent as `farside mission` leaves it: the trajectory, its curves, and the film with its frames."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np

from rover.core.atomic import text_output
from rover.core.lander import LanderParams
from sim.cli.mission_frames import Tell, check_key, make_folder
from sim.mission.lander import axes_of
from sim.mission.lander_kernels import MASS, THRUST
from sim.run.closed_loop_landing import PHASES, Descent
from sim.run.mission_film import FilmPlan, caption, film_frames, plan_film
from sim.run.mission_scenario import Mission

FRAMES, FILM_KEY, TRAJECTORY = "frames", "film.json", "descent.csv"

_COLUMNS = (
    "time_s", "phase", "ahead_m", "left_m", "up_m", "ahead_m_s", "left_m_s", "up_m_s", "q_w", "q_x", "q_y", "q_z",
    "height_m", "mass_kg", "thrust_n",
)  # fmt: skip


def make_descent(
    descent: Descent, mission: Mission, params: LanderParams, out: Path, *, full: bool, tell: Tell
) -> list[str]:
    """Write what tells of a descent, with the frames of the film that are missing, and return lines that tell of it."""
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
    up = descent.values[:, 0:3] + np.array([0.0, 0.0, descent.world.frame.ground_radius_m])
    up /= np.linalg.norm(up, axis=1)[
        :, None
    ]  # where the lander is, hundreds of kilometres before the site at first
    axes = np.stack([axes_of(q)[2] for q in values[:, 6:10]])
    tilt = np.degrees(np.arccos(np.clip((axes * up).sum(axis=1), -1.0, 1.0)))
    rise = (values[:, 3:6] * up).sum(axis=1)
    curves = DescentCurves(
        time_s=descent.time_s,
        height_m=descent.height_m,
        down_m_s=-rise,
        level_m_s=np.linalg.norm(values[:, 3:6] - rise[:, None] * up, axis=1),
        thrust_n=values[:, THRUST],
        tilt_deg=tilt,
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
