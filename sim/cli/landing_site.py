"""Where Chang'e 4 landed, as the bundled site has it."""

from __future__ import annotations


def landing_site_deg() -> tuple[float, float]:
    """Return latitude and longitude in degrees; read as plain TOML, since a whole site brings its ground's kernels."""
    from rover.core.errors import SiteError
    from rover.io.bundle import find_site
    from rover.io.toml import read_toml

    anchor = read_toml(find_site("von-karman", SiteError))["anchor"]
    return float(anchor["latitude_deg"]), float(anchor["longitude_deg"])
