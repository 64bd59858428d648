"""Maps say what is in the run, in metres, and nothing that is not."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from matplotlib.text import Text

from rover.core.grid import Dem
from rover.hazard.detect import Hazard
from sim.view.maps import draw_dem, draw_map, draw_plan
from sim.view.style import HAZARD_LOOKS
from tests.builders.runlogs import GOAL_M, START_M, crater_dem, refused_log

PATH = np.array([START_M, (-20.0, 80.0), GOAL_M])


def flags_of(dem: Dem, *hazards: Hazard) -> np.ndarray:
    """Return flags with ten cells of each hazard near the start."""
    flags = np.zeros(dem.geometry.shape, np.uint8)
    row, col = dem.geometry.cell_at(*START_M)
    for i, hazard in enumerate(hazards):
        flags[row + i, col : col + 10] = hazard
    return flags


def plan_of(dem: Dem, flags: np.ndarray | None = None, path=PATH, **more):
    flags = np.zeros(dem.geometry.shape, np.uint8) if flags is None else flags
    return draw_plan(dem, flags, path, START_M, GOAL_M, title="A plan", **more)


def test_every_hazard_has_a_look_and_the_bit_of_its_flag():
    assert sorted(look.bit for look in HAZARD_LOOKS) == sorted(int(hazard) for hazard in Hazard)
    words = {look.bit: look.words for look in HAZARD_LOOKS}
    assert "step" in words[Hazard.STEP]
    assert "slope" in words[Hazard.TILT]
    assert "rough" in words[Hazard.ROUGHNESS]
    assert "belly" in words[Hazard.CLEARANCE]
    assert "unknown" in words[Hazard.UNKNOWN]
    assert "zone" in words[Hazard.KEEP_OUT]


@pytest.mark.parametrize("hazard", list(Hazard))
def test_legend_names_the_hazards_that_are_there_and_no_other(hazard, legend_words):
    dem = crater_dem()
    look = next(look for look in HAZARD_LOOKS if look.bit == hazard)
    shown = legend_words(plan_of(dem, flags_of(dem, hazard)))
    assert {w.words for w in HAZARD_LOOKS} & set(shown) == {look.words}


def test_hazards_outside_the_map_are_not_in_the_legend(legend_words):
    dem = crater_dem()
    flags = np.zeros(dem.geometry.shape, np.uint8)
    flags[:5, :5] = Hazard.STEP
    assert "step too high" not in legend_words(plan_of(dem, flags))


def test_of_several_hazards_in_a_cell_the_first_listed_is_drawn(legend_words):
    dem = crater_dem()
    shown = legend_words(plan_of(dem, flags_of(dem, Hazard.STEP | Hazard.TILT | Hazard.ROUGHNESS)))
    assert {look.words for look in HAZARD_LOOKS} & set(shown) == {"step too high"}


def test_labels_stay_on_the_map_and_off_each_other(log):
    figure = draw_map(log)
    figure.canvas.draw()
    ax = figure.axes[0]
    wanted = {
        "start",
        "goal",
        "heritage",
        "survey area",
        "nap 5\u201310 Jan",
        "dormant 12\u201329 Jan",
        "50 m",
        "N",
    }
    boxes = {text.get_text(): Text.get_window_extent(text) for text in ax.texts if text.get_text() in wanted}
    assert set(boxes) == wanted
    for box in boxes.values():
        assert ax.bbox.x0 < box.x0
        assert box.x1 < ax.bbox.x1
        assert ax.bbox.y0 < box.y0
        assert box.y1 < ax.bbox.y1
    for one, other in combinations(boxes, 2):
        assert not boxes[one].overlaps(boxes[other]), (one, other)


def test_hazard_cells_are_drawn_where_they_are(named):
    dem = crater_dem()
    flags = flags_of(dem, Hazard.TILT)
    figure = plan_of(dem, flags)
    (image,) = named(figure, "hazards")
    alpha = np.asarray(image.get_array())[..., 3]
    west, _, south, _ = image.get_extent()
    rows, cols = np.nonzero(alpha)
    east = west + (cols + 0.5) * dem.geometry.resolution_m
    north = south + (rows + 0.5) * dem.geometry.resolution_m
    cells = {dem.geometry.cell_at(e, n) for e, n in zip(east, north, strict=True)}
    assert cells == {(int(r), int(c)) for r, c in np.argwhere(flags)}


def test_thinning_a_large_raster_loses_no_hazard(named, legend_words):
    base = crater_dem()
    geometry = replace(
        base.geometry,
        rows=2400,
        cols=2400,
        resolution_m=1.0,
        resolution_north_m=1.0,
        east_m=-1199.5,
        north_m=-1199.5,
    )
    dem = replace(base, geometry=geometry, elevation_m=np.zeros(geometry.shape, np.float32))
    flags = np.zeros(dem.geometry.shape, np.uint8)
    flags[1501, 1501] = Hazard.STEP
    far = np.array([[-1100.0, -1100.0], [1100.0, 1100.0]])
    figure = draw_plan(dem, flags, far, tuple(far[0]), tuple(far[1]), title="Far")
    (image,) = named(figure, "hazards")
    assert max(image.get_array().shape) <= 1200
    assert np.count_nonzero(np.asarray(image.get_array())[..., 3]) == 1
    assert "step too high" in legend_words(figure)


def test_paths_are_the_logs_own(log, named):
    figure = draw_map(log)
    (planned,) = named(figure, "planned")
    (driven,) = named(figure, "driven")
    np.testing.assert_array_equal(planned.get_xydata(), log.planned_m)
    np.testing.assert_array_equal(
        driven.get_xydata()[0], [log.telemetry[k][0] for k in ("east_m", "north_m")]
    )
    np.testing.assert_array_equal(
        driven.get_xydata()[-1], [log.telemetry[k][-1] for k in ("east_m", "north_m")]
    )
    replanned = named(figure, "replanned")
    assert len(replanned) == 2
    for line, path in zip(replanned, log.replanned_m, strict=True):
        np.testing.assert_array_equal(line.get_xydata(), path)
    (stops,) = named(figure, "stops")
    np.testing.assert_array_equal(stops.get_xydata(), log.stops_m)
    for name, point in (("start", log.start_m), ("goal", log.goal_m)):
        (marker,) = named(figure, name)
        np.testing.assert_array_equal(marker.get_xydata(), [point])


def test_legend_tells_of_stops_rests_replans_and_warnings(log, legend_words):
    words = legend_words(draw_map(log))
    assert f"stop for a command cycle ({len(log.stops_m)})" in words
    assert {"noon nap", "dormant through the night", "replan (2)", "stopped by tilt (1)"} <= set(words)
    assert {"keep-out zone", "keep-in zone", "replanned path (2)"} <= set(words)
    quiet = replace(log, events=(), replanned_m=(), zones=(), stops_m=np.empty((0, 2)))
    words = " ".join(legend_words(draw_map(quiet)))
    for absent in ("replan", "stopped by tilt", "zone ", "command cycle"):
        assert absent not in words.replace("closed by a zone", "")


def test_rests_lie_where_the_rover_was_and_carry_their_dates(log, named):
    figure = draw_map(log)
    (nap,) = named(figure, "nap")
    first = int(np.flatnonzero(log.telemetry["mode"] == list(log.modes).index("nap"))[0])
    at = [log.telemetry[name][first] for name in ("east_m", "north_m")]
    np.testing.assert_allclose(nap.get_xydata()[0], at, atol=0.051)
    texts = [text.get_text() for text in figure.findobj(Text)]
    assert "nap 5\u201310 Jan" in texts
    assert "dormant 12\u201329 Jan" in texts


def test_modes_are_looked_up_by_name(log, legend_words):
    order = tuple(reversed(log.modes))
    turned = replace(
        log,
        modes=order,
        telemetry={**log.telemetry, "mode": len(order) - 1 - log.telemetry["mode"].astype(np.int64)},
    )
    assert legend_words(draw_map(turned)) == legend_words(draw_map(log))


def test_zones_are_outlined_and_named(log, named):
    figure = draw_map(log)
    (outline,) = named(figure, "zone:heritage")
    np.testing.assert_array_equal(outline.get_xy()[:-1], log.zones[0][2])
    texts = [text.get_text() for text in figure.findobj(Text)]
    assert {"heritage", "survey area"} <= set(texts)


@pytest.mark.parametrize("reach", [3.0, 40.0, 170.0, 400.0])
def test_scale_bar_is_round_and_as_long_as_it_says(reach, named):
    dem = crater_dem()
    path = np.array([[-reach, 0.0], [reach, 0.0]])
    flags = np.zeros(dem.geometry.shape, np.uint8)
    figure = draw_plan(dem, flags, path, tuple(path[0]), tuple(path[1]), title="Bar")
    halves = named(figure, "scale bar")
    length = sum(half.get_width() for half in halves)
    (words,) = named(figure, "scale bar length")
    assert float(words.get_text().removesuffix(" m").replace("\u2009", "")) == pytest.approx(length)
    assert length / 10 ** math.floor(math.log10(length * (1 + 1e-9))) == pytest.approx(
        round(length / 10 ** math.floor(math.log10(length * (1 + 1e-9))))
    )
    assert round(length / 10 ** math.floor(math.log10(length * (1 + 1e-9)))) in (1, 2, 5)
    west, east = figure.axes[0].get_xlim()
    assert 0.05 < length / (east - west) <= 0.2 + 1e-9


def test_coordinates_are_the_frames_metres(log, named):
    ax = draw_map(log).axes[0]
    assert ax.get_xlabel() == "east (m)"
    assert ax.get_ylabel() == "north (m)"
    west, east = ax.get_xlim()
    south, north = ax.get_ylim()
    for point in np.vstack([log.planned_m, log.stops_m]):
        assert west < point[0] < east
        assert south < point[1] < north
    assert east - west >= 150
    assert ax.get_aspect() == 1


def test_a_short_path_still_has_its_surroundings():
    dem = crater_dem()
    still = np.array([[0.0, 0.0]])
    figure = draw_plan(
        dem, np.zeros(dem.geometry.shape, np.uint8), still, (0, 0), (0, 0), title="Nowhere to go"
    )
    west, east = figure.axes[0].get_xlim()
    assert east - west >= 150
    assert "start and goal" in [text.get_text() for text in figure.findobj(Text)]


def test_inset_only_where_the_terrain_is_much_larger(named):
    small, large = crater_dem(side_m=420.0, gap=False), crater_dem(side_m=900.0)
    path = np.array([[-120.0, -120.0], [120.0, 120.0]])
    for dem, inset in ((small, False), (large, True)):
        flags = np.zeros(dem.geometry.shape, np.uint8)
        figure = draw_plan(dem, flags, path, tuple(path[0]), tuple(path[1]), title="Inset")
        assert bool(named(figure, "window")) == inset


@pytest.mark.parametrize("turn_deg", [0.0, 20.0, -70.0])
def test_arrow_points_to_true_north(turn_deg, named):
    dem = crater_dem()
    site = replace(dem.geometry.site, grid_north_rad=math.radians(turn_deg))
    dem = replace(dem, geometry=replace(dem.geometry, site=site))
    (arrow,) = named(draw_dem(dem, "North"), "north arrow")
    east, north = np.subtract(arrow.xy, arrow.get_position())
    azimuth_on_raster = math.degrees(math.atan2(east, north))
    assert azimuth_on_raster == pytest.approx(-turn_deg, abs=1e-6)


def test_title_says_where_when_and_how_it_ended(log, named):
    figure = draw_map(log)
    (title,) = named(figure, "title")
    (line,) = named(figure, "line 1")
    assert title.get_text() == "first-drive, Von Karman: arrived"
    assert line.get_text().startswith("3 Jan 2019 14:22 to 3 Feb 2019 00:00 UTC")
    assert "462 m" in line.get_text()


def test_a_run_without_a_row_of_telemetry_has_a_map(named):
    log = refused_log()
    figure = draw_map(replace(log, telemetry={k: v[:0] for k, v in log.telemetry.items()}))
    figure.canvas.draw()
    assert named(figure, "start")
    assert not named(figure, "driven")


def test_ground_from_a_file_has_no_site_to_name(log, named):
    (title,) = named(draw_map(replace(log, summary={**log.summary, "site": None})), "title")
    assert title.get_text() == "first-drive: arrived"


def test_a_refused_run_still_has_a_map(named, legend_words):
    figure = draw_map(refused_log())
    assert not named(figure, "planned")
    assert not named(figure, "driven")
    (title,) = named(figure, "title")
    (reason,) = named(figure, "line 2")
    assert title.get_text() == "first-drive, Von Karman: no plan"
    assert "widen the zone" in reason.get_text()
    assert "planned" not in " ".join(legend_words(figure))


def test_a_refused_plan_shows_its_reason_and_no_profile(named):
    dem = crater_dem()
    figure = plan_of(dem, path=None, no_plan="no plan (no_route): walled in; allow 18 deg")
    (reason,) = named(figure, "line 1")
    assert "walled in; allow 18 deg" in reason.get_text()
    assert named(figure, "start")
    assert named(figure, "goal")
    assert not named(figure, "planned")
    assert not named(figure, "slope")


def test_a_long_reason_is_broken_into_lines_that_fit(named):
    words = "the goal is cut off by steep ground " * 9
    figure = plan_of(crater_dem(), path=None, no_plan=words)
    lines = [named(figure, f"line {i}") for i in (1, 2, 3)]
    assert all(len(line) == 1 for line in lines)
    assert not named(figure, "line 4")
    for (line,) in lines:
        assert line.get_window_extent().x1 < figure.bbox.x1


def test_profile_has_the_paths_length_its_elevations_and_slopes(named):
    rows, cols = 200, 200
    base = crater_dem()
    geometry = replace(
        base.geometry,
        rows=rows,
        cols=cols,
        resolution_m=2.0,
        resolution_north_m=2.0,
        east_m=-199.0,
        north_m=-199.0,
    )
    east = geometry.east_m + np.arange(cols) * 2.0
    plane = np.broadcast_to(0.1 * east, (rows, cols)).astype(np.float32)
    dem = replace(base, geometry=geometry, elevation_m=plane)
    path = np.array([[-100.0, 0.0], [0.0, 0.0], [0.0, 50.0]])
    flags = np.zeros(geometry.shape, np.uint8)
    figure = draw_plan(dem, flags, path, (-100, 0), (0, 50), title="Plane", slope_limit_deg=15.0)
    (elevation,) = named(figure, "elevation")
    distance, height = elevation.get_xydata().T
    assert distance[-1] == pytest.approx(150.0)
    np.testing.assert_allclose(height, -5935 + 0.1 * np.minimum(distance - 100, 0), atol=1e-4)
    (slope,) = named(figure, "slope")
    np.testing.assert_allclose(slope.get_ydata(), math.degrees(math.atan(0.1)), atol=1e-3)
    (limit,) = named(figure, "slope limit")
    assert set(limit.get_ydata()) == {15.0}
    assert {ax.get_ylabel() for ax in figure.axes} >= {"elevation (m)", "slope (deg)"}


def test_gaps_in_the_ground_do_not_matter():
    dem = crater_dem()
    holes = dem.elevation_m.copy()
    holes[::7, ::5] = np.nan
    figure = plan_of(replace(dem, elevation_m=holes))
    figure.canvas.draw()
    nothing = replace(dem, elevation_m=np.full_like(holes, np.nan))
    plan_of(nothing).canvas.draw()
    draw_dem(nothing, "Nothing").canvas.draw()


@pytest.mark.parametrize(("rows", "cols"), [(1, 1), (1, 40), (40, 1), (2, 300)])
def test_ground_of_any_shape_can_be_drawn(rows, cols):
    base = crater_dem()
    geometry = replace(base.geometry, rows=rows, cols=cols)
    dem = replace(base, geometry=geometry, elevation_m=base.elevation_m[:rows, :cols].copy())
    draw_dem(dem, "A strip").canvas.draw()


def test_bare_ground_is_explained(named):
    figure = draw_dem(crater_dem(), "Von Karman, seed 1")
    (line,) = named(figure, "line 1")
    assert "300 \u00d7 300 cells of 3 m" in line.get_text()
    assert "unknown" in line.get_text()
    assert "drawn at" not in line.get_text()
    assert any("(m)" in ax.get_xlabel() and "elevation" in ax.get_xlabel() for ax in figure.axes)


def test_a_coarser_view_is_told_as_what_it_is_a_view_of(named):
    dem = crater_dem()
    fine = replace(dem.geometry, rows=12_000, cols=12_000, resolution_m=0.075, resolution_north_m=0.075)
    (line,) = named(draw_dem(dem, "Von Karman, seed 1", whole_of=fine), "line 1")
    assert line.get_text().startswith("12000 \u00d7 12000 cells of 0.075 m, drawn at 3 m, ")
