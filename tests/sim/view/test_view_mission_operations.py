"""Pictures of a mission's operations: their axes have units, and what is told of is on them."""

from __future__ import annotations

import math

import numpy as np
from matplotlib.figure import Figure

from sim.view.biosphere import BiosphereSheet, GrowthCurve, draw_biosphere
from sim.view.link import LinkSheet, draw_link
from sim.view.mission_energy import EnergySheet, draw_mission_energy
from sim.view.radargram import GramPanel, draw_radargram
from sim.view.rollout import RampSketch, RolloutSheet, draw_rollout


def words_of(figure: Figure) -> str:
    """All words on a figure."""
    found = [text.get_text() for text in figure.texts]
    for ax in figure.axes:
        found += [text.get_text() for text in ax.texts]
        found += [ax.get_title(loc="left"), ax.get_xlabel(), ax.get_ylabel()]
        legend = ax.get_legend()
        found += [] if legend is None else [text.get_text() for text in legend.get_texts()]
        found += [tick.get_text() for tick in ax.get_yticklabels()]
    return "\n".join(found)


def inside(figure: Figure) -> bool:
    """Whether the figure's own words lie within it."""
    figure.canvas.draw()
    page = figure.bbox
    boxes = [text.get_window_extent() for text in figure.texts]
    return all(page.x0 <= box.x0 and box.x1 <= page.x1 for box in boxes)


def test_a_link_shows_rates_stores_and_why_nothing_goes_straight() -> None:
    n = 50
    days = np.linspace(0.1, 3.0, n)
    sheet = LinkSheet(
        days=days,
        earth_deg=np.full(n, -40.0),
        relay_deg=np.linspace(35.0, 48.0, n),
        sun_deg=np.full(n, 30.0),
        rover_kbit_s=np.full(n, 140.0),
        lander_kbit_s=np.full(n, 280.0),
        earth_kbit_s=np.where(days < 1, 0.0, 2000.0),
        stations=[("Kashi", np.array([[1.0, 1.5]]))],
        stores=[(name, np.full(n, 3.0)) for name in ("rover", "lander", "relay")],
        made_gbit=days,
        arrived_gbit=0.9 * days,
        sums=[("panorama", 406.4, 400.0, 0.2)],
        late=[(2.0, "drive")],
        chord_km=406.0,
        words="1 Gbit made",
        day="2019-01-03",
    )
    figure = draw_link(sheet, title="link")
    words = words_of(figure)
    for wanted in (
        "elevation, deg",
        "rate, kbit/s",
        "waiting, Mbit",
        "sum, Gbit",
        "Kashi",
        "406 km deep",
        "Queqiao",
        "commands up, 125 bit/s",
        "400.0 of 406.4",
        "days from 2019-01-03, UTC",
    ):
        assert wanted in words, wanted
    assert inside(figure)


def panel(title: str, *, as_strength: bool) -> GramPanel:
    along = np.linspace(0.0, 8.0, 60)
    time = np.arange(300.0)
    echo = np.random.default_rng(1).standard_normal((300, 60))
    echo[100] += 50.0 * np.cos(along)
    return GramPanel(
        title=title,
        time_ns=time,
        along_m=along,
        echo=echo,
        border_ns=np.column_stack([0 * along + 4, 0 * along + 100.0]),
        layers=["soil", "rock"],
        ticks=[(0.0, 4.0), (5.0, 100.0)],
        resolution_ns=4.0,
        until_ns=250.0,
        as_strength=as_strength,
    )


def test_radargrams_have_time_depth_layers_and_resolution() -> None:
    figure = draw_radargram(
        [panel("60 MHz", as_strength=False), panel("500 MHz", as_strength=True)],
        [3.0],
        title="radar",
        words="x",
    )
    words = words_of(figure)
    for wanted in (
        "two-way time, ns",
        "depth, m",
        "driven, m",
        "60 MHz",
        "500 MHz",
        "soil",
        "rock",
        "resolution",
    ):
        assert wanted in words, wanted
    assert inside(figure)


def test_a_rollout_shows_its_ramps_and_steps() -> None:
    side = np.linspace(-8.0, 8.0, 80)
    square = np.array([[-0.5, 1.0], [-0.5, 3.0], [0.5, 3.0], [0.5, 1.0]])
    ramps = [
        RampSketch(
            name="front",
            words="rails 29",
            rails_m=square,
            run_m=square + np.array([0.0, 2.0]),
            stop_m=(0.0, 5.0),
            chosen=True,
            good=True,
        ),
        RampSketch(
            name="back",
            words="too steep",
            rails_m=-square,
            run_m=-square - np.array([0.0, 2.0]),
            stop_m=(0.0, -5.0),
            chosen=False,
            good=False,
        ),
    ]
    sheet = RolloutSheet(
        height_m=0.02 * side[:, None] + 0.1 * np.sin(side)[None, :],
        extent_m=(-8.0, 8.0, -8.0, 8.0),
        footprint_m=2.3,
        turn_m=0.9,
        sun_azimuth_rad=0.8,
        ramps=ramps,
        profile_m=np.column_stack([side[40:], 0 * side[40:]]),
        rail_m=np.array([[1.05, 1.2], [3.2, 0.0]]),
        steps=[("check", "why", 2.5, 4.0), ("down", "why", 14.0, 14.3)],
        landed_h=2.45,
        published_h=14.37,
        words="on the ground",
    )
    words = words_of(draw_rollout(sheet, title="rollout"))
    for wanted in (
        "front: taken",
        "back: refused\ntoo steep",
        "check",
        "down",
        "published",
        "east of the lander, m",
    ):
        assert wanted in words, wanted


def test_a_biosphere_shows_what_came_up_and_what_did_not() -> None:
    hours = np.linspace(0.0, 220.0, 400)
    curves = [
        GrowthCurve(name="cotton", stage="sprout", record="sprouted", share=hours / 80.0, reached_h=80.0),
        GrowthCurve(name="potato", stage="sprout", record="", share=hours / 900.0, reached_h=math.nan),
    ]
    sheet = BiosphereSheet(
        hours=hours,
        canister_c=np.full(400, 24.0),
        deck_c=np.full(400, 10.0),
        heater_w=np.full(400, 4.0),
        sun_deg=np.full(400, 30.0),
        off_h=212.7,
        frozen_h=214.0,
        design_c=(1.0, 30.0),
        growth=curves,
        words="canister",
    )
    words = words_of(draw_biosphere(sheet, title="biosphere"))
    for wanted in (
        "cotton: sprout after 80 h",
        "potato: no sprout by then",
        "the real one: sprouted",
        "temperature, °C",
        "water freezes",
        "hours since the watering",
    ):
        assert wanted in words, wanted


def test_energy_shows_charge_power_and_loads() -> None:
    days = np.linspace(0.6, 10.0, 100)
    sheet = EnergySheet(
        days=days,
        soc=np.full(100, 0.9),
        array_w=np.full(100, 90.0),
        load_w=np.full(100, 20.0),
        spans=[("noon nap", 3.0, 7.4, "nap")],
        loads_wh=[("nap", 2000.0)],
        sums_wh=[("all loads", 2000.0)],
        day="2019-01-03",
        words="2000 Wh",
    )
    words = words_of(draw_mission_energy(sheet, title="energy"))
    for wanted in ("charge, %", "power, W", "noon nap", "2,000.0", "days from 2019-01-03, UTC"):
        assert wanted in words, wanted
