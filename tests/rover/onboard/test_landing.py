"""The choice of the landing place: by shadow and texture from high up, by slope, step and clearance near the ground."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from rover.hazard.detect import Hazard
from rover.io.lander import read_lander
from rover.onboard.landing import (
    MARGINS,
    FineChoice,
    Sight,
    choose_coarse,
    choose_fine,
    scan_map,
    sight_tangents,
)

Floats = npt.NDArray[np.float64]
Ground = Callable[[Floats, Floats], Floats]

LANDER = read_lander("chang-e-4").params
BODY = LANDER.body
HIGH_M = 100.0
LOOK_M = 2000.0
LOOK = sight_tangents(256, 256, LANDER.lcam.fov_rad)


def sight(tangents: Floats, lean_rad: float = 0.0) -> Sight:
    cos, sin = math.cos(lean_rad), math.sin(lean_rad)
    axes = np.array([[cos, 0.0, -sin], [0.0, 1.0, 0.0], [sin, 0.0, cos]])
    return Sight(tangents=tangents, axes=axes, offset_m=np.zeros(3))


def ranges(ground: Ground, seen: Sight, noise_m: float = 0.02) -> Floats:
    """Return ranges to a height field by a few steps of fixed-point iteration, enough for gentle ground."""
    ways = seen.tangents[..., :1] * seen.axes[0] + seen.tangents[..., 1:] * seen.axes[1] - seen.axes[2]
    ways /= np.linalg.norm(ways, axis=-1, keepdims=True)
    far = HIGH_M / -ways[..., 2]
    for _ in range(20):
        far = (HIGH_M - ground(far * ways[..., 0], far * ways[..., 1])) / -ways[..., 2]
    return far + noise_m * np.random.default_rng(5).standard_normal(far.shape)


def scanned(ground: Ground, *, reach_m: float = 20.0, lean_rad: float = 0.0) -> FineChoice:
    seen = sight(sight_tangents(288, 288, LANDER.scanner.fov_rad), lean_rad)
    return choose_fine(scan_map(ranges(ground, seen), seen), BODY, reach_m=reach_m, target_m=(0.0, 0.0))


def stone(x: Floats, y: Floats, at: tuple[float, float], high_m: float, radius_m: float = 0.4) -> Floats:
    return high_m * (np.hypot(x - at[0], y - at[1]) < radius_m)


def test_level_ground_is_come_down_on_where_it_is_aimed_at() -> None:
    found = scanned(lambda x, y: 0.02 * x)
    assert found.is_safe and found.below_is_safe
    assert found.margin == MARGINS[0]
    assert math.hypot(*found.aside_m) < 2.0
    assert math.degrees(found.slope_rad) == pytest.approx(math.degrees(math.atan(0.02)), abs=0.15)


def test_a_stone_under_the_footprint_is_gone_aside_of() -> None:
    found = scanned(lambda x, y: stone(x, y, (0.5, -0.5), 0.35))
    assert not found.below_is_safe and found.is_safe
    assert math.hypot(found.aside_m[0] - 0.5, found.aside_m[1] + 0.5) > BODY.footprint_radius_m + 0.4


def test_a_stone_narrower_than_a_cell_is_seen_by_its_top() -> None:
    """Where it lies between cells each one's mean holds but a part of it: too little for the limit, as means go."""
    places = [(5.0 + 0.037 * n, 3.12 - 0.029 * n) for n in range(14)]
    found = 0
    for x, y in places:
        seen = sight(sight_tangents(288, 288, LANDER.scanner.fov_rad))
        ground = ranges(lambda a, b, at=(x, y): stone(a, b, at, 0.2, radius_m=0.12), seen)  # type: ignore[misc]
        choice = choose_fine(scan_map(ground, seen), BODY, reach_m=20.0, target_m=(0.0, 0.0))
        geometry = choice.hazards.geometry
        col, row = round((x - geometry.east_m) / 0.25), round((y - geometry.north_m) / 0.25)
        near = choice.hazards.flags[row - 2 : row + 3, col - 2 : col + 3]
        found += bool((near & np.uint8(Hazard.STEP)).any())
    assert found >= 13


def test_a_map_lies_where_the_ground_is_though_the_lander_leans() -> None:
    """Hazards are seen at the same place ahead and left whatever the attitude, which is known."""
    for lean_rad in (0.0, math.radians(4.0)):
        found = scanned(lambda x, y: stone(x, y, (6.0, 3.0), 0.5), lean_rad=lean_rad)
        geometry = found.hazards.geometry
        stepped = np.argwhere(found.hazards.flags & np.uint8(Hazard.STEP))
        ahead = geometry.east_m + geometry.resolution_m * stepped[:, 1]
        left = geometry.north_m + geometry.resolution_m * stepped[:, 0]
        there = np.hypot(ahead - 6.0, left - 3.0) < 2.0
        assert np.median(ahead[there]) == pytest.approx(6.0, abs=0.2)
        assert np.median(left[there]) == pytest.approx(3.0, abs=0.2)
        assert np.count_nonzero(there) >= 9
        assert np.count_nonzero(~there) < 0.003 * found.hazards.flags.size  # noise alone


def test_steep_ground_is_gone_aside_of_to_what_is_level() -> None:
    """A hillside of 9 deg that ends 6 m to the left."""
    rise = math.tan(math.radians(9.0))
    found = scanned(lambda x, y: rise * np.maximum(6.0 - y, 0.0))
    assert not found.below_is_safe and found.is_safe
    assert found.aside_m[1] > 6.0


def test_ground_near_the_limit_is_taken_by_less_margin() -> None:
    found = scanned(lambda x, y: math.tan(math.radians(7.2)) * x)
    assert found.is_safe
    assert found.margin == MARGINS[-1]


def test_the_least_bad_place_is_the_least_steep() -> None:
    """A slope of 14 deg that eases to 10 deg 8 m ahead: nothing is safe, and that is less bad."""
    steep, less = (math.tan(math.radians(deg)) for deg in (14.0, 10.0))
    found = scanned(lambda x, y: np.where(x < 8.0, steep * x, steep * 8.0 + less * (x - 8.0)))
    assert not found.is_safe
    assert found.aside_m[0] > 8.0


def test_where_nothing_is_safe_it_says_so() -> None:
    found = scanned(lambda x, y: math.tan(math.radians(11.0)) * x)
    assert not found.is_safe


def test_ground_between_stones_must_hold_the_whole_footprint() -> None:
    """Stones in a square grid leave a circle of 2.1 m, less than the footprint; twice as far apart there is room."""

    def stones(apart_m: float) -> Ground:
        return lambda x, y: (
            0.5 * (np.hypot(x - apart_m * np.rint(x / apart_m), y - apart_m * np.rint(y / apart_m)) < 0.2)
        )

    assert 1.05 < 0.5 * BODY.footprint_radius_m < 2.1 < BODY.footprint_radius_m
    assert not scanned(stones(3.4)).is_safe
    assert scanned(stones(9.0)).is_safe


def test_a_hump_that_the_body_would_touch_is_gone_aside_of() -> None:
    """Without a step over a foot, and level over the footprint: it matters only to a body that hangs low."""
    seen = sight(sight_tangents(288, 288, LANDER.scanner.fov_rad))
    dem = scan_map(
        ranges(lambda x, y: 0.12 * np.cos(np.minimum(np.hypot(x, y) / 3.0, 1.0) * math.pi / 2) ** 2, seen),
        seen,
    )
    high, low = (
        choose_fine(dem, BODY.model_copy(update={"clearance_m": room_m}), reach_m=20.0, target_m=(0.0, 0.0))
        for room_m in (0.45, 0.1)
    )
    assert high.below_is_safe
    assert not low.below_is_safe and low.is_safe


def test_no_further_than_it_can_be_reached() -> None:
    found = scanned(lambda x, y: math.tan(math.radians(11.0)) * np.minimum(x, 12.0), reach_m=5.0)
    assert math.hypot(*found.aside_m) <= 5.0
    assert not found.is_safe
    assert scanned(lambda x, y: math.tan(math.radians(11.0)) * np.minimum(x, 12.0)).is_safe


def picture(dark: Callable[[Floats, Floats], Floats]) -> npt.NDArray[np.uint16]:
    """Return an even picture, darkened where a pattern is 1 and noisy by a twentieth."""
    ahead, left = LOOK[..., 0] * LOOK_M, LOOK[..., 1] * LOOK_M
    noise = np.random.default_rng(2).standard_normal(ahead.shape)
    return np.clip(160.0 * (1.0 - 0.9 * dark(ahead, left)) * (1 + 0.02 * noise), 0, 255).astype(np.uint16)


def looked(dark: Callable[[Floats, Floats], Floats], reach_m: float = 100.0) -> tuple[float, float]:
    found = choose_coarse(picture(dark), sight(LOOK), height_m=LOOK_M, reach_m=reach_m, target_m=(10.0, 0.0))
    assert found.price <= found.price_below
    return found.aside_m


def test_shadow_is_gone_aside_of() -> None:
    aside = looked(lambda x, y: np.asarray(np.hypot(x - 10.0, y) < 40.0, float))
    assert math.hypot(aside[0] - 10.0, aside[1]) > 45.0
    assert math.hypot(aside[0] - 10.0, aside[1]) <= 100.0


def test_shadow_too_wide_to_lean_or_to_have_texture_is_gone_aside_of() -> None:
    """A band of shadow 500 m wide, whose edges are further off than what light is compared with."""
    aside = looked(lambda x, y: np.asarray((x > -240.0) & (x < 260.0), float), reach_m=350.0)
    assert not -240.0 < aside[0] < 260.0


def test_texture_is_gone_aside_of() -> None:
    """Stripes over all the ground but a patch to the right."""
    smooth = (10.0, -70.0)

    def stripes(x: Floats, y: Floats) -> Floats:
        return 0.3 * (np.hypot(x - smooth[0], y - smooth[1]) > 40.0) * (np.sin(x / 5.0) > 0)

    aside = looked(stripes)
    assert math.hypot(aside[0] - smooth[0], aside[1] - smooth[1]) < 40.0


def test_even_ground_is_not_left() -> None:
    aside = looked(lambda x, y: 0.0 * x)
    assert math.hypot(aside[0] - 10.0, aside[1]) < 60.0


def test_a_slope_that_leans_from_the_sun_is_gone_aside_of() -> None:
    aside = looked(lambda x, y: 0.35 * (np.hypot(x - 10.0, y) < 45.0))
    assert math.hypot(aside[0] - 10.0, aside[1]) > 50.0


def test_the_coarse_choice_stays_in_reach() -> None:
    aside = looked(lambda x, y: np.asarray(np.hypot(x, y) < 300.0, float), reach_m=50.0)
    assert math.hypot(aside[0] - 10.0, aside[1]) <= 50.0
