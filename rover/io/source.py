"""The file that terrain comes from: a plain file on this machine, and which of the served formats it holds.

GDAL opens far more than files: `/vsicurl/`, `/vsizip/`, URLs, and VRT recipes that name other files to read.
None of these is taken as terrain, so that a DEM given to the rover is what it looks like and nothing else.
"""

from __future__ import annotations

import os
import re
import stat
from enum import StrEnum
from pathlib import Path
from typing import NoReturn

from rover.core.errors import DemFileError

_HEAD_BYTES = 512
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_ASCII_KEYS = (b"ncols", b"nrows", b"xll", b"yll", b"cellsize", b"dx ", b"dy ")
# Two letters at least before the colon: one is a Windows drive. Path() folds "//" into "/".
_URL = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+:/")
_GET_A_FILE = "give a GeoTIFF, npz or ESRI ASCII file on this machine"


class Format(StrEnum):
    """The raster formats that are served; values are the extensions they are written under."""

    GEOTIFF = ".tif"
    NPZ = ".npz"
    ASCII = ".asc"


def format_of_source(path: Path | str) -> Format:
    """Return the format of a terrain file, told by its first bytes and not by its name.

    Raises:
        DemFileError: Not a plain local file, not readable, empty, or none of the formats.
    """
    check_local_file(path)
    head = _head(path)
    if head.startswith(_TIFF):
        return Format.GEOTIFF
    if head.startswith(b"PK\x03\x04"):
        return Format.NPZ
    if head.lstrip().lower().startswith(_ASCII_KEYS):
        return Format.ASCII
    _refuse_content(path, head)


def check_local_file(path: Path | str) -> None:
    """Refuse whatever is not a plain, non-empty file on this machine.

    Raises:
        DemFileError: A URL, a GDAL virtual path, missing, a folder, a device or pipe, empty, not readable.
    """
    name = os.fspath(path)
    if os.path.abspath(name).startswith("/vsi") or "://" in name or _URL.match(name):
        _refuse(path, "a virtual path or an address, not a file", _GET_A_FILE)
    try:
        found = os.stat(name)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        _refuse(path, f"cannot be opened: {reason}", "correct the name")
    if stat.S_ISDIR(found.st_mode):
        _refuse(path, "a folder, not a terrain file", "name the file in it")
    if not stat.S_ISREG(found.st_mode):
        _refuse(path, "a device or a pipe, not a terrain file", _GET_A_FILE)
    if found.st_size == 0:
        _refuse(path, "the file is empty", "fetch or make it again")


def _head(path: Path | str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read(_HEAD_BYTES)
    except OSError as error:
        _refuse(path, f"cannot be read: {error.strerror}", "correct its permissions")


def _refuse_content(path: Path | str, head: bytes) -> NoReturn:
    if b"<VRTDataset" in head:
        what = "a VRT, which is a recipe naming other files, not terrain"
        _refuse(path, what, "make a GeoTIFF of it with gdal_translate, and give that")
    kind = "text" if head.isascii() and b"\0" not in head else "binary data"
    _refuse(path, f"neither GeoTIFF, npz nor ESRI ASCII: it holds {kind}", _GET_A_FILE)


def _refuse(path: Path | str, what: str, remedy: str) -> NoReturn:
    raise DemFileError(what, file=path, field="DEM", remedy=remedy)
