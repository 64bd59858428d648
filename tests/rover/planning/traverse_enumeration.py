"""Small traverse problems at random, and all that a rover can do in them, by brute force and without dominance.

The enumeration follows the rules that `rover.planning.traverse_kernels` states, in plain Python, and shares no code
with the kernels but the numbers by which columns are named.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from rover.planning import label_kernels as named
from rover.planning.traverse_ahead import ahead_of, least_load_w, shortfalls, windows_of, with_gains
from rover.planning.traverse_record_kernels import NEEDS, Ground

MOVES = [(1, 0), (0, 1), (-1, 0), (0, -1), (1, 1), (-1, 1), (-1, -1), (1, -1)]
DRIVE, LOW, NAP, NIGHT = range(4)
_DAYS = [
    [DRIVE] * 3,
    [DRIVE, DRIVE, NAP, DRIVE],
    [LOW, DRIVE, NAP, NAP, DRIVE, LOW, NIGHT, LOW, DRIVE, DRIVE],
    [DRIVE, DRIVE, NIGHT, LOW, DRIVE, DRIVE],
    [NIGHT, LOW, DRIVE, DRIVE, DRIVE],
    [DRIVE, LOW, NIGHT, DRIVE, DRIVE],
]


@dataclass(frozen=True)
class State:
    """What the rover has come to; `rate` and `shaded` are of the best place since the last edge.

    `base` is the charge there and `changes` are what every leg since has changed it by, in a battery of `capacity`: so
    all that came since can be gone through anew with more or less waited for there. What came before stands in the
    criteria.
    """

    cell: int
    k: int
    time: float
    base: float
    capacity: float
    rate: float
    shaded: bool
    since: float
    dark: float
    first: float
    second: float
    changes: tuple[float, ...] = ()

    def charges(self, more: float = 0.0) -> list[float]:
        """Return the charges at the best place and after each leg since, had so much more been waited for there."""
        charges = [min(self.capacity, self.base + more)]
        for change in self.changes:
            charges.append(min(self.capacity, charges[-1] + change))
        return charges

    @property
    def charge(self) -> float:
        return self.charges()[-1]

    @property
    def most(self) -> float:
        """The charge had the battery been full at the best place."""
        return self.charges(math.inf)[-1]

    def there(self, charge: float) -> State:
        """Return the rover with a charge where it stands, which is its best place from now on."""
        return replace(self, base=charge, changes=())


def random_ground(
    rng: np.random.Generator,
    first: int,
    second: int,
    *,
    commanded: bool = False,
    longer: float = 1.0,
    idle: bool = False,
) -> Ground:
    """Return a problem of 4 or 6 cells in which charge, light, shadow and night all bind now and then.

    Args:
        rng: To draw by.
        first, second: Criteria.
        commanded: Whether the rover asks for commands.
        longer: Times which moves take as long: of 3 many are longer than a bin.
        idle: Whether driving takes less than waiting, so that legs charge the rover where waiting does not.
    """
    rows, cols = (2, 2) if rng.random() < 0.4 else (2, 3)
    cells = rows * cols
    phase = np.array(_DAYS[rng.integers(len(_DAYS))])
    count = len(phase)
    edge = np.concatenate([[0.0], np.cumsum(rng.uniform(900.0, 2000.0, count))])
    column = np.where(phase == NIGHT, -1, np.cumsum(phase != NIGHT) - 1)
    opened = (phase == DRIVE) & (rng.random(count) < 0.9)
    until = [0.0] * count
    for k in range(count - 1, -1, -1):
        if opened[k]:
            until[k] = until[k + 1] if k + 1 < count and opened[k + 1] else edge[k + 1]
    sun = rng.normal(size=(count, 3))
    sun[:, 2] = np.abs(sun[:, 2]) + 0.3
    sun /= np.linalg.norm(sun, axis=1)[:, None]
    brim = rng.random() < 0.4  # a small battery in strong light, so that it is full now and then
    capacity = float(rng.uniform(12e3, 25e3) if brim else rng.uniform(30e3, 120e3))
    bins = np.zeros((count + 1, named.BINS))
    bins[:, named.EDGE] = edge
    bins[:count, named.PHASE], bins[count, named.PHASE] = phase, -1
    bins[:count, named.COLUMN], bins[count, named.COLUMN] = column, -1
    bins[:count, named.FLUX] = rng.uniform(60.0, 200.0) if brim else rng.uniform(20.0, 150.0)
    bins[:count, named.SUN_EAST : named.SUN_UP + 1] = sun
    bins[:count, named.OPEN] = opened
    bins[:count, named.OPEN_UNTIL] = until
    bins[1:, named.DRIVEN] = np.cumsum(np.where(opened, np.diff(edge), 0.0))
    bins[:count, named.FLOOR] = capacity * rng.choice([0.0, 0.15, 0.3])
    rules = np.zeros(named.RULES)
    rules[named.CURVE :] = [
        *(0.1, 0.5),
        *[2.0] * (named.CURVE_NODES - 2),
        1.2,
        *[1.0] * (named.CURVE_NODES - 1),
    ]
    lean = rng.choice([0.0, 0.3])
    rules[: named.CELL_M + 1] = [
        *(capacity, rng.uniform(0.7, 1.0), rng.uniform(0.7, 1.0)),
        *rng.uniform([5, 10, 0.05, 20, 5], [20, 30, 1.0, 50, 40]),
        *(math.cos(lean), math.sin(lean)),
        *(
            rng.choice([0, 60]),
            128,
            rng.choice([math.inf, 1200.0, 2500.0]),
            edge[-1] * rng.uniform(0.7, 1.0),
            7.0,
            0.0,
            2.0,
        ),
    ]
    if idle:
        rules[named.CHARGE_W] *= 3.0
    rules[named.TRACKS_DARK] = float(
        math.isfinite(rules[named.LONGEST_DARK]) or named.BY_SHADOW in (first, second)
    )
    rules[named.FIRST_KIND], rules[named.SECOND_KIND] = first, second
    if commanded:
        rules[named.STOP_M], rules[named.CYCLE_S] = rng.choice([3.0, 4.0, 6.0]), rng.uniform(50.0, 900.0)
        rules[named.COMMAND_W] = rng.uniform(5.0, 30.0)
    legs_s = (longer * rng.uniform(150.0, 900.0, (cells, 8))).astype(np.float32)
    legs_j = (rng.uniform(3e3, 35e3, (cells, 8)) * (0.4 if brim else 1.0) * (0.2 if idle else 1.0)).astype(
        np.float32
    )
    for cell in range(cells):
        for d, (down, across) in enumerate(MOVES):
            inside = 0 <= cell // cols + down < rows and 0 <= cell % cols + across < cols
            if not inside or rng.random() < 0.25:
                legs_s[cell, d] = legs_j[cell, d] = np.inf
    lit = rng.choice([0, 40, 140, 255, 255], (cells, max(1, column.max() + 1))).astype(np.uint8)
    closed = (
        (rng.random(lit.shape) < 0.1).astype(np.uint8) if rng.random() < 0.5 else np.zeros((1, 1), np.uint8)
    )
    clear = rng.choice([1.0, 2.0, 3.0, 5.0], cells).astype(np.float32)
    goal = cells - 1
    grades = rng.normal(0.0, 0.1, (cells, 2)).astype(np.float32)
    rules[named.LEAST_FLOOR] = bins[0, named.FLOOR]
    rules[named.LEAST_W] = least_load_w(rules[named.CHARGE_W], legs_s, legs_j)
    with_gains(bins, grades, lit, rules, cells=np.arange(cells))
    ends, windows = windows_of(bins)
    short = shortfalls(bins, grades, lit, rules, cells=np.arange(cells), ends=ends)
    ahead = ahead_of(goal, cols, legs_s, legs_j, short, bins, rules)
    ahead[:, :NEEDS] = _ahead(legs_s, legs_j, clear, cols, goal, first, second)
    return Ground(
        goal=goal, cols=cols, legs_s=legs_s, legs_j=legs_j,
        grades=grades,
        lit=lit, closed=closed, haven=(rng.random(cells) < 0.7).astype(np.uint8), clear=clear,
        ahead=ahead, windows=windows, short=short, bins=bins, rules=rules,
    )  # fmt: skip


def _by_curve(facing: float) -> float:
    """Return what the array gives of its output facing the Sun."""
    return facing * float(np.interp(facing, [0.1, 0.5], [1.2, 1.0]))


def _ahead(
    legs_s: np.ndarray, legs_j: np.ndarray, clear: np.ndarray, cols: int, goal: int, first: int, second: int
) -> np.ndarray:
    ahead = np.zeros((len(legs_s), NEEDS))
    length = np.where(np.isfinite(legs_s), [2.0] * 4 + [2.0 * math.sqrt(2.0)] * 4, np.inf)
    prices = {named.BY_ENERGY: legs_j, named.BY_DISTANCE: length}
    for column, price in enumerate([legs_s, prices.get(first), prices.get(second)]):
        if price is not None:
            ahead[:, column] = _least_to(price, cols, goal, 0.0, lambda here, _, rest: here + rest)
    for column, kind in enumerate([first, second], start=1):
        if kind == named.BY_CLEARANCE:
            ahead[:, column] = _least_to(
                legs_s, cols, goal, -float(clear[goal]), lambda _, cell, rest: max(-float(clear[cell]), rest)
            )
    return ahead


def _least_to(
    price: np.ndarray, cols: int, goal: int, there: float, joined: Callable[[float, int, float], float]
) -> np.ndarray:
    """Return the least to the goal, by relaxing every move as often as there are cells (Bellman, Ford).

    Args:
        price: Of the moves, inf where there is none.
        cols, goal: Of the map.
        there: What it is at the goal.
        joined: Makes it of a move's price, the cell that it begins on, and what it is behind it.
    """
    least = np.full(len(price), np.inf)
    least[goal] = there
    for _ in range(len(price)):
        for cell in range(len(price)):
            for d, (down, across) in enumerate(MOVES):
                if np.isfinite(price[cell, d]):
                    rest = least[cell + down * cols + across]
                    least[cell] = min(least[cell], joined(float(price[cell, d]), cell, rest))
    return least


class Enumeration:
    """All states that can be reached, one after the other."""

    def __init__(self, ground: Ground) -> None:
        self.g = ground
        self.kinds = int(ground.rules[named.FIRST_KIND]), int(ground.rules[named.SECOND_KIND])
        self.known: dict[tuple[object, ...], float] = {}

    def goals(self, start: int, time: float, charge: float, most_states: int = 60_000) -> list[State] | None:
        """Return every state at the goal, or None where there are too many states to look at."""
        zero = [-math.inf if kind in (named.BY_CHARGE, named.BY_CLEARANCE) else 0.0 for kind in self.kinds]
        had = [self.more(zero[i], i, charge=charge, clear=float(self.g.clear[start])) for i in (0, 1)]
        k = int(np.searchsorted(self.g.bins[:, named.EDGE], time, side="right")) - 1
        left = self.settle(start, k, time, charge, 0.0, 0.0, had[0], had[1])
        seen, found = set(left), []
        while left:
            state = left.pop()
            if state.cell == self.g.goal:
                found.append(state)
                continue
            if len(seen) > most_states:
                return None
            for following in [*self.moves(state), *self.wait(state)]:
                if following not in seen:
                    seen.add(following)
                    left.append(following)
        return found

    def value(self, state: State, which: int) -> float:
        kind = self.kinds[which]
        return state.time if kind == named.BY_TIME else (state.first, state.second)[which]

    def more(
        self, had: float, which: int, *, joules: float = 0.0, length: float = 0.0,
        charge: float = math.inf, shadow: float = 0.0, clear: float = math.inf,
    ) -> float:  # fmt: skip
        kind = self.kinds[which]
        added = {
            named.BY_ENERGY: had + joules,
            named.BY_DISTANCE: had + length,
            named.BY_SHADOW: had + shadow,
        }
        least = {named.BY_CHARGE: max(had, -charge), named.BY_CLEARANCE: max(had, -clear)}
        return {**added, **least}.get(kind, 0.0)

    def light(self, cell: int, k: int) -> int:
        column = int(self.g.bins[k, named.COLUMN])
        return 0 if column < 0 else int(self.g.lit[cell, column])

    def dim(self, cell: int, k: int) -> bool:
        return self.light(cell, k) < self.g.rules[named.SHADOW_LIT]

    def normal(self, cell: int) -> np.ndarray:
        east, north = (float(v) for v in self.g.grades[cell])
        return np.array([-east, -north, 1.0]) / math.sqrt(1 + east**2 + north**2)

    def array_w(self, cell: int, k: int, heading: tuple[float, float] | None = None) -> float:
        """Return what the array gives in the light there is."""
        return self.full_w(cell, k, heading) * self.light(cell, k) / 255.0

    def full_w(self, cell: int, k: int, heading: tuple[float, float] | None) -> float:
        """Return what it gives in full light: parked, it leans towards the Sun's bearing on the deck; driving, to the
        left of the heading."""
        if (key := (cell, k, heading)) not in self.known:
            self.known[key] = self._full_w(cell, k, heading)
        return self.known[key]

    def _full_w(self, cell: int, k: int, heading: tuple[float, float] | None) -> float:
        g = self.g
        sun = g.bins[k, named.SUN_EAST : named.SUN_UP + 1]
        normal = self.normal(cell)
        lean = math.atan2(g.rules[named.LEAN_SIN], g.rules[named.LEAN_COS])
        if heading is None:
            aside = sun - normal * (normal @ sun)
            aside = aside / max(float(np.linalg.norm(aside)), 1e-300)
        else:
            rise = float(g.grades[cell, 0]) * heading[0] + float(g.grades[cell, 1]) * heading[1]
            ahead = np.array([*heading, rise])
            aside = np.cross(normal, ahead / np.linalg.norm(ahead))
        facing = float((normal * math.cos(lean) + aside * math.sin(lean)) @ sun)
        return float(g.bins[k, named.FLUX]) * _by_curve(max(0.0, facing))

    def stored(self, net: float) -> float:
        rules = self.g.rules
        return net * rules[named.CHARGING] if net > 0 else net / rules[named.DISCHARGING]

    def parked(self, cell: int, k: int, load: int) -> float:
        return self.stored(self.array_w(cell, k) - self.g.rules[load])

    def settle(
        self,
        cell: int,
        k: int,
        time: float,
        charge: float,
        since: float,
        dark: float,
        first: float,
        second: float,
    ) -> list[State]:
        """A rover at the beginning of a bin, or departing: it stays where it may not move."""
        bins, rules = self.g.bins, self.g.rules
        count, asleep = len(bins) - 1, False
        had = [first, second]
        while k < count and cell != self.g.goal:
            phase, end = int(bins[k, named.PHASE]), bins[k + 1, named.EDGE]
            if phase == NIGHT:
                if not self.g.haven[cell]:
                    return []
                asleep = True
            elif asleep and self.array_w(cell, k) >= rules[named.WAKE_W]:
                asleep = False
            if phase == DRIVE and not asleep:
                break
            if asleep:
                charge, dark = charge + self.stored(-rules[named.DORMANT_W]) * (end - time), 0.0
            else:
                load = named.NAP_W if phase == NAP else named.CHARGE_W
                charge = min(rules[named.CAPACITY], charge + self.parked(cell, k, load) * (end - time))
                spent = end - time if self.dim(cell, k) else 0.0
                dark = dark + spent if spent else 0.0
                had = [self.more(had[i], i, shadow=spent) for i in (0, 1)]
            if charge < bins[k, named.FLOOR] or dark > rules[named.LONGEST_DARK]:
                return []
            time, k = float(end), k + 1
            had = [self.more(had[i], i, charge=charge) for i in (0, 1)]
        if k >= count:
            return []
        had = [self.more(had[i], i, charge=charge) for i in (0, 1)]
        state = State(
            cell=cell, k=k, time=time, base=charge, capacity=float(rules[named.CAPACITY]),
            rate=self.parked(cell, k, named.CHARGE_W), shaded=self.dim(cell, k), since=since, dark=dark,
            first=had[0], second=had[1],
        )  # fmt: skip
        return [state] if self.in_time(state) else []

    def in_time(self, state: State) -> bool:
        return bool(state.time <= self.g.rules[named.DEADLINE])

    def wait(self, state: State) -> list[State]:
        end = float(self.g.bins[state.k + 1, named.EDGE])
        charges = state.charges(state.rate * (end - state.time))
        spent = end - state.time if state.shaded else 0.0
        dark = state.dark + spent if self.dim(state.cell, state.k) else 0.0
        if min(charges) < self.g.bins[state.k, named.FLOOR] or dark > self.g.rules[named.LONGEST_DARK]:
            return []
        had = [
            self.more(h, i, charge=min(charges), shadow=spent)
            for i, h in enumerate((state.first, state.second))
        ]
        return self.settle(state.cell, state.k + 1, end, charges[-1], state.since, dark, *had)

    def open_at(self, cell: int, k: int) -> bool:
        g = self.g
        column = int(g.bins[k, named.COLUMN])
        shut = g.closed.size > 1 and g.closed[cell, column]
        return bool(g.bins[k, named.OPEN] and g.lit[cell, column] >= g.rules[named.LEAST_LIT] and not shut)

    def moves(self, state: State) -> list[State]:
        return [after for d in range(8) for after in self.move(state, d)]

    def commanded(self, state: State, cycles: int) -> tuple[State, float, float] | None:
        """Return the rover after so many command cycles where it stands, seconds in shadow, and its least charge."""
        g, rules = self.g, self.g.rules
        k, time, charge, dark, spent, least = (
            state.k,
            state.time,
            state.charge,
            state.dark,
            0.0,
            min(state.charges()),
        )
        left = cycles * float(rules[named.CYCLE_S])
        while left > 0:
            if k >= len(g.bins) - 1 or g.bins[k, named.PHASE] != DRIVE:
                return None
            if g.closed.size > 1 and g.closed[state.cell, int(g.bins[k, named.COLUMN])]:
                return None
            span = min(left, float(g.bins[k + 1, named.EDGE]) - time)
            charge = min(
                float(rules[named.CAPACITY]), charge + self.parked(state.cell, k, named.COMMAND_W) * span
            )
            least = min(least, charge)
            spent += span if self.dim(state.cell, k) else 0.0
            dark = dark + span if self.dim(state.cell, k) else 0.0
            if charge < g.bins[k, named.FLOOR] or dark > rules[named.LONGEST_DARK]:
                return None
            left, time = left - span, time + span
            if left > 0 or time >= g.bins[k + 1, named.EDGE]:
                time, k = float(g.bins[k + 1, named.EDGE]), k + 1
        if k >= len(g.bins) - 1:
            return None
        after = replace(
            state.there(charge), k=k, time=time, dark=dark, rate=self.parked(state.cell, k, named.CHARGE_W),
            shaded=self.dim(state.cell, k),
        )  # fmt: skip
        return after, spent, least

    def move(self, state: State, d: int) -> list[State]:
        g, rules = self.g, self.g.rules
        length = rules[named.CELL_M] * math.hypot(*MOVES[d])
        since, told_s, least = state.since + length, 0.0, math.inf
        if rules[named.CYCLE_S] > 0 and since > rules[named.STOP_M] + 1e-9:
            cycles = max(1, math.ceil(length / rules[named.STOP_M] - 1e-9))
            commanded = self.commanded(state, cycles) if np.isfinite(g.legs_s[state.cell, d]) else None
            if commanded is None:
                return []
            state, told_s, least = commanded
            since = length - (cycles - 1) * rules[named.STOP_M]
        k = state.k
        seconds, joules = float(g.legs_s[state.cell, d]), float(g.legs_j[state.cell, d])
        if not math.isfinite(seconds) or not self.open_at(state.cell, k):
            return []
        down, across = MOVES[d]
        to = state.cell + down * g.cols + across
        size = math.hypot(down, across)
        heading = across / size, down / size
        harvest = (self.array_w(state.cell, k, heading) + self.array_w(to, k, heading)) / 2 * seconds
        change = self.stored(harvest - joules)
        lacking = float(g.bins[k, named.FLOOR]) - state.charge - change
        waits = 0.0
        if lacking > 0:
            if state.rate <= 0 or state.charge + lacking > state.most:
                return []
            waits = lacking / state.rate
        arrives, begins, ends = state.time + waits + seconds, *g.bins[k : k + 2, named.EDGE]
        long_one = seconds > ends - begins and state.time == begins and waits == 0.0
        if (arrives > ends and not long_one) or arrives + rules[named.CYCLE_S] > g.bins[k, named.OPEN_UNTIL]:
            return []
        crossed = [j for j in range(k, len(g.bins) - 1) if j == k or g.bins[j, named.EDGE] < arrives]
        if not all(self.open_at(cell, j) for cell in (state.cell, to) for j in crossed):
            return []
        waited_s = waits if state.shaded else 0.0
        dark = state.dark + waited_s
        if waited_s and dark > rules[named.LONGEST_DARK]:
            return []
        dark = dark + seconds if self.dim(to, k) else 0.0
        if dark > rules[named.LONGEST_DARK]:
            return []
        spent = told_s + waited_s + (seconds if self.dim(to, k) else 0.0)
        told = {
            "joules": joules,
            "length": length,
            "charge": least,
            "shadow": spent,
            "clear": float(g.clear[to]),
        }
        had = [self.more(h, i, **told) for i, h in enumerate((state.first, state.second))]
        base = state.base + max(0.0, lacking)
        state = replace(state, since=float(since), base=base, changes=(*state.changes, float(change)))
        return self.arrive(state, to, arrives, dark, had)

    def arrive(self, state: State, to: int, time: float, dark: float, had: list[float]) -> list[State]:
        """At the end of a leg the best place so far goes on being it, or the cell itself is from now on."""
        bins = self.g.bins
        k = max(j for j in range(state.k, len(bins)) if bins[j, named.EDGE] <= time)
        if k >= len(bins) - 1:
            return []
        own = self.parked(to, k, named.CHARGE_W)
        kept = replace(state, cell=to, k=k, time=time, dark=dark, first=had[0], second=had[1])
        settled = [self.more(h, i, charge=min(state.charges())) for i, h in enumerate(had)]
        here = replace(
            kept.there(state.charge), rate=own, shaded=self.dim(to, k), first=settled[0], second=settled[1]
        )
        if to == self.g.goal:
            return [here] if self.in_time(here) else []
        ways = [here]
        anew = state.shaded and not self.dim(to, k) and math.isfinite(self.g.rules[named.LONGEST_DARK])
        if k == state.k and state.rate >= own and not anew:
            ways += [kept, *self.filled(kept, own)]
        return [way for way in ways if self.in_time(way)]

    def filled(self, kept: State, own: float) -> list[State]:
        """A rover that has waited at its best place for all the charge that this comes to here."""
        rules, more = self.g.rules, kept.most - kept.charge
        in_time = kept.shaded and math.isfinite(rules[named.LONGEST_DARK])  # the light puts an end to it
        wanted = in_time or (own > 0 and kept.most < rules[named.CAPACITY])
        if not wanted or kept.rate <= 0 or more <= named.ROUNDING_J:
            return []
        waits = more / kept.rate
        spent = waits if kept.shaded else 0.0
        time, begins, ends = kept.time + waits, *self.g.bins[kept.k : kept.k + 2, named.EDGE]
        late = (
            time > ends
            or kept.time < begins
            or time + rules[named.CYCLE_S] > self.g.bins[kept.k, named.OPEN_UNTIL]
        )
        if late or kept.dark + spent > rules[named.LONGEST_DARK]:
            return []
        least = min(kept.charges(more))
        had = [self.more(h, i, charge=least, shadow=spent) for i, h in enumerate((kept.first, kept.second))]
        there = replace(kept.there(kept.most), time=time, rate=own, shaded=self.dim(kept.cell, kept.k))
        dark = kept.dark + spent if there.shaded else 0.0
        return [replace(there, dark=dark, first=had[0], second=had[1])]
