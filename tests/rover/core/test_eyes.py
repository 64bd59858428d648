"""The table `[eyes]` of a vehicle file: bad figures are named by file, field, value and remedy."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rover.core.errors import VehicleError
from rover.core.eyes import EyesParams
from rover.io.bundle import maps_folder
from rover.io.vehicle import read_vehicle

YUTU_2 = (maps_folder() / "vehicles" / "yutu-2.toml").read_text(encoding="utf-8")


def changed(tmp_path: Path, table: str, key: str, line: str) -> Path:
    """Yutu-2's file with one line of one table replaced."""
    head, found, tail = YUTU_2.partition(f"[eyes.{table}]\n")
    assert found
    new, count = re.subn(rf"^{key} = .*$", line, tail, count=1, flags=re.MULTILINE)
    assert count == 1
    path = tmp_path / "rover.toml"
    path.write_text(head + found + new, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("table", "key", "line", "words"),
    [
        ("navcam", "up_m", 'up_m = { value = -0.1, source = "a test" }',
         r"eyes.navcam.up_m = -0.1: the camera is below ground; give its height"),
        ("hazcam", "baseline_m", 'baseline_m = { value = 0.0, source = "a test" }', r"makes no stereo pair; give"),
        ("navcam", "fov_deg", "fov_deg = { value = 46.4 }", r"eyes.navcam.fov_deg.source: missing"),
        ("navcam", "rows", 'rows = { value = "many", source = "a test" }', r"eyes.navcam.rows = many"),
        ("imu", "gyro_bias_deg_h", 'gyro_bias_deg_h = { value = -1.0, source = "a test" }',
         r"eyes.imu.gyro_bias_deg_h = -1.0: out of range; give a value greater than or equal to 0"),
        ("sun_sensor", "least_lit", 'least_lit = { value = 1.5, source = "a test" }', r"sun_sensor.least_lit = 1.5"),
        ("matching", "window_px", 'window_px = { value = 10, source = "a test" }', r"has no middle; make it odd"),
    ],
)  # fmt: skip
def test_a_bad_figure_is_refused_by_name(tmp_path: Path, table: str, key: str, line: str, words: str) -> None:
    path = changed(tmp_path, table, key, line)
    with pytest.raises(VehicleError, match=words) as error:
        read_vehicle(path)
    assert str(path) in str(error.value)


def test_a_vehicle_without_eyes_is_read_and_says_so_when_they_are_wanted(tmp_path: Path) -> None:
    path = tmp_path / "blind.toml"
    path.write_text(YUTU_2.partition("[eyes.")[0], encoding="utf-8")
    vehicle = read_vehicle(path)
    with pytest.raises(VehicleError, match=r"eyes: missing; add this table, or take yutu-2"):
        vehicle.part("eyes", EyesParams)
