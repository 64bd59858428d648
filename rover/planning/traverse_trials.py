"""The search of a traverse run again over changed ground, as long as there is patience for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from rover.core.errors import TimeLimitError
from rover.core.time_allowed import TimeAllowed
from rover.planning import label_kernels as named
from rover.planning.traverse_record_kernels import NEEDS, Ground
from rover.planning.traverse_search import run_search
from rover.planning.traverse_setup import Outlook

HUNDREDTH = 0.01
"""To which part of itself the least change is found."""

_LONGEST_S = 60.0
"""Longest search of another start or deadline, so that one does not take the time of all."""

Found = TypeVar("Found")


class OutOfPatience(Exception):  # noqa: N818 - no error: what was asked is not known, neither yes nor no
    """The time for a trial was over before it came to its end."""


@dataclass(slots=True)
class Trials:
    """Searches of one problem for the earliest arrival, changed in one thing or another.

    Attributes:
        ready: The problem.
        ground: What it was searched over.
        allowed: Time for all trials together.
        expanded: Labels expanded in them.
        late: Whether something that was looked for is not known for want of time.
    """

    ready: Outlook
    ground: Ground
    allowed: TimeAllowed
    expanded: int = 0
    late: bool = False

    def opens(self, ground: Ground, *, extra_j: float = 0.0) -> bool:
        """Tell whether there is a way over changed ground.

        Args:
            ground: The ground.
            extra_j: Charge at the departure above the problem's.

        Raises:
            OutOfPatience: Neither is known.
        """
        left_s = self._left_s()
        problem = self.ready.problem
        search = run_search(
            ground,
            self.ready.start,
            depart_s=problem.depart_s,
            charge_j=problem.soc * problem.vehicle.battery_j + extra_j,
            time_limit_s=left_s,
        )
        labels = next(iter(search))
        self.expanded += labels.expanded
        if labels.cut_short:
            raise OutOfPatience
        return labels.found is not None

    def opens_by(self, rules: Mapping[int, float]) -> bool:
        """Tell whether there is a way with other rules, by their places in the vector; raises as `opens`."""
        return self.opens(with_rules(self.ground, rules))

    def arrival(self, *, depart_s: float, deadline_s: float | None = None) -> float | None:
        """Return the earliest arrival of another start or under another deadline, its bins made anew; None if none.

        Raises:
            OutOfPatience: Neither is known.
        """
        limit_s = min(_LONGEST_S, self._left_s())
        try:
            return self.ready.arrival(depart_s=depart_s, deadline_s=deadline_s, time_limit_s=limit_s)
        except TimeLimitError:
            raise OutOfPatience from None

    def known(self, look: Callable[[], Found]) -> Found | None:
        """Return what is looked for, and None where patience is out before it is known."""
        try:
            return look()
        except OutOfPatience:
            self.late = True
            return None

    def is_over(self) -> bool:
        """Tell whether no time is left."""
        return self.allowed.left_s == 0.0

    def _left_s(self) -> float:
        if self.is_over():
            raise OutOfPatience
        left_s = self.allowed.left_s
        return _LONGEST_S if left_s is None else left_s


def with_rules(ground: Ground, rules: Mapping[int, float]) -> Ground:
    """Return ground with other rules, by their places in the vector."""
    changed = ground.rules.copy()
    for place, value in rules.items():
        changed[place] = value
    return ground._replace(rules=changed)


def without_need(ground: Ground) -> Ground:
    """Return ground on which nothing takes charge and none is kept."""
    loads = (named.CHARGE_W, named.NAP_W, named.DORMANT_W, named.COMMAND_W, named.LEAST_W)
    bins, ahead = ground.bins.copy(), ground.ahead.copy()
    bins[:, named.FLOOR] = 0.0
    ahead[:, NEEDS:] = 0.0
    joules = np.where(np.isfinite(ground.legs_j), 0.0, np.inf).astype(np.float32)
    freed = with_rules(ground, dict.fromkeys((*loads, named.LEAST_FLOOR), 0.0))
    return freed._replace(bins=bins, ahead=ahead, legs_j=joules, short=np.zeros_like(ground.short))


def least_that_opens(
    opens: Callable[[float], bool], closed: float, opened: float, *, grain: float = 0.0
) -> float:
    """Return the least value that opens a way, to a hundredth of itself, by halving.

    Args:
        opens: Whether a value does; greater ones do where a smaller one does.
        closed, opened: One that does not, and one that does.
        grain: It need not be known closer than this.
    """
    while opened - closed > max(HUNDREDTH * abs(opened), grain):
        middle = (closed + opened) / 2
        if opens(middle):
            opened = middle
        else:
            closed = middle
    return opened
