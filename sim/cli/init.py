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
    from rover.core.atomic import names_stdout, text_output
    from rover.core.errors import OutputError
    from sim.run.template import scenario_template

    is_stdout = names_stdout(out)
    if not is_stdout and (out.is_file() or out.is_dir()):
        raise OutputError("is there already", remedy="name another file with --out", file=out)
    with text_output(out) as file:
        file.write(scenario_template())
    if not is_stdout and out.is_file():
        typer.echo(f"{out}: change it, then: farside check {out} && farside run {out}")
