"""Pictures of plans with other ways and places, and of refusals explained."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.text import Text

from rover.core.grid import Dem, GridGeometry, Site
from sim.view.maps import draw_plan
from sim.view.refusal import Refusal, draw_refusal
from tests.sim.view.conftest import Find

SITE = Site(latitude_rad=0.0, longitude_rad=0.0, body="moon", crs_wkt="")
DEM = Dem(
    geometry=GridGeometry(rows=100, cols=100, resolution_m=2.0, east_m=0.0, north_m=0.0, site=SITE),
    elevation_m=np.add.outer(np.arange(100), np.arange(100)).astype(np.float32) / 10,
    datum_m=0.0,
    source="a plane",
)
FLAGS = np.zeros((100, 100), np.uint8)
START, GOAL = (20.0, 20.0), (180.0, 180.0)
WAYS = [np.array([START, corner, GOAL]) for corner in ((100.0, 100.0), (30.0, 170.0), (170.0, 30.0))]


def test_ways_are_told_apart_without_colour(named: Find, legend_words: Callable[[Figure], list[str]]) -> None:
    figure = draw_plan(
        DEM, FLAGS, WAYS[0], START, GOAL, title="Ways", alternatives_m=WAYS[1:], via_m=[(60.0, 60.0), (60.0, 60.0)],
        bound_m=(100.0, 100.0),
    )  # fmt: skip
    lines = [line for gid in ("planned", "way 2", "way 3") for line in named(figure, gid)]
    assert len(lines) == 3
    dashes = {str(line._unscaled_dash_pattern) for line in lines if isinstance(line, Line2D)}
    assert len(dashes) == 3
    words = [text.get_text() for text in figure.findobj(Text)]
    assert {"1", "2", "3", "via 1, 2", "start", "goal"} <= set(words)
    assert [w.split(",")[0] for w in legend_words(figure)][:3] == ["planned path", "way 2", "way 3"]
    assert len(named(figure, "bound")) == 1 and len(named(figure, "via 1")) == 1


def test_a_refusal_shows_reach_wall_and_the_way_that_would_open(
    named: Find, legend_words: Callable[[Figure], list[str]]
) -> None:
    reached = np.zeros((100, 100), np.bool_)
    reached[:, :40] = True
    refusal = Refusal(
        reasons=("no plan: steep", "far from here"),
        reached=reached,
        wall_m=np.array([[80.0, 100.0], [82.0, 100.0], [84.0, 100.0]]),
        wall_flags=np.array([2, 32, 0], np.uint8),
        way_m=WAYS[0],
        way_limit_deg=23.456,
        place_m=(100.0, 100.0),
    )
    figure = draw_refusal(DEM, FLAGS, refusal, START, GOAL, title="Why", slope_limit_deg=15.0)
    words = legend_words(figure)
    for said in ("reached from the start", "slope too steep (1 cell)", "closed by a zone (1 cell)",
                 "closed by the cost map (1 cell)", "way at a limit of 23.46°", "its steepest place"):  # fmt: skip
        assert said in words, words
    assert len(named(figure, "wall")) == 3 and len(named(figure, "slope limit")) == 1
    (image,) = named(figure, "reached")
    drawn = image.get_array()[..., 3] > 0  # type: ignore[attr-defined]
    assert drawn.any() and not drawn.all()
    closed = Refusal(
        reasons=("no plan",), reached=reached, wall_m=refusal.wall_m, wall_flags=refusal.wall_flags,
        way_m=np.empty((0, 2)), way_limit_deg=None, place_m=None,
    )  # fmt: skip
    assert named(draw_refusal(DEM, FLAGS, closed, START, GOAL, title="Why"), "opened way") == []
