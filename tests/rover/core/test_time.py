"""UTC at the edges, TT inside: round trips, leap seconds, dates that are none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rover.core.errors import TimeError
from rover.core.time import SYNODIC_MONTH_S, parse_utc

LEAP_SECONDS = ("1972-06-30", "1981-06-30", "1998-12-31", "2005-12-31", "2012-06-30", "2016-12-31")


@settings(deadline=None, max_examples=300)
@given(
    st.datetimes(min_value=datetime(1972, 1, 1), max_value=datetime(2100, 12, 31, 23, 59, 59)),
    st.sampled_from(["", "Z only to the minute"]),
)
def test_what_is_read_is_written_back(moment: datetime, to_the_minute: str) -> None:
    text = moment.strftime("%Y-%m-%dT%H:%M") + ("Z" if to_the_minute else moment.strftime(":%SZ"))
    expected = text if not to_the_minute else text[:-1] + ":00Z"
    assert parse_utc(text).utc_at(0.0) == expected


@settings(deadline=None, max_examples=200)
@given(
    st.datetimes(min_value=datetime(2017, 1, 1), max_value=datetime(2040, 1, 1)),
    st.integers(min_value=-(10**7), max_value=10**8),
)
def test_seconds_count_as_the_calendar_does_where_no_leap_second_falls(
    moment: datetime, later_s: int
) -> None:
    moment = moment.replace(microsecond=0, tzinfo=UTC)
    later = moment + timedelta(seconds=later_s)
    if later.year < 2017:
        return
    epoch = parse_utc(moment.strftime("%Y-%m-%dT%H:%M:%SZ"))
    assert epoch.utc_at(float(later_s)) == later.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert epoch.seconds_until(parse_utc(later.strftime("%Y-%m-%dT%H:%M:%SZ"))) == pytest.approx(
        later_s, abs=1e-3
    )


@pytest.mark.parametrize("day", LEAP_SECONDS)
def test_a_leap_second_is_a_second(day: str) -> None:
    before = parse_utc(f"{day}T23:59:59Z")
    assert before.utc_at(1.0) == f"{day}T23:59:60Z"
    assert parse_utc(f"{day}T23:59:60Z").utc_at(0.0) == f"{day}T23:59:60Z"
    next_day = before.utc_at(2.0)
    assert next_day.endswith("T00:00:00Z")
    assert before.seconds_until(parse_utc(next_day)) == pytest.approx(2.0, abs=1e-4)


def test_terrestrial_time_is_69_184_s_ahead_since_2017() -> None:
    epoch = parse_utc("2019-01-03T14:22:00Z")
    days = (epoch.tt_jd1 - 2_458_486.5) + epoch.tt_jd2  # JD of 2019-01-03T00:00
    assert days * 86_400.0 == pytest.approx(14 * 3600 + 22 * 60 + 37 + 32.184, abs=1e-4)


@pytest.mark.parametrize("text", [
    "2017-06-30T23:59:60Z",  # no leap second there
    "2016-12-31T12:30:60Z",
    "2016-12-31T23:59:61Z",
    "2019-02-29T00:00:00Z",
    "2019-13-01T00:00:00Z",
    "2019-00-01T00:00:00Z",
    "2019-01-32T00:00:00Z",
    "2019-01-03T24:00:00Z",
    "2019-01-03T14:60:00Z",
    "1971-12-31T00:00:00Z",
    "2101-01-01T00:00:00Z",
    "2019-01-03",
    "2019-01-03T14:22",
    "2019-01-03T14:22+08:00",
    "2019-1-3T14:22Z",
    "２０１９-01-03T14:22Z",
    "tomorrow",
    "",
    "2019-01-03T14:22Z\n2019",
])  # fmt: skip
def test_dates_that_are_none_are_refused_by_name(text: str) -> None:
    with pytest.raises(TimeError) as refused:
        parse_utc(text, field="start_utc", file="a.toml")
    message = str(refused.value)
    assert message.startswith("farside: error[TIME]: a.toml: start_utc = ")
    assert "\n" not in message
    assert refused.value.exit_code == 2


@pytest.mark.parametrize("seconds", ["59.4", "59.5", "59.7", "59.999999", "00.5"])
def test_fractions_of_a_second_are_kept(seconds: str) -> None:
    whole = parse_utc("2019-01-03T14:22:00Z")
    assert whole.seconds_until(parse_utc(f"2019-01-03T14:22:{seconds}Z")) == pytest.approx(
        float(seconds), abs=1e-4
    )


def test_a_lunar_day_is_29_and_a_half_days() -> None:
    assert (
        pytest.approx(29 * 86_400 + 12 * 3600 + 44 * 60 + 2.9, abs=0.2) == SYNODIC_MONTH_S
    )  # 29 d 12 h 44 min 2.9 s
