"""What a campaign costs beside its runs: overhead, parallel efficiency and memory.

    python benchmarks/bench_campaign.py [--runs 100] [--workers 1 2] [--scenario campaign-short]

The same runs with each number of workers, in a folder of its own. `runs s` is the sum of what the runs took by their
own clocks, `overhead` what workers were there for beyond that: workers times wall over it, less one; the first run of
each worker, in which kernels are loaded, and the end, at which workers wait for the last run, are in it. `efficiency`
is the time of one worker over that of all, by the wall, and takes in what runs slow each other down. MiB are those of
the largest worker after a tenth, a half and all of the runs. Another load on the machine shows in all of them.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import os
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from sim.campaign.campaign import run_campaign
from sim.campaign.identity import plan_campaign
from sim.campaign.journal import JOURNAL, read_journal


@dataclass
class Watch:
    """Memory of the workers as runs end."""

    runs: int
    held_mib: dict[int, float] = field(default_factory=dict)

    def told(self, ended: int, _done: int) -> None:
        if ended in {max(1, self.runs // 10), self.runs // 2, self.runs}:
            children = [child.pid for child in multiprocessing.active_children()]
            self.held_mib[ended] = max(resident_mib(pid) for pid in children or [os.getpid()])


def resident_mib(pid: int | None) -> float:
    """Return what a process holds, NaN where /proc does not tell."""
    try:
        for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    return math.nan


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--scenario", default="campaign-short")
    asked = parser.parse_args()
    campaign = plan_campaign(asked.scenario, seed=1, varied=(), settings=())
    tables: set[bytes] = set()
    alone_s = None
    print("workers   wall s   runs s  s a run  overhead  efficiency  MiB after a tenth, half, all")
    for workers in asked.workers:
        watch = Watch(asked.runs)
        with tempfile.TemporaryDirectory() as folder:
            out = Path(folder) / "c"
            began = time.perf_counter()
            run_campaign(campaign, out, runs=asked.runs, workers=workers, told=watch.told)
            wall_s = time.perf_counter() - began
            own_s = math.fsum(one.wall_s for one in read_journal(out / JOURNAL).ended)
            tables.add((out / "results.csv").read_bytes())
        alone_s = wall_s if workers == 1 else alone_s
        efficiency = "-" if alone_s is None else f"{100 * alone_s / (workers * wall_s):.1f} %"
        held = ", ".join(f"{mib:.0f}" for mib in watch.held_mib.values())
        overhead = 100 * (workers * wall_s / own_s - 1)
        figures = f"{wall_s:8.1f} {own_s:8.1f} {own_s / asked.runs:8.2f} {overhead:7.1f} %"
        print(f"{workers:7d} {figures} {efficiency:>11}  {held}", flush=True)
    print("the tables are the same bytes" if len(tables) == 1 else f"{len(tables)} different tables")


if __name__ == "__main__":
    main()
