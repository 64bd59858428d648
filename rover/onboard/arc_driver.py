"""Driving by arcs: what is remembered from look to look, the next motion, and the way back over the own arcs.

It backs out over its own arcs, from where each ended to where it began: over ground that it has stood on.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rover.core.boundary import Command, Mode, Observation
from rover.core.vehicle import VehicleParams
from rover.hazard.costmap import CostMap
from rover.hazard.detect import Hazard, HazardMap
from rover.onboard.arc_track import Driven, without_loops
from rover.onboard.arc_walker import BELLY_MARGIN_M, ArcWalker, way_back
from rover.onboard.field_memory import FieldMemory, remembered
from rover.onboard.ground_bounds import evened
from rover.onboard.local_candidates import Motion, Stood, rank
from rover.onboard.local_cost import LocalCost, local_cost
from rover.onboard.local_map import LocalMap, fuse_heights
from rover.onboard.local_planner import ArcChoice, NoArc, select_arc
from rover.onboard.mapping import BeliefState
from rover.onboard.pose_lattice import PoseLattice, reckoned
from rover.onboard.stereo_gaps import bridged
from rover.planning.field import cost_field

Floats = npt.NDArray[np.float64]
Place = tuple[float, float]
Pose = tuple[float, float, float]

MOST_REFUSALS = 2000
"""Places at which clearance evaluation has refused a pose, the latest."""

FELT = 8
"""What the rover itself has met, a stall or a tilt, counts as so many refusals."""

REMEMBERED_MOTIONS = 400

REMEMBERED_M = 10.0
"""Heights further from the rover are forgotten."""

SHORT_M = 0.02
"""Nearer than this to a place on the way back is there."""

PART_M, PARTLY = 0.3, 0.8
"""Shorter parts of a way back are not driven; where less than this share of a motion is left, so much is."""

LOOKS = 4
"""Where no arc is safe the rover looks so often before it backs out: what noise closed, the mean of looks may open."""

MOST_DEAD_ENDS = 100

MOST_STOOD = 400

AWAY_M, MOST_LINGERED = 3.0, 30
"""Where so many choices have not led so far away, none does: the rover backs out."""

AGAIN_S = 15.0
"""To stand where the rover has stood is worse by so much each time."""

STUCK_S = 1e5
"""The way on from where no arc is safe."""

AHEAD_M = 15.0
"""A path is taken up again no further along it than this."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GoalField:
    """The cost on from every cell of the maps on board.

    Attributes:
        goal_m: To where.
        cost_s_per_m: By which costs, as they were.
        onward_s: (rows, cols).
    """

    goal_m: Place
    cost_s_per_m: Floats
    onward_s: Floats


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LocalState:
    """What driving by arcs remembers.

    Attributes:
        ground: Heights seen lately.
        refused: Poses that were refused.
        dead_ends_m: Places at which no arc was safe, the latest last.
        driven: Motions since the start that have not been backed out over, the latest last.
        retrace: What the way back that is under way is over, the next first.
        kept: What is left of the last choice.
        field: The cost to the goal over the map.
        cost: Round the rover, as last reckoned.
        choice: As last made.
        backed: How many times it has backed out since it last got anywhere.
        since_m: Driven since it last backed out.
        looks: Taken from where it stands, without an arc that is safe.
        lattice: Poses round it, and how well it would stand there.
        about_m: The place that it was last `AWAY_M` from another such place.
        lingered: Choices made no further than that from there.
        memory: What the way to the goal turned out to take, beyond what the maps have it.
        stood: Where it has chosen, and what the way on took at the least, the latest last.
    """

    ground: LocalMap | None = None
    refused: tuple[Pose, ...] = ()
    dead_ends_m: tuple[Place, ...] = ()
    driven: tuple[Driven, ...] = ()
    retrace: tuple[Driven, ...] = ()
    kept: tuple[Motion, ...] = ()
    field: GoalField | None = None
    cost: LocalCost | None = None
    choice: ArcChoice | NoArc | None = None
    backed: int = 0
    since_m: float = 0.0
    looks: int = 0
    stood: tuple[Stood, ...] = ()
    lattice: PoseLattice | None = None
    about_m: Place | None = None
    lingered: int = 0
    memory: FieldMemory | None = None


def sense(
    local: LocalState, seen: Observation, vehicle: VehicleParams, perceived: LocalMap | None = None
) -> LocalState:
    """Take in a look, and what became of the last motion.

    Args:
        local: What is remembered.
        seen: Of the present look.
        vehicle: How good its senses are.
        perceived: The local map as perceived; None where the senses tell heights as they are.
    """
    if perceived is not None:
        local = replace(local, ground=bridged(perceived))
    elif seen.heights is not None:
        ground = fuse_heights(
            local.ground,
            seen.heights,
            here_m=(seen.east_m, seen.north_m),
            sigma_m=vehicle.height_noise_m,
            reach_m=REMEMBERED_M,
            time_s=seen.time_s,
        )
        local = replace(local, ground=ground)
    return _cut_short(local, seen) if seen.stalled or seen.halted else local


def _cut_short(local: LocalState, seen: Observation) -> LocalState:
    """Put what was really driven in the place of the last motion, which was stopped."""
    local = replace(local, kept=())
    if local.retrace or not local.driven:
        return replace(local, retrace=())
    *earlier, last = local.driven
    (east, north, yaw), bend = last.begun, last.motion.first_per_m
    chord = math.hypot(seen.east_m - east, seen.north_m - north)
    length = chord if bend == 0 else 2 * math.asin(min(1.0, chord * abs(bend) / 2)) / abs(bend)
    length = math.copysign(length, last.motion.first_m)
    turned = math.remainder(seen.yaw_rad - yaw - bend * length, 2 * math.pi)
    motion = Motion(turn_rad=turned, first_m=length, first_per_m=bend)
    return replace(local, driven=(*earlier, Driven(motion=motion, begun=last.begun)))


def met(local: LocalState, pose: Pose) -> LocalState:
    """Remember a pose at which the rover itself has met what it could not pass."""
    return _refused(local, np.array([pose] * FELT))


def _refused(local: LocalState, poses: Floats) -> LocalState:
    added = tuple((float(east), float(north), float(yaw)) for east, north, yaw in poses.tolist())
    return replace(local, refused=(*local.refused, *added)[-MOST_REFUSALS:])


def next_motion(
    local: LocalState,
    seen: Observation,
    belief: BeliefState,
    vehicle: VehicleParams,
    path_m: Floats,
    *,
    keeps_to_path: bool,
    most_m: float,
) -> tuple[LocalState, Command | None]:
    """Return the next command: of the way back where one is under way, else of the best arc; None where none is safe.

    One without motion is to look again, all round.

    Args:
        local: What is remembered.
        seen: Of the present look.
        belief: The maps on board.
        vehicle: Its figures.
        path_m: (n, 2) the way ahead up to where it leads.
        keeps_to_path: Whether that way is to be kept to; else its last place alone counts.
        most_m: Longest drive.
    """
    pose = seen.east_m, seen.north_m, seen.yaw_rad
    if local.ground is None:
        return local, None
    ground = evened(local.ground)
    if local.retrace:
        return _back(local, ground, vehicle, pose, most_m)
    local = _lingering(local, pose[:2])
    goal = (float(path_m[-1, 0]), float(path_m[-1, 1]))
    if not keeps_to_path:
        local = replace(local, field=_field_to(goal, local.field, belief.costmap))
    walker = ArcWalker(ground, vehicle, pose, BELLY_MARGIN_M)
    lattice = reckoned(local.lattice, ground, vehicle, pose[:2], walker.expected)
    cost = local_cost(
        ground,
        belief,
        vehicle,
        here_m=pose[:2],
        refused=local.refused,
        dead_ends_m=local.dead_ends_m,
        lattice=lattice,
        memory=local.memory,
        onward_s=None if keeps_to_path or local.field is None else local.field.onward_s,
        path_m=path_m,
    )
    if not keeps_to_path:
        local = replace(local, memory=_memory_of(local.memory, cost, goal))
    ranked = rank(cost, vehicle, pose, goal_m=goal, kept=local.kept, stood=local.stood)
    choice = select_arc(ground, vehicle, pose, ranked, walker=walker)
    local = _refused(replace(local, cost=cost, choice=choice, lattice=lattice), choice.considered.refused)
    if isinstance(choice, NoArc) or local.lingered > MOST_LINGERED:
        if isinstance(choice, NoArc) and local.looks + 1 < LOOKS and seen.heights is not None:
            return replace(local, kept=(), looks=local.looks + 1), Command(mode=Mode.DRIVE, look_round=True)
        ends = (*local.dead_ends_m, pose[:2])[-MOST_DEAD_ENDS:]
        local = _learnt(local, pose, STUCK_S)
        return replace(local, kept=(), looks=0, dead_ends_m=ends), None
    return _begun(_learnt(local, pose, choice.value_s), choice.motion, choice.then, pose, most_m)


def _memory_of(memory: FieldMemory | None, cost: LocalCost, goal_m: Place) -> FieldMemory:
    return remembered(
        memory,
        goal_m=goal_m,
        cell_m=cost.geometry.resolution_m,
        corner=cost.corner,
        over_map_s=cost.over_map_s,
        to_goal_s=cost.to_goal_s,
    )


def _lingering(local: LocalState, here_m: Place) -> LocalState:
    """Count the choices made about a place."""
    if local.about_m is None or math.dist(local.about_m, here_m) > AWAY_M:
        return replace(local, about_m=here_m, lingered=0)
    return replace(local, lingered=local.lingered + 1)


def _learnt(local: LocalState, pose: Pose, value_s: float) -> LocalState:
    """Remember what the way on from a pose takes: to come back to it is no better than that, and a little worse.

    So no two poses of which each seems to lead on by the other are gone between for long (Korf 1990, Real-time
    heuristic search, doi:10.1016/0004-3702(90)90054-4).
    """
    return replace(local, stood=(*local.stood, (*pose, value_s + AGAIN_S))[-MOST_STOOD:])


def _begun(
    local: LocalState, motion: Motion, then: tuple[Motion, ...], pose: Pose, most_m: float
) -> tuple[LocalState, Command]:
    """Drive a motion up to the next look."""
    drive = math.copysign(min(most_m, abs(motion.first_m)), motion.first_m)
    left = motion.after(drive)
    done = Motion(turn_rad=motion.turn_rad, first_m=drive, first_per_m=motion.first_per_m)
    since = local.since_m + abs(drive)
    local = replace(
        local,
        driven=(*local.driven, Driven(motion=done, begun=pose))[-REMEMBERED_MOTIONS:],
        kept=then if left is None else (left, *then),
        since_m=since,
        looks=0,
    )
    return local, Command(
        mode=Mode.DRIVE, turn_rad=motion.turn_rad, drive_m=drive, curvature_per_m=motion.first_per_m
    )


def _back(
    local: LocalState, ground: LocalMap, vehicle: VehicleParams, pose: Pose, most_m: float
) -> tuple[LocalState, Command]:
    """Drive, mostly backwards, to where the next of the motions to be backed out over began.

    The rover has strayed by some centimetres: of several arcs there the first that passes clearance evaluation is
    taken, none passing the longest part of one that does, and where not even that is long, the one that was driven.
    """
    last, rest = local.retrace[0], local.retrace[1:]
    ahead, away = last.motion.first_m < 0, math.dist(pose[:2], last.begun[:2])
    found = way_back(ground, vehicle, pose, last.begun[:2], ahead=ahead, least_m=PART_M)
    motion = found or _as_driven(last, pose, away)
    drive, whole = min(abs(motion.first_m), most_m), abs(motion.first_m) if found is None else away
    left = local.retrace if drive < whole - SHORT_M else rest
    command = Command(
        mode=Mode.DRIVE,
        turn_rad=motion.turn_rad,
        drive_m=-math.copysign(drive, motion.first_m),
        curvature_per_m=motion.first_per_m,
    )
    return replace(local, retrace=left), command


def _as_driven(last: Driven, pose: Pose, away_m: float) -> Motion:
    """Return a motion to be driven backwards as it was driven, from the heading at which it ended.

    Where a part of it has been backed out over, it is what is left of it.
    """
    ended = last.begun[2] + last.motion.turn_rad + last.motion.first_per_m * last.motion.first_m
    turn, length = math.remainder(ended - pose[2], 2 * math.pi), last.motion.first_m
    if away_m < PARTLY * abs(length):
        length = math.copysign(away_m, length)
    return replace(last.motion, turn_rad=turn, first_m=length)


def back_out(local: LocalState, least_m: float) -> LocalState | None:
    """Return a way back over the own arcs, a longer one each time until it gets on; None where none is left.

    Args:
        local: What is remembered.
        least_m: How far at least.
    """
    backed = 0 if local.since_m > 3 * least_m * (local.backed + 1) else local.backed
    wanted, way = least_m * 2**backed, 0.0
    over: list[Driven] = []
    driven = without_loops(local.driven)
    while driven and way < wanted - 1e-9:
        last = driven.pop()
        if abs(last.motion.first_m) > SHORT_M:
            over.append(last)
            way += abs(last.motion.first_m)
    if not over:
        return None
    return replace(
        local, driven=tuple(driven), retrace=tuple(over), kept=(), backed=min(backed + 1, 6), since_m=0.0
    )


def _field_to(goal_m: Place, before: GoalField | None, costmap: CostMap) -> GoalField:
    """Return the cost to a goal, made anew only where the goal or the costs are others."""
    if before is not None and before.goal_m == goal_m and before.cost_s_per_m is costmap.cost_s_per_m:
        return before
    geometry = costmap.geometry
    cell = geometry.cell_at(*goal_m)
    assert cell is not None, "the goal lies on the map"
    cost = costmap.cost_s_per_m
    if not math.isfinite(cost[cell]):
        cost = cost.copy()
        cost[cell] = np.max(cost, where=np.isfinite(cost), initial=1.0)
    onward = cost_field(cost, cell, resolution_m=geometry.resolution_m, neighbours=16)
    return GoalField(goal_m=goal_m, cost_s_per_m=costmap.cost_s_per_m, onward_s=onward)


def with_lethal(belief: BeliefState, cost: LocalCost | None) -> BeliefState:
    """Close the cells of the maps on board on which no heading passes wherever the rover stands; the same if none."""
    if cost is None or not cost.blocked.any():
        return belief
    fine, geometry = cost.geometry, belief.costmap.geometry
    places = fine.centres_of(np.argwhere(np.ones(fine.shape, np.bool_)))
    cols = np.floor((places[:, 0] - geometry.east_m) / geometry.resolution_m + 0.5).astype(np.int64)
    rows = np.floor((places[:, 1] - geometry.north_m) / geometry.resolution_m + 0.5).astype(np.int64)
    inside = (rows >= 0) & (rows < geometry.rows) & (cols >= 0) & (cols < geometry.cols)
    open_, closed = np.zeros(geometry.shape, np.int64), np.zeros(geometry.shape, np.int64)
    blocked = cost.blocked.ravel()[inside]
    np.add.at(closed, (rows[inside], cols[inside]), blocked.astype(np.int64))
    np.add.at(open_, (rows[inside], cols[inside]), (~blocked).astype(np.int64))
    full = max(1, math.floor((geometry.resolution_m / fine.resolution_m) ** 2) - 1)
    lethal = (open_ == 0) & (closed >= full) & np.isfinite(belief.costmap.cost_s_per_m)
    if not lethal.any():
        return belief
    flags, costs = belief.hazards.flags.copy(), belief.costmap.cost_s_per_m.copy()
    flags[lethal] |= np.uint8(Hazard.STEP)
    costs[lethal] = np.inf
    return replace(
        belief,
        hazards=HazardMap(geometry=belief.hazards.geometry, flags=flags),
        costmap=replace(belief.costmap, cost_s_per_m=costs),
    )


def passed_waypoints(path_m: Floats, here_m: Place, last: int) -> int:
    """Return how many waypoints ahead lie behind the nearest, among those up to `last` and not far along.

    Args:
        path_m: (n, 2) the way ahead.
        here_m: Where the rover is.
        last: Index of the waypoint that must not be passed by.
    """
    ahead = path_m[: last + 1]
    steps = np.diff(np.vstack([here_m, ahead]), axis=0)
    near = np.cumsum(np.hypot(steps[:, 0], steps[:, 1])) <= AHEAD_M
    near[0] = True
    away = np.where(near, np.hypot(*(ahead - np.array(here_m)).T), np.inf)
    return int(away.argmin())
