"""The search of place, time and charge against all that can be done, on small problems at random."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from rover.planning import label_kernels as named
from rover.planning.timetable import steps_of
from rover.planning.traverse_record_kernels import Ground
from rover.planning.traverse_search import run_search
from tests.rover.planning.traverse_enumeration import Enumeration, random_ground

KINDS = {
    "time": named.BY_TIME,
    "energy": named.BY_ENERGY,
    "charge": named.BY_CHARGE,
    "shadow": named.BY_SHADOW,
    "clearance": named.BY_CLEARANCE,
    "distance": named.BY_DISTANCE,
}


def searched(
    ground: Ground, charge: float, *, ladder_after: int = 1_000_000
) -> list[tuple[float, float, float]]:
    """Return (first criterion, second criterion, arrival) of every goal that the search brings up."""
    found = []
    for labels in run_search(ground, (0, 0), depart_s=0.0, charge_j=charge, ladder_after=ladder_after):
        if labels.found is None:
            break
        row = labels.search.reals[labels.found]
        values = [
            row[named.TIME] if ground.rules[kind] == named.BY_TIME else row[column]
            for kind, column in ((named.FIRST_KIND, named.FIRST), (named.SECOND_KIND, named.SECOND))
        ]
        found.append((float(values[0]), float(values[1]), float(row[named.TIME])))
        if ground.rules[named.SECOND_KIND] == named.NONE:
            break
    return found


def problems(
    count: int, seed: int, first: int, second: int = named.NONE, **kind: Any
) -> Iterator[tuple[int, Ground, float]]:
    for index in range(count):
        rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(first, second, index)))
        ground = random_ground(rng, first, second, **kind)
        yield index, ground, float(ground.rules[named.CAPACITY] * rng.uniform(0.3, 1.0))


@pytest.mark.parametrize("count", [20, pytest.param(200, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", KINDS)
def test_the_best_of_all_that_can_be_done(name: str, count: int) -> None:
    feasible = compared = 0
    for index, ground, charge in problems(count, 1, KINDS[name]):
        enumeration = Enumeration(ground)
        goals = enumeration.goals(0, 0.0, charge)
        if goals is None:
            continue
        compared += 1
        found = searched(ground, charge)
        assert bool(found) == bool(goals), (index, len(goals))
        if goals:
            feasible += 1
            best = min(enumeration.value(goal, 0) for goal in goals)
            assert math.isclose(found[0][0], best, rel_tol=1e-9, abs_tol=1e-6), (index, found[0], best)
    assert compared >= 0.9 * count
    assert 0.25 * count <= feasible <= 0.9 * count  # both answers are put to the test


@pytest.mark.parametrize("count", [12, pytest.param(200, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", KINDS)
def test_the_best_of_all_that_can_be_done_by_commands(name: str, count: int) -> None:
    feasible = 0
    for index, ground, charge in problems(count, 5, KINDS[name], commanded=True):
        feasible += _best_is_found(ground, charge, KINDS[name], index)
    assert feasible >= 0.15 * count


@pytest.mark.parametrize("count", [12, pytest.param(200, marks=pytest.mark.slow)])
def test_the_earliest_arrival_by_moves_longer_than_bins(count: int) -> None:
    feasible = 0
    for index, ground, charge in problems(count, 6, named.BY_TIME, longer=3.0):
        feasible += _best_is_found(ground, charge, named.BY_TIME, index)
    assert feasible >= 0.1 * count


@pytest.mark.parametrize("count", [60, pytest.param(600, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", ["time", "charge"])
def test_the_best_where_driving_takes_less_than_waiting(name: str, count: int) -> None:
    """Legs charge the rover, up to a full battery, where waiting at the best place drains it."""
    feasible = 0
    for index, ground, charge in problems(count, 5, KINDS[name], idle=True):
        feasible += _best_is_found(ground, charge, KINDS[name], index)
        _charge_is_kept(ground, charge, index)
    assert 0.25 * count <= feasible <= 0.9 * count


def _charge_is_kept(ground: Ground, charge: float, index: int) -> None:
    """Hold the smallest charge that a search states to that of its timetable, step by step."""
    labels = next(iter(run_search(ground, (0, 0), depart_s=0.0, charge_j=charge, ladder_after=1_000_000)))
    if labels.found is None:
        return
    steps = steps_of(labels, labels.found)  # asserts that time and charge are those of the label
    if ground.rules[named.FIRST_KIND] == named.BY_CHARGE:
        least_j = min(min(step.soc, step.soc_after) for step in steps) * ground.rules[named.CAPACITY]
        stated_j = -labels.search.reals[labels.found, named.FIRST]
        assert math.isclose(least_j, stated_j, rel_tol=1e-9, abs_tol=1e-3), index


def _best_is_found(ground: Ground, charge: float, kind: int, index: int) -> int:
    """Hold what is found, with the ladder and without, to all that can be done; return whether there is a way."""
    enumeration = Enumeration(ground)
    goals = enumeration.goals(0, 0.0, charge)
    if goals is None:
        return 0
    for ladder_after in (0, 1_000_000) if kind == named.BY_TIME else (1_000_000,):
        found = searched(ground, charge, ladder_after=ladder_after)
        assert bool(found) == bool(goals), (index, len(goals))
        if goals:
            best = min(enumeration.value(goal, 0) for goal in goals)
            assert math.isclose(found[0][0], best, rel_tol=1e-9, abs_tol=1e-6), (index, found[0], best)
    return len(goals) > 0


@pytest.mark.parametrize("count", [60, pytest.param(1000, marks=pytest.mark.slow)])
def test_the_earliest_arrival_by_a_ladder(count: int) -> None:
    feasible = 0
    for index, ground, charge in problems(count, 3, named.BY_TIME):
        goals = Enumeration(ground).goals(0, 0.0, charge)
        if goals is None:
            continue
        found = searched(ground, charge, ladder_after=0)
        assert bool(found) == bool(goals), (index, len(goals))
        if goals:
            feasible += 1
            best = min(goal.time for goal in goals)
            assert math.isclose(found[0][2], best, rel_tol=1e-9, abs_tol=1e-6), (index, found[0], best)
    assert 0.25 * count <= feasible <= 0.9 * count


PAIRS = [
    ("time", "energy"),
    ("time", "charge"),
    ("energy", "shadow"),
    ("clearance", "time"),
    ("distance", "charge"),
]


@pytest.mark.parametrize("count", [4, pytest.param(100, marks=pytest.mark.slow)])
@pytest.mark.parametrize("pair", PAIRS, ids="-".join)
def test_the_whole_front_of_two_criteria(pair: tuple[str, str], count: int) -> None:
    longest = 0
    for _, ground, charge in problems(count, 2, *(KINDS[name] for name in pair)):
        longest = max(longest, _same_front(ground, charge))
    assert longest >= 2 or count < 100  # somewhere one has to be chosen


@pytest.mark.parametrize("count", [8, pytest.param(100, marks=pytest.mark.slow)])
@pytest.mark.parametrize("second", ["energy", "charge"])
def test_fronts_that_begin_with_arrival_by_a_ladder(second: str, count: int) -> None:
    for _, ground, charge in problems(count, 4, named.BY_TIME, KINDS[second]):
        _same_front(ground, charge, ladder_after=0)


@pytest.mark.parametrize(("pair", "wanted"), [(("time", "charge"), 46), (("distance", "charge"), 80)])
def test_fronts_with_a_choice_of_when_to_charge(pair: tuple[str, str], wanted: int) -> None:
    for index, ground, charge in problems(wanted + 1, 2, *(KINDS[name] for name in pair)):
        assert index < wanted or _same_front(ground, charge) >= 1


def _same_front(ground: Ground, charge: float, *, ladder_after: int = 1_000_000) -> int:
    """Hold the front that is searched for to that of all that can be done; return how many points it has."""
    enumeration = Enumeration(ground)
    goals = enumeration.goals(0, 0.0, charge)
    if goals is None:
        return 0
    front = _front([(enumeration.value(goal, 0), enumeration.value(goal, 1)) for goal in goals])
    found = [point[:2] for point in searched(ground, charge, ladder_after=ladder_after)]
    assert len(found) == len(front), (found, front)
    assert np.allclose(found, front, rtol=1e-9, atol=1e-6)
    return len(front)


def _front(points: list[tuple[float, float]]) -> list[tuple[float, float]]:
    front: list[tuple[float, float]] = []
    for point in sorted(points):
        if not front or point[1] < front[-1][1] - 1e-6:
            front.append(point)
    return front
