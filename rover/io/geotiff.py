"""GeoTIFF by rasterio: opened as a GeoTIFF and nothing else, checked by its header before a pixel is read.

Arrays here are in the file's order, the northern row first; `rover.io.raster` turns them round.
"""

from __future__ import annotations

import contextlib
import math
import os
import shlex
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from rover.core.errors import DemFileError, DemFrameError, DemValueError, ResourceError
from rover.core.grid import GridGeometry
from rover.io.crs import ellipsoid_of, site_at, unproject
from rover.io.elevation import check_elevations, refuse_fill
from rover.io.source import check_local_file
from rover.io.tiff_directory import directory_is_whole

SQUARE_TOLERANCE = 1e-3
"""Cells whose sides differ by no more than this part are taken as square, with the mean of their sides; the middle of
the raster is exact whatever they do."""

_METRE_NAMES = ("", "m", "metre", "metres", "meter", "meters")
_FILL_OF = {"int16": -32768.0, "int32": -2147483648.0}
_ISOLATED = {"GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR", "GDAL_PAM_ENABLED": "NO"}
_EXAMPLE_SIZE_M = 100_000.0


@contextlib.contextmanager
def open_geotiff(path: Path | str) -> Iterator[Any]:
    """Open a GeoTIFF for reading, turning rasterio's errors, in the block too, into `DemFileError`.

    No side file (.ovr, .msk, .aux.xml) is looked at: the file says it all, and no other file is opened.

    Raises:
        DemFileError: Not a plain local file, not a TIFF that can be read, truncated, no band.
        ResourceError: Not enough memory.
    """
    import rasterio
    from rasterio.errors import NotGeoreferencedWarning, RasterioError

    check_local_file(path)
    if not directory_is_whole(path):
        _refuse_unreadable(path, ValueError("it ends before its tags do"))
    with warnings.catch_warnings(), rasterio.Env(**_ISOLATED):
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        try:
            with rasterio.open(os.path.abspath(path), driver="GTiff") as dataset:
                yield dataset
        except (RasterioError, UnicodeDecodeError) as error:
            # rasterio decodes the names in a frame as UTF-8, and lets the failure through.
            _refuse_unreadable(path, error)
        except MemoryError as error:
            raise ResourceError("not enough memory", file=path, remedy="cut a window out of it") from error


def _refuse_unreadable(path: Path | str, error: Exception) -> NoReturn:
    reason = str(error.__cause__ or error).replace(f"{os.path.abspath(path)}: ", "")
    raise DemFileError(
        f"not a whole, readable GeoTIFF ({reason})",
        file=path,
        field="DEM",
        remedy="fetch or make it again",
    ) from error


def check_band(dataset: Any, band: int, path: Path | str) -> None:
    """Refuse a band that the file does not have, or whose numbers are not elevations in metres.

    Raises:
        DemFileError: No such band.
        DemValueError: Complex numbers, a scale of zero, or a unit other than the metre.
    """
    count = dataset.count
    if not 1 <= band <= count:
        held = "the file has 1 band: use 1" if count == 1 else f"the file has {count} bands: use 1 to {count}"
        raise DemFileError("no such band", file=path, field="band", value=band, remedy=held)
    kind = dataset.dtypes[band - 1]
    if "complex" in kind or np.dtype(kind).kind not in "iuf":
        raise DemValueError(
            "not real numbers", file=path, field="type", value=kind, remedy="choose another band"
        )
    scale, offset = dataset.scales[band - 1], dataset.offsets[band - 1]
    if not (math.isfinite(scale) and math.isfinite(offset) and scale != 0):
        raise DemValueError(
            "not usable",
            file=path,
            field="scale, offset",
            value=f"{scale}, {offset}",
            remedy="correct the tags",
        )
    _check_vertical_unit(dataset.units[band - 1], path)


def _check_vertical_unit(unit: str | None, path: Path | str) -> None:
    if (unit or "").strip().lower() not in _METRE_NAMES:
        raise DemFrameError(
            "elevations are not in metres",
            file=path,
            field="elevation unit",
            value=unit,
            remedy="convert them to metres, with the unit tag, and give that file",
        )


def read_band(dataset: Any, path: Path | str, band: int) -> npt.NDArray[np.float64]:
    """Return a band's elevations in metres, in the file's order, NaN where unknown.

    Args:
        dataset: From `open_geotiff`, with `check_band` passed.
        path: For messages.
        band: From 1.

    Raises:
        DemValueError: Elevations that cannot be meant, as `check_elevations` says.
    """
    elevation_m = load_band(dataset, path, band)
    check_elevations(elevation_m, file=path, declare=how_to_declare(dataset, path))
    return elevation_m


def load_band(dataset: Any, path: Path | str, band: int, window: Any = None) -> npt.NDArray[np.float64]:
    """Return `read_band` of a rasterio window, or of all, before its values are judged.

    Scale and offset tags are applied; no-data is what is declared (value, mask or alpha band) or NaN.

    Raises:
        DemValueError: An integer type's lowest value, undeclared, under a scale that would disguise it.
    """
    raw = dataset.read(band, window=window, masked=True)
    scale, offset = dataset.scales[band - 1], dataset.offsets[band - 1]
    if (scale, offset) != (1.0, 0.0) and raw.dtype.name in _FILL_OF:
        fill = _FILL_OF[raw.dtype.name]
        refuse_fill(raw.compressed(), fill, file=path, declare=how_to_declare(dataset, path))
    # What overflows becomes infinite, and a signalling NaN a quiet one: both are met with the values.
    with np.errstate(invalid="ignore", over="ignore"):
        elevation_m = raw.data.astype(np.float64)
        elevation_m[np.ma.getmaskarray(raw)] = np.nan
        elevation_m *= scale
        elevation_m += offset
    return np.asarray(elevation_m)


def how_to_declare(dataset: Any, path: Path | str) -> str:
    """Return the remedy for an undeclared no-data value, with `{value}` in it."""
    if dataset.nodata is not None and not math.isnan(dataset.nodata):
        return f"write the declared no-data value, {dataset.nodata:.9g}, into those cells"
    return f"declare it: rio edit-info {_quoted(path)} --nodata {{value}}"


def _quoted(path: Path | str) -> str:
    return shlex.quote(str(path)).replace("{", "{{").replace("}", "}}")


def metric_geometry(dataset: Any, path: Path | str, band: int = 1) -> GridGeometry:
    """Return where the cells are, for a file in metres, north up.

    Cells that are square to `SQUARE_TOLERANCE` are taken to be, with the mean of their sides.

    Raises:
        DemFrameError: No frame, in degrees, in feet, rotated, or off the body.
    """
    remedy = _check_frame(dataset, path, band)
    step = dataset.transform
    if step.b or step.d or not step.a > 0 > step.e:
        shown = f"[{step.a:g}, {step.b:g}, {step.d:g}, {step.e:g}]"
        _refuse_frame("rotated, skewed or mirrored, not north up", "transform", shown, remedy, path)
    return _geometry(dataset, path)


def _check_frame(dataset: Any, path: Path | str, band: int) -> str:
    """Refuse a frame that is not in metres on a body; return the remedy for what else may be wrong."""
    check_placed(dataset, path)
    crs = dataset.crs
    remedy = reproject_remedy(dataset, path, band)
    if crs.is_geographic:
        step = f"{dataset.transform.a:g} deg"
        _refuse_frame("the raster is in degrees, not in metres", "resolution", step, remedy, path)
    unit, metres = crs.linear_units_factor
    if abs(metres - 1) > 1e-9:
        what = f"the raster is not in metres (one unit is {metres:.9g} m)"
        _refuse_frame(what, "unit", unit, remedy, path)
    return remedy


def apply(transform: Any, col: Any, row: Any) -> tuple[Any, Any]:
    """Return the frame's x and y of columns and rows counted from the raster's corner, by an affine map.

    Spelt out, because the affine package's operator for it is another one in each of its versions.
    """
    return (
        transform.a * col + transform.b * row + transform.c,
        transform.d * col + transform.e * row + transform.f,
    )


def tag_of(path: Path | str, name: str) -> str | None:
    """Return a text tag of a file; None where it has none, or is no GeoTIFF."""
    if Path(path).suffix.lower() not in (".tif", ".tiff"):
        return None
    with open_geotiff(path) as dataset:
        value = dataset.tags().get(name)
    return None if value is None else str(value)


def check_placed(dataset: Any, path: Path | str) -> None:
    """Refuse a raster that does not say where on which body it is.

    Raises:
        DemFrameError: No frame, no frame on a body, or no corner and cell size.
    """
    state = f"state the one it was made in: rio edit-info {shlex.quote(str(path))} --crs IAU_2015:30135"
    state += " (that one is the Moon's south polar frame)"
    if dataset.crs is None:
        _refuse_frame("the file names no coordinate reference system", "crs", None, state, path)
    if not (dataset.crs.is_geographic or dataset.crs.is_projected):
        _refuse_frame("an engineering grid, not on any body", "crs", dataset.crs.to_wkt(), state, path)
    step = dataset.transform
    if step.is_identity or not abs(step.a * step.e - step.b * step.d) > 0:
        remedy = "add them: gdal_edit.py -a_ullr WEST NORTH EAST SOUTH"
        _refuse_frame("the file gives no corner and cell size", "transform", None, remedy, path)


def _refuse_frame(what: str, field: str, value: object, remedy: str, path: Path | str) -> NoReturn:
    raise DemFrameError(what, file=path, field=field, value=value, remedy=remedy)


def _geometry(dataset: Any, path: Path | str) -> GridGeometry:
    step, rows, cols = dataset.transform, dataset.height, dataset.width
    east_m, north_m = apply(step, cols / 2, rows / 2)
    mean_m = (step.a - step.e) / 2
    square = abs(step.a + step.e) <= SQUARE_TOLERANCE * step.a
    width_m, height_m = (mean_m, mean_m) if square else (step.a, -step.e)
    try:
        site = site_at(dataset.crs.to_wkt(), east_m, north_m, height_m)
    except DemFrameError as error:
        problem = error.problems[0]
        _refuse_frame(problem.what, "crs", problem.value, problem.remedy, path)
    # Anchored in the middle, where cells that are not quite square do the least harm.
    return GridGeometry(
        rows=rows,
        cols=cols,
        resolution_m=width_m,
        resolution_north_m=height_m,
        east_m=east_m - (cols - 1) / 2 * width_m,
        north_m=north_m - (rows - 1) / 2 * height_m,
        site=site,
    )


def reproject_remedy(dataset: Any, path: Path | str, band: int) -> str:
    """Return the command that makes a usable DEM of a window in the middle of this file."""
    latitude, longitude, size_m = _example_window(dataset)
    chosen = "" if band == 1 else f" --band {band}"
    return (
        f"make a local DEM in metres of a window of it: farside reproject {shlex.quote(str(path))}"
        f" --center {latitude:.4f},{longitude:.4f} --size {size_m:g}{chosen} --out local.tif"
    )


def _example_window(dataset: Any) -> tuple[float, float, float]:
    """Latitude and longitude of the raster's middle in degrees, and the side of a square well inside it."""
    wkt, rows, cols = dataset.crs.to_wkt(), dataset.height, dataset.width
    col = np.array([0.5, 0, 1, 0.5, 0.5]) * cols
    row = np.array([0.5, 0.5, 0.5, 0, 1]) * rows
    latitude, longitude = unproject(wkt, *apply(dataset.transform, col, row))
    away = ellipsoid_of(wkt).radius_m * _arc(latitude[0], longitude[0], latitude[1:], longitude[1:])
    size_m = min(_EXAMPLE_SIZE_M, _one_digit(2 / 3 * float(np.min(away))))
    return math.degrees(latitude[0]), math.degrees(longitude[0]), size_m


def _arc(
    latitude: float, longitude: float, latitudes: npt.NDArray[np.float64], longitudes: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Great-circle angles, by the haversine formula (Sinnott 1984), exact for short ones."""
    half_lat = np.sin((latitudes - latitude) / 2) ** 2
    half_lon = np.sin((longitudes - longitude) / 2) ** 2
    square = half_lat + np.cos(latitude) * np.cos(latitudes) * half_lon
    return np.asarray(2 * np.arcsin(np.sqrt(np.clip(square, 0, 1))))


def _one_digit(value: float) -> float:
    if not (value > 0 and math.isfinite(value)):
        return _EXAMPLE_SIZE_M
    power = 10.0 ** math.floor(math.log10(value))
    return math.floor(value / power) * power


def geotiff_bytes(
    bands: Mapping[str, npt.NDArray[Any]],
    geometry: GridGeometry,
    *,
    nodata: float | None,
    tags: Mapping[str, str],
    unit: str | None = None,
) -> bytes:
    """Return a deflated, north-up GeoTIFF of arrays of one type in the file's order (northern row first).

    Made in memory, so that a full disk is met by a plain write, whose error is certain to be seen.

    Args:
        bands: (rows, cols) arrays by what they are, in the order of the bands.
        geometry: Where the cells are.
        nodata: Declared for every band.
        tags: Text of the file by name.
        unit: Of every band.

    Raises:
        DemFrameError: The site has no frame, or one that GeoTIFF cannot hold.
    """
    import rasterio
    from rasterio.io import MemoryFile

    dtype = next(iter(bands.values())).dtype.name
    profile = _profile(geometry, dtype, nodata) | {"count": len(bands)}
    with rasterio.Env(**_ISOLATED), MemoryFile() as memory:
        with memory.open(**profile) as dataset:
            for band, (description, array) in enumerate(bands.items(), start=1):
                dataset.write(array, band)
                dataset.set_band_description(band, description)
                if unit is not None:
                    dataset.set_band_unit(band, unit)
            dataset.update_tags(**tags)
        _check_kept(memory)
        return bytes(memory.getbuffer())


def blank_geotiff_bytes(
    geometry: GridGeometry, *, dtype: str, tile: int, description: str, tags: Mapping[str, str]
) -> bytes:
    """Return a little-endian GeoTIFF that declares tiles of a raster and holds none of them.

    No-data is NaN; tiles are declared as deflated with the predictor for floating point, `tile` cells a side.

    Raises:
        DemFrameError: The site has no frame, or one that GeoTIFF cannot hold.
    """
    import rasterio
    from rasterio.io import MemoryFile

    tiles = {"tiled": True, "blockxsize": tile, "blockysize": tile, "predictor": 3, "sparse_ok": True}
    with rasterio.Env(**_ISOLATED), MemoryFile() as memory:
        profile = _profile(geometry, dtype, math.nan) | tiles | {"endianness": "little"}
        with memory.open(**profile) as dataset:
            dataset.set_band_description(1, description)
            dataset.update_tags(**tags)
        _check_kept(memory)
        return bytes(memory.getbuffer())


def _profile(geometry: GridGeometry, dtype: str, nodata: float | None) -> dict[str, Any]:
    from rasterio import Affine

    west, _, _, north = geometry.bounds_m
    return {
        "driver": "GTiff",
        "height": geometry.rows,
        "width": geometry.cols,
        "count": 1,
        "dtype": dtype,
        "crs": _crs_to_write(geometry.site.crs_wkt),
        "transform": Affine(geometry.resolution_m, 0, west, 0, -geometry.resolution_north_m, north),
        "nodata": nodata,
        "compress": "deflate",
        "bigtiff": "if_safer",
    }


def _crs_to_write(wkt: str) -> Any:
    from rasterio.crs import CRS

    if not wkt:
        raise DemFrameError("the raster has no frame, which GeoTIFF needs", field="crs", remedy="write .npz")
    return CRS.from_wkt(wkt)


def _check_kept(memory: Any) -> None:
    with memory.open() as dataset:
        if dataset.crs is None or not dataset.crs.is_projected:
            raise DemFrameError("GeoTIFF cannot hold this frame", field="crs", remedy="write .npz")
