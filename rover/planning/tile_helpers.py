"""Threads that help a grid search to settle tiles, from when they are started until they are dismissed."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from functools import partial

from rover.core.crew import Crew
from rover.planning.round_kernels import YIELD, dismiss, hire, run
from rover.planning.tile_kernels import Board, Rules


class TileHelpers:
    """The helpers of one search.

    Args:
        board, rules: Of the search.
    """

    def __init__(self, board: Board, rules: Rules) -> None:
        self._share = board.share
        # Neither refers to this object: memory as large as a map would wait for the collector of circles.
        self._crew = Crew(partial(_help, board, rules), partial(dismiss, board.share))
        self.count = 0

    def led(self, lead: Callable[[], None]) -> None:
        """Do `lead`, a search to its end; where it raises, nobody works on the board any more.

        At its own end nobody has work, and nothing that others may use is written to: none is waited for.
        """
        self._crew.led(lead)

    def start(self, count: int) -> None:
        """Start so many, without waiting until they run."""
        hire(self._share)
        self._crew.call(count)
        self.count = count

    def dismiss(self) -> None:
        """Let them go, without waiting for it."""
        dismiss(self._share)
        self.count = 0

    def wait(self) -> None:
        """Let one finish its work, or raise what has stopped it."""
        if self._crew.errors:
            raise self._crew.errors[0]
        _let_others_run()


def _help(board: Board, rules: Rules) -> None:
    while run(board, rules, 0.0, 0.0, 0, 0, False)[0] == YIELD:
        _let_others_run()


def _let_others_run() -> None:
    if hasattr(os, "sched_yield"):
        os.sched_yield()
    else:
        time.sleep(0)
