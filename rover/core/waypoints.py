"""Science waypoints: places worth a visit, for how long, and when they are open."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from rover.core.errors import Problem, WaypointError


@dataclass(frozen=True, slots=True, kw_only=True)
class Waypoint:
    """A place to visit; the whole dwell lies inside the window.

    Attributes:
        name: By which it is told apart.
        place_m: (east, north) in the terrain's frame.
        value: What a visit is worth, on any scale that adds up; not negative.
        dwell_s: Time that a visit takes, awake.
        from_s, until_s: Window, seconds since the scenario's epoch; infinite where it has no such end.

    Raises:
        WaypointError: A figure that cannot be meant.
    """

    name: str
    place_m: tuple[float, float]
    value: float = 1.0
    dwell_s: float = 0.0
    from_s: float = -math.inf
    until_s: float = math.inf

    def __post_init__(self) -> None:
        self._refuse_unless(bool(self.name.strip()), "name", self.name, "no name", "give it one")
        finite = len(self.place_m) == 2 and all(map(math.isfinite, self.place_m))
        remedy = "give metres east and north"
        self._refuse_unless(finite, "place_m", list(self.place_m), "not a finite pair of coordinates", remedy)
        for field, figure in (("value", self.value), ("dwell_s", self.dwell_s)):
            held = math.isfinite(figure) and figure >= 0
            self._refuse_unless(held, field, figure, "negative or not finite", "give 0 or more")
        opens = self.from_s < self.until_s  # false of NaN as well
        self._refuse_unless(
            opens,
            "until_s",
            self.until_s,
            f"the window closes before it opens, at {self.from_s:g} s",
            "give a later until, or an earlier from",
        )
        room_s = self.until_s - self.from_s
        self._refuse_unless(
            self.dwell_s <= room_s,
            "dwell_s",
            self.dwell_s,
            f"longer than the window, which is open for {room_s:g} s",
            "shorten the dwell or widen the window",
        )

    def _refuse_unless(self, held: bool, field: str, value: object, what: str, remedy: str) -> None:
        if not held:
            raise WaypointError(what, remedy=remedy, field=f"waypoints.{self.name}.{field}", value=value)


def check_names(waypoints: Sequence[Waypoint], *, file: str | None = None) -> None:
    """Refuse waypoints of one name.

    Raises:
        WaypointError: Two or more have the same; the message lists each such name.
    """
    counted = Counter(waypoint.name for waypoint in waypoints)
    problems = [
        Problem(
            what=f"{count} waypoints of this name",
            remedy="give each its own",
            file=file,
            field="name",
            value=name,
        )
        for name, count in counted.items()
        if count > 1
    ]
    if problems:
        raise WaypointError(problems)
