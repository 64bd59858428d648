"""What a limit tells the search and the report is one: its table and its margin on 10,000 random legs."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import pytest
from shapely.geometry import Point, box

from rover.core.boundary import Mode
from rover.core.zones import Zone, ZoneKind
from rover.hazard.costmap import build_costmap
from rover.limits.base import MOVES, Leg, Limit, Span, Surroundings, Table
from rover.limits.comm import LinkLimit
from rover.limits.deadline import DeadlineLimit
from rover.limits.light import DuskLimit, LitLimit, ShadowLimit
from rover.limits.mobility import (
    LevelLimit,
    RollLimit,
    SlopeLimit,
    TiltLimit,
    ZoneLimit,
    clearance_limit,
)
from rover.limits.power import ReserveLimit, WakeLimit, dawn_array_w
from rover.planning.surroundings import surroundings_of
from rover.planning.timed_legs import LegJudge, crossed_cells
from rover.planning.timetable import Step
from rover.terrain.horizon import trace_horizon
from sim.run.scenario import load_scenario
from sim.run.setting import prepare

LEGS = 10_000


@dataclass(frozen=True)
class Random:
    """Legs at random, each inside one bin, with the move and the bin that it is of."""

    around: Surroundings
    vehicle: object
    window: object
    moves: list[tuple[tuple[int, int], int, int]]
    legs: list[Leg]


@pytest.fixture(scope="module")
def drawn() -> Random:
    settings = ["terrain.size_m=120", "goal_m=[40.0,40.0]", "operations.max_lunar_days=1.2"]
    setting = prepare(load_scenario("first-drive", settings=settings))
    problem = replace(
        setting.control.problem(),
        horizon=trace_horizon(setting.dem, azimuths=36),
        forecaster=setting.control.forecaster,
    )
    window = setting.control.forecaster.window
    around = surroundings_of(problem, window, step_s=4 * 3600.0)
    rng = np.random.default_rng(11)
    # The ground's own light is all or nothing by day: here every bound is met now and then.
    hazards = replace(around.hazards, flags=(rng.random(around.geometry.shape) < 0.005).astype(np.uint8))
    around = replace(
        around,
        hazards=hazards,
        costmap=build_costmap(hazards, around.terrain, setting.vehicle),
        lit=rng.integers(0, 256, around.lit.shape, dtype=np.uint8),
        relay_cdeg=rng.integers(-500, 2000, around.lit.shape).astype(np.int16),
    )
    judge = LegJudge(around, setting.vehicle)
    moves = [_move(rng, around) for _ in range(LEGS)]
    legs = [_leg(rng, judge, *move) for move in moves]
    return Random(around, setting.vehicle, window, moves, legs)


def _move(rng: np.random.Generator, around: Surroundings) -> tuple[tuple[int, int], int, int]:
    rows, cols = around.geometry.shape
    cell = int(rng.integers(2, rows - 2)), int(rng.integers(2, cols - 2))
    return cell, int(rng.integers(8)), int(rng.integers(len(around.timeline.span)))


def _leg(rng: np.random.Generator, judge: LegJudge, cell: tuple[int, int], d: int, k: int) -> Leg:
    timeline = judge.around.timeline
    start_s, end_s = np.sort(rng.uniform(*timeline.edge_s[k : k + 2], 2)).tolist()
    asleep = timeline.span[k] == Span.NIGHT and rng.random() < 0.8
    to = cell if asleep else (cell[0] + MOVES[d][0], cell[1] + MOVES[d][1])
    step = Step(
        mode=Mode.DORMANT if asleep else Mode.DRIVE, start_s=start_s, end_s=end_s, cell=cell, to=to,
        bin=k, soc=1.0, soc_after=rng.uniform(0.0, 1.0), harvest_j=0.0, load_j=0.0,
    )  # fmt: skip
    return judge.legs_of([step])[0]


def allowed(table: Table, around: Surroundings, leg: Leg, cell: tuple[int, int], d: int, k: int) -> bool:
    """Read a table as a search does, for a leg inside one bin."""
    timeline = around.timeline
    column = int(timeline.column[k])
    enough = table.floor_soc is None or leg.soc >= table.floor_soc[k]
    enough = enough and leg.end_s <= table.deadline_s
    if leg.asleep:
        return all(mask is None or mask[cell] for mask in (table.havens, table.cells)) and enough
    to = cell[0] + MOVES[d][0], cell[1] + MOVES[d][1]
    crossed, ends = crossed_cells(cell, to), (cell, to)
    said = [
        table.cells is None or all(table.cells[c] for c in crossed),
        table.moves is None or all(table.moves[(d, *c)] for c in crossed),
        table.halves is None or (table.halves[(d, *cell)] and table.halves[(d ^ 2, *to)]),
        table.bins is None or table.bins[k],
        enough,
        table.cells_by_bin is None or (column >= 0 and all(table.cells_by_bin[(*c, column)] for c in ends)),
        table.least_lit == 0
        or (column >= 0 and all(around.lit[(*c, column)] >= table.least_lit for c in ends)),
        not leg.dark_s > table.longest_dark_s,
    ]
    return all(said)


def limits_of(drawn: Random) -> dict[str, Limit]:
    dawn_w = float(np.median(dawn_array_w(drawn.around, drawn.vehicle)))
    vehicle, geometry, edges = drawn.vehicle, drawn.around.geometry, drawn.around.timeline.edge_s
    crater = Zone(name="crater", kind=ZoneKind.KEEP_OUT, polygon=Point(3.3, -7.7).buffer(21.0))
    field = Zone(name="field", kind=ZoneKind.KEEP_IN, polygon=box(-41.2, -35.0, 38.9, 44.4))
    return {
        "tilt": TiltLimit(vehicle.model_copy(update={"slope_limit_deg": 3.0, "roll_limit_deg": 3.0})),
        "slope": SlopeLimit(math.radians(2.5)),
        "roll": RollLimit(math.radians(2.0)),
        "clearance": clearance_limit(vehicle, geometry),
        "reserve": ReserveLimit(0.4),
        "wake": WakeLimit(vehicle.model_copy(update={"wake_array_w": dawn_w})),
        "level": LevelLimit(math.radians(2.0)),
        "lit": LitLimit(0.3),
        "shadow": ShadowLimit(5000.0),
        "dusk": DuskLimit(8 * 3600.0),
        "deadline": DeadlineLimit(float(edges[len(edges) // 2]) + 600.0),
        "link": LinkLimit(math.radians(4.0)),
        "keep out": ZoneLimit(crater, vehicle),
        "keep in": ZoneLimit(field, vehicle),
    } | {"window": drawn.window, "timed": ZoneLimit(field, vehicle, float(edges[9]), float(edges[20]))}


NAMES = ("tilt", "slope", "roll", "clearance", "reserve", "wake", "level", "lit", "shadow", "dusk", "deadline", "link",
         "keep out", "keep in", "window")  # fmt: skip


@pytest.mark.parametrize("name, legs", [
    *((name, 800 if name.startswith("keep") else LEGS) for name in NAMES),  # areas take their time
    *(pytest.param(name, LEGS, marks=pytest.mark.slow) for name in ("keep out", "keep in")),
])  # fmt: skip
def test_table_and_margin_say_the_same(drawn: Random, name: str, legs: int) -> None:
    drawn = replace(drawn, moves=drawn.moves[:legs], legs=drawn.legs[:legs])
    limit = limits_of(drawn)[name]
    table = limit.table(drawn.around)
    by_table = np.array([
        allowed(table, drawn.around, leg, *move) for leg, move in zip(drawn.legs, drawn.moves, strict=True)
    ])  # fmt: skip
    if name.startswith("keep"):  # where the rover stays it has come to; a zone says how it may move
        by_table = by_table & ~np.array([leg.asleep for leg in drawn.legs])
    by_margin = np.array([
        limit.margin(leg).holds and not (name.startswith("keep") and leg.asleep) for leg in drawn.legs
    ])  # fmt: skip
    if name == "dusk":  # its table says of whole bins what the margin says of a leg's end
        assert not (by_table & ~by_margin).any()
    else:
        differs = np.flatnonzero(by_table != by_margin)
        assert len(differs) == 0, (len(differs), drawn.legs[differs[0]], drawn.moves[differs[0]])
    assert 20 < by_margin.sum() < legs - 20  # it binds, and not always


def test_the_link_holds_stops_for_commands_as_the_search_does(drawn: Random) -> None:
    """Of the cell that the rover stands on, over all of the bin; other limits of driving have nothing to do with it."""
    limits, judge = limits_of(drawn), LegJudge(drawn.around, drawn.vehicle)
    mask = limits["link"].table(drawn.around).cells_by_bin
    assert mask is not None
    said = []
    for cell, _, k in drawn.moves:
        column = int(drawn.around.timeline.column[k])
        if column < 0:
            continue
        start_s, end_s = drawn.around.timeline.edge_s[k : k + 2].tolist()
        step = Step(
            mode=Mode.COMMAND, start_s=start_s, end_s=end_s, cell=cell, to=cell,
            bin=k, soc=1.0, soc_after=1.0, harvest_j=0.0, load_j=0.0,
        )  # fmt: skip
        leg = judge.legs_of([step])[0]
        said.append(bool(mask[(*cell, column)]))
        assert limits["link"].margin(leg).holds == said[-1]
        assert all(limits[name].margin(leg).slack == math.inf for name in ("lit", "dusk", "window"))
    assert 20 < sum(said) < len(said) - 20


def test_a_timed_zone_is_shut_for_whole_cells_and_only_then(drawn: Random) -> None:
    limit = limits_of(drawn)["timed"]
    table = limit.table(drawn.around)
    shut = 0
    for leg, move in zip(drawn.legs, drawn.moves, strict=True):
        if drawn.around.timeline.column[move[2]] < 0:
            continue
        by_table, by_margin = allowed(table, drawn.around, leg, *move), limit.margin(leg).holds
        assert by_margin or not by_table
        shut += not by_table
        if not (limit.from_s < leg.end_s and leg.start_s < limit.until_s):
            assert by_table and by_margin
    assert shut > 20
