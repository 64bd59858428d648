"""Ground that is known by standing on it: the plane of the wheels, under the body and nowhere else."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from rover.core.boundary import StereoPoints
from rover.core.grid import Site
from rover.io.vehicle import read_vehicle
from rover.onboard.contact_ground import BELLY_SIGMA_M, BESIDE_M, WHEEL_SIGMA_M, hidden_by_body, lay_contacts
from rover.onboard.error_state import SIZE, Estimate
from rover.onboard.local_map import LocalMap, begin_local_map
from rover.onboard.rotations import rotation_from_angles

SITE = Site(latitude_rad=0.0, longitude_rad=0.0, body="moon", crs_wkt="")
YUTU_2 = read_vehicle("yutu-2").params
PLACE = np.array([0.3, -0.2, 4.0])


def nothing() -> LocalMap:
    return begin_local_map(site=SITE, datum_m=-5900.0, reach_m=3.0)


def standing(yaw: float = 0.6, pitch: float = 0.1, roll: float = -0.05) -> Estimate:
    rotation = rotation_from_angles(yaw, pitch, roll)
    return Estimate(
        place_m=PLACE,
        rotation=rotation,
        gyro_rad_s=np.zeros(3),
        level_m_s2=np.zeros(3),
        slip=0.0,
        grade_slip=0.0,
        slide_m_per_rad=0.0,
        side_slip=0.0,
        look_scale=0.0,
        look_pull=0.0,
        clone_place_m=PLACE,
        clone_rotation=rotation,
        covariance=np.eye(SIZE),
    )


def test_cells_under_the_body_lie_on_the_plane_of_the_wheels_and_no_others_are_known() -> None:
    estimate = standing()
    local = lay_contacts(nothing(), YUTU_2, estimate, 7.0)
    axes, known = estimate.rotation, 0
    for row in range(local.geometry.rows):
        for col in range(local.geometry.cols):
            east, north = local.geometry.centre_of(row, col)
            up = float(local.height_m[row, col])
            if math.isnan(up):
                continue
            ahead, left, over = np.array([east, north, up] - PLACE) @ axes
            assert abs(over) < 1e-5
            assert abs(ahead) <= YUTU_2.length_m / 2 + BESIDE_M + 1e-6
            assert abs(left) <= YUTU_2.width_m / 2 + BESIDE_M + 1e-6
            sigma = WHEEL_SIGMA_M if abs(left) > YUTU_2.track_m / 2 else BELLY_SIGMA_M
            assert np.float32(sigma**2) == local.variance_m2[row, col] or abs(left) > 0.2
            assert local.seen_s[row, col] == 7.0
            known += 1
    whole = (YUTU_2.length_m + 2 * BESIDE_M) * (YUTU_2.width_m + 2 * BESIDE_M) / 0.01
    assert abs(known - whole) < 0.15 * whole


def test_what_was_seen_stays_as_it_was_seen() -> None:
    known = lay_contacts(nothing(), YUTU_2, standing(), 7.0)
    again = lay_contacts(known, YUTU_2, standing(pitch=0.3), 9.0)
    before = np.isfinite(known.height_m)
    np.testing.assert_array_equal(again.height_m[before], known.height_m[before])
    np.testing.assert_array_equal(again.seen_s[before], 7.0)


def test_what_is_known_worse_than_the_wheels_tell_is_put_under_the_wheels() -> None:
    known = lay_contacts(nothing(), YUTU_2, standing(), 7.0)
    doubted = replace(known, variance_m2=known.variance_m2 + np.float32(0.07**2))
    again = lay_contacts(doubted, YUTU_2, standing(pitch=0.2), 9.0)
    fresh = lay_contacts(nothing(), YUTU_2, standing(pitch=0.2), 9.0)
    under = np.isfinite(fresh.height_m)
    np.testing.assert_array_equal(again.height_m[under], fresh.height_m[under])
    np.testing.assert_array_equal(again.variance_m2[under], fresh.variance_m2[under])


def test_the_deck_hides_what_lies_under_it() -> None:
    points = np.array([[0.0, 0.0, 0.0], [0.7, 0.45, 0.0], [0.8, 0.0, 0.0], [0.0, 0.55, 0.0]], np.float32)
    look = StereoPoints(
        camera="navcam", points_m=points, sigma_m=np.full(4, 0.01, np.float32), eye_m=(0.45, 0.0, 1.5)
    )
    (seen,) = hidden_by_body([look], YUTU_2)
    np.testing.assert_array_equal(seen.points_m, points[2:])
    assert len(seen.sigma_m) == 2
