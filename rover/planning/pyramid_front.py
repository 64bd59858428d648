"""One search outwards over coded costs: what it holds, and how it is driven."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from rover.planning.pyramid_codes import CodedCosts
from rover.planning.pyramid_kernels import (
    ARRIVED,
    BUCKET_BITS,
    CHUNK,
    DRY,
    EXPANDED,
    FREE,
    FREE_COUNT,
    GENERATED,
    KEY,
    OVERFLOWED,
    POOL_FULL,
    STATE_SIZE,
    advance,
    begin,
    walk,
)

UNBOUNDED = 1 << 60
"""More units than any route costs."""

_NARROW, _WIDE = 2**32 - 1, 1 << 62
_FIRST_CHUNKS = 1 << 10


class CostOverflow(Exception):  # noqa: N818 - caught here in the folder, never shown
    """A route costs more units than 32 bits hold: to be searched again with 64."""


class Front:
    """A search from one node. Its rooms take memory only where it has been.

    Attributes:
        coded: The costs.
        limit: Greatest cost, in units, that a room can tell.
        room: (nodes,) `limit` less the least cost known, 0 where there is none.
        touched: (blocks,) uint8, 1 where a node was expanded.
        dry: Whether nothing is left to expand.
        arrived: Whether the target, or every cost below `until`, is final.
    """

    def __init__(
        self, coded: CodedCosts, source: int, *, corner_cutting: bool, wide: bool = False, target: int = -1
    ) -> None:
        self.coded, self.target = coded, target
        self.limit = _WIDE if wide else _NARROW
        self.room: npt.NDArray[np.generic] = np.zeros(len(coded.codes), np.int64 if wide else np.uint32)
        self.touched = np.zeros(math.prod(coded.blocks), np.uint8)
        self.dry = self.arrived = False
        self._corner_cutting = corner_cutting
        buckets = 1 << ((coded.greatest_move >> BUCKET_BITS) + 2).bit_length()
        self._top = np.empty(buckets, np.int64)
        self._link = np.empty(_FIRST_CHUNKS, np.int64)
        self._items = np.empty(_FIRST_CHUNKS * CHUNK, np.int32)
        self._state = np.zeros(STATE_SIZE, np.int64)
        begin(self.room, self._state, self._top, self._link, self._items, source, self.limit)

    @property
    def radius(self) -> int:
        """Every cost below this is final, of nodes that no bound ruled out."""
        return UNBOUNDED if self.dry else int(self._state[KEY]) << BUCKET_BITS

    @property
    def expanded(self) -> int:
        return int(self._state[EXPANDED])

    @property
    def generated(self) -> int:
        return int(self._state[GENERATED]) + 1

    def cost(self, node: int) -> int | None:
        """Return the least cost known of a node in units, None where it was not reached."""
        room = int(self.room[node])
        return self.limit - room if room else None

    def run(
        self, beyond: npt.NDArray[np.int64], *, bound: int = UNBOUNDED, steps: int, until: int = UNBOUNDED
    ) -> None:
        """Expand nodes until so many steps are made, nothing is left, or the target or all below `until` is final.

        Args:
            beyond: (blocks,) lower bound, in units, from anywhere in a block to where the way is to end.
            bound: Ways of this cost or more are of no interest.

        Raises:
            CostOverflow: A cost beyond `limit`.
        """
        limit_of_steps = self.expanded + steps
        while not (self.dry or self.arrived):
            why = advance(
                self.coded.codes, self.room, self._state, self._top, self._link, self._items,
                self.coded.width, self.limit, self.coded.greatest_move, self.target, beyond, bound,
                self.touched, limit_of_steps - self.expanded, until, self._corner_cutting,
            )  # fmt: skip
            if why == OVERFLOWED:
                raise CostOverflow
            self.dry, self.arrived = why == DRY, why == ARRIVED
            if why != POOL_FULL:
                return
            self._enlarge()

    def _enlarge(self) -> None:
        """Double the chunks; the new ones are the first to be taken."""
        old = len(self._link)
        link = np.arange(1, 2 * old + 1, dtype=np.int64)
        link[:old] = self._link
        link[-1] = self._state[FREE]
        self._state[FREE] = old
        self._state[FREE_COUNT] += old
        self._link = link
        self._items = np.concatenate([self._items, np.empty(old * CHUNK, np.int32)])

    def way_back(self, node: int) -> npt.NDArray[np.int64]:
        """Return the nodes of a least way from a node that was reached to the source, both included."""
        nodes: npt.NDArray[np.int64] = walk(
            self.coded.codes, self.room, self.coded.width, node, self.limit, self._corner_cutting
        )
        assert len(nodes), "a node that was reached has one before it"
        return nodes
