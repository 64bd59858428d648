"""The page of a mission: all that the timeline has, self-contained, and as a browser shows it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from rover.core.errors import ResultsError
from sim.view.mission_html import bar, inlined, write_page
from sim.view.mission_page import read_page, told_figure

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def event(utc: str, name: str, **more: Any) -> dict[str, Any]:
    return {"utc": utc, "beijing": utc.replace("T02", "T10"), "event": name, "words": f"{name} it is", **more}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A mission's folder with pictures large and small, a film, and budgets."""
    noise = np.random.default_rng(1).integers(0, 256, (300, 1200, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / "panorama.png")
    Image.fromarray(noise[:40, :40]).save(tmp_path / "radargram.png")
    Image.fromarray(noise[:50, :50]).save(tmp_path / "stray.png")
    Image.fromarray(noise[:60, :90]).save(tmp_path / "map.png")
    film = [Image.fromarray(noise[:200, n : n + 300]) for n in range(3)]
    film[0].save(tmp_path / "descent.gif", save_all=True, append_images=film[1:], duration=100)
    events = [
        event("2019-01-11T02:00:00Z", "panorama", figures={"sun_elevation_deg": 20.75, "height_m": 12345.5}),
        event("2019-01-03T02:15:00Z", "ignition", derived=False),
        event("2019-01-03T02:26:00Z", "touchdown", reason="there is <b>ground</b> & no |more|"),
        event("2019-01-05T02:00:00Z", "radar", picture="radargram.png"),
        event("2019-01-12T02:00:00Z", "biosphere", pictures=["biosphere.png", "../secret.png"]),
    ]
    budgets = {
        "link": [
            {"of": "film", "data_mbit": 2250.5, "rate_kbit_s": 555},
            {"of": "<i>panorama</i>", "left": True},
        ],
        "energy": [{"day": 1, "harvest_wh": 120.25}],
    }
    table = {"format": 1, "mission": "chang-e-4", "seed": 4, "events": events, "budgets": budgets}
    (tmp_path / "timeline.json").write_text(json.dumps(table), encoding="utf-8")
    return tmp_path


def test_events_are_in_order_with_the_pictures_that_they_name_or_are_known_by(folder: Path) -> None:
    page = read_page(folder)
    assert [entry.name for entry in page.entries] == [
        "ignition",
        "touchdown",
        "radar",
        "panorama",
        "biosphere",
    ]
    assert [day for day, _ in page.days] == ["2019-01-03", "2019-01-05", "2019-01-11", "2019-01-12"]
    named = {entry.name: [(shown.name, shown.there) for shown in entry.pictures] for entry in page.entries}
    assert named["touchdown"] == [("descent.gif", True)]  # descent.png is not there, and not promised
    assert named["radar"] == [("radargram.png", True)]
    assert named["biosphere"] == [("biosphere.png", False), ("../secret.png", False)]
    assert [shown.name for shown in page.others] == ["stray.png"]
    assert page.chart is not None and page.chart.name == "map.png"
    link, energy = page.budgets
    assert link.columns == ["of", "data, Mbit", "rate, kbit/s", "left"]
    assert link.rows == [["film", "2,250.5", "555", ""], ["<i>panorama</i>", "", "", "yes"]]
    assert energy.rows == [["1", "120.25"]]


def test_figures_have_the_unit_that_their_names_end_in() -> None:
    assert told_figure("down_m_s", 3.12) == ("down", "3.12 m/s")
    assert told_figure("propellant_kg", 158.6) == ("propellant", "158.6 kg")
    assert told_figure("latitude_deg", -45.43607) == ("latitude", "-45.43607 deg")
    assert told_figure("within_limits", True) == ("within limits", "yes")
    assert told_figure("species", ["cotton", "yeast"]) == ("species", "cotton, yeast")
    assert told_figure("soc", None) == ("state of charge", "–")
    assert told_figure("gathered_deg_h", 667) == ("gathered", "667 deg h")


def test_the_page_holds_everything_and_asks_for_nothing(folder: Path) -> None:
    target = write_page(read_page(folder), folder)
    assert target.name == "mission.html"
    words = target.read_text(encoding="utf-8")
    assert (
        not re.search(r"(?:src|href)=\"(?!data:|#)", words) and "<script" not in words and "url(" not in words
    )
    assert "there is &lt;b&gt;ground&lt;/b&gt; &amp; no |more|" in words
    assert "&lt;i&gt;panorama&lt;/i&gt;" in words
    assert "02:15:00 UTC" in words and "10:15:00 Beijing" in words
    assert "biosphere.png is not there" in words and "secret.png is not there" in words
    assert words.count("<img ") == 5
    assert len(words) < 0.8 * sum(path.stat().st_size for path in folder.glob("*.png")) + 200_000


def test_a_large_film_stays_a_film(folder: Path) -> None:
    image = inlined(folder / "descent.gif")
    assert image.uri.startswith("data:image/webp;base64,")
    assert (image.width, image.height, image.wide) == (300, 200, False)
    assert inlined(folder / "panorama.png").wide
    assert inlined(folder / "radargram.png").uri.startswith("data:image/png;base64,")


def test_events_stand_on_the_line_of_time_where_they_are(folder: Path) -> None:
    drawn = bar(read_page(folder).entries)
    at = [float(x) for x in re.findall(r'x1="([\d.]+)" x2="\1" y1="4"', drawn)]
    assert at[0] == 5.0 and at[-1] == 995.0
    assert at[2] == pytest.approx(5.0 + 990.0 * (2 * 86400 - 900) / (9 * 86400 - 900), abs=0.06)
    assert "4 Jan" in drawn and bar([]) == ""


def test_without_the_extra_the_page_is_markdown(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "jinja2", None)
    target = write_page(read_page(folder), folder)
    assert target.name == "mission.md"
    words = target.read_text(encoding="utf-8")
    assert "![The lander's panorama](panorama.png)" in words
    assert "there is &lt;b&gt;ground&lt;/b&gt; &amp; no \\|more\\|" in words
    assert "| of | data, Mbit | rate, kbit/s | left |\n| --- | --- | --- | --- |\n| film | 2,250.5 |" in words


@pytest.mark.parametrize(
    "text, line",
    [
        (None, "cannot be read (No such file or directory)"),
        ("{", "cannot be read (Expecting"),
        ("[]", "has no list of events"),
        ('{"events": [{"event": "x"}]}', "events[0]: is no event with utc, event and words ('utc')"),
        ('{"events": [], "budgets": {"link": 3}}', "budgets: is no table of lists of rows"),
    ],
)
def test_a_timeline_that_cannot_be_read_is_told_in_a_line(
    tmp_path: Path, text: str | None, line: str
) -> None:
    if text is not None:
        (tmp_path / "timeline.json").write_text(text, encoding="utf-8")
    with pytest.raises(ResultsError) as refused:
        read_page(tmp_path)
    assert line in str(refused.value) and "timeline.json" in str(refused.value)


def test_a_picture_that_is_none_is_told_in_a_line(folder: Path) -> None:
    (folder / "radargram.png").write_bytes(b"none")
    with pytest.raises(ResultsError, match="is no picture"):
        write_page(read_page(folder), folder)


ASKED = """<script>
const told = {};
told.images = [...document.images].map(i => [i.naturalWidth, i.naturalHeight, i.getBoundingClientRect().width > 0]);
told.overflow = document.documentElement.scrollWidth - document.documentElement.clientWidth;
told.loaded = performance.getEntriesByType("resource").filter(r => !r.name.startsWith("data:")).length;
const links = [...document.querySelectorAll("nav a")].map(a => a.getAttribute("href"));
told.anchors = links.map(link => document.querySelector(link) !== null);
document.body.setAttribute("data-told", JSON.stringify(told));
</script>"""


@pytest.mark.parametrize("width", [1280, 420])
def test_a_browser_shows_every_picture_without_the_network(folder: Path, tmp_path: Path, width: int) -> None:
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        pytest.skip("no browser: Debian's package chromium brings one")
    words = write_page(read_page(folder), folder).read_text(encoding="utf-8")
    asking = tmp_path / "asking.html"
    # The page itself allows no script; the copy that is asked does.
    asking.write_text(words.replace("default-src 'none'", "default-src 'none'; script-src 'unsafe-inline'").replace(
        "</body>", ASKED + "</body>"), encoding="utf-8")  # fmt: skip
    done = subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}",
         "--host-resolver-rules=MAP * ~NOTFOUND", f"--window-size={width},900", "--virtual-time-budget=4000",
         "--dump-dom", asking.as_uri()],
        capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    found = re.search(r'data-told="([^"]*)"', done.stdout)
    assert found, done.stderr[-500:]
    told = json.loads(found.group(1).replace("&quot;", '"'))
    shown = {tuple(size[:2]) for size in told["images"]}
    assert shown == {(1200, 300), (40, 40), (50, 50), (90, 60), (300, 200)}
    assert all(size[2] for size in told["images"])
    assert told["overflow"] <= 0 and told["loaded"] == 0
    assert told["anchors"] and all(told["anchors"])
