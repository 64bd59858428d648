"""Timelines: units on every axis, night where the Sun is down, modes by name."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.text import Text

from sim.view.style import MODE_COLOURS, OTHER_MODE
from sim.view.timelines import draw_timeline
from tests.builders.runlogs import OPERATIONS, broken_rule_log, refused_log


def words(figure):
    return [text.get_text() for text in figure.findobj(Text)]


def spans_of_bars(bars):
    """Return (n, 2) begin and end in days of a mode's bars."""
    return np.array([[path.vertices[:, 0].min(), path.vertices[:, 0].max()] for path in bars.get_paths()])


def test_every_axis_carries_its_unit(log):
    figure = draw_timeline(log)
    assert [ax.get_ylabel() for ax in figure.axes[:6]] == [
        "Sun elevation (deg)",
        "mode",
        "charge (%)",
        "power (W)",
        "heat (K)",
        "driven (m)",
    ]
    assert "UTC" in figure.axes[5].get_xlabel()
    assert "2019" in figure.axes[5].get_xlabel()
    assert "Earth days since the start" in [ax.get_xlabel() for ax in figure.axes]


def test_night_is_shaded_in_every_panel_where_the_sun_is_down(log, named):
    figure = draw_timeline(log)
    shades = named(figure, "night")
    assert len(shades) == 6
    days = log.telemetry["time_s"] / 86_400
    down = log.telemetry["sun_elevation_rad"] < 0
    for shade in shades:
        begin, end = shade.get_x(), shade.get_x() + shade.get_width()
        np.testing.assert_array_equal((days > begin) & (days < end), down)


def test_no_night_without_one(log, named):
    up = np.full_like(log.telemetry["sun_elevation_rad"], 0.5)
    figure = draw_timeline(replace(log, telemetry={**log.telemetry, "sun_elevation_rad": up}))
    assert not named(figure, "night")


def test_sun_limits_stand_where_the_scenario_puts_them(log, named):
    figure = draw_timeline(log)
    for key, value in OPERATIONS.items():
        if key.endswith("_deg"):
            (line,) = named(figure, key)
            assert set(line.get_ydata()) == {value}
    (window,) = named(figure, "driving window")
    assert window.get_y() == 10.0
    assert window.get_y() + window.get_height() == 42.0


@pytest.mark.parametrize("key", ["min_drive_sun_elevation_deg", "dormant_sun_elevation_deg"])
def test_a_limit_that_is_not_in_the_scenario_is_not_drawn(log, named, key):
    operations = {k: v for k, v in OPERATIONS.items() if k != key}
    figure = draw_timeline(replace(log, scenario={**log.scenario, "operations": operations}))
    assert not named(figure, key)


def test_mode_bars_are_the_spans_of_the_modes(log, named):
    figure = draw_timeline(log)
    days, code = log.telemetry["time_s"] / 86_400, log.telemetry["mode"]
    for name in ("drive", "command", "charge", "nap", "dormant"):
        (bars,) = named(figure, f"mode:{name}")
        assert to_hex(bars.get_facecolor()[0]) == MODE_COLOURS[name].lower()
        spans = spans_of_bars(bars)
        middle = (days[1:] + days[:-1]) / 2
        inside = ((middle[:, None] > spans[:, 0]) & (middle[:, None] < spans[:, 1])).any(axis=1)
        np.testing.assert_array_equal(inside, (code == list(log.modes).index(name))[1:])


def test_modes_that_did_not_happen_are_not_named(log, named):
    figure = draw_timeline(log)
    assert "noon nap" in words(figure)
    assert "safe mode" not in words(figure)
    assert not named(figure, "mode:safe")


def test_unknown_modes_are_drawn_in_the_spare_colour(log, named):
    modes = ["hop" if name == "nap" else name for name in log.modes]
    figure = draw_timeline(replace(log, modes=modes))
    (bars,) = named(figure, "mode:hop")
    assert to_hex(bars.get_facecolor()[0]) == OTHER_MODE.lower()
    assert "hop" in words(figure)


def test_series_are_the_telemetry(log, named):
    figure = draw_timeline(log)
    days = log.telemetry["time_s"] / 86_400
    for gid, expected in (
        ("sun elevation", np.degrees(log.telemetry["sun_elevation_rad"])),
        ("soc", 100 * log.telemetry["soc"]),
        ("array", log.telemetry["array_w"]),
        ("load", log.telemetry["load_w"]),
        ("distance", log.telemetry["distance_m"]),
        ("ground_k", log.telemetry["ground_k"]),
        ("array_k", log.telemetry["array_k"]),
        ("body_k", log.telemetry["body_k"]),
    ):
        (line,) = named(figure, gid)
        np.testing.assert_array_equal(line.get_xdata(), days)
        np.testing.assert_array_equal(line.get_ydata(), expected)
    (reserve,) = named(figure, "reserve")
    assert set(reserve.get_ydata()) == {30.0}
    (planned,) = named(figure, "planned")
    assert set(planned.get_ydata()) == {log.summary["planned_length_m"]}


def test_panels_share_one_time_axis_with_breaks(log, named):
    figure = draw_timeline(log)
    panels = figure.axes[:6]
    assert len({ax.get_xlim() for ax in panels}) == 1
    breaks = [line.get_xdata() for line in named(figure, "axis break")]
    assert len(breaks) == 6
    pixels = [ax.transData.transform([(day, 0.0) for day in (1.0, 2.0, 15.0, 16.0)])[:, 0] for ax in panels]
    for x in pixels:
        np.testing.assert_allclose(x, pixels[0])
        assert (x[1] - x[0]) > 5 * (x[3] - x[2]) > 0
    assert any("narrower" in text for text in words(figure))


def test_events_are_counted(log, named):
    assert {"2 replans", "1 warning"} <= set(words(draw_timeline(log)))
    broken = draw_timeline(broken_rule_log())
    assert "2 violations" in words(broken)
    (marks,) = named(broken, "violation")
    np.testing.assert_allclose(marks.get_xdata(), [1.0, 6.0])
    quiet = draw_timeline(replace(log, events=()))
    assert "events" not in words(quiet)


def test_lunar_days_are_counted_from_the_start(log):
    assert {"lunar day 1", "lunar day 2"} <= set(words(draw_timeline(log)))
    assert "lunar day 3" not in words(draw_timeline(log))


def test_one_row_is_enough(named):
    figure = draw_timeline(refused_log())
    figure.canvas.draw()
    (line,) = named(figure, "soc")
    assert line.get_marker() == "o"


def test_no_rows_are_enough():
    log = refused_log()
    figure = draw_timeline(replace(log, telemetry={k: v[:0] for k, v in log.telemetry.items()}))
    figure.canvas.draw()
    assert "Nothing was driven." in words(figure)
    assert "Nothing was driven." not in words(draw_timeline(log))


def test_a_run_from_before_temperatures_were_recorded_is_drawn(log, named):
    older = {name: values for name, values in log.telemetry.items() if not name.endswith("_k")}
    figure = draw_timeline(replace(log, telemetry=older))
    assert "Not recorded." in words(figure)
    assert not named(figure, "body_k")
