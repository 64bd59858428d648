"""The local planner: of many arcs the cheapest on which the rover is sure to stand safely all along.

Arcs are ranked by time: of turning, of the ground along them, and of the way on from their ends to the goal. In that
order they are held to clearance evaluation until one passes, as on Perseverance (McHenry et al. 2020, Mars 2020
autonomous rover navigation; Otsu et al. 2020, doi:10.1002/rob.21892).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from rover.core.vehicle import VehicleParams
from rover.hazard.clearance_figures import clearance_figures
from rover.onboard.arc_search import SURE_M, ArcSearch
from rover.onboard.arc_table import SPACING_M
from rover.onboard.arc_walker import BACKWARD, BELLY_MARGIN_M, FORWARD, ArcWalker
from rover.onboard.local_candidates import Candidate, Motion, Ranked
from rover.onboard.local_map import LocalMap

Floats = npt.NDArray[np.float64]
Place = tuple[float, float]
Pose = tuple[float, float, float]


LONGER_S = 60.0
"""A sequence of short arcs that leads on may take so much longer than a single one is expected to."""

HOLD_S = 20.0
"""What is left of a sequence is gone on with unless a whole tree is better by more, and always before
another is sought: each look moves prices by some, and the rover would go to and fro between ways alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clearances:
    """Least slack along the poses that were passed.

    Attributes:
        tilt_rad, suspension_rad: Of attitude and suspension to their limits.
        belly_m: Of the room under the belly to the margin asked.
        step_m: Of the highest step to its limit.
    """

    tilt_rad: float
    suspension_rad: float
    belly_m: float
    step_m: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Considered:
    """What was held to clearance evaluation, in this order.

    Attributes:
        ends_m: (m, 2) east and north of where each candidate ends.
        value_s: (m,) expected time to the goal, by which they are ranked.
        passed: (m,) bool; parts of sequences are candidates too, of which the last passes if a sequence is found.
        refused: (k, 3) poses that were refused.
        poses: How many poses were evaluated.
    """

    ends_m: Floats
    value_s: Floats
    passed: npt.NDArray[np.bool_]
    refused: Floats
    poses: int

    def __post_init__(self) -> None:
        count = len(self.value_s)
        object.__setattr__(self, "ends_m", locked(self.ends_m, np.float64, (count, 2), "ends_m"))
        object.__setattr__(self, "value_s", locked(self.value_s, np.float64, (count,), "value_s"))
        object.__setattr__(self, "passed", locked(self.passed, np.bool_, (count,), "passed"))
        object.__setattr__(self, "refused", locked(self.refused, np.float64, (None, 3), "refused"))

    @property
    def checks(self) -> int:
        """How many candidates were evaluated."""
        return len(self.value_s)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ArcChoice:
    """The motion that was chosen.

    Attributes:
        motion: Turn in place, then one arc and maybe a second; the first is to be driven until the next look.
        path: (n, 3) poses along it, east, north, yaw.
        value_s: Expected time to the goal.
        margins: Least slacks along it.
        considered: What was evaluated until it passed.
        then: What is to be driven after it, of a sequence.
    """

    motion: Motion
    path: Floats
    value_s: float
    margins: Clearances
    considered: Considered
    then: tuple[Motion, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "path", locked(self.path, np.float64, (None, 3), "path"))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NoArc:
    """No candidate passes.

    Attributes:
        considered: What was evaluated.
    """

    considered: Considered


def select_arc(
    ground: LocalMap,
    vehicle: VehicleParams,
    pose: Pose,
    ranked: Ranked,
    *,
    belly_margin_m: float = BELLY_MARGIN_M,
    walker: ArcWalker | None = None,
) -> ArcChoice | NoArc:
    """Return the cheapest candidate that passes clearance evaluation all along.

    First arcs pass wherever the ground lies within its bounds, second ones on the ground as expected: the rover looks
    again before it gets there.
    Where no whole tree does, the cheapest first arc that does is taken: the rover sees further from its end.

    Args:
        ground: The local map; what is unknown refuses.
        vehicle: Its figures and limits.
        pose: Where it stands.
        ranked: The candidates, of `rover.onboard.local_candidates.rank`.
        belly_margin_m: Room that must be left under the belly.
        walker: That walks arcs from there, where there is one already; it knows the ground and the margin.
    """
    walker = walker or ArcWalker(ground, vehicle, pose, belly_margin_m)
    return _Search(walker, vehicle, pose, ranked).run()


class _Search:
    """One choice: what was evaluated is kept, so that trees share the fate of their first arcs and turns."""

    def __init__(self, walker: ArcWalker, vehicle: VehicleParams, pose: Pose, ranked: Ranked) -> None:
        self._walker = walker
        self._pose, self._ranked = pose, ranked
        self._firsts: dict[int, tuple[bool, Floats]] = {}
        self._seen: list[tuple[Floats, float, bool]] = []
        self._reach_m = clearance_figures(vehicle).reach_m
        self._vehicle = vehicle
        self._search: ArcSearch | None = None
        self._turned: tuple[float, float] | None = None
        self._left = ranked.kept

    def run(self) -> ArcChoice | NoArc:
        others, values = list(self._ranked.others), self._ranked.value_s
        shorter = float(self._ranked.stub_s.min()) if self._ranked.near_goal else math.inf
        values = np.concatenate([values, self._ranked.short_s.ravel()])
        trees, left = len(self._ranked.value_s), self._left
        hold = math.inf if left is None else left.value_s - HOLD_S
        for tree in np.argsort(values, kind="stable").tolist():
            while others and others[0].value_s <= values[tree]:
                chosen = self._other(others.pop(0))
                if chosen is not None:
                    return chosen
            if not math.isfinite(values[tree]):
                break
            if shorter <= values[tree]:
                chosen, shorter = self._stub(), math.inf
                if chosen is not None:
                    return chosen
            if tree >= trees or hold <= values[tree]:
                chosen, hold = self._kept(), math.inf
                if chosen is not None:
                    return chosen
            chosen = self._tree(tree) if tree < trees else self._short(tree - trees)
            if chosen is not None:
                return chosen
        return self._stub() or NoArc(considered=self._considered())

    def _kept(self) -> ArcChoice | None:
        """Return what is left of the sequence that was begun, if it still passes."""
        kept, self._left = self._left, None
        if kept is None or not math.isfinite(kept.value_s):
            return None
        margins = np.full(4, np.inf)
        for leg in kept.legs:
            sure = math.hypot(*leg.poses[0, :2]) <= SURE_M
            way = BACKWARD if leg.backwards else FORWARD
            passes, least = self._walker.walk(leg.poses, leg.spread_m, sure=sure, way=way)
            margins = np.minimum(margins, least)
            if not passes:
                self._note(leg.poses, kept.value_s, passes=False)
                return None
        poses = np.vstack([leg.poses for leg in kept.legs])
        self._note(poses, kept.value_s, passes=True)
        return self._choice(kept.motions[0], poses, kept.value_s, margins, then=kept.motions[1:])

    def _short(self, number: int) -> ArcChoice | None:
        """Return a sequence that leads on, else a short arc by itself unless nothing leads on at all."""
        candidate = self._ranked.short(number)
        chosen = self._sequence(candidate.value_s + LONGER_S)
        if chosen is not None or self._search is None or self._search.exhausted:
            return chosen
        chosen = self._other(candidate)
        if chosen is None:
            return None
        end, value, _ = self._seen.pop()
        enclosed = self._enclosed()
        self._seen.append((end, value, not enclosed))
        return None if enclosed else replace(chosen, considered=self._considered())

    def _enclosed(self) -> bool:
        """Tell whether nothing leads on, however long it takes: to go to and fro in such a place is no way on."""
        if self._search is None:
            return False
        before = len(self._search.seen)
        self._search.run(math.inf)
        for end, value, _ in self._search.seen[before:]:
            self._note(end, value, passes=False)
        return self._search.exhausted

    def _sequence(self, below_s: float) -> ArcChoice | None:
        """Return the best sequence of short arcs that leads on, sought once."""
        if self._search is not None:
            return None
        self._search = search = ArcSearch(self._walker, self._ranked.pricer, self._vehicle)
        found = search.run(below_s)
        for number, (end, value, _) in enumerate(search.seen):
            self._note(end, value, found is not None and number == len(search.seen) - 1)
        if found is None:
            return None
        first, *then = found.motions
        return self._choice(first, found.poses, found.value_s, np.full(4, np.nan), then=tuple(then))

    def _turns(self, turn_rad: float) -> bool:
        if turn_rad == 0:
            return True
        if self._turned is None:
            self._turned = self._walker.turns(self._reach_m)
        least, most = self._turned
        return least <= turn_rad <= most

    def _other(self, candidate: Candidate) -> ArcChoice | None:
        if not (math.isfinite(candidate.value_s) and self._turns(candidate.motion.turn_rad)):
            return None
        near = math.ceil(self._ranked.table.first_m / SPACING_M) + 1
        way = BACKWARD if candidate.motion.first_m < 0 else FORWARD
        passes, margins = self._walker.walk(candidate.poses[:near], candidate.spread_m[:near], way=way)
        if passes and len(candidate.poses) > near:
            further = candidate.poses[near:], candidate.spread_m[near:]
            passes, least = self._walker.walk(*further, sure=False)
            margins = np.minimum(margins, least)
        self._note(candidate.poses, candidate.value_s, passes)
        if not passes:
            return None
        return self._choice(candidate.motion, candidate.poses, candidate.value_s, margins)

    def _tree(self, tree: int) -> ArcChoice | None:
        table = self._ranked.table
        turn, first, second = table.parts(tree)
        value = float(self._ranked.value_s[tree])
        if not self._turns(float(table.turn_rad[turn])):
            return None
        root = turn * len(table.curvature_per_m) + first
        passes, least = self._first(root)
        if not passes or self._walker.doomed(table.second[tree], sure=False):
            return None
        passes, margins = self._walker.walk(table.second[tree], table.second_spread_m[second], sure=False)
        self._note(table.second[tree], value, passes)
        if not passes:
            return None
        poses = np.vstack([table.first[root], table.second[tree]])
        return self._choice(self._ranked.tree(tree), poses, value, np.minimum(margins, least))

    def _first(self, root: int) -> tuple[bool, Floats]:
        """Return whether a first arc passes, and its margins; each is evaluated once."""
        if root not in self._firsts:
            table = self._ranked.table
            bend = root % len(table.curvature_per_m)
            if self._walker.doomed(table.first[root]):
                self._firsts[root] = False, np.full(4, np.nan)
                return self._firsts[root]
            self._firsts[root] = self._walker.walk(table.first[root], table.first_spread_m[bend])
            if not self._firsts[root][0]:
                self._note(table.first[root], float(self._ranked.stub_s[root]), passes=False)
        return self._firsts[root]

    def _stub(self) -> ArcChoice | None:
        """Return the cheapest first arc alone."""
        table, values = self._ranked.table, self._ranked.stub_s
        bends = len(table.curvature_per_m)
        for root in np.argsort(values, kind="stable").tolist():
            if not math.isfinite(values[root]):
                break
            turn, bend = float(table.turn_rad[root // bends]), float(table.curvature_per_m[root % bends])
            if not self._turns(turn):
                continue
            passes, margins = self._first(root)
            if passes:
                motion = Motion(turn_rad=turn, first_m=table.first_m, first_per_m=bend)
                self._note(table.first[root], float(values[root]), passes=True)
                return self._choice(motion, table.first[root], float(values[root]), margins)
        return None

    def _note(self, poses: Floats, value_s: float, passes: bool) -> None:
        self._seen.append((self._on_map(poses[-1:])[0, :2], value_s, passes))

    def _on_map(self, poses: Floats) -> Floats:
        east, north, yaw = self._pose
        cos, sin = math.cos(yaw), math.sin(yaw)
        return np.column_stack(
            [
                east + poses[:, 0] * cos - poses[:, 1] * sin,
                north + poses[:, 0] * sin + poses[:, 1] * cos,
                yaw + np.arctan2(poses[:, 3], poses[:, 2]),
            ]
        )

    def _choice(
        self,
        motion: Motion,
        poses: Floats,
        value_s: float,
        margins: Floats,
        *,
        then: tuple[Motion, ...] = (),
    ) -> ArcChoice:
        tilt, suspension, belly, step = margins.tolist()
        return ArcChoice(
            motion=motion,
            path=self._on_map(poses),
            value_s=value_s,
            margins=Clearances(tilt_rad=tilt, suspension_rad=suspension, belly_m=belly, step_m=step),
            considered=self._considered(),
            then=then,
        )

    def _considered(self) -> Considered:
        return Considered(
            ends_m=np.array([end for end, _, _ in self._seen]).reshape(-1, 2),
            value_s=np.array([value for _, value, _ in self._seen]),
            passed=np.array([passes for _, _, passes in self._seen], np.bool_),
            refused=np.array(self._walker.refused).reshape(-1, 3),
            poses=self._walker.poses,
        )
