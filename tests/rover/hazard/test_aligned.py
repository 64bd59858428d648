"""Ground laid out along headings: what wheels stand on there, against a wheel set down point by point."""

from __future__ import annotations

import math
import weakref
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest
from scipy.ndimage import gaussian_filter, map_coordinates

from rover.hazard.aligned import MOST_SHAPES, AlignedGround, room_for
from rover.hazard.aligned_kernels import HEADINGS, OFF, within_box
from rover.hazard.aligned_patch import SHARED, AlignedPatch, Patches
from rover.hazard.clearance_figures import clearance_figures
from rover.hazard.linkage_kernels import FIGURES as BOUNDS
from rover.hazard.linkage_kernels import PITCH
from rover.hazard.standing_kernels import room_to_work, stand
from rover.hazard.wheel_kernels import RESTS, Laid, between_samples
from rover.io.vehicle import read_vehicle

Floats = npt.NDArray[np.float64]

YUTU_2 = read_vehicle("yutu-2").params
FIGURES = clearance_figures(YUTU_2)
SIDE_M = 0.05
SERVED_M, SERVED_RAD = SHARED.served_m, SHARED.served_rad


def rocks(seed: int, side: int = 160) -> npt.NDArray[np.float32]:
    rng = np.random.default_rng(seed)
    ground = gaussian_filter(rng.normal(0, 1, (side, side)), 5) * 0.4
    for _ in range(60):
        row, col, size = rng.integers(5, side - 8), rng.integers(5, side - 8), int(rng.integers(1, 6))
        ground[row : row + size, col : col + size] += rng.uniform(0.02, 0.2)
    return ground.astype(np.float32)


def ridges(seed: int, side: int = 160) -> npt.NDArray[np.float32]:
    """Walls as wide as a cell whose tops rise along them, which a wheel meets where no cell is a peak."""
    rng = np.random.default_rng(seed)
    ground = gaussian_filter(rng.normal(0, 1, (side, side)), 5) * 0.4
    along = np.arange(30)
    for k in range(24):
        row, col = rng.integers(10, side - 40, 2)
        way = ((0, 1), (1, 0), (1, 1))[k % 3]
        ground[row + way[0] * along, col + way[1] * along] += 0.15 + rng.uniform(-0.01, 0.01) * along
    return ground.astype(np.float32)


def wheel_on(z: npt.NDArray[np.float32], east_m: float, north_m: float, yaw: float) -> float:
    """How high a wheel's lowest point is with its axle over a place, counted from the raster's middle."""
    radius, half = YUTU_2.wheel_radius_m, YUTU_2.wheel_width_m / 2
    ahead, left = np.meshgrid(np.linspace(-radius, radius, 161), np.linspace(-half, half, 81))
    east = east_m + ahead * math.cos(yaw) - left * math.sin(yaw)
    north = north_m + ahead * math.sin(yaw) + left * math.cos(yaw)
    middle = (len(z) - 1) / 2
    under = map_coordinates(z.astype(float), [north / SIDE_M + middle, east / SIDE_M + middle], order=1)
    return float((under - (radius - np.sqrt(np.maximum(0.0, radius**2 - ahead**2)))).max())


def laid_out(z: npt.NDArray[np.float32]) -> AlignedGround:
    middle = (len(z) - 1) / 2
    return AlignedGround(z, z, SIDE_M, (middle, middle), 2.6, FIGURES)


def laid_of(ground: AlignedGround, heading: int) -> Laid:
    """What is laid out along a heading, as kernels have it."""
    layers, wheels = ground.layers[:, heading], ground.wheels
    low, high = np.split(layers[RESTS:], [(len(layers) - RESTS) // 2 + 1])
    about = wheels.off, float(wheels.leans[heading]), wheels.apart, wheels.doubt, wheels.narrow
    return Laid(ground.spacing_m, *layers[:RESTS], low, high, *about)


@pytest.mark.parametrize("make", [rocks, ridges])
@pytest.mark.parametrize("yaw_deg", [0.0, 2.0, 31.0, 90.0, 172.0, -75.0])
def test_a_wheel_stands_within_its_bounds_wherever_it_is_in_a_box(
    yaw_deg: float, make: Callable[[int], npt.NDArray[np.float32]]
) -> None:
    z, rng, yaw = make(1), np.random.default_rng(2), math.radians(yaw_deg)
    ground, middle = laid_out(z), (len(z) - 1) / 2
    bend_m, sag_m = between_samples(ground.spacing_m, FIGURES.belly, OFF)
    widths = []
    for _ in range(60):
        east, north = rng.uniform(-1.5, 1.5, 2)
        half = rng.uniform(0.0, 0.06, 2)
        cell = np.array([[east / SIDE_M + middle, north / SIDE_M + middle, math.cos(yaw), math.sin(yaw)]])
        (heading,), (place,) = ground.places(cell)
        low, _, high = ground.layers[RESTS:, heading]
        samples = len(low) // 2
        low_m, high_m, apart_m = within_box(
            *(low, high, place[0] / ground.spacing_m + samples, place[1] / ground.spacing_m + samples),
            *(half / ground.spacing_m),
        )
        angle = heading * math.pi / HEADINGS
        for along, across in (*rng.uniform(-1, 1, (6, 2)), np.array([1, -1]), np.zeros(2)):
            u, v = along * half[0], across * half[1]
            stood = wheel_on(
                z,
                east + u * math.cos(angle) - v * math.sin(angle),
                north + u * math.sin(angle) + v * math.cos(angle),
                yaw,
            )
            # The test's own points may miss what the wheel stands on, by what the ground rises between them.
            assert low_m - min(sag_m, apart_m) - 5e-4 <= stood <= high_m + min(bend_m, apart_m) + 1e-6
        widths.append(high_m - low_m)
    assert np.median(widths) < 0.08


@pytest.mark.parametrize("make", [rocks, ridges])
@pytest.mark.parametrize("yaw_deg", [0.0, 31.0, -75.0])
def test_a_wheel_stands_within_its_bounds_on_a_patch_off_whose_heading_it_points(
    yaw_deg: float, make: Callable[[int], npt.NDArray[np.float32]]
) -> None:
    z, rng, yaw = make(1), np.random.default_rng(3), math.radians(yaw_deg)
    middle = (len(z) - 1) / 2
    for _ in range(20):
        cell = np.array([*(middle + rng.uniform(-30, 30, 2)), math.cos(yaw), math.sin(yaw)])
        patch = AlignedPatch(z, z, SIDE_M, cell, FIGURES)
        bend_m, sag_m = between_samples(patch.spacing_m, FIGURES.belly, patch.wheels.off)
        low, _, high = patch.layers[RESTS:, 0]
        samples = np.array([low.shape[1] // 2, low.shape[0] // 2])
        centre = np.array([rng.uniform(-0.6, 0.6), rng.choice([-1, 1]) * rng.uniform(0.3, 0.55)])
        half = rng.uniform(0.0, 0.04, 2)
        low_m, high_m, apart_m = within_box(
            *(low, high, *(centre / patch.spacing_m + samples)), *(half / patch.spacing_m)
        )
        for along, across, off in (*rng.uniform(-1, 1, (4, 3)), (1, -1, 1), (0, 0, -1)):
            u, v = centre + np.array([along, across]) * half
            stood = wheel_on(
                z,
                (cell[0] - middle) * SIDE_M + u * math.cos(yaw) - v * math.sin(yaw),
                (cell[1] - middle) * SIDE_M + u * math.sin(yaw) + v * math.cos(yaw),
                yaw + off * SERVED_RAD,
            )
            assert low_m - min(sag_m, apart_m) - 5e-4 <= stood <= high_m + min(bend_m, apart_m) + 1e-6


def test_a_patch_serves_what_lies_close_and_points_alike() -> None:
    cell = np.array([80.0, 80.0, math.cos(0.5), math.sin(0.5)])
    patch = AlignedPatch(rocks(3), rocks(3), SIDE_M, cell, FIGURES)

    def turned(yaw: float, away_m: float) -> list[float]:
        off = away_m / SIDE_M
        return [80.0 + off * math.cos(0.5), 80.0 + off * math.sin(0.5), math.cos(yaw), math.sin(yaw)]

    near = np.array([turned(0.5, 0.0), turned(0.5 + 0.9 * SERVED_RAD, 0.9 * SERVED_M), turned(0.5, 0.01)])
    found = patch.served(near)
    np.testing.assert_allclose(found[:, 0], [0.0, 0.9 * SERVED_M, 0.01], atol=1e-9)
    np.testing.assert_allclose(np.arctan2(found[:, 3], found[:, 2]), [0.0, 0.9 * SERVED_RAD, 0.0], atol=1e-9)
    for beyond in (
        turned(0.5 + 1.1 * SERVED_RAD, 0.0),
        turned(0.5, 1.1 * SERVED_M),
        turned(0.5 + math.pi, 0.0),
    ):
        assert len(patch.served(np.array([near[0], beyond, near[0]]))) == 1


def test_patches_are_laid_out_once() -> None:
    z, rng = rocks(3), np.random.default_rng(0)
    patches = Patches(z, z, SIDE_M, FIGURES)
    first = patches.at(np.array([80.0, 80.0, 1.0, 0.0]))
    assert patches.at(np.array([81.0, 80.0, math.cos(0.7 * SERVED_RAD), math.sin(0.7 * SERVED_RAD)])) is first
    assert (
        patches.at(np.array([80.0, 80.0, math.cos(1.4 * SERVED_RAD), math.sin(1.4 * SERVED_RAD)]))
        is not first
    )
    assert patches.at(np.array([86.0, 80.0, 1.0, 0.0])) is not first
    for _ in range(60):
        yaw = rng.uniform(-math.pi, math.pi)
        cell = np.array([*rng.uniform(60, 100, 2), math.cos(yaw), math.sin(yaw)])
        assert len(patches.at(cell).served(cell[None])) == 1


def test_nothing_is_told_of_unknown_ground_or_of_what_lies_beyond() -> None:
    z = rocks(3)
    z[80, 84] = np.nan
    ground = laid_out(z)
    (heading,), _ = ground.places(np.array([[80.0, 80.0, 1.0, 0.0]]))
    low, _, high = ground.layers[RESTS:, heading]
    middle = len(low) // 2
    assert math.isnan(within_box(low, high, middle + 4.0, float(middle), 2.0, 2.0)[1])
    assert not math.isnan(within_box(low, high, middle - 30.0, float(middle), 2.0, 2.0)[1])
    assert math.isnan(within_box(low, high, 1.0, float(middle), 2.0, 2.0)[1])


def stood(ground: AlignedGround, cell: Floats, spread_m: float | None) -> Floats:
    """Bounds of a pose, with what it needs laid out, or with all of its heading."""
    (heading,), (place,) = ground.places(cell, spread_m)
    own, held = np.empty((BOUNDS, 2)), np.full((BOUNDS, 2), np.nan)
    laid = laid_of(ground, heading)
    stand(laid, ground.rover, place, 0.02, 0.01, held, room_to_work(1024), own)
    return own[:-1]


@pytest.mark.parametrize("seed", range(3))
def test_what_is_laid_out_for_a_pose_bounds_it_as_all_of_it_does(seed: int) -> None:
    z, rng = rocks(seed), np.random.default_rng(seed)
    part, whole, middle = laid_out(z), laid_out(z), (len(z) - 1) / 2
    for _ in range(80):
        yaw = rng.choice([0.3, -2.0, 1.1]) + rng.uniform(-0.3, 0.3)
        cell = np.array([[*(middle + rng.uniform(-30, 30, 2)), math.cos(yaw), math.sin(yaw)]])
        np.testing.assert_array_equal(stood(part, cell, 0.02), stood(whole, cell, None))


def test_what_was_not_laid_out_is_unknown_whatever_the_memory_held_before() -> None:
    z, yaw = rocks(1), 0.0
    for heading in range(HEADINGS):
        angle = heading * math.pi / HEADINGS
        laid_out(z).places(np.array([[80.0, 80.0, math.cos(angle), math.sin(angle)]]))
    ground = laid_out(z)
    near = np.array([[60.0, 80.0, math.cos(yaw), math.sin(yaw)]])
    assert not np.isnan(stood(ground, near, 0.02)[PITCH]).any()
    (heading,), (place,) = ground.places(near, 0.02)
    place[0] += 2.0
    own, held = np.empty((BOUNDS, 2)), np.full((BOUNDS, 2), np.nan)
    laid = laid_of(ground, heading)
    stand(laid, ground.rover, place, 0.02, 0.01, held, room_to_work(1024), own)
    assert np.isnan(own).all()


def test_memory_is_given_out_again_when_nobody_holds_it() -> None:
    first = room_for((3, 5))
    other = room_for((3, 5))
    assert not np.shares_memory(first, other)
    view, address = first[0], first.__array_interface__["data"]
    del first
    assert room_for((3, 5)).__array_interface__["data"] != address
    del view
    assert room_for((3, 5)).__array_interface__["data"] == address


def test_memory_is_kept_for_the_shapes_last_asked_for_only() -> None:
    held = weakref.ref(room_for((2, 7)))
    for wide in range(8, 8 + MOST_SHAPES):
        assert held() is not None
        room_for((2, wide))
    assert held() is None
