"""`farside bench`: planners held to the package's own set of problems, and its search to those of others."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Optional

import typer

from sim.cli.bench_movingai import movingai
from sim.cli.options import Quiet

bench = typer.Typer(
    name="bench",
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    help="Hold planners to the set farside-bench, whose answers are known; or the search to benchmarks of others.",
)
bench.command()(movingai)


@bench.callback()
def farside_bench(
    context: typer.Context,
    planners: Annotated[
        Optional[list[str]],  # noqa: UP045 - typer reads it at run time
        typer.Option(
            "--planner",
            metavar="NAME",
            help="Registered name, module:class or file.py:class; may be repeated.",
            show_default="astar, traverse",
        ),
    ] = None,
    suite: Annotated[
        str, typer.Option("--suite", metavar="small|full", help="Up to 512 cells a side, or up to 4096.")
    ] = "small",
    only: Annotated[
        Optional[list[str]],  # noqa: UP045
        typer.Option("--only", metavar="PROBLEM", help="This one; may be repeated."),
    ] = None,
    time_limit: Annotated[
        Optional[float],  # noqa: UP045
        typer.Option(
            "--time-limit",
            metavar="S",
            help="Longest time that a planner may search for an answer; it is interrupted 5 s later.",
            show_default="an hour, before it is interrupted",
        ),
    ] = None,
    out: Annotated[
        Optional[Path],  # noqa: UP045
        typer.Option("--out", metavar="DIR", help="New folder for the table as CSV and JSON, and a picture."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    quiet: Quiet = False,
) -> int | None:
    """Hold planners to the set farside-bench, or the package's search to benchmarks of others.

    Each problem is made from its seed, held to its hash and asked of each planner: those that claim `timed` are asked
    the timed ones, the others the static ones. Answers are judged by the independent checker and beside what is known
    of the least. Exit 8 if an answer is wrong: a plan that breaks a limit or does not keep a claim, none where there is
    a way, or another reason than the one there is.
    """
    if context.invoked_subcommand is not None:
        return None
    from sim.cli.bench_suite import Asked, run_suite

    asked = Asked(
        planners=tuple(planners or ("astar", "traverse")),
        suite=suite,
        only=tuple(only or ()),
        time_limit_s=time_limit,
        out=out,
        as_json=as_json,
        quiet=quiet,
    )
    return run_suite(asked)
