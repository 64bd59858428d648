"""The cost on to the goal by heading, and what the rover learns where it stood, against plain searches."""

from __future__ import annotations

import heapq
import math

import numpy as np
import numpy.typing as npt
import pytest

from rover.onboard import local_cost_kernels
from rover.onboard.heading_kernels import HEADINGS, TURNS_RAD
from rover.onboard.local_cost_kernels import cost_to_seeds, raise_where_stood

Floats = npt.NDArray[np.float64]

RATE, BACK, SIDE_M = math.radians(3.5), 1.3, 0.2


def by_heap(cost: Floats, base: Floats, field: Floats) -> Floats:
    """The same by Dijkstra's search with a heap, word for word as `cost_to_seeds` says."""
    found = field.copy()
    count, rows, cols = cost.shape
    heap = [(float(found[at]), at) for at in map(tuple, np.argwhere(np.isfinite(found)).tolist())]
    heapq.heapify(heap)
    while heap:
        key, (h, i, j) = heapq.heappop(heap)
        if key > found[h, i, j]:
            continue
        steps = []
        for way in (1, -1):
            r, c = i - way * HEADINGS[h][1], j - way * HEADINGS[h][0]
            if 0 <= r < rows and 0 <= c < cols:
                price = move(cost[h], r, c, i, j) * SIDE_M
                steps.append(((h, r, c), key + (price if way > 0 else BACK * price)))
        for other, angle in (
            ((h + 1) % count, TURNS_RAD[h % 2]),
            ((h - 1) % count, TURNS_RAD[(h - 1) % count % 2]),
        ):
            share = (cost[h, i, j] + cost[other, i, j]) / (2.0 * base[i, j])
            steps.append(((other, i, j), key + angle / RATE * share))
        for at, reached in steps:
            if reached < found[at]:
                found[at] = reached
                heapq.heappush(heap, (reached, at))
    return found


def move(cost: Floats, i: int, j: int, r: int, c: int) -> float:
    up, along = r - i, c - j
    if abs(up) == 2 or abs(along) == 2:
        if abs(up) == 2:
            between = cost[i + up // 2, j], cost[i + up // 2, c]
        else:
            between = cost[i, j + along // 2], cost[r, j + along // 2]
        return float(math.sqrt(5.0) * (cost[i, j] + between[0] + between[1] + cost[r, c]) / 4.0)
    if up != 0 and along != 0 and math.inf in (cost[i, c], cost[r, j]):
        return math.inf
    return float((math.sqrt(2.0) if up and along else 1.0) * (cost[i, j] + cost[r, c]) / 2.0)


@pytest.mark.parametrize("seed", range(4))
def test_the_cost_on_is_that_of_a_plain_search(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    rng, shape = np.random.default_rng(seed), (18, 23)
    base = np.full(shape, 18.0) if seed % 2 else rng.uniform(15.0, 30.0, shape)
    cost = base * np.where(rng.random((16, *shape)) < 0.3, rng.uniform(1.0, 60.0, (16, *shape)), 1.0)
    lethal = rng.random(shape) < 0.08
    cost[:, lethal] = np.inf
    field = np.full((16, *shape), np.inf)
    field[:, 0] = rng.uniform(0.0, 900.0, shape[1])
    field[:, 12, 7] = 0.0
    field[np.isinf(cost)] = np.inf
    expected = by_heap(cost, base, field)
    found = field.copy()
    cost_to_seeds(cost, SIDE_M, base, RATE, BACK, found)
    np.testing.assert_array_equal(found, expected)


def test_without_seeds_nothing_leads_on() -> None:
    field = np.full((16, 5, 5), np.inf)
    cost_to_seeds(np.ones((16, 5, 5)), SIDE_M, np.ones((5, 5)), RATE, BACK, field)
    assert np.isinf(field).all()


def test_buckets_wider_than_the_cheapest_move_come_to_the_same() -> None:
    """One cell all but free of charge asks for more buckets than there may be."""
    rng, shape = np.random.default_rng(7), (16, 16)
    base = np.full(shape, 18.0)
    cost = base * rng.uniform(1.0, 60.0, (16, *shape))
    base[3, 3], cost[:, 3, 3] = 1e-3, 1e-3
    field = np.full((16, *shape), np.inf)
    field[:, 8, 8] = 0.0
    span = 18.0 * 60 * SIDE_M * math.sqrt(5.0)
    assert span / (1e-3 * SIDE_M) > local_cost_kernels.MOST_BUCKETS
    expected = by_heap(cost, base, field)
    cost_to_seeds(cost, SIDE_M, base, RATE, BACK, field)
    np.testing.assert_array_equal(field, expected)


def test_ends_where_the_rover_stood_lead_on_as_that_did() -> None:
    rng = np.random.default_rng(3)
    stood = np.column_stack([rng.uniform(-1, 1, (40, 2)), rng.uniform(-3, 3, 40), rng.uniform(100, 200, 40)])
    ends, yaw = rng.uniform(-1.2, 1.2, (300, 2)), rng.uniform(-3, 3, 300)
    onward = rng.uniform(50, 250, 300)
    expected = onward.copy()
    for n in range(300):
        for east, north, own, value in stood.tolist():
            off = math.remainder(float(yaw[n]) - own, 2 * math.pi)
            if math.dist(ends[n], (east, north)) < 0.3 and abs(off) < math.radians(15.0):
                expected[n] = max(expected[n], value)
    raised = onward.copy()
    directions = np.column_stack([np.cos(yaw), np.sin(yaw)])
    raise_where_stood(stood, 0.3, math.cos(math.radians(15.0)), ends, directions, raised)
    assert (raised > onward).any()
    np.testing.assert_array_equal(raised, expected)
