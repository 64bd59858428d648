"""Legs between waypoints by the search of place, time and charge, and visits by the light of their place."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from rover.core.errors import TimeLimitError
from rover.core.time_allowed import TimeAllowed
from rover.core.waypoints import Waypoint
from rover.planning import label_kernels as named
from rover.planning.label_kernels import TIME
from rover.planning.parking import Stay, bin_at, command, park, park_until_awake
from rover.planning.tour_order import Floats, State
from rover.planning.traverse_ahead import ahead_of
from rover.planning.traverse_record_kernels import SECONDS, Ground
from rover.planning.traverse_search import Labels, run_search

Cell = tuple[int, int]

_ROUNDING_S = 1e-6
"""Bounds are looser by so much: by rounding alone one would jump over a night."""


def towards(ground: Ground, cell: int) -> Ground:
    """Return the same ground with another goal, for the earliest arrival.

    Args:
        ground: Of `traverse_ground.ground_of`.
        cell: The goal's number.
    """
    given = ground.legs_s, ground.legs_j, ground.short, ground.bins, ground.rules
    return ground._replace(goal=cell, ahead=ahead_of(cell, ground.cols, *given))


class Clock:
    """Counts only a part of the time, by bins.

    Args:
        edge_s: (k + 1,) of the bins.
        counted: (k,) whether a bin counts.
    """

    def __init__(self, edge_s: Floats, counted: npt.NDArray[np.bool_]) -> None:
        self.edge_s = np.ascontiguousarray(edge_s)
        self.past_s = np.concatenate([[0.0], np.cumsum(np.where(counted, np.diff(edge_s), 0.0))])

    def at(self, time_s: Floats) -> Floats:
        """Return what is counted before a time."""
        return np.asarray(np.interp(time_s, self.edge_s, self.past_s))

    def after(self, time_s: Floats, span_s: Floats) -> Floats:
        """Return the first time at which so much more is counted; inf past the end."""
        wanted = self.at(time_s) + span_s - _ROUNDING_S
        place = np.searchsorted(self.past_s, wanted, side="left")
        within = np.minimum(place, len(self.edge_s) - 1)
        with np.errstate(invalid="ignore"):
            ends = np.maximum(time_s, self.edge_s[within] - (self.past_s[within] - wanted))
        found = np.where(place < len(self.edge_s), ends, np.inf)
        return np.asarray(np.where(span_s <= 0, time_s, found))

    def before(self, time_s: Floats, span_s: Floats) -> Floats:
        """Return the last time since which so much is counted by another; -inf before the beginning."""
        with np.errstate(invalid="ignore"):
            left = self.at(time_s) - span_s + _ROUNDING_S
        place = np.clip(np.searchsorted(self.past_s, left, side="right"), 1, len(self.edge_s)) - 1
        with np.errstate(invalid="ignore"):
            begins = np.minimum(time_s, self.edge_s[place] + (left - self.past_s[place]))
        found = np.where((left >= 0) & (time_s >= self.edge_s[0]), begins, -np.inf)
        return np.asarray(np.where(span_s <= 0, time_s, found))


class Clocks:
    """Driving counts while driving is open, and driving with dwelling while it is no night.

    Args:
        bins: Of a `Ground`.
    """

    def __init__(self, bins: Floats) -> None:
        edge_s = bins[:, named.EDGE]
        self.open = Clock(edge_s, bins[:-1, named.OPEN] > 0)
        self.awake = Clock(edge_s, bins[:-1, named.PHASE] != named.NIGHT_PHASE)

    def earliest(self, time_s: npt.ArrayLike, drive_s: npt.ArrayLike, dwell_s: npt.ArrayLike = 0.0) -> Floats:
        time, drive, both = _together(time_s, drive_s, dwell_s)
        return np.maximum(self.open.after(time, drive), self.awake.after(time, both))

    def latest(self, time_s: npt.ArrayLike, drive_s: npt.ArrayLike, dwell_s: npt.ArrayLike = 0.0) -> Floats:
        time, drive, both = _together(time_s, drive_s, dwell_s)
        return np.minimum(self.open.before(time, drive), self.awake.before(time, both))


def _together(
    time_s: npt.ArrayLike, drive_s: npt.ArrayLike, dwell_s: npt.ArrayLike
) -> tuple[Floats, Floats, Floats]:
    """Return times, driving, and driving with dwelling, of one shape."""
    given = (np.asarray(values, np.float64) for values in (time_s, drive_s, dwell_s))
    time, drive, dwell = np.broadcast_arrays(*given)
    return time, drive, drive + dwell


class MapLegs:
    """Legs and visits over a map, each searched for once.

    Args:
        ground: The map, whatever its goal.
        sites: Waypoints.
        cells: Of the waypoints, the start and the goal, by number.
        allowed: Time for all searches together, None for as long as they take.
    """

    def __init__(
        self,
        ground: Ground,
        sites: Sequence[Waypoint],
        cells: Sequence[int],
        allowed: TimeAllowed | None = None,
    ) -> None:
        self.sites, self.cells, self._allowed = sites, cells, allowed or TimeAllowed()
        self.grounds = [towards(ground, cell) for cell in cells]
        clocks = Clocks(ground.bins)
        self.earliest, self.latest = clocks.earliest, clocks.latest
        self.least_s = np.array([[to.ahead[cell, SECONDS] for to in self.grounds] for cell in cells])
        self.searched = 0
        self._known: dict[tuple[int, int, State], Labels | None] = {}

    def leg(self, origin: int, to: int, state: State) -> State | None:
        """Return the earliest arrival, and the charge with which the search arrives then.

        Raises:
            TimeLimitError: As `way`.
        """
        labels = self.way(origin, to, state)
        if labels is None or labels.found is None:
            return None
        row = labels.search.reals[labels.found]
        return float(row[TIME]), float(row[named.CHARGE])

    def way(self, origin: int, to: int, state: State) -> Labels | None:
        """Return the labels of a leg of earliest arrival, None where there is none.

        Raises:
            TimeLimitError: What is allowed was over before the search for it ended.
        """
        key = origin, to, state
        if key not in self._known:
            self.searched += 1
            begin = divmod(self.cells[origin], self.grounds[to].cols)
            search = run_search(
                self.grounds[to],
                begin,
                depart_s=state[0],
                charge_j=state[1],
                time_limit_s=self._allowed.left_s,
            )
            labels = next(iter(search))
            if labels.cut_short:
                raise TimeLimitError(
                    "the time was over before a leg of the tour was found",
                    remedy="allow more time, or take fewer waypoints or a coarser map",
                    field="--time-limit",
                    value=self._allowed.limit_s,
                )
            self._known[key] = None if labels.found is None else labels.only(labels.found)
        return self._known[key]

    def visit(self, at: int, state: State) -> State | None:
        stay = self.stay(at, state)
        return None if stay is None else (stay[1].time_s, stay[1].charge_j)

    def stay(self, at: int, state: State) -> tuple[float, Stay] | None:
        """Return when the work at a waypoint begins, and the stay to its end; None if it cannot be done.

        It begins on arrival or when the window opens, and where the night, the charge or the shadow does not let it be
        done from then on, at the first later edge of a bin from which they do. No nap or night may interrupt it. A
        rover that is operated from Earth asks for commands at its end, in a cycle that need not lie in the window.
        """
        ground, site = self.grounds[at], self.sites[at]
        stay = Stay(self.cells[at], *state)
        if not park(stay, site.from_s, ground) or not park_until_awake(stay, ground):
            return None
        while stay.time_s + site.dwell_s <= min(site.until_s, float(ground.rules[named.DEADLINE])):
            work = stay.copy()
            if park(work, stay.time_s + site.dwell_s, ground, working=True):
                if ground.rules[named.CYCLE_S] > 0 and not command(work, ground):
                    return None
                return stay.time_s, work
            k = bin_at(stay.time_s, ground)
            if k >= len(ground.bins) - 1 or not park(stay, float(ground.bins[k + 1, named.EDGE]), ground):
                return None
            if not park_until_awake(stay, ground):
                return None
        return None

    def outlasts(self, at: int, state: State, other: State) -> bool:
        """Tell whether waiting from one state to the other's time, awake at its end, leaves at least its charge."""
        if state[0] > other[0]:
            return False
        stay = Stay(self.cells[at], *state)
        return park(stay, other[0], self.grounds[at]) and not stay.asleep and stay.charge_j >= other[1]


def awake_s(bins: Floats, from_s: float, until_s: float) -> float:
    """Return the time between two others that is no night."""
    first, last = Clocks(bins).awake.at(np.array([from_s, until_s])).tolist()
    return float(last - first)
