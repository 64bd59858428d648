"""Faults on the way and the night: the exact chance against rollouts, the rule against all rules, and bad input."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import beta, binom

from rover.core.boundary import Mode
from rover.core.errors import UsageError
from rover.limits.delay import DelayLimit
from rover.limits.mobility import LevelLimit, RollLimit, SlopeLimit
from rover.limits.power import ReserveLimit, WakeLimit
from rover.limits.thermal import Phase, SunWindow
from rover.planning.delay import DelayModel, DelayRisk, Faults, Stretch, dusks_of, stretches_of
from rover.planning.delay_traverse import DelayedPlan, plan_with_delay_bound, shown_by
from rover.planning.problem import NoPlan
from rover.planning.timed_legs import LegJudge
from rover.planning.timetable import Step, Timetable
from rover.planning.traverse_setup import Outlook, outlook
from rover.terrain.horizon import trace_horizon
from sim.run.scenario import load_scenario
from sim.run.setting import prepare

FAULTS = Faults(rate_per_km=30.0, cost_s=300.0)
ROLLOUTS = 10_000


def model_of(seed: int, *, count: int = 3) -> DelayModel:
    rng = np.random.default_rng(seed)
    left = np.sort(rng.uniform(0, 4 * FAULTS.cost_s, count))[::-1]
    return DelayModel(
        [
            Stretch(
                at=(i, 0),
                to=(i + 1, 0),
                may_hold=bool(i == 0 or rng.random() < 0.8),
                length_m=float(rng.uniform(5, 60)),
                slack_s=float(left[i]),
                rests=bool(rng.random() < 0.3),
            )
            for i in range(count)
        ],
        FAULTS,
    )


def simulated(model: DelayModel, risk: DelayRisk, rng: np.random.Generator) -> str:
    """One drive by the stretches, fault by fault."""
    late_s, faults = 0.0, 0
    for part, go in zip(model.stretches, risk.go, strict=True):
        if part.may_hold and not go[min(faults, model.most)]:
            return "held"
        way_m = rng.exponential(1000.0 / FAULTS.rate_per_km)
        while way_m < part.length_m:
            late_s, faults = late_s + FAULTS.cost_s, faults + 1
            way_m += rng.exponential(1000.0 / FAULTS.rate_per_km)
        if late_s > part.slack_s:
            return "caught"
        if part.rests:
            late_s, faults = 0.0, 0
    return "arrived"


@pytest.mark.parametrize("seed", range(4))
def test_chances_are_those_of_simulated_drives(seed: int) -> None:
    model, rng = model_of(seed), np.random.default_rng(seed + 100)
    for price in (0.3, 5.0):
        risk = model.risk(model.best_rule(price))
        ends = [simulated(model, risk, rng) for _ in range(4000)]
        for name, chance in (("caught", risk.caught), ("held", risk.held), ("arrived", risk.as_planned)):
            assert ends.count(name) / 4000 == pytest.approx(chance, abs=4.5 * math.sqrt(0.25 / 4000))


def every_rule(model: DelayModel) -> list[DelayRisk]:
    """All rules of going on up to a number of faults."""
    levels = [range(7) if part.may_hold else (99,) for part in model.stretches]
    counts = np.arange(model.most + 1)
    return [model.risk(np.array([counts < most for most in chosen])) for chosen in itertools.product(*levels)]


@pytest.mark.parametrize("seed", range(12))
def test_a_bounded_rule_is_nearly_the_best_of_all(seed: int) -> None:
    model = model_of(seed)
    rules = every_rule(model)
    for bound in (0.02, 0.1, 0.3):
        found = model.bounded(bound)
        within = [rule.as_planned for rule in rules if rule.caught <= bound]
        if found is None:
            assert not within
            continue
        assert found.caught <= bound
        assert found.as_planned >= 0.8 * max(within) - 1e-9


@pytest.mark.parametrize("seed", range(12))
def test_the_rule_of_a_price_is_the_best_of_all_at_that_price(seed: int) -> None:
    model = model_of(seed)
    for price in (0.1, 1.0, 20.0):
        found = model.risk(model.best_rule(price))
        assert (
            found.as_planned - price * found.caught
            >= max(rule.as_planned - price * rule.caught for rule in every_rule(model)) - 1e-9
        )


def test_a_night_at_a_haven_takes_up_the_delay() -> None:
    first = Stretch(at=(0, 0), to=(1, 0), may_hold=True, length_m=50.0, slack_s=1e9, rests=True)
    second = Stretch(at=(1, 0), to=(2, 0), may_hold=True, length_m=50.0, slack_s=310.0, rests=False)
    rested = DelayModel([first, second], FAULTS)
    through = DelayModel([replace(first, rests=False), second], FAULTS)
    one_day, two_days = (model.risk(model.never_holding()).caught for model in (through, rested))
    assert two_days == pytest.approx(1 - math.exp(-1.5) * 2.5)
    assert one_day == pytest.approx(1 - math.exp(-3.0) * 4.0)


def ready(hours_before_dusk: float = 1.9) -> Outlook:
    """First-drive ground, havens where it is level to 2 deg, and a departure shortly before the evening."""
    settings = [
        *("terrain.size_m=200", "start_m=[-80.0,-80.0]", "goal_m=[80.0,80.0]"),
        *('operations.mode="autonomous"', "operations.max_lunar_days=1.3"),
    ]
    setting = prepare(load_scenario("first-drive", settings=settings))
    vehicle, control = setting.vehicle, setting.control
    window = control.forecaster.window
    limits = (
        *(SlopeLimit(vehicle.slope_limit_rad), RollLimit(vehicle.roll_limit_rad), ReserveLimit(0.3)),
        *(WakeLimit(vehicle), LevelLimit(math.radians(2.0)), window),
    )
    dusk_s = 218.135 * 3600.0
    problem = replace(
        control.problem(),
        horizon=trace_horizon(setting.dem),
        forecaster=control.forecaster,
        limits=limits,
        depart_s=dusk_s - hours_before_dusk * 3600.0,
        soc=0.9,
    )
    return outlook(problem, step_s=7200.0)


@pytest.fixture(scope="module")
def near_dusk() -> Outlook:
    return ready()


@pytest.fixture(
    scope="module",
    params=(pytest.param(0.01, marks=pytest.mark.slow), 0.05, pytest.param(0.1, marks=pytest.mark.slow)),
)
def delayed(near_dusk: Outlook, request: pytest.FixtureRequest) -> DelayedPlan:
    found = plan_with_delay_bound(near_dusk, request.param, FAULTS)
    assert isinstance(found, DelayedPlan)
    return found


class Rover:
    """Drives a timetable step by step on the clock, with faults; it knows the phases of the Sun and nothing else."""

    def __init__(
        self, window: SunWindow, steps: tuple[Step, ...], havens: np.ndarray, rule: DelayRisk
    ) -> None:
        self.window, self.steps, self.havens, self.rule = window, steps, havens, rule
        self.moves = [i for i, step in enumerate(steps) if step.to != step.cell]
        self.evening = {i: self.dusk(steps[i].start_s) for i in self.moves}

    def dusk(self, at: float) -> float:
        """When driving next ends for other than a nap."""
        while True:
            end = self.window.next_change(at)
            if self.window.phase_at(at) is Phase.DRIVE and self.window.phase_at(end + 1.0) is not Phase.NAP:
                return end
            at = end + 1.0

    def drive(self, rng: np.random.Generator) -> str:
        late_s, faults, stretch, next_m = 0.0, 0, 0, rng.exponential(1000.0 / FAULTS.rate_per_km)
        fresh = True
        for i in self.moves:
            step = self.steps[i]
            if fresh:
                if (
                    self.havens[step.cell]
                    and not self.rule.go[stretch, min(faults, self.rule.go.shape[1] - 1)]
                ):
                    return "held"
                fresh = False
            next_m -= 2.0 * math.dist(step.cell, step.to)
            while next_m <= 0:
                late_s, faults = late_s + FAULTS.cost_s, faults + 1
                next_m += rng.exponential(1000.0 / FAULTS.rate_per_km)
            if step.end_s + late_s > self.evening[i]:
                # What is left of the day does not do; only a haven that was reached in time saves the rover.
                return "caught"
            if self.havens[step.to]:
                stretch, fresh = stretch + 1, True
                following = next((j for j in self.moves if j > i), None)
                if following is not None and self.evening[following] > self.evening[i] + 1.0:
                    late_s, faults = 0.0, 0
        return "arrived"


def upper_limit(count: int) -> float:
    return float(beta.ppf(0.95, count + 1, ROLLOUTS - count))


def test_rollouts_keep_the_bound_and_use_it(near_dusk: Outlook, delayed: DelayedPlan) -> None:
    timetable = delayed.plan.schedule
    assert isinstance(timetable, Timetable)
    assert near_dusk.table.havens is not None and near_dusk.problem.forecaster is not None
    rover = Rover(near_dusk.problem.forecaster.window, timetable.steps, near_dusk.table.havens, delayed.risk)
    rng = np.random.default_rng([int(delayed.bound * 1000), 11])
    ends = [rover.drive(rng) for _ in range(ROLLOUTS)]
    caught = ends.count("caught")
    assert upper_limit(caught) <= delayed.bound
    assert caught / ROLLOUTS >= delayed.bound / 5
    assert caught / ROLLOUTS == pytest.approx(
        delayed.risk.caught, abs=4 * math.sqrt(delayed.risk.caught / ROLLOUTS)
    )
    assert ends.count("held") / ROLLOUTS == pytest.approx(delayed.risk.held, abs=0.02)


def test_plans_keep_their_time_in_hand(near_dusk: Outlook, delayed: DelayedPlan) -> None:
    timetable = delayed.plan.schedule
    assert isinstance(timetable, Timetable)
    limit = DelayLimit(dusks_s=tuple(dusks_of(near_dusk.around.timeline).tolist()), margin_s=delayed.margin_s)
    legs = LegJudge(near_dusk.around, near_dusk.problem.vehicle).legs_of(timetable.steps)
    assert all(limit.margin(leg).slack >= -1e-3 for leg in legs)


def test_stretches_are_the_whole_way(near_dusk: Outlook, delayed: DelayedPlan) -> None:
    timetable = delayed.plan.schedule
    assert isinstance(timetable, Timetable) and near_dusk.table.havens is not None
    parts = stretches_of(timetable.steps, near_dusk.table.havens, near_dusk.around.timeline, 2.0)
    assert math.fsum(part.length_m for part in parts) == pytest.approx(delayed.plan.length_m)
    assert parts[-1].to == near_dusk.goal and parts[0].at == near_dusk.start
    assert all(near_dusk.table.havens[part.to] for part in parts[:-1])
    assert all(a.to == b.at for a, b in itertools.pairwise(parts))
    nights = sum(step.mode is Mode.DORMANT for step in timetable.steps) > 0
    assert any(part.rests for part in parts) == nights


def test_no_way_to_keep_the_bound_is_an_answer() -> None:
    late = ready(hours_before_dusk=0.1)
    answer = plan_with_delay_bound(late, 0.01, Faults(rate_per_km=2000.0, cost_s=3600.0))
    assert isinstance(answer, NoPlan)


@pytest.mark.parametrize("rollouts, bound", [(10_000, 0.01), (10_000, 0.1), (500, 0.05)])
def test_what_is_shown_by_rollouts(rollouts: int, bound: float) -> None:
    chance = shown_by(rollouts, bound)
    counts = np.arange(rollouts + 1)
    shown = beta.ppf(0.95, counts + 1, rollouts - counts) <= bound
    assert binom.pmf(counts, rollouts, chance)[shown].sum() == pytest.approx(0.95)
    assert bound / 5 < chance < bound


def test_too_few_rollouts_leave_the_bound() -> None:
    assert shown_by(10, 0.01) == 0.01


@pytest.mark.parametrize(
    "rate, cost", [(0.0, 1.0), (-1.0, 1.0), (1.0, 0.0), (math.nan, 1.0), (1.0, math.inf)]
)
def test_faults_are_above_zero(rate: float, cost: float) -> None:
    with pytest.raises(UsageError, match="above zero"):
        Faults(rate_per_km=rate, cost_s=cost)


@pytest.mark.parametrize("bound", [0.0, 1.0, -0.1, math.nan])
def test_a_bound_is_a_chance(near_dusk: Outlook, bound: float) -> None:
    with pytest.raises(UsageError, match="chance between 0 and 1"):
        plan_with_delay_bound(near_dusk, bound, FAULTS)


def test_a_margin_is_a_time() -> None:
    with pytest.raises(UsageError, match="margin_s"):
        DelayLimit(dusks_s=(), margin_s=-1.0)
