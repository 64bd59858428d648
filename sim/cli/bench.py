"""`farside bench`: the product's planners held to benchmarks that others have made."""

from __future__ import annotations

import typer

from sim.cli.bench_movingai import movingai

bench = typer.Typer(
    name="bench",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Solve standard benchmarks by the package's own planners, and compare.",
)
bench.command()(movingai)


@bench.callback()
def _options() -> None:
    pass
