"""The search by tiles: the same answers whatever the threads and the tiles' borders, and its limits."""

from __future__ import annotations

import _thread
import math
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from rover.core import kept_threads
from rover.core.errors import CostMapError, TimeLimitError
from rover.core.jit import kernel
from rover.core.words_kernels import add_word, get_word
from rover.planning import astar, round_kernels, tile_helpers, tiled_search
from rover.planning.astar import GridRoute, search_grid
from rover.planning.field import cost_field
from rover.planning.grid_checks import costs_and_extremes
from rover.planning.prepared import PreparedMap
from rover.planning.problem import NoPlan
from rover.planning.round_kernels import DONE, FINISHED, LEAVE, TICKET, WIDE, YIELD, run
from rover.planning.sweep_kernels import SIDE
from rover.planning.tile_kernels import UNREACHED, Board, Rules, heuristic
from rover.planning.tiled_search import TiledSearch

INF = math.inf
STEPS = {
    4: [(0, 1), (1, 0)],
    8: [(0, 1), (1, 0), (1, 1), (1, -1)],
    16: [(0, 1), (1, 0), (1, 1), (1, -1), (1, 2), (1, -2), (2, 1), (2, -1)],
}


def passed(row: int, col: int, down: int, across: int) -> list[tuple[int, int]]:
    """Cells that a move passes, each for the same share of its length."""
    ends = [(row, col), (row + down, col + across)]
    if abs(across) == 2:
        return [*ends, (row, col + across // 2), (row + down, col + across // 2)]
    if down == 2:
        return [*ends, (row + 1, col), (row + 1, col + across)]
    return ends


def graph_of(cost: np.ndarray, neighbours: int, resolution_m: float) -> coo_array:
    """Every move spelt out, without corner cutting."""
    rows, cols = cost.shape
    entries = []
    for row in range(rows):
        for col in range(cols):
            for down, across in STEPS[neighbours]:
                if not (row + down < rows and 0 <= col + across < cols):
                    continue
                prices = [cost[cell] for cell in passed(row, col, down, across)]
                beside = (
                    [cost[row + down, col], cost[row, col + across]] if abs(down * across) == 1 else [0.0]
                )
                weight = resolution_m * math.hypot(down, across) * sum(prices) / len(prices)
                if weight < INF and max(beside) < INF:
                    entries.append((weight, row * cols + col, (row + down) * cols + col + across))
    weights, tails, heads = zip(*entries, strict=True) if entries else ((), (), ())
    return coo_array((weights, (tails, heads)), shape=(cost.size, cost.size))


def rough(rows: int, cols: int, seed: int, lethal: float = 0.25) -> np.ndarray:
    rng = np.random.default_rng(seed)
    cost = np.where(rng.random((rows, cols)) < lethal, INF, np.exp(rng.standard_normal((rows, cols))))
    cost[0, 0] = cost[-1, -1] = 1.0
    return cost


@pytest.mark.parametrize("neighbours", [4, 8, 16])
def test_field_equals_dijkstra_across_borders_of_tiles(neighbours: int) -> None:
    cost = rough(2 * SIDE + 9, SIDE + 5, neighbours)
    least = dijkstra(graph_of(cost, neighbours, 0.7), directed=False, indices=0)
    field = cost_field(cost, (0, 0), resolution_m=0.7, neighbours=neighbours)
    np.testing.assert_allclose(
        field.reshape(-1)[cost.reshape(-1) < INF], least[cost.reshape(-1) < INF], rtol=1e-12
    )
    assert np.isinf(field[np.isinf(cost)]).all()


@pytest.mark.parametrize("neighbours", [4, 8, 16])
def test_field_and_search_of_three_threads_equal_dijkstra(
    neighbours: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FARSIDE_THREADS", "3")
    monkeypatch.setattr(tiled_search, "_WIDE", 1)
    helped = list[int]()
    monkeypatch.setattr(tile_helpers, "run", lambda *given: helped.append(1) or run(*given))
    cost = rough(110, 90, 10 + neighbours)
    free = np.flatnonzero(cost.reshape(-1) < INF)
    least = dijkstra(graph_of(cost, neighbours, 0.7), directed=False, indices=0)
    field = cost_field(cost, (0, 0), resolution_m=0.7, neighbours=neighbours)
    np.testing.assert_allclose(field.reshape(-1)[free], least[free], rtol=1e-12)
    for goal in np.random.default_rng(neighbours).choice(free, 40):
        route = search_grid(
            cost, (0, 0), tuple(divmod(int(goal), 90)), resolution_m=0.7, neighbours=neighbours
        )
        found = route.cost_s if isinstance(route, GridRoute) else INF
        assert found == pytest.approx(least[goal], rel=1e-12)
    assert helped


@pytest.mark.parametrize("neighbours", [4, 8, 16])
@pytest.mark.parametrize("seed", range(4))
def test_route_has_the_cost_that_it_states(neighbours: int, seed: int) -> None:
    cost = rough(150, 130, seed, lethal=0.1)
    route = search_grid(cost, (0, 0), (149, 129), resolution_m=2.0, neighbours=neighbours)
    assert isinstance(route, GridRoute)
    own = []
    for (row, col), (down, across) in zip(route.cells[:-1], np.diff(route.cells, axis=0), strict=True):
        if down < 0:
            row, col, down, across = row + down, col + across, -down, -across
        if down == 0 and across < 0:
            col, across = col + across, -across
        assert (down, across) in STEPS[neighbours]
        prices = [cost[cell] for cell in passed(row, col, down, across)]
        own.append(2.0 * math.hypot(down, across) * sum(prices) / len(prices))
    assert math.fsum(own) == pytest.approx(route.cost_s, rel=1e-12)
    assert route.lower_bound_s == route.cost_s


def test_threads_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    cost = rough(700, 900, 5, lethal=0.1)
    found = []
    for count in ("1", "2", "3"):
        monkeypatch.setenv("FARSIDE_THREADS", count)
        route = search_grid(cost, (0, 0), (699, 899), resolution_m=1.0)
        assert isinstance(route, GridRoute)
        found.append((route.cost_s, route.expanded, route.generated, route.cells.tobytes()))
        found[-1] += (cost_field(cost, (0, 0), resolution_m=1.0).tobytes(),)
    assert found[0] == found[1] == found[2]


def test_threads_choose_the_same_landmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    cost = rough(210, 130, 7, lethal=0.4)
    cost[100] = INF  # two parts at least
    found = []
    for count in ("1", "3"):
        monkeypatch.setenv("FARSIDE_THREADS", count)
        landmarks = PreparedMap(cost, resolution_m=1.0, landmarks=5).landmarks
        found.append((landmarks.cells.tobytes(), landmarks.codes.tobytes(), landmarks.unit_s))
    assert found[0] == found[1]
    first = landmarks.cells[0]
    dearest = cost_field(cost, (int(first[0]), int(first[1])), resolution_m=1.0)
    known = np.isfinite(dearest)
    codes = landmarks.codes[:, :, 0]
    assert (codes[~known] == UNREACHED).all() and codes[known].max() == UNREACHED // 2 - 1
    short = dearest[known] / landmarks.unit_s - codes[known]
    assert short.min() > -1e-9 and short.max() < 1.0 + 1e-9


def test_a_search_whose_helpers_are_gone_comes_to_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    cost = rough(700, 500, 6, lethal=0.1)
    monkeypatch.setenv("FARSIDE_THREADS", "1")
    alone = search_grid(cost, (0, 0), (699, 499), resolution_m=1.0)

    def refused_to_helpers(*_: object) -> tuple[int, float]:
        raise MemoryError

    monkeypatch.setattr(tile_helpers, "run", refused_to_helpers)
    monkeypatch.setenv("FARSIDE_THREADS", "3")
    route = search_grid(cost, (0, 0), (699, 499), resolution_m=1.0)
    assert isinstance(alone, GridRoute) and isinstance(route, GridRoute)
    assert route.cells.tobytes() == alone.cells.tobytes() and route.generated == alone.generated


AWAKE = threading.Event()


@kernel
def take_a_ticket(share, kind_shift, length_shift, mask, looks):  # type: ignore[no-untyped-def]
    """Return a ticket, -1 if there is none."""
    for _ in range(looks):
        ticket = get_word(share, TICKET)
        if get_word(share, LEAVE) != 0:
            return -1
        if ticket & mask < (ticket >> length_shift) & mask:
            ticket = add_word(share, TICKET, 1)
            if ticket & mask < (ticket >> length_shift) & mask:
                return ticket
    return -1


@kernel
def say_it_is_done(share):  # type: ignore[no-untyped-def]
    add_word(share, FINISHED, 1)


def do_it_late(board: Board, rules: Rules, *_: object) -> tuple[int, float]:
    """Help with one item, long after it was taken, as a thread does whose processor another process has."""
    shifts = round_kernels._KIND, round_kernels._LENGTH, round_kernels._MASK
    AWAKE.set()
    ticket = take_a_ticket(board.share, *shifts, 10_000_000)
    if ticket < 0:
        return DONE, 0.0
    time.sleep(0.003)
    kind, item = ticket >> shifts[0], ticket & shifts[2]
    alone = np.zeros_like(board.share)
    alone[TICKET] = kind << shifts[0] | (item + 1) << shifts[1] | item
    run(board._replace(share=alone), rules, 0.0, 0.0, 0, 0, False)
    assert alone[FINISHED] == 1
    say_it_is_done(board.share)
    return DONE, 0.0


def test_what_is_known_never_falls_while_helpers_are_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    cost = rough(300, 300, 4, lethal=0.1)
    monkeypatch.setenv("FARSIDE_THREADS", "1")
    alone = search_grid(cost, (0, 0), (299, 299), resolution_m=1.0)
    assert isinstance(alone, GridRoute)
    assert take_a_ticket(np.zeros(round_kernels.SHARE_WORDS, np.int64), 48, 24, 1, 1) == -1  # compiled
    say_it_is_done(np.zeros(round_kernels.SHARE_WORDS, np.int64))
    states, bounds, searches = list[int](), list[float](), list[TiledSearch]()

    def watched(*given: object) -> tuple[int, float]:
        bounds.append(searches[-1].bound_s)
        if states and states[-1] == WIDE:
            assert AWAKE.wait(60.0)
            AWAKE.clear()
        state, bound = run(*given)
        states.append(state)
        return state, bound

    class Watched(TiledSearch):
        def run(self, *, time_limit_s: float | None = None) -> float:
            searches.append(self)
            return super().run(time_limit_s=time_limit_s)

    monkeypatch.setattr(astar, "TiledSearch", Watched)
    monkeypatch.setattr(tiled_search, "run", watched)
    monkeypatch.setattr(tile_helpers, "run", do_it_late)
    monkeypatch.setattr(tiled_search, "_WIDE", 2)
    monkeypatch.setattr(tiled_search, "_TILES_AT_ONCE", 60)
    monkeypatch.setenv("FARSIDE_THREADS", "3")
    for _ in range(20):  # until the helper had its processor when it was to be waited for
        states.clear(), bounds.clear(), AWAKE.clear()
        route = search_grid(cost, (0, 0), (299, 299), resolution_m=1.0)
        assert isinstance(route, GridRoute)
        assert route.cost_s == alone.cost_s and route.cells.tobytes() == alone.cells.tobytes()
        if states.count(YIELD) > 3:
            break
    assert states.count(YIELD) > 3
    waited = [k for k in range(1, len(states)) if states[k] == states[k - 1] == YIELD]
    assert waited  # of such a call the kernel knows no bound
    bounds.append(searches[-1].bound_s)
    assert bounds == sorted(bounds) and 0.0 < bounds[waited[0] + 1] <= bounds[-1] <= alone.cost_s


def test_helpers_end_with_the_search_that_is_interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*given: object) -> tuple[int, float]:
        state, bound = run(*given)
        if given[-1] and _thread._count() > before:
            raise KeyboardInterrupt
        return state, bound

    monkeypatch.setattr(kept_threads, "IDLE_S", 0.0)
    until = time.monotonic() + 60.0
    while kept_threads._idle and time.monotonic() < until:  # of searches before this one
        time.sleep(0.001)
    before = _thread._count()
    monkeypatch.setattr(tiled_search, "run", interrupted)
    monkeypatch.setattr(tiled_search, "_TILES_AT_ONCE", 1)
    monkeypatch.setenv("FARSIDE_THREADS", "3")
    with pytest.raises(KeyboardInterrupt):
        search_grid(rough(700, 500, 6, lethal=0.1), (0, 0), (699, 499), resolution_m=1.0)
    until = time.monotonic() + 60.0  # a thread is counted for a moment after its last word
    while _thread._count() > before and time.monotonic() < until:
        time.sleep(0.001)
    assert _thread._count() == before


def test_searches_at_once_do_not_share_memory() -> None:
    maps = [rough(200, 200, seed, lethal=0.1) for seed in range(6)]

    def solve(cost: np.ndarray) -> float:
        route = search_grid(cost, (0, 0), (199, 199), resolution_m=1.0)
        return route.cost_s if isinstance(route, GridRoute) else INF

    alone = [solve(cost) for cost in maps]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(solve, maps * 3)) == alone * 3


def test_moves_too_cheap_to_be_added_up_still_make_a_route() -> None:
    cost = np.full((90, 90), 1e-9)
    cost[:, 0] = 1e9  # after which a step among the others changes no sum
    route = search_grid(cost, (5, 0), (85, 89), resolution_m=1.0)
    assert isinstance(route, GridRoute)
    assert np.abs(np.diff(route.cells, axis=0)).max() == 1
    assert tuple(route.cells[0]) == (5, 0) and tuple(route.cells[-1]) == (85, 89)
    assert route.cost_s == pytest.approx(5e8, rel=1e-9)


def test_float32_costs_are_searched_as_they_are() -> None:
    cost = rough(130, 100, 3).astype(np.float32)
    single = search_grid(cost, (0, 0), (129, 99), resolution_m=1.0)
    double = search_grid(cost.astype(np.float64), (0, 0), (129, 99), resolution_m=1.0)
    assert isinstance(single, GridRoute) and isinstance(double, GridRoute)
    assert single.cost_s == double.cost_s and (single.cells == double.cells).all()


def test_a_time_limit_that_is_no_number_is_not_endless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiled_search, "_TILES_AT_ONCE", 1)
    cost = rough(100, 100, 1, lethal=0.0)
    with pytest.raises(TimeLimitError, match="nan"):
        search_grid(cost, (0, 0), (99, 99), resolution_m=1.0, time_limit_s=math.nan)
    with pytest.raises(TimeLimitError, match="nan"):
        cost_field(cost, (0, 0), resolution_m=1.0, time_limit_s=math.nan)


def test_time_limit_states_what_a_route_costs_at_least() -> None:
    cost = rough(2000, 2000, 1, lethal=0.1)
    least = search_grid(cost, (0, 0), (1999, 1999), resolution_m=1.0)
    assert isinstance(least, GridRoute)
    with pytest.raises(TimeLimitError, match="every route costs") as raised:
        search_grid(cost, (0, 0), (1999, 1999), resolution_m=1.0, time_limit_s=0.0)
    stated = float(str(raised.value).partition("costs ")[2].split()[0].rstrip(";,"))
    straight = 1999 * math.sqrt(2.0) * float(cost.min())
    assert straight * (1 - 1e-6) <= stated <= least.cost_s


def test_numbers_of_neighbours_that_there_are_not() -> None:
    for refused in (0, 5, 32):
        with pytest.raises(ValueError, match="neighbours"):
            search_grid(np.ones((3, 3)), (0, 0), (2, 2), resolution_m=1.0, neighbours=refused)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    rows=st.integers(1, 140),
    cols=st.integers(1, 140),
    lethal=st.sampled_from([0.0, 0.2, 0.4, 0.5]),
    landmarks=st.integers(1, 5),
    neighbours=st.sampled_from([4, 8, 16]),
    cutting=st.booleans(),
)
def test_prepared_map_answers_as_the_plain_search(
    seed: int, rows: int, cols: int, lethal: float, landmarks: int, neighbours: int, cutting: bool
) -> None:
    cost = rough(rows, cols, seed, lethal)
    prepared = PreparedMap(
        cost, resolution_m=0.5, landmarks=landmarks, neighbours=neighbours, corner_cutting=cutting
    )
    rng = np.random.default_rng(seed + 1)
    for _ in range(4):
        start, goal = (tuple(int(i) for i in rng.integers(0, cost.shape)) for _ in range(2))
        plain = search_grid(
            cost, start, goal, resolution_m=0.5, neighbours=neighbours, corner_cutting=cutting
        )
        answer = prepared.search(start, goal)
        if isinstance(plain, NoPlan):
            assert isinstance(answer, NoPlan) and answer.cause == plain.cause
        else:
            assert isinstance(answer, GridRoute)
            assert answer.cost_s == pytest.approx(plain.cost_s, rel=1e-12)


@pytest.mark.parametrize("dearest", [1e4, 1e8, 1e20])
def test_a_cell_far_dearer_than_all_others_leaves_the_landmarks_of_use(dearest: float) -> None:
    cost = rough(200, 180, 11, lethal=0.1)
    cost[100, 90] = dearest
    prepared, rng = PreparedMap(cost, resolution_m=1.0), np.random.default_rng(11)
    free, generated = np.argwhere(np.isfinite(cost)), [0, 0]
    for _ in range(6):
        start, goal = (tuple(free[i].tolist()) for i in rng.integers(0, len(free), 2))
        plain, answer = search_grid(cost, start, goal, resolution_m=1.0), prepared.search(start, goal)
        if isinstance(plain, NoPlan):
            assert isinstance(answer, NoPlan)
            continue
        assert isinstance(plain, GridRoute) and isinstance(answer, GridRoute)
        assert answer.cost_s == pytest.approx(plain.cost_s, rel=1e-12)
        generated[0] += plain.generated
        generated[1] += answer.generated
    assert 0 < generated[1] < 0.6 * generated[0]


@pytest.mark.parametrize("neighbours", [4, 8, 16])
def test_heuristic_by_landmarks_never_overrates(neighbours: int) -> None:
    """Costs are cut off to whole units, which the bound has to allow for."""
    cost = rough(90, 80, neighbours, lethal=0.1) + 1000.0
    landmarks = PreparedMap(cost, resolution_m=0.7, neighbours=neighbours).landmarks
    goal = (89, 79)
    rules = Rules(
        step=0.7,
        floor=0.7 * float(cost.min()),
        moves=neighbours,
        cutting=False,
        goal_row=goal[0],
        goal_col=goal[1],
        far=landmarks.codes,
        far_goal=landmarks.codes[goal],
        unit=landmarks.unit_s,
    )
    least = cost_field(cost, goal, resolution_m=0.7, neighbours=neighbours)
    bounds = np.array([[heuristic(rules, row, col) for col in range(80)] for row in range(90)])
    known = np.isfinite(least)
    assert (bounds[known] <= least[known] * (1 + 1e-13)).all()
    assert (bounds[known] >= 0.9 * least[known]).mean() > 0.2  # and it says something


def test_prepared_map_looks_at_less() -> None:
    cost = rough(500, 500, 9, lethal=0.1)
    prepared = PreparedMap(cost, resolution_m=1.0)
    plain, answer = (
        search_grid(cost, (0, 0), (499, 499), resolution_m=1.0),
        prepared.search((0, 0), (499, 499)),
    )
    assert isinstance(plain, GridRoute) and isinstance(answer, GridRoute)
    assert answer.generated < plain.generated / 2


def test_prepared_map_keeps_its_own_costs() -> None:
    cost = np.ones((30, 30))
    prepared = PreparedMap(cost, resolution_m=1.0, landmarks=2)
    cost[:] = 5.0
    answer = prepared.search((0, 0), (0, 29))
    assert isinstance(answer, GridRoute) and answer.cost_s == 29.0


def test_prepared_map_without_free_ground() -> None:
    assert isinstance(PreparedMap(np.full((4, 4), INF), resolution_m=1.0).search((0, 0), (3, 3)), NoPlan)


@pytest.mark.parametrize("least", [1e38, 1e-309, 5e-324])
def test_prepared_map_of_costs_beyond_float32(least: float) -> None:
    cost = np.full((60, 60), least)
    answer = PreparedMap(cost, resolution_m=1.0, landmarks=3).search((0, 0), (59, 59))
    plain = search_grid(cost, (0, 0), (59, 59), resolution_m=1.0)
    assert isinstance(answer, GridRoute) and isinstance(plain, GridRoute)
    assert answer.cost_s == pytest.approx(plain.cost_s, rel=1e-12)


def test_costs_that_come_to_nothing_are_searched_to_the_end() -> None:
    """In a process of its own, since a kernel that does not end cannot be interrupted."""
    asked = (
        "import numpy as np; from rover.planning.astar import search_grid;"
        "least = 5e-324;"  # times a hundredth, it is 0
        "route = search_grid(np.full((5, 60), least), (0, 0), (4, 59), resolution_m=0.01);"
        "print(route.cost_s, *route.cells[-1])"
    )
    done = subprocess.run(
        [sys.executable, "-c", asked], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.split() == ["0.0", "4", "59"]


@pytest.mark.parametrize("kind", [np.float32, np.float64])
def test_costs_are_looked_at_in_every_strip(kind: type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rover.planning.grid_checks._CELLS_OF_A_STRIP", 64)
    monkeypatch.setenv("FARSIDE_THREADS", "3")
    fair = rough(40, 30, 5, lethal=0.2).astype(kind)
    _, least, greatest = costs_and_extremes(fair, 1.0)
    assert (least, greatest) == (fair.min(), fair[np.isfinite(fair)].max())
    for row in range(40):
        for bad in (math.nan, -math.nan, -1.0, 0.0, -0.0, -math.inf):
            cost = fair.copy()
            cost[row, 7] = bad
            with pytest.raises(CostMapError, match=rf"cell \({row}, 7\) is not positive"):
                costs_and_extremes(cost, 1.0)


def test_costs_whose_sums_would_be_infinite_are_refused_however_small_the_cells() -> None:
    for moves in (4, 8, 16):
        with pytest.raises(CostMapError, match="too large"):
            search_grid(np.full((3, 3), 1.5e308), (0, 0), (2, 2), resolution_m=1e-3, neighbours=moves)
