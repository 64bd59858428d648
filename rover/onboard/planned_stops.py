"""The stops of a plan along its way: until when it waits where, and where it asks for commands; kept on a new way."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked

Floats = npt.NDArray[np.float64]

ARRIVAL_M = 0.05
"""Nearer than this to a waypoint is at it."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PlannedStops:
    """What is planned at each of n waypoints, in this order: wait, command cycle, wait.

    Attributes:
        command_s: (n,) earliest beginning of a command cycle, -inf for at once; inf where none is planned.
        leave_s: (n,) earliest departure, -inf where it need not be waited for.
        soc: (n,) state of charge expected at departure, NaN where it is not known.
        depart_s: (n,) when it departs as planned, NaN likewise.
    """

    command_s: Floats
    leave_s: Floats
    soc: Floats
    depart_s: Floats

    def __post_init__(self) -> None:
        count = len(self.leave_s)
        for name in ("command_s", "leave_s", "soc", "depart_s"):
            object.__setattr__(self, name, locked(getattr(self, name), np.float64, (count,), name))

    def __len__(self) -> int:
        return len(self.leave_s)

    @property
    def stops(self) -> npt.NDArray[np.bool_]:
        """(n,) where anything is planned."""
        return self.commands | (self.leave_s > -math.inf)

    @property
    def commands(self) -> npt.NDArray[np.bool_]:
        """(n,) where a command cycle is planned."""
        return np.asarray(self.command_s < math.inf)

    def beyond(self, count: int) -> PlannedStops:
        """Return what is planned at the waypoints after the first so many."""
        return PlannedStops(
            command_s=self.command_s[count:],
            leave_s=self.leave_s[count:],
            soc=self.soc[count:],
            depart_s=self.depart_s[count:],
        )

    def commanded(self, count: int) -> PlannedStops:
        """Return the same with the command cycles of the first so many waypoints done."""
        command_s = self.command_s.copy()
        command_s[:count] = math.inf
        return replace(self, command_s=command_s)

    def on(self, path_m: Floats, new_m: Floats) -> PlannedStops:
        """Return the same on a new way: at the waypoints that it shares, else at the nearest not before the last stop.

        Charge and departure expected are those of the nearest waypoint.

        Args:
            path_m: (n, 2) the way that these are planned on.
            new_m: (k, 2) the new one; where `with_stops` has put waypoints in, there.
        """
        command_s, leave_s, first = np.full(len(new_m), math.inf), np.full(len(new_m), -math.inf), 0
        for k in np.flatnonzero(self.stops).tolist():
            away = np.hypot(*(new_m[first:] - path_m[k]).T)
            first += int(away.argmin())
            command_s[first] = _both(command_s[first], self.command_s[k])
            leave_s[first] = max(leave_s[first], self.leave_s[k])
        nearest = [int(np.hypot(*(path_m - place).T).argmin()) for place in new_m]
        return PlannedStops(
            command_s=command_s, leave_s=leave_s, soc=self.soc[nearest], depart_s=self.depart_s[nearest]
        )


def _both(one_s: float, other_s: float) -> float:
    """Return when a command cycle begins that stands for two; inf for none."""
    return max(one_s, other_s) if max(one_s, other_s) < math.inf else min(one_s, other_s)


def nothing_planned(count: int) -> PlannedStops:
    """Return what a way without planned stops has."""
    return PlannedStops(
        command_s=np.full(count, math.inf),
        leave_s=np.full(count, -math.inf),
        soc=np.full(count, math.nan),
        depart_s=np.full(count, math.nan),
    )


def joined(first: PlannedStops, second: PlannedStops) -> PlannedStops:
    """Return what is planned on two ways, one after the other."""
    names = ("command_s", "leave_s", "soc", "depart_s")
    return PlannedStops(
        **{name: np.concatenate([getattr(first, name), getattr(second, name)]) for name in names}
    )


def with_stops(new_m: Floats, path_m: Floats, planned: PlannedStops) -> Floats:
    """Return a new way with a waypoint put in where it comes nearest to each planned stop of the old one, in order.

    Args:
        new_m: (k, 2) the new way.
        path_m: (n, 2) the old one.
        planned: On the old one.
    """
    way, first = [place.tolist() for place in new_m], 0
    for k in np.flatnonzero(planned.stops).tolist():
        place = path_m[k]
        feet = [
            _nearest(np.array(a), np.array(b), place)
            for a, b in zip(way[first:-1], way[first + 1 :], strict=True)
        ]
        if not feet:
            break
        best = min(range(len(feet)), key=lambda i: math.dist(feet[i], place))
        foot, first = feet[best], first + best
        if math.dist(foot, way[first + 1]) <= ARRIVAL_M:
            first += 1
        elif math.dist(foot, way[first]) > ARRIVAL_M:
            first += 1
            way.insert(first, list(foot))
    return np.array(way, np.float64).reshape(-1, 2)


def _nearest(a: Floats, b: Floats, place: Floats) -> tuple[float, float]:
    """Return the point of a stretch that is nearest to a place."""
    along = b - a
    square = float(along @ along)
    share = 0.0 if square == 0 else min(1.0, max(0.0, float((place - a) @ along) / square))
    east, north = (a + share * along).tolist()
    return east, north
