"""Time: UTC as text at the edges, Terrestrial Time inside, seconds since an epoch in between.

Three rules give TT - UTC in seconds, one by era, and `time_note` says which holds:
- since 1972 whole leap seconds, after the last known one none;
- from 1960 to 1972 UTC at rates of its own with steps of fractions of a second, as ERFA's `dat` has them;
- before 1960 there was no UTC: the clock is taken to show UT1, and Delta T follows Espenak and Meeus (2006), Five
  Millennium Canon of Solar Eclipses, NASA/TP-2006-214141 (its polynomials). Good to about a second.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

import erfa
import numpy as np
import numpy.typing as npt

from rover.core.errors import TimeError

SECONDS_PER_DAY = 86_400.0
SYNODIC_MONTH_S = 29.530589 * SECONDS_PER_DAY
"""Mean lunar day (Meeus, Astronomical Algorithms, ch. 49)."""

FIRST_YEAR, LAST_YEAR = 1900, 2100
"""Where ERFA's series for the Earth is made to hold."""

FIRST_YEAR_OF_WHOLE_LEAP_SECONDS = 1972
"""Since when UTC is counted as today."""

LEAP_SECONDS_KNOWN_UNTIL = date(2027, 6, 28)
"""Until when ERFA's leap seconds are complete: expiry of IERS's Leap_Second.dat of Bulletin C 72, July 2026."""

_MJD_0 = 2_400_000.5
_ORDINAL_OF_MJD_0 = date(1858, 11, 17).toordinal()
_TT_MINUS_TAI_S = 32.184
_UTC_BEGINS = date(1960, 1, 1).toordinal() - _ORDINAL_OF_MJD_0

# Until year, year counted from, coefficients of Delta T in seconds by rising power of years.
_DELTA_T = (
    (1920, 1900, (-2.79, 1.494119, -0.0598939, 0.0061966, -0.000197)),
    (1941, 1920, (21.20, 0.84493, -0.076100, 0.0020936)),
    (1961, 1950, (29.07, 0.407, -1 / 233, 1 / 2547)),
)

_BEYOND_DAYS = 100.0
"""How far beyond these years the series are asked: a lunar day that reaches over the end, and the search for it."""

_JD_SERVED = (
    _MJD_0 + date(FIRST_YEAR, 1, 1).toordinal() - _ORDINAL_OF_MJD_0 - _BEYOND_DAYS,
    _MJD_0 + date(LAST_YEAR + 1, 1, 1).toordinal() - _ORDINAL_OF_MJD_0 + _BEYOND_DAYS,
)

_ISO = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d(?:\.\d+)?))?(Z|[+-](?:0\d|1[0-4]):[0-5]\d)?", re.ASCII
)


class _YearsError(ValueError):
    """A time that is written well, in a year that is not served."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """An instant in Terrestrial Time, as a two-part Julian date, from which `time_s` is counted."""

    tt_jd1: float
    tt_jd2: float

    def tt_at(self, time_s: npt.ArrayLike) -> tuple[float, npt.NDArray[np.float64]]:
        """Return the two-part TT Julian date of times since this epoch."""
        return self.tt_jd1, self.tt_jd2 + np.asarray(time_s, np.float64) / SECONDS_PER_DAY

    def utc_at(self, time_s: float) -> str:
        """Return the UTC of a time since this epoch, to the nearest second, as ISO 8601 with Z."""
        day, second = self._utc_day(time_s)
        whole = round(second)
        if whole >= _day_length_s(day):
            day, whole = day + 1, 0
        minute = min(whole // 60, 1439)  # a leap second belongs to the last minute
        clock = f"{minute // 60:02d}:{minute % 60:02d}:{whole - 60 * minute:02d}"
        return f"{_date(day).isoformat()}T{clock}Z"

    def seconds_until(self, other: Epoch) -> float:
        """Return the seconds from this epoch to another."""
        days = (other.tt_jd1 - self.tt_jd1) + (other.tt_jd2 - self.tt_jd2)
        return days * SECONDS_PER_DAY

    def _utc_day(self, time_s: float) -> tuple[int, float]:
        """Return the Modified Julian Day in UTC and the seconds of UTC since it began."""
        tt_days = self.tt_jd2 + time_s / SECONDS_PER_DAY
        day = (
            int((self.tt_jd1 - _MJD_0 + tt_days) // 1) + 1
        )  # where TT is behind UT1, as in 1900, it begins later
        while True:
            offset_s, rate = _tt_minus_utc(day)
            elapsed_s = ((self.tt_jd1 - _MJD_0 - day) + tt_days) * SECONDS_PER_DAY - offset_s
            second = elapsed_s / (1.0 + rate / SECONDS_PER_DAY)
            if second >= -1e-6:  # rounding of the Julian date must not push midnight into the day before
                return day, second
            day -= 1


def parse_utc(
    text: str,
    *,
    field: str = "utc",
    file: str | None = None,
    first_year: int = FIRST_YEAR,
) -> Epoch:
    """Read `YYYY-MM-DDThh:mm[:ss[.s]]` followed by `Z` or an offset such as `+08:00`.

    Raises:
        TimeError: Not of that form, without zone, no such date, or outside `first_year` to `LAST_YEAR`.
    """
    try:
        day, minute, second = _read(text, first_year)
    except ValueError as error:
        remedy = "write UTC as 2019-01-03T14:22:00Z, or with its offset as 2019-01-03T22:22:00+08:00"
        if isinstance(error, _YearsError):
            remedy = f"give a time in the years {first_year} to {LAST_YEAR}"
        raise TimeError(str(error), remedy=remedy, field=field, file=file, value=text) from None
    offset_s, rate = _tt_minus_utc(day)
    clock_s = 60.0 * minute + float(second)
    tt_s = clock_s + offset_s + rate * clock_s / SECONDS_PER_DAY
    return Epoch(tt_jd1=_MJD_0 + day, tt_jd2=tt_s / SECONDS_PER_DAY)


def with_z(text: str) -> str:
    """Return a date and time that `parse_utc` accepts as the same instant written with Z.

    Raises:
        ValueError: It does not accept it.
    """
    day, minute, second = _read(text, FIRST_YEAR)
    return f"{_date(day).isoformat()}T{minute // 60:02d}:{minute % 60:02d}:{second}Z"


def time_note(epoch: Epoch) -> str | None:
    """Return in one sentence what stands between this instant's UTC and TT, or None where leap seconds are known."""
    day, _ = epoch._utc_day(0.0)
    offset_s, _ = _tt_minus_utc(day)
    if day < _UTC_BEGINS:
        return (
            f"there was no UTC before 1960: times are taken as UT1, with Delta T = {offset_s:.1f} s "
            "after Espenak and Meeus (2006), good to about a second"
        )
    if _date(day).year < FIRST_YEAR_OF_WHOLE_LEAP_SECONDS:
        return (
            "before 1972 UTC ran at a rate of its own and was set by fractions of a second: "
            f"TAI - UTC = {offset_s - _TT_MINUS_TAI_S:.3f} s that day"
        )
    if _date(day) >= LEAP_SECONDS_KNOWN_UNTIL:
        return (
            f"leap seconds are known until {LEAP_SECONDS_KNOWN_UNTIL.isoformat()}: none is assumed after that "
            f"(TAI - UTC stays {offset_s - _TT_MINUS_TAI_S:.0f} s)"
        )
    return None


def utc_julian_date(tt_jd1: float, tt_jd2: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return (n,) second parts of the two-part Julian date in UTC, by the rules above; the first part stays.

    A leap second is told as the second before it.
    """
    tt_days = (tt_jd1 - _MJD_0) + tt_jd2
    day = np.floor(tt_days)
    for _ in range(2):  # the day in TT may be the one after that in UTC, or before 1902 the one before
        offset_s, rate = _by_day(day)
        day = np.floor(tt_days - offset_s / SECONDS_PER_DAY)
    offset_s, rate = _by_day(day)
    elapsed_s = (tt_days - day) * SECONDS_PER_DAY - offset_s
    share = elapsed_s / (SECONDS_PER_DAY + rate)
    return np.asarray(tt_jd2 - (offset_s + rate * share) / SECONDS_PER_DAY)


def _by_day(day: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return TT - UTC at the beginning of (n,) Modified Julian Days and its growth over each, (n,) seconds."""
    days, where = np.unique(day, return_inverse=True)
    first = int(np.searchsorted(days, _UTC_BEGINS))
    before = np.array([_tt_minus_utc(int(d)) for d in days[:first].tolist()], np.float64).reshape(-1, 2)
    rules = np.concatenate([before, np.stack(_since_1960(days[first:]), axis=-1)])
    return rules[where, 0], rules[where, 1]


def _since_1960(day: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return what `_by_day` does, of days for which ERFA knows a rule."""
    year, month, on, _ = erfa.jd2cal(_MJD_0, day)
    with warnings.catch_warnings():
        # that leap seconds to come are not known: `time_note`
        warnings.simplefilter("ignore", erfa.ErfaWarning)
        midnight, noon = (erfa.dat(year, month, on, part) for part in (0.0, 0.5))
    return midnight + _TT_MINUS_TAI_S, 2.0 * (noon - midnight)


def check_served(tt_jd1: float, tt_jd2: npt.NDArray[np.float64]) -> None:
    """Refuse times that series made for the years served are not asked for.

    Args:
        tt_jd1, tt_jd2: Two-part Julian date in TT, the second part (n,), finite.

    Raises:
        TimeError: More than `_BEYOND_DAYS` before the first year served or after the last.
    """
    if tt_jd2.size == 0:
        return
    least, most = tt_jd1 + float(tt_jd2.min()), tt_jd1 + float(tt_jd2.max())
    for date_, outside in ((least, least < _JD_SERVED[0]), (most, most > _JD_SERVED[1])):
        if outside:
            what = f"outside {FIRST_YEAR}-{LAST_YEAR} by more than {_BEYOND_DAYS:.0f} days"
            raise TimeError(
                what, remedy="give a time of those years", field="Julian date", value=round(date_, 3)
            )


def _read(text: str, first_year: int) -> tuple[int, int, str]:
    """Return Modified Julian Day, minute of the day and the second as written, all in UTC.

    Raises:
        ValueError: What is wrong.
    """
    match = _ISO.fullmatch(text.strip())
    if match is None:
        raise ValueError("not a UTC date and time")
    if match[7] is None:
        raise ValueError("a time without zone")
    second = match[6] or "00"
    year, month, day_of_month, hour, minute_of_hour = (int(match[i]) for i in range(1, 6))
    try:
        moment = datetime(year, month, day_of_month, hour, minute_of_hour) - _offset(match[7])
    except (ValueError, OverflowError):
        raise ValueError("no such date or time") from None
    if not first_year <= moment.year <= LAST_YEAR:
        raise _YearsError(f"outside {first_year}-{LAST_YEAR}")
    day, minute = moment.toordinal() - _ORDINAL_OF_MJD_0, 60 * moment.hour + moment.minute
    length_s = 60.0 if minute < 1439 else _day_length_s(day) - 1439 * 60.0
    if not float(second) < length_s:
        raise ValueError("no such date or time")
    return day, minute, second


def _offset(zone: str) -> timedelta:
    if zone == "Z":
        return timedelta()
    east = timedelta(hours=int(zone[1:3]), minutes=int(zone[4:6]))
    return east if zone[0] == "+" else -east


def _date(day: int) -> date:
    return date.fromordinal(day + _ORDINAL_OF_MJD_0)


def _day_length_s(day: int) -> float:
    """Return the seconds of UTC in a Modified Julian Day: 86,400 but for leap seconds and the steps before 1972."""
    offset_s, rate = _tt_minus_utc(day)
    return round(SECONDS_PER_DAY + _tt_minus_utc(day + 1)[0] - offset_s - rate, 9)


@lru_cache(maxsize=4096)
def _tt_minus_utc(day: int) -> tuple[float, float]:
    """Return TT - UTC at the beginning of a Modified Julian Day in s, and its growth over the day in s."""
    if day < _UTC_BEGINS:  # continuous, so that no day before 1960 is longer or shorter
        begins, ends = (_delta_t_s(d) if d < _UTC_BEGINS else _tt_minus_utc(d)[0] for d in (day, day + 1))
        return begins, ends - begins
    offset_s, growth_s = _since_1960(np.array([float(day)]))
    return float(offset_s[0]), float(growth_s[0])


def _delta_t_s(day: int) -> float:
    """Return TT - UT1 at the beginning of a Modified Julian Day before 1961."""
    year = 2000.0 + (day - 51_544) / 365.25
    _, since, powers = next(row for row in _DELTA_T if year < row[0])
    delta_t_s = 0.0
    for power in reversed(powers):
        delta_t_s = delta_t_s * (year - since) + power
    return delta_t_s
