"""Memory for labels that outlives a search."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt

from rover.planning.sweep_kernels import SPAN

_KEPT_BYTES = 1 << 30


class _LabelMemory:
    """Label arrays that are kept from one search to the next: fresh memory costs the system as much as the search."""

    def __init__(self) -> None:
        self._kept: list[npt.NDArray[np.float64]] = []
        """One or none; taken and put back by single operations, so that a fork finds no lock held."""

    @contextmanager
    def lent(self, tiles: int) -> Iterator[npt.NDArray[np.float64]]:
        """Lend (tiles, SPAN, SPAN) float64 of anything, to one search at a time; afterwards it is kept up to 1 GiB."""
        held = _taken(self._kept)
        if held is None or len(held) < tiles:
            held = np.empty((tiles, SPAN, SPAN), np.float64)
        try:
            yield held[:tiles]
        finally:
            if held.nbytes <= _KEPT_BYTES:
                self._kept[:] = [held]


def _taken(kept: list[npt.NDArray[np.float64]]) -> npt.NDArray[np.float64] | None:
    try:
        return kept.pop()
    except IndexError:  # lent, or not made yet
        return None


LABEL_MEMORY = _LabelMemory()
