"""The picture of a failed check: a question and an answer of any kind."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from rover.core.grid import GridGeometry, Site
from sim.view.failure import draw_failure

SITE = Site(latitude_rad=0.0, longitude_rad=0.0, body="moon", crs_wkt="")
GEOMETRY = GridGeometry(rows=6, cols=9, resolution_m=2.0, east_m=100.0, north_m=-40.0, site=SITE)


def drawn(way: list[tuple[float, float]], *, lethal: bool = True) -> Figure:
    cost = np.full(GEOMETRY.shape, 20.0)
    cost[2, 3:] = np.inf if lethal else 30.0
    return draw_failure(
        cost, GEOMETRY, (100.0, -40.0), (116.0, -30.0), np.array(way).reshape(-1, 2),
        title="mine fails safe", lines=("crosses lethal cell (2, 5)",), foot="python -m sim.testing mine",
    )  # fmt: skip


def words(figure: Figure) -> set[str]:
    return {text.get_text() for legend in figure.legends for text in legend.get_texts()}


def test_it_shows_the_way_the_lethal_cells_and_the_command() -> None:
    figure = drawn([(100.0, -40.0), (116.0, -30.0)])
    assert words(figure) == {"lethal cell", "way answered (2 waypoints)", "start", "goal"}
    assert {text.get_text() for text in figure.texts} >= {"mine fails safe", "python -m sim.testing mine"}
    ax = figure.axes[0]
    (way,) = [line for line in ax.lines if str(line.get_label()).startswith("way")]
    np.testing.assert_array_equal(way.get_xydata(), [(100.0, -40.0), (116.0, -30.0)])
    image = np.ma.getmaskarray(ax.images[0].get_array())
    assert image[2, 3:].all() and image.sum() == 6
    assert ax.images[0].get_extent() == [99.0, 117.0, -41.0, -29.0]


def test_a_refusal_has_no_way_and_free_ground_no_lethal_cell() -> None:
    assert words(drawn([], lethal=False)) == {"start", "goal"}


@pytest.mark.parametrize(
    ("way", "east"), [([(100.0, -40.0), (130.0, -40.0)], 130.0), ([(np.nan, 1.0), (5e9, 2.0)], 117.0)]
)
def test_a_way_off_the_map_is_shown_as_far_as_it_is_near(way: list[tuple[float, float]], east: float) -> None:
    figure = drawn(way)
    assert figure.axes[0].get_xlim()[1] == pytest.approx(east + 0.18)
    figure.canvas.draw()
