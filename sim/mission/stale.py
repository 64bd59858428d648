"""An almanac that is out of date: what a rover gets that was sent the wrong one."""

from __future__ import annotations

from dataclasses import replace

from rover.core.time import SECONDS_PER_DAY, Epoch
from rover.sky.almanac import Almanac, build_almanac


def stale_almanac(almanac: Almanac, *, late_s: float) -> Almanac:
    """Return an almanac that has the Sun at each time where it was so much earlier, without a relay.

    Args:
        almanac: The right one.
        late_s: By how much it is out of date; negative, it is ahead.
    """
    epoch = almanac.epoch
    then = Epoch(tt_jd1=epoch.tt_jd1, tt_jd2=epoch.tt_jd2 - late_s / SECONDS_PER_DAY)
    built = build_almanac(almanac.site, then, duration_s=float(almanac.time_s[-1]))
    return replace(built, epoch=epoch)
