"""Time in hand before dusk: the table of bins and the margin of legs agree."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import numpy as np

from rover.limits.base import Leg, Span, Timeline
from rover.limits.delay import DelayLimit

DUSKS = (100.0, 300.0)


def timeline(limit: DelayLimit) -> Timeline:
    """Two days of 100 s from 0 and 200 on, a nap in each, nights between; cut every 7 s and where the limit asks."""
    marks = {0.0, 40.0, 50.0, 100.0, 200.0, 240.0, 250.0, 300.0, 400.0, *limit.edges_s()}
    edges = np.array(sorted(marks | {float(t) for t in range(0, 400, 7)}))
    middle = (edges[1:] + edges[:-1]) / 2
    into = middle % 200
    span = np.where(into > 100, Span.NIGHT, np.where((into > 40) & (into < 50), Span.NAP, Span.DRIVE))
    count = len(span)
    return Timeline(
        edge_s=edges,
        span=span,
        sun=np.zeros((count, 3)),
        flux_w_m2=np.zeros(count),
        column=np.full(count, -1),
    )


def leg(start_s: float, end_s: float, dusk_s: float, *, driving: bool = True) -> Leg:
    return Leg(
        start_s=start_s,
        end_s=end_s,
        path_m=np.zeros((1, 2)),
        tilt_rad=0.0,
        soc=1.0,
        sun_elevation_rad=(0.3, 0.3),
        sun_rising=True,
        driving=driving,
        dusk_s=dusk_s,
    )


def test_table_and_margin_agree_on_random_legs() -> None:
    rng = np.random.default_rng(2)
    for margin_s in (0.0, 13.0, 60.0):
        limit = DelayLimit(dusks_s=DUSKS, margin_s=margin_s)
        line = timeline(limit)
        around: Any = SimpleNamespace(timeline=line)
        bins = limit.table(around).bins
        assert bins is not None
        for _ in range(3400):
            k = int(rng.integers(len(line.span)))
            start, end = np.sort(rng.uniform(line.edge_s[k], line.edge_s[k + 1], 2)).tolist()
            margin = limit.margin(leg(start, end, float(line.dusk_after(start))))
            if line.span[k] == Span.DRIVE:
                assert margin.holds == bool(bins[k])


def test_what_stays_has_all_the_room() -> None:
    assert (
        DelayLimit(dusks_s=DUSKS, margin_s=50.0).margin(leg(90.0, 99.0, 100.0, driving=False)).slack
        == math.inf
    )


def test_slack_is_the_time_left_beyond_the_margin() -> None:
    margin = DelayLimit(dusks_s=DUSKS, margin_s=50.0).margin(leg(10.0, 20.0, 100.0))
    assert (margin.value, margin.bound, margin.slack, margin.time_s) == (80.0, 50.0, 30.0, 20.0)
