"""The log of published times: what it holds, and what is refused."""

from __future__ import annotations

import csv
import re

import pytest

from rover.core.errors import LogError, TimeError
from rover.io.dormancy_log import read_dormancy_log, read_lander_log, read_published_days

HEAD = "lunar_day,rover_wake_utc,rover_sleep_utc\n"


def test_bundled_rows_name_their_sources_and_are_in_order():
    rows = read_dormancy_log()
    assert [row.lunar_day for row in rows] == sorted(row.lunar_day for row in rows)
    assert all(2 <= row.lunar_day <= 16 and len(row.source) > 3 for row in rows)
    assert sum(row.wake_counts for row in rows) == 8
    assert sum(row.sleep_counts for row in rows) == 3
    assert [row.lunar_day for row in rows if row.wake and not row.wake_counts] == [8, 14]


def test_bundled_times_are_those_of_the_reference(reference):
    with (reference / "tracks" / "yutu2_log.csv").open(encoding="utf-8", newline="") as file:
        wanted = {int(row["lunar_day"]): row for row in csv.DictReader(file)}
    for row in read_dormancy_log():
        for name, epoch in (("rover_wake_utc", row.wake), ("rover_sleep_utc", row.sleep)):
            text = wanted[row.lunar_day][name]
            assert (epoch.utc_at(0.0)[:16] + "Z" if epoch else "") == text
        del wanted[row.lunar_day]
    assert not any(row["rover_wake_utc"] or row["rover_sleep_utc"] for row in wanted.values())


def test_the_lander_s_times_are_those_of_the_reference(reference):
    rows = read_lander_log()
    with (reference / "tracks" / "yutu2_log.csv").open(encoding="utf-8", newline="") as file:
        wanted = {int(row["lunar_day"]): row for row in csv.DictReader(file)}
    for row in rows:
        for name, epoch in (("lander_wake_utc", row.wake), ("lander_sleep_utc", row.sleep)):
            assert (epoch.utc_at(0.0)[:16] + "Z" if epoch else "") == wanted[row.lunar_day][name]
        del wanted[row.lunar_day]
    assert not any(row["lander_wake_utc"] or row["lander_sleep_utc"] for row in wanted.values())
    assert [row.lunar_day for row in rows if row.wake and not row.wake_counts] == [8, 14]
    for ours, theirs in zip(
        rows, read_dormancy_log(), strict=True
    ):  # the lander wakes half a day to a day later
        if ours.wake and theirs.wake:
            assert 12.0 < theirs.wake.seconds_until(ours.wake) / 3600.0 < 25.5


def test_later_rows_are_later_and_their_times_are_the_sources_eight_hours_earlier():
    """Sources give the clock of Beijing or Hong Kong, UTC+8; a slip of the zone or of AM and PM would show."""
    rows = [row for row in read_published_days() if row.lunar_day > 16]
    assert read_published_days()[: -len(rows)] == read_dormancy_log()
    assert [row.lunar_day for row in rows] == sorted({row.lunar_day for row in rows})
    assert (sum(row.wake_counts for row in rows), sum(row.sleep_counts for row in rows)) == (8, 5)
    for row in rows:
        clocks = re.findall(r"\b(\d\d):(\d\d)\b", row.source)
        utc = [epoch.utc_at(0.0)[11:16] for epoch in (row.wake, row.sleep) if epoch is not None]
        assert utc == [f"{(int(hour) - 8) % 24:02d}:{minute}" for hour, minute in clocks]
        assert re.search("BJT|Beijing time|Hong Kong time", row.source)


def test_a_log_without_standings_counts_whole(tmp_path):
    path = tmp_path / "log.csv"
    path.write_text(HEAD + "17,2020-04-16T12:00Z,\n18,,2020-05-29T01:00:30Z\n", encoding="utf-8")
    first, second = read_dormancy_log(path)
    assert first.wake_counts and first.sleep is None and not first.sleep_counts
    assert second.sleep.utc_at(0.0) == "2020-05-29T01:00:30Z"


@pytest.mark.parametrize(
    ("text", "error", "says"),
    [
        ("", LogError, "lunar_day: is missing from the header"),
        ("lunar_day,rover_wake_utc\n2,\n", LogError, "rover_sleep_utc: is missing from the header"),
        (HEAD, LogError, "holds no lunar day"),
        (HEAD + "0,,\n", LogError, "lunar_day = 0: not a lunar day"),
        (HEAD + "two,,\n", LogError, "lunar_day = two"),
        (HEAD + "2,,\n2,,\n", LogError, "line 3: lunar_day = 2: comes twice"),
        (HEAD + "2,yesterday,\n", TimeError, "line 2: rover_wake_utc = yesterday"),
        (
            HEAD + "16,,\n17,2025-04-16T12:00Z,\n",
            LogError,
            "line 3: rover_wake_utc = 2025-04-16T12:00Z: not in lunar day 17; correct it or the day: it is a time of"
            " lunar day 79",
        ),
        (
            HEAD + "2,,2019-01-13T20:00Z\n",
            LogError,
            "rover_sleep_utc = 2019-01-13T20:00Z: not in lunar day 2",
        ),
        (HEAD + f"{10**30},2019-01-29T12:00Z,\n", LogError, "it is a time of lunar day 2"),
        (HEAD + "2,2019-01-29T12:00,\n", TimeError, "rover_wake_utc = 2019-01-29T12:00"),
    ],
)
def test_a_bad_log_is_refused_with_its_line(tmp_path, text, error, says):
    path = tmp_path / "log.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(error) as caught:
        read_dormancy_log(path)
    assert says in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_missing_log_is_refused(tmp_path):
    with pytest.raises(LogError, match="cannot be read"):
        read_dormancy_log(tmp_path / "none.csv")
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(LogError, match="is no CSV"):
        read_dormancy_log(tmp_path / "binary.csv")
