"""The layout of a cloud-optimised GeoTIFF: where directories and tiles lie in the file.

First the header and a note on the layout, then the directories, the full resolution's ahead of the overviews',
then the tiles, the coarsest overview's ahead, row by row from the north-west. Each tile stands between its length
and a copy of its last four bytes, so that a reader can tell a whole tile without its directory.
Layout: GDAL's COG driver, https://gdal.org/drivers/raster/cog.html; TIFF 6.0 (Adobe 1992), section 2, and the
BigTIFF extension of libtiff.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rover.io.tiff_directory import Tag

TILE_OFFSETS, TILE_BYTES = 324, 325

_NOTE_BODY = (
    b"LAYOUT=IFDS_BEFORE_DATA\nBLOCK_ORDER=ROW_MAJOR\nBLOCK_LEADER=SIZE_AS_UINT4\n"
    b"BLOCK_TRAILER=LAST_4_BYTES_REPEATED\nKNOWN_INCOMPATIBLE_EDITION=NO\n "
)
_NOTE = b"GDAL_STRUCTURAL_METADATA_SIZE=%06d bytes\n" % len(_NOTE_BODY) + _NOTE_BODY
_LEADER, _TRAILER = 4, 4
_UINT32, _UINT64 = 4, 16


class _Form(NamedTuple):
    """Classic TIFF or BigTIFF: the header before the first directory's place, struct formats, greatest size."""

    magic: bytes
    offset: str
    tags: str
    entry: str
    offset_kind: int
    largest: int


_CLASSIC = _Form(b"II*\0", "<I", "<H", "<HHI", _UINT32, 2**32 - 1)
_BIG = _Form(b"II+\0\x08\0\0\0", "<Q", "<Q", "<HHQ", _UINT64, 2**63 - 1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Level:
    """One resolution of the raster.

    Attributes:
        tags: All but the two that say where the tiles are.
        tile_bytes: Length of each stored tile, row by row from the north-west.
    """

    tags: Sequence[Tag]
    tile_bytes: Sequence[int]

    @property
    def data_bytes(self) -> int:
        return sum(self.tile_bytes) + (_LEADER + _TRAILER) * len(self.tile_bytes)


def head_of(levels: Sequence[Level]) -> bytes:
    """Return all that stands ahead of the tiles: a classic TIFF where 4 GiB hold it, else a BigTIFF.

    Args:
        levels: The full resolution first, each next one coarser.
    """
    data_bytes = sum(level.data_bytes for level in levels)
    for form in (_CLASSIC, _BIG):
        data_at = len(_head(form, levels, 0))  # the length does not depend on where the tiles are
        if data_at + data_bytes <= form.largest:
            return _head(form, levels, data_at)
    raise ValueError(f"a raster of {data_bytes} bytes")


def framed(tile: bytes) -> bytes:
    """Return a stored tile between its length and a copy of its last bytes."""
    return struct.pack("<I", len(tile)) + tile + tile[-_TRAILER:]


def _head(form: _Form, levels: Sequence[Level], data_at: int) -> bytes:
    """Return the head of a file whose first tile, with its leader, lies at `data_at`."""
    first_at = len(form.magic) + struct.calcsize(form.offset) + len(_NOTE)
    head = form.magic + struct.pack(form.offset, first_at + first_at % 2) + _NOTE + bytes(first_at % 2)
    for index, (level, offsets) in enumerate(zip(levels, _offsets(levels, data_at), strict=True)):
        tags = [*level.tags, *_tile_tags(form, offsets, level.tile_bytes)]
        head += _directory(form, tags, len(head), last=index == len(levels) - 1)
    return head


def _offsets(levels: Sequence[Level], data_at: int) -> list[list[int]]:
    """Where each level's tiles lie, behind their leaders."""
    found: list[list[int]] = []
    for level in reversed(levels):
        offsets = []
        for length in level.tile_bytes:
            offsets.append(data_at + _LEADER)
            data_at += _LEADER + length + _TRAILER
        found.insert(0, offsets)
    return found


def _tile_tags(form: _Form, offsets: Sequence[int], lengths: Sequence[int]) -> list[Tag]:
    count, each = len(offsets), form.offset[1:]
    return [
        Tag(TILE_OFFSETS, form.offset_kind, count, struct.pack(f"<{count}{each}", *offsets)),
        Tag(TILE_BYTES, _UINT32, count, struct.pack(f"<{count}I", *lengths)),
    ]


def _directory(form: _Form, tags: Sequence[Tag], at: int, *, last: bool) -> bytes:
    """Return a directory that lies at `at`, with the values that its entries point to behind it."""
    inline = struct.calcsize(form.offset)
    entry_bytes = struct.calcsize(form.entry) + inline
    values_at = at + struct.calcsize(form.tags) + len(tags) * entry_bytes + inline
    entries, values = b"", b""
    for tag in sorted(tags, key=lambda tag: tag.number):
        held = tag.value.ljust(inline, b"\0")
        if len(tag.value) > inline:
            held = struct.pack(form.offset, values_at + len(values))
            values += tag.value + bytes(len(tag.value) % 2)
        entries += struct.pack(form.entry, tag.number, tag.kind, tag.length) + held
    following = 0 if last else values_at + len(values)
    return struct.pack(form.tags, len(tags)) + entries + struct.pack(form.offset, following) + values
