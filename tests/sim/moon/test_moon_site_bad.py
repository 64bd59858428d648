"""Site files whose values cannot be meant are refused in one line: file, field, value, what is wrong, remedy."""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Iterator
from typing import Any

import pytest

from rover.core.errors import SiteError
from sim.moon.site import REACH_M, SiteParams, site_from_table

Path = tuple[str | int, ...]
FILE = "moon.toml"


def with_value(table: dict[str, Any], path: Path, value: object) -> dict[str, Any]:
    made = copy.deepcopy(table)
    holder: Any = made
    for part in path[:-1]:
        holder = holder[part]
    holder[path[-1]] = value
    return made


def numbers(held: Any, path: Path = ()) -> Iterator[Path]:
    """The places of all numbers, of each list of them the first."""
    if isinstance(held, int | float):
        yield path
    elif isinstance(held, dict):
        for key, value in held.items():
            yield from numbers(value, (*path, key))
    elif isinstance(held, list):
        for index, value in enumerate(held[:1]):
            yield from numbers(value, (*path, index))


def refusal(table: dict[str, Any]) -> str:
    with pytest.raises(SiteError) as refused:
        site_from_table(table, file=FILE)
    return str(refused.value)


def test_neither_a_truth_value_nor_a_text_is_a_number(table: dict[str, Any]) -> None:
    places = list(numbers(table))
    assert len(places) > 50
    for path in places:
        field = ".".join(map(str, path))
        for value in (True, "1"):
            line = refusal(with_value(table, path, value))
            assert line.startswith(f"farside: error[SITE]: {FILE}: {field} = {value}: "), line
            assert re.search(r"; give a (whole )?number$", line), line


@pytest.mark.parametrize("value", [math.nan, math.inf, 1e300, -1e300])
def test_no_number_is_beyond_all_bounds(table: dict[str, Any], value: float) -> None:
    for path in numbers(table):
        if path != ("format",):
            line = refusal(with_value(table, path, value))
            assert ".".join(map(str, path)) in line, line


def first_feature(table: dict[str, Any], **values: object) -> dict[str, Any]:
    made = copy.deepcopy(table)
    made["feature"][0].update(values)
    return made


@pytest.mark.parametrize("axis", ["east_m", "north_m"])
def test_a_feature_lies_on_the_moon(table: dict[str, Any], axis: str) -> None:
    edge = float(math.floor(REACH_M))
    for value in (edge, -edge):
        site_from_table(first_feature(table, counted_from="origin", **{axis: value}), file=FILE)
    for value in (edge + 1, -edge - 1):
        line = refusal(first_feature(table, counted_from="origin", **{axis: value}))
        assert line.startswith(f"farside: error[SITE]: {FILE}: feature.0.{axis} = {value}: beyond the Moon: ")
        assert line.endswith("; give metres from the origin")


def test_a_feature_counted_from_the_anchor_lies_on_the_moon(table: dict[str, Any], site: SiteParams) -> None:
    to_edge = float(math.floor(REACH_M - site.anchor_mm[0] / 1000))
    site_from_table(first_feature(table, counted_from="anchor", east_m=to_edge), file=FILE)
    line = refusal(first_feature(table, counted_from="anchor", east_m=to_edge + 1))
    assert f"feature.0.east_m = {to_edge + 1}: beyond the Moon" in line
    assert line.endswith("; give metres from the anchor")


def test_no_feature_is_wider_than_the_moon(table: dict[str, Any]) -> None:
    line = refusal(first_feature(table, diameter_m=4e6))
    assert f"{FILE}: feature.0.diameter_m = 4000000.0: out of range" in line


@pytest.mark.parametrize("away_deg", [90.0, 120.0, -90.0])
def test_the_anchor_lies_where_the_frame_reaches(table: dict[str, Any], away_deg: float) -> None:
    bad = copy.deepcopy(table)
    bad["frame"].update(latitude_deg=0.0, longitude_deg=100.0)
    bad["anchor"].update(latitude_deg=0.0, longitude_deg=100.0 + away_deg)
    line = refusal(bad)
    assert f"{FILE}: anchor.latitude_deg, longitude_deg = 0, {100 + away_deg:g}: beyond the Moon" in line


def test_the_datum_is_in_tenths_of_a_millimetre_as_elevations_are(table: dict[str, Any]) -> None:
    site_from_table(with_value(table, ("frame", "datum_m"), -5900.0001), file=FILE)
    line = refusal(with_value(table, ("frame", "datum_m"), -5900.00012))
    assert "frame.datum_m = -5900.00012: not in whole tenths of a millimetre" in line
    assert line.endswith("; give -5900.0001")


def test_a_newer_format_is_refused_by_name(table: dict[str, Any]) -> None:
    assert f"{FILE}: format = 2: not a format that this version reads" in refusal(
        with_value(table, ("format",), 2)
    )
