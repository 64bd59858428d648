"""Drive a scenario twice, the second time with a smaller battery, and compare.

`load_scenario` takes a path or a bundled name and the same `key=value` settings as `--set`; `run_scenario` returns a
`RunLog` with the summary, the telemetry columns and the events. With 130 Wh the rover of `short-hop` drives through.
With 40 Wh it must keep most of its charge for the night to come, so it drives a little, waits in the Sun until it is
charged, and needs hours instead. The figure shows distance and charge against time.

    python examples/drive_a_scenario.py [FIGURE.png]
"""

from __future__ import annotations

import sys
from pathlib import Path

from matplotlib.figure import Figure

from sim.run.closed_loop import run_scenario
from sim.run.runlog import RunLog
from sim.run.scenario import load_scenario

BATTERIES_WH = (130, 40)


def main(figure: Path) -> None:
    logs = {}
    for battery_wh in BATTERIES_WH:
        scenario = load_scenario("short-hop", settings=[f"vehicle.battery_wh={battery_wh}"])
        logs[f"{battery_wh} Wh"] = run_scenario(scenario)
    for name, log in logs.items():
        hours = log.summary["elapsed_s"] / 3600
        print(f"{name}: {log.outcome}, {log.summary['distance_m']:.0f} m in {hours:.1f} h")
    draw(logs).savefig(figure, dpi=110)


def draw(logs: dict[str, RunLog]) -> Figure:
    """Return distance and state of charge of each run against time."""
    figure = Figure(figsize=(8, 5), layout="constrained")
    distance, charge = figure.subplots(2, 1, sharex=True)
    for name, log in logs.items():
        hours = log.telemetry["time_s"] / 3600
        distance.plot(hours, log.telemetry["distance_m"], label=name)
        charge.plot(hours, 100 * log.telemetry["soc"], label=name)
    distance.set_ylabel("driven (m)")
    charge.set_ylabel("state of charge (%)")
    charge.set_xlabel("time since the start (h)")
    distance.legend(title="battery")
    return figure


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "drive_a_scenario.png"))
