"""The real command, in a folder of its own with an empty home."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from rover.core.jit import cache_folder

Command = Callable[..., subprocess.CompletedProcess[str]]

FARSIDE = Path(sys.executable).with_name("farside")


def environment(home: Path) -> dict[str, str]:
    """Return a clean environment; kernels compiled by the tests before are used again."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    cache = cache_folder()
    assert cache is not None
    return {**kept, "HOME": str(home), "NUMBA_CACHE_DIR": str(cache.parent)}


@pytest.fixture
def farside(tmp_path: Path) -> Command:
    """Run `farside` with the words given, in `tmp_path / "work"`."""
    home, work = tmp_path / "home", tmp_path / "work"
    home.mkdir()
    work.mkdir()

    def run(*words: object, **options: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [FARSIDE, *map(str, words)],
            cwd=work,
            env={**environment(home), **options.pop("env", {})},  # type: ignore[dict-item]
            capture_output=True,
            text=True,
            timeout=300,
            **options,  # type: ignore[call-overload]
        )

    return run


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """The folder that `farside` runs in."""
    return tmp_path / "work"
