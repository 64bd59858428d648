"""Make the README's pictures anew, and its summary table from a run of first-drive: `make figures`."""

from __future__ import annotations

import contextlib
import io
import math
import re
import tempfile
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from PIL import Image
from rich.console import Console

from rover.core.boundary import Mode
from rover.core.grid import Site
from rover.core.heat import HeatParams, PowerParams
from rover.core.time import parse_utc
from rover.io.dormancy_log import read_published_days
from rover.io.raster import write_dem
from rover.io.vehicle import read_vehicle
from rover.sky.sun import sun_from_moon
from rover.terrain.horizon import trace_horizon
from rover.terrain.light import lit_fraction
from sim.cli.hindcast import predict
from sim.cli.hindcast_sheet import sheet_of
from sim.cli.plan import plan
from sim.moon.cells import Cells
from sim.moon.rocks import NO_ROCKS
from sim.moon.site import SiteParams
from sim.moon.surface import surface
from sim.physics.energy import EnergyParams
from sim.physics.energy_faults import EnergyFaults
from sim.run.closed_loop import run_scenario
from sim.run.parked import level_world, stay
from sim.run.regolith_heat import read_regolith_heat
from sim.run.runlog import RunLog
from sim.run.scenario import OperationsTable, load_scenario
from sim.run.scenario_ground import load_site, seeded_dem
from sim.run.setting import drivetrain_on
from sim.run.world import WorldState
from sim.testing import PlannerCheckError, check_planner
from sim.view.crater import Rings, draw_crater, rings_of
from sim.view.energy import EnergySheet, draw_energy
from sim.view.hindcast import draw_hindcast
from sim.view.light import draw_lit_map
from sim.view.maps import draw_map
from sim.view.save import save_figure
from sim.view.style import BLUE, PURPLE
from sim.view.tables import print_summary
from sim.view.timelines import draw_timeline

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
FIGURES = ROOT / "docs" / "figures"

WIDTH_PX, PLAN_WIDTH_PX, MOST_BYTES = 1300, 1100, 400_000
VIVID, VIVID_COLOURS, PALE_COLOURS = 45, 100, 120
"""Pixels whose channels differ by more than `VIVID` are vivid."""

HIGHLAND = (-1024, -1024, 1024, 1024)
PLANS: tuple[tuple[str, str, str, dict[str, Any]], ...] = (
    ("alternatives.png", "-900,0", "900,0", {"alternatives": 3}),
    ("refusal.png", "-600,-250", "200,-230", {"explain": True}),
)

TRAVERSE_FROM = "2019-01-11T20:00:00Z"
"""Of `first-drive`: two days before the Sun is too low."""

PARKED_UTC, PARKED_DAYS = "2019-07-25T06:00:00Z", 30.5
PARKED_LOG = (
    ("wake", "2019-07-25T19:59:00Z"),
    ("sleep", "2019-08-07T09:50:00Z"),
    ("wake", "2019-08-24T00:42:00Z"),
)
"""Lunar day 8 and the morning of the next, as in `maps/von-karman/yutu2_log.csv`."""

REACH = (
    "terrain.size_m=360",
    "goal_m=[-60.0,70.0]",
    "start_utc=2019-01-12T15:30:00Z",
    "limits.haven_tilt_deg=5",
    "operations.max_lunar_days=3",
)
"""An hour before dusk, without commands."""

RINGS = ROOT / "docs" / "von_karman_rings.toml"
CRATER_CELL_M, CRATER_CELLS = 474, 633
"""A square of 300 km at the resolution of the measured map."""
CRATER_SEEDS = range(1, 11)
LIGHT_UTC, LIGHT_REACH_M, LIGHT_CELL_M = "2019-01-13T04:00:00Z", 1000, 4.0
RING_EDGES_KM = np.arange(0.0, 150.1, 2.5)

TABLE = re.compile(r"(?<=```text\n)first-drive\n.*?(?=```)", re.DOTALL)
"""The README's block with the table of a run."""


def main() -> None:
    log = run_scenario(load_scenario("first-drive"))
    figures = {
        "map.png": draw_map(log),
        "timeline.png": draw_timeline(log),
        "crater.png": crater_figure(),
        "light.png": light_figure(),
        "energy.png": energy_figure(),
        "hindcast.png": draw_hindcast(sheet_of(predict(2, 44, read_published_days()))),
    }
    FIGURES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        for name, figure in figures.items():
            drawn = Path(folder) / name
            save_figure(figure, drawn)
            shrink(drawn, FIGURES / name)
        draw_plans(Path(folder))
        shrink(failed_check_picture(Path(folder)), FIGURES / "failed_check.png")
    put_into_readme(summary_text(log))


def crater_figure() -> Figure:
    """Return the synthetic Von Karman beside the rings of the real one."""
    site = load_site("von-karman")
    ground = np.array([crater_m(site, seed) for seed in CRATER_SEEDS])
    at_km = (np.arange(CRATER_CELLS) - (CRATER_CELLS - 1) / 2) * CRATER_CELL_M / 1000
    made = rings_of(
        ground,
        np.hypot(at_km[None, :], at_km[:, None]),
        RING_EDGES_KM,
        words=f"synthetic, {len(CRATER_SEEDS)} seeds",
    )
    title = f"Synthetic Von K\u00e1rm\u00e1n, seed {CRATER_SEEDS[0]}"
    return draw_crater(ground[0], CRATER_CELL_M, title=title, made=made, measured=measured_rings())


def light_figure() -> Figure:
    """Return the light about the lander on an evening, when craters throw long shadows."""
    site = load_site("von-karman")
    east, north = (round(mm / 1000) for mm in site.anchor_mm)
    edges = (east - LIGHT_REACH_M, north - LIGHT_REACH_M, east + LIGHT_REACH_M, north + LIGHT_REACH_M)
    dem = seeded_dem("von-karman", seed=CRATER_SEEDS[0], window_m=edges, resolution_m=LIGHT_CELL_M)
    place, evening = dem.geometry.site, parse_utc(LIGHT_UTC, field="LIGHT_UTC")
    sun = sun_from_moon(place.latitude_rad, place.longitude_rad, *evening.tt_at(0.0))
    lit = lit_fraction(trace_horizon(dem), sun)
    azimuth, elevation = math.degrees(sun.azimuth_rad[0]), math.degrees(sun.elevation_rad[0])
    words = f"{LIGHT_UTC}: Sun {elevation:.1f} deg high, azimuth {azimuth:.0f} deg"
    title = f"Evening at the lander, synthetic Von K\u00e1rm\u00e1n, seed {CRATER_SEEDS[0]}"
    return draw_lit_map(dem, lit, title=title, lines=[words], sun_deg=(azimuth, elevation))


def energy_figure() -> Figure:
    """Return a lunar day of a rover that stays where it landed, and nights that it would not have lived through."""
    vehicle, site = read_vehicle("yutu-2"), load_site("von-karman")
    heat, epoch = vehicle.part("heat", HeatParams), parse_utc(PARKED_UTC, field="PARKED_UTC")
    anchor = site.anchor
    assert anchor is not None
    place = Site(
        latitude_rad=math.radians(anchor.latitude_deg),
        longitude_rad=math.radians(anchor.longitude_deg),
        body="moon",
        crs_wkt="",
    )
    energy = EnergyParams(
        power=vehicle.part("power", PowerParams), heat=heat, regolith=read_regolith_heat(site.regolith_heat)
    )
    world = level_world(
        place,
        epoch,
        days=PARKED_DAYS + 1,
        vehicle=vehicle.params,
        drivetrain=drivetrain_on("von-karman", vehicle),
        energy=energy,
    )
    begin = replace(world.init(east_m=0.0, north_m=0.0, yaw_rad=0.0, soc=0.9), mode=Mode.DORMANT)
    sleep_rad = math.radians(OperationsTable().dormant_sun_elevation_deg)

    def mode(state: WorldState) -> Mode:
        asleep = state.sun.elevation_rad <= sleep_rad and not state.sun.rising
        dark = state.mode is Mode.DORMANT and state.array_w < vehicle.params.wake_array_w
        return Mode.DORMANT if asleep or dark else Mode.CHARGE

    def parked(faults: EnergyFaults) -> dict[str, npt.NDArray[np.float64]]:
        return stay(world, begin, until_s=PARKED_DAYS * 86400.0, mode=mode, faults=faults)[1]

    columns = parked(EnergyFaults())
    others = []
    for words, colour, faults in (
        ("body, array left open", PURPLE, EnergyFaults(fold_stuck=True)),
        ("body, no heater units", BLUE, EnergyFaults(rhu_lost=1.0)),
    ):
        found = parked(faults)
        others.append((words, colour, found["time_s"] / 86400.0, found["body_k"]))
    published = [(words, epoch.seconds_until(parse_utc(utc)) / 86400.0) for words, utc in PARKED_LOG]
    return draw_energy(
        EnergySheet(
            title="A lunar day and its night, parked",
            lines=[
                f"Simulated Yutu-2 on level ground at the landing site, from {PARKED_UTC}; shaded: dormant, the array "
                "folded over the body.",
                "Dashed blue lines: what the log says of this lunar day.",
            ],
            columns=columns,
            others=others,
            limits_k=[
                ("too warm to work", heat.limits.work_max_k),
                ("too cold to survive", heat.limits.survive_min_k),
            ],
            published=published,
        )
    )


def failed_check_picture(folder: Path) -> Path:
    """Return the picture that a check leaves of a planner that looks at no hazard."""
    planner = "examples/test_my_planner.py:StraightLine"  # as a reader of the checkout names it
    asked = {"checks": ["safe"], "seeds": [1], "kinds": ["crater field"]}
    try:
        with contextlib.chdir(ROOT):
            check_planner(planner, pictures=folder, **asked)  # type: ignore[arg-type]
    except PlannerCheckError as error:
        picture = error.failures[0].picture
        assert picture is not None
        return picture
    raise SystemExit("a planner that looks at no hazard passes")


def draw_plans(folder: Path) -> None:
    """Make the pictures of `docs/planning.md` by the commands that stand there."""
    west, south, east, north = HIGHLAND
    dem = folder / "highland.tif"
    write_dem(seeded_dem("highland", seed=2, window_m=(west, south, east, north), resolution_m=4.0), dem)
    for name, start, goal, asked in PLANS:
        plan(dem, start, goal, snap=60.0, plot=folder / name, quiet=True, **asked)
        shrink(folder / name, FIGURES / name, width_px=PLAN_WIDTH_PX)
    traverse = folder / "traverse"
    plan(Path("first-drive"), settings=[f"start_utc={TRAVERSE_FROM}"], out=traverse, quiet=True)
    shrink(traverse / "plan.png", FIGURES / "traverse.png", width_px=PLAN_WIDTH_PX)
    reach = folder / "reach"
    plan(Path("first-drive"), settings=list(REACH), operations="autonomous", maps=True, out=reach, quiet=True)
    shrink(reach / "reach.png", FIGURES / "reach.png")
    night = folder / "night"
    plan(Path("across-a-night"), out=night, quiet=True)
    shrink(night / "plan.png", FIGURES / "night.png", width_px=PLAN_WIDTH_PX)


def crater_m(site: SiteParams, seed: int) -> npt.NDArray[np.float64]:
    """Return elevations of the square about the site's origin, metres above the sphere."""
    step = 2000 * CRATER_CELL_M
    first = -step * (CRATER_CELLS - 1) // 2
    cells = Cells(east=first, north=first, step=step, rows=CRATER_CELLS, cols=CRATER_CELLS)
    return surface(site, seed).elevation_m(cells, NO_ROCKS, rocks=False) + site.frame.datum_m


def measured_rings() -> Rings:
    """Return the published rings of the real crater."""
    table = tomllib.loads(RINGS.read_text(encoding="utf-8"))
    return Rings(
        words=f"measured, {table['source']}",
        inner_km=np.array(table["inner_km"], dtype=np.float64),
        outer_km=np.array(table["outer_km"], dtype=np.float64),
        p10_m=np.array(table["p10_m"], dtype=np.float64),
        median_m=np.array(table["median_m"], dtype=np.float64),
        p90_m=np.array(table["p90_m"], dtype=np.float64),
    )


def shrink(source: Path, target: Path, *, width_px: int = WIDTH_PX) -> None:
    """Scale a picture to the width of a page and reduce its colours to a palette."""
    with Image.open(source) as image:
        height_px = round(image.height * width_px / image.width)
        small = image.convert("RGB").resize((width_px, height_px), Image.Resampling.LANCZOS)
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
