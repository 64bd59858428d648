"""Digests of small windows of seeded ground, to catch bits that change without a new ground version.

`python tests/builders/ground_digest.py` prints them; with `--write` it writes
tests/golden/ground_digest.json. They hang on the code and on the site's figures; the digest of the figures
stands beside them, so that a site fitted anew is told from code that has changed.
"""

from __future__ import annotations

import hashlib
import json
import sys
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from rover.core.grid import Site  # noqa: E402
from sim.moon.dem import Window, synthesize  # noqa: E402
from sim.moon.site import SiteParams, site_from_table  # noqa: E402
from sim.moon.surface import GROUND_VERSION  # noqa: E402

GOLDEN = ROOT / "tests" / "golden" / "ground_digest.json"
SITE_FILE = ROOT / "maps" / "von-karman" / "site.toml"
SIDE = 12
BOULDERS = [[1.0, 1.5, 0.6, 0.4]]

# name: seed, resolution in mm, east and north of the window from the lander in mm
WINDOWS = {
    "lander at 0.25 m": (1, 250, -2500, -2500),
    "rim of the 25 m crater at 0.25 m": (2, 250, -2500, 6000),
    "plain at 2 m": (1, 2000, -400_000, 300_000),
    "plain at 5 cm": (3, 50, 10_000, -20_000),
    "plain at 1 cm": (-1, 10, -3_000_001, 7_000_000),
    "wall at 20 m": (5, 20_000, -90_000_000, 40_000_000),
    "central peak at 100 m": (1, 100_000, -38_000_000, 29_000_000),
    "wall at 474 m": (7, 474_000, 30_000_000, 20_000_000),
    "other side of the body at 2 m": (2**63, 2000, -2_400_000_000, 1_300_000_000),
}


def von_karman() -> SiteParams:
    """Return the bundled site."""
    return site_from_table(tomllib.loads(SITE_FILE.read_text(encoding="utf-8")), file=str(SITE_FILE))


def figures_digest(site: SiteParams) -> str:
    """Return the SHA-256 of a site's figures, sources and targets aside."""

    def figures(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: figures(v) for k, v in value.items() if k not in ("source", "title", "target")}
        return [figures(v) for v in value] if isinstance(value, list | tuple) else value

    return hashlib.sha256(json.dumps(figures(site.model_dump()), sort_keys=True).encode()).hexdigest()


def digests(site: SiteParams) -> dict[str, str]:
    """Return the SHA-256 of each window's float32 elevations."""
    nowhere = Site(latitude_rad=0.0, longitude_rad=0.0, body="moon", crs_wkt="")
    found = {}
    for name, (seed, resolution_mm, east_mm, north_mm) in WINDOWS.items():
        dem = synthesize(
            site,
            seed=seed,
            window=Window(
                east_mm=east_mm,
                north_mm=north_mm,
                width_mm=SIDE * resolution_mm,
                height_mm=SIDE * resolution_mm,
            ),
            resolution_mm=resolution_mm,
            geometry_site=nowhere,
            origin_mm=site.anchor_mm,
            boulders=BOULDERS,
        )
        found[name] = hashlib.sha256(dem.elevation_m.astype("<f4").tobytes()).hexdigest()
    return found


def golden() -> dict[str, Any]:
    """Return what the golden file should hold."""
    site = von_karman()
    return {"ground_version": GROUND_VERSION, "figures": figures_digest(site), "sha256": digests(site)}


if __name__ == "__main__":
    text = json.dumps(golden(), indent=2) + "\n"
    if "--write" in sys.argv[1:]:
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(text, encoding="utf-8")
    print(text, end="")
