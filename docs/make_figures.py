"""Make the README's pictures and its summary table anew from a run of first-drive: `make figures`."""

from __future__ import annotations

import io
import re
import tempfile
from pathlib import Path

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

WIDTH_PX, COLOURS = 1300, 160
MOST_BYTES = 400_000

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
    small.quantize(COLOURS, dither=Image.Dither.NONE).save(target, optimize=True)
    size = target.stat().st_size
    if size > MOST_BYTES:
        raise SystemExit(f"{target} has {size} bytes, more than {MOST_BYTES}")
    print(f"{target.relative_to(ROOT)}: {size / 1000:.0f} kB")


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
