"""A parked rover through days and nights: it wakes, sleeps, naps and survives as Yutu-2 did, for reasons of physics."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from rover.core.boundary import Command, Mode
from rover.core.time import SECONDS_PER_DAY, SYNODIC_MONTH_S, parse_utc
from rover.io.dormancy_log import read_published_days
from rover.sky.sun import sun_from_moon
from sim.physics.energy_faults import EnergyFaults
from sim.physics.thermal import Fate
from sim.run.faults import NOTHING_WRONG, WorldFaults
from sim.run.parked import Columns, stay
from sim.run.world import WorldState
from tests.builders import energy_figures as built

YUTU_2 = built.figures_of("yutu-2")
VEHICLE, LIMITS = YUTU_2.vehicle, YUTU_2.heat.limits
SLEEP_RAD = math.radians(8.7)
"""At which Yutu-2 was put to sleep: the default of `operations.dormant_sun_elevation_deg`."""


def as_operated(state: WorldState) -> Mode:
    """Asleep from the evening's command until the array wakes it; otherwise awake."""
    if state.mode is Mode.DORMANT:
        wakes = state.sun.rising and state.array_w >= VEHICLE.wake_array_w
        return Mode.CHARGE if wakes else Mode.DORMANT
    falling = not state.sun.rising and state.sun.elevation_rad <= SLEEP_RAD
    return Mode.DORMANT if falling else Mode.CHARGE


@pytest.fixture(scope="module")
def dawns() -> list[tuple[float, float, float]]:
    """Return what was logged and what comes out of each wake, deg, and how much later it comes, h."""
    found = []
    for day in built.published_wakes():
        assert day.wake is not None
        columns = built.dawn(YUTU_2, day.wake)
        first = int(np.argmax(columns["array_w"] >= VEHICLE.wake_array_w))
        late_h = (columns["time_s"][first] - 2.5 * SECONDS_PER_DAY) / 3600.0
        woken = built.woken_deg(columns, VEHICLE.wake_array_w)
        found.append((built.logged_deg(day), woken, float(late_h)))
    return found


class TestWakeAndSleep:
    def test_it_wakes_at_the_elevations_of_the_log(self, dawns: list[tuple[float, float, float]]) -> None:
        logged, woken, late_h = map(np.array, zip(*dawns, strict=True))
        assert len(dawns) == 8
        assert logged.mean() == pytest.approx(6.9, abs=0.1)
        assert woken.mean() == pytest.approx(6.9, abs=1.0)
        assert np.median(np.abs(late_h)) <= 2.0
        assert np.abs(late_h).max() <= 5.0

    def test_the_packing_of_the_file_is_what_the_builder_finds(
        self, dawns: list[tuple[float, float, float]]
    ) -> None:
        logged, woken, _ = map(np.array, zip(*dawns, strict=True))
        assert woken.mean() == pytest.approx(logged.mean(), abs=0.02)

    def test_it_sleeps_when_the_log_says_and_until_then_its_array_carries_it(self) -> None:
        errors = []
        for day in read_published_days():
            if day.sleep is None or not day.sleep_counts or day.lunar_day > built.LAST_DAY:
                continue
            world = built.landing_site(YUTU_2, built.before(day.sleep, SECONDS_PER_DAY), 2)
            last, columns = stay(
                world,
                built.park(world),
                until_s=1.9 * SECONDS_PER_DAY,
                mode=as_operated,
                stop=lambda state: state.mode is Mode.DORMANT,
            )
            errors.append((last.time_s - SECONDS_PER_DAY) / 3600.0)
            assert columns["array_w"].min() > VEHICLE.charge_w
            assert columns["soc"][-1] > 0.999, "full"
        assert len(errors) == 3
        assert np.median(np.abs(errors)) <= 2.0
        assert np.abs(errors).max() <= 5.0

    def test_a_whole_night_ends_with_its_array(self) -> None:
        """Lunar days 8 to 9: put to sleep on 2019-08-07 at 09:50, awake again on 2019-08-24 at 00:42."""
        asleep, awake = parse_utc("2019-08-07T09:50:00Z"), parse_utc("2019-08-24T00:42:00Z")
        world = built.landing_site(YUTU_2, built.before(asleep, 3600.0), 22)
        state, columns = stay(
            world,
            built.park(world),
            until_s=20 * SECONDS_PER_DAY,
            mode=as_operated,
            stop=lambda state: state.mode is Mode.CHARGE and state.time_s > 5 * SECONDS_PER_DAY,
        )
        assert columns["asleep"].sum() > 2000
        assert state.heat.fate is Fate.SOUND
        assert math.degrees(state.sun.elevation_rad) == pytest.approx(6.9, abs=1.0)
        late_h = (state.time_s - 3600.0 - asleep.seconds_until(awake)) / 3600.0
        assert abs(late_h) <= 5.0
        assert 0.3 < columns["soc"][-1] < 1.0, "it wakes with charge"
        assert columns["soc"][: int(columns["asleep"].sum())].min() > 0.3

    def test_hours_awake_of_a_lunar_day(self) -> None:
        """299-316 h in the log of seven lunar days, 12 h to spare either way."""
        start = parse_utc("2019-03-26T00:00:00Z")
        world = built.landing_site(YUTU_2, start, 20)
        _, columns = stay(
            world,
            replace(built.park(world), mode=Mode.DORMANT),
            until_s=19 * SECONDS_PER_DAY,
            mode=as_operated,
        )
        hours = (columns["asleep"] == 0).sum() / 6
        assert 287 < hours < 328


@pytest.fixture(scope="module")
def night() -> Columns:
    return built.night(YUTU_2)[1]


class TestNight:
    def test_folded_and_warmed_it_lives(self, night: Columns) -> None:
        assert night["body_k"].min() > LIMITS.survive_min_k
        assert night["ground_k"].min() < 92.0
        assert night["wheels_k"].min() < 150.0
        assert night["soc"][-1] > 0.5

    def test_the_units_of_the_file_are_what_the_builder_finds(self, night: Columns) -> None:
        wanted = LIMITS.survive_min_k + built.MARGIN_K
        assert night["body_k"].min() == pytest.approx(wanted, abs=0.1)

    @pytest.mark.parametrize(
        "faults, within_days",
        [
            (EnergyFaults(fold_stuck=True), 6.0),
            (EnergyFaults(rhu_lost=1.0), 2.0),
            (EnergyFaults(rhu_lost=0.5), 3.0),
        ],
        ids=["open", "no units", "half the units"],
    )
    def test_open_or_without_its_units_it_freezes(self, faults: EnergyFaults, within_days: float) -> None:
        state, columns = built.night(YUTU_2, faults, days=within_days)
        assert state.heat.fate is Fate.FROZEN
        assert columns["body_k"].min() < LIMITS.survive_min_k - 0.5

    def test_for_half_an_hour_nothing_is_lost(self) -> None:
        state, _ = built.night(YUTU_2, EnergyFaults(fold_stuck=True, rhu_lost=1.0), days=0.02)
        assert state.heat.fate is Fate.SOUND


class TestNoon:
    def test_the_load_of_driving_is_too_warm_at_noon_until_the_nap_ended(self) -> None:
        """Lunar day 4: asked to nap between 31.8 and 38.2 deg of Sun, awake at 33.2 deg, 4 deg to spare."""
        day = built.working_day(YUTU_2, VEHICLE.drive_w, built.MORNING_4)
        begins, ends = built.too_warm_deg(day, LIMITS.work_max_k)
        assert ends == pytest.approx(nap_exit_deg(), abs=4.0)
        assert 31.0 < begins < 42.0
        assert ends < begins, "the afternoon is warmer: ground and body lag behind the Sun"
        assert day["body_k"].max() < LIMITS.survive_max_k

    def test_a_napping_rover_stays_cool(self) -> None:
        day = built.working_day(YUTU_2, VEHICLE.nap_w)
        assert math.isnan(built.too_warm_deg(day, LIMITS.work_max_k)[0])
        assert day["body_k"].max() < LIMITS.work_max_k - 3.0

    def test_the_radiator_of_the_file_is_what_the_builder_finds(self) -> None:
        day = built.working_day(YUTU_2, VEHICLE.command_w)
        begins = built.too_warm_deg(day, LIMITS.work_max_k)[0]
        assert begins == pytest.approx(built.NAP_ENTER_DEG, abs=0.2)


def nap_exit_deg() -> float:
    """Return the Sun's elevation on 2019-04-08 at 14:04, when the nap of lunar day 4 was over (CNSA)."""
    epoch, site = parse_utc("2019-04-08T14:04:00Z"), built.SITE
    sun = sun_from_moon(site.latitude_rad, site.longitude_rad, epoch.tt_jd1, np.array([epoch.tt_jd2]))
    return math.degrees(float(sun.elevation_rad[0]))


class TestLunarDay:
    def test_ledgers_close_and_no_charge_comes_in_the_dark(self) -> None:
        world = built.landing_site(YUTU_2, parse_utc("2019-01-29T00:00:00Z"), 31)
        state, columns = stay(world, built.park(world, soc=0.9), until_s=SYNODIC_MONTH_S, mode=as_operated)
        assert abs(state.power.imbalance_j) <= 1e-9 * state.power.moved_j
        assert abs(state.heat.imbalance_j) <= 1e-9 * state.heat.moved_j
        dark = columns["lit"][1:] == 0
        assert dark.sum() > 2000
        assert (np.diff(columns["soc"])[dark] <= 0).all()
        assert (columns["array_w"][1:][dark] == 0).all()

    def test_a_long_stay_is_cut_into_spans_and_shorter_ones_change_results_by_the_second_order(self) -> None:
        def after(step_s: float) -> WorldState:
            world = built.landing_site(YUTU_2, parse_utc("2019-02-01T00:00:00Z"), 2)
            begin = built.park(world, soc=0.5)
            return stay(world, begin, until_s=SECONDS_PER_DAY, mode=built.awake, step_s=step_s)[0]

        whole, coarse, finer, fine, finest = (
            after(step_s) for step_s in (86_400.0, 600.0, 300.0, 150.0, 75.0)
        )
        assert whole.heat.body_k == pytest.approx(coarse.heat.body_k, abs=1e-9)
        assert whole.power.harvest_j == pytest.approx(coarse.power.harvest_j, rel=1e-12)
        assert coarse.power.harvest_j == pytest.approx(finest.power.harvest_j, rel=1e-4)
        for value in (lambda state: state.heat.body_k, lambda state: state.power.harvest_j):
            first, second = value(finer) - value(fine), value(fine) - value(finest)
            assert 3.0 < first / second < 5.0

    def test_the_state_after_a_step_follows_from_state_and_command(self) -> None:
        world = built.landing_site(YUTU_2, parse_utc("2019-02-01T00:00:00Z"), 4)
        state = built.park(world)
        command = Command(mode=Mode.CHARGE, duration_s=7200.0)
        first = world.step(state, command)
        world.step(
            first,
            Command(mode=Mode.DORMANT, duration_s=90_000.0),
            faults=WorldFaults(energy=EnergyFaults(rhu_lost=1.0)),
        )
        again = world.step(state, command, faults=NOTHING_WRONG)
        assert first == again
