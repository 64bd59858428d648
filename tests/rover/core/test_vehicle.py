"""Vehicle files: every figure with a source, nothing impossible, and messages that say what was meant."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from rover.core.boundary import Mode
from rover.core.errors import FarsideError, TomlError, VehicleError
from rover.core.vehicle import VehicleParams
from rover.io.bundle import maps_folder, vehicle_names
from rover.io.vehicle import PARTS, read_vehicle

YUTU_2 = maps_folder() / "vehicles" / "yutu-2.toml"


def rewritten(folder: Path, *swaps: tuple[str, str]) -> Path:
    text = YUTU_2.read_text(encoding="utf-8")
    for old, new in swaps:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    path = folder / "rover.toml"
    path.write_text(text, encoding="utf-8")
    return path


def leaves(name: str, held: Any) -> list[str]:
    """Dotted names of the figures of a further table."""
    if not isinstance(held, dict):
        return [name]
    return [leaf for key, value in held.items() for leaf in leaves(f"{name}.{key}", value)]


@pytest.mark.parametrize("name", vehicle_names())
def test_every_bundled_figure_has_a_source_and_no_other_stands_beside_it(name: str) -> None:
    vehicle = read_vehicle(name)
    assert set(vehicle.parts) == set(PARTS)
    further = {
        leaf
        for part, record in vehicle.parts.items()
        for leaf in leaves(part, record.model_dump(exclude_none=True))
    }
    assert set(vehicle.sources) == set(VehicleParams.model_fields) | further
    for key, source in vehicle.sources.items():
        assert len(source) > 10, key
    assert vehicle.name == name


@pytest.mark.parametrize("name", vehicle_names())
def test_less_is_drawn_the_less_is_done(name: str) -> None:
    figures = read_vehicle(name).params
    assert figures.dormant_w <= figures.nap_w <= figures.charge_w <= figures.command_w <= figures.drive_w


def test_yutu_2_is_what_is_published_of_it() -> None:
    figures = read_vehicle("yutu-2").params
    assert (figures.mass_kg, figures.length_m, figures.width_m) == (135.0, 1.5, 1.0)
    assert figures.speed_m_s == pytest.approx(200 / 3600, rel=1e-3)
    assert (figures.slope_limit_deg, figures.step_limit_m) == (20.0, 0.20)
    assert figures.wheel_radius_m == 0.15


def test_properties_are_the_figures_in_si() -> None:
    figures = read_vehicle("yutu-2").params
    assert figures.battery_j == figures.battery_wh * 3600
    assert figures.slope_limit_rad == math.radians(20)
    assert figures.tilt_limit_rad == math.radians(min(20, figures.roll_limit_deg))
    assert figures.footprint_radius_m == pytest.approx(math.sqrt(0.8125))
    for mode in Mode:
        assert figures.load_w(mode) >= 0


@pytest.mark.parametrize("key", sorted(VehicleParams.model_fields))
@pytest.mark.parametrize("value", [-1.0, math.nan, math.inf, "1.0", True, None, [1.0]])
def test_no_figure_takes_an_impossible_value(key: str, value: Any) -> None:
    with pytest.raises(VehicleError, match=rf"vehicle\.{key}"):
        read_vehicle("yutu-2", {key: value})


@pytest.mark.parametrize("overrides, says", [
    ({"slope_limit_deg": 90.0}, "vehicle.slope_limit_deg = 90.0: out of range; give a value less than 90"),
    ({"roll_limit_deg": 0.0}, "vehicle.roll_limit_deg = 0.0: out of range; give a value greater than 0"),
    ({"charge_efficiency": 1.01}, "vehicle.charge_efficiency = 1.01"),
    ({"slip_at_slope_limit": 1.0}, "vehicle.slip_at_slope_limit = 1.0"),
    ({"wheelbase_m": 1.6}, "wheelbase_m = 1.6 is longer than length_m = 1.5"),
    ({"track_m": 1.1}, "track_m = 1.1 is wider than width_m = 1.0"),
    ({"wheel_radius_m": 0.3}, "wheel_radius_m = 0.3 puts the axles above the belly, at belly_clearance_m = 0.25"),
    ({"middle_axle_back_m": 0.9}, "middle_axle_back_m = 0.9 lies behind bogie_pivot_back_m = 0.825; move it forward"),
    ({"rocker_pivot_back_m": 0.9}, "rocker_pivot_back_m = 0.9 lies behind bogie_pivot_back_m = 0.825"),
    ({"bogie_pivot_back_m": 1.2}, "bogie_pivot_back_m = 1.2 lies behind the rear axle, at wheelbase_m = 1.1"),
    ({"slope_limit_deg": 0.0}, "vehicle.slope_limit_deg = 0.0: out of range; give a value greater than 0"),
    ({"roll_limit_deg": 90.0}, "vehicle.roll_limit_deg = 90.0: out of range; give a value less than 90"),
    ({"rocker_limit_deg": 90.0}, "vehicle.rocker_limit_deg = 90.0: out of range"),
    ({"bogie_limit_deg": 0.0}, "vehicle.bogie_limit_deg = 0.0: out of range"),
    ({"mass_kg": "heavy"}, "vehicle.mass_kg = heavy: of the wrong kind; give a number"),
    ({"battery_kwh": 1.0}, "vehicle.battery_kwh: unknown key; did you mean battery_wh?"),
    ({"slope_limit": 15.0}, "vehicle.slope_limit: unknown key; did you mean slope_limit_deg?"),
])  # fmt: skip
def test_what_is_wrong_is_said(overrides: dict[str, float], says: str) -> None:
    with pytest.raises(VehicleError) as refused:
        read_vehicle("yutu-2", overrides)
    assert says in str(refused.value)
    assert refused.value.exit_code == 2


def test_whole_numbers_are_numbers() -> None:
    assert read_vehicle("yutu-2", {"battery_wh": 60}).params.battery_j == 60 * 3600
    assert read_vehicle("yutu-2", {"battery_wh": 60}).sources["battery_wh"] == "set by the scenario"


@pytest.mark.parametrize("old, new, says", [
    ("mass_kg = { value = 135.0, source", "mass_kg = { vaule = 135.0, source", "did you mean value?"),
    ("mass_kg = {", "mas_kg = {", "did you mean mass_kg?"),
    ('name = "yutu-2"', 'nmae = "yutu-2"', "did you mean name?"),
    ("format = 1", "format = 2", "format"),
    ('source = "People\'s Daily, 2018-08-16: design mass 135 kg"', 'source = ""',
     "figures.mass_kg.source = : blank; say where the figure comes from"),
    ('source = "People\'s Daily, 2018-08-16: design mass 135 kg"', 'source = "  "',
     ": blank; say where the figure comes from"),
    ('{ value = 130.0, source = "assumption: third-party estimate; no figure is published" }', "130.0", "battery_wh"),
    ("[figures]", "[figure]", "did you mean figures?"),
    ("[figures]", "[figures", "is not TOML"),
])  # fmt: skip
def test_a_misspelt_file_is_refused_with_what_was_meant(
    old: str, new: str, says: str, tmp_path: Path
) -> None:
    path = rewritten(tmp_path, (old, new))
    with pytest.raises((VehicleError, TomlError)) as refused:
        read_vehicle(path)
    every = [str(problem) for problem in refused.value.problems]
    assert any(says in problem for problem in every), every
    assert str(path) in str(refused.value)


@pytest.mark.parametrize("key", sorted(VehicleParams.model_fields))
def test_a_figure_that_is_missing_is_named(key: str, tmp_path: Path) -> None:
    lines = YUTU_2.read_text(encoding="utf-8").splitlines(keepends=True)
    path = tmp_path / "rover.toml"
    path.write_text("".join(line for line in lines if not line.startswith(f"{key} =")), encoding="utf-8")
    with pytest.raises(VehicleError) as refused:
        read_vehicle(path)
    assert f"vehicle.{key}: missing; add it" in str(refused.value)


@pytest.mark.parametrize("raw, says", [
    (b"", "is empty"),
    (b"\xff\xfe not text", "is not UTF-8 text (byte 0)"),
    (b"format = 1\nname", "is not TOML"),
    (b"format = 1\nname = 'x'\n", "figures: missing"),
    (b"format = 1\nname = 'x'\nfigures = 3\n", "figures = 3: of the wrong kind; give a table"),
    (b"name = 'x'\n[figures]\n", "format: missing; add it"),
    (b"format = 2\nname = 'x'\n[figures]\n", "format = 2: none of the choices; give 1"),
    (b"format = 1\nname = 7\n[figures]\n", "name = 7: of the wrong kind; give text in quotes"),
    (b"format = 1\nname = 'x'\n[figures]\n", "vehicle.mass_kg: missing; add it"),
])  # fmt: skip
def test_a_file_of_ones_own_that_is_no_vehicle_is_refused_in_a_line(
    raw: bytes, says: str, tmp_path: Path
) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes(raw)
    with pytest.raises((VehicleError, TomlError)) as refused:
        read_vehicle(path)
    assert says in str(refused.value)
    assert str(path) in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1
    assert refused.value.exit_code == 2


def test_curiosity_bears_thirty_degrees() -> None:
    figures = read_vehicle("curiosity").params
    assert (figures.slope_limit_deg, figures.mass_kg, figures.wheel_radius_m) == (30.0, 899.0, 0.25)


def test_the_bundled_vehicles_stand_beside_each_other() -> None:
    assert {"yutu-2", "curiosity", "small-40kg"} <= set(vehicle_names())
    assert 30 <= read_vehicle("small-40kg").params.mass_kg <= 50


def test_every_error_is_found_at_once(tmp_path: Path) -> None:
    path = rewritten(tmp_path, ("value = 135.0", "value = -1.0"), ("value = 130.0", "value = 0.0"))
    with pytest.raises(VehicleError, match=r"\(\+1 more: farside check .*rover\.toml lists them\)"):
        read_vehicle(path)


@pytest.mark.parametrize("name", ["yutu-3", "", "yutu", "/nowhere/rover.toml", "x" * 5000, "a\0b", "."])
def test_a_vehicle_that_is_not_there_is_refused(name: str) -> None:
    with pytest.raises(FarsideError) as refused:
        read_vehicle(name)
    assert refused.value.exit_code == 2
    assert len(str(refused.value).splitlines()) == 1
