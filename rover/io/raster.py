"""Terrain from a file, and back: GeoTIFF, npz and ESRI ASCII grids.

This is the one place where rows are turned round: map files list the northern row first, everything else in
this project the southern one. Elevations are metres above the reference sphere in every file.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rover.core.atomic import atomic_path, atomic_paths
from rover.core.bodies import MOON
from rover.core.errors import DemFileError, ResourceError, UsageError
from rover.core.grid import Dem, GridGeometry, Site
from rover.io.ascii_grid import ascii_grid_text, prj_of, read_ascii_grid
from rover.io.elevation import DEFAULT_MAX_CELLS, check_size, join_datum, split_datum
from rover.io.geotiff import check_band, geotiff_bytes, metric_geometry, open_geotiff, read_band
from rover.io.geotiff import tag_of as tag_of_geotiff
from rover.io.npz import npz_bytes, read_npz
from rover.io.sidecar import sidecar_bytes, sidecar_of, sidecar_tags
from rover.io.source import Format, format_of_source

UNPLACED = Site(latitude_rad=math.nan, longitude_rad=math.nan, body=MOON.name, crs_wkt="")
"""Somewhere on the Moon: the site of an ASCII or npz grid that does not say where it is. The Sun there is
unknown too, and `math.isnan(site.latitude_rad)` tells."""

FINE_RESOLUTION_M = 0.5
"""Below this a GeoTIFF is written in float64: float32 at -6 km has steps of 0.5 mm, a slope in fine cells."""

DATUM_TAG = "DATUM_M"
"""Of a file: the datum of the DEM that was written, which elevations in the file are not relative to."""

ELEVATION = "elevation above the reference sphere, m"
"""How the band of a GeoTIFF is described."""


def read_dem(
    path: Path | str,
    *,
    band: int = 1,
    max_cells: int = DEFAULT_MAX_CELLS,
    default_site: Site = UNPLACED,
) -> Dem:
    """Return the terrain that a file holds, of whatever body.

    The format is told by the file's content. The frame must be in metres, north up; cells need not be square.
    The site is the middle of the raster.

    Args:
        path: GeoTIFF, npz or ESRI ASCII grid on this machine.
        band: Of a GeoTIFF, from 1. The other formats have one band.
        max_cells: A larger raster is refused by its header.
        default_site: The site of an npz or ASCII grid that names none.

    Raises:
        DemFileError: Not a terrain file, damaged, or without that band.
        DemFrameError: Not in metres on a body, rotated, without a frame.
        DemValueError: Elevations that cannot be meant, or fewer than 3 x 3.
        ResourceError: More cells than `max_cells`, or than fit into memory.
    """
    kind = format_of_source(path)
    try:
        if kind is Format.GEOTIFF:
            return _read_geotiff(path, band, max_cells)
        _check_only_band(band)
        if kind is Format.NPZ:
            return read_npz(path, max_cells=max_cells, default_site=default_site)
        grid = read_ascii_grid(path, max_cells=max_cells, default_site=default_site)
        return _dem(*grid, path, sidecar_tags(path).get(DATUM_TAG))
    except MemoryError as error:
        raise ResourceError("not enough memory", file=path, remedy="cut a window out of it") from error


def _read_geotiff(path: Path | str, band: int, max_cells: int) -> Dem:
    with open_geotiff(path) as dataset:
        check_band(dataset, band, path)
        geometry = metric_geometry(dataset, path, band)
        check_size(geometry.rows, geometry.cols, max_cells=max_cells, file=path)
        return _dem(read_band(dataset, path, band), geometry, path, dataset.tags().get(DATUM_TAG))


def _check_only_band(band: int) -> None:
    if band != 1:
        raise DemFileError("no such band", field="band", value=band, remedy="this format has 1 band: use 1")


def _dem(
    northern_first_m: npt.NDArray[np.float64], geometry: GridGeometry, path: Path | str, datum: str | None
) -> Dem:
    relative_m, datum_m = split_datum(northern_first_m[::-1], told=datum)
    return Dem(geometry=geometry, elevation_m=relative_m, datum_m=datum_m, source=str(path))


def tag_of(path: Path | str, name: str) -> str | None:
    """Return a text tag of a GeoTIFF, or of a `.asc` by its sidecar; None where it has none."""
    if Path(path).suffix.lower() == Format.ASCII:
        return sidecar_tags(path).get(name)
    return tag_of_geotiff(path, name)


def write_dem(dem: Dem, path: Path | str, *, tags: Mapping[str, str] | None = None) -> None:
    """Write a DEM whole or not at all, in the format of the extension: .tif, .npz or .asc (with .prj, .aux.xml).

    Elevations are within 1 mm of the DEM's, and in a GeoTIFF of float64 or .asc those that `join_datum` gives;
    variance is kept by npz only.

    Args:
        dem: What to write.
        path: Where.
        tags: Text by name that a .tif keeps in itself and an .asc in its sidecar, with the DEM's source and datum.

    Raises:
        UsageError: Another extension, or a `.prj` beside a grid that has no frame.
        OutputError: The file cannot be written.
        DemFrameError: A GeoTIFF of a DEM without a frame.
    """
    kind = format_to_write(path)
    if kind is Format.NPZ:
        _write(path, npz_bytes(dem))
    elif kind is Format.ASCII:
        _write_ascii(dem, path, tags or {})
    else:
        _write(path, _geotiff_of(dem, tags or {}))


def format_to_write(path: Path | str) -> Format:
    """Return the format that an extension asks for, to refuse it before any work is done.

    Raises:
        UsageError: None of .tif, .tiff, .npz and .asc.
    """
    suffix = Path(path).suffix.lower()
    try:
        return Format(".tif" if suffix == ".tiff" else suffix)
    except ValueError as error:
        remedy = "end the name in .tif, .npz or .asc"
        raise UsageError("no such raster format", field="--out", value=str(path), remedy=remedy) from error


def files_beside(path: Path | str) -> list[Path]:
    """Return what `write_dem` may write beside a file: frame and tags of a `.asc`."""
    return [prj_of(path), sidecar_of(path)] if format_to_write(path) is Format.ASCII else []


def _absolute(dem: Dem) -> npt.NDArray[np.float64]:
    """Metres above the sphere, northern row first."""
    return join_datum(dem.elevation_m[::-1], dem.datum_m)


def _tags(dem: Dem, tags: Mapping[str, str]) -> dict[str, str]:
    return {"SOURCE": dem.source, DATUM_TAG: repr(float(dem.datum_m)), **tags}


def elevation_type(geometry: GridGeometry) -> np.dtype[Any]:
    """Return the type that a GeoTIFF of such cells holds elevations in."""
    finest_m = min(geometry.resolution_m, geometry.resolution_north_m)
    return np.dtype(np.float32 if finest_m >= FINE_RESOLUTION_M else np.float64)


def _geotiff_of(dem: Dem, tags: Mapping[str, str]) -> bytes:
    return geotiff_bytes(
        {ELEVATION: _absolute(dem).astype(elevation_type(dem.geometry))},
        dem.geometry,
        nodata=math.nan,
        tags=_tags(dem, tags),
    )


def _write_ascii(dem: Dem, path: Path | str, tags: Mapping[str, str]) -> None:
    wkt, frame = dem.geometry.site.crs_wkt, prj_of(path)
    if not wkt and frame.exists():
        what = f"{frame.name} beside it would give the grid a frame that it does not have"
        raise UsageError(what, field="--out", value=str(path), remedy="choose another name")
    files = {
        Path(path): ascii_grid_text(_absolute(dem), dem.geometry).encode(),
        sidecar_of(path): sidecar_bytes(_tags(dem, tags)),
    }
    if wkt:
        files[frame] = wkt.encode()
    with atomic_paths(*files) as temporaries:
        for temporary, content in zip(temporaries, files.values(), strict=True):
            temporary.write_bytes(content)


def _write(path: Path | str, content: bytes) -> None:
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def write_raster(
    path: Path | str,
    bands: Mapping[str, npt.NDArray[Any]],
    geometry: GridGeometry,
    *,
    nodata: float | None,
    tags: Mapping[str, str] | None = None,
    unit: str | None = None,
) -> None:
    """Write any layers on a geometry as the bands of a GeoTIFF.

    Args:
        path: Where.
        bands: (rows, cols) arrays of one type, row growing north, by what they are.
        geometry: Where the cells are.
        nodata: What stands for unknown, or None.
        tags: Text of the file by name.
        unit: Of every band, such as `deg`; None is of none.

    Raises:
        ValueError: An array is not of the geometry's shape, or not of the first one's type.
        OutputError: The file cannot be written.
        DemFrameError: The geometry has no frame that GeoTIFF can hold.
    """
    types = {array.dtype for array in bands.values()}
    for array in bands.values():
        if array.shape != geometry.shape:
            raise ValueError(f"an array of {array.shape} on a raster of {geometry.shape}")
    if len(types) != 1:
        raise ValueError(f"bands of {len(types)} types")
    turned = {name: array[::-1] for name, array in bands.items()}
    _write(path, geotiff_bytes(turned, geometry, nodata=nodata, tags=tags or {}, unit=unit))
