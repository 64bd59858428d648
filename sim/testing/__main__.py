"""Run checks of a planner by one command: `python -m sim.testing PLANNER --check NAME --seed S --kind KIND`.

Exit status: 0 where all pass, 8 where one fails, 2 for a planner, check, kind, seed or budget that there is not.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from rover.core.errors import FarsideError
from sim.testing.case import Budget
from sim.testing.kinds import terrain_kinds
from sim.testing.kit import SEEDS, PlannerCheckError, check_planner
from sim.testing.picture import PICTURES
from sim.testing.registry import CHECKS

_FAILED, _REFUSED = 8, 2


def main(words: Sequence[str] | None = None) -> int:
    """Check a planner, or list the checks; return the exit status."""
    asked = _parser().parse_args(words)
    if asked.list:
        for check in CHECKS.values():
            print(f"{check.name:16} {check.holds_to}")
        return 0
    try:
        report = check_planner(
            asked.planner,
            checks=asked.check or None,
            seeds=asked.seed or SEEDS,
            kinds=asked.kind or None,
            budget=Budget(time_s=asked.time_s, memory_mib=asked.memory_mib, stop_s=asked.stop_s),
            fail_fast=asked.fail_fast,
            pictures=asked.pictures,
        )
    except PlannerCheckError as error:
        print(error)
        return _FAILED
    except (FarsideError, ValueError) as error:
        print(error, file=sys.stderr)
        return _REFUSED
    print(report)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m sim.testing", description="Hold a planner to what it claims."
    )
    parser.add_argument("planner", nargs="?", default="astar", help="NAME, MODULE:CLASS or FILE.py:CLASS")
    parser.add_argument(
        "--check", action="append", choices=list(CHECKS), help="only this one; may be repeated"
    )
    parser.add_argument("--seed", action="append", type=int, help="only this one; may be repeated")
    parser.add_argument("--kind", action="append", choices=terrain_kinds(), help="likewise")
    usual = Budget()
    for option, what, held in (
        ("--time-s", "seconds for a question", usual.time_s),
        ("--memory-mib", "MiB for a question", usual.memory_mib),
        ("--stop-s", "seconds after which a question is given up", usual.stop_s),
    ):
        parser.add_argument(option, type=_budget, default=held, help=f"{what}, {held:g}")
    parser.add_argument("--fail-fast", action="store_true", help="stop at the first failure")
    parser.add_argument("--pictures", default=PICTURES, help="folder for pictures of failures")
    parser.add_argument("--list", action="store_true", help="list the checks")
    return parser


def _budget(text: str) -> float:
    value = float(text)
    if not value >= 0.0:
        raise argparse.ArgumentTypeError(f"{text}: give 0 or more")
    return value


if __name__ == "__main__":
    sys.exit(main())
