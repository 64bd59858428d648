"""Ground laid out finely about one pose, for it and those that lie close and point much the same way.

Samples closer together bound how a wheel stands less loosely, and a heading of its own leaves a wheel's sides
nearly where they are. That takes long for all the ground round the rover, so it is done where wider bounds do not pass.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from rover.hazard.aligned import LAYERS, Crests, aside_m, lay_along, room_for
from rover.hazard.clearance_figures import ClearanceFigures
from rover.hazard.lean_kernels import roll_about

Floats = npt.NDArray[np.float64]

FINE_M = 0.007
"""Spacing of the samples."""

SERVED_M, SERVED_RAD = 0.09, math.radians(1.25)
"""Poses that lie and point no further off are looked at on the same patch."""

LEANS = 0.02
"""And lean no more otherwise, by sines of the roll."""

MORE_M = 0.1
"""Laid out so much beyond the rover: what spread and samples take; steps are looked for within it."""


KEPT = 32
"""Patches of 2 MB: arcs that begin or refuse at the same places ask for the same ones."""


class AlignedPatch:
    """Two surfaces, with the ground between them, laid out finely about a pose.

    Attributes:
        spacing_m: Of the samples.
        off: Sine of the most that a wheel points off the heading.
        lean: Sine of the roll at which wheels are laid out.
        layers: (LAYERS, 1, m, n) as of `rover.hazard.aligned.AlignedGround`.
    """

    def __init__(
        self,
        low_m: npt.NDArray[np.float32],
        high_m: npt.NDArray[np.float32],
        side_m: float,
        cell: Floats,
        figures: ClearanceFigures,
        crests: Crests | None = None,
        lean: float | None = None,
    ) -> None:
        """Lay them out.

        Args:
            low_m, high_m, side_m, figures: As of `rover.hazard.aligned.AlignedGround`.
            cell: (4,) column and row as fractions, cosine and sine of the yaw.
            crests: Of the upper one, where they are known from other patches.
            lean: Sine of the roll; None for about that at the pose.
        """
        self.lean = roll_about(high_m, side_m, cell, figures.boxes, figures.belly) if lean is None else lean
        spacing_m = FINE_M
        self.spacing_m, self.off, self._side, self._cell = spacing_m, math.sin(SERVED_RAD), side_m, cell
        reach_m = figures.reach_m + SERVED_M + MORE_M
        # No part of the rover is as far aside as ahead.
        most_aside_m = aside_m(figures) + figures.reach_m * self.off + SERVED_M + MORE_M
        left, ahead = (math.ceil(so_far / spacing_m) for so_far in (min(most_aside_m, reach_m), reach_m))
        self.layers = room_for((LAYERS, 1, 2 * left + 1, 2 * ahead + 1), kept=2 * KEPT + 1)
        crests = crests or Crests(high_m, spacing_m / side_m)
        middle = (float(cell[0]), float(cell[1]))
        points = crests.near(middle, (math.sqrt(2.0) * reach_m + 2 * spacing_m) / side_m)
        lay_along(
            low_m, high_m, side_m, np.array(middle), math.atan2(cell[3], cell[2]), figures, points,
            self.layers[:, 0], spacing_m=spacing_m, off=self.off, half=(left, ahead),
            lean=self.lean,
        )  # fmt: skip

    def served(self, cells: Floats) -> Floats:
        """Return (k, 4) metres ahead and left of the pose, cosine and sine from it, of the first of (n, 4) cells."""
        east, north = (cells[:, :2] - self._cell[:2]).T * self._side
        cos, sin = self._cell[2], self._cell[3]
        turned = cells[:, 3] * cos - cells[:, 2] * sin
        alike = cells[:, 2] * cos + cells[:, 3] * sin
        out = (np.hypot(east, north) > SERVED_M) | (np.abs(turned) > self.off) | (alike < 0.0)
        count = int(out.argmax()) if out.any() else len(cells)
        found = np.stack([east * cos + north * sin, north * cos - east * sin, alike, turned], axis=1)
        return np.ascontiguousarray(found[:count])


class Patches:
    """Patches of two surfaces, laid out where they are asked for; the latest are kept."""

    def __init__(
        self,
        low_m: npt.NDArray[np.float32],
        high_m: npt.NDArray[np.float32],
        side_m: float,
        figures: ClearanceFigures,
    ) -> None:
        """Take the surfaces; nothing is laid out yet."""
        self._given = low_m, high_m, side_m
        self._figures, self._crests = figures, Crests(high_m, FINE_M / side_m)
        self._kept: list[AlignedPatch | None] = [None] * KEPT
        self._cells, self._leans, self._next = np.full((KEPT, 4), 1e9), np.full(KEPT, 9.0), 0

    def at(self, cell: Floats) -> AlignedPatch:
        """Return a patch that serves a pose: (4,) column and row as fractions, cosine and sine of the yaw."""
        off = self._cells - cell
        alike = self._cells[:, 2] * cell[2] + self._cells[:, 3] * cell[3]
        far = np.hypot(off[:, 0], off[:, 1]) * self._given[2] / SERVED_M
        # The nearest serves most of what follows.
        _, high_m, side_m = self._given
        lean = roll_about(high_m, side_m, cell, self._figures.boxes, self._figures.belly)
        near = (far < 0.999) & (alike > math.cos(0.999 * SERVED_RAD)) & (np.abs(self._leans - lean) < LEANS)
        far[~near] = np.inf
        nearest = int(far.argmin())
        patch = self._kept[nearest]
        if patch is not None and far[nearest] < np.inf:
            return patch
        patch = AlignedPatch(*self._given, cell, self._figures, self._crests, lean)
        self._kept[self._next], self._cells[self._next] = patch, cell
        self._leans[self._next] = lean
        self._next = (self._next + 1) % KEPT
        return patch
