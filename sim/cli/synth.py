"""`farside synth`: write the seeded ground of a scenario or a site as a DEM."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from sim.cli.options import MaxCells, OutFile, Seed, Settings, cells_allowed


def synth(
    source: Annotated[
        str, typer.Argument(metavar="SCENARIO|SITE", help="A scenario or site, by path or name.")
    ],
    out: OutFile,
    settings: Settings = None,
    seed: Seed = None,
    max_cells: MaxCells = None,
    plot: Annotated[
        Optional[Path],  # noqa: UP045 - typer reads it at run time
        typer.Option("--plot", metavar="FILE", help="A picture of it as well."),
    ] = None,
) -> None:
    """Write the seeded map that a scenario's planner would see."""
    from rover.core.errors import UsageError
    from rover.io.bundle import site_names
    from rover.io.raster import format_to_write, write_dem
    from sim.run.scenario import load_scenario, scenario_of_site
    from sim.run.setting import orbital_dem

    format_to_write(out)
    is_site = source in site_names() or Path(source).name == "site.toml"
    load = scenario_of_site if is_site else load_scenario
    scenario = load(source, settings=settings or (), seed=seed)
    if scenario.terrain.dem is not None:
        raise UsageError(
            "this scenario's ground is measured, not made",
            remedy="name a scenario without terrain.dem",
            field="terrain.dem",
            value=scenario.terrain.dem,
        )
    dem = orbital_dem(scenario, max_cells=cells_allowed(max_cells))
    write_dem(dem, out)
    if plot is not None:
        from sim.view.maps import draw_dem
        from sim.view.save import save_figure

        save_figure(draw_dem(dem, dem.source), plot)
    rows, cols = dem.geometry.shape
    typer.echo(f"{out}: {cols} x {rows} cells of {dem.geometry.resolution_m:g} m, {dem.source}")
