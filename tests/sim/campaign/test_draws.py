"""Distributions as written, and values as drawn."""

from __future__ import annotations

import tomllib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rover.core.errors import UsageError
from sim.campaign.draws import draw_run, parse_distribution, parse_varied, value_text

WRITTEN = [
    "uniform(0.5, 0.9)",
    "uniform(-3, 1e3)",
    "uniform(60, 100, 2)",
    "uniform(0.1, 0.3, 0.1)",
    "normal(1, 0.25)",
    "integers(-2, 2)",
    "choice(1, 2.5)",
    'choice("yutu-2", "a, b")',
    "choice(true, false)",
]
BAD = [
    "0.5",
    "uniform",
    "uniform()",
    "uniform(1)",
    "uniform(1, 2, 3)",
    "uniform(1, 2, 0)",
    "uniform(1, 2, -0.5)",
    "uniform(1, 2, 1e-10)",
    "uniform(1, 2, true)",
    "uniform(1, 2, a)",
    "uniform(1, 2, 0.5, 0.5)",
    "uniform(2, 1)",
    "uniform(1, 1)",
    "uniform(nan, 1)",
    "uniform(0, inf)",
    "uniform(-1e308, 1e308)",
    "uniform(1, 2",
    "uniform(true, 2)",
    "normal(1, 0)",
    "normal(1, -1)",
    "integers(1.5, 2)",
    "integers(3, 2)",
    "integers(0, 99999999999999999999)",
    "choice()",
    "choice(1,)",
    "choice(,1)",
    'choice("open)',
    "choice([1, 2])",
    "choice({a=1})",
    "choice(1 # 2)",
    "choice(1\nx=2)",
    "choice(2020-01-01)",
    "beta(1, 2)",
    "Uniform(1, 2)",
    "uniform(1, 2) + 1",
    "__import__('os')",
]


@pytest.mark.parametrize("form", WRITTEN)
def test_what_is_shown_reads_back(form: str) -> None:
    distribution = parse_distribution(form)
    assert str(distribution) == form.replace("1e3", "1000.0")
    assert parse_distribution(str(distribution)) == distribution


@pytest.mark.parametrize("form", BAD)
def test_others_are_refused(form: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_varied([f"a.b={form}"])
    assert refused.value.problems[0].field == "--vary"
    assert refused.value.problems[0].remedy


@pytest.mark.parametrize(
    "text", ["", "a", "=uniform(0, 1)", "a..b=uniform(0, 1)", "1a=uniform(0, 1)", "a b=choice(1)"]
)
def test_no_key_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="not of the form"):
        parse_varied([text])


def test_a_key_twice_is_refused() -> None:
    with pytest.raises(UsageError, match="varied already"):
        parse_varied(["a=choice(1)", "b=choice(1)", "a=choice(2)"])


def drawn(form: str, count: int = 2000) -> list[object]:
    varied = parse_varied([f"k={form}"])
    return [draw_run(run, seed=9, varied=varied).values[0] for run in range(count)]


def test_values_have_their_distribution() -> None:
    """Means and extremes within four standard errors of what they must be."""
    uniform = np.array(drawn("uniform(2, 6)"))
    assert uniform.min() >= 2
    assert uniform.max() < 6
    assert abs(uniform.mean() - 4) < 4 * np.sqrt(16 / 12 / 2000)
    normal = np.array(drawn("normal(5, 2)"))
    assert abs(normal.mean() - 5) < 4 * 2 / np.sqrt(2000)
    assert abs(normal.std() - 2) < 4 * 2 / np.sqrt(4000)
    whole = drawn("integers(1, 3)")
    assert set(whole) == {1, 2, 3}
    assert all(type(value) is int for value in whole)
    chosen = drawn("choice(a, 2, true)")
    assert set(chosen) == {"a", 2, True}
    assert min(chosen.count(value) for value in ("a", 2, True)) > 2000 / 3 - 4 * np.sqrt(2000 * 2 / 9)


def test_steps_are_met_to_the_last_bit_and_each_as_often() -> None:
    whole = drawn("uniform(60, 100, 20)")
    assert set(whole) == {60, 80, 100} and all(type(value) is int for value in whole)
    assert min(whole.count(value) for value in (60, 80, 100)) > 2000 / 3 - 4 * np.sqrt(2000 * 2 / 9)
    assert set(drawn("uniform(0.1, 0.5, 0.1)")) == {0.1, 0.2, 0.3, 0.4, 0.5}
    assert set(drawn("uniform(0, 1, 0.4)")) == {0.0, 0.4, 0.8}


def test_a_draw_depends_on_seed_run_and_place_alone() -> None:
    """Neither a key more, nor the distribution of another, nor what was drawn before moves it."""
    one = parse_varied(["a=uniform(0, 1)"])
    two = parse_varied(["a=uniform(0, 1)", "b=normal(0, 1)"])
    first = draw_run(3, seed=5, varied=one)
    draw_run(2, seed=5, varied=two)
    second = draw_run(3, seed=5, varied=two)
    assert second.values[0] == first.values[0]
    assert second.seed == first.seed
    assert draw_run(3, seed=6, varied=one) != first
    assert draw_run(4, seed=5, varied=one).values != first.values
    expected = np.random.default_rng(np.random.SeedSequence(5, spawn_key=(3, 0))).uniform(0, 1)
    assert first.values[0] == expected


def test_seeds_are_whole_to_every_reader_and_differ() -> None:
    seeds = [draw_run(run, seed=0, varied=()).seed for run in range(3000)]
    assert len(set(seeds)) == len(seeds)
    assert all(seed is not None and 0 <= seed < 2**53 for seed in seeds)


def test_a_varied_seed_is_the_seed() -> None:
    draw = draw_run(0, seed=1, varied=parse_varied(["seed=integers(4, 4)"]))
    assert (draw.seed, draw.values) == (None, (4,))


@given(
    st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.integers(-(2**62), 2**62), st.booleans())
)
def test_a_value_reads_back_to_the_last_bit(value: float | int | bool) -> None:
    back = tomllib.loads(f"value = {value_text(value)}")["value"]
    assert back == value
    assert type(back) is type(value)


@given(st.text(st.characters(codec="ascii"), max_size=20))
def test_text_reads_back(value: str) -> None:
    if "\x7f" not in value:  # which TOML bars and nobody types
        assert tomllib.loads(f"value = {value_text(value)}")["value"] == value
