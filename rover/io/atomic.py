"""Outputs that are whole or absent: written under a temporary name, synced to disk, then renamed."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path

from rover.core.errors import OutputError, UsageError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextlib.contextmanager
def atomic_path(final: Path | str) -> Iterator[Path]:
    """Yield the path of an empty temporary file that becomes `final` when the block ends well.

    The file stands in the same folder, so that the rename cannot be half done. An existing file is replaced;
    whatever ends the block early, an interruption too, leaves it as it was and removes the temporary one.

    Raises:
        OutputError: The file cannot be written: no such folder, not writable, disk full, a folder's name.
    """
    final = Path(final)
    temporary = _beside(final)
    with _as_output_error(final, temporary):
        try:
            os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
            yield temporary
            _sync(temporary)
            os.replace(temporary, final)
        except BaseException:
            _remove_file(temporary)
            raise
        _sync(final.parent)


@contextlib.contextmanager
def atomic_folder(final: Path | str) -> Iterator[Path]:
    """Yield an empty temporary folder that becomes `final` when the block ends well.

    Its parent must exist. `final` may be an existing empty folder, which is replaced; links are followed.
    Whatever ends the block early removes the temporary folder with all that is in it.

    Raises:
        UsageError: `final` is a folder with something in it, a file, or the working folder itself.
        OutputError: The folder cannot be written: no such parent, not writable, disk full.
    """
    shown, final = final, Path(os.path.realpath(final))
    temporary = _beside(final)
    with _as_output_error(Path(shown), temporary):
        _refuse_occupied(final, shown)
        try:
            temporary.mkdir()
            yield temporary
            _sync_tree(temporary)
            os.rename(temporary, final)
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
        _sync(final.parent)


def refuse_overwriting(source: Path | str, *outputs: Path | None) -> None:
    """Refuse an output that is the input.

    Raises:
        UsageError: It is.
    """
    for output in outputs:
        if output is not None and os.path.realpath(output) == os.path.realpath(source):
            _refuse(output, "the output is the input", "name another file")


def _beside(final: Path) -> Path:
    """A dotted name in the same folder; the suffix is kept, since some writers go by it."""
    if not final.name:
        _refuse(final, "no name to write to", "give a name")
    return final.with_name(f".{final.stem[:100]}.{secrets.token_hex(4)}.tmp{final.suffix[:20]}")


def _refuse_occupied(final: Path, shown: Path | str) -> None:
    if final.is_dir():
        if any(final.iterdir()):
            _refuse(shown, "the output folder is not empty", "name a new folder, or empty this one")
        if final == Path.cwd():
            # Renaming over it would leave the caller's shell in a folder that no longer exists.
            _refuse(shown, "the working folder itself cannot be replaced", "name a new folder inside it")
    elif final.exists():
        _refuse(shown, "the output folder is an existing file", "name a new folder")


def _refuse(shown: Path | str, what: str, remedy: str) -> None:
    raise UsageError(what, field="--out", value=str(shown), remedy=remedy)


@contextlib.contextmanager
def _as_output_error(final: Path, temporary: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if not _concerns(error, final, temporary):
            raise
        raise OutputError(
            f"cannot be written: {error.strerror or error}", file=final, remedy=_remedy(error)
        ) from error


def _concerns(error: OSError, final: Path, temporary: Path) -> bool:
    """Whether an error is about the output; the block may also have read something else that failed."""
    named = error.filename
    if named is None or isinstance(named, int):
        return True
    path = Path(os.fsdecode(named))
    return path in (final, temporary, final.parent) or temporary in path.parents


def _remedy(error: OSError) -> str:
    if error.errno in _FULL:
        return "free some space, or write to another disk"
    return "choose a name in a folder that exists and can be written to"


def _remove_file(path: Path) -> None:
    with contextlib.suppress(OSError):
        path.unlink()


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError as error:
        # Some file systems do not sync folders; the rename is atomic all the same.
        if error.errno != errno.EINVAL:
            raise
    finally:
        os.close(handle)


def _sync_tree(folder: Path) -> None:
    for parent, _, names in os.walk(folder):
        for name in names:
            _sync(Path(parent, name))
        _sync(Path(parent))
