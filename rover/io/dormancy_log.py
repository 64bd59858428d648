"""Published times of wake and sleep as CSV: lunar_day, rover_wake_utc and rover_sleep_utc, or lander_..., a day a line.

Where there are columns wake_standing and sleep_standing, only times that are "published" count.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from rover.core.errors import LogError
from rover.core.logged_day import LoggedDay
from rover.core.time import SYNODIC_MONTH_S, Epoch, parse_utc
from rover.io.bundle import maps_folder

BUNDLED = "von-karman/yutu2_log.csv"
BUNDLED_LATER = "von-karman/yutu2_log_later.csv"
BUNDLED_LANDER = "von-karman/change4_lander_log.csv"

_NOON_OF_DAY_1 = parse_utc("2019-01-06T11:56Z")
"""At Chang'e 4's landing site, by DE440."""

_FORM = (
    "write a header line lunar_day,rover_wake_utc,rover_sleep_utc and a lunar day a line, times as 2019-01-29T12:00Z"
    " or empty"
)


def read_dormancy_log(path: Path | str | None = None, *, of: str = "rover") -> list[LoggedDay]:
    """Return the rows of a log, by default the rover's of lunar days 2 to 16 that comes with the package.

    Args:
        path: Of the log.
        of: Whose times: the columns begin with it.

    Raises:
        LogError: The file cannot be read, lacks a column, holds a lunar day that is none or comes twice, or a time of
            another lunar day.
        TimeError: A time that is none.
    """
    path = maps_folder() / BUNDLED if path is None else Path(path)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(_rows(csv.DictReader(file), path, of))
    except OSError as error:
        what = f"cannot be read ({error.strerror})"
        raise LogError(what, remedy="check the name and the permissions", file=path) from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise LogError(f"is no CSV ({error})", remedy=_FORM, file=path) from None
    if not rows:
        raise LogError("holds no lunar day", remedy=_FORM, file=path)
    return rows


def read_published_days() -> list[LoggedDay]:
    """Return all rows that come with the package, those of later lunar days too."""
    return read_dormancy_log() + read_dormancy_log(maps_folder() / BUNDLED_LATER)


def read_lander_log() -> list[LoggedDay]:
    """Return the lander's rows that come with the package."""
    return read_dormancy_log(maps_folder() / BUNDLED_LANDER, of="lander")


def _rows(lines: csv.DictReader[str], path: Path, of: str) -> Iterator[LoggedDay]:
    wake, sleep = f"{of}_wake_utc", f"{of}_sleep_utc"
    missing = [name for name in ("lunar_day", wake, sleep) if name not in (lines.fieldnames or ())]
    if missing:
        raise LogError("is missing from the header", remedy=_FORM, file=path, field=missing[0])
    seen: set[int] = set()
    for line in lines:
        where = f"{path}, line {lines.line_num}"
        day = _lunar_day(line["lunar_day"], where)
        if day in seen:
            raise LogError(
                "comes twice", remedy="leave one of them", file=where, field="lunar_day", value=day
            )
        seen.add(day)
        yield LoggedDay(
            lunar_day=day,
            wake=_time(line, wake, day, where),
            sleep=_time(line, sleep, day, where),
            wake_standing=line.get("wake_standing", "published") or "",
            sleep_standing=line.get("sleep_standing", "published") or "",
            source=line.get("source") or line.get("provenance") or "",
        )


def _lunar_day(text: str | None, where: str) -> int:
    if text is None or not text.strip().isdecimal() or int(text) < 1:
        raise LogError("not a lunar day, 1 or more", remedy=_FORM, file=where, field="lunar_day", value=text)
    return int(text)


def _time(line: dict[str, str], name: str, day: int, where: str) -> Epoch | None:
    text = (line[name] or "").strip()
    if not text:
        return None
    time = parse_utc(text, field=name, file=where)
    # By mean months noon is half a day off at most, and a rover in light is a week from midnight or more.
    is_in = 1 + round(_NOON_OF_DAY_1.seconds_until(time) / SYNODIC_MONTH_S)
    if is_in != day:
        remedy = f"correct it or the day: it is a time of lunar day {is_in}"
        raise LogError(f"not in lunar day {day}", remedy=remedy, file=where, field=name, value=text)
    return time
