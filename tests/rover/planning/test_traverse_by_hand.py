"""Traverses over a few cells whose best is worked out by hand: where to wait, for how much, in light or shadow."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from rover.planning import label_kernels as named
from rover.planning.timetable import steps_of
from rover.planning.traverse_ahead import ahead_of, least_load_w, shortfalls, windows_of, with_gains
from rover.planning.traverse_record_kernels import NEEDS, SECONDS, Ground
from rover.planning.traverse_search import run_search
from tests.rover.planning.traverse_enumeration import Enumeration

NORTH, EAST, SOUTH = 0, 1, 2
OVERHEAD, LOW_IN_THE_EAST = (0.0, 0.0, 1.0), (0.954, 0.0, 0.3)
STANDING_W = 10.0
LEVEL, TILTED = (0.0, 0.0), (-0.5, 0.0)
"""Grades to the east and north; the second faces the Sun in the east."""


def ground_of(
    cols: int,
    edges_s: Sequence[float],
    legs: Mapping[tuple[int, int], tuple[float, float]],
    light: Sequence[int],
    *,
    kind: int,
    flux_w: float,
    grades: Sequence[tuple[float, float]] | None = None,
    sun: tuple[float, float, float] = OVERHEAD,
    longest_dark_s: float = math.inf,
    shut: tuple[int, int] | None = None,
) -> Ground:
    """Return cells in the same light all day, with a battery of 100 kJ without losses, the last cell the goal.

    Args:
        cols: Of the map.
        edges_s: Of bins.
        legs: Seconds and joules of each move there is, by cell and direction.
        light: Of each cell, of 255.
        kind: What is to be least.
        flux_w: Output of the array facing the Sun.
        grades, sun, longest_dark_s: As named.
        shut: A cell, and the bin in which it is closed.
    """
    cells, count = len(light), len(edges_s) - 1
    bins = np.zeros((count + 1, named.BINS))
    bins[:, named.EDGE] = edges_s
    bins[count, named.PHASE] = -1
    bins[:, named.COLUMN] = [*range(count), -1]
    bins[:, named.FLUX] = flux_w
    bins[:, named.SUN_EAST : named.SUN_UP + 1] = sun
    bins[:count, named.OPEN], bins[:count, named.OPEN_UNTIL] = 1, edges_s[-1]
    bins[1:, named.DRIVEN] = np.cumsum(np.diff(edges_s))
    legs_s = np.full((cells, 8), np.inf, np.float32)
    legs_j = legs_s.copy()
    for (cell, move), (seconds, joules) in legs.items():
        legs_s[cell, move], legs_j[cell, move] = seconds, joules
    rules = _rules(kind, longest_dark_s, edges_s[-1])
    rules[named.LEAST_W] = least_load_w(STANDING_W, legs_s, legs_j)
    lit = np.repeat(np.array(light, np.uint8)[:, None], count, axis=1)
    closed = np.zeros((1, 1) if shut is None else lit.shape, np.uint8)
    if shut is not None:
        closed[shut] = 1
    grade = np.array([LEVEL] * cells if grades is None else grades, np.float32)
    with_gains(bins, grade, lit, rules, cells=np.arange(cells))
    ends, windows = windows_of(bins)
    short = shortfalls(bins, grade, lit, rules, cells=np.arange(cells), ends=ends)
    ahead = ahead_of(cells - 1, cols, legs_s, legs_j, short, bins, rules)
    ahead[:, :NEEDS] = np.where(np.arange(NEEDS) == SECONDS, ahead[:, :NEEDS], 0.0)
    return Ground(
        goal=cells - 1, cols=cols, legs_s=legs_s, legs_j=legs_j, grades=grade, lit=lit, closed=closed,
        haven=np.ones(cells, np.uint8), clear=np.ones(cells, np.float32), ahead=ahead, windows=windows,
        short=short, bins=bins, rules=rules,
    )  # fmt: skip


def _rules(kind: int, longest_dark_s: float, deadline_s: float) -> npt.NDArray[np.float64]:
    rules = np.zeros(named.RULES)
    nodes = named.CURVE_NODES
    rules[named.CURVE :] = [0.1, 0.5, *[2.0] * (nodes - 2), 1.2, *[1.0] * (nodes - 1)]
    rules[: named.CELL_M + 1] = [
        *(100e3, 1.0, 1.0, STANDING_W, STANDING_W, 1.0, 20.0, 5.0, 1.0, 0.0),
        *(0.0, 128.0, longest_dark_s, deadline_s, 7.0, 0.0, 2.0),
    ]
    rules[named.TRACKS_DARK] = float(math.isfinite(longest_dark_s) or kind == named.BY_SHADOW)
    rules[named.FIRST_KIND] = kind
    return rules


def best(ground: Ground, charge_j: float) -> float:
    """Return the best of a search, which an enumeration finds as well and whose timetable keeps its time."""
    labels = next(iter(run_search(ground, (0, 0), depart_s=0.0, charge_j=charge_j, ladder_after=1_000_000)))
    assert labels.found is not None
    steps_of(labels, labels.found)
    row = labels.search.reals[labels.found]
    found = float(row[named.TIME if ground.rules[named.FIRST_KIND] == named.BY_TIME else named.FIRST])
    enumeration = Enumeration(ground)
    goals = enumeration.goals(0, 0.0, charge_j)
    assert goals and found == pytest.approx(min(enumeration.value(goal, 0) for goal in goals), abs=1e-6)
    return found


def gain_w(light: int, flux_w: float) -> float:
    """Return by how much a rover waiting on level ground under a Sun overhead charges."""
    return flux_w * light / 255.0 - STANDING_W


def test_it_charges_fully_at_the_best_place_and_for_the_rest_at_the_next() -> None:
    """The last leg takes more than is left of a full battery after the first."""
    legs = {(0, EAST): (100.0, 10e3), (1, EAST): (100.0, 95e3)}
    light, flux_w = [255, 128, 255], 30.0
    ground = ground_of(3, [0, 10e3, 20e3], legs, light, kind=named.BY_TIME, flux_w=flux_w)
    array_w = [flux_w * share / 255.0 for share in light]
    on_the_way_j = [100.0 * (array_w[k] + array_w[k + 1]) / 2 for k in (0, 1)]
    first_s = (100e3 - 20e3) / gain_w(255, flux_w)
    left_j = 100e3 - 10e3 + on_the_way_j[0]
    rest_s = (95e3 - on_the_way_j[1] - left_j) / gain_w(128, flux_w)
    assert rest_s > 50.0
    assert best(ground, 20e3) == pytest.approx(first_s + 100.0 + rest_s + 100.0, abs=1e-6)


@pytest.mark.parametrize("first_light", [120, 0])
def test_it_waits_in_the_light_where_the_shade_would_charge_it_faster(first_light: int) -> None:
    """The second leg fits into the second bin only; the first cell faces the low Sun, shaded as it is."""
    legs = {(0, EAST): (300.0, 1e3), (1, EAST): (800.0, 1e3)}
    grades = [TILTED, LEVEL, LEVEL]
    given: dict[str, Any] = {"flux_w": 100.0, "grades": grades, "sun": LOW_IN_THE_EAST}
    ground = ground_of(3, [0, 1000, 3000], legs, [first_light, 200, 200], kind=named.BY_SHADOW, **given)
    assert best(ground, 50e3) == 0.0


def test_a_shaded_place_that_charges_fast_stands_for_no_way_that_leaves_it_sooner() -> None:
    """The middle is shut in the first bin; by the side way the rover waits elsewhere, in shadow for less time."""
    legs = {
        (0, EAST): (100.0, 1e3),
        (0, NORTH): (100.0, 1e3),
        (3, 5): (200.0, 1e3),
        (1, EAST): (100.0, 1e3),
        (2, NORTH): (1200.0, 1e3),
    }
    grades = [TILTED, *[LEVEL] * 5]
    ground = ground_of(
        3, [0, 200, 1500, 4000], legs, [120, 100, 200, 100, 0, 255], kind=named.BY_SHADOW, flux_w=100.0,
        grades=grades, sun=LOW_IN_THE_EAST, shut=(1, 0),
    )  # fmt: skip
    # Waiting for the edge on the first cell is 200 s in shadow, the leg to the middle 100 s more.
    assert best(ground, 50e3) == pytest.approx(300.0, abs=1e-6)
