"""Grid maps and scenarios of the MovingAI collection: what they mean, and what is wrong with them."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

from rover.core.errors import FarsideError, GridMapError, GridScenarioError, ResourceError
from rover.io.movingai import read_grid_map
from rover.io.movingai_scenarios import check_scenarios, map_of, read_scenarios, scenario_files

INF = math.inf
HEADER = "type octile\nheight 2\nwidth 3\nmap\n"
LINE = "0\tfolder/a.map\t3\t2\t0\t1\t2\t0\t2.41421\n"


def grid(folder: Path, text: str | bytes, name: str = "a.map") -> Path:
    path = folder / name
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def says(error: FarsideError, *words: str) -> bool:
    line = str(error)
    return "\n" not in line and "; " in line and all(word in line for word in words)


def test_letters(tmp_path: Path) -> None:
    cost = read_grid_map(grid(tmp_path, HEADER.replace("width 3", "width 7") + ".GS@OTW\n1234.9@\n"))
    np.testing.assert_array_equal(cost, [[1, 1, 1, INF, INF, INF, INF], [1, 2, 3, 4, 1, 9, INF]])
    assert cost.dtype == np.float64 and not cost.flags.writeable


@pytest.mark.parametrize("text", [
    HEADER + ".@.\n...\n",
    HEADER + ".@.\n...",
    (HEADER + ".@.\n...\n").replace("\n", "\r\n"),
    (HEADER + ".@.\n...\n\n \n").replace("\n", "  \n"),
    "height 2\nwidth 3\ntype octile\n\nmap\n.@.\n...\n",
    HEADER + "1 @ 1.0\n1e0 . 1\n",
    HEADER + "1,inf,1\n1, 1, 1\n",
])  # fmt: skip
def test_one_map_in_many_spellings(tmp_path: Path, text: str) -> None:
    np.testing.assert_array_equal(read_grid_map(grid(tmp_path, text)), [[1, INF, 1], [1, 1, 1]])


@pytest.mark.parametrize("suffix", [".map.weight", ".weight", ".map.cost", ".cost"])
def test_terrain_letters_cost_what_a_table_beside_says(tmp_path: Path, suffix: str) -> None:
    path = grid(tmp_path, HEADER + "AB.\nTZ@\n")
    (tmp_path / f"a{suffix}").write_text("A 3.866090310318527\nB\t1.5\nT 1.25\n\nZ inf\n")
    np.testing.assert_array_equal(read_grid_map(path), [[3.866090310318527, 1.5, 1], [1.25, INF, INF]])


def test_a_table_in_the_header_goes_before_the_one_beside(tmp_path: Path) -> None:
    text = HEADER.replace("map\n", "weight A 2\nB 4\ncost . 0.5\nmap\n")
    (tmp_path / "a.weight").write_text("A 7\nC 3\n")
    np.testing.assert_array_equal(
        read_grid_map(grid(tmp_path, text + "AB.\nC@.\n")), [[2, 4, 0.5], [3, INF, 0.5]]
    )


def test_numbers_of_several_digits(tmp_path: Path) -> None:
    path = grid(tmp_path, "type octile\nheight 2\nwidth 1\nmap\n12\n0.5\n")
    np.testing.assert_array_equal(read_grid_map(path), [[12], [0.5]])


@pytest.mark.parametrize(("text", "words"), [
    (HEADER + "...\n", ("height = 2", "only 1 rows follow")),
    (HEADER + "...\n...\n...\n", ("height = 2", "3 rows follow")),
    (HEADER + "...\n..\n", ("line 6", "width = 3", "only 2 cells")),
    (HEADER + "...\n....\n", ("line 6", "width = 3", "holds 4 cells")),
    (HEADER, ("only 0 rows",)),
    (HEADER + "..A\n...\n", ("line 5", "cell = A", "no known cost", "X.map.weight")),
    (HEADER + "1 2 -3\n1 1 1\n", ("line 5", "cost = -3")),
    (HEADER + "1 2 0.0\n1 1 1\n", ("cost = 0.0",)),
    (HEADER + "120\n111\n", ("cost = 0",)),
    (HEADER + "1 nan 1\n1 1 1\n", ("cost = nan",)),
    (HEADER + "1 2x 1\n1 1 1\n", ("cost = 2x",)),
    (HEADER.replace("map\n", "A 0\nmap\n") + "...\n...\n", ("line 4", "cost = 0")),
    (HEADER.replace("octile", "tile") + "...\n...\n", ("type = tile",)),
    (HEADER.replace("2", "two") + "...\n", ("height = two",)),
    (HEADER.replace("2", "0"), ("height = 0",)),
    ("height 2\nwidth 3\nmap\n...\n...\n", ("type", "missing")),
    ("type octile\nheight 2\nmap\n...\n", ("width", "missing")),
    ("type octile\nheight 2\nwidth 3\n", ("no line that says map",)),
    ("", ("no line that says map",)),
    ("...\n...\n", ("line = ...", "header")),
    (b"type octile\nheight 1\nwidth 3\nmap\n.\0.\n", ("is not text",)),
    (bytes(range(256)) * 40, ("is not text",)),
    ("type octile\nheight 1\nwidth 3\nmap\n.é.\n", ("is not text",)),
])  # fmt: skip
def test_maps_that_cannot_be_used(tmp_path: Path, text: str | bytes, words: tuple[str, ...]) -> None:
    path = grid(tmp_path, text)
    with pytest.raises(GridMapError) as caught:
        read_grid_map(path)
    assert says(caught.value, str(path), *words), caught.value
    assert caught.value.exit_code == 3


@pytest.mark.parametrize("table", ["A\n", "AB 2\n", "A -1\n", "A 0\n", "A x\n", "A 1 2\n"])
def test_tables_that_cannot_be_used(tmp_path: Path, table: str) -> None:
    (tmp_path / "a.weight").write_text(table)
    with pytest.raises(GridMapError) as caught:
        read_grid_map(grid(tmp_path, HEADER + "...\n...\n"))
    assert says(caught.value, "a.weight, line 1")


def test_map_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(GridMapError, match=r"none\.map: cannot be read"):
        read_grid_map(tmp_path / "none.map")


def test_huge_map_is_refused_by_its_header(tmp_path: Path) -> None:
    with pytest.raises(ResourceError, match="100000 x 100000"):
        read_grid_map(grid(tmp_path, "type octile\nheight 100000\nwidth 100000\nmap\n.\n"))


@pytest.mark.parametrize("version", ["version 1", "version 1.0\r", "version  1.0 "])
def test_scenarios(tmp_path: Path, version: str) -> None:
    path = grid(tmp_path, f"{version}\n{LINE}\n7 folder/a.map 3 2 1 0 1 0 0 \r\n", "a.map.scen")
    held = read_scenarios(path)
    assert held.map_name == "a.map" and held.shape == (3, 2)[::-1] == (2, 3)
    first, second = held.scenarios
    assert (first.start, first.goal, first.length, first.line) == ((1, 0), (0, 2), 2.41421, 2)
    assert (second.start, second.goal, second.length, second.line) == ((0, 1), (0, 1), 0.0, 4)


def test_names_may_hold_blanks_between_tabs(tmp_path: Path) -> None:
    path = grid(
        tmp_path, "version 1\n" + LINE.replace("folder/a.map", "C:\\some folder\\big game.map"), "b.scen"
    )
    assert read_scenarios(path).map_name == "big game.map"


@pytest.mark.parametrize(("lengths", "roundings"), [
    (["1.00000000", "351.12345678"], [5e-9, 5e-9]),  # so many decimals
    (["244.95", "9.66"], [5e-3, 5e-3]),
    (["1", "2.41421", "351.132", "1234.5", "10"], [5e-6, 5e-6, 5e-4, 5e-3, 5e-5]),  # six digits, no zeros at the end
    (["5.0", "4.83", "12.07"], [5e-3, 5e-3, 5e-3]),  # to hundredths, no zeros at the end
    (["5", "12"], [5e-6, 5e-5]),
    (["0", "4.0"], [0.05, 0.05]),
])  # fmt: skip
def test_rounding_is_that_of_the_file(tmp_path: Path, lengths: list[str], roundings: list[float]) -> None:
    lines = "".join(LINE.replace("2.41421", length) for length in lengths)
    held = read_scenarios(grid(tmp_path, "version 1\n" + lines, "a.scen"))
    got = [s.rounding - 3e-6 * s.length for s in held.scenarios]
    np.testing.assert_allclose(got, roundings, rtol=1e-9)


@pytest.mark.parametrize(("text", "words"), [
    ("", ("version 1",)),
    (LINE, ("version 1",)),
    ("version 2\n" + LINE, ("line = version 2",)),
    ("version 1\n", ("no scenario",)),
    ("version 1\n" + LINE + LINE[:24], ("line 3", "cut off")),
    ("version 1\n" + LINE.rsplit("\t", 1)[0], ("line 2", "8 fields")),
    ("version 1\n" + LINE.replace("2.41421", "2.4x"), ("line 2", "length = 2.4x")),
    ("version 1\n" + LINE.replace("2.41421", "-1"), ("length = -1",)),
    ("version 1\n" + LINE.replace("2.41421", "nan"), ("length = nan",)),
    ("version 1\n" + LINE.replace("2.41421", "inf"), ("length = inf",)),
    ("version 1\n" + LINE.replace("2.41421", "sNaN"), ("length = sNaN",)),
    ("version 1\n" + LINE.replace("\t0\t1\t", "\t0\t2\t"), ("line 2", "start x, y = (0, 2)", "outside")),
    ("version 1\n" + LINE.replace("\t2\t0\t", "\t3\t0\t"), ("goal x, y = (3, 0)", "outside")),
    ("version 1\n" + LINE.replace("\t0\t1\t", "\t-1\t1\t"), ("start x = -1", "outside")),
    ("version 1\n" + LINE.replace("\t0\t1\t", "\tx\t1\t"), ("start x = x", "whole number")),
    ("version 1\n" + LINE + LINE.replace("a.map", "b.map"), ("line 3", "not the map of the lines before")),
    ("version 1\n" + LINE + LINE.replace("\t3\t2\t", "\t4\t2\t"), ("line 3", "folder/a.map 4 2")),
    (b"version 1\n\0", ("not text",)),
    (b"\xff\xfe\xfa", ("not text",)),
])  # fmt: skip
def test_scenarios_that_cannot_be_used(tmp_path: Path, text: str | bytes, words: tuple[str, ...]) -> None:
    path = grid(tmp_path, text, "a.map.scen")
    with pytest.raises(GridScenarioError) as caught:
        read_scenarios(path)
    assert says(caught.value, str(path), *words), caught.value
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(("scen", "maps", "found"), [
    ("a.map.scen", ["a.map"], "a.map"),
    ("a.scen", ["a.map"], "a.map"),
    ("dao-a.map.scen", ["dao-a.map", "a.map"], "dao-a.map"),
    ("set-even-1.scen", ["a.map", "b.map"], "a.map"),
    ("scen/x.scen", ["maps/a.map"], "maps/a.map"),
    ("one/x.scen", ["one/a.map", "two/a.map"], "one/a.map"),
])  # fmt: skip
def test_which_map(tmp_path: Path, scen: str, maps: list[str], found: str) -> None:
    for name in [scen, *maps]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        grid(tmp_path, "version 1\n" + LINE if name == scen else HEADER + "...\n...\n", name)
    assert scenario_files(tmp_path) == [tmp_path / scen]
    assert map_of(read_scenarios(tmp_path / scen), tmp_path) == tmp_path / found


@pytest.mark.parametrize(("scen", "maps", "words"), [
    ("b.map.scen", ["b.map", "a.map"], "map = a.map: names another map than b.map"),
    ("ba.map.scen", ["ba.map"], "names another map than ba.map"),
    ("x.scen", ["b.map"], "map = a.map: no such map"),
    ("x.scen", ["one/a.map", "two/a.map"], "2 maps of this name"),
])  # fmt: skip
def test_another_map(tmp_path: Path, scen: str, maps: list[str], words: str) -> None:
    for name in [scen, *maps]:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        grid(tmp_path, "version 1\n" + LINE, name)
    with pytest.raises(GridScenarioError) as caught:
        map_of(read_scenarios(tmp_path / scen), tmp_path)
    assert says(caught.value, words), caught.value


@pytest.mark.parametrize(("cost", "words"), [
    (np.ones((3, 2)), ("width x height = 3 x 2", "the map is 2 wide and 3 high")),
    (np.array([[1, 1, INF], [1, 1, 1]]), ("line 2", "goal x, y = (2, 0)", "blocked")),
    (np.array([[1, 1, 1], [INF, 1, 1]]), ("line 2", "start x, y = (0, 1)", "blocked")),
])  # fmt: skip
def test_scenarios_that_do_not_fit_their_map(
    tmp_path: Path, cost: np.ndarray, words: tuple[str, ...]
) -> None:  # type: ignore[type-arg]
    held = read_scenarios(grid(tmp_path, "version 1\n" + LINE, "a.scen"))
    check_scenarios(held, np.ones((2, 3)))
    with pytest.raises(GridScenarioError) as caught:
        check_scenarios(held, cost)
    assert says(caught.value, *words), caught.value
