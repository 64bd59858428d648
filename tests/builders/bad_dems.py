"""Terrain files that must be refused, each with the error it must be refused with.

`BAD_DEMS[name]` is `(make, error)`: `make(path)` writes the file (or folder) at `path`, which ends in .tif.
`good_geotiff` and `small_relief` make one that must be accepted, to be spoilt in one way at a time.
"""

from __future__ import annotations

import struct
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio
from rasterio import Affine

from rover.core.errors import DemFileError, DemFrameError, DemValueError, FarsideError, ResourceError

MOON_SOUTH = "IAU_2015:30135"
MOON_DEGREES = "IAU_2015:30100"
NORTH_UP = Affine(5.0, 0.0, -21_000.0, 0.0, -5.0, 34_000.0)
ROWS, COLS = 24, 31

Make = Callable[[Path], None]


def small_relief(dtype: str = "float32", rows: int = ROWS, cols: int = COLS) -> npt.NDArray[Any]:
    """(rows, cols) gentle ground about -2000 m, no two cells alike."""
    row, col = np.mgrid[:rows, :cols]
    ground = -2000 + 0.31 * row + 0.57 * col + 0.1 * np.sin(row) * np.cos(col)
    return ground.astype(dtype)


def good_geotiff(
    path: Path,
    elevation: npt.NDArray[Any] | None = None,
    *,
    crs: str | None = MOON_SOUTH,
    transform: Affine = NORTH_UP,
    unit: str | None = None,
    scale: float = 1.0,
    offset: float = 0.0,
    **profile: Any,
) -> None:
    """Write a GeoTIFF; (bands, rows, cols) or (rows, cols) in the file's own order."""
    bands = np.atleast_3d(small_relief() if elevation is None else elevation)
    if elevation is None or elevation.ndim == 2:
        bands = bands.transpose(2, 0, 1)
    size = {"count": bands.shape[0], "height": bands.shape[1], "width": bands.shape[2]}
    placed = {"crs": crs, "transform": transform, "dtype": bands.dtype.name}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
        dataset = rasterio.open(path, "w", driver="GTiff", **size, **placed, **profile)
    with dataset:
        dataset.write(bands)
        if unit is not None:
            dataset.units = [unit] * dataset.count
        if (scale, offset) != (1.0, 0.0):
            dataset.scales, dataset.offsets = [scale] * dataset.count, [offset] * dataset.count


def _spoilt(**change: Any) -> Make:
    return lambda path: good_geotiff(path, **change)


def _holding(value: float, dtype: str = "float32", **change: Any) -> Make:
    def make(path: Path) -> None:
        elevation = small_relief(dtype)
        elevation[3:6, 4:9] = value
        good_geotiff(path, elevation, **change)

    return make


def _filled(value: float, shape: tuple[int, int] = (ROWS, COLS), **change: Any) -> Make:
    return lambda path: good_geotiff(path, np.full(shape, value, np.float32), **change)


def _cut(part: float, **profile: Any) -> Make:
    """A good file with its end missing."""

    def make(path: Path) -> None:
        good_geotiff(path, small_relief(rows=200, cols=200), **profile)
        whole = path.read_bytes()
        path.write_bytes(whole[: int(part * len(whole))])

    return make


def _cut_tags(path: Path) -> None:
    """A file whose pixels and frame are whole, and whose scale, written behind them, is not."""
    good_geotiff(path, small_relief("int16"))
    with rasterio.open(path, "r+") as dataset:
        dataset.scales, dataset.offsets = [0.5], [100.0]
    whole = path.read_bytes()
    path.write_bytes(whole[: whole.rindex(b"</GDALMetadata>")])


def _text(path: Path) -> None:
    path.write_text("easting northing elevation\n0 0 1.5\n")


def _vrt(path: Path) -> None:
    path.write_text(
        '<VRTDataset rasterXSize="24" rasterYSize="24"><VRTRasterBand dataType="Float32" band="1">'
        '<SimpleSource><SourceFilename relativeToVRT="0">/etc/hostname</SourceFilename></SimpleSource>'
        "</VRTRasterBand></VRTDataset>\n"
    )


def _no_bands(path: Path) -> None:
    """A TIFF by hand (TIFF 6.0, section 2) whose SamplesPerPixel is 0; GDAL does not write one."""
    long, short = 4, 3
    tags = [(256, short, COLS), (257, short, ROWS), (258, short, 32), (259, short, 1), (262, short, 1)]
    tags += [(273, long, 200), (277, short, 0), (278, short, ROWS), (279, long, 4 * ROWS * COLS)]
    entries = b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags)
    head = b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + struct.pack("<I", 0)
    path.write_bytes(head.ljust(200 + 4 * ROWS * COLS, b"\0"))


def declare_huge(path: Path) -> None:
    """Some 30 kB that declare 200,000 x 200,000 cells, none of them written."""
    size: dict[str, Any] = {"height": 200_000, "width": 200_000, "count": 1, "dtype": "float32"}
    tiles: dict[str, Any] = {
        "tiled": True,
        "blockxsize": 4096,
        "blockysize": 4096,
        "SPARSE_OK": True,
        "BIGTIFF": "YES",
    }
    with rasterio.open(path, "w", driver="GTiff", crs=MOON_SOUTH, transform=NORTH_UP, **size, **tiles):
        pass


def _complex(path: Path) -> None:
    good_geotiff(path, small_relief("complex64"))


_FEET = "+proj=stere +lat_0=-90 +R=1737400 +units=ft +no_defs"
_SURVEY_FEET = "+proj=stere +lat_0=-90 +R=1737400 +units=us-ft +no_defs"
_IN_DEGREES = Affine(0.01, 0.0, 176.0, 0.0, -0.01, -45.0)
_TURNED = Affine(4.0, 3.0, -21_000.0, 3.0, -4.0, 34_000.0)
_SHEARED = Affine(5.0, 0.5, -21_000.0, 0.0, -5.0, 34_000.0)
_OBLONG = Affine(5.0, 0.0, -21_000.0, 0.0, -5.01, 34_000.0)
_SOUTH_UP = Affine(5.0, 0.0, -21_000.0, 0.0, 5.0, 34_000.0)
_GRID_ONLY = 'LOCAL_CS["grid",UNIT["metre",1],AXIS["Easting",EAST],AXIS["Northing",NORTH]]'

BAD_DEMS: dict[str, tuple[Make, type[FarsideError]]] = {
    "missing": (lambda path: None, DemFileError),
    "folder": (lambda path: path.mkdir(), DemFileError),
    "empty": (lambda path: path.write_bytes(b"") and None, DemFileError),
    "text": (_text, DemFileError),
    "vrt": (_vrt, DemFileError),
    "truncated header": (_cut(0.0001), DemFileError),
    "truncated strips": (_cut(0.6), DemFileError),
    "truncated deflate": (_cut(0.9, compress="deflate"), DemFileError),
    "truncated tiles": (_cut(0.8, tiled=True, blockxsize=64, blockysize=64), DemFileError),
    "truncated tags": (_cut_tags, DemFileError),
    "no bands": (_no_bands, DemFileError),
    "all no-data": (_filled(-9999.0, nodata=-9999.0), DemValueError),
    "all NaN": (_filled(np.nan), DemValueError),
    "undeclared -32768": (_holding(-32768, "int16"), DemValueError),
    "undeclared -32768 scaled": (_holding(-32768, "int16", scale=0.5), DemValueError),
    "undeclared -9999": (_holding(-9999), DemValueError),
    "undeclared -3.4e38": (_holding(float(np.finfo(np.float32).min)), DemValueError),
    "undeclared 3.4e38": (_holding(3.4e38), DemValueError),
    "another no-data declared": (_holding(-9999, nodata=-32768.0), DemValueError),
    "infinite": (_holding(np.inf), DemValueError),
    "minus infinite": (_holding(-np.inf), DemValueError),
    "from the centre": (_spoilt(offset=1_737_400.0), DemValueError),
    "scale 0": (_spoilt(scale=0.0, offset=1.0), DemValueError),
    "1 x 1": (_filled(-2000.0, (1, 1)), DemValueError),
    "2 x 9": (_filled(-2000.0, (2, 9)), DemValueError),
    "complex": (_complex, DemValueError),
    "degrees": (_spoilt(crs=MOON_DEGREES, transform=_IN_DEGREES), DemFrameError),
    "feet": (_spoilt(crs=_FEET), DemFrameError),
    "survey feet": (_spoilt(crs=_SURVEY_FEET), DemFrameError),
    "elevation in feet": (_spoilt(unit="ft"), DemFrameError),
    "vertical frame in feet": (_spoilt(crs="EPSG:32610+6360"), DemFrameError),
    "rotated": (_spoilt(transform=_TURNED), DemFrameError),
    "skewed": (_spoilt(transform=_SHEARED), DemFrameError),
    "south up": (_spoilt(transform=_SOUTH_UP), DemFrameError),
    "not square": (_spoilt(transform=_OBLONG), DemFrameError),
    "no frame": (_spoilt(crs=None), DemFrameError),
    "engineering frame": (_spoilt(crs=_GRID_ONLY), DemFrameError),
    "no corner": (_spoilt(transform=Affine.identity()), DemFrameError),
    "200,000 x 200,000": (declare_huge, ResourceError),
}
