"""Commands: when they are there, and that nothing is done without them."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rover.core.time import parse_utc
from sim.mission.biosphere import camera_times, live
from sim.mission.relay_queue import Item, carry
from sim.mission.relay_radio import STEP_S, Sight
from sim.run.mission_commands import (
    CommandWay,
    as_ordered,
    command_way,
    commands_s,
    mission_orders,
)
from sim.run.mission_events import biosphere_events, not_commanded
from sim.run.mission_rollout import last_s, sight_of
from sim.run.mission_scenario import Mission, load_mission

MISSION = load_mission("chang-e-4")
SITE = MISSION.read_site()
EPOCH = parse_utc(MISSION.descent.ignition_utc)
DAY_S = 86_400.0


def way_of(rate_bit_s: list[float], *, lead_s: float = 0.0) -> CommandWay:
    rate = np.array(rate_bit_s)
    return CommandWay(
        time_s=STEP_S * np.arange(1.0, 1.0 + len(rate), dtype=np.float64),
        carried_bit=np.cumsum(np.floor(rate * STEP_S)),
        light_time_s=np.full(len(rate), 1.7), rate_bit_s=125.0, lead_s=lead_s, block_bit=8192, closed="",
    )  # fmt: skip


def test_commands_are_there_in_time_late_or_never() -> None:
    """8,192 bit take 65.5 s at 125 bit/s, two steps of a minute."""
    way = way_of([125.0] * 10 + [0.0] * 20 + [125.0] * 2 + [0.0] * 5)
    assert way.there_s(500.0, 8192) == 9 * STEP_S + 1.7  # sent so late that the second one ends after it
    # Sent at 534.5 s, what is left of the last open minute and half a minute of the next stretch.
    assert way.there_s(700.0, 8192) == 32 * STEP_S + 1.7
    assert way.there_s(1000.0, 8192) == 32 * STEP_S + 1.7
    assert math.isinf(way.there_s(1960.0, 8192)) and way.why_never == "no command gets through any more"
    early = way_of([125.0] * 10 + [0.0] * 20, lead_s=600.0)
    assert early.there_s(1000.0, 8192) == 1000.0
    assert math.isinf(way_of([0.0] * 30).there_s(100.0, 8192))


@settings(max_examples=60, deadline=None)
@given(
    rates=st.lists(st.sampled_from([0.0, 125.0]), min_size=40, max_size=40),
    needed_s=st.floats(0.0, 2300.0),
    lead_s=st.sampled_from([0.0, 240.0]),
    bits=st.integers(1, 20_000),
)
def test_they_are_there_when_the_books_of_the_link_have_them(
    rates: list[float], needed_s: float, lead_s: float, bits: int
) -> None:
    way = way_of(rates, lead_s=lead_s)
    item = Item(name="x", source="earth", bits=bits, priority=0, ready_s=way.sent_s(needed_s, bits))
    rate = np.array(rates)
    (sent,) = carry(
        [item], {"earth": rate}, rate, time_s=STEP_S * np.arange(40.0), step_s=STEP_S, store_bit={"earth": 1e15},
        relay_store_bit=1e15, light_time_s=np.full(40, 1.7),
    ).sent  # fmt: skip
    there = way.there_s(needed_s, bits)
    if math.isnan(sent.done_s):
        assert math.isinf(there)
    else:
        assert there == max(needed_s, sent.done_s)


def changed(**tables: dict[str, object]) -> Mission:
    return MISSION.model_copy(
        update={name: getattr(MISSION, name).model_copy(update=figures) for name, figures in tables.items()}
    )


@pytest.fixture(scope="module")
def sight() -> Sight:
    found = sight_of(MISSION, last_s(MISSION))
    assert found is not None
    return found


def test_in_the_mission_all_is_commanded_in_time(sight: Sight) -> None:
    orders = mission_orders(MISSION, command_way(MISSION, sight))
    assert len(orders.all) == 4
    for order in [*orders.all, orders.ring]:
        assert order.time_s == order.planned_s and not order.why
    assert as_ordered(MISSION, orders) is MISSION


def test_without_a_link_commands_are_always_there() -> None:
    unlinked = MISSION.model_copy(update={"link": None})
    orders = mission_orders(unlinked, command_way(unlinked, None))
    assert [order.time_s for order in orders.all] == [order.planned_s for order in orders.all]
    assert np.isinf(commands_s(unlinked, None)).all()


@pytest.mark.parametrize(
    ("link", "blind", "why"),
    [
        ({"mask_deg": 85.0}, False, "the relay is never above 85 deg"),
        ({}, True, "no ground station ever sees the relay"),
        ({"relay_forward": {"eirp_dbw": -40.0}}, False, "no rate leaves the margin that is asked for"),
    ],
)
def test_over_a_closed_link_nothing_is_done(link: dict[str, object], blind: bool, why: str) -> None:
    assert MISSION.link is not None
    figures = {
        name: getattr(MISSION.link, name).model_copy(update=value) if isinstance(value, dict) else value
        for name, value in link.items()
    }
    deaf = changed(link=figures)
    sight = sight_of(deaf, last_s(deaf))
    assert sight is not None
    if blind:
        sight = replace(sight, station=np.zeros(len(sight.time_s), bool))
    assert commands_s(deaf, sight).shape == (0, 2)
    orders = mission_orders(deaf, command_way(deaf, sight))
    assert {order.why for order in [*orders.all, orders.ring]} == {f"no command gets through: {why}"}
    for event in not_commanded(orders):
        assert event.words == f"not taken: no command gets through: {why}"
        assert event.time_s == EPOCH.seconds_until(parse_utc(deaf.panorama.utc))
    assert deaf.biosphere is not None
    dry = live(deaf.biosphere, SITE, EPOCH, watered_s=math.inf, off_s=math.inf)
    assert not any(one.degree_h.any() for one in dry.growth) and camera_times(deaf.biosphere, dry) == []
    names = {event.name: event for event in biosphere_events(dry, deaf, orders)}
    assert set(names) == {"biosphere not watered", "biosphere stays on"}
    assert names["biosphere not watered"].words == f"the seeds stay dry: no command gets through: {why}"
    assert names["biosphere stays on"].words == f"not powered down: no command gets through: {why}"


def test_over_a_link_that_opens_late_all_is_done_late(sight: Sight) -> None:
    opens_s = 9.0 * DAY_S
    late = replace(sight, station=sight.station & (sight.time_s >= opens_s))
    first = float(commands_s(MISSION, late)[0, 0])
    orders = mission_orders(MISSION, command_way(MISSION, late))
    for order in [*orders.all, orders.ring]:
        assert order.time_s >= min(first, order.planned_s) and not order.why
    assert orders.watering is not None and orders.off is not None
    assert first < orders.watering.time_s < first + 200.0
    assert orders.panorama.time_s > orders.panorama.planned_s
    shown = as_ordered(MISSION, orders)
    assert EPOCH.seconds_until(parse_utc(shown.panorama.utc)) == pytest.approx(
        orders.panorama.time_s, abs=1.0
    )
    assert MISSION.biosphere is not None
    bio = live(MISSION.biosphere, SITE, EPOCH, watered_s=orders.watering.time_s, off_s=orders.off.time_s)
    watered = biosphere_events(bio, MISSION, orders)[0]
    assert watered.time_s == orders.watering.time_s
    assert watered.figures["waited_for_link_h"] == pytest.approx(orders.watering.waited_h, abs=0.01)
    assert not any(
        event.name == "sprout" and "cotton" in event.words for event in biosphere_events(bio, MISSION)
    )
