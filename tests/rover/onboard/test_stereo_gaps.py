"""Small gaps lie between their neighbours, and are as uncertain; what is unseen beyond them stays unknown."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rover.core.grid import Site
from rover.onboard.local_map import LocalMap, begin_local_map
from rover.onboard.stereo_gaps import bridged

SITE = Site(latitude_rad=0.0, longitude_rad=0.0, body="moon", crs_wkt="")


def rough() -> LocalMap:
    local = begin_local_map(site=SITE, datum_m=0.0, reach_m=1.0)
    height = np.random.default_rng(1).normal(0.0, 0.05, local.height_m.shape).astype(np.float32)
    variance = np.full_like(height, 0.01**2)
    return replace(local, height_m=height, variance_m2=variance)


def test_a_gap_lies_between_its_neighbours_and_holds_them_all() -> None:
    local = rough()
    height = local.height_m.copy()
    height[7, 9] = np.nan
    whole = bridged(replace(local, height_m=height))
    around = np.delete(local.height_m[6:9, 8:11].ravel(), 4)
    sigma = np.sqrt(whole.variance_m2[7, 9])
    assert whole.height_m[7, 9] - sigma <= around.min() - 0.0099
    assert whole.height_m[7, 9] + sigma >= around.max() + 0.0099
    others = np.isfinite(height)
    np.testing.assert_array_equal(whole.height_m[others], local.height_m[others])
    np.testing.assert_allclose(whole.variance_m2[others], local.variance_m2[others], rtol=1e-6)


def test_wide_gaps_and_what_lies_beyond_the_seen_stay_unknown() -> None:
    local = rough()
    height = local.height_m.copy()
    height[3:10, 3:10] = np.nan
    height[:, 15:] = np.nan
    whole = bridged(replace(local, height_m=height))
    assert np.isnan(whole.height_m[5:8, 5:8]).all()
    assert np.isnan(whole.height_m[:, 17:]).all()
    nothing = begin_local_map(site=SITE, datum_m=0.0, reach_m=1.0)
    assert np.isnan(bridged(nothing).height_m).all()
