"""Where no long arc leads on: the best sequence of short arcs and turns, each held to clearance evaluation in its turn.

A search by expected time to the goal over what short arcs ahead and back and turns in place reach. An edge is evaluated
only when the pose that it leads to is the most promising of all (Dellin and Srinivasa 2016, lazy shortest paths,
arXiv:1603.04049), so that most evaluations are of edges that are driven, or that show that there is no way there.
"""

from __future__ import annotations

import heapq
import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rover.core.vehicle import VehicleParams
from rover.hazard.clearance import arc_poses
from rover.onboard.arc_table import EDGE_M, SPACING_M, SWEEP_RAD, arc_table, spreads, sweep_m
from rover.onboard.arc_walker import BACKWARD, FORWARD, ArcWalker
from rover.onboard.local_candidates import Motion, Pricer

Floats = npt.NDArray[np.float64]

EDGE_BENDS = (-1.0, -0.5, 0.0, 0.5, 1.0)

EDGE_TURN_RAD = math.radians(30.0)

AHEAD_M = 2.4
"""A sequence that leads so far away from where the rover stands is taken."""

AT_GOAL_M = 0.4
"""So is one that ends so near the goal."""

MOST_EDGES = 200

ENCLOSED_M = 0.5
"""Where none of so many leads as far from where the rover stands, nothing leads on."""

SURE_M = 1.2
"""Edges that begin no further away are held to the ground between its bounds, others to that expected."""

SAME_M, SAME_RAD = 0.15, math.radians(15.0)


@dataclass(slots=True)
class _Node:
    pose: tuple[float, float, float]
    spent_s: float
    way_m: float
    parent: int
    edge: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Sequence:
    """What was found.

    Attributes:
        motions: All of it, the first to be driven first: each a turn and an arc.
        poses: (n, 4) all along, from where the rover stands.
        value_s: Expected time to the goal.
    """

    motions: tuple[Motion, ...]
    poses: Floats
    value_s: float


class ArcSearch:
    """One search from where the rover stands.

    Attributes:
        seen: What was evaluated, in this order: (1, 4) the pose that an edge ends at, its value, whether it passed.
        exhausted: Whether nothing leads on: nothing was left to look at, or it all lies close by.
    """

    def __init__(self, walker: ArcWalker, pricer: Pricer, vehicle: VehicleParams) -> None:
        self._walker, self._pricer = walker, pricer
        tightest = float(arc_table(vehicle).curvature_per_m.max())
        count = round(EDGE_M / SPACING_M) + 1
        self._motions: list[Motion] = []
        self._paths: list[Floats] = []
        self._spreads: list[Floats] = []
        for way in (1, -1):
            for share in EDGE_BENDS:
                bend = share * tightest
                poses = arc_poses((0.0, 0.0, 0.0), length_m=way * EDGE_M, curvature_per_m=bend, count=count)
                self._motions.append(Motion(turn_rad=0.0, first_m=way * EDGE_M, first_per_m=bend))
                self._paths.append(poses)
                self._spreads.append(spreads(vehicle, np.array([bend]), EDGE_M, count, from_m=EDGE_M)[0])
        sweep = sweep_m(vehicle)
        for way in (1, -1):
            angle = way * np.linspace(0.0, EDGE_TURN_RAD, round(EDGE_TURN_RAD / SWEEP_RAD) + 1)
            self._motions.append(Motion(turn_rad=way * EDGE_TURN_RAD, first_m=0.0, first_per_m=0.0))
            self._paths.append(np.column_stack([0 * angle, 0 * angle, angle]))
            self._spreads.append(np.full((len(angle), 2), sweep))
        self._arcs = np.array(self._paths[: 2 * len(EDGE_BENDS)])
        self._nodes: list[_Node] = []
        self._heap: list[tuple[float, int]] = []
        self._done: set[tuple[int, int, int]] = set()
        self._furthest = 0.0
        self.exhausted = False
        self.seen: list[tuple[Floats, float, bool]] = []

    def run(self, below_s: float) -> Sequence | None:
        """Return the best sequence that leads on and takes less than a time; None where none was found.

        Asked again, it goes on from where it ended.
        """
        nodes, heap, done = self._nodes, self._heap, self._done
        if not nodes:
            nodes.append(_Node((0.0, 0.0, 0.0), 0.0, 0.0, -1, -1))
            done.add(_key(nodes[0].pose))
            self._expand(0, nodes, heap)
        goal = self._pricer.goal()
        while heap and len(self.seen) < MOST_EDGES:
            value, index = heap[0]
            if value >= below_s:
                return None
            heapq.heappop(heap)
            node = nodes[index]
            key = _key(node.pose)
            if key in done or not self._passes(node, nodes, value):
                continue
            done.add(key)
            away = math.hypot(node.pose[0], node.pose[1])
            self._furthest = max(self._furthest, away)
            if away >= AHEAD_M or (node.way_m > 0 and math.dist(node.pose[:2], goal) <= AT_GOAL_M):
                return self._found(index, nodes, value)
            self._expand(index, nodes, heap)
        self.exhausted = not heap or self._furthest < ENCLOSED_M
        return None

    def _expand(self, index: int, nodes: list[_Node], heap: list[tuple[float, int]]) -> None:
        node = nodes[index]
        ends = np.array([_moved(node.pose, path[-1:])[0] for path in self._paths])
        spent = self._pricer.edges_s(node.pose, self._arcs, EDGE_M)
        turned = self._pricer.turning_s(EDGE_TURN_RAD)
        seconds = node.spent_s + np.append(spent, [turned, turned])
        values = seconds + self._pricer.onward_s(_directed(ends))
        for edge in np.flatnonzero(np.isfinite(values)).tolist():
            length = 0.0 if edge >= len(self._arcs) else EDGE_M
            pose = (float(ends[edge, 0]), float(ends[edge, 1]), float(ends[edge, 2]))
            nodes.append(_Node(pose, float(seconds[edge]), node.way_m + length, index, edge))
            heapq.heappush(heap, (float(values[edge]), len(nodes) - 1))

    def _passes(self, node: _Node, nodes: list[_Node], value_s: float) -> bool:
        begun = nodes[node.parent].pose
        poses = _directed(_moved(begun, self._paths[node.edge]))
        sure = math.hypot(begun[0], begun[1]) <= SURE_M
        way = BACKWARD if self._motions[node.edge].first_m < 0 else FORWARD
        if self._walker.doomed(poses, sure=sure, way=way):
            return False
        passes, _ = self._walker.walk(poses, self._spreads[node.edge], sure=sure, way=way)
        self.seen.append((poses[-1:], value_s, passes))
        return passes

    def _found(self, index: int, nodes: list[_Node], value_s: float) -> Sequence:
        chain = []
        while nodes[index].parent >= 0:
            chain.append(index)
            index = nodes[index].parent
        chain.reverse()
        motions = _joined([self._motions[nodes[number].edge] for number in chain])
        poses = np.vstack(
            [_moved(nodes[nodes[number].parent].pose, self._paths[nodes[number].edge]) for number in chain]
        )
        return Sequence(motions=motions, poses=_directed(poses), value_s=value_s)


def _joined(edges: list[Motion]) -> tuple[Motion, ...]:
    """Return turns and arcs as motions: each the turns before an arc and the arc, with those that go on alike."""
    motions: list[Motion] = []
    turn = 0.0
    for edge in edges:
        last = motions[-1] if motions else None
        if edge.first_m == 0:
            turn += edge.turn_rad
        elif last and turn == 0 and last.first_per_m == edge.first_per_m and last.first_m * edge.first_m > 0:
            motions[-1] = replace(last, first_m=last.first_m + edge.first_m)
        else:
            turn = math.remainder(turn, 2 * math.pi)
            motions.append(Motion(turn_rad=turn, first_m=edge.first_m, first_per_m=edge.first_per_m))
            turn = 0.0
    return tuple(motions)


def _moved(pose: tuple[float, float, float], path: Floats) -> Floats:
    """Return (n, 3) a path that was laid out from the origin, from a pose."""
    ahead, left, yaw = pose
    cos, sin = math.cos(yaw), math.sin(yaw)
    return np.column_stack(
        [
            ahead + path[:, 0] * cos - path[:, 1] * sin,
            left + path[:, 0] * sin + path[:, 1] * cos,
            yaw + path[:, 2],
        ]
    )


def _directed(poses: Floats) -> Floats:
    return np.column_stack([poses[:, :2], np.cos(poses[:, 2]), np.sin(poses[:, 2])])


def _key(pose: tuple[float, float, float]) -> tuple[int, int, int]:
    ahead, left, yaw = pose
    turns = round(2 * math.pi / SAME_RAD)
    return round(ahead / SAME_M), round(left / SAME_M), round(yaw / SAME_RAD) % turns
