"""Checks of planners that claim TIMED: light, charge and times, by the checker of traverses.

A plan's `schedule.steps` is what is judged: each leg and stay with its times, cells and charge, as
`rover.planning.timetable.Step`. `rover.planning.check_traverse` replays them with none of the planners' code.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import Any

from pydantic import ValidationError

from rover.io.plan_file import PlanDem, PlanFile, PlanLimits, plan_steps
from rover.limits.light import LitLimit, ShadowLimit
from rover.planning.check_ledger import Finding, Known
from rover.planning.check_traverse import check_traverse
from rover.planning.problem import Cause, NoPlan, Objective, Plan, PlanningProblem
from sim.testing.case import Broken, Case, brief, refusals
from sim.testing.check_way import no_way
from sim.testing.sky import BIN_S, HAVEN_TILT_DEG, HELD_S, OPERATIONS, RESERVE_SOC, dark, lit_only, poorer

OF_LIGHT = frozenset({"lit", "time in shadow", "outside its hours", "Sun elevation", "Sun below the nap"})
OF_CHARGE = frozenset(
    {"reserve", "charge before", "charge after", "harvest stated", "load stated", "leg energy stated"}
)
"""Limits of `check_traverse` that two of the checks are of; the third is of all others."""

_NO_LIGHT = (Cause.DAYLIGHT, Cause.SHADOW, Cause.NIGHT)


def timetable(case: Case) -> Iterator[Broken]:
    """Claims TIMED: steps follow each other from start to goal in time and place, and take what legs and stays take."""
    for problem, answer in case.answered():
        if isinstance(answer, NoPlan):
            yield no_way(problem, answer)
        else:
            yield from _judged(answer, problem, but=OF_LIGHT | OF_CHARGE)


def light(case: Case) -> Iterator[Broken]:
    """Claims TIMED: drives where and when there is light enough, and refuses only where there is none."""
    question = case.usual_question()
    answer = case.ask(question)
    if isinstance(answer, Plan):
        yield from _judged(answer, question, of=OF_LIGHT)
    for least, shadow_s in ((0.5, HELD_S), (0.0, 900.0)):
        problem = lit_only(question, least=least, longest_shadow_s=shadow_s)
        yield from _open_but_for(case, problem, "light", of=OF_LIGHT, causes=_NO_LIGHT)
    yield from refusals(case, dark(question), _NO_LIGHT)


def charge(case: Case) -> Iterator[Broken]:
    """Claims TIMED: accounts for every joule, keeps the reserve, and refuses only where that cannot be done."""
    question = case.usual_question()
    for problem in (question, poorer(question, soc=0.36, battery_wh=15.0)):
        yield from _open_but_for(case, problem, "charge", of=OF_CHARGE, causes=(Cause.ENERGY,))
    battery_wh = question.vehicle.battery_wh
    yield from refusals(case, poorer(question, soc=RESERVE_SOC / 2, battery_wh=battery_wh), (Cause.ENERGY,))


def _open_but_for(
    case: Case, problem: PlanningProblem, what: str, *, of: Collection[str], causes: Collection[Cause]
) -> Iterator[Broken]:
    """Ask what may have no way for one reason only, and yield what is wrong with the plan or the refusal."""
    answer = case.ask(problem)
    if isinstance(answer, Plan):
        yield from _judged(answer, problem, of=of)
    elif answer.cause not in causes:
        words = f"refuses with {answer.cause} what is open but for {what}"
        yield Broken(what=words, problem=problem, answer=answer)
    elif known := _known_way(case, problem):
        words = f"refuses with {answer.cause} where there is a way: {brief(known)} keeps all limits"
        yield Broken(what=words, problem=problem, answer=answer)


def _known_way(case: Case, problem: PlanningProblem) -> Plan | None:
    """Return a traverse by moves that a planner has too, which the checker holds; None where none is known.

    It is the product's own; that it keeps every limit is not taken from the planner that made it.
    """
    from rover.planning.traverse import TraversePlanner  # only where something is refused

    if problem.neighbours < 8:
        return None
    asked = replace(problem, objective=Objective.TIME, neighbours=8)
    plan = TraversePlanner().plan(asked)
    if not isinstance(plan, Plan) or any(_judged(plan, asked)) or case.dangers(plan, asked):
        return None
    return plan


def _judged(
    plan: Plan, problem: PlanningProblem, *, of: Collection[str] = (), but: Collection[str] = ()
) -> Iterator[Broken]:
    """Yield the first break of each limit, of some of them or of all but some."""
    if not hasattr(plan.schedule, "steps"):
        yield Broken(what="its plan has no schedule with steps", problem=problem, answer=plan)
        return
    try:
        verdict = check_traverse(_file_of(plan, problem), _known(problem))
    except ValidationError as error:
        what = f"its steps are none: {error.errors()[0]['msg']}"
        yield Broken(what=what, problem=problem, answer=plan)
        return
    told: set[str] = set()
    for finding in verdict.broken:
        if finding.limit in told or finding.limit in but or (of and finding.limit not in of):
            continue
        told.add(finding.limit)
        yield Broken(what=_in_words(finding), problem=problem, answer=plan)


def _in_words(found: Finding) -> str:
    where = "" if found.step is None else f" in step {found.step} on cell {found.cell}"
    return f"{found.limit}{where}: {found.value:.6g} {found.unit}, the bound is {found.bound:.6g}"


def _file_of(plan: Plan, problem: PlanningProblem) -> PlanFile:
    """Return a plan as it would stand in its file; of the scenario and the DEM nothing is asked here."""
    schedule: Any = plan.schedule
    geometry, almanac = problem.costmap.geometry, problem.almanac
    assert almanac is not None
    steps = plan_steps(schedule.steps, geometry)
    arrive_s = steps[-1].end_s if steps else problem.depart_s
    by_time = problem.objective is Objective.TIME
    return PlanFile(
        scenario={},
        dem=PlanDem(
            sha256="0" * 64,
            rows=geometry.rows,
            cols=geometry.cols,
            resolution_m=geometry.resolution_m,
            source="sim.testing",
        ),
        planner=plan.planner,
        criterion=problem.objective.value,
        value=arrive_s if by_time or plan.price is None else plan.price,
        depart_utc=almanac.epoch.utc_at(problem.depart_s),
        arrive_utc=almanac.epoch.utc_at(arrive_s),
        depart_s=problem.depart_s,
        bin_s=BIN_S,
        limits=_limits(problem),
        steps=steps,
    )


def _limits(problem: PlanningProblem) -> PlanLimits:
    lit = max((limit.least for limit in problem.limits if isinstance(limit, LitLimit)), default=0.0)
    shadow = [limit.longest_s for limit in problem.limits if isinstance(limit, ShadowLimit)]
    reach = max(limit.reach_m for limit in problem.limits if hasattr(limit, "reach_m"))
    assert problem.deadline_s is not None
    return PlanLimits(
        slope_deg=problem.vehicle.slope_limit_deg,
        roll_deg=problem.vehicle.roll_limit_deg,
        reach_m=reach,
        reserve_soc=RESERVE_SOC,
        least_lit=lit,
        longest_shadow_s=min(shadow) if shadow else None,
        dusk_margin_s=0.0,
        haven_tilt_deg=HAVEN_TILT_DEG,
        link_margin_deg=None,
        deadline_s=problem.deadline_s,
        stop_every_m=OPERATIONS.stop_every_m,
        command_cycle_s=OPERATIONS.command_cycle_s,
    )


def _known(problem: PlanningProblem) -> Known:
    assert problem.horizon is not None and problem.almanac is not None and problem.forecaster is not None
    return Known(
        terrain=problem.terrain,
        hazards=problem.hazards,
        horizon=problem.horizon,
        almanac=problem.almanac,
        vehicle=problem.vehicle,
        sun=problem.forecaster.window.params,
        start_m=problem.start_m,
        goal_m=problem.goal_m,
        soc=problem.soc,
    )
