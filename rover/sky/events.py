"""When something in the sky happens: edges of functions of time, all found by one search.

A function of time says at (n,) times what holds there: whether the Sun is up, which stations see the relay. An event is
a time at which its value changes. `find_edges` looks for these; what follows it only makes functions to be searched.

The idea is that of skyfield's `searchlib.find_discrete`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.station import Station
from rover.core.time import Epoch
from rover.sky.stations import stations_see

Vector = npt.NDArray[np.float64]
State = Callable[[Vector], npt.NDArray[Any]]
"""From (n,) times in seconds to (n,) bools or whole numbers; a pure function."""
Quantity = Callable[[Vector], Vector]
"""From (n,) times in seconds to (n,) values."""

TOLERANCE_S = 1.0
"""Of events in the sky: the Sun's elevation changes by 1e-4 deg meanwhile, a hundredth of what is known of it."""

_PARTS = 8
"""Parts that a bracket is cut into at each evaluation: three halvings at once."""

_APART_S = 60.0
"""Between the two values that tell whether something grows."""


class Direction(Protocol):
    """Where something stands at n times: `Track`, `RelayTrack` and `StationTrack` are such."""

    @property
    def azimuth_rad(self) -> Vector:
        """(n,) clockwise from north."""

    @property
    def elevation_rad(self) -> Vector:
        """(n,) above the plane of the horizon."""


class Disc(Direction, Protocol):
    """Where the centre of a disc stands, and how wide that is."""

    @property
    def angular_diameter_rad(self) -> Vector:
        """(n,) from limb to limb."""


Horizon = Callable[[Vector], Vector]
"""From (n,) azimuths to the (n,) elevations of the horizon there, in radians."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Edges:
    """A function of time over a span, told by its edges.

    Attributes:
        from_s, until_s: The span.
        before: (1,) value at `from_s`.
        time_s: (n,) times of the edges, ascending: each is the earliest time at which the new value was seen.
        value: (n,) the new values.
    """

    from_s: float
    until_s: float
    before: npt.NDArray[Any]
    time_s: Vector
    value: npt.NDArray[Any]

    def __post_init__(self) -> None:
        count = len(self.time_s)
        kind = np.asarray(self.value).dtype.type
        object.__setattr__(self, "before", locked(self.before, kind, (1,), "before"))
        object.__setattr__(self, "time_s", locked(self.time_s, np.float64, (count,), "time_s"))
        object.__setattr__(self, "value", locked(self.value, kind, (count,), "value"))

    def to(self, value: object) -> Vector:
        """Return the times at which the function takes a value: of a bool, True for rises and False for sets."""
        return np.asarray(self.time_s[self.value == value])

    def where(self, holds: Callable[[npt.NDArray[Any]], npt.NDArray[np.bool_]]) -> Edges:
        """Return the edges of what holds of the value, such as one bit of it."""
        truth = np.asarray(holds(np.concatenate([self.before, self.value])), bool)
        changed = truth[1:] != truth[:-1]
        return Edges(
            from_s=self.from_s,
            until_s=self.until_s,
            before=truth[:1],
            time_s=self.time_s[changed],
            value=truth[1:][changed],
        )

    def spans(self) -> Vector:
        """Return (k, 2): begin and end of each stretch in which the function is true, cut at the span's ends."""
        truth = self.where(lambda value: value.astype(bool))
        begins, ends = truth.to(True), truth.to(False)
        if truth.before[0]:
            begins = np.r_[self.from_s, begins]
        if len(ends) < len(begins):
            ends = np.r_[ends, self.until_s]
        return np.column_stack([begins, ends])


def find_edges(
    state: State, from_s: float, until_s: float, *, step_s: float, tolerance_s: float = TOLERANCE_S
) -> Edges:
    """Return the edges of a function of time within `from_s` < time <= `until_s`.

    The function is evaluated at both ends and at whole multiples of the step between them. Wherever two neighbouring
    values differ, the stretch between is cut in parts and what differs is kept, until all stretches are as short as
    asked; they are refined together. What returns to the same value within a step is missed, unless a cut happens to
    fall into it: the step must be shorter than the shortest stretch that matters. Between two different values
    nothing is lost, however many values follow one another there, down to the tolerance.

    An edge belongs to the span in which its value is new: that at `until_s` does, that at `from_s` does not. So of two
    spans that share an end one finds it, and only one.

    Args:
        state: The function.
        from_s, until_s: The span.
        step_s: Between evaluations.
        tolerance_s: An edge lies at most so much before the time returned for it.

    Raises:
        ValueError: The span is not finite or runs backwards; step or tolerance are not positive or shorter than
            floating-point numbers can tell.
    """
    _check_span(from_s, until_s, step_s, tolerance_s)
    grid = np.arange(np.ceil(from_s / step_s), np.floor(until_s / step_s) + 1) * step_s
    times = np.unique(np.r_[from_s, grid[(grid > from_s) & (grid < until_s)], until_s])
    values = np.asarray(state(times))
    low, high, value = _changes(times[None], values[None])
    share = np.linspace(0.0, 1.0, _PARTS + 1)
    while len(low) and (high - low).max() > tolerance_s:
        cuts = low[:, None] + (high - low)[:, None] * share
        cuts[:, -1] = high
        low, high, value = _changes(cuts, np.asarray(state(cuts.ravel())).reshape(cuts.shape))
    return Edges(from_s=from_s, until_s=until_s, before=values[:1], time_s=high, value=value)


def _check_span(from_s: float, until_s: float, step_s: float, tolerance_s: float) -> None:
    if not (np.isfinite([from_s, until_s]).all() and from_s <= until_s):
        raise ValueError(f"from {from_s} to {until_s} s is no span")
    least = 4 * np.spacing(max(abs(from_s), abs(until_s)))
    for name, length in (("step_s", step_s), ("tolerance_s", tolerance_s)):
        if not least < length < np.inf:
            raise ValueError(f"{name} = {length} is not a length of time that can be told here")


def _changes(times: Vector, values: npt.NDArray[Any]) -> tuple[Vector, Vector, npt.NDArray[Any]]:
    """Return the ends and the new values of all stretches between neighbours of a row that differ."""
    changed = values[:, 1:] != values[:, :-1]
    return times[:, :-1][changed], times[:, 1:][changed], values[:, 1:][changed]


# ---- functions to be searched ---------------------------------------------------------------------------------------


def above(
    track: Callable[[Vector], Direction], elevation_rad: float = 0.0, *, horizon: Horizon | None = None
) -> State:
    """Return whether something stands at an elevation or higher, counted from the horizon if one is given.

    Args:
        track: From (n,) times to where it stands.
        elevation_rad: The elevation; a mask.
        horizon: Elevation of the horizon by azimuth, from the same north as the track's.
    """

    def state(time_s: Vector) -> npt.NDArray[np.bool_]:
        seen = track(time_s)
        return np.asarray(seen.elevation_rad >= elevation_rad + _raised(horizon, seen.azimuth_rad))

    return state


def upper_limb_above(
    track: Callable[[Vector], Disc], elevation_rad: float = 0.0, *, horizon: Horizon | None = None
) -> State:
    """Return whether the top of a disc stands at an elevation or higher; arguments as for `above`.

    At Chang'e 4's site the Sun's rises three quarters of an hour before its centre.
    """

    def state(time_s: Vector) -> npt.NDArray[np.bool_]:
        seen = track(time_s)
        top = seen.elevation_rad + seen.angular_diameter_rad / 2
        return np.asarray(top >= elevation_rad + _raised(horizon, seen.azimuth_rad))

    return state


def _raised(horizon: Horizon | None, azimuth_rad: Vector) -> Vector | float:
    return 0.0 if horizon is None else horizon(azimuth_rad)


def east_of_meridian(track: Callable[[Vector], Direction]) -> State:
    """Return whether something stands in the eastern half of the sky.

    Azimuths from true north. What moves westward about the Moon's axis leaves that half by crossing the upper meridian,
    wherever that lies: south, north or, at a pole, along the longitude that the place is said to have.
    """
    return lambda time_s: np.asarray(np.sin(track(time_s).azimuth_rad) > 0)


def growing(quantity: Quantity, *, apart_s: float = _APART_S) -> State:
    """Return whether a quantity grows: its maxima are the edges to False, its minima those to True.

    Args:
        quantity: The function.
        apart_s: Between the two values compared, one half before the time and one after; extrema closer than that
            are one.
    """

    def state(time_s: Vector) -> npt.NDArray[np.bool_]:
        around = quantity(np.concatenate([time_s - apart_s / 2, time_s + apart_s / 2]))
        before, after = np.split(around, 2)
        return np.asarray(after > before)

    return state


def sampled_horizon(azimuth_rad: npt.ArrayLike, elevation_rad: npt.ArrayLike) -> Horizon:
    """Return the horizon through samples, straight between neighbours and once round.

    Args:
        azimuth_rad: (n,) strictly ascending, within one turn.
        elevation_rad: (n,) finite.

    Raises:
        ValueError: They are not.
    """
    azimuths = np.asarray(azimuth_rad, np.float64)
    elevations = np.asarray(elevation_rad, np.float64)
    if azimuths.ndim != 1 or azimuths.shape != elevations.shape or len(azimuths) == 0:
        raise ValueError(f"azimuths {azimuths.shape} and elevations {elevations.shape} are not both (n,)")
    if not (np.isfinite(azimuths).all() and np.isfinite(elevations).all()):
        raise ValueError("the horizon is not finite")
    if not ((np.diff(azimuths) > 0).all() and azimuths[-1] - azimuths[0] < 2 * np.pi):
        raise ValueError("azimuths do not ascend within one turn")
    return lambda azimuth: np.interp(azimuth, azimuths, elevations, period=2 * np.pi)


# ---- events ---------------------------------------------------------------------------------------------------------


def crossings(
    track: Callable[[Vector], Direction],
    from_s: float,
    until_s: float,
    *,
    step_s: float,
    elevation_rad: float = 0.0,
    horizon: Horizon | None = None,
    tolerance_s: float = TOLERANCE_S,
) -> Edges:
    """Return when something rises (True) and sets (False) through an elevation: of the Sun, its centre.

    Args:
        track: From (n,) times to where it stands.
        from_s, until_s, step_s, tolerance_s: As for `find_edges`. For the Sun over a level horizon hours are a short
            enough step, but within some degrees of a pole; a peak of 1 deg it passes in two hours.
        elevation_rad: The elevation, or the mask, counted from the horizon.
        horizon: Elevation of the horizon by azimuth, from the same north as the track's; by default level.
    """
    state = above(track, elevation_rad, horizon=horizon)
    return find_edges(state, from_s, until_s, step_s=step_s, tolerance_s=tolerance_s)


def transits(
    track: Callable[[Vector], Direction],
    from_s: float,
    until_s: float,
    *,
    step_s: float,
    tolerance_s: float = TOLERANCE_S,
) -> Vector:
    """Return when something crosses the upper meridian westward; of the Sun, 12 h local solar time.

    Right at any latitude, at the poles too, and whether it is above the horizon or not.
    """
    return find_edges(east_of_meridian(track), from_s, until_s, step_s=step_s, tolerance_s=tolerance_s).to(
        False
    )


def culminations(
    track: Callable[[Vector], Direction],
    from_s: float,
    until_s: float,
    *,
    step_s: float,
    tolerance_s: float = TOLERANCE_S,
) -> Vector:
    """Return when something stands highest: of the Sun, noon.

    At the latitude of Chang'e 4 the Sun does so up to 17 min before or after its transit, since it moves north or
    south meanwhile; within a tenth of a degree of a pole it need not do so every lunar day.
    """
    higher = growing(lambda time_s: track(time_s).elevation_rad)
    return find_edges(higher, from_s, until_s, step_s=step_s, tolerance_s=tolerance_s).to(False)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StationPasses:
    """When ground stations see the relay, over a span.

    Attributes:
        by_station: By name, in the order asked: (k, 2) AOS and LOS of each pass in seconds, cut at the span's ends.
        any_station: (k, 2) begin and end of each stretch in which at least one of them does.
    """

    by_station: dict[str, Vector]
    any_station: Vector


def station_passes(
    stations: Sequence[Station],
    epoch: Epoch,
    from_s: float,
    until_s: float,
    *,
    phase_at_epoch: float,
    step_s: float = 600.0,
    tolerance_s: float = TOLERANCE_S,
) -> StationPasses:
    """Return when ground stations see the relay at their masks or above.

    Args:
        stations: At most 62 of them.
        epoch: What times are counted from.
        from_s, until_s, tolerance_s: As for `find_edges`.
        phase_at_epoch: As for `rover.sky.relay.relay_from_moon`.
        step_s: Shorter passes and shorter gaps are missed.
    """
    bit = 1 << np.arange(len(stations), dtype=np.int64)

    def state(time_s: Vector) -> npt.NDArray[np.int64]:
        return bit @ stations_see(stations, *epoch.tt_at(time_s), phase_at_epoch=phase_at_epoch)

    edges = find_edges(state, from_s, until_s, step_s=step_s, tolerance_s=tolerance_s)

    def spans(of: np.int64) -> Vector:
        return edges.where(lambda value: (value & of) != 0).spans()

    return StationPasses(
        by_station={s.name: spans(own) for s, own in zip(stations, bit, strict=True)},
        any_station=edges.spans(),
    )
