"""The MovingAI grid benchmarks (Sturtevant 2012, doi:10.1109/TCIAIG.2012.2197681): every listed optimum.

`.`, `G` and `S` are free, x is the column and y the row from the top, a move costs 1 or sqrt(2) and a diagonal needs
both orthogonal cells.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pytest

from rover.planning.astar import GridRoute, search_grid

LARGE = ("cities-London_2_1024", "mazes-maze512-32-0")
"""Minutes each; a fortieth of their scenarios always runs."""
SMALL = (
    "bg512-AR0011SR",
    "cities-Berlin_0_256",
    "dao-arena",
    "dao-arena2",
    "dao-den011d",
    "dao-hrt201n",
)
MIDDLING = ("random-random512-25-0", "rooms-8room_000", "sc1-Aftershock")
"""Ten seconds each; an eighth of their scenarios always runs."""


SHORT_ROOT = 3e-6
"""Relative error of lengths that were added up with 1.41421 for the square root of two."""


class Scenario(NamedTuple):
    """A start, a goal and the least length, with the most that it can be off for how it was written down."""

    start: tuple[int, int]
    goal: tuple[int, int]
    length: float
    rounding: float


def read_map(path: Path) -> npt.NDArray[np.float64]:
    lines = path.read_text().splitlines()
    header = dict(line.split() for line in lines[:3])
    rows = lines[lines.index("map") + 1 :]
    cells = np.array([list(row) for row in rows if row])
    assert cells.shape == (int(header["height"]), int(header["width"]))
    return np.where(np.isin(cells, list(".GS")), 1.0, np.inf)


def read_scenarios(path: Path, shape: tuple[int, ...]) -> list[Scenario]:
    found = []
    for line in path.read_text().splitlines()[1:]:
        if not line.strip():
            continue
        _bucket, _map, width, height, from_x, from_y, to_x, to_y, length = line.split()
        assert (int(height), int(width)) == shape
        decimals = len(length.partition(".")[2])
        found.append(
            Scenario(
                start=(int(from_y), int(from_x)),
                goal=(int(to_y), int(to_x)),
                length=float(length),
                rounding=max(1e-4, 0.5 * 10.0**-decimals + SHORT_ROOT * float(length)),
            )
        )
    assert found
    return found


def check_scenarios(folder: Path, name: str, every: int) -> None:
    cost = read_map(folder / f"{name}.map")
    for scenario in read_scenarios(folder / f"{name}.map.scen", cost.shape)[::every]:
        route = search_grid(cost, scenario.start, scenario.goal, resolution_m=1.0)
        assert isinstance(route, GridRoute), scenario
        assert abs(route.cost_s - scenario.length) <= scenario.rounding, (route.cost_s, scenario)


@pytest.mark.parametrize("name", SMALL)
def test_every_scenario(reference: Path, name: str) -> None:
    check_scenarios(reference / "movingai", name, 1)


@pytest.mark.parametrize(("name", "every"), [*((n, 40) for n in LARGE), *((n, 8) for n in MIDDLING)])
def test_some_scenarios_of_large_maps(reference: Path, name: str, every: int) -> None:
    check_scenarios(reference / "movingai", name, every)


@pytest.mark.slow
@pytest.mark.parametrize("name", LARGE + MIDDLING)
def test_every_scenario_of_large_maps(reference: Path, name: str) -> None:
    check_scenarios(reference / "movingai", name, 1)


def test_no_folder_is_left_out(reference: Path) -> None:
    assert sorted(path.stem for path in (reference / "movingai").glob("*.map")) == sorted(
        SMALL + MIDDLING + LARGE
    )
