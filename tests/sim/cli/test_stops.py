"""A stop is heeded wherever it comes."""

from __future__ import annotations

import ctypes
import os
import signal
import sys
import time
from collections.abc import Iterator

import pytest

from sim.cli.main import _raise_again, _stop
from sim.cli.progress import Terminated


@pytest.fixture
def stops() -> Iterator[None]:
    """Signals and lost exceptions handled as the command line does."""
    hook, handler = sys.unraisablehook, signal.signal(signal.SIGTERM, _stop)
    sys.unraisablehook = _raise_again
    yield
    sys.unraisablehook = hook
    signal.signal(signal.SIGTERM, handler)


@pytest.mark.usefixtures("stops")
def test_a_stop_that_comes_while_c_code_calls_python_is_raised_after_it(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """What a callback raises goes no further than the C code that called it."""
    seen: list[str] = []

    @ctypes.CFUNCTYPE(None)
    def callback() -> None:
        os.kill(os.getpid(), signal.SIGTERM)
        for count in range(1000):
            seen.append(str(count))  # noqa: PERF401 - steps, between which the signal is looked for
        seen.append("survived")

    with pytest.raises(Terminated):
        callback()
        for _ in range(500):
            time.sleep(0.01)
    assert "survived" not in seen
    assert capfd.readouterr().err == ""
