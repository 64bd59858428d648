"""What it costs to cross the ground round the rover, as seen, and the cost from there to the goal.

The costs rank arcs; they do not judge them. What the rover can stand on is for clearance evaluation to say.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt

from rover.core.arrays import locked
from rover.core.grid import GridGeometry
from rover.core.vehicle import VehicleParams
from rover.hazard.detect import Hazard
from rover.onboard.field_memory import FieldMemory, excess_on
from rover.onboard.heading_kernels import HEADINGS
from rover.onboard.local_cost_kernels import cost_to_seeds
from rover.onboard.local_map import LocalMap
from rover.onboard.mapping import BeliefState
from rover.onboard.pose_lattice import PoseLattice
from rover.onboard.stance import slack_by_heading

Floats = npt.NDArray[np.float64]
Place = tuple[float, float]
Pose = tuple[float, float, float]

LOCAL_CELL_M = 0.2
"""Cells of the local costs; heights on finer cells are taken together."""

BLOCKED = 40.0
"""Price, in level metres, of a metre on which the rover is not expected to pass."""

SLACK = (-1.0, -0.25, 0.15, 0.4, 0.6, 0.9, 1.15, 1.5, 2.0)
PRICE = (BLOCKED, 25.0, 10.0, 6.0, 3.5, 2.2, 1.6, 1.15, 1.0)
"""Price of a metre by how much slack the rover has on it: of poses with these 1, 10, 30, 40, 63, 77, 88, 98 and all of
a hundred pass clearance evaluation."""

SHARE = (0.01, 0.1, 0.3, 0.4, 0.63, 0.77, 0.88, 0.98, 1.0)
"""Those shares of poses, by price."""

PRIOR, BESIDE = 2.0, 0.25
"""A price counts as so many trials of poses; a refusal counts at the headings next to its own as so much of one."""

TRIED = (-1.0, -0.3, 0.0)
TRIED_PRICE = (1.6, 1.25, 1.0)
"""The same by the slack that clearance evaluation of the pose has found on coarse ground: of those above
`REFUSED_BELOW` 92, 96 and all of a hundred pass on fine ground."""

REFUSED_BELOW = -0.99

REFUSED_SLACK = (-0.75, -0.3, 0.3, 1.1, 1.5)
REFUSED_PRICE = (25.0, 18.0, 8.0, 4.5, 3.5)
"""The same, by the slack of a quick stance, of poses below that: 16 to 60 of a hundred pass on fine ground."""

OPEN = 0.15
"""Slack below which the rover is not expected to pass."""

BACK = 1.3
"""How many times as much a metre costs backwards."""

UNSEEN = 1.5
"""Price of a metre of ground that was not seen, at the least: it is about as much in the way as what was."""

CROWDED, CROWDED_PRICE = (2.1, 2.4, 3.4), (UNSEEN, 1.6, 3.1)
"""The same by the harmonic mean of the prices of all poses seen: what ways of 14 m took by the metre over fields whose
rocks cover 2 to 20 % (1.2 at a mean of 1.6, 1.6 at 2.3, 3.2 at 3.6)."""

REACH_M = 7.0
"""The costs reach so far about the rover."""

DEAD_END, DEAD_END_M = 10.0, 1.5
"""Added price where no arc was safe; it is less the further away, and none so far."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LocalCost:
    """Costs on a window about the rover.

    Attributes:
        geometry: Its cells.
        cost_s_per_m: (headings, rows, cols) by `HEADINGS`; +inf where the footprint could touch a keep-out zone, or off
            the map.
        blocked: (rows, cols) bool: seen, and the rover is not expected to pass whichever way it stands.
        to_goal_s: (headings, rows, cols) least cost on to the goal; +inf where there is no way.
        corner: Row and column of the south-western cell, from the local map's origin.
        over_map_s: (rows, cols) cost on to the goal by the maps alone; +inf where the way is a given path.
    """

    geometry: GridGeometry
    cost_s_per_m: Floats
    blocked: npt.NDArray[np.bool_]
    to_goal_s: Floats
    corner: tuple[int, int]
    over_map_s: Floats

    def __post_init__(self) -> None:
        shape = len(HEADINGS), *self.geometry.shape
        for name in ("cost_s_per_m", "to_goal_s"):
            object.__setattr__(self, name, locked(getattr(self, name), np.float64, shape, name))
        object.__setattr__(self, "over_map_s", locked(self.over_map_s, np.float64, shape[1:], "over_map_s"))
        object.__setattr__(self, "blocked", locked(self.blocked, np.bool_, shape[1:], "blocked"))


def local_cost(
    ground: LocalMap,
    belief: BeliefState,
    vehicle: VehicleParams,
    *,
    here_m: Place,
    refused: Sequence[Pose],
    dead_ends_m: Sequence[Place] = (),
    lattice: PoseLattice | None = None,
    memory: FieldMemory | None = None,
    onward_s: Floats | None,
    path_m: Floats,
) -> LocalCost:
    """Return the costs round the rover.

    Args:
        ground: What was seen.
        belief: The maps on board.
        vehicle: For its size and step limit.
        here_m: Where the rover is.
        refused: Poses that clearance evaluation has refused, as often as it did.
        dead_ends_m: Places at which no arc was safe, as often as there was none.
        lattice: What is known of poses; None where they are to be reckoned anew, by a quick stance alone.
        memory: What the way to the goal took beyond what the maps have it; with `onward_s` alone.
        onward_s: (rows, cols) of the belief's cells, cost from each to the goal; None where the way is a given path.
        path_m: (n, 2) the way ahead, its last place the goal; with `onward_s`, that place alone counts.
    """
    geometry, places, known = cells_on(ground, here_m)
    if lattice is None:
        factor, blocked = _factor(ground, vehicle, geometry, places, known)
    else:
        factor, blocked = kept_factor(lattice, ground, geometry)
    unseen = unseen_price(factor)
    factor[np.isnan(factor)] = unseen
    _raise_by_refusals(factor, refused, geometry)
    factor += _dead_ends(dead_ends_m, geometry)
    base = _map_cost(belief, geometry, known)
    cost = np.where(np.isinf(base), np.inf, base * factor)
    cost[:, _near_keep_out(belief, geometry, vehicle)] = np.inf
    corner, over_map = _first_cell(ground, geometry), np.full(geometry.shape, np.inf)
    field = np.full(cost.shape, np.inf)
    if onward_s is None:
        way = np.full(geometry.shape, np.inf)
        _seed_path(way, geometry, path_m, belief)
        field[:] = way
    else:
        over_map = unseen * between_cells(onward_s, belief.costmap.geometry, _centres(geometry)).reshape(
            geometry.shape
        )
        goal, side = (float(path_m[-1, 0]), float(path_m[-1, 1])), geometry.resolution_m
        beyond = excess_on(memory, goal_m=goal, cell_m=side, corner=corner, shape=geometry.shape)
        rim = _rim(geometry)
        field[:, rim] = over_map[rim] + beyond[:, rim]
        at_goal = np.full(geometry.shape, np.inf)
        _seed(at_goal, geometry, path_m[-1:], np.zeros(1))
        field = np.minimum(field, at_goal)
    to_goal = np.where(np.isinf(cost), np.inf, field)
    cost_to_seeds(cost, geometry.resolution_m, base, math.radians(vehicle.turn_rate_deg_s), BACK, to_goal)
    return LocalCost(
        geometry=geometry,
        cost_s_per_m=cost,
        blocked=blocked,
        to_goal_s=to_goal,
        corner=corner,
        over_map_s=over_map,
    )


def _first_cell(ground: LocalMap, geometry: GridGeometry) -> tuple[int, int]:
    """Return row and column of the south-western cell, from the local map's origin."""
    side = geometry.resolution_m
    shift = (side - ground.cell_m) / 2
    east = geometry.east_m - ground.geometry.east_m - shift + ground.corner[1] * ground.cell_m
    north = geometry.north_m - ground.geometry.north_m - shift + ground.corner[0] * ground.cell_m
    return round(north / side), round(east / side)


def cells_on(ground: LocalMap, here_m: Place) -> tuple[GridGeometry, Floats, npt.NDArray[np.bool_]]:
    """Return the cells of the local costs, where they are on the map's, (n, 2) column and row, and which are known."""
    old, block = ground.geometry, max(1, math.floor(LOCAL_CELL_M / ground.cell_m + 1e-9))
    # Blocks stay where they are on the ground as the map rolls.
    spans = []
    for first, count, low, here in zip(
        ground.corner, old.shape, (old.north_m, old.east_m), here_m[::-1], strict=True
    ):
        skip = -first % block
        begin = max(0, math.floor(((here - REACH_M - low) / old.resolution_m - skip) / block))
        end = min(
            (count - skip) // block, math.ceil(((here + REACH_M - low) / old.resolution_m - skip) / block)
        )
        spans.append((skip + begin * block, end - begin))
    (south, rows), (west, cols) = spans
    side, shift = old.resolution_m * block, (block - 1) / 2
    geometry = replace(
        old,
        rows=rows,
        cols=cols,
        resolution_m=side,
        resolution_north_m=side,
        east_m=old.east_m + (west + shift) * old.resolution_m,
        north_m=old.north_m + (south + shift) * old.resolution_m,
    )
    row, col = np.mgrid[:rows, :cols]
    places = np.stack([west + shift + block * col, south + shift + block * row], axis=-1)
    heights = ground.height_m[south : south + rows * block, west : west + cols * block]
    known = ~np.isnan(heights.reshape(rows, block, cols, block)).any(axis=(1, 3))
    return geometry, places.astype(np.float64), np.asarray(known)


def _factor(
    ground: LocalMap,
    vehicle: VehicleParams,
    geometry: GridGeometry,
    places: Floats,
    known: npt.NDArray[np.bool_],
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return (headings, rows, cols) how many times the price of plain ground each costs; which cells are blocked."""
    slack = np.full((len(HEADINGS), *geometry.shape), np.nan)
    if known.any():
        slack[:, known] = slack_by_heading(ground, vehicle, np.ascontiguousarray(places[known]))
    factor = np.where(np.isnan(slack), np.nan, np.interp(slack, SLACK, PRICE))
    return factor, np.asarray((slack < OPEN).all(axis=0))


def kept_factor(
    lattice: PoseLattice, ground: LocalMap, geometry: GridGeometry
) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """Return what `_factor` does, of what a lattice keeps."""
    first = _first_cell(ground, geometry)
    south, west = first[0] - lattice.corner[0], first[1] - lattice.corner[1]
    rows, cols = lattice.variance_m2.shape
    stance = np.full((len(HEADINGS), *geometry.shape), np.nan)
    tried = stance.copy()
    r0, r1 = max(0, south), min(rows, south + geometry.rows)
    c0, c1 = max(0, west), min(cols, west + geometry.cols)
    here, there = np.s_[:, r0 - south : r1 - south, c0 - west : c1 - west], np.s_[:, r0:r1, c0:c1]
    stance[here], tried[here] = lattice.stance[there], lattice.tried[there]
    quick = np.where(np.isnan(stance), np.nan, np.interp(stance, SLACK, PRICE))
    narrow = np.interp(stance, REFUSED_SLACK, REFUSED_PRICE)
    held = np.where(tried > REFUSED_BELOW, np.interp(tried, TRIED, TRIED_PRICE), narrow)
    factor = np.where(np.isnan(tried), quick, held)
    fails = np.where(np.isnan(tried), stance < OPEN, tried <= REFUSED_BELOW)
    return factor, np.asarray(fails.all(axis=0))


def unseen_price(factor: Floats) -> float:
    """Return the price of unseen ground, by the prices of what was seen.

    Among many rocks a metre on known ground costs several of plain ground. Were the unknown priced as plain, the rover
    would leave whatever it knows for it, to either side and back.

    Args:
        factor: (headings, rows, cols) prices; NaN where unseen.
    """
    seen = factor[~np.isnan(factor)]
    if len(seen) == 0:
        return UNSEEN
    return float(np.interp(1.0 / np.mean(1.0 / seen), CROWDED, CROWDED_PRICE))


def _raise_by_refusals(factor: Floats, refused: Sequence[Pose], geometry: GridGeometry) -> None:
    """Raise, in place, the prices at which poses were refused: at their heading, and at those to either side.

    A cell has room for many poses, and one that is refused is one of them: what is thought to pass of them becomes what
    trials make of it (the mean of a beta distribution), the price's own share counting as `PRIOR` of them.
    """
    if not refused:
        return
    poses = np.array(refused)
    rows, cols, inside = _cells_of(poses[:, :2], geometry)
    angles = np.array([math.atan2(north, east) for east, north in HEADINGS])
    off = np.abs(np.angle(np.exp(1j * (poses[:, 2, None] - angles))))
    counts = np.zeros(factor.shape)
    for nearest, weight in zip(np.argsort(off, axis=1).T[:3], (1.0, BESIDE, BESIDE), strict=True):
        np.add.at(counts, (nearest[inside], rows[inside], cols[inside]), weight)
    met = counts > 0
    share = np.interp(factor[met], PRICE[::-1], SHARE[::-1]) * PRIOR / (PRIOR + counts[met])
    factor[met] = np.interp(share, SHARE, PRICE)


def _dead_ends(places: Sequence[Place], geometry: GridGeometry) -> Floats:
    """Return the added price of what lies near places that led nowhere."""
    price = np.zeros(geometry.shape)
    east = geometry.east_m + np.arange(geometry.cols) * geometry.resolution_m
    north = geometry.north_m + np.arange(geometry.rows) * geometry.resolution_m
    for place in places:
        away = np.hypot(east[None, :] - place[0], north[:, None] - place[1])
        price += DEAD_END * np.maximum(0.0, 1.0 - away / DEAD_END_M)
    return price


def _cells_of(
    places: Floats, geometry: GridGeometry
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """Return rows and columns of (n, 2) places, and which lie on the raster."""
    cols = np.floor((places[:, 0] - geometry.east_m) / geometry.resolution_m + 0.5).astype(np.int64)
    rows = np.floor((places[:, 1] - geometry.north_m) / geometry.resolution_m + 0.5).astype(np.int64)
    inside = (rows >= 0) & (rows < geometry.rows) & (cols >= 0) & (cols < geometry.cols)
    return rows, cols, inside


def _centres(geometry: GridGeometry) -> Floats:
    rows, cols = np.mgrid[: geometry.rows, : geometry.cols]
    return geometry.centres_of(np.stack([rows.ravel(), cols.ravel()], axis=1))


def _map_cost(belief: BeliefState, geometry: GridGeometry, seen: npt.NDArray[np.bool_]) -> Floats:
    """Return the map's costs on these cells; what it closes costs as if blocked, or as the dearest where it is seen."""
    rows, cols, inside = _cells_of(_centres(geometry), belief.costmap.geometry)
    known = belief.costmap.cost_s_per_m
    found = np.full(len(rows), np.inf)
    found[inside] = known[rows[inside], cols[inside]]
    open_ = np.isfinite(found)
    dearest = float(np.max(found, where=open_, initial=float(np.min(known))))
    closed = np.where(seen.ravel(), dearest, dearest * BLOCKED)
    return np.asarray(np.where(inside, np.where(open_, found, closed), np.inf).reshape(geometry.shape))


def _near_keep_out(
    belief: BeliefState, geometry: GridGeometry, vehicle: VehicleParams
) -> npt.NDArray[np.bool_]:
    """Return on which cells the footprint could touch a keep-out zone, or a pose between two that are looked at."""
    rows, cols, inside = _cells_of(_centres(geometry), belief.hazards.geometry)
    out = np.zeros(len(rows), np.bool_)
    flags = belief.hazards.flags[rows[inside], cols[inside]]
    out[inside] = (flags & np.uint8(Hazard.KEEP_OUT)) != 0
    out = out.reshape(geometry.shape)
    if not out.any():
        return out
    reach = vehicle.footprint_radius_m + 2 * geometry.resolution_m * math.sqrt(2)
    return np.asarray(distance_transform_edt(~out, sampling=geometry.resolution_m) <= reach)


def _seed(field: Floats, geometry: GridGeometry, places: Floats, onward_s: Floats) -> None:
    """Lower, in place, the cells of (n, 2) places to the costs on from there."""
    rows, cols, inside = _cells_of(places, geometry)
    np.minimum.at(field, (rows[inside], cols[inside]), onward_s[inside])


def _rim(geometry: GridGeometry) -> npt.NDArray[np.bool_]:
    rim = np.ones(geometry.shape, np.bool_)
    rim[1:-1, 1:-1] = False
    return rim


def _seed_path(field: Floats, geometry: GridGeometry, path_m: Floats, belief: BeliefState) -> None:
    """Seed the way ahead with what is left of it."""
    steps = np.diff(path_m, axis=0)
    lengths = np.hypot(steps[:, 0], steps[:, 1])
    left = np.append(np.cumsum(lengths[::-1])[::-1], 0.0)
    price = float(np.min(belief.costmap.cost_s_per_m))
    for a, b, length, rest in zip(path_m[:-1], path_m[1:], lengths, left[1:], strict=True):
        share = np.linspace(0.0, 1.0, max(1, math.ceil(length / geometry.resolution_m)) + 1)[:, None]
        _seed(field, geometry, a + (b - a) * share, (rest + length * (1 - share[:, 0])) * price)
    _seed(field, geometry, path_m[-1:], np.zeros(1))


def between_cells(values: Floats, geometry: GridGeometry, places: Floats) -> Floats:
    """Return values of a raster at (n, 2) places: bilinear where all four are finite, else those of the cell's own."""
    col = (places[:, 0] - geometry.east_m) / geometry.resolution_m
    row = (places[:, 1] - geometry.north_m) / geometry.resolution_m
    rows, cols, inside = _cells_of(places, geometry)
    found = np.full(len(places), np.inf)
    found[inside] = values[rows[inside], cols[inside]]
    r0, c0 = np.floor(row).astype(np.int64), np.floor(col).astype(np.int64)
    within = (r0 >= 0) & (c0 >= 0) & (r0 + 1 < geometry.rows) & (c0 + 1 < geometry.cols)
    r, c, up, along = r0[within], c0[within], (row - r0)[within], (col - c0)[within]
    with np.errstate(invalid="ignore"):
        south = values[r, c] * (1 - along) + values[r, c + 1] * along
        north = values[r + 1, c] * (1 - along) + values[r + 1, c + 1] * along
        mixed = south * (1 - up) + north * up
    found[within] = np.where(np.isfinite(mixed), mixed, found[within])
    return found
