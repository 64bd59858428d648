"""What the page of a mission tells, read from its folder: the timeline with its pictures, the map and the budgets."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any

from rover.core.errors import ResultsError

TIMELINE = "timeline.json"
MAP = "map.png"

PICTURES = {
    "touchdown": ("descent.gif", "descent.png"),
    "panorama": ("panorama.png", "panorama-polar.png"),
    "ring of pairs": ("pcam.png", "pcam-anaglyph.png"),
    "portraits": ("portrait-lander.png", "portrait-rover.png"),
}
"""By event, for those whose pictures the timeline does not name."""

CAPTIONS = {
    "descent.gif": "The descent camera's film",
    "descent.png": "The descent, and the scan that the place was chosen by",
    "panorama.png": "The lander's panorama",
    "panorama-polar.png": "The same as a disc, the horizon at its rim",
    "pcam.png": "The ring of the rover's panoramic camera, left eye",
    "pcam-anaglyph.png": "The same for red and cyan glasses",
    "portrait-lander.png": "The lander by the rover",
    "portrait-rover.png": "The rover by the lander",
    "radargram.png": "The ground below, by the rover's radar",
    "rollout.png": "The ground before the rails, what the site check found, and the steps",
    "energy.png": "The rover's battery, its array and its loads",
    "biosphere.png": "The biosphere",
    "link.png": "The link: geometry, passes, rates and stores",
    MAP: "Where things are",
}

_KINDS = (".png", ".gif", ".jpg", ".jpeg", ".webp")

_UNITS = (
    ("_m_s", "m/s"), ("_kbit_s", "kbit/s"), ("_mbit_s", "Mbit/s"), ("_bit_s", "bit/s"), ("_kbit", "kbit"),
    ("_mbit", "Mbit"), ("_gbit", "Gbit"), ("_bit", "bit"), ("_deg_h", "deg h"), ("_degc", "°C"), ("_deg_c", "°C"),
    ("_deg", "deg"), ("_km", "km"), ("_mm", "mm"), ("_kg", "kg"), ("_ml", "ml"), ("_mhz", "MHz"), ("_wh", "Wh"),
    ("_kj", "kJ"), ("_mj", "MJ"), ("_min", "min"), ("_db", "dB"), ("_ns", "ns"), ("_k", "K"), ("_w", "W"),
    ("_j", "J"), ("_c", "°C"), ("_h", "h"), ("_s", "s"), ("_m", "m"),
)  # fmt: skip


_IN_WORDS = {"soc": "state of charge"}
"""Names of figures that are short for something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A picture of the page.

    Attributes:
        name: Its file's, in the mission's folder.
        caption: What it shows.
        there: Whether there is such a file.
    """

    name: str
    caption: str
    there: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An event.

    Attributes:
        utc, beijing: `YYYY-MM-DD HH:MM:SS` by both clocks.
        name, words, reason: Short; what happens; and why, where that is told.
        figures: Name and value with its unit.
        derived: Whether the simulation found the time.
        pictures: Taken then.
    """

    utc: str
    beijing: str
    name: str
    words: str
    reason: str = ""
    figures: Sequence[tuple[str, str]] = ()
    derived: bool = True
    pictures: Sequence[Shown] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """A table.

    Attributes:
        name: Of what.
        columns: With their units.
        rows: Of as many cells.
    """

    name: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """All of a page.

    Attributes:
        title, seed: Of the mission.
        days: Date, and the events of that day by UTC.
        budgets: Tables.
        chart: The map, or None.
        others: Pictures that no event has.
    """

    title: str
    seed: str
    days: Sequence[tuple[str, Sequence[Entry]]]
    budgets: Sequence[Budget] = ()
    chart: Shown | None = None
    others: Sequence[Shown] = field(default=())

    @property
    def entries(self) -> list[Entry]:
        """Events of all days."""
        return [entry for _, day in self.days for entry in day]


def read_page(folder: Path) -> Page:
    """Return what the page of a mission's folder tells: whatever events, pictures and budgets its timeline has.

    Raises:
        ResultsError: No timeline, or one that cannot be read.
    """
    path = folder / TIMELINE
    try:
        table = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise ResultsError(f"cannot be read ({why})", remedy="run farside mission again", file=path) from None
    events = table.get("events") if isinstance(table, dict) else None
    if not isinstance(events, list):
        raise ResultsError("has no list of events", remedy="run farside mission again", file=path)
    entries = [_entry(event, number, folder, path) for number, event in enumerate(events)]
    entries.sort(key=lambda entry: entry.utc)
    taken = {picture.name for entry in entries for picture in entry.pictures}
    chart = Shown(name=MAP, caption=CAPTIONS[MAP]) if (folder / MAP).is_file() else None
    others = sorted(p.name for p in folder.iterdir() if p.suffix.lower() in _KINDS)
    return Page(
        title=str(table.get("mission", "mission")),
        seed=str(table.get("seed", "")),
        days=[(day, list(group)) for day, group in groupby(entries, key=lambda entry: entry.utc[:10])],
        budgets=_budgets(table.get("budgets"), path),
        chart=chart,
        others=[_shown(name, folder) for name in others if name not in taken and name != MAP],
    )


def _entry(event: Any, number: int, folder: Path, path: Path) -> Entry:
    try:
        utc, name = str(event["utc"]), str(event["event"])
        return Entry(
            utc=_clock(utc),
            beijing=_clock(str(event.get("beijing", ""))),
            name=name,
            words=str(event.get("words", "")),
            reason=str(event.get("reason") or ""),
            figures=[told_figure(key, value) for key, value in (event.get("figures") or {}).items()],
            derived=bool(event.get("derived", True)),
            pictures=_pictures(event, name, folder),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise ResultsError(
            f"is no event with utc, event and words ({error})", remedy="run farside mission again", file=path,
            field=f"events[{number}]",
        ) from None  # fmt: skip


def _pictures(event: Mapping[str, Any], name: str, folder: Path) -> list[Shown]:
    """Return the pictures that an event names, or those that are known to be of it and are there."""
    given = event.get("pictures") or event.get("picture")
    if not given:
        return [_shown(known, folder) for known in PICTURES.get(name, ()) if (folder / known).is_file()]
    return [_shown(str(one), folder) for one in ([given] if isinstance(given, str) else given)]


def _shown(name: str, folder: Path) -> Shown:
    """Return a picture by its name; what is not inside the folder counts as not there."""
    inside = Path(name).name == name and Path(name).suffix.lower() in _KINDS
    there = inside and (folder / name).is_file()
    caption = CAPTIONS.get(name, Path(name).stem.replace("-", " ").replace("_", " "))
    return Shown(name=name, caption=caption, there=there)


def _clock(stamp: str) -> str:
    """Return date and time to the second of an ISO 8601 time."""
    return stamp[:19].replace("T", " ")


def told_figure(name: str, value: Any) -> tuple[str, str]:
    """Return a figure's name in words and its value with the unit that its name ends in."""
    words, unit = _named(name)
    return words, f"{_value(value)} {unit}".strip()


def _named(name: str) -> tuple[str, str]:
    for ending, unit in _UNITS:
        if name.lower().endswith(ending) and len(name) > len(ending):
            return name[: -len(ending)].replace("_", " "), unit
    return _IN_WORDS.get(name, name.replace("_", " ")), ""


def _value(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        return ", ".join(_value(one) for one in value)
    if isinstance(value, float):
        return f"{value:,.10g}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _budgets(tables: Any, path: Path) -> list[Budget]:
    """Return the tables of `budgets`: each a list of rows, a row a table of column and value."""
    if tables is None:
        return []
    try:
        return [_budget(str(name), rows) for name, rows in tables.items()]
    except (AttributeError, TypeError, KeyError):
        raise ResultsError(
            "is no table of lists of rows", remedy="run farside mission again", file=path, field="budgets"
        ) from None


def _budget(name: str, rows: Iterable[Mapping[str, Any]]) -> Budget:
    held = list(rows)
    keys = list(dict.fromkeys(key for row in held for key in row))
    columns = [f"{words}, {unit}" if unit else words for words, unit in map(_named, keys)]
    cells = [[_value(row[key]) if key in row else "" for key in keys] for row in held]
    return Budget(name=name, columns=columns, rows=cells)
