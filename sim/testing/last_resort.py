"""Ends a process that does not come back from native code, and says why: a program of its own, with nothing but stdlib.

    python last_resort.py PROCESS

Reads lines from its standard input: `SECONDS TEXT`, TEXT in JSON, sets it, and an empty line sets it off. When the time
is over it writes TEXT to its standard error and kills PROCESS. It ends with its input.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import sys
import time

_LATE_S = 5.0
"""Of waking up, which says that the machine slept or all of this was stopped: then time begins anew."""


def main(process: int) -> None:
    """Wait for what is said, or for the time to be over."""
    allowed_s, until, words, rest = 0.0, None, "", b""
    while True:
        left_s = None if until is None else max(0.0, until - time.monotonic())
        if select.select([0], [], [], left_s)[0]:
            read = os.read(0, 1 << 20)
            if not read:
                return
            *lines, rest = (rest + read).split(b"\n")
            if lines:
                seconds, _, words = lines[-1].decode().partition(" ")
                allowed_s = float(seconds or 0.0)
                until = time.monotonic() + allowed_s if seconds else None
        elif until is not None and time.monotonic() - until > _LATE_S:
            until = time.monotonic() + allowed_s
        else:
            with contextlib.suppress(OSError):
                os.write(2, (json.loads(words) + "\n").encode())
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
            return


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that it watches
    main(int(sys.argv[1]))
