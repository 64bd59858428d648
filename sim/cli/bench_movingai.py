"""`farside bench movingai`: grid maps and scenarios of the MovingAI collection, solved by the package's own search."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sim.cli.options import Quiet

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sim.cli.bench_tables import MapScore

_BROKEN_INVARIANT = 8


def movingai(
    folder: Annotated[
        Path, typer.Argument(metavar="DIR", help="Folder of .map and .scen files; folders in it count too.")
    ],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    every: Annotated[
        int, typer.Option("--every", metavar="K", min=1, help="Solve each K-th scenario of a file only.")
    ] = 1,
    quiet: Quiet = False,
) -> int:
    """Find the least length of every scenario, no corner cut, and count those that differ from the one listed.

    A length may differ by no more than the rounding of the listed one. Exit 8 if any does. Weighted maps have digits,
    numbers or letters with a table of costs; a move costs its length times the mean of its two cells.
    """
    from sim.cli.bench_tables import as_json_text, as_text, mismatch_lines

    files = _files(folder)
    _check(files, folder)
    scores = _solve(files, folder, every, quiet=quiet)
    typer.echo(as_json_text(scores) if as_json else as_text(scores))
    for line in mismatch_lines(scores):
        typer.echo(line, err=True)
    return _BROKEN_INVARIANT if any(score.mismatches for score in scores) else 0


def _files(folder: Path) -> list[Path]:
    from rover.core.errors import UsageError
    from rover.io.movingai_scenarios import scenario_files

    if not folder.is_dir():
        what = "is not a folder" if folder.exists() else "there is no such folder"
        raise UsageError(what, remedy="name the folder of the maps", field="DIR", value=str(folder))
    files = scenario_files(folder)
    if not files:
        remedy = "put maps and their scenarios in it, X.map and X.map.scen"
        raise UsageError("holds no .scen file", remedy=remedy, field="DIR", value=str(folder))
    return files


def _check(files: Sequence[Path], folder: Path) -> None:
    """Refuse whatever cannot be used before anything is solved; maps are not kept, for they may be many."""
    from rover.io.movingai import read_grid_map
    from rover.io.movingai_scenarios import check_scenarios, map_of, read_scenarios

    for file in files:
        scenarios = read_scenarios(file)
        check_scenarios(scenarios, read_grid_map(map_of(scenarios, folder)))


def _solve(files: Sequence[Path], folder: Path, every: int, *, quiet: bool) -> list[MapScore]:
    from rover.io.movingai_scenarios import read_scenarios
    from sim.cli.progress import Progress, say_if_cold

    say_if_cold(quiet=quiet)
    _load_kernels()
    counts = [len(read_scenarios(file).scenarios[::every]) for file in files]
    scores: list[MapScore] = []
    with Progress(quiet=quiet, doing="solving", of="the scenarios") as progress:
        for i, file in enumerate(files):
            before = sum(counts[:i])

            def solved(count: int, before: int = before, name: str = file.name) -> None:
                progress.update((before + count) / sum(counts), name)

            scores.append(solve_file(file, folder, every, solved))
    return scores


def _load_kernels() -> None:
    """So that compiling, or fetching what was compiled, is in no map's time."""
    import numpy as np

    from rover.planning.astar import search_grid

    search_grid(np.ones((3, 3)), (0, 0), (2, 2), resolution_m=1.0)


def solve_file(file: Path, folder: Path, every: int, solved: Callable[[int], None]) -> MapScore:
    """Solve each `every`-th scenario of a file by `search_grid`.

    Args:
        file: A `.scen`.
        folder: Where its map is looked for.
        every: 1 for all.
        solved: Told how many have been.
    """
    import time

    from rover.io.movingai import read_grid_map
    from rover.io.movingai_scenarios import map_of, read_scenarios
    from rover.planning.astar import GridRoute, search_grid
    from sim.cli.bench_tables import MapScore, Solved

    held = read_scenarios(file)
    map_file = map_of(held, folder)
    cost = read_grid_map(map_file)
    answers = []
    for scenario in held.scenarios[::every]:
        began = time.perf_counter()
        route = search_grid(cost, scenario.start, scenario.goal, resolution_m=1.0)
        seconds = time.perf_counter() - began
        length = route.cost_s if isinstance(route, GridRoute) else None
        answers.append(Solved(scenario=scenario, length=length, seconds=seconds, expanded=route.expanded))
        solved(len(answers))
    return MapScore(file=file, map_file=map_file, solved=tuple(answers))
