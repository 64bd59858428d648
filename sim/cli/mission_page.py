"""The map of a landing place and the page of the whole mission, as `farside mission` makes them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from rover.core.grid import Dem, GridGeometry, Site
from sim.moon.site import SiteParams
from sim.run.closed_loop_landing import Descent
from sim.run.closed_loop_landing_events import MissionEvent
from sim.run.mission_scenario import Mission

Floats = npt.NDArray[np.float64]

_LEAST_HALF_M, _ROOM, _CELL_MM = 40.0, 1.4, 100
_CELLS_ACROSS = 800
_PLACES = (("rover_east_m", "rover_north_m"), ("east_m", "north_m"))
"""Names of figures that tell where the rover is, from the lander."""


def make_map(
    descent: Descent, events: Sequence[MissionEvent], ways_m: Sequence[Floats], mission: Mission, out: Path
) -> list[str]:
    """Write the map of the landing place, with the rover's ways and where an event says that it is."""
    from sim.view.landing_map import draw_landing_map
    from sim.view.save import save_figure

    stops = rover_places(events)
    places = [*ways_m, np.array([[east, north] for _, east, north in stops]).reshape(-1, 2)]
    far = max((float(np.abs(some).max()) for some in places if len(some)), default=0.0)
    half = max(_LEAST_HALF_M, _ROOM * far)
    dem = _ground(descent, half, max(_CELL_MM, round(2000.0 * half / _CELLS_ACROSS)))
    lander = np.array(descent.world.map_m(descent.touchdown.place_m))
    below = np.array([descent.world.map_m(place) for place in descent.values[:, 0:3]]) - lander
    figure = draw_landing_map(
        dem,
        lander_m=(0.0, 0.0),
        stops=stops,
        ways_m=ways_m,
        below_m=below,
        title=f"{mission.name}: landing place",
        words=f"metres from the lander; cells of {dem.geometry.resolution_m:g} m",
    )
    save_figure(figure, out / "map.png")
    return [f"map.png: {2 * half:.0f} m across"]


def rover_places(events: Sequence[MissionEvent]) -> list[tuple[str, float, float]]:
    """Return where the rover is said to be, by event, in metres east and north of the lander."""
    found: list[tuple[str, float, float]] = []
    for event in sorted(events, key=lambda one: one.time_s):
        for east, north in _PLACES:
            if east in event.figures and north in event.figures:
                at = float(event.figures[east]), float(event.figures[north])
                name = event.words.split(":")[0] if event.name == "drive ends" else event.name
                if not found or at != found[-1][1:]:
                    found.append((name, *at))
    return found


def _ground(descent: Descent, half_m: float, cell_mm: int) -> Dem:
    """Return the ground about the lander, which is its frame's origin."""
    world = descent.world
    patch = world.patch(descent.touchdown.place_m, half_m, cell_mm)
    east, north = world.map_m(descent.touchdown.place_m)
    rows, cols = patch.elevation_m.shape
    return Dem(
        geometry=GridGeometry(
            rows=rows,
            cols=cols,
            resolution_m=patch.resolution_m,
            east_m=patch.east_m - east,
            north_m=patch.north_m - north,
            site=_site(world.site, east, north),
        ),
        elevation_m=patch.elevation_m,
        datum_m=world.site.frame.datum_m,
        source="seeded ground about the lander",
    )


def _site(site: SiteParams, east_m: float, north_m: float) -> Site:
    latitude, longitude = site.unproject(east_m, north_m)
    return Site(
        latitude_rad=math.radians(latitude),
        longitude_rad=math.radians(longitude),
        body="moon",
        crs_wkt="",
        grid_north_rad=site.grid_north_rad(latitude, longitude),
    )


def page_of(out: Path) -> Path | None:
    """Return the page that a folder holds, None if it holds none."""
    from sim.view.mission_html import HTML, MARKDOWN

    return next((out / name for name in (HTML, MARKDOWN) if (out / name).is_file()), None)


def make_page(out: Path) -> list[str]:
    """Write the page of all that the folder holds, and return lines that tell of it."""
    from sim.view.mission_html import HTML, write_page
    from sim.view.mission_page import read_page

    written = write_page(read_page(out), out)
    if written.name == HTML:
        return [f"{written.name}: {written.stat().st_size / 1e6:.1f} MB, all pictures inside"]
    return [f'{written.name}: pip install "farside[report]" makes it a page with the pictures inside']
