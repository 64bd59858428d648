"""The edge search against laws and algebra, and the events of the sky against tables and brute force."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rover.core.time import SYNODIC_MONTH_S, parse_utc
from rover.io.stations import read_stations
from rover.sky.events import (
    Direction,
    Edges,
    above,
    crossings,
    culminations,
    find_edges,
    growing,
    sampled_horizon,
    station_passes,
    transits,
    upper_limb_above,
)
from rover.sky.relay import relay_from_moon
from rover.sky.stations import stations_see
from rover.sky.sun import sun_from_moon

Vector = npt.NDArray[np.float64]

CHANGE_4 = (math.radians(-45.4446), math.radians(177.5991))
EPOCH = parse_utc("2018-12-28T00:00:00Z")
HOUR, DAY = 3600.0, 86_400.0


def sun_over(latitude_rad: float, longitude_rad: float) -> Callable[[Vector], Direction]:
    return lambda time_s: sun_from_moon(latitude_rad, longitude_rad, *EPOCH.tt_at(time_s))


SUN = sun_over(*CHANGE_4)

# ---- the search -----------------------------------------------------------------------------------------------------

moments = st.integers(-(10**6), 10**6).map(lambda whole: whole / 4)
distinct = st.lists(moments, min_size=0, max_size=25, unique=True).map(sorted)


def staircase(edges: list[float]) -> Callable[[Vector], npt.NDArray[np.int64]]:
    """How many of the edges have come to pass: a new value at each, so that none can hide."""
    return lambda time_s: np.searchsorted(np.array(edges), time_s, side="right")


@settings(deadline=None)
@given(distinct, moments, moments, st.floats(1e3, 1e6))
def test_all_edges_are_found_in_order_and_to_the_tolerance(
    edges: list[float], one: float, other: float, step_s: float
) -> None:
    from_s, until_s = sorted((one, other))
    found = find_edges(staircase(edges), from_s, until_s, step_s=step_s, tolerance_s=0.1)
    inside = [edge for edge in edges if from_s < edge <= until_s]
    assert len(found.time_s) == len(inside)
    late = found.time_s - inside
    assert (late >= 0).all() and (late <= 0.1).all()
    np.testing.assert_array_equal(found.value, np.searchsorted(edges, inside, side="right"))
    assert found.before[0] == np.searchsorted(edges, from_s, side="right")


@settings(deadline=None)
@given(distinct, st.lists(moments, min_size=2, max_size=8), st.floats(10.0, 1e6))
def test_adjacent_spans_find_each_edge_once(edges: list[float], cuts: list[float], step_s: float) -> None:
    """Edges may stand on the cuts: both are quarters of a second."""
    cuts = sorted(cuts)
    whole = find_edges(staircase(edges), cuts[0], cuts[-1], step_s=step_s, tolerance_s=0.1)
    parts = [
        find_edges(staircase(edges), a, b, step_s=step_s, tolerance_s=0.1)
        for a, b in zip(cuts, cuts[1:], strict=False)
    ]
    np.testing.assert_array_equal(np.concatenate([part.value for part in parts]), whole.value)
    np.testing.assert_allclose(np.concatenate([part.time_s for part in parts]), whole.time_s, atol=0.1)
    for part, after in zip(parts, parts[1:], strict=False):
        assert after.before[0] == (part.value[-1] if len(part.value) else part.before[0])


@settings(deadline=None)
@given(
    st.lists(st.integers(3, 10**5).map(lambda n: n / 2), min_size=1, max_size=20),
    st.booleans(),
    st.floats(0.1, 1.0),
)
def test_a_step_no_longer_than_the_shortest_stretch_misses_nothing(
    lengths: list[float], first: bool, share: float
) -> None:
    edges = np.cumsum(lengths)
    found = find_edges(
        lambda t: (np.searchsorted(edges, t, side="right") % 2 == 0) == first,
        0.0,
        float(edges[-1]),
        step_s=min(lengths) * share,
        tolerance_s=0.01,
    )
    np.testing.assert_allclose(found.time_s, edges, atol=0.01)
    assert found.before[0] == first
    assert (np.diff(found.value.astype(int)) != 0).all()


def test_a_longer_step_misses_what_returns_within_it() -> None:
    pulse = lambda t: (t > 100.0) & (t < 130.0)  # noqa: E731
    assert len(find_edges(pulse, 0.0, 1000.0, step_s=200.0).time_s) == 0
    np.testing.assert_allclose(find_edges(pulse, 0.0, 1000.0, step_s=30.0).time_s, [100.0, 130.0], atol=1.0)


@settings(deadline=None)
@given(st.floats(-0.99, 0.99), st.floats(-5e5, 5e5), st.floats(1e3, 2e6))
def test_a_sine_is_crossed_where_algebra_says(level: float, from_s: float, span_s: float) -> None:
    period = 4e5
    found = find_edges(
        lambda t: np.sin(2 * np.pi * t / period) >= level,
        from_s,
        from_s + span_s,
        step_s=HOUR,
        tolerance_s=0.01,
    )
    for value, phase in ((True, math.asin(level)), (False, math.pi - math.asin(level))):
        turns = np.arange(-3, 9)
        exact = (phase / (2 * math.pi) + turns) * period
        exact = exact[(exact > from_s + 1) & (exact < from_s + span_s - 1)]
        mine = found.to(value)
        mine = mine[(mine > from_s + 1.02) & (mine < from_s + span_s - 1)]
        assert len(mine) <= len(exact)
        for time_s in exact[(exact > from_s + 1.05) & (exact < from_s + span_s - 1.05)]:
            assert np.abs(mine - time_s).min() <= 0.02


def test_all_are_refined_together() -> None:
    calls = []

    def state(time_s: Vector) -> npt.NDArray[np.bool_]:
        calls.append(len(time_s))
        return np.sin(time_s / 1000.0) > 0

    assert len(find_edges(state, 1.0, 1e6, step_s=500.0, tolerance_s=1e-3).time_s) == 318
    assert len(calls) <= 1 + math.ceil(math.log(500.0 / 1e-3, 8))


@pytest.mark.parametrize(
    "words",
    [
        {"from_s": 1.0, "until_s": 0.0},
        {"from_s": math.nan},
        {"until_s": math.inf},
        {"step_s": 0.0},
        {"step_s": -1.0},
        {"step_s": math.nan},
        {"tolerance_s": 0.0},
        {"tolerance_s": 1e-20},
        {"from_s": 1e18, "until_s": 2e18, "tolerance_s": 1.0},
    ],
)
def test_what_cannot_be_searched_is_refused(words: dict[str, float]) -> None:
    asked = {"from_s": 0.0, "until_s": 10.0, "step_s": 1.0, "tolerance_s": 0.1} | words
    with pytest.raises(ValueError, match="s is no span|is not a length of time"):
        find_edges(staircase([5.0]), asked.pop("from_s"), asked.pop("until_s"), **asked)


def test_an_instant_has_no_edges() -> None:
    found = find_edges(staircase([5.0]), 5.0, 5.0, step_s=1.0)
    assert len(found.time_s) == 0
    assert found.before[0] == 1


@settings(deadline=None)
@given(distinct, moments, moments, st.integers(1, 3))
def test_spans_are_where_it_holds(edges: list[float], one: float, other: float, bits: int) -> None:
    from_s, until_s = sorted((one, other))
    found = find_edges(staircase(edges), from_s, until_s, step_s=1e5, tolerance_s=0.01)
    derived = found.where(lambda value: value & bits != 0)
    spans = derived.spans()
    assert (spans[:, 1] >= spans[:, 0]).all()
    assert (spans[1:, 0] > spans[:-1, 1]).all()
    held = sum(b - a for a, b in spans)
    bounds = np.r_[from_s, found.time_s, until_s]
    counted = np.diff(bounds)[np.concatenate([found.before, found.value]) & bits != 0].sum()
    assert held == pytest.approx(counted, abs=1e-6)
    assert isinstance(derived, Edges) and derived.value.dtype == bool


# ---- the Sun --------------------------------------------------------------------------------------------------------


def minutes_off(time_s: float, utc: str) -> float:
    return (time_s - EPOCH.seconds_until(parse_utc(utc))) / 60


@pytest.fixture(scope="module")
def table(reference: Path) -> list[dict[str, str]]:
    rows = list(csv.DictReader((reference / "sky" / "sun_table.csv").open(encoding="utf-8")))
    assert len(rows) == 16
    return rows


SPAN = (0.0, 15.8 * SYNODIC_MONTH_S)
EVENTS: dict[str, Callable[[], Vector]] = {
    "sunrise_utc": lambda: crossings(SUN, *SPAN, step_s=6 * HOUR).to(True),
    "sunset_utc": lambda: crossings(SUN, *SPAN, step_s=6 * HOUR).to(False),
    "noon_utc": lambda: culminations(SUN, *SPAN, step_s=6 * HOUR),
    "el7p2_am_utc": lambda: crossings(SUN, *SPAN, step_s=6 * HOUR, elevation_rad=math.radians(7.2)).to(True),
    "el9p1_pm_utc": lambda: crossings(SUN, *SPAN, step_s=6 * HOUR, elevation_rad=math.radians(9.1)).to(False),
}


@pytest.mark.parametrize("column", EVENTS)
def test_every_row_of_the_sun_table(table: list[dict[str, str]], column: str) -> None:
    """To 2 min; the table is rounded to whole minutes."""
    found = EVENTS[column]()
    assert len(found) == len(table)
    off = [minutes_off(t, row[column]) for t, row in zip(found, table, strict=True)]
    assert max(map(abs, off)) < 1.0  # half a minute of rounding, and what the series is off


def test_noon_elevations_and_day_lengths_of_the_sun_table(table: list[dict[str, str]]) -> None:
    noons, rises, sets = (EVENTS[column]() for column in ("noon_utc", "sunrise_utc", "sunset_utc"))
    elevation = np.degrees(SUN(noons).elevation_rad)
    np.testing.assert_allclose(elevation, [float(row["noon_el_deg"]) for row in table], atol=0.011)
    hours = (sets - rises) / HOUR
    np.testing.assert_allclose(hours, [float(row["daylength_h"]) for row in table], atol=0.05 + 2 / 60)


def test_the_step_is_of_no_consequence() -> None:
    fine, coarse = (crossings(SUN, 0.0, 4 * SYNODIC_MONTH_S, step_s=h * HOUR) for h in (1, 24))
    np.testing.assert_allclose(fine.time_s, coarse.time_s, atol=1.0)
    np.testing.assert_array_equal(fine.value, coarse.value)


@pytest.mark.parametrize("latitude_deg", [-90.0, -89.9, -45.4446, -0.5, 0.0, 1.0, 60.0, 89.95, 90.0])
def test_transits_come_once_a_lunar_day_with_the_sun_on_the_upper_meridian(latitude_deg: float) -> None:
    latitude, longitude = math.radians(latitude_deg), math.radians(12.0)
    sun = sun_over(latitude, longitude)
    found = transits(sun, 0.0, 6 * SYNODIC_MONTH_S, step_s=6 * HOUR)
    assert len(found) == 6
    assert np.abs(np.diff(found) / SYNODIC_MONTH_S - 1).max() < 0.02
    # The Sun's own longitude, from its direction over the equator and a pole, is that of the place.
    here = {name: sun_from_moon(*place, *EPOCH.tt_at(found)) for name, place in {
        "x": (0.0, 0.0), "y": (0.0, math.pi / 2)}.items()}  # fmt: skip
    subsolar = np.arctan2(np.sin(here["y"].elevation_rad), np.sin(here["x"].elevation_rad))
    assert (
        np.degrees(np.abs(subsolar - longitude)).max() < 0.003
    )  # parallax between the places, 0.0007 deg, and 1 s


def test_noon_is_the_highest_sun_between_rise_and_set() -> None:
    rises = crossings(SUN, 0.0, 4 * SYNODIC_MONTH_S, step_s=6 * HOUR).to(True)
    for rise, noon in zip(rises, culminations(SUN, 0.0, 4 * SYNODIC_MONTH_S, step_s=6 * HOUR), strict=True):
        time_s = np.arange(rise, rise + 15 * DAY, 300.0)
        assert abs(noon - time_s[SUN(time_s).elevation_rad.argmax()]) <= 300.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Made:
    azimuth_rad: Vector
    elevation_rad: Vector
    angular_diameter_rad: Vector


def made_sun(time_s: Vector) -> Made:
    """Rises by a millionth of a radian per second and moves on by twice that, half a degree wide."""
    return Made(
        azimuth_rad=(2e-6 * time_s) % (2 * np.pi),
        elevation_rad=1e-6 * time_s,
        angular_diameter_rad=np.full_like(time_s, math.radians(0.5)),
    )


def test_the_upper_limb_is_half_a_diameter_early() -> None:
    span = (-1e6, 1e6)
    centre, limb = (find_edges(f(made_sun), *span, step_s=HOUR).time_s for f in (above, upper_limb_above))
    assert centre[0] - limb[0] == pytest.approx(math.radians(0.25) / 1e-6, abs=1.0)


def test_sunrise_over_a_horizon_of_any_form() -> None:
    def ridge(azimuth_rad: Vector) -> Vector:
        return 0.3 + 0.1 * azimuth_rad  # met where 1e-6 t = 0.3 + 0.1 * 2e-6 t

    exact = 0.3 / (1e-6 - 2e-7)
    by_rule = crossings(made_sun, 0.0, 1e6, step_s=HOUR, horizon=ridge)
    azimuths = np.linspace(0.0, 3.0, 31)
    by_samples = crossings(
        made_sun, 0.0, 1e6, step_s=HOUR, horizon=sampled_horizon(azimuths, ridge(azimuths))
    )
    assert by_rule.time_s == pytest.approx([exact], abs=1.0)
    assert by_samples.time_s == pytest.approx([exact], abs=1.0)
    lower = crossings(made_sun, 0.0, 1e6, step_s=HOUR, elevation_rad=-0.1, horizon=ridge)
    assert lower.time_s == pytest.approx([0.2 / 8e-7], abs=1.0)


def test_a_level_horizon_only_shifts_the_elevation() -> None:
    span = (0.0, 2 * SYNODIC_MONTH_S)
    raised = crossings(SUN, *span, step_s=6 * HOUR, horizon=sampled_horizon([1.0], [0.05]))
    asked = crossings(SUN, *span, step_s=6 * HOUR, elevation_rad=0.05)
    np.testing.assert_array_equal(raised.time_s, asked.time_s)
    peak = sampled_horizon(np.radians([0, 80, 90, 100]), np.radians([0, 0, 2, 0]))
    behind = crossings(SUN, *span, step_s=HOUR, horizon=peak)
    level = crossings(SUN, *span, step_s=HOUR)
    assert (behind.to(True) - level.to(True) > HOUR).all()  # the Sun rises near 90 deg
    np.testing.assert_array_equal(behind.to(False), level.to(False))


def test_a_sampled_horizon_goes_once_round() -> None:
    horizon = sampled_horizon([0.5, 2.0, 6.0], [0.1, 0.2, 0.3])
    np.testing.assert_allclose(horizon(np.array([0.5, 2.0, 6.0])), [0.1, 0.2, 0.3])
    between = (2 * math.pi - 6.0) / (2 * math.pi - 6.0 + 0.5)
    assert horizon(np.array([0.0]))[0] == pytest.approx(0.3 - 0.2 * between)
    azimuth = np.linspace(0, 6.2, 20)
    np.testing.assert_allclose(horizon(azimuth), horizon(azimuth + 2 * math.pi), atol=1e-12)


@pytest.mark.parametrize(
    ("azimuths", "elevations"),
    [
        ([], []),
        ([0.0, 1.0], [0.0]),
        ([1.0, 0.0], [0.0, 0.0]),
        ([0.0, 2 * math.pi], [0.0, 0.0]),
        ([0.0, math.nan], [0.0, 0.0]),
        ([0.0, 1.0], [0.0, math.inf]),
    ],
)
def test_what_is_no_horizon_is_refused(azimuths: list[float], elevations: list[float]) -> None:
    with pytest.raises(ValueError, match=r"azimuths|finite"):
        sampled_horizon(azimuths, elevations)


# ---- the relay ------------------------------------------------------------------------------------------------------


def relay(time_s: Vector) -> Direction:
    return relay_from_moon(*CHANGE_4, *EPOCH.tt_at(time_s), phase_at_epoch=0.3)


def test_the_relay_never_sets_at_the_site_but_below_a_high_mask_it_does() -> None:
    span = (0.0, 60 * DAY)
    never = crossings(relay, *span, step_s=6 * HOUR, elevation_rad=math.radians(10.0))
    assert len(never.time_s) == 0 and never.before[0]
    passes = crossings(relay, *span, step_s=6 * HOUR, elevation_rad=math.radians(40.0))
    np.testing.assert_allclose(np.degrees(relay(passes.time_s).elevation_rad), 40.0, atol=1e-4)
    assert len(passes.time_s) >= 6  # up and down in each period of 14.8 days


def test_extremes_of_the_relay_are_those_of_a_fine_grid() -> None:
    span = (0.0, 60 * DAY)
    edges = find_edges(growing(lambda t: relay(t).elevation_rad), *span, step_s=6 * HOUR)
    time_s = np.arange(*span, 600.0)
    elevation = relay(time_s).elevation_rad
    top = 1 + np.flatnonzero((elevation[1:-1] > elevation[:-2]) & (elevation[1:-1] >= elevation[2:]))
    low = 1 + np.flatnonzero((elevation[1:-1] < elevation[:-2]) & (elevation[1:-1] <= elevation[2:]))
    np.testing.assert_allclose(edges.to(False), time_s[top], atol=601.0)
    np.testing.assert_allclose(edges.to(True), time_s[low], atol=601.0)


def test_passes_are_those_of_a_fine_grid() -> None:
    stations = list(read_stations().stations.values())
    span = (0.0, 12 * DAY)
    passes = station_passes(stations, EPOCH, *span, phase_at_epoch=0.3)
    assert list(passes.by_station) == [station.name for station in stations]
    time_s = np.arange(*span, 60.0)
    rows = stations_see(stations, *EPOCH.tt_at(time_s), phase_at_epoch=0.3)
    seen = {station.name: row for station, row in zip(stations, rows, strict=True)}
    told = {**passes.by_station, "any": passes.any_station}
    for name, truth in {**seen, "any": np.any(list(seen.values()), axis=0)}.items():
        inside = sum((time_s >= aos) & (time_s < los) for aos, los in told[name])
        off = time_s[inside != truth]
        edges = told[name].ravel()
        assert all(np.abs(edges - t).min() <= 1.0 for t in off)
        assert len(told[name]) == truth[0] + (np.diff(truth.astype(int)) == 1).sum()
    assert 10 <= len(passes.by_station["jiamusi"]) <= 13  # once in a sidereal day and a little more


def test_a_pass_is_cut_at_the_ends_of_the_span() -> None:
    stations = list(read_stations().stations.values())[:1]
    whole = station_passes(stations, EPOCH, 0.0, 5 * DAY, phase_at_epoch=0.3).any_station
    begin, end = whole[1]
    cut = station_passes(stations, EPOCH, begin + HOUR, end - HOUR, phase_at_epoch=0.3).any_station
    np.testing.assert_array_equal(cut, [[begin + HOUR, end - HOUR]])
    assert timedelta(hours=4) < timedelta(seconds=end - begin) < timedelta(hours=16)
