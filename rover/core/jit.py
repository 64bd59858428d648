"""The one way a kernel is compiled, and the cache it is kept in.

numba's own cache notices an edit to a kernel's file but not to a kernel that it calls in another file. The
cache folder's name therefore carries a hash of every kernel source in the package, of this file (its flags) and of the
numba version. A cache that cannot be written is skipped, a corrupt one is wiped, each with one warning.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import numba
import numba.extending

intrinsic: Any = numba.extending.intrinsic
"""Decorates a function that writes machine instructions, for kernels to call."""

ArrayType: Any = numba.types.Array
"""What kernels know an array as."""

Function = TypeVar("Function", bound=Callable[..., Any])


def kernel(function: Function) -> Function:
    """Compile a function of arrays and scalars with numba, cached on disk, without the GIL.

    Never `fastmath`: it makes `isnan` false, so that unknown ground would read as safe. A name that begins with an
    underscore is called by kernels only, and spared the seconds that it takes to compile an entry from Python.
    """
    return _jitted(function, inline=False)


def inlined(function: Function) -> Function:
    """Compile as `kernel` does what kernels call, and put it in the place of every call.

    For what is called once per ray or cell with tuples of arrays, which cost more to hand over than a short function
    takes. Python cannot call it.
    """
    return _jitted(function, inline=True)


def bare(function: Function) -> Function:
    """Compile as `kernel` does what neither makes nor keeps an array: who holds the arrays it is given is not counted.

    Counting is an atomic operation for each array that is handed on, which in a loop over rays is a third of the time.
    An allocation in it, or in what it calls, does not compile. A division by zero is infinite or NaN, as numpy's: a
    check of each would be an exit from the loop.
    """
    return _jitted(function, inline=False, counts=False)


def bare_inlined(function: Function) -> Function:
    """Compile as `bare` does what is put in the place of every call."""
    return _jitted(function, inline=True, counts=False)


def _jitted(function: Function, *, inline: bool, counts: bool = True) -> Function:
    inner = inline or function.__name__.startswith("_")
    # Nothing calls a kernel through a pointer of C: without that entry a sixth of compiling is saved.
    options: dict[str, Any] = {"nogil": True, "no_cfunc_wrapper": True, "no_cpython_wrapper": inner}
    if inline:
        options["forceinline"] = True
    if not counts:
        options["_nrt"] = False
        options["error_model"] = "numpy"
    folder = cache_folder()
    if folder is None:
        return cast(Function, numba.njit(**options)(function))
    # The folder is fixed at the moment of decoration; putting the setting back leaves the numba functions of
    # the program that imports us in their own cache.
    settings: Any = numba.core.config
    before = settings.CACHE_DIR
    settings.CACHE_DIR = str(folder)
    try:
        dispatcher = numba.njit(cache=True, **options)(function)
    finally:
        settings.CACHE_DIR = before
    _survive_corruption(dispatcher, folder)
    return cast(Function, dispatcher)


def compiled() -> bool:
    """Return whether kernels are compiled, or run by the interpreter because numba is switched off."""
    settings: Any = numba.core.config
    return not settings.DISABLE_JIT


def _survive_corruption(dispatcher: Any, folder: Path) -> None:
    """Make a cache that cannot be read cost a recompilation, not a traceback."""
    cached = getattr(dispatcher, "_cache", None)
    if cached is None or not hasattr(cached, "load_overload"):  # JIT switched off
        return
    load, save = cached.load_overload, cached.save_overload

    def load_or_wipe(*args: Any) -> Any:
        found = None
        try:
            found = load(*args)
        except OSError:  # gone or closed to us: saving will say so
            pass
        except Exception as error:  # unpickling torn bytes can raise anything
            _warn_once(f"kernel cache {folder} is corrupt ({type(error).__name__}), recompiling")
            shutil.rmtree(folder, ignore_errors=True)  # made anew when a kernel is saved
        if found is None:
            _announce()
        return found

    def save_or_skip(*args: Any) -> Any:
        try:
            return save(*args)
        except Exception as error:
            _warn_once(
                f"kernel cache {folder} cannot be written ({type(error).__name__}), going on without it"
            )
            return None

    cached.load_overload, cached.save_overload = load_or_wipe, save_or_skip


_listeners: list[Callable[[], None]] = []


def when_compiling(tell: Callable[[], None]) -> None:
    """Have `tell` called once, when the first kernel that is not in the cache is about to be compiled."""
    _listeners.append(tell)


def _announce() -> None:
    while _listeners:
        _listeners.pop()()


@cache
def _warn_once(text: str) -> None:
    warnings.warn(text, RuntimeWarning, stacklevel=3)


@cache
def cache_folder() -> Path | None:
    """Return the folder of this version's compiled kernels, or None (with a warning) if none can be written."""
    asked = os.environ.get("NUMBA_CACHE_DIR")
    base = Path(asked) if asked else _user_cache() / "farside"
    folder = base / f"kernels-{_sources_digest()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        _warn_once(f"kernel cache {folder} cannot be written ({error.strerror}), compiling afresh")
        return None
    return folder


def _user_cache() -> Path:
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home() / "AppData" / "Local"))
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _sources_digest() -> str:
    """Hash every kernel source beside this package, how they are compiled, and the versions that compile them."""
    root = Path(__file__).parents[2]
    digest = hashlib.sha256(f"{numba.__version__} {sys.version_info[:2]}".encode())
    digest.update(Path(__file__).read_bytes())
    for package in ("rover", "sim"):
        for path in sorted((root / package).rglob("*kernels.py")):
            digest.update(str(path.relative_to(root)).encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
