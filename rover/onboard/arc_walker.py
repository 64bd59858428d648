"""Clearance evaluation along arcs on the local map, and ways back to where the rover was."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from rover.core.vehicle import VehicleParams
from rover.hazard.aligned import SPACING_M as SAMPLES_M
from rover.hazard.aligned import AlignedGround, mean_grade
from rover.hazard.aligned_patch import AlignedPatch, Patches
from rover.hazard.clearance import arc_poses
from rover.hazard.clearance_figures import clearance_figures
from rover.hazard.walk_kernels import MARGINS, walk_on
from rover.onboard.arc_table import SPACING_M, SWEEP_DRIFT_M, SWEEP_RAD, arc_table, spreads
from rover.onboard.ground_bounds import ground_bounds
from rover.onboard.local_candidates import Motion
from rover.onboard.local_map import LocalMap
from rover.onboard.pose_lattice import Laid

Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]
Place = tuple[float, float]
Pose = tuple[float, float, float]

BELLY_MARGIN_M = 0.02
"""Room that must be left under the belly: what the wheels sink in."""

PARTS, PARTS_FINE = 30, (60, 200)
"""So many parts of a pose are looked at by itself where the whole is not sure to pass: as laid out coarsely; and
finely, for several poses and for one by itself."""

MORE_M, FURTHER_M = 0.5, 1.0
"""Ground is laid out so much beyond first arcs, and beyond second ones, which may come from the last choice."""

CLOSE_M = 0.5
"""For turns in place, which take it along every heading, only so much beyond the rover."""

ALIKE_M, ALIKE_RAD = 0.03, math.radians(3.0)
"""Poses so near to one that was refused are refused too, as good as always: they need not be looked at."""

UNDERFOOT_M = 0.2
"""Those that begin so near to the rover are: all its arcs begin there, and some lead out."""

EVERY = 2
"""Of a path's poses every so many are compared with those refused."""

FORWARD, BACKWARD = 1, -1
"""The way in which wheels look for steps."""

BACK_TURNS_RAD = tuple(math.radians(deg) for deg in (0, 5, -5, 10, -10, 20, -20, 35, -35, 50, -50, 75, -75))
"""Turns in place tried before an arc backwards."""


def way_back(
    ground: LocalMap,
    vehicle: VehicleParams,
    pose: Pose,
    place: Place,
    *,
    belly_margin_m: float = 0.0,
    ahead: bool = False,
    least_m: float = math.inf,
) -> Motion | None:
    """Return a turn and an arc to be driven backwards to a place, the least turn that passes; None if none does.

    Where none passes all along it is the longest part of one that does.

    Args:
        ground, vehicle, pose: As of `select_arc`.
        place: East and north of where it ends.
        belly_margin_m: Room that must be left under the belly.
        ahead: The rover came from there backwards: the arc leads ahead, and its length is negative.
        least_m: Parts that are shorter will not do.
    """
    side = 1 if ahead else -1
    away = math.hypot(place[0] - pose[0], place[1] - pose[1])
    # Of the heading that has it straight behind, or ahead.
    bearing = math.atan2(side * (place[1] - pose[1]), side * (place[0] - pose[0]))
    if away == 0:
        return None
    walker = ArcWalker(ground, vehicle, pose, belly_margin_m)
    least, most = walker.turns(clearance_figures(vehicle).reach_m)
    tightest = float(arc_table(vehicle).curvature_per_m.max())
    needed = math.remainder(bearing - pose[2], 2 * math.pi)
    part: Motion | None = None
    for turn in sorted((*BACK_TURNS_RAD, needed), key=abs):
        aside = math.remainder(needed - turn, 2 * math.pi)
        bend = side * 2 * math.sin(aside) / away
        if (turn != 0 and not least <= turn <= most) or abs(aside) > math.pi / 3 or abs(bend) > tightest:
            continue
        length = away / float(np.sinc(aside / math.pi))
        poses = arc_poses(
            (0.0, 0.0, turn),
            length_m=side * length,
            curvature_per_m=bend,
            count=max(2, math.ceil(length / SPACING_M) + 1),
        )
        laid = np.column_stack([poses[:, :2], np.cos(poses[:, 2]), np.sin(poses[:, 2])])
        spread = spreads(vehicle, np.array([bend]), length, len(poses), from_m=0.0)[0]
        passed = walker.passing(laid, spread, way=FORWARD if ahead else BACKWARD)
        share = 1.0 if passed == len(laid) else max(0, passed - 1) / (len(laid) - 1)
        motion = Motion(turn_rad=turn, first_m=-side * length * share, first_per_m=bend)
        if passed == len(laid):
            return motion
        if share * length >= (least_m if part is None else abs(part.first_m)):
            part = motion
    return part


class ArcWalker:
    """Clearance evaluation along poses from where the rover stands."""

    def __init__(self, ground: LocalMap, vehicle: VehicleParams, pose: Pose, belly_margin_m: float) -> None:
        bounds, own = ground_bounds(ground), clearance_figures(vehicle)
        self._side, self._corner = bounds.side_m, (bounds.east_m, bounds.north_m)
        self._belly_margin_m = belly_margin_m
        self._cos, self._sin = math.cos(pose[2]), math.sin(pose[2])
        self._col = (pose[0] - bounds.east_m) / self._side
        self._row = (pose[1] - bounds.north_m) / self._side
        middle, table = (self._col, self._row), arc_table(vehicle)
        near_m = table.first_m + own.reach_m + MORE_M
        grade = mean_grade(ground.height_m, ground.cell_m)
        self._sure = AlignedGround(bounds.low_m, bounds.high_m, self._side, middle, near_m, own, grade=grade)
        expected = np.asarray((bounds.low_m + bounds.high_m) / np.float32(2), np.float32)
        far_m = near_m + table.second_m + FURTHER_M
        close_m = own.reach_m + CLOSE_M
        self._close = AlignedGround(
            bounds.low_m, bounds.high_m, self._side, middle, close_m, own, grade=grade
        )
        self._expected = AlignedGround(
            expected, expected, self._side, middle, far_m, own, spacing_m=2 * SAMPLES_M, grade=grade
        )
        self._patches = Patches(bounds.low_m, bounds.high_m, self._side, own)
        self.expected = Laid(self._expected, ground, self._side)
        self.poses = 0
        self.refused: list[Pose] = []
        self._met: dict[tuple[bool, int], list[Floats]] = {}

    def walk(
        self, poses: Floats, spread_m: Floats, *, sure: bool = True, way: int = FORWARD
    ) -> tuple[bool, Floats]:
        """Return whether all poses pass, and the least slacks; one that does not is noted.

        Args:
            poses: (n, 4) from where the rover stands: forward, left, cosine and sine of the yaw.
            spread_m: (n, 2) what each pose must allow for.
            sure: Whether they pass wherever the ground lies between its bounds, and the rover within what is allowed
                for; else as it is expected to stand in the middle of both, for what is seen again before it is driven.
            way: `FORWARD` or `BACKWARD`.
        """
        cells = self._on_cells(poses)
        passed, margins = self._passed(self._sure if sure else self._expected, cells, spread_m, way=way)
        if passed < len(poses):
            self._refuse(cells[passed])
            if math.hypot(*poses[passed, :2]) > UNDERFOOT_M:
                self._met.setdefault((sure, way), []).append(cells[passed])
        return passed == len(poses), margins

    def passing(self, poses: Floats, spread_m: Floats, *, way: int) -> int:
        """Return how many poses pass before the first that does not; arguments as of `walk`, for what is sure."""
        passed, _ = self._passed(self._sure, self._on_cells(poses), spread_m, way=way)
        return passed

    def doomed(self, poses: Floats, *, sure: bool = True, way: int = FORWARD) -> bool:
        """Tell whether a path leads by a pose much like one that was refused; what the middle refuses, bounds do too.

        Args:
            poses, sure, way: As of `walk`.
        """
        met = [*self._met.get((False, way), ()), *(self._met.get((True, way), ()) if sure else ())]
        if not met:
            return False
        known, cells = np.array(met), self._on_cells(poses[::EVERY])
        away = np.square(cells[:, None, :2] - known[None, :, :2]).sum(axis=2)
        near = away <= (ALIKE_M / self._side) ** 2
        return bool((near & (cells[:, 2:] @ known[:, 2:].T >= math.cos(ALIKE_RAD))).any())

    def turns(self, reach_m: float) -> tuple[float, float]:
        """Return how far the rover can turn in place to the right, negative, and to the left."""
        angle = np.arange(0.0, math.pi + SWEEP_RAD / 2, SWEEP_RAD)
        spread = np.full((len(angle), 2), SWEEP_RAD / 2 * reach_m + SWEEP_DRIFT_M)
        bounds = []
        for side in (-1.0, 1.0):
            poses = np.column_stack([0 * angle, 0 * angle, np.cos(angle), side * np.sin(angle)])
            cells = self._on_cells(poses)
            passed, _ = self._passed(self._close, cells, spread)
            if passed < len(cells):
                self._refuse(cells[passed])
            bounds.append(side * (angle[passed - 1] + 1e-9) if passed else 0.0)
        return float(bounds[0]), float(bounds[1])

    def _refuse(self, cell: Floats) -> None:
        east, north = (cell[:2] * self._side).tolist()
        yaw = math.atan2(cell[3], cell[2])
        self.refused.append((self._corner[0] + east, self._corner[1] + north, yaw))

    def _on_cells(self, poses: Floats) -> Floats:
        """Return (n, 4) column and row as fractions, cosine and sine of the yaw."""
        ahead, left = poses[:, 0] / self._side, poses[:, 1] / self._side
        cells = np.empty((len(poses), 4))
        cells[:, 0] = self._col + ahead * self._cos - left * self._sin
        cells[:, 1] = self._row + ahead * self._sin + left * self._cos
        cells[:, 2] = poses[:, 2] * self._cos - poses[:, 3] * self._sin
        cells[:, 3] = poses[:, 2] * self._sin + poses[:, 3] * self._cos
        return cells

    def _passed(
        self, ground: AlignedGround, cells: Floats, spread_m: Floats, *, way: int = FORWARD
    ) -> tuple[int, Floats]:
        margins, failed = np.full(MARGINS, np.inf), np.empty(MARGINS)
        parts, rover = PARTS if ground is not self._expected else 0, ground.rover
        passed, count = 0, len(cells)
        bins, places = ground.places(cells, float(spread_m.max()))

        def on(laid: AlignedGround | AlignedPatch, bins: Counts, places: Floats, parts: int) -> int:
            spread = spread_m[passed : passed + len(places)]
            given = bins, rover, places, spread, parts, self._belly_margin_m, way, margins, failed
            return int(walk_on(laid.spacing_m, laid.layers, laid.wheels, *given))

        while passed < count:
            passed += on(ground, bins[passed:], places[passed:], parts)
            if passed == count or parts == 0 or math.isnan(failed[0]):
                break
            patch, further = self._patches.at(cells[passed]), 0
            here = patch.served(cells[passed : passed + 1])
            if on(patch, np.zeros(1, np.int64), here, 0) == 0:
                break  # It would hardly stand there even if all is as expected.
            for finest in (False, True):
                own = self._patches.own(cells[passed], patch, rover) if finest else patch
                if own is None:
                    break
                near = own.served(cells[passed:])
                further = on(own, np.zeros(len(near), np.int64), near, PARTS_FINE[finest])
                passed += further
                if further > 0:
                    break
            if further == 0:
                break
        if passed < count:
            margins = np.where(failed >= margins, margins, failed)
        self.poses += min(passed + 1, count)
        return int(passed), margins
