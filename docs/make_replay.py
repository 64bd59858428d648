"""Make the README's replay anew: a drive by stereo through boulders that the orbital map does not show."""

from __future__ import annotations

from pathlib import Path

from sim.run.closed_loop import run_scenario
from sim.run.runlog import Outcome
from sim.run.scenario import load_scenario
from sim.view.replay import save_replay

HERE = Path(__file__).parent
REPLAY = HERE / "figures" / "replay.gif"
MOST_BYTES, FRAMES = 1_500_000, 30


def main() -> None:
    log = run_scenario(load_scenario(str(HERE / "boulders.toml")))
    if log.outcome is not Outcome.ARRIVED or log.violations:
        raise SystemExit(f"not a drive to show: {log.outcome}, {log.reason}; {list(log.violations)}")
    save_replay(log, REPLAY, frames=FRAMES)
    size = REPLAY.stat().st_size
    if size > MOST_BYTES:
        raise SystemExit(f"{REPLAY}: {size} bytes are more than {MOST_BYTES}; show fewer frames")
    print(f"{REPLAY.name}: {log.summary['distance_m']:.1f} m driven, {size} bytes")


if __name__ == "__main__":
    main()
