"""Station files: every figure with a source, nothing impossible, and messages that say what was meant."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from rover.core.errors import StationError, TomlError
from rover.io.bundle import maps_folder
from rover.io.stations import read_stations

BUNDLED = maps_folder() / "stations.toml"


def rewritten(folder: Path, old: str, new: str) -> Path:
    text = BUNDLED.read_text(encoding="utf-8")
    assert text.count(old) == 1, old
    path = folder / "stations.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    return path


def test_the_bundled_stations_and_their_sources() -> None:
    read = read_stations()
    assert list(read.stations) == ["jiamusi", "kashi", "zapala"]
    for name, station in read.stations.items():
        assert station.name == name
        assert 0 < math.degrees(station.mask_rad) <= 10
        assert set(read.sources[name]) == {"latitude_deg", "longitude_deg", "mask_deg"}
        for source in read.sources[name].values():
            assert len(source) > 20
    jiamusi, kashi, zapala = read.stations.values()
    # Heilongjiang, Xinjiang and Neuquen, each on the Moon's way for a third of the day
    assert (
        43.4 < math.degrees(jiamusi.latitude_rad) < 53.6 and 121 < math.degrees(jiamusi.longitude_rad) < 135.1
    )
    assert 34.3 < math.degrees(kashi.latitude_rad) < 49.2 and 73.5 < math.degrees(kashi.longitude_rad) < 96.4
    assert (
        -41.1 < math.degrees(zapala.latitude_rad) < -36.1 and -72 < math.degrees(zapala.longitude_rad) < -68
    )


def test_another_file_may_be_named(tmp_path: Path) -> None:
    read = read_stations(rewritten(tmp_path, "value = 46.49", "value = 46"))
    assert math.degrees(read.stations["jiamusi"].latitude_rad) == pytest.approx(46.0)


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ("value = 46.49", "value = 96.49", "stations.jiamusi.latitude_deg.value = 96.49"),
        ("value = 46.49", "value = nan", "stations.jiamusi.latitude_deg.value"),
        ("value = 46.49", "value = '46.49'", "stations.jiamusi.latitude_deg.value"),
        ("value = 46.49", "value = true", "stations.jiamusi.latitude_deg.value"),
        ("value = -70.15", "value = -181.0", "stations.zapala.longitude_deg.value"),
        ("value = -70.15", "value = -inf", "stations.zapala.longitude_deg.value"),
        ("value = -70.15,", "", "stations.zapala.longitude_deg.value: missing"),
        ("[stations.kashi]", "[stations.kashi]\nheight_m = 1.0", "stations.kashi.height_m: unknown key"),
        ("format = 1", "format = 2", "format"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(tmp_path: Path, old: str, new: str, field: str) -> None:
    path = rewritten(tmp_path, old, new)
    with pytest.raises(StationError) as refused:
        read_stations(path)
    line = str(refused.value)
    assert line.startswith(f"farside: error[STATION]: {path}: {field}")
    assert "\n" not in line
    assert "; " in line
    assert refused.value.exit_code == 2


def test_a_file_without_stations_or_source(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text("format = 1\nstations = {}\n", encoding="utf-8")
    with pytest.raises(StationError, match="stations"):
        read_stations(path)
    path = rewritten(
        tmp_path, 'source = "public maps of the 66 m antenna; uncertain by 0.05 deg"', 'source = ""'
    )
    with pytest.raises(StationError, match="source"):
        read_stations(path)
    with pytest.raises(TomlError):
        read_stations(tmp_path / "none.toml")
