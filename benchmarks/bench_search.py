"""Time the grid search beside peers: ways and fields on seeded fractal ground, ways through mazes.

    python benchmarks/bench_search.py [--sizes 1024 2048 4096] [--peers-python PYTHON] [--json FILE]
        [--solvers ...] [--tasks corners pairs field maze] [--pairs 20] [--corridors 1 8] [--repeats 5] [--seed 1]
        [--budget 40]

Ground costs 1 + (slope / 10 deg)^2 and is lethal over 20 deg; mazes have corridors that cost 1 a cell. Tasks:

- `corners`: between the ends of the longest diagonal of the largest ground that hangs together;
- `pairs`: seeded random pairs of its cells, each once; all times are medians over the pairs;
- `field`: costs from the first of the corners to every cell;
- `maze`: as `corners`, through a maze of each width of corridor.

Each peer (semita, pyastar2d, dijkstra3d with its A* and from both ends, tcod, scikit-image, xarray-spatial, scipy)
goes by its own rule of costs on the same cells (`search_solvers.py`). Ours and scipy run in this interpreter, the
others in `--peers-python`, where they may be installed apart: `pip install numpy semita pyastar2d dijkstra3d tcod
scikit-image xarray-spatial`. What is not installed there is left out.

Every row is a process of its own, and one of ours takes turns with it: a query of ours, one of the row's, so that
whatever else the machine does falls on both. `load` is importing and answering on two 3 x 3 maps, one of them of one
cost (compiling, where a kernel cache is empty), `prepare` making ready with the map, `first` the first query, `warm`
the median of the others, `ours` the median of our queries between. `ratio` is warm over ours, of pairs the median of
each, and `cpu` the same of the time that processors were at it, which others at work disturb less. `B/cell` is the
peak memory from before `prepare` until the queries' end, the map itself not counted. `cost` is the way's cost over
ours by the row's own rule and `length` its length over ours.

No query is begun after `--budget` seconds of a row, but for the first and three more, so that slow peers are asked of
the first pairs only: `n` is how many times there are. Where both are asked for, `pyastar2d*` is timed in turns with
queries of a prepared map instead, whose time is in `ours`. After the rows come the figures that the search is held to,
a line each (`search_figures.py`).

Every answer is looked at, also those of ours in the rows of others: a way joins start and goal over free cells by
neighbours, cuts no corner where the rule forbids it, and costs what it says it does; by its own rule it costs no more
than ours does; a solver with our rule costs the same to 1e-9, and so do fields at the far corner.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from search_figures import PREPARED, PYASTAR, WAYS, figures
from search_maps import Cell, corner_to_corner, fractal_costs, largest_part, maze_costs, random_pairs
from search_process import Answer, NoAnswerError, Query, Worker
from search_solvers import FIELDS, OURS, SOLVERS

TASKS = ("corners", "pairs", "field", "maze")
HEADS = (
    "size",
    "task",
    "solver",
    "load",
    "prepare",
    "first",
    "warm",
    "ours",
    "ratio",
    "cpu",
    "B/cell",
    "expanded",
    "n",
)
WIDTHS = (5, 9, 13, 6, 8, 8, 8, 8, 7, 6, 7, 9, 3)
COLUMNS = " ".join(f"{head:>{width}}" for head, width in zip(HEADS, WIDTHS, strict=True)) + "    cost  length"
ROUNDED = {"tcod": 2e-2, "pyastar2d": 1e-4, "dijkstra3d": 1e-4, "dijkstra3d-2": 1e-4}
"""How far over ours a way may be by the solver's own rule, for the numbers that it counts in."""

LEAST_QUERIES = 3
"""After the first."""


class Bench:
    """One map and the rows on it."""

    def __init__(
        self, asked: argparse.Namespace, folder: Path, task: str, cost: np.ndarray[Any, Any]
    ) -> None:
        self._asked, self._folder, self._task, self._size = asked, folder, task, len(cost)
        self._file = folder / "map.npy"
        np.save(self._file, cost)
        self._cells = largest_part(cost)

    def __enter__(self) -> Bench:
        self._ours = Worker(OURS, self._file, sys.executable, self._asked.timeout)
        return self

    def __exit__(self, *_: object) -> None:
        self._ours.close()

    def queries(self, task: str) -> list[Query]:
        """Return what is asked, a first time included."""
        ends: list[tuple[Cell, Cell]] = [corner_to_corner(self._cells)] * (self._asked.repeats + 1)
        if task == "pairs":
            ends = [ends[0], *random_pairs(self._cells, self._asked.pairs, self._asked.seed)]
        kind = "field" if task == "field" else "path"
        return [{"task": kind, "start": start, "goal": goal} for start, goal in ends]

    def row(self, solver: str, task: str) -> dict[str, Any]:
        """Return the figures of one row.

        Raises:
            NoAnswerError: There are none.
        """
        most = SOLVERS[solver].most_cells
        if most is not None and self._size**2 > most:
            raise NoAnswerError(f"left out: more than {most} cells take it too long or too much memory")
        with self._worker(solver) as theirs:
            return self._row_of(solver, task, self._ours, theirs, OURS)

    def row_of_prepared(self, solver: str, task: str) -> dict[str, Any]:
        """Return the figures of a row that is timed in turns with queries of a prepared map."""
        with self._worker(PREPARED) as ours, self._worker(solver) as theirs:
            return self._row_of(solver, task, ours, theirs, PREPARED)

    def _worker(self, solver: str) -> Worker:
        python = sys.executable if SOLVERS[solver].at_home else self._asked.peers_python
        return Worker(solver, self._file, python, self._asked.timeout)

    def _row_of(self, solver: str, task: str, ours: Worker, theirs: Worker, against: str) -> dict[str, Any]:
        queries = self.queries(task)
        pairs = self._asked_in_turns(ours, theirs, queries)
        judged = self._judged(solver, queries[0]["task"], pairs)
        wall, cpu = (
            np.array([(mine[key], their[key]) for mine, their in pairs]) for key in ("seconds", "cpu_s")
        )
        ours_s, warm_s = (float(x) for x in np.median(wall[1:], axis=0))
        return {
            "size": self._size,
            "task": self._task if task == "maze" else task,
            "solver": solver,
            "against": against,
            "queries": len(pairs) - 1,
            "load_s": theirs.ready["load_s"],
            "prepare_s": theirs.ready["prepare_s"],
            "first_s": float(wall[0, 1]),
            "warm_s": warm_s,
            "ours_s": ours_s,
            "ratio": ratio_of(wall[1:], by_pair=task == "pairs"),
            "cpu_ratio": ratio_of(cpu[1:], by_pair=task == "pairs"),
            "bytes_per_cell": max(their["bytes"] for _, their in pairs) / self._size**2,
            "expanded": int(statistics.median(their["expanded"] for _, their in pairs[1:])) or None,
            **judged,
        }

    def _asked_in_turns(
        self, ours: Worker, theirs: Worker, queries: Sequence[Query]
    ) -> list[tuple[Answer, Answer]]:
        """Return the answers, as many as there is time for."""
        pairs: list[tuple[Answer, Answer]] = []
        for query in queries:
            spent_s = sum(answer["seconds"] for pair in pairs for answer in pair)
            if len(pairs) > LEAST_QUERIES and spent_s > self._asked.budget:
                break
            pairs.append(self._pair(ours, theirs, query))
        return pairs

    def _pair(self, ours: Worker, theirs: Worker, query: Query) -> tuple[Answer, Answer]:
        """Ask ours, then theirs; price our way by their rule."""
        saved = str(self._folder / "ours.npy") if query["task"] == "path" else None
        mine = ours.ask({**query, "save": saved})
        their = theirs.ask(query)
        if saved is not None:
            their["price_of_ours"] = theirs.ask({"task": "price", "path": saved})["price"]
        return mine, their

    @staticmethod
    def _judged(solver: str, kind: str, pairs: Sequence[tuple[Answer, Answer]]) -> dict[str, Any]:
        """Return how answers compare with ours, and what is wrong with them, if anything."""
        same = SOLVERS[solver].rule == SOLVERS[OURS].rule and not SOLVERS[solver].cuts_corners
        if kind == "field":
            over = max(their["price"] / mine["price"] for mine, their in pairs)
            least = min(their["price"] / mine["price"] for mine, their in pairs)
            wrong = same and not (abs(over - 1) <= 1e-9 and abs(least - 1) <= 1e-9)
            return {"cost": over, "length": None, "wrong": "not our field" if wrong else None}
        costs = [t["price"] / t["price_of_ours"] for _, t in pairs if t["price_of_ours"]]
        lengths = [t["length"] / m["length"] for m, t in pairs if m["length"]]
        wrong = None
        if not all(their["sane"] for _, their in pairs):
            wrong = "not a way"
        elif not all(mine["sane"] for mine, _ in pairs):
            wrong = "ours is not a way"
        elif max(costs) > 1 + ROUNDED.get(solver, 1e-9):
            wrong = "dearer than ours by its own rule"
        elif same and min(costs) < 1 - 1e-9:
            wrong = "cheaper than ours by our rule"
        return {"cost": max(costs), "length": statistics.median(lengths), "wrong": wrong}


def ratio_of(times: np.ndarray[Any, Any], *, by_pair: bool) -> float:
    """Return theirs over ours of (n, 2) times, ours first: of the medians, or the median of each pair's."""
    if by_pair:
        return float(np.median(times[:, 1] / np.maximum(times[:, 0], 1e-9)))
    ours, theirs = np.median(times, axis=0)
    return float(theirs / max(ours, 1e-9))


def as_line(row: dict[str, Any]) -> str:
    length = "" if row["length"] is None else f"{row['length']:>7.4f}"
    wrong = f"  WRONG: {row['wrong']}" if row["wrong"] else ""
    solver = row["solver"] + "*" * (row["against"] != OURS)
    return (
        f"{row['size']:>5} {row['task']:>9} {solver:>13} {row['load_s']:>6.2f} {row['prepare_s']:>8.3f} "
        f"{row['first_s']:>8.3f} {row['warm_s']:>8.4f} {row['ours_s']:>8.4f} "
        f"{row['ratio']:>7.2f} {row['cpu_ratio']:>6.2f} "
        f"{row['bytes_per_cell']:>7.1f} {row['expanded'] or '':>9} {row['queries']:>3} "
        f"{row['cost']:>7.4f} {length}{wrong}"
    )


def measure(bench: Bench, task: str, solvers: Sequence[str]) -> list[dict[str, Any]]:
    """Print and return the rows of one task."""
    rows = []
    for solver in [name for name in solvers if task != "field" or name in FIELDS]:
        try:
            rows.append(bench.row(solver, task))
        except NoAnswerError as error:
            print(f"{'':>15} {solver:>13} {error}", flush=True)
        else:
            print(as_line(rows[-1]), flush=True)
    if task in WAYS and {PREPARED, PYASTAR} <= {row["solver"] for row in rows}:
        rows.append(bench.row_of_prepared(PYASTAR, task))
        print(as_line(rows[-1]), flush=True)
    return rows


def run(asked: argparse.Namespace) -> list[dict[str, Any]]:
    """Print and return all rows."""
    rows = []
    print(COLUMNS, flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for size in asked.sizes:
            on_ground = [task for task in asked.tasks if task != "maze"]
            if on_ground:
                with Bench(asked, folder, "ground", fractal_costs(size, asked.seed)) as bench:
                    for task in on_ground:
                        rows += measure(bench, task, asked.solvers)
            for corridor in asked.corridors if "maze" in asked.tasks else ():
                maze = maze_costs(size, asked.seed, corridor, asked.loops)
                with Bench(asked, folder, f"maze {corridor}", maze) as bench:
                    rows += measure(bench, "maze", asked.solvers)
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=[1024, 2048, 4096])
    parser.add_argument("--tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--solvers", nargs="+", choices=list(SOLVERS), default=list(SOLVERS))
    parser.add_argument(
        "--peers-python", default=sys.executable, help="interpreter that peers are installed in"
    )
    parser.add_argument("--repeats", type=int, default=5, help="queries after the first")
    parser.add_argument("--pairs", type=int, default=20)
    parser.add_argument(
        "--corridors", type=int, nargs="+", default=[1, 8], help="widths of a maze's corridors, in cells"
    )
    parser.add_argument(
        "--loops", type=float, default=0.0, help="share of a maze's walls that is opened as well"
    )
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--timeout", type=float, default=600.0, help="seconds that a query may take")
    parser.add_argument(
        "--json", type=Path, metavar="FILE", help="write the rows, and the machine they are of"
    )
    parser.add_argument("--budget", type=float, default=40.0, help="seconds of a row, four queries at least")
    asked = parser.parse_args()
    rows = run(asked)
    print(*figures(rows), sep="\n")
    if asked.json:
        machine = {"machine": platform.processor() or platform.machine(), "cores": os.cpu_count()}
        load = {"load": os.getloadavg()[0], "python": platform.python_version()}
        asked.json.write_text(
            json.dumps({**machine, **load, "seed": asked.seed, "rows": rows}, indent=1) + "\n"
        )
    sys.exit(any(row["wrong"] for row in rows))


if __name__ == "__main__":
    main()
