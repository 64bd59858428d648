"""From a path to a timetable: when to drive, stop for commands, charge, nap, sleep and wake."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from rover.core.boundary import Mode
from rover.core.time import SYNODIC_MONTH_S
from rover.limits.base import Leg, Limit, Margin
from rover.limits.power import Energy, expected_array_w
from rover.planning.forecast import NIGHT_MARGIN, Forecaster, Hop
from rover.planning.problem import Cause, NoPlan, Plan, PlanningProblem

Path = npt.NDArray[np.float64]
AtPlace = Callable[[float, float], float]
"""From (east_m, north_m) to a figure of the ground there."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Stage:
    """One line of the timetable.

    Attributes:
        mode: What is done.
        start_s, end_s: When, since the scenario's epoch.
        path_m: (n, 2) driven, or (1, 2) where it stays.
        length_m: Driven.
        energy: What it does to the battery.
        tilt_rad: Steepest ground on the way.
    """

    mode: Mode
    start_s: float
    end_s: float
    path_m: Path
    length_m: float
    energy: Energy
    tilt_rad: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Schedule:
    """A timetable from departure to arrival.

    Attributes:
        stages: In order; each begins where and when the one before ends.
        margins: The worst margin of each limit.
    """

    stages: tuple[Stage, ...]
    margins: tuple[Margin, ...]

    @property
    def arrive_s(self) -> float | None:
        """When the goal is reached; None where start and goal are one."""
        return self.stages[-1].end_s if self.stages else None

    @property
    def least_soc(self) -> float | None:
        return min((stage.energy.least_soc for stage in self.stages), default=None)

    def count(self, mode: Mode) -> int:
        """Return how many stages are in a mode."""
        return sum(stage.mode is mode for stage in self.stages)


class ScheduleRefused(Exception):  # noqa: N818 - a refusal, caught and answered by `schedule_plan`
    """No amount of waiting makes a path drivable."""

    def __init__(self, cause: Cause, where: str, remedy: str) -> None:
        super().__init__(where)
        self.cause, self.where, self.remedy = cause, where, remedy


def schedule_path(
    path_m: Path,
    forecaster: Forecaster,
    *,
    depart_s: float,
    soc: float,
    speed_at: AtPlace,
    tilt_at: AtPlace,
    limits: Sequence[Limit],
    deadline_s: float,
) -> Schedule:
    """Make the timetable of a path.

    Args:
        path_m: (n, 2) waypoints.
        forecaster: The rules of operation.
        depart_s, soc: When and with what charge.
        speed_at, tilt_at: Expected ground speed (m/s) and slope (rad) at a place.
        limits: Their worst margins are reported.
        deadline_s: Latest arrival.

    Raises:
        ScheduleRefused: The array never wakes the rover, the night cannot be survived, the battery never reaches
            the charge that a hop needs, or the deadline passes.
    """
    _refuse_an_array_that_never_wakes(forecaster)
    _refuse_fatal_nights(forecaster)
    stages: list[Stage] = []
    now = depart_s
    for points in split_path(path_m, forecaster.operations.stop_every_m):
        hop = Hop(length_m=path_length(points), speed_m_s=min(speed_at(*p) for p in points))
        tilt = float(np.max([tilt_at(*p) for p in points]))
        for stage in _stages_of_hop(forecaster, now, soc, points, hop, tilt, deadline_s):
            stages.append(stage)
            now, soc = stage.end_s, stage.energy.soc
    if stages and stages[-1].mode is Mode.COMMAND:
        stages.pop()  # at the goal there is nothing more to ask
    merged = tuple(_merge_stays(stages))
    return Schedule(stages=merged, margins=worst_margins(merged, limits, forecaster))


def _stages_of_hop(
    forecaster: Forecaster, now: float, soc: float, points: Path, hop: Hop, tilt: float, deadline_s: float
) -> Iterator[Stage]:
    """Yield the waits before a hop, the drive, and its command cycle."""
    begun_s = now
    while (decision := forecaster.decide(now, soc, hop)).mode is not Mode.DRIVE:
        if decision.until_s > deadline_s:
            raise _late(forecaster, deadline_s)
        if now - begun_s > 2 * SYNODIC_MONTH_S:
            raise _starved(forecaster, hop)
        energy = forecaster.stay_energy(now, decision.until_s, soc, decision.mode)
        yield _stay(decision.mode, now, decision.until_s, points[:1], energy, tilt)
        now, soc = decision.until_s, energy.soc
    if now + hop.drive_s > deadline_s:
        raise _late(forecaster, deadline_s)
    energy = forecaster.drive_energy(now, soc, hop)
    yield Stage(
        mode=Mode.DRIVE,
        start_s=now,
        end_s=now + hop.drive_s,
        path_m=points,
        length_m=hop.length_m,
        energy=energy,
        tilt_rad=tilt,
    )
    if forecaster.operations.command_cycle_s > 0:
        start_s = now + hop.drive_s
        end_s = start_s + forecaster.operations.command_cycle_s
        energy = forecaster.stay_energy(start_s, end_s, energy.soc, Mode.COMMAND)
        yield _stay(Mode.COMMAND, start_s, end_s, points[-1:], energy, tilt)


def _stay(mode: Mode, start_s: float, end_s: float, place: Path, energy: Energy, tilt: float) -> Stage:
    return Stage(
        mode=mode, start_s=start_s, end_s=end_s, path_m=place, length_m=0.0, energy=energy, tilt_rad=tilt
    )


def _merge_stays(stages: Sequence[Stage]) -> Iterator[Stage]:
    """Join stays in one mode that follow each other."""
    held: Stage | None = None
    for stage in stages:
        if held and held.mode is stage.mode and stage.mode in (Mode.CHARGE, Mode.NAP, Mode.DORMANT):
            held = _joined(held, stage)
            continue
        if held:
            yield held
        held = stage
    if held:
        yield held


def _joined(first: Stage, second: Stage) -> Stage:
    a, b = first.energy, second.energy
    energy = Energy(
        soc=b.soc,
        least_soc=min(a.least_soc, b.least_soc),
        harvest_j=a.harvest_j + b.harvest_j,
        load_j=a.load_j + b.load_j,
    )
    return replace(first, end_s=second.end_s, energy=energy)


def _refuse_an_array_that_never_wakes(forecaster: Forecaster) -> None:
    vehicle = forecaster.vehicle
    most_w = float(expected_array_w(np.pi / 2, vehicle))
    if most_w <= vehicle.wake_array_w:
        raise ScheduleRefused(
            Cause.ENERGY,
            f"the array gives {most_w:.1f} W at most and the rover wakes at {vehicle.wake_array_w:g} W",
            "a larger vehicle.array_area_m2 or a smaller vehicle.wake_array_w",
        )


def _refuse_fatal_nights(forecaster: Forecaster) -> None:
    """Refuse where a full battery, kept above its reserve, does not last the longest night ahead."""
    needed = forecaster.night_soc + forecaster.operations.reserve_soc
    if needed <= 1.0:
        return
    vehicle = forecaster.vehicle
    nights = forecaster.window.longest_night_s / 86_400
    at_least_wh = forecaster.night_soc * vehicle.battery_wh / (1.0 - forecaster.operations.reserve_soc)
    raise ScheduleRefused(
        Cause.ENERGY,
        f"for a night of {nights:.1f} d at {vehicle.dormant_w:g} W, with a margin of {NIGHT_MARGIN - 1:.0%}, "
        f"{forecaster.night_soc:.0%} of {vehicle.battery_wh:g} Wh must be kept, beside a reserve of "
        f"{forecaster.operations.reserve_soc:.0%}",
        f"it needs vehicle.battery_wh of {at_least_wh:.1f} at least, or a smaller power.reserve_soc",
    )


def _starved(forecaster: Forecaster, hop: Hop) -> ScheduleRefused:
    drive_j = forecaster.drive_energy(0.0, 1.0, hop).load_j
    cycle_j = forecaster.vehicle.load_w(Mode.COMMAND) * forecaster.operations.command_cycle_s
    return ScheduleRefused(
        Cause.ENERGY,
        f"in two lunar days the battery never allows the next {hop.length_m:.1f} m, which with the command cycle "
        f"takes {(drive_j + cycle_j) / 3600:.1f} Wh beside what the array gives",
        "a larger vehicle.battery_wh or array, a smaller power.reserve_soc or operations.command_cycle_h",
    )


def _late(forecaster: Forecaster, deadline_s: float) -> ScheduleRefused:
    utc = forecaster.window.almanac.epoch.utc_at(deadline_s)
    return ScheduleRefused(
        Cause.DEADLINE,
        f"the goal is not reached by {utc}",
        "a later operations.max_lunar_days, a nearer goal or an earlier start",
    )


def split_path(path_m: Path, longest_m: float) -> Iterator[Path]:
    """Cut a polyline into pieces of at most `longest_m`, keeping its corners.

    Args:
        path_m: (n, 2).
        longest_m: Length of every piece but the last.

    Yields:
        (k, 2) pieces, k at least 2; each begins where the one before ends.
    """
    piece, left = [path_m[0]], longest_m
    for a, b in zip(path_m[:-1], path_m[1:], strict=True):
        while (step := float(np.hypot(*(b - a)))) > left:
            a = a + (b - a) * (left / step)
            yield np.array([*piece, a])
            piece, left = [a], longest_m
        if step > 0:
            piece.append(b)
            left -= step
    if len(piece) > 1:
        yield np.array(piece)


def path_length(path_m: Path) -> float:
    """Return the length of a polyline."""
    steps = np.diff(path_m, axis=0)
    return float(np.hypot(steps[:, 0], steps[:, 1]).sum())


def worst_margins(
    stages: Sequence[Stage], limits: Sequence[Limit], forecaster: Forecaster
) -> tuple[Margin, ...]:
    """Return the margin of least slack of each limit over a timetable."""
    legs = [_leg(stage, forecaster) for stage in stages]
    if not legs:
        return ()
    return tuple(min((limit.margin(leg) for leg in legs), key=lambda m: m.slack) for limit in limits)


def _leg(stage: Stage, forecaster: Forecaster) -> Leg:
    almanac = forecaster.window.almanac
    first, last = almanac.sun_at(stage.start_s), almanac.sun_at(stage.end_s)
    low, high = sorted((first.elevation_rad, last.elevation_rad))
    return Leg(
        start_s=stage.start_s,
        end_s=stage.end_s,
        path_m=stage.path_m,
        tilt_rad=stage.tilt_rad,
        soc=stage.energy.least_soc,
        sun_elevation_rad=(low, high),
        sun_rising=first.rising,
        driving=stage.mode is Mode.DRIVE,
    )


def schedule_plan(plan: Plan, problem: PlanningProblem, forecaster: Forecaster) -> Plan | NoPlan:
    """Give a plan its timetable, or say why none keeps to the limits.

    Args:
        plan: A planner's answer.
        problem: What it answers; its deadline must be set.
        forecaster: The rules of operation.
    """
    if problem.deadline_s is None:
        raise ValueError("a timetable needs a deadline")
    speed = np.where(np.isfinite(problem.costmap.cost_s_per_m), problem.costmap.cost_s_per_m, np.nan)
    slowest = float(np.nanmax(speed))
    tilt = problem.terrain.slope_rad  # NaN stays: unknown ground holds no limit
    try:
        schedule = schedule_path(
            plan.waypoints_m,
            forecaster,
            depart_s=problem.depart_s,
            soc=problem.soc,
            speed_at=_at_cell(problem, 1.0 / np.nan_to_num(speed, nan=slowest)),
            tilt_at=_at_cell(problem, tilt),
            limits=problem.limits,
            deadline_s=problem.deadline_s,
        )
    except ScheduleRefused as refused:
        return NoPlan(cause=refused.cause, where=refused.where, remedy=refused.remedy, expanded=plan.expanded)
    broken = next((margin for margin in schedule.margins if not margin.holds), None)
    if broken is not None:
        return _broken_limit(broken, forecaster, plan.expanded)
    return replace(plan, schedule=schedule)


def _at_cell(problem: PlanningProblem, layer: npt.NDArray[np.floating]) -> AtPlace:
    geometry = problem.costmap.geometry

    def at(east_m: float, north_m: float) -> float:
        cell = geometry.cell_at(east_m, north_m)
        if cell is None:
            raise ValueError(f"({east_m}, {north_m}) is off the map")
        return float(layer[cell])

    return at


def _broken_limit(margin: Margin, forecaster: Forecaster, expanded: int) -> NoPlan:
    cause = _CAUSE_OF.get(margin.limit, Cause.NO_ROUTE)
    utc = forecaster.window.almanac.epoch.utc_at(margin.time_s)
    return NoPlan(
        cause=cause,
        where=f"{margin.limit} would be {margin.value:.3f} at {utc} against a limit of {margin.bound:.3f}",
        remedy=_REMEDY_OF[cause],
        expanded=expanded,
    )


_CAUSE_OF = {"reserve_soc": Cause.ENERGY, "sun_elevation_rad": Cause.DAYLIGHT}

_REMEDY_OF = {
    Cause.ENERGY: "a higher power.initial_soc, a larger vehicle.battery_wh, or another start_utc",
    Cause.DAYLIGHT: "another start_utc or wider limits in [operations]",
    Cause.NO_ROUTE: "another start or goal, or wider limits",
}
