"""What the rows of `bench_search.py` say of the figures that the search is held to, a line each."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from search_solvers import OURS

Row = dict[str, Any]

PREPARED, PYASTAR = "prepared", "pyastar2d"
OTHERS = ("dijkstra3d", "dijkstra3d-2", "semita", "tcod", "skimage", "xrspatial")
"""Peers beside pyastar2d, of which the fastest counts."""
QUERIES = 10
MOST_BYTES = 16.0

WAYS = ("corners", "pairs")


def figures(rows: list[Row]) -> Iterator[str]:
    """Yield a line for each figure that the rows tell of, by sizes."""
    for size in sorted({row["size"] for row in rows}):
        held = Held([row for row in rows if row["size"] == size])
        for task in WAYS:
            yield from held.first_queries(task)
        for task in WAYS:
            yield from held.prepared(task)
        yield from held.fields()
        yield from held.mazes()
        yield from held.memory()


class Held:
    """The rows of one size."""

    def __init__(self, rows: list[Row]) -> None:
        self._rows = rows
        self._size = rows[0]["size"]

    def first_queries(self, task: str) -> Iterator[str]:
        """A query on a map that nothing was made ready of, in a process that is warm and in one that is not."""
        peer, ours = self._row(task, PYASTAR), self._row(task, OURS)
        if peer:
            yield self._line(f"{task}: a first query, over pyastar2d", peer["ratio"], 5, _cold(peer, ours))
        fastest = self._fastest(task, OTHERS)
        if fastest:
            what = f"{task}: a first query, over the fastest other, {fastest['solver']}"
            yield self._line(what, fastest["ratio"], 3, f"goal 5; {_cold(fastest, ours)}")

    def prepared(self, task: str) -> Iterator[str]:
        peer, ours = self._row(task, PYASTAR, against=PREPARED), self._row(task, PREPARED)
        if not (peer and ours):
            return
        yield self._line(
            f"{task}: a query on a prepared map, over pyastar2d", peer["ratio"], 12, _queries(peer)
        )
        preparing_s = ours["prepare_s"] + QUERIES * peer["ours_s"]
        yield self._line(
            f"{task}: {QUERIES} pyastar2d queries over preparing and {QUERIES} of ours",
            QUERIES * peer["warm_s"] / preparing_s,
            1,
            f"{QUERIES * peer['warm_s']:.2f} s over {preparing_s:.2f} s",
        )

    def fields(self) -> Iterator[str]:
        semita = self._row("field", "semita")
        if semita:
            yield self._line(
                "field: over semita", semita["ratio"], 5, _cold(semita, self._row("field", OURS))
            )

    def mazes(self) -> Iterator[str]:
        for task in sorted({row["task"] for row in self._rows if row["task"].startswith("maze")}):
            fastest = self._fastest(task, (PYASTAR, *OTHERS))
            if fastest:
                what = f"{task}: over the fastest peer, {fastest['solver']}"
                yield self._line(what, fastest["ratio"], 2, _cold(fastest, self._row(task, OURS)))

    def memory(self) -> Iterator[str]:
        for row in self._rows:
            if row["solver"] == OURS and row["task"] != "field":
                used = row["bytes_per_cell"]
                yield self._line(
                    f"{row['task']}: bytes per cell of a first query", used, MOST_BYTES, "", least=False
                )

    def _row(self, task: str, solver: str, *, against: str = OURS) -> Row | None:
        fitting = (task, solver, against)
        found = (row for row in self._rows if (row["task"], row["solver"], row["against"]) == fitting)
        return next(found, None)

    def _fastest(self, task: str, solvers: tuple[str, ...]) -> Row | None:
        found = [row for row in (self._row(task, solver) for solver in solvers) if row]
        return min(found, key=lambda row: float(row["ratio"]), default=None)

    def _line(self, what: str, value: float, bound: float, more: str, *, least: bool = True) -> str:
        met = "met" if (value >= bound if least else value <= bound) else "NOT MET"
        side = "at least" if least else "at most"
        return f"{self._size:>5} {what}: {value:.2f} ({side} {bound:g}: {met}){f'; {more}' if more else ''}"


def _queries(row: Row) -> str:
    return f"{row['warm_s']:.4f} s over {row['ours_s']:.4f} s, {row['queries']} queries"


def _cold(peer: Row, ours: Row | None) -> str:
    """Warm times, and those of the first query of each process, whose memory is fresh and kernels are loaded."""
    warm = _queries(peer)
    if ours is None:
        return warm
    return f"{warm}; in a fresh process {peer['first_s']:.3f} s over {ours['first_s']:.3f} s"
