"""A local DEM in metres out of a map in any frame: degrees, feet, rotated, a polar projection.

The new frame is a transverse Mercator centred on the place asked for, on the source's own sphere. Each new
cell's centre is taken back through PROJ to where it lies among the source's posts and interpolated there;
where one of the posts used is unknown, so is the cell.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, NoReturn

import numpy as np
import numpy.typing as npt

from rover.core.errors import DemFrameError, PlaceError, UsageError
from rover.core.grid import Dem, GridGeometry
from rover.io.crs import ellipsoid_of, project, site_at, sphere_crs_wkt, unproject
from rover.io.elevation import DEFAULT_MAX_CELLS, check_elevations, check_size, split_datum
from rover.io.geotiff import apply, check_band, check_placed, how_to_declare, load_band, open_geotiff

Method = Literal["bilinear", "cubic"]

_STRIP_CELLS = 1_000_000
_REACH = {"bilinear": 1, "cubic": 2}
_LEAST_CELLS = 3
_LEAST_ABOUT = 3
_MOST_CELLS = 1e12


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """Posts of the source, from `row` and `col` on; `turn` is its columns in 360 degrees, 0 if not around."""

    row: int
    col: int
    rows: int
    cols: int
    turn: int


def reproject_dem(
    path: Path | str,
    *,
    latitude_deg: float,
    longitude_deg: float,
    size_m: float | tuple[float, float],
    resolution_m: float | None = None,
    band: int = 1,
    method: Method = "bilinear",
    max_cells: int = DEFAULT_MAX_CELLS,
) -> Dem:
    """Return a local DEM in metres of a window of a GeoTIFF in any frame.

    Only the posts that the window needs are read. The DEM's (0, 0) is the place asked for. Where
    `resolution_m` is coarser than the source, posts are picked and not averaged.

    Args:
        path: GeoTIFF on this machine.
        latitude_deg, longitude_deg: Middle of the window; longitude east, -180 to 180 or 0 to 360.
        size_m: Side of the window, or its (east, north) sides; met to half a cell.
        resolution_m: Side of a cell; by default about the source's spacing of rows there.
        band: Of the file, from 1.
        method: Bilinear, or cubic convolution (Keys 1981, doi:10.1109/TASSP.1981.1163711), which has no
            creases along the source's posts.
        max_cells: For the posts read as for the cells made.

    Raises:
        UsageError: A place or size that cannot be meant.
        PlaceError: The window leaves the source.
        DemFileError, DemFrameError, DemValueError, ResourceError: As `read_dem` says.
    """
    _check_request(latitude_deg, longitude_deg, size_m, resolution_m)
    place = math.radians(latitude_deg), math.radians(math.remainder(longitude_deg, 360.0))
    with open_geotiff(path) as dataset:
        check_band(dataset, band, path)
        check_placed(dataset, path)
        geometry = _window_geometry(dataset, place, size_m, resolution_m)
        return _resampled(dataset, geometry, path, band=band, method=method, max_cells=max_cells)


def reproject_around(
    path: Path | str,
    geometry: GridGeometry,
    *,
    reach_m: float,
    resolution_m: float | None = None,
    band: int = 1,
    max_cells: int = DEFAULT_MAX_CELLS,
) -> Dem:
    """Return the surroundings of a local DEM, in its frame, out of a GeoTIFF in any frame.

    Where the source ends nearer than `reach_m` to a side, so does the result, at its own cells' distance.

    Args:
        path: GeoTIFF on this machine, of the same body.
        geometry: Of the local DEM, whose frame is a projected one.
        reach_m: How far to go beyond its edges.
        resolution_m: Side of a cell; by default about the source's spacing of rows there.
        band, max_cells: As `reproject_dem` says.

    Raises:
        UsageError: A reach that is no length.
        PlaceError: The source does not cover the local DEM and some cells about it.
        DemFrameError: The local DEM has no frame, or the source is of another body.
        DemFileError, DemValueError, ResourceError: As `read_dem` says.
    """
    if not (reach_m > 0 and math.isfinite(reach_m)):
        _refuse("not a length above zero", "reach_m", reach_m, "give the distance to look in metres")
    if not geometry.site.crs_wkt:
        remedy = "give the DEM a frame, as farside reproject does"
        raise DemFrameError("the DEM has no frame that its surroundings could be brought into", remedy=remedy)
    with open_geotiff(path) as dataset:
        check_band(dataset, band, path)
        check_placed(dataset, path)
        _check_same_body(dataset, geometry, path)
        if resolution_m is None:
            place = geometry.site.latitude_rad, geometry.site.longitude_rad
            resolution_m = _row_spacing(dataset, place, ellipsoid_of(dataset.crs.to_wkt()).radius_m)
        wide = _widest_covered(dataset, geometry, reach_m, resolution_m)
        try:
            return _resampled(dataset, wide, path, band=band, method="bilinear", max_cells=max_cells)
        except PlaceError as error:
            raise _no_surroundings(dataset, wide, path) from error


def _no_surroundings(dataset: Any, wide: GridGeometry, path: Path | str) -> PlaceError:
    site = wide.site
    at = f"{math.degrees(site.latitude_rad):.4f}, {math.degrees(site.longitude_rad):.4f}"
    sides = f"{wide.cols * wide.resolution_m:.4g} x {wide.rows * wide.resolution_m:.4g} m"
    return PlaceError(
        f"reaches over {_extent_in_words(dataset)}: that does not cover the DEM and some cells about it",
        file=path,
        field="path",
        remedy=f"give a map of at least {sides} about {at} (latitude, longitude)",
    )


def _check_same_body(dataset: Any, geometry: GridGeometry, path: Path | str) -> None:
    body, wanted = ellipsoid_of(dataset.crs.to_wkt()).body, geometry.site.body
    if body != wanted:
        remedy = f"give a map of the {wanted}"
        raise DemFrameError("another body than the DEM's", file=path, field="body", value=body, remedy=remedy)


def _widest_covered(dataset: Any, near: GridGeometry, reach_m: float, resolution_m: float) -> GridGeometry:
    """Cells about a DEM as far as asked, or by halving as far as the source goes on each side."""
    full = max(_LEAST_ABOUT, _count(reach_m, resolution_m))
    sides = [full] * 4
    if not _is_covered(dataset, _about(near, sides, resolution_m)):
        sides = [_LEAST_ABOUT] * 4
        for side in range(4):
            low, high = _LEAST_ABOUT, full + 1
            while high - low > 1:
                middle = (low + high) // 2
                tried = [*sides[:side], middle, *sides[side + 1 :]]
                low, high = (
                    (middle, high)
                    if _is_covered(dataset, _about(near, tried, resolution_m))
                    else (low, middle)
                )
            sides[side] = low
    return _about(near, sides, resolution_m)


def _about(near: GridGeometry, sides: list[int], resolution_m: float) -> GridGeometry:
    """Cells that cover a DEM, with as many more to the west, south, east and north."""
    west_m, south_m, east_m, north_m = near.bounds_m
    cols = math.ceil((east_m - west_m) / resolution_m) + 1
    rows = math.ceil((north_m - south_m) / resolution_m) + 1
    return GridGeometry(
        rows=rows + sides[1] + sides[3],
        cols=cols + sides[0] + sides[2],
        resolution_m=resolution_m,
        east_m=west_m - sides[0] * resolution_m,
        north_m=south_m - sides[1] * resolution_m,
        site=near.site,
    )


def _is_covered(dataset: Any, geometry: GridGeometry) -> bool:
    """Whether the source reaches along the outline, which is where a map without holes ends first."""
    rows, cols = np.arange(geometry.rows), np.arange(geometry.cols)
    edges = [(rows[:, None], cols[None, [0, -1]]), (rows[[0, -1], None], cols[None, :])]
    places = [np.stack([a.ravel() for a in _posts_at(dataset, geometry, *edge)]) for edge in edges]
    post = np.concatenate(places, axis=1)
    low, high = np.floor(post.min(axis=1)), np.floor(post.max(axis=1)) + 1
    return _covers(dataset, low, high, _turn(dataset))


def _resampled(
    dataset: Any, geometry: GridGeometry, path: Path | str, *, band: int, method: Method, max_cells: int
) -> Dem:
    """A DEM of given cells out of an open source."""
    check_size(geometry.rows, geometry.cols, max_cells=max_cells, file=path)
    block = _block_under(dataset, geometry, path, _REACH[method])
    check_size(max(block.rows, 3), max(block.cols, 3), max_cells=max_cells, file=path)
    posts_m = _read_block(dataset, path, band, block)
    elevation_m = _sample_all(dataset, geometry, block, posts_m, method)
    check_elevations(elevation_m, file=path, declare=how_to_declare(dataset, path))
    relative_m, datum_m = split_datum(elevation_m)
    source = f"{path}, reprojected by {method} interpolation"
    return Dem(geometry=geometry, elevation_m=relative_m, datum_m=datum_m, source=source)


def _check_request(latitude: float, longitude: float, size: Any, resolution: float | None) -> None:
    if not abs(latitude) <= 90:
        _refuse("no latitude", "--center", f"{latitude:g},{longitude:g}", "give it in degrees, -90 to 90")
    if not abs(longitude) <= 360:
        _refuse(
            "no longitude", "--center", f"{latitude:g},{longitude:g}", "give it in degrees, east positive"
        )
    if not all(side > 0 and math.isfinite(side) for side in _sides(size)):
        _refuse("not a length above zero", "--size", size, "give the window's side in metres")
    if resolution is not None and not (resolution > 0 and math.isfinite(resolution)):
        _refuse("not a length above zero", "--resolution", resolution, "give the cells' side in metres")


def _refuse(what: str, field: str, value: object, remedy: str) -> NoReturn:
    raise UsageError(what, field=field, value=value, remedy=remedy)


def _sides(size: float | tuple[float, float]) -> tuple[float, float]:
    return size if isinstance(size, tuple) else (size, size)


def _window_geometry(
    dataset: Any, place: tuple[float, float], size: float | tuple[float, float], resolution_m: float | None
) -> GridGeometry:
    """Cells of the wanted size, as many as come closest to the sides, about the place."""
    figure = ellipsoid_of(dataset.crs.to_wkt())
    wkt = sphere_crs_wkt(*place, body=figure.body, radius_m=figure.radius_m)
    if resolution_m is None:
        spacing = _row_spacing(dataset, place, figure.radius_m)
        resolution_m = _sides(size)[1] / max(_LEAST_CELLS, _count(_sides(size)[1], spacing))
    cols, rows = (max(1, _count(side, resolution_m)) for side in _sides(size))
    return GridGeometry(
        rows=rows,
        cols=cols,
        resolution_m=resolution_m,
        east_m=-(cols - 1) / 2 * resolution_m,
        north_m=-(rows - 1) / 2 * resolution_m,
        site=site_at(wkt, 0.0, 0.0, resolution_m),
    )


def _count(side_m: float, cell_m: float) -> int:
    """Cells along a side; bounded, so that a cell of next to no length is refused as too many cells."""
    return round(min(side_m / cell_m, _MOST_CELLS)) if cell_m > 0 else int(_MOST_CELLS)


def _row_spacing(dataset: Any, place: tuple[float, float], radius_m: float) -> float:
    """Metres between the source's rows at a place."""
    step = dataset.transform
    rise = math.hypot(step.b, step.e)
    if dataset.crs.is_geographic:
        return math.radians(rise) * radius_m
    return rise * float(dataset.crs.linear_units_factor[1])


def _posts_at(
    dataset: Any, geometry: GridGeometry, rows: npt.NDArray[Any], cols: npt.NDArray[Any]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Where cells' centres lie among the source's posts: row and column, counted from the first post.

    Over a source in degrees the columns run on through the seam of longitudes, from the window's middle.
    """
    east_m = geometry.east_m + cols * geometry.resolution_m
    north_m = geometry.north_m + rows * geometry.resolution_north_m
    latitude, longitude = unproject(geometry.site, east_m, north_m)
    x, y = _source_xy(dataset, geometry, latitude, longitude)
    col, row = apply(~dataset.transform, x, y)
    return row - 0.5, col - 0.5


def _source_xy(
    dataset: Any, geometry: GridGeometry, latitude: npt.NDArray[Any], longitude: npt.NDArray[Any]
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    wkt = dataset.crs.to_wkt()
    x, y = project(wkt, latitude, longitude)
    if dataset.crs.is_geographic:
        longitude_deg, _ = project(wkt, geometry.site.latitude_rad, geometry.site.longitude_rad)
        middle = _into_source(dataset, float(longitude_deg))
        x = middle + (x - middle + 180) % 360 - 180
    return x, y


def _into_source(dataset: Any, longitude_deg: float) -> float:
    """The same longitude, by whole turns as near as can be to the middle of the source."""
    bounds = dataset.bounds
    middle = (bounds.left + bounds.right) / 2
    return float(middle + math.remainder(longitude_deg - middle, 360.0))


def _block_under(dataset: Any, geometry: GridGeometry, path: Path | str, reach: int) -> _Block:
    """The posts that interpolation over the whole window needs.

    Raises:
        PlaceError: Some are not in the source.
    """
    low, high = _extent(dataset, geometry)
    low, high = np.floor(low) - reach + 1, np.floor(high) + reach
    turn = _turn(dataset)
    if not _covers(dataset, low, high, turn):
        _refuse_window(dataset, geometry, path)
    (row, col), (rows, cols) = low.astype(int), (high - low).astype(int) + 1
    return _Block(row=int(row), col=int(col), rows=int(rows), cols=int(cols), turn=turn)


def _extent(dataset: Any, geometry: GridGeometry) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """Least and greatest (row, col) that any cell lies at; the extreme need not be on an edge."""
    lows, highs = [], []
    for rows, cols in _strips(geometry):
        post = np.stack([axis.ravel() for axis in _posts_at(dataset, geometry, rows, cols)])
        lows.append(post.min(axis=1))
        highs.append(post.max(axis=1))
    return np.min(lows, axis=0), np.max(highs, axis=0)


def _covers(dataset: Any, low: npt.NDArray[Any], high: npt.NDArray[Any], turn: int) -> bool:
    # Written so that the NaN or infinity of a place that the source's projection lacks is not covered.
    in_rows = low[0] >= 0 and high[0] <= dataset.height - 1
    in_cols = low[1] >= 0 and high[1] <= dataset.width - 1
    return bool(in_rows and (in_cols or (turn and np.isfinite(low[1]) and np.isfinite(high[1]))))


def _turn(dataset: Any) -> int:
    """Columns in 360 degrees of a source that goes all the way round, else 0."""
    if not dataset.crs.is_geographic or dataset.transform.b or dataset.transform.d:
        return 0
    span = abs(dataset.transform.a) * dataset.width
    return int(dataset.width) if abs(span - 360) < abs(dataset.transform.a) / 2 else 0


def _refuse_window(dataset: Any, geometry: GridGeometry, path: Path | str) -> NoReturn:
    site, side_m = geometry.site, geometry.resolution_m
    at = f"{math.degrees(site.latitude_rad):.4f},{math.degrees(site.longitude_rad):.4f}"
    raise PlaceError(
        f"a window of {geometry.cols * side_m:g} x {geometry.rows * side_m:g} m here leaves the source",
        file=path,
        field="--center",
        value=at,
        remedy=f"keep inside {_extent_in_words(dataset)}, half a cell off the edges",
    )


def _extent_in_words(dataset: Any) -> str:
    west, south, east, north = (f"{edge:.10g}" for edge in dataset.bounds)
    if dataset.crs.is_geographic:
        return f"longitude {west} to {east} and latitude {south} to {north} deg"
    return f"x {west} to {east} and y {south} to {north} of its own frame"


def _read_block(dataset: Any, path: Path | str, band: int, block: _Block) -> npt.NDArray[np.float64]:
    """(rows, cols) posts of a block, in the source's order, NaN where unknown."""
    from rasterio.windows import Window

    parts = [
        load_band(dataset, path, band, Window(start, block.row, end - start, block.rows))
        for start, end in _runs(block, dataset.width)
    ]
    posts_m = np.concatenate(parts, axis=1)
    check_elevations(posts_m, file=path, declare=how_to_declare(dataset, path))
    return posts_m


def _runs(block: _Block, width: int) -> Iterator[tuple[int, int]]:
    """Runs of columns, [start, end), that stand together in the file: more than one across the seam."""
    col, stop = block.col, block.col + block.cols
    while col < stop:
        start = col % width if block.turn else col
        end = min(width, start + stop - col)
        yield start, end
        col += end - start


def _strips(geometry: GridGeometry) -> Iterator[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]]:
    """Row and column indices of the cells, some rows at a time, to bound the memory that PROJ takes."""
    step = max(1, _STRIP_CELLS // geometry.cols)
    cols = np.arange(geometry.cols)[None, :]
    for first in range(0, geometry.rows, step):
        yield np.arange(first, min(first + step, geometry.rows))[:, None], cols


def _sample_all(
    dataset: Any, geometry: GridGeometry, block: _Block, posts_m: npt.NDArray[np.float64], method: Method
) -> npt.NDArray[np.float64]:
    parts = []
    for rows, cols in _strips(geometry):
        row, col = _posts_at(dataset, geometry, rows, cols)
        parts.append(interpolate(posts_m, row - block.row, col - block.col, method))
    return np.concatenate(parts)


def interpolate(
    posts: npt.NDArray[np.float64],
    row: npt.NDArray[np.float64],
    col: npt.NDArray[np.float64],
    method: Method = "bilinear",
) -> npt.NDArray[np.float64]:
    """Return values between posts, NaN where any of the 4 (cubic: 16) posts around is NaN.

    Args:
        posts: (m, n) values.
        row, col: Fractional indices, of one shape; the caller keeps the posts around them inside.
    """
    row_0, col_0 = np.floor(row).astype(np.int64), np.floor(col).astype(np.int64)
    rows, cols = _weights(row - row_0, method), _weights(col - col_0, method)
    value = np.zeros(np.shape(row))
    for down, row_weight in rows:
        for along, col_weight in cols:
            value += row_weight * col_weight * posts[row_0 + down, col_0 + along]
    return value


def _weights(part: npt.NDArray[np.float64], method: Method) -> list[tuple[int, npt.NDArray[np.float64]]]:
    """Offsets of the posts used along one axis, and the weight of each."""
    if method == "bilinear":
        return [(0, 1 - part), (1, part)]
    return [
        (-1, _keys_far(1 + part)),
        (0, _keys_near(part)),
        (1, _keys_near(1 - part)),
        (2, _keys_far(2 - part)),
    ]


def _keys_near(s: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return (1.5 * s - 2.5) * s * s + 1


def _keys_far(s: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    return ((-0.5 * s + 2.5) * s - 4) * s + 2
