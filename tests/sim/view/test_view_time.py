"""Spans, dates and the time axis."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise

import numpy as np
import pytest

from sim.view.phases import date_span, duration, lunar_days, mode_spans, nights, rests, utc_date
from sim.view.timeaxis import SLEEP_SHARE, date_ticks, time_scale

START = datetime(2019, 1, 3, 14, 22, tzinfo=UTC)


def with_rows(log, **columns):
    count = len(next(iter(columns.values())))
    rows = {name: np.zeros(count) for name in log.telemetry} | {k: np.array(v) for k, v in columns.items()}
    return replace(log, telemetry=rows)


def test_spans_cover_the_run_without_gaps(log):
    spans = mode_spans(log)
    assert spans[0].begin_s == log.telemetry["time_s"][0]
    assert spans[-1].end_s == log.telemetry["time_s"][-1]
    for before, after in pairwise(spans):
        assert before.end_s == after.begin_s
        assert before.name != after.name


def test_a_row_tells_of_the_time_since_the_row_before(log):
    short = with_rows(log, time_s=[0.0, 10.0, 30.0, 60.0, 65.0], mode=[3, 1, 1, 4, 1])
    found = [(span.name, span.begin_s, span.end_s) for span in mode_spans(short)]
    assert found == [("drive", 0, 30), ("nap", 30, 60), ("drive", 60, 65)]
    assert [span.name for span in rests(short)] == ["nap"]


def test_a_code_without_a_name_is_named_by_its_number(log):
    short = with_rows(log, time_s=[0.0, 10.0], mode=[99, 99])
    assert [span.name for span in mode_spans(short)] == ["mode 99"]


def test_one_row_is_a_span_without_length(log):
    (span,) = mode_spans(with_rows(log, time_s=[5.0], mode=[1]))
    assert (span.name, span.begin_s, span.end_s) == ("drive", 5, 5)


def test_sunset_and_sunrise_are_interpolated(log):
    short = with_rows(log, time_s=[0.0, 10.0, 20.0, 30.0], sun_elevation_rad=[0.3, -0.1, -0.1, 0.1])
    (night,) = nights(short)
    assert (night.begin_s, night.end_s) == (pytest.approx(7.5), pytest.approx(25.0))
    assert [(day.begin_s, day.end_s) for day in lunar_days(short)] == [
        (0, pytest.approx(7.5)),
        (pytest.approx(25), 30),
    ]


def test_a_run_that_begins_at_night(log):
    short = with_rows(log, time_s=[0.0, 10.0], sun_elevation_rad=[-0.1, 0.1])
    assert [(night.begin_s, night.end_s) for night in nights(short)] == [(0, 5)]
    assert [day.name for day in lunar_days(short)] == ["lunar day 1"]


def test_dates(log):
    assert date_span(log) == "3 Jan 2019 14:22 to 3 Feb 2019 00:00 UTC"
    assert utc_date("2016-12-31T23:59:60Z") == datetime(2017, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (90, "90 s"), (600, "10 min"), (7200, "2.0 h"), (86_400 * 2.5, "2.5 days")],
)
def test_durations(seconds, words):
    assert duration(seconds) == words


def test_time_scale_is_rising_and_its_own_inverse():
    scale = time_scale(0.0, 60.0, [(10.0, 25.0), (40.0, 55.0)])
    days = np.linspace(-1, 61, 500)
    assert (np.diff(scale.place(days)) > 0).all()
    np.testing.assert_allclose(scale.day(scale.place(days)), days, atol=1e-9)
    assert scale.place(0.0) == pytest.approx(0.0)
    assert scale.place(60.0) == pytest.approx(1.0)


def test_sleeps_take_their_share_and_the_rest_one_pace():
    scale = time_scale(0.0, 60.0, [(10.0, 25.0), (40.0, 55.0)])
    for begin, end in scale.narrowed:
        assert scale.place(end) - scale.place(begin) == pytest.approx(SLEEP_SHARE)
    awake = [float(scale.place(day + 1) - scale.place(day)) for day in (0.0, 5.0, 30.0, 57.0)]
    assert max(awake) == pytest.approx(min(awake))
    one_night_day = float(scale.place(12.0) - scale.place(11.0))
    assert scale.shrink(scale.narrowed[0]) == pytest.approx(awake[0] / one_night_day)


@pytest.mark.parametrize("sleeps", [[], [(0.1, 0.2)], [(10.0, 10.5)]])
def test_short_sleeps_leave_the_axis_alone(sleeps):
    scale = time_scale(0.0, 30.0, sleeps)
    assert scale.narrowed == ()
    np.testing.assert_allclose(scale.place([0, 15, 30]), [0, 0.5, 1])


def test_ticks_are_midnights_and_none_in_the_narrow_part():
    scale = time_scale(0.0, 31.0, [(10.0, 25.0)])
    ticks, labels = date_ticks(scale, START)
    assert labels[:3] == ["4\nJan", "5", "6"]
    assert not any(10 < tick < 25 for tick in ticks)
    seconds = np.array(ticks) * 86_400 + (14 * 60 + 22) * 60
    np.testing.assert_allclose(seconds % 86_400, 0, atol=1e-3)
    assert "1\nFeb" in labels


def test_ticks_of_a_short_run_are_clock_times():
    ticks, labels = date_ticks(time_scale(0.0, 2 / 24), START)
    assert labels[0] == "14:30\n3 Jan"
    assert labels[1] == "14:40"
    assert 5 < len(ticks) < 20


@pytest.mark.parametrize("days", [1e-3, 0.04, 0.5, 3.0, 12.0, 90.0, 800.0, 4000.0])
def test_there_are_never_too_many_ticks(days):
    ticks, labels = date_ticks(time_scale(0.0, days), START)
    assert len(ticks) == len(labels) <= 20
