"""Scripts of `benchmarks/` that build a world by hand still can, so that figures in the docs can be measured anew."""

from __future__ import annotations

import ast
import csv
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from rover.core.boundary import Command, Mode
from sim.moon.surface import detail_surface
from sim.run.mission_scenario import load_mission
from sim.run.setting import load_site

FOLDER = Path(__file__).parents[1] / "benchmarks"


def script(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # where dataclasses look for their annotations
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("folder", ["benchmarks", "docs", "examples"])
def test_what_scripts_import_is_there(folder: str) -> None:
    """They are run by hand, long after a name has moved."""
    for path in sorted((FOLDER.parent / folder).glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ("rover", "sim"):
                module = importlib.import_module(str(node.module))
                missing = [each.name for each in node.names if not hasattr(module, each.name)]
                for name in missing:  # a module of that name will do
                    importlib.import_module(f"{node.module}.{name}")


def test_the_world_of_power_and_heat_stays_and_drives() -> None:
    bench = script("bench_heat")
    world = bench.world(bench.NOON, 1)
    state = world.init(east_m=0.0, north_m=0.0, yaw_rad=0.0, soc=0.9)
    state = world.step(state, Command(mode=Mode.DRIVE, drive_m=0.3))
    state = world.step(state, Command(mode=Mode.CHARGE, duration_s=600.0))
    assert state.distance_m == pytest.approx(0.3)
    assert state.power.harvest_j > 0


@pytest.mark.slow
def test_the_world_of_full_suspension_drives_settles_and_balances() -> None:
    bench = script("bench_world")
    assert bench.work_of("drive 0.05 m", 2.0)() > 2.0 / 0.06
    for part in ("settle", "balance"):
        assert bench.work_of(part, 1.0)() == 0.0


def test_landings_are_told_with_avoidance_and_without() -> None:
    bench = script("landing")
    mission = load_mission("chang-e-4")
    assert bench.seeds_of("6,9-10") == [6, 9, 10]
    rows = [row for seed in bench.seeds_of("6,9") for row in bench.rows_of(seed, mission)]
    assert [row["success"] for row in rows] == ["1", "0", "1", "0"]
    lines = bench.report(rows)
    assert lines[0].startswith("with avoidance: 2 of 2 landed well, 100.0%")
    assert "seeds that only avoidance lands well: 2; that it alone does not: 0" in lines


def test_a_sample_of_the_proof_of_faults_keeps_the_rules_and_goes_on_where_it_was_broken_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    bench = script("bench_faults")
    monkeypatch.setattr(sys.modules["hazard_fields"], "PLACES", 40)
    words = [
        "bench_faults.py",
        "--length",
        "24",
        "--out",
        str(tmp_path),
        "--ends",
        str(tmp_path / "ends.jsonl"),
    ]

    def told(*more: str) -> str:
        monkeypatch.setattr(sys, "argv", [*words, *more])
        bench.main()
        return capsys.readouterr().out

    assert told("--seeds", "1").startswith("1 ")
    out = told("--seeds", "2", "--rate", "10")
    assert out.startswith("2 "), "the first is not driven again"
    assert (
        "rules broken in 0 of 2" in out
        and "lost that could be saved from each fault's instant: 0 of 0 lost" in out
    )
    with (tmp_path / "faults.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["seed"] for row in rows] == ["1", "2"]
    assert {row["outcome"] for row in rows} <= {"arrived", "stopped_safe"} and all(
        row["reason"] for row in rows
    )
    assert sum(int(row["faults"]) for row in rows) > 0
    with pytest.raises(SystemExit, match="its rows are of other drives"):
        told("--rate", "1")


def test_the_local_planner_alone_drives_towards_the_goal_and_a_drive_is_not_driven_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    bench = script("bench_fields_alone")
    monkeypatch.setattr(sys.modules["hazard_fields"], "PLACES", 20)
    words = ["bench_fields_alone.py", "--cfa", "2", "--slope", "5", "--seeds", "1", "--commands", "4"]
    for _ in range(2):
        monkeypatch.setattr(sys, "argv", [*words, "--out", str(tmp_path)])
        bench.main()
    with (tmp_path / "alone.csv").open(newline="", encoding="utf-8") as file:
        (row,) = csv.DictReader(file)
    assert row["outcome"] == "stopped" and row["violations"] == ""
    assert float(row["straight_m"]) - float(row["left_m"]) == pytest.approx(float(row["driven_m"]), abs=0.6)
    assert float(row["driven_m"]) > 2.0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3
    assert lines[-1].startswith("2 %, 5 deg: 0 of 1")


def test_shares_within_three_sigma_are_counted_by_observation_and_the_worst_drive_is_named() -> None:
    bench = script("bench_localization")
    rows = []
    for seed, observations, within in ((1, 100, 1.0), (2, 300, 0.9)):
        row = {"seed": seed, "outcome": "arrived", "goal m": 0.1 * seed, "observations": observations}
        figures = (0.1, 0.1, 0.1, 0.2, within, 2.0, 3)
        rows.append(
            row | {f"{name} matched": value for name, value in zip(bench.FIGURES, figures, strict=True)}
        )
    first, told, away = bench.summary(rows)
    assert first == "drives 2, at the goal 2"
    assert "92.50 % of 400 observations, 95.00 % in the mean of drives, 90.00 % in the worst, seed 2;" in told
    assert "within 0.5 m 2 of 2" in away


@pytest.mark.slow
def test_looks_from_known_poses_are_as_sure_as_they_say(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    bench = script("bench_looks")
    words = ["--grounds", "102", "--away", "6", "--towards", "2", "--beside", "2", "--turns", "2"]
    monkeypatch.setattr(sys, "argv", ["bench_looks.py", *words])
    bench.main()
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == ["away", "towards", "beside", "turns", "laid", "laid"][
        : len(lines)
    ]
    for line in lines[:4]:
        assert float(line.rsplit(" ", 1)[1]) < 2.0
    assert all(line.endswith("believed 0") for line in lines if line.startswith("laid beside"))


@pytest.mark.parametrize("cfa", [10.0, 20.0])
def test_the_rocks_of_a_field_cover_what_the_law_says_from_every_size_on(
    cfa: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    fields = script("hazard_fields")
    side_m, seeds = 120, (1, 2, 3)
    window = tuple(40 * 2000 + side for side in (0, 0, side_m * 2000, side_m * 2000))
    found = []
    for seed in seeds:
        _, site = fields.write_field(tmp_path, cfa_percent=cfa, slope_deg=0.0, seed=seed)
        rocks = detail_surface(load_site(str(site)), seed).rocks_in(window)
        found.append(rocks.diameter_m)
    diameter = np.concatenate(found)
    k, total_m2 = cfa / 100, len(seeds) * side_m**2
    for least_m in (0.05, 0.2, 0.5):
        covered = np.pi / 4 * np.square(diameter[diameter >= least_m]).sum() / total_m2
        law = k * np.exp(-(1.79 + 0.152 / k) * least_m)
        assert covered == pytest.approx(law, rel=0.08), least_m


def test_the_oracle_crosses_a_field_of_few_rocks_straight_and_does_not_search_it_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.syspath_prepend(str(FOLDER))
    oracle = importlib.import_module("field_oracle")
    monkeypatch.setattr(sys.modules["hazard_fields"], "PLACES", 20)
    words = ["field_oracle.py", "--cfa", "2", "--seeds", "1", "--poses", "2000", "--out", str(tmp_path)]
    for _ in range(2):
        monkeypatch.setattr(sys, "argv", words)
        oracle.main()
    with (tmp_path / "oracle.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["judge"] for row in rows] == ["exact", "rule"]
    for row in rows:
        assert row["crossed"] == "1" and float(row["over_straight"]) < 1.08 and float(row["left_m"]) <= 0.5
    assert len(capsys.readouterr().out.splitlines()) == 2
