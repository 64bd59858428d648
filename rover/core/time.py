"""Time: UTC as text at the edges, Terrestrial Time inside, seconds since an epoch in between."""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass

import erfa
import numpy as np
import numpy.typing as npt

from rover.core.errors import TimeError

SECONDS_PER_DAY = 86_400.0
SYNODIC_MONTH_S = 29.530589 * SECONDS_PER_DAY
"""Mean lunar day (Meeus, Astronomical Algorithms, ch. 49)."""

FIRST_YEAR, LAST_YEAR = 1972, 2100
"""UTC as it is counted today began in 1972; the series for Earth and Moon are good beyond 2100."""

_ISO = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d(?:\.\d+)?))?Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Epoch:
    """An instant in Terrestrial Time, as a two-part Julian date, from which `time_s` is counted."""

    tt_jd1: float
    tt_jd2: float

    def tt_at(self, time_s: npt.ArrayLike) -> tuple[float, npt.NDArray[np.float64]]:
        """Return the two-part TT Julian date of times since this epoch."""
        return self.tt_jd1, self.tt_jd2 + np.asarray(time_s, np.float64) / SECONDS_PER_DAY

    def utc_at(self, time_s: float) -> str:
        """Return the UTC of a time since this epoch, to the second, as ISO 8601 with Z."""
        jd1, jd2 = self.tt_at(time_s)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", erfa.ErfaWarning)  # leap seconds to come are not known
            utc1, utc2 = erfa.taiutc(*erfa.tttai(jd1, float(jd2)))
            year, month, day, clock = erfa.d2dtf("UTC", 0, utc1, utc2)
        hour, minute, second, _ = (int(v) for v in clock.item())
        return f"{int(year):04d}-{int(month):02d}-{int(day):02d}T{hour:02d}:{minute:02d}:{second:02d}Z"

    def seconds_until(self, other: Epoch) -> float:
        """Return the seconds from this epoch to another."""
        days = (other.tt_jd1 - self.tt_jd1) + (other.tt_jd2 - self.tt_jd2)
        return days * SECONDS_PER_DAY


def parse_utc(text: str, *, field: str = "utc", file: str | None = None) -> Epoch:
    """Read `YYYY-MM-DDThh:mm[:ss[.s]]Z`.

    Raises:
        TimeError: Not of that form, no such date, or outside the years served.
    """

    def refuse(what: str) -> TimeError:
        remedy = "write UTC as 2019-01-03T14:22:00Z"
        return TimeError(what, remedy=remedy, field=field, file=file, value=text)

    match = _ISO.fullmatch(text.strip())
    if match is None:
        raise refuse("not a UTC date and time")
    year, month, day, hour, minute = (int(match[i]) for i in range(1, 6))
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise refuse(f"outside {FIRST_YEAR}-{LAST_YEAR}")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", erfa.ErfaWarning)
            utc = erfa.dtf2d("UTC", year, month, day, hour, minute, float(match[6] or 0))
            tt1, tt2 = erfa.taitt(*erfa.utctai(*utc))
    except erfa.ErfaError:
        raise refuse("no such date or time") from None
    epoch = Epoch(tt_jd1=float(tt1), tt_jd2=float(tt2))
    if (
        epoch.utc_at(-(float(match[6] or 0) % 1))[:16] != text.strip()[:16]
    ):  # seconds that run into the next minute
        raise refuse("no such date or time")
    return epoch
