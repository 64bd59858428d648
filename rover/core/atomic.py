"""Outputs that are whole or absent: written under a temporary name, synced to disk, then renamed.

Links are followed: what they point to is written, and they stay. Text may also go to a device or a pipe, such as
`/dev/stdout`, which nothing can be renamed over; anything else that is no regular file is refused.
"""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import shutil
import stat
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TextIO

from rover.core.errors import OutputError, UsageError

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_STDOUT = 1


@contextlib.contextmanager
def atomic_path(final: Path | str) -> Iterator[Path]:
    """Yield the path of an empty temporary file that becomes `final` when the block ends well.

    The file stands in the same folder, so that the rename cannot be half done. An existing file is replaced;
    whatever ends the block early, an interruption too, leaves it as it was and removes the temporary one.

    Raises:
        OutputError: The file cannot be written: no such folder, not writable, disk full, a folder's name, a device's.
    """
    with atomic_paths(final) as (temporary,):
        yield temporary


@contextlib.contextmanager
def atomic_paths(first: Path | str, *others: Path | str) -> Iterator[list[Path]]:
    """Yield as many paths of empty temporary files, of one folder, that become these when the block ends well.

    As `atomic_path`, for files that belong together: all are written before any is renamed, `first` the last. Should
    a renaming fail all the same, those that stand newly in the folder are removed again.
    """
    finals = [Path(final) for final in (first, *others)]
    temporaries = [_beside(final) for final in finals]
    new: list[Path] = []
    with contextlib.ExitStack() as stack:
        for final, temporary in zip(reversed(finals), reversed(temporaries), strict=True):
            stack.enter_context(_as_output_error(final, temporary))
        targets = [Path(os.path.realpath(final)) for final in finals]
        try:
            for final, temporary in zip(finals, temporaries, strict=True):
                _refuse_irregular(final)
                _create(temporary)
            yield temporaries
            for temporary in temporaries:
                _sync(temporary)
            for target in targets:
                _refuse_irregular(target)
            for target, temporary in zip(reversed(targets), reversed(temporaries), strict=True):
                if not os.path.lexists(target):
                    new.append(target)
                os.replace(temporary, target)
        except BaseException:
            for path in (*temporaries, *new):
                _remove_file(path)
            raise
        for folder in {target.parent for target in targets}:
            _sync(folder)


@contextlib.contextmanager
def text_output(final: Path | str) -> Iterator[TextIO]:
    """Yield a text file, UTF-8 with plain line ends, that becomes `final` when the block ends well.

    A device or a pipe is written to straight away. What standard output is itself, by whatever name, is written to at
    its end, as `print` would, so that a log that it is added to is kept.

    Raises:
        OutputError: As of `atomic_path`.
        BrokenPipeError: The reader of a pipe has gone.
    """
    final = Path(final)
    if not _takes_a_stream(final):
        with atomic_path(final) as temporary, temporary.open("w", encoding="utf-8", newline="\n") as file:
            yield file
        return
    with _as_output_error(final, final):
        opened = os.dup(_STDOUT) if names_stdout(final) else final
        with open(opened, "w", encoding="utf-8", newline="\n") as file:
            yield file


def names_stdout(path: Path | str) -> bool:
    """Tell whether a path, such as `/dev/stdout`, leads to what standard output is already."""
    with contextlib.suppress(OSError, ValueError):
        return os.path.samestat(os.stat(path), os.fstat(_STDOUT))
    return False


def _takes_a_stream(path: Path) -> bool:
    """Whether text goes to a path as it comes: a terminal or other device of characters, a pipe, standard output."""
    with contextlib.suppress(OSError, ValueError):
        mode = os.stat(path).st_mode
        return stat.S_ISCHR(mode) or stat.S_ISFIFO(mode) or names_stdout(path)
    return False


def _create(temporary: Path) -> None:
    os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))


def _refuse_irregular(final: Path) -> None:
    """Refuse what a file cannot take the place of: a folder, a device, a pipe, a socket."""
    try:
        mode = os.stat(final).st_mode
    except FileNotFoundError:
        return
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(final))
    if not stat.S_ISREG(mode):
        raise OutputError("is no regular file", remedy="name a file", file=final)


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


def check_folder(final: Path | str) -> None:
    """Refuse, before any work is done, a folder that `atomic_folder` could not make at its end.

    For work that may be ended together with its process: nothing is left where the folder is made only after it.

    Raises:
        UsageError, OutputError: As of `atomic_folder`.
    """
    shown, final = final, Path(os.path.realpath(final))
    temporary = _beside(final)
    with _as_output_error(Path(shown), temporary):
        _refuse_occupied(final, shown)
        temporary.mkdir()
        temporary.rmdir()


def check_outputs(
    outputs: Mapping[str, Path | None],
    *,
    sources: Sequence[Path | str | None] = (),
    texts: Collection[str] = (),
) -> None:
    """Refuse, before any work is done, outputs that could not be written at its end.

    Args:
        outputs: Files by the option that names them; None where it was not given. Existing ones are not touched.
        sources: What is read; None is passed over.
        texts: The options whose output is written by `text_output`, to a device or a pipe too.

    Raises:
        UsageError: An output is a source or another output, or has no name.
        OutputError: No such folder, not writable, a folder's name, a device's.
    """
    seen: dict[str, str] = {os.path.realpath(source): "the input" for source in sources if source is not None}
    for option, output in outputs.items():
        if output is None:
            continue
        other = seen.setdefault(os.path.realpath(output), option)
        if other != option:
            what = f"the output is {'the input' if other == 'the input' else f'that of {other} too'}"
            raise UsageError(what, field=option, value=str(output), remedy="name another file")
        if not (option in texts and _takes_a_stream(output)):
            _try_to_write(output)


def _try_to_write(final: Path) -> None:
    temporary = _beside(final)
    with _as_output_error(final, temporary):
        _refuse_irregular(final)
        _create(temporary)
        _remove_file(temporary)


def _beside(final: Path) -> Path:
    """A dotted name in the folder of what links lead to; the suffix is kept, since some writers go by it."""
    if not final.name:
        _refuse(final, "no name to write to", "give a name")
    folder = Path(os.path.realpath(final)).parent if os.path.islink(final) else final.parent
    return folder / f".{final.stem[:100]}.{secrets.token_hex(4)}.tmp{final.suffix[:20]}"


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
    except BrokenPipeError:  # the reader has gone: no error
        raise
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
    return path in (final, temporary, final.parent, temporary.parent) or temporary in path.parents


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
