"""The picture of a crater beside its profile shows what it is given, in kilometres."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest

from sim.view.crater import Rings, draw_crater, rings_of
from sim.view.save import save_figure

ROOT = Path(__file__).parents[3]
AT_KM = (np.arange(81) - 40) * 1.0
DISTANCE_KM = np.hypot(AT_KM[None, :], AT_KM[:, None])
BOWL_M = np.where(DISTANCE_KM < 20, -3000.0, -1000.0) + 40.0 * np.sin(AT_KM)[None, :]
EDGES_KM = np.array([0.0, 10.0, 18.0, 22.0, 38.0])


@pytest.fixture
def made() -> Rings:
    return rings_of(BOWL_M, DISTANCE_KM, EDGES_KM, words="synthetic")


@pytest.fixture
def measured() -> Rings:
    return Rings(
        words="measured, a map",
        inner_km=np.array([0.0, 20.0]),
        outer_km=np.array([10.0, 40.0]),
        p10_m=np.array([-3100.0, -1200.0]),
        median_m=np.array([-3000.0, -1000.0]),
        p90_m=np.array([-2700.0, -900.0]),
    )


def test_rings_of_a_bowl(made):
    assert made.middle_km.tolist() == [5.0, 14.0, 20.0, 30.0]
    assert made.median_m == pytest.approx([-3000, -3000, -1020, -1000], abs=40)
    assert (made.p10_m <= made.median_m).all()
    assert (made.median_m <= made.p90_m).all()


def test_rings_pool_several_grounds(made):
    pooled = rings_of(np.stack([BOWL_M - 500.0, BOWL_M + 500.0]), DISTANCE_KM, EDGES_KM, words="two")
    assert (pooled.p90_m - pooled.p10_m)[0] == pytest.approx(1000, abs=100)
    assert pooled.words == "two"


def test_both_panels_are_in_kilometres(made, measured, named, legend_words):
    figure = draw_crater(BOWL_M, 1000.0, title="A bowl", made=made, measured=measured)
    units = {label for ax in figure.axes for label in (ax.get_xlabel(), ax.get_ylabel()) if label}
    assert units == {
        "east of the centre (km)",
        "north of the centre (km)",
        "elevation (km)",
        "distance from the centre (km)",
    }
    (image,) = named(figure, "crater")
    assert image.get_extent() == [-40.5, 40.5, -40.5, 40.5]
    (line,) = named(figure, "made median")
    assert line.get_ydata() == pytest.approx(made.median_m / 1000)
    (points,) = named(figure, "measured")
    assert points.get_xdata().tolist() == [5.0, 30.0]
    assert points.get_ydata().tolist() == [-3.0, -1.0]
    assert legend_words(figure) == ["synthetic", "measured, a map"]


def test_nothing_is_cut_off(made, measured, tmp_path):
    figure = draw_crater(BOWL_M, 1000.0, title="A bowl", made=made, measured=measured)
    save_figure(figure, tmp_path / "crater.png")
    box = figure.get_tightbbox()
    width, height = figure.get_size_inches()
    assert 0 <= box.x0 < box.x1 <= width
    assert 0 <= box.y0 < box.y1 <= height


def test_rings_of_unequal_length_are_refused(measured):
    with pytest.raises(ValueError, match="same number"):
        Rings(
            words="",
            inner_km=measured.inner_km,
            outer_km=measured.outer_km,
            p10_m=measured.p10_m[:1],
            median_m=measured.median_m,
            p90_m=measured.p90_m,
        )


def test_the_published_rings_are_whole():
    table = tomllib.loads((ROOT / "docs" / "von_karman_rings.toml").read_text(encoding="utf-8"))
    assert "doi:" in table["citation"]
    columns = np.array([table[name] for name in ("inner_km", "outer_km", "p10_m", "median_m", "p90_m")])
    assert columns.shape == (5, 10)
    assert (columns[0] < columns[1]).all()
    assert (columns[2] < columns[3]).all()
    assert (columns[3] < columns[4]).all()
