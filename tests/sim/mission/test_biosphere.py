"""The biosphere: heat that balances, degree-hours by hand, frost with its latent heat, and the sets of species."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rover.core.errors import ScenarioError
from rover.core.time import parse_utc
from rover.io.bundle import maps_folder
from sim.mission.biosphere import (
    FUSION_J_KG,
    STEP_S,
    ZERO_C_K,
    Biosphere,
    BiosphereParams,
    SpeciesRow,
    _grown,
    _warmed,
    camera_times,
    growth_rate,
    live,
)
from sim.mission.daylight import sunlight_at
from sim.physics.exposure import sun_flux_w_m2
from sim.run.mission_scenario import load_mission

MISSION = load_mission("chang-e-4")
EPOCH = parse_utc(MISSION.descent.ignition_utc)
SITE = MISSION.read_site()


def params(**more: object) -> BiosphereParams:
    assert MISSION.biosphere is not None
    return MISSION.biosphere.model_copy(update=more)


@pytest.fixture(scope="module")
def flown() -> Biosphere:
    return live(params(), SITE, EPOCH)


def test_it_is_on_for_as_long_as_published_and_takes_its_pictures(flown: Biosphere) -> None:
    assert (flown.off_s - flown.watered_s) / 3600.0 == pytest.approx(212.7, abs=0.1)
    assert EPOCH.utc_at(flown.off_s) == "2019-01-12T12:00:00Z"
    assert 165 <= len(camera_times(params(), flown)) <= 180  # more than 170 are told of


def test_the_canister_keeps_its_design_range_until_it_is_switched_off_and_freezes_after(
    flown: Biosphere,
) -> None:
    on = flown.time_s < flown.off_s
    celsius = flown.canister_k - ZERO_C_K
    assert params().design_low_c < celsius[on].min() and celsius[on].max() < params().design_high_c
    assert flown.frozen_s > flown.off_s
    assert flown.frozen[-1] == 1.0 and celsius[-1] < -10.0
    assert all(one.ended == "the water froze, after the canister was switched off" for one in flown.growth)


def test_cotton_sprouts_by_the_record_and_potato_does_not(flown: Biosphere) -> None:
    grown = {one.row.name: one for one in flown.growth}
    assert set(grown) == {"cotton", "rapeseed", "potato", "arabidopsis", "yeast", "fruit fly"}
    assert EPOCH.utc_at(grown["cotton"].reached_s)[:10] in ("2019-01-06", "2019-01-07")
    assert math.isnan(grown["potato"].reached_s)


def test_degree_hours_are_the_sum_of_what_is_above_the_base(flown: Biosphere) -> None:
    cotton = next(one for one in flown.growth if one.row.name == "cotton")
    n = round(3600.0 * 80 / STEP_S)
    celsius = flown.canister_k[: n + 1] - ZERO_C_K
    by_hand = np.trapezoid(np.clip(celsius - cotton.row.base_c, 0.0, None), flown.time_s[: n + 1]) / 3600.0
    assert celsius.max() < cotton.row.best_c
    assert cotton.degree_h[n] == pytest.approx(by_hand, rel=1e-9)
    late = cotton.degree_h[flown.time_s >= flown.frozen_s]
    assert (late == late[0]).all()


def test_growth_is_a_triangle_over_temperature() -> None:
    row = SpeciesRow(
        name="x",
        sets=("a",),
        stage="sprout",
        base_c=10.0,
        best_c=30.0,
        most_c=40.0,
        degree_h=100.0,
        source="test",
    )
    assert growth_rate(row, [5.0, 10.0, 20.0, 30.0, 35.0, 40.0, 50.0]).tolist() == [0, 0, 10, 20, 10, 0, 0]
    # 10 hours at 20 degrees are 100 degree-hours.
    assert 10.0 * float(growth_rate(row, 20.0)) == row.degree_h


def test_heat_in_is_heat_out_and_kept(flown: Biosphere) -> None:
    """First law of both lumps together over the time before any ice."""
    p = params()
    n = round((flown.off_s - flown.watered_s) / STEP_S)
    days = np.linspace(flown.watered_s, flown.off_s, 30)
    flux = [sun_flux_w_m2(sunlight_at(SITE, EPOCH, float(at)).distance_m) for at in days]
    light = np.interp(flown.time_s[:n], days, flux) * np.sin(flown.sun_rad[:n])
    sigma = 5.670374419e-8
    into = (
        (p.deck_absorptance * p.deck_m2 + p.pipe_share * p.pipe_m2) * light
        + p.deck_heat_w
        + p.electronics_w
        + flown.heater_w[1 : n + 1]
        - p.deck_emittance * p.deck_m2 * sigma * flown.deck_k[:n] ** 4
        - p.skin_emittance * p.skin_m2 * sigma * flown.canister_k[:n] ** 4
    )
    kept = ((p.canister_kg - p.water_kg) * p.structure_j_kg_k + p.water_kg * 4186.0) * (
        flown.canister_k[n] - flown.canister_k[0]
    ) + p.deck_j_k * (flown.deck_k[n] - flown.deck_k[0])
    assert float(into.sum() * STEP_S) == pytest.approx(kept, abs=2e3)


def test_freezing_takes_its_latent_heat_both_ways() -> None:
    whole = 0.018 * FUSION_J_KG
    at, ice = _warmed(ZERO_C_K, 0.0, -whole / 2, 2000.0, 0.018)
    assert at == ZERO_C_K and ice == pytest.approx(0.5)
    at, ice = _warmed(at, ice, -whole / 2 - 2037.08 * 1.0, 2000.0, 0.018)
    assert ice == 1.0 and at == pytest.approx(ZERO_C_K - 1.0, abs=0.02)
    at, ice = _warmed(at, ice, whole + 2037.08, 2000.0, 0.018)
    assert ice == pytest.approx(0.0, abs=0.01) and at == pytest.approx(ZERO_C_K, abs=0.1)


def test_without_its_heater_it_freezes_while_it_is_on_and_growth_ends(flown: Biosphere) -> None:
    cold = live(params(heated=False, deck_heat_w=0.0, begin_c=2.0), SITE, EPOCH)
    assert cold.watered_s < cold.frozen_s < cold.off_s
    assert {one.ended for one in cold.growth} == {"the water froze, before the canister was switched off"}
    assert all(math.isnan(one.reached_s) for one in cold.growth)


def test_what_was_frozen_does_not_grow_when_it_is_warm_again() -> None:
    row = params().inside[0]
    time_s = np.arange(0.0, 7200.0 + 1.0, STEP_S)
    warm = np.full(len(time_s), ZERO_C_K + 25.0)
    alive, dead = _grown(row, time_s, warm, len(time_s), 1e9), _grown(row, time_s, warm, 60, 1e9)
    assert alive.degree_h[-1] == pytest.approx(2.0 * (25.0 - row.base_c)) and not alive.ended
    assert dead.degree_h[-1] == pytest.approx(dead.degree_h[60]) and "before" in dead.ended


def test_the_article_has_its_own_species() -> None:
    told = live(params(species_set="article"), SITE, EPOCH)
    assert [one.row.name for one in told.growth] == ["silkworm", "mustard"]


@pytest.mark.parametrize(
    "old, new, line",
    [
        ('species_set = "flown"', 'species_set = "moss"', "has no species; give one of article, flown"),
        ("value = 0.018", "value = 3.0", "water_kg = 3.0 is not less than canister_kg = 2.608; lower it"),
        ("heater_on_c = { value = 23.0", "heater_on_c = { value = 40.0", "is not below heater_off_c"),
        ("base_c = 15.6", "base_c = 50.0", "do not rise; write them from cold to warm"),
        ('off_utc = "2019-01-12', 'off_utc = "2019-01-02', "is not after watered_utc"),
        (
            "deck_m2 = { value = 0.5, source = ",
            "deck_m2 = { value = 0.5, sauce = ",
            "biosphere.deck_m2.source: missing",
        ),
        (
            "deck_m2 = { value = 0.5, ",
            "deck_m2 = 0.5 # ",
            "biosphere.deck_m2 = 0.5: no figure with its source; write",
        ),
    ],
)
def test_impossible_values_are_refused_in_a_line(tmp_path, old: str, new: str, line: str) -> None:  # type: ignore[no-untyped-def]
    text = (maps_folder() / "von-karman" / "chang-e-4.toml").read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "mission.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ScenarioError) as refused:
        load_mission(path)
    assert line in str(refused.value)
