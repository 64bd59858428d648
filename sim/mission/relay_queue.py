"""Bits on their way: stores with priorities at both ends of two hops, and not one bit unaccounted for.

Bits are whole numbers. In each step a way carries as many as its rate comes to, what is left of a bit being carried
over; the most urgent item goes first, and of equal ones the older. The second hop is fed from the relay's store, which
holds back the first one when it is full. What does not fit into the store where it is made is lost, and counted.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something to be sent.

    Attributes:
        name: What it is.
        source: Where it is made.
        bits: How much.
        priority: 0 goes first.
        ready_s: When it is made; evenly until `until_s`, if that is later.
        until_s: End of making.
    """

    name: str
    source: str
    bits: int
    priority: int
    ready_s: float
    until_s: float = 0.0

    def made(self, time_s: float) -> int:
        """Return how many of its bits are made by a time."""
        if time_s <= self.ready_s:
            return 0
        if time_s >= self.until_s:
            return self.bits
        return int(self.bits * (time_s - self.ready_s) / (self.until_s - self.ready_s))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What became of an item.

    Attributes:
        item: It.
        arrived: Bits at the far end.
        on_relay, on_board: Bits still in the relay's store and where they were made.
        lost: Bits that found no room.
        begun_s, done_s: When its first bit left and its last arrived, light time included; NaN where not.
    """

    item: Item
    arrived: int
    on_relay: int
    on_board: int
    lost: int
    begun_s: float
    done_s: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Traffic:
    """Everything that was sent over a span.

    Attributes:
        sent: Of each item.
        time_s: (n,) end of each step.
        on_board_bit: By source, (n,) in its store.
        on_relay_bit, arrived_bit, made_bit, lost_bit: (n,) sums over all.
    """

    sent: tuple[Sent, ...]
    time_s: Floats
    on_board_bit: Mapping[str, Floats]
    on_relay_bit: Floats
    arrived_bit: Floats
    made_bit: Floats
    lost_bit: Floats


@dataclass(slots=True)
class _Way:
    """A way that carries whole bits."""

    rate_bit_s: Floats
    over: float = 0.0

    def room(self, step: int, step_s: float) -> int:
        """Return how many bits go through in a step."""
        asked = float(self.rate_bit_s[step]) * step_s + self.over
        self.over = asked - int(asked) if self.rate_bit_s[step] > 0.0 else 0.0
        return int(asked)


@dataclass(slots=True)
class _Books:
    """What is where, by item."""

    made: list[int]
    board: list[int]
    relay: list[int]
    far: list[int]
    lost: list[int]
    begun_s: list[float]
    done_s: list[float]
    held: dict[str, int] = field(default_factory=dict)
    on_relay: int = 0


def carry(
    items: Sequence[Item],
    first: Mapping[str, Floats],
    second: Floats,
    *,
    time_s: Floats,
    step_s: float,
    store_bit: Mapping[str, float],
    relay_store_bit: float,
    light_time_s: Floats,
) -> Traffic:
    """Return what becomes of items that go over two hops.

    Args:
        items: In any order.
        first: By source, (n,) bit/s from there to the relay in each step.
        second: (n,) bit/s from the relay on.
        time_s: (n,) begin of each step.
        step_s: Its length.
        store_bit: By source, how much it holds.
        relay_store_bit: How much the relay holds.
        light_time_s: (n,) one way, over both hops.
    """
    count = len(items)
    nothing = float("nan")
    books = _Books(
        made=[0] * count, board=[0] * count, relay=[0] * count, far=[0] * count, lost=[0] * count,
        begun_s=[nothing] * count, done_s=[nothing] * count, held=dict.fromkeys(first, 0),
    )  # fmt: skip
    ways = {source: _Way(np.asarray(rate, np.float64)) for source, rate in first.items()}
    last = _Way(np.asarray(second, np.float64))
    rank = [(item.priority, item.ready_s, n) for n, item in enumerate(items)]
    tape: dict[str, list[float]] = {name: [] for name in ("relay", "far", "made", "lost", *first)}
    pending = sorted(range(count), key=lambda n: items[n].ready_s)
    active: list[int] = []
    for step, begin in enumerate(time_s.tolist()):
        end = begin + step_s
        while pending and items[pending[0]].ready_s < end:
            active.append(pending.pop(0))
        order = sorted(active, key=rank.__getitem__)
        _make(items, order, books, end, store_bit)
        for source, way in ways.items():
            room = min(way.room(step, step_s), int(relay_store_bit) - books.on_relay)
            _first_hop(items, order, books, source, room, begin)
        _second_hop(items, order, books, last.room(step, step_s), end + float(light_time_s[step]))
        active = [n for n in active if books.far[n] + books.lost[n] < items[n].bits]
        for source in first:
            tape[source].append(books.held[source])
        for name, value in (
            ("relay", books.on_relay), ("far", sum(books.far)), ("made", sum(books.made)), ("lost", sum(books.lost)),
        ):  # fmt: skip
            tape[name].append(value)
    return _told(items, books, tape, time_s + step_s, tuple(first))


def _make(
    items: Sequence[Item], order: Sequence[int], books: _Books, now_s: float, store_bit: Mapping[str, float]
) -> None:
    for n in order:
        item = items[n]
        fresh = item.made(now_s) - books.made[n]
        if fresh:
            fits = min(fresh, max(0, int(store_bit[item.source]) - books.held[item.source]))
            books.made[n] += fresh
            books.board[n] += fits
            books.held[item.source] += fits
            books.lost[n] += fresh - fits


def _first_hop(
    items: Sequence[Item], order: Sequence[int], books: _Books, source: str, room: int, now_s: float
) -> None:
    for n in order:
        if room <= 0:
            return
        if items[n].source == source and books.board[n]:
            moved = min(room, books.board[n])
            if math.isnan(books.begun_s[n]):  # an item may come to be within a step
                books.begun_s[n] = max(now_s, items[n].ready_s)
            books.board[n] -= moved
            books.held[source] -= moved
            books.relay[n] += moved
            books.on_relay += moved
            room -= moved


def _second_hop(items: Sequence[Item], order: Sequence[int], books: _Books, room: int, now_s: float) -> None:
    for n in order:
        if room <= 0:
            return
        if books.relay[n]:
            moved = min(room, books.relay[n])
            books.relay[n] -= moved
            books.on_relay -= moved
            books.far[n] += moved
            room -= moved
            if books.far[n] + books.lost[n] == items[n].bits and not books.lost[n]:
                books.done_s[n] = now_s


def _told(
    items: Sequence[Item],
    books: _Books,
    tape: Mapping[str, list[float]],
    ends_s: Floats,
    sources: tuple[str, ...],
) -> Traffic:
    sent = tuple(
        Sent(
            item=item,
            arrived=books.far[n],
            on_relay=books.relay[n],
            on_board=books.board[n],
            lost=books.lost[n],
            begun_s=books.begun_s[n],
            done_s=books.done_s[n],
        )
        for n, item in enumerate(items)
    )
    columns = {name: np.array(values, np.float64) for name, values in tape.items()}
    return Traffic(
        sent=sent,
        time_s=ends_s,
        on_board_bit={source: columns[source] for source in sources},
        on_relay_bit=columns["relay"],
        arrived_bit=columns["far"],
        made_bit=columns["made"],
        lost_bit=columns["lost"],
    )
