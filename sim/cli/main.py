"""The command `farside`: one module per subcommand; this one puts them together and turns errors into lines.

Nothing heavy is imported here or at the top of a subcommand's module, so that `farside --help` is immediate.
"""

from __future__ import annotations

import _thread
import contextlib
import io
import os
import signal
import sys
import threading
import warnings
from pathlib import Path
from typing import Annotated, Any, NoReturn, TextIO

import typer

from rover.core.errors import FarsideError, ResourceError, UsageError
from sim.cli.bench import bench
from sim.cli.campaign import campaign
from sim.cli.check import check
from sim.cli.hindcast import hindcast
from sim.cli.init import init
from sim.cli.mission import mission
from sim.cli.plan import plan
from sim.cli.plot import plot
from sim.cli.progress import STOPS, Interrupted, Stopped, say_on_stderr
from sim.cli.reproject import reproject
from sim.cli.run import run
from sim.cli.sky import sky
from sim.cli.synth import synth
from sim.cli.terrain import terrain
from sim.cli.validate import validate
from sim.cli.vehicle import vehicle

app = typer.Typer(
    name="farside",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Plan and drive rover traverses on the Moon.",
)
for command in (
    run,
    campaign,
    plan,
    mission,
    synth,
    plot,
    reproject,
    terrain,
    sky,
    hindcast,
    validate,
    vehicle,
    init,
    check,
):
    app.command()(command)
app.add_typer(bench)


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


_STOPS_RAISED: list[Stopped] = []
"""Kept here too: a library whose C code is under way may make an error of its own of it, without a cause."""


def _stop(number: int, _frame: object) -> NoReturn:
    _STOPS_RAISED.append(STOPS[number]())
    raise _STOPS_RAISED[-1]


_AGAIN_S = 0.05


def _raise_again(lost: sys.UnraisableHookArgs) -> None:
    """Send a stop once more that came while C code, as numba's compiler does, was calling Python and kept it to itself.

    It is sent a little later, when that call is over.
    """
    if isinstance(lost.exc_value, Stopped):
        threading.Timer(_AGAIN_S, _thread.interrupt_main, (lost.exc_value.number,)).start()
    else:
        sys.__unraisablehook__(lost)


def main() -> None:
    """Run the command line and exit with its status."""
    _replace_closed_streams()
    warnings.showwarning = _show_warning
    sys.unraisablehook = _raise_again
    signal.signal(signal.SIGTERM, _stop)
    for number in (signal.SIGINT, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:  # as a shell has one in the background, and nohup
            signal.signal(number, _stop)
    with contextlib.redirect_stdout(_that_names_itself(sys.stdout)):
        status = _status()
    sys.exit(status)


def _replace_closed_streams() -> None:
    """A stream closed by the caller (`>&-`) is None; what is written to it goes nowhere."""
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - it stays open
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w")  # noqa: SIM115


class _StandardOutput(io.FileIO):
    """Gives the errors of writing to it a name, which the system does not."""

    def write(self, data: Any) -> int:
        try:
            return super().write(data)
        except OSError as error:
            error.filename = "standard output"
            raise


def _that_names_itself(stdout: TextIO) -> TextIO:
    """Return a stream to where standard output goes, whose errors say so."""
    raw = _StandardOutput(stdout.fileno(), "wb", closefd=False)
    at_once = stdout.isatty() or bool(os.environ.get("PYTHONUNBUFFERED"))
    return io.TextIOWrapper(
        io.BufferedWriter(raw), encoding=stdout.encoding, errors=stdout.errors, line_buffering=at_once
    )


def _status() -> int:
    """Run a command and return its exit status, every error having become one line on stderr."""
    _STOPS_RAISED.clear()
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
    except Stopped as stop:
        return _stopped(stop)
    except KeyboardInterrupt:
        return _stopped(Interrupted())
    except MemoryError:
        return _fail(ResourceError("not enough memory", remedy="take a smaller or coarser map"))
    except OSError as error:
        what = f"{error.strerror or error}"
        return _fail(ResourceError(what, remedy="check the disk and the permissions", file=error.filename))
    except Exception as error:
        cause = _STOPS_RAISED[-1] if _STOPS_RAISED else _first_cause(error)
        return _stopped(cause) if isinstance(cause, Stopped) else _fail_otherwise(error)


def _first_cause(error: BaseException) -> BaseException:
    """What an error came of: Python 3.11 wraps whatever is raised while a class is made, a signal's too."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def _stopped(stop: Stopped) -> int:
    say_on_stderr(f"farside: {stop.how}: nothing more is written, and no file is left unfinished")
    return 128 + stop.number


def _fail(error: FarsideError) -> int:
    say_on_stderr(str(error))
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
    from pydantic import ValidationError

    from rover.core.tables import worded

    context = getattr(error, "ctx", None)
    path = context.command_path if context is not None else "farside"
    help_ = f"see {path} --help"
    if isinstance(error.__cause__, ValidationError):  # a value of the wrong kind or out of range
        detail = error.__cause__.errors(include_url=False)[0]
        what, remedy = worded(detail)
        option = max(error.param.opts, key=len)
        return UsageError(what, remedy=f"{remedy}, or {help_}", field=option, value=detail["input"])
    return UsageError(message.replace("\n", " ").rstrip("."), remedy=help_)


def _show_warning(message: Warning | str, category: type[Warning], *_: object, **__: object) -> None:
    """Show the project's own warnings in one line; libraries' notices are not for the user."""
    if category is RuntimeWarning and "kernel cache" in str(message):
        print(f"farside: warning: {message}", file=sys.stderr)
