"""Make the README's pictures and its summary table anew from a run of first-drive: `make figures`."""

from __future__ import annotations

import io
import re
import tempfile
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console

from sim.run.closed_loop import run_scenario
from sim.run.runlog import RunLog
from sim.run.scenario import load_scenario
from sim.view.maps import draw_map
from sim.view.save import save_figure
from sim.view.tables import print_summary
from sim.view.timelines import draw_timeline

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
FIGURES = ROOT / "docs" / "figures"

WIDTH_PX, MOST_BYTES = 1300, 400_000
VIVID, VIVID_COLOURS, PALE_COLOURS = 45, 100, 120
"""Pixels whose channels differ by more than `VIVID` are vivid."""

TABLE = re.compile(r"(?<=```text\n)first-drive\n.*?(?=```)", re.DOTALL)
"""The README's block with the table of a run."""


def main() -> None:
    log = run_scenario(load_scenario("first-drive"))
    FIGURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for name, draw in (("map.png", draw_map), ("timeline.png", draw_timeline)):
            drawn = Path(folder) / name
            save_figure(draw(log), drawn)
            shrink(drawn, FIGURES / name)
    put_into_readme(summary_text(log))


def shrink(source: Path, target: Path) -> None:
    """Scale a picture to the width of a page and reduce its colours to a palette."""
    with Image.open(source) as image:
        height_px = round(image.height * WIDTH_PX / image.width)
        small = image.convert("RGB").resize((WIDTH_PX, height_px), Image.Resampling.LANCZOS)
    small.quantize(palette=palette_of(small), dither=Image.Dither.NONE).save(target, optimize=True)
    size = target.stat().st_size
    if size > MOST_BYTES:
        raise SystemExit(f"{target} has {size} bytes, more than {MOST_BYTES}")
    print(f"{target.relative_to(ROOT)}: {size / 1000:.0f} kB")


def palette_of(picture: Image.Image) -> Image.Image:
    """Return a palette with colours of its own for what is vivid: paths and markers cover few pixels."""
    pixels = np.asarray(picture).reshape(-1, 3)
    pixels = pixels[pixels.min(axis=1) < 248]
    vivid = np.ptp(pixels.astype(np.int16), axis=1) > VIVID
    chosen = [255, 255, 255]  # paper stays white
    for part, count in ((vivid, VIVID_COLOURS), (~vivid, PALE_COLOURS)):
        reduced = Image.fromarray(pixels[part][None]).quantize(count, kmeans=2)
        chosen += (reduced.getpalette() or [])[: 3 * count]
    palette = Image.new("P", (1, 1))
    palette.putpalette(chosen)
    return palette


def summary_text(log: RunLog) -> str:
    """Return the table that `farside run` prints, without colours."""
    page = io.StringIO()
    print_summary(log, Console(file=page, width=80))
    return "\n".join(line.rstrip() for line in page.getvalue().splitlines() if line.strip()) + "\n"


def put_into_readme(table: str) -> None:
    """Replace the table in the README.

    Raises:
        SystemExit: There is none to be replaced.
    """
    text = README.read_text(encoding="utf-8")
    if len(TABLE.findall(text)) != 1:
        raise SystemExit(f"{README}: there must be one ```text block that begins with first-drive")
    README.write_text(TABLE.sub(lambda _: table, text), encoding="utf-8")


if __name__ == "__main__":
    main()
