"""From the sky over a place to the sheet that is drawn of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rover.core.time import Epoch
from rover.sky.events import crossings, culminations, station_passes
from rover.sky.lunar_day import EPOCH, LunarDay
from rover.sky.table import SkyPlace, SkyTable, sky_table
from sim.cli.sky_tables import ELEVATIONS_DEG
from sim.view.save import save_figure
from sim.view.sky import SkySheet, draw_sky

_SAMPLES = 1500
_MARGIN_S = 12 * 3600.0
"""Drawn before sunrise and after sunset."""


def draw_day(place: SkyPlace, told_as: Sequence[str], day: LunarDay, plot: Path) -> None:
    """Draw a lunar day, from half an Earth day before sunrise to half of one after sunset."""
    begin_s, end_s = day.light_s
    if len(day.sunrise_s):
        begin_s, end_s = begin_s - _MARGIN_S, end_s + _MARGIN_S
    table = sky_table(place, EPOCH, np.linspace(begin_s, end_s, _SAMPLES))
    zero_s, zero_words = (
        (float(day.sunrise_s[0]), "sunrise") if len(day.sunrise_s) else (day.begin_s, "local midnight")
    )
    title = f"Lunar day {day.number} over {told_as[0]}"
    save_figure(draw_sky(_sheet(place, EPOCH, [table], title, told_as[1:], zero_s, zero_words)), plot)


def draw_span(
    place: SkyPlace, told_as: Sequence[str], epoch: Epoch, tables: Sequence[SkyTable], plot: Path
) -> None:
    """Draw a span as it was told, row by row."""
    sheet = _sheet(place, epoch, tables, f"Sky over {told_as[0]}", told_as[1:], 0.0, "the start")
    save_figure(draw_sky(sheet), plot)


def _sheet(
    place: SkyPlace,
    epoch: Epoch,
    tables: Sequence[SkyTable],
    title: str,
    lines: Sequence[str],
    zero_s: float,
    zero_words: str,
) -> SkySheet:
    time_s = np.concatenate([table.time_s for table in tables])
    span = float(time_s[0]), float(time_s[-1])
    step_s = 3600.0
    sun = place.sun_track(epoch, *span)
    level = crossings(sun, *span, step_s=step_s)
    passes = station_passes(place.stations, epoch, *span, phase_at_epoch=place.phase_at_epoch)
    return SkySheet(
        title=title,
        lines=list(lines),
        start_utc=epoch.utc_at(0.0),
        time_s=time_s,
        sun_elevation_deg=np.degrees(np.concatenate([t.sun.elevation_rad for t in tables])),
        sun_azimuth_deg=np.degrees(np.concatenate([t.sun.azimuth_rad for t in tables])),
        relay_elevation_deg=np.degrees(np.concatenate([t.relay.elevation_rad for t in tables])),
        light_time_s=np.concatenate([t.relay.light_time_s for t in tables]),
        sunrise_s=level.to(True),
        sunset_s=level.to(False),
        noon_s=culminations(sun, *span, step_s=step_s),
        elevations_deg=ELEVATIONS_DEG,
        passes_s={station.title: passes.by_station[station.name] for station in place.stations},
        any_station_s=passes.any_station,
        zero_s=zero_s,
        zero_words=zero_words,
    )
