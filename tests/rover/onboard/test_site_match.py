"""Laying the local map upon the orbital one: the place is right, as sure as it says, and none where it is flat."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pytest

from rover.core.grid import Dem, GridGeometry, Site
from rover.onboard.error_state import SIZE, TURN
from rover.onboard.local_map import LocalMap
from rover.onboard.localization import LocalizationState, init_localization, match_map
from rover.onboard.site_match import MATCH_EVERY_M, UNRESOLVED_CELLS, UNRESOLVED_M, match_site
from rover.planning.dem_error import DemError, error_clones
from tests.rover.onboard.test_registration import EYES

SITE = Site(latitude_rad=0.0, longitude_rad=0.0, body="moon", crs_wkt="")
EXACT = DemError(sigma_m=1e-3, length_m=4.0)
ERROR = DemError(sigma_m=0.15, length_m=MATCH_EVERY_M / math.sqrt(math.pi))
"""At this length matches in a row are as good as independent, and nothing is widened."""

Floats = npt.NDArray[np.float64]


def relief(east: Floats, north: Floats, size: float = 0.5) -> Floats:
    """Hills of some metres, and a slope."""
    return np.asarray(
        size * np.sin(east / 2.6 + 0.3) * np.cos(north / 3.1) + 0.4 * size * np.sin((east + north) / 2.2)
        + 0.1 * size * east
    )  # fmt: skip


def orbital(size: float = 0.5, error: Floats | None = None) -> Dem:
    at = -30.0 + np.arange(61.0)
    east, north = np.meshgrid(at, at)
    height = relief(east, north, size) + (0.0 if error is None else error)
    geometry = GridGeometry(rows=61, cols=61, resolution_m=1.0, east_m=-30.0, north_m=-30.0, site=SITE)
    return Dem(geometry=geometry, elevation_m=height.astype(np.float32), datum_m=-5.0, source="a test")


def unresolved(count: int) -> Iterator[Floats]:
    """Yield what the orbital map's cells of a metre do not show of the ground about the rover."""
    geometry = GridGeometry(rows=101, cols=101, resolution_m=0.1, east_m=0.0, north_m=0.0, site=SITE)
    error = DemError(sigma_m=UNRESOLVED_M, length_m=UNRESOLVED_CELLS)
    return error_clones(geometry, error, seed=6, count=count)


def seen(
    shift_m: tuple[float, float], size: float = 0.5, seed: int = 0, unresolved_m: Floats | float = 0.0
) -> LocalMap:
    """Return what a rover sees that stands at the origin, and believes it stands at `shift_m`."""
    half, cell = 50, 0.1
    at = (np.arange(2 * half + 1) - half + 0.5) * cell
    east, north = np.meshgrid(at, at)
    height = (
        relief(east, north, size)
        + unresolved_m
        + 0.005 * np.random.default_rng(seed).standard_normal(east.shape)
    )
    height[np.hypot(east, north) > 5.0] = np.nan
    return LocalMap(
        site=SITE, datum_m=-5.0, cell_m=cell, origin_m=(*shift_m, 3.0), corner=(-half, -half), height_m=height - 3.0,
        variance_m2=np.where(np.isfinite(height), 0.005**2, np.nan), seen_s=np.where(np.isfinite(height), 0.0, np.nan),
    )  # fmt: skip


def believing(shift_m: tuple[float, float], sigma_m: float = 0.5) -> LocalizationState:
    return init_localization(
        EYES, place_m=(*shift_m, 0.0), yaw_rad=0.0, place_sigma_m=sigma_m, up_sigma_m=1.0, yaw_sigma_rad=1e-3,
        tilt_sigma_rad=1e-3,
    )  # fmt: skip


@pytest.mark.parametrize("shift_m", [(0.6, -0.4), (-0.5, 0.7)])
def test_the_place_is_found(shift_m: tuple[float, float]) -> None:
    state, moved = match_map(believing(shift_m), seen(shift_m), orbital(), EXACT)
    assert moved is not None
    np.testing.assert_allclose(state.place_m[:2], (0.0, 0.0), atol=0.12)
    np.testing.assert_allclose(moved[:2], -np.array(shift_m), atol=0.12)
    assert state.sigma_m < 0.1


def test_flat_ground_tells_nothing_of_the_place() -> None:
    shift = (0.6, -0.4)
    state, _ = match_map(believing(shift), seen(shift, 0.0), orbital(0.0), EXACT)
    np.testing.assert_allclose(state.place_m[:2], shift, atol=0.02)
    assert state.sigma_m > 0.49


def test_a_grade_that_may_be_the_maps_error_is_not_taken_for_a_shift() -> None:
    """On a plane that the map has tilted wrongly, neither place nor attitude is believed beyond the map's error."""
    at = np.arange(61.0) - 30.0
    wrong = 0.02 * at[None, :] + 0.0 * at[:, None]
    told = match_site(seen((0.0, 0.0), 0.05), orbital(0.05, wrong), ERROR, believing((0.0, 0.0)).estimate)
    if told is not None:
        found, slope = told
        information = slope.T @ np.diag(1.0 / found.variance) @ slope
        assert np.sqrt(1.0 / max(np.linalg.eigvalsh(information[TURN, TURN]))) > 0.005


@pytest.mark.parametrize("seeds", [12, pytest.param(400, marks=pytest.mark.slow)])
def test_its_error_is_as_its_covariance_says(seeds: int) -> None:
    """Over maps whose errors are drawn the normalized squared error is chi-square of two: neither more nor less."""
    squared = []
    clones = error_clones(orbital().geometry, ERROR, seed=5, count=seeds)
    for seed, (clone, small) in enumerate(zip(clones, unresolved(seeds), strict=True)):
        east, north = np.random.default_rng(seed).normal(0.0, 0.3, 2).tolist()
        local = seen((east, north), seed=seed, unresolved_m=small)
        state, moved = match_map(believing((east, north), 0.3), local, orbital(error=clone), ERROR)
        if moved is None:  # it fits as well elsewhere
            continue
        error = np.array(state.place_m[:2])
        squared.append(float(error @ np.linalg.solve(state.covariance[:2, :2], error)))
    assert len(squared) > 0.6 * seeds
    spread = math.sqrt(2 * 2 / len(squared))
    assert 2.0 - 3.0 * spread < np.mean(squared) < 2.0 + 3.0 * spread
    assert np.mean(np.array(squared) < 11.83) >= 0.95


def test_rocks_that_the_map_does_not_show_are_left_out() -> None:
    shift = (0.4, 0.3)
    local = seen(shift)
    height = np.array(local.height_m)
    height[60:75, 55:75] += 0.6
    rocky = LocalMap(
        site=SITE, datum_m=-5.0, cell_m=0.1, origin_m=local.origin_m, corner=local.corner, height_m=height,
        variance_m2=local.variance_m2, seen_s=local.seen_s,
    )  # fmt: skip
    state, moved = match_map(believing(shift), rocky, orbital(), EXACT)
    assert moved is not None
    np.testing.assert_allclose(state.place_m[:2], (0.0, 0.0), atol=0.12)


def test_refused_again_and_again_the_place_is_doubted() -> None:
    """A rover that is sure to be where it is not: from the third refusal on its covariance grows until it is heard."""
    shift = (1.0, -0.8)
    state = believing(shift, 0.02)
    state = LocalizationState(estimate=state.estimate, doubt=state.doubt.later(0.0, 40.0))
    sigmas, heard = [], False
    for _ in range(8):
        state, moved = match_map(state, seen(shift), orbital(), EXACT)
        sigmas.append(state.sigma_m)
        heard = heard or moved is not None
        if heard:
            break
    assert sigmas[:2] == pytest.approx([0.02, 0.02]) and sigmas[2] > 1.0
    assert heard and math.hypot(*state.place_m[:2]) < 0.3 and state.doubt.match == 0


def test_what_it_hands_on_is_of_place_and_attitude_only() -> None:
    told = match_site(seen((0.1, 0.1)), orbital(), EXACT, believing((0.1, 0.1)).estimate)
    assert told is not None
    found, slope = told
    assert slope.shape == (len(found.moved), SIZE) and not slope[:, 6:].any()
    assert (found.variance > 0).all()
