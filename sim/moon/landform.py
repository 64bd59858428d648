"""The large shape of a site: a table of elevations by distance and direction, hills, and the anchor's plain.

Everything here varies over hundreds of metres or more and is sampled on a lattice, whose spline then carries it
to any resolution. No library function is used but the square root, which IEEE 754 fixes to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from sim.moon.site_tables import ProfileParams, TerraceParams

Field = npt.NDArray[np.float64]

_ATAN = (
    0.99997726,
    -0.33262347,
    0.19354346,
    -0.11643287,
    0.05265332,
    -0.01172120,
)
"""arctan on [0, 1] as an odd polynomial, within 2e-6 (Abramowitz and Stegun 1964, after 4.4.49)."""
_QUARTER = 1.5707963267948966


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PolarTable:
    """A quantity by distance from the origin and direction, smooth.

    Monotone cubics along each direction (Fritsch and Butland 1984, doi:10.1137/0905021), level beyond the
    ends; between directions a periodic cubic through the values (Catmull and Rom 1974).

    Attributes:
        knots: (n,) distances, growing.
        cubics: (sectors, n + 1, 4) coefficients, constant first, of the distance from the knot before; the
            first and last are the level ends.
    """

    knots: Field
    cubics: Field

    def at(self, east_m: Field, north_m: Field) -> Field:
        """Return values at places of any one shape."""
        radius = np.sqrt(east_m * east_m + north_m * north_m)
        piece = np.searchsorted(self.knots, radius, side="right")
        along = radius - self.knots[np.maximum(piece - 1, 0)]
        count = len(self.cubics)
        if count == 1:
            return self._along(np.zeros_like(piece), piece, along)
        turn = _turns(east_m, north_m) * count
        sector = np.floor(turn).astype(np.int64)
        t = turn - sector
        before, here, after, beyond = (self._along((sector + k) % count, piece, along) for k in (-1, 0, 1, 2))
        bend = (3.0 * (here - after) + beyond - before) * t + (
            2.0 * before - 5.0 * here + 4.0 * after - beyond
        )
        value: Field = here + 0.5 * t * (after - before + t * bend)
        return value

    def _along(self, sector: npt.NDArray[np.int64], piece: npt.NDArray[np.int64], along: Field) -> Field:
        c = self.cubics[sector, piece]
        value: Field = ((c[..., 3] * along + c[..., 2]) * along + c[..., 1]) * along + c[..., 0]
        return value


def polar_table(radius_m: tuple[float, ...], rows: tuple[tuple[float, ...], ...]) -> PolarTable:
    """Return the table of `rows`, one for each distance, one value for each direction clockwise from north."""
    sectors = [_cubics(radius_m, column) for column in zip(*rows, strict=True)]
    return PolarTable(knots=np.array(radius_m), cubics=np.array(sectors))


def _cubics(xs: tuple[float, ...], ys: tuple[float, ...]) -> list[tuple[float, float, float, float]]:
    gaps = [b - a for a, b in pairwise(xs)]
    rises = [(b - a) / gap for (a, b), gap in zip(pairwise(ys), gaps, strict=True)]
    slopes = [0.0]
    for k in range(1, len(xs) - 1):
        before, after = rises[k - 1], rises[k]
        share = (gaps[k - 1] + 2.0 * gaps[k]) / (3.0 * (gaps[k - 1] + gaps[k]))
        level = before * after <= 0
        slopes.append(0.0 if level else before * after / (share * after + (1.0 - share) * before))
    slopes.append(0.0)
    cubics = [(ys[0], 0.0, 0.0, 0.0)]
    for k, (gap, rise) in enumerate(zip(gaps, rises, strict=True)):
        square = (3.0 * rise - 2.0 * slopes[k] - slopes[k + 1]) / gap
        cube = (slopes[k] + slopes[k + 1] - 2.0 * rise) / (gap * gap)
        cubics.append((ys[k], slopes[k], square, cube))
    cubics.append((ys[-1], 0.0, 0.0, 0.0))
    return cubics


def _turns(east_m: Field, north_m: Field) -> Field:
    """Return the direction of places clockwise from north, in turns, 0 to 1."""
    x, y = np.abs(east_m), np.abs(north_m)
    large = np.maximum(np.maximum(x, y), 1e-9)
    ratio = np.minimum(x, y) / large
    square = ratio * ratio
    angle = np.zeros_like(ratio)
    for factor in reversed(_ATAN):
        angle = angle * square + factor
    angle = angle * ratio
    angle = np.where(x > y, _QUARTER - angle, angle)
    angle = np.where(north_m < 0, 2.0 * _QUARTER - angle, angle)
    angle = np.where(east_m < 0, 4.0 * _QUARTER - angle, angle)
    turns: Field = angle / (4.0 * _QUARTER)
    return turns


def tables_of(profile: ProfileParams) -> tuple[PolarTable, PolarTable]:
    """Return elevation (metres above the sphere) and ruggedness by place."""
    return (
        polar_table(profile.radius_m, profile.elevation_m),
        polar_table(profile.radius_m, profile.ruggedness),
    )


def terraced(elevation_m: Field, radius_m: Field, shift: Field, terraces: TerraceParams) -> Field:
    """Return elevations with the benches of a wall.

    Args:
        elevation_m: Of the smooth wall.
        radius_m: Distance from the origin.
        shift: How far the benches are moved up the wall, in benches.
        terraces: As the site gives them.
    """
    step = elevation_m / terraces.height_m + shift
    t = step - np.floor(step)
    # an odd cubic wave in t whose steepest fall, at t = 0.5, is one
    wave = 2.0 * t * (1.0 - t) * (1.0 - 2.0 * t)
    middle, half = 0.5 * (terraces.from_m + terraces.to_m), 0.5 * (terraces.to_m - terraces.from_m)
    apart = (radius_m - middle) / half
    inside = np.maximum(0.0, 1.0 - apart * apart * apart * apart)
    value: Field = elevation_m + terraces.strength * terraces.height_m * inside * wave
    return value


def bump(east_m: Field, north_m: Field, radius_m: float) -> Field:
    """Return a smooth bump of places counted from its middle: 1 there, 0 from `radius_m` on."""
    u, v = east_m / radius_m, north_m / radius_m
    inside: Field = np.asarray(1.0 - u * u - v * v)
    np.maximum(0.0, inside, out=inside)
    value = 2.0 * inside
    np.subtract(3.0, value, out=value)
    inside *= inside  # in place: new pages for what lies between took most of the time
    inside *= value
    return inside


def through(values: Field) -> Field:
    """Return spline coefficients, one fewer on every side, whose surface passes through smooth values.

    Exact for cubics: (-1, 8, -1) / 6 along both axes undoes the spline's own smoothing to fourth order.
    """
    along = (8.0 * values[:, 1:-1] - (values[:, :-2] + values[:, 2:])) * (1.0 / 6.0)
    both: Field = (8.0 * along[1:-1] - (along[:-2] + along[2:])) * (1.0 / 6.0)
    return both
