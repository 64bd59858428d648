"""`farside bench movingai`: the totals, the table, mismatches, and refusals before anything is solved."""

from __future__ import annotations

import json
import signal
import subprocess
from pathlib import Path

import numpy as np
import pytest
from scipy.sparse.csgraph import dijkstra

from sim.testing.graphs import grid_graph
from tests.sim.cli.conftest import FARSIDE, Command, environment
from tests.sim.cli.test_bad_input import assert_refused

KEYS = ["maps", "scenarios", "mismatches", "worst_error", "seconds", "expanded"]
MAP = "type octile\nheight 3\nwidth 4\nmap\n....\n.@@.\n....\n"
HEAD = "version 1\n"
LINES = "0 maps/x/a.map 4 3 0 0 3 2 5\n0 maps/x/a.map 4 3 0 1 0 1 0\n1 maps/x/a.map 4 3 0 2 3 2 3\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of one small map with three scenarios."""
    made = tmp_path / "work" / "maps"
    made.mkdir(parents=True)
    (made / "a.map").write_text(MAP)
    (made / "a.map.scen").write_text(HEAD + LINES)
    return made


def test_json_holds_the_totals_and_nothing_else(farside_within: Command, folder: Path) -> None:
    done = farside_within("bench", "movingai", folder, "--json", "-q")
    assert done.returncode == 0 and done.stderr == ""
    totals = json.loads(done.stdout)
    assert list(totals) == KEYS
    assert totals["maps"] == 1 and totals["scenarios"] == 3
    assert totals["mismatches"] == 0 and totals["worst_error"] == 0.0
    assert (
        totals["seconds"] > 0 and totals["expanded"] >= 3
    )  # the start of each, from which jumps may reach the goal


def test_table_has_a_line_a_map_and_one_of_totals(farside_within: Command, folder: Path) -> None:
    for name in ("b.map", "b.map.scen"):
        source = folder / f"a{name[1:]}"
        (folder / name).write_text(source.read_text().replace("a.map", "b.map"))
    done = farside_within("bench", "movingai", folder, "--every", 2)
    assert done.returncode == 0
    head, *rows = [line.split() for line in done.stdout.splitlines()]
    assert head[:2] == ["map", "scenarios"]
    assert [(row[0], row[1], row[2]) for row in rows] == [
        ("a.map", "2", "0"), ("b.map", "2", "0"), ("all", "4", "0"),
    ]  # fmt: skip
    assert "100 % of the scenarios" in done.stderr


def test_a_map_of_many_files_counts_once(farside_within: Command, folder: Path) -> None:
    (folder / "a-even-1.scen").write_text(HEAD + LINES)
    totals = json.loads(farside_within("bench", "movingai", folder, "--json", "-q").stdout)
    assert totals["maps"] == 1 and totals["scenarios"] == 6


def test_mismatches_are_counted_told_and_end_in_8(farside_within: Command, folder: Path) -> None:
    (folder / "a.map.scen").write_text(HEAD + LINES.replace(" 2 5\n", " 2 4.82843\n"))
    done = farside_within("bench", "movingai", folder, "--json", "-q")
    assert done.returncode == 8
    totals = json.loads(done.stdout)
    assert totals["mismatches"] == 1 and totals["worst_error"] == pytest.approx(5 - 4.82843)
    assert "a.map.scen, line 2: x, y 0, 0 to 3, 2: length 5, listed 4.82843" in done.stderr


def test_a_way_that_is_not_there_is_a_mismatch(farside_within: Command, folder: Path) -> None:
    (folder / "a.map").write_text(MAP.replace("....", ".@@."))
    done = farside_within("bench", "movingai", folder, "--json", "-q")
    assert done.returncode == 8
    totals = json.loads(done.stdout)
    assert totals["mismatches"] == 2 and totals["worst_error"] is None
    assert "no way, listed 5" in done.stderr
    assert "no way" in farside_within("bench", "movingai", folder, "-q").stdout


@pytest.mark.parametrize("numbers", [False, True])
def test_weighted_map_by_another_search(farside_within: Command, folder: Path, numbers: bool) -> None:
    rng = np.random.default_rng(7)
    weights = rng.integers(1, 10, (25, 40))
    blocked = rng.random(weights.shape) < 0.2
    blocked[:2, :2] = False
    cost = np.where(blocked, np.inf, weights / 4 if numbers else weights)
    words = [["@" if np.isinf(c) else f"{c:g}" for c in row] for row in cost]
    rows = "\n".join((" " if numbers else "").join(row) for row in words)
    (folder / "a.map").write_text(f"type octile\nheight 25\nwidth 40\nmap\n{rows}\n")
    least = dijkstra(grid_graph(cost, 1.0), directed=False, indices=0).reshape(cost.shape)
    reached = np.argwhere(np.isfinite(least))
    assert len(reached) > 300
    lines = [f"0 a.map 40 25 0 0 {c} {r} {least[r, c]:.8f}\n" for r, c in reached[::7]]
    (folder / "a.map.scen").write_text(HEAD + "".join(lines))
    done = farside_within("bench", "movingai", folder, "--json", "-q")
    totals = json.loads(done.stdout)
    assert done.returncode == 0 and totals["scenarios"] == len(lines) and totals["worst_error"] < 1e-8


@pytest.mark.parametrize(("name", "text", "status", "says"), [
    ("a.map", MAP.rsplit("....", 1)[0], 3, ("GRID_MAP", "a.map", "only 2 rows")),
    ("a.map", MAP.replace(".@@.", ".@@"), 3, ("GRID_MAP", "line 6", "only 3 cells")),
    ("a.map", MAP.replace("@", "A"), 3, ("cell = A", "no known cost")),
    ("a.map", MAP.replace("@", "0"), 3, ("cost = 0",)),
    ("a.map", MAP.replace("....", "@..."), 2, ("GRID_SCENARIO", "line 2", "start x, y = (0, 0)", "blocked")),
    ("a.map.scen", HEAD + LINES[:-20], 2, ("line 4", "cut off")),
    ("a.map.scen", HEAD + LINES.replace("a.map", "b.map"), 2, ("map = b.map", "another map than a.map")),
    ("c.scen", HEAD + LINES.replace("a.map", "b.map"), 2, ("map = b.map", "no such map")),
    ("a.map.scen", HEAD + LINES.replace(" 4 3 ", " 5 3 "), 2, ("5 x 3", "4 wide and 3 high")),
    ("a.map.scen", HEAD + LINES.replace(" 3 2 5", " 4 2 5"), 2, ("goal x, y = (4, 2)", "outside")),
    ("a.map.scen", HEAD, 2, ("no scenario",)),
    ("a.map.scen", "\0" * 9, 2, ("not text",)),
])  # fmt: skip
def test_bad_folders(
    farside_within: Command, folder: Path, name: str, text: str, status: int, says: tuple[str, ...]
) -> None:
    (folder / name).write_text(text)
    assert_refused(farside_within("bench", "movingai", folder), status, *says)


@pytest.mark.parametrize(("words", "says"), [
    (("bench", "movingai", "none"), ("DIR = none", "no such folder")),
    (("bench", "movingai", "maps/a.map"), ("is not a folder",)),
    (("bench", "movingai", "."), ("holds no .scen file",)),
    (("bench", "movingai", "maps", "--every", "0"), ("--every = 0",)),
    (("bench", "movingai"), ("Missing argument", "farside bench movingai --help")),
    (("bench", "othello"), ("No such command", "farside bench --help")),
])  # fmt: skip
def test_words_that_cannot_be_meant(
    farside_within: Command, folder: Path, words: tuple[str, ...], says: tuple[str, ...]
) -> None:
    if words[-1] == ".":
        (folder / "a.map.scen").unlink()
    assert_refused(farside_within(*words), 2, "error[USAGE]", *says)


def test_a_stop_is_clean(tmp_path: Path) -> None:
    for name in ("home", "work"):
        (tmp_path / name).mkdir()
    size = 400
    (tmp_path / "work" / "a.map").write_text(
        f"type octile\nheight {size}\nwidth {size}\nmap\n" + ("." * size + "\n") * size
    )
    line = f"0 a.map {size} {size} 0 0 {size - 1} 1 {size - 2 + 2**0.5:.8f}\n"
    (tmp_path / "work" / "a.scen").write_text(HEAD + line * 5000)
    started = subprocess.Popen(
        [FARSIDE, "bench", "movingai", "."],
        cwd=tmp_path / "work",
        env={**environment(tmp_path / "home"), "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert started.stderr is not None
    assert any("10 %" in line for line in iter(started.stderr.readline, ""))
    started.send_signal(signal.SIGINT)
    out, errors = started.communicate(timeout=60)
    assert started.returncode == 130 and out == ""
    assert errors.splitlines()[-1].startswith("farside: interrupted")
