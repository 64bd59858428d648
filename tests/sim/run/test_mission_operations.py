"""What a mission does on the ground: drives, instruments, charge and the link's books, and what refuses them."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from rover.core.heat import HeatParams, PowerParams
from rover.core.time import parse_utc
from rover.io.vehicle import read_vehicle
from rover.sky.relay import relay_from_moon
from rover.sky.sun import earth_from_moon
from sim.mission.biosphere import live
from sim.mission.instruments import SpectrometerRow, phase_angle_rad, spectrometer_eye, turned_pose
from sim.mission.landing_place import LandingPlace, standing_pose
from sim.mission.relay_radio import STEP_S, Sight
from sim.mission.rollout import RampCheck
from sim.mission.rover_energy import Load, keep_charge, level_array_w
from sim.run.closed_loop_landing import Descent, fly_descent
from sim.run.mission_commands import CommandWay, command_way
from sim.run.mission_energy import energy_account
from sim.run.mission_events import biosphere_events, link_events, night_events, surface_events
from sim.run.mission_rollout import RolloutDone, last_s, roll_out, rollout_events, sight_of
from sim.run.mission_scenario import Mission, load_mission
from sim.run.mission_surface import SurfaceDays
from sim.run.mission_traffic import LinkDays, picture_bits, radar_bits, rates_of, send_all
from sim.sensors.camera import Sunlight
from sim.sensors.mount import BodyPose

MISSION = load_mission("chang-e-4")
LANDER = MISSION.read_lander().params
ROVER = read_vehicle(MISSION.rover)
SITE = MISSION.read_site()
EPOCH = parse_utc(MISSION.descent.ignition_utc)


def changed(**tables: dict[str, object]) -> Mission:
    """The mission with figures of some of its tables replaced."""
    update: dict[str, Any] = {
        name: getattr(MISSION, name).model_copy(update=figures) for name, figures in tables.items()
    }
    return MISSION.model_copy(update=update)


@pytest.fixture(scope="module")
def flown() -> Descent:
    return fly_descent(SITE, LANDER, EPOCH, seed=MISSION.seed)


@pytest.fixture(scope="module")
def sight() -> Sight:
    found = sight_of(MISSION, last_s(MISSION))
    assert found is not None
    return found


def test_the_link_is_looked_at_from_the_landing_place(sight: Sight) -> None:
    """Not from the origin of the site's maps, 37 km away, where relay and Earth stand 1 deg higher and 1 deg lower."""
    assert SITE.anchor is not None
    place = math.radians(SITE.anchor.latitude_deg), math.radians(SITE.anchor.longitude_deg)
    when = EPOCH.tt_at(sight.time_s[:: 24 * 60] + STEP_S / 2)
    relay = relay_from_moon(*place, *when, phase_at_epoch=MISSION.link.phase if MISSION.link else 0.0)
    earth = earth_from_moon(*place, *when)
    some = slice(None, None, 24 * 60)
    assert sight.relay_elevation_rad[some] == pytest.approx(relay.elevation_rad, abs=math.radians(0.02))
    assert sight.earth_elevation_rad[some] == pytest.approx(earth.elevation_rad, abs=math.radians(0.02))


@pytest.fixture(scope="module")
def rollout(flown: Descent, sight: Sight) -> RolloutDone:
    return roll_out(MISSION, flown, LANDER, ROVER.params, sight)


@pytest.fixture(scope="module")
def place(flown: Descent) -> LandingPlace:
    """The ground near the lander, without far hills and small grain."""
    scene = flown.world.scene(flown.touchdown.place_m, ((40.0, 100),))
    lander = standing_pose(scene, scene.east_m, scene.north_m, flown.yaw_rad, 2.0)
    return LandingPlace(scene=scene, lander=lander, rover=lander, lander_parts=(0, 0), rover_parts=(0, 0))


def days_of(
    mission: Mission, rollout: RolloutDone, place: LandingPlace, sight: Sight, way: CommandWay | None = None
) -> SurfaceDays:
    days = SurfaceDays(
        mission=mission, vehicle=ROVER, place=place, rollout=rollout, way=way or command_way(mission, sight)
    )
    days.begin()
    return days


def viewpoint(place: LandingPlace, east_m: float = -6.0, north_m: float = -17.0) -> BodyPose:
    return standing_pose(place.scene, place.lander.east_m + east_m, place.lander.north_m + north_m, 1.2)


@pytest.fixture(scope="module")
def days(rollout: RolloutDone, place: LandingPlace, sight: Sight) -> SurfaceDays:
    found = days_of(MISSION, rollout, place, sight)
    assert found.drive_to_portraits(viewpoint(place)) == ""
    found.finish()
    return found


@pytest.fixture(scope="module")
def link(rollout: RolloutDone, days: SurfaceDays, sight: Sight, flown: Descent) -> LinkDays:
    assert MISSION.biosphere is not None
    return send_all(
        MISSION, LANDER, ROVER, sight, touchdown_s=flown.touchdown.time_s, rollout=rollout, days=days,
        bio=live(MISSION.biosphere, SITE, EPOCH), portraits_s=EPOCH.seconds_until(parse_utc(MISSION.portraits.utc)),
    )  # fmt: skip


# ---- rollout --------------------------------------------------------------------------------------------------------


def test_the_rover_is_down_within_five_minutes_of_the_published_time(rollout: RolloutDone) -> None:
    assert abs(rollout.down_s - rollout.published_s) < 300.0
    last = rollout_events(rollout, MISSION)[-1]
    assert last.name == "rollout" and last.derived
    assert last.figures["sun_elevation_deg"] == pytest.approx(34.7, abs=0.1)
    assert 11.5 < last.figures["after_landing_h"] < 12.5
    separate = next(step for step in rollout.steps.steps if step.row.name == "order to separate")
    assert abs(separate.end_s - EPOCH.seconds_until(parse_utc("2019-01-03T07:07:00Z"))) < 300.0


def test_every_step_says_how_long_and_what_for(rollout: RolloutDone) -> None:
    events = rollout_events(rollout, MISSION)[:-1]
    assert len(events) == len(MISSION.rollout.step)
    assert all(event.words and event.figures["hours"] > 0.0 for event in events)
    ends = [step.end_s for step in rollout.steps.steps]
    assert all(step.start_s >= end for step, end in zip(rollout.steps.steps[1:], ends, strict=False))


def test_where_no_ramp_will_do_the_rover_stays_with_the_reason(
    flown: Descent, sight: Sight, place: LandingPlace
) -> None:
    barred = changed(rollout={"ramps": MISSION.rollout.ramps.model_copy(update={"sun_off_deg": 180.0})})
    done = roll_out(barred, flown, LANDER, ROVER.params, sight)
    assert isinstance(done.chosen, str) and math.isnan(done.down_s)
    last = rollout_events(done, barred)[-1]
    assert last.name == "rollout" and last.figures == {"on_the_ground": False}
    assert "the rover stays on the lander; order to separate: front: the Sun stands" in last.words
    days = days_of(barred, done, place, sight)
    assert "stays on the lander" in days.drive_to_portraits(viewpoint(place))
    days.finish()
    assert not days.legs and not days.measurements and surface_events(days) == []


def test_a_link_that_never_opens_is_an_event_with_its_reason(flown: Descent, place: LandingPlace) -> None:
    deaf = changed(link={"mask_deg": 85.0})
    sight = sight_of(deaf, last_s(deaf))
    assert sight is not None and not sight.relay_up.any()
    done = roll_out(deaf, flown, LANDER, ROVER.params, sight)
    assert done.stays == "lander checked: the link never opens"
    days = send_all(
        deaf, LANDER, ROVER, sight, touchdown_s=flown.touchdown.time_s, rollout=done, days=None, bio=None,
        portraits_s=None,
    )  # fmt: skip
    events = {event.name: event for event in link_events(days, deaf)}
    assert events["the link never opens"].words == "the relay is never above 85 deg"
    assert days.down.arrived_bit[-1] == 0.0 and events["link closed"].figures["balance_bit"] == 0
    late = [event for event in link_events(days, deaf) if event.name == "command late"]
    assert len(late) == len(days.commands) and all("never there" in event.words for event in late)
    assert {command.name for command in days.commands} >= {"take the panorama", "water the biosphere"}
    made = {one.item.name for one in days.down.sent}
    assert made == {"health of the lander", "film of the descent"}  # what runs by itself
    kept = [event.words for event in link_events(days, deaf) if event.name == "not on Earth"]
    assert kept == [
        f"{name}: made, and in the store of the lander: the relay is never above 85 deg"
        for name in sorted(made)[::-1]
    ]


def test_on_the_ground_nothing_is_done_once_no_command_gets_through(
    rollout: RolloutDone, place: LandingPlace, sight: Sight
) -> None:
    open_ = command_way(MISSION, sight)
    until = int(np.searchsorted(open_.time_s, rollout.down_s))
    carried = np.minimum(open_.carried_bit, open_.carried_bit[until])
    days = days_of(MISSION, rollout, place, sight, replace(open_, carried_bit=carried))
    assert days.drive_to_portraits(viewpoint(place)) == "first metres: no command gets through any more"
    days.finish()
    assert not days.legs and not [load for load in days.loads if load.name != "turn"]
    assert len(days.measurements) == 4 and not any(one.done for one in days.measurements)
    assert all(one.words.endswith("h: no command gets through any more") for one in days.measurements)
    events = {event.name: event for event in surface_events(days)}
    assert EPOCH.utc_at(events["drive not begun"].time_s) == MISSION.drive.leg[0].utc  # type: ignore[union-attr]


def test_what_no_light_shows_is_not_sent(
    rollout: RolloutDone, days: SurfaceDays, sight: Sight, flown: Descent
) -> None:
    dusk = changed(panorama={"utc": "2019-01-13T09:00:00Z"})
    dark = changed(panorama={"utc": "2019-01-14T06:00:00Z"})
    for mission, taken in ((dusk, True), (dark, False)):
        sky = sight_of(mission, last_s(mission))
        assert sky is not None
        done = send_all(
            mission, LANDER, ROVER, sky, touchdown_s=flown.touchdown.time_s, rollout=rollout, days=days, bio=None,
            portraits_s=None,
        )  # fmt: skip
        names = {one.item.name for one in done.down.sent}
        assert ("panorama" in names) == ("ring of the panoramic camera" in names) == taken


def test_a_radio_too_weak_says_so(sight: Sight) -> None:
    assert MISSION.link is not None
    weak = MISSION.link.lander.model_copy(update={"eirp_dbw": -40.0})
    rates = rates_of(MISSION.link.model_copy(update={"lander": weak}), sight, [], [])
    assert not rates["lander"].any() and rates["rover"].any()


# ---- drives and charge ----------------------------------------------------------------------------------------------


def test_the_rover_drives_from_the_rails_to_the_viewpoint(days: SurfaceDays, place: LandingPlace) -> None:
    first, second = days.legs
    assert isinstance(days.rollout.chosen, RampCheck)
    np.testing.assert_allclose(first.start_m, days.rollout.chosen.stop_m, atol=1e-9)
    assert first.start_s >= days.rollout.down_s
    np.testing.assert_allclose(second.start_m, first.place_m[-1], atol=0.05)
    goal = viewpoint(place)
    np.testing.assert_allclose(second.place_m[-1], [goal.east_m, goal.north_m], atol=0.3)
    assert second.arrived and second.end_s < EPOCH.seconds_until(parse_utc(MISSION.portraits.utc))
    away = np.hypot(*(second.place_m - np.array(days.rollout.lander_m)).T)
    assert away.min() > 2.8  # not through the lander
    turns = [load for load in days.loads if load.name == "turn"]
    assert turns and turns[0].start_s == second.end_s  # towards the lander


def test_drives_and_charge_are_in_the_timeline(days: SurfaceDays) -> None:
    events = surface_events(days)
    ends = [event for event in events if event.name == "drive ends"]
    assert [event.figures["arrived"] for event in ends] == [True, True]
    assert all(0.0 < event.figures["soc"] <= 1.0 and event.figures["energy_wh"] > 10.0 for event in ends)
    assert ends[1].figures["driven_m"] > math.dist(days.legs[1].start_m, days.legs[1].goal_m)
    (low,) = [event for event in events if event.name == "battery at its lowest"]
    assert 0.3 < low.figures["soc"] < 1.0 and low.figures["unserved_wh"] == 0.0


def test_a_viewpoint_that_cannot_be_reached_is_a_reason(
    rollout: RolloutDone, place: LandingPlace, sight: Sight
) -> None:
    ringed = changed(drive={"keep_out_m": 60.0})
    days = days_of(ringed, rollout, place, sight)
    why = days.drive_to_portraits(viewpoint(place))
    assert why.startswith("the rover does not get there: ")
    assert not days.legs[-1].arrived


def test_the_rover_is_where_it_is_known_to_be_at_any_time(days: SurfaceDays, place: LandingPlace) -> None:
    first, second = days.legs
    assert days.pose_at(days.rollout.down_s - 1.0) is None
    landed = days.pose_at(days.rollout.down_s + 1.0)
    assert landed is not None
    assert math.dist((landed.east_m, landed.north_m), first.start_m) < 1e-9
    n = int(np.flatnonzero(second.moving)[len(second.moving) // 4])
    driving = days.pose_at(float(second.time_s[n]))
    assert driving is not None
    assert (driving.east_m, driving.north_m) == pytest.approx(tuple(second.place_m[n]), abs=1e-6)
    goal = viewpoint(place)
    assert second.end_s <= days.ready_s < second.end_s + 600.0
    turned = days.pose_at(days.ready_s + 1.0)
    assert turned is not None and turned.yaw_rad % math.tau == pytest.approx(goal.yaw_rad % math.tau)
    assert math.dist((turned.east_m, turned.north_m), (goal.east_m, goal.north_m)) < 0.3


def test_once_at_a_viewpoint_the_rover_is_sent_to_no_other(days: SurfaceDays, place: LandingPlace) -> None:
    assert days.may_stand(viewpoint(place))
    assert not days.may_stand(viewpoint(place, east_m=-5.0))


def test_viewpoints_are_judged_by_the_map_that_drives_are_planned_on(
    rollout: RolloutDone, place: LandingPlace, sight: Sight
) -> None:
    days = days_of(MISSION, rollout, place, sight)
    assert days.may_stand(viewpoint(place))
    assert not days.may_stand(
        standing_pose(place.scene, place.lander.east_m + 39.9, place.lander.north_m + 41.5, 0.0)
    )
    maps = days._maps
    assert maps is not None
    row, col = np.argwhere(np.isinf(maps.costmap.cost_s_per_m))[0].tolist()
    east, north = maps.dem.geometry.centre_of(row, col)
    assert not days.may_stand(BodyPose(east_m=east, north_m=north, up_m=0.0, yaw_rad=0.0))


def test_a_battery_gains_by_light_and_loses_by_loads() -> None:
    figures, power, heat = ROVER.params, ROVER.part("power", PowerParams), ROVER.part("heat", HeatParams)
    noon = EPOCH.seconds_until(parse_utc("2019-01-06T12:00:00Z"))
    night = EPOCH.seconds_until(parse_utc("2019-01-20T12:00:00Z"))
    sky = {"site": SITE, "epoch": EPOCH, "vehicle": figures, "power": power, "heat": heat}
    gets = level_array_w(time_s=noon, **sky)  # type: ignore[arg-type]
    assert 80.0 < gets < 140.0 and level_array_w(time_s=night, **sky) == 0.0  # type: ignore[arg-type]
    load = [Load(name="x", start_s=night, end_s=night + 7200.0, watts=10.0)]
    dark = keep_charge(load, from_s=night, until_s=night + 7200.0, soc=0.9, **sky)  # type: ignore[arg-type]
    spent = 20.0 * 3600.0 / figures.discharge_efficiency / figures.battery_j
    assert dark.soc[-1] == pytest.approx(0.9 - spent, abs=1e-9)
    empty = keep_charge(load, from_s=night, until_s=night + 7200.0, soc=0.01, **sky)  # type: ignore[arg-type]
    assert empty.soc[-1] == 0.0 and empty.unserved_j > 0.0
    light = keep_charge([], from_s=noon, until_s=noon + 600.0, soc=0.1, **sky)  # type: ignore[arg-type]
    gained = 600.0 * gets * figures.charge_efficiency / figures.battery_j
    assert light.soc[-1] == pytest.approx(0.1 + gained, rel=0.01)


def test_what_is_taken_from_the_array_is_spent_stored_or_lost(days: SurfaceDays) -> None:
    for charge in days.charge:
        gained = float(charge.soc[-1] - charge.soc[0]) * ROVER.params.battery_j
        asked = sum(charge.by_load_j.values())
        assert charge.taken_j == pytest.approx(asked - charge.unserved_j + gained + charge.lost_j, rel=1e-9)
        assert charge.taken_j <= float((charge.array_w[1:] * np.diff(charge.time_s)).sum()) * (1 + 1e-9)
    account = energy_account(days)
    asked_wh = sum(wh for _, wh in account.loads_wh)
    assert account.taken_wh == pytest.approx(
        asked_wh - account.unserved_wh + account.stored_wh + account.lost_wh, rel=1e-9
    )
    assert 0.0 < account.lost_wh < 0.02 * account.taken_wh
    names = {name for name, _ in account.loads_wh}
    assert {
        "awake",
        "nap",
        "dormant",
        "measuring: first spectrum",
        "drive: to the portraits",
        "measuring: atoms in low Sun",
    } <= names
    assert (np.diff(account.time_s) >= 0.0).all() and account.soc.min() > 0.3


def test_rover_and_lander_sleep_at_the_sun_of_later_lunar_days() -> None:
    rover, lander = night_events(MISSION)
    assert "rover" in rover.words and rover.figures["sun_elevation_deg"] == pytest.approx(8.7, abs=0.01)
    assert "lander" in lander.words and lander.figures["sun_elevation_deg"] == pytest.approx(8.9, abs=0.01)
    assert EPOCH.utc_at(rover.time_s).startswith("2019-01-1")


# ---- instruments ----------------------------------------------------------------------------------------------------


def test_the_spectrometer_keeps_its_rules(days: SurfaceDays) -> None:
    done = [one for one in days.measurements if one.kind == "spectrometer"]
    assert len(done) == 2 and all(one.done for one in done)
    for one in done:
        assert 39.6 <= one.figures["phase_deg"] <= 97.1
        assert one.figures["lit_share"] >= 0.9
        assert 0.5 < one.figures["target_m"] < 1.5
        standing = all(not leg.start_s <= one.start_s < leg.end_s for leg in days.legs)
        assert standing


def test_phase_angles_by_hand() -> None:
    """Looking 45 deg down to the north: with the Sun at 45 deg behind 0, at 45 deg ahead 90, overhead 45 deg."""
    row = MISSION.spectrometer[0]
    eye = spectrometer_eye(row, BodyPose(east_m=0.0, north_m=0.0, up_m=0.0, yaw_rad=math.pi / 2))
    assert eye.place_m == pytest.approx([0.0, row.forward_m, row.up_m])
    for azimuth, elevation, phase in ((180.0, 45.0, 0.0), (0.0, 45.0, 90.0), (0.0, 90.0, 45.0)):
        sun = Sunlight(
            azimuth_rad=math.radians(azimuth), elevation_rad=math.radians(elevation), distance_m=1.5e11
        )
        assert math.degrees(phase_angle_rad(eye, sun)) == pytest.approx(phase, abs=1e-5)


def test_turning_in_place_keeps_the_ground_under_the_rover() -> None:
    pose = BodyPose(east_m=1.0, north_m=2.0, up_m=3.0, yaw_rad=0.3, pitch_rad=0.05, roll_rad=-0.02)
    turned = turned_pose(pose, 1.1)
    np.testing.assert_allclose(turned.axes[2], pose.axes[2], atol=2e-3)
    back = turned_pose(turned, -1.1)
    assert (back.pitch_rad, back.roll_rad) == pytest.approx((0.05, -0.02), abs=1e-12)


def test_the_analyser_waits_for_a_low_sun_or_says_why_not(days: SurfaceDays) -> None:
    noon, low = (one for one in days.measurements if one.kind == "analyser")
    assert not noon.done and noon.words == "not made within 6 h: the Sun is higher than 25 deg"
    assert low.done and 2.0 <= low.figures["sun_elevation_deg"] <= 25.0


def test_a_window_that_no_heading_has_is_a_reason(
    rollout: RolloutDone, place: LandingPlace, sight: Sight
) -> None:
    row: SpectrometerRow = MISSION.spectrometer[0].model_copy(
        update={"phase_min_deg": 170.0, "phase_max_deg": 175.0, "within_h": 2.0}
    )
    narrow = MISSION.model_copy(update={"spectrometer": (row,), "analyser": ()})
    days = days_of(narrow, rollout, place, sight)
    days.finish()
    (one,) = days.measurements
    assert not one.done and "no heading has a phase angle of 170 to 175 deg" in one.words


def test_instruments_cost_power_time_and_data(days: SurfaceDays, link: LinkDays) -> None:
    sent = {one.item.name: one for one in link.down.sent}
    for one in days.measurements:
        (event,) = [event for event in surface_events(days) if event.words.startswith(one.row.name)]
        if not one.done:
            assert one.row.name not in sent
            continue
        assert event.figures["energy_wh"] >= one.row.watts * one.row.minutes / 60.0 - 0.01
        name = f"measuring: {one.row.name}"
        assert any(load.name == name and load.watts > one.row.watts for load in days.loads)
        assert sent[one.row.name].item.bits == one.row.data_bit
        assert sent[one.row.name].done_s > one.start_s + 60.0 * one.row.minutes
    assert MISSION.radar is not None
    for leg in days.legs:
        bits, first, last = radar_bits(MISSION.radar, leg)
        moving_s = np.diff(leg.time_s)[leg.moving[1:]].sum()
        traces = bits / sum(channel.trace_bit for channel in MISSION.radar.channel)
        assert (
            0.3 * moving_s / MISSION.radar.trace_s
            < traces
            <= moving_s / MISSION.radar.trace_s + leg.moving.sum()
        )
        assert sent[f"radar: {leg.name}"].item.bits == bits and leg.start_s <= first < last <= leg.end_s


# ---- the link -------------------------------------------------------------------------------------------------------


def test_every_bit_of_the_mission_is_accounted_for(link: LinkDays) -> None:
    for traffic in (link.down, link.up):
        stored = sum(traffic.on_board_bit.values()) + traffic.on_relay_bit
        np.testing.assert_array_equal(traffic.made_bit, traffic.arrived_bit + stored + traffic.lost_bit)
        assert traffic.made_bit[-1] == sum(one.item.bits for one in traffic.sent)
        for one in traffic.sent:
            assert one.item.bits == one.arrived + one.on_relay + one.on_board + one.lost
    (closed,) = [event for event in link_events(link, MISSION) if event.name == "link closed"]
    assert closed.figures["balance_bit"] == 0


def test_pictures_and_commands_all_go_through_the_link(link: LinkDays, days: SurfaceDays) -> None:
    down = {one.item.name for one in link.down.sent}
    for name in ("film of the descent", "panorama", "portrait of the lander", "portrait of the rover",
                 "pictures: feet checked", "ring at a stop: to the portraits", "picture of the biosphere"):  # fmt: skip
        assert name in down
    assert MISSION.link is not None
    film = next(one for one in link.down.sent if one.item.name == "film of the descent")
    assert film.item.bits == 5419 * picture_bits(LANDER.lcam, MISSION.link)
    up = {one.item.name for one in link.up.sent}
    assert {"take the portraits", "take the panorama", "down the rails", "water the biosphere"} - up == {
        "down the rails"
    }
    assert sum(name.startswith("drive: ") for name in up) == len(days.legs)
    assert not link.late
    for command, sent in zip(link.commands, link.up.sent, strict=True):
        assert sent.done_s - sent.begun_s >= command.bits / 125.0 - 60.0


def test_rates_are_those_published_and_low_while_driving(
    link: LinkDays, days: SurfaceDays, sight: Sight
) -> None:
    rates = link.rates_bit_s
    assert set(np.unique(rates["rover"])) <= {0.0, 700.0, 140e3, 285e3}
    assert set(np.unique(rates["lander"])) <= {0.0, 1400.0, 50e3, 280e3, 555e3}
    assert set(np.unique(rates["relay_down"])) <= {0.0, 1e6, 2e6, 4e6, 10e6}
    assert set(np.unique(rates["forward"])) == {125.0}
    before = sight.time_s < days.rollout.down_s - 60.0
    assert not rates["rover"][before].any()
    leg = days.legs[1]
    n = int(np.flatnonzero(leg.moving[1:])[5])
    middle = (leg.time_s[n] + leg.time_s[n + 1]) / 2
    assert rates["rover"][int(np.searchsorted(sight.time_s, middle)) - 1] == 700.0


def test_the_geometry_says_why_nothing_reaches_the_earth_directly(link: LinkDays) -> None:
    first = link_events(link, MISSION)[0]
    assert first.figures["earth_highest_deg"] < -37.0 and first.figures["line_below_ground_km"] > 300
    assert first.figures["relay_lowest_deg"] > 22.0


def test_the_canister_has_its_events() -> None:
    assert MISSION.biosphere is not None
    names = [event.name for event in biosphere_events(live(MISSION.biosphere, SITE, EPOCH), MISSION)]
    assert {"biosphere watered", "biosphere off", "sprout", "biosphere freezes"} <= set(names)
    cold = MISSION.biosphere.model_copy(update={"heated": False, "deck_heat_w": 0.0, "begin_c": 2.0})
    (frost,) = [
        event
        for event in biosphere_events(live(cold, SITE, EPOCH), MISSION)
        if event.name == "biosphere freezes"
    ]
    assert frost.figures["while_on"] is True and frost.words.endswith("while it is on")
