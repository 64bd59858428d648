"""The local planner: the table of arcs, their ranking, and that none is chosen on which the rover might not stand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from scipy.ndimage import gaussian_filter

from rover.core.chassis import ChassisParams
from rover.core.grid import Dem, GridGeometry, Site
from rover.core.vehicle import VehicleParams
from rover.hazard.aligned import AlignedGround, mean_grade
from rover.hazard.clearance import arc_poses, poses_on_cells
from rover.hazard.clearance_figures import clearance_figures
from rover.hazard.costmap import CostMap
from rover.hazard.detect import Hazard, HazardMap
from rover.hazard.walk_kernels import MARGINS, STEP, TILT, walk
from rover.io.vehicle import read_vehicle
from rover.onboard.arc_table import arc_table
from rover.onboard.arc_walker import ArcWalker, way_back
from rover.onboard.local_candidates import Motion, Ranked, rank
from rover.onboard.local_cost import local_cost
from rover.onboard.local_map import LocalMap, fuse_heights
from rover.onboard.local_planner import ArcChoice, NoArc, select_arc
from rover.onboard.mapping import BeliefState
from sim.moon.ground import Patch
from sim.physics.suspension import Stance, rig_of, settle

Floats = npt.NDArray[np.float64]

SITE = Site(latitude_rad=0.0, longitude_rad=0.0, body="moon", crs_wkt="")
YUTU_2 = read_vehicle("yutu-2").params
VEHICLES = {name: read_vehicle(name).params for name in ("yutu-2", "curiosity", "small-40kg")}
SIDE, CELL_M = 240, 0.05
HERE = (0.0, 0.0, 0.0)


def ground(heights: npt.ArrayLike, cell_m: float = CELL_M) -> Dem:
    """Heights about the origin."""
    held = np.asarray(heights, np.float32)
    rows, cols = held.shape
    geometry = GridGeometry(
        rows=rows,
        cols=cols,
        resolution_m=cell_m,
        east_m=-(cols - 1) / 2 * cell_m,
        north_m=-(rows - 1) / 2 * cell_m,
        site=SITE,
    )
    return Dem(geometry=geometry, elevation_m=held, datum_m=0.0, source="a test")


def places(side: int = SIDE) -> tuple[Floats, Floats]:
    at = (np.arange(side) - (side - 1) / 2) * CELL_M
    return np.meshgrid(at, at)


def level(side: int = SIDE) -> Floats:
    return np.zeros((side, side))


def with_rock(heights: Floats, east: float, north: float, diameter: float, height: float) -> Floats:
    e, n = places(len(heights))
    gap = np.hypot(e - east, n - north) / (diameter / 2)
    return np.asarray(heights + height * np.sqrt(np.maximum(0.0, 1 - gap**2)))


def rocky(seed: int, *, rocks: int = 25, grade: float = 0.1) -> Floats:
    rng = np.random.default_rng(seed)
    e, n = places()
    heights = gaussian_filter(rng.normal(0, 1, e.shape), 8)
    heights *= 0.02 / heights.std()
    aspect = rng.uniform(0, 2 * math.pi)
    heights += grade * rng.uniform() * (math.cos(aspect) * e + math.sin(aspect) * n)
    for _ in range(rocks):
        size = rng.uniform(0.1, 0.7)
        heights = with_rock(heights, *rng.uniform(-5, 5, 2), size, size * rng.uniform(0.3, 0.7))
    return heights


def belief(half_m: int = 30) -> BeliefState:
    count = 2 * half_m
    geometry = GridGeometry(
        rows=count, cols=count, resolution_m=1.0, east_m=0.5 - half_m, north_m=0.5 - half_m, site=SITE
    )
    return BeliefState(
        hazards=HazardMap(geometry=geometry, flags=np.zeros((count, count), np.uint8)),
        costmap=CostMap(geometry=geometry, cost_s_per_m=np.full((count, count), 18.0)),
        steep=np.zeros((count, count), np.bool_),
    )


def known(dem: Dem, here: tuple[float, float] = (0.0, 0.0), sigma_m: float = 0.0) -> LocalMap:
    """A local map of a look at all of it."""
    return fuse_heights(None, dem, here_m=here, sigma_m=sigma_m, reach_m=6.0, time_s=0.0)


def choose(
    heights: Floats,
    goal: tuple[float, float] = (20.0, 0.0),
    *,
    vehicle: VehicleParams = YUTU_2,
    maps: BeliefState | None = None,
    pose: tuple[float, float, float] = HERE,
) -> tuple[ArcChoice | NoArc, Ranked]:
    maps = belief() if maps is None else maps
    geometry = maps.costmap.geometry
    cells = geometry.centres_of(np.argwhere(np.ones(geometry.shape, np.bool_))) - np.array(goal)
    onward = np.hypot(*cells.T).reshape(geometry.shape) * 18.0
    seen = known(ground(heights), pose[:2])
    cost = local_cost(
        seen, maps, vehicle, here_m=pose[:2], refused=(), onward_s=onward, path_m=np.array([goal])
    )
    ranked = rank(cost, vehicle, pose, goal_m=goal)
    return select_arc(seen, vehicle, pose, ranked), ranked


class Cells:
    """A DEM as the world gives out its ground."""

    def __init__(self, dem: Dem) -> None:
        geometry = dem.geometry
        self._patch = Patch(
            east_m=geometry.east_m,
            north_m=geometry.north_m,
            resolution_m=geometry.resolution_m,
            elevation_m=dem.elevation_m,
        )

    def near(self, east_m: float, north_m: float, reach_m: float) -> Patch:
        return self._patch


def walked(
    dem: Dem, poses: Floats, spread_m: float = 0.0, vehicle: VehicleParams = YUTU_2, *, parts: int = 1
) -> Floats:
    """Return (n, MARGINS) slacks of poses one by one, as far as evaluated, and whether each passes in a last column."""
    own, cells = clearance_figures(vehicle), poses_on_cells(poses, dem)
    found, spread = np.full((len(poses), MARGINS + 1), np.inf), np.full((1, 2), spread_m)
    middle = (float(cells[:, 0].mean()), float(cells[:, 1].mean()))
    reach = float(np.ptp(poses[:, :2], axis=0).max()) + own.reach_m + spread_m + 1.0
    z = dem.elevation_m
    grade = mean_grade(z, dem.geometry.resolution_m)
    laid = AlignedGround(z, z, dem.geometry.resolution_m, middle, reach, own, grade=grade)
    bins, places = laid.places(cells)
    for k in range(len(poses)):
        found[k, MARGINS] = walk(
            laid.spacing_m, laid.layers, laid.wheels, bins[k : k + 1], laid.rover, places[k : k + 1], spread, parts,
            0.0, 1, found[k, :MARGINS],
        )  # fmt: skip
    return found


def test_the_table_has_a_thousand_trees_and_is_mirrored() -> None:
    for vehicle in VEHICLES.values():
        table = arc_table(vehicle)
        assert len(table) >= 1000
        assert (table.first[:, 0, :2] == 0).all()
        bends = len(table.curvature_per_m)
        np.testing.assert_allclose(table.curvature_per_m, -table.curvature_per_m[::-1])
        turns = len(table.turn_rad)
        for tree in range(bends * bends, len(table), 37):
            turn, first, second = table.parts(tree)
            mirror = ((turns - turn) * bends + bends - 1 - first) * bends + bends - 1 - second
            np.testing.assert_allclose(table.second[tree] * [1, -1, 1, -1], table.second[mirror], atol=1e-9)


def test_arcs_begin_where_those_before_them_end_and_stay_within_the_senses() -> None:
    for vehicle in VEHICLES.values():
        table = arc_table(vehicle)
        bends = len(table.curvature_per_m)
        np.testing.assert_allclose(
            table.second[:, 0], np.repeat(table.first[:, -1], bends, axis=0), atol=1e-9
        )
        assert table.first_m + table.second_m <= max(6.0, 2 * vehicle.length_m) + 1e-9
        steps = np.hypot(*np.diff(table.second[..., :2], axis=1).transpose(2, 0, 1))
        assert (steps <= 0.05 + 1e-9).all()


def test_on_level_ground_it_drives_straight_to_the_goal_after_one_check() -> None:
    for bearing in (0.0, 0.7, -2.1):
        goal = (15 * math.cos(bearing), 15 * math.sin(bearing))
        chosen, _ = choose(level(), goal, pose=(0.0, 0.0, bearing))
        assert isinstance(chosen, ArcChoice)
        assert chosen.motion.turn_rad == pytest.approx(0.0, abs=1e-6)
        assert chosen.considered.checks == 1
        assert abs(math.remainder(math.atan2(*chosen.path[-1, 1::-1]) - bearing, 2 * math.pi)) < 0.2


def test_an_arc_ends_at_a_goal_that_is_near() -> None:
    for goal in ((2.0, 0.4), (-1.5, 1.0), (0.06, 0.0)):
        chosen, _ = choose(level(), goal)
        assert isinstance(chosen, ArcChoice)
        assert math.dist(chosen.path[-1, :2], goal) < 1e-6


def test_the_cheapest_is_looked_at_first_and_what_is_chosen_is_the_cheapest_that_passes() -> None:
    chosen, ranked = choose(rocky(3, rocks=12))
    assert isinstance(chosen, ArcChoice)
    considered = chosen.considered
    assert considered.passed[-1]
    assert not considered.passed[:-1].any()
    assert considered.value_s[-1] == chosen.value_s
    assert chosen.value_s >= ranked.value_s.min() - 1e-9


def test_a_rock_that_neither_wheels_nor_belly_pass_is_never_driven_over() -> None:
    rng = np.random.default_rng(5)
    for _ in range(12):
        east, north, size = rng.uniform(1.3, 3.0), rng.uniform(-0.6, 0.6), rng.uniform(0.3, 0.8)
        chosen, _ = choose(with_rock(level(), east, north, size, 0.32))
        if isinstance(chosen, NoArc):
            continue
        for e, n, yaw in chosen.path[::4]:
            ahead = (east - e) * math.cos(yaw) + (north - n) * math.sin(yaw)
            left = (north - n) * math.cos(yaw) - (east - e) * math.sin(yaw)
            under = abs(ahead) < 0.7 and abs(left) < 0.525
            assert not under, (east, north, size)


def test_a_wall_is_gone_round_through_its_gap() -> None:
    e, n = places()
    wall = np.where((np.abs(e - 2.5) < 0.15) & (np.abs(n - 1.5) > 1.1), 0.6, 0.0)
    chosen, _ = choose(wall)
    assert isinstance(chosen, ArcChoice)
    behind = chosen.path[chosen.path[:, 0] > 2.4]
    assert len(behind) == 0 or (np.abs(behind[:1, 1] - 1.5) < 0.7).all()
    assert chosen.path[-1, 1] > 0.3


def test_unknown_ground_refuses() -> None:
    heights = level()
    heights[:] = np.nan
    chosen, _ = choose(heights)
    assert isinstance(chosen, NoArc)
    e, n = places()
    one = np.where(np.hypot(e - 0.9, n) < 0.04, np.nan, 0.0)
    chosen, _ = choose(one)
    if isinstance(chosen, ArcChoice):
        assert (np.hypot(chosen.path[:, 0] - 0.9, chosen.path[:, 1]) > 0.4).all()


def test_a_ring_leaves_no_arc_and_tells_where_it_was_refused() -> None:
    e, n = places()
    ring = np.where(np.abs(np.hypot(e, n) - 1.5) < 0.12, 0.8, 0.0)
    chosen, _ = choose(ring)
    assert isinstance(chosen, NoArc)
    assert len(chosen.considered.refused) > 0
    assert not chosen.considered.passed.any()


def test_keep_out_zones_are_kept_out_of_by_the_whole_footprint() -> None:
    maps = belief()
    flags = maps.hazards.flags.copy()
    cells = maps.costmap.geometry.centres_of(np.argwhere(np.ones(flags.shape, np.bool_)))
    barred = ((np.abs(cells[:, 0] - 4.5) < 1) & (np.abs(cells[:, 1]) < 3)).reshape(flags.shape)
    flags[barred] |= np.uint8(Hazard.KEEP_OUT)
    maps = replace(maps, hazards=HazardMap(geometry=maps.hazards.geometry, flags=flags))
    chosen, _ = choose(level(), maps=maps)
    assert isinstance(chosen, ArcChoice)
    centres = maps.costmap.geometry.centres_of(np.argwhere(barred))
    gaps = np.abs(chosen.path[:, None, :2] - centres[None]) - 0.5
    assert np.hypot(*np.maximum(gaps, 0).transpose(2, 0, 1)).min() >= YUTU_2.footprint_radius_m


def test_mirrored_ground_mirrors_the_choice() -> None:
    for seed in (3, 4):
        heights = rocky(seed, rocks=14)
        one, _ = choose(heights, (18.0, 2.0))
        other, _ = choose(np.ascontiguousarray(heights[::-1]), (18.0, -2.0))
        assert type(one) is type(other)
        if isinstance(one, ArcChoice) and isinstance(other, ArcChoice):
            assert other.value_s == pytest.approx(one.value_s, rel=0.02)


def test_tighter_limits_never_pass_more() -> None:
    rng = np.random.default_rng(2)
    dem = ground(rocky(1, rocks=40))
    poses = np.column_stack([rng.uniform(-4, 4, (200, 2)), rng.uniform(-3, 3, 200)])
    wide = walked(dem, poses)
    passed = wide[:, MARGINS] > 0
    for limit in (0.16, 0.12):
        tighter = YUTU_2.model_copy(update={"step_limit_m": limit})
        narrow = walked(dem, poses, vehicle=tighter)[:, MARGINS] > 0
        assert passed.sum() > narrow.sum() > 0
        assert not (narrow & ~passed).any()
        np.testing.assert_array_equal(narrow, passed & (wide[:, STEP] >= 0.2 - limit))


def test_a_wider_spread_never_passes_more() -> None:
    rng = np.random.default_rng(2)
    dem = ground(rocky(1, rocks=15))
    poses = np.column_stack([rng.uniform(-4, 4, (200, 2)), rng.uniform(-3, 3, 200)])
    passes = [walked(dem, poses, spread)[:, MARGINS] for spread in (0.0, 0.05, 0.1)]
    assert not (passes[1] > passes[0]).any()
    assert not (passes[2] > passes[1]).any()


def test_a_plane_has_its_tilt_and_no_step() -> None:
    east, _ = places()
    dem = ground(math.tan(math.radians(8)) * east)
    poses = np.array([[0.0, 0.0, 0.0], [0.5, 1.0, math.pi / 2], [0.0, 0.0, 0.8]])
    slack = walked(dem, poses)
    # Where the wheels stand is known to some centimetres: bounds of tilt are wider than the plane by their rise.
    assert math.radians(9.5) < slack[0, TILT] <= math.radians(12.0)
    assert math.radians(4.5) < slack[1, TILT] <= math.radians(7.0)
    assert (slack[:, STEP] > 0.08).all()
    assert slack[:, MARGINS].all()


def conservative(seed: int, count: int, name: str = "yutu-2") -> int:
    """Settle the rover exactly on poses that pass; return how many did."""
    whole = read_vehicle(name)
    vehicle, rig = whole.params, rig_of(whole.params, whole.part("chassis", ChassisParams))
    rng = np.random.default_rng(seed)
    dem = ground(rocky(seed, rocks=int(rng.integers(3, 40)), grade=rng.uniform(0.0, 0.25)))
    poses = np.column_stack([rng.uniform(-4, 4, (count, 2)), rng.uniform(-3, 3, count)])
    passes = walked(dem, poses, vehicle=vehicle)[:, MARGINS] > 0
    for east, north, yaw in poses[passes]:
        stance = settle(Cells(dem), rig, east_m=east, north_m=north, yaw_rad=yaw, backwards=False)
        assert_within(stance, vehicle)
    return int(passes.sum())


def assert_within(stance: Stance, vehicle: VehicleParams) -> None:
    assert abs(stance.pitch_rad) <= vehicle.slope_limit_rad
    assert abs(stance.roll_rad) <= vehicle.roll_limit_rad
    assert stance.stops_slack_rad >= 0
    assert stance.step_m <= vehicle.step_limit_m + 1e-6
    assert stance.belly_gap_m >= 0


@pytest.mark.parametrize("seed", range(4))
def test_what_passes_stands_within_the_limits_as_settled_by_the_world(seed: int) -> None:
    assert conservative(seed, 150) > 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 160))
def test_what_passes_stands_within_the_limits_on_many_grounds(seed: int) -> None:
    conservative(seed, 300)


def finely(seed: int, count: int, name: str = "yutu-2") -> tuple[int, int, int]:
    """Settle the rover on the rims of what poses held to fine ground allow for; return passed, coarse, exact."""
    whole = read_vehicle(name)
    vehicle, rig = whole.params, rig_of(whole.params, whole.part("chassis", ChassisParams))
    rng, spread = np.random.default_rng(seed), 0.02
    dem = ground(rocky(seed, rocks=int(rng.integers(25, 60)), grade=rng.uniform(0.0, 0.2)))
    local, poses = known(dem), np.column_stack([rng.uniform(-3, 3, (count, 2)), rng.uniform(-3, 3, count)])
    fine = exact = 0
    for east, north, yaw in poses:
        walker = ArcWalker(local, vehicle, (east, north, yaw), 0.0)
        passes, _ = walker.walk(np.array([[0.0, 0.0, 1.0, 0.0]]), np.full((1, 2), spread))
        stance = settle(Cells(dem), rig, east_m=east, north_m=north, yaw_rad=yaw, backwards=False)
        exact += stands(stance, vehicle)
        fine += passes
        if not passes:
            continue
        for along, across in ((0, 0), (1, 1), (1, -1), (-1, 1), (-1, -1), *rng.uniform(-1, 1, (2, 2))):
            u, v = 0.999 * spread * along, 0.999 * spread * across
            e, n = u * math.cos(yaw) - v * math.sin(yaw), u * math.sin(yaw) + v * math.cos(yaw)
            stance = settle(Cells(dem), rig, east_m=east + e, north_m=north + n, yaw_rad=yaw, backwards=False)
            assert_within(stance, vehicle)
    coarse = int((walked(dem, poses, spread, vehicle)[:, MARGINS] > 0).sum())
    return fine, coarse, exact


def stands(stance: Stance, vehicle: VehicleParams) -> bool:
    tilts = (
        abs(stance.pitch_rad) <= vehicle.slope_limit_rad and abs(stance.roll_rad) <= vehicle.roll_limit_rad
    )
    return (
        tilts
        and stance.stops_slack_rad >= 0
        and stance.step_m <= vehicle.step_limit_m
        and stance.belly_gap_m >= 0
    )


@pytest.mark.parametrize("seed", range(2))
def test_what_passes_on_fine_ground_stands_wherever_it_may_be_and_that_is_more(seed: int) -> None:
    fine, coarse, exact = finely(seed, 60)
    assert coarse < fine < exact


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(300, 360))
def test_what_passes_on_fine_ground_stands_on_many_grounds(seed: int) -> None:
    finely(seed, 150)


def seen_with_noise(seed: int, *, looks: int) -> int:
    """Drive arcs on a local map of noisy looks, settled exactly on the true ground; return how many poses passed."""
    whole = read_vehicle("yutu-2")
    vehicle, rig = whole.params, rig_of(whole.params, whole.part("chassis", ChassisParams))
    rng, sigma = np.random.default_rng(seed), 0.01
    true, local = ground(rocky(seed, rocks=25)), None
    for k in range(looks):
        noisy = replace(
            true, elevation_m=true.elevation_m + rng.normal(0, sigma, (SIDE, SIDE)).astype(np.float32)
        )
        local = fuse_heights(local, noisy, here_m=(0.0, 0.0), sigma_m=sigma, reach_m=6.0, time_s=float(k))
    assert local is not None
    held = 0
    for east, north, yaw in np.column_stack([rng.uniform(-3, 3, (60, 2)), rng.uniform(-3, 3, 60)]):
        walker = ArcWalker(local, vehicle, (east, north, yaw), 0.0)
        passes, _ = walker.walk(np.array([[0.0, 0.0, 1.0, 0.0]]), np.zeros((1, 2)))
        if passes:
            stance = settle(Cells(true), rig, east_m=east, north_m=north, yaw_rad=yaw, backwards=False)
            assert_within(stance, vehicle)
            held += 1
    return held


@pytest.mark.parametrize("looks", [1, 8])
def test_what_passes_on_ground_seen_with_noise_stands_within_the_limits(looks: int) -> None:
    assert seen_with_noise(7, looks=looks) > 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(200, 220))
def test_what_passes_on_many_grounds_seen_with_noise_stands(seed: int) -> None:
    seen_with_noise(seed, looks=2)


def test_what_is_less_certain_passes_less() -> None:
    dem = ground(rocky(1, rocks=10))
    poses = np.column_stack([np.linspace(-3, 3, 40), np.linspace(2, -2, 40), np.linspace(-3, 3, 40)]).tolist()
    passed = []
    for sigma in (0.0, 0.01, 0.03):
        local = known(dem, sigma_m=sigma)
        still = np.array([[0.0, 0.0, 1.0, 0.0]]), np.zeros((1, 2))
        passed.append([ArcWalker(local, YUTU_2, (e, n, yaw), 0.0).walk(*still)[0] for e, n, yaw in poses])
    assert sum(passed[0]) > sum(passed[1]) > sum(passed[2])
    for surer, less in zip(passed, passed[1:], strict=False):
        assert not any(b and not a for a, b in zip(surer, less, strict=True))


@pytest.mark.parametrize("behind", [(-1.0, 0.0), (-0.9, 0.2), (-1.2, -0.35), (0.3, 0.8)])
def test_the_way_back_ends_where_it_is_wanted(behind: tuple[float, float]) -> None:
    motion = way_back(known(ground(level())), YUTU_2, HERE, behind)
    assert motion is not None
    end = arc_poses(
        (0.0, 0.0, motion.turn_rad), length_m=-motion.first_m, curvature_per_m=motion.first_per_m, count=2
    )[-1]
    assert math.dist(end[:2], behind) < 1e-9
    blocked = with_rock(level(), behind[0], behind[1], 0.4, 0.6)
    assert way_back(known(ground(blocked)), YUTU_2, HERE, behind) is None


def test_what_is_left_of_a_motion() -> None:
    motion = Motion(turn_rad=0.5, first_m=1.5, first_per_m=0.2, second_m=2.0, second_per_m=-0.3)
    assert motion.after(1.0) == replace(motion, turn_rad=0.0, first_m=0.5)
    assert motion.after(1.5) == Motion(turn_rad=0.0, first_m=2.0, first_per_m=-0.3)
    assert Motion(turn_rad=0.0, first_m=1.0, first_per_m=0.0).after(0.95) is None
