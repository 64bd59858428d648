"""The process of one row of `bench_search.py`: reads a map, answers queries on stdin with a line of JSON each.

    python benchmarks/search_worker.py SOLVER MAP.npy

A query is {"task": "path" or "field", "start": [row, col], "goal": [row, col], "save": FILE or null} or
{"task": "price", "path": FILE}. Needs numpy and the solver's own package only.
"""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from search_solvers import SOLVERS, Solver, steps_of

NOT_INSTALLED = 3


def main() -> None:
    name, file = sys.argv[1:]
    try:
        began = time.perf_counter()
        for small in (np.ones((3, 3)), 1.0 + np.arange(9.0).reshape(3, 3)):  # one cost, and many
            SOLVERS[name](small).path((0, 0), (2, 2))
        load_s = time.perf_counter() - began
    except ImportError as error:
        print(error, file=sys.stderr)
        sys.exit(NOT_INSTALLED)
    cost = np.load(file)
    before = reset_peak()
    began = time.perf_counter()
    solver = SOLVERS[name](cost)
    say({"load_s": load_s, "prepare_s": time.perf_counter() - began})
    for line in sys.stdin:
        query = json.loads(line)
        answer = price(solver, cost, query) if query["task"] == "price" else timed(solver, cost, query)
        if "peak" in answer:
            answer["bytes"] = answer.pop("peak") - before
        say(answer)


def say(answer: dict[str, Any]) -> None:
    print(json.dumps(answer), flush=True)


def timed(solver: Solver, cost: np.ndarray[Any, Any], query: dict[str, Any]) -> dict[str, Any]:
    """Return the time of a query, and what can be said of the answer, looked at after the clock has stopped."""
    start, goal = tuple(query["start"]), tuple(query["goal"])
    field = query["task"] == "field"
    began, cpu = time.perf_counter(), time.process_time()
    answer = solver.field(start) if field else solver.path(start, goal)
    seconds, cpu_s = time.perf_counter() - began, time.process_time() - cpu
    peak = peak_bytes()  # before what is looked at below adds to it
    assert answer is not None, "no way"
    found = {"seconds": seconds, "cpu_s": cpu_s, "peak": peak, "expanded": getattr(solver, "expanded", 0)}
    if field:
        return {**found, "price": float(answer[goal])}
    if query.get("save"):
        np.save(query["save"], answer)
    return {**found, **told(solver, cost, answer, start, goal)}


def told(
    solver: Solver, cost: np.ndarray[Any, Any], path: np.ndarray[Any, Any], start: Any, goal: Any
) -> dict[str, Any]:
    """Say what a path costs and whether it is one."""
    ends = {tuple(int(i) for i in cell) for cell in (path[0], path[-1])}
    steps = np.abs(np.diff(path, axis=0))
    free = bool(np.isfinite(cost[path[:, 0], path[:, 1]]).all())
    sane = free and ends == {start, goal} and bool((steps.max(axis=1, initial=0) == 1).all())
    sane = sane and (solver.cuts_corners or not cuts_a_corner(cost, path))
    price = solver.price(cost, path)
    if solver.stated is not None:
        sane = sane and abs(solver.stated - price) <= 1e-9 * price
    return {"price": price, "length": float(steps_of(path).sum()), "sane": sane}


def cuts_a_corner(cost: np.ndarray[Any, Any], path: np.ndarray[Any, Any]) -> bool:
    """Tell whether a diagonal passes a lethal cell; of other steps these are the ends, which are free."""
    first, second = path[:-1], path[1:]
    beside = cost[first[:, 0], second[:, 1]], cost[second[:, 0], first[:, 1]]
    return not all(np.isfinite(prices).all() for prices in beside)


def price(solver: Solver, cost: np.ndarray[Any, Any], query: dict[str, Any]) -> dict[str, Any]:
    return {"price": solver.price(cost, np.load(query["path"]))}


def reset_peak() -> int:
    """Begin to count the peak anew, where the system can, and return what is resident now."""
    clear = Path("/proc/self/clear_refs")
    if clear.exists():
        clear.write_text("5")
    statm = Path("/proc/self/statm")
    return int(statm.read_text().split()[1]) * resource.getpagesize() if statm.exists() else peak_bytes()


def peak_bytes() -> int:
    """Greatest resident memory of this process since `reset_peak`, or so far."""
    status = Path("/proc/self/status")
    if status.exists():
        return 1024 * next(
            int(line.split()[1]) for line in status.read_text().splitlines() if "VmHWM" in line
        )
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


if __name__ == "__main__":
    main()
