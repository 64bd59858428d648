"""The link: rates by the link budget, bits that are all accounted for, and an Earth that is never seen."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rover.core.time import parse_utc
from rover.io.stations import read_stations
from rover.sky.sun import earth_from_moon
from sim.mission.relay_queue import Item, Traffic, carry
from sim.mission.relay_radio import STEP_S, RadioParams, chord_depth_m, look
from sim.run.mission_scenario import load_mission
from sim.run.scenario_ground import load_site, site_frame

RADIO = RadioParams(
    frequency_mhz=8400.0, eirp_dbw=20.0, gain_over_temperature_db_k=18.0, losses_db=2.0, eb_n0_db=2.5,
    margin_db=3.0, rates_bit_s=(700.0, 140_000.0, 285_000.0),
)  # fmt: skip


def test_carrier_over_noise_by_hand() -> None:
    """Space loss at 60,000 km and 8.4 GHz: 32.45 + 20 log 60000 + 20 log 8400 = 206.50 dB."""
    assert float(RADIO.carrier_db_hz(6e7)) == pytest.approx(20.0 + 18.0 - 2.0 + 228.60 - 206.50, abs=0.02)


def test_a_rate_falls_by_the_square_of_the_distance() -> None:
    needed = 10.0 * math.log10(285_000.0) + 5.5
    edge_m = 6e7 * 10.0 ** ((float(RADIO.carrier_db_hz(6e7)) - needed) / 20.0)
    far_m = edge_m * math.sqrt(285.0 / 140.0)
    lost_m = edge_m * math.sqrt(285_000.0 / 700.0)
    at = np.array([edge_m, far_m, lost_m])
    assert RADIO.rate_bit_s(at * 0.999).tolist() == [285_000.0, 140_000.0, 700.0]
    assert RADIO.rate_bit_s(at * 1.001).tolist() == [140_000.0, 700.0, 0.0]


def sent(items: list[Item], first: float | list[float], second: float | list[float], *, steps: int = 50,
         store: float = 1e12, relay: float = 1e12) -> Traffic:  # fmt: skip
    return carry(
        items,
        {"rover": np.broadcast_to(first, steps), "lander": np.broadcast_to(first, steps)},
        np.broadcast_to(second, steps),
        time_s=10.0 * np.arange(steps),
        step_s=10.0,
        store_bit={"rover": store, "lander": store},
        relay_store_bit=relay,
        light_time_s=np.full(steps, 1.7),
    )


def balanced(traffic: Traffic) -> None:
    """Bits in are bits out, plus those in stores, plus those counted as lost: of each item and at every step."""
    for one in traffic.sent:
        assert one.item.bits == one.arrived + one.on_relay + one.on_board + one.lost or one.item.until_s > 0
    stored = sum(traffic.on_board_bit.values()) + traffic.on_relay_bit
    np.testing.assert_array_equal(traffic.made_bit, traffic.arrived_bit + stored + traffic.lost_bit)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_bits_in_equal_bits_out_plus_queue(data: st.DataObject) -> None:
    rates = st.lists(st.sampled_from([0.0, 0.7, 12.25, 700.0, 3e4]), min_size=50, max_size=50)
    items = [
        Item(
            name=str(n),
            source=data.draw(st.sampled_from(["rover", "lander"])),
            bits=data.draw(st.integers(1, 200_000)),
            priority=data.draw(st.integers(0, 3)),
            ready_s=ready,
            until_s=ready + data.draw(st.sampled_from([0.0, 37.0, 250.0])),
        )
        for n in range(data.draw(st.integers(1, 12)))
        for ready in [data.draw(st.floats(0.0, 480.0))]
    ]
    store, relay = data.draw(st.sampled_from([1e4, 1e12])), data.draw(st.sampled_from([5e3, 1e12]))
    first, second = data.draw(rates), data.draw(rates)
    traffic = sent(items, first, second, store=store, relay=relay)
    balanced(traffic)
    came = np.diff(traffic.arrived_bit, prepend=0.0)
    assert (came <= 10.0 * np.array(second) + 1.0).all()  # what is left of a bit is carried over
    left = np.diff(traffic.arrived_bit + traffic.on_relay_bit, prepend=0.0)
    assert (left <= 2 * (10.0 * np.array(first) + 1.0)).all()  # of rover and lander
    assert traffic.on_relay_bit.max() <= relay
    for source in ("rover", "lander"):
        held = traffic.on_board_bit[source]
        assert held.min() >= 0 and held.max() <= store


def test_the_urgent_goes_first_and_arrives_a_light_time_after_its_last_bit() -> None:
    late = Item(name="picture", source="rover", bits=10_000, priority=5, ready_s=0.0)
    soon = Item(name="health", source="rover", bits=1_000, priority=0, ready_s=20.0)
    traffic = sent([late, soon], 100.0, 1e6)
    picture, health = traffic.sent
    assert health.done_s == pytest.approx(
        30.0 + 1.7
    )  # ready at 20 s, 1,000 bit at 100 bit/s: ready in that very step
    assert picture.done_s == pytest.approx(110.0 + 1.7)
    assert picture.begun_s == 0.0


def test_no_bit_leaves_before_it_is_there() -> None:
    """An item of the middle of a step goes in that step, but not at its beginning."""
    picture = sent(
        [Item(name="picture", source="rover", bits=100, priority=0, ready_s=24.0)], 100.0, 1e6
    ).sent[0]
    assert picture.begun_s == 24.0
    assert picture.done_s == pytest.approx(30.0 + 1.7)


def test_a_full_relay_holds_the_first_hop_back_and_a_full_store_loses_what_is_counted() -> None:
    item = Item(name="film", source="lander", bits=50_000, priority=1, ready_s=0.0)
    held = sent([item], 1000.0, 0.0, relay=5_000.0)
    assert held.on_relay_bit.max() == 5_000.0 and held.sent[0].on_board == 45_000
    small = sent([item], 1000.0, 1e6, store=20_000.0)
    assert small.sent[0].lost == 30_000 and small.sent[0].arrived == 20_000
    assert math.isnan(small.sent[0].done_s)
    balanced(held)
    balanced(small)


def test_fractions_of_bits_are_carried_over() -> None:
    item = Item(name="x", source="rover", bits=1000, priority=0, ready_s=0.0)
    assert sent([item], 0.125, 1e6, steps=80).sent[0].arrived == 100


def test_the_earth_is_never_above_the_horizon() -> None:
    """Every six hours of nineteen years, through all librations: 37 deg below it at the highest."""
    epoch = parse_utc("2019-01-01T00:00:00Z")
    times = np.arange(0.0, 19.0 * 365.25 * 86_400.0, 21_600.0)
    earth = earth_from_moon(math.radians(-45.4446), math.radians(177.5991), *epoch.tt_at(times))
    assert math.degrees(earth.elevation_rad.max()) == pytest.approx(-37.1, abs=0.2)
    assert chord_depth_m(float(earth.elevation_rad.max())) > 300_000.0
    assert chord_depth_m(0.1) == 0.0


def test_the_relay_is_always_above_and_stations_pass() -> None:
    mission = load_mission("chang-e-4")
    assert mission.link is not None
    stations = tuple(read_stations().stations.values())
    epoch = parse_utc(mission.descent.ignition_utc)
    sight = look(
        site_frame(load_site("von-karman")), epoch, mission.link, stations, from_s=0.0, until_s=3 * 86_400.0
    )
    assert sight.relay_up.all() and not sight.station.all()
    assert 1.50 <= sight.light_time_s.min() <= sight.light_time_s.max() <= 1.87
    assert math.degrees(sight.earth_elevation_rad.max()) < -37.0
    contacts = sight.contacts_s(sight.relay_up & sight.station)
    assert (np.diff(contacts.ravel()) > 0).all()
    assert contacts[:, 1] - contacts[:, 0] == pytest.approx(
        [STEP_S * ((sight.time_s >= a) & (sight.time_s < b)).sum() for a, b in contacts]
    )
    assert sight.contacts_s(np.zeros(len(sight.time_s), bool)).shape == (0, 2)
