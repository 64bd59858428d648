"""Hazard flags: what is not known is never free, and a tighter limit never frees a cell."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rover.core.errors import RockListError
from rover.core.grid import Dem, GridGeometry, Site
from rover.core.vehicle import VehicleParams
from rover.core.zones import zone_from_corners
from rover.hazard.detect import Hazard, HazardMap, detect_hazards
from rover.hazard.rock_risk import HEIGHT_OVER_DIAMETER, greatest_abundance, rocks_per_m2
from rover.io.raster import read_dem
from rover.io.vehicle import read_vehicle
from rover.terrain.derive import Terrain, derive_terrain
from rover.terrain.rocks import Rocks

SITE = Site(latitude_rad=0.0, longitude_rad=0.0, body="moon", crs_wkt="")
FIGURES = {
    "length_m": 1.5,
    "width_m": 1.0,
    "wheelbase_m": 1.1,
    "slope_limit_deg": 20.0,
    "roll_limit_deg": 15.0,
    "step_limit_m": 0.2,
    "roughness_limit_m": 0.2,
}
YUTU_2 = read_vehicle("yutu-2", FIGURES).params
"""Yutu-2 with the figures that are reckoned with by hand below, whatever its file comes to say."""
LIMITS = ("slope_limit_deg", "roll_limit_deg", "step_limit_m", "roughness_limit_m")


def geometry_of(shape: tuple[int, ...], resolution_m: float) -> GridGeometry:
    return GridGeometry(
        rows=shape[0], cols=shape[1], resolution_m=resolution_m, east_m=0.0, north_m=0.0, site=SITE
    )


def terrain_of(heights: npt.ArrayLike, resolution_m: float = 0.25) -> Terrain:
    held = np.asarray(heights, np.float32)
    dem = Dem(
        geometry=geometry_of(held.shape, resolution_m), elevation_m=held, datum_m=-6000.0, source="a test"
    )
    return derive_terrain(dem, footprint_m=YUTU_2.width_m, wheelbase_m=YUTU_2.wheelbase_m)


def layers(**values: Any) -> Terrain:
    """One cell of terrain, level but for what is named."""
    given = {"slope_rad": 0.0, "aspect_rad": 0.0, "roughness_m": 0.0, "step_m": 0.0} | values
    return Terrain(
        geometry=geometry_of((1, 1), 0.25),
        roughness_window_m=1.0,
        step_window_m=1.0,
        **{name: np.full((1, 1), value, np.float32) for name, value in given.items()},
    )


def rough_ground(seed: int = 0, shape: tuple[int, int] = (40, 50)) -> npt.NDArray[np.float64]:
    rng = np.random.default_rng(seed)
    return rng.normal(0, 0.06, shape) + rng.normal(0, 0.4, shape).cumsum(0).cumsum(1) / 120


def changed(**figures: float) -> VehicleParams:
    return VehicleParams.model_validate(YUTU_2.model_dump() | figures)


heights = hnp.arrays(
    np.float32, (7, 8), elements=st.one_of(st.floats(-2, 2, width=32), st.just(np.float32(np.nan)))
)


@settings(deadline=None)
@given(heights, st.sampled_from([0.25, 0.5, 2.0]))
def test_what_is_not_known_is_never_free(elevation: npt.NDArray[np.float32], resolution_m: float) -> None:
    flags = detect_hazards(terrain_of(elevation, resolution_m), YUTU_2).flags
    unknown = np.isnan(elevation)
    rim = np.ones(unknown.shape, np.bool_)
    rim[1:-1, 1:-1] = False
    assert (flags[unknown | rim] & Hazard.UNKNOWN != 0).all()
    near = np.zeros_like(unknown)
    for row, col in np.argwhere(unknown):
        near[max(0, row - 1) : row + 2, max(0, col - 1) : col + 2] = True
    assert (flags[near] & Hazard.UNKNOWN != 0).all()


@pytest.mark.parametrize("name, value", [
    ("slope_rad", np.nan), ("roughness_m", np.nan), ("step_m", np.nan), ("roughness_m", np.inf), ("step_m", np.inf),
])  # fmt: skip
def test_a_layer_without_a_figure_refuses_the_cell(name: str, value: float) -> None:
    assert Hazard.UNKNOWN in detect_hazards(layers(**{name: value}), YUTU_2).at(0, 0)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from(LIMITS), st.floats(0.02, 1.0), st.floats(0.02, 1.0), st.integers(0, 5))
def test_flags_grow_as_a_limit_is_tightened(limit: str, a: float, b: float, seed: int) -> None:
    terrain = terrain_of(rough_ground(seed))
    full = getattr(YUTU_2, limit) * 2
    tight, loose = sorted((a, b))
    kept = detect_hazards(terrain, changed(**{limit: loose * full})).flags
    more = detect_hazards(terrain, changed(**{limit: tight * full})).flags
    assert (kept & ~more == 0).all()


@pytest.mark.parametrize("limit", LIMITS)
def test_every_limit_bites_somewhere(limit: str) -> None:
    terrain = terrain_of(rough_ground())
    wide = dict.fromkeys(("step_limit_m", "roughness_limit_m"), 9.0) | dict.fromkeys(
        ("slope_limit_deg", "roll_limit_deg"), 89.0
    )
    free = detect_hazards(terrain, changed(**wide)).flags == 0
    tight = detect_hazards(terrain, changed(**(wide | {limit: getattr(YUTU_2, limit) / 4}))).flags == 0
    assert free.sum() > tight.sum()


@pytest.mark.parametrize("layer, limit, hazard", [
    ("slope_rad", np.radians(15.0), Hazard.TILT),
    ("step_m", 0.2, Hazard.STEP),
    ("roughness_m", 0.2, Hazard.ROUGHNESS),
])  # fmt: skip
def test_the_bound_itself_is_allowed_and_no_more(layer: str, limit: float, hazard: Hazard) -> None:
    assert detect_hazards(layers(**{layer: limit}), YUTU_2).at(0, 0) == Hazard(0)
    assert detect_hazards(layers(**{layer: limit * 1.0001}), YUTU_2).at(0, 0) == hazard


def test_the_smaller_of_climbing_and_side_slope_limits_counts() -> None:
    cell = layers(slope_rad=np.radians(12.0))
    assert detect_hazards(cell, changed(slope_limit_deg=11.0)).at(0, 0) == Hazard.TILT
    assert detect_hazards(cell, changed(roll_limit_deg=11.0)).at(0, 0) == Hazard.TILT
    assert detect_hazards(cell, changed(slope_limit_deg=13.0, roll_limit_deg=13.0)).at(0, 0) == Hazard(0)


@pytest.mark.parametrize("aspect_deg", [0.0, 30.0, 45.0, 200.0])
def test_a_plane_has_no_step_however_steep(aspect_deg: float) -> None:
    north, east = np.mgrid[:12, :12] * 0.25
    way = np.radians(aspect_deg)
    plane = np.tan(np.radians(30.0)) * (east * np.sin(way) + north * np.cos(way))
    inner = detect_hazards(terrain_of(plane), YUTU_2).flags[3:-3, 3:-3]
    assert (inner == Hazard.TILT).all()


@pytest.mark.parametrize("resolution_m", [0.1, 0.25])
@pytest.mark.parametrize("turned", [False, True])
def test_a_ledge_is_a_step_if_it_is_higher_than_a_wheel_climbs(resolution_m: float, turned: bool) -> None:
    """Where the window is wider than 3 x 3, so that it holds level ground beside the ledge."""
    for height_m in (0.15, 0.21, 0.25, 0.4):
        ground = np.zeros((31, 32))
        ground[:, 16:] = height_m
        flags = detect_hazards(terrain_of(ground.T if turned else ground, resolution_m), YUTU_2).flags
        across = (flags.T if turned else flags)[15]
        assert bool((across & Hazard.STEP).any()) == (height_m > YUTU_2.step_limit_m), (height_m, across)


@pytest.mark.parametrize("height_m, flagged", [(0.15, False), (0.5, True)])
def test_a_boulder_on_a_fine_raster_is_a_step_if_it_is_higher_than_a_wheel_climbs(
    height_m: float, flagged: bool
) -> None:
    ground = np.zeros((15, 15))
    ground[7, 7] = height_m
    flags = detect_hazards(terrain_of(ground), YUTU_2).flags
    assert bool(flags[7, 7] & Hazard.STEP) == flagged
    assert flags[11, 7] == 0


def test_a_raster_too_coarse_to_show_the_vehicle_speaks_of_slope_alone() -> None:
    ground = np.random.default_rng(0).normal(0, 0.15, (30, 30))
    coarse, fine = (detect_hazards(terrain_of(ground, res), YUTU_2).flags for res in (2.0, 0.25))
    unresolved = np.uint8(Hazard.STEP | Hazard.ROUGHNESS)
    assert not (coarse & unresolved).any()
    assert (fine & unresolved).any()
    # The widest window that still shows it is the footprint's diagonal, 1.80 m.
    for window_m, seen in ((1.80, True), (1.81, False)):
        cell = replace(
            layers(step_m=1.0, roughness_m=1.0), step_window_m=window_m, roughness_window_m=window_m
        )
        assert bool(detect_hazards(cell, YUTU_2).at(0, 0)) == seen


def test_zones_are_flagged_beside_what_the_ground_says() -> None:
    terrain = terrain_of(np.zeros((9, 9)), 2.0)
    zone = zone_from_corners("z", "keep-out", [(3.5, 3.5), (4.5, 3.5), (4.5, 4.5), (3.5, 4.5)])
    flags = detect_hazards(terrain, YUTU_2, [zone]).flags
    assert np.argwhere(flags & Hazard.KEEP_OUT).tolist() == [[2, 2]]
    inside = zone_from_corners("i", "keep-in", [(1.0, 1.0), (13.5, 1.0), (13.5, 13.5), (1.0, 13.5)])
    flags = detect_hazards(terrain, YUTU_2, [zone, inside]).flags
    assert flags[0, 0] == Hazard.KEEP_OUT | Hazard.UNKNOWN  # the rim as well
    assert flags[3, 3] == 0


def test_words() -> None:
    assert (Hazard.TILT | Hazard.KEEP_OUT).words == "tilt and keep-out"
    assert (Hazard.UNKNOWN | Hazard.STEP | Hazard.ROUGHNESS).words == "step and roughness and unknown"
    assert Hazard(0).words == ""


def test_a_map_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match="flags has shape"):
        HazardMap(geometry=geometry_of((3, 4), 1.0), flags=np.zeros((4, 3), np.uint8))


def rocks_of(*rows: tuple[float, float, float, float]) -> Rocks:
    east, north, diameter, height = np.array(rows, np.float64).reshape(-1, 4).T
    return Rocks(east_m=east, north_m=north, diameter_m=diameter, height_m=height)


@cache
def level() -> Terrain:
    return terrain_of(np.zeros((30, 30)), 0.25)


def rock_flags(
    terrain: Terrain, vehicle: VehicleParams, rocks: Rocks, hazard: Hazard
) -> npt.NDArray[np.bool_]:
    flags = detect_hazards(terrain, vehicle, rocks=rocks).flags
    return np.asarray((flags & hazard) != 0)


@pytest.mark.parametrize("height_m, hazard", [
    (0.19, Hazard(0)), (0.20, Hazard(0)), (0.21, Hazard.STEP), (0.25, Hazard.STEP),
    (0.26, Hazard.STEP | Hazard.CLEARANCE), (math.nan, Hazard.STEP | Hazard.CLEARANCE),
])  # fmt: skip
def test_a_rock_is_what_its_height_makes_it(height_m: float, hazard: Hazard) -> None:
    found = detect_hazards(level(), YUTU_2, rocks=rocks_of((4.0, 4.0, 0.1, height_m)))
    assert found.at(16, 16) == hazard
    assert (found.flags[10:15, 10:15] == 0).all()


@settings(deadline=None, max_examples=60)
@given(st.floats(-1, 8), st.floats(-1, 8), st.floats(0, 3))
def test_a_rock_flags_every_cell_that_its_disc_touches(east: float, north: float, diameter: float) -> None:
    flagged = rock_flags(level(), YUTU_2, rocks_of((east, north, diameter, 1.0)), Hazard.STEP)
    centre = np.arange(30) * 0.25
    gap_n = np.maximum(np.abs(centre[:, None] - north) - 0.125, 0)
    gap_e = np.maximum(np.abs(centre[None, :] - east) - 0.125, 0)
    away = np.hypot(gap_e, gap_n)
    assert flagged[away < diameter / 2 - 1e-9].all()
    assert not flagged[away > diameter / 2 + 1e-9].any()


def test_a_rock_without_a_place_is_refused() -> None:
    with pytest.raises(RockListError, match="without a finite place"):
        detect_hazards(level(), YUTU_2, rocks=rocks_of((math.nan, 0.0, 1.0, 1.0)))


@pytest.mark.parametrize("abundance", [0.02, 0.1, 0.4])
@pytest.mark.parametrize("diameter_m", [0.1, 0.4, 1.0])
def test_the_number_of_rocks_is_that_of_the_law_of_areas(diameter_m: float, abundance: float) -> None:
    """Summed over rings of sizes, by area over the area of one."""
    q = 1.79 + 0.152 / abundance
    size = np.geomspace(diameter_m, 60.0, 400_001)
    area = abundance * np.exp(-q * size)
    middle = np.sqrt(size[1:] * size[:-1])
    assert rocks_per_m2(diameter_m, abundance) == pytest.approx(
        float((-np.diff(area) / (np.pi / 4 * middle**2)).sum()), rel=1e-4
    )


def test_the_abundance_accepted_is_where_the_chance_is_the_risk() -> None:
    most = greatest_abundance(0.2, 1.5, 0.1)
    number = rocks_per_m2(0.2 / HEIGHT_OVER_DIAMETER, most)
    assert 1 - math.exp(-1.5 * number) == pytest.approx(0.1, abs=1e-9)
    assert greatest_abundance(0.2, 1.5, 0.2) > most > greatest_abundance(0.2, 3.0, 0.1)
    assert greatest_abundance(0.3, 1.5, 0.1) > most > greatest_abundance(0.1, 1.5, 0.1)
    assert greatest_abundance(5.0, 0.1, 0.5) == 1.0
    assert rocks_per_m2(0.1, 0.0) == 0.0


def test_abundance_flags_where_a_high_rock_is_likely() -> None:
    most = greatest_abundance(YUTU_2.step_limit_m, 1.5, 0.1)
    abundance = np.full((30, 30), most * 0.99, np.float32)
    abundance[10, 10:14] = most * 1.01
    abundance[20, 20] = np.nan
    abundance[12, 12] = 1.0
    found = detect_hazards(level(), YUTU_2, rock_abundance=abundance)
    assert found.at(9, 10) == Hazard(0)
    assert found.at(10, 10) == Hazard.STEP
    assert found.at(12, 12) == Hazard.STEP | Hazard.CLEARANCE
    assert found.at(20, 20) == Hazard.UNKNOWN
    bolder = detect_hazards(level(), YUTU_2, rock_abundance=abundance, rock_risk=0.2)
    assert bolder.at(10, 10) == Hazard(0)


@pytest.mark.parametrize("bad, risk, says", [
    (5.0, 0.1, "rock_abundance = 5.0: not a share of the ground; give 0 to 1"),
    (-0.1, 0.1, "rock_abundance = -0.1"),
    (math.inf, 0.1, "rock_abundance = inf"),
    (0.1, 0.0, "rock_risk = 0.0: not a chance"),
    (0.1, math.nan, "rock_risk = nan"),
])  # fmt: skip
def test_an_abundance_that_is_none_is_refused(bad: float, risk: float, says: str) -> None:
    abundance = np.zeros((30, 30))
    abundance[3, 4] = bad
    with pytest.raises(RockListError) as refused:
        detect_hazards(level(), YUTU_2, rock_abundance=abundance, rock_risk=risk)
    assert says in str(refused.value)
    with pytest.raises(RockListError, match="rock_abundance = .*not a share for each cell"):
        detect_hazards(level(), YUTU_2, rock_abundance=np.zeros((3, 3)))


EVERY_LIMIT = (*LIMITS, "belly_clearance_m")


@settings(deadline=None, max_examples=100)
@given(st.sampled_from(EVERY_LIMIT), st.floats(0.05, 1.0), st.floats(0.05, 1.0), st.integers(0, 20))
def test_no_flag_goes_as_any_limit_is_tightened_rocks_and_all(
    limit: str, a: float, b: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    terrain = terrain_of(rough_ground(seed))
    place = rng.uniform(0, 10, (40, 2))
    rocks = rocks_of(*np.column_stack([place, rng.uniform(0, 0.6, (40, 2))]).tolist())
    abundance = rng.uniform(0, 0.5, terrain.geometry.shape).astype(np.float32)
    tight, loose = sorted((a, b))
    full = {"wheel_radius_m": 0.01, limit: getattr(YUTU_2, limit) * 2}
    kept, more = (
        detect_hazards(
            terrain, changed(**full | {limit: full[limit] * share}), rocks=rocks, rock_abundance=abundance
        )
        for share in (loose, tight)
    )
    assert (kept.flags & ~more.flags == 0).all()


def test_measured_abundance_closes_nothing_where_rocks_are_few(reference: Path) -> None:
    """Band 3 of the Aristarchus field: 0.2 to 0.4 % of the ground, which Chang'e rovers drive on."""
    dem, abundance = (read_dem(reference / "dem" / "aristarchus_imp_5m.tif", band=band) for band in (1, 3))
    terrain = derive_terrain(dem)
    share = abundance.elevation_m + np.float32(abundance.datum_m)
    assert 0.001 < share.min() <= share.max() < 0.01
    bare = detect_hazards(terrain, YUTU_2).flags
    np.testing.assert_array_equal(detect_hazards(terrain, YUTU_2, rock_abundance=share).flags, bare)
    many = detect_hazards(terrain, YUTU_2, rock_abundance=np.minimum(share * 50, 1)).flags
    assert ((many & Hazard.STEP) != 0).mean() > 0.5


@pytest.mark.nojit
@pytest.mark.parametrize("poses", [4, pytest.param(12, marks=pytest.mark.slow)])
def test_jit_off_and_any_number_of_threads_make_the_same_bytes(poses: int) -> None:
    """Flags, cost map, directional cost and clearance: no library function but the square root is called."""
    script = Path(__file__).parents[2] / "builders" / "hazard_digest.py"
    root = Path(__file__).parents[3]

    def digest(**more: str) -> str:
        environment = os.environ | {"PYTHONPATH": str(root)} | more
        words = [sys.executable, "-W", "error::RuntimeWarning", str(script), str(poses)]
        return subprocess.run(words, env=environment, check=True, capture_output=True, text=True).stdout

    usual = digest(FARSIDE_THREADS="2")
    assert len(usual.split()) == 5
    assert digest(FARSIDE_THREADS="1") == usual
    assert digest(NUMBA_DISABLE_JIT="1") == usual
