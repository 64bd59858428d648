"""What a search misses is told by craters put into the same ground: counts and depths come out as they were made."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rover.core.grid import Dem
from rover.terrain.crater_counts import count_craters, equilibrium_per_km2
from rover.terrain.crater_efficiency import (
    CLASSES,
    CraterEfficiency,
    measure_efficiency,
    small_crater_ratio,
)
from rover.terrain.craters import CraterSearch, find_craters
from tests.builders.scenes import dem_of, equilibrium_scene, self_affine


@pytest.fixture(scope="module")
def dem() -> Dem:
    return dem_of(equilibrium_scene(500, 3, density=1.0)[0])


@pytest.fixture(scope="module")
def search(dem: Dem) -> CraterSearch:
    return find_craters(dem)


@pytest.fixture(scope="module")
def measured(dem: Dem, search: CraterSearch) -> CraterEfficiency:
    return measure_efficiency(dem, search)


def test_counts_come_out_at_the_law_they_were_made_by(
    search: CraterSearch, measured: CraterEfficiency
) -> None:
    counts = count_craters(search, equilibrium_per_km2, efficiency=measured)
    assert measured.added > 60
    assert 0.67 < counts.corrected_ratio_overall < 1.5
    assert (counts.corrected_per_km2[counts.count > 0] > 0).all()


def test_it_is_a_function_of_its_arguments(
    dem: Dem, search: CraterSearch, measured: CraterEfficiency
) -> None:
    again, other = measure_efficiency(dem, search), measure_efficiency(dem, search, seed=1)
    assert np.array_equal(again.share, measured.share)
    assert again.depth_factor == measured.depth_factor
    assert not np.array_equal(other.share, measured.share)
    assert other.share == pytest.approx(measured.share, abs=0.2)


def test_nearly_all_deep_craters_are_found_and_as_deep_as_they_are() -> None:
    """On all but level ground; sizes come out a tenth small, so that of 100 from a size on 80 are counted there."""
    ground = dem_of(self_affine(500, 0.8, 5, 0.002))
    search = replace(find_craters(ground), least_score=0.02)
    measured = measure_efficiency(ground, search, ratio=lambda d, fresh: np.full(d.shape, 0.12))
    assert measured.share[0] > 0.85
    assert (measured.share > 0.5).all()
    assert (measured.share < 1.05).all()
    assert measured.depth_factor == pytest.approx(1.0, abs=0.1)


def test_worn_craters_are_missed_more_often(dem: Dem, search: CraterSearch) -> None:
    shares = [
        measure_efficiency(dem, search, ratio=lambda d, fresh, k=k: np.full(d.shape, k)).share
        for k in (0.012, 0.06, 0.12)
    ]
    assert (shares[0] < 0.5 * np.minimum(shares[1], shares[2])).all()
    assert (shares[2] > 0.5).all()


def test_the_ratios_by_default_have_the_published_mean() -> None:
    fresh = ((np.arange(10_000) + 0.5) / 10_000) ** 2
    assert small_crater_ratio(np.full(fresh.shape, 10.0), fresh).mean() == pytest.approx(0.061, abs=0.002)


def test_sizes_that_are_hardly_ever_found_tell_nothing_and_spoil_no_larger_ones(search: CraterSearch) -> None:
    blind = CraterEfficiency(share=np.array([0.05, 0.5, 0.5, 0.5]), depth_factor=1.0, added=99)
    counts = count_craters(search, efficiency=blind)
    assert np.isnan(counts.corrected_per_km2[0])
    assert np.isnan(counts.corrected_ratio_overall)
    net = counts.count - counts.by_chance
    assert (net[1:3] > 0).all()
    assert (counts.corrected_per_km2[1:3] > 0).all()


def test_shares_by_size() -> None:
    measured = CraterEfficiency(share=np.array([0.1, 0.2, 0.3, 0.4]), depth_factor=1.0, added=9)
    cells = np.array([1.0, 8.0, 11.0, 12.0, 16.0, 31.9, 32.0, 500.0])
    assert measured.share_at(cells).tolist() == [0.1, 0.1, 0.1, 0.2, 0.3, 0.3, 0.4, 0.4]
    assert len(CLASSES) == 4


@pytest.mark.parametrize("shape", [(5, 7), (30, 30), (120, 90)])
def test_ground_without_craters_tells_nothing(shape: tuple[int, int]) -> None:
    ground = dem_of(np.zeros(shape))
    search = find_craters(ground)
    measured = measure_efficiency(ground, search)
    assert measured.added == 0
    assert np.isnan(measured.depth_factor)
    assert np.isnan(count_craters(search, efficiency=measured).corrected_ratio_overall)


def test_unknown_ground_and_small_maps(dem: Dem, search: CraterSearch) -> None:
    """None is put where nothing is known, where none could be found; the DEM itself is left as it is."""
    before = dem.elevation_m.copy()
    held = before.copy()
    held[:, :250] = np.nan
    half = replace(dem, elevation_m=held)
    measured = measure_efficiency(half, replace(search, craters=find_craters(half).craters))
    assert np.array_equal(dem.elevation_m, before)
    assert measured.share.mean() > 0.75 * measure_efficiency(dem, search).share.mean()
