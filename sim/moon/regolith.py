"""How firm the soil is, by place: what a wheel sinks into."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rover.core.arrays import locked
from sim.moon.regolith_kernels import add_patches, loosen
from sim.moon.scatter import HALF_MM, Stream, stream_key
from sim.moon.surface import Surface

_SMALLEST_M = 1.0
_SQUARE_M = 64.0
_SPREAD = 2.2
"""Steepness by which the noise of the patches is spread over all firmnesses."""

Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Regolith:
    """The soil at points, every field of the shape that was asked for.

    Attributes:
        firmness: 0 loosest to 1 firmest soil of the site.
        cohesion_pa: Cohesion.
        friction_rad: Angle of internal friction.
        stiffness_pa_m_n: Pressure at a sinkage of one metre, by pressure = stiffness * sinkage^exponent.
        exponent: Of the sinkage.
        density_kg_m3: Of the top layer.
    """

    firmness: Values
    cohesion_pa: Values
    friction_rad: Values
    stiffness_pa_m_n: Values
    exponent: Values
    density_kg_m3: Values

    def __post_init__(self) -> None:
        for name in self.__slots__:
            held = locked(getattr(self, name), np.float64, self.firmness.shape, name)
            object.__setattr__(self, name, held)


def regolith_at(ground: Surface, east_m: npt.ArrayLike, north_m: npt.ArrayLike) -> Regolith:
    """Return the soil at points of the site's frame.

    A pure function of site, seed and place. Soft patches lie within two radii of fresh craters, as their ejecta
    are loose.

    Args:
        ground: The site under a seed.
        east_m, north_m: Finite; any shapes that broadcast together.
    """
    east, north = np.broadcast_arrays(np.asarray(east_m, np.float64), np.asarray(north_m, np.float64))
    place = np.floor(np.stack([east.ravel(), north.ravel()], axis=1) * HALF_MM + 0.5).astype(np.int64)
    params = ground.site.regolith
    firmness = _firmness(ground, place).reshape(east.shape)

    def between(ends: tuple[float, float]) -> Values:
        return np.asarray(ends[0] + (ends[1] - ends[0]) * firmness)

    return Regolith(
        firmness=firmness,
        cohesion_pa=between(params.cohesion_pa),
        friction_rad=between(params.friction_deg) * (math.pi / 180.0),
        stiffness_pa_m_n=between(params.stiffness_kpa) * 1000.0,
        exponent=between(params.exponent),
        density_kg_m3=between(params.density_kg_m3),
    )


def _firmness(ground: Surface, place: npt.NDArray[np.int64]) -> Values:
    noise = np.zeros(len(place))
    side = max(2, round(ground.site.regolith.patch_m * HALF_MM))
    with np.errstate(over="ignore"):
        for octave in range(2):
            key = stream_key(ground.seed, Stream.REGOLITH, octave)
            add_patches(noise, place, key, max(1, side >> octave), 1.0 / (1 << octave))
    spread = noise * _SPREAD
    firmness: Values = 0.5 + 0.5 * spread / np.sqrt(1.0 + spread * spread)
    squares = place // int(_SQUARE_M * HALF_MM)
    for square in np.unique(squares, axis=0):
        here = np.flatnonzero((squares == square).all(axis=1))
        points = place[here]
        window = (*points.min(axis=0).tolist(), *points.max(axis=0).tolist())
        craters = ground.craters_in(window, from_m=_SMALLEST_M)
        held = firmness[here]
        loosen(held, points, craters.place, craters.diameter_m * (0.5 * HALF_MM), craters.freshness)
        firmness[here] = held
    return firmness
