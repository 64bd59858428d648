"""Refusals by heading: their words, and the least limits that open a way, re-planned with."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from rover.hazard.costmap import build_costmap
from rover.hazard.detect import Hazard, HazardMap, detect_hazards
from rover.hazard.directional import directional_cost
from rover.planning.bottleneck import closed_whatever_the_slope
from rover.planning.directional import DirectionalPlanner
from rover.planning.explain_heading import Openings, explain_heading, least_openings
from rover.planning.problem import Cause, NoPlan, Plan, PlanningProblem
from tests.builders.time_steps import LooksAllowed, endless
from tests.rover.planning.directional_ground import grade, plane, problem_on, random_problem, rover


def refused(problem: PlanningProblem, descent_rad: float | None = None) -> NoPlan:
    answer = DirectionalPlanner(descent_limit_rad=descent_rad).plan(problem)
    assert isinstance(answer, NoPlan)
    return answer


def openings_of(problem: PlanningProblem, descent_rad: float | None = None) -> Openings:
    cost = directional_cost(problem.terrain, problem.vehicle, descent_limit_rad=descent_rad)
    return least_openings(problem, cost, closed_whatever_the_slope(problem))


def replanned(problem: PlanningProblem, descent_rad: float | None = None, **limits: float) -> bool:
    """Whether there is a way with other limits, keep-outs kept."""
    vehicle = rover(
        **{
            "slope_limit_deg": problem.vehicle.slope_limit_deg,
            "roll_limit_deg": problem.vehicle.roll_limit_deg,
        }
        | limits
    )
    kept = problem.hazards.flags & np.uint8(Hazard.KEEP_OUT)
    flags = detect_hazards(problem.terrain, vehicle).flags | kept
    hazards = HazardMap(geometry=problem.terrain.geometry, flags=flags)
    costmap = build_costmap(hazards, problem.terrain, vehicle)
    again = replace(problem, vehicle=vehicle, hazards=hazards, costmap=costmap)
    return isinstance(DirectionalPlanner(descent_limit_rad=descent_rad).plan(again), Plan)


def test_each_opening_is_the_least_of_its_limit() -> None:
    """On random ground: with it there is a way, and with a hundredth of a degree less there is none."""
    seen = {"slope": 0, "roll": 0, "descent": 0, "all": 0}
    for seed in range(240):
        problem, descent_rad = random_problem(seed)
        answer = DirectionalPlanner(descent_limit_rad=descent_rad).plan(problem)
        if not isinstance(answer, NoPlan) or answer.cause is not Cause.NO_ROUTE:
            continue
        found = openings_of(problem, descent_rad)
        assert answer.opens_at_slope_deg == found.slope_deg
        vehicle = problem.vehicle
        if found.slope_deg is not None:
            seen["slope"] += 1
            assert replanned(problem, descent_rad, slope_limit_deg=found.slope_deg)
            assert not replanned(problem, descent_rad, slope_limit_deg=found.slope_deg - 0.01)
            assert f"vehicle.slope_limit_deg={found.slope_deg:.2f}" in answer.remedy
        if found.roll_deg is not None:
            seen["roll"] += 1
            assert replanned(problem, descent_rad, roll_limit_deg=found.roll_deg)
            assert not replanned(problem, descent_rad, roll_limit_deg=found.roll_deg - 0.01)
        if found.descent_deg is not None:
            seen["descent"] += 1
            assert replanned(problem, math.radians(found.descent_deg))
            assert not replanned(problem, math.radians(found.descent_deg - 0.01))
        if found.all_deg is not None:
            seen["all"] += 1
            slope, roll = (
                max(found.all_deg, vehicle.slope_limit_deg),
                max(found.all_deg, vehicle.roll_limit_deg),
            )
            assert replanned(problem, slope_limit_deg=slope, roll_limit_deg=roll)
    assert min(seen.values()) >= 3, seen


def test_a_traverse_that_rolls_too_far_names_its_heading_and_the_limit() -> None:
    vehicle = rover(slope_limit_deg=20.0, roll_limit_deg=9.0)
    answer = refused(problem_on(plane(0.0, grade(14)), (8, 3), (8, 13), vehicle=vehicle))
    assert "at yaw 0 deg pitch is 0.00 deg of at most 20 and roll 14.00 of 9" in answer.where
    tacking = math.degrees(math.asin(math.sin(math.radians(14)) / math.sqrt(2)))
    assert answer.remedy == f"vehicle.roll_limit_deg={math.ceil(tacking * 100) / 100:.2f} opens a way"
    assert answer.opens_at_slope_deg is None and answer.expanded > 0


def test_a_climb_that_pitches_too_far_names_the_slope_limit() -> None:
    vehicle = rover(slope_limit_deg=8.0, roll_limit_deg=20.0)
    answer = refused(problem_on(plane(0.0, grade(14)), (4, 8), (12, 8), vehicle=vehicle))
    across = math.degrees(math.atan(grade(14) / math.sqrt(2)))
    assert answer.opens_at_slope_deg == pytest.approx(math.ceil(across * 100) / 100)
    assert "at yaw 90 deg pitch is 14.00 deg of at most 8" in answer.where


def test_ends_closed_to_every_heading_say_by_what() -> None:
    closed = np.zeros((17, 17), np.bool_)
    closed[8, 3] = True
    problem = problem_on(plane(0.0, 0.0), (8, 3), (8, 13), closed=closed)
    start = refused(problem)
    assert start.cause is Cause.START_LETHAL and "is on a keep-out hazard" in start.where
    assert "the nearest free cell is at" in start.remedy
    goal = refused(replace(problem, start_m=problem.goal_m, goal_m=problem.start_m))
    assert goal.cause is Cause.GOAL_LETHAL and "keep-out" in goal.where


def test_a_wall_is_no_matter_of_limits() -> None:
    closed = np.zeros((17, 17), np.bool_)
    closed[:, 8] = True
    answer = refused(problem_on(plane(0.0, 0.0), (8, 3), (8, 13), closed=closed))
    assert answer.cause is Cause.NO_ROUTE
    assert answer.remedy == "no limit of slope or roll opens a way: keep-out hazards cut the goal off"
    assert "every heading is closed" in answer.where


def test_a_steep_start_is_no_closed_start() -> None:
    """Tilt alone closes no cell here, whatever the cost map says."""
    vehicle = rover(slope_limit_deg=20.0, roll_limit_deg=5.0)
    problem = problem_on(plane(0.0, grade(14)), (3, 8), (13, 8), vehicle=vehicle)
    assert np.isinf(problem.costmap.cost_s_per_m).all()
    assert isinstance(DirectionalPlanner().plan(problem), Plan)


def test_a_refusal_that_is_not_explained_in_time_says_so() -> None:
    problem = next(p for p, _ in map(random_problem, range(50)) if closed_in(p))
    whole = refused(problem)
    cost = directional_cost(problem.terrain, problem.vehicle)
    closed = closed_whatever_the_slope(problem)
    bare = NoPlan(cause=Cause.NO_ROUTE, where="", remedy="")
    counter = endless()
    assert explain_heading(problem, bare, cost, closed, counter) == replace(whole, expanded=0)
    for looks in range(counter.taken):
        told = explain_heading(problem, bare, cost, closed, LooksAllowed(looks))
        assert told.unfinished and "allow more" in told.remedy
        assert told.where == (whole.where if looks else "")


def closed_in(problem: PlanningProblem) -> bool:
    answer = DirectionalPlanner().plan(problem)
    return isinstance(answer, NoPlan) and answer.cause is Cause.NO_ROUTE
