"""`farside synth` and `farside terrain`: what stops them leaves nothing half-written, and is said."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rover.io.raster import write_dem
from sim.cli import main
from sim.cli.progress import HungUp, Interrupted, Terminated
from tests.builders.ground_commands import SMALL, names
from tests.builders.scenes import dem_of
from tests.sim.cli.conftest import FARSIDE, Command, environment

INTERRUPT = (signal.SIGINT, 130, "interrupted")
TERMINATE = (signal.SIGTERM, 143, "terminated")
HANG_UP = (signal.SIGHUP, 129, "hung up")


def slow(stop: tuple[signal.Signals, int, str]) -> Any:
    """All signals are told apart in one place: what one of them leaves of a command, the others do."""
    return pytest.param(*stop, marks=pytest.mark.slow)


# Being stopped


def stopped(
    folder: Path, number: signal.Signals, words: list[object], *, when: Any
) -> subprocess.CompletedProcess[str]:
    (folder / "home").mkdir()
    with subprocess.Popen(
        [FARSIDE, *map(str, words)],
        cwd=folder,
        env=environment(folder / "home"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        for _ in range(1200):
            if when(process.pid):
                break
            time.sleep(0.05)
        process.send_signal(number)
        output, errors = process.communicate(timeout=60)
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)


def cpu_s(pid: int) -> float:
    """Seconds of work that a process has done; those that passed say little on a busy machine."""
    told = subprocess.run(["ps", "-o", "time=", "-p", str(pid)], capture_output=True, text=True, check=False)
    days, _, clock = told.stdout.strip().rpartition("-")
    seconds = 0.0
    for part in clock.split(":"):
        seconds = 60 * seconds + float(part or 0)
    return 86_400 * float(days or 0) + seconds


@pytest.mark.parametrize(("number", "status", "word"), [INTERRUPT, TERMINATE, HANG_UP])
def test_synth_says_that_it_was_stopped(
    tmp_path: Path, number: signal.Signals, status: int, word: str
) -> None:
    words = [
        "synth",
        "von-karman",
        "--window",
        "0,0,9000,9000",
        "--resolution",
        "0.5",
        "-q",
        "--out",
        "a.tif",
    ]
    done = stopped(tmp_path, number, words, when=lambda _: any(tmp_path.glob(".a*.tif")))
    assert done.returncode == status, done.stderr
    assert done.stderr == f"farside: {word}: nothing more is written, and no file is left unfinished\n"
    assert done.stdout == ""
    assert names(tmp_path) == ["home"]


@pytest.mark.parametrize(("number", "status", "word"), [slow(INTERRUPT), TERMINATE])
def test_a_dem_that_is_whole_stays_when_its_rocks_are_stopped(
    tmp_path: Path, number: signal.Signals, status: int, word: str
) -> None:
    words = ["synth", "von-karman", "--window", "0,0,9000,9000", "--resolution", "100", "-q"]
    words += ["--out", "a.tif", "--rocks", "r.csv"]
    done = stopped(tmp_path, number, words, when=lambda _: any(tmp_path.glob(".r*.csv")))
    assert done.returncode == status, done.stderr
    assert done.stderr.splitlines()[-1].startswith(f"farside: {word}: nothing more is written")
    assert names(tmp_path) == ["a.tif", "home"]
    assert done.stdout.startswith("a.tif: 90 x 90 cells")


@pytest.mark.parametrize(("number", "status", "word"), [INTERRUPT, slow(TERMINATE)])
def test_terrain_says_that_it_was_stopped(
    tmp_path: Path, number: signal.Signals, status: int, word: str
) -> None:
    heights = np.random.default_rng(1).normal(0, 1, (3000, 3000)).cumsum(axis=0)
    write_dem(dem_of(heights), tmp_path / "dem.npz")
    words = ["terrain", "dem.npz", "--out", "a.json", "--plot", "a.png"]
    done = stopped(tmp_path, number, words, when=lambda pid: cpu_s(pid) > 3)
    assert done.returncode == status, done.stderr
    assert done.stderr.splitlines()[-1].startswith(f"farside: {word}: nothing more is written")
    assert "Traceback" not in done.stderr
    assert names(tmp_path) == ["dem.npz", "home"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_a_signal_that_the_caller_ignores_is_ignored(tmp_path: Path, number: signal.Signals) -> None:
    (tmp_path / "home").mkdir()
    with subprocess.Popen(
        [FARSIDE, "synth", "von-karman", *SMALL, "-q", "--out", "a.tif"],
        cwd=tmp_path,
        env=environment(tmp_path / "home"),
        preexec_fn=lambda: signal.signal(number, signal.SIG_IGN),
    ) as process:
        for _ in range(20):
            process.send_signal(number)
            time.sleep(0.05)
        assert process.wait(timeout=60) == 0


@pytest.mark.parametrize(
    ("stop", "status", "word"),
    [(Interrupted, 130, "interrupted"), (Terminated, 143, "terminated"), (HungUp, 129, "hung up")],
)
def test_a_signal_while_a_module_is_imported_is_no_bug(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    stop: type[BaseException],
    status: int,
    word: str,
) -> None:
    """Python up to 3.11 wraps what is raised while a class gives its attributes their names."""

    def imported(**_: object) -> None:
        raise RuntimeError("Error calling __set_name__") from stop()

    monkeypatch.setattr(main, "app", imported)
    assert main._status() == status
    assert capsys.readouterr().err.startswith(f"farside: {word}: ")


def test_a_signal_that_a_library_makes_an_error_of_its_own_of_is_no_bug(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As pydantic's core does while it builds a model: the error has no cause."""
    monkeypatch.setattr(main, "_STOPS_RAISED", [])

    def built(**_: object) -> None:
        try:
            main._stop(signal.SIGINT, None)
        except Interrupted:
            raise RuntimeError('Error building "model" validator') from None

    monkeypatch.setattr(main, "app", built)
    assert main._status() == 130
    assert capsys.readouterr().err.startswith("farside: interrupted: ")


def test_what_is_said_of_a_stop_to_a_terminal_that_is_gone_is_no_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A hang-up is told when stderr has gone with the terminal; the status still says what it was."""

    def stopped(**_: object) -> None:
        raise HungUp

    monkeypatch.setattr(main, "app", stopped)
    with open("/dev/full", "w", buffering=1) as gone:
        monkeypatch.setattr("sys.stderr", gone)
        assert main._status() == 129
        monkeypatch.undo()
        with contextlib.suppress(OSError):
            gone.close()


# A full disk


@pytest.mark.parametrize("extension", [".npz", ".asc"])
def test_a_full_disk_leaves_no_part_of_a_grid(farside: Command, work: Path, extension: str) -> None:
    def small_files() -> None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))

    words = ("--window", "0,0,600,600", "--resolution", "2", "--out", f"a{extension}")
    done = farside("synth", "von-karman", *words, preexec_fn=small_files)
    assert done.returncode == 5, done.stderr
    assert done.stderr.splitlines()[-1].startswith(
        f"farside: error[OUTPUT]: a{extension}: cannot be written: "
    )
    assert names(work) == []


def test_a_full_standard_output_is_named() -> None:
    """Its errors come without a name, and from whatever part of a command prints."""
    for unbuffered in ("", "1"):
        for words in (("sky", "--at", "2019-01-03T02:26Z"), ("--help",)):
            with open("/dev/full", "w") as full:
                done = subprocess.run(
                    [FARSIDE, *words],
                    stdout=full,
                    stderr=subprocess.PIPE,
                    text=True,
                    env={**os.environ, "PYTHONUNBUFFERED": unbuffered},
                )
            assert done.returncode == 5
            assert done.stderr == (
                "farside: error[RESOURCE]: standard output: No space left on device; "
                "check the disk and the permissions\n"
            )
