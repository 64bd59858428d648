"""First and last light, longest shadow, time lit: by hand, against all maps cell by cell, against fine steps."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from rover.core.errors import UsageError
from rover.core.strips import THREADS_VARIABLE
from rover.sky.sun import Track
from rover.terrain.horizon import UNKNOWN, HorizonMap
from rover.terrain.light import Light, light_over, lit_fraction, lit_maps
from rover.terrain.link import link_mask, link_masks, link_over
from tests.builders.horizons import (
    SUN_DIAMETER_RAD,
    elevations_above,
    horizon_of,
    level_horizon,
    rising_sun,
    segment,
    sun_at,
    wavy_horizon,
)

HOURS = np.arange(-12.0, 373.0)
DAY = rising_sun(40.0)
LAYERS = ("first_light_s", "last_light_s", "longest_shadow_s", "lit_s")


def heights(horizon: HorizonMap, sun: Track) -> npt.NDArray[np.float64]:
    """(times, rows, cols) of the Sun's centre above the horizon, by plain numpy."""
    directions = zip(sun.azimuth_rad, sun.elevation_rad, strict=True)
    return np.array([elevations_above(horizon, azimuth, elevation) for azimuth, elevation in directions])


def by_hand(above: npt.NDArray[np.float64], time_s: npt.NDArray[np.float64]) -> tuple[float, ...]:
    """First, last, longest below and total above of one cell, straight between its times."""
    up = above >= 0
    where = np.flatnonzero(up[1:] != up[:-1])
    share = above[where] / (above[where] - above[where + 1])
    edges = time_s[where] + share * np.diff(time_s)[where]
    ends = np.r_[time_s[0], edges, time_s[-1]]
    lit_now = np.arange(len(ends) - 1) % 2 == (0 if up[0] else 1)
    lengths = np.diff(ends)
    first = ends[:-1][lit_now][0] if lit_now.any() else np.nan
    last = ends[1:][lit_now][-1] if lit_now.any() else np.nan
    return first, last, lengths[~lit_now].max(initial=0.0), lengths[lit_now].sum()


# ---- laws -----------------------------------------------------------------------------------------------------------


def test_a_plain_has_one_day_and_half_its_disc_up_from_rise_to_set() -> None:
    light = light_over(level_horizon(1, 1), DAY(HOURS), HOURS * 3600)
    assert light.first_light_s[0, 0] == pytest.approx(12 * 3600, abs=2)
    assert light.last_light_s[0, 0] == pytest.approx(372 * 3600, abs=2)
    assert light.lit_s[0, 0] == pytest.approx(360 * 3600, abs=3)
    assert light.longest_shadow_s[0, 0] == pytest.approx(12 * 3600, abs=2)
    # The Sun's stored direction is good to a step's rest only, so at 0 h itself it may be either.
    np.testing.assert_array_equal(
        np.delete(light.lit_share, [12, 372]), np.r_[np.zeros(12), np.ones(359), np.zeros(12)]
    )


def test_any_of_the_disc_is_up_longer_than_all_of_it_by_its_own_height() -> None:
    horizon = level_horizon(1, 1)
    any_of_it = light_over(horizon, DAY(HOURS), HOURS * 3600, least_lit=1e-9)
    all_of_it = light_over(horizon, DAY(HOURS), HOURS * 3600, least_lit=1.0)
    rate = math.radians(0.5) * math.sin(math.radians(40)) / 3600  # of the elevation, at rise
    longer = float(any_of_it.lit_s[0, 0] - all_of_it.lit_s[0, 0])
    assert longer == pytest.approx(2 * SUN_DIAMETER_RAD / rate, rel=2e-3)


def test_always_lit_never_lit_and_unknown_are_told_apart() -> None:
    elevation = np.zeros((8, 1, 3)) + np.radians([-45.0, 80.0, np.nan])
    hours = np.arange(10.0, 300.0)
    light = light_over(horizon_of(elevation), DAY(hours), hours * 3600)
    span = (hours[-1] - hours[0]) * 3600
    nan = np.nan
    np.testing.assert_array_equal(light.first_light_s[0], np.float32([0, nan, nan]))
    np.testing.assert_array_equal(light.last_light_s[0], np.float32([span, nan, nan]))
    np.testing.assert_array_equal(light.longest_shadow_s[0], np.float32([0, span, nan]))
    np.testing.assert_array_equal(light.lit_s[0], np.float32([span, 0, nan]))
    assert (light.lit_share == 0.5).all()


def test_one_time_is_a_span_of_nothing() -> None:
    light = light_over(horizon_of(np.radians([[[1.0, 5.0]]])), sun_at(10, 3), [77.0])
    np.testing.assert_array_equal(light.first_light_s, np.float32([[0, np.nan]]))
    np.testing.assert_array_equal(light.longest_shadow_s, [[0, 0]])
    np.testing.assert_array_equal(light.lit_s, [[0, 0]])
    assert light.lit_share == [0.5]


def test_where_no_horizon_is_known_the_share_is_not_either() -> None:
    light = light_over(horizon_of(np.full((4, 2, 2), np.nan)), sun_at([1, 2], 3), [0, 1])
    assert np.isnan(light.lit_share).all()
    assert np.isnan(light.lit_s).all()


def test_an_unknown_cell_counts_as_lit_under_no_sun() -> None:
    """Not even one in the zenith, which east of the middle of a wide map stands beyond 90 deg at first order."""
    horizon = horizon_of(np.zeros((4, 1, 3)) + np.array([0.0, 0.0, np.nan]), resolution_m=50_000.0)
    light = light_over(horizon, sun_at([90, 90], 90), [0, 1])
    assert (light.lit_share == 1).all()
    assert not link_mask(horizon, sun_at(90, 90))[0, 2]


def test_asking_for_more_of_the_disc_costs_light() -> None:
    horizon = wavy_horizon()
    lit = {share: light_over(horizon, DAY(HOURS), HOURS * 3600, least_lit=share) for share in (0.1, 0.5, 0.9)}
    known = horizon.steps[0] != UNKNOWN
    for more, less in ((0.1, 0.5), (0.5, 0.9)):
        assert (lit[more].lit_s[known] > lit[less].lit_s[known]).all()
        later = lit[less].first_light_s[known]
        assert ((lit[more].first_light_s[known] < later) | (later == 0)).all()  # 0: lit when the span begins
        assert (later > 0).any()
        assert (lit[more].longest_shadow_s[known] <= lit[less].longest_shadow_s[known]).all()


# ---- against all maps -----------------------------------------------------------------------------------------------


def test_the_calendar_is_that_of_all_maps_cell_by_cell() -> None:
    """Under a Sun that stays low, so that cells fall into shadow again and again."""
    horizon, sun = wavy_horizon(9, 13, waves=(4, 7, 11)), rising_sun(5.0)(HOURS)
    above, light = heights(horizon, sun), light_over(horizon, sun, HOURS * 3600 + 1e9)
    want = np.full((4, *horizon.geometry.shape), np.nan)
    for row, col in np.argwhere(horizon.steps[0] != UNKNOWN):
        want[:, row, col] = by_hand(above[:, row, col], HOURS * 3600)
    want[:2] -= HOURS[0] * 3600
    for name, layer in zip(LAYERS, want, strict=True):
        np.testing.assert_allclose(getattr(light, name), layer, atol=4, err_msg=name)
    edges = (np.diff(above[:, np.isfinite(above[0])] >= 0, axis=0) != 0).sum(axis=0)
    assert (edges >= 4).sum() > 10
    assert (edges == 1).any()


def test_the_share_is_that_of_the_maps() -> None:
    horizon = wavy_horizon()
    light = light_over(horizon, DAY(HOURS), HOURS * 3600)
    maps = [lit for _, lit in lit_maps(horizon, DAY(HOURS), HOURS * 3600)]
    known = horizon.steps[0] != UNKNOWN
    # Cells within a hundredth of a half are lit or not by the last digit.
    least = np.array([(lit[known] >= 0.501).mean() for lit in maps])
    most = np.array([(lit[known] >= 0.499).mean() for lit in maps])
    assert ((light.lit_share >= least) & (light.lit_share <= most)).all()
    assert ((least > 0.02) & (least < 0.98)).sum() > 10


@pytest.mark.parametrize("cols", [511, 512, 513, 1030])
def test_wide_rows_are_kept_in_pieces_without_a_seam(cols: int) -> None:
    """Each piece of a row by itself, as a map of its own, where curvature does not count."""
    whole = wavy_horizon(2, cols, azimuths=12, seed=cols)
    hours = np.arange(-5.0, 120.0, 2.5)
    light = light_over(_tiny(whole), DAY(hours), hours * 3600)
    for start in range(0, cols, 100):
        piece = horizon_of(np.zeros((12, 2, min(100, cols - start))))
        piece = HorizonMap(
            geometry=piece.geometry,
            steps=whole.steps[:, :, start : start + 100].copy(),
            observer_height_m=0.0,
        )
        part = light_over(_tiny(piece), DAY(hours), hours * 3600)
        for name in LAYERS:
            np.testing.assert_allclose(
                getattr(light, name)[:, start : start + 100], getattr(part, name), atol=1, err_msg=name
            )


def _tiny(horizon: HorizonMap) -> HorizonMap:
    """The same cells, a millimetre wide."""
    return HorizonMap(
        geometry=horizon_of(np.zeros((1, *horizon.geometry.shape)), resolution_m=1e-3).geometry,
        steps=horizon.steps,
        observer_height_m=0.0,
    )


# ---- against fine steps ---------------------------------------------------------------------------------------------


def test_hourly_steps_tell_first_and_last_light_to_minutes() -> None:
    """Truth is a search in steps of 20 s over the disc's share as numpy has it; steps alone would be 30 min off."""
    horizon = wavy_horizon(5, 6, azimuths=72, seed=21)
    light = light_over(horizon, DAY(HOURS), HOURS * 3600)
    off = []
    for name, at_the_edge in (("first_light_s", 0), ("last_light_s", -1)):
        told = getattr(light, name).astype(np.float64) / 3600 + HOURS[0]
        fine = np.arange(HOURS[0], HOURS[-1] + 1e-9, 20 / 3600)
        sun = DAY(fine)
        for row, col in np.argwhere(horizon.steps[0] != UNKNOWN):
            at = np.interp(
                sun.azimuth_rad,
                np.arange(73) * 2 * np.pi / 72,
                np.append(horizon.steps[:, row, col], horizon.steps[0, row, col]) * (np.pi / 65534)
                - np.pi / 2,
            )
            lit = segment((sun.elevation_rad - at) / (SUN_DIAMETER_RAD / 2)) >= 0.5
            off.append(told[row, col] - fine[lit][at_the_edge])
    print("OFF", np.abs(off).max() * 3600, np.median(np.abs(off)) * 3600)
    assert np.abs(off).max() < 1 / 60
    assert np.median(np.abs(off)) < 15 / 3600  # of which the search's own steps make 10


# ---- the relay goes through the same account ------------------------------------------------------------------------


def test_a_point_is_in_view_where_half_a_disc_would_be() -> None:
    horizon = wavy_horizon()
    light, link = light_over(horizon, DAY(HOURS), HOURS * 3600), link_over(horizon, DAY(HOURS), HOURS * 3600)
    for lit, linked in (
        ("first_light_s", "first_link_s"),
        ("last_light_s", "last_link_s"),
        ("longest_shadow_s", "longest_outage_s"),
        ("lit_s", "link_s"),
        ("lit_share", "link_share"),
    ):
        np.testing.assert_array_equal(getattr(light, lit), getattr(link, linked))


def test_the_mask_asks_for_its_margin_and_closes_unknown_cells() -> None:
    horizon = horizon_of(np.radians([[[0.0, 10.0, np.nan]]]) * np.ones((6, 1, 1)))
    for elevation, margin, want in (
        (9.99, 0, [True, False, False]),
        (10.01, 0, [True, True, False]),
        (10.01, 5, [True, False, False]),
        (15.01, 5, [True, True, False]),
        (4.9, 5, [False, False, False]),
    ):
        seen = link_mask(horizon, sun_at(200, elevation), margin_rad=math.radians(margin))
        assert seen.tolist() == [want]


def test_the_mask_is_the_lit_map_of_half_the_disc() -> None:
    horizon = wavy_horizon()
    for azimuth in (0.0, 92.0, 301.0):
        lit = lit_fraction(horizon, sun_at(azimuth, 1.0))
        seen = link_mask(horizon, sun_at(azimuth, 1.0))
        sure = ~(np.abs(lit - 0.5) < 1e-3)
        np.testing.assert_array_equal(seen[sure], (lit > 0.5)[sure])


def test_a_margin_over_time_is_a_lower_relay() -> None:
    horizon, hours = wavy_horizon(), HOURS[::5]
    sun, margin = DAY(hours), math.radians(3)
    lower = sun_at(np.degrees(sun.azimuth_rad), np.degrees(sun.elevation_rad - margin))
    asked = link_over(horizon, sun, hours * 3600, margin_rad=margin)
    lowered = link_over(horizon, lower, hours * 3600)
    for name in ("first_link_s", "last_link_s", "longest_outage_s", "link_s"):
        np.testing.assert_allclose(getattr(asked, name), getattr(lowered, name), atol=2, err_msg=name)
    assert (asked.link_share < link_over(horizon, sun, hours * 3600).link_share).any()


def test_no_link_counts_beside_a_time_at_which_no_station_sees_the_relay() -> None:
    horizon = level_horizon(1, 1)
    seen = np.array([True, True, False, False, True, True, True, False])
    link = link_over(horizon, sun_at(np.full(8, 30.0), 40.0), np.arange(8) * 600.0, seen=seen)
    assert link.first_link_s[0, 0] == 0
    assert link.last_link_s[0, 0] == pytest.approx(3600, abs=1)
    assert link.longest_outage_s[0, 0] == pytest.approx(1800, abs=1)
    assert link.link_s[0, 0] == pytest.approx(600 + 1200, abs=1)
    np.testing.assert_array_equal(link.link_share, seen)


@pytest.mark.parametrize("azimuth_deg", [12.0, 250.0])
def test_masks_come_one_by_one_into_the_array_that_is_given(azimuth_deg: float) -> None:
    horizon, relay = wavy_horizon(), sun_at(azimuth_deg, [0.0, 1.0, 4.0])
    out = np.empty(horizon.geometry.shape, np.bool_)
    for (time_s, mask), elevation in zip(
        link_masks(horizon, relay, [0, 1, 2], out=out), (0, 1, 4), strict=True
    ):
        assert mask is out
        np.testing.assert_array_equal(mask, link_mask(horizon, sun_at(azimuth_deg, elevation)), str(time_s))


BAD_LINKS = {
    "two instants": (lambda h: link_mask(h, sun_at([1, 2], 3)), "relay"),
    "a margin that is none": (lambda h: link_mask(h, sun_at(1, 3), margin_rad=math.nan), "margin_rad"),
    "a margin in degrees": (lambda h: link_over(h, sun_at(1, 3), [0], margin_rad=5.0), "margin_rad"),
    "another shape": (lambda h: link_mask(h, sun_at(1, 3), out=np.empty((9, 9), np.bool_)), "out"),
    "another type": (lambda h: link_mask(h, sun_at(1, 3), out=np.empty((3, 4))), "out"),
    "stations for another span": (lambda h: link_over(h, sun_at(1, 3), [0], seen=[True, False]), "seen"),
    "times that are none": (lambda h: link_masks(h, sun_at([1, 2], 3), [0, math.nan]), "time_s"),
}


@pytest.mark.parametrize("name", BAD_LINKS)
def test_bad_input_is_refused_in_one_line_with_its_remedy(name: str) -> None:
    call, field = BAD_LINKS[name]
    with pytest.raises(UsageError) as caught:
        call(level_horizon())
    line = str(caught.value)
    assert "\n" not in line
    assert f" {field} = " in line
    assert "; " in line


# ---- the same bytes -------------------------------------------------------------------------------------------------

_SCRIPT = """
import sys
import numpy as np
from tests.rover.terrain.test_calendar import digestible
np.savez(sys.argv[1], *digestible())
"""


def digestible() -> list[npt.NDArray[np.generic]]:
    """All that the kernels make, of a map with penumbra and curvature, in several strips."""
    horizon = wavy_horizon(40, 9, azimuths=9, seed=3)
    hours = np.arange(-3.0, 100.0, 7.0)
    light: Light = light_over(horizon, DAY(hours), hours * 3600)
    maps = [lit for _, lit in lit_maps(horizon, DAY(hours), hours * 3600)]
    masks = link_mask(horizon, sun_at(80, 2.0))
    return [*(getattr(light, name) for name in LAYERS), light.lit_share, *maps, masks]


def test_one_thread_two_threads_and_no_compiler_give_the_same_bytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = {}
    for count in ("1", "2"):
        monkeypatch.setenv(THREADS_VARIABLE, count)
        made[count] = digestible()
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(Path(__file__).parents[3])}
    words = [sys.executable, "-W", "error::RuntimeWarning", "-c", _SCRIPT, str(tmp_path / "off.npz")]
    subprocess.run(words, env=environment, check=True)
    with np.load(tmp_path / "off.npz") as saved:
        made["off"] = [saved[name] for name in saved.files]
    for other in ("2", "off"):
        for one, same in zip(made["1"], made[other], strict=True):
            assert one.tobytes() == same.tobytes(), other
