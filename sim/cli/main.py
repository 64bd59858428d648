"""The command `farside`: one module per subcommand; this one puts them together and turns errors into lines.

Nothing heavy is imported here or at the top of a subcommand's module, so that `farside --help` is immediate.
"""

from __future__ import annotations

import os
import signal
import sys
import warnings
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from rover.core.errors import FarsideError, ResourceError, UsageError
from sim.cli.check import check
from sim.cli.hindcast import hindcast
from sim.cli.init import init
from sim.cli.plan import plan
from sim.cli.plot import plot
from sim.cli.progress import Interrupted, Terminated
from sim.cli.reproject import reproject
from sim.cli.run import run
from sim.cli.sky import sky
from sim.cli.synth import synth
from sim.cli.terrain import terrain

app = typer.Typer(
    name="farside",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Plan and drive rover traverses on the Moon.",
)
for command in (run, plan, synth, plot, reproject, terrain, sky, hindcast, init, check):
    app.command()(command)


def _print_version(asked: bool) -> None:
    if asked:
        from importlib.metadata import version

        typer.echo(f"farside {version('farside')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    pass


def _terminate(_signal: int, _frame: object) -> NoReturn:
    raise Terminated


def _interrupt(_signal: int, _frame: object) -> NoReturn:
    raise Interrupted


def main() -> None:
    """Run the command line and exit with its status."""
    _replace_closed_streams()
    warnings.showwarning = _show_warning
    signal.signal(signal.SIGTERM, _terminate)
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # else the caller has it ignored
        signal.signal(signal.SIGINT, _interrupt)
    sys.exit(_status())


def _replace_closed_streams() -> None:
    """A stream closed by the caller (`>&-`) is None; what is written to it goes nowhere."""
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - it stays open
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115


def _status() -> int:
    """Run a command and return its exit status, every error having become one line on stderr."""
    try:
        result = app(standalone_mode=False)
        sys.stdout.flush()
        return result if isinstance(result, int) else 0
    except FarsideError as error:
        return _fail(error)
    except BrokenPipeError:
        # The reader has gone (`| head`); writing no more is all that can be done.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except (Interrupted, KeyboardInterrupt):
        return _stopped("interrupted", 130)
    except Terminated:
        return _stopped("terminated", 143)
    except MemoryError:
        return _fail(ResourceError("not enough memory", remedy="take a smaller or coarser map"))
    except OSError as error:
        what = f"{error.strerror or error}"
        return _fail(ResourceError(what, remedy="check the disk and the permissions", file=error.filename))
    except Exception as error:
        if isinstance(_first_cause(error), Interrupted):
            return _stopped("interrupted", 130)
        if isinstance(_first_cause(error), Terminated):
            return _stopped("terminated", 143)
        return _fail_otherwise(error)


def _first_cause(error: BaseException) -> BaseException:
    """What an error came of: Python 3.11 wraps whatever is raised while a class is made, a signal's too."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def _stopped(how: str, status: int) -> int:
    print(f"farside: {how}: nothing more is written, and no file is left unfinished", file=sys.stderr)
    return status


def _fail(error: FarsideError) -> int:
    print(error, file=sys.stderr)
    return error.exit_code


def _fail_otherwise(error: Exception) -> int:
    """Turn the option parser's errors into the project's form, and anything else into an admitted bug."""
    message = getattr(error, "format_message", None)
    if message is not None:
        if not message():  # `farside` alone: the help has been printed
            return 0
        return _fail(_usage(error, message()))
    if isinstance(error, typer.Abort):
        return 130
    if os.environ.get("FARSIDE_TRACEBACK"):
        raise error
    print(
        f"farside: error[INTERNAL]: {type(error).__name__}: {error}; this is a bug, please report it with what"
        " FARSIDE_TRACEBACK=1 shows",
        file=sys.stderr,
    )
    return 1


def _usage(error: Any, message: str) -> UsageError:
    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "farside"
    return UsageError(message.replace("\n", " ").rstrip("."), remedy=f"see {path} --help")


def _show_warning(message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
    """Show the project's own warnings in one line; libraries' notices are not for the user."""
    if category is RuntimeWarning and "kernel cache" in str(message):
        print(f"farside: warning: {message}", file=sys.stderr)
