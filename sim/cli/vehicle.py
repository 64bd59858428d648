"""`farside vehicle`: a vehicle with the source of each figure, and what it can do on a site's soils."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer


def vehicle(
    name: Annotated[
        str, typer.Argument(metavar="VEHICLE", help="A vehicle file by path or bundled name, such as yutu-2.")
    ],
    site: Annotated[
        str, typer.Option(metavar="SITE", help="Whose soils it drives on, by path or bundled name.")
    ] = "von-karman",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    out: Annotated[
        Optional[Path],  # noqa: UP045 - typer reads it at run time
        typer.Option(
            "--out", metavar="FIG.png", help="Draw it: its side, slip and energy by slope, sinkage by slip."
        ),
    ] = None,
) -> None:
    """Print a vehicle: every figure with its source, and its limits as derived by the world's own models."""
    from rover.core.atomic import check_outputs
    from rover.core.chassis import ChassisParams
    from rover.io.vehicle import read_vehicle
    from sim.cli.output import refuse_other_picture
    from sim.cli.vehicle_tables import as_json_text, as_text, derive
    from sim.run.scenario_ground import load_site
    from sim.run.setting import load_soil

    refuse_other_picture("--out", out)
    check_outputs({"--out": out})
    read = read_vehicle(name)
    chassis = read.part("chassis", ChassisParams)
    derived = derive(read.params, chassis, load_site(site), load_soil())
    if out is not None:
        from sim.cli.vehicle_sheet import sheet_of
        from sim.view.save import save_figure
        from sim.view.vehicle import draw_vehicle

        save_figure(draw_vehicle(sheet_of(read, chassis, derived)), out)
    typer.echo(as_json_text(read, derived) if as_json else as_text(read, derived))
