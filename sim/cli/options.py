"""Options that several commands share, so that they read alike everywhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

Settings = Annotated[
    Optional[list[str]],  # noqa: UP045 - typer reads it at run time
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Change a value of the scenario, such as power.initial_soc=0.5."
    ),
]
Seed = Annotated[Optional[int], typer.Option("--seed", metavar="N", help="Replaces the scenario's seed.")]  # noqa: UP045
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")]
AllowBody = Annotated[bool, typer.Option("--allow-body", help="Accept terrain of another body.")]
MaxCells = Annotated[
    Optional[int],  # noqa: UP045
    typer.Option(
        "--max-cells", metavar="N", min=1, help="Most cells to read or make.", show_default="100 million"
    ),
]
PlannerName = Annotated[
    Optional[str],  # noqa: UP045
    typer.Option(
        "--planner", metavar="NAME", help="A registered name, package.module:Class or file.py:Class."
    ),
]
Band = Annotated[int, typer.Option("--band", metavar="N", min=1, help="Band of the DEM.")]
OutFile = Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to write.")]


def cells_allowed(asked: int | None) -> int:
    """Return how many cells a map may have."""
    from rover.io.elevation import DEFAULT_MAX_CELLS

    return DEFAULT_MAX_CELLS if asked is None else asked
