"""`farside init`: write a commented scenario to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def init(
    out: Annotated[Path, typer.Option("--out", metavar="FILE", help="Where to write.")] = Path(
        "scenario.toml"
    ),
) -> None:
    """Write a commented scenario with every key, to be changed at will."""
    from rover.core.errors import OutputError
    from rover.io.atomic import atomic_path
    from sim.run.template import scenario_template

    if out.exists():
        raise OutputError("is there already", remedy="name another file with --out", file=out)
    with atomic_path(out) as partial:
        partial.write_text(scenario_template(), encoding="utf-8")
    typer.echo(f"{out}: change it, then: farside check {out} && farside run {out}")
