"""Windows and resolutions as text: exact, or refused with what would do."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rover.core.errors import UsageError
from sim.cli.window import parse_resolution, parse_window
from sim.moon.dem import Window
from sim.run.window import REACH_MM, check_fit, window_text

HERE = (0, 0)


def window(west: int, south: int, east: int, north: int) -> Window:
    return Window(east_mm=west, north_mm=south, width_mm=east - west, height_mm=north - south)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("0,0,1,2", window(0, 0, 1000, 2000)),
        ("-10.5,-0.001,0,1e1", window(-10_500, -1, 0, 10_000)),
        (" 1 , 2 , 3.000000 , +4 ", window(1000, 2000, 3000, 4000)),
        ("0.1,0.1,0.3,0.7", window(100, 100, 300, 700)),
        ("-2729100,0,2729100,1", window(-2_729_100_000, 0, 2_729_100_000, 1000)),
    ],
)
def test_a_window_is_read_exactly(text: str, found: Window) -> None:
    assert parse_window(text, origin_mm=HERE) == found


millimetres = st.integers(-2_000_000_000, 2_000_000_000)


@given(millimetres, millimetres, st.integers(1, 10**8), st.integers(1, 10**8))
def test_a_window_survives_its_own_text(west: int, south: int, width: int, height: int) -> None:
    made = Window(east_mm=west, north_mm=south, width_mm=width, height_mm=height)
    assert parse_window(window_text(made), origin_mm=HERE) == made


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "four finite numbers"),
        ("1,2,3", "four finite numbers"),
        ("1,2,3,4,5", "four finite numbers"),
        ("a,0,1,1", "four finite numbers"),
        ("nan,0,1,1", "four finite numbers"),
        ("0,0,inf,1", "four finite numbers"),
        ("0,0,sNaN,1", "four finite numbers"),
        ("0;0;1;1", "four finite numbers"),
        ("5,0,5,9", "empty"),
        ("0,7,5,7", "empty"),
        ("9,0,5,7", "reversed window; give south-west before north-east: 5,0,9,7"),
        ("0,7,5,-1", "reversed window; give south-west before north-east: 0,-1,5,7"),
        ("0,0,1.0004,1", "whole millimetres; the nearest that is: 0,0,1,1"),
        ("0,0,1.00060000000000000000000000000001,1", "the nearest that is: 0,0,1.001,1"),
        ("0,0,2729102,1", "beyond the Moon"),
        ("0,-1e9,1,1", "beyond the Moon"),
        ("0,0,1,1e999999999", "beyond the Moon"),
    ],
)
def test_a_window_that_cannot_be_meant(text: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_window(text, origin_mm=HERE)
    assert "--window" in str(caught.value)
    assert says in str(caught.value)


def test_the_reach_is_counted_from_the_site() -> None:
    far = f"0,0,{Decimal(REACH_MM) / 1000},1"
    assert parse_window(far, origin_mm=HERE).width_mm == REACH_MM
    with pytest.raises(UsageError, match="beyond the Moon"):
        parse_window(far, origin_mm=(1, 0))
    assert parse_window(far, origin_mm=(-1000, 0)).width_mm == REACH_MM


@pytest.mark.parametrize(("text", "found"), [("0.01", 10), ("2", 2000), ("0.250", 250), ("1e2", 100_000)])
def test_a_resolution_is_read_exactly(text: str, found: int) -> None:
    assert parse_resolution(text) == found


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("0", "under a centimetre"),
        ("-1", "under a centimetre"),
        ("0.009", "under a centimetre; give 0.01"),
        ("nan", "not a finite number"),
        ("inf", "not a finite number"),
        ("two", "not a finite number"),
        ("0.3333", "not in whole millimetres; the nearest that is: 0.333"),
        ("1e999999999", "larger than the body"),
    ],
)
def test_a_resolution_that_cannot_be_meant(text: str, says: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_resolution(text)
    assert f"--resolution = {text}" in str(caught.value)
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("asked", "resolution_mm", "nearest"),
    [
        ("0,0,10,9", 2000, "0,0,10,10"),
        ("-1,-1,10,10", 2000, "-1,-1,11,11"),
        ("0,0,0.5,100", 1000, "0,0,1,100"),
        ("0.1,0,1.1,1", 300, "0.1,0,1,0.9"),
    ],
)
def test_sides_that_are_no_whole_cells_name_the_nearest_that_are(
    asked: str, resolution_mm: int, nearest: str
) -> None:
    with pytest.raises(UsageError, match="not whole numbers of cells") as caught:
        check_fit(parse_window(asked, origin_mm=HERE), resolution_mm, asked=asked)
    assert str(caught.value).endswith(f"; the nearest that fits: --window {nearest}")
    check_fit(parse_window(nearest, origin_mm=HERE), resolution_mm, asked=nearest)
