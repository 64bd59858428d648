"""The monitor, on states made by hand: every rule fires, once for each stretch, and clears."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from shapely.geometry import box

from rover.core.bodies import AU_M
from rover.core.boundary import Mode, Observation, StereoPoints
from rover.core.grid import Dem, GridGeometry, Site
from rover.core.zones import Zone, ZoneKind
from rover.io.vehicle import read_vehicle
from rover.sky.almanac import Sun
from sim.physics.power import PowerState
from sim.physics.suspension import Stance
from sim.physics.thermal import HeatState
from sim.run.monitor import Account, Monitor
from sim.run.world import WorldState

FIGURES = {
    "length_m": 1.5,
    "width_m": 1.0,
    "slope_limit_deg": 20.0,
    "roll_limit_deg": 15.0,
    "step_limit_m": 0.2,
}
YUTU_2 = read_vehicle("yutu-2", FIGURES).params
"""Yutu-2 with the figures that are reckoned with by hand below, whatever its file comes to say."""
SITE = Site(latitude_rad=0.0, longitude_rad=0.0, body="moon", crs_wkt="")
CRATER = Zone(name="crater", kind=ZoneKind.KEEP_OUT, polygon=box(10, -10, 20, 10))
FIELD = Zone(name="field", kind=ZoneKind.KEEP_IN, polygon=box(-50, -50, 50, 50))

GOOD = WorldState(
    time_s=0.0,
    east_m=0.0,
    north_m=0.0,
    yaw_rad=0.0,
    stance=Stance(
        up_m=0.0,
        pitch_rad=0.0,
        roll_rad=0.0,
        belly_gap_m=0.25,
        step_m=0.0,
        rocker_rad=0.0,
        bogie_rad=(0.0, 0.0),
        load_n=(36.5,) * 6,
        tip_margin_rad=0.8,
        stops_slack_rad=0.17,
    ),
    power=PowerState(stored_j=0.6 * YUTU_2.battery_j, first_j=0.6 * YUTU_2.battery_j),
    heat=HeatState(body_k=300.0, array_k=330.0, mast_k=340.0, wheels_k=340.0, stored_j=0.0, first_j=0.0),
    mode=Mode.DRIVE,
    array_w=60.0,
    load_w=70.0,
    ground_k=320.0,
    lit=1.0,
    sun=Sun(azimuth_rad=1.0, elevation_rad=math.radians(25), distance_m=AU_M, rising=True),
    distance_m=0.0,
    rolled_m=0.0,
    slip=0.0,
    stalled=False,
    motion=None,
    sinkage_m=(0.007,) * 6,
    dug_m=(0.0,) * 6,
)


def state(**changes: Any) -> WorldState:
    """GOOD with stance, power and sun figures changed by name."""
    parts: dict[str, Any] = {}
    for name in ("stance", "power", "heat", "sun"):
        held = getattr(GOOD, name)
        own = {key: changes.pop(key) for key in list(changes) if hasattr(held, key)}
        parts[name] = replace(held, **own)
    return replace(GOOD, **parts, **changes)


def monitor() -> Monitor:
    return Monitor(
        YUTU_2,
        zones=(CRATER, FIELD),
        reserve_soc=0.3,
        min_drive_sun_rad=math.radians(10),
        nap_enter_sun_rad=math.radians(42),
        nap_exit_sun_rad=math.radians(30),
        work_max_k=323.15,
    )


BROKEN = {
    "pitch": ({"pitch_rad": math.radians(20.1)}, 20.1, 20.0, "deg"),
    "roll": ({"roll_rad": math.radians(-15.1)}, 15.1, 15.0, "deg"),
    "contact": ({"step_m": 0.3}, 0.3, 0.2, "m"),
    "belly": ({"belly_gap_m": -0.01}, -0.01, 0.0, "m"),
    "too warm to work": ({"body_k": 324.0}, 324.0, 323.15, "K"),
    "reserve": ({"stored_j": 0.29 * YUTU_2.battery_j}, 0.29, 0.3, "soc"),
    "tip-over": ({"tip_margin_rad": math.radians(-0.5)}, -0.5, 0.0, "deg"),
    "zone crater": ({"east_m": 9.5}, -math.sqrt(0.25), 0.0, "m"),  # a quarter of a metre by the width of one
    "zone field": ({"north_m": 50.0}, -math.sqrt(0.75), 0.0, "m"),
    "drive in low Sun": ({"elevation_rad": math.radians(9.9)}, 9.9, 10.0, "deg"),
    "drive in high Sun": ({"elevation_rad": math.radians(42.1)}, 42.1, 42.0, "deg"),
}


def test_a_good_state_breaks_nothing() -> None:
    watching = monitor()
    for time_s in range(5):
        watching.watch(state(time_s=float(time_s)))
    assert watching.violations == []


@pytest.mark.parametrize("rule", list(BROKEN))
def test_a_rule_fires_once_for_each_stretch_and_clears(rule: str) -> None:
    changes, value, bound, unit = BROKEN[rule]
    watching = monitor()
    for time_s, is_bad in enumerate([False, True, True, True, False, False, True, False]):
        watching.watch(state(time_s=float(time_s), **(changes if is_bad else {})))
    assert [(v.rule, v.time_s) for v in watching.violations] == [(rule, 1.0), (rule, 6.0)]
    first = watching.violations[0]
    assert first.value == pytest.approx(value, abs=1e-6)
    assert first.bound == pytest.approx(bound)
    assert first.unit == unit


def test_an_empty_battery_is_noted_each_time_that_it_leaves_a_load_unserved() -> None:
    """The ledger's figure only grows: it is its growth that counts."""
    watching = monitor()
    for time_s, unserved_j in enumerate([0.0, 5.0, 9.0, 9.0, 9.0, 12.0, 12.0]):
        watching.watch(state(time_s=float(time_s), unserved_j=unserved_j))
    assert [(v.rule, v.time_s, v.value) for v in watching.violations] == [
        ("empty", 1.0, 5.0),
        ("empty", 5.0, 3.0),
    ]


@pytest.mark.parametrize("mode", [mode for mode in Mode if mode is not Mode.DRIVE])
def test_only_a_driving_rover_minds_the_sun(mode: Mode) -> None:
    watching = monitor()
    for elevation in (0.0, 5.0, 44.0):
        watching.watch(state(mode=mode, elevation_rad=math.radians(elevation)))
    assert watching.violations == []


@pytest.mark.parametrize("mode", [mode for mode in Mode if mode is not Mode.DRIVE])
def test_the_night_finds_it_asleep(mode: Mode) -> None:
    watching = monitor()
    watching.watch(state(mode=mode, elevation_rad=math.radians(-0.1), folded=mode is Mode.DORMANT))
    assert [v.rule for v in watching.violations] == ([] if mode is Mode.DORMANT else ["awake at night"])


@pytest.mark.parametrize(
    ("elevation_deg", "folded", "stuck", "broken"),
    [
        (-0.1, False, False, True),
        (-0.1, True, False, False),
        (-0.1, False, True, False),  # nobody on board can shut it
        (0.1, False, False, False),
    ],
)
def test_the_night_finds_its_array_folded(
    elevation_deg: float, folded: bool, stuck: bool, broken: bool
) -> None:
    watching = monitor()
    elevation_rad = math.radians(elevation_deg)
    watching.watch(state(mode=Mode.DORMANT, elevation_rad=elevation_rad, folded=folded, hinge_stuck=stuck))
    assert [v.rule for v in watching.violations] == (["array open at night"] if broken else [])


def rules_of(watching: Monitor) -> list[str]:
    return [violation.rule for violation in watching.violations]


def test_time_goes_on() -> None:
    watching = monitor()
    for time_s in (5.0, 5.0, 4.9):
        watching.watch(state(time_s=time_s))
    assert rules_of(watching) == ["time goes back"]


@pytest.mark.parametrize("field", ["east_m", "time_s", "body_k"])
def test_a_state_is_finite(field: str) -> None:
    watching = monitor()
    watching.watch(state(**{field: math.nan}))
    assert "state not finite" in rules_of(watching)


@pytest.mark.parametrize("mode", list(Mode))
def test_only_drive_mode_moves(mode: Mode) -> None:
    watching = monitor()
    watching.watch(state())
    watching.watch(replace(state(time_s=1.0, mode=mode), distance_m=0.01))
    assert rules_of(watching) == ([] if mode is Mode.DRIVE else ["motion out of drive mode"])


def test_a_haven_is_within_reach_before_the_night() -> None:
    """Level ground is one. Ten metres on over steeper ground, it is three minutes back."""
    watching = Monitor(
        YUTU_2, zones=(), reserve_soc=0.3, min_drive_sun_rad=0.1, nap_enter_sun_rad=1.0, nap_exit_sun_rad=1.0,
        dusks_s=(1000.0,), haven_tilt_rad=math.radians(10),
    )  # fmt: skip
    steep = replace(state(pitch_rad=math.radians(12)), distance_m=10.0)
    watching.watch(state(time_s=700.0))
    watching.watch(replace(steep, time_s=1000.0 - 10.0 / YUTU_2.speed_m_s - 1.0))
    assert watching.violations == []
    watching.watch(replace(steep, time_s=1000.0 - 10.0 / YUTU_2.speed_m_s + 0.5))
    assert rules_of(watching) == ["haven before night"]


def test_the_way_back_is_to_the_last_haven() -> None:
    """Level ground at fifty metres is one: ten metres on it is three minutes back, and not twenty."""
    watching = Monitor(
        YUTU_2, zones=(), reserve_soc=0.3, min_drive_sun_rad=0.1, nap_enter_sun_rad=1.0, nap_exit_sun_rad=1.0,
        dusks_s=(2000.0,), haven_tilt_rad=math.radians(10),
    )  # fmt: skip
    watching.watch(replace(state(time_s=900.0), distance_m=50.0))
    steep = replace(state(pitch_rad=math.radians(12)), distance_m=60.0)
    back_s = 10.0 / YUTU_2.speed_m_s
    watching.watch(replace(steep, time_s=2000.0 - back_s - 1.0))
    assert watching.violations == []
    watching.watch(replace(steep, time_s=2000.0 - back_s + 1.0))
    assert rules_of(watching) == ["haven before night"]


def test_the_place_is_as_sure_as_it_is_said_to_be() -> None:
    watching = monitor()
    watching.watch(GOOD)
    watching.hear(GOOD, Account(believed_m=(0.0, 0.0)))
    watching.hear(GOOD, Account(believed_m=(0.39, 0.0), sigma_m=0.1))
    assert watching.violations == []
    watching.hear(GOOD, Account(believed_m=(0.42, 0.0), sigma_m=0.1))
    watching.hear(GOOD, Account(believed_m=(0.0, 0.02)))
    assert rules_of(watching) == ["place"]


def test_what_it_has_learnt_lies_where_it_has_looked() -> None:
    watching = monitor()
    for k in range(4):
        watching.watch(state(time_s=float(k), east_m=2.0 * k))
    seen = np.array([[9.9, 0.0], [-4.9, 0.0], [2.0, 4.0]])
    here = state(time_s=3.0, east_m=6.0)
    watching.hear(here, Account(believed_m=(6.0, 0.0), learnt_m=seen, reach_m=5.0))
    assert watching.violations == []
    watching.hear(here, Account(believed_m=(6.0, 0.0), learnt_m=np.array([[11.5, 0.0]]), reach_m=5.0))
    assert rules_of(watching) == ["knows unseen ground"]
    assert watching.violations[0].value == pytest.approx(5.5)
    watching.hear(here, Account(believed_m=(6.0, 0.0), learnt_m=seen, reach_m=5.0))
    watching.hear(here, Account(believed_m=(6.0, 0.0), learnt_m=np.array([[-9.0, 0.0]]), reach_m=5.0))
    assert watching.violations[1].value == pytest.approx(9.0)


def looking_on(first_m: float, last_m: float) -> Observation:
    """A look that ranges a strip two metres wide along the way east, in cells of 0.1 m."""
    cols = round((last_m - first_m) / 0.1)
    geometry = GridGeometry(
        rows=20, cols=cols, resolution_m=0.1, east_m=first_m + 0.05, north_m=-0.95, site=SITE
    )
    heights = Dem(geometry=geometry, elevation_m=np.zeros((20, cols)), datum_m=0.0, source="a look")
    return Observation(
        time_s=0.0, east_m=0.0, north_m=0.0, yaw_rad=0.0, pitch_rad=0.0, roll_rad=0.0, soc=1.0, array_w=0.0,
        stalled=False, heights=heights,
    )  # fmt: skip


def seeing_monitor() -> Monitor:
    return Monitor(
        YUTU_2, zones=(), reserve_soc=0.3, min_drive_sun_rad=0.1, nap_enter_sun_rad=1.0, nap_exit_sun_rad=1.0,
        over_seen_ground=True,
    )  # fmt: skip


def test_it_drives_over_ground_that_it_has_seen_or_was_put_down_on() -> None:
    """It turns where it was put down, drives on to where it has looked, and back."""
    watching, way = seeing_monitor(), [*np.arange(0.0, 3.0, 0.05), *np.arange(3.0, 0.0, -0.05)]
    for yaw_rad in np.arange(0.0, math.pi, 0.1):
        watching.watch(state(yaw_rad=float(yaw_rad)))
    watching.looked(GOOD, looking_on(0.5, 4.0))
    for east_m in way:
        watching.watch(state(east_m=float(east_m)))
    assert watching.violations == []


def test_wheels_on_ground_that_no_look_has_shown_break_the_rule_for_as_long_as_they_are_on_it() -> None:
    """The front wheels leave the strip, all six go over a gap in what was seen, and come out upon it again."""
    watching = seeing_monitor()
    watching.watch(GOOD)
    for first_m, last_m in ((0.5, 2.0), (4.0, 6.0)):
        watching.looked(GOOD, looking_on(first_m, last_m))
    for east_m in np.arange(0.0, 5.0, 0.05):
        watching.watch(state(east_m=float(east_m), time_s=float(east_m)))
    assert set(rules_of(watching)) == {"drives over unseen ground"}
    first = watching.violations[0]
    assert first.time_s + YUTU_2.wheelbase_m / 2 == pytest.approx(2.3, abs=0.15)
    assert (first.value, first.bound, first.unit) == (2, 0.0, "wheels")
    watching.watch(state(east_m=5.0, time_s=5.0))
    assert not watching._broken


def test_a_look_without_depth_shows_no_ground() -> None:
    watching, seen = seeing_monitor(), looking_on(0.5, 4.0)
    assert seen.heights is not None
    blind = replace(seen.heights, elevation_m=np.full(seen.heights.elevation_m.shape, np.nan))
    watching.watch(GOOD)
    watching.looked(GOOD, replace(seen, heights=blind))
    watching.watch(state(east_m=2.0))
    assert rules_of(watching) == ["drives over unseen ground"]


def test_stereo_shows_the_ground_where_it_truly_is() -> None:
    """Points ahead of a rover that looks north, from where it truly stands; what is ranged ill shows nothing."""
    places = np.stack(np.meshgrid(np.arange(0.5, 4.0, 0.1), np.arange(-0.9, 1.0, 0.1)), axis=-1).reshape(
        -1, 2
    )
    points = np.column_stack([places, np.zeros(len(places))]).astype(np.float32)
    north = state(yaw_rad=math.pi / 2)
    for sigma_m, rules in ((0.01, []), (1.0, ["drives over unseen ground"])):
        pair = StereoPoints(
            camera="navcam",
            points_m=points,
            sigma_m=np.full(len(points), sigma_m, np.float32),
            eye_m=(0.0, 0.0, 1.0),
        )
        watching = seeing_monitor()
        watching.watch(north)
        watching.looked(north, replace(looking_on(0.5, 4.0), heights=None, stereo=(pair,)))
        watching.watch(replace(north, north_m=2.0))
        assert rules_of(watching) == rules


@pytest.mark.parametrize("cut", ["stalled", "halted"])
def test_every_stop_has_a_reason(cut: str) -> None:
    watching = monitor()
    watching.watch(GOOD)
    watching.hear(state(**{cut: True}), Account(believed_m=(0.0, 0.0), reasons=("", "wheel held")))
    assert watching.violations == []
    watching.hear(state(**{cut: True}), Account(believed_m=(0.0, 0.0), reasons=("", "")))
    assert rules_of(watching) == ["stop without a reason"]


def test_every_end_has_a_reason() -> None:
    watching = monitor()
    watching.end(GOOD, "the goal is reached")
    assert watching.violations == []
    watching.end(GOOD, " ")
    assert rules_of(watching) == ["end without a reason"]


def test_what_has_gone_safe_is_still_until_the_ground_clears_it_whatever_it_says() -> None:
    watching = monitor()
    watching.commanded(replace(GOOD, distance_m=2.0), Mode.SAFE)
    watching.commanded(replace(GOOD, distance_m=2.0), Mode.DORMANT)
    watching.cleared()
    watching.commanded(replace(GOOD, distance_m=3.0), Mode.DRIVE)
    assert watching.violations == []
    watching.commanded(replace(GOOD, distance_m=3.0), Mode.SAFE)
    watching.commanded(replace(GOOD, distance_m=3.0), Mode.IDLE)
    watching.hear(replace(GOOD, distance_m=3.5), Account(believed_m=(0.0, 0.0), latched=False))
    watching.commanded(replace(GOOD, distance_m=3.5), Mode.DRIVE)
    assert rules_of(watching) == ["motion after going safe"]


def test_only_what_has_gone_safe_has_to_be_still() -> None:
    watching = monitor()
    for distance_m, mode in ((1.0, Mode.DRIVE), (2.0, Mode.IDLE), (2.0, Mode.DRIVE), (3.0, Mode.DRIVE)):
        watching.commanded(replace(GOOD, distance_m=distance_m), mode)
    assert watching.violations == []


def test_going_safe_once_more_does_not_hide_what_was_driven_meanwhile() -> None:
    watching = monitor()
    for distance_m in (1.0, 1.5):
        watching.commanded(replace(GOOD, distance_m=distance_m), Mode.SAFE)
    assert rules_of(watching) == ["motion after going safe"]


def test_what_is_latched_is_still() -> None:
    watching = monitor()
    watching.hear(replace(GOOD, distance_m=1.0), Account(believed_m=(0.0, 0.0)))
    watching.hear(replace(GOOD, distance_m=2.0), Account(believed_m=(0.0, 0.0), latched=True))
    watching.hear(replace(GOOD, distance_m=2.0), Account(believed_m=(0.0, 0.0), latched=True))
    assert watching.violations == []
    watching.hear(replace(GOOD, distance_m=2.1), Account(believed_m=(0.0, 0.0), latched=True))
    assert rules_of(watching) == ["motion though latched"]


def test_zones_are_kept_clear_of_by_what_the_place_is_in_doubt() -> None:
    """The crater's edge is half a metre before the front."""
    watching = monitor()
    near = state(east_m=8.75)
    watching.watch(near)
    watching.hear(near, Account(believed_m=(8.75, 0.0), sigma_m=0.1))
    assert watching.violations == []
    standing = replace(near, mode=Mode.CHARGE)  # it is no better known by standing, and the rover does
    watching.hear(standing, Account(believed_m=(8.75, 0.0), sigma_m=0.2))
    assert watching.violations == []
    watching.hear(near, Account(believed_m=(8.75, 0.0), sigma_m=0.2))
    assert rules_of(watching) == ["doubt by zone crater"]


@pytest.mark.parametrize(
    ("east_m", "north_m"), [(9.4, 0.0), (20.6, 0.0), (15.0, -10.4), (15.0, 10.4), (15.0, 0.0), (11.0, 9.0)]
)
def test_a_zone_is_entered_from_every_side(east_m: float, north_m: float) -> None:
    watching = monitor()
    watching.watch(state(east_m=east_m, north_m=north_m))
    assert rules_of(watching) == ["zone crater"]


def test_a_rover_far_outside_of_a_zone_that_it_must_not_leave_is_seen() -> None:
    watching = monitor()
    watching.watch(state(east_m=200.0, north_m=-300.0))
    assert rules_of(watching) == ["zone field"]


def test_doubt_by_a_zone_counts_while_that_holds() -> None:
    watching = Monitor(
        YUTU_2, zones=(CRATER,), zone_times=((100.0, 200.0),), reserve_soc=0.3, min_drive_sun_rad=0.1,
        nap_enter_sun_rad=1.0, nap_exit_sun_rad=1.0,
    )  # fmt: skip
    for time_s in (99.0, 150.0, 201.0):
        near = state(east_m=8.75, time_s=time_s)
        watching.hear(near, Account(believed_m=(8.75, 0.0), sigma_m=0.2))
    assert [(v.rule, v.time_s) for v in watching.violations] == [("doubt by zone crater", 150.0)]


def test_a_stay_after_a_drive_is_no_motion() -> None:
    watching = monitor()
    for time_s in (0.0, 1.0):
        watching.watch(replace(state(time_s=time_s, mode=Mode.CHARGE), distance_m=5.0))
    assert watching.violations == []


def test_the_least_load_that_goes_unserved_counts_from_the_first_state_on() -> None:
    watching = monitor()
    watching.watch(state(unserved_j=0.5))
    assert rules_of(watching) == ["empty"]


def test_the_bounds_themselves_are_allowed() -> None:
    watching = monitor()
    watching.watch(
        state(
            pitch_rad=math.radians(-20),
            roll_rad=math.radians(15),
            step_m=0.2,
            belly_gap_m=0.0,
            stored_j=0.3 * YUTU_2.battery_j,
            elevation_rad=math.radians(10),
            east_m=9.25,
        )
    )
    assert watching.violations == []


@pytest.mark.parametrize(
    "field", ["pitch_rad", "roll_rad", "step_m", "belly_gap_m", "stored_j", "elevation_rad"]
)
def test_what_is_not_known_breaks_the_rule(field: str) -> None:
    watching = monitor()
    watching.watch(state(**{field: math.nan}))
    assert watching.violations


def test_two_rules_broken_together_are_two_violations() -> None:
    watching = monitor()
    watching.watch(state(pitch_rad=1.0, step_m=1.0))
    watching.watch(state(pitch_rad=1.0, step_m=0.0))
    watching.watch(state(pitch_rad=1.0, step_m=1.0))
    assert sorted(v.rule for v in watching.violations) == ["contact", "contact", "pitch"]


def test_a_zone_with_times_holds_between_them_only() -> None:
    watch = Monitor(
        YUTU_2,
        zones=(CRATER,),
        zone_times=((100.0, 200.0),),
        reserve_soc=0.3,
        min_drive_sun_rad=math.radians(10),
        nap_enter_sun_rad=math.radians(42),
        nap_exit_sun_rad=math.radians(30),
    )
    for time_s in (0.0, 99.0, 150.0, 201.0):
        watch.watch(state(east_m=15.0, time_s=time_s))
    assert [(violation.rule, violation.time_s) for violation in watch.violations] == [("zone crater", 150.0)]


@pytest.mark.parametrize(
    ("elevations_deg", "broken"),
    [
        ([41.0, 43.0, 35.0], True),  # after a noon above the nap's begin it drives again below the nap's end
        ([41.0, 41.9, 35.0], False),  # a noon that never came so high asks for no nap
        ([41.0, 43.0, -5.0, 41.0, 35.0], False),  # that was another noon
    ],
)
def test_after_a_nap_the_sun_must_have_sunk_lower(elevations_deg: list[float], broken: bool) -> None:
    watching = monitor()
    *before, last = elevations_deg
    for time_s, elevation in enumerate(before):
        asleep = {"mode": Mode.DORMANT, "folded": True}
        watching.watch(state(time_s=float(time_s), elevation_rad=math.radians(elevation), **asleep))
    watching.watch(state(time_s=9.0, elevation_rad=math.radians(last), rising=False))
    assert rules_of(watching) == (["drive in high Sun"] if broken else [])


@pytest.mark.parametrize("mode", list(Mode))
def test_it_neither_drives_nor_talks_when_it_is_too_warm(mode: Mode) -> None:
    watching = monitor()
    watching.watch(state(mode=mode, body_k=324.0))
    works = mode in (Mode.DRIVE, Mode.COMMAND)
    assert rules_of(watching) == (["too warm to work"] if works else [])
