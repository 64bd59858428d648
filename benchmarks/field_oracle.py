"""Whether a boulder field can be crossed at all: a search over the true ground by the rover's own motions.

    python benchmarks/field_oracle.py [--cfa 10 15 20] [--slope 0] [--seeds 3] [--first-seed 1] [--judges exact rule]
        [--out FOLDER] [--poses 400000]

Fields and ends are those of `hazard_fields.py`. The search (A*, over poses 0.15 m and 15 deg apart) goes by arcs of
0.36 m ahead and back and by turns in place of 15 deg. Edges are judged when their turn comes, by one of three:

    exact     the rover settled on the true ground within all its limits, every 6 cm and 3.75 deg
    straying  the same, wherever it strays by 12 mm
    rule      clearance evaluation as on board, of the true heights without noise

The ways lie within 7 m to either side of the straight one. `exact` and `straying` are guided by the distance alone,
`rule` by the prices that the rover would have, had it seen all: it is not always the shortest way that is found.

What `exact` does not cross the vehicle cannot; what it crosses and `rule` does not, the bounds refuse; and what `rule`
crosses and a drive does not is lost to the drive's search, or to what it cannot see yet. `oracle.csv` has a row per
field and judge: the way found, how near to the goal it came, and how many poses it looked at; `cut off` after
`--poses`. The same command goes on where it was interrupted.
"""

from __future__ import annotations

import argparse
import csv
import heapq
import math
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from bench_fields_alone import Field
from true_stance import stands

import rover.hazard.aligned_patch as aligned_patch
from rover.core.grid import Dem, GridGeometry
from rover.hazard.clearance import arc_poses
from rover.onboard.arc_table import SPACING_M, SWEEP_RAD, arc_table, spreads, sweep_m
from rover.onboard.arc_walker import BACKWARD, BELLY_MARGIN_M, FORWARD, ArcWalker
from rover.onboard.heading_kernels import HEADINGS
from rover.onboard.local_cost import UNSEEN, cells_on, kept_factor
from rover.onboard.local_cost_kernels import cost_to_seeds, onward_from
from rover.onboard.local_map import LocalMap, fuse_heights
from rover.onboard.pose_lattice import reckoned

Floats = npt.NDArray[np.float64]
Pose = tuple[float, float, float]

ARC_M, TURN_RAD = 0.36, math.radians(15.0)
BEND_SHARES = (-1.0, -0.5, 0.0, 0.5, 1.0)
CELL_M = 0.15
AT_GOAL_M = 0.5
ASIDE_M, BEYOND_M = 7.0, 4.0
GUIDE_CELL_M = 0.2
STRAY_M = 0.012
TILE_M = 2.0
JUDGES = ("exact", "straying", "rule")
ROW = (
    "cfa_percent",
    "slope_deg",
    "seed",
    "judge",
    "crossed",
    "way_m",
    "over_straight",
    "left_m",
    "looked_at",
    "cpu_s",
)


@dataclass(frozen=True, slots=True)
class Edge:
    """A motion from the origin: (n, 3) poses for settling, (k, 3) for clearance evaluation, which way, how far."""

    coarse: Floats
    fine: Floats
    spread_m: Floats
    way: int
    length_m: float
    cost_m: float


def edges_of(field: Field) -> tuple[Edge, ...]:
    """Return arcs ahead and back, and turns in place."""
    vehicle = field.vehicle
    tightest = float(arc_table(vehicle).curvature_per_m.max())
    found = []
    for way in (1, -1):
        for share in BEND_SHARES:
            bend, length = share * tightest, way * ARC_M
            given = {"length_m": length, "curvature_per_m": bend}
            count = math.ceil(ARC_M / SPACING_M) + 1
            fine = arc_poses((0.0, 0.0, 0.0), count=count, **given)
            spread = spreads(vehicle, np.array([bend]), ARC_M, count, from_m=ARC_M)[0]
            coarse = arc_poses((0.0, 0.0, 0.0), count=7, **given)[1:]
            found.append(Edge(coarse, fine, spread, way, ARC_M, ARC_M * (1.0 if way > 0 else 1.1)))
    for way in (1, -1):
        coarse = np.zeros((4, 3))
        coarse[:, 2] = way * TURN_RAD * np.arange(1, 5) / 4
        fine = np.zeros((round(TURN_RAD / SWEEP_RAD) + 1, 3))
        fine[:, 2] = way * np.linspace(0.0, TURN_RAD, len(fine))
        found.append(Edge(coarse, fine, np.full((len(fine), 2), sweep_m(vehicle)), 1, 0.0, 0.2 * TURN_RAD))
    return tuple(found)


class Truth:
    """The true ground of a field, on which poses are settled."""

    def __init__(self, field: Field) -> None:
        self.field = field

    def stand(self, poses: Floats, way: int, stray_m: float = 0.0) -> npt.NDArray[np.bool_]:
        """Return (n,) at which of (n, 3) poses the rover stands within all limits, also where it strays."""
        field = self.field
        return stands(field.patch, field.vehicle, field.rig, poses, way=way, stray_m=stray_m)


class Rule:
    """Clearance evaluation as on board, of the true heights, tile by tile."""

    def __init__(self, field: Field) -> None:
        self._field, self._tiles = field, dict[tuple[int, int], ArcWalker]()
        aligned_patch.KEPT = 400

    def passes(self, begun: Pose, edge: Edge) -> bool:
        key = round(begun[0] / TILE_M), round(begun[1] / TILE_M)
        walker = self._tiles.get(key)
        if walker is None:
            walker = self._tiles[key] = self._walker(key[0] * TILE_M, key[1] * TILE_M)
        poses = moved(begun, edge.fine)
        ahead, left = poses[:, 0] - key[0] * TILE_M, poses[:, 1] - key[1] * TILE_M
        laid = np.column_stack([ahead, left, np.cos(poses[:, 2]), np.sin(poses[:, 2])])
        walker.refused.clear()
        passes, _ = walker.walk(laid, edge.spread_m, way=BACKWARD if edge.way < 0 else FORWARD)
        return passes

    def _walker(self, east: float, north: float) -> ArcWalker:
        ground = true_map(self._field, (east, north), 5.0)
        return ArcWalker(ground, self._field.vehicle, (east, north, 0.0), BELLY_MARGIN_M)


class Guide:
    """About how far it is to the goal: over cells and headings, plain or at the prices that they have on board."""

    def __init__(self, field: Field, *, plain: bool) -> None:
        start, goal, side = field.start, field.goal, GUIDE_CELL_M
        west, east = min(start[0], goal[0]) - BEYOND_M, max(start[0], goal[0]) + BEYOND_M
        middle = (start[1] + goal[1]) / 2
        self._corner = np.array([west, middle - ASIDE_M])
        cols, rows = round((east - west) / side), round(2 * ASIDE_M / side)
        cost = np.full((len(HEADINGS), rows, cols), 1.0 if plain else UNSEEN)
        for centre in np.arange(west + ASIDE_M, east + ASIDE_M, 2 * ASIDE_M).tolist() if not plain else ():
            _price(field, (centre, middle), self._corner, cost)
        self._field = np.full(cost.shape, np.inf)
        at = np.rint((np.array(goal) - self._corner) / side).astype(np.int64)
        self._field[:, at[1], at[0]] = 0.0
        cost_to_seeds(cost, side, np.ones((rows, cols)), 5.0, 1.1, self._field)

    def left_m(self, poses: Floats) -> Floats:
        """Return (n,) about how far it is from (n, 3) poses; +inf off the field."""
        cells = np.column_stack(
            [(poses[:, :2] - self._corner) / GUIDE_CELL_M, np.cos(poses[:, 2]), np.sin(poses[:, 2])]
        )
        left = np.empty(len(poses))
        onward_from(self._field, cells, 5.0, left)
        return left


def _price(field: Field, centre: tuple[float, float], corner: Floats, cost: Floats) -> None:
    """Set the prices of the cells about a place as the rover would have them, had it seen all without noise."""
    ground = true_map(field, centre, ASIDE_M + 2.0)
    walker = ArcWalker(ground, field.vehicle, (*centre, 0.0), BELLY_MARGIN_M)
    lattice = reckoned(None, ground, field.vehicle, centre, walker.expected)
    geometry, _, _ = cells_on(ground, centre)
    factor, _ = kept_factor(lattice, ground, geometry)
    _, rows, cols = cost.shape
    row, col = np.mgrid[:rows, :cols]
    i = np.rint((corner[1] + GUIDE_CELL_M * row - geometry.north_m) / geometry.resolution_m).astype(np.int64)
    j = np.rint((corner[0] + GUIDE_CELL_M * col - geometry.east_m) / geometry.resolution_m).astype(np.int64)
    on = (i >= 0) & (j >= 0) & (i < geometry.rows) & (j < geometry.cols)
    priced = factor[:, i[on], j[on]]
    cost[:, on] = np.where(np.isnan(priced), cost[:, on], priced)


def true_map(field: Field, centre: tuple[float, float], reach_m: float) -> LocalMap:
    """Return a local map of the true heights about a place."""
    patch = field.near(*centre, reach_m)
    rows, cols = patch.elevation_m.shape
    geometry = GridGeometry(
        rows=rows,
        cols=cols,
        resolution_m=patch.resolution_m,
        east_m=patch.east_m,
        north_m=patch.north_m,
        site=field.site,
    )
    heights = np.asarray(patch.elevation_m, np.float32)
    dem = Dem(geometry=geometry, elevation_m=heights, datum_m=0.0, source="truth")
    return fuse_heights(None, dem, here_m=centre, sigma_m=0.0, reach_m=reach_m, time_s=0.0)


def moved(pose: Pose, path: Floats) -> Floats:
    """Return (n, 3) a path that was laid out from the origin, from a pose."""
    cos, sin = math.cos(pose[2]), math.sin(pose[2])
    return np.column_stack(
        [
            pose[0] + path[:, 0] * cos - path[:, 1] * sin,
            pose[1] + path[:, 0] * sin + path[:, 1] * cos,
            pose[2] + path[:, 2],
        ]
    )


def key_of(pose: Pose) -> tuple[int, int, int]:
    turns = round(2 * math.pi / TURN_RAD)
    return round(pose[0] / CELL_M), round(pose[1] / CELL_M), round(pose[2] / TURN_RAD) % turns


@dataclass(frozen=True, slots=True)
class Crossing:
    """What a search found: poses of the way, (n, 3), none where there is no way; how near it came; what it took."""

    way: Floats
    way_m: float
    left_m: float
    looked_at: int
    exhausted: bool


def crossing(
    field: Field, edges: tuple[Edge, ...], guide: Guide, passes: Callable[[Pose, Edge], bool], most: int
) -> Crossing:
    """Search a way from start to goal; an edge is judged when the pose that it leads to is the most promising.

    The rover may begin at any of 24 headings.
    """
    ends = np.array([edge.coarse[-1] for edge in edges])
    begun = [(*field.start, TURN_RAD * k) for k in range(round(2 * math.pi / TURN_RAD))]
    nodes: list[tuple[Pose, float, int, int]] = [(pose, 0.0, -1, -1) for pose in begun]
    heap = [(0.0, number) for number in range(len(nodes))]
    done: set[tuple[int, int, int]] = set()
    nearest, looked_at = math.dist(field.start, field.goal), 0
    while heap and looked_at < most:
        _, index = heapq.heappop(heap)
        pose, spent, parent, number = nodes[index]
        key = key_of(pose)
        if key in done:
            continue
        if parent >= 0:
            looked_at += 1
            if not passes(nodes[parent][0], edges[number]):
                continue
        done.add(key)
        nearest = min(nearest, math.dist(pose[:2], field.goal))
        if nearest <= AT_GOAL_M:
            return _found(index, nodes, edges, nearest, looked_at)
        poses = moved(pose, ends)
        left = guide.left_m(poses)
        for number, (edge, onward) in enumerate(zip(edges, left.tolist(), strict=True)):
            end = (float(poses[number, 0]), float(poses[number, 1]), float(poses[number, 2]))
            if onward < math.inf and key_of(end) not in done:
                nodes.append((end, spent + edge.cost_m, index, number))
                heapq.heappush(heap, (spent + edge.cost_m + onward, len(nodes) - 1))
    return Crossing(np.empty((0, 3)), math.nan, nearest, looked_at, not heap)


def _found(
    index: int,
    nodes: list[tuple[Pose, float, int, int]],
    edges: tuple[Edge, ...],
    left_m: float,
    looked_at: int,
) -> Crossing:
    way, length = [], 0.0
    while index >= 0:
        pose, _, parent, number = nodes[index]
        way.append(pose)
        length += edges[number].length_m if parent >= 0 else 0.0
        index = parent
    return Crossing(np.array(way[::-1]), length, left_m, looked_at, exhausted=False)


def judge_of(name: str, truth: Truth) -> Callable[[Pose, Edge], bool]:
    """Return what tells whether an edge may be driven from a pose."""
    if name == "rule":
        return Rule(truth.field).passes
    stray = STRAY_M if name == "straying" else 0.0

    def passes(begun: Pose, edge: Edge) -> bool:
        return bool(truth.stand(moved(begun, edge.coarse), edge.way, stray).all())

    return passes


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--cfa", type=float, nargs="+", default=[10, 15, 20])
    parser.add_argument("--slope", type=float, nargs="+", default=[0])
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--first-seed", type=int, default=1)
    parser.add_argument("--judges", nargs="+", choices=JUDGES, default=["exact", "rule"])
    parser.add_argument("--poses", type=int, default=400_000)
    parser.add_argument("--out", type=Path, default=Path("hazard-fields"))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    path, rows = options.out / "oracle.csv", list[dict[str, Any]]()
    if path.exists():
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    done = {
        (float(row["cfa_percent"]), float(row["slope_deg"]), int(row["seed"]), row["judge"]) for row in rows
    }
    with tempfile.TemporaryDirectory() as held:
        for seed in range(options.first_seed, options.first_seed + options.seeds):
            for slope in options.slope:
                for cfa in options.cfa:
                    wanted = [name for name in options.judges if (cfa, slope, seed, name) not in done]
                    if not wanted:
                        continue
                    field = Field(Path(held), cfa, slope, seed)
                    truth = Truth(field)
                    edges = edges_of(field)
                    straight = math.dist(field.start, field.goal)
                    for name in wanted:
                        begun = time.process_time()
                        guide = Guide(field, plain=name != "rule")
                        found = crossing(field, edges, guide, judge_of(name, truth), options.poses)
                        crossed = len(found.way) > 0
                        row = {
                            "cfa_percent": cfa,
                            "slope_deg": slope,
                            "seed": seed,
                            "judge": name,
                            "crossed": int(crossed) if crossed or found.exhausted else "cut off",
                            "way_m": round(found.way_m, 2) if crossed else "",
                            "over_straight": round(found.way_m / straight, 3) if crossed else "",
                            "left_m": round(found.left_m, 2),
                            "looked_at": found.looked_at,
                            "cpu_s": round(time.process_time() - begun, 1),
                        }
                        rows.append(row)
                        print(*(f"{key} {row[key]}" for key in ROW), flush=True)
                        with path.open("w", newline="", encoding="utf-8") as file:
                            writer = csv.DictWriter(file, ROW)
                            writer.writeheader()
                            writer.writerows(rows)


if __name__ == "__main__":
    main()
