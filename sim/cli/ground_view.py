"""A window of seeded ground as asked for on the command line, and what is written of it."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rover.core.atomic import text_output
from rover.core.errors import ScenarioError, UsageError
from rover.core.grid import Dem, GridGeometry, Site
from rover.io.bundle import scenario_names, site_names
from rover.io.cog import write_cog
from rover.io.elevation import in_tenths
from rover.io.raster import ELEVATION
from rover.io.rock_list import COLUMNS, COMMENT
from rover.io.toml import read_toml
from sim.cli.file_kinds import Kind, kind_of
from sim.cli.window import parse_resolution, parse_window
from sim.moon.dem import Window, geometry_of, rocks_in, source_of, synthesize, window_blocks
from sim.moon.rocks import Rocks
from sim.moon.site import SiteParams
from sim.moon.surface import GROUND_VERSION
from sim.run import window as checks
from sim.run.scenario import Scenario, load_scenario, scenario_of_site
from sim.run.scenario_ground import frame_of, load_site, origin_mm_of
from sim.run.window import COMMAND

_SITE_DEFAULT = ("terrain.size_m=2000",)
_SITE_SETTINGS = ("seed", "terrain.size_m", "terrain.resolution_m", "site.latitude_deg", "site.longitude_deg")
_ROCK_TILE_MM = 1_000_000
_METRE_MM = 1000

Tell = Callable[[float], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundView:
    """Which ground, and which window of it at which resolution.

    Attributes:
        site: The site.
        seed: Of the ground.
        frame: Place and frame that east and north are counted in.
        origin_mm: East and north of that frame's origin in the site's frame.
        window: In that frame.
        resolution_mm: Side of a cell.
    """

    site: SiteParams
    seed: int
    frame: Site
    origin_mm: tuple[int, int]
    window: Window
    resolution_mm: int

    @property
    def geometry(self) -> GridGeometry:
        return geometry_of(self.window, self.resolution_mm, self.frame)

    @property
    def source(self) -> str:
        """What the ground is made from, in one line."""
        return source_of(self.site, self.seed)

    @property
    def tags(self) -> dict[str, str]:
        """What a file of it says of itself: enough to make it again."""
        return {
            "SOURCE": self.source,
            "SITE": self.site.name,
            "SEED": str(self.seed),
            "GROUND_VERSION": str(GROUND_VERSION),
            "DATUM_M": repr(self.site.frame.datum_m),
            "RESOLUTION_M": repr(self.resolution_mm / _METRE_MM),
            "ORIGIN_MM": "{},{}".format(*self.origin_mm),
        }


def view_of(
    source: str,
    *,
    settings: Sequence[str],
    seed: int | None,
    window: str | None,
    resolution: str | None,
) -> GroundView:
    """Return the window asked for, or else the source's own: a scenario's map, the ground about a site's anchor.

    Args:
        source: Path or bundled name of a scenario or a site.
        settings: Values of the scenario to change.
        seed: Replaces the scenario's; any 64-bit integer.
        window, resolution: As on the command line; None leaves the source's own.

    Raises:
        FarsideError: Of the class that fits what is wrong.
    """
    checks.check_seed(seed, names=COMMAND)
    _refuse_overridden(
        settings,
        {
            "seed": ("--seed", seed),
            "terrain.size_m": ("--window", window),
            "terrain.resolution_m": ("--resolution", resolution),
        },
    )
    is_site = _is_site(source)
    if is_site:
        _check_settings(settings)
    view = _site_view(source, settings) if is_site else _scenario_view(source, settings)
    if seed is not None:
        view = replace(view, seed=seed)
    if resolution is not None:
        view = replace(view, resolution_mm=parse_resolution(resolution))
    if window is not None:
        view = replace(view, window=parse_window(window, origin_mm=view.origin_mm))
    checks.check_fit(view.window, view.resolution_mm, asked=window)
    return view


def _refuse_overridden(settings: Sequence[str], options: dict[str, tuple[str, object]]) -> None:
    """Refuse settings in whose place an option stands, by key."""
    for setting in settings:
        option, given = options.get(setting.partition("=")[0].strip(), ("", None))
        if given is not None:
            raise UsageError(
                f"{option} says otherwise", remedy="leave one of them out", field="--set", value=setting
            )


def _check_settings(settings: Sequence[str]) -> None:
    """Refuse settings that the ground of a bare site does not depend on."""
    for setting in settings:
        key, equals, _ = setting.partition("=")
        if equals and key.strip() not in _SITE_SETTINGS:
            raise UsageError(
                "no setting of a site's ground",
                remedy=f"set one of {', '.join(_SITE_SETTINGS)}, or change a copy of the site's file",
                field="--set",
                value=setting,
            )


def _is_site(source: str) -> bool:
    path = Path(source)
    if path.is_file():
        return kind_of(read_toml(path)) is Kind.SITE
    if source in site_names():
        return True
    names = [*scenario_names(), *site_names()]
    if source in names or path.suffix == ".toml" or path.exists():
        return False  # reading the scenario says what is wrong with it
    close = difflib.get_close_matches(source, names, n=1)
    remedy = f"did you mean {close[0]}?" if close else f"name a .toml file or one of: {', '.join(names)}"
    raise ScenarioError("no such scenario or site", field="scenario", value=source, remedy=remedy)


def _scenario_view(source: str, settings: Sequence[str]) -> GroundView:
    scenario = load_scenario(source, settings=settings)
    if scenario.terrain.dem is not None:
        raise UsageError(
            "this scenario's ground is measured, not made",
            remedy="name a scenario without terrain.dem",
            field="terrain.dem",
            value=scenario.terrain.dem,
        )
    return _view(scenario, centre_mm=(0, 0))


def _site_view(source: str, settings: Sequence[str]) -> GroundView:
    scenario = scenario_of_site(source, settings=[*_SITE_DEFAULT, *settings])
    if scenario.site.latitude_deg is not None:
        return _view(scenario, centre_mm=(0, 0))
    east, north = (round(mm / _METRE_MM) * _METRE_MM for mm in load_site(source).anchor_mm)
    return _view(scenario, centre_mm=(east, north))


def _view(scenario: Scenario, *, centre_mm: tuple[int, int]) -> GroundView:
    """Return the square of the scenario's size about a place in its frame."""
    site, side_mm = load_site(scenario.site.name), round(scenario.terrain.size_m * _METRE_MM)
    east, north = (centre + -side_mm // 2 for centre in centre_mm)
    return GroundView(
        site=site,
        seed=scenario.seed,
        frame=frame_of(scenario, site),
        origin_mm=origin_mm_of(scenario, site),
        window=Window(east_mm=east, north_mm=north, width_mm=side_mm, height_mm=side_mm),
        resolution_mm=round(scenario.terrain.resolution_m * _METRE_MM),
    )


def check_cells(view: GroundView, max_cells: int, *, remedy: str) -> None:
    """Refuse more cells than allowed, before any is made.

    Raises:
        ResourceError: There are more.
    """
    checks.check_cells(view.geometry.shape, max_cells, remedy=remedy, names=COMMAND)


def view_dem(view: GroundView) -> Dem:
    """Return the whole window in memory."""
    return synthesize(
        view.site,
        seed=view.seed,
        window=view.window,
        resolution_mm=view.resolution_mm,
        geometry_site=view.frame,
        origin_mm=view.origin_mm,
    )


def write_view(view: GroundView, path: Path, tell: Tell) -> None:
    """Write the window as a cloud-optimised GeoTIFF, in bounded memory.

    Read again, one of float64 is `view_dem` bit for bit, whose float32 further than 1,024 m from the datum do not
    tell one tenth of a millimetre from the next, as the file does.

    Raises:
        OutputError: It cannot be written.
        ResourceError: Not enough room on the disk.
    """
    made = window_blocks(
        view.site,
        seed=view.seed,
        window=view.window,
        resolution_mm=view.resolution_mm,
        origin_mm=view.origin_mm,
    )
    datum_m = view.site.frame.datum_m

    def block(row: int, col: int, rows: int, cols: int) -> npt.NDArray[np.float64]:
        return in_tenths(made(row, col, rows, cols) + datum_m)

    write_cog(path, view.geometry, block, description=ELEVATION, tags=view.tags, progress=tell)


def write_rocks(view: GroundView, path: Path, tell: Tell) -> int:
    """Write the rocks whose centres lie in the window, west and south edges included, as CSV; return how many.

    The first line is a comment that tells site, seed and ground version, as the tags of a DEM do. Columns are east,
    north, diameter and height above the ground in metres, to a millimetre (places rounded down, so that each is
    inside). Rocks come square by square, so that memory stays bounded.

    Raises:
        OutputError: It cannot be written.
    """
    count = 0
    tiles = list(_tiles(view.window))
    with text_output(path) as file:
        source = " ".join(view.source.split())  # on one line, whatever the site is called
        file.write(f"{COMMENT} {source}\n{','.join(COLUMNS)}\n")
        for done, tile in enumerate(tiles, start=1):
            rocks, place_mm = _lying_in(view, tile)
            count += len(place_mm)
            file.writelines(
                f"{east / 1000:.3f},{north / 1000:.3f},{diameter:.3f},{height:.3f}\n"
                for (east, north), diameter, height in zip(
                    place_mm.tolist(), rocks.diameter_m.tolist(), rocks.height_m.tolist(), strict=True
                )
            )
            tell(done / len(tiles))
    return count


def _tiles(window: Window) -> Iterator[Window]:
    """Cut a window into squares of a kilometre, from the south-west."""
    for north in range(0, window.height_mm, _ROCK_TILE_MM):
        for east in range(0, window.width_mm, _ROCK_TILE_MM):
            yield Window(
                east_mm=window.east_mm + east,
                north_mm=window.north_mm + north,
                width_mm=min(_ROCK_TILE_MM, window.width_mm - east),
                height_mm=min(_ROCK_TILE_MM, window.height_mm - north),
            )


def _lying_in(view: GroundView, tile: Window) -> tuple[Rocks, npt.NDArray[np.int64]]:
    """Return the rocks with their centre in a part of the window, and their places in its frame, millimetres."""
    rocks = rocks_in(view.site, seed=view.seed, window=tile, origin_mm=view.origin_mm)
    place_mm = rocks.place // 2 - np.array(view.origin_mm, dtype=np.int64)
    east, north = (place_mm - np.array([tile.east_mm, tile.north_mm])).T
    inside = (east >= 0) & (east < tile.width_mm) & (north >= 0) & (north < tile.height_mm)
    return rocks.where(inside), place_mm[inside]
