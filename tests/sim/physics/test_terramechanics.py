"""A wheel on soil: laws of the stresses, an independent integration of them, and what Yutu-2's wheels did."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.integrate import quad

from rover.core.errors import SiteError
from sim.moon.regolith import regolith_at
from sim.moon.soil import SoilParams, soil_from_table
from sim.moon.surface import surface
from sim.physics import wheel_table
from sim.physics.drivetrain import drivetrain_of
from sim.physics.terramechanics import (
    SoilFigures,
    WheelForces,
    WheelParams,
    rigid_wheel_sinkage_m,
    slip_for_pull,
    soil_of,
    wheel_forces,
    wheel_of,
)
from sim.run.scenario_ground import load_site
from sim.run.setting import load_soil
from tests.sim.shaped import CHASSIS, YUTU_2, laws_with

LAWS = load_soil()
REGOLITH = load_site("von-karman").regolith
WHEEL = wheel_of(YUTU_2, CHASSIS, LAWS)
WEIGHT_N = 36.5
"""On one of Yutu-2's wheels on level ground."""

LOOSEST, NOMINAL, FIRMEST = (soil_of(REGOLITH, LAWS, firmness) for firmness in (0.0, 0.5, 1.0))


def forces(
    soil: SoilFigures = NOMINAL, *, load_n: float = WEIGHT_N, slip: float = 0.0, lateral: float = 0.0
) -> WheelForces:
    return wheel_forces(WHEEL, soil, load_n=load_n, slip=slip, lateral=lateral)


def changed(soil: SoilFigures, **figures: float) -> SoilFigures:
    held = {name: getattr(soil, name) for name in SoilFigures.__slots__}
    return SoilFigures(**{**held, **figures})


def climbs(soil: SoilFigures, slope_deg: float, *, most_slip: float = 1.0) -> float:
    """Slip at which the wheel bears its share of a slope; NaN if it cannot."""
    slope = math.radians(slope_deg)
    load, pull = WEIGHT_N * math.cos(slope), WEIGHT_N * math.sin(slope)
    return slip_for_pull(WHEEL, soil, load_n=load, pull_n=pull, most_slip=most_slip)


class TestAuthorities:
    """FACTS of Chang'e 4: Ding et al. 2024, PMC11258293."""

    def test_the_rigid_wheel_formula(self) -> None:
        lunar = {"radius_m": 0.15, "width_m": 0.15, "stiffness_pa_m_n": 820e3 + 1.4e3 / 0.15, "exponent": 1.0}
        assert rigid_wheel_sinkage_m(load_n=36.5, **lunar) == pytest.approx(8.6e-3, abs=0.1e-3)

    @pytest.mark.parametrize("firmness", [0.0, 0.25, 0.5, 0.75])
    def test_36_5_n_sink_5_to_15_mm(self, firmness: float) -> None:
        assert 5e-3 <= forces(soil_of(REGOLITH, LAWS, firmness)).sinkage_m <= 15e-3

    def test_on_the_sites_ground_wheels_sink_as_yutu_2s_did(self) -> None:
        """8 mm in the mean, 5 to 15; what is firmer yet, to 4.3 mm, is a small part of the ground."""
        site = load_site("von-karman")
        east, north = np.random.default_rng(1).uniform(-500.0, 500.0, (2, 300))
        soil = regolith_at(
            surface(site, 1), east + site.anchor_mm[0] / 1000, north + site.anchor_mm[1] / 1000
        )
        known = np.linspace(0.0, 1.0, 21)
        sunk = [forces(soil_of(REGOLITH, LAWS, firmness)).sinkage_m for firmness in known.tolist()]
        here = np.interp(soil.firmness, known, sunk)
        assert np.mean((here >= 5e-3) & (here <= 15e-3)) > 0.88
        assert here.min() > 4.2e-3
        assert here.mean() == pytest.approx(8e-3, abs=1e-3)

    def test_slips_of_slopes_up_and_down_to_8_9_deg(self) -> None:
        """Most of Yutu-2's were between 0 and -0.075, by the radius without lugs."""
        level = climbs(NOMINAL, 0.0)
        assert -0.075 < level < 0.0
        for slope_deg in (-8.9, 8.9):
            assert abs(climbs(NOMINAL, slope_deg)) <= 0.1
        assert -0.1 < climbs(NOMINAL, -8.9) < level < climbs(NOMINAL, 8.9)

    def test_a_shear_modulus_of_apollo_soils_slips_too_much(self) -> None:
        """1.78 cm cannot meet what Yutu-2 did; this is why the modulus is fitted."""
        apollo = changed(LOOSEST, shear_m=0.0178)
        assert abs(climbs(apollo, 8.9)) > 2 * abs(climbs(LOOSEST, 8.9)) or math.isnan(climbs(apollo, 8.9))
        assert climbs(changed(NOMINAL, shear_m=0.0178), 8.9) > 0.1

    def test_20_deg_are_climbed_on_nominal_soil_and_not_on_the_softest(self) -> None:
        assert climbs(NOMINAL, 20.0) < 0.3
        assert math.isnan(climbs(LOOSEST, 20.0))


class TestLaws:
    def test_a_peer_integrates_the_same_stresses(self) -> None:
        """The textbook's integrals by scipy at the sinkage found: the load is borne, and the forces are the same."""
        for slip, lateral in ((0.0, 0.0), (0.2, 0.0), (0.6, 0.1), (-0.05, 0.0), (-0.3, 0.2), (1.0, 0.3)):
            found = forces(slip=slip, lateral=lateral)
            up, pull, side, torque = _integrated(NOMINAL, found.sinkage_m, slip, lateral)
            assert up == pytest.approx(WEIGHT_N, rel=1e-4)
            assert pull == pytest.approx(found.pull_n, abs=1e-3 * WEIGHT_N)
            assert side == pytest.approx(found.side_n, abs=1e-3 * WEIGHT_N)
            assert torque == pytest.approx(found.torque_n_m, abs=2e-4 * WEIGHT_N)

    def test_without_strength_there_is_no_torque_and_only_resistance(self) -> None:
        slick = changed(NOMINAL, cohesion_pa=0.0, friction_rad=0.0)
        for slip in (-0.5, 0.0, 0.5, 1.0):
            found = forces(slick, slip=slip)
            assert found.torque_n_m == 0.0
            assert found.pull_n < 0.0

    def test_compaction_is_the_work_of_the_rut(self) -> None:
        """Bekker: without shear, on soil that does not come up again, resistance is width times the work of pressing.

        The wheel's stress is greatest ahead of its lowest point and falls off behind, so that the rear part gives some
        back: what is left is between half of the whole work and all of it.
        """
        slick = changed(NOMINAL, cohesion_pa=0.0, friction_rad=0.0)
        found = forces(slick)
        work = (
            WHEEL.width_m
            * slick.stiffness_pa_m_n
            * found.sinkage_m ** (slick.exponent + 1)
            / (slick.exponent + 1)
        )
        assert 0.5 * work < -found.pull_n < work

    def test_slip_pulls_and_sinks_and_takes_torque(self) -> None:
        slips = np.linspace(-0.9, 1.0, 39)
        found = [forces(slip=float(slip)) for slip in slips]
        assert (np.diff([f.pull_n for f in found]) > 0).all()
        assert (np.diff([f.torque_n_m for f in found]) > 0).all()
        up = [f.sinkage_m for f, slip in zip(found, slips, strict=True) if slip >= 0]
        assert (np.diff(up) > 0).all()
        assert up[-1] > 2 * up[0], "it digs in as it spins"

    def test_on_the_loosest_soil_pull_has_a_peak(self) -> None:
        """Sinking with slip, the wheel has more to push away than it gains by shear."""
        pulls = [forces(LOOSEST, slip=slip).pull_n for slip in np.linspace(0.0, 1.0, 21).tolist()]
        assert 5 < int(np.argmax(pulls)) < 18
        assert pulls[-1] < 0.9 * max(pulls)

    def test_more_load_sinks_more(self) -> None:
        sunk = [forces(load_n=load).sinkage_m for load in (5.0, 20.0, 36.5, 80.0, 150.0)]
        assert (np.diff(sunk) > 0).all()

    def test_firmer_soil_bears_and_holds_better(self) -> None:
        soils = [soil_of(REGOLITH, LAWS, firmness) for firmness in (-1.0, -0.5, 0.0, 0.5, 1.0)]
        assert (np.diff([forces(soil).sinkage_m for soil in soils]) < 0).all()
        assert (np.diff([forces(soil, slip=0.3).pull_n for soil in soils]) > 0).all()

    def test_lugs_make_slip_counted_without_them_less(self) -> None:
        bare = WheelParams(radius_m=0.15, width_m=0.15, shear_radius_m=0.15)
        assert slip_for_pull(bare, NOMINAL, load_n=WEIGHT_N, pull_n=0.0) > climbs(NOMINAL, 0.0) + 0.02

    def test_side_slip_is_resisted_and_takes_from_the_pull(self) -> None:
        sides = [forces(slip=0.1, lateral=y) for y in (0.0, 0.05, 0.1, 0.3, 1.0)]
        assert sides[0].side_n == 0.0
        assert (np.diff([f.side_n for f in sides]) > 0).all()
        assert (np.diff([f.pull_n for f in sides]) < 0).all()
        assert forces(slip=0.1, lateral=-0.3) == forces(slip=0.1, lateral=0.3)

    def test_a_trap_lets_nobody_out(self) -> None:
        trap = soil_of(REGOLITH, LAWS, -1.0)
        assert math.isnan(climbs(trap, 0.0))
        assert forces(trap, slip=1.0).sinkage_m > 0.05

    def test_firmness_between_and_beyond_its_ends(self) -> None:
        assert soil_of(REGOLITH, LAWS, 2.0) == soil_of(REGOLITH, LAWS, 1.0)
        assert soil_of(REGOLITH, LAWS, -3.0) == soil_of(REGOLITH, LAWS, -1.0)
        assert soil_of(REGOLITH, LAWS, -1.0).cohesion_pa == LAWS.trap.cohesion_pa.value
        assert soil_of(REGOLITH, LAWS, 0.5).cohesion_pa == pytest.approx((520 + 3154) / 2)

    def test_more_points_of_quadrature_change_nothing(self) -> None:
        for soil in (LOOSEST, NOMINAL, FIRMEST):
            for slip in (-0.2, 0.0, 0.1, 0.5, 1.0):
                one = forces(soil, slip=slip, lateral=0.1)
                other = wheel_forces(WHEEL, soil, load_n=WEIGHT_N, slip=slip, lateral=0.1, order=40)
                assert one.pull_n == pytest.approx(other.pull_n, abs=1e-4 * WEIGHT_N)
                assert one.sinkage_m == pytest.approx(other.sinkage_m, abs=1e-6)


def _integrated(soil: SoilFigures, sunk: float, slip: float, lateral: float) -> tuple[float, ...]:
    """Up, pull, side and torque, from Wong and Reece's integrals as they stand in the books."""
    r, b, rs = WHEEL.radius_m, WHEEL.width_m, WHEEL.shear_radius_m
    entry = math.acos(1 - sunk / r)
    peak = (soil.peak + soil.peak_slip * abs(slip)) * entry
    n = soil.exponent + soil.exponent_slip * abs(slip)
    v = r * (1 - slip) if slip >= 0 else r / (1 + slip)
    v_side = lateral * max(r, v)

    def normal(t: float) -> float:
        at = t if t >= peak else entry - t / peak * (entry - peak)
        return soil.stiffness_pa_m_n * (r * (math.cos(at) - math.cos(entry))) ** n

    def shears(t: float) -> tuple[float, float]:
        along = rs * (entry - t) - v * (math.sin(entry) - math.sin(t))
        across = v_side * (entry - t)
        whole = math.hypot(along, across)
        size = (soil.cohesion_pa + normal(t) * math.tan(soil.friction_rad)) * (
            1 - math.exp(-whole / soil.shear_m)
        )
        return (size * along / whole, size * across / whole) if whole > 0 else (0.0, 0.0)

    def over(f: object) -> float:
        return sum(
            quad(f, low, high, limit=200)[0]  # type: ignore[arg-type]
            for low, high in ((1e-12, peak), (peak, entry - 1e-12))
        )

    steep = math.tan(math.pi / 4 + soil.friction_rad / 2)
    weight = soil.density_kg_m3 * 1.625
    wall = 2 * soil.cohesion_pa * steep * sunk + 0.5 * weight * (steep * sunk) ** 2
    return (
        r * b * over(lambda t: normal(t) * math.cos(t) + shears(t)[0] * math.sin(t)),
        r * b * over(lambda t: shears(t)[0] * math.cos(t) - normal(t) * math.sin(t)),
        r * b * over(lambda t: shears(t)[1])
        + wall * r * over(lambda t: 1 - math.exp(-v_side * (entry - t) / soil.shear_m)),
        r * b * rs * over(lambda t: shears(t)[0]),
    )


class TestTable:
    TABLE = drivetrain_of(YUTU_2, CHASSIS, REGOLITH, LAWS).table

    def test_it_is_the_full_model_at_its_entries(self) -> None:
        for firmness, slip in ((0.0, 0.0), (0.5, 0.25), (1.0, -0.25), (-1.0, 1.0)):
            load = 3 * 36.5625  # the last of the loads
            full = wheel_forces(WHEEL, soil_of(REGOLITH, LAWS, firmness), load_n=load, slip=slip)
            read = self.TABLE.forces(firmness=firmness, load_n=load, slip=slip)
            assert read.sinkage_m == pytest.approx(full.sinkage_m, rel=1e-9)
            assert read.pull_n == pytest.approx(full.pull_n, rel=1e-9, abs=1e-9)

    @pytest.mark.parametrize(
        "most_slip, most_lateral, of_pull, of_side, of_sinkage_m",
        [(0.2, 0.1, 0.012, 0.03, 0.15e-3), (0.6, 0.3, 0.06, 0.05, 0.3e-3)],
    )
    def test_between_its_entries_it_is_within_a_stated_share_of_the_load(
        self, most_slip: float, most_lateral: float, of_pull: float, of_side: float, of_sinkage_m: float
    ) -> None:
        generator = np.random.default_rng(1)
        for _ in range(400):
            firmness, load = float(generator.uniform(0, 1)), float(generator.uniform(20, 60))
            slip, lateral = (
                float(generator.uniform(-min(most_slip, 0.3), most_slip)),
                float(generator.uniform(0, most_lateral)),
            )
            full = wheel_forces(
                WHEEL, soil_of(REGOLITH, LAWS, firmness), load_n=load, slip=slip, lateral=lateral
            )
            read = self.TABLE.forces(firmness=firmness, load_n=load, slip=slip, lateral=lateral)
            assert read.sinkage_m == pytest.approx(full.sinkage_m, abs=of_sinkage_m)
            assert read.pull_n == pytest.approx(full.pull_n, abs=of_pull * load)
            assert read.side_n == pytest.approx(full.side_n, abs=of_side * load)
            assert read.torque_n_m == pytest.approx(full.torque_n_m, abs=of_pull * load * WHEEL.radius_m)

    def test_a_wheel_in_the_air_does_nothing(self) -> None:
        assert self.TABLE.forces(firmness=0.5, load_n=-3.0, slip=0.5) == WheelForces(
            sinkage_m=0.0, pull_n=0.0, side_n=0.0, torque_n_m=0.0
        )

    def test_beyond_its_ends_it_stays_as_it_is(self) -> None:
        for name, inside, outside in (("slip", 1.0, 1.5), ("lateral", 1.0, 2.0), ("firmness", 1.0, 1.2)):
            place = {"firmness": 0.5, "load_n": 30.0, "slip": 0.1, "lateral": 0.1}
            assert self.TABLE.forces(**place | {name: inside}) == self.TABLE.forces(**place | {name: outside})

    def test_it_hangs_on_the_number_of_threads_in_no_bit(self, monkeypatch: pytest.MonkeyPatch) -> None:
        laws = SoilParams.model_validate(laws_with(shear_m=0.0061))
        monkeypatch.setenv("FARSIDE_THREADS", "1")
        one = drivetrain_of(YUTU_2, CHASSIS, REGOLITH, laws).table.entries
        wheel_table._filled.cache_clear()
        drivetrain_of.cache_clear()
        monkeypatch.setenv("FARSIDE_THREADS", "3")
        assert (drivetrain_of(YUTU_2, CHASSIS, REGOLITH, laws).table.entries == one).all()


@pytest.mark.parametrize(
    "load_n, slip", [(0.0, 0.0), (-1.0, 0.0), (math.nan, 0.0), (30.0, 1.1), (30.0, math.nan)]
)
def test_what_no_wheel_can_have_is_refused(load_n: float, slip: float) -> None:
    with pytest.raises(ValueError, match="a load above 0 and a slip of -1 to 1"):
        forces(load_n=load_n, slip=slip)


@pytest.mark.parametrize("name, value, says", [
    ("shear_m", 0.0, "wheels.shear_m.value = 0.0: out of range; give a value greater than 0"),
    ("peak", 1.5, "wheels.peak.value = 1.5: out of range"),
    ("exponent_slip", -0.1, "wheels.exponent_slip.value = -0.1: out of range"),
])  # fmt: skip
def test_a_soil_file_that_cannot_be_used_is_refused_in_a_line(name: str, value: float, says: str) -> None:
    with pytest.raises(SiteError) as refused:
        soil_from_table(laws_with(**{name: value}), file="soil.toml")
    assert says in str(refused.value)


def test_every_figure_of_the_soil_has_a_source() -> None:
    table = laws_with()
    del table["wheels"]["peak"]["source"]
    with pytest.raises(SiteError, match=r"wheels\.peak\.source: missing"):
        soil_from_table(table, file="soil.toml")
