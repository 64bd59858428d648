"""Heat in regolith: what is conserved, how errors fall with the step, and what was measured at the landing site."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rover.core.bodies import AU_M
from rover.core.errors import SiteError
from rover.core.time import SYNODIC_MONTH_S
from sim.physics.ground_heat import CHUNK_STEPS, GroundHeat, Suns
from sim.physics.regolith_heat import (
    STEP_S,
    Column,
    RegolithHeatParams,
    Sunlight,
    reflectance,
    settled,
    stages_s,
    warm,
)
from sim.run.regolith_heat import read_regolith_heat

MARE, HIGHLAND, CHANGE_4 = (read_regolith_heat(kind) for kind in ("mare", "highland", "change-4"))
LATITUDE_RAD = math.radians(45.4446)
FLUX_W_M2 = 1361.0


def daylight(step_s: float, *, latitude_rad: float = LATITUDE_RAD, days: float = 1.0) -> Sunlight:
    """Return an equinoctial day from noon to noon."""
    steps = round(days * SYNODIC_MONTH_S / step_s)
    times = stages_s(0.0, days * SYNODIC_MONTH_S, days * SYNODIC_MONTH_S / steps)
    height = math.cos(latitude_rad) * np.cos(2 * math.pi * times / SYNODIC_MONTH_S)
    return Sunlight(
        step_s=days * SYNODIC_MONTH_S / steps,
        sin_elevation=height,
        flux_w_m2=np.where(height > 0, FLUX_W_M2, 0.0),
    )


def hours(surface_k: np.ndarray, *asked: float) -> list[float]:
    """Return temperatures at hours of local time, 12 at noon."""
    at = np.arange(1, len(surface_k) + 1) / len(surface_k) * 24.0
    return [float(np.interp((hour - 12.0) % 24.0, at, surface_k)) for hour in asked]


def day_of(params: RegolithHeatParams) -> np.ndarray:
    light = daylight(1200.0)
    return warm(settled(daylight(3600.0), params), light, params).surface_k


@pytest.mark.parametrize("params", [MARE, HIGHLAND, CHANGE_4])
def test_heat_is_conserved(params: RegolithHeatParams) -> None:
    """What the column gains is what the surface took up less what it gave off, and what came from below."""
    light = daylight(3600.0, days=0.4)
    column = settled(daylight(7200.0), params, days=3)
    after = warm(column, light, params)
    span_s = light.step_s * len(light.flux_w_m2)
    gained = after.column.heat_j_m2(params) - column.heat_j_m2(params)
    came = after.absorbed_j_m2 - after.radiated_j_m2 + params.heat_flow_w_m2 * span_s
    assert gained == pytest.approx(came, abs=1e-9 * after.absorbed_j_m2)
    assert abs(gained) > 1e5


def test_a_column_that_nothing_changes_stays() -> None:
    """Constant light: once the surface radiates what it takes up and what comes from below, nothing moves."""
    still = Sunlight(step_s=1e5, sin_elevation=np.full((400, 2), 0.5), flux_w_m2=np.full((400, 2), 200.0))
    column = settled(still, MARE, days=12)
    taken = 100.0 * (1.0 - reflectance(math.pi / 3, MARE))
    even = ((taken + MARE.heat_flow_w_m2) / (MARE.emissivity * 5.670374419e-8)) ** 0.25
    after = warm(column, still, MARE)
    assert after.surface_k[-1] == pytest.approx(even, abs=1e-3)
    assert np.ptp(after.surface_k) < 1e-3
    assert after.column.temperature_k[-1] > after.column.temperature_k[0]  # heat comes from below


def test_halving_the_step_changes_results_by_the_second_order() -> None:
    """From noon for a fifth of a day, in which the light is smooth: errors fall by four."""
    column = settled(daylight(3600.0), MARE)
    found = {n: warm(column, smooth(n), MARE).column.temperature_k for n in (16, 32, 64, 1024)}
    errors = [float(np.abs(found[n] - found[1024]).max()) for n in (16, 32, 64)]
    assert errors[0] < 1.0
    for coarse, fine in zip(errors, errors[1:], strict=False):
        assert 3.3 < coarse / fine < 4.7


def smooth(steps: int) -> Sunlight:
    span_s = SYNODIC_MONTH_S / 5
    times = stages_s(0.0, span_s, span_s / steps)
    height = math.cos(LATITUDE_RAD) * np.cos(2 * math.pi * times / SYNODIC_MONTH_S)
    return Sunlight(step_s=span_s / steps, sin_elevation=height, flux_w_m2=np.full(height.shape, FLUX_W_M2))


@pytest.mark.parametrize("step_s", [3e4, 1e5, 3e5, 6e5])
def test_long_steps_are_stable(step_s: float) -> None:
    surface = warm(settled(daylight(3600.0), MARE), daylight(step_s, days=2.0), MARE).surface_k
    assert np.isfinite(surface).all()
    assert 60.0 < surface.min() < surface.max() < 400.0


def test_the_day_repeats_itself() -> None:
    """The column that comes of six days is that of sixty, at every depth; and so is the next day."""
    six, sixty = (settled(daylight(3600.0), MARE, days=days).temperature_k for days in (6, 60))
    np.testing.assert_allclose(six, sixty, atol=0.03)
    after = warm(Column(temperature_k=sixty), daylight(3600.0), MARE)
    np.testing.assert_allclose(after.column.temperature_k, sixty, atol=0.01)


def test_reflectance_by_the_formula() -> None:
    assert reflectance(0.0, MARE) == pytest.approx(0.07)
    assert reflectance(math.radians(45), MARE) == pytest.approx(0.07 + 0.06 + 0.25 / 2**8)
    assert reflectance(math.pi / 2, MARE) == pytest.approx(0.07 + 0.06 * 8 + 0.25)
    grown = reflectance(np.linspace(0.0, math.pi / 2, 50), MARE)
    assert (np.diff(grown) > 0).all()
    assert (grown <= 1.0).all()


class TestAuthorities:
    """At 45.44 deg of latitude, over level ground at an equinox."""

    def test_the_afternoon_that_yutu_2_measured(self) -> None:
        """346 +- 8 K at 14:28-14:41 local time, from VNIS (Lin et al. 2021); level models come out 20 K below."""
        for params in (MARE, HIGHLAND, CHANGE_4):
            assert hours(day_of(params), 14.583)[0] == pytest.approx(346.0, abs=30.0)

    def test_the_night_that_the_lander_measured(self) -> None:
        """-190 deg C before dawn (CNSA)."""
        for params in (MARE, HIGHLAND):
            assert hours(day_of(params), 5.9)[0] == pytest.approx(83.0, abs=8.0)

    def test_published_level_models(self) -> None:
        noon, afternoon, dawn = hours(day_of(MARE), 12.0, 14.583, 5.9)
        assert 346.0 <= noon <= 351.5
        assert 319.0 <= afternoon <= 325.0
        assert dawn == pytest.approx(88.0, abs=1.0)

    def test_another_solver_of_the_same_model(self) -> None:
        """Against heat1d 0.3.2 (P. Hayne), explicit, four years on a grid of 63 layers (m = n = 20, F = 0.1), with the
        same figures. Its own grid, which grows by a fifth from layer to layer, is 1 to 2 K colder at night.
        """
        theirs = {
            12.0: 351.14, 13.0: 347.46, 14.0: 335.57, 14.583: 324.31, 15.0: 313.95, 16.0: 279.14, 17.0: 222.85,
            18.0: 123.59, 19.0: 109.02, 20.0: 103.81, 22.0: 97.89, 0.0: 94.27, 2.0: 91.71, 4.0: 89.76, 5.9: 88.26,
        }  # fmt: skip
        ours = hours(day_of(MARE), *theirs)
        np.testing.assert_allclose(ours, list(theirs.values()), atol=0.5)


def turning(distance_au: float = 1.0) -> Suns:
    """Return a Sun that turns over the site, noon at time 0."""

    def suns(time_s: np.ndarray) -> np.ndarray:
        turn = 2 * math.pi * time_s / SYNODIC_MONTH_S
        up = math.cos(LATITUDE_RAD) * np.cos(turn)
        east, north = -np.sin(turn), math.sin(LATITUDE_RAD) * np.cos(turn)
        return np.column_stack([east, north, up, np.full(len(time_s), distance_au * AU_M)])

    return suns


def test_the_ground_by_time_is_the_column_in_chunks() -> None:
    ground = GroundHeat(MARE, turning(), from_s=0.0)
    surface = day_of(MARE)
    for hour in (1.0, 3.0, 7.0, 12.0, 18.0):
        time_s = hour / 24.0 * SYNODIC_MONTH_S
        assert ground.surface_k(time_s) == pytest.approx(hours(surface, 12.0 + hour)[0], abs=1.0)
    for hour in (4.0, 5.0, 5.5, 18.7, 19.0):  # a step late or early is half a kelvin and more
        time_s = hour / 24.0 * SYNODIC_MONTH_S
        assert ground.surface_k(time_s) == pytest.approx(hours(surface, 12.0 + hour)[0], abs=0.05)


def test_what_was_asked_before_does_not_change_the_answer() -> None:
    late_s = (2 * CHUNK_STEPS + 7.3) * STEP_S
    fresh, asked = GroundHeat(MARE, turning(), from_s=0.0), GroundHeat(MARE, turning(), from_s=0.0)
    for k in range(0, 900, 13):
        asked.surface_k(k * 1000.0)
    assert fresh.surface_k(late_s) == asked.surface_k(late_s)


def test_a_skyline_delays_the_warm_of_the_morning() -> None:
    level = GroundHeat(MARE, turning(), from_s=0.0)
    walled = GroundHeat(MARE, turning(), from_s=0.0, skyline=lambda azimuth_rad: math.radians(8.0))
    morning_s = 0.765 * SYNODIC_MONTH_S  # 18.4 h after noon: the Sun is some 4 deg high
    assert walled.surface_k(morning_s) < level.surface_k(morning_s) - 30.0
    noon_s = SYNODIC_MONTH_S
    assert walled.surface_k(noon_s) == pytest.approx(level.surface_k(noon_s), abs=1.0)


def test_only_the_skyline_where_the_sun_is_counts() -> None:
    def wall(middle_rad: float) -> Callable[[float], float]:
        return lambda azimuth_rad: math.radians(8.0) if math.cos(azimuth_rad - middle_rad) > 0.7 else 0.0

    morning_s = 0.765 * SYNODIC_MONTH_S
    level, north, east, west = (
        GroundHeat(MARE, turning(), from_s=0.0, skyline=skyline).surface_k(morning_s)
        for skyline in (None, wall(0.0), wall(math.pi / 2), wall(-math.pi / 2))
    )
    assert east < level - 30.0
    assert north == pytest.approx(level, abs=0.1)
    assert level - 30.0 < west < level  # it has shortened the day before


def test_between_steps_the_temperature_goes_straight() -> None:
    ground = GroundHeat(MARE, turning(), from_s=1000.0)
    for k in (0, 200, CHUNK_STEPS - 1, CHUNK_STEPS):  # within a chunk, and from one to the next
        at = [ground.surface_k(1000.0 + (k + share) * STEP_S) for share in (0.0, 0.25, 0.5, 1.0)]
        assert at[1] == pytest.approx(0.75 * at[0] + 0.25 * at[3], abs=1e-9)
        assert at[2] == pytest.approx(0.5 * (at[0] + at[3]), abs=1e-9)
        assert 0.0 < abs(at[3] - at[0]) < 3.0


def test_a_farther_sun_warms_less() -> None:
    """At noon the ground is about in balance with the light: its temperature goes with the root of the distance."""
    near, far = (
        GroundHeat(MARE, turning(distance_au=au), from_s=0.0).surface_k(2000.0) for au in (0.98, 1.02)
    )
    assert near / far == pytest.approx(math.sqrt(1.02 / 0.98), abs=0.003)


def test_the_ground_glows_and_reflects_by_its_figures() -> None:
    ground = GroundHeat(MARE, turning(), from_s=0.0)
    assert ground.infrared_w_m2(300.0) == pytest.approx(0.95 * 5.670374419e-8 * 300.0**4)
    for elevation_deg in (90.0, 45.0, 20.0):
        share = math.sin(math.radians(elevation_deg))
        turned = (90.0 - elevation_deg) / 45.0
        albedo = 0.07 + 0.06 * turned**3 + 0.25 * (turned / 2) ** 8
        assert ground.reflected_w_m2(share, 1000.0) == pytest.approx(1000.0 * share * albedo)
    assert ground.reflected_w_m2(-0.01, 1000.0) == ground.reflected_w_m2(0.5, 0.0) == 0.0


def test_an_unknown_kind_and_impossible_figures_are_refused(tmp_path: Path) -> None:
    with pytest.raises(
        SiteError, match="regolith_heat = moss: no such kind of regolith; name one of: change-4, "
    ):
        read_regolith_heat("moss")
    bundled = Path(__file__).parents[3] / "maps" / "regolith_heat.toml"
    text = bundled.read_text(encoding="utf-8")
    broken = tmp_path / "regolith.toml"
    broken.write_text(
        text.replace("emissivity = { value = 0.95,", "emissivity = { value = 1.95,"), encoding="utf-8"
    )
    with pytest.raises(
        SiteError, match=r"kinds.mare.emissivity = 1.95: out of range; give a value less than"
    ):
        read_regolith_heat("mare", broken)
    broken.write_text(
        text.replace(', source = "Langseth et al. 1976: mean of Apollo 15 and 17"', ""), "utf-8"
    )
    with pytest.raises(SiteError, match=r"heat_flow_w_m2.source: missing; add it"):
        read_regolith_heat("mare", broken)


def test_jit_off_equals_jit_on(tmp_path: Path) -> None:
    """The column calls no library function but powers, which may differ in the last bit."""
    code = (
        "import sys, numpy as np\n"
        f"sys.path.insert(0, r'{Path(__file__).parent}')\n"
        "import test_regolith_heat as t\n"
        "found = t.warm(t.settled(t.daylight(4e4), t.MARE, days=3), t.daylight(4e4), t.MARE)\n"
        f"np.save(r'{tmp_path / 'off.npy'}', found.surface_k)\n"
    )
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": str(Path(__file__).parents[3])}
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    on = warm(settled(daylight(4e4), MARE, days=3), daylight(4e4), MARE).surface_k
    np.testing.assert_allclose(np.load(tmp_path / "off.npy"), on, rtol=1e-12)
