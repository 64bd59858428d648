"""The sky in words, as JSON and as CSV."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from rover.core.bodies import AU_M
from rover.core.time import Epoch
from rover.sky.lunar_day import EPOCH, LunarDay
from rover.sky.table import SkyPlace, SkyTable, sky_table

ELEVATIONS_DEG = (5.0, 10.0)
"""Of the Sun, told in almanacs: between them Yutu-2 woke and went to sleep."""

_Column = Callable[[SkyTable], npt.NDArray[Any]]

COLUMNS: dict[str, tuple[_Column, int]] = {
    "sun_azimuth_deg": (lambda table: np.degrees(table.sun.azimuth_rad), 4),
    "sun_elevation_deg": (lambda table: np.degrees(table.sun.elevation_rad), 4),
    "sun_distance_au": (lambda table: table.sun.distance_m / AU_M, 6),
    "sun_diameter_deg": (lambda table: np.degrees(table.sun.angular_diameter_rad), 4),
    "earth_azimuth_deg": (lambda table: np.degrees(table.earth.azimuth_rad), 4),
    "earth_elevation_deg": (lambda table: np.degrees(table.earth.elevation_rad), 4),
    "relay_azimuth_deg": (lambda table: np.degrees(table.relay.azimuth_rad), 4),
    "relay_elevation_deg": (lambda table: np.degrees(table.relay.elevation_rad), 4),
    "relay_range_km": (lambda table: table.relay.range_m / 1000, 1),
    "one_way_light_time_s": (lambda table: table.relay.light_time_s, 5),
    "local_solar_time_h": (lambda table: table.local_solar_time_h, 4),
    "lunar_day": (lambda table: table.lunar_day, 0),
}
"""Every column by name, with its decimals; `utc` stands before them, `stations` after."""

# Heading, column, width, decimals.
_SHOWN = (
    ("Sun az", "sun_azimuth_deg", 8, 2),
    ("el deg", "sun_elevation_deg", 8, 2),
    ("Earth el", "earth_elevation_deg", 9, 2),
    ("relay az", "relay_azimuth_deg", 9, 2),
    ("el deg", "relay_elevation_deg", 7, 2),
    ("range km", "relay_range_km", 9, 0),
    ("light s", "one_way_light_time_s", 8, 3),
    ("solar h", "local_solar_time_h", 8, 2),
    ("day", "lunar_day", 6, 0),
)
_UNITS = {"_deg": "deg", "_km": "km", "_au": "au", "_s": "s", "_h": "h"}


def table_lines(
    tables: Iterable[SkyTable],
    epoch: Epoch,
    stations: Sequence[str],
    *,
    form: str,
    head: Sequence[str],
    is_instant: bool,
) -> Iterator[str]:
    """Yield the lines of a table, as they are made.

    Args:
        tables: Its parts, in order of time.
        epoch: What their times are counted from.
        stations: Their names, in the order of the parts' rows.
        form: `text`, `json` or `csv`.
        head: Place and sources in lines, for people.
        is_instant: One object in JSON, one figure to a line in text.
    """
    rows = (row for table in tables for row in _rows(table, epoch, stations))
    if form == "csv":
        return _csv(rows)
    if form == "json":
        return iter([json.dumps(next(rows), indent=1)]) if is_instant else _json_list(rows)
    return _card(next(rows), head) if is_instant else _sheet(rows, head)


def _rows(table: SkyTable, epoch: Epoch, stations: Sequence[str]) -> Iterator[dict[str, Any]]:
    """Yield each time as an object; figures are rounded to what they are known to, and a little more."""
    columns = {name: _rounded(name, of(table), decimals) for name, (of, decimals) in COLUMNS.items()}
    for i, time_s in enumerate(table.time_s.tolist()):
        seen = [name for name, sees in zip(stations, table.seen[:, i], strict=True) if sees]
        yield {
            "utc": epoch.utc_at(time_s),
            **{name: column[i] for name, column in columns.items()},
            "stations": seen,
        }


def _rounded(name: str, values: npt.NDArray[Any], decimals: int) -> Any:
    """Return values as plain numbers, without minus zero, and without an azimuth that rounds to a full turn."""
    rounded = np.round(values, decimals) + 0
    return (rounded % 360.0 if "azimuth" in name else rounded).tolist()


def _csv(rows: Iterable[dict[str, Any]], *before: str) -> Iterator[str]:
    yield ",".join([*before, "utc", *COLUMNS, "stations"])
    for row in rows:
        yield ",".join(" ".join(v) if isinstance(v, list) else str(v) for v in row.values())


def _json_list(rows: Iterable[dict[str, Any]]) -> Iterator[str]:
    before = "["
    for row in rows:
        yield before + json.dumps(row)
        before = ","
    yield "[]" if before == "[" else "]"


def _card(row: dict[str, Any], head: Sequence[str]) -> Iterator[str]:
    yield f"Sky over {head[0]}"
    yield from (f"  {line}" for line in head[1:])
    for name, value in row.items():
        unit = next((u for ending, u in _UNITS.items() if name.endswith(ending)), "")
        words = name.removesuffix(next((e for e in _UNITS if name.endswith(e)), "")).replace("_", " ")
        shown = (" ".join(value) or "none") if isinstance(value, list) else str(value)
        yield f"  {words:<22}{shown} {unit}".rstrip()


def _sheet(rows: Iterable[dict[str, Any]], head: Sequence[str]) -> Iterator[str]:
    yield f"Sky over {head[0]}"
    yield from (f"  {line}" for line in head[1:])
    yield f"{'UTC':<20}" + "".join(f"{words:>{width}}" for words, _, width, _ in _SHOWN) + "  stations"
    for row in rows:
        yield f"{row['utc']:<20}" + _figures(row) + "  " + " ".join(row["stations"])


def _figures(row: dict[str, Any]) -> str:
    return "".join(f"{_shown(name, row[name], decimals):>{width}}" for _, name, width, decimals in _SHOWN)


def _shown(name: str, value: float, decimals: int) -> str:
    """Return a figure in fewer decimals, by the same rule."""
    return f"{_rounded(name, np.array(value), decimals):.{decimals}f}"


def day_lines(place: SkyPlace, day: LunarDay, *, form: str, head: Sequence[str]) -> Iterator[str]:
    """Yield the lines of an almanac: the events of a lunar day, each with the sky at that time.

    Args:
        place: Where.
        day: The events.
        form: `text`, `json` or `csv`.
        head: Place and sources in lines, for people.
    """
    rows = list(_event_rows(place, day))
    if form == "csv":
        return _csv(rows, "event", "hours_since_sunrise")
    if form == "json":
        return _json_list(rows)
    return _day_text(place, day, rows, head)


def _event_rows(place: SkyPlace, day: LunarDay) -> Iterator[dict[str, Any]]:
    if not day.events:
        return
    table = sky_table(place, EPOCH, [event.time_s for event in day.events])
    names = [station.name for station in place.stations]
    for event, row in zip(day.events, _rows(table, EPOCH, names), strict=True):
        hours = round((event.time_s - day.sunrise_s[0]) / 3600, 3) if len(day.sunrise_s) else None
        yield {"event": event.name, "hours_since_sunrise": hours, **row}


def _day_text(
    place: SkyPlace, day: LunarDay, rows: list[dict[str, Any]], head: Sequence[str]
) -> Iterator[str]:
    yield f"Lunar day {day.number} over {head[0]}"
    yield from (f"  {line}" for line in head[1:])
    yield f"  local midnights {EPOCH.utc_at(day.begin_s)} and {EPOCH.utc_at(day.end_s)}"
    if len(day.sunrise_s) and len(day.sunset_s):
        yield f"  from sunrise to sunset {(day.light_s[1] - day.light_s[0]) / 3600:.1f} h"
    else:
        yield "  the Sun's centre does not both rise and set in it"
    yield ""
    yield (
        f"{'event':<20}{'UTC':<20}{'since sunrise h':>16}{'Sun az':>8}{'el deg':>8}{'relay el deg':>13}{'light s':>9}"
    )
    for row in rows:
        if not row["event"].startswith(("aos_", "los_")):
            yield _event_line(row)
    yield ""
    yield from _pass_lines(place, day)


def _event_line(row: dict[str, Any]) -> str:
    hours = "-" if row["hours_since_sunrise"] is None else f"{row['hours_since_sunrise']:.1f}"
    words = row["event"].replace("_", " ").replace("sun ", "Sun ")
    figures = "".join(
        f"{_shown(name, row[name], decimals):>{width}}"
        for name, width, decimals in (
            ("sun_azimuth_deg", 8, 2),
            ("sun_elevation_deg", 8, 2),
            ("relay_elevation_deg", 13, 2),
            ("one_way_light_time_s", 9, 3),
        )
    )
    return f"{words:<20}{row['utc']:<20}{hours:>16}{figures}"


def _pass_lines(place: SkyPlace, day: LunarDay) -> Iterator[str]:
    light_s = day.light_s[1] - day.light_s[0]
    seen_s = float((day.passes.any_station[:, 1] - day.passes.any_station[:, 0]).sum())
    masks = ", ".join(f"{s.name} {np.degrees(s.mask_rad):g} deg" for s in place.stations)
    yield f"passes of the relay over stations, above {masks}"
    yield f"  at least one sees it {100 * seen_s / light_s:.1f} % of the time"
    yield f"{'station':<20}{'AOS':<21}{'LOS':<21}{'hours':>6}"
    spans = sorted((*span, name) for name, own in day.passes.by_station.items() for span in own.tolist())
    for aos, los, name in spans:
        begun = "  begun before" if aos == day.light_s[0] else ""
        going = "  goes on" if los == day.light_s[1] else ""
        yield f"{name:<20}{EPOCH.utc_at(aos):<21}{EPOCH.utc_at(los):<21}{(los - aos) / 3600:>6.1f}{begun}{going}"
