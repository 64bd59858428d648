"""The mode machine's modes: which may follow which."""

from __future__ import annotations

from collections.abc import Mapping

from rover.core.boundary import Mode

_AWAKE = frozenset({Mode.PLAN, Mode.DRIVE, Mode.CHARGE, Mode.COMMAND, Mode.NAP})

MAY_FOLLOW: Mapping[Mode, frozenset[Mode]] = {
    Mode.IDLE: _AWAKE | {Mode.DORMANT, Mode.SAFE},
    Mode.PLAN: _AWAKE | {Mode.DORMANT, Mode.SAFE, Mode.IDLE},
    Mode.DRIVE: _AWAKE | {Mode.DORMANT, Mode.SAFE, Mode.IDLE},
    Mode.CHARGE: _AWAKE | {Mode.DORMANT, Mode.SAFE, Mode.IDLE},
    Mode.COMMAND: _AWAKE | {Mode.DORMANT, Mode.SAFE, Mode.IDLE},
    Mode.NAP: _AWAKE | {Mode.DORMANT, Mode.SAFE, Mode.IDLE},
    Mode.DORMANT: _AWAKE | {Mode.SAFE, Mode.IDLE},
    Mode.SAFE: frozenset({Mode.DORMANT, Mode.NAP, Mode.IDLE}),
}
"""From each mode to the others. Out of safe mode it only sleeps and cools; the ground alone sets it idle again."""


def may_follow(after: Mode, before: Mode) -> bool:
    """Tell whether the mode machine goes from one mode to another; to stay is allowed."""
    return after is before or after in MAY_FOLLOW[before]
