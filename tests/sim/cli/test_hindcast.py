"""`farside hindcast`: what it prints, what it draws, and what it refuses."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rover.core.errors import LogError, UsageError
from rover.core.time import parse_utc
from rover.io.dormancy_log import read_dormancy_log, read_published_days
from rover.sky.dormancy import ArrayOutput
from sim.cli.hindcast import predict
from sim.cli.hindcast_tables import hindcast_of, rule_words
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


def test_later_lunar_days_are_set_beside_and_scored_apart():
    """Days 17 and later, which nothing is fitted to, keep the figures and beat the constant."""
    told_days = json.loads(told("--from", "17", "--json"))
    found = told_days["errors_h"]["lunar days not fitted to"]
    assert found["lunar_days"] == [19, 20, 21, 22, 23, 24, 25, 26, 27, 29, 44]
    assert found["this_rule"]["events"] == found["constant_elevation"]["events"] == 13
    assert found["this_rule"]["greatest"] < 5
    assert found["this_rule"]["median"] < 1.5
    for figure in ("median", "mean", "greatest"):
        assert found["this_rule"][figure] < found["constant_elevation"][figure]
    errors = [day[f"{name}_error_h"] for day in told_days["days"] for name in ("wake", "sleep")]
    sizes = sorted(abs(error) for error in errors if error is not None)
    assert (sizes[6], sizes[-1]) == pytest.approx(
        (found["this_rule"]["median"], found["this_rule"]["greatest"])
    )
    assert "lunar days not fitted to: best constant" in told("--to", "3")


def test_the_readme_says_what_holds():
    found = json.loads(told("--to", "2", "--json"))["errors_h"]
    text = " ".join((Path(__file__).parents[3] / "README.md").read_text(encoding="utf-8").split())
    (own, constant), (own_later, constant_later) = (
        (found[words]["this_rule"], found[words]["constant_elevation"])
        for words in ("each of these left out of the fit", "lunar days not fitted to")
    )
    assert f"mean error {own['mean']:.1f} h against {constant['mean']:.1f}" in text
    means = f"mean {own_later['mean']:.1f} h against {constant_later['mean']:.1f}"
    assert f"{means}, greatest {own_later['greatest']:.1f} h against {constant_later['greatest']:.1f}" in text


def test_rules_are_fitted_to_lunar_days_2_to_16_alone():
    """A row of another day in the log, however wrong, moves no threshold."""
    published = read_published_days()
    wrong = replace(published[0], lunar_day=20, sleep=published[1].wake)
    alone = predict(2, 3, read_dormancy_log())
    for log in (published, [*read_dormancy_log(), wrong], [replace(wrong, lunar_day=1), *published]):
        again = predict(2, 3, log)
        for name in ("rule", "constant"):
            mine, theirs = getattr(alone, name), getattr(again, name)
            assert (mine.wake_at, mine.sleep_at_rad) == (theirs.wake_at, theirs.sleep_at_rad)
        assert again.scores[0].own.tolist() == alone.scores[0].own.tolist()


def test_another_log_is_scored_on_the_days_that_it_holds(tmp_path):
    log = tmp_path / "more.csv"
    log.write_text(HEAD + "29,2021-04-05T19:54Z,\n", encoding="utf-8")  # go-taikonauts 2021-04-07: 03:54 BJT
    found = json.loads(told("--log", str(log), "--json"))
    (error,) = (day["wake_error_h"] for day in found["days"] if day["wake_error_h"] is not None)
    assert error == pytest.approx(1.4, abs=0.1)
    assert found["errors_h"]["lunar days not fitted to"]["this_rule"] == pytest.approx(
        {"events": 1, "median": error, "mean": error, "greatest": error}
    )


def test_what_is_not_scored_in_the_bundled_log_is_not_scored_in_another(reference):
    """The reference log has no column for the standing of the converted and inferred wakes of days 8 and 14."""
    log = str(reference / "tracks" / "yutu2_log.csv")
    whole, part = (json.loads(told("--log", log, "--to", to, "--json")) for to in ("44", "5"))
    unscored = [
        day["lunar_day"] for day in whole["days"] if not day["wake_scored"] and day["published_wake_utc"]
    ]
    assert unscored == [8, 14]
    found = whole["errors_h"]
    assert found == part["errors_h"]  # over whole logs, whichever days are listed
    assert found["lunar days fitted to, by the log given"] == found["lunar days fitted to"]
    assert found["lunar days fitted to"]["this_rule"]["events"] == 11
    assert found["lunar days fitted to"]["lunar_days"] == [2, 3, 4, 7, 8, 9, 10, 12, 15, 16]


def test_the_rule_tells_its_own_lean_and_that_it_is_assumed():
    place = {"latitude_rad": math.radians(-45.4446), "longitude_rad": math.radians(177.5991)}
    made = hindcast_of(ArrayOutput(math.radians(17.0)), [2], **place, published=read_published_days())
    words = rule_words(made)
    assert "leaning 17 deg to the north" in words
    assert "lean is assumed" in words and "lunar days 2-16 only" in words


def test_a_picture_is_drawn(tmp_path):
    told("--to", "6", "--plot", str(tmp_path / "h.png"))
    assert (tmp_path / "h.png").read_bytes().startswith(b"\x89PNG")


def test_bad_words_are_refused(tmp_path):
    assert "--from = 0: no lunar day" in refused(UsageError, "--from", "0")
    assert "--to = 3: comes before --from" in refused(UsageError, "--from", "9", "--to", "3")
    assert "pictures are PNG" in refused(UsageError, "--plot", str(tmp_path / "h.jpg"))
    assert "cannot be read" in refused(LogError, "--log", str(tmp_path / "none.csv"))
