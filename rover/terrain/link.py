"""Where on a map the relay is in view, at an instant and over time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.errors import UsageError
from rover.core.grid import GridGeometry
from rover.core.strips import by_strips
from rover.sky.events import Direction
from rover.terrain.aim import Aims, aims_at, least_rows
from rover.terrain.calendar import checked_times, stretches_above
from rover.terrain.horizon import HorizonMap
from rover.terrain.light_kernels import view_rows

Floats = npt.NDArray[np.float32]
Vector = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_OUT_OF_SIGHT_RAD = 1e4
"""Taken off the relay's elevation while no ground station sees it: then it stands above no horizon."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Link:
    """When the relay is in view of each cell, over a span of time.

    Float32 and cut at the ends of the span as `rover.terrain.light.Light` is: a cell that never sees the relay has no
    first and last time (NaN) and an outage as long as the span, one that always does an outage of 0 s. Where the
    horizon is unknown all are NaN.

    Attributes:
        geometry: Where the cells are.
        time_s: (n,) times looked at, since the caller's epoch.
        margin_rad: How far above the horizon the relay must stand.
        first_link_s, last_link_s: (rows, cols) seconds since `time_s[0]`.
        longest_outage_s, link_s: (rows, cols) longest time without the relay; time with it in all.
        link_share: (n,) share of the cells with a known horizon that see it at each time; NaN if there is none.
    """

    geometry: GridGeometry
    time_s: Vector
    margin_rad: float
    first_link_s: Floats
    last_link_s: Floats
    longest_outage_s: Floats
    link_s: Floats
    link_share: Vector

    def __post_init__(self) -> None:
        count = len(self.time_s)
        for name in ("time_s", "link_share"):
            object.__setattr__(self, name, locked(getattr(self, name), np.float64, (count,), name))
        for name in ("first_link_s", "last_link_s", "longest_outage_s", "link_s"):
            held = locked(getattr(self, name), np.float32, self.geometry.shape, name)
            object.__setattr__(self, name, held)


def link_mask(
    horizon: HorizonMap, relay: Direction, *, margin_rad: float = 0.0, out: Mask | None = None
) -> Mask:
    """Return where the relay stands on the horizon or higher, at one instant.

    Args:
        horizon: The horizon map of the antenna's height.
        relay: The relay at one time over the map's site, its azimuth from true north, as `relay_from_moon` gives it.
        margin_rad: How far above the horizon it must stand.
        out: (rows, cols) bool to write into; by default a new array.

    Returns:
        (rows, cols) bool; false where the horizon is unknown.

    Raises:
        UsageError: Not one instant, a direction or margin that is not finite, an `out` of another shape.
    """
    if np.size(relay.azimuth_rad) != 1:
        remedy = "give the relay at one time, or take link_masks"
        value = np.size(relay.azimuth_rad)
        raise UsageError("a mask of more than one instant", remedy=remedy, field="relay", value=value)
    (mask,) = _masks(horizon, relay, margin_rad, out)
    return mask


def link_masks(
    horizon: HorizonMap,
    relay: Direction,
    time_s: npt.ArrayLike,
    *,
    margin_rad: float = 0.0,
    out: Mask | None = None,
) -> Iterator[tuple[float, Mask]]:
    """Yield (time, mask) one after the other.

    Args:
        horizon, margin_rad: As for `link_mask`.
        relay: At n times.
        time_s: (n,) ascending, since the caller's epoch.
        out: (rows, cols) bool that each mask is written into, over the one before; by default each is a new array.

    Raises:
        UsageError: As for `link_mask`, and times that do not ascend or are not n.
    """
    checked_times(time_s, np.size(relay.azimuth_rad))
    masks = _masks(horizon, relay, margin_rad, out)
    return zip(np.atleast_1d(np.asarray(time_s, np.float64)).tolist(), masks, strict=True)


def link_over(
    horizon: HorizonMap,
    relay: Direction,
    time_s: npt.ArrayLike,
    *,
    margin_rad: float = 0.0,
    seen: npt.ArrayLike | None = None,
) -> Link:
    """Return when the relay is in view of each cell.

    Args:
        horizon, margin_rad: As for `link_mask`.
        relay: At n times.
        time_s: (n,) ascending, since the caller's epoch. Between two of them the relay's height above the horizon is
            taken to change evenly.
        seen: (n,) bool, whether a ground station sees the relay then, as `RelayAlmanac.is_seen` tells; by default
            always. Of a step at one end of which none does, nothing counts as link.

    Raises:
        UsageError: As for `link_masks`, and a `seen` of another length.
    """
    lowered = _checked_margin(margin_rad) + _hidden(seen, np.size(relay.azimuth_rad))
    found = stretches_above(horizon, aims_at(horizon, relay, lowered_rad=lowered), time_s)
    return Link(
        geometry=horizon.geometry,
        time_s=np.atleast_1d(np.array(time_s, np.float64)),
        margin_rad=margin_rad,
        first_link_s=found.begins,
        last_link_s=found.ends,
        longest_outage_s=found.longest_below,
        link_s=found.above,
        link_share=found.share,
    )


def _hidden(seen: npt.ArrayLike | None, count: int) -> Vector:
    """Return (n,) what is taken off the relay's elevation."""
    if seen is None:
        return np.zeros(count)
    told = np.asarray(seen, np.bool_)
    if told.shape != (count,):
        remedy = f"give {count}, one for each direction"
        raise UsageError("not one for each time", remedy=remedy, field="seen", value=f"{told.size} values")
    return np.where(told, 0.0, _OUT_OF_SIGHT_RAD)


def _checked_margin(margin_rad: float) -> float:
    if not abs(margin_rad) <= math.pi / 2:
        remedy = "give an angle in radians within a quarter turn, such as 0.05"
        raise UsageError("not a margin", remedy=remedy, field="margin_rad", value=margin_rad)
    return margin_rad


def _masks(horizon: HorizonMap, relay: Direction, margin_rad: float, out: Mask | None) -> Iterator[Mask]:
    """Check what is given and return the masks to come."""
    aims = aims_at(horizon, relay, lowered_rad=_checked_margin(margin_rad))
    if out is not None and (out.shape != horizon.geometry.shape or out.dtype != np.bool_):
        rows, cols = horizon.geometry.shape
        raise UsageError(
            "not an array that the mask can be written into",
            remedy=f"give bool of {rows} x {cols} cells",
            field="out",
            value=f"{out.dtype} of {' x '.join(map(str, out.shape))} cells",
        )
    return (_mask(horizon, aims, t, out) for t in range(len(aims.weight)))


def _mask(horizon: HorizonMap, aims: Aims, t: int, out: Mask | None) -> Mask:
    mask = np.empty(horizon.geometry.shape, np.bool_) if out is None else out

    def work(first: int, last: int) -> None:
        view_rows(horizon.steps, aims, t, mask, first, last)

    by_strips(horizon.geometry.rows, work, least=least_rows(horizon.geometry))
    return mask
