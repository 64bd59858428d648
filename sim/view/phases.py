"""What a run's telemetry says about when: spans of each mode, nights, naps, and the dates of all these."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import numpy.typing as npt

from rover.core.time import SECONDS_PER_DAY, parse_utc
from sim.run.runlog import RunLog

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of time.

    Attributes:
        name: The mode, or what else it is.
        begin_s, end_s: Since the scenario's epoch.
        row: First row of telemetry that tells of it.
    """

    name: str
    begin_s: float
    end_s: float
    row: int

    @property
    def length_s(self) -> float:
        return self.end_s - self.begin_s


def column(log: RunLog, name: str) -> Array:
    """Return a column of telemetry as float64."""
    return np.asarray(log.telemetry[name], np.float64)


def mode_spans(log: RunLog) -> list[Span]:
    """Return the spans of constant mode in order; the mode of a row held since the row before."""
    time_s, code = column(log, "time_s"), np.asarray(log.telemetry["mode"], np.int64)
    if len(code) == 0:
        return []
    begin_s = np.r_[time_s[0], time_s[:-1]]
    first = np.flatnonzero(np.r_[True, code[1:] != code[:-1]])
    ends = np.r_[begin_s[first[1:]], time_s[-1]]
    spans = [
        Span(
            name=_mode_name(log, int(code[row])), begin_s=float(begin_s[row]), end_s=float(end), row=int(row)
        )
        for row, end in zip(first, ends, strict=True)
    ]
    return [span for span in spans if span.length_s > 0] or spans[:1]


def _mode_name(log: RunLog, code: int) -> str:
    return log.modes[code] if 0 <= code < len(log.modes) else f"mode {code}"


def rests(log: RunLog) -> list[Span]:
    """Return naps and dormancies in order."""
    return [span for span in mode_spans(log) if span.name in ("nap", "dormant")]


def nights(log: RunLog) -> list[Span]:
    """Return the spans with the Sun's centre below the horizon plane, their ends interpolated."""
    time_s, elevation = column(log, "time_s"), column(log, "sun_elevation_rad")
    if len(time_s) == 0:
        return []
    down = elevation < 0
    edges = np.flatnonzero(down[1:] != down[:-1])
    share = elevation[edges] / (elevation[edges] - elevation[edges + 1])
    crossings = time_s[edges] + share * (time_s[edges + 1] - time_s[edges])
    bounds = np.r_[time_s[0], crossings, time_s[-1]]
    rows = np.r_[0, edges + 1]
    return [
        Span(name="night", begin_s=float(bounds[i]), end_s=float(bounds[i + 1]), row=int(rows[i]))
        for i in range(len(bounds) - 1)
        if down[rows[i]]
    ]


def lunar_days(log: RunLog) -> list[Span]:
    """Return the spans with the Sun up, named by the lunar day, counted from the start."""
    time_s = column(log, "time_s")
    if len(time_s) == 0:
        return []
    dark = nights(log)
    begins = [float(time_s[0]), *(night.end_s for night in dark)]
    ends = [*(night.begin_s for night in dark), float(time_s[-1])]
    lit = [(begin, end) for begin, end in zip(begins, ends, strict=True) if end > begin]
    return [
        Span(name=f"lunar day {i}", begin_s=begin, end_s=end, row=int(np.searchsorted(time_s, begin)))
        for i, (begin, end) in enumerate(lit, start=1)
    ]


def date_at(log: RunLog, time_s: float) -> datetime:
    """Return the UTC of a time since the scenario's epoch."""
    return utc_date(parse_utc(str(log.scenario["start_utc"])).utc_at(time_s))


def utc_date(text: str) -> datetime:
    """Read UTC as `Epoch.utc_at` writes it; a leap second counts as the next second."""
    if text.endswith(":60Z"):
        return datetime.fromisoformat(text[:-3] + "59Z").astimezone(UTC) + timedelta(seconds=1)
    return datetime.fromisoformat(text).astimezone(UTC)


def day_month(date: datetime) -> str:
    """Return a date such as `6 Jan`, in English whatever the locale."""
    names = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
    return f"{date.day} {names[date.month - 1]}"


def date_span(log: RunLog) -> str:
    """Return when the run began and ended, in UTC."""
    time_s = column(log, "time_s")
    begin = date_at(log, float(time_s[0]) if len(time_s) else 0.0)
    end = date_at(log, float(time_s[-1]) if len(time_s) else 0.0)
    first, last = (f"{date.day} {day_month(date)[-3:]} {date.year} {date:%H:%M}" for date in (begin, end))
    return f"{first} UTC" if first == last else f"{first} to {last} UTC"


def duration(seconds: float) -> str:
    """Return a duration in the unit a person would choose."""
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 2 * 3600:
        return f"{seconds / 60:.0f} min"
    if seconds < 2 * SECONDS_PER_DAY:
        return f"{seconds / 3600:.1f} h"
    return f"{seconds / SECONDS_PER_DAY:.1f} days"


def driven_m(log: RunLog) -> Array:
    """Return (n, 2) east and north of the rover, a row for each place that differs from the one before."""
    path = np.column_stack([column(log, "east_m"), column(log, "north_m")])
    if len(path) == 0:
        return path
    moved = np.r_[True, np.any(path[1:] != path[:-1], axis=1)]
    return path[moved]
