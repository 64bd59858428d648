"""What is wrong with a rover, or with what is to befall it: the whole line, the exit code, and nothing written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from rover.io.bundle import maps_folder
from tests.sim.cli.conftest import Command

YUTU_2 = maps_folder() / "vehicles" / "yutu-2.toml"

VEHICLES = [
    ('mass_kg = { value = 135.0, source = "', 'mass_kg = { value = 135.0, note = "',
     "figures.mass_kg.source: missing; add it"),
    ("mass_kg = { value = 135.0", "mass_kg = { value = -135.0",
     "vehicle.mass_kg = -135.0: out of range; give a value greater than 0"),
    ("middle_axle_back_m = { value = 0.55", "middle_axle_back_m = { value = 0.25",
     "vehicle: middle_axle_back_m = 0.25 makes front and middle wheels overlap: axles 0.25 m apart, wheels of 0.3 m; "
     "move the axles apart or make the wheels smaller"),
    ("lug_height_m = { value = 0.01", "lug_height_m = { value = 0.13",
     "chassis.lug_height_m = 0.13: makes wheels overlap: axles 0.55 m apart, wheels of 0.56 m with their lugs; "
     "make the lugs lower or move the axles apart"),
    ("mass_centre_forward_m = { value = 0.0", "mass_centre_forward_m = { value = -0.55",
     "chassis.mass_centre_forward_m = -0.55: beyond the axle 0.55 m from the middle: it tips over on level ground; "
     "give less"),
    ("belly_clearance_m = { value = 0.25", "belly_clearance_m = { value = -0.05",
     "vehicle.belly_clearance_m = -0.05: out of range; give a value greater than 0"),
    ("drive_efficiency = { value = 0.35", "drive_efficiency = { value = 1.2",
     "vehicle.drive_efficiency = 1.2: out of range; give a value less than or equal to 1"),
    ("array_efficiency = { value = 0.20", "array_efficiency = { value = 1.01",
     "vehicle.array_efficiency = 1.01: out of range; give a value less than or equal to 1"),
    ("charge_efficiency = { value = 0.95", "charge_efficiency = { value = 2.0",
     "vehicle.charge_efficiency = 2.0: out of range; give a value less than or equal to 1"),
    ("cell_efficiency = { value = 0.29", "cell_efficiency = { value = 1.5",
     "power.cell_efficiency = 1.5: out of range; give a value less than or equal to 1"),
    ("up_m = { value = 0.45", "up_m = { value = -0.45",
     "eyes.hazcam.up_m = -0.45: the camera is below ground; give its height above the wheels' contacts"),
]  # fmt: skip


@pytest.mark.parametrize("old, new, line", VEHICLES, ids=[line.split()[0] for _, _, line in VEHICLES])
@pytest.mark.parametrize("command", ["vehicle", "run"])
def test_a_vehicle_that_cannot_be(
    farside_within: Command, tmp_path: Path, command: str, old: str, new: str, line: str
) -> None:
    text = YUTU_2.read_text(encoding="utf-8")
    assert old in text
    work = tmp_path / "work"
    (work / "mine.toml").write_text(text.replace(old, new), encoding="utf-8")
    if command == "vehicle":
        result, code = farside_within("vehicle", "mine.toml", "--out", "mine.png"), "VEHICLE"
    else:
        result = farside_within("run", "short-hop", "--set", "vehicle.name=mine.toml", "--out", "out")
        code = "SCENARIO"
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.split(" (+")[0].rstrip("\n") == f"farside: error[{code}]: mine.toml: {line}"
    assert result.stderr.count("\n") == 1
    assert [path.name for path in work.iterdir()] == ["mine.toml"]


STALL = 'name = "s"\nsubsystem = "wheels"\nkind = "stall"\npersists = true\n'

FAULTS = [
    (STALL + "at_s = -60.0", "faults.0.at_s = -60.0: before the start; give seconds after it, 0 or more"),
    (STALL + "at_utc = 2019-01-01T00:00:00Z",
     "faults.0.at_utc = 2019-01-01T00:00:00Z: before the start at 2019-01-11T02:00:00Z; give a later time"),
    (STALL.replace("wheels", "warp") + "at_s = 1.0",
     "faults.0.subsystem = warp: no such subsystem; give one of wheels, soil, stereo, imu, array, battery, relay, "
     "computer"),
    (STALL + 'per_km = { value = -1.0, source = "s" }',
     "faults.0.per_km.value = -1.0: out of range; give a value greater than or equal to 0"),
    (STALL + "at_s = 1.0\nat_m = 5.0", "faults.0.at_m = 5.0: contradicts at_s; leave one of them out"),
]  # fmt: skip


@pytest.mark.parametrize(
    "rows, line", FAULTS, ids=[line.split()[0] + str(k) for k, (_, line) in enumerate(FAULTS)]
)
def test_faults_that_cannot_be(farside_within: Command, tmp_path: Path, rows: str, line: str) -> None:
    work = tmp_path / "work"
    (work / "bad.toml").write_text(f'format = 1\nname = "t"\n[[faults]]\n{rows}\n', encoding="utf-8")
    result = farside_within("run", "short-hop", "--faults", "bad.toml", "--out", "out")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == f"farside: error[FAULTS]: bad.toml: {line}\n"
    assert [path.name for path in work.iterdir()] == ["bad.toml"]
    checked = farside_within("check", "bad.toml")
    too_early_for_one_run = "at_utc" in line
    assert checked.returncode == (0 if too_early_for_one_run else 2)


@pytest.mark.parametrize(
    "words, line",
    [
        (
            ("--faults", "2,3"),
            "--faults = 2,3: not a table of faults; give none, nominal or a file; RATE,HOURS is for farside plan",
        ),
        (("--faults", "nominl"), "table of faults = nominl: no such table of faults; did you mean nominal?"),
        (
            ("--faults", "none", "--set", "faults.table=nominal"),
            "--set = faults.table=nominal: --faults says otherwise; leave one of them out",
        ),
        (
            ("--set", "faults.rate_factor=-1"),
            "faults.rate_factor = -1: out of range; give a value greater than or equal to 0",
        ),
    ],
)
def test_options_of_faults_that_cannot_be_meant(
    farside_within: Command, tmp_path: Path, words: tuple[str, ...], line: str
) -> None:
    result = farside_within("run", "short-hop", *words, "--out", "out")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.endswith(f": {line}\n")
    assert list((tmp_path / "work").iterdir()) == []


def test_a_table_of_faults_by_option_is_in_the_results(farside_within: Command, tmp_path: Path) -> None:
    """And the scenario that is kept runs again with it."""
    work = tmp_path / "work"
    stall = STALL.replace(
        "persists = true", 'lasts = { law = "constant", value = 0.1, unit = "h", source = "s" }'
    )
    (work / "f.toml").write_text(f'format = 1\nname = "t"\n[[faults]]\n{stall}at_m = 2.0\n', encoding="utf-8")
    small = ("--set", "terrain.size_m=60", "--set", "goal_m=[-6,3]", "--set", "faults.observations_off=true")
    result = farside_within("run", "short-hop", *small, "--faults", "f.toml", "--no-plots", "--out", "a")
    assert result.returncode == 0, result.stderr
    events = json.loads((work / "a" / "events.json").read_text(encoding="utf-8"))
    assert [e["name"] for e in events if e["name"].startswith("fault")] == ["fault", "fault_over"]
    assert json.loads((work / "a" / "summary.json").read_text(encoding="utf-8"))["faults"] == 1
    assert farside_within("run", "a/scenario.toml", "--no-plots", "--out", "b").returncode == 0
    first, second = ((work / name / "telemetry.npz").read_bytes() for name in "ab")
    assert first == second
