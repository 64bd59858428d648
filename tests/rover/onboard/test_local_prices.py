"""The local costs: what unseen ground is thought to cost, and what refusals make of a price."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rover.onboard.heading_kernels import HEADINGS
from rover.onboard.local_cost import PRICE, UNSEEN, LocalCost, local_cost, unseen_price
from tests.rover.onboard.test_local_planner import YUTU_2, Floats, belief, ground, known, level

GOAL = (20.0, 0.0)
EAST = 0


def cost_on(heights: Floats, refused: tuple[tuple[float, float, float], ...] = ()) -> LocalCost:
    maps = belief()
    geometry = maps.costmap.geometry
    cells = geometry.centres_of(np.argwhere(np.ones(geometry.shape, np.bool_))) - np.array(GOAL)
    onward = np.hypot(*cells.T).reshape(geometry.shape) * 18.0
    given = {"here_m": (0.0, 0.0), "onward_s": onward, "path_m": np.array([GOAL])}
    return local_cost(known(ground(heights)), maps, YUTU_2, refused=refused, **given)


def price_at(cost: LocalCost, place: tuple[float, float], heading: int = EAST) -> float:
    row, col = cost.geometry.cell_at(*place) or (0, 0)
    return float(cost.cost_s_per_m[heading, row, col] / 18.0)


def test_where_little_passes_what_was_not_seen_is_thought_to_cost_as_much() -> None:
    open_ = np.ones((len(HEADINGS), 20, 20))
    crowded = np.where(np.random.default_rng(1).uniform(size=open_.shape) < 0.75, PRICE[0], 1.0)
    for prices in (open_, crowded):
        prices[:, :, 15:] = np.nan
    assert unseen_price(open_) == UNSEEN
    assert unseen_price(crowded) > 2.0 * UNSEEN
    assert unseen_price(np.full((1, 2, 2), np.nan)) == UNSEEN


def test_unseen_ground_beyond_a_crowded_field_costs_more_than_beyond_a_plain_one() -> None:
    e, n = np.meshgrid(np.arange(240) * 0.05 - 6.0, np.arange(240) * 0.05 - 6.0)
    stones = np.hypot((e + 0.55) % 1.1 - 0.55, (n + 0.55) % 1.1 - 0.55) < 0.15
    plain, crowded = cost_on(level()), cost_on(np.where(stones, 0.4, 0.0))
    corner = np.s_[0, 0]
    assert np.isfinite(plain.over_map_s[corner])
    assert crowded.over_map_s[corner] > 1.3 * plain.over_map_s[corner]


@pytest.mark.parametrize(("times", "least", "most"), [(0, 1.0, 1.0), (1, 1.5, 5.0), (40, 20.0, PRICE[0])])
def test_one_refusal_makes_a_pose_dearer_and_many_nearly_close_it(
    times: int, least: float, most: float
) -> None:
    cost = cost_on(level(), ((1.1, 0.1, 0.0),) * times)
    assert least <= price_at(cost, (1.1, 0.1)) <= most
    assert price_at(cost, (1.1, 0.1), EAST + 4) == 1.0
    assert price_at(cost, (1.7, 0.1)) == 1.0


def test_a_refusal_counts_less_at_the_next_heading() -> None:
    cost = cost_on(level(), ((1.1, 0.1, 0.0),) * 4)
    own, beside = price_at(cost, (1.1, 0.1)), price_at(cost, (1.1, 0.1), EAST + 1)
    assert 1.0 < beside < own
    assert math.isfinite(own)
