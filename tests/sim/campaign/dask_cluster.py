"""A real Dask scheduler and workers, as processes."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from distributed import Client

ROOT = Path(__file__).parents[3]
_PATIENCE_S = 60.0


class Cluster:
    """A scheduler, and workers of one thread that nobody starts anew when they die.

    Args:
        folder: For what they write.
        deaths: Of workers that a run may outlive before Dask gives it up.
    """

    def __init__(self, folder: Path, *, deaths: int = 1) -> None:
        self._folder = folder
        self._file = folder / "scheduler.json"
        self._environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
            "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": str(deaths),
        }
        self.workers: list[subprocess.Popen[bytes]] = []
        words = ["--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--scheduler-file", str(self._file)]
        self.scheduler = self._start("dask_scheduler", *words)
        until = time.monotonic() + _PATIENCE_S
        while not self._file.exists():
            assert self.scheduler.poll() is None and time.monotonic() < until
            time.sleep(0.02)
        self._client = Client(scheduler_file=str(self._file), set_as_default=False)
        self.address: str = self._client.scheduler.address

    def _start(self, command: str, *words: str) -> subprocess.Popen[bytes]:
        with (self._folder / f"{command}.log").open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", f"distributed.cli.{command}", *words],
                env=self._environment,
                cwd=self._folder,  # not where campaigns are begun from
                stdout=log,
                stderr=log,
            )

    def have(self, workers: int) -> None:
        """Start workers until there are so many, and wait for them."""
        self.workers = [worker for worker in self.workers if worker.poll() is None]
        words = ("--host", "127.0.0.1", "--nthreads", "1", "--no-nanny", "--no-dashboard")
        while len(self.workers) < workers:
            self.workers.append(self._start("dask_worker", "--scheduler-file", str(self._file), *words))
        until = time.monotonic() + _PATIENCE_S
        while len(self._client.nthreads()) != workers:
            assert time.monotonic() < until
            time.sleep(0.05)

    def kill_workers(self) -> None:
        """Kill all of them."""
        for worker in self.workers:
            worker.kill()
            worker.wait()

    def end(self) -> None:
        """Kill all of it."""
        self._client.close(timeout=1)
        self.kill_workers()
        self.scheduler.kill()
        self.scheduler.wait()
