"""`farside check`: scenario, site, vehicle and stations, each told by what is in it and checked as what it is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from rover.io.bundle import maps_folder, scenario_names, site_names, vehicle_names
from sim.cli.file_kinds import Kind, kind_of
from tests.sim.cli.conftest import Command

SITE = maps_folder() / "mare-plain" / "site.toml"
VEHICLE = maps_folder() / "vehicles" / "yutu-2.toml"
STATIONS = maps_folder() / "stations.toml"


def rewritten(source: Path, target: Path, *changes: tuple[str, str]) -> None:
    text = source.read_text(encoding="utf-8")
    for old, new in changes:
        assert re.search(old, text, re.MULTILINE), old
        text = re.sub(old, new, text, count=1, flags=re.MULTILINE)
    target.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("name", [*site_names(), *vehicle_names(), *scenario_names()[-1:], SITE, STATIONS])
def test_what_comes_with_the_package_has_no_errors(farside_within: Command, name: object) -> None:
    done = farside_within("check", name)
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{name}: no errors\n", "")


@pytest.mark.parametrize(
    ("source", "changes", "code", "says"),
    [
        (
            SITE,
            [(r"^title = .*", "title = 4"), (r"^body = .*", 'body = "mars"'), (r"^\[relief\]", "[reliev]")],
            "SITE",
            ["title = 4", "body = mars", "relief: missing", "reliev: unknown key; did you mean relief?"],
        ),
        (
            VEHICLE,
            [("value = 135.0", "value = -1.0"), ("value = 130.0", "vaule = 130.0"), ("^format = 1", "format = 9")],
            "VEHICLE",
            ["mass_kg = -1.0", "battery_wh.value: missing", "vaule: unknown key; did you mean", "format = 9"],
        ),
        (
            STATIONS,
            [(r"^latitude_deg.*value = [-0-9.]+", "latitude_deg = { value = 91.0"), ("^format = 1", "format = 9")],
            "STATION",
            ["latitude_deg.value = 91.0", "format = 9"],
        ),
    ],
    ids=["site", "vehicle", "stations"],
)  # fmt: skip
def test_every_error_of_each_kind_is_listed(
    farside_within: Command,
    work: Path,
    source: Path,
    changes: list[tuple[str, str]],
    code: str,
    says: list[str],
) -> None:
    rewritten(source, work / "mine.toml", *changes)
    done = farside_within("check", "mine.toml")
    lines = done.stderr.splitlines()
    assert (done.returncode, len(lines)) == (2, len(says)), done.stderr
    assert all(line.startswith(f"farside: error[{code}]: mine.toml: ") for line in lines)
    for words in says:
        assert words in done.stderr


def test_the_command_that_an_error_names_lists_the_rest(farside_within: Command, work: Path) -> None:
    rewritten(SITE, work / "my site.toml", ("^title = .*", "title = 4"), ("^body = .*", 'body = "mars"'))
    done = farside_within("synth", "my site.toml", "--out", "a.npz")
    assert done.stderr.endswith("(+1 more: farside check 'my site.toml' lists them)\n")
    listed = farside_within("check", "my site.toml").stderr.splitlines()
    assert len(listed) == 2
    assert listed[0] == done.stderr.partition(" (+1")[0]


@pytest.mark.parametrize("command", ["synth mine.toml --out a.npz", "check mine.toml"])
def test_a_slip_in_a_site_is_not_answered_with_how_scenarios_are_made(
    farside_within: Command, work: Path, command: str
) -> None:
    rewritten(SITE, work / "mine.toml", (r"^title = .*", "title = ["))
    done = farside_within(*command.split())
    assert done.returncode == 2
    assert "mine.toml: is not TOML" in done.stderr
    assert "correct that line" in done.stderr
    assert "init" not in done.stderr
    (work / "mine.toml").write_text("start_utc = [", encoding="utf-8")
    assert "correct that line; farside init shows the form" in farside_within("run", "mine.toml").stderr


@pytest.mark.parametrize("option", ["--set seed=1", "--seed 1", "--allow-body", "--max-cells 5"])
def test_what_only_scenarios_heed_is_refused_of_others(farside_within: Command, option: str) -> None:
    done = farside_within("check", "mare-plain", *option.split())
    assert done.returncode == 2
    assert re.fullmatch(rf"farside: error\[USAGE\]: {option.split()[0]} = .*: is for scen.*\n", done.stderr)


def test_a_name_that_is_none_is_answered_with_one_that_is(farside_within: Command) -> None:
    done = farside_within("check", "mare-plane")
    assert done.returncode == 2
    assert "no such scenario, site or vehicle; did you mean mare-plain?" in done.stderr


def test_a_file_is_of_the_kind_that_most_of_it_is_of() -> None:
    site = {"format": 1, "name": "a", "terrain": {}, "craters": {}, "rocks": {}}
    assert kind_of(site) is Kind.SITE  # though one table of it is a scenario's
    assert kind_of({"start_utc": "", "goal_m": [], "rocks": {}}) is Kind.SCENARIO
    assert kind_of({"figures": 3}) is Kind.VEHICLE
    assert kind_of({"stations": {}}) is Kind.STATIONS
    assert kind_of({"seed": 1}) is kind_of({}) is Kind.SCENARIO
