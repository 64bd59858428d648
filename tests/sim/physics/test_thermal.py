"""The rover's temperatures: heat is conserved, balances come out as by hand, and errors fall with the step."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rover.core.bodies import AU_M
from rover.core.errors import VehicleError
from rover.core.heat import HeatParams, PowerParams
from rover.io.vehicle import read_vehicle
from sim.physics.energy import EnergyModel, EnergyParams, Spell
from sim.physics.energy_faults import NO_FAULTS, EnergyFaults
from sim.physics.envelope import Envelope
from sim.physics.exposure import Exposure, sun_direction, sun_flux_w_m2
from sim.physics.power import body_axes
from sim.physics.regolith_heat_kernels import STEFAN_BOLTZMANN
from sim.physics.thermal import Fate, HeatState, Made, pass_heat, settled
from sim.physics.thermal_kernels import OPEN, OPEN_K, OPENS_K, SHUT, opened
from sim.run.regolith_heat import read_regolith_heat

READ = read_vehicle("yutu-2")
YUTU_2, HEAT, POWER = READ.params, READ.part("heat", HeatParams), READ.part("power", PowerParams)
ENVELOPE = Envelope(YUTU_2, HEAT)
LEVEL = body_axes(0.3, 0.0, 0.0)
DARK = Exposure(sun_direction=sun_direction(0.0, -0.5), flux_w_m2=0.0)


def sunlit(elevation_deg: float, azimuth_deg: float = 90.0, *, ground_k: float = 300.0) -> Exposure:
    flux = sun_flux_w_m2(AU_M)
    direction = sun_direction(math.radians(azimuth_deg), math.radians(elevation_deg))
    return Exposure(
        sun_direction=direction,
        flux_w_m2=flux,
        reflected_w_m2=0.1 * flux * math.sin(math.radians(elevation_deg)),
        infrared_w_m2=0.95 * STEFAN_BOLTZMANN * ground_k**4,
    )


def at(kelvin: float) -> HeatState:
    stored = kelvin * float(ENVELOPE.capacity.sum())
    return HeatState(
        body_k=kelvin, array_k=kelvin, mast_k=kelvin, wheels_k=kelvin, stored_j=stored, first_j=stored
    )


def parts(state: HeatState) -> np.ndarray:
    return np.array([state.body_k, state.array_k, state.mast_k, state.wheels_k])


spans = st.lists(
    st.tuples(
        st.floats(-20, 89),
        st.floats(60, 380),
        st.floats(0, 100),
        st.floats(1, 1e5),
        st.booleans(),
        st.floats(0, 1),
    ),
    min_size=1,
    max_size=12,
)  # Sun, ground, loads, duration, folded, faults


@settings(deadline=None, max_examples=100)
@given(spans, st.floats(-0.4, 0.4), st.floats(-0.4, 0.4))
def test_the_ledger_closes(
    found: list[tuple[float, float, float, float, bool, float]], pitch: float, roll: float
) -> None:
    state = at(280.0)
    for elevation, ground_k, loads_w, duration_s, folded, share in found:
        shine = sunlit(elevation, ground_k=ground_k)
        if elevation < 0:
            shine = replace(shine, flux_w_m2=0.0, reflected_w_m2=0.0)
        given_w = 0.1 * shine.flux_w_m2 * max(0.0, math.sin(math.radians(elevation - 35)))
        made = Made(loads_w=loads_w, battery_w=loads_w / 20, motors_w=loads_w / 5, array_w=given_w)
        state = pass_heat(
            state,
            shine,
            made,
            ENVELOPE,
            axes=body_axes(1.0, pitch, roll),
            folded=folded,
            duration_s=duration_s,
            faults=EnergyFaults(dust=share, rhu_lost=share),
        )
        assert (parts(state) > 0).all()
    assert abs(state.imbalance_j) <= 1e-9 * state.moved_j
    assert state.stored_j == pytest.approx(float(parts(state) @ ENVELOPE.capacity), rel=1e-12)


def test_an_array_alone_is_as_warm_as_by_hand() -> None:
    """Overhead Sun, no ground, no link: what the front takes up both sides radiate."""
    alone = HEAT.model_copy(update={"array": HEAT.array.model_copy(update={"link_w_k": 0.0})})
    shine = Exposure(sun_direction=np.array([0.0, 0.0, 1.0]), flux_w_m2=1361.0)
    found = settled(shine, Made(array_w=68.05), Envelope(YUTU_2, alone), axes=LEVEL, folded=False)
    kept = 1361.0 * 0.5 * HEAT.array.front_absorptance - 68.05
    both = (HEAT.array.front_emittance + HEAT.array.back_emittance) * 0.5 * STEFAN_BOLTZMANN
    assert found.array_k == pytest.approx((kept / both) ** 0.25, abs=1e-6)
    warm = settled(
        replace(shine, infrared_w_m2=500.0), Made(), Envelope(YUTU_2, alone), axes=LEVEL, folded=False
    )
    got = 1361.0 * 0.5 * HEAT.array.front_absorptance + 500.0 * 0.5 * HEAT.array.back_emittance
    assert warm.array_k == pytest.approx((got / both) ** 0.25, abs=1e-6)


def test_a_body_in_the_dark_is_as_warm_as_its_units_keep_it() -> None:
    """No links: what the units make leaves through blankets and a radiator that is shut."""
    units = HEAT.model_copy(
        update={
            name: getattr(HEAT, name).model_copy(update={"link_w_k": 0.0})
            for name in ("array", "mast", "wheels")
        }
    )
    found = settled(DARK, Made(), Envelope(YUTU_2, units), axes=LEVEL, folded=False)
    sides = 2 * (1.5 + 1.0) * HEAT.body.height_m + 2 * 1.5 * 1.0 - HEAT.radiator.area_m2
    leak = sides * HEAT.body.blanket_emittance + HEAT.radiator.area_m2 * HEAT.radiator.shut_emittance
    assert found.body_k == pytest.approx((HEAT.body.rhu_w / (leak * STEFAN_BOLTZMANN)) ** 0.25, abs=1e-6)
    assert found.body_k < HEAT.radiator.opens_k


def test_blankets_pass_what_their_skin_gets() -> None:
    """A body with nothing but blankets, a skin as black for light as for glow, within walls of one temperature."""
    shine = Exposure(
        sun_direction=np.array([0.0, 0.0, -1.0]), flux_w_m2=0.0, infrared_w_m2=STEFAN_BOLTZMANN * 300.0**4
    )
    bare = HEAT.model_copy(
        update={
            "radiator": HEAT.radiator.model_copy(update={"area_m2": 0.0}),
            "body": HEAT.body.model_copy(update={"rhu_w": 0.0}),
            **{
                name: getattr(HEAT, name).model_copy(update={"link_w_k": 0.0})
                for name in ("array", "mast", "wheels")
            },
        }
    )
    envelope = Envelope(YUTU_2, bare)
    found = settled(shine, Made(), envelope, axes=LEVEL, folded=False)
    seen = envelope.front_m2 + envelope.flank_m2 + envelope.deck_m2  # half of the sides, all of the belly
    whole = 2 * (envelope.front_m2 + envelope.flank_m2 + envelope.deck_m2)
    assert found.body_k == pytest.approx(300.0 * (seen / whole) ** 0.25, abs=1e-6)


def unlinked(**more: object) -> Envelope:
    """Yutu-2 whose parts pass no heat to each other, without radiator and units."""
    parted = {
        name: getattr(HEAT, name).model_copy(update={"link_w_k": 0.0}) for name in ("array", "mast", "wheels")
    }
    parted["array"] = parted["array"].model_copy(update={"fold_emittance": 0.0})
    parted["radiator"] = HEAT.radiator.model_copy(update={"area_m2": 0.0})
    parted["body"] = HEAT.body.model_copy(update={"rhu_w": 0.0})
    return Envelope(YUTU_2, HEAT.model_copy(update=parted | more))


@pytest.mark.parametrize("elevation_deg", [0.0, 35.0, 90.0])
def test_mast_and_wheels_alone_are_as_warm_as_by_hand(elevation_deg: float) -> None:
    """An upright cylinder casts a pi-th of its side as shadow, a convex body in the mean a quarter of its surface; half
    of what either sees is ground. Motors warm the wheels.
    """
    shine = sunlit(elevation_deg, ground_k=320.0)
    found = settled(shine, Made(motors_w=9.0, loads_w=0.0), unlinked(), axes=LEVEL, folded=False)
    level = math.cos(math.radians(elevation_deg))
    for part, kelvin, cast, made_w in (
        (HEAT.mast, found.mast_k, level / math.pi, 0.0),
        (HEAT.wheels, found.wheels_k, 0.25, 9.0),
    ):
        light = part.absorptance * (shine.flux_w_m2 * cast + shine.reflected_w_m2 / 2)
        got_w = (light + part.emittance * shine.infrared_w_m2 / 2) * part.area_m2 + made_w
        assert part.emittance * part.area_m2 * STEFAN_BOLTZMANN * kelvin**4 == pytest.approx(got_w, rel=1e-9)


@pytest.mark.parametrize(
    "sun, folded, facing_m2",
    [
        ((1.0, 0.0, 0.0), False, 1.0 * HEAT.body.height_m),
        ((-1.0, 0.0, 0.0), False, 1.0 * HEAT.body.height_m),
        ((0.0, 1.0, 0.0), False, 1.5 * HEAT.body.height_m),
        ((0.0, -0.6, -0.8), False, 0.6 * 1.5 * HEAT.body.height_m + 0.8 * 1.5),
        ((0.0, 0.0, 1.0), False, 1.5),
        ((0.0, 0.0, 1.0), True, 1.5 - 0.5),
    ],
)
def test_each_side_of_the_body_takes_light_by_its_area(
    sun: tuple[float, float, float], folded: bool, facing_m2: float
) -> None:
    """Through blankets that reflect, absorb and glow as their skin does; the array covers what it lies on."""
    shine = Exposure(sun_direction=np.array(sun), flux_w_m2=1361.0, reflected_w_m2=80.0)
    found = settled(shine, Made(), unlinked(), axes=body_axes(0.0, 0.0, 0.0), folded=folded)
    sides_m2 = 2 * (1.0 + 1.5) * HEAT.body.height_m
    skin_w = HEAT.body.skin_absorptance * (1361.0 * facing_m2 + 80.0 * (sides_m2 / 2 + 1.5))
    glows_m2 = sides_m2 + 1.5 + (1.0 if folded else 1.5)
    expected = skin_w / HEAT.body.skin_emittance / (glows_m2 * STEFAN_BOLTZMANN)
    assert found.body_k == pytest.approx(expected**0.25, abs=1e-6)


@pytest.mark.parametrize("folded, open_m2", [(False, 0.6), (True, 0.1)])
def test_an_open_radiator_takes_sunlight_by_its_incidence(folded: bool, open_m2: float) -> None:
    """0.6 m2 of the deck, all of the array's 0.5 m2 on it when folded; the rest is wrapped, and both are in balance."""
    radiator = HEAT.radiator.model_copy(
        update={"area_m2": 0.6, "shut_emittance": HEAT.radiator.emittance, "absorptance": 0.3}
    )
    envelope = unlinked(radiator=radiator)
    sun = np.array([0.0, math.cos(0.4), math.sin(0.4)])
    shine = Exposure(sun_direction=sun, flux_w_m2=1361.0)
    found = settled(shine, Made(), envelope, axes=body_axes(0.0, 0.0, 0.0), folded=folded)
    body, height = HEAT.body, HEAT.body.height_m
    wrapped_m2 = 0.9 if not folded else min(0.9, 1.0)
    facing_m2 = math.cos(0.4) * 1.5 * height + math.sin(0.4) * wrapped_m2
    got_w = 0.3 * 1361.0 * math.sin(0.4) * open_m2
    got_w += body.blanket_emittance / body.skin_emittance * body.skin_absorptance * 1361.0 * facing_m2
    by_m2 = radiator.emittance * open_m2 + body.blanket_emittance * (2 * 2.5 * height + 1.5 + wrapped_m2)
    assert found.body_k == pytest.approx((got_w / (by_m2 * STEFAN_BOLTZMANN)) ** 0.25, abs=1e-6)


def test_loads_warm_body_and_mast_by_their_shares() -> None:
    """In the dark: what is made in a part is all that it gives off."""
    found = settled(DARK, Made(loads_w=50.0, battery_w=3.0), unlinked(), axes=LEVEL, folded=False)
    in_mast_w = 50.0 * (1.0 - HEAT.body.load_share)
    mast, body = HEAT.mast, HEAT.body
    assert mast.emittance * mast.area_m2 * STEFAN_BOLTZMANN * found.mast_k**4 == pytest.approx(in_mast_w)
    wrapped_m2 = 2 * 2.5 * body.height_m + 3.0
    assert body.blanket_emittance * wrapped_m2 * STEFAN_BOLTZMANN * found.body_k**4 == pytest.approx(
        53.0 - in_mast_w
    )


@pytest.mark.parametrize("lean_deg, below", [(0.0, 0.0), (60.0, 0.25), (90.0, 0.5)])
def test_a_leaning_array_takes_light_and_glow_by_where_its_sides_look(lean_deg: float, below: float) -> None:
    """Leaning to the left, north: the front sees (1 - cos lean) / 2 of ground, the back the rest of it."""
    leaning = Envelope(YUTU_2.model_copy(update={"array_lean_deg": lean_deg}), unlinked().heat)
    array, lean = HEAT.array, math.radians(lean_deg)
    both = (array.front_emittance + array.back_emittance) * STEFAN_BOLTZMANN
    glow = (array.front_emittance * below + array.back_emittance * (1.0 - below)) * 300.0
    reflected = (array.front_absorptance * below + array.back_absorptance * (1.0 - below)) * 60.0
    for north in (1.0, -1.0):
        sun = np.array([0.0, north * math.cos(0.3), math.sin(0.3)])
        shine = Exposure(sun_direction=sun, flux_w_m2=1361.0, reflected_w_m2=60.0, infrared_w_m2=300.0)
        found = settled(shine, Made(), leaning, axes=body_axes(0.0, 0.0, 0.0), folded=False)
        facing = sun[1] * math.sin(lean) + sun[2] * math.cos(lean)
        absorptance = array.front_absorptance if facing > 0 else array.back_absorptance
        got = absorptance * 1361.0 * abs(facing) + glow + reflected
        assert found.array_k == pytest.approx((got / both) ** 0.25, abs=1e-6)


def test_halving_the_step_changes_results_by_the_second_order() -> None:
    shine, made = sunlit(40.0, ground_k=340.0), Made(loads_w=60.0)

    def after(steps: int) -> np.ndarray:
        state = pass_heat(
            at(250.0),
            shine,
            made,
            ENVELOPE,
            axes=LEVEL,
            folded=False,
            duration_s=4000.0,
            longest_step_s=4000.0 / steps,
        )
        return parts(state)

    errors = [float(np.abs(after(n) - after(4096)).max()) for n in (16, 32, 64)]
    for coarse, fine in zip(errors, errors[1:], strict=False):
        assert 3.3 < coarse / fine < 4.7


@pytest.mark.parametrize("span_s", [1e4, 1e6, 1e9])
def test_one_long_step_is_stable(span_s: float) -> None:
    for shine, folded in ((sunlit(45.0, ground_k=350.0), False), (DARK, True)):
        state = pass_heat(
            at(280.0),
            shine,
            Made(loads_w=20.0),
            ENVELOPE,
            axes=LEVEL,
            folded=folded,
            duration_s=span_s,
            longest_step_s=span_s,
        )
        assert (parts(state) > 30.0).all()
        assert (parts(state) < 450.0).all()


def test_in_the_dark_without_units_everything_cools() -> None:
    state, before = at(300.0), np.full(4, 300.0)
    for _ in range(50):
        state = pass_heat(
            state,
            DARK,
            Made(),
            ENVELOPE,
            axes=LEVEL,
            folded=True,
            duration_s=7200.0,
            faults=EnergyFaults(rhu_lost=1.0),
        )
        assert (parts(state) < before).all()
        before = parts(state)


@settings(deadline=None, max_examples=40)
@given(
    st.floats(0, 2 * math.pi), st.floats(0, 360), st.floats(0, 85), st.floats(-0.3, 0.3), st.floats(-0.3, 0.3)
)
def test_mirrored_attitude_and_sun_give_the_same(
    yaw: float, azimuth: float, elevation: float, pitch: float, roll: float
) -> None:
    """Mirrored about the north-south plane: east becomes west, left becomes right."""
    here = settled(
        sunlit(elevation, azimuth),
        Made(loads_w=20.0),
        ENVELOPE,
        axes=body_axes(yaw, pitch, roll),
        folded=False,
    )
    there = settled(
        sunlit(elevation, -azimuth),
        Made(loads_w=20.0),
        ENVELOPE,
        axes=body_axes(math.pi - yaw, pitch, -roll),
        folded=False,
    )
    np.testing.assert_allclose(parts(there), parts(here), atol=1e-6)


def test_the_fold_keeps_warm_and_dust_on_the_radiator_warms() -> None:
    open_, folded = (
        settled(DARK, Made(), ENVELOPE, axes=LEVEL, folded=fold).body_k for fold in (False, True)
    )
    assert folded > open_ + 5.0
    noon, made = sunlit(45.0, ground_k=350.0), Made(loads_w=45.0)
    clean, dusty = (
        settled(noon, made, ENVELOPE, axes=LEVEL, folded=False, faults=EnergyFaults(dust=dust)).body_k
        for dust in (0.0, 0.3)
    )
    assert dusty > clean + 5.0


def test_the_radiator_opens_smoothly() -> None:
    held = ENVELOPE.inlet(DARK, LEVEL, folded=False).radiator
    kelvin = np.linspace(260.0, 310.0, 501)
    share, slope = np.array([opened(float(k), held) for k in kelvin]).T
    assert share[0] == pytest.approx(held[SHUT] / held[OPEN])
    assert share[-1] == 1.0
    assert (np.diff(share) >= 0).all()
    np.testing.assert_allclose(slope[1:-1], np.gradient(share, kelvin)[1:-1], atol=2e-4)
    assert slope[kelvin < held[OPENS_K]].max() == slope[kelvin > held[OPEN_K]].max() == 0.0


def test_what_it_does_not_survive_is_noted_for_good() -> None:
    def long(state: HeatState, shine: Exposure, made: Made, faults: EnergyFaults = NO_FAULTS) -> HeatState:
        return pass_heat(state, shine, made, ENVELOPE, axes=LEVEL, folded=True, duration_s=1e7, faults=faults)

    frozen = long(at(280.0), DARK, Made(), EnergyFaults(rhu_lost=1.0))
    assert frozen.fate is Fate.FROZEN
    assert long(frozen, DARK, Made(loads_w=15.0)).fate is Fate.FROZEN
    hot = long(at(280.0), sunlit(45.0, ground_k=350.0), Made(loads_w=300.0))
    assert hot.fate is Fate.OVERHEATED
    assert long(hot, DARK, Made()).fate is Fate.OVERHEATED
    assert long(at(280.0), DARK, Made()).fate is Fate.SOUND


def test_a_radiator_larger_than_the_deck_is_refused() -> None:
    large = HEAT.model_copy(update={"radiator": HEAT.radiator.model_copy(update={"area_m2": 1.6})})
    with pytest.raises(
        VehicleError, match=r"heat.radiator.area_m2 = 1.6: larger than the deck of 1.5 m2; give less"
    ):
        Envelope(YUTU_2, large)


class TestPowerAndHeat:
    """Both together."""

    model = EnergyModel(YUTU_2, EnergyParams(power=POWER, heat=HEAT, regolith=read_regolith_heat("mare")))

    def spell(
        self, shine: Exposure, duration_s: float = 600.0, *, folded: bool = False, **more: float
    ) -> Spell:
        loads = {"load_w": 20.0, "motors_w": 0.0} | more
        return Spell(exposure=shine, axes=LEVEL, folded=folded, duration_s=duration_s, **loads)

    def test_shadow_night_and_a_zero_sun_never_charge(self) -> None:
        glowing = replace(DARK, infrared_w_m2=700.0)
        unlit = replace(sunlit(45.0), flux_w_m2=0.0, reflected_w_m2=0.0)
        for shine in (DARK, glowing, unlit):
            power, heat = self.model.begin(self.spell(shine), soc=0.5)
            for load_w in (0.0, 20.0):
                after, _, out_w = self.model.spend(power, heat, self.spell(shine, load_w=load_w))
                assert out_w == 0.0
                assert after.harvest_j == 0.0
                assert after.stored_j < power.stored_j

    def test_a_folded_array_gives_nothing(self) -> None:
        shine = sunlit(30.0)
        power, heat = self.model.begin(self.spell(shine), soc=0.5)
        after, _, out_w = self.model.spend(power, heat, self.spell(shine, folded=True))
        assert out_w > 40.0, "it still senses the Sun"
        assert after.harvest_j == 0.0

    def test_power_that_is_taken_cools_the_array(self) -> None:
        shine = sunlit(45.0, ground_k=340.0)
        power, heat = self.model.begin(self.spell(shine), soc=0.2)
        charging = self.model.spend(power, heat, self.spell(shine, 3600.0))[1]
        full = self.model.spend(
            replace(power, stored_j=YUTU_2.battery_j), heat, self.spell(shine, 3600.0, load_w=0.0)
        )[1]
        assert charging.array_k < full.array_k - 3.0

    def test_every_joule_that_is_drawn_becomes_heat_but_for_work_on_the_ground(self) -> None:
        """Both ledgers together: loads, motors, the losses of the battery and its leak."""
        shine = sunlit(45.0, ground_k=340.0)
        for soc, motors_w, duration_s in ((0.5, 30.0, 1800.0), (1.0, 0.0, 7200.0), (0.5, 12.0, 400_000.0)):
            for light in (shine, DARK):
                power, heat = self.model.begin(self.spell(light), soc=soc)
                spell = self.spell(light, duration_s, motors_w=motors_w)
                after, warm, _ = self.model.spend(power, heat, spell)
                got_j = (
                    after.load_j - after.unserved_j
                )  # the last of the three, in the dark, empties the battery
                work_j = motors_w / (20.0 + motors_w) * got_j * YUTU_2.drive_efficiency
                made_j = got_j - work_j + after.loss_j + after.leak_j + HEAT.body.rhu_w * duration_s
                assert warm.made_j == pytest.approx(made_j, rel=1e-9)
                inlet = self.model.envelope.inlet(light, LEVEL, folded=False)
                if light is DARK:
                    assert warm.absorbed_j == pytest.approx(inlet.absorbed_sum_w * duration_s, abs=1e-6)

    def test_halving_the_span_changes_results_by_the_second_order(self) -> None:
        """Power and temperatures that need each other, in steps so short that their own integration is exact."""
        shine = sunlit(40.0, ground_k=330.0)
        power, heat = self.model.begin(self.spell(DARK), soc=0.3)

        def after(count: int) -> np.ndarray:
            held, warm = power, heat
            for _ in range(count):
                held, warm, _ = self.model.spend(held, warm, self.spell(shine, 1200.0 / count, load_w=30.0))
            return np.array([held.stored_j])

        errors = [float(np.abs(after(n) - after(512)).max()) for n in (8, 16, 32)]
        for coarse, fine in zip(errors, errors[1:], strict=False):
            assert 3.0 < coarse / fine < 5.5

    def test_the_ledgers_close_over_a_day_of_changes(self) -> None:
        power, heat = self.model.begin(self.spell(DARK), soc=0.9)
        for k in range(2000):
            elevation = 45.0 * math.sin(k / 150.0)
            shine = sunlit(elevation) if elevation > 0 else replace(DARK, infrared_w_m2=5.0)
            power, heat, _ = self.model.spend(
                power, heat, self.spell(shine, 600.0, folded=elevation < 5.0, load_w=15.0 + k % 40)
            )
        assert abs(power.imbalance_j) <= 1e-9 * power.moved_j
        assert abs(heat.imbalance_j) <= 1e-9 * heat.moved_j
