"""How far the lander moved, told by two scans of the same ground."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rover.core.grid import Dem, GridGeometry, Site
from rover.onboard.scan_match import moved_between

CELL_M, HALF = 0.25, 100


def scanned(
    ahead_m: float, left_m: float, *, noise_m: float = 0.0, seed: int = 0, relief_m: float = 1.0
) -> Dem:
    """Return ground of a few waves, as seen from a place: its east and north are ahead and left of it."""
    side = CELL_M * np.arange(-HALF, HALF + 1)
    x, y = side[None, :] + ahead_m, side[:, None] + left_m
    waves = ((17.0, 0.3, 0.5), (9.0, 1.9, 0.25), (5.0, 2.7, 0.1), (3.1, 4.1, 0.05))
    height = sum(
        amplitude * np.sin(math.tau * (x * math.cos(turn) + y * math.sin(turn)) / length + turn)
        for length, turn, amplitude in waves
    )
    height = relief_m * height + noise_m * np.random.default_rng(seed).standard_normal((2 * HALF + 1,) * 2)
    return Dem(
        geometry=GridGeometry(
            rows=2 * HALF + 1, cols=2 * HALF + 1, resolution_m=CELL_M, east_m=side[0], north_m=side[0],
            site=Site(latitude_rad=math.nan, longitude_rad=math.nan, body="moon", crs_wkt=""),
        ),
        elevation_m=height.astype(np.float32), datum_m=0.0, source="test",
    )  # fmt: skip


def told(first: Dem, second: Dem, expected_m: tuple[float, float] = (0.0, 0.0)) -> tuple[float, float]:
    return moved_between(first, second, expected_m=expected_m, sigma_m=0.4)


@pytest.mark.parametrize("moved", [(0.0, 0.0), (0.31, -0.12), (-0.9, 0.55)])
def test_the_move_is_found_within_a_centimetre_through_noise(moved: tuple[float, float]) -> None:
    found = told(scanned(0, 0, noise_m=0.02), scanned(*moved, noise_m=0.02, seed=1))
    assert found == pytest.approx(moved, abs=0.01)


def test_another_height_is_no_move() -> None:
    first, second = scanned(0, 0), scanned(0.4, 0.1)
    higher = Dem(geometry=second.geometry, elevation_m=second.elevation_m + 7.5, datum_m=0.0, source="test")
    assert told(first, higher) == pytest.approx((0.4, 0.1), abs=0.01)


def test_ground_without_relief_leaves_what_is_expected() -> None:
    level, moved = (scanned(at, 0, relief_m=0.0, noise_m=0.02, seed=int(10 * at)) for at in (0.0, 0.3))
    assert told(level, moved, expected_m=(0.2, -0.1)) == pytest.approx((0.2, -0.1), abs=0.05)


def test_a_plain_slope_tells_no_move_from_a_change_of_height() -> None:
    def tilted(dem: Dem) -> Dem:
        rise = 0.1 * np.arange(2 * HALF + 1, dtype=np.float32)[None, :] * CELL_M
        return Dem(geometry=dem.geometry, elevation_m=dem.elevation_m + rise, datum_m=0.0, source="test")

    level = [tilted(scanned(0, 0, relief_m=0.0, noise_m=0.02, seed=n)) for n in (1, 2)]
    assert told(*level, expected_m=(0.2, -0.1)) == pytest.approx((0.2, -0.1), abs=0.05)


def test_ground_that_is_not_known_leaves_what_is_expected() -> None:
    first = scanned(0, 0)
    unknown = Dem(
        geometry=first.geometry,
        elevation_m=np.full_like(first.elevation_m, np.nan),
        datum_m=0.0,
        source="test",
    )
    assert told(first, unknown, expected_m=(0.2, -0.1)) == (0.2, -0.1)
