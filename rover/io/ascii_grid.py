"""ESRI ASCII grids: six lines of header, then the elevations, northern row first.

The format has no frame of its own. One is taken from a `.prj` file of the same name, holding WKT; without it
the grid is metres of an unknown frame (see `rover.io.raster.read_dem`). No-data is `NODATA_value`, which the
format itself defines as -9999 where the header does not say (Esri, "Esri ASCII raster format"). Cells that are not
square have `dx` and `dy` in place of `cellsize`, as GDAL reads and writes them (its AAIGrid driver).
"""

from __future__ import annotations

import math
import warnings
from io import StringIO
from pathlib import Path
from typing import NoReturn

import numpy as np
import numpy.typing as npt

from rover.core.errors import DemFileError, DemFrameError
from rover.core.grid import GridGeometry, Site
from rover.io.crs import parse_crs, site_at
from rover.io.elevation import check_elevations, check_size

NODATA_WRITTEN = -99999
"""Out of the reach of any elevation, which -9999 is not."""

_FORMAT_NODATA = -9999.0
_HEADER_LINES = 12
_LINE_BYTES = 400
_ORIGINS = (("xllcenter", "yllcenter", 0.0), ("xllcorner", "yllcorner", 0.5))


def read_ascii_grid(
    path: Path | str, *, max_cells: int, default_site: Site
) -> tuple[npt.NDArray[np.float64], GridGeometry]:
    """Return elevations in metres, in the file's order with NaN where unknown, and where the cells are.

    Args:
        path: The grid; `.prj` beside it gives the frame.
        max_cells: As in `read_dem`.
        default_site: The site where there is no `.prj`.

    Raises:
        DemFileError: A header that is incomplete or no numbers, fewer or more elevations than it declares.
        DemFrameError: A `.prj` that is not in metres.
        DemValueError, ResourceError: As `check_elevations` and `check_size` say.
    """
    header, start = _read_header(path)
    geometry = _geometry(header, path, default_site)
    check_size(geometry.rows, geometry.cols, max_cells=max_cells, file=path)
    elevation_m = _read_body(path, start, geometry)
    elevation_m[elevation_m == header.get("nodata_value", _FORMAT_NODATA)] = np.nan
    check_elevations(elevation_m, file=path, declare="declare it in the header: NODATA_value {value}")
    return elevation_m, geometry


def _read_header(path: Path | str) -> tuple[dict[str, float], int]:
    """Header numbers by lower-case key, and the byte at which the elevations begin."""
    header: dict[str, float] = {}
    with open(path, "rb") as file:
        for _ in range(_HEADER_LINES):
            start = file.tell()
            words = file.readline(_LINE_BYTES).split()
            if len(words) != 2 or not words[0][:1].isalpha() or words[0].lower() == b"nan":
                break
            key = words[0].decode("ascii", "replace").lower()
            header[key] = _number(words[1], key, path)
    return header, start


def _number(word: bytes, key: str, path: Path | str) -> float:
    try:
        value = float(word)
    except ValueError:
        _refuse_header("not a number", key, word.decode("ascii", "replace"), path)
    if not math.isfinite(value) and key != "nodata_value":
        _refuse_header("not a finite number", key, value, path)
    return value


def _refuse_header(what: str, key: str, value: object, path: Path | str) -> NoReturn:
    raise DemFileError(what, file=path, field=key, value=value, remedy="correct the header of the grid")


def _geometry(header: dict[str, float], path: Path | str, default_site: Site) -> GridGeometry:
    rows, cols = _count(header, "nrows", path), _count(header, "ncols", path)
    width_m, height_m = _sides(header, path)
    east_m, north_m = _south_west_centre(header, (width_m, height_m), path)
    middle = east_m + (cols - 1) / 2 * width_m, north_m + (rows - 1) / 2 * height_m
    return GridGeometry(
        rows=rows,
        cols=cols,
        resolution_m=width_m,
        resolution_north_m=height_m,
        east_m=east_m,
        north_m=north_m,
        site=_site(path, middle, height_m, default_site),
    )


def _count(header: dict[str, float], key: str, path: Path | str) -> int:
    value = _required(header, key, path)
    if value < 1 or value != int(value):
        _refuse_header("not a whole number from 1", key, value, path)
    return int(value)


def _required(header: dict[str, float], key: str, path: Path | str) -> float:
    if key not in header:
        _refuse_header("missing from the header", key, None, path)
    return header[key]


def _sides(header: dict[str, float], path: Path | str) -> tuple[float, float]:
    """East-west and north-south side of a cell."""
    keys = ("dx", "dy") if "dx" in header and "dy" in header else ("cellsize", "cellsize")
    for key in keys:
        if _required(header, key, path) <= 0:
            _refuse_header("not above zero", key, header[key], path)
    return header[keys[0]], header[keys[1]]


def _south_west_centre(
    header: dict[str, float], sides_m: tuple[float, float], path: Path | str
) -> tuple[float, float]:
    for x, y, cells in _ORIGINS:
        if x in header and y in header:
            return header[x] + cells * sides_m[0], header[y] + cells * sides_m[1]
    _refuse_header("missing from the header", "xllcorner, yllcorner", None, path)


def _site(path: Path | str, middle: tuple[float, float], height_m: float, default_site: Site) -> Site:
    sidecar = prj_of(path)
    if not sidecar.is_file():
        return default_site
    try:
        wkt = sidecar.read_text(encoding="utf-8")
        crs = parse_crs(wkt)
        if not crs.is_projected or abs(crs.linear_units_factor[1] - 1) > 1e-9:
            _refuse_prj("not a frame in metres", sidecar)
        return site_at(crs.to_wkt(), *middle, height_m)
    except (OSError, UnicodeError) as error:
        raise DemFileError("cannot be read", file=sidecar, remedy="make it again, or remove it") from error
    except DemFrameError as error:
        _refuse_prj(error.problems[0].what, sidecar)


def prj_of(path: Path | str) -> Path:
    """Return the name of the file that holds a grid's frame."""
    return Path(path).with_suffix(".prj")


def _refuse_prj(what: str, sidecar: Path) -> NoReturn:
    remedy = "give a projected frame in metres; for a grid in degrees or feet make a GeoTIFF of it"
    raise DemFrameError(what, file=sidecar, field="crs", remedy=f"{remedy}, then use farside reproject")


def _read_body(path: Path | str, start: int, geometry: GridGeometry) -> npt.NDArray[np.float64]:
    wanted = geometry.rows * geometry.cols
    with open(path, "rb") as file, warnings.catch_warnings():
        # numpy warns, where it should fail, of text that is no number.
        warnings.simplefilter("error", DeprecationWarning)
        file.seek(start)
        try:
            values = np.fromfile(file, dtype=np.float64, sep=" ", count=wanted + 1)
        except (DeprecationWarning, ValueError) as error:
            _refuse_body("something among the elevations is not a number", path, error)
    if values.size != wanted:
        more = "more" if values.size > wanted else f"only {values.size:,}"
        _refuse_body(f"{more} elevations where the header declares {wanted:,}", path, None)
    return values.reshape(geometry.shape)


def _refuse_body(what: str, path: Path | str, cause: Exception | None) -> NoReturn:
    remedy = "fetch or make it again"
    raise DemFileError(what, file=path, field="DEM", remedy=remedy) from cause


def ascii_grid_text(elevation_m: npt.NDArray[np.float64], geometry: GridGeometry) -> str:
    """Return the text of a grid; elevations in metres in the file's order, to a tenth of a millimetre."""
    west, south, _, _ = geometry.bounds_m
    text = StringIO()
    text.write(f"ncols {geometry.cols}\nnrows {geometry.rows}\nxllcorner {west!r}\nyllcorner {south!r}\n")
    width, height = geometry.resolution_m, geometry.resolution_north_m
    text.write(f"cellsize {width!r}\n" if width == height else f"dx {width!r}\ndy {height!r}\n")
    text.write(f"NODATA_value {NODATA_WRITTEN}\n")
    filled = np.where(np.isnan(elevation_m), NODATA_WRITTEN, elevation_m)
    np.savetxt(text, filled, fmt="%.4f")
    return text.getvalue()
