"""The Sun's phases against a classification written here, minute by minute, over three lunar days."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from rover.core.grid import Site
from rover.core.time import SYNODIC_MONTH_S, parse_utc
from rover.limits.base import Leg
from rover.limits.thermal import Phase, SunWindow, SunWindowParams
from rover.sky.almanac import Almanac, build_almanac

CHANGE_4 = Site(
    latitude_rad=math.radians(-45.4446), longitude_rad=math.radians(177.5991), body="moon", crs_wkt=""
)
DAYS = 3


def bounds(**degrees: float) -> SunWindowParams:
    given = {"min_drive": 10.0, "nap_enter": 42.0, "nap_exit": 30.0, "dormant": 8.7, "wake": 6.9} | degrees
    return SunWindowParams(**{f"{name}_rad": math.radians(value) for name, value in given.items()})


BOUNDS = {
    "yutu-2": bounds(),
    "a wide nap": bounds(nap_enter=20.0, nap_exit=35.0),
    "no nap": bounds(nap_enter=50.0),
    "nap just below noon": bounds(nap_enter=44.9, nap_exit=44.0),  # reached on some of these days only
    "late riser": bounds(wake=15.0, dormant=5.0),
    "one bound for all": bounds(min_drive=8.0, dormant=8.0, wake=8.0),
}


@pytest.fixture(scope="module")
def almanac() -> Almanac:
    return build_almanac(CHANGE_4, parse_utc("2019-01-03T14:22:00Z"), duration_s=DAYS * SYNODIC_MONTH_S)


def classified(
    almanac: Almanac, params: SunWindowParams, time_s: npt.NDArray[np.float64]
) -> list[Phase | None]:
    """Walk through the minutes as the rules are told to a person; None where a change is nearer than a minute.

    Times begin before a noon, so that whether a nap was begun is known from then on.
    """
    elevation = almanac.elevations(time_s)
    asleep, napping = False, False
    phases: list[Phase | None] = []
    for before, now in zip(elevation[:-1], elevation[1:], strict=True):
        if now > before:
            asleep = now < params.wake_rad
            napping = now >= params.nap_enter_rad
        else:
            asleep = asleep or now <= params.dormant_rad
            napping = napping and now > params.nap_exit_rad
        if asleep:
            phases.append(Phase.NIGHT)
        elif napping:
            phases.append(Phase.NAP)
        else:
            phases.append(Phase.DRIVE if now >= params.min_drive_rad else Phase.LOW)
    sharp = [p if p is not None and p == q else None for p, q in zip(phases, phases[1:], strict=False)]
    return [None, *sharp, None]


@pytest.mark.parametrize("name", list(BOUNDS))
def test_phases_by_brute_force(name: str, almanac: Almanac) -> None:
    params = BOUNDS[name]
    window = SunWindow(almanac, params)
    time_s = np.arange(almanac.time_s[0] + 0.3 * SYNODIC_MONTH_S, DAYS * SYNODIC_MONTH_S, 60.0)
    time_s = time_s[: np.searchsorted(time_s, DAYS * SYNODIC_MONTH_S)]
    expected = classified(almanac, params, time_s)
    first = next(i for i, phase in enumerate(expected) if phase is Phase.NIGHT)  # from a morning on
    wrong = [
        (time_s[i] / 3600, expected[i], window.phase_at(time_s[i]))
        for i in range(first, len(time_s))
        if expected[i] is not None and expected[i] is not window.phase_at(time_s[i])
    ]
    assert not wrong, wrong[:5]


@pytest.mark.parametrize("name", list(BOUNDS))
def test_the_next_change_is_where_the_phase_changes(name: str, almanac: Almanac) -> None:
    window = SunWindow(almanac, BOUNDS[name])
    time_s, seen = 0.0, 0
    while True:
        change_s = window.next_change(time_s)
        if change_s == almanac.time_s[-1]:
            break
        assert change_s > time_s
        assert window.phase_at(change_s - 0.2) is window.phase_at(time_s)
        assert window.phase_at(change_s) is not window.phase_at(time_s)
        assert window.next_change((time_s + change_s) / 2) == change_s
        time_s, seen = change_s, seen + 1
    assert seen >= 2 * DAYS


def test_changes_stand_at_the_bounds_to_a_second(almanac: Almanac) -> None:
    window = SunWindow(almanac, BOUNDS["yutu-2"])
    degrees = {
        (Phase.NIGHT, Phase.LOW): 6.9,
        (Phase.LOW, Phase.DRIVE): 10.0,
        (Phase.DRIVE, Phase.NAP): 42.0,
        (Phase.NAP, Phase.DRIVE): 30.0,
        (Phase.DRIVE, Phase.LOW): 10.0,
        (Phase.LOW, Phase.NIGHT): 8.7,
    }
    time_s, met = 0.0, set()
    while (change_s := window.next_change(time_s)) < DAYS * SYNODIC_MONTH_S:
        kind = window.phase_at(time_s), window.phase_at(change_s)
        rate = 0.36 / 3600  # deg per second at the most
        assert math.degrees(almanac.sun_at(change_s).elevation_rad) == pytest.approx(degrees[kind], abs=rate)
        met.add(kind)
        time_s = change_s
    assert met == set(degrees)


def noons(almanac: Almanac) -> list[tuple[float, float]]:
    """(time, elevation in deg) of each noon, to ten seconds."""
    time_s = np.arange(0.0, DAYS * SYNODIC_MONTH_S, 10.0)
    elevation = almanac.elevations(time_s)
    top = np.flatnonzero((elevation[1:-1] > elevation[:-2]) & (elevation[1:-1] >= elevation[2:])) + 1
    return [(float(time_s[i]), math.degrees(elevation[i])) for i in top]


def test_no_nap_in_the_afternoon_of_a_day_whose_noon_stays_below_the_bound(almanac: Almanac) -> None:
    """Noon reaches 44.26, 45.10 and 45.77 deg on these days."""
    times = noons(almanac)
    assert [round(elevation, 1) for _, elevation in times] == [44.3, 45.1, 45.8]
    window = SunWindow(almanac, bounds(nap_enter=45.5, nap_exit=30.0))
    naps = []
    for noon_s, _ in times:
        afternoon = [window.phase_at(noon_s + hours * 3600.0) for hours in np.arange(0.0, 80.0, 0.05)]
        naps.append(Phase.NAP in afternoon)
        if not naps[-1]:
            assert set(afternoon) == {Phase.DRIVE}
    assert naps == [False, False, True]


@pytest.mark.parametrize("minute", [0, 7, 15, 22])
def test_a_nap_lasts_through_noon_without_a_break(minute: int) -> None:
    """A day that naps after one that does not: noon itself must not be taken for the day before."""
    epoch = parse_utc(f"2019-01-03T14:{minute:02d}:00Z")
    almanac = build_almanac(CHANGE_4, epoch, duration_s=DAYS * SYNODIC_MONTH_S)
    for enter in (44.5, 45.5):
        window = SunWindow(almanac, bounds(nap_enter=enter, nap_exit=30.0))
        for noon_s, elevation in noons(almanac):
            around = {window.phase_at(noon_s + s) for s in np.arange(-1800.0, 1800.0, 5.0)}
            assert around == {Phase.NAP if elevation > enter else Phase.DRIVE}


def test_the_night_is_as_long_as_the_sun_stays_away(almanac: Almanac) -> None:
    window = SunWindow(almanac, BOUNDS["yutu-2"])
    synodic_h = SYNODIC_MONTH_S / 3600
    # Awake 299-316 h of each lunar day: Yutu-2's own record.
    assert synodic_h - 325 < window.longest_night_s / 3600 < synodic_h - 299
    assert SunWindow(almanac, bounds(wake=-80.0, dormant=-80.0)).longest_night_s == 0.0


def test_times_outside_the_almanac_are_refused(almanac: Almanac) -> None:
    window = SunWindow(almanac, BOUNDS["yutu-2"])
    for outside in (almanac.time_s[0] - 1.0, almanac.time_s[-1] + 1.0, math.nan):
        with pytest.raises(ValueError, match="outside the almanac"):
            window.phase_at(outside)


def leg(almanac: Almanac, start_s: float, hours: float, *, driving: bool = True) -> Leg:
    elevation = almanac.elevations(np.linspace(start_s, start_s + hours * 3600, 200))
    return Leg(
        start_s=start_s,
        end_s=start_s + hours * 3600,
        path_m=np.zeros((1, 2)),
        tilt_rad=0.0,
        soc=0.5,
        sun_elevation_rad=(float(elevation.min()), float(elevation.max())),
        sun_rising=almanac.sun_at(start_s).rising,
        driving=driving,
    )


def test_a_drive_holds_exactly_where_the_phase_is_drive(almanac: Almanac) -> None:
    for params in BOUNDS.values():
        if params.min_drive_rad <= params.wake_rad:
            continue  # there the margin leaves the night to the timetable
        window = SunWindow(almanac, params)
        for start_s in np.arange(0.0, 2.5 * SYNODIC_MONTH_S, 7 * 3600.0):
            ends = {window.phase_at(start_s), window.phase_at(start_s + 3600.0)}
            if len(ends) == 1 and window.next_change(start_s) > start_s + 3600.0:
                assert window.margin(leg(almanac, start_s, 1.0)).holds == (ends == {Phase.DRIVE})


def test_the_slack_is_the_distance_to_the_nearer_bound(almanac: Almanac) -> None:
    window = SunWindow(almanac, BOUNDS["yutu-2"])
    noon_s = noons(almanac)[1][0]
    morning = leg(almanac, noon_s - 100 * 3600.0, 1.0)
    low, high = morning.sun_elevation_rad
    margin = window.margin(morning)
    assert margin.slack == pytest.approx(min(low - math.radians(10), math.radians(42) - high))
    assert margin.slack == pytest.approx(abs(margin.bound - margin.value))
    afternoon = leg(almanac, noon_s + 100 * 3600.0, 1.0)
    margin = window.margin(afternoon)
    low, high = afternoon.sun_elevation_rad
    assert margin.slack == pytest.approx(min(low - math.radians(10), math.radians(30) - high))


def test_a_parked_leg_has_all_the_room(almanac: Almanac) -> None:
    window = SunWindow(almanac, BOUNDS["yutu-2"])
    assert window.margin(leg(almanac, 20 * 86_400.0, 100.0, driving=False)).holds


@pytest.mark.parametrize("elevations", [(math.nan, 0.4), (0.4, math.nan), (math.nan, math.nan)])
def test_a_sun_that_is_not_known_does_not_hold(almanac: Almanac, elevations: tuple[float, float]) -> None:
    window = SunWindow(almanac, BOUNDS["yutu-2"])
    unknown = replace(leg(almanac, 0.0, 1.0), sun_elevation_rad=elevations)
    assert not window.margin(unknown).holds
