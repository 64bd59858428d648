"""Lists of rocks are read whole or refused with the line that is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from rover.core.errors import RockListError
from rover.io.rock_list import read_rock_list

HEADER = "east_m,north_m,diameter_m,height_m\n"


def written(folder: Path, text: str) -> Path:
    path = folder / "rocks.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_rocks_by_name_of_column(tmp_path: Path) -> None:
    path = written(
        tmp_path, "\ufeffkind,height_m, north_m,east_m,diameter_m\nslab,0.1,2,-1.5,0.3\n\nslab,0,5,6,0.7\n"
    )
    assert read_rock_list(path).tolist() == [[-1.5, 2.0, 0.3, 0.1], [6.0, 5.0, 0.7, 0.0]]


def test_leading_comments_are_passed_over(tmp_path: Path) -> None:
    rocks = "1,2,0.3,0.1\n"
    commented = written(tmp_path, f'# moon, seed 5, ground version 4\n #it says "so"\n{HEADER}{rocks}')
    assert read_rock_list(commented).tolist() == [[1.0, 2.0, 0.3, 0.1]]
    with pytest.raises(RockListError, match="line 4: east_m = # 1"):
        read_rock_list(written(tmp_path, f"# one\n{HEADER}{rocks}# 1,2,0.3,0.1\n"))


def test_no_rocks(tmp_path: Path) -> None:
    assert read_rock_list(written(tmp_path, HEADER)).shape == (0, 4)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "east_m: is missing"),
        ("east_m,north_m,diameter_m\n1,2,3\n", "height_m: is missing"),
        (HEADER + "1,2,0.1,0.1\n1,2,x,0.1\n", "line 3: diameter_m = x"),
        (HEADER + "1,2,0.1\n", "line 2: height_m"),
        (HEADER + "1,nan,0.1,0.1\n", "line 2: north_m = nan"),
        (HEADER + "1,2,-0.1,0.1\n", "line 2: diameter_m = -0.1"),
        (HEADER + "1,2,inf,0.1\n", "line 2: diameter_m = inf"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(RockListError, match=says):
        read_rock_list(written(tmp_path, text))


def test_what_is_no_file_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(RockListError, match="cannot be read"):
        read_rock_list(tmp_path / "none.csv")
    with pytest.raises(RockListError, match="cannot be read"):
        read_rock_list(tmp_path)
    binary = tmp_path / "rocks.bin"
    binary.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(RockListError, match="no CSV"):
        read_rock_list(binary)
