"""Turns in place, taken in parts with a look after each: what is seen before and after must be the same ground.

A rover that turns in place on a slope slides, and wheels tell nothing of it. Looks with nothing in common leave that
unseen (Maimone, Cheng and Matthies 2007, Journal of Field Robotics 24: steps of visual odometry are kept short enough
for the pictures to overlap).
"""

from __future__ import annotations

import math
from dataclasses import replace

from rover.core.boundary import Command

MOST_TURN_RAD = 0.8
"""Longest part of a turn: half of what the wide pair sees stays in view."""

THEN_DRIVE_RAD = 0.3
"""A turn by more is looked after before the drive: of a narrow pair's view less than that is left a metre further."""


def in_parts(command: Command) -> tuple[Command, ...]:
    """Return what a command is carried out as, with a look after each but the last, which is the caller's.

    Args:
        command: Of which a turn may be long, and a drive follow it.
    """
    turn = command.turn_rad
    if abs(turn) <= (THEN_DRIVE_RAD if command.drive_m else MOST_TURN_RAD):
        return (command,)
    count = math.ceil(abs(turn) / MOST_TURN_RAD)
    part = Command(mode=command.mode, turn_rad=turn / count)
    if command.drive_m == 0.0:
        return (*(part,) * (count - 1), replace(command, turn_rad=turn / count))
    return (*(part,) * count, replace(command, turn_rad=0.0))
