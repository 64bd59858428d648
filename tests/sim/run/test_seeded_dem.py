"""Seeded ground asked for from Python: refused for what the command refuses, in the words of Python."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rover.core.errors import FarsideError, ResourceError, SiteError, UsageError
from sim.cli.ground_view import view_dem, view_of
from sim.run.scenario_ground import seeded_dem

HERE = (0.0, 0.0, 40.0, 40.0)


def refused(
    error: type[FarsideError],
    window_m: object = HERE,
    resolution_m: float = 1.0,
    seed: int = 1,
    **more: object,
) -> str:
    with pytest.raises(error) as caught:
        seeded_dem("von-karman", seed=seed, window_m=window_m, resolution_m=resolution_m, **more)  # type: ignore[arg-type]
    return str(caught.value)


@pytest.mark.parametrize(
    ("window_m", "says"),
    [
        ((math.nan, 0, 1, 1), "not four finite numbers; give E0,N0,E1,N1 in metres"),
        ((0, 0, math.inf, 1), "not four finite numbers"),
        ((0, 0, 1), "not four finite numbers"),
        ((9, 0, 5, 7), "a reversed window; give south-west before north-east: 5,0,9,7"),
        ((5, 0, 5, 7), "an empty window"),
        ((0, 0, 3e6, 1), "beyond the Moon"),
        ((0, 0, 1.0004, 1), "not in whole millimetres; the nearest that is: 0,0,1,1"),
        ((0, 0, 10, 9.5), "not whole numbers of cells of 1 m; the nearest that fits: window_m = (0,0,10,10)"),
    ],
)
def test_a_window_that_cannot_be_meant(window_m: object, says: str) -> None:
    line = refused(UsageError, window_m)
    assert line.startswith(f"farside: error[USAGE]: window_m = {window_m!r}: ")
    assert says in line


@pytest.mark.parametrize(
    ("resolution_m", "says"),
    [
        (0.005, "cells under a centimetre; give 0.01 or more"),
        (0.0, "cells under a centimetre"),
        (math.nan, "not a finite number"),
        (0.3333, "not in whole millimetres; the nearest that is: 0.333"),
        (1e9, "larger than the body"),
    ],
)
def test_a_resolution_that_cannot_be_meant(resolution_m: float, says: str) -> None:
    line = refused(UsageError, resolution_m=resolution_m)
    assert line.startswith(f"farside: error[USAGE]: resolution_m = {resolution_m!r}: ")
    assert says in line


def test_more_cells_than_allowed_are_refused_before_any_is_made() -> None:
    line = refused(ResourceError, (-1e6, -1e6, 1e6, 1e6))
    assert "size = 2000000 x 2000000 cells: more than the 100,000,000 cells allowed" in line
    assert line.endswith("or raise max_cells to 4000000000000")
    assert "more than the 1,599 cells" in refused(ResourceError, max_cells=1599)


def test_a_seed_or_a_site_that_is_none() -> None:
    assert "seed = 9223372036854775808: not a 64-bit integer" in refused(UsageError, seed=2**63)
    with pytest.raises(SiteError, match="did you mean von-karman"):
        seeded_dem("von-karmann", seed=1, window_m=HERE, resolution_m=1.0)


def test_it_is_the_ground_of_the_command_also_where_a_number_has_been_computed() -> None:
    window_m = (3 * 0.1, 0.0, 40 + 3 * 0.1, 40.0)  # 0.30000000000000004
    ours = seeded_dem("von-karman", seed=3, window_m=window_m, resolution_m=0.1 + 0.2 + 0.2)
    view = view_of("von-karman", settings=(), seed=3, window="0.3,0,40.3,40", resolution="0.5")
    assert ours.geometry == view.geometry
    np.testing.assert_array_equal(ours.elevation_m, view_dem(view).elevation_m)
