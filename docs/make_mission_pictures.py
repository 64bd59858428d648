"""Make the pictures of `docs/mission.md` anew: frames of the descent's film, its curves, panoramas, portraits, the map.

    python docs/make_mission_pictures.py [FOLDER]

FOLDER holds what `farside mission chang-e-4` has left; the mission is flown if none is given.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from PIL import Image

FIGURES = Path(__file__).parent / "figures"
MOST_BYTES = 200_000
SHOWN = (20, 90, 108, 118, 135, 155, 175, 190)
SIDE_PX, ACROSS = 230, 4
RING_PX, DISC_PX, CURVES_PX, PORTRAIT_PX, RADAR_PX, MAP_PX = 1600, 720, 1200, 640, 1000, 900


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(sys.argv[1] if len(sys.argv) > 1 else folder)
        if len(sys.argv) < 2:
            command = "from sim.cli.main import main; main()"
            subprocess.run(
                [sys.executable, "-c", command, "mission", "chang-e-4", "--out", folder], check=True
            )
        save(sheet(out / "descent.gif"), "descent-frames.jpg", quality=72)
        save(
            beside(out / "portrait-lander.png", out / "portrait-rover.png"),
            "mission-portraits.jpg",
            quality=80,
        )
        for name, made, wide in (
            ("descent.png", "descent-curves.png", CURVES_PX),
            ("rollout.png", "mission-rollout.jpg", CURVES_PX),
            ("link.png", "mission-link.png", CURVES_PX),
            ("radargram.png", "mission-radargram.jpg", RADAR_PX),
            ("biosphere.png", "mission-biosphere.png", CURVES_PX),
            ("panorama.png", "panorama.jpg", RING_PX),
            ("panorama-polar.png", "panorama-polar.jpg", DISC_PX),
            ("pcam.png", "pcam-ring.jpg", RING_PX),
            ("map.png", "landing-map.jpg", MAP_PX),
        ):
            with Image.open(out / name) as picture:
                high = round(picture.height * wide / picture.width)
                small = picture.convert("RGB").resize((wide, high), Image.Resampling.LANCZOS)
            save(small.quantize(64) if made.endswith(".png") else small, made, quality=80)


def sheet(film: Path) -> Image.Image:
    """Return some frames of a film side by side."""
    with Image.open(film) as opened:
        high = round(SIDE_PX * opened.height / opened.width)
        page = Image.new("L", (ACROSS * SIDE_PX, -(-len(SHOWN) // ACROSS) * high), 255)
        for n, frame in enumerate(SHOWN):
            opened.seek(frame)
            small = opened.convert("L").resize((SIDE_PX - 4, high - 4), Image.Resampling.LANCZOS)
            page.paste(small, (n % ACROSS * SIDE_PX, n // ACROSS * high))
    return page


def beside(*paths: Path) -> Image.Image:
    """Return pictures of one size side by side."""
    high = round(PORTRAIT_PX * 1728 / 2352)
    page = Image.new("RGB", (len(paths) * (PORTRAIT_PX + 4) - 4, high), "white")
    for n, path in enumerate(paths):
        with Image.open(path) as opened:
            small = opened.convert("RGB").resize((PORTRAIT_PX, high), Image.Resampling.LANCZOS)
        page.paste(small, (n * (PORTRAIT_PX + 4), 0))
    return page


def save(picture: Image.Image, name: str, *, quality: int) -> None:
    """Write a picture, and refuse a large one."""
    target = FIGURES / name
    picture.save(target, optimize=True, **({"quality": quality} if target.suffix == ".jpg" else {}))
    size = target.stat().st_size
    if size > MOST_BYTES:
        raise SystemExit(f"{target} has {size} bytes, more than {MOST_BYTES}")
    print(f"{name}: {size / 1000:.0f} kB")


if __name__ == "__main__":
    main()
