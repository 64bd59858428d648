"""The rolling map: what was seen and nothing else, as certain as it is, and carried along whole."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rover.core.boundary import StereoPoints
from rover.core.grid import Dem, GridGeometry, Site
from rover.onboard.ground_bounds import ground_bounds
from rover.onboard.local_map import (
    GATE,
    GRADE,
    LEAST_M,
    SHARE,
    LocalMap,
    begin_local_map,
    fuse_heights,
    fuse_look,
)

SITE = Site(latitude_rad=0.0, longitude_rad=0.0, body="moon", crs_wkt="")
EYE = (0.0, 0.0, 1.5)
STILL = np.zeros((6, 6))

Place = tuple[float, float, float]


def begun() -> LocalMap:
    return begin_local_map(site=SITE, datum_m=-5900.0, reach_m=4.0)


def pair(points: np.ndarray, sigma_m: float | np.ndarray = 0.02) -> StereoPoints:
    points = np.asarray(points, np.float32).reshape(-1, 3)
    sigma = np.broadcast_to(np.asarray(sigma_m, np.float32), len(points)).copy()
    return StereoPoints(camera="navcam", points_m=points, sigma_m=sigma, eye_m=EYE)


def fused(local: LocalMap, look: StereoPoints, place: Place = (0.0, 0.0, 0.0), **other: Any) -> LocalMap:
    given = {"rotation": np.eye(3), "motion": STILL, "time_s": 10.0} | other
    return fuse_look(local, [look], place_m=np.array(place), **given)


def at(local: LocalMap, east_m: float, north_m: float) -> tuple[float, float, float]:
    """Return height in the site frame, variance and time of a cell."""
    cell = local.geometry.cell_at(east_m, north_m)
    assert cell is not None
    height = float(local.height_m[cell]) + local.origin_m[2]
    return height, float(local.variance_m2[cell]), float(local.seen_s[cell])


def patch(height_m: float, *, count: int = 400, seed: int = 1) -> np.ndarray:
    places = np.random.default_rng(seed).uniform([1.0, -1.0], [3.0, 1.0], (count, 2))
    return np.column_stack([places, np.full(count, height_m)])


def test_what_no_point_fell_into_is_unknown() -> None:
    points = patch(0.3)
    local = fused(begun(), pair(points))
    g = local.geometry
    expected = np.zeros(g.shape, np.bool_)
    for east, north, _ in points.astype(np.float32).astype(np.float64):
        expected[g.cell_at(east, north)] = True
    for layer in (local.height_m, local.variance_m2, local.seen_s):
        np.testing.assert_array_equal(np.isfinite(layer), expected)
    dem = local.dem(0.0, 0.0, 2.0)
    assert np.isfinite(dem.elevation_m).any() and dem.variance_m2 is not None
    np.testing.assert_array_equal(np.isfinite(dem.elevation_m), np.isfinite(dem.variance_m2))
    rows, cols = np.nonzero(np.isfinite(dem.elevation_m))
    for row, col in zip(rows, cols, strict=True):
        assert np.hypot(*dem.geometry.centre_of(row, col)) <= 2.0
    assert not np.isfinite(begun().height_m).any()


def test_a_point_is_put_where_the_pose_has_it() -> None:
    quarter = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    local = fused(begun(), pair(np.array([[2.07, 0.54, 0.25]])), (100.02, -40.03, 7.0), rotation=quarter)
    height, variance, seen = at(local, 100.02 - 0.54, -40.03 + 2.07)
    assert height == pytest.approx(7.25, abs=1e-5) and seen == 10.0
    sight = np.array([2.07, 0.54, 0.25 - 1.5])
    steep = (sight[2] / np.linalg.norm(sight)) ** 2
    assert variance == pytest.approx(0.02**2 * (steep + GRADE**2 * (1 - steep)) + LEAST_M**2, rel=1e-4)
    assert np.isfinite(local.height_m).sum() == 1


def test_looks_that_agree_are_fused_by_their_certainty() -> None:
    first = fused(begun(), pair([2.0, 0.0, 0.10], 0.03))
    one = at(first, 2.0, 0.0)
    second = fused(first, pair([2.0, 0.0, 0.11], 0.01), time_s=20.0)
    alone = at(fused(begun(), pair([2.0, 0.0, 0.11], 0.01)), 2.0, 0.0)
    height, variance, seen = at(second, 2.0, 0.0)
    weights = np.array([1 / one[1], 1 / alone[1]])
    assert height == pytest.approx((weights * [0.10, 0.11]).sum() / weights.sum(), abs=1e-5)
    assert variance == pytest.approx(1 / weights.sum(), rel=1e-4)
    assert seen == 20.0
    np.testing.assert_allclose(second.age_s(25.0)[np.isfinite(second.height_m)], 5.0)


def test_an_old_cell_gives_way_to_what_is_seen_now_unless_that_is_worse_known() -> None:
    first = fused(begun(), pair([2.0, 0.0, 0.0], 0.02))
    moved = fused(first, pair([2.0, 0.0, 0.4], 0.02), time_s=20.0)
    assert at(moved, 2.0, 0.0)[0] == pytest.approx(0.4, abs=1e-6)
    alone = fused(begun(), pair([2.0, 0.0, 0.4], 0.02))
    assert at(moved, 2.0, 0.0)[1] == pytest.approx(at(alone, 2.0, 0.0)[1])
    doubted = fused(first, pair([2.0, 0.0, 0.4], 0.06), time_s=20.0)
    assert at(doubted, 2.0, 0.0)[0] == pytest.approx(0.0, abs=1e-6)
    assert at(doubted, 2.0, 0.0)[1] == pytest.approx((0.4 / GATE) ** 2, rel=1e-4)


def test_motion_in_doubt_widens_what_was_seen_before_it_by_its_own_law() -> None:
    first = fused(begun(), pair(patch(0.0)))
    spread = np.random.default_rng(3).normal(0.0, [0.01, 0.02, 0.015, 0.004, 0.006, 0.002], (40, 6))
    motion = spread.T @ spread / len(spread)
    after = fused(first, pair(np.array([[-2.0, 0.0, 0.0]])), motion=motion)
    known = np.isfinite(first.height_m)
    g = first.geometry
    for row, col in np.argwhere(known)[::17]:
        east, north = g.centre_of(row, col)
        up = np.array([0.0, 0.0, 1.0, north, -east, 0.0])  # of shift + turn x place
        expected = up @ motion @ up + GRADE**2 * (motion[0, 0] + motion[1, 1])
        grown = after.variance_m2[row, col] - first.variance_m2[row, col]
        assert grown == pytest.approx(expected, rel=1e-3)


def test_it_rolls_with_the_rover_and_keeps_what_stays_inside() -> None:
    local = fused(begun(), pair(patch(0.2)), (10.0, 20.0, 0.0))
    nothing = pair(np.zeros((0, 3)))
    there = fused(local, nothing, (11.37, 19.2, 0.0), time_s=30.0)
    kept = 0
    for row, col in np.argwhere(np.isfinite(local.height_m)):
        place = local.geometry.centre_of(row, col)
        assert there.geometry.cell_at(*place) is not None
        assert at(there, *place) == at(local, *place)
        kept += 1
    assert kept == np.isfinite(there.height_m).sum() > 50
    west, south, east, north = there.geometry.bounds_m
    assert min(11.37 - west, 19.2 - south, east - 11.37, north - 19.2) >= 4.0 - 1e-9
    far = fused(local, nothing, (40.0, 20.0, 0.0))
    assert not np.isfinite(far.height_m).any()
    back = fused(far, nothing, (10.0, 20.0, 0.0))
    assert not np.isfinite(back.height_m).any()


def test_a_correction_of_the_place_takes_the_map_along() -> None:
    local = fused(begun(), pair(patch(0.2)))
    shift = np.array([0.23, -0.31, 0.05])
    moved = local.moved(shift)
    np.testing.assert_array_equal(moved.height_m, local.height_m)
    assert at(moved, 2.05 + 0.23, 0.05 - 0.31)[0] == pytest.approx(at(local, 2.05, 0.05)[0] + 0.05)
    # A look from the corrected place finds the ground where it was seen before.
    again = fused(moved, pair(patch(0.2)), (0.23, -0.31, 0.05), time_s=20.0)
    np.testing.assert_array_equal(np.isfinite(again.height_m), np.isfinite(local.height_m))
    known = np.isfinite(local.height_m)
    np.testing.assert_allclose(again.height_m[known], local.height_m[known], atol=1e-6)


def test_nothing_but_the_points_reaches_it() -> None:
    """Ground that differs only where no point fell leaves the same map, bit for bit."""
    near, far = patch(0.1), patch(0.9, seed=2) + np.array([50.0, 0.0, 0.0])
    one = fused(begun(), pair(near))
    other = fused(begun(), pair(np.vstack([near, far])))
    for name in ("height_m", "variance_m2", "seen_s"):
        assert getattr(one, name).tobytes() == getattr(other, name).tobytes()


def test_fusing_leaves_the_map_that_it_began_with_as_it_was() -> None:
    local = fused(begun(), pair(patch(0.2)))
    before = [getattr(local, name).tobytes() for name in ("height_m", "variance_m2", "seen_s")]
    fused(local, pair(patch(0.7)), (0.5, 0.5, 0.0), time_s=40.0)
    assert before == [getattr(local, name).tobytes() for name in ("height_m", "variance_m2", "seen_s")]


def raster(
    heights: np.ndarray, *, cell_m: float = 0.05, east_m: float = -2.0, datum_m: float = -5900.0
) -> Dem:
    rows, cols = heights.shape
    geometry = GridGeometry(rows=rows, cols=cols, resolution_m=cell_m, east_m=east_m, north_m=-2.0, site=SITE)
    return Dem(geometry=geometry, elevation_m=heights.astype(np.float32), datum_m=datum_m, source="a test")


def sensed(local: LocalMap | None, heights: np.ndarray, *, sigma_m: float = 0.01, **other: Any) -> LocalMap:
    given = {"here_m": (0.0, 0.0), "reach_m": 3.0, "time_s": 1.0} | other
    return fuse_heights(local, raster(heights), sigma_m=sigma_m, **given)


def test_heights_told_by_cell_are_put_where_they_are_and_as_well_known_as_told() -> None:
    heights = np.random.default_rng(2).normal(size=(81, 81))
    heights[3, 5] = np.nan
    local = sensed(None, heights)
    for row, col in ((0, 0), (40, 17), (80, 80)):
        place = raster(heights).geometry.centre_of(row, col)
        assert at(local, *place) == pytest.approx((heights[row, col], 1e-4, 1.0), rel=1e-5)
    assert np.isfinite(local.height_m).sum() == heights.size - 1
    rolled = sensed(local, np.full((81, 81), np.nan), here_m=(1.0, -0.5))
    assert at(rolled, *raster(heights).geometry.centre_of(40, 40))[0] == pytest.approx(
        heights[40, 40], abs=1e-6
    )


def test_no_number_of_looks_makes_a_cell_better_known_than_a_share_of_one() -> None:
    rng, local = np.random.default_rng(4), None
    for k in range(40):
        local = sensed(local, rng.normal(0.3, 0.01, (81, 81)), time_s=float(k))
    assert local is not None
    known = np.isfinite(local.height_m)
    assert (local.variance_m2[known] >= SHARE * 1e-4 * 0.999).all()
    assert np.median(local.variance_m2[known]) == pytest.approx(SHARE * 1e-4, rel=1e-3)
    assert np.std(local.height_m[known] - 0.3) < np.sqrt(SHARE) * 0.01  # and is no worse than it says


def test_a_look_that_strongly_disagrees_takes_the_place_of_many_before_it() -> None:
    local = None
    for k in range(30):
        local = sensed(local, np.zeros((81, 81)), time_s=float(k))
    local = sensed(local, np.full((81, 81), 0.2), time_s=31.0)
    known = np.isfinite(local.height_m)
    np.testing.assert_allclose(local.height_m[known], 0.2, atol=1e-6)
    np.testing.assert_allclose(local.variance_m2[known], 1e-4, rtol=1e-5)


def test_heights_on_other_cells_begin_anew() -> None:
    local = sensed(None, np.zeros((81, 81)))
    other = fuse_heights(
        local,
        raster(np.ones((41, 41)), cell_m=0.1),
        here_m=(0.0, 0.0),
        sigma_m=0.01,
        reach_m=3.0,
        time_s=2.0,
    )
    assert other.cell_m == 0.1
    assert np.nanmin(other.height_m) == 1.0


def test_bounds_lie_so_many_deviations_off_and_are_unknown_beside_the_unknown() -> None:
    heights = np.add.outer(np.arange(81) * 0.01, np.arange(81) * 0.02)
    heights[40, 40] = np.nan
    bounds = ground_bounds(sensed(None, heights), sigmas=2.0)
    east = (0.63 - bounds.east_m) / bounds.side_m
    north = (-0.72 - bounds.north_m) / bounds.side_m
    row, col = round(north), round(east)
    expected = (row * bounds.side_m + bounds.north_m + 2.0) / 5 + (
        col * bounds.side_m + bounds.east_m + 2.0
    ) / 2.5
    assert bounds.low_m[row, col] == pytest.approx(expected - 0.02, abs=1e-5)
    assert bounds.high_m[row, col] == pytest.approx(expected + 0.02, abs=1e-5)
    unknown = np.isnan(bounds.high_m)
    place = raster(heights).geometry.centre_of(40, 40)
    cell = (
        round((place[1] - bounds.north_m) / bounds.side_m),
        round((place[0] - bounds.east_m) / bounds.side_m),
    )
    assert unknown[cell[0] - 1 : cell[0] + 2, cell[1] - 1 : cell[1] + 2].all()
    assert bounds.side_m <= 0.03
