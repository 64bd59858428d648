"""The tables of power and heat: what is impossible is refused in the project's words."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from rover.core.errors import VehicleError
from rover.core.heat import HeatParams, PowerParams
from rover.io.bundle import maps_folder, vehicle_names
from rover.io.vehicle import read_vehicle

YUTU_2 = maps_folder() / "vehicles" / "yutu-2.toml"
RADIATOR = "[heat.radiator]\n"


def with_value(folder: Path, table: str, key: str, value: Any) -> Path:
    """Return Yutu-2's file with one figure of a table set."""
    head, _, rest = YUTU_2.read_text(encoding="utf-8").partition(f"[{table}]\n")
    lines = rest.splitlines(keepends=True)
    found = next(k for k, line in enumerate(lines) if line.startswith(f"{key} = "))
    lines[found] = f'{key} = {{ value = {value}, source = "a test of the checks" }}\n'
    path = folder / "rover.toml"
    path.write_text(f"{head}[{table}]\n{''.join(lines)}", encoding="utf-8")
    return path


@pytest.mark.parametrize("name", vehicle_names())
def test_every_bundled_vehicle_has_both(name: str) -> None:
    vehicle = read_vehicle(name)
    power, heat = vehicle.part("power", PowerParams), vehicle.part("heat", HeatParams)
    assert heat.limits.survive_min_k < 273 < heat.limits.work_max_k
    assert vehicle.params.array_efficiency == pytest.approx(power.cell_efficiency * power.packing, rel=0.15)


@pytest.mark.parametrize(
    "table, key, value, said",
    [
        ("power", "cell_efficiency", 1.01, "out of range; give a value less than or equal to 1"),
        ("power", "packing", 0.0, "out of range; give a value greater than 0"),
        ("power", "cell_per_k", 0.001, "out of range; give a value less than or equal to 0"),
        ("power", "dust", 1.5, "out of range; give a value less than or equal to 1"),
        ("power", "self_discharge_per_day", 1.0, "out of range; give a value less than 1"),
        ("heat.body", "capacity_j_k", -1.0, "out of range; give a value greater than 0"),
        ("heat.body", "blanket_emittance", 1.2, "out of range; give a value less than or equal to 1"),
        ("heat.body", "rhu_w", -5.0, "out of range; give a value greater than or equal to 0"),
        ("heat.body", "load_share", '"most"', "of the wrong kind; give a number"),
        ("heat.radiator", "open_k", 270.0, "opens_k = 278.15 is not below open_k = 270.0; exchange them"),
        (
            "heat.radiator",
            "shut_emittance",
            0.9,
            "shut_emittance = 0.9 is over emittance = 0.85; exchange them",
        ),
        ("heat.limits", "survive_min_k", 330.0, "out of order; let them grow in this order"),
        ("heat.limits", "work_max_k", 350.0, "out of order; let them grow in this order"),
        ("heat.mast", "area_m2", 0.0, "out of range; give a value greater than 0"),
        ("heat.array", "link_w_k", "nan", "out of range"),
    ],
)
def test_what_cannot_be_is_refused(tmp_path: Path, table: str, key: str, value: Any, said: str) -> None:
    path = with_value(tmp_path, table, key, value)
    with pytest.raises(VehicleError) as refused:
        read_vehicle(path)
    line = str(refused.value)
    assert str(path) in line
    assert f"{table.partition('.')[0]}." in line
    assert said in line or math.isnan(float(value))


def test_a_figure_without_a_source_and_an_unknown_one_are_refused(tmp_path: Path) -> None:
    text = YUTU_2.read_text(encoding="utf-8")
    path = tmp_path / "rover.toml"
    path.write_text(
        text.replace('dust = { value = 0.0, source = "assumption: counted in packing" }', "dust = 0.0")
    )
    with pytest.raises(VehicleError, match=r"power.dust = 0.0: no figure with its source; write \{ value = "):
        read_vehicle(path)
    path.write_text(
        text.replace("[heat.limits]", '[heat.limits]\nwarmth = { value = 1.0, source = "none at all" }')
    )
    with pytest.raises(VehicleError, match=r"heat.limits.warmth: unknown key"):
        read_vehicle(path)


def test_a_vehicle_without_the_table_says_so(tmp_path: Path) -> None:
    text = YUTU_2.read_text(encoding="utf-8")
    path = tmp_path / "rover.toml"
    path.write_text(text[: text.index("[heat.body]")], encoding="utf-8")
    with pytest.raises(VehicleError, match="heat: missing; add this table, or take yutu-2, which has it"):
        read_vehicle(path).part("heat", HeatParams)
