"""The real command, in a folder of its own with an empty home: as a process, or faster within this one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rover.core.jit import cache_folder
from sim.cli.main import main

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
    home.mkdir(exist_ok=True)
    work.mkdir(exist_ok=True)

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


@pytest.fixture
def farside_within(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Command]:
    """Run `farside` as `farside` does, but in this process, where most is imported already.

    All that the process prints is caught, also what libraries in C print.
    """
    (tmp_path / "home").mkdir(exist_ok=True)
    (tmp_path / "work").mkdir(exist_ok=True)
    monkeypatch.chdir(tmp_path / "work")
    cache_folder()  # found for the whole process, before it is told of another home
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}

    def run(*words: object) -> subprocess.CompletedProcess[str]:
        monkeypatch.setattr(sys, "argv", ["farside", *map(str, words)])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        output, errors = capfd.readouterr()
        return subprocess.CompletedProcess(sys.argv, ended.value.code, output, errors)

    yield run
    for number, handler in handlers.items():
        signal.signal(number, handler)
