"""From the labels of a search to a timetable: every leg, wait, command cycle, nap and night with its charge and light.

A label knows only that the rover waited at the best place since the last edge; here the waits are put there, and the
whole is gone through once more from the departure on, by the rates of the search.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rover.core.boundary import Mode
from rover.limits.power import Energy
from rover.planning import label_kernels as named
from rover.planning.drive_kernels import change_on_leg
from rover.planning.label_kernels import parked_rate
from rover.planning.leg_kernels import COLS_OFF, ROWS_OFF
from rover.planning.schedule import Schedule, Stage
from rover.planning.stay_kernels import array_of
from rover.planning.traverse_search import Labels

Cell = tuple[int, int]

LOADS = {
    Mode.CHARGE: named.CHARGE_W,
    Mode.NAP: named.NAP_W,
    Mode.DORMANT: named.DORMANT_W,
    Mode.COMMAND: named.COMMAND_W,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One thing that the rover does, inside one bin unless it is a leg longer than one.

    Attributes:
        mode: What is done.
        start_s, end_s: When, since the scenario's epoch.
        cell, to: Where from and where to, (row, col); the same where it stays.
        bin: Whose light and power it has.
        soc, soc_after, harvest_j, load_j: State of charge before and after, from the array, to the loads.
    """

    mode: Mode
    start_s: float
    end_s: float
    cell: Cell
    to: Cell
    bin: int
    soc: float
    soc_after: float
    harvest_j: float
    load_j: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Timetable(Schedule):
    """A schedule with its single steps."""

    steps: tuple[Step, ...]


@dataclass(slots=True)
class _Event:
    """A leg (move 0 to 7), commands, waiting or staying, before it has its time."""

    kind: str
    cell: int
    move: int = -1
    duration_s: float = 0.0


def steps_of(labels: Labels, label: int) -> tuple[Step, ...]:
    """Return what leads to a label, step by step from the departure on."""
    chain = labels.chain(label)
    events = _events(labels, chain)
    walk = _Walk(labels, chain[0])
    for event in events:
        walk.go(event)
    reached = labels.search.reals[label]
    late_s, off_j = walk.time - reached[named.TIME], walk.charge - reached[named.CHARGE]
    if abs(late_s) > 1e-3 or abs(off_j) > 1e-3 * max(1.0, walk.capacity_j * 1e-3):
        raise AssertionError(f"a timetable that is {late_s} s and {off_j} J off its search")
    return tuple(walk.steps)


def _events(labels: Labels, chain: list[int]) -> list[_Event]:
    """Return what is done in order, with waits for charge at the best places."""
    whole, reals, rules = labels.search.whole, labels.search.reals, labels.ground.rules
    events: list[_Event] = []
    first = chain[0]
    if reals[first, named.TIME] > labels.depart_s:
        events.append(_Event("stay", int(whole[first, named.CELL]), duration_s=reals[first, named.TIME]))
    best = len(events)  # where waits go: after so many events
    for before, after in zip(chain[:-1], chain[1:], strict=True):
        cell, action = int(whole[before, named.CELL]), int(whole[after, named.ACTION])
        if action < 8:
            left = reals[after, named.TIME] - float(labels.ground.legs_s[cell, action])
            cycles = _cycles(labels, before, action)
            begins = reals[before, named.TIME] + cycles * rules[named.CYCLE_S]
            if cycles:
                events.append(_Event("command", cell, duration_s=cycles * rules[named.CYCLE_S]))
                best = len(events)
            if left - begins > 1e-6:
                best += _wait_at(events, best, cell, left - begins)
            events.append(_Event("drive", cell, move=action))
        else:
            end = float(labels.ground.bins[whole[before, named.BIN] + 1, named.EDGE])
            best += _wait_at(events, best, cell, end - reals[before, named.TIME])
            if action == named.STAY:
                events.append(_Event("stay", cell, duration_s=reals[after, named.TIME]))
        if whole[after, named.MARKS] & named.HERE:
            best = len(events)
    return events


def _wait_at(events: list[_Event], place: int, cell: int, duration_s: float) -> int:
    """Put a wait after so many events; return by how many events that place moves on."""
    if place > 0 and events[place - 1].kind == "wait":
        events[place - 1].duration_s += duration_s
        return 0
    where = cell if place == len(events) else events[place].cell
    events.insert(place, _Event("wait", where, duration_s=duration_s))
    return 1


def _cycles(labels: Labels, label: int, move: int) -> int:
    """Return how many command cycles come before a move."""
    rules = labels.ground.rules
    length = rules[named.CELL_M] * (1.0 if move < 4 else math.sqrt(2.0))
    due = labels.search.reals[label, named.SINCE] + length > rules[named.STOP_M] + 1e-9
    if rules[named.CYCLE_S] <= 0.0 or not due:
        return 0
    return max(1, math.ceil(float(length / rules[named.STOP_M]) - 1e-9))


class _Walk:
    """Goes through events, keeping time and charge."""

    def __init__(self, labels: Labels, first: int) -> None:
        self.ground = labels.ground
        self.capacity_j = float(labels.ground.rules[named.CAPACITY])
        self.time, self.charge = labels.depart_s, labels.charge_j
        self.k = self._bin_at(self.time)
        self.steps: list[Step] = []

    def _bin_at(self, time_s: float) -> int:
        """Return the bin of a time; one within rounding of an edge is at it."""
        found = int(np.searchsorted(self.ground.bins[:, named.EDGE], time_s + 1e-6, side="right")) - 1
        return min(found, len(self.ground.bins) - 2)

    def go(self, event: _Event) -> None:
        if event.kind == "drive":
            self._drive(event.cell, event.move)
        elif event.kind == "stay":
            self._stay(event.cell, event.duration_s)
        else:
            mode = Mode.COMMAND if event.kind == "command" else Mode.CHARGE
            self._park(event.cell, self.time + event.duration_s, mode)

    def _place(self, cell: int) -> Cell:
        return divmod(cell, self.ground.cols)

    def _note(
        self, mode: Mode, end_s: float, cell: int, to: int, change_j: float, load_j: float, harvest_j: float
    ) -> None:
        after = min(self.capacity_j, self.charge + change_j)
        self.steps.append(
            Step(
                mode=mode,
                start_s=float(self.time),
                end_s=float(end_s),
                cell=self._place(cell),
                to=self._place(to),
                bin=self.k,
                soc=float(self.charge / self.capacity_j),
                soc_after=float(after / self.capacity_j),
                harvest_j=float(harvest_j),
                load_j=float(load_j),
            )
        )
        self.time, self.charge = end_s, after
        self.k = self._bin_at(end_s)

    def _drive(self, cell: int, move: int) -> None:
        ground = self.ground
        change = change_on_leg(cell, move, self.k, ground)
        load = float(ground.legs_j[cell, move])
        net = (
            change / ground.rules[named.CHARGING] if change > 0 else change * ground.rules[named.DISCHARGING]
        )
        to = cell + ROWS_OFF[move] * ground.cols + COLS_OFF[move]
        self._note(
            Mode.DRIVE, self.time + float(ground.legs_s[cell, move]), cell, to, change, load, net + load
        )

    def _park(self, cell: int, until_s: float, mode: Mode) -> None:
        """Stay in one mode, bin by bin."""
        ground = self.ground
        load_w = float(ground.rules[LOADS[mode]])
        while self.time < until_s - 1e-9:
            end = min(until_s, float(ground.bins[self.k + 1, named.EDGE]))
            if until_s - end < 1e-6:
                end = until_s
            span = end - self.time
            array_w = 0.0 if mode is Mode.DORMANT else array_of(cell, self.k, ground)
            net = array_w - load_w
            if mode is Mode.DORMANT:
                change = -load_w / ground.rules[named.DISCHARGING]
            else:
                change = parked_rate(
                    cell, self.k, load_w, ground.grades, ground.lit, ground.bins, ground.rules
                )
            self._note(mode, end, cell, cell, change * span, load_w * span, (net + load_w) * span)

    def _stay(self, cell: int, until_s: float) -> None:
        """Stay through low Sun, nap and night until driving is open."""
        ground = self.ground
        asleep = False
        while self.time < until_s - 1e-9:
            k, phase = self.k, self.ground.bins[self.k, named.PHASE]
            if phase == named.NIGHT_PHASE:
                asleep = True
            elif asleep:
                asleep = array_of(cell, k, ground) < ground.rules[named.WAKE_W]
            mode = Mode.DORMANT if asleep else Mode.NAP if phase == named.NAP_PHASE else Mode.CHARGE
            self._park(cell, min(until_s, float(ground.bins[k + 1, named.EDGE])), mode)


def stages_of(
    steps: tuple[Step, ...], places_m: npt.NDArray[np.float64], slope_rad: npt.NDArray[np.float32]
) -> tuple[Stage, ...]:
    """Join steps in one mode that follow each other into stages.

    Args:
        steps: In order.
        places_m: (rows, cols, 2) east and north of each cell.
        slope_rad: (rows, cols) for the tilt.
    """
    stages: list[Stage] = []
    for step in steps:
        stage = _stage_of(step, places_m, slope_rad)
        if stages and stages[-1].mode is stage.mode:
            stages[-1] = _joined(stages[-1], stage)
        else:
            stages.append(stage)
    return tuple(stages)


def _stage_of(step: Step, places_m: npt.NDArray[np.float64], slope_rad: npt.NDArray[np.float32]) -> Stage:
    moves = step.cell != step.to
    path = np.array([places_m[step.cell], places_m[step.to]] if moves else [places_m[step.cell]])
    return Stage(
        mode=step.mode,
        start_s=step.start_s,
        end_s=step.end_s,
        path_m=path,
        length_m=float(np.hypot(*(path[-1] - path[0]))),
        energy=Energy(
            soc=step.soc_after,
            least_soc=min(step.soc, step.soc_after),
            harvest_j=step.harvest_j,
            load_j=step.load_j,
        ),
        tilt_rad=float(max(slope_rad[step.cell], slope_rad[step.to])),
    )


def _joined(first: Stage, second: Stage) -> Stage:
    a, b = first.energy, second.energy
    path = first.path_m if len(second.path_m) == 1 else np.vstack([first.path_m, second.path_m[1:]])
    return replace(
        first,
        end_s=second.end_s,
        path_m=path,
        length_m=first.length_m + second.length_m,
        energy=Energy(
            soc=b.soc,
            least_soc=min(a.least_soc, b.least_soc),
            harvest_j=a.harvest_j + b.harvest_j,
            load_j=a.load_j + b.load_j,
        ),
        tilt_rad=max(first.tilt_rad, second.tilt_rad),
    )
