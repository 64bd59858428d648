"""A time axis in days since the start, on which long sleeps are drawn narrow and ticks are UTC dates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.ticker import FixedFormatter, FixedLocator

from rover.core.time import SECONDS_PER_DAY
from sim.view import style
from sim.view.phases import Span, day_month

Array = npt.NDArray[np.float64]

SLEEP_SHARE = 0.07
"""Part of the axis that a sleep is drawn on, where it is longer than that."""
_WORTH_IT, _MOST_SHARE = 1.5, 0.5
"""A sleep is narrowed only where it takes so many times its share, and where all together stay under half."""

_STEPS_MIN = (
    1,
    2,
    5,
    10,
    15,
    30,
    60,
    120,
    180,
    360,
    720,
    1440,
    2880,
    4320,
    7200,
    14400,
    43200,
    129600,
    525600,
)
_UNITS = (1, 2, 5, 10, 20, 50, 100, 200, 500)
_MOST_TICKS = 18


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TimeScale:
    """A rising, piecewise linear map from days to places along an axis, 0 to 1.

    Attributes:
        days, places: (n,) its knots.
        narrowed: Begin and end in days of each stretch that is drawn narrow.
    """

    days: Array
    places: Array
    narrowed: tuple[tuple[float, float], ...]

    def place(self, days: npt.ArrayLike) -> Array:
        """Return places of times; outside the knots, the map goes on as at its ends."""
        return _interp(np.asarray(days, np.float64), self.days, self.places)

    def day(self, places: npt.ArrayLike) -> Array:
        """Return times of places."""
        return _interp(np.asarray(places, np.float64), self.places, self.days)

    def shows(self, day: float) -> bool:
        """Tell whether a time lies where the axis is not narrowed."""
        return not any(begin < day < end for begin, end in self.narrowed)

    @property
    def length(self) -> float:
        """Days from end to end, narrowed stretches left out."""
        return float(self.days[-1] - self.days[0]) - sum(end - begin for begin, end in self.narrowed)

    def shrink(self, stretch: tuple[float, float]) -> float:
        """Return how many times narrower than the rest a narrowed stretch is drawn."""
        wide = (1 - SLEEP_SHARE * len(self.narrowed)) / self.length
        return wide * (stretch[1] - stretch[0]) / SLEEP_SHARE


def _interp(x: Array, knots: Array, values: Array) -> Array:
    before = values[0] + (x - knots[0]) * (values[1] - values[0]) / (knots[1] - knots[0])
    after = values[-1] + (x - knots[-1]) * (values[-1] - values[-2]) / (knots[-1] - knots[-2])
    return np.where(x < knots[0], before, np.where(x > knots[-1], after, np.interp(x, knots, values)))


def time_scale(begin: float, end: float, sleeps: Sequence[tuple[float, float]] = ()) -> TimeScale:
    """Return the scale from begin to end on which each long sleep takes `SLEEP_SHARE` of the axis.

    Args:
        begin, end: In days; begin before end.
        sleeps: Begin and end of each sleep, in order, inside and apart from each other.
    """
    long = tuple(s for s in sleeps if s[1] - s[0] > max(1.0, _WORTH_IT * SLEEP_SHARE * (end - begin)))
    narrowed = long if SLEEP_SHARE * len(long) <= _MOST_SHARE else ()
    days = np.array([begin, *(edge for sleep in narrowed for edge in sleep), end])
    lengths = np.diff(days)
    shares = lengths / lengths[::2].sum() * (1 - SLEEP_SHARE * len(narrowed))
    shares[1::2] = SLEEP_SHARE
    return TimeScale(days=days, places=np.r_[0.0, np.cumsum(shares)], narrowed=narrowed)


def sleeps_in_days(spans: Sequence[Span]) -> list[tuple[float, float]]:
    """Return when the rover was dormant, a little left off at either end so that its edges show."""
    dormant = [(s.begin_s / SECONDS_PER_DAY, s.end_s / SECONDS_PER_DAY) for s in spans if s.name == "dormant"]
    return [(a + 0.03 * (b - a), b - 0.03 * (b - a)) for a, b in dormant]


def date_ticks(scale: TimeScale, start: datetime) -> tuple[list[float], list[str]]:
    """Return ticks on round UTC dates or hours, in days, and their labels.

    Args:
        scale: The axis; narrowed stretches get no ticks.
        start: UTC of day 0.
    """
    wanted = scale.length * 1440 / _MOST_TICKS
    step = next((s for s in _STEPS_MIN if s >= wanted), _STEPS_MIN[-1])
    ticks = [
        t for t in _round_times(start, float(scale.days[0]), float(scale.days[-1]), step) if scale.shows(t)
    ]
    dates = [start + timedelta(days=t, milliseconds=500) for t in ticks]
    return ticks, [_tick_words(a, b, step) for a, b in zip([None, *dates], dates, strict=False)]


def _round_times(start: datetime, first: float, last: float, step_min: int) -> list[float]:
    midnight = start.replace(hour=0, minute=0, second=0, microsecond=0)
    offset = (midnight - start) / timedelta(days=1)
    step = step_min / 1440
    low, high = np.ceil((first - offset) / step - 1e-9), np.floor((last - offset) / step + 1e-9)
    return [float(offset + k * step) for k in np.arange(low, high + 1)]


def _tick_words(before: datetime | None, date: datetime, step_min: int) -> str:
    """Return a tick's label, with what has changed since the tick before it on a second line."""
    if step_min >= 1440:
        month = day_month(date).split()[1]
        return f"{date.day}\n{month}" if before is None or before.month != date.month else str(date.day)
    clock = f"{date:%H:%M}"
    return f"{clock}\n{day_month(date)}" if before is None or before.day != date.day else clock


def draw_time_axis(ax: Axes, scale: TimeScale) -> None:
    """Give an axes this time axis, without ticks of its own."""
    ax.set_xscale("function", functions=(scale.place, scale.day))
    ax.set_xlim(float(scale.days[0]), float(scale.days[-1]))
    ax.xaxis.set_major_locator(FixedLocator([]))
    ax.xaxis.set_minor_locator(FixedLocator([]))


def label_dates(ax: Axes, scale: TimeScale, start: datetime) -> None:
    """Write UTC dates under an axes."""
    ticks, labels = date_ticks(scale, start)
    ax.xaxis.set_major_locator(FixedLocator(ticks))
    ax.xaxis.set_major_formatter(FixedFormatter(labels))
    years = sorted({(start + timedelta(days=float(day))).year for day in scale.days[[0, -1]]})
    ax.set_xlabel(f"date and time, UTC, {' to '.join(map(str, years))}")


def label_days(ax: Axes, scale: TimeScale) -> Axes:
    """Write Earth days, or hours, since the start over an axes; return the axes that carries them."""
    top = ax.twiny()
    draw_time_axis(top, scale)
    unit, size = ("Earth days", 1.0) if scale.length > 2 else ("hours", 1 / 24)
    step = _unit_step(scale.length / size)
    count = round(float(scale.days[-1] - scale.days[0]) / size / step)
    ticks = [t for k in range(count + 1) if scale.shows(t := k * step * size) and t <= scale.days[-1]]
    top.xaxis.set_major_locator(FixedLocator(ticks))
    top.xaxis.set_major_formatter(FixedFormatter([style.number(round(t / size, 6)) for t in ticks]))
    top.set_xlabel(f"{unit} since the start")
    return top


def _unit_step(length: float) -> float:
    choices = [tenths / 10 for tenths in _UNITS] + [float(whole) for whole in _UNITS]
    return next((step for step in choices if length / step <= _MOST_TICKS), choices[-1])
