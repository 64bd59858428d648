"""One line each: form, count of the rest, and nothing that could break the line."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rover.core import errors
from rover.core.errors import FarsideError, Problem, ScenarioError, TomlError

CLASSES = [c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, FarsideError)]


def problem(field: str = "start_m") -> Problem:
    return Problem(what="is outside", remedy="move it", file="a.toml", field=field, value=[1.0, 2.0])


def test_the_form() -> None:
    assert str(ScenarioError([problem()])) == (
        "farside: error[SCENARIO]: a.toml: start_m = [1.0, 2.0]: is outside; move it"
    )
    assert str(TomlError("is empty", remedy="fill it", file="b.toml")) == (
        "farside: error[TOML]: b.toml: is empty; fill it"
    )


def test_the_rest_is_counted_and_where_to_read_it_is_said() -> None:
    said = str(ScenarioError([problem(), problem("goal_m"), problem("seed")]))
    assert said.endswith("; move it (+2 more: farside check a.toml lists them)")
    nameless = Problem(what="is wrong", remedy="mend it")
    assert str(ScenarioError([nameless, nameless])).endswith("mend it (+1 more)")


def test_no_remedy_leaves_no_loose_end() -> None:
    assert str(FarsideError("broken")) == "farside: error[INTERNAL]: broken"


@given(*[st.text(st.characters(codec=None), max_size=30)] * 4)
def test_nothing_printed_can_break_the_line(what: str, file: str, field: str, value: str) -> None:
    one = Problem(what=what, remedy="mend it", file=file, field=field, value=value)
    for said in (str(ScenarioError([one])), str(ScenarioError([one, one]))):
        assert len(said.splitlines()) == 1
        assert said.isprintable()


def test_escape_sequences_and_lone_surrogates_are_blanked() -> None:
    said = str(TomlError("is \x1b[31mred\u2028", remedy="no", file="a\nb\udcff.toml"))
    assert said == "farside: error[TOML]: a b .toml: is  [31mred ; no"


def test_long_values_are_cut() -> None:
    said = str(ScenarioError("too long", remedy="cut", field="name", value="x" * 5000))
    assert len(said) < 150
    assert "..." in said


@pytest.mark.parametrize("error", CLASSES, ids=lambda c: c.__name__)
def test_every_error_has_a_code_and_the_exit_code_of_the_design(error: type[FarsideError]) -> None:
    assert error.code.isupper()
    assert error.exit_code in (1, 2, 3, 5, 7, 8)
    assert error.__doc__


def test_codes_are_each_used_once() -> None:
    codes = [c.code for c in CLASSES]
    assert len(codes) == len(set(codes))


def test_an_error_survives_the_way_home_from_another_process() -> None:
    error = ScenarioError([problem(), problem("goal_m")])
    home = pickle.loads(pickle.dumps(error))
    assert type(home) is ScenarioError
    assert str(home) == str(error)
    assert home.problems == error.problems
