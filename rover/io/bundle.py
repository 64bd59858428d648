"""Finding the files that come with the package: a path if there is one, else a bundled name."""

from __future__ import annotations

import difflib
from pathlib import Path

from rover.core.errors import FarsideError

_PACKAGE = Path(__file__).parents[1]


def maps_folder() -> Path:
    """Return the folder of bundled data: inside the installed package, or beside it in a checkout."""
    installed = _PACKAGE / "_maps"
    return installed if installed.is_dir() else _PACKAGE.parent / "maps"


def scenario_names() -> list[str]:
    """Return the names of the bundled scenarios."""
    return sorted(p.stem for p in maps_folder().glob("*/*.toml") if _is_scenario(p))


def vehicle_names() -> list[str]:
    """Return the names of the bundled vehicles."""
    return sorted(p.stem for p in (maps_folder() / "vehicles").glob("*.toml"))


def site_names() -> list[str]:
    """Return the names of the bundled sites."""
    return sorted(p.parent.name for p in maps_folder().glob("*/site.toml"))


def lander_names() -> list[str]:
    """Return the names of the bundled landers."""
    return sorted(p.stem for p in (maps_folder() / "landers").glob("*.toml"))


def mission_names() -> list[str]:
    """Return the names of the bundled missions."""
    return sorted(p.stem for p in maps_folder().glob("*/*.toml") if _is_mission(p))


def fault_table_names() -> list[str]:
    """Return the names of the bundled tables of faults."""
    return sorted(p.stem for p in (maps_folder() / "faults").glob("*.toml"))


def find_scenario(spec: str, error: type[FarsideError]) -> Path:
    """Return the scenario file that a path or a bundled name means."""
    return _find(spec, scenario_names(), f"*/{spec}.toml", "scenario", error)


def find_vehicle(spec: str, error: type[FarsideError]) -> Path:
    """Return the vehicle file that a path or a bundled name means."""
    return _find(spec, vehicle_names(), f"vehicles/{spec}.toml", "vehicle", error)


def find_site(spec: str, error: type[FarsideError]) -> Path:
    """Return the site file that a path or a bundled name means."""
    return _find(spec, site_names(), f"{spec}/site.toml", "site", error)


def find_fault_table(spec: str, error: type[FarsideError]) -> Path:
    """Return the table of faults that a path or a bundled name means."""
    return _find(spec, fault_table_names(), f"faults/{spec}.toml", "table of faults", error)


def find_lander(spec: str, error: type[FarsideError]) -> Path:
    """Return the lander file that a path or a bundled name means."""
    return _find(spec, lander_names(), f"landers/{spec}.toml", "lander", error)


def find_mission(spec: str, error: type[FarsideError]) -> Path:
    """Return the mission file that a path or a bundled name means."""
    return _find(spec, mission_names(), f"*/{spec}.toml", "mission", error)


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError:  # a name longer than the system bears
        return False


def _is_scenario(path: Path) -> bool:
    return _is_of_a_site(path) and not _is_mission(path)


def _is_mission(path: Path) -> bool:
    """Whether a bundled file is of a mission: one names its lander, before any table."""
    return _is_of_a_site(path) and any(
        line.startswith("lander =") for line in path.read_text(encoding="utf-8").splitlines()
    )


def _is_of_a_site(path: Path) -> bool:
    return path.parent.name not in ("vehicles", "faults", "landers") and path.name != "site.toml"


def _find(spec: str, names: list[str], pattern: str, kind: str, error: type[FarsideError]) -> Path:
    path = Path(spec)
    if spec in names and not path.is_file():
        return next(
            found for found in maps_folder().glob(pattern) if "*" not in pattern or _is_of_a_site(found)
        )
    if path.suffix == ".toml" or _exists(path):
        return path  # the reader says what is wrong with it
    close = difflib.get_close_matches(spec, names, n=1)
    remedy = f"did you mean {close[0]}?" if close else f"name a .toml file or one of: {', '.join(names)}"
    raise error(f"no such {kind}", remedy=remedy, field=kind, value=spec)
