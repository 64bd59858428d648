"""The sheet of a DEM's statistics shows what it is given, in its units, and nothing that is not there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rover.core.targets import TargetRange
from sim.view.terrain import RockCurve, TerrainSheet, draw_terrain
from tests.builders.scenes import dem_of, equilibrium_scene

LENGTHS = np.array([1.0, 2.0, 4.0])
WAYS = np.array([0.0, 26.6, 45.0, 63.4, 90.0, 116.6, 135.0, 153.4])


@pytest.fixture(scope="module")
def sheet() -> TerrainSheet:
    return TerrainSheet(
        title="ground.tif",
        lines=["a line"],
        dem=dem_of(equilibrium_scene(120, 1)[0]),
        percent=(50.0, 90.0, 95.0, 99.0),
        baseline_m=LENGTHS,
        slope_deg=np.array([[4.0, 9.0, 12.0, 20.0], [3.0, 8.0, 11.0, 18.0], [2.0, 7.0, 9.0, 15.0]]),
        bidirectional_deg=np.array([2.5, 2.0, 1.5]),
        lag_m=LENGTHS,
        azimuth_deg=WAYS,
        directed_m=np.outer(LENGTHS, np.linspace(0.9, 1.1, 8)),
        overall_m=LENGTHS,
        hurst=0.81,
        size_m=np.array([8.0, 16.0, 32.0]),
        per_km2=np.array([300.0, 80.0, 0.0]),
        error_per_km2=np.array([20.0, 12.0, 0.0]),
        law_per_km2=np.array([320.0, 90.0, 25.0]),
        law_words="equilibrium",
        craters_m=np.array([[110.0, -10.0, 30.0], [80.0, -40.0, 9.0]]),
        rock_words="Rocks do not show.",
    )


def titles(figure):
    return [ax.get_title(loc="left") for ax in figure.axes]


def test_four_panels_with_units(sheet):
    figure = draw_terrain(sheet)
    assert titles(figure) == [
        "Slope by baseline",
        "Height difference by lag",
        "Craters by size",
        "Craters found",
    ]
    for ax in figure.axes:
        assert "(m)" in ax.get_xlabel()
        assert ax.get_ylabel()


def test_lines_hold_the_figures(sheet, named):
    figure = draw_terrain(sheet)
    for gid, values in (
        ("p50", sheet.slope_deg[:, 0]),
        ("p99", sheet.slope_deg[:, 3]),
        ("bidirectional", sheet.bidirectional_deg),
        ("way 90", sheet.directed_m[:, 4]),
        ("overall", sheet.overall_m),
        ("law", sheet.law_per_km2),
    ):
        (line,) = named(figure, gid)
        assert np.array_equal(line.get_ydata(), values), gid


def test_every_crater_has_its_ring(sheet, named):
    (rings,) = named(draw_terrain(sheet), "craters")
    assert rings.get_offsets().tolist() == sheet.craters_m[:, :2].tolist()
    assert rings.get_widths().tolist() == [30.0, 9.0]


def test_no_craters_are_said_to_be_none(sheet, named):
    bare = replace(sheet, per_km2=np.zeros(3), error_per_km2=np.zeros(3), craters_m=np.empty((0, 3)))
    figure = draw_terrain(bare)
    assert not named(figure, "craters")
    assert any("No craters" in text.get_text() for text in figure.axes[2].texts)


def test_rocks_take_the_place_of_the_ground(sheet, legend_words):
    rocks = (
        RockCurve(words="rocks of the list", diameter_m=LENGTHS, fraction=np.array([1e-3, 1e-4, 0.0])),
        RockCurve(words="seen in the DEM", diameter_m=LENGTHS, fraction=np.zeros(3)),
        RockCurve(words="law of a site", diameter_m=LENGTHS, fraction=np.array([1e-3, 1e-9, 0]), is_law=True),
    )
    figure = draw_terrain(replace(sheet, rocks=rocks))
    assert titles(figure)[3] == "Ground under rocks"
    assert {"rocks of the list", "seen in the DEM: none", "law of a site"} <= set(legend_words(figure))
    assert figure.axes[3].get_ylim()[0] > 1e-6, "the law sets the scale"


def test_targets_are_drawn_where_there_are_any(sheet, named):
    assert not named(draw_terrain(sheet), "target")
    target = TargetRange(low=1.8, high=2.6, source="a survey")
    (band,) = named(draw_terrain(replace(sheet, targets={"bidirectional_slope_deg": target})), "target")
    edges = band.get_window_extent().transformed(band.axes.transData.inverted())
    assert (edges.y0, edges.y1) == pytest.approx((1.8, 2.6))


def test_words_keep_inside_the_page_and_off_the_curves(sheet):
    figure = draw_terrain(sheet)
    figure.canvas.draw()
    page = figure.bbox
    for ax in figure.axes:
        box = ax.get_tightbbox()
        assert box.x0 >= 0 and box.y0 >= 0 and box.x1 <= page.x1 and box.y1 <= page.y1
    slopes = figure.axes[0]
    legend = slopes.get_legend().get_window_extent()
    for line in slopes.lines:
        places = slopes.transData.transform(line.get_xydata())
        assert not any(legend.contains(x, y) for x, y in places)


def test_gaps_and_unknown_figures_draw(sheet):
    held = sheet.dem.elevation_m.copy()
    held[:40] = np.nan
    unknown = np.full((3, 8), np.nan)
    figure = draw_terrain(
        replace(
            sheet,
            dem=replace(sheet.dem, elevation_m=held),
            directed_m=unknown,
            overall_m=np.full(3, np.nan),
            slope_deg=np.full((3, 4), np.nan),
            hurst=np.nan,
        )
    )
    figure.canvas.draw()
