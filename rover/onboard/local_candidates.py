"""The candidates of one choice: trees of the table, arcs that end at the goal, what is left of the last choice."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rover.core.vehicle import VehicleParams
from rover.hazard.clearance import arc_poses
from rover.onboard.arc_table import EDGE_M, SPACING_M, SWEEP_RAD, ArcTable, arc_table, spreads, sweep_m
from rover.onboard.local_cost import BACK, LocalCost
from rover.onboard.local_cost_kernels import onward_from, price_paths, raise_where_stood

Floats = npt.NDArray[np.float64]
Place = tuple[float, float]
Pose = tuple[float, float, float]
Stood = tuple[float, float, float, float]
"""East, north and yaw of a pose, and the time that the way on from it takes at the least."""

STRIDE = 9
"""Every ninth pose of a path is priced."""

SHORTEST_M = 0.2
"""What is left of an arc is not taken up where it is shorter."""

SHORT = ((1, 0.4), (1, 0.8), (-1, 0.4), (-1, 0.8))
"""Way and length, m, of short arcs, for where there is no room for longer ones."""

SHORT_S = 5.0
"""What the look after a short arc costs, so that longer ones are taken where there is room."""

SAME_M, SAME_RAD = 0.3, math.radians(15.0)
"""An end so near to a pose at which the rover has stood leads on as that did."""

STOOD_WITHIN_M = 6.0

NEAR_GOAL_M, MISS_S = 1.5, 60.0
"""An arc that ends so near the goal, and not there, costs so much more: it has yet to be turned to."""

WIDEST_RAD = math.radians(80.0)
"""An arc to the goal leaves no further aside of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Motion:
    """A turn in place and up to two arcs.

    Attributes:
        turn_rad: Counter-clockwise.
        first_m, first_per_m: Length, negative backwards, and curvature of the first arc.
        second_m, second_per_m: Of the second; no length for none.
    """

    turn_rad: float
    first_m: float
    first_per_m: float
    second_m: float = 0.0
    second_per_m: float = 0.0

    def after(self, driven_m: float) -> Motion | None:
        """Return what is left when the turn and so much of the first arc are done; None for next to nothing."""
        left = self.first_m - driven_m
        if left > SHORTEST_M or left < -SHORTEST_M:
            return replace(self, turn_rad=0.0, first_m=left)
        if self.second_m + left > SHORTEST_M:
            return Motion(turn_rad=0.0, first_m=self.second_m + left, first_per_m=self.second_per_m)
        return None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Candidate:
    """A motion laid out.

    Attributes:
        motion: What it is.
        poses: (n, 4) along it, the turn left out: forward, left, cosine and sine of the yaw, from before the turn.
        spread_m: (n, 2) what each pose's clearance must allow for.
        value_s: Expected time to the goal.
        tree: Of the table; -1 for another.
    """

    motion: Motion
    poses: Floats
    spread_m: Floats
    value_s: float
    tree: int = -1


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Leg:
    """Part of a sequence laid out: a turn or an arc.

    Attributes:
        poses: (n, 4) as of `Candidate`.
        spread_m: (n, 2) what each pose's clearance must allow for.
        backwards: Whether it is driven so.
    """

    poses: Floats
    spread_m: Floats
    backwards: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Kept:
    """What is left of a sequence of motions, laid out.

    Attributes:
        motions: The first to be driven first.
        legs: Of all of them.
        value_s: Expected time to the goal.
    """

    motions: tuple[Motion, ...]
    legs: tuple[Leg, ...]
    value_s: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ranked:
    """The candidates from where the rover stands.

    Attributes:
        table: Of the trees.
        value_s: (trees,) expected time to the goal of each.
        stub_s: (turns * bends,) of the first arcs alone.
        short_s: (kinds, turns * bends) of short arcs, ahead and back, by `SHORT`.
        others: Those that are not of the table, the best first.
        pricer: By which they are priced.
        near_goal: Whether whole trees reach beyond the goal, so that first arcs alone are candidates too.
        kept: What is left of the sequence that was begun; None where none was.
    """

    table: ArcTable
    value_s: Floats
    stub_s: Floats
    short_s: Floats
    others: tuple[Candidate, ...]
    pricer: Pricer
    near_goal: bool
    kept: Kept | None = None

    def short(self, number: int) -> Candidate:
        """Return one of the short arcs laid out, by its place in `short_s` laid flat."""
        kind, root = divmod(number, len(self.stub_s))
        turn, bend = divmod(root, len(self.table.curvature_per_m))
        way, length = SHORT[kind]
        count = short_poses(length)
        motion = Motion(
            turn_rad=float(self.table.turn_rad[turn]),
            first_m=way * (count - 1) * self.table.first_m / (self.table.first.shape[1] - 1),
            first_per_m=float(self.table.curvature_per_m[bend]),
        )
        arcs = self.table.first if way > 0 else self.table.back
        return Candidate(
            motion=motion,
            poses=arcs[root, :count],
            spread_m=self.table.first_spread_m[bend, :count],
            value_s=float(self.short_s.flat[number]),
        )

    def tree(self, number: int) -> Motion:
        """Return a tree's motion."""
        turn, first, second = self.table.parts(number)
        return Motion(
            turn_rad=float(self.table.turn_rad[turn]),
            first_m=self.table.first_m,
            first_per_m=float(self.table.curvature_per_m[first]),
            second_m=self.table.second_m,
            second_per_m=float(self.table.curvature_per_m[second]),
        )


def rank(
    cost: LocalCost,
    vehicle: VehicleParams,
    pose: Pose,
    *,
    goal_m: Place,
    kept: tuple[Motion, ...] = (),
    stood: Sequence[Stood] = (),
) -> Ranked:
    """Return every candidate with the time that it takes to turn, to drive it, and from its end to the goal.

    Args:
        cost: Round the rover.
        vehicle: For its table and how fast it turns.
        pose: Where it stands.
        goal_m: Arcs that end there are candidates as well, where it is near.
        kept: What is left of the last choice: of a sequence, several motions.
        stood: Where the rover stood before, and what the way on turned out to take.
    """
    table = arc_table(vehicle)
    pricer = Pricer(cost, vehicle, pose, goal_m, stood)
    turn_s = pricer.turn_s(table.turn_rad)
    bends = len(table.curvature_per_m)
    first_s = pricer.along(table.first, table.first_m)
    second_s = pricer.along(table.second, table.second_m)
    turned_s = np.repeat(turn_s, bends)
    begun_s = turned_s + first_s
    of_arcs = len(kept) > 1
    others = [
        pricer.candidate(motion, vehicle, table)
        for motion in (*_to_the_goal(table, pose, goal_m), *(() if of_arcs else kept))
    ]
    return Ranked(
        table=table,
        value_s=np.repeat(begun_s, bends) + second_s + pricer.onward_s(table.second[:, -1]),
        stub_s=begun_s + pricer.onward_s(table.first[:, -1]),
        short_s=np.array([turned_s + pricer.short_s(table, way, length) for way, length in SHORT]),
        others=tuple(sorted(others, key=lambda other: other.value_s)),
        pricer=pricer,
        near_goal=math.dist(pose[:2], goal_m) <= table.first_m + table.second_m,
        kept=pricer.sequence(kept, vehicle) if of_arcs else None,
    )


def short_poses(length_m: float) -> int:
    """Return how many poses of the table's arcs make a short one."""
    return round(length_m / SPACING_M) + 1


class Pricer:
    """Prices paths from where the rover stands."""

    def __init__(
        self, cost: LocalCost, vehicle: VehicleParams, pose: Pose, goal_m: Place, stood: Sequence[Stood]
    ) -> None:
        self._cost, self._pose, self._goal_m = cost, pose, np.array(goal_m)
        known = np.array(stood, np.float64).reshape(-1, 4)
        self._stood = known[np.hypot(*(known[:, :2] - pose[:2]).T) <= STOOD_WITHIN_M]
        self._rate = math.radians(vehicle.turn_rate_deg_s)
        geometry = cost.geometry
        self._col = (pose[0] - geometry.east_m) / geometry.resolution_m
        self._row = (pose[1] - geometry.north_m) / geometry.resolution_m

    def edges_s(self, pose: Pose, arcs: Floats, length_m: float) -> Floats:
        """Return (m,) the time along (m, n, 3) arcs, the latter half of them backwards, laid out from the origin.

        Args:
            pose: Where they begin: forward, left and yaw from where the rover stands.
            arcs: Forward, left and yaw.
            length_m: Of each.
        """
        ahead, left, yaw = pose
        own = self._pose[2]
        cos, sin, side = math.cos(own), math.sin(own), self._cost.geometry.resolution_m
        paths = np.concatenate([arcs[..., :2], np.cos(arcs[..., 2:]), np.sin(arcs[..., 2:])], axis=-1)
        prices = np.empty(len(arcs))
        price_paths(
            self._cost.cost_s_per_m, side,
            self._col + (ahead * cos - left * sin) / side, self._row + (ahead * sin + left * cos) / side,
            math.cos(own + yaw), math.sin(own + yaw), paths, length_m / (arcs.shape[1] - 1), STRIDE, prices,
        )  # fmt: skip
        prices[len(arcs) // 2 :] *= BACK
        return prices

    def goal(self) -> Place:
        """Return where the goal is, forward and left of the rover."""
        east, north = (self._goal_m - self._pose[:2]).tolist()
        cos, sin = math.cos(self._pose[2]), math.sin(self._pose[2])
        return east * cos + north * sin, north * cos - east * sin

    def turning_s(self, turn_rad: float) -> float:
        return turn_rad / self._rate

    def turn_s(self, turn_rad: Floats) -> Floats:
        return np.abs(turn_rad) / self._rate

    def along(self, paths: Floats, length_m: float) -> Floats:
        """Return (m,) the time along (m, n, 4) paths."""
        prices = np.empty(len(paths))
        _, _, yaw = self._pose
        spacing = length_m / (paths.shape[1] - 1)
        price_paths(
            self._cost.cost_s_per_m, self._cost.geometry.resolution_m, self._col, self._row,
            math.cos(yaw), math.sin(yaw), paths, spacing, STRIDE, prices,
        )  # fmt: skip
        return prices

    def onward_s(self, ends: Floats) -> Floats:
        """Return (m,) the time from (m, 4) ends to the goal, a share of turning into the way on included."""
        cells, places = self._on_cells(ends)
        left_s = np.empty(len(ends))
        onward_from(self._cost.to_goal_s, cells, self._rate, left_s)
        raise_where_stood(self._stood, SAME_M, math.cos(SAME_RAD), places, cells[:, 2:], left_s)
        away = np.hypot(*(places - self._goal_m).T)
        missed_s = np.where(away < NEAR_GOAL_M, MISS_S, 0.0)
        return np.asarray(np.where(away < 1e-6, 0.0, left_s + missed_s))

    def short_s(self, table: ArcTable, way: int, length_m: float) -> Floats:
        """Return (turns * bends,) the time along short arcs and on from their ends."""
        arcs = np.ascontiguousarray((table.first if way > 0 else table.back)[:, : short_poses(length_m)])
        seconds = self.along(arcs, length_m) * (BACK if way < 0 else 1.0)
        return seconds + self.onward_s(arcs[:, -1]) + SHORT_S

    def _on_cells(self, ends: Floats) -> tuple[Floats, Floats]:
        """Return (m, 4) ends on the local costs' cells, with cosine and sine of the yaw, and (m, 2) east and north."""
        east, north, yaw = self._pose
        cos, sin = math.cos(yaw), math.sin(yaw)
        places = np.stack(
            [east + ends[:, 0] * cos - ends[:, 1] * sin, north + ends[:, 0] * sin + ends[:, 1] * cos], axis=1
        )
        geometry = self._cost.geometry
        corner = np.array([geometry.east_m, geometry.north_m])
        heading = np.stack([ends[:, 2] * cos - ends[:, 3] * sin, ends[:, 2] * sin + ends[:, 3] * cos], axis=1)
        return np.hstack([(places - corner) / geometry.resolution_m, heading]), places

    def candidate(self, motion: Motion, vehicle: VehicleParams, table: ArcTable) -> Candidate:
        """Lay out a motion that is not of the table."""
        parts, spread, seconds = [], [], abs(motion.turn_rad) / self._rate
        begin, from_m = (0.0, 0.0, motion.turn_rad), 0.0
        for length, bend in ((motion.first_m, motion.first_per_m), (motion.second_m, motion.second_per_m)):
            if length == 0:
                continue
            count = max(2, math.ceil(abs(length) / SPACING_M) + 1)
            poses = arc_poses(begin, length_m=length, curvature_per_m=bend, count=count)
            path = np.column_stack([poses[:, :2], np.cos(poses[:, 2]), np.sin(poses[:, 2])])
            seconds += float(self.along(path[None], abs(length))[0]) * (BACK if length < 0 else 1.0)
            parts.append(path)
            spread.append(spreads(vehicle, np.array([bend]), abs(length), count, from_m=from_m)[0])
            begin, from_m = (float(poses[-1, 0]), float(poses[-1, 1]), float(poses[-1, 2])), from_m + length
        laid = np.vstack(parts)
        value = seconds + float(self.onward_s(laid[-1:])[0])
        return Candidate(motion=motion, poses=laid, spread_m=np.concatenate(spread), value_s=value)

    def sequence(self, motions: tuple[Motion, ...], vehicle: VehicleParams) -> Kept:
        """Lay out motions of one arc each, their turns in place too."""
        legs: list[Leg] = []
        place, seconds = (0.0, 0.0, 0.0), 0.0
        for motion in motions:
            if motion.turn_rad != 0:
                seconds += abs(motion.turn_rad) / self._rate
                angle = place[2] + np.append(
                    np.arange(0.0, abs(motion.turn_rad), SWEEP_RAD) * math.copysign(1.0, motion.turn_rad),
                    motion.turn_rad,
                )
                path = np.column_stack(
                    [0 * angle + place[0], 0 * angle + place[1], np.cos(angle), np.sin(angle)]
                )
                legs.append(
                    Leg(poses=path, spread_m=np.full((len(path), 2), sweep_m(vehicle)), backwards=False)
                )
                place = (place[0], place[1], place[2] + motion.turn_rad)
            length, bend = motion.first_m, motion.first_per_m
            count = max(2, math.ceil(abs(length) / SPACING_M) + 1)
            poses = arc_poses(place, length_m=length, curvature_per_m=bend, count=count)
            path = np.column_stack([poses[:, :2], np.cos(poses[:, 2]), np.sin(poses[:, 2])])
            seconds += float(self.along(path[None], abs(length))[0]) * (BACK if length < 0 else 1.0)
            spread = spreads(
                vehicle, np.array([bend]), abs(length), count, from_m=0.0 if not legs else EDGE_M
            )[0]
            # In parts: what begins close by is held to the ground between its bounds, and that is laid out close by.
            parts = np.array_split(np.arange(count), max(1, round(abs(length) / EDGE_M)))
            legs += [Leg(poses=path[part], spread_m=spread[part], backwards=length < 0) for part in parts]
            place = (float(poses[-1, 0]), float(poses[-1, 1]), float(poses[-1, 2]))
        value = seconds + float(self.onward_s(legs[-1].poses[-1:])[0])
        return Kept(motions=motions, legs=tuple(legs), value_s=value)


def _to_the_goal(table: ArcTable, pose: Pose, goal_m: Place) -> list[Motion]:
    """Return single arcs that end at the goal, one for each turn from which there is one, and the straight one."""
    away = math.hypot(goal_m[0] - pose[0], goal_m[1] - pose[1])
    if not 0 < away <= table.first_m + table.second_m:
        return []
    bearing = math.remainder(math.atan2(goal_m[1] - pose[1], goal_m[0] - pose[0]) - pose[2], 2 * math.pi)
    tightest = float(table.curvature_per_m.max())
    found = [Motion(turn_rad=bearing, first_m=away, first_per_m=0.0)]
    for turn in table.turn_rad.tolist():
        aside = math.remainder(bearing - turn, 2 * math.pi)
        bend = 2 * math.sin(aside) / away
        if abs(aside) <= WIDEST_RAD and abs(bend) <= tightest:
            length = away / float(np.sinc(aside / math.pi))
            found.append(Motion(turn_rad=turn, first_m=length, first_per_m=bend))
    return found
