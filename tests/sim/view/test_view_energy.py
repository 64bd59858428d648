"""The picture of a parked lunar day: what is drawn is what was recorded."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.text import Text

from sim.view.energy import EnergySheet, draw_energy

DAYS = np.linspace(0.0, 30.0, 300)
HIGH = np.sin(2 * np.pi * DAYS / 29.53)


@pytest.fixture
def sheet() -> EnergySheet:
    day = np.maximum(HIGH, 0.0)
    columns = {
        "time_s": DAYS * 86_400.0,
        "sun_elevation_rad": 0.7 * HIGH,
        "soc": 0.5 + 0.4 * HIGH,
        "array_w": 95.0 * day,
        "load_w": np.where(HIGH > 0, 14.0, 0.05),
        "body_k": 270.0 + 40.0 * HIGH,
        "array_k": 110.0 + 240.0 * day,
        "wheels_k": 120.0 + 230.0 * day,
        "ground_k": 90.0 + 250.0 * day,
        "asleep": (HIGH < 0.1).astype(float),
    }
    return EnergySheet(
        title="A day",
        lines=["a line"],
        columns=columns,
        others=[("body, open", "#CC79A7", DAYS, 260.0 + 40.0 * HIGH)],
        limits_k=[("too warm", 323.0), ("too cold", 243.0)],
        published=[("wake", 1.5), ("sleep", 13.0)],
    )


def test_lines_are_the_columns(sheet: EnergySheet, named) -> None:
    figure = draw_energy(sheet)
    for gid, expected in (
        ("sun elevation", np.degrees(sheet.columns["sun_elevation_rad"])),
        ("ground_k", sheet.columns["ground_k"]),
        ("wheels_k", sheet.columns["wheels_k"]),
        ("array_k", sheet.columns["array_k"]),
        ("body_k", sheet.columns["body_k"]),
        ("array", sheet.columns["array_w"]),
        ("load", sheet.columns["load_w"]),
        ("soc", 100 * sheet.columns["soc"]),
        ("other", sheet.others[0][3]),
    ):
        (line,) = named(figure, gid)
        np.testing.assert_allclose(line.get_xdata(), DAYS, rtol=1e-12)
        np.testing.assert_array_equal(line.get_ydata(), expected)
    assert [set(line.get_ydata()) for line in named(figure, "limit")] == [{323.0}, {243.0}]
    assert [line.get_xdata()[0] for line in named(figure, "published")] == [1.5, 13.0]


def test_every_axis_has_its_unit_and_every_line_its_words(sheet: EnergySheet, named) -> None:
    figure = draw_energy(sheet)
    units = [ax.get_ylabel() for ax in figure.axes]
    assert units == ["Sun elevation (deg)", "temperature (K)", "power (W)", "charge (%)"]
    assert figure.axes[-1].get_xlabel() == "Earth days since the start"
    words = {text.get_text() for text in figure.findobj(Text)}
    assert {
        "A day",
        "a line",
        "ground",
        "wheels",
        "array",
        "body",
        "body, open",
        "too warm",
        "too cold",
    } <= words
    assert {"array output", "load", "wake", "sleep"} <= words
    assert len(named(figure, "asleep")) == 4
