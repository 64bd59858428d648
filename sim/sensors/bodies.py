"""Bodies on the ground: boxes, cylinders and ellipsoids, put together and set down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sim.sensors.body_kernels import BOX, CYLINDER, ELLIPSOID, FIGURES

Floats = npt.NDArray[np.float64]

KINDS = {"box": BOX, "cylinder": CYLINDER, "ellipsoid": ELLIPSOID}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One convex part of a body, in the body's frame: x forward, y left, z up.

    Attributes:
        name: What it is.
        kind: `box`, `cylinder` (along its own z) or `ellipsoid`.
        at_m: Its middle.
        half_m: Half sizes along its own axes.
        turn_deg: Its yaw, pitch (nose up) and roll (left up) against the body.
        albedo: Share of light that it scatters, by Lambert's law.
        gloss: Share of light that it reflects in a glossy lobe.
        tint: Red, green and blue of what it scatters, against the mean.
    """

    name: str
    kind: str
    at_m: tuple[float, float, float]
    half_m: tuple[float, float, float]
    turn_deg: tuple[float, float, float] = (0.0, 0.0, 0.0)
    albedo: float
    gloss: float = 0.0
    tint: tuple[float, float, float] = (1.0, 1.0, 1.0)

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"kind = {self.kind!r}: known are {', '.join(KINDS)}")
        if not min(self.half_m) > 0:
            raise ValueError(f"{self.name}: half_m = {self.half_m}: must be above zero")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bodies:
    """Parts set down in a scene, for the kernels of `sim.sensors.body_kernels`.

    Attributes:
        parts: As given, by index.
        arrays: `bodies` of the kernels.
    """

    parts: tuple[Part, ...]
    arrays: tuple[npt.NDArray[Any], ...]

    def __len__(self) -> int:
        return len(self.parts)


def attitude(yaw_rad: float, pitch_rad: float, roll_rad: float) -> Floats:
    """Return the (3, 3) body axes forward, left and up as rows, east, north and up: yaw, nose up, then left side up."""
    cy, sy = np.cos(yaw_rad), np.sin(yaw_rad)
    cp, sp = np.cos(pitch_rad), np.sin(pitch_rad)
    cr, sr = np.cos(roll_rad), np.sin(roll_rad)
    forward = np.array([cy * cp, sy * cp, sp])
    level_left = np.array([-sy, cy, 0.0])
    level_up = np.array([-cy * sp, -sy * sp, cp])
    return np.stack([forward, level_left * cr + level_up * sr, level_up * cr - level_left * sr])


def set_down(groups: Sequence[tuple[Sequence[Part], Floats, Floats]]) -> Bodies:
    """Return bodies where they stand.

    Args:
        groups: Of each body its parts, the (3,) place of its frame's origin in the scene and its (3, 3) axes as rows.
    """
    parts: list[Part] = []
    rows: list[Floats] = []
    spheres: list[list[float]] = []
    for of_body, place, axes in groups:
        first = len(parts)
        for part in of_body:
            parts.append(part)
            rows.append(_figures(part, np.asarray(place, np.float64), np.asarray(axes, np.float64)))
        spheres.append(_sphere(rows[first:], first))
    return Bodies(
        parts=tuple(parts),
        arrays=(
            np.array([KINDS[part.kind] for part in parts], np.int64),
            np.array(rows, np.float64).reshape(-1, FIGURES),
            np.array(spheres, np.float64).reshape(-1, 6),
        ),
    )


def _figures(part: Part, place: Floats, axes: Floats) -> Floats:
    own = attitude(*np.radians(part.turn_deg)) @ axes
    centre = place + np.array(part.at_m) @ axes
    a, b, c = part.half_m
    radius = {
        "box": np.hypot(np.hypot(a, b), c),
        "cylinder": np.hypot(max(a, b), c),
        "ellipsoid": max(a, b, c),
    }
    return np.array([*centre, *own.ravel(), a, b, c, radius[part.kind], part.albedo, part.gloss])


def _sphere(rows: Sequence[Floats], first: int) -> list[float]:
    """Return a sphere about the spheres of parts, and which they are."""
    table = np.array(rows)
    centre = 0.5 * (
        (table[:, :3] - table[:, 15:16]).min(axis=0) + (table[:, :3] + table[:, 15:16]).max(axis=0)
    )
    radius = float((np.linalg.norm(table[:, :3] - centre, axis=1) + table[:, 15]).max())
    return [*centre, radius, first, first + len(rows)]


NO_BODIES = set_down([])
