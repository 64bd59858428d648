"""The page of a mission as one HTML file, with its pictures inside, or as Markdown beside them."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Sequence
from datetime import datetime, timedelta
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageSequence

from rover.core.atomic import text_output
from rover.core.errors import ResultsError
from sim.view.mission_page import Entry, Page, Shown

HTML, MARKDOWN = "mission.html", "mission.md"

_AS_IT_IS = 150_000
"""Bytes of a picture up to which it goes into the page unchanged; larger ones become WebP."""

_QUALITY, _FILM_QUALITY = 82, 55
_WIDE = 2.5
"""Width over height from which a picture is shown across the page, to be scrolled."""

_MIME = {".png": "png", ".gif": "gif", ".jpg": "jpeg", ".jpeg": "jpeg", ".webp": "webp"}
_BAR_W, _BAR_H, _LINE_Y = 1000.0, 46.0, 20.0
_DAY_S = 86_400.0


class Inlined(NamedTuple):
    """A picture as the page holds it.

    Attributes:
        uri: `data:` with all of it.
        width, height: Pixels.
        wide: Whether it is to be scrolled.
    """

    uri: str
    width: int
    height: int
    wide: bool


def write_page(page: Page, folder: Path) -> Path:
    """Write the page of a mission into its folder: HTML if the extra `report` is there, Markdown otherwise.

    Raises:
        ResultsError: A picture cannot be read.
        OutputError: The page cannot be written.
    """
    try:
        from jinja2 import Environment
    except ImportError:
        target, words = folder / MARKDOWN, markdown(page)
    else:
        template = files("sim.view").joinpath("mission.html.j2").read_text(encoding="utf-8")
        images = {shown.name: inlined(folder / shown.name) for shown in _all(page) if shown.there}
        target = folder / HTML
        words = (
            Environment(autoescape=True)
            .from_string(template)
            .render(page=page, images=images, bar=bar(page.entries))
        )
    with text_output(target) as file:
        file.write(words)
    return target


def _all(page: Page) -> list[Shown]:
    found = [shown for entry in page.entries for shown in entry.pictures]
    return [*found, *page.others, *([page.chart] if page.chart else [])]


def inlined(path: Path) -> Inlined:
    """Return a picture to be put into a page; a large one is packed as WebP, a film as an animated one.

    Raises:
        ResultsError: It cannot be read.
    """
    try:
        data, kind = path.read_bytes(), _MIME[path.suffix.lower()]
        with Image.open(path) as opened:
            width, height = opened.size
            if len(data) > _AS_IT_IS:
                data, kind = _packed(opened), "webp"
    except OSError as error:
        raise ResultsError(
            f"is no picture ({error})", remedy="remove it, and run farside mission again", file=path
        ) from None
    uri = f"data:image/{kind};base64,{base64.b64encode(data).decode('ascii')}"
    return Inlined(uri=uri, width=width, height=height, wide=width > _WIDE * height)


def _packed(picture: Image.Image) -> bytes:
    held = io.BytesIO()
    if getattr(picture, "n_frames", 1) > 1:
        frames, times = [], []
        for frame in ImageSequence.Iterator(picture):
            frames.append(frame.convert("RGB"))
            times.append(int(frame.info.get("duration", 100)))
        frames[0].save(
            held, format="WEBP", save_all=True, append_images=frames[1:], duration=times, loop=0,
            quality=_FILM_QUALITY, method=3,
        )  # fmt: skip
    else:
        picture.convert("RGB").save(held, format="WEBP", quality=_QUALITY, method=4)
    return held.getvalue()


def bar(entries: list[Entry]) -> str:
    """Return an SVG line of time with a stroke for each event and the date at each midnight, UTC."""
    if len(entries) < 2:
        return ""
    stamps = [datetime.fromisoformat(entry.utc) for entry in entries]
    first, last = stamps[0], stamps[-1]
    whole_s = max((last - first).total_seconds(), 1.0)
    midnight = datetime(first.year, first.month, first.day)
    to_midnight_s = _DAY_S - (first - midnight).total_seconds()

    def x(seconds: float) -> float:
        return 5.0 + (_BAR_W - 10.0) * seconds / whole_s

    parts = [f'<line x1="5" x2="{_BAR_W - 5:g}" y1="{_LINE_Y:g}" y2="{_LINE_Y:g}" stroke="#666b75"/>']
    days = int(whole_s // _DAY_S) + 2
    for n in range(days):
        at_s = to_midnight_s + n * _DAY_S
        if at_s > whole_s:
            break
        parts.append(
            f'<line x1="{x(at_s):.1f}" x2="{x(at_s):.1f}" y1="{_LINE_Y:g}" y2="30" stroke="#666b75"/>'
        )
        if n % max(1, days // 12) == 0:
            date = midnight + timedelta(days=n + 1)
            parts.append(
                f'<text x="{x(at_s):.1f}" y="43" font-size="11" fill="#666b75" text-anchor="middle">'
                f"{date.day} {date:%b}</text>"
            )
    for entry, stamp in zip(entries, stamps, strict=True):
        at = x((stamp - first).total_seconds())
        words = html.escape(f"{entry.utc} {entry.name}")
        parts.append(
            f'<line x1="{at:.1f}" x2="{at:.1f}" y1="4" y2="{_LINE_Y:g}" stroke="#0072b2" stroke-width="2">'
            f"<title>{words}</title></line>"
        )
    box = f'viewBox="0 0 {_BAR_W:g} {_BAR_H:g}" role="img" aria-label="Events over time"'
    return f'<svg class="bar" {box}>{"".join(parts)}</svg>'


def markdown(page: Page) -> str:
    """Return the page as Markdown, with the pictures as files beside it."""
    lines = [f"# {page.title}: from descent to the first night", ""]
    if page.entries:
        lines += [f"{page.entries[0].utc} to {page.entries[-1].utc} UTC, seed {page.seed}.", ""]
    if page.chart:
        lines += ["## Map", "", *_image(page.chart)]
    lines += ["## Timeline", ""]
    for date, day in page.days:
        lines += [f"### {date}", ""]
        for entry in day:
            lines += _told(entry)
    for budget in page.budgets:
        lines += [
            f"## Budget: {budget.name}",
            "",
            _row(budget.columns),
            _row(["---"] * len(budget.columns)),
        ]
        lines += [*(_row(row) for row in budget.rows), ""]
    if page.others:
        lines += ["## More pictures", ""]
        for shown in page.others:
            lines += _image(shown)
    return "\n".join(lines)


def _told(entry: Entry) -> list[str]:
    given = "" if entry.derived else " (given)"
    clocks = f"{entry.utc[11:]} UTC" + (f", {entry.beijing} Beijing" if entry.beijing else "")
    lines = [f"**{clocks}: {entry.name}**{given}. {_plain(entry.words)}", ""]
    if entry.reason:
        lines += [f"*{_plain(entry.reason)}*", ""]
    if entry.figures:
        lines += ["; ".join(f"{name} {value}" for name, value in entry.figures), ""]
    for shown in entry.pictures:
        lines += _image(shown)
    return lines


def _image(shown: Shown) -> list[str]:
    if not shown.there:
        return [f"{_plain(shown.caption)}: {_plain(shown.name)} is not there.", ""]
    return [f"![{_plain(shown.caption)}]({shown.name})", ""]


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(map(_plain, cells)) + " |"


def _plain(words: str) -> str:
    """Return words that mean nothing to Markdown or a browser."""
    return html.escape(words, quote=False).replace("|", "\\|").replace("\n", " ")
