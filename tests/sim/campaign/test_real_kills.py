"""A campaign of real drives, killed with `kill -9` again and again, comes to the bytes of one that was left alone."""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sim.campaign.journal import JOURNAL, read_journal
from sim.campaign.results import ABOUT, CSV, NPZ

WORDS = ("campaign", "campaign-short", "--seed", "1", "--runs", "24", "-q",
         "--vary", "power.initial_soc=uniform(0.5, 0.9)",
         "--set", "goal_m=[-9.0, 9.0]", "--set", "terrain.size_m=60.0")  # fmt: skip
"""Drives of a few metres, a second each."""

LONGEST_S = 8.0
"""Kills come by then: while the command begins, in the middle of runs, and as they are written down."""


def begun(folder: Path, *words: str) -> subprocess.Popen[bytes]:
    main = "from sim.cli.main import main; main()"
    command = [sys.executable, "-c", main, *WORDS, "--out", str(folder), *words]
    return subprocess.Popen(
        command, cwd=folder.parent, start_new_session=True, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL
    )


def bytes_of(folder: Path) -> list[bytes]:
    return [(folder / name).read_bytes() for name in (CSV, NPZ, ABOUT)]


def ends(running: subprocess.Popen[bytes]) -> None:
    told = running.communicate()[1]
    assert running.returncode == 0, told


def kill_and_go_on(tmp_path: Path, kills: int, workers: str) -> None:
    undisturbed, folder, chance, killed, kept = (
        tmp_path / "undisturbed",
        tmp_path / "c",
        random.Random(5),
        0,
        0,
    )
    ends(begun(undisturbed))
    expected = bytes_of(undisturbed)
    while killed < kills:
        running = begun(folder, "--resume", "--workers", workers)
        try:
            running.wait(chance.uniform(0.0, LONGEST_S))
        except subprocess.TimeoutExpired:
            os.killpg(running.pid, signal.SIGKILL)
        told = running.communicate()[1]
        killed += running.returncode == -signal.SIGKILL
        if (folder / JOURNAL).exists():
            now = len(read_journal(folder / JOURNAL).ended)
            assert now >= kept, "what was written down is lost"
            kept = now
        if running.returncode == 0:
            assert bytes_of(folder) == expected
            shutil.rmtree(folder)
            kept = 0
        else:
            assert running.returncode == -signal.SIGKILL, told
    ends(begun(folder, "--resume", "--workers", workers))
    assert bytes_of(folder) == expected


@pytest.mark.slow
@pytest.mark.parametrize(("kills", "workers"), [(200, "1"), (40, "2")])
def test_real_runs_come_to_the_same_however_often_they_are_killed(
    tmp_path: Path, kills: int, workers: str
) -> None:
    kill_and_go_on(tmp_path, kills, workers)
