"""The picture of reach: what is drawn of arrivals, dusk, departures and havens."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.text import Text

from rover.core.grid import Dem, GridGeometry, Site
from sim.view.reach import ReachSheet, draw_reach

SIDE = 24


@pytest.fixture
def sheet() -> ReachSheet:
    site = Site(latitude_rad=-0.8, longitude_rad=3.1, body="moon", crs_wkt="")
    geometry = GridGeometry(rows=SIDE, cols=SIDE, resolution_m=2.0, east_m=-24.0, north_m=-24.0, site=site)
    row, col = np.mgrid[:SIDE, :SIDE].astype(float)
    away = np.hypot(row - 12, col - 12)
    dem = Dem(geometry=geometry, elevation_m=np.sin(row / 5).astype(np.float32), datum_m=0.0, source="waves")
    return ReachSheet(
        title="Reach",
        lines=["a line"],
        dem=dem,
        arrive_h=np.where(away > 10, math.nan, away / 2),
        leave_h=np.where(away > 10, math.nan, 1 + away / 10),
        haven=np.where(row > 12, row / SIDE, math.nan),
        start_m=(0.0, 0.0),
        goal_m=(10.0, 10.0),
    )


def found(figure: object, gid: str) -> list[object]:
    return [artist for artist in figure.findobj() if artist.get_gid() == gid]  # type: ignore[attr-defined]


def test_three_maps_with_isochrones_and_the_line_of_dusk(sheet: ReachSheet) -> None:
    figure = draw_reach(sheet)
    assert len(found(figure, "layer")) == 3
    assert len(found(figure, "isochrones")) == 2
    assert len(found(figure, "dusk")) == 2  # with its halo
    assert len(found(figure, "start")) == 3
    assert len(found(figure, "goal")) == 1
    words = {text.get_text() for text in figure.findobj(Text)}
    assert {
        "hours from departure",
        "hours before dusk, by driving and commands alone",
        "score, 0 to 1",
    } <= words
    assert {"dusk", "departure", "goal", "Haven quality", "Reach", "a line"} <= words


def test_the_line_of_dusk_lies_where_arrivals_end(sheet: ReachSheet) -> None:
    line = found(draw_reach(sheet), "dusk")[0]
    corners = np.vstack([path.vertices for path in line.get_paths()])  # type: ignore[attr-defined]
    east, north = corners[:, 0] / 2 + 12, corners[:, 1] / 2 + 12
    assert np.hypot(east - 12, north - 12) == pytest.approx(10.0, abs=1.0)


def test_all_reached_and_nothing_reached_are_drawn_too(sheet: ReachSheet) -> None:
    assert not found(draw_reach(replace(sheet, arrive_h=np.full((SIDE, SIDE), 1.0))), "dusk")
    nothing = np.full((SIDE, SIDE), math.nan)
    draw_reach(replace(sheet, arrive_h=nothing, leave_h=nothing, haven=nothing))


def test_havens_that_nobody_knows_take_no_panel(sheet: ReachSheet) -> None:
    figure = draw_reach(replace(sheet, haven=None))
    assert len(found(figure, "layer")) == 2
    assert "Haven quality" not in {text.get_text() for text in figure.findobj(Text)}
