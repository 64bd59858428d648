"""Halving every bin, of time and of charge, moves arrival by 1 % and final charge by 2 % of the battery at the most."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from rover.core.boundary import Mode
from rover.planning.problem import Plan
from rover.planning.timetable import Timetable
from rover.planning.traverse import best_traverse
from rover.planning.traverse_setup import CHARGE_LEVELS, STEP_S, outlook
from tests.rover.planning.timed_ground import timed_outlook

MOST_OF_ARRIVAL, MOST_OF_CHARGE = 0.01, 0.02


@pytest.mark.parametrize(
    ("seed", "depart_h", "soc", "battery_wh"), [(2, 210.0, 0.9, 130.0), (0, 200.0, 0.32, 60.0)]
)
def test_halving_every_bin_moves_little(seed: int, depart_h: float, soc: float, battery_wh: float) -> None:
    """Within the hour, once without and once with waiting for charge: beside 1 %, an edge costs a leg at the most."""
    problem = timed_outlook(seed=seed, depart_h=depart_h, soc=soc, battery_wh=battery_wh).problem
    ends = []
    for share in (1, 2):
        ready = outlook(problem, step_s=STEP_S / share)
        plan = best_traverse(ready, charge_levels=share * CHARGE_LEVELS)
        assert isinstance(plan, Plan) and isinstance(plan.schedule, Timetable)
        steps, edges_s = plan.schedule.steps, ready.around.timeline.edge_s
        crossed = int(((edges_s > problem.depart_s) & (edges_s < steps[-1].end_s)).sum())
        longest_s = max(step.end_s - step.start_s for step in steps if step.mode is Mode.DRIVE)
        ends.append((steps[-1].end_s - problem.depart_s, steps[-1].soc_after, crossed * longest_s))
    (taken_s, soc_before, _), (halved_s, soc_after, at_edges_s) = ends
    assert abs(halved_s - taken_s) <= MOST_OF_ARRIVAL * taken_s + at_edges_s
    assert abs(soc_after - soc_before) <= MOST_OF_CHARGE


@pytest.mark.slow
@pytest.mark.parametrize("number", range(20))
def test_halving_every_bin_moves_little_in_twenty_scenarios(number: int) -> None:
    """Ground, start hour, charge, battery, array and operations as drawn by the benchmark."""
    sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))
    from convergence import row_of

    row = row_of(number)
    assert abs(row.of_arrival) <= MOST_OF_ARRIVAL, row
    assert abs(row.of_charge) <= MOST_OF_CHARGE, row
