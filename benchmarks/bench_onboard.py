"""What a cycle on board takes, and how many times faster than real time a drive with cameras is.

    python benchmarks/bench_onboard.py [--scenario short-hop] [--set KEY=VALUE ...] [--drivers path arcs] [--again]

The scenario's drive with `senses = "real"`: stereo depth of 256 columns as the image on board. A row for each driver,
over the decisions that look:

- `image`, making what the cameras see and matching it, the simulator's part;
- `map`, what the rover makes of it: place, local map; `plan`, the executive: maps, way, arcs, faults;
- `cycle`, map and plan together, `with image` all three; medians, and `95 %` what one in twenty exceeds;
- `drive`, the time that the rover is driving, over the time that the run takes, all included but preparation. What it
  waits, charges, naps or sleeps does not count: a night would make any program fast.

A first drive of ten commands is thrown away, in which kernels are compiled or loaded; `--again` drives a second time.
Another load on the machine shows in all of them.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rover.core.boundary import Mode
from rover.onboard import executive
from sim.run import closed_loop_mind
from sim.run.closed_loop import run_scenario
from sim.run.runlog import RunLog
from sim.run.scenario import Scenario, load_scenario
from sim.sensors.suite import SensorSuite

GOALS_S = {"cycle": 0.15, "with image": 0.18}


@dataclass
class Watch:
    """Seconds of each part of a cycle, of decisions that look."""

    image: list[float] = field(default_factory=list)
    mapped: list[float] = field(default_factory=list)
    planned: list[float] = field(default_factory=list)
    looking: bool = False

    def timed(self, work: Callable[..., Any], into: list[float]) -> Callable[..., Any]:
        """Return work that notes how long it takes where the rover looks."""

        def noted(*given: Any, **told: Any) -> Any:
            self.looking = bool(told.get("looking", self.looking))
            begin = time.perf_counter()
            answer = work(*given, **told)
            if self.looking:
                into.append(time.perf_counter() - begin)
            return answer

        return noted

    def rows(self) -> dict[str, list[float]]:
        """Return the parts and their sums; a glance on the way has an image and a map, and no plan."""
        whole = min(len(self.image), len(self.mapped), len(self.planned))
        cycles = [a + b for a, b in zip(self.mapped[:whole], self.planned[:whole], strict=True)]
        return {
            "image": self.image,
            "map": self.mapped,
            "plan": self.planned,
            "cycle": cycles,
            "with image": [a + b for a, b in zip(self.image[:whole], cycles, strict=True)],
        }


@contextmanager
def watched() -> Iterator[Watch]:
    """Have the parts of every decision timed."""
    watch = Watch()
    observe, perceive, step = SensorSuite.observe, closed_loop_mind.perceive, executive.step
    SensorSuite.observe = watch.timed(observe, watch.image)  # type: ignore[method-assign]
    closed_loop_mind.perceive = watch.timed(perceive, watch.mapped)
    executive.step = watch.timed(step, watch.planned)
    try:
        yield watch
    finally:
        SensorSuite.observe = observe  # type: ignore[method-assign]
        closed_loop_mind.perceive, executive.step = perceive, step


def drive(scenario: Scenario, commands: int | None) -> tuple[Watch, float, RunLog]:
    """Return the times of a drive, how long it took, and its log."""
    count = 0

    def stop() -> bool:
        nonlocal count
        count += 1
        return commands is not None and count > commands

    with watched() as watch:
        begin = time.perf_counter()
        log = run_scenario(scenario, stop=stop)
        took = time.perf_counter() - begin
    return watch, took, log


def driving_s(log: RunLog) -> float:
    """Return the seconds between samples that end with the rover driving."""
    told = log.telemetry
    driving = told["mode"][1:] == log.modes.index(Mode.DRIVE.value)
    return float(np.diff(told["time_s"])[driving].sum())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scenario", default="short-hop")
    parser.add_argument("--set", dest="settings", action="append", default=[])
    parser.add_argument("--drivers", nargs="+", choices=("path", "arcs"), default=["path", "arcs"])
    parser.add_argument("--again", action="store_true")
    asked = parser.parse_args()
    for driver in asked.drivers:
        settings = ["senses=real", f"driver={driver}", *asked.settings]
        scenario = load_scenario(asked.scenario, settings=settings)
        drive(scenario, 10)
        for _ in range(2 if asked.again else 1):
            watch, took, log = drive(scenario, None)
            told = log.telemetry
            print(
                f"{driver}: {log.outcome.value}, {float(told['distance_m'][-1]):.1f} m, {len(watch.planned)} cycles"
            )
            for name, times in watch.rows().items():
                late = statistics.quantiles(times, n=20)[-1]
                goal = f"   asked {GOALS_S[name]:.2f}" if name in GOALS_S else ""
                print(f"  {name:<12}{statistics.median(times):7.3f} s   95 % {late:7.3f} s{goal}")
            span_s = driving_s(log)
            print(
                f"  drive       {span_s / took:7.0f} times faster than real time ({span_s:.0f} s in {took:.1f} s)"
            )


if __name__ == "__main__":
    main()
