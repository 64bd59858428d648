"""The picture of a traverse, and of a front: they hold the figures they are given, and explain them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from rover.core.grid import Dem, GridGeometry, Site
from sim.view.pareto import ParetoSheet, draw_pareto
from sim.view.traverse import TraverseSheet, draw_traverse

DAY_S = 86_400.0
SIDE = 100


@pytest.fixture(scope="module")
def dem() -> Dem:
    site = Site(latitude_rad=-0.79, longitude_rad=3.1, body="moon", crs_wkt="")
    geometry = GridGeometry(rows=SIDE, cols=SIDE, resolution_m=2.0, east_m=1.0, north_m=1.0, site=site)
    row, col = np.indices((SIDE, SIDE))
    return Dem(
        geometry=geometry,
        elevation_m=np.sin(row / 9.0 + col / 7.0).astype(np.float32),
        datum_m=0.0,
        source="hills",
    )


@pytest.fixture(scope="module")
def sheet(dem: Dem) -> TraverseSheet:
    time_s = np.array([0.0, 1.0, 3.0, 17.0, 18.0, 20.0]) * DAY_S
    sun_s = np.linspace(0, 20 * DAY_S, 50)
    lit = np.ones((SIDE, SIDE), np.float32)
    lit[:, 60:] = 0.0
    return TraverseSheet(
        title="a traverse",
        lines=["from here to there"],
        dem=dem,
        lit=lit,
        lit_words="2019-01-11 02:30 UTC",
        sun_deg=(120.0, 12.0),
        path_m=np.array([[20.0, 20.0], [100.0, 90.0], [160.0, 150.0]]),
        start_m=(20.0, 20.0),
        goal_m=(160.0, 150.0),
        stops={"charge": np.array([[60.0, 55.0]]), "dormant": np.array([[100.0, 90.0]])},
        zones=[("pit", "keep-out", np.array([[120.0, 40.0], [150.0, 40.0], [150.0, 70.0]]))],
        start=datetime(2019, 1, 11, 2, 0, tzinfo=UTC),
        time_s=time_s,
        soc=np.array([0.9, 0.5, 0.4, 0.35, 1.0, 0.8]),
        reserve_soc=0.3,
        sun_time_s=sun_s,
        sun_elevation_deg=np.linspace(40, -10, 50),
        drive_deg=(10.0, 42.0, 30.0),
        phases=[
            ("nap", 0.2 * DAY_S, 0.8 * DAY_S),
            ("night", 3 * DAY_S, 17 * DAY_S),
            ("low", 17 * DAY_S, 17.5 * DAY_S),
        ],
        sleeps_s=[(3 * DAY_S, 17 * DAY_S)],
        slack=[(0.5 * DAY_S, 0.2, "Sun"), (1.0 * DAY_S, 0.3, "charge"), (18.0 * DAY_S, 0.1, "Sun")],
    )


def test_the_panels_hold_the_figures_in_percent_and_degrees(sheet: TraverseSheet, named) -> None:
    figure = draw_traverse(sheet)
    (charge,), (reserve,), (sun,) = (named(figure, gid) for gid in ("charge", "reserve", "sun elevation"))
    np.testing.assert_allclose(charge.get_ydata(), 100 * sheet.soc)
    np.testing.assert_allclose(charge.get_xdata() * DAY_S, sheet.time_s)
    assert set(reserve.get_ydata()) == {30.0}
    np.testing.assert_array_equal(sun.get_ydata(), sheet.sun_elevation_deg)
    (slack,) = named(figure, "slack Sun")
    np.testing.assert_allclose(slack.get_ydata(), [20, 10])
    np.testing.assert_allclose(slack.get_xdata(), [0.5, 18])
    by_label = {ax.get_ylabel(): ax for ax in figure.axes}
    panels = [by_label[label] for label in ("charge (%)", "Sun (deg)", "slack (%)")]
    assert len({ax.get_xlim() for ax in panels}) == 1
    assert len(named(figure, "nap")) == len(named(figure, "night")) == 3  # in every panel
    assert panels[-1].get_xlabel() == "date and time, UTC, 2019"
    drawn = [text.get_text() for text in panels[0].texts]
    assert any("narrower" in words for words in drawn)


def test_the_map_marks_stops_by_kind_and_explains_them(sheet: TraverseSheet, named, legend_words) -> None:
    figure = draw_traverse(sheet)
    (charge,), (night,) = named(figure, "stops charge"), named(figure, "stops dormant")
    assert charge.get_marker() != night.get_marker()
    np.testing.assert_array_equal(np.column_stack(night.get_data()), sheet.stops["dormant"])
    assert named(figure, "stops command") == []
    words = legend_words(figure)
    assert "waits or charges (1)" in words
    assert "dormant through the night (1)" in words
    assert "keep-out zone" in words
    assert {"Sun", "charge"} <= set(words)
    assert named(figure, "scale bar")
    (ax,) = [ax for ax in figure.axes if ax.get_xlabel() == "east (m)"]
    assert ax.get_ylabel() == "north (m)"
    (image,) = named(figure, "lit")
    pixels = np.asarray(image.get_array()).astype(int)
    assert pixels[:, :40].mean() > 2 * pixels[:, -10:].mean()


def test_a_short_day_drive_is_drawn_too(sheet: TraverseSheet, named) -> None:
    short = replace(
        sheet,
        time_s=np.array([0.0, 600.0]),
        soc=np.array([0.9, 0.8]),
        phases=[],
        sleeps_s=[],
        stops={},
        slack=[],
    )
    figure = draw_traverse(short)
    assert named(figure, "night") == []
    assert "UTC, 2019" in " ".join(ax.get_xlabel() for ax in figure.axes)


def test_a_front_shows_every_member_with_units_and_which_way_is_better(named) -> None:
    front = ParetoSheet(
        title="time against charge",
        lines=["3 traverses"],
        first=np.array([1.0, 2.0, 4.0]),
        second=np.array([31.0, 45.0, 60.0]),
        labels=("time to arrival (h)", "smallest charge (%)"),
        more_is_better=(False, True),
    )
    figure = draw_pareto(front)
    (points,) = named(figure, "front")
    np.testing.assert_array_equal(points.get_xdata(), front.first)
    np.testing.assert_array_equal(points.get_ydata(), front.second)
    (ax,) = figure.axes
    assert ax.get_xlabel() == "time to arrival (h), less is better"
    assert ax.get_ylabel() == "smallest charge (%), more is better"
    assert [text.get_text() for text in ax.texts] == ["1", "2", "3"]
    one = draw_pareto(replace(front, first=np.array([1.0]), second=np.array([np.inf])))
    assert len(named(one, "front")) == 1
    assert not named(figure, "missing")
    some = draw_pareto(replace(front, missing=(float(front.first[-1]) + 1.0, float(front.second[-1]) + 5.0)))
    (room,) = named(some, "missing")
    (west, low), (east, high) = room.get_bbox().min, room.get_bbox().max
    assert (west, low) == (front.first[-1] + 1.0, front.second[-1])
    assert east > west
    assert high == front.second[-1] + 5.0
