"""The independent checker: plans that are made pass it, and each limit broken by 1 % is caught by name."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from rover.core.boundary import Mode
from rover.core.zones import zone_from_corners
from rover.hazard.detect import Hazard
from rover.io.plan_file import PlanFile, PlanStep
from rover.limits.thermal import Phase
from rover.planning.check_day import Allowed, day_of
from rover.planning.check_ledger import Finding, Known, Verdict
from rover.planning.check_traverse import check_traverse
from rover.planning.traverse_ground import Criterion
from tests.rover.planning.traverse_plans import (
    HOUR_S,
    QUESTIONS,
    Question,
    answer_to,
    with_limits,
    with_step,
    with_vehicle,
)

Mutated = tuple[PlanFile, Known]

ROOT = Path(__file__).parents[3]


def case(name: str) -> Mutated:
    answer = answer_to(QUESTIONS[name])
    return answer.plan, answer.known


def verdict_of(name: str) -> Verdict:
    return check_traverse(*case(name))


def reached(name: str, limit: str) -> float:
    return next(finding.value for finding in verdict_of(name).worst if finding.limit == limit)


def first(plan: PlanFile, mode: Mode, *, after: int = 0) -> int:
    return next(i for i, step in enumerate(plan.steps) if i >= after and step.mode is mode)


@pytest.mark.parametrize("name", QUESTIONS)
def test_what_is_planned_passes(name: str) -> None:
    verdict = verdict_of(name)
    assert verdict.holds, verdict.broken[:3]
    assert all(finding.holds for finding in verdict.worst)


def test_all_that_a_rover_does_was_looked_at() -> None:
    modes = {step.mode for name in QUESTIONS for step in case(name)[0].steps}
    assert modes == {Mode.DRIVE, Mode.CHARGE, Mode.COMMAND, Mode.NAP, Mode.DORMANT}
    for name, mode in (("charging", Mode.CHARGE), ("night", Mode.DORMANT), ("commands", Mode.COMMAND)):
        assert any(step.mode is mode for step in case(name)[0].steps), name
    limits = {finding.limit for name in QUESTIONS for finding in verdict_of(name).worst}
    wanted = ("climb", "roll", "clearance", "zone sample", "stop_every", "command_cycle", "reserve", "lit")
    more = ("time in shadow", "parked before dusk", "relay", "haven tilt", "array at dawn", "deadline")
    assert limits >= {*wanted, *more}


def test_bins_are_those_of_the_plan() -> None:
    """The checker's own phases against the planner's, edge for edge, over three lunar days."""
    from tests.rover.planning.traverse_plans import DAY_S, ROVER, almanac, window_of

    window = window_of(ROVER, almanac())
    theirs = window.timeline(-20 * DAY_S, 75 * DAY_S, step_s=HOUR_S, edges_s=(12_345.0,))
    ours = day_of(
        almanac(),
        window.params,
        from_s=-20 * DAY_S,
        until_s=75 * DAY_S,
        bin_s=HOUR_S,
        edges_s=(12_345.0,),
    )
    assert len(ours.edge_s) == len(theirs.edge_s) > 900
    assert np.abs(ours.edge_s - theirs.edge_s).max() < 0.2
    names = {Allowed.DRIVE: 0, Allowed.LOW: 1, Allowed.NAP: 2, Allowed.NIGHT: 3}
    assert [names[a] for a in ours.allowed] == theirs.span.tolist()
    assert np.allclose(ours.sun, theirs.sun, atol=1e-6)
    assert {window.phase_at(t) for t in ours.middle_s} == set(Phase)


# What breaks a bound: the limit, the plan in which it binds, and the change that puts the bound 1 % beyond the plan.

BOUNDS: dict[str, tuple[str, str, Callable[[PlanFile, Known, float], Mutated]]] = {
    "climb": ("shadow", "climb", lambda p, k, v: (with_limits(p, slope_deg=0.99 * v), k)),
    "descent": ("shadow", "descent", lambda p, k, v: (with_limits(p, slope_deg=0.99 * v), k)),
    "roll": ("plain", "roll", lambda p, k, v: (with_limits(p, roll_deg=0.99 * v), k)),
    "vehicle's slope": ("shadow", "climb", lambda p, k, v: (p, with_vehicle(k, slope_limit_deg=0.99 * v))),
    "clearance": ("zone", "clearance", lambda p, k, v: (with_limits(p, reach_m=1.01 * v), k)),
    "reserve": ("charging", "reserve", lambda p, k, v: (with_limits(p, reserve_soc=1.01 * v), k)),
    "light": ("dim", "lit", lambda p, k, v: (with_limits(p, least_lit=1.01 * v), k)),
    "shadow": (
        "shadow",
        "time in shadow",
        lambda p, k, v: (with_limits(p, longest_shadow_s=0.99 * v * HOUR_S), k),
    ),
    "dusk": (
        "dusk",
        "parked before dusk",
        lambda p, k, v: (with_limits(p, dusk_margin_s=1.01 * v * HOUR_S), k),
    ),
    "relay": ("relay", "relay", lambda p, k, v: (with_limits(p, link_margin_deg=1.01 * v), k)),
    "haven": ("night", "haven tilt", lambda p, k, v: (with_limits(p, haven_tilt_deg=0.99 * v), k)),
    "dawn": ("night", "array at dawn", lambda p, k, v: (p, with_vehicle(k, wake_array_w=1.01 * v))),
    "deadline": ("plain", "deadline", lambda p, k, v: (with_limits(p, deadline_s=0.99 * v * HOUR_S), k)),
    "commands": ("commands", "stop_every", lambda p, k, v: (with_limits(p, stop_every_m=0.99 * v), k)),
    "cycle": (
        "commands",
        "command_cycle",
        lambda p, k, v: (with_limits(p, command_cycle_s=1.01 * v * HOUR_S), k),
    ),
    "cycle of the scenario": (
        "commands",
        "command_cycle",
        lambda p, k, v: (p, replace(k, command_cycle_s=1.01 * v * HOUR_S)),
    ),
    "low Sun": ("lit", "Sun elevation", lambda p, k, v: (p, with_sun(k, min_drive_rad=1.01 * v))),
    "nap": (
        "relay",
        "Sun below the nap",
        lambda p, k, v: (p, with_sun(k, nap_enter_rad=0.99 * v)),
    ),
}


def with_sun(known: Known, **degrees: float) -> Known:
    return replace(known, sun=replace(known.sun, **{k: math.radians(v) for k, v in degrees.items()}))


@pytest.mark.parametrize("name", BOUNDS)
def test_a_bound_one_per_cent_tighter_is_broken(name: str) -> None:
    ground, limit, tighten = BOUNDS[name]
    plan, known = case(ground)
    verdict = check_traverse(*tighten(plan, known, reached(ground, limit)))
    assert limit in {finding.limit for finding in verdict.broken}
    assert not verdict.holds


def test_time_in_hand_for_delays_is_held() -> None:
    plan, known = case("dusk")
    left_s = HOUR_S * reached("dusk", "parked before dusk")
    assert check_traverse(with_limits(plan, delay_margin_s=0.99 * left_s), known).holds
    broken = check_traverse(with_limits(plan, delay_margin_s=1.01 * left_s), known).broken
    assert broken and {finding.limit for finding in broken} == {"time in hand"}


FIGURES: dict[str, tuple[str, str, float]] = {
    # Figure of the rover: the plan, what is then wrong, and the factor on it.
    "battery_wh": ("charging", "charge after", 0.99),
    "speed_m_s": ("plain", "leg time stated", 1.01),
    "mass_kg": ("plain", "leg energy stated", 1.01),
    "rolling_resistance": ("plain", "leg energy stated", 1.01),
    "drive_efficiency": ("plain", "leg energy stated", 0.99),
    "slip_at_slope_limit": ("shadow", "leg time stated", 1.01),
    "array_area_m2": ("charging", "harvest stated", 0.99),
    "array_efficiency": ("commands", "harvest stated", 0.99),
    "charge_efficiency": ("charging", "charge after", 0.99),
    "discharge_efficiency": ("night", "charge after", 0.99),
    "drive_w": ("plain", "leg energy stated", 1.01),
    "command_w": ("commands", "load stated", 1.01),
    "charge_w": ("charging", "load stated", 1.01),
    "nap_w": ("commands", "load stated", 1.01),
    "dormant_w": ("night", "load stated", 1.01),
    "array_lean_deg": ("lean", "harvest stated", 1.2),
}


@pytest.mark.parametrize("figure", FIGURES)
def test_a_plan_of_another_rover_is_found_out(figure: str) -> None:
    name, limit, factor = FIGURES[figure]
    plan, known = case(name)
    changed = with_vehicle(known, **{figure: factor * getattr(known.vehicle, figure)})
    assert limit in {finding.limit for finding in check_traverse(plan, changed).broken}


def moved(plan: PlanFile, number: int, to: tuple[int, int], known: Known) -> PlanFile:
    """Send the end of a leg, and the beginning of the next step, to another cell."""
    place = known.terrain.geometry.centre_of(*to)
    return with_step(with_step(plan, number, to=to, to_m=place), number + 1, cell=to, from_m=place)


def beside(plan: PlanFile) -> tuple[int, tuple[int, int]]:
    """Return a leg that the next one carries straight on along a row or a column, and a cell beside its end."""
    for i, (a, b) in enumerate(pairwise(plan.steps)):
        step = a.to[0] - a.cell[0], a.to[1] - a.cell[1]
        if 0 in step and (b.to[0] - b.cell[0], b.to[1] - b.cell[1]) == step != (0, 0):
            return i, (a.to[0] + step[1], a.to[1] + step[0])
    raise AssertionError("no straight piece")


def onto_a_hazard(p: PlanFile, k: Known) -> Mutated:
    """A hazard that the plan passes by, and its waypoint shifted onto it."""
    number, cell = beside(p)
    with_hazard = flagged(k, cell)
    assert check_traverse(p, with_hazard).holds
    return moved(p, number, cell, k), with_hazard


def later(plan: PlanFile, seconds: float, *, since: int = 0) -> PlanFile:
    """Shift all steps from one on."""
    steps = [
        step.model_copy(update={"start_s": step.start_s + seconds, "end_s": step.end_s + seconds})
        if i >= since
        else step
        for i, step in enumerate(plan.steps)
    ]
    return plan.model_copy(update={"steps": tuple(steps)})


def without(plan: PlanFile, numbers: range) -> PlanFile:
    """Leave steps out and move up what follows."""
    gone = plan.steps[numbers[-1]].end_s - plan.steps[numbers[0]].start_s
    kept = [step for i, step in enumerate(plan.steps) if i not in numbers]
    return later(plan.model_copy(update={"steps": tuple(kept)}), -gone, since=numbers[0])


def flagged(known: Known, cell: tuple[int, int]) -> Known:
    flags = known.hazards.flags.copy()
    flags[cell] = Hazard.STEP
    return replace(known, hazards=replace(known.hazards, flags=flags))


def sloped(known: Known, cell: tuple[int, int], slope_deg: float) -> Known:
    slope = known.terrain.slope_rad.copy()
    slope[cell] = math.radians(slope_deg)
    return replace(known, terrain=replace(known.terrain, slope_rad=slope))


def diagonal(plan: PlanFile) -> PlanStep:
    return next(s for s in plan.steps if s.cell[0] != s.to[0] and s.cell[1] != s.to[1])


def raise_soc(p: PlanFile, k: Known) -> Mutated:
    return with_step(p, 3, soc_after=1.01 * p.steps[3].soc_after), k


def raise_soc_and_go_on(p: PlanFile, k: Known) -> Mutated:
    raised = with_step(p, 3, soc_after=1.01 * p.steps[3].soc_after)
    return with_step(raised, 4, soc=raised.steps[3].soc_after), k


def shorten(p: PlanFile, k: Known) -> Mutated:
    step = p.steps[5]
    return with_step(p, 5, end_s=step.end_s - 0.01 * (step.end_s - step.start_s)), k


def shorten_and_go_on(p: PlanFile, k: Known) -> Mutated:
    step = p.steps[5]
    gained = 0.01 * (step.end_s - step.start_s)
    return later(with_step(p, 5, end_s=step.end_s - gained), -gained, since=6), k


def end_of_night(p: PlanFile) -> int:
    return next(
        i for i, s in enumerate(p.steps) if s.mode is Mode.DORMANT and p.steps[i + 1].mode is not Mode.DORMANT
    )


def awake_at_night(p: PlanFile, k: Known) -> Mutated:
    return with_step(p, first(p, Mode.DORMANT), mode=Mode.CHARGE), k


def cycle_of(p: PlanFile) -> range:
    begin = first(p, Mode.COMMAND)
    end = next(i for i in range(begin, len(p.steps)) if p.steps[i].mode is not Mode.COMMAND)
    return range(begin, end)


def out_of_sight(p: PlanFile, k: Known) -> Mutated:
    """No station sees the relay during one stop for commands; every leg has it in view as before."""
    span = cycle_of(p)
    gone = p.steps[span[0]].start_s, p.steps[span[-1]].end_s
    assert k.almanac.relay is not None
    seen = []
    for begin, end in k.almanac.relay.seen_s.tolist():
        within = begin < gone[0] and gone[1] < end
        seen += [(begin, gone[0]), (gone[1], end)] if within else [(begin, end)]
    assert len(seen) == len(k.almanac.relay.seen_s) + 1
    relay = replace(k.almanac.relay, seen_s=np.array(seen))
    assert all(relay.relay_at((s.start_s + s.end_s) / 2).seen for s in p.steps if s.mode is Mode.DRIVE)
    return p, replace(k, almanac=replace(k.almanac, relay=relay))


def grown_zone(p: PlanFile, k: Known) -> Mutated:
    """A zone that reaches 1 % further than the plan keeps from it."""
    room = reached("zone", "zone sample")
    polygon = k.zones[0].polygon.buffer(1.01 * room, join_style="mitre")
    zone = zone_from_corners("sample", "keep-out", list(polygon.exterior.coords)[:-1])
    return p, replace(k, zones=(zone,))


MUTATIONS: dict[str, tuple[str, str, Callable[[PlanFile, Known], Mutated]]] = {
    "a step left out": ("plain", "contiguous in place", lambda p, k: (without(p, range(9, 10)), k)),
    "a gap in time": ("plain", "contiguous in time", lambda p, k: (later(p, 0.4, since=9), k)),
    "a step shortened": ("plain", "contiguous in time", shorten),
    "a step shortened, and on": ("plain", "leg time stated", shorten_and_go_on),
    "a jump": ("plain", "moves", lambda p, k: (with_step(p, 3, to=p.steps[4].to), k)),
    "a stay that moves": (
        "commands",
        "moves",
        lambda p, k: (with_step(p, first(p, Mode.COMMAND), to=(9, 9)), k),
    ),
    "off the map": ("plain", "beyond the map", lambda p, k: (with_step(p, 3, to=(500, 2)), k)),
    "a place of its own": ("plain", "places stated", lambda p, k: (with_step(p, 3, to_m=(110.0, -20.0)), k)),
    "another start": ("plain", "begins at the start", lambda p, k: (p, replace(k, start_m=k.goal_m))),
    "another goal": (
        "plain",
        "ends at the goal",
        lambda p, k: (without(p, range(len(p.steps) - 1, len(p.steps))), k),
    ),
    "another departure": (
        "plain",
        "times stated",
        lambda p, k: (p.model_copy(update={"depart_utc": "2019-01-03T14:22:05Z"}), k),
    ),
    "another arrival": (
        "plain",
        "times stated",
        lambda p, k: (p.model_copy(update={"arrive_utc": p.depart_utc}), k),
    ),
    "a hazard underfoot": ("plain", "clearance", lambda p, k: (p, flagged(k, p.steps[7].to))),
    "a hazard at a corner": (
        "plain",
        "clearance",
        lambda p, k: (p, flagged(k, (diagonal(p).to[0], diagonal(p).cell[1]))),
    ),
    "a hazard at the other": (
        "plain",
        "clearance",
        lambda p, k: (p, flagged(k, (diagonal(p).cell[0], diagonal(p).to[1]))),
    ),
    "a slope at a corner": (
        "plain",
        "roll",
        lambda p, k: (
            p,
            sloped(
                sloped(k, (diagonal(p).to[0], diagonal(p).cell[1]), 35.0),
                (diagonal(p).cell[0], diagonal(p).to[1]),
                35.0,
            ),
        ),
    ),
    "onto unknown ground": ("plain", "clearance", lambda p, k: (p, sloped(k, p.steps[7].to, math.nan))),
    "a waypoint shifted onto a hazard": ("plain", "clearance", onto_a_hazard),
    "a zone grown": ("zone", "zone sample", grown_zone),
    "charge raised": ("plain", "charge before", raise_soc),
    "charge raised, and on": ("plain", "charge after", raise_soc_and_go_on),
    "less to begin with": ("plain", "charge before", lambda p, k: (p, replace(k, soc=0.99 * k.soc))),
    "harvest raised": (
        "charging",
        "harvest stated",
        lambda p, k: (with_step(p, 2, harvest_wh=1.01 * p.steps[2].harvest_wh), k),
    ),
    "load lowered": (
        "plain",
        "leg energy stated",
        lambda p, k: (with_step(p, 2, load_wh=0.99 * p.steps[2].load_wh), k),
    ),
    "no command cycle": ("commands", "stop_every", lambda p, k: (without(p, cycle_of(p)), k)),
    "half a command cycle": ("commands", "command_cycle", lambda p, k: (without(p, cycle_of(p)[:1]), k)),
    "commands out of sight": ("relay", "relay", out_of_sight),
    "driving in the nap": ("plain", "outside its hours", lambda p, k: (later(p, 40 * HOUR_S), k)),
    "a high Sun": ("plain", "Sun below the nap", lambda p, k: (later(p, 60 * HOUR_S), k)),
    "a low Sun": ("lit", "Sun elevation", lambda p, k: (later(p, 12 * HOUR_S), k)),
    "beyond the sky known": ("plain", "within the almanac", lambda p, k: (later(p, 9e6), k)),
    "late": ("plain", "deadline", lambda p, k: (later(p, p.limits.deadline_s - p.steps[-1].end_s + 36.0), k)),
    "awake at night": ("night", "outside its hours", awake_at_night),
    "asleep by day": (
        "commands",
        "array while asleep",
        lambda p, k: (with_step(p, first(p, Mode.CHARGE), mode=Mode.DORMANT), k),
    ),
    "asleep too long": (
        "night",
        "array while asleep",
        lambda p, k: (
            with_step(p, end_of_night(p) + 1, mode=Mode.DORMANT, to=p.steps[end_of_night(p) + 1].cell),
            k,
        ),
    ),
    "up before the array wakes it": (
        "night",
        "array that wakes",
        lambda p, k: (with_step(p, end_of_night(p), mode=Mode.CHARGE), k),
    ),
    "on no haven": (
        "night",
        "haven tilt",
        lambda p, k: (p, sloped(k, p.steps[first(p, Mode.DORMANT)].cell, 10.1)),
    ),
    "an array not folded": (
        "night",
        "harvest stated",
        lambda p, k: (with_step(p, first(p, Mode.DORMANT), harvest_wh=0.01), k),
    ),
}


OBJECTIVES = {
    Criterion.TIME: QUESTIONS["commands"],
    Criterion.ENERGY: QUESTIONS["lean"],
    Criterion.SHADOW: QUESTIONS["shadow"],
    Criterion.CHARGE: replace(QUESTIONS["charging"], criterion=Criterion.CHARGE),
    Criterion.CLEARANCE: Question(relief="ridge", criterion=Criterion.CLEARANCE),
    Criterion.DISTANCE: Question(criterion=Criterion.DISTANCE),
}


@pytest.mark.parametrize("kind", OBJECTIVES)
def test_a_value_stated_one_per_cent_off_is_caught_of_every_objective(kind: Criterion) -> None:
    answer = answer_to(OBJECTIVES[kind])
    plan, known = answer.plan, answer.known
    assert plan.criterion == kind
    assert plan.value > 0
    assert check_traverse(plan, known).holds
    for factor in (0.99, 1.01):
        broken = check_traverse(plan.model_copy(update={"value": factor * plan.value}), known).broken
        assert [finding.limit for finding in broken] == ["value stated"]


@pytest.mark.parametrize("name", MUTATIONS)
def test_a_mutated_plan_is_caught(name: str) -> None:
    ground, limit, mutate = MUTATIONS[name]
    plan, known = mutate(*case(ground))
    verdict = check_traverse(plan, known)
    found = [finding for finding in verdict.broken if finding.limit == limit]
    assert found, [finding.limit for finding in verdict.broken]
    assert all(isinstance(finding, Finding) and not finding.holds for finding in found)


def test_every_raised_harvest_is_caught_or_within_half_a_step_of_light() -> None:
    """A plan that states 1 % more than the array gives, on any awake step in light, does not pass."""
    for name in ("charging", "commands", "lean"):
        plan, known = case(name)
        for i, step in enumerate(plan.steps):
            if step.harvest_wh < 0.05:
                continue
            broken = check_traverse(with_step(plan, i, harvest_wh=1.01 * step.harvest_wh), known).broken
            assert any(f.limit == "harvest stated" and f.step == i for f in broken), (name, i)
            if i > 60:
                break


ALLOWED = (
    "rover.core",
    "rover.io.plan_file",
    "rover.sky.almanac",
    "rover.sky.ephemeris",
    "rover.terrain.derive",  # the record
    "rover.terrain.horizon",  # the record and its unit
    "rover.hazard.costmap",  # how far the footprint reaches
    "rover.hazard.detect",
    "rover.hazard.directional",  # two constants of the table of slip
    "rover.hazard.trafficability",
    "rover.limits.thermal",  # the record of bounds
    "rover.planning.check_",
    "rover.planning.problem",
)
CHECKERS = sorted(path.stem for path in (ROOT / "rover" / "planning").glob("check_*.py"))
NAMES = {
    "rover.hazard.costmap": {"footprint_reach_cells"},
    "rover.hazard.directional": {"STEEPEST_GRADE", "TABLE"},
    "rover.limits.thermal": {"SunWindowParams"},
    "rover.terrain.derive": {"Terrain"},
    "rover.terrain.horizon": {"HorizonMap", "STEP_RAD", "UNKNOWN"},
    "rover.planning.problem": {"Objective", "Plan", "PlanningProblem"},
}


@pytest.mark.parametrize("name", CHECKERS)
def test_the_checker_shares_nothing_with_planners(name: str) -> None:
    """No planner, kernel, limit's table or margin: records, facts and its own modules only."""
    tree = ast.parse((ROOT / "rover" / "planning" / f"{name}.py").read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(("rover", "sim")):
            assert node.module is not None and node.module.startswith(ALLOWED), node.module
            taken = {alias.name for alias in node.names}
            assert taken <= NAMES.get(node.module, taken), (node.module, taken)
        if isinstance(node, ast.Import):
            assert not any(alias.name.startswith(("rover", "sim", "numba")) for alias in node.names)
        assert not (isinstance(node, ast.Attribute) and node.attr in ("table", "margin", "timeline"))
