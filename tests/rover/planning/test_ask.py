"""A planner that does anything but answer has broken its contract."""

from __future__ import annotations

import sys
from typing import Any

import pytest

from rover.core.errors import PlannerError
from rover.planning.ask import ask


class Leaving:
    name = "leaving"
    claims: frozenset[str] = frozenset()

    def plan(self, problem: Any) -> Any:
        sys.exit(0)


class Interrupted(Leaving):
    def plan(self, problem: Any) -> Any:
        raise KeyboardInterrupt


def test_one_that_leaves_is_named() -> None:
    problem: Any = None
    with pytest.raises(PlannerError, match="planner = leaving: raised SystemExit: 0"):
        ask(Leaving(), problem)


def test_an_interruption_is_the_users() -> None:
    problem: Any = None
    with pytest.raises(KeyboardInterrupt):
        ask(Interrupted(), problem)
