"""The table of docs/testing_planners.md: what planners that people already use fail of the kit's checks.

    pip install farside pyastar2d scikit-image networkx
    python examples/adapters/table.py            # print the table
    python examples/adapters/table.py --write    # put it into the document

Each planner is held to all checks twice: with the claim that it finds the least cost, and without any claim. Where a
library is not installed, its row stays as it is in the document.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from rover.planning.problem import Claim
from rover.planning.registry import load_planner
from sim.testing import PlannerCheckError, check_planner

HERE = Path(__file__).parent
DOCUMENT = HERE.parents[1] / "docs" / "testing_planners.md"
BEGIN, END = "<!-- adapters -->", "<!-- end of adapters -->"
HEADER = (
    "| planner | version | fails as `optimal` | fails without a claim | why | s |",
    "|---|---|---|---|---|---|",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Peer:
    """A planner of `peers.py`: the module that it needs, its class, and why it fails what it fails."""

    module: str
    planner: str
    why: str

    @property
    def spec(self) -> str:
        """As planners are named."""
        return f"{HERE / 'peers.py'}:{self.planner}"

    @property
    def installed(self) -> bool:
        """Whether its library is here."""
        return importlib.util.find_spec(self.module) is not None


PEERS = {
    "pyastar2d": Peer(
        module="pyastar2d",
        planner="PyAstar2dPlanner",
        why="a move costs what the cell entered does, a diagonal no more than a step, in float32; diagonals "
        "pass between lethal cells",
    ),
    "scikit-image": Peer(
        module="skimage",
        planner="SkimagePlanner",
        why="the same rule of costs, but diagonals pass the corners of lethal cells: cheaper than what is safe",
    ),
    "scipy": Peer(
        module="scipy",
        planner="ScipyPlanner",
        why="the graph is made by the adapter, by the rule of the problem",
    ),
    "networkx": Peer(
        module="networkx",
        planner="NetworkxPlanner",
        why="likewise; the graph is Python objects, hence the time",
    ),
    "pure-python": Peer(
        module="heapq", planner="PlainPlanner", why="written to the rule; slow on maps larger than the kit's"
    ),
}


def failed_checks(peer: Peer, claims: frozenset[Claim], **options: object) -> list[str]:
    """Return the names of the checks that a planner fails with some claims, in their order."""
    planner = load_planner(peer.spec)
    planner.claims = claims
    try:
        check_planner(planner, pictures=None, **options)  # type: ignore[arg-type]
    except PlannerCheckError as error:
        return list(dict.fromkeys(failure.check for failure in error.failures))
    return []


def row_of(name: str, peer: Peer) -> str:
    """Return a planner's row, worked out anew."""
    begun = time.process_time()
    optimal, none = (
        failed_checks(peer, claims) for claims in (frozenset({Claim.OPTIMAL}), frozenset[Claim]())
    )
    took_s = time.process_time() - begun
    stated = sys.version.split()[0] if name == "pure-python" else version(name)
    return f"| {name} | {stated} | {in_cell(optimal)} | {in_cell(none)} | {peer.why} | {took_s:.0f} |"


def in_cell(checks: list[str]) -> str:
    """Return names of checks as they stand in the table."""
    return ", ".join(f"`{name}`" for name in checks) or "nothing"


def rows_in(document: str) -> dict[str, str]:
    """Return the rows of a document's table by planner."""
    table = document.partition(BEGIN)[2].partition(END)[0]
    return {line.split(" | ")[0].removeprefix("| "): line for line in table.strip().splitlines()[2:]}


def main() -> None:
    parser = argparse.ArgumentParser(description="What other planners fail of the kit's checks.")
    parser.add_argument("--write", action="store_true", help="put the table into docs/testing_planners.md")
    asked = parser.parse_args()
    document = DOCUMENT.read_text(encoding="utf-8")
    rows = rows_in(document)
    for name, peer in PEERS.items():
        if peer.installed:
            rows[name] = row_of(name, peer)
        print(rows.get(name, f"{name}: not installed"), flush=True)
    if asked.write:
        head, _, rest = document.partition(BEGIN)
        table = "\n".join([*HEADER, *(rows[name] for name in PEERS if name in rows)])
        DOCUMENT.write_text(f"{head}{BEGIN}\n{table}\n{END}{rest.partition(END)[2]}", encoding="utf-8")


if __name__ == "__main__":
    main()
