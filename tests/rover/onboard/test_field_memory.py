"""What is kept of the cost to the goal where the local costs have been."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rover.onboard.field_memory import MEMORY_M, FieldMemory, excess_on, remembered
from rover.onboard.heading_kernels import HEADINGS
from rover.onboard.local_cost import LocalCost, local_cost
from tests.rover.onboard.test_local_planner import YUTU_2, Floats, belief, ground, known, level

GOAL = (20.0, 0.0)
CELL_M = 0.2
COUNT = len(HEADINGS)


def held(
    corner: tuple[int, int], excess: float | Floats, size: int = 10, before: FieldMemory | None = None
) -> FieldMemory:
    over_map = np.full((size, size), 300.0)
    found = np.broadcast_to(over_map + excess, (COUNT, size, size))
    return remembered(
        before, goal_m=GOAL, cell_m=CELL_M, corner=corner, over_map_s=over_map, to_goal_s=np.array(found)
    )


def looked_up(
    memory: FieldMemory, corner: tuple[int, int], size: int = 10, goal: tuple[float, float] = GOAL
) -> Floats:
    return excess_on(memory, goal_m=goal, cell_m=CELL_M, corner=corner, shape=(size, size))


def test_what_a_window_found_is_known_where_another_overlaps_it() -> None:
    memory = held((0, 0), 50.0)
    excess = looked_up(memory, (4, -3))
    assert (excess[:, :6, 3:] == 50.0).all()
    assert (excess[:, 6:] == 0.0).all() and (excess[:, :, :3] == 0.0).all()


def test_a_later_window_takes_the_place_of_an_earlier_one_and_what_is_not_finite_does_not() -> None:
    later = np.full((COUNT, 10, 10), 20.0)
    later[3, 2, 2] = math.inf
    memory = held((0, 0), later, before=held((0, 0), 50.0))
    excess = looked_up(memory, (0, 0))
    assert excess[3, 2, 2] == 50.0
    assert np.count_nonzero(excess == 20.0) == excess.size - 1


def test_less_than_the_maps_have_it_is_not_believed_and_what_is_far_is_forgotten() -> None:
    assert (looked_up(held((0, 0), -30.0), (0, 0)) == 0.0).all()
    cells = round(2 * MEMORY_M / CELL_M)
    assert (looked_up(held((0, cells), 0.0, before=held((0, 0), 50.0)), (0, 0)) == 0.0).all()


def test_of_what_no_map_leads_on_from_nothing_is_kept() -> None:
    closed = np.full((10, 10), math.inf)
    memory = remembered(
        None,
        goal_m=GOAL,
        cell_m=CELL_M,
        corner=(0, 0),
        over_map_s=closed,
        to_goal_s=np.broadcast_to(closed, (COUNT, 10, 10)),
    )
    assert (looked_up(memory, (0, 0)) == 0.0).all()


def test_another_goal_begins_anew() -> None:
    assert (looked_up(held((0, 0), 50.0), (0, 0), goal=(0.0, 20.0)) == 0.0).all()


def cost_with(memory: FieldMemory | None) -> LocalCost:
    maps = belief()
    geometry = maps.costmap.geometry
    cells = geometry.centres_of(np.argwhere(np.ones(geometry.shape, np.bool_))) - np.array(GOAL)
    onward = np.hypot(*cells.T).reshape(geometry.shape) * 18.0
    given = {"here_m": (0.0, 0.0), "refused": (), "onward_s": onward, "path_m": np.array([GOAL])}
    return local_cost(known(ground(level())), maps, YUTU_2, memory=memory, **given)


def test_a_dead_end_beyond_the_window_is_not_led_into_again() -> None:
    plain = cost_with(None)
    rows, cols = plain.geometry.shape
    east, ahead = 0, (rows // 2, cols // 2 + 10)
    straight = float(plain.to_goal_s[east, *ahead])
    # Whatever lies beyond the window's eastern side, but for its northern end, takes 500 s more.
    excess = np.zeros((COUNT, rows, cols))
    excess[:, : rows - 6, cols - 1] = 500.0
    memory = remembered(
        None,
        goal_m=GOAL,
        cell_m=plain.geometry.resolution_m,
        corner=plain.corner,
        over_map_s=plain.over_map_s,
        to_goal_s=plain.over_map_s + excess,
    )
    known_of = cost_with(memory)
    assert float(known_of.to_goal_s[east, *ahead]) > straight + 30.0
    # It is gone round by where nothing is known against.
    assert known_of.to_goal_s[4, *ahead] < known_of.to_goal_s[12, *ahead]
    assert plain.to_goal_s[4, *ahead] == pytest.approx(plain.to_goal_s[12, *ahead], rel=0.02)
