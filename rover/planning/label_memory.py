"""Memory for labels that outlives a search."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import numpy.typing as npt

from rover.planning.sweep_kernels import SPAN

_KEPT_BYTES = 1 << 30


class _LabelMemory:
    """Label arrays that are kept from one search to the next: fresh memory costs the system as much as the search."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: npt.NDArray[np.float64] | None = None

    @contextmanager
    def lent(self, tiles: int) -> Iterator[npt.NDArray[np.float64]]:
        """Lend (tiles, SPAN, SPAN) float64 of anything, to one search at a time; afterwards it is kept up to 1 GiB."""
        with self._lock:
            held, self._kept = self._kept, None
        if held is None or len(held) < tiles:
            held = np.empty((tiles, SPAN, SPAN), np.float64)
        try:
            yield held[:tiles]
        finally:
            if held.nbytes <= _KEPT_BYTES:
                with self._lock:
                    self._kept = held


LABEL_MEMORY = _LabelMemory()
