"""Whether a TIFF's directory of tags is all there.

A file cut short behind its pixels loses tags (frame, no-data, scale), and libtiff then only warns and reads
on as if they had never been written: elevations of another scale. So the directory is looked at first.
Layout: TIFF 6.0 (Adobe 1992), section 2, and the BigTIFF extension of libtiff.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

_BYTES_OF_TYPE = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}
_BYTES_OF_TYPE |= {16: 8, 17: 8, 18: 8}
_BIG = 43
_MOST_TAGS = 4096


class Tag(NamedTuple):
    """An entry of a directory: number and type as in TIFF 6.0, how many values, and their bytes."""

    number: int
    kind: int
    length: int
    value: bytes


class _Layout(NamedTuple):
    """struct formats, and the bytes of a value that an entry holds itself."""

    first_at: int
    offset: str
    tags: str
    entry: str
    inline: int


def directory_is_whole(path: Path | str) -> bool:
    """Return whether the first directory of a TIFF, and every value that it points to, lies in the file."""
    length = os.path.getsize(path)
    with open(path, "rb") as file:
        try:
            return all(end <= length for end in _ends(file))
        except (struct.error, OverflowError, OSError):
            return False  # it ends early, or points where no file can reach


def read_tags(file: BinaryIO) -> list[Tag]:
    """Return the first directory's entries of a whole TIFF whose numbers are little-endian.

    Raises:
        struct.error: The file ends before the directory does.
    """
    layout = _layout(file)
    file.seek(layout.first_at)
    file.seek(*_unpack(file, layout.offset))
    (count,) = _unpack(file, layout.tags)
    head = layout.entry[:-1]
    tags = []
    for _ in range(count):
        number, kind, values = _unpack(file, head)
        held = file.read(layout.inline)
        size, after = values * _BYTES_OF_TYPE[kind], file.tell()
        if size > layout.inline:
            file.seek(*struct.unpack(layout.offset, held))
            held = file.read(size)
            file.seek(after)
        tags.append(Tag(number, kind, values, held[:size]))
    return tags


def _ends(file: BinaryIO) -> Iterator[int]:
    """Where the values end that the directory's entries point to.

    Raises:
        struct.error: The file ends before the directory does.
    """
    layout = _layout(file)
    file.seek(layout.first_at)
    (first,) = _unpack(file, layout.offset)
    file.seek(first)
    (count,) = _unpack(file, layout.tags)
    for _ in range(min(count, _MOST_TAGS)):
        _, kind, values, offset = _unpack(file, layout.entry)
        size = values * _BYTES_OF_TYPE.get(kind, 0)
        if size > layout.inline:
            yield offset + size


def _layout(file: BinaryIO) -> _Layout:
    order = "<" if file.read(2) == b"II" else ">"
    if _unpack(file, order + "H") == (_BIG,):
        return _Layout(first_at=8, offset=order + "Q", tags=order + "Q", entry=order + "HHQQ", inline=8)
    return _Layout(first_at=4, offset=order + "I", tags=order + "H", entry=order + "HHII", inline=4)


def _unpack(file: BinaryIO, layout: str) -> tuple[int, ...]:
    return struct.unpack(layout, file.read(struct.calcsize(layout)))
