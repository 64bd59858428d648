"""The MovingAI grid benchmarks (Sturtevant 2012, doi:10.1109/TCIAIG.2012.2197681): every listed optimum."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.cli.bench_movingai import solve_file

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


def check_scenarios(folder: Path, name: str, every: int) -> None:
    told: list[int] = []
    score = solve_file(folder / f"{name}.map.scen", folder, every, told.append)
    assert score.solved and told[-1] == len(score.solved)
    differ = [(one.scenario, one.length) for one in score.solved if one.differs]
    assert not differ and score.mismatches == 0


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
