"""UTC at the edges, TT inside: round trips, leap seconds, dates that are none."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone

import erfa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rover.core.errors import TimeError
from rover.core.time import (
    LEAP_SECONDS_KNOWN_UNTIL,
    SYNODIC_MONTH_S,
    Epoch,
    parse_utc,
    time_note,
    utc_julian_date,
    with_z,
)

LEAP_SECONDS = ("1972-06-30", "1981-06-30", "1998-12-31", "2005-12-31", "2012-06-30", "2016-12-31")


@settings(deadline=None, max_examples=300)
@given(
    st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2100, 12, 31, 23, 59, 59)),
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
    "1899-12-31T23:59:59Z",
    "1900-01-01T00:00:00+00:01",
    "2100-12-31T23:59:59-00:01",
    "1959-12-31T23:59:60Z",  # days of UT1 are of one length
    "1968-01-31T23:59:59.95Z",  # that day was a tenth of a second short
    "2017-01-01T08:59:60+08:00",
    "2019-01-03T14:22+15:00",
    "2019-01-03T14:22+08:60",
    "2019-01-03T14:22+0800",
    "2101-01-01T00:00:00Z",
    "2019-01-03",
    "2019-01-03T14:22",
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


@settings(deadline=None, max_examples=200)
@given(st.datetimes(min_value=datetime(1900, 1, 1), max_value=datetime(2100, 12, 31)))
def test_the_julian_date_in_utc_is_that_of_the_text(moment: datetime) -> None:
    epoch = parse_utc(moment.strftime("%Y-%m-%dT%H:%M:%SZ"))
    day = (moment.replace(microsecond=0) - datetime(2000, 1, 1, 12)) / timedelta(days=1)
    (found,) = utc_julian_date(epoch.tt_jd1, np.array([epoch.tt_jd2]))
    assert (epoch.tt_jd1 - 2_451_545.0) + found == pytest.approx(day, abs=2e-5 / 86_400)


def test_the_julian_date_in_utc_of_many_times_is_that_of_each() -> None:
    jd1, jd2 = parse_utc("1958-01-01T00:00:00Z").tt_at(np.arange(0.0, 20 * 365.25, 3.7) * 86_400)
    each = [utc_julian_date(jd1, jd2[i : i + 1])[0] for i in range(len(jd2))]
    np.testing.assert_array_equal(utc_julian_date(jd1, jd2), each)
    assert (np.diff(each) > 0).all()


def test_a_lunar_day_is_29_and_a_half_days() -> None:
    assert (
        pytest.approx(29 * 86_400 + 12 * 3600 + 44 * 60 + 2.9, abs=0.2) == SYNODIC_MONTH_S
    )  # 29 d 12 h 44 min 2.9 s


@settings(deadline=None, max_examples=200)
@given(
    st.sampled_from(["1959-12-31", "1961-07-31", "1963-10-31", "1968-01-31", "1971-12-31", *LEAP_SECONDS]),
    st.integers(min_value=-100_000, max_value=100_000),
)
def test_seconds_pass_one_by_one_over_every_edge(day: str, second: int) -> None:
    """At the edges of eras, the steps before 1972 and leap seconds: no second is left out, none comes twice."""
    edge = parse_utc(f"{day}T23:59:59Z")
    text = edge.utc_at(float(second))
    assert parse_utc(text).utc_at(0.0) == text
    assert edge.seconds_until(parse_utc(text)) == pytest.approx(second, abs=0.61)  # whole seconds of UTC
    if abs(edge.seconds_until(parse_utc(text)) - second) < 0.4:
        assert edge.utc_at(float(second + 1)) > text or text.endswith("23:59:60Z")


def test_the_last_fraction_of_a_day_of_1971_has_a_name() -> None:
    """The day was 0.107758 s longer, so that TAI - UTC was 10 s in 1972 (BIH)."""
    last, first = parse_utc("1971-12-31T23:59:60Z"), parse_utc("1972-01-01T00:00:00Z")
    assert last.utc_at(0.0) == "1971-12-31T23:59:60Z"
    assert last.seconds_until(first) == pytest.approx(0.107758, abs=1e-5)


@settings(deadline=None, max_examples=200)
@given(st.datetimes(min_value=datetime(1960, 1, 1), max_value=datetime(2026, 12, 31)))
def test_terrestrial_time_is_that_of_erfa(moment: datetime) -> None:
    epoch = parse_utc(moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
    clock = moment.second + moment.microsecond / 1e6
    utc = erfa.dtf2d("UTC", moment.year, moment.month, moment.day, moment.hour, moment.minute, clock)
    tt1, tt2 = erfa.taitt(*erfa.utctai(*utc))
    assert abs((epoch.tt_jd1 - tt1) + (epoch.tt_jd2 - tt2)) * 86_400.0 < 1e-6


def test_before_1960_terrestrial_time_is_right_to_about_a_second() -> None:
    """Against Delta T of Morrison, Stephenson, Hohenkerk and Zawilski (2021), as skyfield has it; worst in 1906."""
    from skyfield.api import load

    scale = load.timescale(builtin=True)
    for year in range(1900, 1960):
        for month in (1, 7):
            epoch = parse_utc(f"{year}-{month:02d}-01T12:00:00Z")
            theirs = scale.ut1(year, month, 1, 12).tt
            assert abs((epoch.tt_jd1 - theirs) + epoch.tt_jd2) * 86_400.0 < 1.2, year


def test_time_does_not_jump_where_eras_meet() -> None:
    """Delta T at 1960.0 was 33.15 s (Astronomical Almanac, K8), TT - UTC 33.13 s."""
    for day, after in (
        ("1959-12-31", "1960-01-01"),
        ("1919-12-31", "1920-01-01"),
        ("1940-12-31", "1941-01-01"),
    ):
        step_s = parse_utc(f"{day}T23:59:59Z").seconds_until(parse_utc(f"{after}T00:00:01Z"))
        assert step_s == pytest.approx(2.0, abs=1e-3)


@settings(deadline=None, max_examples=200)
@given(
    st.datetimes(min_value=datetime(1901, 1, 1), max_value=datetime(2100, 1, 1)),
    st.integers(min_value=-14 * 60, max_value=14 * 60),
)
def test_an_offset_names_the_same_instant(moment: datetime, east_min: int) -> None:
    utc = moment.replace(microsecond=0, tzinfo=UTC)
    there = utc.astimezone(timezone(timedelta(minutes=east_min)))
    text = utc.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert parse_utc(there.isoformat()) == parse_utc(text)
    assert with_z(there.isoformat()) == text


def test_a_leap_second_is_told_by_any_clock() -> None:
    assert parse_utc("2017-01-01T07:59:60+08:00") == parse_utc("2016-12-31T23:59:60Z")


@pytest.mark.parametrize("text", ["2019-01-03T14:22", "2019-01-03T14:22:00"])
def test_a_time_without_zone_is_refused_with_what_to_write(text: str) -> None:
    with pytest.raises(
        TimeError, match="a time without zone; write UTC as .*Z, or with its offset as .*08:00"
    ):
        parse_utc(text)


@pytest.mark.parametrize(
    ("utc", "says"),
    [
        ("1900-01-01T00:00Z", r"UT1, with Delta T = -2\.8 s after Espenak and Meeus"),
        ("1959-12-31T23:59:59Z", r"UT1, with Delta T = 33\.\d s"),
        ("1960-01-01T00:00:00Z", r"TAI - UTC = 0\.943 s"),
        ("1971-12-31T23:59:59Z", r"TAI - UTC = 9\.890 s"),
        ("1972-01-01T00:00:00Z", None),
        ("2019-01-03T02:26:00Z", None),
        ("2027-06-27T23:59:59Z", None),
        (
            "2027-06-28T00:00:00Z",
            r"known until 2027-06-28: none is assumed after that \(TAI - UTC stays 37 s\)",
        ),
        ("2100-12-31T23:59:59Z", "none is assumed"),
    ],
)
def test_what_rule_an_instant_uses_is_said(utc: str, says: str | None) -> None:
    note = time_note(parse_utc(utc))
    if says is None:
        assert note is None
    else:
        assert note is not None
        assert re.search(says, note)
        assert "\n" not in note


def test_leap_seconds_are_those_of_the_iers() -> None:
    """Its Leap_Second.dat lists what ERFA has built in, and until when nothing more is to come."""
    from importlib.util import find_spec
    from pathlib import Path

    spec = find_spec("astropy_iers_data")
    assert spec is not None
    assert spec.origin is not None
    text = (Path(spec.origin).parent / "data" / "Leap_Second.dat").read_text(encoding="utf-8")
    rows = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    for mjd, day, month, year, tai_minus_utc in rows:
        before = parse_utc(f"{year}-{int(month):02d}-{int(day):02d}T00:00:00Z")
        days = (before.tt_jd1 - 2_400_000.5 - float(mjd)) + before.tt_jd2
        assert days * 86_400.0 == pytest.approx(int(tai_minus_utc) + 32.184, abs=1e-6)
    expires = re.search(r"File expires on (.*)", text)
    assert expires is not None
    assert datetime.strptime(expires[1].strip(), "%d %B %Y").date() >= LEAP_SECONDS_KNOWN_UNTIL
    assert date(2017, 1, 1) < LEAP_SECONDS_KNOWN_UNTIL
    assert rows[-1][1:] == ["1", "1", "2017", "37"]


def test_times_run_on_beyond_the_years_served() -> None:
    """An almanac begins a lunar day early and ends a little late."""
    assert parse_utc("1900-01-01T00:00:00Z").utc_at(-SYNODIC_MONTH_S).startswith("1899-12-02")
    assert parse_utc("2100-12-31T00:00:00Z").utc_at(SYNODIC_MONTH_S).startswith("2101-01-29")
    assert Epoch(tt_jd1=2_451_545.0, tt_jd2=0.0).utc_at(0.0) == "2000-01-01T11:58:56Z"
