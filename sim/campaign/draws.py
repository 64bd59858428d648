"""What varies from run to run: distributions as written on the command line, and the values that each run draws.

A value depends on the campaign's seed, the run and the key's place alone: not on workers, order or engine.
"""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from rover.core.errors import UsageError

Value = bool | int | float | str
"""Of a key of a scenario."""

Kind = Literal["uniform", "normal", "integers", "choice"]

_FORM = re.compile(r"\s*([a-z]+)\s*\((.*)\)\s*", re.DOTALL)
_KEY = re.compile(r"[A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*)*")
_WORD = re.compile(r"[A-Za-z_][\w.+-]*")
_ITEM = re.compile(r'\s*("(?:[^"\\]|\\.)*"|\'[^\']*\'|[^,"\'#\n]*?)\s*(,|$)')
_SHOWN = "uniform(A, B), uniform(A, B, STEP), normal(MEAN, SIGMA), integers(A, B) or choice(A, B, ...)"
_MOST_STEPS = 10**9
_SEED_BITS = 53
"""Of a run's seed: what every reader of JSON takes for the same number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """A distribution.

    Attributes:
        kind: `uniform` on [a, b), or on a, a + step, ... up to b where a step is given, `normal` with mean and standard
            deviation, `integers` from a to b, both of them included, or `choice`, each value as likely as the others.
        arguments: Its figures, or the values chosen from.
    """

    kind: Kind
    arguments: tuple[Value, ...]

    def __str__(self) -> str:
        return f"{self.kind}({', '.join(map(value_text, self.arguments))})"

    def draw(self, generator: np.random.Generator) -> Value:
        """Return a value."""
        if self.kind == "choice":
            return self.arguments[int(generator.integers(len(self.arguments)))]
        first, second, *step = (value for value in self.arguments if not isinstance(value, str))
        if step:
            return _stepped(first, step[0], int(generator.integers(_steps(first, second, step[0]) + 1)))
        if self.kind == "integers":
            return int(generator.integers(int(first), int(second), endpoint=True))
        if self.kind == "uniform":
            return float(generator.uniform(first, second))
        return float(generator.normal(first, second))


@dataclass(frozen=True, slots=True, kw_only=True)
class Varied:
    """A key of the scenario and how it varies."""

    key: str
    distribution: Distribution

    def __str__(self) -> str:
        return f"{self.key}={self.distribution}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draw:
    """What one run of a campaign is of.

    Attributes:
        run: Its number, from 0.
        seed: Of its scenario; None where a key `seed` is varied, whose value it is then.
        values: One for each varied key, in their order.
    """

    run: int
    seed: int | None
    values: tuple[Value, ...]


def parse_varied(texts: Sequence[str]) -> tuple[Varied, ...]:
    """Read `key=distribution` each.

    Raises:
        UsageError: One that cannot be meant, or a key twice.
    """
    varied = tuple(_parse_one(text) for text in texts)
    for place, one in enumerate(varied):
        if one.key in [other.key for other in varied[:place]]:
            raise _refused(texts[place], f"{one.key} is varied already", "leave one of them out")
    return varied


def _parse_one(text: str) -> Varied:
    key, equals, form = text.partition("=")
    if not equals or not _KEY.fullmatch(key.strip()):
        remedy = 'write --vary "power.initial_soc=uniform(0.5, 0.9)"'
        raise _refused(text, "not of the form key=distribution", remedy)
    return Varied(key=key.strip(), distribution=parse_distribution(form, shown=text))


def parse_distribution(form: str, *, shown: str | None = None) -> Distribution:
    """Read a distribution.

    Args:
        form: Such as `uniform(0.5, 0.9)`; values of a choice as TOML has them, or plain words.
        shown: What a message shows instead.

    Raises:
        UsageError: No such distribution, or figures that it cannot have.
    """
    shown = form if shown is None else shown
    match = _FORM.fullmatch(form)
    if match is None:
        raise _refused(shown, "not a distribution", f"give {_SHOWN}")
    name, inside = match.groups()
    values = tuple(_value(item, shown) for item in _items(inside, shown))
    if name == "choice":
        return Distribution(kind="choice", arguments=values)
    if name == "uniform":
        pair = _ordered(_two(values[:2], shown), shown)
        return Distribution(kind="uniform", arguments=(*pair, *_step_of(values, pair, shown)))
    if name == "normal":
        mean, sigma = _two(values, shown)
        if not sigma > 0:
            raise _refused(shown, "the standard deviation is not above 0", "give a larger one")
        return Distribution(kind="normal", arguments=(mean, sigma))
    if name == "integers":
        pair = _two(values, shown)
        if not all(isinstance(value, int) and abs(value) < 2**62 for value in pair):
            raise _refused(shown, "not two whole numbers", "give integers(A, B), both of them included")
        first, second = pair
        if first > second:
            raise _refused(shown, "the first is above the second", "swap them")
        return Distribution(kind="integers", arguments=pair)
    raise _refused(shown, f"no such distribution: {name}", f"give {_SHOWN}")


def _items(inside: str, shown: str) -> list[str]:
    """Split at commas outside quotes."""
    items, place = [], 0
    while True:
        match = _ITEM.match(inside, place)
        if match is None or not match.group(1):
            raise _refused(shown, "a value is missing or not closed", f"give {_SHOWN}")
        items.append(match.group(1))
        if not match.group(2):
            return items
        place = match.end()


def _value(item: str, shown: str) -> Value:
    try:
        value = tomllib.loads(f"value = {item}")["value"]
    except (tomllib.TOMLDecodeError, RecursionError):
        if not _WORD.fullmatch(item):
            raise _refused(shown, f"{item} is no value", "give numbers, true, false or words") from None
        return item
    if not isinstance(value, bool | int | float | str):
        raise _refused(shown, f"{item} is no single value", "give numbers, true, false or words")
    if isinstance(value, float) and not math.isfinite(value):
        raise _refused(shown, f"{item} is not finite", "give finite numbers")
    return value


def _two(values: tuple[Value, ...], shown: str) -> tuple[int | float, int | float]:
    numbers = [v for v in values if isinstance(v, int | float) and not isinstance(v, bool)]
    if len(values) != 2 or len(numbers) != 2:
        raise _refused(shown, "not two numbers", f"give {_SHOWN}")
    return numbers[0], numbers[1]


def _ordered(pair: tuple[int | float, int | float], shown: str) -> tuple[int | float, int | float]:
    if not pair[0] < pair[1]:
        raise _refused(shown, "the first is not below the second", "swap them, or set the key by --set")
    if not math.isfinite(pair[1] - pair[0]):
        raise _refused(shown, "too wide", "give figures closer together")
    return pair


def _step_of(
    values: tuple[Value, ...], pair: tuple[int | float, int | float], shown: str
) -> tuple[int | float, ...]:
    """Return the step of a uniform distribution, if it has one."""
    if len(values) == 2:
        return ()
    step = values[2]
    if len(values) > 3 or isinstance(step, bool | str):
        raise _refused(shown, "not two numbers, or three", f"give {_SHOWN}")
    if not 0 < step <= pair[1] - pair[0]:
        raise _refused(shown, "the step is not above 0 and within the range", "give another step")
    if (pair[1] - pair[0]) / step > _MOST_STEPS:
        raise _refused(shown, f"more than {_MOST_STEPS} steps", "give a longer step, or leave it out")
    return (step,)


def _steps(first: int | float, last: int | float, step: int | float) -> int:
    """Return how many steps there are; one that only rounding keeps from fitting is one."""
    return math.floor((last - first) / step * (1.0 + 1e-12))


def _stepped(first: int | float, step: int | float, count: int) -> int | float:
    """Return a value so many steps on, as it would be written: 0.1 and two steps of 0.1 are 0.3."""
    return first + step * count if isinstance(first + step, int) else float(f"{first + step * count:.15g}")


def _refused(shown: str, what: str, remedy: str) -> UsageError:
    return UsageError(what, remedy=remedy, field="--vary", value=shown)


def value_text(value: Value) -> str:
    """Return a value as TOML has it: read back, it is the same to the last bit."""
    return json.dumps(value) if isinstance(value, bool | str) else repr(value)


def draw_run(run: int, *, seed: int, varied: Sequence[Varied]) -> Draw:
    """Return what a run is of.

    Args:
        run: Its number, from 0.
        seed: Of the campaign.
        varied: The keys; a value is drawn of `SeedSequence(seed, spawn_key=(run, place of the key))`, the seed of the
            scenario of `SeedSequence(seed, spawn_key=(run,))`.
    """
    values = tuple(
        one.distribution.draw(np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(run, place))))
        for place, one in enumerate(varied)
    )
    own = None
    if all(one.key != "seed" for one in varied):
        state = np.random.SeedSequence(seed, spawn_key=(run,)).generate_state(1, np.uint64)
        own = int(state[0]) >> (64 - _SEED_BITS)
    return Draw(run=run, seed=own, values=values)
