"""Elevations written as a cloud-optimised GeoTIFF, block by block, and a coarse view of one read back.

Memory stays bounded whatever the size: a raster is made in squares, quarter by quarter, so that each overview is
averaged as soon as the four tiles under it are there, and compressed tiles wait in a file that has no name. GDAL
says what the tags are, and reads the result. Tiles are compressed and put in order here, because GDAL's own driver
writes everything twice, cannot be watched or interrupted while it does, and can lose the error of a full disk.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import zlib
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from rover.core.atomic import atomic_path
from rover.core.byte_count import byte_words
from rover.core.errors import ResourceError
from rover.core.grid import Dem, GridGeometry
from rover.io.cog_layout import TILE_BYTES, TILE_OFFSETS, Level, framed, head_of
from rover.io.elevation import split_datum
from rover.io.geotiff import blank_geotiff_bytes, check_band, metric_geometry, open_geotiff
from rover.io.raster import elevation_type
from rover.io.tiff_directory import Tag, read_tags

TILE = 512
"""Side of a tile in cells, as GDAL's COG driver has it."""

Values = npt.NDArray[np.float64]
Block = Callable[[int, int, int, int], Values]
Key = tuple[int, int, int]

# Measured on seeded ground, both cores: level 1 packs 45 million cells/s into 1.36 bytes each, level 6 16 million
# into 1.25. The ground itself comes at some 8 million cells/s.
_EFFORT = 1
_THREADS = 2
_WAITING = 8
_MAKING = 0.95
_NEW_SUBFILE_TYPE, _UINT32, _REDUCED = 254, 4, b"\1\0\0\0"
_FIRST_GEOGRAPHIC, _NO_DATA = 33_000, 42_113


def write_cog(
    path: Path | str,
    geometry: GridGeometry,
    block: Block,
    *,
    description: str,
    tags: Mapping[str, str],
    progress: Callable[[float], None] | None = None,
) -> None:
    """Write elevations as a GeoTIFF with tiles and overviews, whole or not at all.

    The type is that of `elevation_type`, no-data is NaN, and there is neither scale nor offset. An overview's cell
    is the mean of the known ones of the four under it.

    Args:
        path: The file; an existing one is replaced when the new one is whole.
        geometry: Of the raster, with a frame.
        block: (row, col, rows, cols) to that many elevations above the sphere in metres, row growing north, NaN
            where unknown. Called from this thread, for up to 1024 x 1024 cells, each cell once.
        description: Of the band.
        tags: Of the file.
        progress: Told the part that is done, up to 1.

    Raises:
        ResourceError: The disk has too little room for a raster of that size.
        OutputError: The file cannot be written.
        DemFrameError: The site has no frame, or one that GeoTIFF cannot hold.
    """
    path, tell = Path(path), progress or _silent
    kind = elevation_type(geometry)
    sizes = _sizes(geometry)
    tags_of = _level_tags(geometry, sizes, kind, description, tags)
    _check_room(path, geometry)
    with (
        atomic_path(path) as temporary,
        tempfile.TemporaryFile(prefix=".", dir=temporary.parent) as waiting,
        ThreadPoolExecutor(_THREADS) as threads,
    ):
        spool = _Spool(file=waiting, kind=kind, threads=threads)
        _Pyramid(geometry=geometry, sizes=sizes, block=block, spool=spool, tell=tell).write()
        spool.finish()
        _assemble(temporary, spool, sizes, tags_of, tell)
        tell(1.0)


def disk_bytes(geometry: GridGeometry) -> int:
    """Return the room on disk that writing takes: as much as the cells and overviews hold before compression.

    Compressed they take some 40 % of that (ground rounded to 0.1 mm), and at the end stand there twice.
    """
    cells = sum(rows * cols for rows, cols in _sizes(geometry))
    return cells * elevation_type(geometry).itemsize


def _check_room(path: Path, geometry: GridGeometry) -> None:
    try:
        room = shutil.disk_usage(Path(os.path.realpath(path)).parent)
    except OSError:
        return  # no such folder: said when the file is opened
    need = disk_bytes(geometry)
    if room.total > 0 and need > room.free:  # some virtual file systems count nothing
        raise ResourceError(
            f"writing it takes about {byte_words(need)} of disk, and {byte_words(room.free)} are free",
            file=path,
            field="size",
            value=f"{geometry.cols} x {geometry.rows} cells",
            remedy="write to another disk, or take a smaller or coarser raster",
        )


def _silent(_part: float) -> None:
    pass


def _sizes(geometry: GridGeometry) -> list[tuple[int, int]]:
    """Rows and columns of the full resolution and of each overview, the last of which is one tile."""
    sizes = [geometry.shape]
    while max(sizes[-1]) > TILE:
        sizes.append(_half(sizes[-1]))
    return sizes


def _half(size: tuple[int, int]) -> tuple[int, int]:
    return -(-size[0] // 2), -(-size[1] // 2)


def _tiles(size: tuple[int, int]) -> tuple[int, int]:
    """Rows and columns of tiles."""
    return -(-size[0] // TILE), -(-size[1] // TILE)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Spool:
    """Compressed tiles in the order they were made, and where each is; compressing goes on beside the making."""

    file: BinaryIO
    kind: np.dtype[np.floating]
    threads: ThreadPoolExecutor
    waiting: deque[tuple[Key, Future[bytes]]] = field(default_factory=deque)
    places: dict[Key, tuple[int, int]] = field(default_factory=dict)

    def put(self, key: Key, values: Values) -> None:
        """Take a tile, (TILE, TILE) in the file's order, by level, row and column of tiles from the north-west."""
        self.waiting.append((key, self.threads.submit(compressed, values.astype(self.kind))))
        while len(self.waiting) > _WAITING:
            self._store()

    def finish(self) -> None:
        while self.waiting:
            self._store()

    def _store(self) -> None:
        key, tile = self.waiting.popleft()
        stored = tile.result()
        self.places[key] = self.file.tell(), len(stored)
        self.file.write(stored)

    def lengths(self, level: int, size: tuple[int, int]) -> list[int]:
        return [self.places[level, row, col][1] for row, col in np.ndindex(_tiles(size))]

    def tiles(self, level: int, size: tuple[int, int]) -> Iterator[bytes]:
        """Yield a level's tiles, row by row from the north-west."""
        for row, col in np.ndindex(_tiles(size)):
            at, length = self.places[level, row, col]
            self.file.seek(at)
            yield self.file.read(length)


def compressed(values: npt.NDArray[np.floating]) -> bytes:
    """Return a tile deflated after the predictor for floating point (3).

    In each row the bytes of the values are put by significance, the highest first, and differences are taken
    along it: Adobe Photoshop TIFF Technical Note 3 (2005).
    """
    rows, cols = values.shape
    size = values.dtype.itemsize
    planes = values.astype(values.dtype.newbyteorder(">")).view(np.uint8).reshape(rows, cols, size)
    along = planes.transpose(0, 2, 1).reshape(rows, cols * size)
    differences = along.copy()
    differences[:, 1:] -= along[:, :-1]
    return zlib.compress(differences.data, _EFFORT)


@dataclass(slots=True, kw_only=True, eq=False)
class _Pyramid:
    """The raster and its overviews, made from the coarsest tile down, so that one square of each is held."""

    geometry: GridGeometry
    sizes: list[tuple[int, int]]
    block: Block
    spool: _Spool
    tell: Callable[[float], None]
    made: int = 0

    def write(self) -> None:
        self._tile(len(self.sizes) - 1, 0, 0)

    def _tile(self, level: int, row: int, col: int) -> Values:
        """Spool a tile and every finer one under it; return it, (TILE, TILE) in the file's order."""
        values = self._ground(row, col, TILE) if level == 0 else halved(self._under(level, row, col))
        self.spool.put((level, row, col), values)
        return values

    def _under(self, level: int, row: int, col: int) -> Values:
        """Spool the tiles under one; return them, (2 TILE, 2 TILE)."""
        # The finest four come of one call: larger blocks are made quicker.
        values = self._ground(row, col, 2 * TILE) if level == 1 else np.full((2 * TILE, 2 * TILE), np.nan)
        tile_rows, tile_cols = _tiles(self.sizes[level - 1])
        for down, right in np.ndindex(2, 2):
            finer = 2 * row + down, 2 * col + right
            if finer[0] < tile_rows and finer[1] < tile_cols:
                part = np.s_[down * TILE : (down + 1) * TILE, right * TILE : (right + 1) * TILE]
                if level == 1:
                    self.spool.put((0, *finer), values[part])
                else:
                    values[part] = self._tile(level - 1, *finer)
        return values

    def _ground(self, row: int, col: int, side: int) -> Values:
        """Return the square in that row and column of squares, (side, side) in the file's order, NaN beyond."""
        north, west = row * side, col * side
        rows, cols = min(side, self.geometry.rows - north), min(side, self.geometry.cols - west)
        found = self.block(self.geometry.rows - north - rows, west, rows, cols)
        if found.shape != (rows, cols):
            raise ValueError(f"a block of {found.shape}, expected {rows, cols}")
        values = np.full((side, side), np.nan)
        values[:rows, :cols] = found[::-1]
        self.made += rows * cols
        self.tell(_MAKING * self.made / (self.geometry.rows * self.geometry.cols))
        return values


def halved(values: Values) -> Values:
    """Return (n, m) means of the known ones of each four of (2n, 2m) values; NaN where none is known."""
    quarters = np.stack([values[down::2, right::2] for down, right in np.ndindex(2, 2)])
    unknown = np.isnan(quarters)
    if not unknown.any():
        return np.asarray(quarters.mean(axis=0))
    count = (~unknown).sum(axis=0)
    quarters[unknown] = 0.0
    means = np.full(count.shape, np.nan)
    np.divide(quarters.sum(axis=0), count, out=means, where=count > 0)
    return means


def _level_tags(
    geometry: GridGeometry,
    sizes: list[tuple[int, int]],
    kind: np.dtype[np.floating],
    description: str,
    tags: Mapping[str, str],
) -> list[list[Tag]]:
    """Return each level's tags as GDAL has them, but those that say where tiles are."""

    def declared(rows: int, cols: int, **said: object) -> list[Tag]:
        blank = blank_geotiff_bytes(
            replace(geometry, rows=rows, cols=cols),
            dtype=kind.name,
            tile=TILE,
            description=description,
            tags=tags,
        )
        return [tag for tag in read_tags(BytesIO(blank)) if tag.number not in (TILE_OFFSETS, TILE_BYTES)]

    reduced = Tag(_NEW_SUBFILE_TYPE, _UINT32, 1, _REDUCED)
    levels = [declared(*sizes[0])]
    for rows, cols in sizes[1:]:
        plain = (t for t in declared(rows, cols) if t.number < _FIRST_GEOGRAPHIC or t.number == _NO_DATA)
        levels.append([reduced, *plain])
    return levels


def _assemble(
    target: Path,
    spool: _Spool,
    sizes: list[tuple[int, int]],
    tags_of: list[list[Tag]],
    tell: Callable[[float], None],
) -> None:
    """Write the head and, the coarsest first, the tiles."""
    numbered = list(enumerate(sizes))
    levels = [Level(tags=tags_of[k], tile_bytes=spool.lengths(k, size)) for k, size in numbered]
    total, done = sum(level.data_bytes for level in levels), 0
    with target.open("wb") as file:
        file.write(head_of(levels))
        for level, size in reversed(numbered):
            for tile in spool.tiles(level, size):
                done += file.write(framed(tile))
                tell(_MAKING + (1 - _MAKING) * done / total)


def read_overview(path: Path | str, *, most_cells: int) -> Dem:
    """Return the finest view of a file by `write_cog` that has at most so many cells, overviews included.

    Cells stand where the means were taken; at the south and east, one may reach beyond the raster.

    Args:
        path: The file.
        most_cells: At least TILE squared.

    Raises:
        DemFileError, DemFrameError, DemValueError: Not such a file.
    """
    with open_geotiff(path) as dataset:
        check_band(dataset, 1, path)
        whole = metric_geometry(dataset, path)
        size, factor = whole.shape, 1
        while size[0] * size[1] > most_cells and max(size) > TILE:
            size, factor = _half(size), 2 * factor
        # Of an overview's own size, so that GDAL reads that overview and nothing is resampled.
        northern_first = dataset.read(1, out_shape=size).astype(np.float64)
        source = dataset.tags().get("SOURCE", str(path))
    relative_m, datum_m = split_datum(northern_first[::-1])
    return Dem(geometry=_coarser(whole, size, factor), elevation_m=relative_m, datum_m=datum_m, source=source)


def _coarser(whole: GridGeometry, size: tuple[int, int], factor: int) -> GridGeometry:
    """Return the geometry of an overview: its north-west corner is the raster's."""
    west, _, _, north = whole.bounds_m
    width_m, height_m = whole.resolution_m * factor, whole.resolution_north_m * factor
    return replace(
        whole,
        rows=size[0],
        cols=size[1],
        resolution_m=width_m,
        resolution_north_m=height_m,
        east_m=west + width_m / 2,
        north_m=north - (size[0] - 0.5) * height_m,
    )
