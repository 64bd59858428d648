"""DEMs as numpy archives: farside's own format, exact, with everything that a `Dem` holds.

Arrays are as in memory: row grows north, elevations relative to `datum_m`, NaN unknown. A file made by hand
needs `elevation_m` and `resolution_m` only; what else is missing takes the value that `_OPTIONAL` gives it, and
`resolution_north_m`, the north-south side of cells that are not square, that of `resolution_m`.
"""

from __future__ import annotations

import io
import math
import tokenize
import zipfile
import zlib
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import numpy.typing as npt

from rover.core.errors import DemFileError, DemFrameError
from rover.core.grid import Dem, GridGeometry, Site
from rover.io.crs import parse_crs, site_at
from rover.io.elevation import check_elevations, check_size, split_datum

FORMAT = 1
"""Of what `npz_bytes` writes; a newer one is refused by name."""

_OPTIONAL: dict[str, Any] = {"format": FORMAT, "datum_m": 0.0, "east_m": 0.0, "north_m": 0.0}
_OPTIONAL |= {"crs_wkt": "", "source": ""}
_SIDES = ("resolution_m", "resolution_north_m")
_PLACE = ("latitude_rad", "longitude_rad", "body", "grid_north_rad")
_KEYS = (*_OPTIONAL, *_PLACE, "elevation_m", "variance_m2", *_SIDES)
_CELL_BYTES = 16
_HEADER_BYTES = 1 << 20
# What zipfile, zlib and numpy raise of a damaged archive; the last three come of a damaged array header.
_BAD_ARCHIVE = (
    zipfile.BadZipFile,
    zlib.error,
    OSError,
    EOFError,
    KeyError,
    RuntimeError,
    ValueError,
    SyntaxError,
    tokenize.TokenError,
)


def read_npz(path: Path | str, *, max_cells: int, default_site: Site) -> Dem:
    """Return the DEM of an archive.

    Args:
        path: The archive. Pickled objects in it are never loaded.
        max_cells: As in `read_dem`; checked by the array's header.
        default_site: The site where the archive names neither a frame nor a place.

    Raises:
        DemFileError: Truncated, not an archive of plain arrays, a key missing or of another type or shape.
        DemFrameError: A frame that is none.
        DemValueError, ResourceError: As `check_elevations` and `check_size` say.
    """
    rows, cols = _declared_shape(path)
    check_size(rows, cols, max_cells=max_cells, file=path)
    held = _load(path, rows * cols)
    if held.get("format", 0) > FORMAT:
        _refuse("format", held["format"], "newer than this version reads", "update farside", path)
    elevation_m, datum_m = _elevations(held, path)
    return Dem(
        geometry=_geometry(held, rows, cols, path, default_site),
        elevation_m=elevation_m,
        datum_m=datum_m,
        variance_m2=_variance(held, rows, cols, path),
        source=held["source"] or str(path),
    )


def _declared_shape(path: Path | str) -> tuple[int, int]:
    """Shape of `elevation_m` by its header, so that an archive of zeros is not inflated to be counted."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open("elevation_m.npy") as member:
            version = np.lib.format.read_magic(member)
            read = np.lib.format.read_array_header_1_0
            if version != (1, 0):
                read = np.lib.format.read_array_header_2_0
            shape, _, dtype = read(member)
    except KeyError:
        _refuse("elevation_m", None, "missing from the archive", "write it as a 2-D array", path)
    except _BAD_ARCHIVE as error:
        _refuse_archive(path, error)
    if len(shape) != 2 or dtype.kind not in "iuf":
        _refuse("elevation_m", f"{dtype} {shape}", "not a 2-D array of real numbers", "write one", path)
    return shape[0], shape[1]


def _load(path: Path | str, cells: int) -> dict[str, Any]:
    try:
        with np.load(path, allow_pickle=False) as archive:
            if max(info.file_size for info in archive.zip.infolist()) > cells * _CELL_BYTES + _HEADER_BYTES:
                raise ValueError("something in it is far larger than the elevations")
            held = {name: archive[name] for name in _KEYS if name in archive.files}
    except _BAD_ARCHIVE as error:
        _refuse_archive(path, error)
    plain = {name: value.item() if value.ndim == 0 else value for name, value in held.items()}
    square = {"resolution_north_m": plain.get("resolution_m")}
    return _typed(_OPTIONAL | square | plain, path)


def _typed(held: dict[str, Any], path: Path | str) -> dict[str, Any]:
    """The same, with texts text and numbers finite numbers, or refused."""
    for name in ("crs_wkt", "source", "body"):
        if not isinstance(held.get(name, ""), str):
            _refuse(name, held[name], "not a text", "write a text", path)
    for name in ("format", "datum_m", "east_m", "north_m", *_SIDES):
        value = held.get(name)
        if not isinstance(value, int | float) or not math.isfinite(value):
            _refuse(name, value, "missing or not a finite number", "write a number", path)
    for name in _SIDES:
        if held[name] <= 0:
            _refuse(name, held[name], "not above zero", "write the side of a cell", path)
    return held


def _elevations(held: dict[str, Any], path: Path | str) -> tuple[npt.NDArray[np.float32], float]:
    """The stored float32 and datum as they are; anything else is given a datum of its own."""
    stored = held["elevation_m"]
    above = stored + held["datum_m"]
    check_elevations(above, file=path, declare="write NaN into those cells ({value})")
    if stored.dtype == np.float32 and held["datum_m"]:
        return stored, float(held["datum_m"])
    return split_datum(above.astype(np.float64))


def _variance(held: dict[str, Any], rows: int, cols: int, path: Path | str) -> Any:
    variance = held.get("variance_m2")
    if variance is not None and np.shape(variance) != (rows, cols):
        _refuse("variance_m2", np.shape(variance), "not of the elevations' shape", "correct it", path)
    return variance


def _geometry(
    held: dict[str, Any], rows: int, cols: int, path: Path | str, default_site: Site
) -> GridGeometry:
    width_m, height_m = (float(held[name]) for name in _SIDES)
    east_m, north_m = float(held["east_m"]), float(held["north_m"])
    middle = east_m + (cols - 1) / 2 * width_m, north_m + (rows - 1) / 2 * height_m
    return GridGeometry(
        rows=rows,
        cols=cols,
        resolution_m=width_m,
        resolution_north_m=height_m,
        east_m=east_m,
        north_m=north_m,
        site=_site(held, middle, path, default_site),
    )


def _site(held: dict[str, Any], middle: tuple[float, float], path: Path | str, default: Site) -> Site:
    wkt = held["crs_wkt"]
    if not wkt:
        return _named_place(held, path) if all(name in held for name in _PLACE) else default
    try:
        crs = parse_crs(wkt)
        if not crs.is_projected or abs(crs.linear_units_factor[1] - 1) > 1e-9:
            raise DemFrameError("not a frame in metres", remedy="use farside reproject on its GeoTIFF")
        return site_at(wkt, *middle, float(held["resolution_north_m"]))
    except DemFrameError as error:
        problem = error.problems[0]
        raise DemFrameError(problem.what, file=path, field="crs_wkt", remedy=problem.remedy) from error


def _named_place(held: dict[str, Any], path: Path | str) -> Site:
    for name in ("latitude_rad", "longitude_rad", "grid_north_rad"):
        if not isinstance(held[name], int | float):
            _refuse(name, held[name], "not a number", "write a number", path)
    return Site(crs_wkt="", **{name: held[name] for name in _PLACE})


def _refuse(field: str, value: object, what: str, remedy: str, path: Path | str) -> NoReturn:
    raise DemFileError(what, file=path, field=field, value=value, remedy=remedy)


def _refuse_archive(path: Path | str, error: Exception) -> NoReturn:
    raise DemFileError(
        f"not a whole archive of plain arrays ({error})",
        file=path,
        field="DEM",
        remedy="make it again with farside or numpy.savez",
    ) from error


def npz_bytes(dem: Dem) -> bytes:
    """Return the archive of a DEM; the same DEM gives the same bytes."""
    geometry, site = dem.geometry, dem.geometry.site
    held: dict[str, Any] = {
        "format": FORMAT,
        "elevation_m": dem.elevation_m,
        "datum_m": dem.datum_m,
        "resolution_m": geometry.resolution_m,
        "east_m": geometry.east_m,
        "north_m": geometry.north_m,
        "crs_wkt": site.crs_wkt,
        "source": dem.source,
        **{name: getattr(site, name) for name in _PLACE},
    }
    if geometry.resolution_north_m != geometry.resolution_m:  # else the file is what it always was
        held["resolution_north_m"] = geometry.resolution_north_m
    if dem.variance_m2 is not None:
        held["variance_m2"] = dem.variance_m2
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **held)
    return buffer.getvalue()
