"""`farside hindcast`: what it prints, what it draws, and what it refuses."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from rover.core.errors import LogError, UsageError
from rover.core.time import parse_utc
from sim.cli.main import app

HEAD = "lunar_day,rover_wake_utc,rover_sleep_utc\n"


def told(*words: str) -> str:
    done = CliRunner().invoke(app, ["hindcast", *words], catch_exceptions=False)
    assert done.exit_code == 0
    return done.stdout


def refused(error, *words: str) -> str:
    done = CliRunner().invoke(app, ["hindcast", *words])
    assert isinstance(done.exception, error)
    return str(done.exception)


def test_json_has_a_row_for_every_lunar_day():
    days = json.loads(told("--from", "3", "--to", "8", "--json"))["days"]
    assert [day["lunar_day"] for day in days] == [3, 4, 5, 6, 7, 8]
    for day in days:
        assert parse_utc(day["wake_utc"]).seconds_until(parse_utc(day["sleep_utc"])) > 250 * 3600
    assert days[1]["wake_error_h"] == pytest.approx(
        parse_utc("2019-03-29T12:28Z").seconds_until(parse_utc(days[1]["wake_utc"])) / 3600, abs=1e-3
    )
    assert days[5]["published_wake_utc"] == "2019-07-25T19:59:00Z"
    assert not days[5]["wake_scored"] and days[5]["sleep_scored"]
    assert days[2]["published_wake_utc"] is None and days[2]["wake_error_h"] is None


def test_errors_are_within_the_figures_and_beat_the_constant_on_days_left_out():
    found = json.loads(told("--json"))["errors_h"]
    fitted, left_out = found["lunar days fitted to"], found["each of these left out of the fit"]
    assert fitted["this_rule"]["events"] == 11
    assert fitted["this_rule"]["median"] < 1.5 and fitted["this_rule"]["greatest"] < 5
    for figure in ("median", "mean", "greatest"):
        assert left_out["this_rule"][figure] < left_out["constant_elevation"][figure]


def test_the_table_marks_what_is_not_scored_and_names_sources():
    text = told("--to", "10")
    assert "2019-07-25 19:59*" in text
    assert "Sputnik Brasil" in text
    assert "constant Sun elevations: wake at 6.88 deg" in text


def test_other_days_are_scored_apart(tmp_path):
    log = tmp_path / "more.csv"
    log.write_text(HEAD + "17,2020-04-16T13:21Z,\n", encoding="utf-8")
    found = json.loads(told("--log", str(log), "--json"))
    assert found["errors_h"]["lunar days not fitted to"]["this_rule"]["events"] == 1
    assert next(d for d in found["days"] if d["lunar_day"] == 17)["wake_error_h"] < 0


def test_a_picture_is_drawn(tmp_path):
    told("--to", "6", "--plot", str(tmp_path / "h.png"))
    assert (tmp_path / "h.png").read_bytes().startswith(b"\x89PNG")


def test_bad_words_are_refused(tmp_path):
    assert "--from = 0: no lunar day" in refused(UsageError, "--from", "0")
    assert "--to = 3: comes before --from" in refused(UsageError, "--from", "9", "--to", "3")
    assert "pictures are PNG" in refused(UsageError, "--plot", str(tmp_path / "h.jpg"))
    assert "cannot be read" in refused(LogError, "--log", str(tmp_path / "none.csv"))
