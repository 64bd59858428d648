"""`farside reproject`: a local DEM in metres out of a map in degrees, or in any other frame."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rover.core.grid import Dem


def reproject(
    dem: Annotated[Path, typer.Argument(metavar="DEM", help="GeoTIFF in any frame.")],
    center: Annotated[
        str, typer.Option(metavar="LAT,LON", help="Middle of the window in degrees, north and east positive.")
    ],
    size: Annotated[float, typer.Option(metavar="M", help="Side of the window in metres.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="DEM to write: .tif, .npz or .asc.")],
    resolution: Annotated[
        float | None,
        typer.Option(
            metavar="M", help="Side of a cell in metres; by default as in the file.", show_default=False
        ),
    ] = None,
    band: Annotated[int, typer.Option(metavar="N", help="Band of the file, from 1.")] = 1,
    cubic: Annotated[bool, typer.Option("--cubic", help="Smooth between posts, without creases.")] = False,
    max_cells: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help="Most cells to read or make.", show_default="100 million"),
    ] = None,
) -> None:
    """Make a local DEM in metres of a window of a map in degrees (or in any other frame)."""
    from rover.core.atomic import check_outputs
    from rover.io.elevation import DEFAULT_MAX_CELLS
    from rover.io.raster import format_to_write, write_dem
    from rover.io.reproject import reproject_dem

    check_outputs({"--out": out}, sources=[dem])
    latitude, longitude = degrees_of(center)
    format_to_write(out)
    made = reproject_dem(
        dem,
        latitude_deg=latitude,
        longitude_deg=longitude,
        size_m=size,
        resolution_m=resolution,
        band=band,
        method="cubic" if cubic else "bilinear",
        max_cells=DEFAULT_MAX_CELLS if max_cells is None else max_cells,
    )
    write_dem(made, out)
    typer.echo(_summary(made, out))


def degrees_of(center: str) -> tuple[float, float]:
    """Read LAT,LON in degrees.

    Raises:
        UsageError: Not two numbers.
    """
    from rover.core.errors import UsageError

    try:
        latitude, longitude = (float(word) for word in center.split(","))
    except ValueError as error:
        remedy = "give LAT,LON in degrees, such as -45.457,177.588"
        raise UsageError("not two numbers", field="--center", value=center, remedy=remedy) from error
    return latitude, longitude


def _summary(dem: Dem, out: Path) -> str:
    import numpy as np

    grid = dem.geometry
    low, high = (float(edge(dem.elevation_m)) + dem.datum_m for edge in (np.nanmin, np.nanmax))
    unknown = int(np.isnan(dem.elevation_m).sum())
    tail = f", {unknown:,} cells unknown" if unknown else ""
    return (
        f"{out}: {grid.rows} x {grid.cols} cells of {grid.resolution_m:.6g} m, "
        f"elevation {low:.1f} to {high:.1f} m{tail}"
    )
