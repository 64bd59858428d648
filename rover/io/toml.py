"""TOML files of the project: read whole or refused in one line."""

from __future__ import annotations

import contextlib
import tomllib
from collections.abc import Iterator
from contextvars import ContextVar
from copy import deepcopy
from functools import lru_cache
from pathlib import Path
from typing import Any

from rover.core.errors import TomlError

_HELD: ContextVar[dict[str, bytes] | None] = ContextVar("held", default=None)


@contextlib.contextmanager
def read_once(held: dict[str, bytes]) -> Iterator[None]:
    """Within, read each TOML file once, however often it is asked for.

    Args:
        held: Contents by path, used in the place of what is on the disk now; what is read newly is added.
    """
    token = _HELD.set(held)
    try:
        yield
    finally:
        _HELD.reset(token)


def toml_bytes(path: Path) -> bytes:
    """Return what is in a TOML file, or was when it was first read within `read_once`.

    Raises:
        OSError: It cannot be read.
    """
    held = _HELD.get()
    if held is None:
        return path.read_bytes()
    if str(path) not in held:
        held[str(path)] = path.read_bytes()
    return held[str(path)]


def read_toml(path: Path, *, shown_by: str | None = None) -> dict[str, Any]:
    """Read a TOML file.

    Args:
        path: The file.
        shown_by: The command that writes one of its kind, where there is one.

    Raises:
        TomlError: Missing, a folder, empty, not UTF-8 or malformed.
    """
    shows = f"; {shown_by} shows the form" if shown_by else ""
    try:
        raw = toml_bytes(path)
    except IsADirectoryError:
        raise TomlError("is a folder", remedy="name a TOML file", file=path) from None
    except OSError as error:
        raise TomlError(
            f"cannot be read ({error.strerror})", remedy="check the name and the permissions", file=path
        ) from None
    except ValueError:  # a NUL in the name
        raise TomlError("is no file name", remedy="check the name", file=path) from None
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TomlError(
            f"is not UTF-8 text (byte {error.start})", remedy="save it as UTF-8", file=path
        ) from None
    if not text.strip():
        raise TomlError(
            "is empty",
            remedy=f"write one with: {shown_by}" if shown_by else "write it, or name another file",
            file=path,
        )
    try:
        return deepcopy(_parsed(text))
    except ValueError as error:  # TOMLDecodeError, or an integer of thousands of digits
        raise TomlError(f"is not TOML ({error})", remedy=f"correct that line{shows}", file=path) from None
    except RecursionError:
        raise TomlError("is nested too deep", remedy=f"take tables out of tables{shows}", file=path) from None


@lru_cache(maxsize=64)
def _parsed(text: str) -> dict[str, Any]:
    """A run asks for its vehicle's file some ten times; to parse it takes twenty times as long as to copy it."""
    return tomllib.loads(text)
