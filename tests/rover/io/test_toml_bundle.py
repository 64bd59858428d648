"""TOML read whole or refused in one line; bundled names found, and files before names."""

from __future__ import annotations

from pathlib import Path

import pytest

from rover.core.errors import ScenarioError, TomlError
from rover.io.bundle import find_scenario, find_site, find_vehicle, maps_folder, scenario_names, site_names
from rover.io.toml import read_toml


@pytest.mark.parametrize("raw, says", [
    (b"", "is empty"),
    (b" \n\t\n", "is empty"),
    (b"\xff\xfea\x00", "is not UTF-8 text (byte 0)"),
    (b"a = 1\nb = \xe9\n", "is not UTF-8 text (byte 10)"),
    (b"a = ", "is not TOML"),
    (b"a = 1\na = 2\n", "is not TOML"),
    (b"\x89PNG\r\n\x1a\n\x00", "is not"),
    (b"a = " + b"[" * 20_000, "nested too deep"),
    (b"a = " + b"9" * 5_000, "is not TOML"),
    (b"start_m = [1, 2", "is not TOML"),
], ids=["empty", "blank", "utf-16", "latin-1", "torn", "twice", "png", "deep", "long", "open"])  # fmt: skip
def test_what_is_no_toml_is_refused_in_one_line(raw: bytes, says: str, tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(raw)
    with pytest.raises(TomlError) as refused:
        read_toml(path)
    assert says in str(refused.value)
    assert str(path) in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


def test_what_was_read_may_be_changed_and_an_edit_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_text("a = { b = [1, 2] }\n")
    read_toml(path)["a"]["b"].append(3)
    assert read_toml(path) == {"a": {"b": [1, 2]}}
    path.write_text("a = { b = [1, 9] }\n")
    assert read_toml(path) == {"a": {"b": [1, 9]}}


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    path.write_bytes(b"\xef\xbb\xbfa = 1\n")
    assert read_toml(path) == {"a": 1}


@pytest.mark.parametrize("path", [Path("/nowhere/at.toml"), Path("/"), Path("a\0b.toml"), Path("x" * 5000)])
def test_what_cannot_be_read_is_refused(path: Path) -> None:
    with pytest.raises(TomlError):
        read_toml(path)


def test_bundled_names_are_found_from_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert {"first-drive", "short-hop"} <= set(scenario_names())
    for name in scenario_names():
        assert find_scenario(name, ScenarioError).is_file()
    for name in site_names():
        assert find_site(name, ScenarioError).is_file()
    assert find_vehicle("yutu-2", ScenarioError) == maps_folder() / "vehicles" / "yutu-2.toml"


def test_a_file_goes_before_a_bundled_name_and_a_folder_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "first-drive").mkdir()  # as a run's results may be called
    assert find_scenario("first-drive", ScenarioError).suffix == ".toml"
    (tmp_path / "short-hop").write_text("seed = 1\n")
    assert find_scenario("short-hop", ScenarioError) == Path("short-hop")


def test_the_nearest_name_is_offered() -> None:
    with pytest.raises(
        ScenarioError, match=r"scenario = frist-drive: no such scenario; did you mean first-drive\?"
    ):
        find_scenario("frist-drive", ScenarioError)
    with pytest.raises(ScenarioError, match="name a .toml file or one of: .*first-drive"):
        find_scenario("qqq", ScenarioError)
