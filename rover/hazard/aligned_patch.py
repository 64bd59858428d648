"""Ground laid out finely about one pose, for it and those that lie close and point much the same way.

Samples closer together bound how a wheel stands less loosely, and a heading of its own leaves a wheel's sides
nearly where they are. That takes long for all the ground round the rover, so it is done where wider bounds do not pass.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.hazard.aligned import aside_m, room_for, wheels_laid
from rover.hazard.clearance_figures import ClearanceFigures
from rover.hazard.crests import Crests
from rover.hazard.lean_kernels import roll_about
from rover.hazard.standing_kernels import Rover
from rover.hazard.walk_kernels import stand_about
from rover.hazard.wheel_kernels import RESTS
from rover.hazard.wheel_layout import lay_along

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Fineness:
    """How finely, and for which poses, a patch is laid out.

    Attributes:
        spacing_m: Of the samples.
        served_m, served_rad: Poses that lie and point no further off are looked at on the same patch.
        skew_rad: What pitch and roll may turn its wheels by besides, where its own are off what is allowed for.
        leans: At how many they are laid out.
        apart, doubt: How far apart these are, and how far wheels may lean off each, sine.
    """

    spacing_m: float
    served_m: float
    served_rad: float
    skew_rad: float
    leans: int
    apart: float
    doubt: float


SHARED = Fineness(0.007, 0.09, math.radians(1.25), math.radians(0.75), 1, 0.2, 0.1)
"""For poses that lie close and point much the same way."""

OWN = Fineness(0.007, 0.0, math.radians(0.01), math.radians(1.2), 3, 0.06, 0.037)
"""For a pose by itself, its wheels pointing and leaning as they would there."""

LEANS = 0.02
"""Poses that lean no more otherwise are looked at on the same patch, by sines of the roll."""

MORE_M = 0.1
"""Laid out so much beyond the rover: what spread and samples take; steps are looked for within it."""


SPREAD_M = 0.04
"""And wheels stand no further aside for that."""

KEPT = 32
"""Patches of 2 MB: arcs that begin or refuse at the same places ask for the same ones."""


class AlignedPatch:
    """Two surfaces, with the ground between them, laid out finely about a pose.

    Attributes:
        spacing_m: Of the samples.
        wheels: As they are laid out.
        layers: (RESTS + 2 * leans + 1, 1, m, n) as of `rover.hazard.aligned.AlignedGround`.
    """

    def __init__(
        self,
        low_m: npt.NDArray[np.float32],
        high_m: npt.NDArray[np.float32],
        side_m: float,
        cell: Floats,
        figures: ClearanceFigures,
        crests: Crests | None = None,
        lean: float = 0.0,
        fine: Fineness = SHARED,
        skew: float = 0.0,
    ) -> None:
        """Lay them out.

        Args:
            low_m, high_m, side_m, figures: As of `rover.hazard.aligned.AlignedGround`.
            cell: (4,) column and row as fractions, cosine and sine of the yaw.
            crests: Of the upper one, where they are known from other patches.
            lean: Sine of the roll.
            fine: How finely.
            skew: Tangent of the angle by which the wheels point further left than the body.
        """
        self._side, self._fine, spacing_m = side_m, fine, fine.spacing_m
        self.spacing_m, off = spacing_m, math.sin(fine.served_rad + fine.skew_rad)
        turn = math.hypot(1.0, skew)
        self._cell = np.array(
            [*cell[:2], (cell[2] - cell[3] * skew) / turn, (cell[3] + cell[2] * skew) / turn]
        )
        self._off, self._skew = math.sin(fine.served_rad), skew / turn
        self.wheels = wheels_laid(figures, np.array([lean]), (fine.apart, fine.doubt), off, spacing_m)
        reach_m = figures.reach_m + fine.served_m + MORE_M
        # No part of the rover is as far aside as ahead.
        most_aside_m = aside_m(figures) + figures.reach_m * (off + abs(self._skew)) + fine.served_m + MORE_M
        left, ahead = (math.ceil(so_far / spacing_m) for so_far in (min(most_aside_m, reach_m), reach_m))
        self.layers = room_for(
            (RESTS + 2 * fine.leans + 1, 1, 2 * left + 1, 2 * ahead + 1), kept=2 * KEPT + 1
        )
        crests = crests or Crests(high_m, spacing_m / side_m)
        middle = (float(cell[0]), float(cell[1]))
        points = crests.near(middle, (math.sqrt(2.0) * reach_m + 2 * spacing_m) / side_m)
        lay_along(
            low_m, high_m, side_m, np.array(middle), math.atan2(self._cell[3], self._cell[2]), figures, points,
            self.layers[:, 0], spacing_m=spacing_m, off=off, half=(left, ahead),
            leans=[lean + (k - fine.leans // 2) * fine.apart for k in range(fine.leans)], doubt=fine.doubt,
            bands=self._bands(figures, left, most_aside_m - aside_m(figures) - MORE_M),
            cols=self._cols(figures, ahead),
        )  # fmt: skip

    def _bands(self, figures: ClearanceFigures, left: int, more_m: float) -> tuple[tuple[int, int], ...]:
        """Return the rows in which wheels may stand on either side: so much beyond where the axles may be."""
        more_m += SPREAD_M + figures.belly[5] * figures.beyond[1]
        inner = (np.abs(figures.beyond_boxes[:, 1]) - figures.beyond_boxes[:, 3]).min() - more_m
        outer = (np.abs(figures.beyond_boxes[:, 1]) + figures.beyond_boxes[:, 3]).max() + more_m
        rows = math.floor(inner / self.spacing_m), math.ceil(outer / self.spacing_m) + 1
        if rows[0] <= 0:
            return ((0, 2 * left + 1),)
        return (max(0, left + 1 - rows[1]), left + 1 - rows[0]), (
            left + rows[0],
            min(2 * left + 1, left + rows[1]),
        )

    def _cols(self, figures: ClearanceFigures, ahead: int) -> tuple[int, int]:
        """Return the columns in which wheels may stand."""
        more_m = SPREAD_M + self._fine.served_m + float(self.wheels.off + abs(self._skew)) * figures.reach_m
        furthest = float((np.abs(figures.beyond_boxes[:, 0]) + figures.beyond_boxes[:, 2]).max()) + more_m
        count = min(ahead, math.ceil(furthest / self.spacing_m))
        return ahead - count, ahead + count + 1

    def served(self, cells: Floats) -> Floats:
        """Return (k, 4) metres ahead and left of the pose, cosine and sine from it, of the first of (n, 4) cells."""
        east, north = (cells[:, :2] - self._cell[:2]).T * self._side
        cos, sin = self._cell[2], self._cell[3]
        turned = cells[:, 3] * cos - cells[:, 2] * sin
        alike = cells[:, 2] * cos + cells[:, 3] * sin
        # By the body's yaw, from which the wheels' is off.
        straight = turned * math.sqrt(1.0 - self._skew**2) + alike * self._skew
        out = (
            (np.hypot(east, north) > self._fine.served_m + 1e-9)
            | (np.abs(straight) > self._off)
            | (alike < 0.0)
        )
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
        self._figures, self._crests = figures, Crests(high_m, SHARED.spacing_m / side_m)
        self._kept: list[AlignedPatch | None] = [None] * KEPT
        self._cells, self._next = np.full((KEPT, 4), 1e9), 0

    def at(self, cell: Floats) -> AlignedPatch:
        """Return a patch that serves a pose: (4,) column and row as fractions, cosine and sine of the yaw."""
        off = self._cells - cell
        alike = self._cells[:, 2] * cell[2] + self._cells[:, 3] * cell[3]
        far = np.hypot(off[:, 0], off[:, 1]) * self._given[2] / SHARED.served_m
        # The nearest serves most of what follows.
        far[~((far < 0.999) & (alike > math.cos(0.999 * SHARED.served_rad)))] = np.inf
        nearest = int(far.argmin())
        patch = self._kept[nearest]
        if patch is not None and far[nearest] < np.inf:
            return patch
        _, high_m, side_m = self._given
        lean = roll_about(high_m, side_m, cell, self._figures.boxes, self._figures.belly)
        patch = AlignedPatch(*self._given, cell, self._figures, self._crests, lean)
        self._kept[self._next], self._cells[self._next] = patch, cell
        self._next = (self._next + 1) % KEPT
        return patch

    def own(self, cell: Floats, patch: AlignedPatch, rover: Rover) -> AlignedPatch | None:
        """Return a patch for a pose by itself; None where it is not known about how it stands.

        Args:
            cell: The pose, as of `at`.
            patch: One that serves it.
            rover: Figures of the rover.
        """
        attitude = np.empty(2)
        stand_about(patch.spacing_m, patch.layers, patch.wheels, rover, patch.served(cell[None])[0], attitude)
        pitch, roll = attitude.tolist()
        if not abs(pitch) + abs(roll) < 1.0:
            return None
        skew = math.sin(pitch) * math.tan(roll)
        return AlignedPatch(*self._given, cell, self._figures, self._crests, math.sin(roll), OWN, skew)
