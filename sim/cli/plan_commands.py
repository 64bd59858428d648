"""A traverse as commands to be sent: turn, drive, wait, with what is expected at each stop."""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rover.core.atomic import text_output
from rover.core.boundary import Mode
from rover.io.plan_file import PlanFile, PlanStep
from rover.sky.almanac import Almanac
from rover.terrain.derive import Terrain

COLUMNS = (
    "utc",
    "mode",
    "turn_deg",
    "drive_m",
    "wait_h",
    "east_m",
    "north_m",
    "tilt_deg",
    "charge_percent",
    "sun_elevation_deg",
    "sun_azimuth_deg",
)
"""When a command begins and what it says; then where it ends, and what is expected there. Turns are positive
counter-clockwise, from the heading before; azimuths are clockwise from the raster's north. The tilt is the greatest on
the way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Command:
    """Steps that are one command."""

    steps: tuple[PlanStep, ...]
    turn_rad: float = 0.0

    @property
    def mode(self) -> Mode:
        return self.steps[0].mode

    @property
    def drive_m(self) -> float:
        return math.fsum(math.dist(step.from_m, step.to_m) for step in self.steps)

    @property
    def wait_s(self) -> float:
        return 0.0 if self.mode is Mode.DRIVE else self.steps[-1].end_s - self.steps[0].start_s


def write_commands(path: Path | str, plan_file: PlanFile, *, terrain: Terrain, almanac: Almanac) -> int:
    """Write a plan's commands as CSV, one row each, whole or not at all; return how many.

    Legs that follow each other on one heading are one command, and so are stays in one mode. The rover is taken to
    stand along its first leg.

    Args:
        path: The file.
        plan_file: The plan.
        terrain: For the tilt.
        almanac: For the Sun.

    Raises:
        OutputError: The file cannot be written.
    """
    commands = list(_commands(plan_file.steps))
    with text_output(path) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for command in commands:
            writer.writerow(_row(command, terrain, almanac))
    return len(commands)


def _commands(steps: Sequence[PlanStep]) -> Iterator[_Command]:
    """Join steps into commands, each with the turn that comes first."""
    facing: float | None = None
    held: list[PlanStep] = []
    turn = 0.0
    for step in steps:
        yaw = _yaw(step)
        if held and step.mode is held[-1].mode and (yaw is None or yaw == facing):
            held.append(step)
            continue
        if held:
            yield _Command(steps=tuple(held), turn_rad=turn)
        held, turn = [step], 0.0
        if yaw is not None:
            turn = 0.0 if facing is None else math.remainder(yaw - facing, math.tau)
            facing = yaw
    if held:
        yield _Command(steps=tuple(held), turn_rad=turn)


def _yaw(step: PlanStep) -> float | None:
    """Return the heading of a leg, counter-clockwise from east; by cells, so that equal headings are equal."""
    if not step.moves:
        return None
    return math.atan2(step.to[0] - step.cell[0], step.to[1] - step.cell[1])


def _row(command: _Command, terrain: Terrain, almanac: Almanac) -> list[str]:
    first, last = command.steps[0], command.steps[-1]
    sun = almanac.sun_at(last.end_s)
    cells = {cell for step in command.steps for cell in (step.cell, step.to)}
    tilt = max(float(terrain.slope_rad[cell]) for cell in cells)
    turn = math.degrees(command.turn_rad)
    return [
        almanac.epoch.utc_at(first.start_s),
        command.mode.value,
        f"{0.0 if abs(turn) < 5e-2 else turn:.1f}",
        f"{command.drive_m:.3f}",
        f"{command.wait_s / 3600:.4f}",
        f"{last.to_m[0]:.3f}",
        f"{last.to_m[1]:.3f}",
        f"{math.degrees(tilt):.2f}",
        f"{100 * last.soc_after:.2f}",
        f"{math.degrees(sun.elevation_rad):.2f}",
        f"{math.degrees(sun.azimuth_rad):.2f}",
    ]
