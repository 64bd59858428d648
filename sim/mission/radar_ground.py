"""What ground-penetrating radar looks into: layers whose borders undulate, and rocks between them.

Made of rows of the mission file and a seed. Depth is down from the surface, distance along the driven track.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import Field

from rover.core.bodies import SPEED_OF_LIGHT_M_S
from rover.core.vehicle import NotNegative, Positive
from sim.mission.figures import Name, Row

Floats = npt.NDArray[np.float64]

_WAVES = 24
_ASIDE_M = 2.0
"""Rocks further to the side of the track than this are left out: weak, and seen deeper than they are."""

Permittivity = Annotated[float, Field(ge=1, le=100, allow_inf_nan=False)]


class LayerRow(Row):
    """A layer, from the top down; the last one goes on for ever whatever its thickness."""

    name: Name
    thickness_m: Positive
    undulation_m: NotNegative = Field(description="standard deviation of its lower border's depth")
    length_m: Positive = Field(description="of the undulations, crest to crest in the mean")
    permittivity: Permittivity = Field(description="relative, real part")
    loss_tangent: Annotated[float, Field(ge=0, lt=0.5)]
    rocks_per_m3: Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)] = Field(
        description="of rocks wider than rock_m"
    )
    rock_m: Positive
    rock_permittivity: Permittivity


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Underground:
    """The ground under a track.

    Attributes:
        border_m: (traces, layers - 1) depths of the lower borders.
        permittivity, loss_tangent: (layers,).
        rocks: (n, 4) distance along the track, to its side, depth, and radius, m.
        rock_permittivity: (n,).
    """

    border_m: Floats
    permittivity: Floats
    loss_tangent: Floats
    rocks: Floats
    rock_permittivity: Floats


def two_way_time_s(thickness_m: Sequence[float], permittivity: Sequence[float]) -> float:
    """Return the time down through layers and back: 2 / c times the sum of thickness by root of permittivity."""
    return (
        2.0
        / SPEED_OF_LIGHT_M_S
        * math.fsum(d * math.sqrt(e) for d, e in zip(thickness_m, permittivity, strict=True))
    )


def make_underground(rows: Sequence[LayerRow], along_m: Floats, rng: np.random.Generator) -> Underground:
    """Return layers and rocks under a track.

    Args:
        rows: From the top down.
        along_m: (traces,) distance of each trace along the track.
        rng: Draws undulations and rocks.
    """
    borders: list[Floats] = []
    top = np.zeros(len(along_m))
    rocks: list[Floats] = []
    inside: list[Floats] = []
    for row in rows:
        bottom = np.maximum(top + row.thickness_m + _waves(row, along_m, rng), top)
        found = _rocks(row, along_m, float(top.mean()), row.thickness_m, rng)
        rocks.append(found)
        inside.append(np.full(len(found), row.rock_permittivity))
        borders.append(bottom)
        top = bottom
    return Underground(
        border_m=np.column_stack(borders[:-1]) if len(rows) > 1 else np.zeros((len(along_m), 0)),
        permittivity=np.array([row.permittivity for row in rows]),
        loss_tangent=np.array([row.loss_tangent for row in rows]),
        rocks=np.concatenate(rocks),
        rock_permittivity=np.concatenate(inside),
    )


def _waves(row: LayerRow, along_m: Floats, rng: np.random.Generator) -> Floats:
    """Return smooth random heights of a standard deviation: many cosines of about one length."""
    lengths = row.length_m * rng.uniform(0.6, 1.8, _WAVES)
    phases = rng.uniform(0.0, math.tau, _WAVES)
    waves = np.cos(math.tau * along_m[:, None] / lengths + phases).sum(axis=1)
    return np.asarray(row.undulation_m * math.sqrt(2.0 / _WAVES) * waves)


def _rocks(row: LayerRow, along_m: Floats, top_m: float, thick_m: float, rng: np.random.Generator) -> Floats:
    """Return rocks of one layer; sizes above the least fall off as a power, as ejecta do (exponent 3)."""
    first, last = float(along_m.min()) - _ASIDE_M, float(along_m.max()) + _ASIDE_M
    volume = (last - first) * 2.0 * _ASIDE_M * thick_m
    count = int(rng.poisson(row.rocks_per_m3 * volume))
    wide = row.rock_m * np.minimum(rng.uniform(0.0, 1.0, count) ** (-1.0 / 3.0), 8.0)
    return np.column_stack(
        [
            rng.uniform(first, last, count),
            rng.uniform(-_ASIDE_M, _ASIDE_M, count),
            top_m + rng.uniform(0.0, 1.0, count) * thick_m,
            wide / 2.0,
        ]
    )
