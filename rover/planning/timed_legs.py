"""The legs of a timetable as limits judge them: what each reaches of slope, roll, light, link and charge."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from rover.core.boundary import Mode
from rover.core.vehicle import VehicleParams
from rover.hazard.directional import heading_vector
from rover.limits.base import Leg, Surroundings
from rover.limits.power import dawn_array_w
from rover.planning.timetable import Step
from rover.planning.traverse_ground import SHADOW_BELOW, clearance_of
from rover.sky.almanac import Sun

Cell = tuple[int, int]


def crossed_cells(cell: Cell, to: Cell) -> list[Cell]:
    """Return the cells on whose plane a move between neighbours is judged: both, and those whose corner it passes."""
    if cell[0] == to[0] or cell[1] == to[1]:
        return [cell] if cell == to else [cell, to]
    return [cell, to, (to[0], cell[1]), (cell[0], to[1])]


class LegJudge:
    """Makes legs of steps.

    Args:
        around: The maps and the sky.
        vehicle: For its array and limits.
    """

    def __init__(self, around: Surroundings, vehicle: VehicleParams) -> None:
        self.around = around
        self.clearance_m = clearance_of(around, vehicle)
        self.vehicle = vehicle
        self.shadow_below = math.ceil(SHADOW_BELOW * 255)

    def legs_of(self, steps: Sequence[Step]) -> list[Leg]:
        """Return the leg of each step, in order."""
        if not steps:
            return []
        times_s = [time_s for step in steps for time_s in (step.start_s, step.end_s)]
        suns = self.around.almanac.suns_at(times_s)
        dusks_s = self.around.timeline.dusk_after(times_s[::2]).tolist()
        legs, dark_s = [], 0.0
        for step, first, last, dusk_s in zip(steps, suns[::2], suns[1::2], dusks_s, strict=True):
            dark_s = self._dark_after(step, dark_s)
            legs.append(self._leg(step, dark_s, (first, last), dusk_s))
        return legs

    def _dark_after(self, step: Step, dark_s: float) -> float:
        column = int(self.around.timeline.column[step.bin])
        if step.mode is Mode.DORMANT or column < 0:
            return 0.0
        if self.around.lit[(*step.to, column)] >= self.shadow_below:
            return 0.0
        return dark_s + step.end_s - step.start_s

    def _leg(self, step: Step, dark_s: float, suns: tuple[Sun, Sun], dusk_s: float) -> Leg:
        around, cells = self.around, crossed_cells(step.cell, step.to)
        driving = step.mode is Mode.DRIVE
        climb, descent, roll = self.attitude(step, cells) if driving else (0.0, 0.0, 0.0)
        ends = around.geometry.centres_of(np.array([step.cell, step.to] if driving else [step.cell]))
        low, high = sorted(sun.elevation_rad for sun in suns)
        return Leg(
            start_s=step.start_s,
            end_s=step.end_s,
            path_m=ends,
            tilt_rad=max(float(around.terrain.slope_rad[cell]) for cell in cells),
            soc=min(step.soc, step.soc_after),
            sun_elevation_rad=(low, high),
            sun_rising=suns[0].rising,
            driving=driving,
            asleep=step.mode is Mode.DORMANT,
            commanding=step.mode is Mode.COMMAND,
            climb_rad=climb,
            descent_rad=descent,
            roll_rad=roll,
            clearance_m=min(float(self.clearance_m[cell]) for cell in cells),
            lit=self._least(around.lit, step, (step.cell, step.to), 0.0) / 255.0,
            dark_s=dark_s,
            relay_rad=self._relay_rad(step),
            dawn_w=self._dawn_w(step.cell) if step.mode is Mode.DORMANT else math.nan,
            dusk_s=dusk_s,
        )

    def _dawn_w(self, cell: Cell) -> float:
        row, col = cell
        place = slice(row, row + 1), slice(col, col + 1)
        return float(dawn_array_w(self.around, self.vehicle, place).min(initial=math.inf))

    def attitude(self, step: Step, cells: Sequence[Cell]) -> tuple[float, float, float]:
        """Return steepest climb, steepest descent and greatest roll of a move, none negative."""
        yaw = math.atan2(step.to[0] - step.cell[0], step.to[1] - step.cell[1])
        east, north = heading_vector(yaw)
        headings = self.around.headings
        grades = [(float(headings.grade_east[c]), float(headings.grade_north[c])) for c in cells]
        pitch = [math.atan(e * east + n * north) for e, n in grades]
        roll = [math.asin((n * east - e * north) / math.sqrt(1 + e * e + n * n)) for e, n in grades]
        return max(0.0, *pitch), max(0.0, *(-p for p in pitch)), max(abs(r) for r in roll)

    def _relay_rad(self, step: Step) -> float:
        if self.around.relay_cdeg is None:
            return math.nan
        return math.radians(self._least(self.around.relay_cdeg, step, (step.cell, step.to), -9000.0) / 100.0)

    def _least(
        self, layer: npt.NDArray[np.integer], step: Step, cells: Sequence[Cell], at_night: float
    ) -> float:
        """Return the least of a layer by cell and bin over the bins of a step."""
        timeline, k, values = self.around.timeline, step.bin, []
        while k == step.bin or (k < len(timeline.span) and timeline.edge_s[k] < step.end_s - 1e-6):
            column = int(timeline.column[k])
            values += [at_night] if column < 0 else [float(layer[(*cell, column)]) for cell in cells]
            k += 1
        return min(values)
