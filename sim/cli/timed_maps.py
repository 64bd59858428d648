"""The maps of `farside plan SCENARIO --maps` as files of a folder: a picture, and a GeoTIFF of each."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rover.io.raster import write_raster
from rover.planning.havens import HavenQuality
from rover.planning.traverse_setup import Outlook
from sim.cli.timed_reach import ReachMaps, reach_notes
from sim.cli.timed_words import minute_of
from sim.run.setting import Setting
from sim.view.reach import ReachSheet, draw_reach
from sim.view.save import save_figure

Floats = npt.NDArray[np.float64]

PICTURE, ARRIVAL, DEPARTURE, HAVEN = "reach.png", "arrival.tif", "departure.tif", "haven.tif"
_HOUR_S = 3600.0


def write_maps(setting: Setting, ready: Outlook, maps: ReachMaps, folder: Path) -> None:
    """Write the picture, and each map as GeoTIFF, into an existing folder.

    Raises:
        OutputError: A file cannot be written.
    """
    depart_s, geometry = ready.problem.depart_s, ready.around.geometry
    tags = {"depart_utc": setting.epoch.utc_at(depart_s), "scenario": setting.scenario.name}
    layers = [
        (
            ARRIVAL,
            {"earliest arrival, hours from depart_utc": _hours_after(maps.arrival.arrive_s, depart_s)},
            "h",
        ),
        (
            DEPARTURE,
            {
                "latest departure for the goal, hours from depart_utc": _hours_after(
                    maps.leave.depart_s, depart_s
                )
            },
            "h",
        ),
    ]
    if maps.havens is not None:
        layers.append((HAVEN, {"haven quality, 0 to 1": _scores(maps.havens)}, "1"))
    for name, bands, unit in layers:
        held = {said: values.astype(np.float32) for said, values in bands.items()}
        write_raster(folder / name, held, geometry, nodata=math.nan, tags=tags, unit=unit)
    save_figure(draw_reach(_sheet(setting, ready, maps)), folder / PICTURE)


def _hours_after(time_s: Floats, depart_s: float) -> Floats:
    """Return times as hours from the departure, NaN for what is infinite."""
    return np.where(np.isfinite(time_s), (time_s - depart_s) / _HOUR_S, np.nan)


def _scores(havens: HavenQuality) -> Floats:
    return np.where(havens.allowed, havens.score, np.nan)


def _sentence(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}."


def _sheet(setting: Setting, ready: Outlook, maps: ReachMaps) -> ReachSheet:
    depart_s = ready.problem.depart_s
    leave_s = np.where(np.isfinite(maps.leave.depart_s), maps.leave.depart_s, np.nan)
    first, *others = reach_notes(setting, maps)
    depart = minute_of(setting.epoch, depart_s)
    return ReachSheet(
        title=f"{setting.scenario.name}: what can be reached by dusk, and when to leave",
        lines=[_sentence(f"departure {depart} UTC; {first}"), _sentence("; ".join(others))],
        dem=setting.dem,
        arrive_h=_hours_after(maps.arrival.arrive_s, depart_s),
        leave_h=(maps.leave.by_s - leave_s) / _HOUR_S,
        haven=None if maps.havens is None else _scores(maps.havens),
        start_m=ready.problem.start_m,
        goal_m=ready.problem.goal_m,
    )
