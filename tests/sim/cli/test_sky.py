"""`farside sky` as a command."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from rover.core.errors import FarsideError, KernelError, OutputError, ResourceError, TimeError, UsageError
from rover.core.time import parse_utc
from rover.sky.lunar_day import EPOCH
from sim.cli.sky import sky
from sim.cli.sky_tables import COLUMNS
from tests.builders.kernels import mean_earth_meta_kernel, write_meta_kernel
from tests.sim.cli.conftest import FARSIDE, Command, environment

NAMED = (
    "utc",
    "sun_azimuth_deg",
    "sun_elevation_deg",
    "earth_elevation_deg",
    "relay_elevation_deg",
    "relay_range_km",
    "one_way_light_time_s",
    "local_solar_time_h",
    "lunar_day",
)
LANDING = "2019-01-03T02:26:00Z"
SPAN = ("--from", "2019-01-03T00:00:00Z", "--to", "2019-01-03T06:00:00Z", "--step", "2")


def invoke(*words: object) -> Result:
    app = typer.Typer()
    app.command()(sky)
    return CliRunner().invoke(app, [str(word) for word in words])


def told(*words: object) -> str:
    result = invoke(*words)
    assert result.exit_code == 0, result.exception
    return result.stdout


def test_an_instant_is_one_object_and_is_that_of_cspice() -> None:
    """Sun and Earth at touchdown: CSPICE N0067, DE440, MOON_ME."""
    row = json.loads(told("--at", LANDING, "--json"))
    assert set(NAMED) <= set(row)
    assert row["utc"] == LANDING
    assert row["sun_elevation_deg"] == pytest.approx(31.50948, abs=0.01)
    assert row["sun_azimuth_deg"] == pytest.approx(50.70213, abs=0.01)
    assert row["local_solar_time_h"] == pytest.approx(12 - (360 - 141.11857 - 177.5991) / 15, abs=0.001)
    assert 22 <= row["relay_elevation_deg"] <= 61
    assert 1.50 <= row["one_way_light_time_s"] <= 1.87
    assert row["lunar_day"] == 1


def test_a_span_is_the_same_in_every_form() -> None:
    listed = json.loads(told(*SPAN, "--json"))
    assert [row["utc"][11:16] for row in listed] == ["00:00", "02:00", "04:00", "06:00"]
    assert set(NAMED) <= set(listed[0])
    table = list(csv.DictReader(io.StringIO(told(*SPAN, "--csv"))))
    for row, same in zip(listed, table, strict=True):
        assert same["stations"].split() == row["stations"]
        for name in COLUMNS:
            assert float(same[name]) == row[name]
    text = told(*SPAN).splitlines()
    assert text[0] == "Sky over 45.4446 S 177.5991 E (Chang'e 4's landing site, the default)"
    assert len(text) == 3 + len(listed)
    assert max(map(len, text)) < 140
    for line, row in zip(text[3:], listed, strict=True):
        assert line.startswith(row["utc"])
        assert f"{row['sun_elevation_deg']:.2f}" in line
    assert json.loads(told(*SPAN[:3], SPAN[1], "--json"))[0] == listed[0]


def test_a_place_of_ones_own() -> None:
    row = json.loads(told("--lat", -45.4446, "--lon", 177.5991 - 360 + 360, "--at", LANDING, "--json"))
    assert row == json.loads(told("--at", LANDING, "--json"))
    west = told("--lat", "12.5", "--lon", "-30", "--at", LANDING)
    assert west.startswith("Sky over 12.5 N 30 W\n")
    assert "default" not in west
    assert json.loads(told("--lat", 12.5, "--lon", 330, "--at", LANDING, "--json")) == json.loads(
        told("--lat", 12.5, "--lon", -30, "--at", LANDING, "--json")
    )


def test_zones_are_instants() -> None:
    here = told("--at", "2019-01-03T10:26:00+08:00", "--csv")
    assert here == told("--at", LANDING, "--csv")


def test_the_relays_phase_can_be_set() -> None:
    assert "relay at phase 0 (assumed: none is published)" in told("--at", LANDING)
    assert "relay at phase 0.5\n" in told("--at", LANDING, "--relay-phase", 0.5)
    elevations = [
        json.loads(told("--at", LANDING, "--json", "--relay-phase", phase))["relay_elevation_deg"]
        for phase in (0.0, 0.5, 1.0)
    ]
    assert elevations[0] == elevations[2] != elevations[1]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--at", "1959-07-01T00:00Z"), "no UTC before 1960"),
        (("--at", "1969-07-20T20:17:40Z"), "before 1972"),
        (("--at", "2090-01-01T00:00Z"), "leap seconds are known until"),
        (("--from", "2089-01-01T00:00Z", "--to", "2090-01-01T00:00Z", "--step", "2000"), "none is assumed"),
    ],
)
def test_times_without_leap_seconds_of_today_are_noted_once(words: tuple[str, ...], says: str) -> None:
    result = invoke(*words, "--csv")
    (line,) = [line for line in result.stderr.splitlines() if "Queqiao" not in line]
    assert line.startswith("farside: note: ")
    assert says in line
    assert "note" not in result.stdout


def test_nothing_is_noted_today() -> None:
    assert invoke("--at", LANDING).stderr == ""
    assert invoke("--at", "2018-06-14T03:06Z").stderr == ""


@pytest.mark.parametrize(
    "words",
    [
        ("--at", "2018-06-14T03:05Z"),
        ("--from", "2018-06-01T00:00Z", "--to", "2018-07-01T00:00Z", "--step", "500"),
        ("--almanac", "--day", "-8"),
    ],
)
def test_a_relay_that_is_not_there_yet_is_noted_once(words: tuple[str, ...]) -> None:
    result = invoke(*words, "--csv")
    assert result.stderr.startswith(
        "farside: note: Queqiao was launched on 2018-05-20 and is on its halo orbit"
    )
    assert result.stderr.count("\n") == 1
    assert "note" not in result.stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--csv", "--out", "x.png"), "--out = x.png: would hold CSV; end the name in .csv"),
        (("--json", "--out", "x.CSV"), "--out = x.CSV: would hold JSON; end the name in .json"),
        (("--out", "x.csv"), "--out = x.csv: would hold plain text; add --csv"),
        (("--out", "x.json"), "would hold plain text; add --json"),
        (("--out", "x.tif"), "would hold plain text; end the name in .txt"),
    ],
)
def test_a_name_that_says_another_format_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...], says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    refused(invoke("--at", LANDING, *words), UsageError, says)
    assert list(tmp_path.iterdir()) == []


def test_a_name_that_says_nothing_takes_any_format(tmp_path: Path) -> None:
    for name in ("sky", "sky.txt", "sky.2019"):
        told("--at", LANDING, "--json", "--out", tmp_path / name)
        assert json.loads((tmp_path / name).read_text())["utc"] == LANDING


def test_text_may_go_through_a_pipe_and_into_nothing(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    read: list[str] = []
    reader = threading.Thread(target=lambda: read.append((tmp_path / "pipe").read_text()), daemon=True)
    reader.start()
    told("--at", LANDING, "--json", "--out", tmp_path / "pipe")
    reader.join(timeout=10)
    assert json.loads(read[0])["utc"] == LANDING
    assert (tmp_path / "pipe").is_fifo()
    (tmp_path / "picture.png").symlink_to("pipe")
    refused(invoke(*SPAN, "--plot", tmp_path / "picture.png"), OutputError, "is no regular file; name a file")


def test_an_almanac_tells_a_lunar_day(reference: Path) -> None:
    rows = list(csv.DictReader((reference / "sky" / "sun_table.csv").open(encoding="utf-8")))
    for row in rows[::5]:
        listed = json.loads(told("--almanac", "--day", row["lunar_day"], "--json"))
        for column, event in (("sunrise_utc", "sunrise"), ("noon_utc", "noon"), ("sunset_utc", "sunset")):
            (found,) = [e for e in listed if e["event"] == event]
            off_s = EPOCH.seconds_until(parse_utc(found["utc"])) - EPOCH.seconds_until(parse_utc(row[column]))
            assert abs(off_s) <= 61.0
            assert set(NAMED) <= set(found)
        (found,) = [e for e in listed if e["event"] == "sunset"]
        assert found["hours_since_sunrise"] == pytest.approx(float(row["daylength_h"]), abs=0.06)
        assert found["lunar_day"] == int(row["lunar_day"])
    text = told("--almanac", "--day", "1")
    for words in (
        "Lunar day 1 over",
        "sunrise",
        "Sun above 5 deg",
        "relay highest",
        "AOS",
        "jiamusi",
        "zapala",
    ):
        assert words in text
    assert max(map(len, text.splitlines())) < 140


def test_an_almanac_of_the_day_of_an_instant_and_of_a_pole() -> None:
    assert told("--almanac", "--at", LANDING) == told("--almanac") == told("--almanac", "--day", 1)
    dark = told("--almanac", "--lat", 89.95, "--lon", 0, "--day", 3)
    assert "does not both rise and set" in dark
    assert "Sun on meridian" in dark


def test_it_writes_and_draws(tmp_path: Path) -> None:
    assert told(*SPAN, "--csv", "--out", tmp_path / "a.csv") == ""
    assert (tmp_path / "a.csv").read_text() == told(*SPAN, "--csv")
    told(*SPAN, "--plot", tmp_path / "span.png")
    told("--almanac", "--json", "--out", tmp_path / "day.json", "--plot", tmp_path / "day.png")
    assert json.loads((tmp_path / "day.json").read_text())
    told("--almanac", "--lat", 89.95, "--lon", 0, "--day", 3, "--plot", tmp_path / "pole.png")
    for name in ("span", "day", "pole"):
        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")
    assert len(list(tmp_path.iterdir())) == 5


def test_kernels_are_used_and_named(tmp_path: Path) -> None:
    meta = mean_earth_meta_kernel(tmp_path)
    assert "SPICE kernels of" in told("--at", LANDING, "--kernels", meta)
    by_kernels = json.loads(told("--at", LANDING, "--kernels", meta, "--json"))
    by_series = json.loads(told("--at", LANDING, "--json"))
    assert by_kernels["sun_elevation_deg"] == pytest.approx(by_series["sun_elevation_deg"], abs=0.01)
    assert by_kernels["sun_elevation_deg"] != by_series["sun_elevation_deg"]


REFUSED = [
    (("--lat", "177.6", "--lon", "-45.4"), UsageError, "look swapped: --lat -45.4 --lon 177.6"),
    (("--lat", "95", "--lon", "100"), UsageError, "--lat = 95: no latitude; give -90 to 90"),
    (
        ("--lat", "45.4S", "--lon", "177.6"),
        UsageError,
        "--lat = 45.4S: no number of degrees; south and west are",
    ),
    (("--lat", "-45.4", "--lon", "12W"), UsageError, "--lon -12"),
    (("--lat", "-45.4S", "--lon", "177.6"), UsageError, "south and west are negative: --lat -45.4"),
    (("--step", "0"), UsageError, "--step: is of a span; leave it, or give --from and --to"),
    (("--lat", "here", "--lon", "1"), UsageError, "--lat = here"),
    (("--lat", "nan", "--lon", "1"), UsageError, "--lat = nan"),
    (("--lat", "0", "--lon", "361"), UsageError, "--lon = 361"),
    (("--lat", "0", "--lon", "inf"), UsageError, "--lon = inf"),
    (("--lat", "0"), UsageError, "--lon: --lat and --lon go together"),
    (("--relay-phase", "1.5"), UsageError, "--relay-phase = 1.5"),
    (("--relay-phase", "nan"), UsageError, "--relay-phase = nan"),
    (("--from", LANDING), UsageError, "--at"),
    (("--csv", "--json"), UsageError, "--csv"),
    (("--day", "3"), UsageError, "--day"),
    (("--plot", "a.png"), UsageError, "--plot"),
    (("--kernels", "none.tm"), KernelError, "none.tm: no such file"),
    (("--kernels", "."), KernelError, "--kernels = .: is a folder; name the meta-kernel in it"),
]


@pytest.mark.parametrize(("words", "error", "says"), REFUSED)
def test_bad_words_are_refused(words: tuple[str, ...], error: type[FarsideError], says: str) -> None:
    refused(invoke("--at", LANDING, *words), error, says)


def refused(result: Result, error: type[FarsideError], says: str) -> None:
    assert isinstance(result.exception, error), result.exception
    assert says in str(result.exception)
    assert str(result.exception).count("; ") >= 1
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("words", "error", "says"),
    [
        ((), UsageError, "--at: no time is named"),
        (("--at", "2019-01-03T02:26:00"), TimeError, "a time without zone"),
        (("--at", "1899-12-31T00:00Z"), TimeError, "outside 1900-2100"),
        (
            ("--at", "2101-01-01T00:00Z"),
            TimeError,
            "outside 1900-2100; give a time in the years 1900 to 2100",
        ),
        (("--at", "yesterday"), TimeError, "--at = yesterday"),
        (("--from", LANDING), UsageError, "--to: --from and --to go together"),
        (("--to", LANDING), UsageError, "--from: --from and --to go together"),
        (("--from", LANDING, "--to", "2018-01-01T00:00Z"), UsageError, "before --from"),
        (("--from", LANDING, "--to", "2019-02-30T00:00Z"), TimeError, "--to = 2019-02-30"),
        ((*SPAN[:4], "--step", "0"), UsageError, "--step = 0.0"),
        ((*SPAN[:4], "--step", "-1"), UsageError, "--step = -1.0"),
        ((*SPAN[:4], "--step", "nan"), UsageError, "--step = nan"),
        ((*SPAN[:4], "--step", "inf"), UsageError, "--step = inf"),
        ((*SPAN[:4], "--step", "1e-300"), UsageError, "--step = 1e-300: shorter than a second"),
        (
            ("--from", "1900-01-01T00:00Z", "--to", "2100-01-01T00:00Z"),
            ResourceError,
            "set --max-rows to 1753",
        ),
        ((*SPAN, "--max-rows", "3"), ResourceError, "4 rows, more than 3"),
        ((*SPAN, "--plot", "a.jpg"), UsageError, "a.jpg: pictures are PNG"),
        ((*SPAN, "--plot", "a.png", "--out", "./a.png"), UsageError, "the output is that of --out too"),
        (("--almanac", *SPAN), UsageError, "--almanac: is of one lunar day"),
        (("--almanac", "--at", LANDING, "--day", "1"), UsageError, "--day"),
        (("--almanac", "--step", "2"), UsageError, "--step: is of a span"),
        (("--almanac", "--day", "2000"), UsageError, "--day = 2000: outside 1900-2100"),
    ],
)
def test_bad_times_are_refused(words: tuple[str, ...], error: type[FarsideError], says: str) -> None:
    refused(invoke(*words), error, says)


def test_kernels_of_another_body_or_time_are_refused(tmp_path: Path) -> None:
    text = tmp_path / "leap.tls"
    text.write_text("KPL/LSK\n\\begindata\nDELTET/DELTA_T_A = 32.184\n\\begintext\n", encoding="ascii")
    refused(
        invoke("--at", LANDING, "--kernels", write_meta_kernel(tmp_path, text)), KernelError, "no Moon (301)"
    )
    late = invoke("--at", "2080-01-01T00:00Z", "--kernels", mean_earth_meta_kernel(tmp_path))
    refused(late, TimeError, "not covered by the kernels")


def test_the_command_itself_refuses_in_one_line(farside: Command, work: Path) -> None:
    for words, status in (
        (("--lat", "177.6", "--lon", "-45.4", "--at", LANDING), 2),
        ((*SPAN, "--max-rows", "3"), 5),
        (("--almanac", "--day", "x"), 2),
    ):
        result = farside("sky", *words)
        assert result.returncode == status
        assert result.stderr.startswith("farside: error[") and result.stderr.count("\n") == 1
        assert result.stdout == ""
    assert list(work.iterdir()) == []


def test_a_reader_that_goes_is_no_error(tmp_path: Path) -> None:
    """More rows than a pipe holds."""
    (tmp_path / "home").mkdir()
    for form in ("", "--csv", "--json"):
        command = (
            f"{FARSIDE} sky --from 2019-01-01T00:00Z --to 2020-01-01T00:00Z --step 0.5 {form} | head -n 2;"
            ' echo "${PIPESTATUS[0]}"'
        )
        done = subprocess.run(
            ["bash", "-c", command], env=environment(tmp_path / "home"), capture_output=True, text=True, check=False
        )  # fmt: skip
        assert done.stderr == ""
        assert done.stdout.splitlines()[-1] == "0"
        assert len(done.stdout.splitlines()) == 3


def test_the_first_rows_come_before_the_last_are_made(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    words = ["sky", "--from", "1980-01-01T00:00Z", "--to", "2020-01-01T00:00Z", "--step", "0.5", "--csv"]
    begun = time.monotonic()
    running = subprocess.Popen([FARSIDE, *words], env=environment(tmp_path / "home"), stdout=subprocess.PIPE)
    assert running.stdout is not None
    assert running.stdout.readline().startswith(b"utc,")
    first_s = time.monotonic() - begun
    running.stdout.close()
    running.wait()
    assert first_s < 10.0  # 701,281 rows take a minute


def test_no_numba_and_no_pictures_for_a_row() -> None:
    code = (
        "import sys; from sim.cli.main import app\n"
        f"app(['sky', '--at', '{LANDING}', '--json'], standalone_mode=False)\n"
        "assert not {'numba', 'matplotlib', 'rasterio'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert math.isclose(json.loads(done.stdout)["sun_elevation_deg"], 31.51, abs_tol=0.01)
