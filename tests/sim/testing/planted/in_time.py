"""Bugs in time: in light, charge and timetable."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rover.limits.light import LitLimit, ShadowLimit
from rover.limits.power import ReserveLimit
from rover.planning.problem import Cause, NoPlan, Plan, PlanningProblem
from tests.sim.testing.planted.sound import InTime


class _Unlimited(InTime):
    kinds: tuple[type, ...]

    def question(self, problem: PlanningProblem) -> PlanningProblem:
        kept = tuple(limit for limit in problem.limits if not isinstance(limit, self.kinds))
        return replace(problem, limits=kept)


class IgnoresLight(_Unlimited):
    kinds = (LitLimit, ShadowLimit)


class IgnoresCharge(_Unlimited):
    kinds = (ReserveLimit,)


class LooksPastTheHorizon(InTime):
    """A Sun that is up shines everywhere."""

    def question(self, problem: PlanningProblem) -> PlanningProblem:
        assert problem.horizon is not None
        flat = np.full_like(problem.horizon.steps, 1)
        return replace(problem, horizon=replace(problem.horizon, steps=flat))


class CountsAzimuthTheOtherWay(InTime):
    """The horizon is looked up counter-clockwise."""

    def question(self, problem: PlanningProblem) -> PlanningProblem:
        assert problem.horizon is not None
        steps = np.roll(problem.horizon.steps[::-1], 1, axis=0)
        return replace(problem, horizon=replace(problem.horizon, steps=steps))


class RefusesShadow(InTime):
    """Where it is asked to keep to the light, it says that there is none."""

    def plan(self, problem: PlanningProblem) -> Plan | NoPlan:
        if any(isinstance(limit, LitLimit | ShadowLimit) for limit in problem.limits):
            return NoPlan(cause=Cause.SHADOW, where="everywhere", remedy="another day")
        return super().plan(problem)


class RefusesSmallBatteries(InTime):
    """A battery so small is never enough, whatever the array brings."""

    def plan(self, problem: PlanningProblem) -> Plan | NoPlan:
        if problem.vehicle.battery_wh < 100.0:
            return NoPlan(cause=Cause.ENERGY, where="everywhere", remedy="a larger battery")
        return super().plan(problem)


class TenTimesTheBattery(InTime):
    """The battery is ten times as large as it is."""

    def question(self, problem: PlanningProblem) -> PlanningProblem:
        assert problem.forecaster is not None
        vehicle = problem.vehicle.model_copy(update={"battery_wh": 10 * problem.vehicle.battery_wh})
        forecaster = replace(problem.forecaster, vehicle=vehicle)
        return replace(problem, vehicle=vehicle, forecaster=forecaster)


class LeavesAnHourLate(InTime):
    def question(self, problem: PlanningProblem) -> PlanningProblem:
        return replace(problem, depart_s=problem.depart_s + 3600.0)


class SchedulesNothing(InTime):
    def answer(self, plan: Plan, problem: PlanningProblem) -> Plan:
        return replace(plan, schedule=None)
