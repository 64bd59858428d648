"""Clearance: bounds that hold the rover as an exact settling finds it, and no wider than they need be."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import pytest
from scipy.ndimage import gaussian_filter, map_coordinates
from scipy.optimize import root

from rover.core.errors import PlaceError, UsageError
from rover.core.grid import Dem, GridGeometry, Site
from rover.core.vehicle import VehicleParams
from rover.hazard.clearance import Clearance, arc_poses, evaluate_arc, evaluate_clearance
from rover.hazard.clearance_figures import wheel_boxes
from rover.hazard.detect import Hazard
from rover.io.vehicle import read_vehicle

SITE = Site(latitude_rad=0.0, longitude_rad=0.0, body="moon", crs_wkt="")
YUTU_2 = read_vehicle("yutu-2").params
VEHICLES = {name: read_vehicle(name).params for name in ("yutu-2", "curiosity", "small-40kg")}
SIDES = (1, -1)
Floats = npt.NDArray[np.float64]


def dem_of(heights: npt.ArrayLike, resolution_m: float = 0.05) -> Dem:
    held = np.asarray(heights, np.float32)
    geometry = GridGeometry(
        rows=held.shape[0],
        cols=held.shape[1],
        resolution_m=resolution_m,
        east_m=100.0,
        north_m=-50.0,
        site=SITE,
    )
    return Dem(geometry=geometry, elevation_m=held, datum_m=-6000.0, source="a test")


def middle_of(dem: Dem) -> tuple[float, float]:
    return dem.geometry.centre_of(dem.geometry.rows // 2, dem.geometry.cols // 2)


def rough_ground(seed: int, side: int = 180, *, height_m: float = 0.05, grade: float = 0.15) -> Dem:
    """Waves, a slope and some rocks."""
    rng = np.random.default_rng(seed)
    north, east = np.mgrid[:side, :side] * 0.05
    waves = gaussian_filter(rng.normal(0, 1, (side, side)), 6)
    ground = waves / waves.std() * height_m + grade * (rng.normal() * east + rng.normal() * north) / 2
    for _ in range(12):
        row, col, size = rng.integers(20, side - 20), rng.integers(20, side - 20), int(rng.integers(1, 4))
        ground[row : row + size, col : col + size] += rng.uniform(0.02, 0.12)
    return dem_of(ground)


@dataclass
class Stance:
    """A settled rover, by the names of `Clearance`."""

    body_up_m: float
    pitch_rad: float
    roll_rad: float
    rocker_rad: float
    bogie_rad: tuple[float, float]
    wheel_up_m: Floats
    belly_gap_m: float


class Settler:
    """The rocker-bogie by matrices, put on the ground by iteration: nothing of it is the package's."""

    def __init__(self, dem: Dem, vehicle: VehicleParams) -> None:
        self.dem, self.v = dem, vehicle
        self.front = vehicle.wheelbase_m / 2

    def ground(self, east: Floats, north: Floats) -> Floats:
        geometry = self.dem.geometry
        row = (np.atleast_1d(north) - geometry.north_m) / geometry.resolution_m
        col = (np.atleast_1d(east) - geometry.east_m) / geometry.resolution_m
        return map_coordinates(self.dem.elevation_m.astype(float), [row, col], order=1)

    @staticmethod
    def body_frame(yaw: float, pitch: float, roll: float) -> Floats:
        cy, sy, cp, sp, cr, sr = *cs(yaw), *cs(pitch), *cs(roll)
        turn = np.array([[cy, -sy, 0], [sy, cy, 0], [0, 0, 1]])
        nose_up = np.array([[cp, 0, -sp], [0, 1, 0], [sp, 0, cp]])
        left_up = np.array([[1, 0, 0], [0, cr, -sr], [0, sr, cr]])
        return turn @ nose_up @ left_up

    def axles(self, rocker: float, bogies: Floats) -> Floats:
        """(6, 3) axles in the body's frame, from the middle of the axles."""
        v, r = self.v, self.v.wheel_radius_m
        pivot = np.array([self.front - v.rocker_pivot_back_m, v.rocker_pivot_up_m - r])
        joint = np.array([self.front - v.bogie_pivot_back_m, v.bogie_pivot_up_m - r])
        places = np.zeros((6, 3))
        for k, side in enumerate(SIDES):
            rock = rocker * side
            front = pivot + rotated(np.array([self.front, 0.0]) - pivot, rock)
            moved = pivot + rotated(joint - pivot, rock)
            tip = rock + bogies[k]
            middle = moved + rotated(np.array([self.front - v.middle_axle_back_m, 0.0]) - joint, tip)
            rear = moved + rotated(np.array([-self.front, 0.0]) - joint, tip)
            for axle, (ahead, up) in enumerate((front, middle, rear)):
                places[2 * axle + k] = ahead, side * v.track_m / 2, up
        return places

    def contact(self, east: float, north: float, yaw: float, pitch: float, roll: float) -> float:
        """Height of an axle whose wheel, leaning with the body, rests on the highest ground under it."""
        r, half = self.v.wheel_radius_m, self.v.wheel_width_m / 2
        ahead, across = np.meshgrid(np.linspace(-1.0, 1.0, 81), np.linspace(-half, half, 33))
        rim = np.stack([r * ahead, across, -r * np.sqrt(1.0 - ahead**2)], axis=-1)
        # Which way round a wheel stands makes no difference: of the body's pitch there is only where its axle points.
        frame = self.body_frame(yaw, pitch, roll)
        level = np.cross(frame[:, 1], [0.0, 0.0, 1.0])
        level /= np.linalg.norm(level)
        places = rim @ np.stack([level, frame[:, 1], np.cross(level, frame[:, 1])])
        heights = self.ground(east + places[..., 0], north + places[..., 1]) - places[..., 2]
        return float(heights.max())

    def settle(self, east: float, north: float, yaw: float) -> Stance | None:
        state = np.array([float(self.ground(east, north)[0]) + self.v.wheel_radius_m, 0, 0, 0, 0, 0])
        wanted = None
        for _ in range(60):
            place = self.world(state, east, north, yaw)
            found = np.array([self.contact(e, n, yaw, state[1], state[2]) for e, n, _ in place])
            if wanted is not None and np.abs(found - wanted).max() < 1e-9:
                return self.stance(state, east, north, yaw, found)
            wanted = found
            solved = root(lambda s, w=wanted: self.world(s, east, north, yaw)[:, 2] - w, state, tol=1e-13)
            if not solved.success:
                return None
            state = solved.x
        return None

    def world(self, state: Floats, east: float, north: float, yaw: float) -> Floats:
        up, pitch, roll, rocker, *bogies = state
        frame = self.body_frame(yaw, pitch, roll)
        return self.axles(rocker, np.array(bogies)) @ frame.T + self.middle(frame, east, north, up)

    def middle(self, frame: Floats, east: float, north: float, up: float) -> Floats:
        """Where the middle of the axles is: the place lies on the plane of level wheels, below it as it tilts."""
        return np.array([east, north, up]) + self.v.wheel_radius_m * frame[:, 2] * np.array([1.0, 1.0, 0.0])

    def stance(self, state: Floats, east: float, north: float, yaw: float, wheels: Floats) -> Stance:
        v, frame = self.v, self.body_frame(yaw, state[1], state[2])
        half_width = v.width_m / 2
        ahead, left = np.meshgrid(
            np.linspace(-v.length_m / 2, v.length_m / 2, 90), np.linspace(-half_width, half_width, 60)
        )
        under = np.stack([ahead, left, np.full_like(ahead, v.belly_clearance_m - v.wheel_radius_m)], axis=-1)
        points = under @ frame.T + self.middle(frame, east, north, float(state[0]))
        gap = points[..., 2] - self.ground(points[..., 0], points[..., 1])
        return Stance(
            *(state[0], state[1], state[2], state[3], (state[4], state[5])),
            wheel_up_m=wheels,
            belly_gap_m=float(gap.min()),
        )

    def within_limits(self, stance: Stance) -> bool:
        v = self.v
        return (
            abs(stance.pitch_rad) <= v.slope_limit_rad
            and abs(stance.roll_rad) <= v.roll_limit_rad
            and abs(stance.rocker_rad) <= v.rocker_limit_rad
            and max(map(abs, stance.bogie_rad)) <= v.bogie_limit_rad
        )


def cs(angle: float) -> tuple[float, float]:
    return math.cos(angle), math.sin(angle)


def rotated(vector: Floats, angle: float) -> Floats:
    return np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]]) @ vector


def assert_holds(bounds: Clearance, k: int, stance: Stance, slop: float = 1e-7) -> None:
    for name in (
        "body_up_m",
        "pitch_rad",
        "roll_rad",
        "rocker_rad",
        "bogie_rad",
        "wheel_up_m",
        "belly_gap_m",
    ):
        low, high = getattr(bounds, name)[k, ..., 0], getattr(bounds, name)[k, ..., 1]
        exact = np.asarray(getattr(stance, name))
        # The belly's least gap is sampled, so that the true one may be a little less than that found here.
        assert (low - slop <= exact).all(), (name, low, exact)
        assert (exact <= high + (slop if name != "belly_gap_m" else 0.01)).all(), (name, exact, high)


def poses_on(dem: Dem, count: int, seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    east, north = middle_of(dem)
    return np.stack(
        [
            east + rng.uniform(-1.5, 1.5, count),
            north + rng.uniform(-1.5, 1.5, count),
            rng.uniform(-4, 4, count),
        ],
        axis=1,
    )


@pytest.mark.parametrize("name", sorted(VEHICLES))
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_bounds_hold_the_rover_as_settled(name: str, seed: int) -> None:
    vehicle, dem = VEHICLES[name], rough_ground(seed, side=220)
    poses = poses_on(dem, 8, seed)
    bounds, settler = evaluate_clearance(dem, vehicle, poses), Settler(dem, vehicle)
    held = 0
    for k, pose in enumerate(poses):
        stance = settler.settle(*pose)
        if stance is None or not settler.within_limits(stance):
            continue
        assert_holds(bounds, k, stance)
        held += 1
    assert held >= 4


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(VEHICLES))
@pytest.mark.parametrize("seed", range(10, 22))
def test_bounds_hold_the_rover_on_ground_of_every_ruggedness(name: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    dem = rough_ground(seed, height_m=rng.uniform(0.01, 0.12), grade=rng.uniform(0.0, 0.5))
    vehicle, poses = VEHICLES[name], poses_on(dem, 25, seed)
    bounds, settler = evaluate_clearance(dem, vehicle, poses), Settler(dem, vehicle)
    for k, pose in enumerate(poses):
        stance = settler.settle(*pose)
        if stance is not None and settler.within_limits(stance):
            assert_holds(bounds, k, stance)


def test_bounds_hold_between_the_poses_of_an_arc() -> None:
    dem = rough_ground(5)
    east, north = middle_of(dem)
    start, bend = (east - 1.0, north, 0.3), 0.4
    bounds = evaluate_arc(dem, YUTU_2, start, length_m=2.0, curvature_per_m=bend, spacing_m=0.2)
    assert len(bounds.poses) == 11
    settler, held = Settler(dem, YUTU_2), 0
    for at in np.arange(0.05, 2.0, 0.19):
        pose = arc_poses(start, length_m=at, curvature_per_m=bend, count=2)[1]
        stance = settler.settle(*pose)
        if stance is not None and settler.within_limits(stance):
            assert_holds(bounds, round(at / 0.2), stance)
            held += 1
    assert held >= 6


@pytest.mark.parametrize("name", sorted(VEHICLES))
def test_level_ground_leaves_no_doubt(name: str) -> None:
    vehicle, dem = VEHICLES[name], dem_of(np.full((160, 160), 2.5))
    bounds = evaluate_clearance(dem, vehicle, [[*middle_of(dem), 0.7]])
    for angle in (bounds.pitch_rad, bounds.roll_rad, bounds.rocker_rad, bounds.bogie_rad):
        np.testing.assert_allclose(angle, 0.0, atol=1e-9)
    np.testing.assert_allclose(bounds.belly_gap_m, vehicle.belly_clearance_m, atol=1e-9)
    np.testing.assert_allclose(bounds.body_up_m, 2.5 + vehicle.wheel_radius_m, atol=1e-9)
    assert bounds.safe.all()


@pytest.mark.parametrize("heading_deg", [0, 35, 90, 200])
def test_a_plane_is_tilted_as_a_plane(heading_deg: float) -> None:
    """Its own pitch and roll lie within the bounds, near their middle, and these are as wide as the boxes make them.

    Not quite in the middle: a rocker that turns moves its wheel towards the body, so the boxes are nearer than the
    wheels.
    """
    grade_east, grade_north = 0.10, -0.06
    north, east = np.mgrid[:220, :220] * 0.05
    dem = dem_of(grade_east * east + grade_north * north)
    yaw = math.radians(heading_deg)
    bounds = evaluate_clearance(dem, YUTU_2, [[*middle_of(dem), yaw]])
    along = grade_east * math.cos(yaw) + grade_north * math.sin(yaw)
    across = -grade_east * math.sin(yaw) + grade_north * math.cos(yaw)
    pitch = math.atan(along)
    roll = math.atan(across * math.cos(pitch))
    assert bounds.pitch_rad[0].mean() == pytest.approx(pitch, rel=0.12, abs=0.003)
    assert bounds.roll_rad[0].mean() == pytest.approx(roll, rel=0.12, abs=0.003)
    assert bounds.pitch_rad[0, 0] < pitch < bounds.pitch_rad[0, 1]
    assert bounds.roll_rad[0, 0] < roll < bounds.roll_rad[0, 1]
    spread_m = math.hypot(grade_east, grade_north) * 1.2  # of heights in a box of less than 0.85 m across
    assert np.ptp(bounds.pitch_rad[0]) < 2 * spread_m / YUTU_2.wheelbase_m


def test_mirrored_ground_mirrors_the_bounds() -> None:
    """Row 90 of 180 is row 89 of the mirrored ground: a cell further south."""
    dem = rough_ground(3)
    east, north = middle_of(dem)
    here = evaluate_clearance(dem, YUTU_2, [[east, north, 0.0]])
    mirrored = evaluate_clearance(dem_of(dem.elevation_m[::-1]), YUTU_2, [[east, north - 0.05, 0.0]])
    # Up to what heights off a leaning plane are rounded by.
    np.testing.assert_allclose(mirrored.pitch_rad, here.pitch_rad, atol=1e-6)
    np.testing.assert_allclose(mirrored.roll_rad[:, ::-1], -here.roll_rad, atol=1e-6)
    np.testing.assert_allclose(mirrored.rocker_rad[:, ::-1], -here.rocker_rad, atol=1e-6)
    np.testing.assert_allclose(mirrored.belly_gap_m, here.belly_gap_m, atol=1e-6)


def test_a_wider_spread_never_narrows() -> None:
    dem = rough_ground(4)
    poses = poses_on(dem, 40, 4)
    before = evaluate_clearance(dem, YUTU_2, poses)
    for spread_m in (0.02, 0.1, 0.3):
        after = evaluate_clearance(dem, YUTU_2, poses, spread_m=spread_m)
        for name in ("wheel_up_m", "body_up_m", "pitch_rad", "roll_rad", "rocker_rad", "bogie_rad"):
            narrow, wide = getattr(before, name), getattr(after, name)
            # Heights are narrowed until that is by less than a millimetre.
            slop = 2e-3 if name == "wheel_up_m" else 1e-12
            assert (wide[..., 0] <= narrow[..., 0] + slop).all(), name
            assert (wide[..., 1] >= narrow[..., 1] - slop).all(), name
        # What the belly's plane may be off is reckoned from the middle of the axles' bounds, which moves.
        assert (after.belly_gap_m[:, 0] <= before.belly_gap_m[:, 0] + 0.01).all()
        assert (after.belly_gap_m[:, 1] >= before.belly_gap_m[:, 1] - 0.01).all()
        before = after


@pytest.mark.parametrize("spread_m", [0.02, 0.06])
def test_bounds_hold_wherever_the_rover_is_within_the_spread(spread_m: float) -> None:
    dem, rng = rough_ground(8), np.random.default_rng(8)
    poses = poses_on(dem, 12, 8)
    bounds, settler, held = evaluate_clearance(dem, YUTU_2, poses, spread_m=spread_m), Settler(dem, YUTU_2), 0
    for k, pose in enumerate(poses):
        for aside in (*rng.uniform(-spread_m, spread_m, (3, 2)), np.array([spread_m, -spread_m])):
            along = rotated(aside, pose[2])
            stance = settler.settle(pose[0] + along[0], pose[1] + along[1], pose[2])
            if stance is not None and settler.within_limits(stance):
                assert_holds(bounds, k, stance)
                held += 1
    assert held >= 30


@cache
def settled_once(seed: int, count: int) -> list[Stance | None]:
    dem = rough_ground(seed)
    settler = Settler(dem, YUTU_2)
    return [settler.settle(*pose) for pose in poses_on(dem, count, seed)]


@pytest.mark.parametrize(
    "limit", ["slope_limit_deg", "roll_limit_deg", "rocker_limit_deg", "bogie_limit_deg"]
)
def test_what_is_beyond_a_limit_is_refused(limit: str) -> None:
    dem = rough_ground(6)
    poses = poses_on(dem, 60, 6)
    tight = VehicleParams.model_validate(YUTU_2.model_dump() | {limit: 0.5})
    flags = evaluate_clearance(dem, tight, poses).flags
    told = Hazard.TILT if limit in ("slope_limit_deg", "roll_limit_deg") else Hazard.STEP
    within = Settler(dem, tight).within_limits
    beyond = np.array([stance is None or not within(stance) for stance in settled_once(6, 60)])
    assert beyond.sum() > 50
    assert ((flags[beyond] & told) != 0).all()


def test_a_rock_under_the_belly_and_not_under_a_wheel_is_clearance_alone() -> None:
    ground = np.zeros((161, 161))
    ground[79:82, 79:82] = 0.3
    dem = dem_of(ground)
    bounds = evaluate_clearance(dem, YUTU_2, [[*middle_of(dem), 0.0]])
    assert Hazard(int(bounds.flags[0])) == Hazard.CLEARANCE
    np.testing.assert_allclose(bounds.belly_gap_m[0], YUTU_2.belly_clearance_m - 0.3, atol=1e-6)
    assert bounds.belly_slack_m[0] == pytest.approx(-0.05, abs=1e-6)
    ground[79:82, 79:82] = 0.2
    clear = evaluate_clearance(dem_of(ground), YUTU_2, [[*middle_of(dem), 0.0]])
    assert clear.safe[0]
    wanted = evaluate_clearance(dem_of(ground), YUTU_2, [[*middle_of(dem), 0.0]], belly_margin_m=0.06)
    assert not wanted.safe[0]


@pytest.mark.parametrize("where", [(0, 0), (9, 0), (-11, 8), (14, 0)])
def test_unknown_ground_under_wheel_or_belly_is_refused(where: tuple[int, int]) -> None:
    """Under the belly, a middle wheel, a rear wheel, and ahead of the front axle under the body."""
    ground = np.zeros((161, 161))
    dem = dem_of(ground)
    ground[80 + where[1], 80 + where[0]] = np.nan
    bounds = evaluate_clearance(dem_of(ground), YUTU_2, [[*middle_of(dem), 0.0]])
    assert Hazard(int(bounds.flags[0])) == Hazard.UNKNOWN
    assert np.isnan(bounds.pitch_rad).all() and np.isnan(bounds.tilt_slack_rad).all()


def test_off_the_map_is_unknown() -> None:
    dem = dem_of(np.zeros((100, 100)))
    west, south, *_ = dem.geometry.bounds_m
    flags = evaluate_clearance(
        dem, YUTU_2, [[west, south, 0.0], [west - 50, south, 1.0], [west + 0.8, south + 2.5, 0]]
    )
    assert (flags.flags == Hazard.UNKNOWN).all()


def test_a_cliff_is_refused_and_bounds_say_nothing() -> None:
    ground = np.zeros((161, 161))
    ground[:, 85:] = 3.0
    bounds = evaluate_clearance(dem_of(ground), YUTU_2, [[*middle_of(dem_of(ground)), 0.0]])
    assert not bounds.safe[0]
    assert np.isinf(bounds.pitch_rad).all()


@pytest.mark.parametrize("name", sorted(VEHICLES))
def test_wheels_stay_in_their_boxes_within_the_limits(name: str) -> None:
    vehicle = VEHICLES[name]
    settler, rng = Settler(dem_of(np.zeros((3, 3))), vehicle), np.random.default_rng(0)
    boxes = wheel_boxes(vehicle)
    half = np.array([vehicle.wheel_radius_m, vehicle.wheel_width_m / 2])
    nearest = np.inf
    for share in rng.uniform(-1, 1, (4000, 5)):
        share = np.sign(share) * np.abs(share) ** 0.2  # most of them near a corner
        pitch, roll = share[0] * vehicle.slope_limit_rad, share[1] * vehicle.roll_limit_rad
        axles = settler.axles(share[2] * vehicle.rocker_limit_rad, share[3:] * vehicle.bogie_limit_rad)
        frame = Settler.body_frame(0.0, pitch, roll)
        place = (axles @ frame.T + settler.middle(frame, 0.0, 0.0, 0.0))[:, :2]
        room = boxes[:, 2:] - half - np.abs(place - boxes[:, :2])
        assert (room > -1e-3).all()
        nearest = min(nearest, room.min())
    assert nearest < 0.01  # and are no larger than that asks


def test_a_pose_that_is_none_is_refused() -> None:
    dem = dem_of(np.zeros((100, 100)))
    with pytest.raises(PlaceError, match="poses = .*not finite"):
        evaluate_clearance(dem, YUTU_2, [[math.nan, 0.0, 0.0]])
    with pytest.raises(UsageError, match="spread_m = -1"):
        evaluate_clearance(dem, YUTU_2, [[0.0, 0.0, 0.0]], spread_m=-1.0)
    with pytest.raises(ValueError, match="poses has shape"):
        evaluate_clearance(dem, YUTU_2, [[0.0, 0.0]])
